/*
 * The designs: the hybrid's any-look error with its final test read once, and read again daily; and
 * what it costs in power.
 *
 *   hybrid  rates of 20 %, 20 units a variant and look, N* reached at look 100, looks going on to
 *           200; any-look error is that of the anytime interval at a/5 or the final test at 4a/5.
 *           Naive: reads the final test again at each look from N* on; or from half of N* on at
 *           every tenth look, to stop by hand at a good one; or once more at look 150.
 *   hybrid-power  20 % against 23.6 % at the size of a plain test with power .8, in 50 looks.
 */

#include "simulate_shares.h"

#include "stats/design.h"
#include "stats/estimate.h"
#include "stats/power.h"

#include <gsl/gsl_randist.h>
#include <math.h>

#define ALPHA .05
#define CONTROL .2
#define TREATMENT .236

enum { STEP_UNITS = 20, LOOKS = 100 };

static bool anytime_rejects(const struct proportion_pair *counts, double planned, double alpha)
{
    struct estimate estimate;
    struct test test;
    if (!gate_is_open(counts))
        return false;
    must(estimate_of_proportions(counts, planned, &estimate));
    must(estimate_anytime_test(&estimate, 0, alpha, &test));
    return test.p <= alpha;
}

/* What is read off one experiment, in the design's way and in three others. */
struct reading {
    bool anytime;
    bool frozen; /* the final test at N* */
    bool again;  /* and at each look after it */
    bool moved;  /* and once more, half as far again, the end having been moved */
    bool hand;   /* from half of N* on, at every tenth look: stopped where it rejects */
};

static void reading_look(struct reading *reading, const struct proportion_pair *counts, int look,
                         double level)
{
    bool by_hand = look >= LOOKS / 2 && look <= LOOKS && look % 10 == 0;
    if (look < LOOKS && !by_hand)
        return;
    bool rejects = score_rejects(counts, level);
    reading->hand = reading->hand || (by_hand && rejects);
    reading->frozen = reading->frozen || (look == LOOKS && rejects);
    reading->moved = reading->moved || ((look == LOOKS || look == LOOKS * 3 / 2) && rejects);
    reading->again = reading->again || (look >= LOOKS && rejects);
}

static void hybrid_play(const struct simulation *simulation, gsl_rng *random,
                        struct outcome *outcome)
{
    const struct design_levels levels = design_levels(DESIGN_HYBRID, ALPHA);
    struct proportion_pair counts = nobody;
    struct reading reading = {.anytime = false};
    (void)simulation;
    for (int look = 1; look <= 2 * LOOKS; look++) {
        pair_draw(&counts, random, STEP_UNITS, CONTROL, CONTROL);
        reading.anytime =
            reading.anytime || anytime_rejects(&counts, 2. * LOOKS * STEP_UNITS, levels.anytime);
        reading_look(&reading, &counts, look, levels.fixed);
    }
    for (size_t i = 0; i < 3; i++)
        outcome->figures[i].seen = reading.anytime || reading.frozen;
    outcome->figures[0].naive = reading.anytime || reading.again;
    outcome->figures[1].naive = reading.anytime || reading.hand;
    outcome->figures[2].naive = reading.anytime || reading.moved;
}

static unsigned plain_units;

static void power_prepare(void)
{
    const struct power_design design = {.alpha = ALPHA, .allocation = 1};
    double units;
    must(power_proportion_units(&design, CONTROL, TREATMENT, .8, &units));
    plain_units = (unsigned)ceil(units);
}

static void hybrid_power_play(const struct simulation *simulation, gsl_rng *random,
                              struct outcome *outcome)
{
    enum { DAILY = 50 };
    const struct design_levels levels = design_levels(DESIGN_HYBRID, ALPHA);
    struct proportion_pair counts = nobody;
    bool hybrid = false, always = false;
    (void)simulation;
    for (unsigned look = 1; look <= DAILY; look++) {
        unsigned until = plain_units * look / DAILY;
        pair_draw(&counts, random, until - (unsigned)counts.control.units, TREATMENT, CONTROL);
        hybrid = hybrid || anytime_rejects(&counts, 2. * plain_units, levels.anytime);
        always = always || anytime_rejects(&counts, 2. * plain_units, ALPHA);
    }
    outcome->figures[0].seen = hybrid || score_rejects(&counts, levels.fixed);
    outcome->figures[0].naive = always;
}

static const struct simulation rows[] = {
    {.name = "hybrid",
     .replicates_long = 10000,
     .replicates_short = 2000,
     .figures = {{.what = "any look rejects, final test frozen",
                  .must = {MUST_AT_MOST, ALPHA},
                  .naive = "final test read again at each look",
                  .naive_must = {MUST_BE_ABOVE, .1}},
                 {.what = "the same",
                  .must = {MUST_AT_MOST, ALPHA},
                  .naive = "stopped by hand where the final test rejects",
                  .naive_must = {MUST_BE_ABOVE, ALPHA}},
                 {.what = "the same",
                  .must = {MUST_AT_MOST, ALPHA},
                  .naive = "end moved once, by half, where it does not reject",
                  .naive_must = {MUST_BE_ABOVE, ALPHA}}},
     .play = hybrid_play},
    {.name = "hybrid-power",
     .replicates_long = 10000,
     .replicates_short = 2000,
     .figures = {{.what = "rejects by the final look at the plain test's size",
                  .must = {MUST_AT_LEAST, .72},
                  .naive = "anytime interval alone, same size",
                  .naive_must = {MUST_BE_BELOW, .72}}},
     .prepare = power_prepare,
     .play = hybrid_power_play},
};
const struct simulation_family simulate_designs = {rows, sizeof rows / sizeof *rows};
