#ifndef STATS_LOG_RANK_H
#define STATS_LOG_RANK_H

/*
 * The log-rank test: do two or more variants reach the event at the same rate at all times?
 *
 *     struct log_rank sums = {0};
 *     for each stratum (one, when not stratified)
 *         reason = log_rank_add(&sums, tables, 2, LOG_RANK_EQUAL);
 *     reason = log_rank_test(&sums, &test);
 *
 * tables[0] is the control.  Competing ends count as censored: the test is then of the
 * cause-specific hazards, and the report says so.
 */

#include "stats/chi_square.h"
#include "stats/survival.h"

enum log_rank_weight {
    LOG_RANK_EQUAL, /* rho 0: the log-rank test */
    LOG_RANK_PETO   /* rho 1: events weigh S(t-) of all variants together; early ones more */
};

/* Sums over event times and strata. */
struct log_rank {
    size_t groups;
    double observed[LIFE_TABLES_MAX], expected[LIFE_TABLES_MAX];
    double variance[LIFE_TABLES_MAX][LIFE_TABLES_MAX]; /* of observed, hypergeometric */
};

/* Adds one stratum; `sums` starts as {0} and keeps its number of groups.  A table without rows is a
 * group without units.  INVALID on a bad table or with fewer than 2 or too many groups. */
MUST_CHECK enum reason log_rank_add(struct log_rank *sums, const struct life_table *tables,
                                    size_t groups, enum log_rank_weight weight);

/* The test on one less degrees of freedom than groups with an expected event.  NO_EVENTS;
 * TOO_FEW with one group only; NO_VARIATION when the variance is 0 or singular. */
MUST_CHECK enum reason log_rank_test(const struct log_rank *sums, struct chi_square *test);

/* Two groups, signed: score = observed - expected of the treatment, positive when it reaches the
 * event sooner; z = score/sqrt(variance), and score/variance is Peto's one-step log hazard ratio.
 * estimate_of_log_rank in information.h carries it to the anytime layer. */
struct log_rank_score {
    double score;
    double variance; /* > 0; the information */
};

/* Reasons as log_rank_test; INVALID unless there are two groups. */
MUST_CHECK enum reason log_rank_score_of(const struct log_rank *sums, struct log_rank_score *score);

#endif
