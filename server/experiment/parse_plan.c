/*
 * How many units the registered plan needs, roughly: for the warning `cannot-detect`.
 *
 * The folder may not include the statistics (rows of architecture.md), and a warning needs no more
 * than the normal approximation.  `gangway plan` and reports use stats/power.h.
 *
 *     shares   n = (z_a sqrt(2 pb (1 - pb)) + z_b sqrt(p0 (1 - p0) + p1 (1 - p1)))^2 / d^2
 *     means    n = 2 (z_a + z_b)^2 sd^2 / d^2
 *
 * per variant, with pb = (p0 + p1) / 2, at the level of inference.md, "Sample size under the plan":
 * two-sided 4a/(5m) for hybrid, a/m else; m = goals x (variants - 1); `always` needs 1.91 times as
 * many.  Members of accounts multiply by the design effect 1 + (mean (1 + cv^2) - 1) icc where the
 * goal is counted per member (count, sum, mean).
 *
 * Normal quantile: Abramowitz and Stegun (1964), 26.2.23, |error| < 4.5e-4: at most 0.1 % of n.
 */

#include "parse.h"

#include "base/number.h"

#include <math.h>

#define ALWAYS_FACTOR 1.91

/* Upper quantile, 0 < p <= 0.5. */
static double normal_above(double p)
{
    double t = sqrt(-2 * log(p));
    double numerator = 2.515517 + t * (0.802853 + t * 0.010328);
    return t - numerator / (1 + t * (1.432788 + t * (0.189269 + t * 0.001308)));
}

static double per_variant(const struct experiment *experiment, double z_level, double z_power)
{
    const struct metric *goal = experiment->goals[0];
    const struct expectation *plan = &experiment->expect;
    double base = (double)plan->baseline_micro / (double)MICRO;
    bool absolute = experiment->lift == LIFT_ABSOLUTE || goal->kind == METRIC_NPS;
    double difference = absolute ? plan->lift : plan->lift * base;
    if (metric_is_share(goal->kind)) {
        double changed = base + difference, middle = (base + changed) / 2;
        if (base <= 0 || base >= 1 || changed <= 0 || changed >= 1)
            return 0;
        double root = z_level * sqrt(2 * middle * (1 - middle)) +
                      z_power * sqrt(base * (1 - base) + changed * (1 - changed));
        return root * root / (difference * difference);
    }
    if (plan->sd <= 0 || difference == 0 || goal->kind == METRIC_TIME_TO)
        return 0;
    double reach = (z_level + z_power) * plan->sd / difference;
    return 2 * reach * reach;
}

static double design_effect(const struct experiment *experiment)
{
    const struct expectation *plan = &experiment->expect;
    double cluster = plan->members_mean * (1 + plan->members_cv * plan->members_cv);
    enum metric_kind kind = experiment->goals[0]->kind;
    bool per_member = kind == METRIC_COUNT || kind == METRIC_SUM || kind == METRIC_MEAN;
    return plan->has_members && per_member ? 1 + (cluster - 1) * plan->members_icc : 1;
}

double plan_units(const struct experiment *experiment)
{
    if (experiment->goal_count == 0 || experiment->variant_count < 2)
        return 0;
    double tests = (double)(experiment->goal_count * (experiment->variant_count - 1));
    double level = (1 - experiment->confidence) / tests;
    if (experiment->peeking == PEEKING_HYBRID)
        level *= 0.8;
    double n = per_variant(experiment, normal_above(level / 2),
                           normal_above(1 - experiment->expect.power));
    if (experiment->peeking == PEEKING_ALWAYS)
        n *= ALWAYS_FACTOR;
    double units = ceil(n * design_effect(experiment) * (double)experiment->variant_count);
    return experiment->expect.units ? (double)experiment->expect.units : units;
}
