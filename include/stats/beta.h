#ifndef STATS_BETA_H
#define STATS_BETA_H

/*
 * The beta distribution, good to shapes of 1e9 and beyond: what Clopper and Pearson's limits, the
 * beta-binomial panel and the exact tests stand on.
 *
 * A point of (0, 1) is given with its complement, because 1 - x forgets the digits of a small x:
 *
 *     struct beta_tails tails;
 *     reason = beta_tails((struct beta){3, 1e9}, split_of(2e-9), &tails);
 */

#include "stats/result.h"

/* Shapes a, b > 0; the mean is a / (a + b). */
struct beta {
    double a, b;
};

/* x + y = 1, both inside [0, 1]. */
struct split {
    double x, y;
};

/* From x; from ln(x / y), with all the digits of both. */
struct split split_of(double x);
struct split split_of_logit(double logit);

/* P(X < x), P(X > x) and their natural logs, which go on where the tails underflow to 0. */
struct beta_tails {
    double lower, upper;
    double log_lower, log_upper;
};

/* INVALID unless both shapes are positive and finite and x is inside [0, 1].  At the ends a tail
 * is 0 and its log the lowest double. */
MUST_CHECK enum reason beta_tails(struct beta shape, struct split at, struct beta_tails *tails);

/* ln(x y f(x)), f the density: the log density of ln(x / y).  Shapes valid, 0 < x < 1. */
double beta_log_density(struct beta shape, struct split at);

/* ln B(a, b). */
MUST_CHECK enum reason beta_log_function(struct beta shape, double *log_beta);

/* What Stirling leaves of the gamma function, for x > 0:
 *     lnG(x) = (x - 1/2) ln x - x + ln(2 pi)/2 + stirling_rest(x). */
double stirling_rest(double x);

/* ln of the binomial probability of `successes` and `failures` at the rate that they have: for the
 * hypergeometric, whose probability is a ratio of three.  Both >= 0. */
double binomial_log_peak(double successes, double failures);

/* a ln(x/p) + b ln(y/q) at p = a/(a+b), q = 1 - p, without a difference of large numbers; <= 0, and
 * 0 at x = p.  A shape of 0 is allowed here, of one of the two. */
double split_deviance(struct beta shape, struct split at);

#endif
