#ifndef STATS_RATIO_H
#define STATS_RATIO_H

/*
 * The ratio of two totals over the same units, sum y / sum s, by the delta method.
 */

#include "stats/sums.h"
#include "stats/two_sample.h"

struct ratio_sums {
    uint64_t units; /* with y or s other than 0: one with neither carries no information */
    int128 y, s, yy, ss, ys;
    double step_y, step_s; /* > 0 */
};

/* R = y/s with its variance and units - 1 degrees of freedom.  NO_UNITS, ONE_UNIT; NEAR_ZERO when
 * s sums to 0; INVALID on sums that no values have. */
MUST_CHECK enum reason ratio_of_sums(const struct ratio_sums *sums, struct variant_value *value);

#endif
