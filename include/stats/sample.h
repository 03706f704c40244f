#ifndef STATS_SAMPLE_H
#define STATS_SAMPLE_H

/*
 * One table from the kind of a sample to its estimator.  Whoever compares two variants calls the
 * three functions below and never asks which kind it was; a new kind is a new row of the table.
 *
 *     reason = sample_difference(&treatment, &control, planned, &estimate);
 *     reason = estimate_anytime_interval(&estimate, alpha, &interval);
 */

#include "stats/cluster.h"
#include "stats/estimate.h"
#include "stats/mean.h"
#include "stats/ratio.h"

enum estimator {
    ESTIMATOR_PROPORTION,
    ESTIMATOR_MEAN,
    ESTIMATOR_RATIO,          /* total over total, by the delta method */
    ESTIMATOR_SCORE,          /* net promoter score */
    ESTIMATOR_CLUSTER_POOLED, /* each member counts the same */
    ESTIMATOR_CLUSTER_MEAN,   /* mean of shares: each account counts the same */
    ESTIMATOR_COUNT
};

/* What the units of one variant show. */
struct sample {
    enum estimator estimator;
    union {
        struct proportion proportion;
        struct sums mean;
        struct ratio_sums ratio;
        struct score_counts score;
        struct cluster cluster; /* of both cluster estimators */
    };
};

/* One variant's own value. */
struct level {
    double value;
    double units;      /* that the estimator counts: those that answered, accounts with members */
    bool has_interval; /* false where there is a value and no spread: one unit, no variation */
    double se;
    struct interval interval; /* at alpha: Wilson's for a proportion, t else */
};

/* REASON_NONE also where only the interval is missing. */
MUST_CHECK enum reason sample_level(const struct sample *sample, double alpha, struct level *level);

/* treatment - control, for the one layer (estimate.h); both of one estimator, else INVALID.
 * `planned` is N* of the two together, the same units that `sample_level` counts. */
MUST_CHECK enum reason sample_difference(const struct sample *treatment,
                                         const struct sample *control, double planned,
                                         struct estimate *estimate);

/* ln(treatment / control) with its standard error; NEAR_ZERO where there is no log of one. */
MUST_CHECK enum reason sample_lift(const struct sample *treatment, const struct sample *control,
                                   double planned, struct estimate *estimate);

#endif
