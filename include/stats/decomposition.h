#ifndef STATS_DECOMPOSITION_H
#define STATS_DECOMPOSITION_H

/*
 * Why did a rate change between two periods: because other units came (mix), or because the same
 * kind of unit behaved otherwise (within)?  The two parts add up to the change, over the values of
 * a segment and in total.
 */

#include "stats/result.h"

#include <stddef.h>

/* One segment value in one period. */
struct mix_rate {
    double units;    /* >= 0; the share is units / all units of the period */
    double rate;     /* any mean, not only a share; not read when units is 0 */
    double variance; /* of `rate`, >= 0; p(1-p)/n for a share */
};

struct mix_value {
    struct mix_rate before, after;
};

struct mix_part {
    double value, se;
};

struct decomposition {
    struct mix_part within, mix, total; /* total.value = within.value + mix.value */
};

/* Fills `total`, and parts[i] for values[i] unless `parts` is NULL.  Sums of the parts are the
 * total to rounding; their standard errors do not add, because the shares compete.  A value that
 * one period lacks has the other period's rate there, so that its coming or going is mix.
 *
 * NO_UNITS when a period has none; INVALID on what is not finite or negative. */
MUST_CHECK enum reason decomposition_of(const struct mix_value *values, size_t count,
                                        struct decomposition *total, struct decomposition *parts);

#endif
