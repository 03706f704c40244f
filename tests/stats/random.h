#ifndef TESTS_STATS_RANDOM_H
#define TESTS_STATS_RANDOM_H

/*
 * Reproducible inputs for property tests: splitmix64 (Steele, Lea, Flood 2014), so that a seed
 * means the same inputs on every machine.
 */

#include <math.h>
#include <stdint.h>

struct random {
    uint64_t state;
};

static inline uint64_t random_next(struct random *random)
{
    uint64_t z = (random->state += 0x9e3779b97f4a7c15);
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
    z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
    return z ^ (z >> 31);
}

/* Inside (0, 1). */
static inline double random_unit(struct random *random)
{
    return ((double)(random_next(random) >> 11) + .5) * 0x1p-53;
}

/* Within [low, high], uniform on the log scale; low > 0. */
static inline double random_log(struct random *random, double low, double high)
{
    return low * exp(random_unit(random) * log(high / low));
}

/* Standard normal, by Box and Muller. */
static inline double random_normal(struct random *random)
{
    double radius = sqrt(-2 * log(random_unit(random)));
    return radius * cos(6.283185307179586 * random_unit(random));
}

#endif
