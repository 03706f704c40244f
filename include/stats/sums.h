#ifndef STATS_SUMS_H
#define STATS_SUMS_H

/*
 * Exact integer sums: the door at which the cube's cells become numbers.
 *
 * A value is a whole number of steps (`step`: 1e-6 for the cube's fixed-point values, 1 for
 * counts).  Sums, squares and cross products of steps are exact; what is formed of them, n SS - S^2
 * and the like, is formed exactly too, and becomes a double in one rounding.  So a constant added
 * to every value leaves a variance unchanged, and two stores with the same sums give the same
 * bytes.
 */

#include "stats/result.h"

#include <stddef.h>
#include <stdint.h>

/* As in base/int128.h, which this layer does not see. */
__extension__ typedef __int128 int128;

/* Sums of one value over units. */
struct sums {
    uint64_t units;
    int128 sum;     /* of the value, in steps */
    int128 squares; /* of its square, in steps^2; >= 0 */
    double step;    /* > 0 */
};

/* Sums of two values, x and y, over the same units. */
struct joint_sums {
    uint64_t units;
    int128 x, y, xx, yy, xy;
    double step_x, step_y; /* > 0 */
};

struct moments {
    double units;
    double mean;
    double variance; /* s^2, divisor units - 1; >= 0 */
};

/* NO_UNITS, ONE_UNIT; INVALID on a bad step and on sums that no values have (n SS < S^2);
 * NOT_FINITE when the step carries a moment past the largest double. */
MUST_CHECK enum reason sums_moments(const struct sums *sums, struct moments *moments);

/* The mean alone: NO_UNITS. */
MUST_CHECK enum reason sums_mean(const struct sums *sums, double *mean);

/* Sample covariance (divisor units - 1) of the two values, and their own moments. */
MUST_CHECK enum reason sums_covariance(const struct joint_sums *sums, struct moments *x,
                                       struct moments *y, double *covariance);

/* n ab - a b, exactly, then rounded to the nearest double: the centred cross product times n. */
double exact_cross(uint64_t n, int128 ab, int128 a, int128 b);

/* Adds b to a; both have the same step.  For adding up cohorts: within the cube's limits. */
void sums_add(struct sums *a, const struct sums *b);

/* The sums of `count` values as they are written in decimal: the step is the power of ten at which
 * all of them are whole, at most 1.  INVALID when a value is not finite, or when the squares would
 * pass 2^126 even after the smallest steps that matter (2^-52 of the largest value) were chosen. */
MUST_CHECK enum reason sums_of_values(const double *values, size_t count, struct sums *sums);
/* The values themselves in that step; `steps` has room for `count`, and holds nothing of use after
 * a failure. */
MUST_CHECK enum reason steps_of_values(const double *values, size_t count, int64_t *steps,
                                       double *step);
/* The sums that someone else has added up in floating point, as they are written; a step that holds
 * them all to 17 digits.  INVALID when not finite or `squares` < 0. */
MUST_CHECK enum reason sums_of_totals(uint64_t units, double sum, double squares,
                                      struct sums *sums);
MUST_CHECK enum reason joint_sums_of_values(const double *x, const double *y, size_t count,
                                            struct joint_sums *sums);

/* The sums of doubles as the binary fractions that they are, in steps of a power of two: what a
 * program gets that has read the values into doubles.  (99999999.961762 has no double: the nearest
 * is 7e-9 off, which moves a variance of such values in its ninth digit.)  INVALID as above. */
MUST_CHECK enum reason sums_of_doubles(const double *values, size_t count, struct sums *sums);

#endif
