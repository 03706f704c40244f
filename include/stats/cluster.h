#ifndef STATS_CLUSTER_H
#define STATS_CLUSTER_H

/*
 * Accounts of several members each: how many of them are active?
 *
 * Two estimands, never to be confused: the pooled share of members (big accounts weigh more), and
 * the mean of the accounts' own shares (each account weighs the same).  Both are analysed by
 * account, the unit that was randomised.
 *
 * Accounts without members are counted, and carry no information about either.
 */

#include "stats/sums.h"
#include "stats/two_sample.h"

#include <stdbool.h>
#include <stddef.h>

/* All accounts of one size: how many, the sum of their y (members that did it) and of y^2. */
struct cluster_size {
    uint64_t size; /* members; rising from one to the next */
    uint64_t accounts;
    int128 y, yy;
};

/* The accounts of one variant by size, 0 included; the caller's array. */
struct cluster {
    const struct cluster_size *sizes;
    size_t count;
    double step; /* of y, where it is no count; 0 stands for 1 */
};

/* What there is, before any estimate.  INVALID when sizes are out of order or sums overflow. */
struct cluster_totals {
    uint64_t accounts; /* with members: G */
    uint64_t empty;    /* without */
    uint64_t members;  /* M */
};
MUST_CHECK enum reason cluster_totals(const struct cluster *cluster, struct cluster_totals *totals);

/* How the pooled share's variance is formed. */
enum cluster_method {
    CLUSTER_DELTA, /* df accounts - 1 */
    CLUSTER_CR2    /* bias-reduced, Satterthwaite df: small samples */
};

/* Below this many accounts in a variant a reader is warned, and CR2 is taken. */
#define CLUSTER_ACCOUNTS_FEW 20

/* The method for a comparison of the two: CR2 when either is small.  `control` may be NULL. */
enum cluster_method cluster_method(const struct cluster *treatment, const struct cluster *control);

/* The pooled share, and the mean of shares, alone.  NO_UNITS without accounts with members. */
MUST_CHECK enum reason cluster_pooled_share(const struct cluster *cluster, double *share);
MUST_CHECK enum reason cluster_mean_share(const struct cluster *cluster, double *share);

/* The same with their variances, which may be 0.  TOO_FEW with one account with members. */
MUST_CHECK enum reason cluster_pooled(const struct cluster *cluster, enum cluster_method method,
                                      struct variant_value *value);
MUST_CHECK enum reason cluster_mean(const struct cluster *cluster, struct variant_value *value);

/* The pooled share's variance with divisor G in place of G - 1: the sandwich CR0. */
MUST_CHECK enum reason cluster_cr0(const struct cluster *cluster, double *variance);

/* The variance of the pooled share if members were independent, R(1 - R)/M, and the design effect:
 * the delta variance over that.  NO_VARIATION unless R is inside (0, 1). */
MUST_CHECK enum reason cluster_naive_variance(const struct cluster *cluster, double *variance);
MUST_CHECK enum reason cluster_design_effect(const struct cluster *cluster, double *effect);

/* y, and members, per account, empty accounts included. */
MUST_CHECK enum reason cluster_y_sums(const struct cluster *cluster, struct sums *sums);
MUST_CHECK enum reason cluster_size_sums(const struct cluster *cluster, struct sums *sums);

#endif
