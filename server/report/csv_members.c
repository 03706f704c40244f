/* Rows of csv from the members of objects. */

#include "csv_members.h"

#include "csv_parts.h"

#include <string.h>

static bool is_interval(const char *name)
{
    struct slice text = slice_of(name), end = SLICE("interval");
    return text.size >= end.size &&
           memcmp(text.data + text.size - end.size, end.data, end.size) == 0;
}

/* Each field ends with a comma; the last comma becomes the line's end. */
void csv_names(struct buffer *out, const char *const *names, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (is_interval(names[i]))
            buffer_format(out, "%s:low,%s:high,", names[i], names[i]);
        else
            buffer_format(out, "%s,", names[i]);
}

static void csv_interval(struct buffer *out, const struct value *value)
{
    bool has = value && value->kind == VALUE_LIST && value->count == 2;
    csv_field(out, has ? &value->items[0] : NULL);
    buffer_add_byte(out, ',');
    csv_field(out, has ? &value->items[1] : NULL);
}

void csv_members(struct buffer *out, const struct value *object, const char *const *names,
                 size_t count)
{
    for (size_t i = 0; i < count; i++) {
        const struct value *value = value_member(object, slice_of(names[i]));
        if (is_interval(names[i]))
            csv_interval(out, value);
        else
            csv_field(out, value);
        buffer_add_byte(out, ',');
    }
}

void csv_end(struct buffer *out)
{
    if (out->size)
        out->data[out->size - 1] = '\n';
}
