#ifndef STATS_WINNER_H
#define STATS_WINNER_H

/*
 * The winner's curse: an effect that is looked at because it crossed a boundary is too big.  Three
 * corrections, from the least to the most that is known:
 *
 *     winner_correct   |z| was above the boundary at one look: a filter by significance
 *     winner_stopped   it crossed at one of several looks, and the experiment then stopped
 *     winner_expected  what effects of ten and more past experiments say about this one
 *
 * A boundary is in standard errors, two-sided: the anytime c, or the z of a fixed test.
 */

#include "stats/shrinkage.h"

/* Effects before which nothing is said about what to expect. */
#define WINNER_PAST_MIN 10
#define WINNER_LOOKS_MAX 128

struct winner {
    double likely;            /* conditional maximum likelihood */
    double central;           /* median-unbiased; after a stop the mean of the likelihood */
    struct interval interval; /* conditional, at alpha */
};

/* `effect` passed a filter |estimate| > boundary se, boundary >= 0.  Equal-tailed interval.
 * INVALID when it did not. */
MUST_CHECK enum reason winner_correct(struct effect effect, double boundary, double alpha,
                                      struct winner *winner);

/* One planned look: information over that of the last one, rising to 1; boundary > 0. */
struct winner_look {
    double ratio, boundary;
};

/* The effect at look `stop`, the first to cross, of `count` looks planned until the horizon (the
 * last).  What is conditioned on is that it crosses at some look.  Interval by the likelihood
 * ratio.  INVALID when the effect is inside its look's boundary. */
MUST_CHECK enum reason winner_stopped(const struct winner_look *looks, size_t count, size_t stop,
                                      struct effect effect, double alpha, struct winner *winner);

/* shrinkage_by_past, from WINNER_PAST_MIN past effects on the same scale; TOO_FEW below. */
MUST_CHECK enum reason winner_expected(const struct effect *past, size_t count,
                                       struct effect effect, double alpha,
                                       struct shrunken *shrunken);

#endif
