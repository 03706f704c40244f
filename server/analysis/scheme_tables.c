/*
 * The tables of a scheme: which events, conditions, traits and activity filters its definitions
 * use, each once and in the order of its text, for which kinds of unit and from which moment on.
 */

#include "scheme.h"

#include <stdlib.h>

static int slices_compare(const void *a, const void *b)
{
    return slice_compare(*(const struct slice *)a, *(const struct slice *)b);
}

static size_t slices_unique(struct slice *items, size_t count)
{
    size_t unique = 0;
    if (count)
        qsort(items, count, sizeof *items, slices_compare);
    for (size_t i = 0; i < count; i++)
        if (unique == 0 || !slice_equal(items[unique - 1], items[i]))
            items[unique++] = items[i];
    return unique;
}

static bool is_supported(const struct metric *metric)
{
    return metric->kind == METRIC_CONVERSION || metric->kind == METRIC_RETENTION;
}

/* A visit of each supported metric of each definition. */
typedef void metric_visit(struct scheme *scheme, const struct definition *definition,
                          const struct metric *metric, void *context);

static void each_metric(struct scheme *scheme, metric_visit *visit, void *context)
{
    const struct declared *declared = scheme->declared;
    for (size_t i = 0; i < declared->definition_count; i++) {
        struct experiment_metric metrics[EXPERIMENT_METRICS_MAX];
        const struct definition *definition = &declared->definitions[i];
        size_t count = experiment_metrics(definition->experiment, metrics);
        for (size_t j = 0; j < count; j++)
            if (is_supported(metrics[j].metric))
                visit(scheme, definition, metrics[j].metric, context);
    }
}

struct names {
    struct slice *items; /* NULL: only counted */
    size_t count;
};

static void names_add(struct names *names, struct slice name)
{
    if (names->items)
        names->items[names->count] = name;
    names->count++;
}

static void collect_events(struct scheme *scheme, const struct definition *definition,
                           const struct metric *metric, void *context)
{
    (void)scheme;
    (void)definition;
    if (metric->form == FORM_ACTIVITY)
        return;
    for (size_t i = 0; i < metric->event_count; i++)
        names_add(context, metric->events[i].event);
}

/* Outcomes count from here on: the definition's start, less its longest `before`. */
static int64_t kept_from(const struct experiment *experiment)
{
    if (experiment->start_ms == TIME_NONE)
        return TIME_NONE;
    int64_t longest_ms = 0;
    for (size_t i = 0; i < experiment->covariate_count; i++)
        if (experiment->covariates[i].before_ms > longest_ms)
            longest_ms = experiment->covariates[i].before_ms;
    return experiment->start_ms - longest_ms;
}

static int64_t earlier(int64_t a, int64_t b)
{
    return a < b ? a : b; /* TIME_NONE, always, is the least */
}

static struct slice condition_text(struct arena *arena, const struct condition *condition)
{
    struct buffer text = {0};
    condition_write_canonical(&text, condition);
    if (text.failed)
        arena->failed = true;
    struct slice copy = arena_copy(arena, buffer_slice(&text));
    buffer_done(&text);
    return copy;
}

/* Adds a condition in the order of the texts; room doubles at powers of two. */
static void event_condition_add(struct arena *arena, struct scheme_event *event,
                                const struct condition *condition)
{
    struct slice text = condition_text(arena, condition);
    size_t at = 0, count = event->condition_count;
    while (at < count && slice_compare(event->condition_texts[at], text) < 0)
        at++;
    if (at < count && slice_equal(event->condition_texts[at], text))
        return;
    if ((count & (count + 1)) == 0) {
        size_t room = 2 * count + 1;
        const struct condition **conditions = arena_array(arena, room, sizeof(void *));
        struct slice *texts = ARENA_ARRAY(arena, room, struct slice);
        if (!conditions || !texts)
            return;
        for (size_t i = 0; i < count; i++) {
            conditions[i] = event->conditions[i];
            texts[i] = event->condition_texts[i];
        }
        event->conditions = conditions;
        event->condition_texts = texts;
    }
    for (size_t i = count; i > at; i--) {
        event->conditions[i] = event->conditions[i - 1];
        event->condition_texts[i] = event->condition_texts[i - 1];
    }
    event->conditions[at] = condition;
    event->condition_texts[at] = text;
    event->condition_count++;
}

static void fill_events(struct scheme *scheme, const struct definition *definition,
                        const struct metric *metric, void *context)
{
    (void)context;
    if (metric->form == FORM_ACTIVITY)
        return;
    for (size_t i = 0; i < metric->event_count; i++) {
        const struct event_condition *item = &metric->events[i];
        struct scheme_event *event = &scheme->events[scheme_event(scheme, item->event)];
        event->kinds |= 1U << definition->experiment->unit;
        event->kept_from_ms = earlier(event->kept_from_ms, kept_from(definition->experiment));
        if (item->where)
            event_condition_add(&scheme->arena, event, item->where);
    }
}

static void make_events(struct scheme *scheme)
{
    struct names names = {0};
    each_metric(scheme, collect_events, &names);
    names = (struct names){.items = ARENA_ARRAY(&scheme->arena, names.count + 1, struct slice)};
    scheme->events = NULL;
    if (!names.items)
        return;
    each_metric(scheme, collect_events, &names);
    size_t count = slices_unique(names.items, names.count);
    scheme->events = ARENA_ARRAY(&scheme->arena, count + 1, struct scheme_event);
    if (!scheme->events)
        return;
    scheme->event_count = count;
    for (size_t i = 0; i < count; i++)
        scheme->events[i] =
            (struct scheme_event){.name = names.items[i], .kept_from_ms = INT64_MAX};
    each_metric(scheme, fill_events, NULL);
}

static void segments_collect(struct scheme *scheme, struct names *names)
{
    const struct declared *declared = scheme->declared;
    for (size_t i = 0; i < declared->definition_count; i++) {
        const struct experiment *experiment = declared->definitions[i].experiment;
        for (size_t j = 0; j < experiment->segment_count; j++)
            for (size_t k = 0; k < experiment->segments[j].count; k++)
                names_add(names, experiment->segments[j].segments[k]->trait);
        for (size_t j = 0; j < experiment->adjust_segment_count; j++)
            names_add(names, experiment->adjust_segments[j]->trait);
    }
}

static struct slice path_head(struct slice path)
{
    const char *dot = path.size ? memchr(path.data, '.', path.size) : NULL;
    return dot ? (struct slice){.data = path.data, .size = (size_t)(dot - path.data)} : path;
}

static void make_traits(struct scheme *scheme)
{
    struct names names = {0};
    segments_collect(scheme, &names);
    names = (struct names){.items = ARENA_ARRAY(&scheme->arena, names.count + 1, struct slice)};
    if (!names.items)
        return;
    segments_collect(scheme, &names);
    size_t count = slices_unique(names.items, names.count);
    scheme->traits = ARENA_ARRAY(&scheme->arena, count + 1, struct scheme_trait);
    if (!scheme->traits)
        return;
    scheme->trait_count = count;
    for (size_t i = 0; i < count; i++)
        scheme->traits[i] = (struct scheme_trait){
            .path = names.items[i], .head = path_head(names.items[i]), .kinds = scheme->kinds};
}

/* The names that are no activity under that catalogue, sorted. */
static size_t excluded_names(struct arena *arena, const struct catalogue *catalogue,
                             struct slice **items)
{
    size_t room = catalogue->not_activity_count;
    for (size_t i = 0; i < catalogue->metric_count; i++)
        room += catalogue->metrics[i].event_count;
    *items = ARENA_ARRAY(arena, room + 1, struct slice);
    if (!*items)
        return 0;
    size_t count = 0;
    for (size_t i = 0; i < catalogue->not_activity_count; i++)
        (*items)[count++] = catalogue->not_activity[i];
    for (size_t i = 0; i < catalogue->metric_count; i++) {
        const struct metric *metric = &catalogue->metrics[i];
        for (size_t j = 0; metric->kind == METRIC_NPS && j < metric->event_count; j++)
            (*items)[count++] = metric->events[j].event;
    }
    return slices_unique(*items, count);
}

struct scheme_filter filter_of(struct arena *arena, const struct catalogue *catalogue)
{
    struct slice *names;
    struct scheme_filter filter = {.kept_from_ms = INT64_MAX};
    filter.name_count = excluded_names(arena, catalogue, &names);
    filter.names = names;
    struct buffer text = {0};
    for (size_t i = 0; i < filter.name_count; i++) {
        buffer_add(&text, names[i]);
        buffer_add_byte(&text, '\n');
    }
    if (text.failed)
        arena->failed = true;
    filter.text = arena_copy(arena, buffer_slice(&text));
    buffer_done(&text);
    return filter;
}

static void fill_filters(struct scheme *scheme, const struct definition *definition,
                         const struct metric *metric, void *context)
{
    (void)context;
    if (metric->form != FORM_ACTIVITY)
        return;
    struct scheme_filter filter = filter_of(&scheme->arena, definition->catalogue);
    size_t at = 0;
    while (at < scheme->filter_count && slice_compare(scheme->filters[at].text, filter.text) < 0)
        at++;
    struct scheme_filter *place = &scheme->filters[at];
    if (at == scheme->filter_count || !slice_equal(place->text, filter.text)) {
        memmove(place + 1, place, (scheme->filter_count - at) * sizeof *place);
        *place = filter;
        scheme->filter_count++;
    }
    place->kinds |= 1U << definition->experiment->unit;
    place->kept_from_ms = earlier(place->kept_from_ms, kept_from(definition->experiment));
}

static void make_filters(struct scheme *scheme)
{
    size_t room = scheme->declared->definition_count + 1;
    scheme->filters = ARENA_ARRAY(&scheme->arena, room, struct scheme_filter);
    if (scheme->filters)
        each_metric(scheme, fill_filters, NULL);
}

enum status scheme_tables(struct scheme *scheme, struct error *error)
{
    for (size_t i = 0; i < scheme->declared->definition_count; i++)
        scheme->kinds |= 1U << scheme->declared->definitions[i].experiment->unit;
    make_events(scheme);
    make_traits(scheme);
    make_filters(scheme);
    if (scheme->arena.failed)
        return FAIL(error, STATUS_NO_MEMORY, "scheme", 0, "no memory");
    return STATUS_OK;
}
