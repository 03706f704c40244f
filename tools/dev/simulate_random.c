/*
 * The random source of the simulations: xoshiro256** (Blackman, Vigna 2018), its 256 bits filled by
 * splitmix64 (Steele, Lea, Flood 2014) as its authors advise.
 *
 * A source of our own, because a replicate has to start from its own seed at once: the state is 32
 * bytes, where that of GSL's default generator takes 5 000 to fill.
 */

#include "simulate.h"

#include <stdint.h>

struct xoshiro {
    uint64_t words[4];
};

static uint64_t splitmix(uint64_t *state)
{
    uint64_t z = (*state += UINT64_C(0x9e3779b97f4a7c15));
    z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
    return z ^ (z >> 31);
}

static uint64_t rotate(uint64_t word, int bits)
{
    return (word << bits) | (word >> (64 - bits));
}

static void xoshiro_set(void *state, unsigned long seed)
{
    struct xoshiro *xoshiro = state;
    uint64_t mixed = seed;
    for (size_t i = 0; i < 4; i++)
        xoshiro->words[i] = splitmix(&mixed);
}

static unsigned long xoshiro_get(void *state)
{
    uint64_t *s = ((struct xoshiro *)state)->words;
    uint64_t result = rotate(s[1] * 5, 7) * 9, shifted = s[1] << 17;
    s[2] ^= s[0];
    s[3] ^= s[1];
    s[1] ^= s[2];
    s[0] ^= s[3];
    s[2] ^= shifted;
    s[3] = rotate(s[3], 45);
    return result;
}

static double xoshiro_get_double(void *state)
{
    return (double)(xoshiro_get(state) >> 11) * 0x1p-53;
}

static const gsl_rng_type xoshiro_type = {.name = "xoshiro256**",
                                          .max = UINT64_MAX,
                                          .min = 0,
                                          .size = sizeof(struct xoshiro),
                                          .set = xoshiro_set,
                                          .get = xoshiro_get,
                                          .get_double = xoshiro_get_double};
const gsl_rng_type *simulate_random_type = &xoshiro_type;

void simulate_seed(gsl_rng *random, const char *name, unsigned replicate)
{
    uint64_t mixed = SIMULATE_SEED;
    for (const char *byte = name; *byte; byte++) {
        mixed ^= (unsigned char)*byte;
        mixed = splitmix(&mixed);
    }
    mixed ^= replicate;
    gsl_rng_set(random, splitmix(&mixed));
}
