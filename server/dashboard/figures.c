/* Implementation of figures.h. */

#include "figures.h"

const struct value *member_of(const struct value *object, const char *name)
{
    return value_member(object, slice_of(name));
}

bool number_of(const struct value *object, const char *name, double *number)
{
    const struct value *value = member_of(object, name);
    if (!value || !value_is_number(value))
        return false;
    *number = value->number;
    return true;
}

uint64_t count_of(const struct value *object, const char *name)
{
    const struct value *value = member_of(object, name);
    return value && value->kind == VALUE_INTEGER && value->integer > 0 ? (uint64_t)value->integer
                                                                       : 0;
}

bool limits_of(const struct value *object, const char *name, struct interval *interval)
{
    const struct value *pair = member_of(object, name);
    if (!pair || pair->kind != VALUE_LIST || pair->count != 2 ||
        !value_is_number(&pair->items[0]) || !value_is_number(&pair->items[1]))
        return false;
    interval->low = pair->items[0].number;
    interval->high = pair->items[1].number;
    return true;
}

void none_add(struct buffer *out)
{
    markup_add(out, "<span class=\"none\">\xe2\x80\x93</span>");
}

void cell_begin(struct buffer *out, const char *label, const char *class)
{
    buffer_format(out, "<td role=\"cell\" class=\"%s\" data-label=\"%s\">", class, label);
}

void table_begin(struct buffer *out, const char *const *columns, size_t count)
{
    markup_add(out, "<thead role=\"rowgroup\"><tr role=\"row\">\n");
    for (size_t i = 0; i < count; i++)
        buffer_format(out, "<th role=\"columnheader\" scope=\"col\">%s</th>\n", columns[i]);
    markup_add(out, "</tr></thead>\n<tbody role=\"rowgroup\">\n");
}
