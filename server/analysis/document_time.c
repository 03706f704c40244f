/*
 * Times to an event: from the bins of the cohorts to life tables, and from those to what the one
 * layer reads (cube.md, "Time to event"; statistics.md, sections 4 and 6).
 *
 * At the end of day D, cohort d has been watched for F_d = min(within, D - d days), cut to whole
 * bins; on the final set, for `within`.  Of bin b
 *     ends of cause c   the sum of E_c,d[b] over the cohorts with upper(b) <= F_d
 *     at risk           their units, less all their ends before b
 * and a table has a row for every bin up to the longest F_d, its time the bin's middle, in days.
 *
 * Mean      restricted to `within`: the area under S, with competing ends that under 1 - the
 *           incidence of the event (time without value).  It is there once a cohort has been
 *           watched to the end in both variants, never by drawing S out beyond the data.
 * Look      the difference of the means; r by its information, from the first look past the gate.
 * Final     the same, and the log-rank test, which is the one that `p` tells of.
 *
 * Cohorts that were watched to the end stay in `settled`, so that a look adds the others alone.
 */

#include "document_parts.h"

#include "stats/incidence.h"
#include "stats/information.h"
#include "stats/log_rank.h"

#include <math.h>

/* One cohort's cell of one variant. */
struct time_cell {
    size_t day;
    size_t variant;
    uint64_t units;
    const struct cube_entry *entry;
};

/* Counts of one variant by cause and bin. */
struct time_counts {
    uint64_t units, followed; /* watched for a bin; to the end */
    size_t reach;             /* bins of the cohort that was watched longest */
    uint64_t *ends;           /* [cause * bins + bin] */
    uint64_t *gone;           /* [bin]: no more at risk in it, but before */
};

struct time_table {
    bool made, followed; /* what it is the table of */
    size_t day;
    struct time_counts counts;
    struct life_row *rows; /* counts.reach of them */
    struct time_sample sample;
    struct time_counts settled; /* cells before `settled_count` */
    size_t settled_count;
    bool has_first; /* the first look past the gate, with the control, was sought */
    struct information first;
};

struct time_cells {
    struct cells *cells;
    size_t variants, causes, bins;
    bool relative; /* a margin needs the log ratio */
    int64_t within_ms;
    size_t full_days;        /* after which a cohort is watched to the end */
    struct time_cell *items; /* by day */
    size_t count;
    struct time_table *tables; /* [variant] */
};

/* Whole bins within a time since the exposure. */
static size_t bins_within(int64_t elapsed_ms)
{
    return time_bin(elapsed_ms);
}

static bool cell_is_sound(const struct time_cells *times, const struct cube_entry *entry)
{
    uint64_t ends = 0;
    if (entry->values[TIME_N] < 0 || entry->values[TIME_N] > (int128)INT64_MAX)
        return false;
    for (size_t i = 0; i < entry->bin_count; i++) {
        if (entry->bins[i].count < 0 || CUBE_BIN_MAP(entry->bins[i].bin) >= times->causes)
            return false;
        ends += (uint64_t)entry->bins[i].count;
    }
    return ends <= (uint64_t)entry->values[TIME_N];
}

static void time_cells_read(struct time_cells *times, const struct cells_range *range,
                            uint8_t number)
{
    struct cells *cells = times->cells;
    for (size_t i = range->from; i < range->to; i++) {
        const struct cube_entry *entry = &cells->cube.entries[i];
        size_t day;
        if (entry->key.metric != number || entry->key.variant >= times->variants ||
            !cells_day(cells, entry->key.cohort, &day))
            continue;
        if (!cell_is_sound(times, entry)) {
            cells->damaged = true;
            continue;
        }
        times->items[times->count++] = (struct time_cell){.day = day,
                                                          .variant = entry->key.variant,
                                                          .units = (uint64_t)entry->values[TIME_N],
                                                          .entry = entry};
    }
}

static void counts_make(struct arena *arena, const struct time_cells *times,
                        struct time_counts *counts)
{
    counts->ends = ARENA_ARRAY(arena, times->causes * times->bins + 1, uint64_t);
    counts->gone = ARENA_ARRAY(arena, times->bins + 1, uint64_t);
}

struct time_cells *time_cells_make(struct arena *arena, struct cells *cells, uint16_t slice,
                                   const struct study_metric *metric)
{
    struct time_cells *times = ARENA_NEW(arena, struct time_cells);
    struct cells_range range = cells_range_of(&cells->cube, POPULATION_MAIN, slice);
    if (!times)
        return NULL;
    *times = (struct time_cells){
        .cells = cells,
        .variants = cells->variants,
        .relative = metric->plan.relative,
        .causes = metric->metric->competing_count + 1,
        .within_ms = metric->metric->until_ms,
        .bins = bins_within(metric->metric->until_ms),
        .full_days = (size_t)((metric->metric->until_ms + DAY_MS - 1) / DAY_MS),
        .items = ARENA_ARRAY(arena, range.to - range.from + 1, struct time_cell),
        .tables = ARENA_ARRAY(arena, cells->variants, struct time_table),
    };
    for (size_t j = 0; times->tables && j < times->variants; j++) {
        struct time_table *table = &times->tables[j];
        counts_make(arena, times, &table->counts);
        counts_make(arena, times, &table->settled);
        table->rows = ARENA_ARRAY(arena, times->bins + 1, struct life_row);
    }
    if (arena->failed)
        return NULL;
    if (metric->number)
        time_cells_read(times, &range, metric->number);
    return times;
}

static void counts_clear(const struct time_cells *times, struct time_counts *counts)
{
    memset(counts->ends, 0, times->causes * times->bins * sizeof *counts->ends);
    memset(counts->gone, 0, (times->bins + 1) * sizeof *counts->gone);
    counts->units = counts->followed = 0;
    counts->reach = 0;
}

static void counts_copy(const struct time_cells *times, const struct time_counts *from,
                        struct time_counts *to)
{
    memcpy(to->ends, from->ends, times->causes * times->bins * sizeof *to->ends);
    memcpy(to->gone, from->gone, (times->bins + 1) * sizeof *to->gone);
    to->units = from->units;
    to->followed = from->followed;
    to->reach = from->reach;
}

/* Adds a cohort that was watched for the first `bins` bins. */
static void counts_add(const struct time_cells *times, const struct time_cell *cell, size_t bins,
                       struct time_counts *counts)
{
    uint64_t left = cell->units;
    if (!bins || !cell->units)
        return;
    for (size_t i = 0; i < cell->entry->bin_count; i++) {
        const struct cube_bin *bin = &cell->entry->bins[i];
        size_t place = CUBE_BIN_PLACE(bin->bin);
        if (place >= bins)
            continue;
        counts->ends[CUBE_BIN_MAP(bin->bin) * times->bins + place] += (uint64_t)bin->count;
        counts->gone[place + 1] += (uint64_t)bin->count;
        left -= (uint64_t)bin->count;
    }
    counts->gone[bins] += left;
    counts->units += cell->units;
    if (bins == times->bins)
        counts->followed += cell->units;
    if (bins > counts->reach)
        counts->reach = bins;
}

/* Cohorts that at the end of `day` have been watched to the end. */
static void settle_until(const struct time_cells *times, size_t variant, size_t day)
{
    struct time_table *table = &times->tables[variant];
    if (table->settled_count &&
        times->items[table->settled_count - 1].day + times->full_days > day) {
        counts_clear(times, &table->settled);
        table->settled_count = 0;
    }
    while (table->settled_count < times->count &&
           times->items[table->settled_count].day + times->full_days <= day) {
        const struct time_cell *cell = &times->items[table->settled_count++];
        if (cell->variant == variant)
            counts_add(times, cell, times->bins, &table->settled);
    }
}

static void table_count(const struct time_cells *times, size_t variant, size_t day, bool followed)
{
    struct time_table *table = &times->tables[variant];
    settle_until(times, variant, day);
    counts_copy(times, &table->settled, &table->counts);
    for (size_t i = table->settled_count; i < times->count && times->items[i].day <= day; i++) {
        const struct time_cell *cell = &times->items[i];
        int64_t watched_ms = (int64_t)(day - cell->day) * DAY_MS;
        if (followed || watched_ms > times->within_ms)
            watched_ms = times->within_ms;
        if (cell->variant == variant)
            counts_add(times, cell, bins_within(watched_ms), &table->counts);
    }
}

/* The middle of a bin in days. */
static double bin_day(size_t bin)
{
    int64_t ends_ms = time_bin_from_ms((uint32_t)bin) + time_bin_until_ms((uint32_t)bin);
    return (double)ends_ms / 2 / (double)DAY_MS;
}

/* The rows of one cause, the others competing. */
static struct life_table rows_of(const struct time_cells *times, const struct time_counts *counts,
                                 size_t cause, struct life_row *rows)
{
    uint64_t at_risk = counts->units;
    for (size_t bin = 0; bin < counts->reach; bin++) {
        at_risk -= counts->gone[bin];
        rows[bin] = (struct life_row){.time = bin_day(bin), .at_risk = at_risk};
        for (size_t c = 0; c < times->causes; c++) {
            uint64_t ends = counts->ends[c * times->bins + bin];
            if (c == cause)
                rows[bin].events = ends;
            else
                rows[bin].competing += ends;
        }
    }
    return (struct life_table){.rows = rows, .count = counts->reach};
}

/* Nobody is at risk any more though some are still waiting: S is not known from there on. */
static bool table_breaks_off(const struct life_table *table)
{
    for (size_t i = 1; i < table->count; i++) {
        const struct life_row *row = &table->rows[i - 1];
        if (!table->rows[i].at_risk)
            return row->at_risk > row->events + row->competing;
    }
    return false;
}

static enum reason mean_of(const struct time_cells *times, const struct time_counts *counts,
                           const struct life_table *table, struct restricted_mean *mean)
{
    double tau = (double)times->within_ms / (double)DAY_MS;
    if (!counts->units)
        return REASON_NO_UNITS;
    if (counts->reach < times->bins || table_breaks_off(table))
        return REASON_TOO_EARLY;
    return times->causes > 1 ? incidence_free_time(table, tau, mean)
                             : restricted_mean_of(table, tau, mean);
}

/* The variant's table at the end of a day. */
static struct time_table *table_at(const struct time_cells *times, size_t variant, size_t day,
                                   bool followed)
{
    struct time_table *table = &times->tables[variant];
    struct restricted_mean mean = {0};
    if (table->made && table->day == day && table->followed == followed)
        return table;
    table_count(times, variant, day, followed);
    struct life_table life = rows_of(times, &table->counts, 0, table->rows);
    table->made = true;
    table->day = day;
    table->followed = followed;
    table->sample =
        (struct time_sample){.units = table->counts.units, .followed = table->counts.followed};
    for (size_t bin = 0; bin < life.count; bin++)
        table->sample.events += life.rows[bin].events;
    table->sample.reason = mean_of(times, &table->counts, &life, &mean);
    table->sample.mean = mean.mean;
    table->sample.se = mean.se;
    return table;
}

static struct life_table life_of(const struct time_table *table)
{
    return (struct life_table){.rows = table->rows, .count = table->counts.reach};
}

static void time_observe(const struct metric_source *source, size_t day, size_t variant,
                         struct observed *observed)
{
    const struct time_table *table = table_at(source->about, variant, day, source->followed);
    observed->units = table->sample.units;
    observed->contributing = table->sample.events;
    observed->sample.estimator = ESTIMATOR_TIME;
    observed->sample.time = table->sample;
}

/* The two samples at the end of a day, and their difference; r is not set. */
struct time_pair {
    struct sample treatment, control;
    enum reason reason;
    struct estimate difference;
};

static void time_pair_at(const struct metric_source *source, const struct plan *plan, size_t day,
                         size_t variant, struct time_pair *pair)
{
    struct observed treatment = {0}, control = {0};
    time_observe(source, day, variant, &treatment);
    time_observe(source, day, plan->control, &control);
    pair->treatment = treatment.sample;
    pair->control = control.sample;
    pair->treatment.accounts = pair->control.accounts = plan->accounts;
    pair->reason = sample_difference(&pair->treatment, &pair->control, plan->planned_pair[variant],
                                     &pair->difference);
}

static bool pair_passes(const struct plan *plan, const struct time_pair *pair)
{
    const struct observed treatment = {.sample = pair->treatment};
    const struct observed control = {.sample = pair->control};
    return observed_passes(plan, METRIC_TIME_TO, &treatment) &&
           observed_passes(plan, METRIC_TIME_TO, &control);
}

/* The first day past the gate; counts only grow, so that it is found by halving. */
static size_t first_day(const struct metric_source *looks, const struct plan *plan, size_t variant)
{
    struct time_pair pair;
    size_t low = 0, high = looks->days;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        time_pair_at(looks, plan, middle, variant, &pair);
        if (pair_passes(plan, &pair))
            high = middle;
        else
            low = middle + 1;
    }
    return low;
}

/* The look at which the clock of information starts; false when there is none. */
static bool time_first(const struct metric_source *source, const struct plan *plan, size_t variant,
                       struct information *first)
{
    const struct time_cells *times = source->about;
    struct time_table *table = &times->tables[variant];
    struct metric_source looks = *source;
    looks.followed = false;
    if (table->has_first) {
        *first = table->first;
        return first->information > 0;
    }
    table->has_first = true;
    for (size_t day = first_day(&looks, plan, variant); day < looks.days; day++) {
        struct time_pair pair;
        double information;
        time_pair_at(&looks, plan, day, variant, &pair);
        if (pair.reason || information_of_se(pair.difference.se, &information))
            continue;
        table->first = (struct information){
            .information = information,
            .units = (double)(pair.treatment.time.units + pair.control.time.units)};
        break;
    }
    *first = table->first;
    return first->information > 0;
}

static void time_log_rank(const struct time_cells *times, size_t variant, size_t control,
                          struct pair_estimates *estimates)
{
    const struct life_table tables[] = {life_of(&times->tables[control]),
                                        life_of(&times->tables[variant])};
    struct log_rank sums = {0};
    struct chi_square found = {0};
    estimates->tested_apart = true;
    estimates->test_reason = log_rank_add(&sums, tables, 2, LOG_RANK_EQUAL);
    if (!estimates->test_reason)
        estimates->test_reason = log_rank_test(&sums, &found);
    estimates->test =
        (struct test){.statistic = found.statistic, .p = found.p, .log_p = found.log_p};
}

static void time_estimates(const struct metric_source *source, const struct plan *plan, size_t day,
                           size_t variant, struct pair_estimates *estimates)
{
    const struct time_cells *times = source->about;
    double planned = plan->planned_pair[variant], information;
    struct information first;
    if (!times->relative) /* a time is always compared by its difference */
        estimates->lift_reason = REASON_NEAR_ZERO;
    if (!estimates->difference_reason && time_first(source, plan, variant, &first) &&
        !information_of_se(estimates->difference.se, &information) &&
        !information_ratio(&first, planned, information, &estimates->difference.ratio))
        estimates->lift.ratio = estimates->difference.ratio;
    if (!source->followed)
        return;
    (void)table_at(times, variant, day, true);
    (void)table_at(times, plan->control, day, true);
    time_log_rank(times, variant, plan->control, estimates);
}

size_t time_cells_causes(const struct time_cells *times)
{
    return times->causes;
}

size_t time_cells_bins(const struct time_cells *times)
{
    return times->bins;
}

struct life_table time_cells_table(const struct metric_source *source, int32_t cohort,
                                   size_t variant, size_t cause, struct life_row *rows)
{
    const struct time_cells *times = source->about;
    if (!source->days || cohort < source->first)
        return (struct life_table){0};
    size_t day = (size_t)((int64_t)cohort - source->first);
    day = day < source->days ? day : source->days - 1;
    return rows_of(times, &table_at(times, variant, day, source->followed)->counts, cause, rows);
}

struct metric_source time_cells_source(struct time_cells *times)
{
    return (struct metric_source){.first = times->cells->first,
                                  .days = times->cells->days ? times->cells->days + times->full_days
                                                             : 0,
                                  .variants = times->variants,
                                  .about = times,
                                  .observe = time_observe,
                                  .estimates = time_estimates};
}
