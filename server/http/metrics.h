#ifndef HTTP_METRICS_H
#define HTTP_METRICS_H

/*
 * What a worker counts.  Only the worker's thread adds; anybody may read.  So adding is a load and
 * a store, without a locked instruction, and a reader sees each number whole, if not all of one
 * moment.
 */

#include "ingest/intake.h"
#include "routes.h"

#include <stdatomic.h>

typedef _Atomic uint64_t counter;

#define METRICS_CODES_MAX 32
#define DURATION_BUCKETS 14

struct metrics {
    counter requests[ROUTES_MAX + 1][METRICS_CODES_MAX]; /* the last row: no route */
    counter durations[DURATION_BUCKETS + 1];             /* not cumulative; the last: longer */
    counter duration_sum_us;
    counter accepted, duplicates, rejected;
    counter rejected_by[REJECTION_COUNT];
};

extern const double duration_bounds[DURATION_BUCKETS]; /* seconds */

static inline void counter_add(counter *counted, uint64_t more)
{
    uint64_t value = atomic_load_explicit(counted, memory_order_relaxed);
    atomic_store_explicit(counted, value + more, memory_order_relaxed);
}
static inline uint64_t counter_read(const counter *counted)
{
    return atomic_load_explicit(counted, memory_order_relaxed);
}

/* One answer: the row of its route in `table` (NULL: none), its status, how long it took. */
void metrics_count(struct metrics *metrics, const struct route *table, const struct route *route,
                   int status, int64_t duration_us);
/* The status counted in column `index`, 0 past the last. */
int metrics_code(size_t index);

#endif
