/*
 * `gangway calc`: the sequential test as GrowthBook's engine shows it, for comparison with it.
 *
 * The same anytime interval as ours (stats/anytime.h) with three differences: w is approximated by
 * -2 ln a + ln(1 - 2 ln a); a relative difference is taken without the log, its error by the delta
 * method; and a rate is compared by t.
 */

#include "calc_variant.h"

#include "stats/anytime.h"
#include "stats/mean.h"
#include "stats/ratio.h"

#include <math.h>

static enum reason proportion_read(struct calc *call, size_t variant, struct variant_value *value)
{
    uint64_t successes = variant_count(call, "x", variant),
             units = variant_count(call, "n", variant);
    if (!calc_failed(call) && successes > units)
        calc_bad(call, variant_key(call, "x", variant), "is above n");
    if (calc_failed(call) || units == 0)
        return REASON_NO_UNITS;
    if (units == 1)
        return REASON_ONE_UNIT;
    double n = (double)units, rate = (double)successes / n;
    double variance = rate * ((double)(units - successes) / n) / n;
    *value = (struct variant_value){
        .units = n, .value = rate, .variance = variance, .weight = variance, .df = n - 1};
    return REASON_NONE;
}

static enum reason mean_read(struct calc *call, size_t variant, struct variant_value *value)
{
    struct sums sums;
    enum reason reason =
        sums_of_totals(variant_count(call, "n", variant), variant_number(call, "sum", variant),
                       variant_number(call, "sumsq", variant), &sums);
    return reason ? reason : mean_of_sums(&sums, value);
}

static enum reason ratio_read(struct calc *call, size_t variant, struct variant_value *value)
{
    struct ratio_sums sums;
    const struct ratio_totals totals = {
        .y = variant_number(call, "sum_m", variant),
        .s = variant_number(call, "sum_d", variant),
        .yy = variant_number(call, "sumsq_m", variant),
        .ss = variant_number(call, "sumsq_d", variant),
        .ys = variant_number(call, "sum_md", variant),
    };
    enum reason reason = ratio_sums_of_totals(variant_count(call, "n", variant), &totals, &sums);
    return reason ? reason : ratio_of_sums(&sums, value);
}

static const struct kind {
    const char *name;
    enum reason (*read)(struct calc *call, size_t variant, struct variant_value *value);
} kinds[] = {
    {"proportion", proportion_read},
    {"mean", mean_read},
    {"ratio", ratio_read},
};

static enum reason values_read(struct calc *call, struct variant_value values[VARIANTS])
{
    struct slice name = calc_text(call, "kind");
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
        if (!slice_equal(name, slice_of(kinds[i].name)))
            continue;
        enum reason control = kinds[i].read(call, CONTROL, &values[CONTROL]);
        enum reason treatment = kinds[i].read(call, TREATMENT, &values[TREATMENT]);
        return control ? control : treatment;
    }
    calc_bad(call, "kind", "wants proportion, mean or ratio");
    return REASON_INVALID;
}

/* The difference with its error, relative to the control or not; df is the absolute one's. */
static enum reason difference_of(const struct variant_value values[VARIANTS], bool relative,
                                 struct estimate *estimate)
{
    const struct variant_value *t = &values[TREATMENT], *c = &values[CONTROL];
    double lift, se;
    enum reason reason = two_sample_difference(t, c, 1, estimate);
    if (reason || !relative)
        return reason;
    reason = two_sample_delta_lift(t, c, &lift, &se);
    return reason ? reason : estimate_of_value(lift, se, estimate->df, 1, estimate);
}

static void put_sequential(struct calc *call, enum reason reason, const struct estimate *estimate,
                           struct anytime at, double alpha)
{
    struct test test = {0};
    struct interval interval = {0};
    double c = 0;
    enum reason own = reason ? reason : anytime_c(at, alpha, &c);
    if (!own)
        interval = (struct interval){.low = estimate->value - c * estimate->se,
                                     .high = estimate->value + c * estimate->se};
    calc_put_interval(call, "seq_ci", own, interval);
    own = reason ? reason : anytime_test(at, estimate->value / estimate->se, &test);
    calc_put_value(call, "seq_p", own, test.p);
}

static void put_fixed(struct calc *call, enum reason reason, const struct estimate *estimate,
                      double alpha)
{
    struct test test = {0};
    struct interval interval = {0};
    enum reason own = reason ? reason : estimate_fixed_interval(estimate, alpha, &interval);
    calc_put_interval(call, "fixed_ci", own, interval);
    own = reason ? reason : estimate_fixed_test(estimate, 0, &test);
    calc_put_value(call, "fixed_p", own, test.p);
}

static void seq_growthbook(struct calc *call)
{
    struct variant_value values[VARIANTS] = {0};
    struct estimate estimate = {0};
    enum reason reason = values_read(call, values);
    double planned = calc_positive(call, "tuning_n"), alpha = calc_alpha(call);
    struct slice difference = calc_text_or(call, "difference", "absolute");
    bool relative = slice_equal(difference, slice_of("relative"));
    if (!relative && !slice_equal(difference, slice_of("absolute")))
        calc_bad(call, "difference", "wants absolute or relative");
    if (calc_failed(call))
        return;
    struct anytime at = {.ratio = (values[CONTROL].units + values[TREATMENT].units) / planned};
    enum reason w_reason = anytime_w_approximate(alpha, &at.w);
    if (!reason)
        reason = w_reason;
    if (!reason)
        reason = difference_of(values, relative, &estimate);
    calc_put_value(call, "estimate", reason, estimate.value);
    calc_put_value(call, "se", reason, estimate.se);
    calc_put_value(call, "rho", w_reason, sqrt(at.w / planned));
    put_sequential(call, reason, &estimate, at, alpha);
    put_fixed(call, reason, &estimate, alpha);
}

const struct calc_family calc_growthbook_families[] = {
    {"seq_growthbook", "the sequential test and interval as GrowthBook shows them", seq_growthbook},
    {.name = NULL},
};
