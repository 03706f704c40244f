#ifndef STATS_ASSOCIATION_H
#define STATS_ASSOCIATION_H

/*
 * Does activation go with retention?  A 2x2 table of units, or a score among those who came back
 * and those who did not.  An association inside one variant, not an effect: surrogate.h has what
 * experiments say about it.
 *
 * Landmark rule: activation is counted to a day, retention after it only.
 */

#include "stats/chi_square.h"
#include "stats/rank.h"

/* Activated in rows, retained in columns. */
struct two_by_two {
    uint64_t n11, n10; /* activated: retained, not */
    uint64_t n01, n00; /* not activated: retained, not */
};

/* The share retained among the activated and among the others.  NO_UNITS in that row. */
MUST_CHECK enum reason association_shares(const struct two_by_two *table, double *activated,
                                          double *others);

/* The correlation of the two, -1 to 1.  NO_UNITS; NO_VARIATION when a row or column is empty;
 * INVALID beyond 2^40 units. */
MUST_CHECK enum reason association_phi(const struct two_by_two *table, double *phi);

/* Its interval by Fisher's z; phi of 1 or -1 has itself.  TOO_FEW with 3 units or fewer. */
MUST_CHECK enum reason association_phi_interval(const struct two_by_two *table, double alpha,
                                                struct interval *interval);

/* Pearson's chi-square on one degree of freedom, without continuity correction. */
MUST_CHECK enum reason association_chi_square(const struct two_by_two *table,
                                              struct chi_square *test);

/* A ratio with its interval, formed on the log scale. */
struct association_ratio {
    double ratio, log_se;
    struct interval interval;
};

/* Share retained among the activated / among the others: ln +- z sqrt(1/x1 - 1/n1 + 1/x0 - 1/n0).
 * NO_UNITS when a row is empty, NO_EVENTS when one retained nobody. */
MUST_CHECK enum reason association_risk_ratio(const struct two_by_two *table, double alpha,
                                              struct association_ratio *ratio);

/* n11 n00 / (n10 n01), ln +- z sqrt(sum 1/n).  NO_EVENTS when a cell is empty. */
MUST_CHECK enum reason association_odds_ratio(const struct two_by_two *table, double alpha,
                                              struct association_ratio *ratio);

/* The chance that the score of one who came back is above that of one who did not, a tie counting
 * 1/2.  NO_UNITS when there are none of either kind. */
MUST_CHECK enum reason association_auc(const struct ranked *retained, const struct ranked *others,
                                       double *auc);

/* Its variance after DeLong; may be 0.  ONE_UNIT when there is one of a kind. */
MUST_CHECK enum reason association_auc_variance(const struct ranked *retained,
                                                const struct ranked *others, double *variance);

/* auc +- z se, held inside [0, 1]. */
MUST_CHECK enum reason association_auc_interval(const struct ranked *retained,
                                                const struct ranked *others, double alpha,
                                                struct interval *interval);

/* The scores of a table, 0 for not activated and 1 for activated: two samples for the above.  They
 * point into `units`, which the caller keeps. */
struct association_scores {
    uint64_t units[4];
    struct ranked retained, others;
};
void association_scores_of(const struct two_by_two *table, struct association_scores *scores);

#endif
