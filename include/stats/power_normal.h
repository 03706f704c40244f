#ifndef STATS_POWER_NORMAL_H
#define STATS_POWER_NORMAL_H

/*
 * Plans for anything whose difference is near normal with a known variance a unit: cluster and
 * ratio metrics, adjusted metrics, guardrails, segments and interactions.
 *
 * A variance here is n times the squared standard error of one variant's estimate.  Sizes are the
 * control's, real numbers; the treatment has `allocation` times as many.
 */

#include "stats/power.h"

/* Per unit of each variant; >= 0, not both 0. */
struct power_variances {
    double control, treatment;
};

/* Control units to tell a difference (not 0) with `power`; NOT_DETECTABLE when it is 0. */
MUST_CHECK enum reason power_normal_units(const struct power_design *design,
                                          struct power_variances variances, double difference,
                                          double power, double *units);
/* The chance that the test rejects in the direction of the difference, or at all. */
MUST_CHECK enum reason power_normal(const struct power_design *design,
                                    struct power_variances variances, double difference,
                                    double units, double *power);
/* The smallest difference, >= 0, that `units` show with `power`: (z_a + z_b) se. */
MUST_CHECK enum reason power_normal_detectable(const struct power_design *design,
                                               struct power_variances variances, double units,
                                               double power, double *difference);

/* Control units so that a guardrail shows, one-sided at design->alpha, that it is not worse by
 * `margin` > 0 when the true harm is `harm` (0: none; negative: it helps).  NOT_DETECTABLE when
 * harm >= margin. */
MUST_CHECK enum reason power_margin_units(const struct power_design *design,
                                          struct power_variances variances, double margin,
                                          double harm, double power, double *units);
MUST_CHECK enum reason power_margin(const struct power_design *design,
                                    struct power_variances variances, double margin, double harm,
                                    double units, double *power);

/* The smallest difference shown in a segment that has `share` (0, 1] of the units. */
MUST_CHECK enum reason power_segment_detectable(const struct power_design *design,
                                                struct power_variances variances, double units,
                                                double share, double power, double *difference);
/* The smallest difference between the effects of two segments with these shares (sum <= 1): twice
 * the overall one for two halves. */
MUST_CHECK enum reason power_interaction_detectable(const struct power_design *design,
                                                    struct power_variances variances, double units,
                                                    const double shares[static 2], double power,
                                                    double *difference);

/* Accounts by their members: mean > 0, coefficient of variation >= 0, intra-class correlation in
 * [0, 1]. */
struct clusters {
    double mean, cv, icc;
};
/* By how much clustering multiplies the members that are needed: 1 + (mean (1 + cv^2) - 1) icc; not
 * below 1. */
MUST_CHECK enum reason power_design_effect(struct clusters clusters, double *effect);

/* What is left of a variance when a covariate of this correlation (in (-1, 1)) adjusts: 1 - r^2. */
MUST_CHECK enum reason power_adjusted(double correlation, double *left);

/* Moments of a ratio metric's numerator y and denominator s, a unit each. */
struct ratio_moments {
    double mean_y, mean_s; /* mean_s not 0 */
    double variance_y, variance_s, covariance;
};
/* The variance a unit of sum y / sum s: (var y - 2 R cov + R^2 var s) / mean_s^2. */
MUST_CHECK enum reason power_ratio_variance(const struct ratio_moments *moments, double *variance);

#endif
