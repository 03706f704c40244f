/* Implementation of parts.h. */

#include "parts.h"

#include <inttypes.h>
#include <stdio.h>

void markup_add(struct buffer *out, const char *markup)
{
    buffer_add(out, slice_of(markup));
}

void count_add(struct buffer *out, uint64_t count)
{
    char digits[24];
    int size = snprintf(digits, sizeof digits, "%" PRIu64, count);
    for (int i = 0; i < size; i++) {
        if (i && (size - i) % 3 == 0)
            buffer_add_byte(out, ',');
        buffer_add_byte(out, digits[i]);
    }
}

void count_data_add(struct buffer *out, uint64_t count)
{
    buffer_format(out, "<data value=\"%" PRIu64 "\">", count);
    count_add(out, count);
    markup_add(out, "</data>");
}

void url_text(struct buffer *out, struct slice text, bool path)
{
    for (size_t i = 0; i < text.size; i++) {
        unsigned char byte = (unsigned char)text.data[i];
        unsigned char lower = byte | 0x20;
        bool is_plain = (lower >= 'a' && lower <= 'z') || (byte >= '0' && byte <= '9') ||
                        byte == '-' || byte == '_' || byte == '.' || byte == '~' ||
                        (path && (byte == '/' || byte == ':'));
        if (is_plain)
            buffer_add_byte(out, (char)byte);
        else
            buffer_format(out, "%%%02X", byte);
    }
}

void number_of_add(struct buffer *out, uint64_t count, const char *noun)
{
    count_add(out, count);
    buffer_format(out, "\xc2\xa0%s%s", noun, count == 1 ? "" : "s");
}
