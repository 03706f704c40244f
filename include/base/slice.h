#ifndef BASE_SLICE_H
#define BASE_SLICE_H

/*
 * A piece of text or bytes that belongs to somebody else: pointer and size, passed by value.
 * A slice owns nothing and need not end with NUL; who hands one out says how long it lives.
 * Print one with "%.*s" and SLICE_ARGS.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

struct slice {
    const char *data; /* NULL where size is 0 is fine */
    size_t size;      /* bytes */
};

#define SLICE(literal) ((struct slice){.data = "" literal, .size = sizeof(literal) - 1})
/* The same for the rows of a static table, where ISO C wants no compound literal. */
#define SLICE_INIT(literal)                                                                        \
    {                                                                                              \
        .data = "" literal, .size = sizeof(literal) - 1                                            \
    }
#define SLICE_ARGS(s) (int)(s).size, (s).data ? (s).data : ""

static inline struct slice slice_of(const char *text)
{
    return (struct slice){.data = text, .size = text ? strlen(text) : 0};
}

static inline bool slice_is_empty(struct slice s)
{
    return s.size == 0;
}

static inline bool slice_equal(struct slice a, struct slice b)
{
    return a.size == b.size && (a.size == 0 || memcmp(a.data, b.data, a.size) == 0);
}

static inline bool slice_equals(struct slice a, const char *text)
{
    return slice_equal(a, slice_of(text));
}

/* Order by bytes, a shorter prefix first: negative, 0, positive. */
static inline int slice_compare(struct slice a, struct slice b)
{
    size_t common = a.size < b.size ? a.size : b.size;
    int order = common ? memcmp(a.data, b.data, common) : 0;
    return order ? order : (a.size > b.size) - (a.size < b.size);
}

static inline bool slice_starts_with(struct slice s, struct slice head)
{
    return s.size >= head.size && (head.size == 0 || memcmp(s.data, head.data, head.size) == 0);
}

static inline bool slice_ends_with(struct slice s, struct slice tail)
{
    return s.size >= tail.size &&
           (tail.size == 0 || memcmp(s.data + s.size - tail.size, tail.data, tail.size) == 0);
}

/* The part from `from` on; empty when past the end. */
static inline struct slice slice_from(struct slice s, size_t from)
{
    if (from >= s.size)
        return (struct slice){0};
    return (struct slice){.data = s.data + from, .size = s.size - from};
}

/* Whether all bytes are valid UTF-8 (no surrogates, no overlong forms, no NUL). */
bool slice_is_utf8(struct slice s);

/* Whether valid UTF-8 holds a control character: of ASCII, or of Latin-1 (C2 80 to C2 9F). */
bool slice_has_control(struct slice s);

/* Bytes of what the text begins with and no terminal or page should get as it is: a control
 * character (of ASCII or Latin-1, but for line feed and tab), or a mark that turns around the text
 * beside it, as U+202E does; 0: neither. */
size_t slice_harmful_size(struct slice s);

/* Code points in valid UTF-8. */
size_t slice_code_points(struct slice s);

/* Damerau-Levenshtein distance (adjacent transpositions count once), in bytes; `limit` + 1 when it
 * is more than `limit`.  Texts over 64 bytes are too far from everything. */
unsigned slice_distance(struct slice a, struct slice b, unsigned limit);

#endif
