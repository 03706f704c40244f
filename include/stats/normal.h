#ifndef STATS_NORMAL_H
#define STATS_NORMAL_H

/*
 * The standard normal and Student's t as the rest of stats/ asks for them: critical values by
 * error, and tests with both p and log p.  `df` 0 stands for the normal everywhere in stats/.
 */

#include "stats/result.h"

#include <stdbool.h>

/* Whether alpha can be an error: inside (0, 1). */
bool alpha_is_valid(double alpha);

/* The log of a probability, which rounding may have left above 0, or at the -0 that fmin picks as
 * the compiler pleases. */
double log_at_most_zero(double log_p);

/* z with 2 Q(z) = alpha, and z with Q(z) = alpha (negative above .5).  alpha must be valid. */
double normal_z_two_sided(double alpha);
double normal_z_one_sided(double alpha);

/* The critical value at one tail's error `tail`, of t with df degrees of freedom or (0) normal. */
double critical_value(double tail, double df);

/* Two-sided test of z; z finite. */
struct test normal_test(double z);

/* One-sided test: p is the chance of a statistic at least as large as z. */
struct test normal_test_upper(double z);

/* The same with t of df degrees of freedom; df 0: the normal. */
struct test t_test(double t, double df);
struct test t_test_upper(double t, double df);

/* The z whose upper tail is that of t with df degrees of freedom, sign kept; df 0: t itself. */
double normal_equivalent(double t, double df);

#endif
