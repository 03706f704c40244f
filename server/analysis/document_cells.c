/*
 * Cells to running sums: the door where the cube's integers leave the cube.
 *
 * Entries are sorted by population, slice, cohort, variant, metric, so that one slice lies together
 * and is read once, for all its metrics: first what each day adds, then one pass that makes sums of
 * it.  A count below 0, or more successes than units, is damage: it is passed over and remembered.
 */

#include "document_parts.h"

static size_t cells_find(const struct cube *cube, unsigned population, unsigned slice)
{
    size_t low = 0, high = cube->count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        const struct cell_key *key = &cube->entries[middle].key;
        bool before =
            key->population != population ? key->population < population : key->slice < slice;
        if (before)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

struct cells_range cells_range_of(const struct cube *cube, enum population population,
                                  uint16_t slice)
{
    return (struct cells_range){.from = cells_find(cube, population, slice),
                                .to = cells_find(cube, population, slice + 1U)};
}

static uint64_t cell_count(struct cells *cells, int128 value)
{
    if (value >= 0 && value <= (int128)INT64_MAX)
        return (uint64_t)value;
    cells->damaged = true;
    return 0;
}

bool cells_day(const struct cells *cells, int32_t cohort, size_t *day)
{
    int64_t offset = (int64_t)cohort - cells->first;
    if (offset < 0)
        offset = 0;
    *day = (size_t)offset;
    return *day < cells->days;
}

/* Adds a metric's integers, whose meaning is the kind's (cube.h). */
static void cells_add_fields(struct cells *cells, const struct cube_entry *entry, size_t day,
                             struct cells_slice *sums)
{
    const struct metric_fields *fields = &sums->metrics[entry->key.metric - 1U];
    size_t at = day * cells->variants + entry->key.variant;
    int128 *values = &fields->values[at * fields->field_count];
    if (entry->values[0] < 0 || entry->values[0] > (int128)INT64_MAX)
        cells->damaged = true;
    else if (fields->is_share &&
             (entry->values[SHARE_X] < 0 || entry->values[SHARE_X] > entry->values[SHARE_N]))
        cells->damaged = true;
    else
        for (size_t i = 0; i < fields->field_count && i < entry->field_count; i++)
            values[i] = (int128)((uint128)values[i] + (uint128)entry->values[i]);
    if (fields->sizes && !breadth_add(fields, at, entry))
        cells->damaged = true;
}

/* Adds what the covariates of a cell of units are. */
static void cells_add_covariates(const struct cube_entry *entry, const struct cells *cells,
                                 size_t day, const struct metric_fields *fields)
{
    int128 *values =
        &fields->values[(day * cells->variants + entry->key.variant) * fields->field_count];
    for (size_t i = 0; i < fields->field_count && UNITS_FIELD_COUNT + i < entry->field_count; i++)
        values[i] = (int128)((uint128)values[i] + (uint128)entry->values[UNITS_FIELD_COUNT + i]);
}

static void cells_add(struct cells *cells, enum population population, uint16_t slice,
                      struct cells_slice *sums)
{
    struct cells_range range = cells_range_of(&cells->cube, population, slice);
    uint64_t *units = population == POPULATION_MAIN ? sums->main : sums->crossed;
    for (size_t i = range.from; i < range.to; i++) {
        const struct cube_entry *entry = &cells->cube.entries[i];
        size_t day;
        if (!cells_day(cells, entry->key.cohort, &day))
            continue;
        if (entry->key.variant >= cells->variants) {
            cells->damaged = true;
        } else if (entry->key.metric == 0) {
            if (units)
                units[day * cells->variants + entry->key.variant] +=
                    cell_count(cells, entry->values[UNITS_N]) +
                    cell_count(cells, entry->values[UNITS_ERASED]);
            if (population == POPULATION_MAIN)
                cells_add_covariates(entry, cells, day, &sums->covariates);
        } else if (population == POPULATION_MAIN && entry->key.metric <= sums->metric_count) {
            cells_add_fields(cells, entry, day, sums);
        }
    }
}

static void counts_accumulate(uint64_t *counts, size_t days, size_t variants)
{
    for (size_t i = variants; counts && i < days * variants; i++)
        counts[i] += counts[i - variants];
}

static void fields_accumulate(const struct metric_fields *fields, size_t days, size_t variants)
{
    size_t step = variants * fields->field_count;
    for (size_t i = step; i < days * step; i++)
        fields->values[i] =
            (int128)((uint128)fields->values[i] + (uint128)fields->values[i - step]);
    if (fields->sizes)
        breadth_accumulate(fields, days, variants);
}

void cells_sum(struct cells *cells, uint16_t slice, struct cells_slice *sums)
{
    cells_add(cells, POPULATION_MAIN, slice, sums);
    if (sums->crossed)
        cells_add(cells, POPULATION_CROSSED, slice, sums);
    counts_accumulate(sums->main, cells->days, cells->variants);
    counts_accumulate(sums->crossed, cells->days, cells->variants);
    for (size_t metric = 0; metric < sums->metric_count; metric++)
        fields_accumulate(&sums->metrics[metric], cells->days, cells->variants);
    fields_accumulate(&sums->covariates, cells->days, cells->variants);
}

void cells_fields(const struct cells *cells, struct cells_slice *sums)
{
    for (size_t i = 0; i < cells->cube.count; i++) {
        const struct cube_entry *entry = &cells->cube.entries[i];
        if (entry->key.metric == 0 || entry->key.metric > sums->metric_count)
            continue;
        struct metric_fields *fields = &sums->metrics[entry->key.metric - 1U];
        if (entry->field_count > fields->field_count)
            fields->field_count = entry->field_count;
    }
}

void cells_span(struct cells *cells, int64_t as_of_ms)
{
    int32_t first, last;
    cells->begun = day_of(as_of_ms - 1);
    cells->days = 0;
    if (!cube_cohorts(&cells->cube, &first, &last) || cells->begun < first)
        return;
    if (last > cells->begun)
        last = cells->begun;
    if ((int64_t)last - first >= COHORT_DAYS_MAX)
        first = last - COHORT_DAYS_MAX + 1;
    cells->first = first;
    cells->days = (size_t)(last - first) + 1;
}

void cells_quality(const struct cells *cells, struct study_quality *quality)
{
    uint64_t *const fields[UNITS_FIELD_COUNT] = {
        [UNITS_ERASED] = &quality->erased,       [UNITS_CLAMPED] = &quality->clamped,
        [UNITS_MISMATCH] = &quality->mismatched, [UNITS_HOT] = &quality->hot,
        [UNITS_SKEWED] = &quality->skewed,       [UNITS_UNREAD] = &quality->unread,
        [UNITS_EARLY] = &quality->early};
    for (size_t i = 0; i < cells->cube.count; i++) {
        const struct cube_entry *entry = &cells->cube.entries[i];
        bool outside = entry->key.population == POPULATION_OUTSIDE;
        if (entry->key.metric != 0 || entry->key.cohort > cells->begun)
            continue;
        if (entry->key.population == POPULATION_ACCOUNTS) {
            quality->accounts += (uint64_t)entry->values[UNITS_N];
            quality->mixed_accounts += (uint64_t)entry->values[UNITS_MIXED];
            continue;
        }
        if (outside && entry->key.slice < OUTSIDE_COUNT)
            quality->outside[entry->key.slice] += (uint64_t)entry->values[UNITS_N];
        if (outside || entry->key.slice != 0)
            continue;
        if (entry->key.variant < VARIANTS_MAX)
            quality->erased_by[entry->key.variant] += (uint64_t)entry->values[UNITS_ERASED];
        for (size_t field = 0; field < UNITS_FIELD_COUNT; field++)
            if (fields[field])
                *fields[field] += (uint64_t)entry->values[field];
        for (size_t source = 0; source < EXPOSURE_SOURCE_COUNT; source++)
            quality->sources[source] += (uint64_t)entry->values[UNITS_SOURCE + source];
    }
}

size_t slices_of(const struct cube_slices *slices, size_t segmentation, size_t *count)
{
    size_t first = 0;
    *count = 0;
    for (size_t i = 0; i < slices->count; i++) {
        const struct cube_slice *slice = &slices->items[i];
        bool own = slice->kind == CUBE_SLICE_SEGMENT || slice->kind == CUBE_SLICE_CROSSING;
        if (!own || slice->segmentation != segmentation)
            continue;
        if (!*count)
            first = i;
        (*count)++;
    }
    return first;
}
