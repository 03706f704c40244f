/*
 * Simulations of shares: the sample ratio read every day, how often the intervals of a difference
 * cover, and what happens when units are analysed before they are mature.
 *
 *   sample-ratio  1 000 units a day for 60 days, split 50 to 50 as declared, read every day.
 *   coverage      the chance that the 95 % interval covers, summed over all outcomes of each point
 *                 of a grid; what is told is the point where it is smallest.
 *   speed         28 days, 100 units a variant and day, 30 % of both succeed within 14 days, but
 *                 the treatment's do so in half the time; analysed on day 28.
 */

#include "simulate_shares.h"

#include "stats/normal.h"
#include "stats/sample_ratio.h"

#include <gsl/gsl_randist.h>
#include <math.h>

const struct proportion_pair nobody = {{0, 0}, {0, 0}};

void pair_draw(struct proportion_pair *counts, gsl_rng *random, unsigned units, double treatment,
               double control)
{
    counts->treatment.units += units;
    counts->control.units += units;
    counts->treatment.successes += gsl_ran_binomial(random, treatment, units);
    counts->control.successes += gsl_ran_binomial(random, control, units);
}

bool gate_is_open(const struct proportion_pair *counts)
{
    const struct proportion t = counts->treatment, c = counts->control;
    return t.units >= 100 && c.units >= 100 && t.successes >= 10 && c.successes >= 10 &&
           t.units - t.successes >= 10 && c.units - c.successes >= 10;
}

bool z_rejects(const struct proportion_pair *counts, double alpha)
{
    struct test test;
    return proportion_pooled_z(counts, &test) == REASON_NONE && test.p <= alpha;
}

bool score_rejects(const struct proportion_pair *counts, double alpha)
{
    struct test test;
    must(proportion_score(counts, 0, &test));
    return test.p <= alpha;
}

static void sample_ratio_play(const struct simulation *simulation, gsl_rng *random,
                              struct outcome *outcome)
{
    enum { DAYS = 60, UNITS_A_DAY = 1000 };
    static const double weights[] = {.5, .5};
    const struct sample_ratio ratio = {
        .weights = weights, .variants = 2, .concentration = SAMPLE_RATIO_CONCENTRATION};
    struct sample_ratio_watch watch = {0};
    uint64_t counts[2] = {0, 0};
    bool alarm = false, naive = false;
    (void)simulation;
    for (int day = 0; day < DAYS; day++) {
        struct chi_square test;
        unsigned treatment = gsl_ran_binomial(random, .5, UNITS_A_DAY);
        counts[0] += treatment;
        counts[1] += UNITS_A_DAY - treatment;
        must(sample_ratio_look(&ratio, counts, &watch));
        must(sample_ratio_test(&ratio, counts, &test));
        alarm = alarm || sample_ratio_state(&watch, &test) == SAMPLE_RATIO_ALARM;
        naive = naive || test.p < .01;
    }
    outcome->figures[0].seen = watch.first_bad > 0;
    outcome->figures[1].seen = alarm;
    outcome->figures[0].naive = outcome->figures[1].naive = naive;
}

struct point {
    unsigned n1;
    double p1;
    unsigned n0;
    double p0;
};
static const struct point grid[] = {
    {100, .01, 900, .01}, {50, .05, 50, .05},    {50, .1, 150, .3}, {30, .5, 30, .5},
    {200, .02, 200, .05}, {80, .9, 40, .97},     {20, .2, 20, .6},  {400, .01, 400, .01},
    {100, .1, 100, .1},   {1000, .02, 200, .02}, {60, .8, 240, .7}, {150, .35, 150, .25},
};

struct coverage {
    double score, newcombe, wald;
};

static void coverage_add(struct coverage *sum, const struct proportion_pair *counts, double truth,
                         double chance)
{
    struct interval score, newcombe;
    double difference, se;
    must(proportion_score_interval(counts, .05, &score));
    must(proportion_newcombe(counts, .05, &newcombe));
    must(proportion_difference(counts, &difference, &se));
    sum->score += score.low <= truth && truth <= score.high ? chance : 0;
    sum->newcombe += newcombe.low <= truth && truth <= newcombe.high ? chance : 0;
    sum->wald += fabs(difference - truth) <= normal_z_two_sided(.05) * se ? chance : 0;
}

/* Outcomes rarer than this are left out, which can only lower a coverage, by less than 1e-6. */
#define CHANCE_MIN 1e-11

static struct coverage coverage_of(const struct point *point)
{
    struct coverage sum = {0};
    for (unsigned x1 = 0; x1 <= point->n1; x1++) {
        double first = gsl_ran_binomial_pdf(x1, point->p1, point->n1);
        for (unsigned x0 = 0; first > CHANCE_MIN && x0 <= point->n0; x0++) {
            double chance = first * gsl_ran_binomial_pdf(x0, point->p0, point->n0);
            struct proportion_pair counts = {{x1, point->n1}, {x0, point->n0}};
            if (chance > CHANCE_MIN)
                coverage_add(&sum, &counts, point->p1 - point->p0, chance);
        }
    }
    return sum;
}

static void coverage_play(const struct simulation *simulation, gsl_rng *random,
                          struct outcome *outcome)
{
    struct coverage least = {1, 1, 1};
    (void)simulation;
    (void)random;
    for (size_t i = 0; i < sizeof grid / sizeof *grid; i++) {
        struct coverage at = coverage_of(&grid[i]);
        least.score = fmin(least.score, at.score);
        least.newcombe = fmin(least.newcombe, at.newcombe);
        least.wald = fmin(least.wald, at.wald);
    }
    outcome->figures[0].seen = least.score;
    outcome->figures[1].seen = least.newcombe;
    outcome->figures[0].naive = outcome->figures[1].naive = least.wald;
}

/* The chance of a success within `age` days, of one that succeeds within the window. */
static double speed_share(double age, double mean_days, double window_days)
{
    return age >= window_days ? 1 : -expm1(-age / mean_days) / -expm1(-window_days / mean_days);
}

static void speed_play(const struct simulation *simulation, gsl_rng *random,
                       struct outcome *outcome)
{
    enum { DAYS = 28, WINDOW_DAYS = 14, UNITS_A_DAY = 200 };
    struct proportion_pair mature = nobody, exposed = nobody;
    (void)simulation;
    for (int age = 1; age <= DAYS; age++) {
        struct proportion_pair cohort = nobody;
        pair_draw(&cohort, random, UNITS_A_DAY, .3 * speed_share(age, 2, WINDOW_DAYS),
                  .3 * speed_share(age, 8, WINDOW_DAYS));
        struct proportion_pair *sums[] = {&exposed, &mature};
        for (size_t i = 0; i < (age >= WINDOW_DAYS ? 2u : 1u); i++) {
            sums[i]->treatment.units += cohort.treatment.units;
            sums[i]->treatment.successes += cohort.treatment.successes;
            sums[i]->control.units += cohort.control.units;
            sums[i]->control.successes += cohort.control.successes;
        }
    }
    outcome->figures[0].seen = score_rejects(&mature, .05);
    outcome->figures[0].naive = score_rejects(&exposed, .05);
}

static const struct simulation rows[] = {
    {.name = "sample-ratio",
     .replicates_long = 10000,
     .replicates_short = 2000,
     .figures = {{.what = "Bayes factor ever >= 100, split as declared",
                  .must = {MUST_AT_MOST, .01},
                  .naive = "chi-square at .01 every day",
                  .naive_must = {MUST_BE_ABOVE, .05}},
                 {.what = "alarm ever (factor and chi-square p < .001)",
                  .must = {MUST_AT_MOST, .01},
                  .naive = "chi-square at .01 every day",
                  .naive_must = {MUST_BE_ABOVE, .05}}},
     .play = sample_ratio_play},
    {.name = "coverage",
     .replicates_long = 1,
     .replicates_short = 1,
     .figures = {{.what = "Miettinen-Nurminen 95 %, least on the grid",
                  .must = {MUST_AT_LEAST, .92},
                  .naive = "Wald, least on the grid",
                  .naive_must = {MUST_BE_BELOW, .7}},
                 {.what = "Newcombe 95 %, least on the grid",
                  .must = {MUST_AT_LEAST, .92},
                  .naive = "Wald, least on the grid",
                  .naive_must = {MUST_BE_BELOW, .7}}},
     .play = coverage_play},
    {.name = "speed",
     .replicates_long = 10000,
     .replicates_short = 2000,
     .figures = {{.what = "mature units reject, same final rate",
                  .must = {MUST_BE_NEAR, .05},
                  .naive = "all exposed units",
                  .naive_must = {MUST_BE_ABOVE, .9}}},
     .play = speed_play},
};
const struct simulation_family simulate_shares = {rows, sizeof rows / sizeof *rows};
