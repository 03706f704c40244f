/*
 * Many figures at once: the false discovery rate of Benjamini and Hochberg's correction, and
 * segments whose effects are shrunken towards each other.
 *
 *   false-discovery  10 metrics, 3 of them moved by 3 standard errors, every two correlated by .5;
 *                    the figure is the mean share of false ones among those that are rejected.
 */

#include "simulate_shares.h"

#include "stats/multiplicity.h"
#include "stats/normal.h"
#include "stats/shrinkage.h"

#include <gsl/gsl_randist.h>
#include <math.h>

#define LEVEL .05

static void discovery_play(const struct simulation *simulation, gsl_rng *random,
                           struct outcome *outcome)
{
    enum { METRICS = 10, MOVED = 3 };
    struct hypothesis family[METRICS];
    unsigned rejected = 0, wrong = 0, naive_rejected = 0, naive_wrong = 0;
    double common = gsl_ran_gaussian(random, sqrt(.5));
    (void)simulation;
    for (size_t i = 0; i < METRICS; i++) {
        double z = common + gsl_ran_gaussian(random, sqrt(.5)) + (i < MOVED ? 3 : 0);
        family[i] = (struct hypothesis){.p = normal_test(z).p};
    }
    must(multiplicity_adjust(CORRECTION_BENJAMINI_HOCHBERG, family, METRICS));
    for (size_t i = 0; i < METRICS; i++) {
        rejected += family[i].adjusted <= LEVEL;
        wrong += i >= MOVED && family[i].adjusted <= LEVEL;
        naive_rejected += family[i].p <= LEVEL;
        naive_wrong += i >= MOVED && family[i].p <= LEVEL;
    }
    outcome->figures[0].seen = rejected ? wrong / (double)rejected : 0;
    outcome->figures[0].naive = naive_rejected ? naive_wrong / (double)naive_rejected : 0;
}

enum { SEGMENTS = 6, SEGMENT_UNITS = 870 };

static double square(double x)
{
    return x * x;
}

static void segment_draw(struct effect *raw, gsl_rng *random, double truth)
{
    struct proportion_pair counts = nobody;
    pair_draw(&counts, random, SEGMENT_UNITS, .3 + truth, .3);
    must(proportion_difference(&counts, &raw->estimate, &raw->se));
}

static bool covers(const struct shrunken *shrunken, double truth)
{
    return shrunken->interval.low <= truth && truth <= shrunken->interval.high;
}

/* One segment of the six is apart, by `parameter`. */
static void apart_play(const struct simulation *simulation, gsl_rng *random,
                       struct outcome *outcome)
{
    struct effect raw[SEGMENTS];
    struct shrunken integrated[SEGMENTS], blup[SEGMENTS];
    for (size_t i = 0; i < SEGMENTS; i++)
        segment_draw(&raw[i], random, i == 0 ? simulation->parameter : 0);
    must(shrinkage_integrated(raw, SEGMENTS, .05, integrated));
    must(shrinkage_blup(raw, SEGMENTS, .05, blup));
    outcome->figures[0].seen = covers(&integrated[0], simulation->parameter);
    outcome->figures[0].naive = covers(&blup[0], simulation->parameter);
}

static void shrinkage_play(const struct simulation *simulation, gsl_rng *random,
                           struct outcome *outcome)
{
    struct effect raw[SEGMENTS];
    struct shrunken shrunken[SEGMENTS];
    double truth[SEGMENTS], raw_squares = 0, shrunken_squares = 0;
    size_t best = 0, best_shrunken = 0;
    for (size_t i = 0; i < SEGMENTS; i++) {
        truth[i] = gsl_ran_gaussian(random, simulation->parameter);
        segment_draw(&raw[i], random, truth[i]);
    }
    must(shrinkage_integrated(raw, SEGMENTS, .05, shrunken));
    for (size_t i = 0; i < SEGMENTS; i++) {
        raw_squares += square(raw[i].estimate - truth[i]);
        shrunken_squares += square(shrunken[i].estimate - truth[i]);
        best = raw[i].estimate > raw[best].estimate ? i : best;
        best_shrunken = shrunken[i].estimate > shrunken[best_shrunken].estimate ? i : best_shrunken;
    }
    outcome->figures[0].seen = shrunken_squares;
    outcome->figures[0].per = raw_squares;
    outcome->figures[0].naive = SEGMENTS * square(raw[best].estimate - truth[best]);
    outcome->figures[1].seen = shrunken[best_shrunken].estimate - truth[best_shrunken];
    outcome->figures[1].naive = raw[best].estimate - truth[best];
}

#define SHRINKAGE_FIGURES                                                                          \
    .figures = {{.what = "mean squared error over raw's",                                          \
                 .must = {MUST_AT_MOST, 1},                                                        \
                 .naive = "the best segment, raw: its error over the average",                     \
                 .naive_must = {MUST_BE_ABOVE, 1}},                                                \
                {.what = "the best segment is overstated by",                                      \
                 .must = {MUST_AT_MOST, .01},                                                      \
                 .naive = "the best segment, raw",                                                 \
                 .naive_must = {MUST_BE_ABOVE, .01}}}

static const struct simulation rows[] = {
    {.name = "false-discovery",
     .replicates_long = 10000,
     .replicates_short = 20000,
     .figures = {{.what = "false discovery rate, BH at q = .05",
                  .must = {MUST_AT_MOST, LEVEL},
                  .naive = "p as it is, at .05",
                  .naive_must = {MUST_BE_ABOVE, LEVEL}}},
     .play = discovery_play},
    {.name = "shrinkage-0",
     .replicates_long = 4000,
     .replicates_short = 1000,
     SHRINKAGE_FIGURES,
     .play = shrinkage_play,
     .parameter = 0},
    {.name = "shrinkage-1",
     .replicates_long = 4000,
     .replicates_short = 1000,
     SHRINKAGE_FIGURES,
     .play = shrinkage_play,
     .parameter = .01},
    {.name = "shrinkage-3",
     .replicates_long = 4000,
     .replicates_short = 1000,
     SHRINKAGE_FIGURES,
     .play = shrinkage_play,
     .parameter = .03},
    {.name = "shrinkage-apart",
     .replicates_long = 4000,
     .replicates_short = 1000,
     .figures = {{.what = "interval of the segment that is apart covers",
                  .must = {MUST_AT_LEAST, .7},
                  .naive = "DerSimonian-Laird's shrunken interval",
                  .naive_must = {MUST_BE_BELOW, .7}}},
     .play = apart_play,
     .parameter = .03},
};
const struct simulation_family simulate_many = {rows, sizeof rows / sizeof *rows};
