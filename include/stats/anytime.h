#ifndef STATS_ANYTIME_H
#define STATS_ANYTIME_H

/*
 * The anytime interval: one that may be looked at after every unit and still covers.
 *
 * Its shape is fixed at registration by the level alpha (through w) and the planned size N*
 * (through r = n / N*, or for information kinds the ratio of informations).  Then
 *
 *     interval  estimate +- c se,  c^2 = (1 + 1/(w r)) (ln(1 + w r) - 2 ln alpha)
 *     evidence  ln e = z^2/2 * w r/(1 + w r) - ln(1 + w r)/2,  p_now = min(1, 1/e)
 *
 * and e > 1/alpha exactly when the interval excludes the null.  w belongs to the level at which the
 * design reads the interval: keep it when the p is compared with another level.
 */

#include "stats/result.h"

/* Where on its path an experiment stands. */
struct anytime {
    double w;     /* anytime_w of the registered level; > 0 */
    double ratio; /* r: analysed units, or information, over the planned; > 0 */
};

/* The exact w that makes the interval shortest at r = 1: w - ln(1 + w) = -2 ln alpha.
 * alpha inside (0, 1); INVALID else. */
MUST_CHECK enum reason anytime_w(double alpha, double *w);

/* GrowthBook's closed form of it, -2 ln alpha + ln(1 - 2 ln alpha), 3 % less at .05: to check their
 * figures, and for nothing else.  INVALID when alpha is not inside (0, 1). */
MUST_CHECK enum reason anytime_w_approximate(double alpha, double *w);

/* The w of a one-sided bound at alpha < .5: that of 2 alpha. */
MUST_CHECK enum reason anytime_w_one_sided(double alpha, double *w);

/* The critical value c in standard errors, two-sided at alpha. */
MUST_CHECK enum reason anytime_c(struct anytime at, double alpha, double *c);

/* The critical value of a one-sided bound at alpha < .5:
 * c^2 = 2 (1 + 1/(w r)) ln(1 + sqrt(1 + w r)/(2 alpha)), w from anytime_w_one_sided. */
MUST_CHECK enum reason anytime_c_one_sided(struct anytime at, double alpha, double *c);

/* c for few accounts: the t quantile with df degrees of freedom that has c's normal tail; df 0
 * gives c back.  TOO_EARLY where the t quantile is not finite. */
MUST_CHECK enum reason anytime_c_scaled(double c, double df, double *scaled);

/* ln e of a statistic z = (estimate - null) / se; z finite. */
MUST_CHECK enum reason anytime_log_e(struct anytime at, double z, double *log_e);

/* p_now = min(1, 1/e) with its log; the statistic is z. */
MUST_CHECK enum reason anytime_test(struct anytime at, double z, struct test *test);

/* One-sided: the alpha at which the one-sided bound just touches the null, for z counted towards
 * the alternative; at most 1. */
MUST_CHECK enum reason anytime_test_one_sided(struct anytime at, double z, struct test *test);

#endif
