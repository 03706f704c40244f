#ifndef STATS_STRATA_H
#define STATS_STRATA_H

/*
 * Post-stratification: an effect compared within strata fixed at sign-up (plan, company size,
 * role), then averaged with the strata's shares.  Any kind of metric: a stratum is a mean and the
 * variance of that mean.
 *
 *     reason = strata_merge(units, count, places, &left);   where sums are added up to strata
 *     ... a struct stratum for each of the `left`
 *     reason = strata_difference(strata, left, 0, planned, &estimate);
 */

#include "stats/estimate.h"
#include "stats/sums.h"

#include <stddef.h>

/* One variant in one stratum. */
struct stratum_mean {
    double units;    /* >= 1; accounts where accounts are compared */
    double mean;     /* or rate, or ratio */
    double variance; /* of the mean, >= 0 */
};

struct stratum {
    struct stratum_mean treatment, control;
    double rounding; /* what the two means, as doubles, lost of their difference; 0 if unknown */
};

struct post_stratified {
    double units;                                /* of both variants and all strata */
    double treatment, control;                   /* means, each stratum with its share */
    double treatment_variance, control_variance; /* of those, given the shares */
    double difference;                           /* treatment - control */
    double variance;                             /* of the difference, given the shares */
    double superpopulation; /* what the shares themselves add: (1/N) sum w (d - difference)^2 */
    double df;              /* Welch and Satterthwaite's, for accounts; 0: no variance */
};

/* NO_UNITS without strata; TOO_FEW when a stratum lacks a variant (merge first). */
MUST_CHECK enum reason post_stratify(const struct stratum *strata, size_t count,
                                     struct post_stratified *result);

/* The difference for the one layer, with both terms of the variance.  `df` 0: normal; for accounts
 * the df of post_stratify. */
MUST_CHECK enum reason strata_difference(const struct stratum *strata, size_t count, double df,
                                         double planned, struct estimate *estimate);

/* ln(treatment / control) of the post-stratified means, both terms on that scale.  NEAR_ZERO unless
 * both are > 0. */
MUST_CHECK enum reason strata_log_ratio(const struct stratum *strata, size_t count, double planned,
                                        struct estimate *estimate);

/* As many strata as the cube keeps; arrays of them stand on the stack. */
#define STRATA_MAX 256

struct stratum_units {
    uint64_t treatment, control;
};

/* Which strata are added up: places[i] is where stratum i goes, 0 to *left - 1, in the order given;
 * the last place is "other" if there is one.  A stratum with fewer than two units of a variant goes
 * to "other", which takes the smallest of the rest until it has two of each itself; one without
 * units goes to the last place.  Counts alone decide, never outcomes.
 * INVALID above STRATA_MAX; NO_UNITS, ONE_UNIT when a variant has no more than that in all. */
MUST_CHECK enum reason strata_merge(const struct stratum_units *units, size_t count, size_t *places,
                                    size_t *left);

struct stratum_sums {
    struct sums treatment, control;
};

/* Merges and forms the means of a scalar metric: strata[0] to strata[*left - 1]; `strata` has room
 * for `count`.  INVALID when steps differ. */
MUST_CHECK enum reason strata_of_sums(const struct stratum_sums *sums, size_t count,
                                      struct stratum *strata, size_t *left);

#endif
