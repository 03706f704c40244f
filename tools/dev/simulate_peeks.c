/*
 * Peeking: an experiment without an effect, looked at after every batch of units, by the anytime
 * interval and by a plain test at each look.
 *
 * Rates of 20 %, batches of 20 units a variant, planned size N* = 4 000: so 100 looks reach N*, and
 * 1 000 looks ten times N*.  The gate of a report (100 units, 10 successes and 10 failures a
 * variant) is kept for the anytime interval, as the report keeps it.
 */

#include "simulate_shares.h"

#include "stats/estimate.h"

#include <math.h>

#define STEP_UNITS 20
#define LOOKS 100
#define RATE .2

static void peeks_play(const struct simulation *simulation, gsl_rng *random,
                       struct outcome *outcome)
{
    struct proportion_pair counts = nobody;
    bool anytime = false, naive = false;
    for (int look = 0; look < LOOKS * simulation->parameter; look++) {
        struct estimate estimate;
        struct test test;
        pair_draw(&counts, random, STEP_UNITS, RATE, RATE);
        naive = naive || z_rejects(&counts, .05);
        if (!gate_is_open(&counts))
            continue;
        must(estimate_of_proportions(&counts, 2. * LOOKS * STEP_UNITS, &estimate));
        must(estimate_anytime_test(&estimate, 0, .05, &test));
        anytime = anytime || test.p <= .05;
    }
    outcome->figures[0].seen = anytime;
    outcome->figures[0].naive = naive;
}

static const struct simulation rows[] = {
    {.name = "peeks",
     .replicates_long = 10000,
     .replicates_short = 2000,
     .figures = {{.what = "any of 100 looks to N* rejects, anytime at .05",
                  .must = {MUST_AT_MOST, .05},
                  .naive = "z test at each look",
                  .naive_must = {MUST_BE_ABOVE, .25}}},
     .play = peeks_play,
     .parameter = 1},
    {.name = "peeks-beyond",
     .replicates_long = 4000,
     .replicates_short = 1000,
     .figures = {{.what = "any of 1000 looks to 10 N* rejects, anytime at .05",
                  .must = {MUST_AT_MOST, .05},
                  .naive = "z test at each look",
                  .naive_must = {MUST_BE_ABOVE, .25}}},
     .play = peeks_play,
     .parameter = 10},
};
const struct simulation_family simulate_peeks = {rows, sizeof rows / sizeof *rows};
