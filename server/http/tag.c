/* Implementation of tag.h. */

#include "tag.h"

#include "base/hash.h"

bool tag_matches(struct slice header, struct slice tag)
{
    while (header.size && tag.size) {
        const char *comma = memchr(header.data, ',', header.size);
        struct slice one = header;
        if (comma)
            one.size = (size_t)(comma - header.data);
        header = comma ? slice_from(header, one.size + 1) : (struct slice){0};
        while (one.size && (one.data[0] == ' ' || one.data[0] == '\t'))
            one = slice_from(one, 1);
        while (one.size && (one.data[one.size - 1] == ' ' || one.data[one.size - 1] == '\t'))
            one.size--;
        if (slice_starts_with(one, SLICE("W/")))
            one = slice_from(one, 2);
        if (slice_equal(one, tag) || slice_equals(one, "*"))
            return true;
    }
    return false;
}

void tag_format(struct slice body, char text[static TAG_TEXT_SIZE])
{
    static const char digits[] = "0123456789abcdef";
    struct hash128 hash = hash_content(body);
    char *at = text;
    *at++ = '"';
    for (size_t i = 0; i < sizeof hash.bytes; i++) {
        *at++ = digits[hash.bytes[i] >> 4];
        *at++ = digits[hash.bytes[i] & 15];
    }
    *at++ = '"';
    *at = '\0';
}
