#ifndef STATS_ADJUSTMENT_H
#define STATS_ADJUSTMENT_H

/*
 * Regression adjustment after Lin from exact sums: what is known of a unit before its exposure
 * explains part of the spread of the metric, and the interval becomes narrower by that part.
 *
 *     reason = adjustment_of(&treatment, &control, &adjusted);
 *     reason = adjustment_difference(&adjusted, planned, &estimate);
 *
 * A covariate is known before the exposure; a missing value enters as a declared constant.
 */

#include "stats/estimate.h"
#include "stats/sums.h"

#include <stddef.h>

#define COVARIATES_MAX 3

/* Sums over the units of one variant, in steps; y is the metric, z the covariates. */
struct covariate_sums {
    uint64_t units;
    size_t covariates; /* <= COVARIATES_MAX; what stands beyond is not read */
    int128 z[COVARIATES_MAX];
    int128 zz[COVARIATES_MAX][COVARIATES_MAX]; /* of z_k z_l; read where k <= l */
    int128 y, yy;
    int128 zy[COVARIATES_MAX];
    double step_z[COVARIATES_MAX], step_y; /* > 0 */
};

struct covariate_pair {
    struct covariate_sums treatment, control;
};

/* Adds b to a, of the same covariates and steps.  INVALID, and a untouched, when they differ or a
 * sum overflows. */
MUST_CHECK enum reason covariate_sums_add(struct covariate_sums *a, const struct covariate_sums *b);

/* One variant after adjustment. */
struct adjusted_variant {
    double mean;                   /* at the covariates' common mean */
    double variance;               /* of it, given the covariates */
    double slopes[COVARIATES_MAX]; /* 0 for a covariate that was left out */
    size_t covariates;             /* how many were used */
};

struct adjusted {
    double units; /* of both variants */
    struct adjusted_variant treatment, control;
    double difference; /* treatment - control, adjusted */
    double variance;   /* of it: given the covariates, and superpopulation */
    double
        superpopulation; /* the part of `variance` that comes from the covariates' own sampling */
    double log_superpopulation; /* the same part on the log scale; 0 unless both means are > 0 */
    double df;
    double narrower_by; /* 1 - se / unadjusted se; below 0 where adjusting cost more than it gave */
};

/* Lin's estimate.  A covariate that is constant in a variant, or that the others already hold
 * there, is left out of it.  NO_UNITS; TOO_FEW when a variant has no degree of freedom left;
 * INVALID on sums that no values have, or when the variants' covariates or steps differ. */
MUST_CHECK enum reason adjustment_of(const struct covariate_sums *treatment,
                                     const struct covariate_sums *control,
                                     struct adjusted *adjusted);

/* The same within strata: slopes common to all strata of a variant, differences averaged with the
 * strata's shares.  TOO_FEW when a stratum has fewer than two units of a variant (strata_merge and
 * covariate_sums_add first).  The variants' means are at each stratum's common mean. */
MUST_CHECK enum reason adjustment_in_strata(const struct covariate_pair *strata, size_t count,
                                            struct adjusted *adjusted);

/* For the one layer: t with df.  NO_VARIATION when nothing is left to explain. */
MUST_CHECK enum reason adjustment_difference(const struct adjusted *adjusted, double planned,
                                             struct estimate *estimate);

/* ln(treatment / control) of the adjusted means, t with df.  NEAR_ZERO unless both are > 0. */
MUST_CHECK enum reason adjustment_log_ratio(const struct adjusted *adjusted, double planned,
                                            struct estimate *estimate);

#endif
