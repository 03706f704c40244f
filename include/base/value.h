#ifndef BASE_VALUE_H
#define BASE_VALUE_H

/*
 * A JSON value: what traits, properties, configurations and result documents are made of.
 * Trees live in an arena and are not changed once built, but for the builders below.
 *
 * Reading:  json_read (base/json.h).   Writing: value_write, canonical: members sorted by bytes,
 * shortest exact numbers, no space, only `"`, `\` and control characters escaped, UTF-8 as it is.
 */

#include "base/arena.h"
#include "base/buffer.h"

enum value_kind {
    VALUE_NULL,
    VALUE_BOOLEAN,
    VALUE_INTEGER, /* fits int64_t; `number` holds it too, rounded */
    VALUE_REAL,
    VALUE_TEXT,
    VALUE_LIST,
    VALUE_OBJECT
};

struct member;

struct value {
    enum value_kind kind;
    bool boolean;
    int64_t integer;
    double number;          /* of INTEGER and REAL; finite */
    struct slice text;      /* of TEXT; UTF-8, no NUL */
    struct value *items;    /* of LIST: count items */
    struct member *members; /* of OBJECT: count members in the order read; names are unique */
    size_t count;
    size_t capacity; /* of items or members, for the builders */
};

struct member {
    struct slice name;
    struct value value;
};

static inline bool value_is_number(const struct value *value)
{
    return value->kind == VALUE_INTEGER || value->kind == VALUE_REAL;
}

/* The member of that name, or NULL; NULL also when `object` is NULL or no object. */
const struct value *value_member(const struct value *object, struct slice name);
/* Steps by dots: "plan.tier".  A member whose whole name has the dots wins. NULL if missing. */
const struct value *value_at(const struct value *object, struct slice path);
/* The text of a TEXT member, else an empty slice. */
struct slice value_member_text(const struct value *object, const char *name);

void value_write(struct buffer *out, const struct value *value); /* canonical */
void json_write_text(struct buffer *out, struct slice text);     /* quoted and escaped */

/* Builders.  Names and texts are borrowed unless copied first; with a failed arena they do nothing,
 * and `failed` tells. value_add returns the new member, never NULL (a scrap value after failure).
 * That pointer is good until the next addition to the same object or list, which may move its
 * members: fill a member before adding the next one.  That names are unique is the caller's to see
 * to.
 */
struct value value_object(void);
struct value value_list(void);
struct value value_null(void);
struct value value_boolean(bool boolean);
struct value value_integer(int64_t integer);
struct value value_real(double number); /* not finite: null */
struct value value_text(struct slice text);
struct value *value_add(struct arena *arena, struct value *object, const char *name,
                        struct value value);
struct value *value_add_named(struct arena *arena, struct value *object, struct slice name,
                              struct value value);
struct value *value_append(struct arena *arena, struct value *list, struct value value);

#endif
