#ifndef STATS_DECOMPOSITION_RATIO_H
#define STATS_DECOMPOSITION_RATIO_H

/*
 * Why did a quotient of two sums change between two periods: because other units came (mix),
 * because the same kind of unit brought more or less of what is divided by (weight), or because the
 * same kind of unit had another quotient (within)?  The three add up to the change, over the values
 * of a segment and in total.
 *
 * Where every unit counts for one it is decomposition.h: weight is 0, the others are the same.
 */

#include "stats/decomposition.h"

/* One segment value in one period, of units with y and s: s the divisor, which may be 0. */
struct mix_ratio {
    double units;                   /* >= 0 */
    double weight, weight_variance; /* mean of s a unit, and its variance; 1 and 0 where s is 1 */
    double rate, rate_variance; /* sum y / sum s; where s is 0 nothing, and NAN where y is not */
    double covariance;          /* of weight and rate */
};

/* Sums over the units of a period; variances with the divisor n. */
struct mix_sums {
    double units, y, s, yy, ss, ys;
};
struct mix_ratio mix_ratio_of(const struct mix_sums *moments);

struct mix_ratio_value {
    struct mix_ratio before, after;
};

struct ratio_decomposition {
    struct mix_part within, weight, mix, total; /* total.value is the sum of the three */
};

/* Fills `total`, and parts[i] for values[i] unless `parts` is NULL, as decomposition_of does.  A
 * value that one period lacks has the other's weight and rate there, so that its coming or going is
 * mix; one whose weights are 0 has the other's rate, so that its beginning or ending is weight.
 *
 * NO_UNITS when a period has none; NEAR_ZERO when s sums to 0 in a period, or would with the units
 * of one and the weights of the other, or where a value has y and no s (NAN); INVALID on what is
 * not finite or negative. */
MUST_CHECK enum reason decomposition_of_ratio(const struct mix_ratio_value *values, size_t count,
                                              struct ratio_decomposition *total,
                                              struct ratio_decomposition *parts);

#endif
