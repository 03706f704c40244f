#ifndef TESTS_STATS_PAIRS_H
#define TESTS_STATS_PAIRS_H

/* Pairs of rates for the tests of two proportions: of a reference row, random, and turned round. */

#include "stats/proportion.h"
#include "stats/random.h"
#include "stats/reference.h"

static inline struct proportion_pair pair_at(const struct reference *table, size_t row)
{
    return (struct proportion_pair){
        .treatment = {reference_count(table, row, "x_treatment"),
                      reference_count(table, row, "n_treatment")},
        .control = {reference_count(table, row, "x_control"),
                    reference_count(table, row, "n_control")},
    };
}

/* Up to 3000 units a variant, rates of all sizes, none and all included. */
static inline struct proportion_pair random_pair(struct random *random)
{
    uint64_t n1 = (uint64_t)random_log(random, 1, 3000), n0 = (uint64_t)random_log(random, 1, 3000);
    double rate = random_unit(random) < .5 ? random_log(random, 1e-4, 1) : random_unit(random);
    double other = fmin(1, fmax(0, rate + .2 * (random_unit(random) - .5)));
    return (struct proportion_pair){
        .treatment = {(uint64_t)((double)n1 * rate + .5), n1},
        .control = {(uint64_t)((double)n0 * other + .5), n0},
    };
}

static inline struct proportion_pair swapped(struct proportion_pair pair)
{
    return (struct proportion_pair){.treatment = pair.control, .control = pair.treatment};
}

static inline struct proportion failures(struct proportion rate)
{
    return (struct proportion){rate.units - rate.successes, rate.units};
}

#endif
