/* Implementation of query.h. */

#include "query.h"

static int hex_digit(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    char lower = (char)(c | 0x20);
    return lower >= 'a' && lower <= 'f' ? lower - 'a' + 10 : -1;
}

/* Decodes into `out`, which has room for text.size bytes; the size, or SIZE_MAX when broken. */
static size_t decode_into(char *out, struct slice text, bool plus_is_space)
{
    size_t size = 0;
    for (size_t i = 0; i < text.size; i++) {
        char c = text.data[i];
        if (c == '+' && plus_is_space)
            c = ' ';
        if (text.data[i] == '%') {
            int high = i + 2 < text.size ? hex_digit(text.data[i + 1]) : -1;
            int low = i + 2 < text.size ? hex_digit(text.data[i + 2]) : -1;
            if (high < 0 || low < 0)
                return SIZE_MAX;
            c = (char)(unsigned char)(high << 4 | low);
            i += 2;
        }
        if (!c)
            return SIZE_MAX;
        out[size++] = c;
    }
    return size;
}

static bool needs_decoding(struct slice text, bool plus_is_space)
{
    return text.size && (memchr(text.data, '%', text.size) ||
                         (plus_is_space && memchr(text.data, '+', text.size)));
}

bool percent_decode(struct arena *arena, struct slice text, bool plus_is_space,
                    struct slice *decoded)
{
    if (!needs_decoding(text, plus_is_space)) {
        *decoded = text;
        return slice_is_utf8(text);
    }
    char *out = arena_alloc(arena, text.size);
    size_t size = out ? decode_into(out, text, plus_is_space) : SIZE_MAX;
    if (size == SIZE_MAX)
        return false;
    *decoded = (struct slice){.data = out, .size = size};
    return slice_is_utf8(*decoded);
}

/* Cuts `*rest` at the first `mark`; what stands before is returned. */
static struct slice cut(struct slice *rest, char mark)
{
    const char *at = rest->size ? memchr(rest->data, mark, rest->size) : NULL;
    struct slice part = *rest;
    if (at)
        part.size = (size_t)(at - rest->data);
    *rest = at ? slice_from(*rest, part.size + 1) : (struct slice){0};
    return part;
}

bool query_next(struct arena *arena, struct slice *rest, struct parameter *parameter,
                const char **fault)
{
    *fault = NULL;
    while (rest->size) {
        struct slice value = cut(rest, '&');
        if (!value.size)
            continue;
        struct slice name = cut(&value, '=');
        if (percent_decode(arena, name, true, &parameter->name) &&
            percent_decode(arena, value, true, &parameter->value))
            return true;
        *fault = "the query has a broken escape or is not UTF-8";
        return false;
    }
    return false;
}

bool query_find(struct arena *arena, struct slice query, const char *name, struct slice *value)
{
    struct parameter parameter;
    const char *fault;
    while (query_next(arena, &query, &parameter, &fault)) {
        if (!slice_equals(parameter.name, name))
            continue;
        *value = parameter.value;
        return true;
    }
    return false;
}

bool boolean_parse(struct slice text, bool *value)
{
    if (slice_equals(text, "true") || slice_equals(text, "1") || slice_equals(text, "yes") ||
        !text.size)
        *value = true;
    else if (slice_equals(text, "false") || slice_equals(text, "0") || slice_equals(text, "no"))
        *value = false;
    else
        return false;
    return true;
}
