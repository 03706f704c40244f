#ifndef STATS_RANK_H
#define STATS_RANK_H

/*
 * What depends on the order of the values alone: quantiles, winsorised means, and whether one
 * variant's values tend to be larger.
 *
 * A sample is given in ascending order, either a row a unit or as a histogram; both give the same
 * answers, because a histogram stands for its expanded ranks:
 *
 *     struct ranked rows = {.values = sorted, .count = n};
 *     struct ranked histogram = {.units = H, .count = cap + 1};      (values 0, 1, 2, ...)
 */

#include "stats/estimate.h"

#include <stddef.h>
#include <stdint.h>

/* `count` values, ascending and finite; equal neighbours are allowed.  Borrowed. */
struct ranked {
    const double *values;  /* NULL: the values are 0, 1, 2, ... */
    const uint64_t *units; /* how many units have each value, 0 allowed; NULL: one each */
    size_t count;
};

/* Sorts `values` in place, ascending.  INVALID, and nothing moved, when one is not finite. */
MUST_CHECK enum reason values_sort(double *values, size_t count);

/* Hyndman and Fan's numbers: 1 and 2 are steps (2 takes the mean at a step), 6 is Weibull's, 7 the
 * default of R and NumPy, 8 nearly unbiased for the median. */
enum quantile_type {
    QUANTILE_1 = 1,
    QUANTILE_2 = 2,
    QUANTILE_6 = 6,
    QUANTILE_7 = 7,
    QUANTILE_8 = 8,
};

/* The value below which a share in [0, 1] of the units lies.  NO_UNITS; INVALID on a share outside
 * [0, 1], values that descend or are not finite, or more than 2^40 units. */
MUST_CHECK enum reason ranked_quantile(const struct ranked *ranked, enum quantile_type type,
                                       double share, double *quantile);

/* Which shares of the units keep their value: {0, .99} caps the top hundredth, {.01, .99} both
 * ends.  0 <= low <= high <= 1; the caps are the type-7 quantiles at the two. */
struct winsor {
    double low, high;
};

/* Mean, and sample variance (divisor units - 1), of the values moved to the caps.  NO_UNITS;
 * ONE_UNIT for the variance. */
MUST_CHECK enum reason ranked_winsorised_mean(const struct ranked *ranked, struct winsor keep,
                                              double *mean);
MUST_CHECK enum reason ranked_winsorised_variance(const struct ranked *ranked, struct winsor keep,
                                                  double *variance);

struct quantile {
    double value;             /* type 7 */
    struct interval interval; /* Woodruff's */
    double se;                /* width of the interval / 2z; 0 where ties fill it */
};

/* A quantile with Woodruff's interval at alpha.  TOO_FEW when its ends would lie outside the
 * sample: share -+ z sqrt(share (1 - share) / n) is not inside (0, 1). */
MUST_CHECK enum reason ranked_quantile_interval(const struct ranked *ranked, double share,
                                                double alpha, struct quantile *quantile);

/* Treatment - control of one quantile, with the standard errors of Woodruff's 95 % intervals.
 * NO_VARIATION when ties fill both intervals. */
MUST_CHECK enum reason ranked_quantile_difference(const struct ranked *treatment,
                                                  const struct ranked *control, double share,
                                                  double planned, struct estimate *estimate);

struct mann_whitney {
    double pairs;                /* W: pairs whose treatment value is larger, a tie counting 1/2 */
    double superiority;          /* pairs as a share of all pairs; .5: neither tends to be larger */
    struct test test;            /* two-sided, normal approximation with tie correction */
    struct test with_continuity; /* the same with the correction of 1/2 pair */
};

/* NO_UNITS when a variant has none; NO_VARIATION when all values of both are the same. */
MUST_CHECK enum reason mann_whitney_of(const struct ranked *treatment, const struct ranked *control,
                                       struct mann_whitney *result);

#endif
