#ifndef ANALYSIS_EXPLAIN_H
#define ANALYSIS_EXPLAIN_H

/*
 * Why did a metric change between two ranges of cohort days: because other units came (mix),
 * because the same kind of unit behaved otherwise (within), or, of a metric that is a quotient,
 * because the same kind brought more or less of what is divided by (weight)?  The parts add up to
 * the change, for each declared segment (stats/decomposition_ratio.h).
 *
 * Of everyone (population.h): a user is of the day of the first message, and the metric's window
 * runs from there.  A segment is the user's a day after it, when the forms of sign-up are filled
 * in.  Read from the journal, on demand.
 *
 * Of an experiment: its units of the population `main`, of one variant or of all, by the day of
 * their first exposure, as in its report; by variant, and by its segments and crossings.  Read from
 * the cube, whose time bins and sizes of accounts are the report's.
 *
 * What is taken apart, by kind:
 *     conversion, retention, count, sum   the mean over units
 *     time_to         the mean time within the window without the event; all whole windows have
 *                     passed, so that it is a plain mean
 *     mean, ratio     sum / sum; the weight is the events, or the denominator, of a unit
 *     nps             over who answered; the weight is the share that answers
 *     breadth         of an experiment alone: the mean share of an account's members; the weight is
 *                     the share of accounts that have members
 *     retention_curve is many numbers: one bracket, declared as a retention, can be taken apart
 *
 * Only units whose windows have passed are in it.
 */

#include "analysis/view.h"
#include "base/value.h"
#include "store/journal.h"

/* Cohort days, both in it. */
struct day_range {
    int32_t first, last;
};

struct explain_options {
    struct journal *journal;
    struct slice metric;
    struct day_range from, to;
    struct slice experiment; /* empty: everyone */
    struct slice variant;    /* of the experiment; empty: all */
    struct slice segment;    /* that one alone; empty: each one */
    int64_t as_of_ms;        /* TIME_NONE: as a report's (document.h) */
    int64_t now_ms;
    const _Atomic bool *stop; /* BUSY soon after it is true; NULL: to the end */
    /* Told how many records of the journal are read, of how many; NULL: nobody. */
    void (*progress)(void *context, uint64_t done, uint64_t total);
};

/* The document, in `arena`.  NOT_FOUND: no such experiment (`where` "experiment"), variant, metric
 * or segment; INVALID: of that kind of metric there is no one number a unit, or the ranges meet;
 * CONFLICT: as_of not yet. */
MUST_CHECK enum status explain_build(struct view *view, const struct explain_options *options,
                                     struct arena *arena, struct value *document,
                                     struct error *error);

/* "2026-10-01..2026-10-14", or a date: `days` days from it on (whole weeks have alike days).
 * INVALID: neither. */
#define EXPLAIN_RANGE_DAYS 7
MUST_CHECK enum status day_range_parse(struct slice text, int32_t days, struct day_range *range,
                                       struct error *error);

#endif
