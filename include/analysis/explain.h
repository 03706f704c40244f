#ifndef ANALYSIS_EXPLAIN_H
#define ANALYSIS_EXPLAIN_H

/*
 * Why did a metric change between two ranges of cohort days: because other users came (mix), or
 * because the same kind of user behaved otherwise (within)?  Kitagawa's shares over the values of
 * each declared segment; they add up to the change (stats/decomposition.h).
 *
 * Of everyone (population.h), not of an experiment: a user is of the day of the first message, and
 * the metric's window runs from there.  A segment is the user's a day after it, when the forms of
 * sign-up are filled in.  Only users whose windows have passed are in it.
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
    struct slice metric; /* conversion, retention, count or sum */
    struct day_range from, to;
    struct slice segment; /* that one alone; empty: each declared one */
    int64_t as_of_ms;     /* TIME_NONE: as a report's (document.h) */
    int64_t now_ms;
};

/* The document, in `arena`.  NOT_FOUND: no such metric or segment; INVALID: of that kind of metric
 * there is no one number a user, or the ranges meet; CONFLICT: as_of not yet. */
MUST_CHECK enum status explain_build(struct view *view, const struct explain_options *options,
                                     struct arena *arena, struct value *document,
                                     struct error *error);

#endif
