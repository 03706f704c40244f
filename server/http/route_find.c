/* Finding a route: the rows are few and the hot ones stand first, so they are tried in order. */

#include "query.h"
#include "routes.h"

/* Cuts the segment at the front of `*rest`, which begins with a slash. */
static struct slice segment_cut(struct slice *rest)
{
    struct slice segment = slice_from(*rest, 1);
    const char *slash = segment.size ? memchr(segment.data, '/', segment.size) : NULL;
    if (slash)
        segment.size = (size_t)(slash - segment.data);
    *rest = slice_from(*rest, segment.size + 1);
    return segment;
}

/* `{name...}`: one or more segments. */
static struct slice rest_cut(struct slice *rest)
{
    struct slice all = slice_from(*rest, 1);
    *rest = (struct slice){0};
    return all;
}

static bool is_rest(struct slice wanted)
{
    return slice_ends_with(wanted, SLICE("...}"));
}

/* `values` gets the segments that stand for {parameters}, not decoded yet. */
static bool pattern_matches(const char *pattern_text, struct slice path,
                            struct slice values[ROUTE_PARAMETERS_MAX])
{
    struct slice pattern = slice_of(pattern_text);
    size_t count = 0;
    while (pattern.size && path.size) {
        struct slice wanted = segment_cut(&pattern);
        bool is_parameter = wanted.size && wanted.data[0] == '{';
        struct slice segment =
            is_parameter && is_rest(wanted) ? rest_cut(&path) : segment_cut(&path);
        if (is_parameter ? !segment.size : !slice_equal(wanted, segment))
            return false;
        if (is_parameter && count < ROUTE_PARAMETERS_MAX)
            values[count++] = segment;
    }
    return !pattern.size && !path.size;
}

static bool method_fits(const struct route *route, enum method method)
{
    return route->method == method || (route->method == METHOD_GET && method == METHOD_HEAD);
}

/* What can't be decoded stays as it came. */
static bool parameters_decode(struct request *request,
                              const struct slice values[ROUTE_PARAMETERS_MAX])
{
    bool is_whole = true;
    for (size_t i = 0; i < ROUTE_PARAMETERS_MAX; i++) {
        bool is_fine = percent_decode(&request->arena, values[i], false, &request->parameters[i]);
        if (!is_fine)
            request->parameters[i] = values[i];
        is_whole &= is_fine;
    }
    return is_whole;
}

enum problem route_find(const struct route *table, struct request *request, unsigned *allowed)
{
    struct slice path = request->path;
    struct slice others[ROUTE_PARAMETERS_MAX] = {{0}};
    if (path.size > 1 && path.data[path.size - 1] == '/')
        path.size--;
    *allowed = 0;
    for (const struct route *route = table; route->pattern; route++) {
        struct slice values[ROUTE_PARAMETERS_MAX] = {{0}};
        if (!pattern_matches(route->pattern, path, values))
            continue;
        request->form = route->form;
        if (method_fits(route, request->method)) {
            request->route = route;
            return parameters_decode(request, values) ? PROBLEM_NONE : PROBLEM_BAD_PARAMETER;
        }
        memcpy(others, values, sizeof others);
        *allowed |= route->method;
    }
    parameters_decode(request, others);
    return *allowed ? PROBLEM_METHOD : PROBLEM_NO_ROUTE;
}
