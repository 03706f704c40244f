/*
 * The verdict under the null, read on every evening by the report's own rules: metric_infer, the
 * families and verdict_of of server/analysis are called with plain counts.
 *
 * Two variants, one goal at 30 %, two guardrails at 50 % and 20 % with a margin of 5 points, 100
 * units a variant and day for 30 days, nobody better or worse.  `ship` at any look must come at
 * most a/2 of the time, `stop_harm` at most a.  The naive reader ships at the first evening on
 * which a plain z test of the goal is better at .05, and stops at the first on which a plain test
 * of a guardrail is worse.  In verdict-effect the goal truly gains 5 points: it must ship, or the
 * other two would be easy to keep.
 */

#include "simulate_shares.h"

#include "analysis/verdict.h"
#include "base/buffer.h"

#include <math.h>

enum { DAYS = 30, UNITS_A_DAY = 100, METRICS = 3, MIN_DAYS = 7, FIRST_DAY = 20000 };
static const double rates[METRICS] = {.3, .5, .2};
static const double gain = .05;
#define ALPHA .05

/* The experiment of one replicate. */
struct world {
    struct plan plan;
    struct proportion counts[METRICS][2 * DAYS]; /* cumulative, [day * 2 + variant] */
    uint64_t totals[DAYS];
    struct observed observed[METRICS][2];
    struct comparison comparisons[METRICS][2];
    struct metric_result results[METRICS];
};

static void world_draw(struct world *world, gsl_rng *random, enum design design, double effect)
{
    *world = (struct world){.plan = {.design = design,
                                     .alpha = ALPHA,
                                     .variants = 2,
                                     .weights = {.5, .5},
                                     .goals = 1,
                                     .guardrails = METRICS - 1,
                                     .start_ms = day_start_ms(FIRST_DAY),
                                     .end_ms = day_start_ms(FIRST_DAY + DAYS),
                                     .min_days = MIN_DAYS,
                                     .planned_pair = {0, 2 * DAYS * UNITS_A_DAY},
                                     .power = .8}};
    for (size_t i = 0; i < METRICS; i++) {
        struct proportion_pair sum = nobody;
        for (size_t day = 0; day < DAYS; day++) {
            pair_draw(&sum, random, UNITS_A_DAY, rates[i] + (i == 0 ? effect : 0), rates[i]);
            world->counts[i][2 * day] = sum.control;
            world->counts[i][2 * day + 1] = sum.treatment;
        }
    }
    for (size_t day = 0; day < DAYS; day++)
        world->totals[day] = 2 * UNITS_A_DAY * (day + 1);
}

/* One metric's counts as they stand at the end of a day. */
static void world_observe(const struct metric_source *source, size_t day, size_t variant,
                          struct observed *observed)
{
    const struct proportion *counts = source->about;
    observed->sample = (struct sample){.estimator = ESTIMATOR_PROPORTION,
                                       .proportion = counts[day * source->variants + variant]};
    observed->units = observed->sample.proportion.units;
    observed->contributing = observed->sample.proportion.successes;
}

/* Everything that a report infers at the end of that many days. */
static void world_infer(struct world *world, size_t days, struct progress *progress)
{
    const struct declared declared = {
        .status = EXPERIMENT_RUNNING, .stopped_ms = TIME_NONE, .end_ms = world->plan.end_ms};
    const struct exposures exposures = {.first = FIRST_DAY, .days = days, .total = world->totals};
    struct metric_result *results[METRICS];
    progress_of(&world->plan, &declared, &exposures, day_start_ms(FIRST_DAY + (int32_t)days),
                progress);
    for (size_t i = 0; i < METRICS; i++) {
        const struct metric_plan metric = {.name = SLICE("metric"),
                                           .role = i == 0 ? ROLE_GOAL : ROLE_GUARDRAIL,
                                           .kind = METRIC_CONVERSION,
                                           .margin = i == 0 ? 0 : .05};
        const struct metric_source source = {.first = FIRST_DAY,
                                             .days = days,
                                             .variants = 2,
                                             .about = world->counts[i],
                                             .observe = world_observe};
        world->results[i] = (struct metric_result){.observed = world->observed[i],
                                                   .comparisons = world->comparisons[i]};
        metric_infer(&world->plan, progress, &metric, &source, &world->results[i]);
        results[i] = &world->results[i];
    }
    families_adjust(&world->plan, results, METRICS);
}

static enum verdict_code world_verdict(struct world *world, size_t days)
{
    static const struct slice names[] = {SLICE_INIT("control"), SLICE_INIT("b")};
    static const uint64_t crossed[2];
    const uint64_t exposed[2] = {days * UNITS_A_DAY, days * UNITS_A_DAY};
    const struct forecast forecast = {0};
    const struct ratio_report ratio = {0};
    const struct crossed_report crossing = {0};
    const struct metric_result *const goals[] = {&world->results[0]};
    const struct metric_result *const guardrails[] = {&world->results[1], &world->results[2]};
    struct progress progress;
    struct verdict verdict;
    struct buffer text = {0};
    world_infer(world, days, &progress);
    verdict_of(&(struct verdict_input){.plan = &world->plan,
                                       .progress = &progress,
                                       .forecast = &forecast,
                                       .status = EXPERIMENT_RUNNING,
                                       .variants = names,
                                       .exposed = exposed,
                                       .crossed = crossed,
                                       .unit_words = "users",
                                       .ratio = &ratio,
                                       .crossing = &crossing,
                                       .goals = goals,
                                       .goal_count = 1,
                                       .guardrails = guardrails,
                                       .guardrail_count = METRICS - 1},
               &verdict, &text);
    buffer_done(&text);
    return verdict.code;
}

/* What a reader of plain tests sees: the goal better (1), or a guardrail worse (-1), at .05. */
static bool plain_side(const struct world *world, size_t metric, size_t day, int side)
{
    const struct proportion_pair pair = {.treatment = world->counts[metric][2 * day + 1],
                                         .control = world->counts[metric][2 * day]};
    struct test test;
    return proportion_pooled_z(&pair, &test) == REASON_NONE && test.p <= ALPHA &&
           test.statistic * side > 0;
}

struct decision {
    bool ships, stops;
};

static void world_read(struct world *world, struct decision *report, struct decision *plain)
{
    for (size_t day = 0; day < DAYS; day++) {
        enum verdict_code code = world_verdict(world, day + 1);
        report->ships = report->ships || code == VERDICT_SHIP;
        report->stops = report->stops || code == VERDICT_STOP_HARM;
        plain->ships = plain->ships || plain_side(world, 0, day, 1);
        plain->stops =
            plain->stops || plain_side(world, 1, day, -1) || plain_side(world, 2, day, -1);
    }
}

static void null_play(const struct simulation *simulation, gsl_rng *random, struct outcome *outcome)
{
    struct world world;
    struct decision report = {0}, plain = {0};
    world_draw(&world, random, (enum design)simulation->parameter, 0);
    world_read(&world, &report, &plain);
    outcome->figures[0].seen = report.ships;
    outcome->figures[0].naive = plain.ships;
    outcome->figures[1].seen = report.stops;
    outcome->figures[1].naive = plain.stops;
}

/* Without a margin: the goal's plain test at the end, and no guardrail's estimate worse at all. */
static bool ships_without_margin(const struct world *world)
{
    bool ships = plain_side(world, 0, DAYS - 1, 1);
    for (size_t i = 1; i < METRICS; i++)
        ships = ships && world->counts[i][2 * DAYS - 1].successes >=
                             world->counts[i][2 * DAYS - 2].successes;
    return ships;
}

static void effect_play(const struct simulation *simulation, gsl_rng *random,
                        struct outcome *outcome)
{
    struct world world;
    struct decision report = {0}, plain = {0};
    world_draw(&world, random, (enum design)simulation->parameter, gain);
    world_read(&world, &report, &plain);
    outcome->figures[0].seen = report.ships;
    outcome->figures[0].naive = ships_without_margin(&world);
}

#define NULL_FIGURES                                                                               \
    .figures = {{.what = "ships on any evening, no effect",                                        \
                 .must = {MUST_AT_MOST, ALPHA / 2},                                                \
                 .naive = "first evening with z better at .05",                                    \
                 .naive_must = {MUST_BE_ABOVE, .1}},                                               \
                {.what = "stops for harm on any evening, no effect",                               \
                 .must = {MUST_AT_MOST, ALPHA},                                                    \
                 .naive = "first evening with z of a guardrail worse at .05",                      \
                 .naive_must = {MUST_BE_ABOVE, .1}}}

static const struct simulation rows[] = {
    {.name = "verdict-hybrid",
     .replicates_long = 10000,
     .replicates_short = 1000,
     NULL_FIGURES,
     .play = null_play,
     .parameter = DESIGN_HYBRID},
    {.name = "verdict-always",
     .replicates_long = 10000,
     .replicates_short = 1000,
     NULL_FIGURES,
     .play = null_play,
     .parameter = DESIGN_ALWAYS},
    {.name = "verdict-fixed",
     .replicates_long = 10000,
     .replicates_short = 1000,
     NULL_FIGURES,
     .play = null_play,
     .parameter = DESIGN_FIXED},
    {.name = "verdict-effect",
     .replicates_long = 4000,
     .replicates_short = 1000,
     .figures = {{.what = "ships on any evening, a gain of 5 points",
                  .must = {MUST_AT_LEAST, .9},
                  .naive = "no margin: no guardrail's estimate worse",
                  .naive_must = {MUST_BE_BELOW, .9}}},
     .play = effect_play,
     .parameter = DESIGN_HYBRID},
};
const struct simulation_family simulate_verdicts = {rows, sizeof rows / sizeof *rows};
