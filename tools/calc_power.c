/*
 * `gangway calc power`: units, power and detectable effects, one row a kind.
 *
 * Sizes are those of the control; `ratio` (1) is how many treatment units come on each of them.
 * `sides` (2) and `alpha` (.05) are the test's.  Nothing is rounded up.
 */

#include "calc.h"

#include "stats/power_duration.h"
#include "stats/power_mean.h"
#include "stats/power_plan.h"

static struct power_design design_read(struct calc *call)
{
    uint64_t sides = calc_count_or(call, "sides", 2);
    if (!calc_failed(call) && sides != 1 && sides != 2)
        calc_bad(call, "sides", "is neither 1 nor 2");
    return (struct power_design){.alpha = calc_alpha(call),
                                 .one_sided = sides == 1,
                                 .allocation = calc_number_or(call, "ratio", 1)};
}

static double power_read(struct calc *call)
{
    return calc_number_or(call, "power", .8);
}

/* `variance` of both, or `variance_control` and `variance_treatment`; or `sd` of both. */
static struct power_variances variances_read(struct calc *call)
{
    if (calc_has(call, "sd")) {
        double sd = calc_number(call, "sd");
        return (struct power_variances){sd * sd, sd * sd};
    }
    if (calc_has(call, "variance_control"))
        return (struct power_variances){calc_number(call, "variance_control"),
                                        calc_number(call, "variance_treatment")};
    double variance = calc_number(call, "variance");
    return (struct power_variances){variance, variance};
}

/* ---- Rates ---- */

static void prop_n(struct calc *call)
{
    struct power_design design = design_read(call);
    double p1 = calc_number(call, "p1"), p2 = calc_number(call, "p2"), n = 0;
    enum reason reason = power_proportion_units(&design, p1, p2, power_read(call), &n);
    calc_put_value(call, "n", reason, n);
}

static void prop_power(struct calc *call)
{
    struct power_design design = design_read(call);
    double p1 = calc_number(call, "p1"), p2 = calc_number(call, "p2"), power = 0;
    double n = calc_number(call, "n");
    enum reason reason = power_proportion(&design, p1, p2, n, &power);
    calc_put_value(call, "power", reason, power);
    design.both_tails = true;
    reason = power_proportion(&design, p1, p2, n, &power);
    calc_put_value(call, "power_strict", reason, power);
}

static void prop_mde(struct calc *call)
{
    struct power_design design = design_read(call);
    double p1 = calc_number(call, "p1"), n = calc_number(call, "n"), power = power_read(call);
    double difference = 0;
    enum reason reason = power_proportion_detectable(&design, p1, n, power, SIDE_HIGH, &difference);
    calc_put_value(call, "p2", reason, p1 + difference);
    reason = power_proportion_detectable(&design, p1, n, power, SIDE_LOW, &difference);
    if (!reason)
        calc_put(call, "p2_below", p1 + difference);
}

static void cohen_h(struct calc *call)
{
    struct power_design design = design_read(call);
    double h = calc_number(call, "h"), n1 = calc_number(call, "n1"), power = 0;
    double n2 = calc_number(call, "n2");
    enum reason reason = power_arcsine(design.alpha, design.one_sided, h, n1, n2, &power);
    calc_put_value(call, "power", reason, power);
}

/* ---- Means ---- */

static void t_n(struct calc *call)
{
    struct power_design design = design_read(call);
    double sd = calc_number_or(call, "sd", 1), delta = calc_number(call, "delta"), n = 0;
    enum reason reason = power_mean_units(&design, sd, delta, power_read(call), &n);
    calc_put_value(call, "n", reason, n);
}

static void t_power(struct calc *call)
{
    struct power_design design = design_read(call);
    double sd = calc_number_or(call, "sd", 1), delta = calc_number(call, "delta"), power = 0;
    double n = calc_number(call, "n");
    enum reason reason = power_mean(&design, sd, delta, n, &power);
    calc_put_value(call, "power", reason, power);
    design.both_tails = true;
    reason = power_mean(&design, sd, delta, n, &power);
    calc_put_value(call, "power_strict", reason, power);
}

static void t_mde(struct calc *call)
{
    struct power_design design = design_read(call);
    double sd = calc_number_or(call, "sd", 1), n = calc_number(call, "n"), delta = 0;
    enum reason reason = power_mean_detectable(&design, sd, n, power_read(call), &delta);
    calc_put_value(call, "delta", reason, delta);
}

static void t_unequal(struct calc *call)
{
    struct power_design design = design_read(call);
    double n1 = calc_number(call, "n1"), n2 = calc_number(call, "n2"), power = 0;
    design.allocation = n2 / n1;
    design.both_tails = true;
    enum reason reason = power_mean(&design, 1, calc_number(call, "d"), n1, &power);
    calc_put_value(call, "power", reason, power);
}

static struct power_groups groups_read(struct calc *call)
{
    return (struct power_groups){.groups = calc_count(call, "k"), .alpha = calc_alpha(call)};
}

static void anova_power(struct calc *call)
{
    struct power_groups groups = groups_read(call);
    double f = calc_number(call, "f"), n = calc_number(call, "n"), power = 0;
    enum reason reason = power_anova(groups, f, n, &power);
    calc_put_value(call, "power", reason, power);
}

static void anova_n(struct calc *call)
{
    struct power_groups groups = groups_read(call);
    double f = calc_number(call, "f"), n = 0;
    enum reason reason = power_anova_units(groups, f, power_read(call), &n);
    calc_put_value(call, "n", reason, n);
}

static void anova_mde(struct calc *call)
{
    struct power_groups groups = groups_read(call);
    double n = calc_number(call, "n"), f = 0;
    enum reason reason = power_anova_detectable(groups, n, power_read(call), &f);
    calc_put_value(call, "f", reason, f);
}

/* ---- Near normal: clusters, ratios, margins, segments ---- */

static void normal_n(struct calc *call)
{
    struct power_design design = design_read(call);
    struct power_variances variances = variances_read(call);
    double delta = calc_number(call, "delta"), n = 0;
    enum reason reason = power_normal_units(&design, variances, delta, power_read(call), &n);
    calc_put_value(call, "n", reason, n);
}

static void normal_power(struct calc *call)
{
    struct power_design design = design_read(call);
    struct power_variances variances = variances_read(call);
    double delta = calc_number(call, "delta"), n = calc_number(call, "n"), power = 0;
    enum reason reason = power_normal(&design, variances, delta, n, &power);
    calc_put_value(call, "power", reason, power);
    design.both_tails = true;
    reason = power_normal(&design, variances, delta, n, &power);
    calc_put_value(call, "power_strict", reason, power);
}

static void normal_mde(struct calc *call)
{
    struct power_design design = design_read(call);
    struct power_variances variances = variances_read(call);
    double n = calc_number(call, "n"), share = calc_number_or(call, "share", 1), delta = 0;
    enum reason reason =
        power_segment_detectable(&design, variances, n, share, power_read(call), &delta);
    calc_put_value(call, "delta", reason, delta);
}

static void interaction_mde(struct calc *call)
{
    struct power_design design = design_read(call);
    struct power_variances variances = variances_read(call);
    double n = calc_number(call, "n"), delta = 0;
    double shares[2] = {calc_number_or(call, "share", .5)};
    shares[1] = calc_number_or(call, "other_share", 1 - shares[0]);
    enum reason reason =
        power_interaction_detectable(&design, variances, n, shares, power_read(call), &delta);
    calc_put_value(call, "delta", reason, delta);
}

/* One-sided, at alpha .025 unless told otherwise. */
static struct power_design margin_design(struct calc *call)
{
    struct power_design design = design_read(call);
    design.one_sided = true;
    if (!calc_has(call, "alpha") && !calc_has(call, "conf"))
        design.alpha = .025;
    return design;
}

static void margin_n(struct calc *call)
{
    struct power_design design = margin_design(call);
    struct power_variances variances = variances_read(call);
    double margin = calc_number(call, "margin"), harm = calc_number_or(call, "harm", 0), n = 0;
    enum reason reason = power_margin_units(&design, variances, margin, harm, power_read(call), &n);
    calc_put_value(call, "n", reason, n);
}

static void margin_power(struct calc *call)
{
    struct power_design design = margin_design(call);
    struct power_variances variances = variances_read(call);
    double margin = calc_number(call, "margin"), harm = calc_number_or(call, "harm", 0);
    double n = calc_number(call, "n"), power = 0;
    enum reason reason = power_margin(&design, variances, margin, harm, n, &power);
    calc_put_value(call, "power", reason, power);
}

static void design_effect(struct calc *call)
{
    struct clusters clusters = {.mean = calc_number(call, "mean"),
                                .cv = calc_number_or(call, "cv", 0),
                                .icc = calc_number(call, "icc")};
    double effect = 0;
    enum reason reason = power_design_effect(clusters, &effect);
    calc_put_value(call, "design_effect", reason, effect);
}

static void cuped(struct calc *call)
{
    double left = 0;
    enum reason reason = power_adjusted(calc_number(call, "r"), &left);
    calc_put_value(call, "factor", reason, left);
}

static void ratio_variance(struct calc *call)
{
    struct ratio_moments moments = {.mean_y = calc_number(call, "mean_y"),
                                    .mean_s = calc_number(call, "mean_s"),
                                    .variance_y = calc_number(call, "variance_y"),
                                    .variance_s = calc_number(call, "variance_s"),
                                    .covariance = calc_number(call, "covariance")};
    double variance = 0;
    enum reason reason = power_ratio_variance(&moments, &variance);
    calc_put_value(call, "variance", reason, variance);
}

/* ---- The anytime interval ---- */

static void always_n(struct calc *call)
{
    struct power_design design = design_read(call);
    struct power_variances variances = variances_read(call);
    double delta = calc_number(call, "delta"), planned = calc_number_or(call, "planned", 0), n = 0;
    enum reason reason =
        power_always_units(&design, variances, planned, delta, power_read(call), &n);
    calc_put_value(call, "n", reason, n);
}

static void always_power(struct calc *call)
{
    struct power_design design = design_read(call);
    struct power_variances variances = variances_read(call);
    double delta = calc_number(call, "delta"), planned = calc_number_or(call, "planned", 0);
    double n = calc_number(call, "n"), power = 0;
    enum reason reason = power_always(&design, variances, planned, delta, n, &power);
    calc_put_value(call, "power", reason, power);
}

static void always_mde(struct calc *call)
{
    struct power_design design = design_read(call);
    struct power_variances variances = variances_read(call);
    double n = calc_number(call, "n"), planned = calc_number_or(call, "planned", 0), delta = 0;
    enum reason reason =
        power_always_detectable(&design, variances, planned, n, power_read(call), &delta);
    calc_put_value(call, "delta", reason, delta);
}

/* ---- The plan of an experiment ---- */

static size_t name_read(struct calc *call, const char *key, const char *fallback,
                        const char *const *names)
{
    struct slice text = calc_text_or(call, key, fallback);
    for (size_t i = 0; names[i]; i++)
        if (slice_equals(text, names[i]))
            return i;
    calc_bad(call, key, "is none of %s, %s, %s", names[0], names[1], names[2]);
    return 0;
}

static struct power_question question_read(struct calc *call)
{
    static const char *const designs[] = {
        [DESIGN_HYBRID] = "hybrid", [DESIGN_ALWAYS] = "always", [DESIGN_FIXED] = "fixed", NULL};
    static const char *const metrics[] = {
        [POWER_RATE] = "rate", [POWER_MEAN] = "mean", [POWER_NORMAL] = "normal", NULL};
    struct power_question question = {
        .design = (enum design)name_read(call, "design", "hybrid", designs),
        .alpha = calc_alpha(call),
        .members = calc_count_or(call, "members", 1),
        .allocation = calc_number_or(call, "ratio", 1),
        .kind = (enum power_kind)name_read(call, "metric", "rate", metrics),
        .inflation = calc_number_or(call, "inflation", 1),
        .planned = calc_number_or(call, "planned", 0),
    };
    if (question.kind == POWER_RATE)
        question.baseline = calc_number(call, "baseline");
    else
        question.sd = calc_number(call, "sd");
    return question;
}

static void plan_n(struct calc *call)
{
    struct power_question question = question_read(call);
    double delta = calc_number(call, "delta"), n = 0;
    enum reason reason = power_plan_units(&question, delta, power_read(call), &n);
    calc_put_value(call, "n", reason, n);
}

static void plan_power(struct calc *call)
{
    struct power_question question = question_read(call);
    double delta = calc_number(call, "delta"), n = calc_number(call, "n"), power = 0;
    enum reason reason = power_plan(&question, delta, n, &power);
    calc_put_value(call, "power", reason, power);
}

static void plan_mde(struct calc *call)
{
    struct power_question question = question_read(call);
    double n = calc_number(call, "n"), power = power_read(call), delta = 0;
    enum reason reason = power_plan_detectable(&question, n, power, SIDE_HIGH, &delta);
    calc_put_value(call, "delta", reason, delta);
}

static void guardrail_power(struct calc *call)
{
    struct power_question question = question_read(call);
    double margin = calc_number(call, "margin"), harm = calc_number_or(call, "harm", 0);
    double n = calc_number(call, "n"), power = 0;
    enum reason reason = power_plan_guardrail(&question, margin, harm, n, &power);
    calc_put_value(call, "power", reason, power);
}

static void duration(struct calc *call)
{
    double n = calc_number(call, "n_total"), rate = calc_number(call, "per_week"), units = 0;
    double window = calc_number_or(call, "window_weeks", 0);
    struct duration duration = {0};
    enum reason reason = power_duration(n, rate, window, &duration);
    calc_put_value(call, "enrolment_weeks", reason, duration.enrolment);
    calc_put_value(call, "weeks", reason, duration.weeks);
    if (!reason)
        calc_put_text(call, "verdict", duration.too_long ? "not detectable" : "ok");
    reason = power_duration_units(DURATION_WEEKS_MAX, rate, window, &units);
    if (!reason)
        calc_put(call, "reachable_units", units);
}

/* ---- */

#define KIND_DISTANCE_MAX 12

struct kind {
    const char *name;
    void (*run)(struct calc *call);
};

static const struct kind kinds[] = {
    {"prop_n_per_arm", prop_n},
    {"prop_power", prop_power},
    {"prop_mde_p2", prop_mde},
    {"cohen_h_power", cohen_h},
    {"t_n_per_arm", t_n},
    {"t_power", t_power},
    {"t_mde", t_mde},
    {"t_power_unequal", t_unequal},
    {"anova_power", anova_power},
    {"anova_n", anova_n},
    {"anova_mde", anova_mde},
    {"normal_n", normal_n},
    {"normal_power", normal_power},
    {"normal_mde", normal_mde},
    {"interaction_mde", interaction_mde},
    {"margin_n", margin_n},
    {"margin_power", margin_power},
    {"design_effect", design_effect},
    {"cuped", cuped},
    {"ratio_variance", ratio_variance},
    {"always_n", always_n},
    {"always_power", always_power},
    {"always_mde", always_mde},
    {"plan_n", plan_n},
    {"plan_power", plan_power},
    {"plan_mde", plan_mde},
    {"guardrail_power", guardrail_power},
    {"duration", duration},
};

static void power(struct calc *call)
{
    struct slice kind = calc_text(call, "kind");
    const char *nearest = kinds[0].name;
    unsigned best = KIND_DISTANCE_MAX;
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
        unsigned distance = slice_distance(kind, slice_of(kinds[i].name), KIND_DISTANCE_MAX);
        if (distance == 0) {
            kinds[i].run(call);
            return;
        }
        if (distance < best) {
            best = distance;
            nearest = kinds[i].name;
        }
    }
    calc_bad(call, "kind", "'%.*s' is no kind, did you mean '%s'?", SLICE_ARGS(kind), nearest);
}

const struct calc_family calc_power_families[] = {
    {"power", "units, power and detectable effect of rates, means, clusters, plans", power},
    {.name = NULL},
};
