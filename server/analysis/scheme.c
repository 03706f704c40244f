/*
 * Definitions compiled: experiments with their rulings, and each definition with its slices in
 * numbers; its metrics in scheme_metric.c.
 */

#include "scheme.h"

#include "scheme_parts.h"
#include "slices.h"

#include <assert.h>
#include <stddef.h>
#include <stdlib.h>

/* The place of `name` in a table sorted by the names with which its items begin, or -1. */
static int table_find(const void *items, size_t count, size_t size, struct slice name)
{
    size_t low = 0, high = count;
    while (low < high) {
        struct slice there;
        size_t middle = low + (high - low) / 2;
        memcpy(&there, (const char *)items + middle * size, sizeof there);
        int order = slice_compare(there, name);
        if (order == 0)
            return (int)middle;
        if (order < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return -1;
}

static_assert(offsetof(struct scheme_event, name) == 0 &&
                  offsetof(struct scheme_experiment, key) == 0 &&
                  offsetof(struct scheme_step, name) == 0,
              "items are found by the name they begin with");

int scheme_event(const struct scheme *scheme, struct slice name)
{
    return table_find(scheme->events, scheme->event_count, sizeof *scheme->events, name);
}

int scheme_experiment(const struct scheme *scheme, struct slice key)
{
    return table_find(scheme->experiments, scheme->experiment_count, sizeof *scheme->experiments,
                      key);
}

int scheme_step(const struct scheme_experiment *experiment, struct slice name)
{
    return table_find(experiment->steps, experiment->step_count, sizeof *experiment->steps, name);
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
            catalogue_analysed(scheme->declared->items[i].catalogue, experiment->key);
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
            catalogue_analysed(declared->items[i].catalogue, experiment->key);
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

/* Which rulings send units into a holdout. */
static void make_holdouts(struct scheme *scheme)
{
    for (size_t i = 0; i < scheme->experiment_count; i++)
        for (size_t j = 0; j < scheme->experiments[i].ruling_count; j++) {
            struct scheme_ruling *ruling = &scheme->experiments[i].rulings[j];
            const struct experiment *declared = ruling->experiment;
            ruling->holdout = -1;
            if (!declared->holdout_group.size || declared->member_count ||
                declared->assignment == ASSIGNMENT_ELSEWHERE)
                continue;
            struct slice key = arena_format(&scheme->arena, HOLDOUT_PREFIX "%.*s",
                                            SLICE_ARGS(declared->holdout_group));
            ruling->holdout = scheme_experiment(scheme, key);
        }
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
        scheme_make_steps(scheme, &scheme->experiments[i]);
    }
    make_holdouts(scheme);
}

uint16_t scheme_trait(const struct scheme *scheme, struct slice path)
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
                                           .trait = scheme_trait(scheme, segments[i]->trait),
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
        group->kind = segmentation->count > 1 ? CUBE_SLICE_CROSSING : CUBE_SLICE_SEGMENT;
    }
    if (experiment->adjust_segment_count) {
        struct scheme_slices *group = &groups[definition->slices_count++];
        make_slice_group(scheme, group, experiment->adjust_segments,
                         experiment->adjust_segment_count, base);
        group->kind = CUBE_SLICE_STRATUM;
    }
    definition->slices = groups;
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
    scheme_make_metrics(scheme, definition);
    scheme_make_row(scheme, definition);
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
