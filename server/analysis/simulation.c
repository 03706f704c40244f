/*
 * What is played: the metrics with their laws, who comes when, and for how long.
 *
 * Units    units_per_week, evenly over the days; where only the planned number is known, that
 *          number spread over the days from start to end.
 * Cohorts  from `start` to `end`; without an end until the last metric of the final set is mature.
 * Evenings until the last cohort is mature for every metric.
 */

#include "analysis/simulation.h"

#include "base/number.h"
#include "simulation_parts.h"

#include <math.h>
#include <stdlib.h>

/* What is assumed of a metric of which nobody says anything: a share of 50 % is the widest. */
#define ASSUMED_SPREAD 2.0 /* sd in parts of the mean */
/* Where the file has no start. */
#define FIRST_DAY 20454 /* 2026-01-01 */

static bool kind_has_sd(enum metric_kind kind)
{
    return kind == METRIC_COUNT || kind == METRIC_SUM || kind == METRIC_MEAN;
}

/* In the metric's unit; of a time in parts of its window. */
static const double assumed_means[METRIC_KIND_COUNT] = {
    [METRIC_CONVERSION] = .5, [METRIC_RETENTION] = .5, [METRIC_COUNT] = 1,   [METRIC_SUM] = 1,
    [METRIC_MEAN] = 1,        [METRIC_NPS] = 20,       [METRIC_TIME_TO] = .5};

static double assumed_mean(const struct metric_plan *metric)
{
    double unit = metric->kind == METRIC_TIME_TO ? (double)metric->window_ms / (double)DAY_MS : 1;
    return assumed_means[metric->kind] * unit;
}

/* All that the caller says of the metric; what is said last counts. */
static struct simulation_said said_of(const struct simulation_options *options, struct slice name)
{
    struct simulation_said all = {.metric = name};
    for (size_t i = 0; i < options->said_count; i++) {
        const struct simulation_said *one = &options->said[i];
        if (!slice_equal(one->metric, name))
            continue;
        if (one->has_mean)
            all.mean = one->mean;
        if (one->has_sd)
            all.sd = one->sd;
        all.has_mean = all.has_mean || one->has_mean;
        all.has_sd = all.has_sd || one->has_sd;
    }
    return all;
}

/* What the file says of its first goal. */
static void expected_take(const struct experiment *experiment, struct simulation_metric *played)
{
    const struct expectation *expect = &experiment->expect;
    double unit = played->plan.kind == METRIC_TIME_TO ? (double)DAY_MS : (double)MICRO;
    played->mean = (double)expect->baseline_micro / unit;
    played->sd = expect->sd;
    played->is_assumed = false;
}

static enum status metric_numbers(const struct simulation_options *options, size_t place,
                                  struct simulation_metric *played, struct error *error)
{
    struct simulation_said said = said_of(options, played->plan.name);
    bool is_scaled = played->plan.kind == METRIC_CONVERSION ||
                     played->plan.kind == METRIC_RETENTION || played->plan.kind == METRIC_NPS;
    played->mean = assumed_mean(&played->plan);
    played->is_assumed = true;
    if (place == 0)
        expected_take(options->experiment, played);
    else if (played->plan.role == ROLE_GUARDRAIL && !played->plan.relative && !is_scaled &&
             !said.has_mean)
        return FAIL(error, STATUS_INVALID, "", 0,
                    "the margin of '%.*s' is a number, and its usual value is not known: give "
                    "--baseline %.*s=NUMBER and --sd %.*s=NUMBER",
                    SLICE_ARGS(played->plan.name), SLICE_ARGS(played->plan.name),
                    SLICE_ARGS(played->plan.name));
    if (said.has_mean) {
        played->mean = said.mean;
        played->is_assumed = false;
    }
    if (said.has_sd)
        played->sd = said.sd;
    if (!(played->sd > 0) && kind_has_sd(played->plan.kind)) {
        played->sd = ASSUMED_SPREAD * played->mean;
        played->is_assumed = true;
    }
    return STATUS_OK;
}

static enum status law_refused(const struct simulation_metric *played, const char *problem,
                               const char *when, struct error *error)
{
    return FAIL(error, STATUS_INVALID, "", 0, "'%.*s' can't be played%s: %s",
                SLICE_ARGS(played->plan.name), when, problem);
}

static enum status laws_make(const struct simulation_options *options,
                             struct simulation *simulation, size_t place, struct error *error)
{
    struct simulation_metric *played = &simulation->metrics[place];
    struct simulation_laws *laws = simulation->laws;
    struct law_wanted wanted = {
        .metric = laws->metrics[place].metric, .mean = played->mean, .sd = played->sd};
    const char *problem = law_make(&laws->arena, &wanted, &laws->plain[place]);
    if (problem)
        return law_refused(played, problem, "", error);
    if (laws->plain[place].count > laws->widest)
        laws->widest = laws->plain[place].count;
    if (place > 0)
        return STATUS_OK;
    const struct law_wanted usual = wanted;
    wanted.mean += options->is_relative ? played->mean * options->effect : options->effect;
    wanted.pattern = &usual;
    problem = law_make(&laws->arena, &wanted, &laws->treated);
    if (problem)
        return law_refused(played, problem, " with that effect", error);
    if (laws->treated.count > laws->widest)
        laws->widest = laws->treated.count;
    if (options->effect != 0)
        played->difference = laws->treated.mean - laws->plain[0].mean;
    return STATUS_OK;
}

static enum status metrics_make(const struct simulation_options *options,
                                struct simulation *simulation, struct error *error)
{
    struct experiment_metric declared[EXPERIMENT_METRICS_MAX];
    size_t count = experiment_metrics(options->experiment, declared);
    enum status status = STATUS_OK;
    for (size_t i = 0; i < count && !status; i++) {
        if (declared[i].role != ROLE_GOAL && declared[i].role != ROLE_GUARDRAIL)
            continue;
        size_t place = simulation->metric_count++;
        struct simulation_metric *played = &simulation->metrics[place];
        played->plan = metric_plan_of(&declared[i]);
        simulation->laws->metrics[place] = (struct study_metric){.plan = played->plan,
                                                                 .metric = declared[i].metric,
                                                                 .guardrail = declared[i].guardrail,
                                                                 .number = (uint8_t)(place + 1)};
        status = metric_numbers(options, place, played, error);
        if (!status)
            status = laws_make(options, simulation, place, error);
    }
    return status;
}

static size_t days_of_windows(const struct simulation *simulation)
{
    int64_t longest_ms = 0;
    for (size_t i = 0; i < simulation->metric_count; i++)
        if (simulation->metrics[i].plan.window_ms > longest_ms)
            longest_ms = simulation->metrics[i].plan.window_ms;
    return (size_t)((longest_ms + DAY_MS - 1) / DAY_MS);
}

uint64_t simulation_arrived(const struct simulation *simulation, size_t days)
{
    return (uint64_t)floor(simulation->per_week * (double)days / 7);
}

/* The days from start to end; 0: there is no end. */
static size_t days_declared(const struct simulation *simulation)
{
    int64_t end_ms = simulation->plan.end_ms;
    if (end_ms == TIME_NONE)
        return 0;
    return (size_t)(day_of(end_ms - 1) - simulation->first + 1);
}

/* The first day by whose end the planned number has come. */
static size_t days_to_size(const struct simulation *simulation)
{
    size_t days = (size_t)ceil(7 * simulation->plan.planned / simulation->per_week);
    while ((double)simulation_arrived(simulation, days) < simulation->plan.planned)
        days++;
    return days;
}

static enum status calendar_make(struct simulation *simulation, struct error *error)
{
    struct plan *plan = &simulation->plan;
    if (plan->start_ms == TIME_NONE)
        plan->start_ms = plan->end_ms == TIME_NONE || plan->end_ms > day_start_ms(FIRST_DAY)
                             ? day_start_ms(FIRST_DAY)
                             : plan->end_ms - 28 * DAY_MS;
    simulation->first = day_of(plan->start_ms);
    size_t declared = days_declared(simulation), windows = days_of_windows(simulation);
    simulation->per_week = (double)simulation->experiment->expect.units_per_week;
    if (!(simulation->per_week > 0) && declared && plan->planned > 0)
        simulation->per_week = 7 * plan->planned / (double)declared;
    if (!(simulation->per_week > 0))
        return FAIL(error, STATUS_INVALID, "", 0,
                    "how many units come is not known: give --units-per-week");
    if (!declared && !(plan->planned > 0))
        return FAIL(error, STATUS_INVALID, "", 0,
                    "nothing says when it is over: it has no 'end', and from 'expect' no number "
                    "of units follows");
    if (!declared && 7 * plan->planned / simulation->per_week > SIMULATION_DAYS_MAX)
        declared = SIMULATION_DAYS_MAX;
    simulation->days = declared ? declared : days_to_size(simulation) + windows + 1;
    simulation->evenings = simulation->days + (declared ? windows + 1 : 0);
    if (simulation->evenings > SIMULATION_DAYS_MAX)
        return FAIL(error, STATUS_INVALID, "", 0,
                    "it takes %zu days, and at most %d are played: more units a week, or a larger "
                    "effect",
                    simulation->evenings, SIMULATION_DAYS_MAX);
    return STATUS_OK;
}

static enum status simulation_make(const struct simulation_options *options,
                                   struct simulation *simulation, struct error *error)
{
    const struct experiment *experiment = options->experiment;
    simulation->experiment = experiment;
    simulation->seed = options->seed;
    plan_of(experiment, &simulation->plan);
    simulation->treated = experiment->control == 0 ? 1 : 0;
    if (!experiment->goal_count)
        return FAIL(error, STATUS_INVALID, "", 0, "%.*s has no goal: there is nothing to decide",
                    SLICE_ARGS(experiment->key));
    enum status status = metrics_make(options, simulation, error);
    if (!status)
        status = calendar_make(simulation, error);
    if (!status && simulation->laws->arena.failed)
        status = FAIL(error, STATUS_NO_MEMORY, "", 0, "no memory");
    return status;
}

enum status simulation_new(const struct simulation_options *options, struct simulation **simulation,
                           struct error *error)
{
    struct simulation *made = calloc(1, sizeof *made);
    if (made)
        made->laws = calloc(1, sizeof *made->laws);
    if (!made || !made->laws) {
        simulation_free(made);
        return FAIL(error, STATUS_NO_MEMORY, "", 0, "no memory");
    }
    enum status status = simulation_make(options, made, error);
    if (status)
        simulation_free(made);
    else
        *simulation = made;
    return status;
}

void simulation_free(struct simulation *simulation)
{
    if (simulation && simulation->laws) {
        arena_done(&simulation->laws->arena);
        free(simulation->laws);
    }
    free(simulation);
}
