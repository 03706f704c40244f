/* The pieces of canonical texts: see canonical.h. */

#include "canonical.h"

#include "base/number.h"

#include <inttypes.h>

void canonical_part(struct buffer *out)
{
    char last = out->size ? out->data[out->size - 1] : '{';
    if (last != '{' && last != '[' && last != ':')
        buffer_add_byte(out, ',');
}

void canonical_member(struct buffer *out, struct slice name)
{
    canonical_part(out);
    json_write_text(out, name);
    buffer_add_byte(out, ':');
}

void canonical_open(struct buffer *out, const char *name, char bracket)
{
    canonical_member(out, slice_of(name));
    buffer_add_byte(out, bracket);
}

void canonical_text(struct buffer *out, const char *name, struct slice text)
{
    canonical_member(out, slice_of(name));
    json_write_text(out, text);
}

void canonical_integer(struct buffer *out, const char *name, int64_t value)
{
    canonical_member(out, slice_of(name));
    buffer_format(out, "%" PRId64, value);
}

void canonical_number(struct buffer *out, double value)
{
    char text[NUMBER_TEXT_SIZE];
    buffer_add(out, slice_of(number_format(value, text)));
}

void canonical_number_member(struct buffer *out, const char *name, double value)
{
    canonical_member(out, slice_of(name));
    canonical_number(out, value);
}

void canonical_texts(struct buffer *out, const char *name, const struct slice *texts, size_t count)
{
    canonical_open(out, name, '[');
    for (size_t i = 0; i < count; i++) {
        canonical_part(out);
        json_write_text(out, texts[i]);
    }
    buffer_add_byte(out, ']');
}

struct digest canonical_digest(struct buffer *out)
{
    struct digest digest = {0};
    if (!out->failed)
        digest = hash_sha256(buffer_slice(out));
    buffer_done(out);
    return digest;
}
