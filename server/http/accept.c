/* Implementation of accept.h. */

#include "accept.h"

#include "base/number.h"

#include <string.h>
#include <strings.h>

/* Cuts `*rest` at the first `mark`; what stands before is returned, without space around it. */
static struct slice part_cut(struct slice *rest, char mark)
{
    const char *at = rest->size ? memchr(rest->data, mark, rest->size) : NULL;
    struct slice part = *rest;
    if (at)
        part.size = (size_t)(at - rest->data);
    *rest = at ? slice_from(*rest, part.size + 1) : (struct slice){0};
    while (part.size && (part.data[0] == ' ' || part.data[0] == '\t'))
        part = slice_from(part, 1);
    while (part.size && (part.data[part.size - 1] == ' ' || part.data[part.size - 1] == '\t'))
        part.size--;
    return part;
}

static bool is_text(struct slice text, const char *lower)
{
    return text.size == strlen(lower) && strncasecmp(text.data, lower, text.size) == 0;
}

/* The weight among the parameters of a media range, 1 where there is none. */
static double weight_read(struct slice parameters)
{
    double weight = 1;
    while (parameters.size) {
        struct slice parameter = part_cut(&parameters, ';');
        struct slice name = part_cut(&parameter, '=');
        if (is_text(name, "q") && (!number_parse(parameter, &weight) || weight < 0))
            weight = 0;
    }
    return weight;
}

/* What a header says of one type: the most specific range counts. */
struct preference {
    size_t specific; /* the index of the best range so far; that of none is 3 */
    double weight;
    size_t place; /* of that range in the header */
};

static void preference_see(struct preference *preference, const struct accept_type *known,
                           struct slice range, double weight, size_t place)
{
    for (size_t i = 0; i < preference->specific; i++)
        if (is_text(range, known->ranges[i]))
            *preference = (struct preference){.specific = i, .weight = weight, .place = place};
}

static struct preference preference_of(struct slice accept, const struct accept_type *type)
{
    struct preference preference = {.specific = 3};
    for (size_t place = 0; accept.size; place++) {
        struct slice parameters = part_cut(&accept, ',');
        struct slice range = part_cut(&parameters, ';');
        preference_see(&preference, type, range, weight_read(parameters), place);
    }
    return preference;
}

const char *accept_choose(struct slice accept, const struct accept_type *types, size_t count)
{
    struct preference best = {0};
    const char *name = NULL;
    for (size_t i = 0; i < count; i++) {
        struct preference one = preference_of(accept, &types[i]);
        if (one.weight <= 0 || (name && one.weight < best.weight))
            continue;
        if (name && one.weight <= best.weight && one.place >= best.place)
            continue;
        best = one;
        name = types[i].name;
    }
    return name;
}

bool accept_is_page(struct slice accept)
{
    static const struct accept_type types[] = {
        {.ranges = {"application/json", "application/*", "*/*"}, .name = "json"},
        {.ranges = {"text/html", "text/*", "*/*"}, .name = "page"},
    };
    const char *name = accept_choose(accept, types, 2);
    return name && strcmp(name, "page") == 0;
}
