#ifndef STATS_NONCENTRAL_H
#define STATS_NONCENTRAL_H

/*
 * Upper tails of the noncentral t and F: what a test statistic does when there is an effect.  GSL
 * has neither; and its central F gives up from some 10^5 degrees of freedom on.
 */

#include "stats/result.h"

/* P(T > t), T = (Z + shift) / sqrt(chi-square / df): df > 0 need not be whole; t, shift finite. */
MUST_CHECK enum reason noncentral_t_tail(double t, double df, double shift, double *tail);

/* P(F > f) with noncentrality `shift` >= 0 (the sum of squared means in standard errors). */
MUST_CHECK enum reason noncentral_f_tail(double f, double df_numerator, double df_denominator,
                                         double shift, double *tail);

/* The central F: P(F > f), and the f whose upper tail is alpha in (0, 1). */
MUST_CHECK enum reason f_tail(double f, double df_numerator, double df_denominator, double *tail);
MUST_CHECK enum reason f_critical(double alpha, double df_numerator, double df_denominator,
                                  double *f);

#endif
