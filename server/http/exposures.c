/*
 * Implementation of exposures.h: a ring of keys in the order of coming, and a hash table of places
 * in it (open addressing, linear probing, at most half full, deletion by moving back).  The keys
 * are digests, so their first bytes are a good hash.
 */

#include "exposures.h"

#include <stdlib.h>

struct exposures {
    size_t kept;
    size_t count;         /* ever added */
    size_t mask;          /* size of the table less one */
    struct hash128 *ring; /* kept */
    uint32_t *table;      /* 1 + place in the ring; 0: free */
};

struct exposures *exposures_new(size_t kept)
{
    struct exposures *exposures = calloc(1, sizeof *exposures);
    size_t size = 2;
    while (size < 2 * kept)
        size *= 2;
    if (!exposures)
        return NULL;
    exposures->kept = kept;
    exposures->mask = size - 1;
    exposures->ring = calloc(kept, sizeof *exposures->ring);
    exposures->table = calloc(size, sizeof *exposures->table);
    if (exposures->ring && exposures->table)
        return exposures;
    exposures_free(exposures);
    return NULL;
}

void exposures_free(struct exposures *exposures)
{
    if (!exposures)
        return;
    free(exposures->ring);
    free(exposures->table);
    free(exposures);
}

static size_t home_of(const struct exposures *exposures, const struct hash128 *key)
{
    uint64_t bits;
    memcpy(&bits, key->bytes, sizeof bits);
    return (size_t)bits & exposures->mask;
}

/* Where the key is in the table, or the free place where it would go. */
static size_t place_of(const struct exposures *exposures, const struct hash128 *key)
{
    size_t at = home_of(exposures, key);
    while (exposures->table[at] &&
           hash128_compare(&exposures->ring[exposures->table[at] - 1], key) != 0)
        at = (at + 1) & exposures->mask;
    return at;
}

bool exposures_has(const struct exposures *exposures, const struct hash128 *key)
{
    return exposures->table[place_of(exposures, key)] != 0;
}

/* Frees a place and moves back those behind it that would not be found any more. */
static void table_remove(struct exposures *exposures, size_t hole)
{
    size_t at = hole;
    for (;;) {
        at = (at + 1) & exposures->mask;
        if (!exposures->table[at])
            break;
        size_t home = home_of(exposures, &exposures->ring[exposures->table[at] - 1]);
        size_t from_home = (at - home) & exposures->mask;
        size_t from_hole = (at - hole) & exposures->mask;
        if (from_home < from_hole)
            continue;
        exposures->table[hole] = exposures->table[at];
        hole = at;
    }
    exposures->table[hole] = 0;
}

void exposures_add(struct exposures *exposures, const struct hash128 *key)
{
    if (exposures_has(exposures, key))
        return;
    size_t slot = exposures->count % exposures->kept;
    if (exposures->count >= exposures->kept)
        table_remove(exposures, place_of(exposures, &exposures->ring[slot]));
    exposures->ring[slot] = *key;
    exposures->table[place_of(exposures, key)] = (uint32_t)slot + 1;
    exposures->count++;
}
