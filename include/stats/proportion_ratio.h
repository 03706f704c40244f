#ifndef STATS_PROPORTION_RATIO_H
#define STATS_PROPORTION_RATIO_H

/*
 * The ratio of two rates, treatment / control, by the score method: an interval that is there when
 * a count is small, when the treatment has no successes, and when the control has none and no
 * upper limit exists.  Where both counts are large it agrees with the log interval of lift.h.
 */

#include "stats/proportion.h"

#include <stdbool.h>

/* A ratio that may be infinite; `value` is then the largest double. */
struct ratio_value {
    double value;
    bool infinite;
};

/* An interval of a ratio, >= 0, that may have no upper limit; `high` is then the largest double. */
struct ratio_interval {
    double low, high;
    bool unbounded;
};

/* Every ratio that the two-sided score test at alpha keeps.  `variance` names the variance: with
 * N/(N-1) it is Miettinen and Nurminen's, without it Koopman's.  0 to unbounded when neither has a
 * success. */
MUST_CHECK enum reason proportion_ratio_interval(const struct proportion_pair *pair,
                                                 enum score_variance variance, double alpha,
                                                 struct ratio_interval *interval);

/* The score of the ratio `null` > 0, two-sided; positive when treatment / control is above it. At 1
 * it is the score of the difference 0. */
MUST_CHECK enum reason proportion_ratio_score(const struct proportion_pair *pair,
                                              enum score_variance variance, double null,
                                              struct test *test);

/* The odds ratio by the log method, exp(ln OR +- z se), se^2 the sum of 1/cell: for large counts.
 * NO_EVENTS when one of the four cells is empty. */
MUST_CHECK enum reason proportion_odds_interval(const struct proportion_pair *pair, double alpha,
                                                struct interval *interval);

#endif
