/*
 * Means of skewed values: Welch's test from exact sums of cents.
 *
 *   aa-revenue   500 units a variant, half of whom pay: 1 + Poisson(2) orders around a lognormal
 *                level of their own.  The p of revenue a unit is uniform; naive: each order as a
 *                unit.
 *   power-mean   exponential values with a standard deviation of 30, means 5 apart, at the size of
 *                the plan; naive: the size at which the difference itself is just significant.
 */

#include "simulate.h"

#include "stats/mean.h"
#include "stats/power_plan.h"

#include <gsl/gsl_randist.h>
#include <math.h>

#define LEVEL .05
#define POWER .8
#define SD 30.
#define SHIFT 5.

enum { REVENUE_UNITS = 500 };

/* Adds one value, in cents. */
static void sums_add_value(struct sums *sums, int128 cents)
{
    sums->units++;
    sums->sum += cents;
    sums->squares += cents * cents;
}

/* One variant's revenue by unit and, those who pay nothing once, by order. */
static void revenue_draw(gsl_rng *random, struct sums *units, struct sums *orders)
{
    units->step = orders->step = .01;
    for (unsigned i = 0; i < REVENUE_UNITS; i++) {
        unsigned count = gsl_rng_uniform(random) < .5 ? 1 + gsl_ran_poisson(random, 2) : 0;
        double level = gsl_ran_lognormal(random, 3, .8);
        int128 all = 0;
        for (unsigned order = 0; order < count; order++) {
            int128 cents = lround(100 * level * gsl_ran_lognormal(random, 0, .3));
            all += cents;
            sums_add_value(orders, cents);
        }
        if (!count)
            sums_add_value(orders, 0);
        sums_add_value(units, all);
    }
}

static double means_p(const struct sums *treatment, const struct sums *control)
{
    struct estimate estimate;
    struct test test;
    must(estimate_of_means(treatment, control, 1, &estimate));
    must(estimate_fixed_test(&estimate, 0, &test));
    return test.p;
}

static void revenue_play(const struct simulation *simulation, gsl_rng *random,
                         struct outcome *outcome)
{
    struct sums units[2] = {{.units = 0}, {.units = 0}}, orders[2] = {{.units = 0}, {.units = 0}};
    (void)simulation;
    for (size_t j = 0; j < 2; j++)
        revenue_draw(random, &units[j], &orders[j]);
    outcome->figures[0].seen = means_p(&units[1], &units[0]);
    outcome->figures[0].naive = means_p(&orders[1], &orders[0]);
}

static unsigned planned_units, planned_half;

static unsigned units_for(double power)
{
    const struct power_question question = {.design = DESIGN_FIXED,
                                            .alpha = LEVEL,
                                            .members = 1,
                                            .allocation = 1,
                                            .kind = POWER_MEAN,
                                            .sd = SD};
    double units;
    must(power_plan_units(&question, SHIFT, power, &units));
    return (unsigned)ceil(units);
}

static void power_prepare(void)
{
    planned_units = units_for(POWER);
    planned_half = units_for(.5);
}

/* Exponential values, `shift` more than their standard deviation SD on the average. */
static void values_draw(gsl_rng *random, unsigned units, double shift, struct sums *sums)
{
    *sums = (struct sums){.step = .01};
    for (unsigned i = 0; i < units; i++)
        sums_add_value(sums, lround(100 * (shift + gsl_ran_exponential(random, SD))));
}

static bool mean_rejects(gsl_rng *random, unsigned units)
{
    struct sums treatment, control;
    values_draw(random, units, SHIFT, &treatment);
    values_draw(random, units, 0, &control);
    return means_p(&treatment, &control) <= LEVEL;
}

static void power_play(const struct simulation *simulation, gsl_rng *random,
                       struct outcome *outcome)
{
    (void)simulation;
    outcome->figures[0].seen = mean_rejects(random, planned_units);
    outcome->figures[0].naive = mean_rejects(random, planned_half);
}

static const struct simulation rows[] = {
    {.name = "aa-revenue",
     .replicates_long = 10000,
     .replicates_short = 2000,
     .figures = {{.what = "p of Welch's test of revenue a unit",
                  .must = {MUST_BE_UNIFORM, LEVEL},
                  .naive = "p of orders as units",
                  .naive_must = {MUST_NOT_UNIFORM, 0}}},
     .play = revenue_play},
    {.name = "power-mean",
     .replicates_long = 10000,
     .replicates_short = 1000,
     .figures = {{.what = "Welch's test rejects at the planned size",
                  .must = {MUST_BE_NEAR, POWER},
                  .naive = "size at which the difference is just significant",
                  .naive_must = {MUST_BE_FAR, POWER}}},
     .prepare = power_prepare,
     .play = power_play},
};
const struct simulation_family simulate_means = {rows, sizeof rows / sizeof *rows};
