/*
 * One metric in one slice: from sums by cohort day to estimates, intervals, p and the state of a
 * guardrail (inference.md; statistics.md, sections 2 and 4).
 *
 * A look is the end of a cohort day's window.  The latest look feeds the anytime members, the final
 * set feeds the fixed ones and, once it is mature, the estimate; neither ever reads the data of the
 * other.  Sums are cumulative, so a look costs the same on the first day and on the ninetieth.
 *
 * Gate      peeked at before 100 units, 10 successes and 10 failures a variant (20 accounts):
 *           nothing.  The fixed test on the final set needs units alone: its score interval holds
 *           at any count.
 * Guardrail the interval beside it is made of two one-sided bounds: anytime at a over all
 *           guardrails and variants (harm), fixed at a/2 or 4a/10 (not worse than the margin).  A
 *           relative margin is judged on the log ratio.
 */

#include "analysis/inference.h"

#include <math.h>

/* ln of a lift that no estimate reaches: the margin "may fall by 100 %" always holds. */
#define LOG_MARGIN_MAX 700.0

const char *const guardrail_state_texts[] = {
    [GUARDRAIL_OPEN] = "open",
    [GUARDRAIL_PASSED] = "passed",
    [GUARDRAIL_HARMED] = "harmed",
    [GUARDRAIL_BLIND] = "blind",
};

void observed_until(const struct metric_source *source, int32_t cohort, size_t variant,
                    struct observed *observed)
{
    *observed = (struct observed){0};
    if (!source->days || cohort < source->first)
        return;
    size_t day = (size_t)((int64_t)cohort - source->first);
    source->observe(source, day < source->days ? day : source->days - 1, variant, observed);
}

int64_t metric_look_ms(const struct metric_plan *metric)
{
    return metric->kind == METRIC_TIME_TO ? 0 : metric->window_ms;
}

bool observed_passes(const struct plan *plan, enum metric_kind kind,
                     const struct observed *observed)
{
    const struct sample_gate gate = {.units = plan->accounts ? GATE_ACCOUNTS : GATE_UNITS,
                                     .outcomes = GATE_OUTCOMES,
                                     .nonzero = kind == METRIC_SUM ? GATE_NONZERO : 0};
    return sample_passes(&observed->sample, &gate);
}

/* A variant and the control at the end of one cohort day. */
struct pair {
    struct observed treatment, control;
};

static void pair_until(const struct plan *plan, const struct metric_source *source, int32_t cohort,
                       size_t variant, struct pair *pair)
{
    observed_until(source, cohort, variant, &pair->treatment);
    observed_until(source, cohort, plan->control, &pair->control);
    pair->treatment.sample.accounts = plan->accounts;
    pair->control.sample.accounts = plan->accounts;
}

static bool gate_holds_for(const struct plan *plan, const struct metric_plan *metric,
                           const struct pair *pair)
{
    return observed_passes(plan, metric->kind, &pair->treatment) &&
           observed_passes(plan, metric->kind, &pair->control);
}

static void estimates_of_pair(const struct plan *plan, size_t variant, const struct pair *pair,
                              struct pair_estimates *estimates)
{
    const struct sample *treatment = &pair->treatment.sample, *control = &pair->control.sample;
    double planned = plan->planned_pair[variant];
    estimates->difference_reason =
        sample_difference(treatment, control, planned, &estimates->difference);
    estimates->lift_reason = sample_lift(treatment, control, planned, &estimates->lift);
    if (treatment->estimator == ESTIMATOR_SCORE) /* a score has no zero to be relative to */
        estimates->lift_reason = REASON_NEAR_ZERO;
}

/* The estimates at the end of a cohort day whose pair is given. */
static void estimates_at(const struct plan *plan, const struct metric_source *source,
                         int32_t cohort, size_t variant, const struct pair *pair,
                         struct pair_estimates *estimates)
{
    *estimates = (struct pair_estimates){.difference_reason = REASON_NO_UNITS,
                                         .lift_reason = REASON_NO_UNITS};
    size_t day = (size_t)((int64_t)cohort - source->first);
    estimates_of_pair(plan, variant, pair, estimates);
    if (source->estimates && source->days && cohort >= source->first)
        source->estimates(source, plan, day < source->days ? day : source->days - 1, variant,
                          estimates);
}

double plan_harm_alpha(const struct plan *plan)
{
    size_t members = plan->guardrails * plan_treatments(plan);
    return fmin(plan->alpha / (double)(members ? members : 1), .49);
}

struct metric_levels metric_levels_of(const struct plan *plan, enum metric_role role)
{
    struct design_levels levels = design_levels(plan->design, plan->alpha);
    if (role != ROLE_GUARDRAIL)
        return (struct metric_levels){.fixed = levels.fixed, .anytime = levels.anytime};
    /* Not worse than the margin: one-sided a/2 in all, of which hybrid keeps 4/5 for the end. */
    return (struct metric_levels){.fixed = levels.fixed, .anytime = 2 * plan_harm_alpha(plan)};
}

/* One-sided error of the anytime bound that passes a guardrail before its final look; 0: none. */
static double plan_pass_alpha(const struct plan *plan)
{
    return design_levels(plan->design, plan->alpha).anytime / 2;
}

/* The anytime interval of a metric: a guardrail's is made of its two harm bounds. */
static bool anytime_interval_of(const struct plan *plan, const struct metric_plan *metric,
                                const struct estimate *estimate, struct interval *interval)
{
    struct metric_levels levels = metric_levels_of(plan, metric->role);
    struct interval found;
    if (levels.anytime <= 0)
        return false;
    if (metric->role != ROLE_GUARDRAIL)
        return estimate_anytime_interval(estimate, levels.anytime, interval) == REASON_NONE;
    if (estimate_anytime_bound(estimate, SIDE_LOW, levels.anytime / 2, &found.low) ||
        estimate_anytime_bound(estimate, SIDE_HIGH, levels.anytime / 2, &found.high))
        return false;
    *interval = found;
    return true;
}

static enum side metric_adverse(const struct metric_plan *metric)
{
    return metric->lower_is_better ? SIDE_HIGH : SIDE_LOW;
}

static bool anytime_p_of(const struct plan *plan, const struct metric_plan *metric,
                         const struct estimate *estimate, double *p)
{
    struct test test;
    double alpha = metric_levels_of(plan, metric->role).anytime;
    enum reason reason = REASON_TOO_EARLY;
    if (metric->role == ROLE_GUARDRAIL)
        reason = estimate_anytime_harm(estimate, metric_adverse(metric), alpha / 2, &test);
    else if (alpha > 0)
        reason = estimate_anytime_test(estimate, 0, alpha, &test);
    if (reason)
        return false;
    *p = test.p;
    return true;
}

/* A log ratio's interval carried to the lift. */
static bool lift_interval_of(bool has_log, const struct interval *log_ratio,
                             struct interval *interval)
{
    return has_log && lift_of_log(*log_ratio, interval) == REASON_NONE;
}

static void look_infer(const struct plan *plan, const struct metric_plan *metric,
                       const struct metric_source *source, int32_t cohort, size_t variant,
                       struct look *look)
{
    struct interval log_ratio = {0};
    struct pair_estimates estimates;
    struct pair pair;
    *look = (struct look){.p_now = 1};
    pair_until(plan, source, cohort, variant, &pair);
    if (!gate_holds_for(plan, metric, &pair))
        return;
    estimates_at(plan, source, cohort, variant, &pair, &estimates);
    if (estimates.difference_reason)
        return;
    look->estimated = true;
    look->difference = estimates.difference.value;
    look->se = estimates.difference.se;
    look->ratio = estimates.difference.ratio;
    look->has_anytime = anytime_interval_of(plan, metric, &estimates.difference, &look->anytime);
    (void)anytime_p_of(plan, metric, &estimates.difference, &look->p_now);
    if (estimates.lift_reason)
        return;
    look->has_lift = true;
    look->lift = expm1(estimates.lift.value);
    look->has_lift_anytime =
        lift_interval_of(anytime_interval_of(plan, metric, &estimates.lift, &log_ratio), &log_ratio,
                         &look->lift_anytime);
}

/* All looks of all variants, with the smallest p of each so far. */
static void looks_infer(const struct plan *plan, const struct metric_source *source,
                        struct metric_result *result)
{
    for (size_t day = 0; day < result->look_count; day++) {
        for (size_t j = 0; j < plan->variants; j++) {
            int32_t cohort = source->first + (int32_t)day;
            struct look *look = &result->looks[day * plan->variants + j];
            struct comparison *comparison = &result->comparisons[j];
            if (j == plan->control)
                continue;
            look_infer(plan, &result->metric, source, cohort, j, look);
            if (look->has_anytime && look->p_now < comparison->p_anytime) {
                comparison->p_anytime = look->p_now;
                comparison->p_anytime_cohort = cohort;
            }
        }
    }
}

/* What the latest look says of variant j. */
static void comparison_latest(const struct plan *plan, const struct metric_plan *metric,
                              const struct pair_estimates *estimates, struct comparison *comparison)
{
    struct interval log_ratio = {0};
    if (estimates->difference_reason)
        return;
    comparison->difference.has_anytime =
        anytime_interval_of(plan, metric, &estimates->difference, &comparison->difference.anytime);
    comparison->has_p_now = anytime_p_of(plan, metric, &estimates->difference, &comparison->p_now);
    if (!estimates->lift_reason)
        comparison->lift.has_anytime =
            lift_interval_of(anytime_interval_of(plan, metric, &estimates->lift, &log_ratio),
                             &log_ratio, &comparison->lift.anytime);
}

/* What the final set says: the fixed interval and test. */
static void comparison_final(const struct plan *plan, const struct metric_plan *metric,
                             const struct pair_estimates *estimates, struct comparison *comparison)
{
    double alpha = metric_levels_of(plan, metric->role).fixed;
    struct interval log_ratio;
    struct test test;
    if (estimates->difference_reason || alpha <= 0)
        return;
    comparison->difference.has_interval =
        estimate_fixed_interval(&estimates->difference, alpha, &comparison->difference.interval) ==
        REASON_NONE;
    if (estimates->tested_apart)
        test = estimates->test;
    comparison->has_p = estimates->tested_apart
                            ? !estimates->test_reason
                            : !estimate_fixed_test(&estimates->difference, 0, &test);
    if (comparison->has_p)
        comparison->p = test.p;
    if (!estimates->lift_reason && !estimate_fixed_interval(&estimates->lift, alpha, &log_ratio))
        comparison->lift.has_interval =
            lift_of_log(log_ratio, &comparison->lift.interval) == REASON_NONE;
}

static void comparison_point(const struct pair_estimates *estimates, struct comparison *comparison)
{
    comparison->reason = estimates->difference_reason;
    if (!estimates->difference_reason) {
        comparison->difference.estimated = true;
        comparison->difference.estimate = estimates->difference.value;
        comparison->difference.se = estimates->difference.se;
    }
    if (!estimates->lift_reason) {
        comparison->lift.estimated = true;
        comparison->lift.estimate = expm1(estimates->lift.value);
        comparison->lift.se = estimates->lift.se;
    }
}

/* Bonferroni over the goals' comparisons, with the w of the registered level, so that it agrees
 * with p_now times their number. */
static void comparison_adjusted(const struct plan *plan, bool final,
                                const struct estimate *estimate, struct effect_report *difference)
{
    struct design_levels levels = design_levels(plan->design, plan->alpha);
    double members = (double)(plan->goals * plan_treatments(plan)), c, reach;
    struct anytime at = {.ratio = estimate->ratio};
    if (final) {
        difference->has_adjusted = estimate_fixed_interval(estimate, levels.fixed / members,
                                                           &difference->adjusted) == REASON_NONE;
        return;
    }
    if (levels.anytime <= 0 || anytime_w(levels.anytime, &at.w) ||
        anytime_c(at, levels.anytime / members, &c) || anytime_c_scaled(c, estimate->df, &reach) ||
        !(estimate->se > 0))
        return;
    difference->has_adjusted = true;
    difference->adjusted = (struct interval){estimate->value - reach * estimate->se,
                                             estimate->value + reach * estimate->se};
}

/* The scale on which a guardrail's margin is judged. */
struct guardrail_scale {
    bool usable;
    const struct estimate *estimate;
    struct margin margin;
};

static struct guardrail_scale guardrail_scale_of(const struct metric_plan *metric,
                                                 const struct pair_estimates *estimates)
{
    enum side adverse = metric_adverse(metric);
    struct guardrail_scale scale = {.usable = !estimates->difference_reason,
                                    .estimate = &estimates->difference,
                                    .margin = {.adverse = adverse, .size = metric->margin}};
    if (!metric->relative)
        return scale;
    scale.usable = !estimates->lift_reason;
    scale.estimate = &estimates->lift;
    if (adverse == SIDE_HIGH)
        scale.margin.size = log1p(metric->margin);
    else
        scale.margin.size = metric->margin < 1 ? -log1p(-metric->margin) : LOG_MARGIN_MAX;
    return scale;
}

static void guardrail_bound(const struct plan *plan, const struct metric_result *result,
                            const struct pair_estimates *estimates, struct comparison *comparison)
{
    struct guardrail_scale scale = guardrail_scale_of(&result->metric, estimates);
    double fixed = metric_levels_of(plan, ROLE_GUARDRAIL).fixed / 2;
    double anytime = plan_pass_alpha(plan), bound;
    enum reason reason = REASON_TOO_EARLY;
    if (!scale.usable)
        return;
    if (result->final)
        reason = estimate_fixed_bound(scale.estimate, scale.margin.adverse, fixed, &bound);
    else if (anytime > 0)
        reason = estimate_anytime_bound(scale.estimate, scale.margin.adverse, anytime, &bound);
    if (reason)
        return;
    comparison->has_bound = true;
    comparison->bound = result->metric.relative ? expm1(bound) : bound;
    if (margin_holds(scale.margin, bound))
        comparison->state = GUARDRAIL_PASSED;
}

/* Passed before harmed: a small certain harm inside the margin is what the margin allows. */
static void guardrail_judge(const struct plan *plan, const struct metric_result *result,
                            const struct pair_estimates *estimates, struct comparison *comparison)
{
    const struct effect_report *difference = &comparison->difference;
    enum side adverse = metric_adverse(&result->metric);
    if (!comparison->reason)
        guardrail_bound(plan, result, estimates, comparison);
    if (comparison->state == GUARDRAIL_PASSED)
        return;
    if (difference->has_anytime &&
        margin_is_harmed((struct margin){.adverse = adverse},
                         adverse == SIDE_LOW ? difference->anytime.high : difference->anytime.low))
        comparison->state = GUARDRAIL_HARMED;
    else if (result->final_look && comparison->reason)
        comparison->state = GUARDRAIL_BLIND;
}

static void comparison_evidence(const struct plan *plan, const struct metric_result *result,
                                const struct pair_estimates *latest, struct comparison *comparison)
{
    struct design_evidence evidence = {.p_now = comparison->has_p_now ? comparison->p_now : 1,
                                       .p_fixed = comparison->has_p ? comparison->p : 1,
                                       .final = result->final};
    struct design_evidence fixed = evidence;
    comparison->p_h = design_p(plan->design, &evidence);
    fixed.p_now = 1;
    bool by_final = result->final && design_p(plan->design, &fixed) <= comparison->p_h;
    comparison->difference_h = comparison->difference.estimate;
    if (!by_final && comparison->has_p_now)
        comparison->difference_h = latest->difference.value;
}

/* What a comparison is made of: the latest look, and what is shown, the final set once it is
 * mature.
 */
struct comparison_looks {
    struct pair_estimates now, shown;
};

static void comparison_look(const struct plan *plan, const struct metric_source *source,
                            size_t variant, const struct metric_result *result,
                            struct comparison_looks *looks)
{
    struct metric_source final = *source;
    struct pair pair;
    final.followed = true;
    looks->now = (struct pair_estimates){.difference_reason = REASON_TOO_EARLY,
                                         .lift_reason = REASON_TOO_EARLY};
    pair_until(plan, source, result->last_look, variant, &pair);
    if (gate_holds_for(plan, &result->metric, &pair))
        estimates_at(plan, source, result->last_look, variant, &pair, &looks->now);
    looks->shown = looks->now;
    if (!result->final)
        return;
    pair_until(plan, &final, result->analysed, variant, &pair);
    estimates_at(plan, &final, result->analysed, variant, &pair, &looks->shown);
}

static void comparison_fill(const struct plan *plan, const struct metric_result *result,
                            const struct comparison_looks *looks, struct comparison *comparison)
{
    comparison_point(&looks->shown, comparison);
    comparison_latest(plan, &result->metric, &looks->now, comparison);
    if (result->final)
        comparison_final(plan, &result->metric, &looks->shown, comparison);
}

/* The same comparison by the two samples alone. */
static void comparison_unadjusted(const struct plan *plan, const struct metric_source *source,
                                  size_t variant, const struct metric_result *result,
                                  struct unadjusted_report *unadjusted)
{
    struct metric_source plain = *source;
    struct comparison comparison = {.p_now = 1};
    struct comparison_looks looks;
    plain.estimates = NULL;
    comparison_look(plan, &plain, variant, result, &looks);
    comparison_fill(plan, result, &looks, &comparison);
    *unadjusted = (struct unadjusted_report){.difference = comparison.difference,
                                             .lift = comparison.lift,
                                             .has_p = comparison.has_p,
                                             .p = comparison.p,
                                             .has_p_now = comparison.has_p_now,
                                             .p_now = comparison.p_now};
}

static void comparison_infer(const struct plan *plan, const struct metric_source *source,
                             size_t variant, struct metric_result *result)
{
    struct comparison *comparison = &result->comparisons[variant];
    struct comparison_looks looks;
    comparison_look(plan, source, variant, result, &looks);
    comparison_fill(plan, result, &looks, comparison);
    comparison->adjustment = looks.shown.adjustment;
    if (comparison->adjustment.adjusted)
        comparison_unadjusted(plan, source, variant, result, &comparison->unadjusted);
    if (result->metric.role == ROLE_GOAL && plan->goals * plan_treatments(plan) > 1 &&
        !looks.shown.difference_reason)
        comparison_adjusted(plan, result->final, &looks.shown.difference, &comparison->difference);
    if (result->metric.role == ROLE_GUARDRAIL)
        guardrail_judge(plan, result, &looks.shown, comparison);
    else
        comparison_evidence(plan, result, &looks.now, comparison);
}

static void comparison_skip(struct metric_result *result, size_t variant)
{
    struct comparison *comparison = &result->comparisons[variant];
    comparison->reason = REASON_TOO_EARLY;
    if (result->metric.role == ROLE_GUARDRAIL && result->final_look)
        comparison->state = GUARDRAIL_BLIND;
}

/* Cohort days from the source's first to `cohort`; 0 where it has none. */
static size_t days_until(const struct metric_source *source, int32_t cohort)
{
    return source->days && cohort >= source->first ? (size_t)((int64_t)cohort - source->first) + 1
                                                   : 0;
}

static void result_times(const struct plan *plan, const struct progress *progress,
                         const struct metric_source *source, struct metric_result *result)
{
    const struct final_set *final = &progress->final;
    int32_t mature = cohort_mature(progress->as_of_ms, result->metric.window_ms);
    bool over = progress->closed && mature >= progress->last_cohort;
    result->final = final->because != FINAL_UNKNOWN && !progress->hand && mature >= final->cohort;
    result->final_look =
        result->final || (over && (plan->design == DESIGN_ALWAYS || progress->hand));
    result->first = source->first;
    result->last_mature = mature;
    result->last_look = cohort_mature(progress->as_of_ms, metric_look_ms(&result->metric));
    result->analysed = result->final ? final->cohort : result->last_look;
    size_t looks = days_until(source, result->last_look);
    result->run = days_until(source, mature);
    result->look_count = looks < source->days ? looks : source->days;
}

void metric_infer(const struct plan *plan, const struct progress *progress,
                  const struct metric_plan *metric, const struct metric_source *source,
                  struct metric_result *result)
{
    result->metric = *metric;
    result->computed = metric_kind_is_computed(metric->kind);
    result_times(plan, progress, source, result);
    struct metric_source analysed = *source;
    analysed.followed = result->final;
    for (size_t j = 0; j < plan->variants; j++) {
        result->comparisons[j] =
            (struct comparison){.p_now = 1, .p_anytime = 1, .p_h = 1, .reason = REASON_NO_UNITS};
        observed_until(&analysed, result->analysed, j, &result->observed[j]);
    }
    if (!result->computed)
        result->look_count = 0;
    if (result->looks)
        looks_infer(plan, source, result);
    for (size_t j = 0; j < plan->variants; j++) {
        if (j != plan->control && result->computed)
            comparison_infer(plan, source, j, result);
        else if (j != plan->control)
            comparison_skip(result, j);
    }
}
