#ifndef STATS_COX_H
#define STATS_COX_H

/*
 * Cox's model with one binary covariate, the variant: the hazard ratio treatment : control, one
 * number for all times, and the test whether one number will do.  An extra, not a headline.
 *
 * Above 1 the treatment reaches the event sooner.  The two tables are aligned as survival.h says.
 * Competing ends count as censored: the ratio is of cause-specific hazards.
 */

#include "stats/chi_square.h"
#include "stats/survival.h"

enum cox_ties {
    COX_EFRON,  /* tied events leave one after the other, on average */
    COX_BRESLOW /* tied events leave together */
};

struct cox_pair {
    struct life_table treatment, control;
};

/* At hazard ratio 1; exists wherever there are events. */
struct cox_null {
    double log_likelihood;
    double score;       /* derivative by the log ratio */
    double information; /* minus the second derivative, > 0 */
};

struct cox {
    double log_ratio, se;
    double log_likelihood;
    struct cox_null null;
};

/* NO_UNITS, NO_EVENTS; NO_VARIATION when no event happened with both variants at risk. */
MUST_CHECK enum reason cox_null_of(const struct cox_pair *pair, enum cox_ties ties,
                                   struct cox_null *null);

/* The maximum.  Beside the reasons of cox_null_of: NOT_FINITE when the ratio is 0 or infinite,
 * because one variant has no event while the other is at risk. */
MUST_CHECK enum reason cox_fit(const struct cox_pair *pair, enum cox_ties ties, struct cox *cox);

/* The hazard ratio's interval, exp(log ratio +- z se); NOT_FINITE. */
MUST_CHECK enum reason cox_interval(const struct cox *cox, double alpha, struct interval *interval);

/* Three tests of ratio 1: Wald's z, the likelihood ratio and the score on one degree of freedom. */
MUST_CHECK enum reason cox_wald_test(const struct cox *cox, struct test *test);
MUST_CHECK enum reason cox_likelihood_test(const struct cox *cox, struct chi_square *test);
MUST_CHECK enum reason cox_score_test(const struct cox_null *null, struct chi_square *test);

/* Do the hazards stay proportional?  Score test (Efron ties) of a log ratio that moves with
 * 1 - S(t-), S of both variants together; small p: they do not.  NO_VARIATION when all informative
 * events fall at one time. */
MUST_CHECK enum reason cox_proportional(const struct cox_pair *pair, const struct cox *cox,
                                        struct chi_square *test);

#endif
