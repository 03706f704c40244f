/*
 * A unit judged by one definition: population, variant, cohort and slices; its integers by
 * metric.h.  See contribution.h for the rule.
 */

#include "contribution.h"

#include "metric.h"
#include "outcomes.h"
#include "slices.h"

int exposure_reason(const struct scheme_definition *definition, int64_t time_ms,
                    const struct exposure_payload *exposure)
{
    if (exposure->skewed)
        return OUTSIDE_SKEWED;
    if (definition->start_ms != TIME_NONE && time_ms < definition->start_ms) {
        if (exposure->phase < definition->phase)
            return EXPOSURE_PASSED_OVER;
        return exposure->reason == OUTSIDE_COUNT ? OUTSIDE_NOT_STARTED : exposure->reason;
    }
    if (exposure->reason != OUTSIDE_COUNT)
        return exposure->reason;
    if (exposure->variant == VARIANT_NONE ||
        definition->variants[exposure->variant] == VARIANT_NONE)
        return OUTSIDE_UNKNOWN_VARIANT;
    return OUTSIDE_COUNT;
}

/* What a unit's exposures say. */
struct met {
    bool counts, crossed, outside, skewed, mismatch, erased;
    bool has_first;
    int64_t first_ms; /* the first ever that is not skewed */
    int64_t counting_ms;
    uint8_t variant; /* the scheme's number */
    uint8_t source;
    uint8_t reason;
    int64_t reason_ms;
};

static void met_add(struct met *met, int64_t time_ms, const struct exposure_payload *exposure,
                    int judged)
{
    met->skewed |= exposure->skewed;
    met->erased |= exposure->erased;
    if (!met->has_first && !exposure->skewed) {
        met->has_first = true;
        met->first_ms = time_ms;
    }
    if (judged == EXPOSURE_PASSED_OVER)
        return;
    if (judged != OUTSIDE_COUNT) {
        if (!met->outside) {
            met->outside = true;
            met->reason = (uint8_t)judged;
            met->reason_ms = time_ms;
        }
        return;
    }
    if (met->counts) {
        met->crossed |= exposure->variant != met->variant;
        return;
    }
    met->counts = true;
    met->counting_ms = time_ms;
    met->variant = exposure->variant;
    met->source = exposure->source;
    met->mismatch = exposure->computed != VARIANT_NONE && exposure->computed != exposure->variant;
}

static struct met met_of(const struct scheme_definition *definition, const struct unit_list *list)
{
    struct met met = {0};
    uint32_t size = list->size / list->count;
    for (uint32_t i = 0; i < list->count; i++) {
        const char *entry = list->entries + i * size;
        int64_t time_ms = entry_time(entry);
        if (definition->phase_end_ms != TIME_NONE && time_ms >= definition->phase_end_ms)
            break;
        struct exposure_payload exposure = exposure_payload_read(entry);
        met_add(&met, time_ms, &exposure, exposure_reason(definition, time_ms, &exposure));
    }
    return met;
}

size_t segment_at(const struct scheme_segment *segment, const struct unit_record *record,
                  int64_t time_ms)
{
    struct slice text;
    size_t unknown = segment->values - 1;
    switch (unit_trait_at(record, segment->trait, time_ms, &text)) {
    case TRAIT_IS_TEXT: return segment_value_of_text(segment->segment, text);
    case TRAIT_IS_OTHER: return segment->segment->band_count ? unknown : unknown - 1;
    case TRAIT_IS_MISSING: break;
    }
    return unknown;
}

static void slices_fill(const struct scheme_definition *definition,
                        const struct unit_record *record, int64_t exposure_ms,
                        struct contribution *contribution)
{
    contribution->slices[0] = 0;
    contribution->slice_kinds[0] = 1U << CUBE_SLICE_ALL;
    contribution->slice_count = 1;
    for (size_t i = 0; i < definition->slices_count; i++) {
        const struct scheme_slices *group = &definition->slices[i];
        if (group->kind != CUBE_SLICE_SEGMENT && contribution->population != POPULATION_MAIN)
            continue;
        size_t index = 0;
        for (size_t j = 0; j < group->count; j++)
            index = index * group->segments[j].values +
                    segment_at(&group->segments[j], record, exposure_ms);
        contribution->slice_kinds[contribution->slice_count] = (uint8_t)(1U << group->kind);
        contribution->slices[contribution->slice_count++] = (uint16_t)(group->base + index);
    }
}

static bool list_overflows(const struct unit_record *record, enum unit_list_type type, size_t index)
{
    const struct unit_list *list = unit_list_find(record, type, index);
    return list && list->overflow;
}

static bool metric_overflows(const struct scheme_metric *metric, const struct unit_record *record)
{
    if (metric->kind == METRIC_RATIO)
        return metric_overflows(metric->numerator, record) ||
               metric_overflows(metric->denominator, record);
    if (metric->filter != SCHEME_NONE)
        return list_overflows(record, UNIT_LIST_ACTIVITY, metric->filter);
    for (size_t i = 0; i < metric->item_count; i++)
        if (list_overflows(record, UNIT_LIST_EVENTS, metric->items[i].event))
            return true;
    for (size_t i = 0; i < metric->competing_count; i++)
        if (list_overflows(record, UNIT_LIST_EVENTS, metric->competing[i]))
            return true;
    return false;
}

/* Of any variant's flow: what the unit has of another's is its too. */
static bool flows_overflow(const struct scheme_definition *definition,
                           const struct unit_record *record)
{
    size_t variants = definition->definition->experiment->variant_count;
    for (size_t i = 0; i < variants; i++)
        for (size_t j = 0; j < definition->flows[i].count; j++) {
            const struct scheme_flow_step *step = &definition->flows[i].steps[j];
            if (list_overflows(record, UNIT_LIST_STEPS, step->list) ||
                (step->done_when != SCHEME_NONE &&
                 list_overflows(record, UNIT_LIST_EVENTS, step->done_when)))
                return true;
        }
    return false;
}

static bool traits_overflow(const struct scheme_definition *definition,
                            const struct unit_record *record)
{
    for (size_t i = 0; i < definition->slices_count; i++)
        for (size_t j = 0; j < definition->slices[i].count; j++)
            if (list_overflows(record, UNIT_LIST_TRAITS, definition->slices[i].segments[j].trait))
                return true;
    for (size_t i = 0; i < definition->covariate_count; i++) {
        const struct scheme_covariate *covariate = &definition->covariates[i];
        if (covariate->metric ? metric_overflows(covariate->metric, record)
                              : list_overflows(record, UNIT_LIST_TRAITS, covariate->trait))
            return true;
    }
    return false;
}

/* Whether a list that this definition reads held more than it may. */
static bool unit_is_hot(const struct scheme_definition *definition,
                        const struct unit_record *record)
{
    bool any = false;
    for (size_t i = 0; i < record->count; i++)
        any |= record->lists[i].overflow;
    if (!any)
        return false;
    if (list_overflows(record, UNIT_LIST_EXPOSURES, definition->experiment))
        return true;
    for (size_t i = 0; i < definition->metric_count; i++)
        if (metric_overflows(&definition->metrics[i], record))
            return true;
    return flows_overflow(definition, record) || traits_overflow(definition, record);
}

static bool metric_is_early(const struct scheme_metric *metric, const struct unit_record *record,
                            const struct window *window)
{
    int64_t moment_ms;
    if (metric->kind == METRIC_RATIO)
        return metric_is_early(metric->numerator, record, window) ||
               metric_is_early(metric->denominator, record, window);
    for (size_t i = 0; i < metric->item_count; i++)
        if (outcome_first(record, metric->items[i].event, window, &moment_ms))
            return true;
    return false;
}

/* Whether an event that a metric counts came less than a day before the exposure, and not before
 * the start, since what is older is kept for other definitions alone: a sign that exposures are
 * sent too late. */
static bool unit_is_early(const struct scheme_definition *definition,
                          const struct unit_record *record, int64_t exposure_ms)
{
    struct window window = {
        .exposure_ms = exposure_ms, .from_ms = exposure_ms - DAY_MS, .until_ms = exposure_ms};
    if (definition->start_ms != TIME_NONE && window.from_ms < definition->start_ms)
        window.from_ms = definition->start_ms;
    for (size_t i = 0; i < definition->metric_count; i++)
        if (definition->metrics[i].kind != METRIC_BREADTH && /* its events are the members' */
            metric_is_early(&definition->metrics[i], record, &window))
            return true;
    return false;
}

static void quality_fill(const struct scheme_definition *definition,
                         const struct unit_record *record, const struct met *met, int128 *row)
{
    row[UNITS_N] = 1;
    row[UNITS_MISMATCH] = met->counts && met->mismatch;
    row[UNITS_SKEWED] = met->skewed;
    row[UNITS_HOT] = unit_is_hot(definition, record);
}

static void outside_fill(struct contribution *contribution, enum outside reason, int64_t time_ms)
{
    contribution->population = POPULATION_OUTSIDE;
    contribution->variant = CUBE_NO_VARIANT;
    contribution->cohort = day_of(time_ms);
    contribution->slices[0] = (uint16_t)reason;
    contribution->slice_kinds[0] = 1U << CUBE_SLICE_ALL;
    contribution->slice_count = 1;
}

static void analysed_fill(const struct scheme_definition *definition, const struct unit_view *view,
                          const struct met *met, struct unit_bin *bins,
                          struct contribution *contribution)
{
    const struct unit_record *record = view->record;
    contribution->population = met->crossed ? POPULATION_CROSSED : POPULATION_MAIN;
    contribution->variant = definition->variants[met->variant];
    contribution->cohort = day_of(met->counting_ms);
    contribution->exposure_ms = met->counting_ms;
    slices_fill(definition, record, met->counting_ms, contribution);
    struct unit_reading reading = {.definition = definition,
                                   .record = record,
                                   .view = view,
                                   .exposure_ms = met->counting_ms,
                                   .variant = contribution->variant,
                                   .row = contribution->row,
                                   .bins = bins};
    unit_reading_fill(&reading);
    contribution->row[UNITS_CLAMPED] = reading.clamped;
    contribution->row[UNITS_UNREAD] = reading.unread;
    contribution->row[UNITS_EARLY] = unit_is_early(definition, record, met->counting_ms);
    if (met->source < EXPOSURE_SOURCE_COUNT)
        contribution->row[UNITS_SOURCE + met->source] = 1;
    contribution->bins = bins;
    contribution->bin_count = reading.bin_count;
}

/* A person that was erased is a bare count: it has been in the experiment, and where. */
static void erased_fill(const struct scheme_definition *definition, const struct met *met,
                        struct contribution *contribution)
{
    contribution->population = met->crossed ? POPULATION_CROSSED : POPULATION_MAIN;
    contribution->variant = definition->variants[met->variant];
    contribution->cohort = day_of(met->counting_ms);
    contribution->slice_kinds[0] = 1U << CUBE_SLICE_ALL;
    contribution->slice_count = 1;
    contribution->row[UNITS_ERASED] = 1;
}

static bool is_carried_over(const struct scheme_definition *definition, const struct met *met)
{
    return definition->start_ms != TIME_NONE && met->has_first &&
           met->first_ms < definition->start_ms;
}

bool contribution_met(const struct scheme_definition *definition, const struct unit_record *record,
                      uint8_t *variant, int64_t *met_ms)
{
    const struct unit_list *list =
        record->kind == definition->kind
            ? unit_list_find(record, UNIT_LIST_EXPOSURES, definition->experiment)
            : NULL;
    if (!list)
        return false;
    struct met met = met_of(definition, list);
    if (!met.counts || met.erased || is_carried_over(definition, &met))
        return false;
    *variant = definition->variants[met.variant];
    *met_ms = met.counting_ms;
    return true;
}

bool contribution_of(struct arena *arena, const struct scheme_definition *definition,
                     const struct unit_view *view, struct contribution *contribution)
{
    const struct unit_record *record = view->record;
    *contribution = (struct contribution){.population = POPULATION_NONE};
    if (!record || record->kind != definition->kind)
        return true;
    const struct unit_list *list =
        unit_list_find(record, UNIT_LIST_EXPOSURES, definition->experiment);
    if (!list)
        return true;
    struct met met = met_of(definition, list);
    if (!met.counts && !met.outside)
        return true;
    struct unit_bin *bins = ARENA_ARRAY(arena, definition->bin_count + 1, struct unit_bin);
    contribution->row = ARENA_ARRAY(arena, definition->row_count, int128);
    if (!bins || !contribution->row)
        return false;
    bool carried_over = is_carried_over(definition, &met);
    if (met.erased) {
        if (met.counts && !carried_over)
            erased_fill(definition, &met, contribution);
        return true;
    }
    if (!met.counts)
        outside_fill(contribution, met.reason, met.reason_ms);
    else if (carried_over)
        outside_fill(contribution, OUTSIDE_CARRIED_OVER, met.first_ms);
    else
        analysed_fill(definition, view, &met, bins, contribution);
    quality_fill(definition, record, &met, contribution->row);
    return true;
}
