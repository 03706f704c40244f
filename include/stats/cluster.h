#ifndef STATS_CLUSTER_H
#define STATS_CLUSTER_H

/*
 * Shares of members within accounts, where the account is what was randomised.
 */

#include "stats/sums.h"

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
};

#endif
