/* The document as canonical JSON: members sorted, shortest exact numbers, one line. */

#include "render_parts.h"

void render_json(struct buffer *out, const struct value *document,
                 const struct render_options *options)
{
    (void)options;
    value_write(out, document);
    buffer_add_byte(out, '\n');
}
