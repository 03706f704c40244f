/*
 * A/A: without an effect the p of a fixed test is uniform, so that 5 % of them are at most .05.
 * Here for shares; simulate_means.c, simulate_accounts.c and simulate_time.c have their own.
 *
 *   aa-shares  500 units a variant at 20 %.  The p of counts is discrete: one figure is the share
 *              at most .05; the other spreads each p over its step of the exact distribution,
 * summed over all outcomes, and that is uniform.  Naive: three visits a unit, each counted as a
 * unit.
 */

#include "simulate_shares.h"

#include <gsl/gsl_randist.h>
#include <math.h>
#include <stdlib.h>

#define LEVEL .05

enum { SHARES_UNITS = 500, VISITS = 3, REACH = 75 };
static const double shares_rate = .2;

/* Outcomes with their p and, after sorting by p, the chance of a p up to theirs. */
struct step {
    double p, chance;
};
static struct step steps[(2 * REACH + 1) * (2 * REACH + 1)];
static size_t step_count;

static int compare_steps(const void *a, const void *b)
{
    double x = ((const struct step *)a)->p, y = ((const struct step *)b)->p;
    return (x > y) - (x < y);
}

static double pair_p(unsigned treatment, unsigned control, unsigned times)
{
    struct proportion_pair pair = {{(uint64_t)times * treatment, (uint64_t)times * SHARES_UNITS},
                                   {(uint64_t)times * control, (uint64_t)times * SHARES_UNITS}};
    struct test test;
    must(proportion_score(&pair, 0, &test));
    return test.p;
}

/* Outcomes within REACH of the mean, 8 standard deviations: the rest weigh less than 1e-14. */
static void shares_prepare(void)
{
    unsigned middle = (unsigned)(shares_rate * SHARES_UNITS);
    step_count = 0;
    for (unsigned x1 = middle - REACH; x1 <= middle + REACH; x1++)
        for (unsigned x0 = middle - REACH; x0 <= middle + REACH; x0++)
            steps[step_count++] =
                (struct step){.p = pair_p(x1, x0, 1),
                              .chance = gsl_ran_binomial_pdf(x1, shares_rate, SHARES_UNITS) *
                                        gsl_ran_binomial_pdf(x0, shares_rate, SHARES_UNITS)};
    qsort(steps, step_count, sizeof *steps, compare_steps);
    for (size_t i = 1; i < step_count; i++)
        steps[i].chance += steps[i - 1].chance;
}

/* The chance of a p below (or, `reached`, up to) this one; ties differ by rounding alone. */
static double chance_until(double p, bool reached)
{
    double edge = p * (reached ? 1 + 1e-9 : 1 - 1e-9);
    size_t low = 0, high = step_count;
    while (low < high) {
        size_t middle = (low + high) / 2;
        if (steps[middle].p <= edge)
            low = middle + 1;
        else
            high = middle;
    }
    return low ? steps[low - 1].chance : 0;
}

static void shares_play(const struct simulation *simulation, gsl_rng *random,
                        struct outcome *outcome)
{
    unsigned x1 = gsl_ran_binomial(random, shares_rate, SHARES_UNITS);
    unsigned x0 = gsl_ran_binomial(random, shares_rate, SHARES_UNITS);
    double p = pair_p(x1, x0, 1), naive = pair_p(x1, x0, VISITS);
    double below = chance_until(p, false);
    (void)simulation;
    outcome->figures[0].seen = p <= LEVEL;
    outcome->figures[0].naive = naive <= LEVEL;
    outcome->figures[1].seen = below + gsl_rng_uniform(random) * (chance_until(p, true) - below);
    outcome->figures[1].naive = naive;
}

static const struct simulation rows[] = {
    {.name = "aa-shares",
     .replicates_long = 10000,
     .replicates_short = 2000,
     .figures = {{.what = "score test rejects at .05",
                  .must = {MUST_BE_NEAR, LEVEL},
                  .naive = "visits as units",
                  .naive_must = {MUST_BE_FAR, LEVEL}},
                 {.what = "its p against the exact distribution",
                  .must = {MUST_BE_UNIFORM, LEVEL},
                  .naive = "p of visits as units",
                  .naive_must = {MUST_NOT_UNIFORM, 0}}},
     .prepare = shares_prepare,
     .play = shares_play},
};
const struct simulation_family simulate_uniform = {rows, sizeof rows / sizeof *rows};
