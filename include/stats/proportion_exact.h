#ifndef STATS_PROPORTION_EXACT_H
#define STATS_PROPORTION_EXACT_H

/*
 * Exact answers for few units: Clopper and Pearson's interval of one rate, Fisher's test of two and
 * the odds ratio that belongs to it.  Guaranteed at any n, and therefore conservative: offered
 * below 50 units a variant, where the score intervals of proportion.h have no such guarantee.
 */

#include "stats/proportion_ratio.h"

/* Clopper-Pearson, inside [0, 1]: each limit is the rate that would give so many successes, or
 * more (fewer), with chance alpha/2.  NO_UNITS; INVALID. */
MUST_CHECK enum reason proportion_clopper_pearson(struct proportion rate, double alpha,
                                                  struct interval *interval);

/* Fisher's exact test; the statistic of each is the treatment's successes. */
struct fisher {
    struct test two_sided; /* of all tables at most as likely as the observed (1 + 1e-7) */
    struct test higher;    /* p small: the treatment's rate is higher */
    struct test lower;
};

/* NO_UNITS when either variant has none.  Its time grows with the square root of the units. */
MUST_CHECK enum reason proportion_fisher(const struct proportion_pair *pair, struct fisher *fisher);

/* The odds ratio treatment / control under which the treatment's successes, given both margins, are
 * the expected ones: the conditional maximum likelihood estimate.  0 when they are as few as the
 * margins allow, infinite when as many (and not also as few). */
MUST_CHECK enum reason proportion_conditional_odds(const struct proportion_pair *pair,
                                                   struct ratio_value *odds);

/* Its exact interval: the odds ratios that each one-sided test at alpha/2 keeps. */
MUST_CHECK enum reason proportion_conditional_odds_interval(const struct proportion_pair *pair,
                                                            double alpha,
                                                            struct ratio_interval *interval);

#endif
