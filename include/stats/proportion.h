#ifndef STATS_PROPORTION_H
#define STATS_PROPORTION_H

/*
 * One rate, and the difference of two: counts in, estimate, interval and test out.
 *
 * The default for a difference is Miettinen and Nurminen's score statistic: the test at 0 and the
 * interval are made of the same score, so p < alpha exactly when the interval excludes 0.  The
 * difference is treatment - control; swapping the two mirrors everything.
 */

#include "stats/result.h"

#include <stdint.h>

/* successes <= units */
struct proportion {
    uint64_t successes;
    uint64_t units;
};

struct proportion_pair {
    struct proportion treatment, control;
};

/* NO_UNITS, or INVALID if successes > units; of a pair, the treatment's reason first. */
MUST_CHECK enum reason proportion_check(struct proportion rate);
MUST_CHECK enum reason proportion_pair_check(const struct proportion_pair *pair);

/* The variance of a score: with the factor N/(N-1) of Miettinen and Nurminen, or without it, which
 * makes Mee's interval of a difference and Koopman's of a ratio. */
enum score_variance { VARIANCE_UNBIASED, VARIANCE_PLAIN };

/* Wilson's score interval of one rate, inside [0, 1].  NO_UNITS; INVALID if successes > units. */
MUST_CHECK enum reason proportion_wilson(struct proportion rate, double alpha,
                                         struct interval *interval);

/* Wilson's interval with Yates' correction: the rates whose chi-square, lessened by half a unit,
 * is kept.  Conservative, as Clopper and Pearson's; what R's prop.test shows when not told. */
MUST_CHECK enum reason proportion_wilson_corrected(struct proportion rate, double alpha,
                                                   struct interval *interval);

/* treatment - control and its unpooled standard error, sqrt(sum p(1-p)/n), which may be 0.
 * NO_UNITS when either has none. */
MUST_CHECK enum reason proportion_difference(const struct proportion_pair *pair, double *difference,
                                             double *se);

/* Miettinen-Nurminen's score at the difference `null`, inside (-1, 1), two-sided.  The statistic
 * is positive when treatment - control is above `null`. */
MUST_CHECK enum reason proportion_score(const struct proportion_pair *pair, double null,
                                        struct test *test);

/* The same score, one-sided: a small p says that the difference is above `null` (SIDE_HIGH) or
 * below it (SIDE_LOW).  For non-inferiority, null is minus the margin. */
MUST_CHECK enum reason proportion_score_one_sided(const struct proportion_pair *pair, double null,
                                                  enum side side, struct test *test);

/* Every difference that the two-sided score test at alpha keeps; limits inside [-1, 1]. */
MUST_CHECK enum reason proportion_score_interval(const struct proportion_pair *pair, double alpha,
                                                 struct interval *interval);

/* Mee's interval: the same without the factor N/(N-1). */
MUST_CHECK enum reason proportion_mee_interval(const struct proportion_pair *pair, double alpha,
                                               struct interval *interval);

/* One limit with one-sided error alpha < .5: the lower (SIDE_LOW) or upper one. */
MUST_CHECK enum reason proportion_score_bound(const struct proportion_pair *pair, enum side side,
                                              double alpha, double *bound);

/* Newcombe's hybrid score interval of the difference: cheap, close to the score interval, but its
 * verdict may differ from the score p by a hair. */
MUST_CHECK enum reason proportion_newcombe(const struct proportion_pair *pair, double alpha,
                                           struct interval *interval);

/* The pooled z test of equal rates (the square root of the chi-square without correction).
 * NO_VARIATION when all units, or none, succeeded. */
MUST_CHECK enum reason proportion_pooled_z(const struct proportion_pair *pair, struct test *test);

#endif
