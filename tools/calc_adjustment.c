/* `gangway calc`: effects adjusted for what was known before, and changes taken apart
 * (stats/regression.h, strata.h, mantel_haenszel.h, decomposition.h). */

#include "calc.h"

#include "stats/decomposition.h"
#include "stats/mantel_haenszel.h"
#include "stats/normal.h"
#include "stats/regression.h"
#include "stats/strata.h"

#include <math.h>

/* The figures do not depend on the plan; only the anytime ones, which are not shown here, do. */
#define PLANNED 1

/* ---- Regression ---- */

static const char *const error_names[REGRESSION_ERROR_COUNT] = {
    [REGRESSION_OLS] = "se_ols", [REGRESSION_HC0] = "se_HC0", [REGRESSION_HC1] = "se_HC1",
    [REGRESSION_HC2] = "se_HC2", [REGRESSION_HC3] = "se_HC3",
};

/* y, t, and x or x1, x2, x3. */
static struct unit_rows rows_read(struct calc *call)
{
    static const char *const names[] = {"x1", "x2", "x3"};
    size_t treated, x;
    struct unit_rows rows = {0};
    rows.metric = calc_numbers(call, "y", &rows.count);
    rows.treated = calc_numbers(call, "t", &treated);
    calc_same_size(call, "t", treated, "y", rows.count);
    for (size_t i = 0; i < treated && !calc_failed(call); i++)
        if (rows.treated[i] != 0 && rows.treated[i] != 1)
            calc_bad(call, "t", "has %g, neither 0 nor 1", rows.treated[i]);
    if (!calc_has(call, "x1")) {
        rows.covariates[rows.covariate_count++] = calc_numbers(call, "x", &x);
        calc_same_size(call, "x", x, "y", rows.count);
        return rows;
    }
    for (size_t k = 0; k < COVARIATES_MAX && (k == 0 || calc_has(call, names[k])); k++) {
        rows.covariates[rows.covariate_count++] = calc_numbers(call, names[k], &x);
        calc_same_size(call, names[k], x, "y", rows.count);
    }
    return rows;
}

static void errors_put(struct calc *call, enum reason reason, const struct regression *fit)
{
    for (size_t kind = 0; kind < REGRESSION_ERROR_COUNT; kind++) {
        double se = 0;
        enum reason own = reason ? reason : regression_se(fit, (enum regression_error)kind, &se);
        calc_put_value(call, error_names[kind], own, se);
    }
}

/* One slope is a number, several are a list. */
static void slopes_put(struct calc *call, const char *name, enum reason reason,
                       const double *slopes, size_t count)
{
    if (reason || count == 1)
        calc_put_value(call, name, reason, slopes[0]);
    else
        calc_put_numbers(call, name, slopes, count);
}

/* What lm_lin says: HC2 and t. */
static void lin_put(struct calc *call, enum reason reason, const struct regression *fit)
{
    struct estimate estimate = {0};
    struct test test = {0};
    double se = 0;
    calc_open(call, "lm_lin_estimatr");
    calc_put_value(call, "est", reason, fit->estimate);
    enum reason own = reason ? reason : regression_se(fit, REGRESSION_HC2, &se);
    calc_put_value(call, "se_HC2", own, se);
    own = reason ? reason : regression_estimate(fit, PLANNED, &estimate);
    if (!own)
        own = estimate_fixed_test(&estimate, 0, &test);
    calc_put_value(call, "p", own, test.p);
    calc_put_value(call, "df", reason, fit->df);
    calc_close(call);
}

static void regression(struct calc *call)
{
    struct unit_rows rows = rows_read(call);
    struct regression fits[3] = {0};
    enum reason reasons[3];
    double slope = 0;
    if (calc_failed(call))
        return;
    for (size_t form = 0; form < 3; form++)
        reasons[form] = regression_of(&rows, (enum regression_form)form, &fits[form]);
    calc_open(call, "unadjusted");
    calc_put_value(call, "est", reasons[0], fits[0].estimate);
    errors_put(call, reasons[0], &fits[0]);
    calc_close(call);
    calc_open(call, "ancova");
    calc_put_value(call, "est", reasons[1], fits[1].estimate);
    slopes_put(call, "theta", reasons[1], fits[1].control_slopes, rows.covariate_count);
    errors_put(call, reasons[1], &fits[1]);
    calc_close(call);
    calc_open(call, "lin");
    calc_put_value(call, "est", reasons[2], fits[2].estimate);
    slopes_put(call, "theta0", reasons[2], fits[2].control_slopes, rows.covariate_count);
    slopes_put(call, "theta1", reasons[2], fits[2].treatment_slopes, rows.covariate_count);
    errors_put(call, reasons[2], &fits[2]);
    calc_close(call);
    lin_put(call, reasons[2], &fits[2]);
    if (rows.covariate_count == 1) {
        enum reason reason = regression_cuped_slope(&rows, &slope);
        calc_put_value(call, "pooled_cuped_theta", reason, slope);
    }
}

/* ---- Strata of rows ---- */

/* Rows with the place of the stratum of each. */
struct stratified_rows {
    size_t count;
    const double *metric;
    const uint8_t *treated;
    size_t *strata; /* place of row i */
    size_t strata_count;
};

/* Numbers the distinct values in the order in which they come. */
static void strata_number(struct calc *call, const double *values, struct stratified_rows *rows)
{
    double *seen = CALC_ARRAY(call, STRATA_MAX, double);
    for (size_t i = 0; i < rows->count && !calc_failed(call); i++) {
        size_t place = 0;
        while (place < rows->strata_count && seen[place] != values[i])
            place++;
        if (place == STRATA_MAX) {
            calc_bad(call, "stratum", "has more than %d values", STRATA_MAX);
            return;
        }
        seen[place] = values[i];
        rows->strata_count += place == rows->strata_count;
        rows->strata[i] = place;
    }
}

static struct stratified_rows stratified_read(struct calc *call)
{
    struct stratified_rows rows = {0};
    size_t treated, strata;
    rows.metric = calc_numbers(call, "y", &rows.count);
    rows.treated = calc_flags(call, "t", &treated);
    const double *values = calc_numbers(call, "stratum", &strata);
    calc_same_size(call, "t", treated, "y", rows.count);
    calc_same_size(call, "stratum", strata, "y", rows.count);
    rows.strata = CALC_ARRAY(call, rows.count, size_t);
    if (!calc_failed(call))
        strata_number(call, values, &rows);
    return rows;
}

/* Moves the rows of small strata into one: post-stratification needs two of each variant. */
static enum reason strata_places(struct calc *call, struct stratified_rows *rows)
{
    struct stratum_units *units = CALC_ARRAY(call, rows->strata_count, struct stratum_units);
    size_t *places = CALC_ARRAY(call, rows->strata_count, size_t), left;
    if (calc_failed(call))
        return REASON_INVALID;
    for (size_t i = 0; i < rows->count; i++) {
        units[rows->strata[i]].treatment += rows->treated[i] == 1;
        units[rows->strata[i]].control += rows->treated[i] == 0;
    }
    enum reason reason = strata_merge(units, rows->strata_count, places, &left);
    for (size_t i = 0; i < rows->count && !reason; i++)
        rows->strata[i] = places[rows->strata[i]];
    if (!reason)
        rows->strata_count = left;
    return reason;
}

/* The mean of one variant in one stratum, or (`all`) in all. */
static enum reason rows_mean(struct calc *call, const struct stratified_rows *rows, uint8_t treated,
                             size_t place, bool all, struct stratum_mean *mean)
{
    double *values = CALC_ARRAY(call, rows->count, double);
    size_t count = 0;
    for (size_t i = 0; i < rows->count && values; i++)
        if (rows->treated[i] == treated && (all || rows->strata[i] == place))
            values[count++] = rows->metric[i];
    struct sums sums;
    struct moments moments;
    enum reason reason = sums_of_values(values, count, &sums);
    if (!reason)
        reason = sums_moments(&sums, &moments);
    if (!reason)
        *mean =
            (struct stratum_mean){moments.units, moments.mean, moments.variance / moments.units};
    return reason;
}

static enum reason rows_stratum(struct calc *call, const struct stratified_rows *rows, size_t place,
                                bool all, struct stratum *stratum)
{
    enum reason reason = rows_mean(call, rows, 1, place, all, &stratum->treatment);
    return reason ? reason : rows_mean(call, rows, 0, place, all, &stratum->control);
}

/* One stratum of everything is Welch's comparison. */
static void unadjusted_put(struct calc *call, const struct stratified_rows *rows)
{
    struct stratum all = {0};
    struct post_stratified welch = {0};
    struct test test = {0};
    enum reason reason = rows_stratum(call, rows, 0, true, &all);
    if (!reason)
        reason = post_stratify(&all, 1, &welch);
    calc_put_value(call, "unadj_est", reason, welch.difference);
    calc_put_value(call, "unadj_se", reason, sqrt(welch.variance));
    if (!reason && !(welch.variance > 0))
        reason = REASON_NO_VARIATION;
    if (!reason)
        test = t_test(welch.difference / sqrt(welch.variance), welch.df);
    calc_put_value(call, "unadj_df", reason, welch.df);
    calc_put_value(call, "unadj_p", reason, test.p);
}

static void post_stratification(struct calc *call)
{
    struct stratified_rows rows = stratified_read(call);
    if (calc_failed(call))
        return;
    struct post_stratified sums = {0};
    enum reason reason = strata_places(call, &rows);
    struct stratum *strata = CALC_ARRAY(call, rows.strata_count, struct stratum);
    for (size_t b = 0; b < rows.strata_count && strata && !reason; b++)
        reason = rows_stratum(call, &rows, b, false, &strata[b]);
    if (!reason && strata)
        reason = post_stratify(strata, rows.strata_count, &sums);
    calc_put_value(call, "poststrat_est", reason, sums.difference);
    calc_put_value(call, "poststrat_se", reason, sqrt(sums.variance));
    calc_put_value(call, "poststrat_se_superpopulation", reason,
                   sqrt(sums.variance + sums.superpopulation));
    calc_put_value(call, "strata", reason, (double)rows.strata_count);
    unadjusted_put(call, &rows);
}

/* ---- Strata of counts ---- */

static struct proportion rate_read(struct calc *call, const char *successes, const char *failures)
{
    uint64_t x = calc_count(call, successes);
    return (struct proportion){.successes = x, .units = x + calc_count(call, failures)};
}

static void log_put(struct calc *call, const char *name, const char *se_name, enum reason reason,
                    const struct estimate *estimate)
{
    calc_put_value(call, name, reason, estimate->value);
    calc_put_value(call, se_name, reason, estimate->se);
}

static void odds_put(struct calc *call, const struct proportion_pair *strata, size_t count,
                     double alpha)
{
    struct estimate odds = {0};
    struct interval interval = {0};
    enum reason reason = mantel_haenszel_log_odds(strata, count, PLANNED, &odds);
    calc_put_value(call, "mh_or", reason, exp(odds.value));
    log_put(call, "mh_logor", "mh_logor_se", reason, &odds);
    if (!reason)
        reason = estimate_fixed_interval(&odds, alpha, &interval);
    calc_put_interval(call, "mh_or_ci", reason,
                      (struct interval){exp(interval.low), exp(interval.high)});
}

static void mantel_haenszel(struct calc *call)
{
    size_t count = calc_list_size(call, "strata");
    struct proportion_pair *strata = CALC_ARRAY(call, count, struct proportion_pair);
    for (size_t b = 0; b < count && !calc_failed(call); b++) {
        calc_enter(call, "strata", b);
        strata[b].treatment = rate_read(call, "treatment_success", "treatment_fail");
        strata[b].control = rate_read(call, "control_success", "control_fail");
        calc_leave(call);
    }
    double alpha = calc_alpha(call);
    if (calc_failed(call))
        return;
    struct mantel_haenszel_test test = {0};
    struct estimate difference = {0}, risk = {0};
    struct breslow_day homogeneity = {0};
    enum reason reason = mantel_haenszel_test(strata, count, &test);
    calc_put_value(call, "cmh_chisq", reason, test.plain.statistic);
    calc_put_value(call, "cmh_p", reason, test.plain.p);
    calc_put_value(call, "cmh_chisq_cc", reason, test.with_continuity.statistic);
    calc_put_value(call, "cmh_p_cc", reason, test.with_continuity.p);
    odds_put(call, strata, count, alpha);
    reason = mantel_haenszel_difference(strata, count, PLANNED, &difference);
    log_put(call, "mh_rd", "mh_rd_se", reason, &difference);
    reason = mantel_haenszel_log_risk(strata, count, PLANNED, &risk);
    log_put(call, "mh_logrr", "mh_logrr_se", reason, &risk);
    reason = breslow_day_test(strata, count, &homogeneity);
    calc_put_value(call, "breslow_day_p", reason, homogeneity.plain.p);
    calc_put_value(call, "breslow_day_tarone_p", reason, homogeneity.tarone.p);
}

/* ---- Kitagawa ---- */

/* One value in one period.  Without a variance, that of a share; NaN when the rate is none. */
static struct mix_rate rate_of(struct calc *call, const char *weight, const char *rate,
                               const char *variance, double scale)
{
    struct mix_rate result = {.units = calc_number_in(call, weight, 0, 1e300) * scale,
                              .rate = calc_number(call, rate)};
    bool is_share = result.rate >= 0 && result.rate <= 1 && result.units > 0;
    double fallback = is_share ? result.rate * (1 - result.rate) / result.units : (double)NAN;
    result.variance = calc_number_or(call, variance, result.units > 0 ? fallback : 0);
    if (!calc_failed(call) && result.variance < 0)
        calc_bad(call, variance, "is %g, below 0", result.variance);
    return result;
}

/* What turns the weights of a period into units: 1, or units / sum of weights. */
static double period_scale(struct calc *call, const char *units, const char *weight, size_t count)
{
    double sum = 0;
    if (!calc_has(call, units))
        return 1;
    double n = calc_positive(call, units);
    for (size_t i = 0; i < count && !calc_failed(call); i++) {
        calc_enter(call, "values", i);
        sum += calc_number_in(call, weight, 0, 1e300);
        calc_leave(call);
    }
    return sum > 0 ? n / sum : 1;
}

static void part_put(struct calc *call, const char *name, const char *se_name, enum reason reason,
                     struct mix_part part, bool has_se)
{
    calc_put_value(call, name, reason, part.value);
    if (has_se)
        calc_put_value(call, se_name, reason, part.se);
    else
        calc_put_null(call, se_name);
}

/* Parts by value, in the order of the input. */
static void parts_put(struct calc *call, const struct decomposition *parts, size_t count,
                      bool has_se)
{
    double *lists[4];
    static const char *const names[] = {"within_by_value", "mix_by_value", "within_se_by_value",
                                        "mix_se_by_value"};
    for (size_t k = 0; k < 4; k++)
        lists[k] = CALC_ARRAY(call, count, double);
    for (size_t i = 0; i < count && !calc_failed(call); i++) {
        lists[0][i] = parts[i].within.value;
        lists[1][i] = parts[i].mix.value;
        lists[2][i] = parts[i].within.se;
        lists[3][i] = parts[i].mix.se;
    }
    for (size_t k = 0; k < (has_se ? 4u : 2u); k++)
        calc_put_numbers(call, names[k], lists[k], count);
}

/* Reads the values; whether standard errors have a meaning: units that can be counted, and a
 * variance for each rate. */
static bool values_read(struct calc *call, struct mix_value *values, size_t count)
{
    double before = period_scale(call, "n_a", "w_a", count);
    double after = period_scale(call, "n_b", "w_b", count);
    bool scaled = calc_has(call, "n_a") && calc_has(call, "n_b"), whole = true, known = true;
    for (size_t i = 0; i < count && !calc_failed(call); i++) {
        calc_enter(call, "values", i);
        calc_text_or(call, "name", "");
        values[i].before = rate_of(call, "w_a", "r_a", "v_a", before);
        values[i].after = rate_of(call, "w_b", "r_b", "v_b", after);
        calc_leave(call);
        whole = whole && values[i].before.units == floor(values[i].before.units) &&
                values[i].after.units == floor(values[i].after.units);
        known = known && !isnan(values[i].before.variance) && !isnan(values[i].after.variance);
    }
    for (size_t i = 0; i < count && !known; i++)
        values[i].before.variance = values[i].after.variance = 0;
    return known && (scaled || whole);
}

static void kitagawa(struct calc *call)
{
    size_t count = calc_list_size(call, "values");
    struct mix_value *values = CALC_ARRAY(call, count, struct mix_value);
    struct decomposition *parts = CALC_ARRAY(call, count, struct decomposition);
    struct decomposition total = {0};
    bool has_se = !calc_failed(call) && values_read(call, values, count);
    if (calc_failed(call))
        return;
    enum reason reason = decomposition_of(values, count, &total, parts);
    part_put(call, "within", "within_se", reason, total.within, has_se);
    part_put(call, "mix", "mix_se", reason, total.mix, has_se);
    part_put(call, "total", "total_se", reason, total.total, has_se);
    if (!reason)
        parts_put(call, parts, count, has_se);
}

const struct calc_family calc_adjustment_families[] = {
    {"kitagawa", "a change into mix and within: values of name, w_a, r_a, w_b, r_b", kitagawa},
    {"post_stratification", "difference of means within strata, from rows (y, t, stratum)",
     post_stratification},
    {"regression_adjustment", "unadjusted, ancova and Lin from rows (y, t, and x or x1, x2, x3)",
     regression},
    {"stratified_cmh", "rates within strata: Mantel-Haenszel, Breslow-Day and Tarone",
     mantel_haenszel},
    {.name = NULL},
};
