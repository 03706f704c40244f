/*
 * The winner's curse (statistics.md, section 4, "Estimates at an early stop are too big"): what a
 * goal's effect probably is where it was found before the final set.
 *
 * Where the latest look is the first whose anytime interval excludes 0, the correction conditions
 * on having stopped there, with the looks so far and, until N*, looks at the pace so far.  Where it
 * was outside before, or there are too many looks, on being outside at this look alone.
 */

#include "analysis/inference.h"

#include <math.h>

static bool look_is_outside(const struct look *look)
{
    return look->has_anytime && (look->anytime.low > 0 || look->anytime.high < 0);
}

/* In standard errors. */
static double look_boundary(const struct look *look)
{
    return (look->anytime.high - look->difference) / look->se;
}

static const struct look *look_at(const struct plan *plan, const struct metric_result *result,
                                  size_t day, size_t variant)
{
    return &result->looks[day * plan->variants + variant];
}

/* The looks until the latest one, ratios still those of N*; 0 when one before was outside. */
static size_t looks_until_stop(const struct plan *plan, const struct metric_result *result,
                               size_t variant, struct winner_look *looks)
{
    size_t count = 0;
    for (size_t day = 0; day < result->look_count; day++) {
        const struct look *look = look_at(plan, result, day, variant);
        bool last = day + 1 == result->look_count;
        if (!look->has_anytime || !(look->se > 0) ||
            (count && look->ratio <= looks[count - 1].ratio && !last))
            continue;
        if (count == WINNER_LOOKS_MAX || (!last && look_is_outside(look)))
            return 0;
        if (count && look->ratio <= looks[count - 1].ratio)
            count--;
        looks[count++] =
            (struct winner_look){.ratio = look->ratio, .boundary = look_boundary(look)};
    }
    return count;
}

/* Adds looks at the mean step so far until N*, with the last boundary, and scales the ratios. */
static size_t looks_to_horizon(struct winner_look *looks, size_t count)
{
    size_t stop = count - 1;
    double step = looks[stop].ratio / (double)count;
    while (count < WINNER_LOOKS_MAX && looks[count - 1].ratio < 1) {
        double ratio = fmin(1, looks[count - 1].ratio + step);
        looks[count] = (struct winner_look){.ratio = ratio, .boundary = looks[stop].boundary};
        count++;
    }
    double horizon = looks[count - 1].ratio;
    for (size_t i = 0; i < count; i++)
        looks[i].ratio /= horizon;
    return count;
}

static void comparison_correct(const struct plan *plan, struct metric_result *result,
                               size_t variant)
{
    struct winner_look looks[WINNER_LOOKS_MAX];
    struct comparison *comparison = &result->comparisons[variant];
    const struct look *latest = look_at(plan, result, result->look_count - 1, variant);
    if (!look_is_outside(latest) || !(latest->se > 0))
        return;
    struct effect effect = {.estimate = latest->difference, .se = latest->se};
    size_t count = looks_until_stop(plan, result, variant, looks);
    enum reason reason = REASON_INVALID;
    if (count) {
        size_t all = looks_to_horizon(looks, count);
        reason = winner_stopped(looks, all, count - 1, effect, plan->alpha, &comparison->corrected);
    }
    if (reason)
        reason = winner_correct(effect, look_boundary(latest), plan->alpha, &comparison->corrected);
    comparison->has_corrected = reason == REASON_NONE;
}

void metric_correct(const struct plan *plan, struct metric_result *result)
{
    if (result->metric.role != ROLE_GOAL || result->final || !result->looks || !result->look_count)
        return;
    for (size_t j = 0; j < plan->variants; j++)
        if (j != plan->control)
            comparison_correct(plan, result, j);
}
