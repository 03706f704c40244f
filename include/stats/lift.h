#ifndef STATS_LIFT_H
#define STATS_LIFT_H

/*
 * Relative lift, treatment / control - 1, on the log scale.
 *
 * The log ratio and its standard error are given apart, so that any interval (fixed, anytime, one
 * sided) is formed there and then carried to the lift by lift_of_log: the log is monotone, so the
 * carried interval covers as the one on the log scale does.
 */

#include "stats/proportion.h"

struct lift {
    double lift;      /* treatment / control - 1 */
    double log_ratio; /* ln(treatment / control) = ln(1 + lift) */
    double log_se;    /* of log_ratio; > 0 */
};

/* A positive quantity with the standard error of its estimate. */
struct lift_mean {
    double mean, se;
};

/* Katz's log ratio of two rates.  NO_EVENTS unless both have successes; NO_VARIATION when every
 * unit of both succeeded. */
MUST_CHECK enum reason lift_of_proportions(const struct proportion_pair *pair, struct lift *lift);

/* The log ratio of two means by the delta method.  NEAR_ZERO unless both means are > 0. */
MUST_CHECK enum reason lift_of_means(struct lift_mean treatment, struct lift_mean control,
                                     struct lift *lift);

/* The log of the odds ratio in `log_ratio` with its error; `lift` is the odds ratio - 1.  NO_EVENTS
 * unless both variants have successes and failures. */
MUST_CHECK enum reason lift_log_odds(const struct proportion_pair *pair, struct lift *lift);

/* Fixed interval of the lift, exp(log_ratio +- z log_se) - 1. */
MUST_CHECK enum reason lift_interval(const struct lift *lift, double alpha,
                                     struct interval *interval);

/* Two-sided test of no lift on the log scale. */
MUST_CHECK enum reason lift_test(const struct lift *lift, struct test *test);

/* An interval of the log ratio carried to the lift; NOT_FINITE when its upper end overflows. */
MUST_CHECK enum reason lift_of_log(struct interval log_ratio, struct interval *interval);

#endif
