/*
 * Which bucket an id falls into: the hash and the ranges of the GrowthBook SDKs, so that a unit
 * gets the same variant here, in a browser, and in any other SDK.
 *
 * The hash is 32-bit FNV-1a, but of UTF-16 code units, not of bytes: what a JavaScript engine
 * sees in charCodeAt.  Ids are UTF-8 here and decoded as they are hashed.  A code point beyond
 * U+FFFF is two units.
 *
 *   version 1   fnv(id + seed) mod 1000 / 1000         namespaces and holdouts
 *   version 2   fnv(text of fnv(seed + id)) mod 10000 / 10000         experiments, rollouts
 *
 * Variant i owns [c, c + coverage * weight), half open, c being the sum of the weights before it:
 * the left end does not depend on the coverage, so raising the coverage moves nobody.
 *
 * Reference  Fowler, Noll, Vo: http://www.isthe.com/chongo/tech/comp/fnv; the cases that the SDKs
 *            share (tests/experiment/test_bucket.c reads them).
 */

#include "experiment/assign.h"

#define FNV_START UINT32_C(2166136261)
#define FNV_PRIME UINT32_C(16777619)

/* Weights whose sum is further from 1 are a mistake, and the SDKs then use equal ones. */
#define WEIGHTS_SUM_SLACK 0.01

static inline uint32_t fnv_unit(uint32_t hash, uint32_t unit)
{
    return (hash ^ unit) * FNV_PRIME;
}

/* Bytes that follow the first one of a code point; 0 for what cannot be a first byte. */
static unsigned follow_count(unsigned char byte)
{
    if (byte >= 0xf0)
        return 3;
    if (byte >= 0xe0)
        return 2;
    return byte >= 0xc0 ? 1 : 0;
}

static uint32_t fnv_code_point(uint32_t hash, uint32_t point)
{
    if (point < 0x10000)
        return fnv_unit(hash, point);
    point -= 0x10000;
    hash = fnv_unit(hash, 0xd800 + (point >> 10));
    return fnv_unit(hash, 0xdc00 + (point & 0x3ff));
}

/* Goes on with the code units of `text`.  Text that is no UTF-8 (callers have checked) has some
 * hash too, and nothing past its end is read. */
static uint32_t fnv_text(uint32_t hash, struct slice text)
{
    for (size_t i = 0; i < text.size;) {
        unsigned char byte = (unsigned char)text.data[i++];
        if (byte < 0x80) {
            hash = fnv_unit(hash, byte);
            continue;
        }
        unsigned follow = follow_count(byte);
        uint32_t point = byte & (0x3fu >> follow);
        for (; follow && i < text.size; follow--)
            point = point << 6 | ((unsigned char)text.data[i++] & 0x3fu);
        hash = fnv_code_point(hash, point);
    }
    return hash;
}

/* The hash of the decimal text.  Digits by two independent halves: they are ready before the hash,
 * in which each step waits for the one before, asks for them. */
static uint32_t fnv_decimal(uint32_t number)
{
    uint32_t high = number / 100000, low = number % 100000;
    const uint32_t digits[10] = {
        high / 10000, high / 1000 % 10, high / 100 % 10, high / 10 % 10, high % 10,
        low / 10000,  low / 1000 % 10,  low / 100 % 10,  low / 10 % 10,  low % 10,
    };
    size_t first = 0;
    while (first < 9 && digits[first] == 0)
        first++;

    uint32_t hash = FNV_START;
    for (; first < 10; first++)
        hash = fnv_unit(hash, '0' + digits[first]);
    return hash;
}

uint32_t bucket_fnv1a(struct slice first, struct slice second)
{
    return fnv_text(fnv_text(FNV_START, first), second);
}

double bucket_version1(struct slice seed, struct slice id)
{
    return bucket_fnv1a(id, seed) % 1000 / 1000.0;
}

double bucket_version2(struct slice seed, struct slice id)
{
    return fnv_decimal(bucket_fnv1a(seed, id)) % 10000 / 10000.0;
}

double bucket_of_rollout(struct slice salt, struct slice id)
{
    uint32_t hash = fnv_text(fnv_text(FNV_START, salt), SLICE(":rollout"));
    return fnv_decimal(fnv_text(hash, id)) % 10000 / 10000.0;
}

static bool weights_usable(size_t count, const double *weights)
{
    if (!weights)
        return false;
    double sum = 0;
    for (size_t i = 0; i < count; i++)
        sum += weights[i];
    return sum >= 1 - WEIGHTS_SUM_SLACK && sum <= 1 + WEIGHTS_SUM_SLACK;
}

void bucket_ranges(size_t count, double coverage, const double *weights,
                   struct bucket_range *ranges)
{
    bool usable = weights_usable(count, weights);
    double low = 0;
    coverage = coverage < 0 ? 0 : coverage > 1 ? 1 : coverage;
    for (size_t i = 0; i < count; i++) {
        double weight = usable ? weights[i] : 1 / (double)count;
        ranges[i] = (struct bucket_range){.low = low, .high = low + coverage * weight};
        low += weight;
    }
}

int bucket_choose(double bucket, const struct bucket_range *ranges, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (bucket >= ranges[i].low && bucket < ranges[i].high)
            return (int)i;
    return -1;
}

bool bucket_in_namespace(struct slice id, struct slice group, double low, double high)
{
    double bucket = bucket_of_namespace(id, group);
    return bucket >= low && bucket < high;
}

double bucket_of_namespace(struct slice id, struct slice group)
{
    uint32_t hash = fnv_text(fnv_text(FNV_START, id), SLICE("__"));
    return fnv_text(hash, group) % 1000 / 1000.0;
}

bool bucket_in_holdout(struct slice id, struct slice group, double share)
{
    return bucket_of_holdout(id, group) < share;
}

double bucket_of_holdout(struct slice id, struct slice group)
{
    uint32_t hash = fnv_text(fnv_text(FNV_START, id), SLICE("__holdout:"));
    return fnv_text(hash, group) % 1000 / 1000.0;
}
