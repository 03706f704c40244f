#ifndef STATS_INCIDENCE_H
#define STATS_INCIDENCE_H

/*
 * Cumulative incidence: the share that has reached the event by t, where another end (an account
 * closed) may come first.  1 - Kaplan-Meier overstates it, because it treats the closed as if they
 * could still arrive.  Without competing ends the two are the same, and so are their variances.
 */

#include "stats/restricted_mean.h"
#include "stats/survival.h"

struct incidence_point {
    double time;
    double incidence; /* Aalen and Johansen's, 0 to 1 */
    double se;        /* >= 0 */
};

/* One point a row: `points` holds table->count of them. */
MUST_CHECK enum reason incidence_curve(const struct life_table *table,
                                       struct incidence_point *points);

/* The curve at any time >= 0; past the last row it stays where it was. */
MUST_CHECK enum reason incidence_at(const struct life_table *table, double time,
                                    struct incidence_point *point);

/* Mean time without value within tau > 0: tau minus the area under the incidence.  With one cause
 * this is restricted_mean_of. */
MUST_CHECK enum reason incidence_free_time(const struct life_table *table, double tau,
                                           struct restricted_mean *mean);

/* treatment - control of the incidence at the same time, and its standard error (>= 0). */
MUST_CHECK enum reason incidence_difference(const struct incidence_point *treatment,
                                            const struct incidence_point *control,
                                            double *difference, double *se);

#endif
