/*
 * The plan: at the size that it asks for, the test that it plans for has the power that it
 * promises.
 *
 *   power-share     20 % against 23.6 %, fixed: the score test at a.
 *   power-hybrid    the same by hybrid: the final test alone, at 4a/5.
 *   power-always    the same by `always`: the anytime interval at the planned size alone.
 *   power-guardrail 2 000 units a variant at 20 %, truly unharmed, a margin of 3 points, hybrid:
 * how often it passes at its last look, less what the plan says. power-log-rank  hazards 1.3 : 1,
 * everyone followed for 14 days, control's mean wait 20 days.
 *
 * Naive sizes: the one at which the expected effect itself is just significant (which forgets that
 * half of all estimates are smaller), the plain test's for a design that may be peeked at, and as
 * many units as events are asked for.
 */

#include "simulate_shares.h"

#include "stats/estimate.h"
#include "stats/information.h"
#include "stats/power_plan.h"
#include "stats/power_survival.h"

#include <gsl/gsl_randist.h>
#include <math.h>

#define ALPHA .05
#define POWER .8
#define CONTROL .2
#define DIFFERENCE .036
#define MARGIN .03
#define GUARDRAIL_UNITS 2000
#define HAZARDS 1.3
#define FOLLOWED .7 /* 14 days of the control's mean wait of 20 */

/* Sizes a variant, and the naive ones beside them; of the guardrail the planned power. */
static struct {
    unsigned share, share_half, hybrid, always, log_rank, log_rank_events;
    double guardrail;
} plan;

static unsigned units_of(const struct power_question *question, double difference, double power)
{
    double units;
    must(power_plan_units(question, difference, power, &units));
    return (unsigned)ceil(units);
}

static double share_by(double followed)
{
    return -expm1(-followed);
}

static void plan_log_rank(void)
{
    const struct power_design design = {.alpha = ALPHA, .allocation = 1};
    double events, units;
    must(power_log_rank_events(&design, HAZARDS, POWER, &events));
    must(power_log_rank_units(&design, events, share_by(HAZARDS * FOLLOWED), share_by(FOLLOWED),
                              &units));
    plan.log_rank = (unsigned)ceil(units / 2);
    plan.log_rank_events = (unsigned)ceil(events / 2);
}

static void plan_prepare(void)
{
    struct power_question share = {.design = DESIGN_FIXED,
                                   .alpha = ALPHA,
                                   .members = 1,
                                   .allocation = 1,
                                   .kind = POWER_RATE,
                                   .baseline = CONTROL};
    plan.share = units_of(&share, DIFFERENCE, POWER);
    plan.share_half = units_of(&share, DIFFERENCE, .5);
    share.design = DESIGN_HYBRID;
    plan.hybrid = units_of(&share, DIFFERENCE, POWER);
    must(power_plan_guardrail(&share, MARGIN, 0, GUARDRAIL_UNITS, &plan.guardrail));
    share.design = DESIGN_ALWAYS;
    plan.always = units_of(&share, DIFFERENCE, POWER);
    plan_log_rank();
}

static struct proportion_pair shares_of(gsl_rng *random, unsigned units)
{
    struct proportion_pair counts = nobody;
    pair_draw(&counts, random, units, CONTROL + DIFFERENCE, CONTROL);
    return counts;
}

static void share_play(const struct simulation *simulation, gsl_rng *random,
                       struct outcome *outcome)
{
    struct proportion_pair counts = shares_of(random, plan.share);
    struct proportion_pair naive = shares_of(random, plan.share_half);
    (void)simulation;
    outcome->figures[0].seen = score_rejects(&counts, ALPHA);
    outcome->figures[0].naive = score_rejects(&naive, ALPHA);
}

static void hybrid_play(const struct simulation *simulation, gsl_rng *random,
                        struct outcome *outcome)
{
    const struct design_levels levels = design_levels(DESIGN_HYBRID, ALPHA);
    struct proportion_pair counts = shares_of(random, plan.hybrid);
    struct proportion_pair naive = shares_of(random, plan.share);
    (void)simulation;
    outcome->figures[0].seen = score_rejects(&counts, levels.fixed);
    outcome->figures[0].naive = score_rejects(&naive, levels.fixed);
}

static bool anytime_rejects(const struct proportion_pair *counts, double planned)
{
    struct estimate estimate;
    struct interval interval;
    must(estimate_of_proportions(counts, planned, &estimate));
    must(estimate_anytime_interval(&estimate, ALPHA, &interval));
    return interval.low > 0 || interval.high < 0;
}

static void always_play(const struct simulation *simulation, gsl_rng *random,
                        struct outcome *outcome)
{
    struct proportion_pair counts = shares_of(random, plan.always);
    struct proportion_pair naive = shares_of(random, plan.share);
    (void)simulation;
    outcome->figures[0].seen = anytime_rejects(&counts, 2. * plan.always);
    outcome->figures[0].naive = anytime_rejects(&naive, 2. * plan.share);
}

/* Naive: a guardrail passes when it is not significantly worse. */
static void guardrail_play(const struct simulation *simulation, gsl_rng *random,
                           struct outcome *outcome)
{
    const struct margin margin = {.adverse = SIDE_LOW, .size = MARGIN};
    struct proportion_pair counts = nobody;
    struct estimate estimate;
    double bound;
    (void)simulation;
    pair_draw(&counts, random, GUARDRAIL_UNITS, CONTROL, CONTROL);
    must(estimate_of_proportions(&counts, 2. * GUARDRAIL_UNITS, &estimate));
    must(estimate_fixed_bound(&estimate, SIDE_LOW, power_guardrail_alpha(DESIGN_HYBRID, ALPHA),
                              &bound));
    bool is_worse = estimate.value < 0 && z_rejects(&counts, ALPHA);
    outcome->figures[0].seen = margin_holds(margin, bound) - plan.guardrail;
    outcome->figures[0].naive = !is_worse - plan.guardrail;
}

static bool log_rank_rejects(gsl_rng *random, unsigned units)
{
    enum { UNITS_MAX = 2000 };
    struct life_unit persons[2 * UNITS_MAX];
    struct life_row rows[2][UNITS_MAX];
    struct life_table tables[2];
    struct log_rank sums = {0};
    struct chi_square test;
    units = units < UNITS_MAX ? units : UNITS_MAX;
    for (unsigned i = 0; i < 2 * units; i++) {
        double waits = gsl_ran_exponential(random, i % 2 ? 1 / HAZARDS : 1);
        persons[i] = (struct life_unit){.time = fmin(waits, FOLLOWED),
                                        .variant = i % 2,
                                        .end = waits < FOLLOWED ? LIFE_EVENT : LIFE_CENSORED};
    }
    must(life_units_sort(persons, 2 * units));
    for (unsigned j = 0; j < 2; j++) {
        tables[j].rows = rows[j];
        must(life_table_of(persons, 2 * units, j, rows[j], &tables[j].count));
    }
    must(log_rank_add(&sums, tables, 2, LOG_RANK_EQUAL));
    must(log_rank_test(&sums, &test));
    return test.p <= ALPHA;
}

static void log_rank_play(const struct simulation *simulation, gsl_rng *random,
                          struct outcome *outcome)
{
    (void)simulation;
    outcome->figures[0].seen = log_rank_rejects(random, plan.log_rank);
    outcome->figures[0].naive = log_rank_rejects(random, plan.log_rank_events);
}

#define POWER_ROW(row_name, words, function, naive_words)                                          \
    {                                                                                              \
        .name = (row_name), .replicates_long = 10000, .replicates_short = 1000,                    \
        .figures = {{.what = (words),                                                              \
                     .must = {MUST_BE_NEAR, POWER},                                                \
                     .naive = (naive_words),                                                       \
                     .naive_must = {MUST_BE_FAR, POWER}}},                                         \
        .prepare = plan_prepare, .play = (function)                                                \
    }

static const struct simulation rows[] = {
    POWER_ROW("power-share", "score test rejects at the planned size", share_play,
              "size at which the difference is just significant"),
    {.name = "power-hybrid",
     .replicates_long = 10000,
     .replicates_short = 10000,
     .figures = {{.what = "final test rejects at the hybrid's size",
                  .must = {MUST_BE_NEAR, POWER},
                  .naive = "the plain test's size",
                  .naive_must = {MUST_BE_FAR, POWER}}},
     .prepare = plan_prepare,
     .play = hybrid_play},
    POWER_ROW("power-always", "anytime interval excludes 0 at the planned size", always_play,
              "the plain test's size"),
    {.name = "power-guardrail",
     .replicates_long = 10000,
     .replicates_short = 2000,
     .figures = {{.what = "an unharmed guardrail passes, less the plan's power",
                  .must = {MUST_BE_NEAR, 0},
                  .naive = "passes when not significantly worse",
                  .naive_must = {MUST_BE_FAR, 0}}},
     .prepare = plan_prepare,
     .play = guardrail_play},
    POWER_ROW("power-log-rank", "log-rank test rejects at the planned size", log_rank_play,
              "as many units as events"),
};
const struct simulation_family simulate_powers = {rows, sizeof rows / sizeof *rows};
