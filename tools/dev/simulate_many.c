/*
 * Many tests at once: the false discovery rate of Benjamini and Hochberg's correction.
 *
 *   false-discovery  10 metrics, 3 of them moved by 3 standard errors, every two correlated by .5;
 *                    the figure is the mean share of false ones among those that are rejected.
 */

#include "simulate.h"

#include "stats/multiplicity.h"
#include "stats/normal.h"

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

static const struct simulation rows[] = {
    {.name = "false-discovery",
     .replicates_long = 10000,
     .replicates_short = 20000,
     .figures = {{.what = "false discovery rate, BH at q = .05",
                  .must = {MUST_AT_MOST, LEVEL},
                  .naive = "p as it is, at .05",
                  .naive_must = {MUST_BE_ABOVE, LEVEL}}},
     .play = discovery_play},
};
const struct simulation_family simulate_many = {rows, sizeof rows / sizeof *rows};
