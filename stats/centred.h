#ifndef STATS_CENTRED_H
#define STATS_CENTRED_H

/*
 * What adjustment.c and adjustment_strata.c share: centred products of the exact sums of one
 * variant, its slopes, and what both put into their answer.
 */

#include "linear.h"

#include "stats/adjustment.h"

/* Centred sums of squares and products, as doubles. */
struct centred {
    double n;
    size_t q;
    double yy;
    double zy[LINEAR_MAX];
    double zz[LINEAR_MAX][LINEAR_MAX]; /* whole, symmetric */
};

/* INVALID on a negative sum of squares. */
MUST_CHECK enum reason centred_of(const struct covariate_sums *sums, struct centred *result);
void centred_add(struct centred *a, const struct centred *b);

/* v' S_zz v, and a' b over the covariates. */
double centred_quadratic(const struct centred *sums, const double *v);
double centred_product(const struct centred *sums, const double *a, const double *b);

/* The slopes of one variant. */
struct slopes {
    struct linear linear;
    double of[LINEAR_MAX];
};

void slopes_fit(const struct centred *sums, struct slopes *slopes);

/* The residual sum of squares at any slopes; false when the sums are of no values. */
MUST_CHECK bool centred_residual(const struct centred *sums, const double *slopes,
                                 double *residual);

/* Means of the treatment less those of the control, in one rounding each. */
struct gaps {
    double y;
    double z[LINEAR_MAX];
};

/* Everything formed of the integers of one pair. */
struct pair_moments {
    struct centred treatment, control, together;
    struct gaps gaps;
    double treatment_mean, control_mean;
};

/* INVALID, NO_UNITS as adjustment_of. */
MUST_CHECK enum reason pair_moments_of(const struct covariate_pair *pair,
                                       struct pair_moments *moments);

/* What goes into the answer. */

void adjusted_variant_fill(struct adjusted_variant *variant, const struct slopes *slopes, size_t q);

/* Whether both means have a logarithm. */
bool adjusted_has_log(const struct adjusted *adjusted);

/* The gap between the slopes, g' S g; on the log scale each slope is taken relative to its mean,
 * and it is 0 where there is no log. */
double adjusted_slopes_spread(const struct centred *together, const struct adjusted *adjusted,
                              bool is_log);

/* 1 - se / the error of the plain difference of these sums. */
double adjusted_narrowing(double variance, const struct centred *treatment,
                          const struct centred *control);

bool adjusted_is_finite(const struct adjusted *adjusted);

#endif
