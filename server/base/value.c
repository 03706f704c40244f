/* Values: looking up and building. */

#include "base/value.h"

#include <assert.h>
#include <math.h>

#define CAPACITY_MIN 4

const struct value *value_member(const struct value *object, struct slice name)
{
    if (!object || object->kind != VALUE_OBJECT)
        return NULL;
    for (size_t i = 0; i < object->count; i++)
        if (slice_equal(object->members[i].name, name))
            return &object->members[i].value;
    return NULL;
}

const struct value *value_at(const struct value *object, struct slice path)
{
    while (object) {
        const struct value *whole = value_member(object, path);
        if (whole)
            return whole;
        const char *dot = path.size ? memchr(path.data, '.', path.size) : NULL;
        if (!dot)
            return NULL;
        size_t head = (size_t)(dot - path.data);
        object = value_member(object, (struct slice){.data = path.data, .size = head});
        path = slice_from(path, head + 1);
    }
    return NULL;
}

struct slice value_member_text(const struct value *object, const char *name)
{
    const struct value *member = value_member(object, slice_of(name));
    return member && member->kind == VALUE_TEXT ? member->text : (struct slice){0};
}

struct value value_object(void)
{
    return (struct value){.kind = VALUE_OBJECT};
}

struct value value_list(void)
{
    return (struct value){.kind = VALUE_LIST};
}

struct value value_null(void)
{
    return (struct value){.kind = VALUE_NULL};
}

struct value value_boolean(bool boolean)
{
    return (struct value){.kind = VALUE_BOOLEAN, .boolean = boolean};
}

struct value value_integer(int64_t integer)
{
    return (struct value){.kind = VALUE_INTEGER, .integer = integer, .number = (double)integer};
}

struct value value_real(double number)
{
    if (!isfinite(number))
        return value_null();
    return (struct value){.kind = VALUE_REAL, .number = number};
}

struct value value_text(struct slice text)
{
    return (struct value){.kind = VALUE_TEXT, .text = text};
}

/* Where a builder writes after a failure; nobody reads it. */
static struct value *scrap_value(void)
{
    static _Thread_local struct value scrap;
    scrap = value_null();
    return &scrap;
}

/* Room for one more of `size` bytes in an array of `count`: the same array or a larger copy. */
static void *array_room(struct arena *arena, void *array, struct value *owner, size_t size)
{
    if (owner->count < owner->capacity)
        return array;
    size_t capacity = owner->capacity ? owner->capacity * 2 : CAPACITY_MIN;
    void *larger = arena_array(arena, capacity, size);
    if (!larger)
        return NULL;
    if (owner->count)
        memcpy(larger, array, owner->count * size);
    owner->capacity = capacity;
    return larger;
}

struct value *value_add_named(struct arena *arena, struct value *object, struct slice name,
                              struct value value)
{
    if (arena->failed)
        return scrap_value();
    assert(object->kind == VALUE_OBJECT);
    struct member *members = array_room(arena, object->members, object, sizeof *members);
    if (!members)
        return scrap_value();
    object->members = members;
    members[object->count] = (struct member){.name = name, .value = value};
    return &members[object->count++].value;
}

struct value *value_add(struct arena *arena, struct value *object, const char *name,
                        struct value value)
{
    return value_add_named(arena, object, slice_of(name), value);
}

struct value *value_append(struct arena *arena, struct value *list, struct value value)
{
    if (arena->failed)
        return scrap_value();
    assert(list->kind == VALUE_LIST);
    struct value *items = array_room(arena, list->items, list, sizeof *items);
    if (!items)
        return scrap_value();
    list->items = items;
    items[list->count] = value;
    return &items[list->count++];
}
