#ifndef STATS_TWO_SAMPLE_H
#define STATS_TWO_SAMPLE_H

/*
 * Two independent variants, each with an estimate and the variance of that estimate: their
 * difference, their log ratio, and Fieller's interval of their lift.
 *
 * Means, ratios, scores and cluster shares differ in how a struct variant_value is made, and in
 * nothing after that.
 */

#include "stats/estimate.h"

struct variant_value {
    double units;    /* analysed: what the planned size counts */
    double value;    /* finite */
    double variance; /* of `value`, >= 0 */
    double weight;   /* what the variance is expected to be in proportion to: the variance itself
                        (Welch), or that of a working model (CR2); > 0 where the variance is */
    double df;       /* of the variance; > 0 */
};

/* treatment - control, se^2 the sum of the variances, df by Satterthwaite; `planned` is N*, > 0.
 * NO_VARIATION when both variances are 0. */
MUST_CHECK enum reason two_sample_difference(const struct variant_value *treatment,
                                             const struct variant_value *control, double planned,
                                             struct estimate *estimate);

/* ln(treatment / control) by the delta method.  NEAR_ZERO unless both are > 0. */
MUST_CHECK enum reason two_sample_lift(const struct variant_value *treatment,
                                       const struct variant_value *control, double planned,
                                       struct estimate *estimate);

/* Satterthwaite's df of c1 variance1 + c0 variance0; 0 (normal) when both terms are 0. */
double two_sample_df(const struct variant_value *treatment, double c1,
                     const struct variant_value *control, double c0);

/* Fieller's interval of treatment / control - 1: every lift that the test of
 * treatment - (1 + lift) control keeps at |statistic| <= critical.  NEAR_ZERO where that set is
 * unbounded, that is, where the control does not differ from 0 by the same test. */
MUST_CHECK enum reason two_sample_fieller(const struct variant_value *treatment,
                                          const struct variant_value *control, double critical,
                                          struct interval *interval);

/* The same at alpha with the t of the difference, so that the interval excludes 0 exactly when the
 * interval of the difference does. */
MUST_CHECK enum reason two_sample_fieller_t(const struct variant_value *treatment,
                                            const struct variant_value *control, double alpha,
                                            struct interval *interval);

/* The lift itself and its standard error by the delta method without the log: symmetric, and poor
 * when the control's own error passes a tenth of it.  For comparison with tools that show it.
 * NEAR_ZERO when the control is 0. */
MUST_CHECK enum reason two_sample_delta_lift(const struct variant_value *treatment,
                                             const struct variant_value *control, double *lift,
                                             double *se);

#endif
