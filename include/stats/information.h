#ifndef STATS_INFORMATION_H
#define STATS_INFORMATION_H

/*
 * Time to event under looks: the same anytime layer (estimate.h), run in information time.
 *
 * Units that are still waiting at a look tell more later, so units / N* is not the clock of these
 * kinds.  Their increments are independent in information: V of the log-rank, 1/s^2 of a mean or a
 * share.  The clock starts at the first look past the gate, where it is set to units / N* :
 *
 *     r_k = (I_k / I_0) (units_0 / N*)      I_0, units_0 of that first look, kept for all later
 *
 * Look by look, with T the end of each day and tables of all cohorts known then:
 *
 *     struct information first;                  set once, at the first look past the gate
 *     for each look k from there on
 *         restricted_mean_of for both variants, at the tau of the plan
 *         restricted_mean_difference, information_of_se     I_k
 *         information_ratio(&first, planned, I_k, &ratio)   r_k
 *         estimate_of_restricted_means(&treatment, &control, ratio, &estimate)
 *         estimate_anytime_interval, estimate_anytime_test, ... as for every other kind
 *
 * and the same with the log-rank score (I_k its variance, estimate_of_log_rank) or the share that
 * has reached the event by t (estimate_of_reached, estimate_of_incidence).
 */

#include "stats/estimate.h"
#include "stats/incidence.h"
#include "stats/kaplan_meier.h"
#include "stats/log_rank.h"

/* The first look past the gate. */
struct information {
    double information; /* V, or 1/s^2; > 0 */
    double units;       /* of the two variants, > 0 */
};

/* 1/s^2 of a difference; NO_VARIATION when se is 0. */
MUST_CHECK enum reason information_of_se(double se, double *information);

/* r of a look with `information` > 0; planned is N* > 0. */
MUST_CHECK enum reason information_ratio(const struct information *first, double planned,
                                         double information, double *ratio);

/* The log hazard ratio in one step (Peto): score/V with se 1/sqrt(V).  Positive: the treatment
 * reaches the event sooner.  Test of 0: the log-rank test.  Its interval is good near 0 and pulled
 * towards it far out (beyond a ratio of about 2): then show Cox's. */
MUST_CHECK enum reason estimate_of_log_rank(const struct log_rank_score *score, double ratio,
                                            struct estimate *estimate);

/* treatment - control of the restricted mean (or time without value): negative is faster. */
MUST_CHECK enum reason estimate_of_restricted_means(const struct restricted_mean *treatment,
                                                    const struct restricted_mean *control,
                                                    double ratio, struct estimate *estimate);

/* treatment - control of the share that has reached the event, 1 - S, at the same time. */
MUST_CHECK enum reason estimate_of_reached(const struct survival_point *treatment,
                                           const struct survival_point *control, double ratio,
                                           struct estimate *estimate);

/* The same where ends compete: the difference of the incidences. */
MUST_CHECK enum reason estimate_of_incidence(const struct incidence_point *treatment,
                                             const struct incidence_point *control, double ratio,
                                             struct estimate *estimate);

#endif
