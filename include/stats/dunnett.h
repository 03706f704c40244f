#ifndef STATS_DUNNETT_H
#define STATS_DUNNETT_H

/*
 * Several treatments against one control, all at once: Dunnett's two-sided critical value for large
 * samples, which uses that the comparisons share the control.  Never above Bonferroni's.
 *
 * The z of comparisons i and j are correlated by lambda_i lambda_j, where lambda_j^2 is the share
 * that treatment j has of its own units and the control's: 1/2 in equal allocation.
 */

#include "stats/result.h"

#include <stddef.h>
#include <stdint.h>

/* Correlations above it are one comparison, not two. */
#define DUNNETT_LAMBDA_MAX .99995

/* sqrt(treatment / (treatment + control)).  NO_UNITS when either is 0. */
MUST_CHECK enum reason dunnett_lambda(uint64_t treatment, uint64_t control, double *lambda);

/* The chance that the largest of |z_1| .. |z_count| passes `critical` >= 0, under no effect
 * anywhere: the adjusted p of an observed z. INVALID unless lambdas are within [0, LAMBDA_MAX] and
 * count >= 1. */
MUST_CHECK enum reason dunnett_test(const double *lambdas, size_t count, double critical,
                                    struct test *test);

/* The value that the largest |z| passes with chance alpha. */
MUST_CHECK enum reason dunnett_critical(const double *lambdas, size_t count, double alpha,
                                        double *critical);

/* The same for `count` comparisons that are all correlated by rho, within [0, LAMBDA_MAX^2]. */
MUST_CHECK enum reason dunnett_critical_equal(size_t count, double rho, double alpha,
                                              double *critical);

#endif
