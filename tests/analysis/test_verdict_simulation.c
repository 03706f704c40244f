/*
 * How often the verdict is wrong, read every day under the null (inference.md, "Simulations"): two
 * variants, one goal, two guardrails with a margin, nobody better or worse.  `ship` at any look
 * must come at most a/2 of the time, `stop_harm` at most a; and a true effect of the planned size
 * must ship most of the time, or the first two would be easy.  Fixed seeds; a band is 4 standard
 * errors.
 */

#include "inference_fixture.h"

#include "stats/random.h"

#include <math.h>

#define REPLICATES 1500
#define DAYS 30
#define DAILY 100 /* units a variant and day */

struct outcome {
    unsigned ship, stop_harm;
};

static uint64_t draw_successes(struct random *source, double rate)
{
    uint64_t successes = 0;
    for (size_t i = 0; i < DAILY; i++)
        successes += random_unit(source) < rate;
    return successes;
}

/* One day's counts of a metric after the other, cumulative. */
static void draw_metric(struct random *source, struct fixture_metric *metric, double control,
                        double treatment)
{
    struct proportion sums[2] = {{0}};
    for (size_t day = 0; day < DAYS; day++) {
        for (size_t j = 0; j < 2; j++) {
            sums[j].units += DAILY;
            sums[j].successes += draw_successes(source, j ? treatment : control);
            metric->cumulative[2 * day + j] = sums[j];
        }
    }
}

/* The verdict on the evening of each day: has it ever said ship, or stop? */
static void read_every_day(struct fixture *f, bool *shipped, bool *stopped)
{
    uint64_t totals[DAYS];
    for (size_t day = 0; day < DAYS; day++)
        totals[day] = 2 * DAILY * (day + 1);
    for (size_t day = 0; day < DAYS; day++) {
        struct exposures exposures = {.first = FIXTURE_FIRST, .days = day + 1, .total = totals};
        struct metric_result *results[FIXTURE_METRICS_MAX];
        size_t guardrails = 0;
        progress_of(&f->plan, &f->declared, &exposures, fixture_end(day + 1, 0), &f->progress);
        for (size_t i = 0; i < f->metric_count; i++) {
            struct fixture_metric *metric = &f->metrics[i];
            struct share_series series = {.first = FIXTURE_FIRST,
                                          .days = day + 1,
                                          .variants = 2,
                                          .cumulative = metric->cumulative};
            metric->result = (struct metric_result){.shares = metric->shares,
                                                    .comparisons = metric->comparisons};
            metric_infer(&f->plan, &f->progress, &metric->plan, &series, &metric->result);
            results[i] = &metric->result;
            if (i > 0)
                f->guardrails[guardrails++] = results[i];
        }
        f->goals[0] = results[0];
        families_adjust(&f->plan, results, f->metric_count);
        f->exposed[0] = f->exposed[1] = DAILY * (day + 1);
        f->input.status = f->declared.status;
        enum verdict_code code = fixture_verdict(f).code;
        *shipped = *shipped || code == VERDICT_SHIP;
        *stopped = *stopped || code == VERDICT_STOP_HARM;
    }
}

static struct outcome simulate(enum design design, uint64_t seed, double treatment)
{
    static struct fixture f;
    struct outcome outcome = {0};
    struct random source = {.state = seed};
    for (size_t replicate = 0; replicate < REPLICATES; replicate++) {
        fixture_init(&f, 2, design);
        f.plan.planned_pair[1] = 2 * DAILY * DAYS;
        f.plan.end_ms = f.declared.end_ms = fixture_end(DAYS, 0);
        fixture_metric(&f, "goal", ROLE_GOAL, 0);
        for (size_t i = 0; i < 2; i++)
            fixture_metric(&f, i ? "g2" : "g1", ROLE_GUARDRAIL, 0)->plan.margin = .05;
        f.input = (struct verdict_input){.plan = &f.plan,
                                         .progress = &f.progress,
                                         .forecast = &f.forecast,
                                         .variants = f.names,
                                         .exposed = f.exposed,
                                         .crossed = f.crossed,
                                         .unit_words = "users",
                                         .ratio = &f.ratio,
                                         .crossing = &f.crossing,
                                         .goals = f.goals,
                                         .goal_count = 1,
                                         .guardrails = f.guardrails,
                                         .guardrail_count = 2};
        draw_metric(&source, &f.metrics[0], .3, treatment);
        draw_metric(&source, &f.metrics[1], .5, .5);
        draw_metric(&source, &f.metrics[2], .2, .2);
        bool shipped = false, stopped = false;
        read_every_day(&f, &shipped, &stopped);
        outcome.ship += shipped;
        outcome.stop_harm += stopped;
    }
    return outcome;
}

static double band(double rate)
{
    return 4 * sqrt(rate * (1 - rate) / REPLICATES);
}

static void null_effects_are_seldom_shipped_and_seldom_stopped(void **state)
{
    static const enum design designs[] = {DESIGN_HYBRID, DESIGN_ALWAYS, DESIGN_FIXED};
    (void)state;
    for (size_t i = 0; i < 3; i++) {
        struct outcome outcome = simulate(designs[i], 20260101 + i, .3);
        double ship = (double)outcome.ship / REPLICATES;
        double stop = (double)outcome.stop_harm / REPLICATES;
        print_message("design %zu: ship %.4f, stop_harm %.4f\n", i, ship, stop);
        assert_true(ship <= .025 + band(.025));
        assert_true(stop <= .05 + band(.05));
    }
}

/* 5 points of 30 % with 3 000 a variant: the fixed test alone has power .98. */
static void a_true_effect_ships(void **state)
{
    (void)state;
    struct outcome outcome = simulate(DESIGN_HYBRID, 7, .35);
    print_message("true effect: ship %.4f\n", (double)outcome.ship / REPLICATES);
    assert_true(outcome.ship > .9 * REPLICATES);
    assert_true(outcome.stop_harm < .05 * REPLICATES);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(null_effects_are_seldom_shipped_and_seldom_stopped),
        cmocka_unit_test(a_true_effect_ships),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
