#ifndef STATS_PROPORTION_WALD_H
#define STATS_PROPORTION_WALD_H

/*
 * The plain normal approximations of two rates, shown for comparison with other programs and never
 * the default: their error is not what they claim when counts are small or rates near 0 or 1.  Use
 * proportion.h instead.
 */

#include "stats/chi_square.h"
#include "stats/proportion.h"

/* Wald's interval, p1 - p0 +- z se, as it comes: its ends may leave [-1, 1] (R's prop.test cuts
 * them there), and it has no width when both rates are 0 or 1. */
MUST_CHECK enum reason proportion_wald(const struct proportion_pair *pair, double alpha,
                                       struct interval *interval);

/* Agresti and Caffo's: Wald's after one success and one failure are added to each variant. */
MUST_CHECK enum reason proportion_agresti_caffo(const struct proportion_pair *pair, double alpha,
                                                struct interval *interval);

/* The z test with the unpooled standard error, of p1 - p0 against `null`.  NO_VARIATION when the
 * standard error is 0. */
MUST_CHECK enum reason proportion_unpooled_z(const struct proportion_pair *pair, double null,
                                             struct test *test);

/* The same, one-sided: a small p says that p1 - p0 is above -margin.  NO_EVENTS when the control
 * has no success: its variance would be taken for 0. */
MUST_CHECK enum reason proportion_wald_non_inferiority(const struct proportion_pair *pair,
                                                       double margin, struct test *test);

/* Chi-square of the 2 x 2 table with Yates' correction, by which each |observed - expected| is
 * lessened by 1/2, but not below 0.  NO_VARIATION when all units, or none, succeeded. */
MUST_CHECK enum reason proportion_yates(const struct proportion_pair *pair,
                                        struct chi_square *test);

#endif
