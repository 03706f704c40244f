/*
 * A unit judged by one definition: population, variant, cohort, slices, and the metrics reached.
 * See contribution.h for the rule.
 */

#include "contribution.h"

#include "slices.h"

/* Beside the reasons of enum outside. */
enum { EXPOSURE_COUNTS = OUTSIDE_COUNT, EXPOSURE_PASSED_OVER };

static int exposure_judged(const struct scheme_definition *definition, int64_t time_ms,
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
    return EXPOSURE_COUNTS;
}

/* What a unit's exposures say. */
struct met {
    bool counts, crossed, outside, skewed, mismatch;
    bool has_first;
    int64_t first_ms; /* the first ever that is not skewed */
    int64_t counting_ms;
    uint8_t variant; /* the scheme's number */
    uint8_t reason;
    int64_t reason_ms;
};

static void met_add(struct met *met, int64_t time_ms, const struct exposure_payload *exposure,
                    int judged)
{
    met->skewed |= exposure->skewed;
    if (!met->has_first && !exposure->skewed) {
        met->has_first = true;
        met->first_ms = time_ms;
    }
    if (judged == EXPOSURE_PASSED_OVER)
        return;
    if (judged != EXPOSURE_COUNTS) {
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
        met_add(&met, time_ms, &exposure, exposure_judged(definition, time_ms, &exposure));
    }
    return met;
}

/* The index of the segment's value that the unit had at that instant. */
static size_t segment_at(const struct scheme_segment *segment, const struct unit_record *record,
                         int64_t time_ms)
{
    const struct unit_list *list = unit_list_find(record, UNIT_LIST_TRAITS, segment->trait);
    const char *last = NULL, *entry = list ? list->entries : NULL;
    for (uint32_t i = 0; list && i < list->count && entry_time(entry) <= time_ms; i++) {
        last = entry;
        entry += entry_size(list, entry);
    }
    size_t unknown = segment->values - 1;
    uint16_t size = last ? load_u16(last + ENTRY_HEAD_SIZE) : UNIT_TRAIT_NONE;
    if (size == UNIT_TRAIT_NONE)
        return unknown;
    if (size == UNIT_TRAIT_OTHER)
        return segment->segment->band_count ? unknown : unknown - 1;
    return segment_value_of_text(segment->segment,
                                 (struct slice){.data = last + ENTRY_HEAD_SIZE + 2, .size = size});
}

static void slices_fill(const struct scheme_definition *definition,
                        const struct unit_record *record, int64_t exposure_ms,
                        struct contribution *contribution)
{
    contribution->slices[0] = 0;
    contribution->slice_count = 1;
    for (size_t i = 0; i < definition->slices_count; i++) {
        const struct scheme_slices *group = &definition->slices[i];
        if (group->main_only && contribution->population != POPULATION_MAIN)
            continue;
        size_t index = 0;
        for (size_t j = 0; j < group->count; j++)
            index = index * group->segments[j].values +
                    segment_at(&group->segments[j], record, exposure_ms);
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
    if (metric->filter != SCHEME_NONE)
        return list_overflows(record, UNIT_LIST_ACTIVITY, metric->filter);
    for (size_t i = 0; i < metric->item_count; i++)
        if (list_overflows(record, UNIT_LIST_EVENTS, metric->items[i].event))
            return true;
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
    for (size_t i = 0; i < definition->slices_count; i++)
        for (size_t j = 0; j < definition->slices[i].count; j++)
            if (list_overflows(record, UNIT_LIST_TRAITS, definition->slices[i].segments[j].trait))
                return true;
    return false;
}

static uint8_t quality_of(const struct scheme_definition *definition,
                          const struct unit_record *record, const struct met *met)
{
    unsigned quality = 0;
    if (met->counts && met->mismatch)
        quality |= 1U << UNITS_MISMATCH;
    if (met->skewed)
        quality |= 1U << UNITS_SKEWED;
    if (unit_is_hot(definition, record))
        quality |= 1U << UNITS_HOT;
    return (uint8_t)quality;
}

static void outside_fill(struct contribution *contribution, enum outside reason, int64_t time_ms)
{
    contribution->population = POPULATION_OUTSIDE;
    contribution->variant = CUBE_NO_VARIANT;
    contribution->cohort = day_of(time_ms);
    contribution->slices[0] = (uint16_t)reason;
    contribution->slice_count = 1;
}

static void analysed_fill(const struct scheme_definition *definition,
                          const struct unit_record *record, const struct met *met,
                          struct contribution *contribution)
{
    contribution->population = met->crossed ? POPULATION_CROSSED : POPULATION_MAIN;
    contribution->variant = definition->variants[met->variant];
    contribution->cohort = day_of(met->counting_ms);
    slices_fill(definition, record, met->counting_ms, contribution);
    contribution->supported = definition->supported;
    for (size_t i = 0; i < definition->metric_count; i++) {
        const struct scheme_metric *metric = &definition->metrics[i];
        if (metric->supported && metric_is_reached(metric, record, met->counting_ms))
            contribution->reached |= UINT64_C(1) << i;
    }
}

void contribution_of(const struct scheme_definition *definition, const struct unit_view *view,
                     struct contribution *contribution)
{
    const struct unit_record *record = view->record;
    *contribution = (struct contribution){.population = POPULATION_NONE};
    if (!record || record->kind != definition->kind)
        return;
    const struct unit_list *list =
        unit_list_find(record, UNIT_LIST_EXPOSURES, definition->experiment);
    if (!list)
        return;
    struct met met = met_of(definition, list);
    if (!met.counts && !met.outside)
        return;
    bool carried_over =
        definition->start_ms != TIME_NONE && met.has_first && met.first_ms < definition->start_ms;
    if (!met.counts)
        outside_fill(contribution, met.reason, met.reason_ms);
    else if (carried_over)
        outside_fill(contribution, OUTSIDE_CARRIED_OVER, met.first_ms);
    else
        analysed_fill(definition, record, &met, contribution);
    contribution->quality = quality_of(definition, record, &met);
}

/* The units cell of one slice. */
static bool units_add(struct cell_map *cells, const struct cell_key *key,
                      const struct contribution *contribution, int sign)
{
    int128 *values = cell_map_at(cells, key, UNITS_FIELD_COUNT);
    if (!values)
        return false;
    values[UNITS_N] += sign;
    for (unsigned field = UNITS_N + 1; field < UNITS_FIELD_COUNT; field++)
        if (contribution->quality >> field & 1)
            values[field] += sign;
    return true;
}

/* The cells of the metrics in `which`, of one slice. */
static bool shares_add(struct cell_map *cells, struct cell_key key, uint64_t which,
                       uint64_t reached, int units, int sign)
{
    for (unsigned i = 0; which >> i; i++) {
        if (!(which >> i & 1))
            continue;
        key.metric = (uint8_t)(i + 1);
        int128 *values = cell_map_at(cells, &key, SHARE_FIELD_COUNT);
        if (!values)
            return false;
        values[SHARE_N] += units;
        if (reached >> i & 1)
            values[SHARE_X] += sign;
        if (i == 63)
            break;
    }
    return true;
}

static bool contribution_apply(struct cell_map *cells, uint32_t definition,
                               const struct contribution *contribution, int sign)
{
    if (contribution->population == POPULATION_NONE)
        return true;
    struct cell_key key = {.definition = definition,
                           .population = contribution->population,
                           .cohort = contribution->cohort,
                           .variant = contribution->variant};
    for (size_t i = 0; i < contribution->slice_count; i++) {
        key.slice = contribution->slices[i];
        key.metric = 0;
        if (!units_add(cells, &key, contribution, sign) ||
            !shares_add(cells, key, contribution->supported, contribution->reached, sign, sign))
            return false;
    }
    return true;
}

/* The same unit in the same place, and only some metrics differ: the usual case. */
static bool same_place(const struct contribution *before, const struct contribution *after)
{
    return before->population == after->population && before->variant == after->variant &&
           before->quality == after->quality && before->cohort == after->cohort &&
           before->slice_count == after->slice_count &&
           memcmp(before->slices, after->slices, sizeof before->slices) == 0;
}

static bool reached_apply(struct cell_map *cells, uint32_t definition,
                          const struct contribution *before, const struct contribution *after)
{
    uint64_t won = after->reached & ~before->reached, lost = before->reached & ~after->reached;
    struct cell_key key = {.definition = definition,
                           .population = after->population,
                           .cohort = after->cohort,
                           .variant = after->variant};
    for (size_t i = 0; (won | lost) && i < after->slice_count; i++) {
        key.slice = after->slices[i];
        if (!shares_add(cells, key, won, won, 0, 1) || !shares_add(cells, key, lost, lost, 0, -1))
            return false;
    }
    return true;
}

enum status contribution_add(struct cell_map *cells, uint32_t definition,
                             const struct contribution *before, const struct contribution *after,
                             struct error *error)
{
    bool done = same_place(before, after) ? reached_apply(cells, definition, before, after)
                                          : contribution_apply(cells, definition, before, -1) &&
                                                contribution_apply(cells, definition, after, 1);
    return done ? STATUS_OK : FAIL(error, STATUS_NO_MEMORY, "cube", 0, "no memory");
}
