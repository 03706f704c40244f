#ifndef STATS_SAMPLE_H
#define STATS_SAMPLE_H

/*
 * One variant's sums of any kind, and the one table that maps a kind to its estimator.
 *
 *     struct sample t = {.estimator = ESTIMATOR_MEAN, .mean = {...}}, c = {...};
 *     struct estimate difference, lift;
 *     reason = sample_difference(&t, &c, planned, &difference);
 *     reason = sample_lift(&t, &c, planned, &lift);
 *
 * What comes out is a struct estimate, on which estimate.h forms every interval, p and bound.  A
 * caller that has filled a sample need not ask again which kind it is.  A new kind is a row in
 * sample.c.
 */

#include "stats/cluster.h"
#include "stats/mean.h"
#include "stats/ratio.h"

enum estimator {
    ESTIMATOR_PROPORTION,     /* units that did, of all units */
    ESTIMATOR_MEAN,           /* a value per unit */
    ESTIMATOR_RATIO,          /* a sum over another */
    ESTIMATOR_SCORE,          /* promoters less detractors, -100..100 */
    ESTIMATOR_CLUSTER_POOLED, /* share of all members of all accounts */
    ESTIMATOR_CLUSTER_MEAN,   /* mean of the accounts' shares */
    ESTIMATOR_TIME,           /* mean time within a horizon, of units some still watched */
    ESTIMATOR_COUNT
};

/* A restricted mean time (restricted_mean.h, incidence.h) with what it rests on. */
struct time_sample {
    enum reason reason; /* why there is none; then mean and se mean nothing */
    double mean, se;    /* in days */
    uint64_t units;     /* watched for some time */
    uint64_t followed;  /* of them those watched to the horizon */
    uint64_t events;
};

struct sample {
    enum estimator estimator;
    bool accounts;    /* units are accounts: t in place of the normal for a proportion's anytime
                         interval; the other kinds have t anyway */
    uint64_t nonzero; /* of a mean: units whose value is not 0; for sample_gate alone */
    union {
        struct proportion proportion;
        struct sums mean;
        struct ratio_sums ratio;
        struct score_counts score;
        struct cluster cluster; /* of both cluster estimators */
        struct time_sample time;
    };
};

/* Analysed units: those that inform the estimate (of a ratio, units with a part in it; of a score,
 * responders; of clusters, accounts with members). */
double sample_units(const struct sample *sample);

/* One variant's own value. */
struct level {
    double value;
    double units;
    bool has_interval; /* false where there is a value and no spread: one unit, no variation */
    double se;
    struct interval interval; /* at alpha: Wilson's for a proportion, t else */
};

/* NO_UNITS, NEAR_ZERO (a denominator of 0), INVALID; NONE also where only the interval is
 * missing. */
MUST_CHECK enum reason sample_level(const struct sample *sample, double alpha, struct level *level);

/* treatment - control for the one layer; both of one kind, else INVALID.  `planned` is N*. */
MUST_CHECK enum reason sample_difference(const struct sample *treatment,
                                         const struct sample *control, double planned,
                                         struct estimate *estimate);

/* ln(treatment / control); lift_of_log carries its intervals to the lift.  NEAR_ZERO where a value
 * has no log; NO_EVENTS for a rate of 0. */
MUST_CHECK enum reason sample_lift(const struct sample *treatment, const struct sample *control,
                                   double planned, struct estimate *estimate);

/* The fixed interval of the lift where the log has none, values at or below 0 included: Fieller's
 * with the t of the difference.  NEAR_ZERO when unbounded.  Not of proportions: INVALID. */
MUST_CHECK enum reason sample_fieller(const struct sample *treatment, const struct sample *control,
                                      double alpha, struct interval *interval);

/* One variant's value with its variance, for what combines strata; `beside` is the variant it will
 * be compared with (it has a say in a cluster's method), or NULL.  A proportion's variance is
 * p(1 - p)/n. */
MUST_CHECK enum reason sample_value(const struct sample *sample, const struct sample *beside,
                                    struct variant_value *value);

/* What a variant must have before its comparison is peeked at. */
struct sample_gate {
    uint64_t units;    /* analysed; of a time: followed to the horizon */
    uint64_t outcomes; /* of a proportion: successes, and failures; of a time: events */
    uint64_t nonzero;  /* of a mean: units whose value is not 0 */
};
bool sample_passes(const struct sample *sample, const struct sample_gate *gate);

/* Whether the comparison rests on so few accounts that a reader is warned. */
bool sample_is_small(const struct sample *treatment, const struct sample *control);

#endif
