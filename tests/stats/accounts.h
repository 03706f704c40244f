#ifndef TESTS_STATS_ACCOUNTS_H
#define TESTS_STATS_ACCOUNTS_H

/* Accounts one by one, grouped by size as the cube keeps them. */

#include "stats/cluster.h"

#include <stdlib.h>

#define ACCOUNTS_MAX 256

struct account {
    uint64_t size;
    int64_t active;
};

struct accounts {
    struct cluster_size sizes[ACCOUNTS_MAX];
    struct cluster cluster;
};

static inline int account_order(const void *left, const void *right)
{
    const struct account *a = left, *b = right;
    return (a->size > b->size) - (a->size < b->size);
}

/* Each account `times` over; the list is put in order. */
static inline const struct cluster *accounts_group(struct accounts *out, struct account *list,
                                                   size_t count, uint64_t times)
{
    size_t used = 0;
    qsort(list, count, sizeof *list, account_order);
    for (size_t i = 0; i < count; i++) {
        if (i == 0 || list[i].size != list[i - 1].size)
            out->sizes[used++] = (struct cluster_size){.size = list[i].size};
        struct cluster_size *at = &out->sizes[used - 1];
        at->accounts += times;
        at->y += (int128)list[i].active * (int128)times;
        at->yy += (int128)list[i].active * list[i].active * (int128)times;
    }
    out->cluster = (struct cluster){.sizes = out->sizes, .count = used};
    return &out->cluster;
}

#endif
