#ifndef REPORT_RENDER_PARTS_H
#define REPORT_RENDER_PARTS_H

/* The renderers behind the table of formats.  For server/report alone. */

#include "report/render.h"

void render_json(struct buffer *out, const struct value *document,
                 const struct render_options *options);
void render_text(struct buffer *out, const struct value *document,
                 const struct render_options *options);
void render_csv(struct buffer *out, const struct value *document,
                const struct render_options *options);
void render_html(struct buffer *out, const struct value *document,
                 const struct render_options *options);

#endif
