/*
 * Chance: getrandom(2), and SplitMix64 with the constants of its authors' reference code.
 *
 * Binomial draws: where few are expected, the gaps between successes (Devroye 1986, X.4.3), else
 * transformed rejection with a squeeze (Hörmann, "The generation of binomial random variates",
 * Journal of Statistical Computation and Simulation 46, 1993: BTRS).
 */

#include "base/random.h"

#include <assert.h>
#include <errno.h>
#include <math.h>
#include <sys/random.h>

enum status random_bytes(void *bytes, size_t size, struct error *error)
{
    unsigned char *to = bytes;
    while (size) {
        ssize_t got = getrandom(to, size, 0);
        if (got < 0 && errno == EINTR)
            continue;
        if (got <= 0)
            return FAIL(error, STATUS_STORAGE, "getrandom", 0, "%s", strerror(errno));
        to += got;
        size -= (size_t)got;
    }
    return STATUS_OK;
}

uint64_t random_next(struct random *random)
{
    uint64_t z = random->state += UINT64_C(0x9e3779b97f4a7c15);
    z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
    return z ^ (z >> 31);
}

double random_uniform(struct random *random)
{
    return (double)(random_next(random) >> 11) * 0x1p-53;
}

uint64_t random_below(struct random *random, uint64_t bound)
{
    assert(bound > 0);
    uint64_t surplus = -bound % bound; /* 2^64 mod bound: the draws that would favour the low */
    uint64_t draw;
    do
        draw = random_next(random);
    while (draw < surplus);
    return draw % bound;
}

#define GAPS_EXPECTED_MAX 10.0

static uint64_t binomial_by_gaps(struct random *random, uint64_t count, double chance)
{
    double failure = log1p(-chance);
    double left = (double)count;
    uint64_t successes = 0;
    if (!(failure < 0))
        return 0;
    for (;;) {
        left -= floor(log1p(-random_uniform(random)) / failure) + 1;
        if (left < 0)
            return successes;
        successes++;
    }
}

static double log_factorial(double number)
{
    int sign;
    return lgamma_r(number + 1, &sign);
}

/* chance <= 1/2 and at least GAPS_EXPECTED_MAX are expected. */
static uint64_t binomial_by_rejection(struct random *random, uint64_t count, double chance)
{
    double n = (double)count, spread = sqrt(n * chance * (1 - chance));
    double b = 1.15 + 2.53 * spread, a = -.0873 + .0248 * b + .01 * chance;
    double centre = n * chance + .5, squeeze = .92 - 4.2 / b;
    double scale = (2.83 + 5.1 / b) * spread, odds = log(chance / (1 - chance));
    double mode = floor((n + 1) * chance);
    double height = log_factorial(mode) + log_factorial(n - mode);
    for (;;) {
        double u = random_uniform(random) - .5, v = 1 - random_uniform(random);
        double edge = .5 - fabs(u), k = floor((2 * a / edge + b) * u + centre);
        if (k < 0 || k > n)
            continue;
        if (edge >= .07 && v <= squeeze)
            return (uint64_t)k;
        double level = log(v * scale / (a / (edge * edge) + b));
        if (level <= height - log_factorial(k) - log_factorial(n - k) + (k - mode) * odds)
            return (uint64_t)k;
    }
}

uint64_t random_binomial(struct random *random, uint64_t count, double chance)
{
    if (!(chance > 0) || !count)
        return 0;
    if (chance >= 1)
        return count;
    if (chance > .5)
        return count - random_binomial(random, count, 1 - chance);
    return (double)count * chance < GAPS_EXPECTED_MAX
               ? binomial_by_gaps(random, count, chance)
               : binomial_by_rejection(random, count, chance);
}
