#ifndef STATS_RESTRICTED_MEAN_H
#define STATS_RESTRICTED_MEAN_H

/*
 * The restricted mean time: average waiting within the first tau, the area under S up to tau.
 * Defined where the median is not reached, and without proportional hazards: the headline of time
 * to value.  tau is fixed in the plan.
 */

#include "stats/survival.h"

#include <stdbool.h>

struct restricted_mean {
    double mean;   /* 0 to tau */
    double se;     /* >= 0; 0 when the curve does not vary within tau */
    bool extended; /* tau is past the last row, where S was carried on: beyond the data */
};

/* tau > 0.  Competing ends count as censored: with any, incidence_free_time is the right one. */
MUST_CHECK enum reason restricted_mean_of(const struct life_table *table, double tau,
                                          struct restricted_mean *mean);

/* treatment - control of the same tau, and its standard error (>= 0): negative is faster. */
MUST_CHECK enum reason restricted_mean_difference(const struct restricted_mean *treatment,
                                                  const struct restricted_mean *control,
                                                  double *difference, double *se);

#endif
