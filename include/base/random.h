#ifndef BASE_RANDOM_H
#define BASE_RANDOM_H

/* Chance: from the kernel where it must not be guessed, from a seed where it must be repeated. */

#include "base/slice.h"
#include "base/status.h"

MUST_CHECK enum status random_bytes(void *bytes, size_t size, struct error *error);

/* SplitMix64 (Steele, Lea, Flood 2014): equal seeds give equal streams on every machine. */
struct random {
    uint64_t state;
};
uint64_t random_next(struct random *random);
double random_uniform(struct random *random);                 /* [0, 1), 53 bits */
uint64_t random_below(struct random *random, uint64_t bound); /* [0, bound), unbiased; bound > 0 */
/* How many of `count` succeed with that chance: exactly binomial, at a cost that does not grow with
 * `count`. */
uint64_t random_binomial(struct random *random, uint64_t count, double chance);

#endif
