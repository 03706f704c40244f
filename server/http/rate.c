/* Implementation of rate.h. */

#include "rate.h"

#include "base/number.h"
#include "base/random.h"

#include <stdatomic.h>
#include <stdlib.h>

#define SECOND_NS ((int64_t)1000 * 1000 * 1000)
#define RESERVE_NS SECOND_NS

/* Tag 0: never used.  `full_ns` is on the monotonic clock. */
struct bucket {
    _Atomic uint64_t tag;
    _Atomic int64_t full_ns;
};

struct rate {
    int64_t step_ns; /* what one request costs */
    uint64_t seed;   /* so that nobody can choose addresses that share a set */
    struct bucket buckets[RATE_SLOTS];
};

enum status rate_parse(const char *text, int64_t *per_second, struct error *error)
{
    struct slice number = slice_of(text);
    if (slice_ends_with(number, SLICE("/s")))
        number.size -= 2;
    int64_t value;
    if (!integer_parse(number, &value) || value < 0 || value > RATE_MAX)
        return FAIL(error, STATUS_INVALID, "--rate-limit", 0,
                    "requests a second are 0 (no limit) to %d, as in 1000/s; not '%s'", RATE_MAX,
                    text);
    *per_second = value;
    return STATUS_OK;
}

enum status rate_new(int64_t per_second, struct rate **rate, struct error *error)
{
    struct rate *made = calloc(1, sizeof *made);
    if (!made)
        return FAIL(error, STATUS_NO_MEMORY, "", 0, "no memory for the rate limits");
    made->step_ns = SECOND_NS / per_second;
    enum status status = random_bytes(&made->seed, sizeof made->seed, error);
    if (status)
        free(made);
    else
        *rate = made;
    return status;
}

void rate_free(struct rate *rate)
{
    free(rate);
}

/* SplitMix64's finaliser over what is told apart; never 0. */
static uint64_t tag_of(const struct rate *rate, struct slice name, const struct ip *ip)
{
    struct random mix = {.state = rate->seed};
    uint64_t parts[2];
    memcpy(parts, ip->bytes, sizeof parts);
    if (!ip_is_four(ip))
        parts[1] = 0;
    for (size_t i = 0; i < 2; i++)
        mix.state = random_next(&mix) ^ parts[i];
    for (size_t i = 0; i < name.size; i++)
        mix.state = random_next(&mix) ^ (unsigned char)name.data[i];
    uint64_t tag = random_next(&mix);
    return tag ? tag : 1;
}

static int64_t bucket_full(struct bucket *bucket)
{
    return atomic_load_explicit(&bucket->full_ns, memory_order_relaxed);
}

/* The bucket with that tag, or NULL; *oldest becomes the one to take over. */
static struct bucket *bucket_find(struct rate *rate, uint64_t tag, struct bucket **oldest)
{
    struct bucket *set = &rate->buckets[tag % (RATE_SLOTS / RATE_WAYS) * RATE_WAYS];
    *oldest = set;
    for (size_t i = 0; i < RATE_WAYS; i++) {
        if (atomic_load_explicit(&set[i].tag, memory_order_relaxed) == tag)
            return &set[i];
        if (bucket_full(&set[i]) < bucket_full(*oldest))
            *oldest = &set[i];
    }
    return NULL;
}

/* Another worker may take the same one over at this moment: its client then begins with the debt
 * of ours, or ours with its; a request or two, and never past the limit. */
static struct bucket *bucket_take_over(struct bucket *bucket, uint64_t tag, int64_t now_ns)
{
    atomic_store_explicit(&bucket->full_ns, now_ns, memory_order_relaxed);
    atomic_store_explicit(&bucket->tag, tag, memory_order_relaxed);
    return bucket;
}

bool rate_take(struct rate *rate, struct slice name, const struct ip *ip, int64_t now_us)
{
    int64_t now_ns = now_us * 1000;
    uint64_t tag = tag_of(rate, name, ip);
    struct bucket *oldest;
    struct bucket *bucket = bucket_find(rate, tag, &oldest);
    if (!bucket)
        bucket = bucket_take_over(oldest, tag, now_ns);
    int64_t full_ns = bucket_full(bucket);
    for (;;) {
        int64_t next_ns = (full_ns > now_ns ? full_ns : now_ns) + rate->step_ns;
        if (next_ns > now_ns + RESERVE_NS)
            return false;
        if (atomic_compare_exchange_weak_explicit(&bucket->full_ns, &full_ns, next_ns,
                                                  memory_order_relaxed, memory_order_relaxed))
            return true;
    }
}

bool rate_has_room(struct rate *rate, struct slice name, const struct ip *ip, int64_t now_us)
{
    struct bucket *oldest;
    struct bucket *bucket = bucket_find(rate, tag_of(rate, name, ip), &oldest);
    return !bucket || bucket_full(bucket) + rate->step_ns <= now_us * 1000 + RESERVE_NS;
}
