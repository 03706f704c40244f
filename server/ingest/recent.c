/* Implementation of recent.h. */

#include "recent.h"

#include <stdlib.h>

#define SETS ((size_t)1 << 17)
#define PLACES 16

struct pair {
    uint64_t high, low; /* both 0: free */
};

struct set {
    struct pair places[PLACES];
};

struct recent {
    struct set *sets;      /* SETS of them, owned; zeroed by the kernel, so resident only as used */
    unsigned char *oldest; /* of each set, the place that gives way next; owned */
};

struct recent *recent_new(void)
{
    struct recent *recent = calloc(1, sizeof *recent);
    if (!recent)
        return NULL;
    recent->sets = calloc(SETS, sizeof *recent->sets);
    recent->oldest = calloc(SETS, sizeof *recent->oldest);
    if (recent->sets && recent->oldest)
        return recent;
    recent_free(recent);
    return NULL;
}

void recent_free(struct recent *recent)
{
    if (!recent)
        return;
    free(recent->sets);
    free(recent->oldest);
    free(recent);
}

static bool is_none(const struct hash128 *key)
{
    static const struct hash128 none = {.bytes = {0}};
    return hash128_compare(key, &none) == 0;
}

/* Halves crosswise, so that equal keys do not cancel an equal content. */
static struct pair pair_of(const struct hash128 *key, const struct hash128 *content)
{
    uint64_t keys[2];
    uint64_t contents[2];
    memcpy(keys, key->bytes, sizeof keys);
    memcpy(contents, content->bytes, sizeof contents);
    return (struct pair){.high = keys[0] ^ contents[1], .low = keys[1] ^ contents[0]};
}

bool recent_meets(struct recent *recent, const struct hash128 *message_key,
                  const struct hash128 *content)
{
    if (!recent || is_none(message_key))
        return false;
    struct pair pair = pair_of(message_key, content);
    size_t index = (size_t)(pair.low % SETS);
    struct set *set = &recent->sets[index];
    if (pair.high == 0 && pair.low == 0)
        return false;
    for (size_t i = 0; i < PLACES; i++)
        if (set->places[i].high == pair.high && set->places[i].low == pair.low)
            return true;
    set->places[recent->oldest[index]] = pair;
    recent->oldest[index] = (unsigned char)((recent->oldest[index] + 1) % PLACES);
    return false;
}
