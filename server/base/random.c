/* Chance: getrandom(2), and SplitMix64 with the constants of its authors' reference code. */

#include "base/random.h"

#include <assert.h>
#include <errno.h>
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
