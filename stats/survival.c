/*
 * The life table: from units to rows, and what a row must satisfy.
 *
 * Row       for each distinct time t: n = units with time >= t; d, competing and censored those
 *           that end at t.  Ends come before censorings at the same time.
 * Ties      times nearer than 1.5e-8 (absolutely, or of the mean distinct time) are one time, the
 *           first: 0.1 + 0.2 and 0.3 are the same day.
 *
 * Assumes   every unit is watched from 0 on; it is censored for reasons that tell nothing of when
 *           its event would have come (the report's as_of, the end of the window).
 * Not for   units that enter late, and units censored because they gave up: that is an end.
 * Accuracy  exact; ties as R survival 3.5.3 (tests/stats/test_survival.c).
 * Reference Kaplan and Meier (1958), JASA 53:457-481, section 2 (order of ties); survival's aeqSurv
 *           for times that differ by rounding.
 */

#include "stats/survival.h"

#include <gsl/gsl_heapsort.h>
#include <math.h>

/* sqrt of the rounding of doubles. */
#define TIE_TOLERANCE 0x1p-26

enum reason life_table_check(const struct life_table *table)
{
    if (table->count == 0)
        return REASON_NO_UNITS;
    /* Without a branch a row: tables are read often.  `left` means nothing once one is bad. */
    bool bad = !(table->rows[0].time >= 0) || !isfinite(table->rows[table->count - 1].time);
    double before = -1;
    uint64_t left = UINT64_MAX;
    for (size_t i = 0; i < table->count; i++) {
        const struct life_row *row = &table->rows[i];
        bad |= !(row->time > before) | (row->at_risk > left) | (row->events > row->at_risk);
        left = row->at_risk - row->events;
        bad |= row->competing > left;
        left -= row->competing;
        bad |= row->censored > left;
        left -= row->censored;
        before = row->time;
    }
    if (bad)
        return REASON_INVALID;
    return table->rows[0].at_risk ? REASON_NONE : REASON_NO_UNITS;
}

static int unit_compare(const void *a, const void *b)
{
    double first = ((const struct life_unit *)a)->time;
    double second = ((const struct life_unit *)b)->time;
    return (first > second) - (first < second);
}

/* Gives each time the first of those that it is tied to; `units` are sorted. */
static void units_tie(struct life_unit *units, size_t count)
{
    double sum = 0;
    size_t distinct = 0;
    for (size_t i = 0; i < count; i++) {
        if (i > 0 && units[i].time == units[i - 1].time)
            continue;
        sum += units[i].time;
        distinct++;
    }
    double tolerance = TIE_TOLERANCE * fmax(1, sum / (double)distinct);
    /* A chain of near times is one time, so each is compared with its neighbour as it was. */
    double neighbour = units[0].time, first = units[0].time;
    for (size_t i = 1; i < count; i++) {
        double time = units[i].time;
        if (time - neighbour > tolerance)
            first = time;
        units[i].time = first;
        neighbour = time;
    }
}

enum reason life_units_sort(struct life_unit *units, size_t count)
{
    if (count == 0)
        return REASON_NO_UNITS;
    for (size_t i = 0; i < count; i++)
        if (!(units[i].time >= 0) || !isfinite(units[i].time) || units[i].end > LIFE_COMPETING)
            return REASON_INVALID;
    gsl_heapsort(units, count, sizeof *units, unit_compare);
    units_tie(units, count);
    return REASON_NONE;
}

static void row_count_end(struct life_row *row, enum life_end end)
{
    row->events += end == LIFE_EVENT;
    row->competing += end == LIFE_COMPETING;
    row->censored += end == LIFE_CENSORED;
}

enum reason life_table_of(const struct life_unit *units, size_t count, unsigned variant,
                          struct life_row *rows, size_t *row_count)
{
    uint64_t left = 0;
    for (size_t i = 0; i < count; i++) {
        if (!(units[i].time >= 0) || !isfinite(units[i].time) ||
            (i > 0 && units[i].time < units[i - 1].time))
            return REASON_INVALID;
        left += units[i].variant == variant;
    }
    if (left == 0)
        return REASON_NO_UNITS;
    size_t filled = 0;
    for (size_t i = 0; i < count; i++) {
        if (units[i].variant != variant)
            continue;
        if (filled == 0 || rows[filled - 1].time != units[i].time)
            rows[filled++] = (struct life_row){.time = units[i].time, .at_risk = left};
        row_count_end(&rows[filled - 1], units[i].end);
        left--;
    }
    *row_count = filled;
    return REASON_NONE;
}

uint64_t life_at_risk(const struct life_table *table, double time)
{
    size_t low = 0, high = table->count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (table->rows[middle].time < time)
            low = middle + 1;
        else
            high = middle;
    }
    return low < table->count ? table->rows[low].at_risk : 0;
}

/* The earliest time not yet passed; false when there is none. */
static bool walk_time(const struct life_walk *walk, double *time)
{
    bool any = false;
    for (size_t j = 0; j < walk->count; j++) {
        if (walk->next[j] == walk->tables[j].count)
            continue;
        double candidate = walk->tables[j].rows[walk->next[j]].time;
        if (!any || candidate < *time)
            *time = candidate;
        any = true;
    }
    return any;
}

static void walk_pass(struct life_walk *walk, double time, struct life_moment *moment)
{
    moment->all_at_risk = moment->all_events = 0;
    for (size_t j = 0; j < walk->count; j++) {
        moment->at_risk[j] = moment->events[j] = 0;
        if (walk->next[j] == walk->tables[j].count)
            continue;
        const struct life_row *row = &walk->tables[j].rows[walk->next[j]];
        moment->at_risk[j] = (double)row->at_risk;
        if (row->time == time) {
            moment->events[j] = (double)row->events;
            walk->next[j]++;
        }
        moment->all_at_risk += moment->at_risk[j];
        moment->all_events += moment->events[j];
    }
}

bool life_walk_next(struct life_walk *walk, struct life_moment *moment)
{
    double time = 0;
    while (walk_time(walk, &time)) {
        walk_pass(walk, time, moment);
        if (moment->all_events > 0)
            return true;
    }
    return false;
}
