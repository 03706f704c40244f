#ifndef STATS_SURROGATE_H
#define STATS_SURROGATE_H

/*
 * Is activation (g, the goal) a stand-in for retention (y)?  Three questions about effects, where
 * association.h only compares units:
 *
 *   encouragement  within one experiment: how much y moved per unit of g that moved
 *   adjusted       within one experiment: what is left of the effect on y when g is held (Prentice)
 *   across         over 10 experiments or more: the line from effects on g to effects on y
 *
 * In joint_sums x is the goal and y the metric, over the same units.
 */

#include "stats/estimate.h"
#include "stats/sums.h"

#include <stddef.h>

struct joint_pair {
    struct joint_sums treatment, control;
};

/* The two effects of one experiment and the errors they share. */
struct joint_effect {
    double goal, metric;                   /* treatment - control */
    double goal_variance, metric_variance; /* of the effects, >= 0 */
    double covariance;                     /* of the two effects */
};

/* NO_UNITS, ONE_UNIT, INVALID as sums_covariance. */
MUST_CHECK enum reason joint_effect_of(const struct joint_pair *pair, struct joint_effect *effect);

struct encouragement {
    double ratio; /* effect on the metric / effect on the goal (Wald) */
    struct interval interval;
};

/* The ratio with Fieller's interval at alpha, t of df degrees of freedom or (0) the normal.
 * NEAR_ZERO when the effect on the goal is not clear at that level: the interval is then no
 * interval. */
MUST_CHECK enum reason encouragement_of(const struct joint_effect *effect, double alpha, double df,
                                        struct encouragement *result);

/* The effect on the metric with the goal held: effect_y - slope effect_g, the slope within the
 * variants.  Near 0, in all experiments, is what Prentice asks of a surrogate.  NO_VARIATION when
 * the goal is the same for all units of each variant; TOO_FEW with fewer than 4 units. */
MUST_CHECK enum reason surrogate_adjusted(const struct joint_pair *pair, double planned,
                                          struct estimate *estimate);

#define SURROGATE_EXPERIMENTS_MIN 10

struct surrogate_line {
    double slope, intercept;
    double slope_se, intercept_se; /* jackknife over experiments; t with df */
    double df;                     /* experiments - 2 */
    double reliability; /* share of the spread of goal effects that is not their error, 0 to 1 */
    double naive_slope; /* without the correction: drawn towards the errors' own slope */
};

/* The line through the effects of `count` independent experiments, corrected for their errors.
 * TOO_FEW below SURROGATE_EXPERIMENTS_MIN; NEAR_ZERO when the goal effects spread no more than
 * their errors do, with all experiments or with any one left out. */
MUST_CHECK enum reason surrogate_across(const struct joint_effect *effects, size_t count,
                                        struct surrogate_line *line);

#endif
