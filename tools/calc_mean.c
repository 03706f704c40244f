/*
 * `gangway calc`: means of two variants and their relative lift (stats/mean.h, stats/two_sample.h,
 * stats/lift.h), and the figures that GrowthBook's engine shows, for comparison with it.
 *
 * Names that end in _control and _treatment are the variants'.  A variant is a list of values, a
 * summary, or sums; everything after that is the same.
 */

#include "calc_variant.h"

#include "stats/mean.h"
#include "stats/normal.h"

#include <math.h>

/* What a comparison of two variants gives: each figure with its own reason. */
struct comparison {
    enum reason reason; /* of the estimate */
    struct estimate estimate;
};

static struct comparison compare(const enum reason reasons[VARIANTS],
                                 const struct variant_value values[VARIANTS])
{
    struct comparison result = {.reason = reasons[CONTROL] ? reasons[CONTROL] : reasons[TREATMENT]};
    if (!result.reason)
        result.reason =
            two_sample_difference(&values[TREATMENT], &values[CONTROL], 1, &result.estimate);
    return result;
}

/* The fixed test of no difference, under these names. */
static void put_test(struct calc *call, const struct comparison *comparison, const char *statistic,
                     const char *p)
{
    struct test test = {0};
    enum reason reason = comparison->reason;
    if (!reason)
        reason = estimate_fixed_test(&comparison->estimate, 0, &test);
    if (statistic)
        calc_put_value(call, statistic, reason, test.statistic);
    calc_put_value(call, p, reason, test.p);
}

static void put_interval(struct calc *call, const struct comparison *comparison, double alpha,
                         const char *name)
{
    struct interval interval = {0};
    enum reason reason = comparison->reason;
    if (!reason)
        reason = estimate_fixed_interval(&comparison->estimate, alpha, &interval);
    calc_put_interval(call, name, reason, interval);
}

static void put_welch(struct calc *call, const struct comparison *comparison, double alpha)
{
    put_test(call, comparison, "t", "p_value");
    calc_put_value(call, "df", comparison->reason, comparison->estimate.df);
    put_interval(call, comparison, alpha, "ci95");
}

/* Not worse than the margin, higher being better. */
static void put_non_inferiority(struct calc *call, const struct comparison *comparison,
                                double margin, double alpha)
{
    struct test test = {0};
    double bound = 0;
    enum reason reason = comparison->reason;
    if (!reason)
        reason = estimate_non_inferiority(
            &comparison->estimate, (struct margin){.adverse = SIDE_LOW, .size = margin}, &test);
    calc_put(call, "noninf_margin", margin);
    calc_put_value(call, "noninf_t", reason, test.statistic);
    calc_put_value(call, "noninf_p", reason, test.p);
    reason = comparison->reason;
    if (!reason)
        reason = estimate_fixed_bound(&comparison->estimate, SIDE_LOW, alpha, &bound);
    calc_put_value(call, "noninf_lower95", reason, bound);
}

static void put_student(struct calc *call, const struct sums sums[VARIANTS])
{
    struct test test = {0};
    enum reason reason = mean_student(&sums[TREATMENT], &sums[CONTROL], &test);
    calc_put_value(call, "student_t", reason, test.statistic);
    calc_put_value(call, "student_p", reason, test.p);
}

/* Doubles as they are, as R takes them. */
static void sums_read(struct calc *call, const char *key, struct sums *sums)
{
    size_t count;
    const double *values = calc_numbers(call, key, &count);
    if (!calc_failed(call) && sums_of_doubles(values, count, sums))
        calc_bad(call, key, "has values too far apart to be added exactly");
}

/* Figures of each variant, and what needs no spread. */
static void put_means(struct calc *call, const struct sums sums[VARIANTS],
                      const enum reason reasons[VARIANTS],
                      const struct variant_value values[VARIANTS])
{
    double means[VARIANTS] = {0};
    enum reason both = REASON_NONE;
    for (size_t j = 0; j < VARIANTS; j++) {
        enum reason reason = sums_mean(&sums[j], &means[j]);
        both = both ? both : reason;
        calc_put_value(call, variant_key(call, "mean", j), reason, means[j]);
        calc_put_value(call, variant_key(call, "var", j), reasons[j],
                       values[j].variance * values[j].units);
    }
    calc_put_value(call, "diff", both, means[TREATMENT] - means[CONTROL]);
}

static void welch_t(struct calc *call)
{
    struct sums sums[VARIANTS] = {0};
    enum reason reasons[VARIANTS];
    struct variant_value values[VARIANTS] = {0};
    sums_read(call, "control", &sums[CONTROL]);
    sums_read(call, "treatment", &sums[TREATMENT]);
    double alpha = calc_alpha(call), margin = calc_number_or(call, "noninf_margin", .5);
    if (margin < 0)
        calc_bad(call, "noninf_margin", "is below 0");
    if (2 * alpha >= 1)
        calc_bad(call, "conf", "wants a confidence above .5");
    if (calc_failed(call))
        return;
    for (size_t j = 0; j < VARIANTS; j++)
        reasons[j] = mean_of_sums(&sums[j], &values[j]);
    put_means(call, sums, reasons, values);
    struct comparison comparison = compare(reasons, values);
    enum reason spread = reasons[CONTROL] ? reasons[CONTROL] : reasons[TREATMENT];
    calc_put_value(call, "se", spread, sqrt(values[CONTROL].variance + values[TREATMENT].variance));
    put_welch(call, &comparison, alpha);
    put_interval(call, &comparison, 2 * alpha, "ci90");
    put_student(call, sums);
    put_non_inferiority(call, &comparison, margin, alpha);
}

static void welch_summary(struct calc *call)
{
    struct mean_summary summaries[VARIANTS];
    enum reason reasons[VARIANTS];
    struct variant_value values[VARIANTS] = {0};
    for (size_t j = 0; j < VARIANTS; j++)
        summaries[j] = (struct mean_summary){.mean = variant_number(call, "mean", j),
                                             .sd = variant_number(call, "sd", j),
                                             .units = (double)variant_count(call, "n", j)};
    double alpha = calc_alpha(call);
    for (size_t j = 0; j < VARIANTS; j++)
        if (summaries[j].sd < 0)
            calc_bad(call, variant_key(call, "sd", j), "is below 0");
    if (calc_failed(call))
        return;
    for (size_t j = 0; j < VARIANTS; j++)
        reasons[j] = mean_of_summary(&summaries[j], &values[j]);
    struct comparison comparison = compare(reasons, values);
    put_welch(call, &comparison, alpha);
}

static void relative_lift_fieller(struct calc *call)
{
    struct variant_value values[VARIANTS];
    struct interval interval = {0};
    double lift = 0, se;
    for (size_t j = 0; j < VARIANTS; j++) {
        const char *key = variant_key(call, "var_of_mean", j);
        double variance = calc_number(call, key);
        if (variance < 0)
            calc_bad(call, key, "is below 0");
        values[j] = (struct variant_value){.units = 1,
                                           .value = variant_number(call, "mean", j),
                                           .variance = variance,
                                           .weight = variance,
                                           .df = 1};
    }
    double alpha = calc_alpha(call);
    if (calc_failed(call))
        return;
    enum reason reason = two_sample_delta_lift(&values[TREATMENT], &values[CONTROL], &lift, &se);
    calc_put_value(call, "rel_lift", reason, lift);
    reason = two_sample_fieller(&values[TREATMENT], &values[CONTROL], normal_z_two_sided(alpha),
                                &interval);
    calc_put_interval(call, "fieller_ci", reason, interval);
}

static void put_lift(struct calc *call, enum reason reason, const struct lift *lift, double alpha)
{
    struct interval interval = {0};
    struct test test = {0};
    calc_put_value(call, "log_ratio", reason, lift->log_ratio);
    calc_put_value(call, "var_log_ratio", reason, lift->log_se * lift->log_se);
    enum reason interval_reason = reason ? reason : lift_interval(lift, alpha, &interval);
    calc_put_interval(call, "rel_lift_ci", interval_reason, interval);
    enum reason test_reason = reason ? reason : lift_test(lift, &test);
    calc_put_value(call, "p", test_reason, test.p);
}

static void relative_lift_of_rates(struct calc *call)
{
    struct proportion rates[VARIANTS];
    struct lift lift = {0};
    double difference = 0, se = 0, alpha = calc_alpha(call);
    for (size_t j = 0; j < VARIANTS; j++)
        rates[j] = (struct proportion){.successes = variant_count(call, "x", j),
                                       .units = variant_count(call, "n", j)};
    if (calc_failed(call))
        return;
    const struct proportion_pair pair = {.treatment = rates[TREATMENT], .control = rates[CONTROL]};
    put_lift(call, lift_of_proportions(&pair, &lift), &lift, alpha);
    enum reason reason = lift_log_odds(&pair, &lift);
    calc_put_value(call, "log_or", reason, lift.log_ratio);
    calc_put_value(call, "var_log_or", reason, lift.log_se * lift.log_se);
    reason = proportion_difference(&pair, &difference, &se);
    calc_put_value(call, "rd", reason, difference);
    calc_put_value(call, "var_rd", reason, se * se);
}

static void relative_lift_log(struct calc *call)
{
    struct lift_mean means[VARIANTS];
    struct lift lift = {0};
    if (calc_has(call, "x_control") || calc_has(call, "x_treatment")) {
        relative_lift_of_rates(call);
        return;
    }
    for (size_t j = 0; j < VARIANTS; j++) {
        double mean = variant_number(call, "mean", j), sd = variant_number(call, "sd", j);
        double units = (double)variant_count(call, "n", j);
        if (!calc_failed(call) && sd < 0)
            calc_bad(call, variant_key(call, "sd", j), "is below 0");
        if (!calc_failed(call) && !(units >= 1))
            calc_bad(call, variant_key(call, "n", j), "is 0");
        means[j] = (struct lift_mean){.mean = mean, .se = sd / sqrt(fmax(1, units))};
    }
    double alpha = calc_alpha(call);
    if (calc_failed(call))
        return;
    put_lift(call, lift_of_means(means[TREATMENT], means[CONTROL], &lift), &lift, alpha);
}

const struct calc_family calc_mean_families[] = {
    {"relative_lift_fieller", "relative lift of two means by Fieller's test",
     relative_lift_fieller},
    {"relative_lift_log", "relative lift on the log scale, of means or of rates",
     relative_lift_log},
    {"welch_summary", "Welch's test of two means from their summaries", welch_summary},
    {"welch_t", "Welch's test of two means from their values", welch_t},
    {.name = NULL},
};
