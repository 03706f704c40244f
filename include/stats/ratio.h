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

/* The sums that someone else has added up in floating point, as they are written.  INVALID when not
 * finite or a square is below 0. */
struct ratio_totals {
    double y, s, yy, ss, ys;
};
MUST_CHECK enum reason ratio_sums_of_totals(uint64_t units, const struct ratio_totals *totals,
                                            struct ratio_sums *sums);

/* R = y/s alone.  NO_UNITS; NEAR_ZERO when s sums to 0; INVALID on sums that no units have. */
MUST_CHECK enum reason ratio_value(const struct ratio_sums *sums, double *value);

/* R with its variance, which may be 0, and units - 1 degrees of freedom.  ONE_UNIT too. */
MUST_CHECK enum reason ratio_of_sums(const struct ratio_sums *sums, struct variant_value *value);

#endif
