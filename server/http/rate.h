#ifndef HTTP_RATE_H
#define HTTP_RATE_H

/*
 * How often one may ask: N requests a second for each name of a key at each address, with a
 * second's worth in reserve.  IPv6 is counted by its /64, which is what one household or host has.
 *
 * One table for all workers, so that a limit means what it says however the connections of a client
 * fell to them, with no lock: a bucket is one number, the moment at which it will be full again
 * (the "virtual scheduling" form of a token bucket, ITU-T I.371: a request moves that moment on by
 * 1/N, and is refused when it lies more than a second ahead).  Two workers at one bucket settle by
 * compare-and-swap.
 *
 * The table never grows: RATE_SLOTS buckets in sets of RATE_WAYS.  A bucket that is full again is
 * as good as none and is taken over first; in a set where none is, the one that is nearest to it.
 * So who has very many addresses at once may win back allowance, never memory.
 */

#include "forwarded.h"

#define RATE_SLOTS 65536
#define RATE_WAYS 8
#define RATE_MAX 1000000

struct rate;

/* `N/s` or `N`: requests a second, 0 for no limit. */
MUST_CHECK enum status rate_parse(const char *text, int64_t *per_second, struct error *error);
MUST_CHECK enum status rate_new(int64_t per_second, struct rate **rate, struct error *error);
void rate_free(struct rate *rate); /* NULL is fine */

/* Any thread.  Counts one request at `now_us` (monotonic); false: over the limit, and nothing is
 * counted: within a second there is room again.  `name` is empty where there are no keys. */
bool rate_take(struct rate *rate, struct slice name, const struct ip *ip, int64_t now_us);
/* The same without counting. */
MUST_CHECK bool rate_has_room(struct rate *rate, struct slice name, const struct ip *ip,
                              int64_t now_us);

#endif
