/*
 * What stands beside a goal (reports.md, part 9): the same comparison read in other ways, the two
 * halves of the cohorts against each other, what an effect costs, and how likely it is one.
 *
 *     unadjusted    by the two samples alone
 *     crossed_in    units that met two variants counted too, by the first
 *     uncapped      values before the cap (counts and sums)
 *     first_half, second_half   of the cohort days analysed
 *
 * All are formed of sums and not adjusted; each stands where it can differ.  The cube keeps sums,
 * so the goal without its largest unit cannot be formed: uncapped beside capped says how much a few
 * large units matter, and `export --table units` has the units themselves.
 *
 * None of this decides: intervals are pointwise, the drift's p is exploratory.
 */

#include "document_parts.h"

#include "stats/beta_binomial.h"
#include "stats/normal.h"

#include <math.h>

/* Which cells a reading adds up. */
struct reading {
    const char *name;
    int32_t first, last; /* cohort days */
    bool crossed, raw;
};

struct readings {
    const struct study *study;
    const struct study_group *group;
    const struct study_metric *metric;
    const struct metric_result *result;
};

static void reading_add(const struct readings *readings, const struct reading *reading,
                        enum population population, size_t variant, int128 *sums)
{
    const struct cube_select select = {.population = (enum population)population,
                                       .variant = (uint8_t)variant,
                                       .metric = readings->metric->number,
                                       .first = reading->first,
                                       .last = reading->last};
    int128 more[CUBE_FIELDS_MAX] = {0};
    cube_sum(&readings->group->cells.cube, &select, more);
    for (size_t i = 0; i < CUBE_FIELDS_MAX; i++)
        sums[i] = (int128)((uint128)sums[i] + (uint128)more[i]);
}

static void reading_observe(const struct readings *readings, const struct reading *reading,
                            size_t variant, struct observed *observed)
{
    int128 sums[CUBE_FIELDS_MAX] = {0};
    reading_add(readings, reading, POPULATION_MAIN, variant, sums);
    if (reading->crossed)
        reading_add(readings, reading, POPULATION_CROSSED, variant, sums);
    if (reading->raw) {
        sums[VALUE_S] = sums[VALUE_RAW_S];
        sums[VALUE_SS] = sums[VALUE_RAW_SS];
    }
    *observed = (struct observed){0};
    metric_observe(readings->metric->metric, sums, CUBE_FIELDS_MAX, observed);
    observed->sample.accounts = readings->study->plan.accounts;
}

static enum reason reading_difference(const struct readings *readings,
                                      const struct reading *reading, size_t variant,
                                      struct estimate *estimate)
{
    const struct plan *plan = &readings->study->plan;
    struct observed treatment, control;
    reading_observe(readings, reading, variant, &treatment);
    reading_observe(readings, reading, plan->control, &control);
    return sample_difference(&treatment.sample, &control.sample, plan->planned_pair[variant],
                             estimate);
}

/* On the final set the fixed interval and p, before it the anytime interval. */
static struct value reading_comparison(const struct readings *readings,
                                       const struct reading *reading, size_t variant)
{
    const struct study *study = readings->study;
    struct arena *arena = study->arena;
    struct metric_levels levels = metric_levels_of(&study->plan, ROLE_GOAL);
    struct value object = value_object();
    struct estimate estimate = {0};
    struct interval interval = {0};
    struct test test = {0};
    bool final = readings->result->final, has_interval = false, has_p = false;
    enum reason reason = reading_difference(readings, reading, variant, &estimate);
    if (!reason && final) {
        has_interval = !estimate_fixed_interval(&estimate, levels.fixed, &interval);
        has_p = !estimate_fixed_test(&estimate, 0, &test);
    } else if (!reason && levels.anytime > 0) {
        has_interval = !estimate_anytime_interval(&estimate, levels.anytime, &interval);
    }
    value_add(arena, &object, "variant",
              text_value(arena, study->registered->variants[variant].name));
    value_add(arena, &object, "estimate", number_or_null(!reason, estimate.value));
    value_add(arena, &object, "se", number_or_null(!reason, estimate.se));
    value_add(arena, &object, "interval", interval_or_null(arena, has_interval, &interval));
    value_add(arena, &object, "level", level_value(final ? levels.fixed : levels.anytime));
    value_add(arena, &object, "p", p_or_null(has_p, test.p));
    value_add(arena, &object, "reason",
              reason ? value_text(slice_of(reason_text(reason))) : value_null());
    return object;
}

static struct value reading_value(const struct readings *readings, const struct reading *reading)
{
    const struct study *study = readings->study;
    struct arena *arena = study->arena;
    struct value object = value_object(), list = value_list();
    for (size_t j = 0; j < study->plan.variants; j++)
        if (j != study->plan.control)
            value_append(arena, &list, reading_comparison(readings, reading, j));
    value_add(arena, &object, "reading", value_text(slice_of(reading->name)));
    value_add(arena, &object, "comparisons", list);
    return object;
}

static bool any_crossed(const struct study *study)
{
    for (size_t j = 0; j < study->plan.variants; j++)
        if (study->crossed[j])
            return true;
    return false;
}

static bool any_adjusted(const struct readings *readings)
{
    for (size_t j = 0; j < readings->study->plan.variants; j++)
        if (readings->result->comparisons[j].adjustment.adjusted)
            return true;
    return false;
}

static bool has_cap(enum metric_kind kind)
{
    return kind == METRIC_COUNT || kind == METRIC_SUM;
}

/* Kinds that the integers of a cell are enough for. */
static bool is_readable(const struct readings *readings)
{
    enum metric_kind kind = readings->metric->plan.kind;
    return readings->metric->number && readings->result->run &&
           (has_cap(kind) || kind == METRIC_CONVERSION || kind == METRIC_RETENTION ||
            kind == METRIC_MEAN || kind == METRIC_RATIO || kind == METRIC_NPS);
}

/* The last cohort day of the first half. */
static int32_t half_of(const struct readings *readings)
{
    int32_t first = readings->group->cells.first;
    return first + (readings->result->analysed - first - 1) / 2;
}

struct value sensitivity_value(const struct study *study, const struct study_group *group,
                               const struct study_metric *metric,
                               const struct metric_result *result)
{
    const struct readings readings = {study, group, metric, result};
    struct value list = value_list();
    if (metric->plan.role != ROLE_GOAL || !is_readable(&readings))
        return value_null();
    int32_t first = group->cells.first, last = result->analysed, half = half_of(&readings);
    const struct {
        struct reading reading;
        bool wanted;
    } choices[] = {
        {{"unadjusted", INT32_MIN, last, false, false}, any_adjusted(&readings)},
        {{"crossed_in", INT32_MIN, last, true, false}, any_crossed(study)},
        {{"uncapped", INT32_MIN, last, false, true}, has_cap(metric->plan.kind)},
        {{"first_half", INT32_MIN, half, false, false}, last > first},
        {{"second_half", half + 1, last, false, false}, last > first},
    };
    for (size_t i = 0; i < sizeof choices / sizeof choices[0]; i++)
        if (choices[i].wanted)
            value_append(study->arena, &list, reading_value(&readings, &choices[i].reading));
    return list;
}

/* One variant's second half less its first. */
static struct value drift_comparison(const struct readings *readings, size_t variant)
{
    const struct study *study = readings->study;
    struct arena *arena = study->arena;
    int32_t half = half_of(readings);
    const struct reading early = {.first = INT32_MIN, .last = half};
    const struct reading late = {.first = half + 1, .last = readings->result->analysed};
    struct estimate before = {0}, after = {0};
    struct value object = value_object();
    bool has = !reading_difference(readings, &early, variant, &before) &&
               !reading_difference(readings, &late, variant, &after);
    double se = hypot(before.se, after.se), change = after.value - before.value;
    has = has && se > 0;
    value_add(arena, &object, "variant",
              text_value(arena, study->registered->variants[variant].name));
    value_add(arena, &object, "estimate", number_or_null(has, change));
    value_add(arena, &object, "se", number_or_null(has, se));
    value_add(arena, &object, "p", p_or_null(has, has ? normal_test(change / se).p : 1));
    return object;
}

struct value drift_value(const struct study *study, const struct study_group *group,
                         const struct study_metric *metric, const struct metric_result *result)
{
    const struct readings readings = {study, group, metric, result};
    struct value list = value_list();
    if (metric->plan.role != ROLE_GOAL || !is_readable(&readings) ||
        result->analysed <= group->cells.first)
        return value_null();
    for (size_t j = 0; j < study->plan.variants; j++)
        if (j != study->plan.control)
            value_append(study->arena, &list, drift_comparison(&readings, j));
    return list;
}

static double cost_of(const struct experiment *experiment, size_t variant)
{
    return experiment->variants[variant].has_cost
               ? (double)experiment->variants[variant].cost_micro / 1e6
               : 0;
}

static struct interval interval_over(struct interval interval, double cost)
{
    double a = interval.low / cost, b = interval.high / cost;
    return (struct interval){fmin(a, b), fmax(a, b)};
}

/* Extra value for each unit of money that the variant costs more; declared costs are constants. */
struct value per_cost_value(const struct study *study, const struct study_metric *metric,
                            const struct comparison *comparison, size_t variant)
{
    struct arena *arena = study->arena;
    const struct effect_report *difference = &comparison->difference;
    double cost =
        cost_of(study->registered, variant) - cost_of(study->registered, study->plan.control);
    struct value object = value_object();
    if (metric->plan.role != ROLE_GOAL || !difference->estimated || !(fabs(cost) > 0))
        return value_null();
    struct interval fixed = interval_over(difference->interval, cost);
    struct interval anytime = interval_over(difference->anytime, cost);
    value_add(arena, &object, "cost", value_real(cost));
    value_add(arena, &object, "estimate", value_real(difference->estimate / cost));
    value_add(arena, &object, "interval",
              interval_or_null(arena, difference->has_interval, &fixed));
    value_add(arena, &object, "anytime_interval",
              interval_or_null(arena, difference->has_anytime, &anytime));
    return object;
}

/* The effect of a goal found early, corrected for having been looked at because it was large. */
struct value corrected_value(const struct study *study, const struct comparison *comparison)
{
    struct arena *arena = study->arena;
    struct value object = value_object();
    if (!comparison->has_corrected)
        return value_null();
    value_add(arena, &object, "estimate", value_real(comparison->corrected.central));
    value_add(arena, &object, "likely", value_real(comparison->corrected.likely));
    value_add(arena, &object, "interval",
              interval_or_null(arena, true, &comparison->corrected.interval));
    value_add(arena, &object, "level", level_value(study->plan.alpha));
    return object;
}

/* Shares alone, on the final set alone: a chance is not protected against peeking. */
static struct slice chance_reason(const struct study_metric *metric,
                                  const struct metric_result *result)
{
    if (metric->plan.kind != METRIC_CONVERSION && metric->plan.kind != METRIC_RETENTION)
        return SLICE("told of shares alone");
    return result->final ? (struct slice){0} : SLICE("before_final");
}

void add_chance(const struct study *study, const struct study_metric *metric,
                const struct metric_result *result, size_t variant, struct value *object)
{
    static const struct beta flat = {1, 1};
    struct arena *arena = study->arena;
    struct slice reason = chance_reason(metric, result);
    struct beta_binomial found = {0};
    struct value loss = value_object();
    if (!reason.size) {
        const struct proportion_pair pair = {
            .treatment = result->observed[variant].sample.proportion,
            .control = result->observed[study->plan.control].sample.proportion};
        enum reason fault = beta_binomial(&pair, flat, &found);
        reason = fault ? slice_of(reason_text(fault)) : reason;
    }
    bool has = !reason.size, lower = metric->plan.lower_is_better;
    value_add(arena, object, "chance_to_beat_control",
              number_or_null(has, lower ? found.control_better : found.treatment_better));
    value_add(arena, object, "chance_reason", text_value(arena, reason));
    value_add(arena, &loss, "ship", value_real(lower ? found.loss_control : found.loss_treatment));
    value_add(arena, &loss, "keep", value_real(lower ? found.loss_treatment : found.loss_control));
    value_add(arena, object, "expected_loss", has ? loss : value_null());
}

/* Whether as many answered in every variant (T4). */
static bool response_test(const struct study *study, const struct metric_result *result, double *p)
{
    struct proportion rates[VARIANTS_MAX];
    struct chi_square test;
    for (size_t j = 0; j < study->plan.variants; j++)
        rates[j] = (struct proportion){.successes = result->observed[j].contributing,
                                       .units = result->observed[j].units};
    if (chi_square_homogeneity(rates, study->plan.variants, &test))
        return false;
    *p = test.p;
    return true;
}

bool response_differs(const struct study *study, const struct metric_result *result)
{
    double p;
    return result->metric.kind == METRIC_NPS && result->computed &&
           response_test(study, result, &p) && p < CROSSED_P;
}

struct value response_value(const struct study *study, const struct metric_result *result)
{
    struct arena *arena = study->arena;
    struct value object = value_object();
    double p = 1;
    if (result->metric.kind != METRIC_NPS || !result->computed)
        return value_null();
    bool tested = response_test(study, result, &p);
    value_add(arena, &object, "p", p_or_null(tested, p));
    value_add(arena, &object, "warning", value_boolean(tested && p < CROSSED_P));
    return object;
}
