/*
 * The registered plan as numbers: levels, the planned size N*, the final set K*, and where the
 * experiment stands on its way there (inference.md, "The registered plan", "Families and alpha").
 *
 * N*     `expect.units`, else the units with which every comparison of the first goal has the
 *        expected power at the level that its design and family leave it (stats/power_plan.h):
 * rates by their baseline, counts, sums, means, ratios and nps by `sd`, breadth by `members`. K*
 * min(K_N, K_end), from the plan and the first exposures alone, so that neither a moved end nor
 * what the outcomes say can change which data the final test reads. Without an expected size there
 * is no K_N: the end alone closes the final set. hand   stopped (or given an earlier end) before
 * K*: there is no final test any more.
 */

#include "analysis/inference.h"

#include "base/number.h"
#include "stats/normal.h"
#include "stats/power.h"

#include <math.h>

#define RATE_DAYS 7

static const enum design designs[] = {[PEEKING_HYBRID] = DESIGN_HYBRID,
                                      [PEEKING_ALWAYS] = DESIGN_ALWAYS,
                                      [PEEKING_FIXED] = DESIGN_FIXED};
static const enum correction corrections[] = {[DECLARED_NONE] = CORRECTION_NONE,
                                              [DECLARED_HOLM] = CORRECTION_HOLM,
                                              [DECLARED_BENJAMINI_HOCHBERG] =
                                                  CORRECTION_BENJAMINI_HOCHBERG};

static void plan_weights(const struct experiment *experiment, struct plan *plan)
{
    double sum = 0;
    for (size_t i = 0; i < plan->variants; i++)
        sum += experiment->variants[i].weight;
    for (size_t i = 0; i < plan->variants; i++)
        plan->weights[i] =
            sum > 0 ? experiment->variants[i].weight / sum : 1 / (double)plan->variants;
}

struct power_question plan_question(const struct plan *plan, size_t variant)
{
    struct power_question question = plan->expected;
    question.design = plan->design;
    question.alpha = plan->alpha;
    question.members = plan->goals * plan_treatments(plan);
    question.allocation = plan->weights[variant] / plan->weights[plan->control];
    double inflation, alpha = power_alpha(plan->design, plan->alpha, question.members);
    /* inference.md plans rates in `always` as the fixed design, times what the interval costs. */
    if (plan->design == DESIGN_ALWAYS && question.kind == POWER_RATE &&
        !power_always_inflation(alpha, plan->power, &inflation)) {
        question.design = DESIGN_FIXED;
        question.inflation *= inflation;
    }
    return question;
}

/* The planned total of all variants for a difference of the first goal; 0 when it can't be told. */
static double plan_size(const struct plan *plan, double difference)
{
    double size = 0;
    for (size_t j = 0; j < plan->variants; j++) {
        double units;
        struct power_question question = plan_question(plan, j);
        if (j == plan->control || !(plan->weights[j] > 0))
            continue;
        if (power_plan_units(&question, difference, plan->power, &units))
            return 0;
        size = fmax(size, units / plan->weights[plan->control]);
    }
    return ceil(size);
}

/* How a kind is planned; time_to and retention_curve are not, nor is what has no spread. */
static const enum power_kind power_kinds[] = {
    [METRIC_CONVERSION] = POWER_RATE, [METRIC_RETENTION] = POWER_RATE,
    [METRIC_BREADTH] = POWER_RATE,    [METRIC_COUNT] = POWER_MEAN,
    [METRIC_SUM] = POWER_MEAN,        [METRIC_MEAN] = POWER_MEAN,
    [METRIC_NPS] = POWER_MEAN,        [METRIC_RATIO] = POWER_NORMAL,
};

/* Accounts per member that a share of members needs: its design effect over the members an account
 * has.  Without `members` an account counts as one, which is never too few. */
static double breadth_inflation(const struct expectation *expect)
{
    struct clusters clusters = {
        .mean = expect->members_mean, .cv = expect->members_cv, .icc = expect->members_icc};
    double effect;
    if (!expect->has_members || power_design_effect(clusters, &effect))
        return 1;
    return effect / expect->members_mean;
}

static struct power_question expected_of(const struct experiment *experiment)
{
    const struct expectation *expect = &experiment->expect;
    enum metric_kind kind = experiment->goals[0]->kind;
    struct power_question question = {
        .kind = kind < sizeof power_kinds / sizeof *power_kinds ? power_kinds[kind] : POWER_RATE,
        .baseline = plan_baseline(experiment),
        .sd = expect->sd,
        .inflation = kind == METRIC_BREADTH ? breadth_inflation(expect) : 1,
    };
    /* A baseline that is no rate can't be planned as one. */
    if (kind == METRIC_TIME_TO || kind == METRIC_RETENTION_CURVE)
        question.baseline = 0;
    return question;
}

static bool expects_time(const struct experiment *experiment)
{
    return experiment->goal_count && experiment->goals[0]->kind == METRIC_TIME_TO;
}

double plan_baseline(const struct experiment *experiment)
{
    double baseline = (double)experiment->expect.baseline_micro;
    return baseline / (double)(expects_time(experiment) ? DAY_MS : MICRO);
}

double plan_difference(const struct experiment *experiment)
{
    const struct expectation *expect = &experiment->expect;
    if (!expect->given || !experiment->goal_count)
        return 0;
    bool absolute = experiment->lift == LIFT_ABSOLUTE || experiment->goals[0]->kind == METRIC_NPS;
    if (expects_time(experiment)) /* always absolute, in ms */
        return expect->lift / (double)DAY_MS;
    return absolute ? expect->lift : plan_baseline(experiment) * expect->lift;
}

static void plan_expectation(const struct experiment *experiment, struct plan *plan)
{
    const struct expectation *expect = &experiment->expect;
    if (!expect->given)
        return;
    plan->power = expect->power;
    plan->planned = (double)expect->units;
    if (!experiment->goal_count)
        return;
    plan->expected = expected_of(experiment);
    double difference = plan_difference(experiment);
    plan->expected_difference = fabs(difference);
    if (!expect->units)
        plan->planned = plan_size(plan, difference);
}

static void plan_pairs(struct plan *plan)
{
    for (size_t j = 0; j < plan->variants; j++) {
        double share = plan->weights[plan->control] + plan->weights[j];
        double planned = plan->accounts ? PLANNED_ACCOUNTS_DEFAULT : PLANNED_UNITS_DEFAULT;
        if (plan->planned > 0 && share > 0)
            planned = plan->planned * share;
        plan->planned_pair[j] = planned;
    }
}

/* 1 - 95 % is .05, not the doubles' .050000000000000044: files give at most six places. */
static double error_of(double confidence)
{
    return round((1 - confidence) * 1e9) / 1e9;
}

void plan_of(const struct experiment *registered, struct plan *plan)
{
    *plan = (struct plan){
        .design = designs[registered->peeking],
        .alpha = error_of(registered->confidence),
        .accounts = registered->unit == UNIT_ACCOUNT,
        .variants = registered->variant_count,
        .control = registered->control,
        .goals = registered->goal_count,
        .secondaries = registered->secondary_count,
        .guardrails = registered->guardrail_count,
        .correction = corrections[registered->correction],
        .start_ms = registered->start_ms,
        .end_ms = registered->end_ms,
        .min_days = registered->min_days,
        .power = .8,
    };
    plan_weights(registered, plan);
    plan_expectation(registered, plan);
    plan_pairs(plan);
}

struct final_set final_set_of(const struct plan *plan, const struct exposures *exposures)
{
    struct final_set final = {.because = FINAL_UNKNOWN};
    if (plan->design == DESIGN_ALWAYS)
        return final;
    if (plan->end_ms != TIME_NONE)
        final = (struct final_set){.because = FINAL_END, .cohort = day_of(plan->end_ms - 1)};
    for (size_t day = 0; plan->planned > 0 && day < exposures->days; day++) {
        int32_t cohort = exposures->first + (int32_t)day;
        if ((double)exposures->total[day] < plan->planned)
            continue;
        if (final.because == FINAL_UNKNOWN || cohort <= final.cohort)
            final = (struct final_set){.because = FINAL_SIZE, .cohort = cohort};
        break;
    }
    return final;
}

static int64_t time_earlier(int64_t a, int64_t b)
{
    if (a == TIME_NONE || b == TIME_NONE)
        return a == TIME_NONE ? b : a;
    return a < b ? a : b;
}

/* Whether enrolment that ends at close_ms falls short of the registered final set. */
static bool progress_is_by_hand(const struct plan *plan, const struct progress *progress)
{
    if (plan->design == DESIGN_ALWAYS || progress->close_ms == TIME_NONE)
        return false;
    if (progress->final.because == FINAL_SIZE && progress->last_cohort >= progress->final.cohort)
        return false;
    return plan->end_ms == TIME_NONE || progress->close_ms < plan->end_ms;
}

void progress_of(const struct plan *plan, const struct declared *declared,
                 const struct exposures *exposures, int64_t as_of_ms, struct progress *progress)
{
    bool stopped = declared->status == EXPERIMENT_STOPPED;
    *progress = (struct progress){
        .as_of_ms = as_of_ms,
        .final = final_set_of(plan, exposures),
        .close_ms = time_earlier(stopped ? declared->stopped_ms : TIME_NONE, declared->end_ms),
        .last_cohort = INT32_MAX,
    };
    if (progress->close_ms != TIME_NONE)
        progress->last_cohort = day_of(progress->close_ms - 1);
    progress->closed =
        stopped || (progress->close_ms != TIME_NONE && progress->close_ms <= as_of_ms);
    progress->hand = progress_is_by_hand(plan, progress);
}

int32_t cohort_mature(int64_t as_of_ms, int64_t window_ms)
{
    return day_of(as_of_ms - window_ms) - 1;
}

int64_t cohort_mature_ms(int32_t cohort, int64_t window_ms)
{
    return day_start_ms(cohort) + DAY_MS + window_ms;
}

static uint64_t exposures_until(const struct exposures *exposures, int32_t cohort)
{
    if (!exposures->days || cohort < exposures->first)
        return 0;
    size_t day = (size_t)((int64_t)cohort - exposures->first);
    return exposures->total[day < exposures->days ? day : exposures->days - 1];
}

/* First exposures a day over the last whole days before as_of. */
static double forecast_rate(const struct exposures *exposures, int64_t as_of_ms)
{
    int32_t last = cohort_mature(as_of_ms, 0);
    int32_t before = last - RATE_DAYS;
    if (!exposures->days || last < exposures->first)
        return 0;
    if (before < exposures->first - 1)
        before = exposures->first - 1;
    uint64_t units = exposures_until(exposures, last) - exposures_until(exposures, before);
    return (double)units / (double)(last - before);
}

#define FORECAST_DAYS_MAX 36500.0

static void forecast_final(const struct plan *plan, const struct progress *progress,
                           const struct exposures *exposures, struct forecast *forecast)
{
    forecast->has_final = progress->final.because != FINAL_UNKNOWN;
    forecast->cohort = progress->final.cohort;
    int32_t today = day_of(progress->as_of_ms);
    double missing = plan->planned - (double)exposures_until(exposures, today);
    forecast->stalled = !forecast->has_final && !progress->closed && missing > 0 &&
                        plan->design != DESIGN_ALWAYS && !(forecast->per_day > 0) &&
                        exposures->days && today - exposures->first >= RATE_DAYS;
    if (progress->final.because == FINAL_SIZE || plan->design == DESIGN_ALWAYS ||
        !(plan->planned > 0) || !(forecast->per_day > 0) || missing <= 0)
        return;
    double days = fmin(ceil(missing / forecast->per_day), FORECAST_DAYS_MAX);
    int32_t cohort = today + (int32_t)days;
    forecast->has_size = true;
    forecast->size_cohort = cohort;
    if (!forecast->has_final || cohort < forecast->cohort)
        forecast->cohort = cohort;
    forecast->has_final = true;
}

/* The same for any kind, from the standard error that its units give now. */
static bool detectable_by_error(const struct plan *plan, const struct metric_result *goal, size_t j,
                                double growth, double *difference)
{
    double alpha = power_alpha(plan->design, plan->alpha, plan->goals * plan_treatments(plan));
    double inflation = 1;
    struct estimate estimate;
    if (sample_difference(&goal->observed[j].sample, &goal->observed[plan->control].sample,
                          plan->planned_pair[j], &estimate) ||
        (plan->design == DESIGN_ALWAYS && power_always_inflation(alpha, plan->power, &inflation)))
        return false;
    double reach = normal_z_two_sided(alpha) + normal_z_one_sided(1 - plan->power);
    *difference = reach * estimate.se * sqrt(inflation / growth);
    return true;
}

/* The smallest difference that variant j's mature units, times `growth`, can show in the better
 * direction. */
static bool detectable_of(const struct plan *plan, const struct metric_result *goal, size_t j,
                          double growth, double *difference)
{
    const struct sample *sample = &goal->observed[plan->control].sample;
    struct proportion control = sample->proportion;
    struct plan observed = *plan;
    observed.expected = (struct power_question){.kind = POWER_RATE, .inflation = 1};
    struct power_question question = plan_question(&observed, j);
    if (!goal->observed[plan->control].units || !goal->observed[j].units)
        return false;
    if (sample->estimator != ESTIMATOR_PROPORTION)
        return detectable_by_error(plan, goal, j, growth, difference);
    question.baseline = (double)control.successes / (double)control.units;
    question.allocation = (double)goal->observed[j].units / (double)control.units;
    return power_plan_detectable(&question, growth * (double)control.units, plan->power,
                                 goal->metric.lower_is_better ? SIDE_LOW : SIDE_HIGH,
                                 difference) == REASON_NONE;
}

/* Of all comparisons with the control the hardest; false where one cannot be told. */
static bool detectable_of_goal(const struct plan *plan, const struct metric_result *goal,
                               double growth, double *difference, double *lift)
{
    struct level control;
    double largest = 0, one;
    for (size_t j = 0; j < plan->variants; j++) {
        if (j == plan->control)
            continue;
        if (!detectable_of(plan, goal, j, growth, &one))
            return false;
        largest = fmax(largest, fabs(one));
    }
    *difference = largest;
    if (!sample_level(&goal->observed[plan->control].sample, plan->alpha, &control) &&
        control.value > 0)
        *lift = largest / control.value;
    return true;
}

/* By the end, or FORECAST_DAYS from now where there is none, at the present rate. */
static void forecast_by_end(const struct plan *plan, const struct progress *progress,
                            const struct exposures *exposures, const struct metric_result *goal,
                            struct forecast *forecast)
{
    int32_t today = day_of(progress->as_of_ms);
    double mature = 0;
    forecast->by_end_cohort =
        plan->end_ms != TIME_NONE ? day_of(plan->end_ms - 1) : today + FORECAST_DAYS;
    for (size_t j = 0; j < plan->variants; j++)
        mature += (double)goal->observed[j].units;
    double then = (double)exposures_until(exposures, today) +
                  forecast->per_day * (double)(forecast->by_end_cohort - today);
    if (!(forecast->per_day > 0) || forecast->by_end_cohort <= today || !(mature > 0))
        return;
    forecast->has_by_end = detectable_of_goal(plan, goal, fmax(1, then / mature), &forecast->by_end,
                                              &forecast->by_end_lift);
}

void forecast_of(const struct plan *plan, const struct progress *progress,
                 const struct exposures *exposures, const struct metric_result *first_goal,
                 struct forecast *forecast)
{
    *forecast = (struct forecast){.per_day = forecast_rate(exposures, progress->as_of_ms)};
    if (progress->closed)
        forecast->per_day = 0;
    forecast_final(plan, progress, exposures, forecast);
    if (!first_goal || !first_goal->computed)
        return;
    forecast->has_detectable =
        detectable_of_goal(plan, first_goal, 1, &forecast->detectable, &forecast->detectable_lift);
    forecast_by_end(plan, progress, exposures, first_goal, forecast);
}
