/*
 * Definitions compiled: experiments with their rulings, and each definition with its slices and
 * metrics in numbers.
 */

#include "scheme.h"

#include "cube_cells.h"
#include "slices.h"

#include <stdlib.h>

int scheme_event(const struct scheme *scheme, struct slice name)
{
    size_t low = 0, high = scheme->event_count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        int order = slice_compare(scheme->events[middle].name, name);
        if (order == 0)
            return (int)middle;
        if (order < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return -1;
}

int scheme_experiment(const struct scheme *scheme, struct slice key)
{
    size_t low = 0, high = scheme->experiment_count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        int order = slice_compare(scheme->experiments[middle].key, key);
        if (order == 0)
            return (int)middle;
        if (order < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return -1;
}

bool filter_passes(const struct scheme_filter *filter, struct slice event)
{
    if (slice_starts_with(event, SLICE("Onboarding Step ")))
        return false;
    for (size_t i = 0; i < filter->name_count; i++)
        if (slice_equal(filter->names[i], event))
            return false;
    return true;
}

const struct scheme_ruling *scheme_ruling(const struct scheme_experiment *experiment,
                                          int64_t time_ms)
{
    size_t i = experiment->ruling_count;
    while (i > 1 && experiment->rulings[i - 1].after_ms >= time_ms)
        i--;
    return i ? &experiment->rulings[i - 1] : NULL;
}

static uint8_t variant_number(const struct scheme_experiment *experiment, struct slice name)
{
    for (size_t i = 0; i < experiment->variant_count; i++)
        if (slice_equal(experiment->variants[i], name))
            return (uint8_t)i;
    return VARIANT_NONE;
}

/* All names that the experiment's variants ever had, in the order of the history. */
static void make_variants(struct scheme *scheme, struct scheme_experiment *experiment)
{
    struct slice *names = ARENA_ARRAY(&scheme->arena, VARIANT_NONE, struct slice);
    if (!names)
        return;
    experiment->variants = names;
    for (size_t i = 0; i < scheme->declared->count; i++) {
        const struct experiment *declared =
            catalogue_experiment(scheme->declared->items[i].catalogue, experiment->key);
        for (size_t j = 0; declared && j < declared->variant_count; j++) {
            struct slice name = declared->variants[j].name;
            if (variant_number(experiment, name) == VARIANT_NONE &&
                experiment->variant_count < VARIANT_NONE)
                names[experiment->variant_count++] = name;
        }
    }
}

static void make_rulings(struct scheme *scheme, struct scheme_experiment *experiment)
{
    struct arena *arena = &scheme->arena;
    const struct declared *declared = scheme->declared;
    struct scheme_ruling *rulings = ARENA_ARRAY(arena, declared->count + 1, struct scheme_ruling);
    for (size_t i = 0; rulings && i < declared->count; i++) {
        const struct experiment *there =
            catalogue_experiment(declared->items[i].catalogue, experiment->key);
        if (!there)
            continue;
        uint8_t *variants = ARENA_ARRAY(arena, there->variant_count + 1, uint8_t);
        for (size_t j = 0; variants && j < there->variant_count; j++)
            variants[j] = variant_number(experiment, there->variants[j].name);
        rulings[experiment->ruling_count++] = (struct scheme_ruling){
            .after_ms = declared->items[i].time_ms, .experiment = there, .variants = variants};
    }
    experiment->rulings = rulings;
}

/* The definitions of one experiment lie side by side. */
static void make_experiments(struct scheme *scheme)
{
    const struct declared *declared = scheme->declared;
    size_t room = declared->definition_count + 1;
    uint16_t *indices = ARENA_ARRAY(&scheme->arena, room, uint16_t);
    scheme->experiments = ARENA_ARRAY(&scheme->arena, room, struct scheme_experiment);
    struct scheme_experiment *experiment = NULL;
    for (size_t i = 0; indices && scheme->experiments && i < declared->definition_count; i++) {
        const struct experiment *defined = declared->definitions[i].experiment;
        if (!experiment || !slice_equal(experiment->key, defined->key)) {
            experiment = &scheme->experiments[scheme->experiment_count++];
            experiment->key = defined->key;
            experiment->definitions = indices + i;
        }
        experiment->kinds |= 1U << defined->unit;
        indices[i] = (uint16_t)i;
        experiment->definition_count++;
    }
    for (size_t i = 0; i < scheme->experiment_count; i++) {
        make_variants(scheme, &scheme->experiments[i]);
        make_rulings(scheme, &scheme->experiments[i]);
    }
}

static uint16_t trait_index(const struct scheme *scheme, struct slice path)
{
    for (size_t i = 0; i < scheme->trait_count; i++)
        if (slice_equal(scheme->traits[i].path, path))
            return (uint16_t)i;
    return SCHEME_NONE;
}

static uint16_t make_slice_group(struct scheme *scheme, struct scheme_slices *group,
                                 const struct segment *const *segments, size_t count, uint16_t base)
{
    struct scheme_segment *parts = ARENA_ARRAY(&scheme->arena, count + 1, struct scheme_segment);
    for (size_t i = 0; parts && i < count; i++)
        parts[i] = (struct scheme_segment){.segment = segments[i],
                                           .trait = trait_index(scheme, segments[i]->trait),
                                           .values = segment_value_count(segments[i])};
    group->segments = parts;
    group->count = count;
    group->base = base;
    return (uint16_t)(base + product_count(segments, count));
}

static void make_slices(struct scheme *scheme, struct scheme_definition *definition)
{
    const struct experiment *experiment = definition->definition->experiment;
    struct scheme_slices *groups =
        ARENA_ARRAY(&scheme->arena, experiment->segment_count + 1, struct scheme_slices);
    if (!groups)
        return;
    uint16_t base = 1;
    for (size_t i = 0; i < experiment->segment_count; i++) {
        const struct segmentation *segmentation = &experiment->segments[i];
        struct scheme_slices *group = &groups[definition->slices_count++];
        base = make_slice_group(scheme, group, segmentation->segments, segmentation->count, base);
        group->main_only = segmentation->count > 1;
    }
    if (experiment->adjust_segment_count) {
        struct scheme_slices *group = &groups[definition->slices_count++];
        make_slice_group(scheme, group, experiment->adjust_segments,
                         experiment->adjust_segment_count, base);
        group->main_only = true;
    }
    definition->slices = groups;
}

static uint16_t condition_index(struct scheme *scheme, const struct scheme_event *event,
                                const struct condition *condition)
{
    if (!condition)
        return SCHEME_NONE;
    struct buffer text = {0};
    condition_write_canonical(&text, condition);
    uint16_t found = SCHEME_NONE;
    for (size_t i = 0; i < event->condition_count; i++)
        if (slice_equal(event->condition_texts[i], buffer_slice(&text)))
            found = (uint16_t)i;
    if (text.failed || found == SCHEME_NONE)
        scheme->arena.failed = true;
    buffer_done(&text);
    return found;
}

static uint16_t filter_index(struct scheme *scheme, const struct catalogue *catalogue)
{
    struct scheme_filter filter = filter_of(&scheme->arena, catalogue);
    for (size_t i = 0; i < scheme->filter_count; i++)
        if (slice_equal(scheme->filters[i].text, filter.text))
            return (uint16_t)i;
    return SCHEME_NONE;
}

static uint32_t at_least_one(uint32_t count)
{
    return count ? count : 1;
}

static void make_metric(struct scheme *scheme, const struct catalogue *catalogue,
                        const struct metric *metric, struct scheme_metric *made)
{
    made->supported = metric->kind == METRIC_CONVERSION || metric->kind == METRIC_RETENTION;
    made->filter = SCHEME_NONE;
    if (!made->supported)
        return;
    made->from_ms = metric->from_ms;
    made->until_ms = metric->until_ms;
    if (metric->form == FORM_ACTIVITY) {
        made->filter = filter_index(scheme, catalogue);
        made->activity_days = at_least_one(metric->activity_days);
        return;
    }
    struct scheme_item *items =
        ARENA_ARRAY(&scheme->arena, metric->event_count + 1, struct scheme_item);
    for (size_t i = 0; items && i < metric->event_count; i++) {
        const struct event_condition *item = &metric->events[i];
        int event = scheme_event(scheme, item->event);
        items[i] = (struct scheme_item){
            .event = (uint16_t)event,
            .condition = condition_index(scheme, &scheme->events[event], item->where),
            .times = at_least_one(item->times),
            .distinct_days = at_least_one(item->distinct_days)};
    }
    made->items = items;
    made->item_count = metric->event_count;
    made->at_least =
        metric->form == FORM_ANY_OF ? at_least_one(metric->at_least) : metric->event_count;
}

static void make_metrics(struct scheme *scheme, struct scheme_definition *definition)
{
    struct experiment_metric metrics[EXPERIMENT_METRICS_MAX];
    size_t count = metrics_by_name(definition->definition->experiment, metrics);
    struct scheme_metric *made = ARENA_ARRAY(&scheme->arena, count + 1, struct scheme_metric);
    if (!made)
        return;
    definition->metrics = made;
    definition->metric_count = count;
    for (size_t i = 0; i < count; i++) {
        make_metric(scheme, definition->definition->catalogue, metrics[i].metric, &made[i]);
        if (made[i].supported)
            definition->supported |= UINT64_C(1) << i;
    }
}

/* The start of the phase after this one, as it was declared last. */
static int64_t phase_end(const struct declared *declared, const struct definition *definition)
{
    int64_t end_ms = TIME_NONE;
    uint16_t next = 0;
    for (size_t i = 0; i < declared->definition_count; i++) {
        const struct experiment *other = declared->definitions[i].experiment;
        if (!slice_equal(other->key, definition->experiment->key) ||
            other->phase <= definition->experiment->phase || (next && other->phase > next))
            continue;
        next = other->phase;
        end_ms = other->start_ms;
    }
    return end_ms;
}

static void make_definition(struct scheme *scheme, size_t index)
{
    const struct definition *from = &scheme->declared->definitions[index];
    struct scheme_definition *definition = &scheme->definitions[index];
    const struct experiment *experiment = from->experiment;
    definition->definition = from;
    definition->experiment = (uint16_t)scheme_experiment(scheme, experiment->key);
    definition->kind = experiment->unit;
    definition->phase = experiment->phase;
    definition->start_ms = experiment->start_ms;
    definition->phase_end_ms = phase_end(scheme->declared, from);
    const struct scheme_experiment *all = &scheme->experiments[definition->experiment];
    uint8_t *variants = ARENA_ARRAY(&scheme->arena, all->variant_count + 1, uint8_t);
    for (size_t i = 0; variants && i < all->variant_count; i++) {
        int there = experiment_variant(experiment, all->variants[i]);
        variants[i] = there < 0 ? VARIANT_NONE : (uint8_t)there;
    }
    definition->variants = variants;
    make_slices(scheme, definition);
    make_metrics(scheme, definition);
}

static enum status scheme_fill(struct scheme *scheme, struct error *error)
{
    enum status status = scheme_tables(scheme, error);
    if (status)
        return status;
    size_t count = scheme->declared->definition_count;
    make_experiments(scheme);
    scheme->definitions = ARENA_ARRAY(&scheme->arena, count + 1, struct scheme_definition);
    for (size_t i = 0; !scheme->arena.failed && i < count; i++) {
        make_definition(scheme, i);
        scheme->definition_count++;
    }
    struct buffer text = {0};
    if (!scheme->arena.failed)
        scheme_write(&text, scheme);
    if (scheme->arena.failed || text.failed)
        status = FAIL(error, STATUS_NO_MEMORY, "scheme", 0, "no memory");
    else
        scheme->digest = hash_sha256(buffer_slice(&text));
    buffer_done(&text);
    return status;
}

enum status scheme_compile(struct declared *declared, struct scheme **scheme, struct error *error)
{
    struct scheme *fresh = calloc(1, sizeof *fresh);
    if (!fresh)
        return FAIL(error, STATUS_NO_MEMORY, "scheme", 0, "no memory");
    fresh->declared = declared_acquire(declared);
    enum status status = scheme_fill(fresh, error);
    if (status) {
        scheme_free(fresh);
        return status;
    }
    *scheme = fresh;
    return STATUS_OK;
}

void scheme_free(struct scheme *scheme)
{
    if (!scheme)
        return;
    declared_release(scheme->declared);
    arena_done(&scheme->arena);
    free(scheme);
}
