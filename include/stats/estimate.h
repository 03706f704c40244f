#ifndef STATS_ESTIMATE_H
#define STATS_ESTIMATE_H

/*
 * The one layer between an estimator and a report: from (estimate, standard error, information) to
 * every interval, p and guardrail bound, the same for every kind of metric.
 *
 * A kind makes a struct estimate, by one of the estimate_of functions; nothing after that asks
 * which kind it was.  A difference of rates carries its counts, because its fixed interval and test
 * are Miettinen and Nurminen's; all else is the normal, or t with df degrees of freedom.
 *
 * A log ratio goes through here as it is, with null 0, and lift_of_log carries its intervals to the
 * lift.  Each function stands alone: when one has no answer the others may.
 */

#include "stats/anytime.h"
#include "stats/lift.h"

#include <stdbool.h>

enum estimate_kind {
    ESTIMATE_NORMAL,      /* value, se, df */
    ESTIMATE_PROPORTIONS, /* the same from `counts`; the fixed interval and test by score */
};

struct estimate {
    enum estimate_kind kind;
    double value;                  /* treatment against control: a difference or a log ratio */
    double se;                     /* >= 0 */
    double df;                     /* 0: normal; else t, for the fixed and the anytime interval */
    double ratio;                  /* r = n / N*, or of informations; > 0 */
    struct proportion_pair counts; /* ESTIMATE_PROPORTIONS only */
};

/* `planned` is N*: the planned units of the two variants together; > 0. */
MUST_CHECK enum reason estimate_of_proportions(const struct proportion_pair *counts, double planned,
                                               struct estimate *estimate);

/* The log ratio of the same counts. */
MUST_CHECK enum reason estimate_of_lift(const struct proportion_pair *counts, double planned,
                                        struct estimate *estimate);

/* Any other estimate: se > 0, df >= 0, ratio > 0. */
MUST_CHECK enum reason estimate_of_value(double value, double se, double df, double ratio,
                                         struct estimate *estimate);

/* Fixed: two-sided interval at alpha, and the test of `null`. */
MUST_CHECK enum reason estimate_fixed_interval(const struct estimate *estimate, double alpha,
                                               struct interval *interval);
MUST_CHECK enum reason estimate_fixed_test(const struct estimate *estimate, double null,
                                           struct test *test);

/* Anytime: interval at alpha with w of the same alpha; p_now of `null` with w of the registered
 * level `alpha`.  p_now <= alpha exactly when the interval excludes the null. */
MUST_CHECK enum reason estimate_anytime_interval(const struct estimate *estimate, double alpha,
                                                 struct interval *interval);
MUST_CHECK enum reason estimate_anytime_test(const struct estimate *estimate, double null,
                                             double alpha, struct test *test);

/* Which effect harms a guardrail, and how much of it is borne. */
struct margin {
    enum side adverse; /* SIDE_LOW when higher is better */
    double size;       /* >= 0, on the scale of the estimate */
};

/* The bound on the adverse side with one-sided error alpha < .5: the guardrail passes when it lies
 * inside the margin. */
MUST_CHECK enum reason estimate_fixed_bound(const struct estimate *estimate, enum side side,
                                            double alpha, double *bound);
MUST_CHECK enum reason estimate_anytime_bound(const struct estimate *estimate, enum side side,
                                              double alpha, double *bound);

/* Whether a bound on the adverse side lies inside the margin, and whether a bound on the other side
 * shows harm (lies wholly on the adverse side of 0). */
bool margin_holds(struct margin margin, double adverse_bound);
bool margin_is_harmed(struct margin margin, double other_bound);

/* Non-inferiority: one-sided p that the effect is worse than the margin; small: not inferior.
 * The anytime one takes w of the registered one-sided level alpha < .5. */
MUST_CHECK enum reason estimate_non_inferiority(const struct estimate *estimate,
                                                struct margin margin, struct test *test);
MUST_CHECK enum reason estimate_anytime_non_inferiority(const struct estimate *estimate,
                                                        struct margin margin, double alpha,
                                                        struct test *test);

/* Harm: one-sided anytime p that the effect is not on the adverse side of 0. */
MUST_CHECK enum reason estimate_anytime_harm(const struct estimate *estimate, enum side adverse,
                                             double alpha, struct test *test);

#endif
