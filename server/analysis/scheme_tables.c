/*
 * The tables of a scheme: which traits and activity filters its definitions use, each once and in
 * the order of its text, for which kinds of unit and from which moment on.  Events and steps stand
 * in scheme_events.c.
 */

#include "scheme_parts.h"

#include <stdlib.h>

static int slices_compare(const void *a, const void *b)
{
    return slice_compare(*(const struct slice *)a, *(const struct slice *)b);
}

size_t slices_unique(struct slice *items, size_t count)
{
    size_t unique = 0;
    if (count)
        qsort(items, count, sizeof *items, slices_compare);
    for (size_t i = 0; i < count; i++)
        if (unique == 0 || !slice_equal(items[unique - 1], items[i]))
            items[unique++] = items[i];
    return unique;
}

void name_list_add(struct name_list *names, struct slice name)
{
    if (names->items)
        names->items[names->count] = name;
    names->count++;
}

static void segments_collect(struct scheme *scheme, struct name_list *names)
{
    const struct declared *declared = scheme->declared;
    for (size_t i = 0; i < declared->definition_count; i++) {
        const struct experiment *experiment = declared->definitions[i].experiment;
        struct experiment_metric metrics[EXPERIMENT_METRICS_MAX];
        for (size_t j = 0; j < experiment->segment_count; j++)
            for (size_t k = 0; k < experiment->segments[j].count; k++)
                name_list_add(names, experiment->segments[j].segments[k]->trait);
        for (size_t j = 0; j < experiment->adjust_segment_count; j++)
            name_list_add(names, experiment->adjust_segments[j]->trait);
        for (size_t j = 0; j < experiment->covariate_count; j++)
            if (!experiment->covariates[j].metric)
                name_list_add(names, experiment->covariates[j].trait);
        size_t count = experiment_metrics(experiment, metrics);
        for (size_t j = 0; j < count; j++)
            if (metrics[j].metric->kind == METRIC_BREADTH && metrics[j].metric->of == OF_TRAIT)
                name_list_add(names, metrics[j].metric->of_trait);
    }
}

static struct slice path_head(struct slice path)
{
    const char *dot = path.size ? memchr(path.data, '.', path.size) : NULL;
    return dot ? (struct slice){.data = path.data, .size = (size_t)(dot - path.data)} : path;
}

static void make_traits(struct scheme *scheme)
{
    struct name_list names = {0};
    segments_collect(scheme, &names);
    names = (struct name_list){.items = ARENA_ARRAY(&scheme->arena, names.count + 1, struct slice)};
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
                         const struct metric *metric, enum unit_kind kind, void *context)
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
    place->kinds |= 1U << kind;
    place->kept_from_ms =
        scheme_earlier(place->kept_from_ms, scheme_kept_from(definition->experiment));
}

static void make_filters(struct scheme *scheme)
{
    size_t room = scheme->declared->definition_count + 1; /* a filter is of a catalogue */
    scheme->filters = ARENA_ARRAY(&scheme->arena, room, struct scheme_filter);
    if (scheme->filters)
        scheme_each_metric(scheme, fill_filters, NULL);
}

/* Members are judged one by one, so their own records are kept too. */
static void kinds_add(struct scheme *scheme, const struct experiment *experiment)
{
    struct experiment_metric metrics[EXPERIMENT_METRICS_MAX];
    size_t count = experiment_metrics(experiment, metrics);
    scheme->kinds |= 1U << experiment->unit;
    scheme->with_mixing |= experiment->unit == UNIT_USER;
    for (size_t i = 0; i < count; i++)
        scheme->with_members |= metrics[i].metric->kind == METRIC_BREADTH;
    if (scheme->with_members)
        scheme->kinds |= 1U << UNIT_USER;
}

enum status scheme_tables(struct scheme *scheme, struct error *error)
{
    for (size_t i = 0; i < scheme->declared->definition_count; i++)
        kinds_add(scheme, scheme->declared->definitions[i].experiment);
    scheme_make_events(scheme);
    make_traits(scheme);
    make_filters(scheme);
    if (scheme->arena.failed)
        return FAIL(error, STATUS_NO_MEMORY, "scheme", 0, "no memory");
    return STATUS_OK;
}
