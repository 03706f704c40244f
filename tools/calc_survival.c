/*
 * `gangway calc`: time to event (stats/survival.h and what it names).
 *
 * The input is one item a unit: `time`, `event` (1: it happened then, 0: known only until then) and
 * where variants are compared `arm`.  Figures have the names and, at the edges, the conventions of
 * R's survival: curves past their last time stay where they are, quantiles that are not reached are
 * null, and so is a band where the curve is 0.
 */

#include "calc.h"

#include "stats/cox.h"
#include "stats/incidence.h"
#include "stats/kaplan_meier.h"
#include "stats/log_rank.h"
#include "stats/normal.h"
#include "stats/restricted_mean.h"

#include <math.h>

/* The units of all variants, sorted, and a table of each. */
struct lives {
    struct life_unit *units;
    size_t count;
    struct life_table tables[LIFE_TABLES_MAX];
    size_t variants;
};

static struct life_unit *units_read(struct calc *call, size_t *count)
{
    size_t events;
    const double *times = calc_numbers(call, "time", count);
    const uint8_t *event = calc_flags(call, "event", &events);
    calc_same_size(call, "event", events, "time", *count);
    struct life_unit *units = CALC_ARRAY(call, *count, struct life_unit);
    for (size_t i = 0; units && i < *count; i++) {
        units[i] =
            (struct life_unit){.time = times[i], .end = event[i] ? LIFE_EVENT : LIFE_CENSORED};
        if (!(times[i] >= 0))
            calc_bad(call, "time", "has %g, below 0", times[i]);
    }
    return units;
}

/* Tables of `lives->variants` variants; a variant without units has no rows. */
static void lives_tabulate(struct calc *call, struct lives *lives)
{
    if (calc_failed(call) || lives->count == 0)
        return;
    if (life_units_sort(lives->units, lives->count))
        calc_bad(call, "time", "has a time that no unit can have");
    for (size_t j = 0; !calc_failed(call) && j < lives->variants; j++) {
        struct life_row *rows = CALC_ARRAY(call, lives->count, struct life_row);
        size_t count = 0;
        if (rows && life_table_of(lives->units, lives->count, (unsigned)j, rows, &count))
            count = 0;
        lives->tables[j] = (struct life_table){.rows = rows, .count = count};
    }
}

static struct lives lives_read_one(struct calc *call)
{
    struct lives lives = {.variants = 1};
    lives.units = units_read(call, &lives.count);
    lives_tabulate(call, &lives);
    return lives;
}

/* `arm` is 0 for the control, 1 for the treatment. */
static struct lives lives_read_two(struct calc *call)
{
    struct lives lives = {.variants = 2};
    size_t arms;
    lives.units = units_read(call, &lives.count);
    const uint8_t *arm = calc_flags(call, "arm", &arms);
    calc_same_size(call, "arm", arms, "time", lives.count);
    for (size_t i = 0; !calc_failed(call) && i < lives.count; i++)
        lives.units[i].variant = arm[i];
    lives_tabulate(call, &lives);
    return lives;
}

/* The rank of `arm` among the distinct ones so far, kept in rising order; they grow by it. */
static void arms_insert(uint64_t *arms, size_t *count, uint64_t arm)
{
    size_t place = 0;
    while (place < *count && arms[place] < arm)
        place++;
    if (place < *count && arms[place] == arm)
        return;
    if (*count < LIFE_TABLES_MAX)
        for (size_t i = *count; i > place; i--)
            arms[i] = arms[i - 1];
    if (*count < LIFE_TABLES_MAX)
        arms[place] = arm;
    ++*count;
}

/* `arm` is any whole number; variants are in the order of theirs. */
static struct lives lives_read_many(struct calc *call)
{
    struct lives lives = {0};
    size_t count;
    uint64_t arms[LIFE_TABLES_MAX] = {0};
    lives.units = units_read(call, &lives.count);
    const uint64_t *arm = calc_counts(call, "arm", &count);
    calc_same_size(call, "arm", count, "time", lives.count);
    for (size_t i = 0; !calc_failed(call) && i < count; i++) {
        arms_insert(arms, &lives.variants, arm[i]);
        if (lives.variants > LIFE_TABLES_MAX)
            calc_bad(call, "arm", "has more than %d variants", LIFE_TABLES_MAX);
    }
    for (size_t i = 0; !calc_failed(call) && i < count; i++)
        while (arms[lives.units[i].variant] != arm[i])
            lives.units[i].variant++;
    lives_tabulate(call, &lives);
    return lives;
}

/* ---- One curve ---- */

static void put_curve_counts(struct calc *call, const struct survival_point *points, size_t count)
{
    uint64_t *at_risk = CALC_ARRAY(call, count, uint64_t);
    uint64_t *events = CALC_ARRAY(call, count, uint64_t);
    uint64_t *censored = CALC_ARRAY(call, count, uint64_t);
    if (calc_failed(call))
        return;
    for (size_t i = 0; i < count; i++) {
        at_risk[i] = points[i].at_risk;
        events[i] = points[i].events;
        censored[i] = points[i].censored;
    }
    calc_put_counts(call, "n_risk", at_risk, count);
    calc_put_counts(call, "n_event", events, count);
    calc_put_counts(call, "n_censor", censored, count);
}

static void put_curve(struct calc *call, const struct survival_point *points, size_t count)
{
    double *times = CALC_ARRAY(call, count, double), *survival = CALC_ARRAY(call, count, double);
    double *errors = CALC_ARRAY(call, count, double), *hazard = CALC_ARRAY(call, count, double);
    if (calc_failed(call))
        return;
    for (size_t i = 0; i < count; i++) {
        times[i] = points[i].time;
        survival[i] = points[i].survival;
        hazard[i] = points[i].hazard;
        errors[i] = (double)NAN;
        if (survival_se(&points[i], &errors[i]))
            errors[i] = (double)NAN;
    }
    calc_put_numbers(call, "time", times, count);
    calc_put_numbers(call, "surv", survival, count);
    calc_put_numbers(call, "std_err_surv", errors, count);
    calc_put_numbers(call, "cumhaz", hazard, count);
}

static const struct band {
    enum survival_scale scale;
    const char *low, *high;
    const char *quantile_low, *quantile_high; /* NULL: not asked for */
} bands[] = {
    {SURVIVAL_LOG, "lower_log", "upper_log", "quantiles_lower_log", "quantiles_upper_log"},
    {SURVIVAL_LOG_LOG, "lower_loglog", "upper_loglog", "quantiles_lower_loglog",
     "quantiles_upper_loglog"},
    {SURVIVAL_PLAIN, "lower_plain", "upper_plain", NULL, NULL},
};

#define BAND_COUNT (sizeof bands / sizeof *bands)

static void put_band(struct calc *call, const struct band *band,
                     const struct survival_point *points, size_t count, double alpha)
{
    double *low = CALC_ARRAY(call, count, double), *high = CALC_ARRAY(call, count, double);
    if (calc_failed(call))
        return;
    for (size_t i = 0; i < count; i++) {
        struct interval interval = {(double)NAN, (double)NAN};
        if (survival_interval(&points[i], band->scale, alpha, &interval))
            interval.low = interval.high = (double)NAN;
        low[i] = interval.low;
        high[i] = interval.high;
    }
    calc_put_numbers(call, band->low, low, count);
    calc_put_numbers(call, band->high, high, count);
}

/* The shares whose times are asked for: the quartiles unless given. */
struct shares {
    const double *values;
    size_t count;
};

static struct shares shares_read(struct calc *call)
{
    static const double quartiles[] = {.25, .5, .75};
    struct shares shares = {.values = quartiles, .count = 3};
    if (!calc_has(call, "quantile_probs"))
        return shares;
    shares.values = calc_numbers(call, "quantile_probs", &shares.count);
    for (size_t i = 0; i < shares.count; i++)
        if (!(shares.values[i] > 0 && shares.values[i] < 1))
            calc_bad(call, "quantile_probs", "has %g, not between 0 and 1", shares.values[i]);
    return shares;
}

/* A time that is not reached is null. */
static double time_or_nan(enum reason reason, struct survival_time time)
{
    return !reason && time.reached ? time.time : (double)NAN;
}

static void put_quantiles(struct calc *call, struct shares shares,
                          const struct survival_point *points, size_t count)
{
    double *times = CALC_ARRAY(call, shares.count, double);
    for (size_t i = 0; times && i < shares.count; i++) {
        struct survival_time time = {0};
        enum reason reason = survival_quantile(points, count, shares.values[i], &time);
        times[i] = time_or_nan(reason, time);
    }
    if (calc_failed(call))
        return;
    calc_put_numbers(call, "quantile_probs", shares.values, shares.count);
    calc_put_numbers(call, "quantiles", times, shares.count);
}

static void put_quantile_limits(struct calc *call, const struct band *band, struct shares shares,
                                const struct survival_point *points, size_t count, double alpha)
{
    double *low = CALC_ARRAY(call, shares.count, double);
    double *high = CALC_ARRAY(call, shares.count, double);
    for (size_t i = 0; low && high && i < shares.count; i++) {
        struct survival_time_interval limits = {0};
        enum reason reason = survival_quantile_interval(points, count, shares.values[i],
                                                        band->scale, alpha, &limits);
        low[i] = time_or_nan(reason, limits.low);
        high[i] = time_or_nan(reason, limits.high);
    }
    if (calc_failed(call))
        return;
    calc_put_numbers(call, band->quantile_low, low, shares.count);
    calc_put_numbers(call, band->quantile_high, high, shares.count);
}

static void kaplan_meier(struct calc *call)
{
    static const char *const names[] = {"time", "n_risk",       "n_event", "n_censor",
                                        "surv", "std_err_surv", "cumhaz",  "quantiles"};
    struct lives lives = lives_read_one(call);
    double alpha = calc_alpha(call);
    struct shares shares = shares_read(call);
    const struct life_table *table = &lives.tables[0];
    struct survival_point *points = CALC_ARRAY(call, table->count, struct survival_point);
    if (calc_failed(call))
        return;
    enum reason reason = survival_curve(table, points);
    for (size_t i = 0; reason && i < sizeof names / sizeof *names; i++)
        calc_put_reason(call, names[i], reason);
    if (reason)
        return;
    put_curve_counts(call, points, table->count);
    put_curve(call, points, table->count);
    put_quantiles(call, shares, points, table->count);
    for (size_t i = 0; i < BAND_COUNT; i++) {
        put_band(call, &bands[i], points, table->count, alpha);
        if (bands[i].quantile_low)
            put_quantile_limits(call, &bands[i], shares, points, table->count, alpha);
    }
}

static void rmst(struct calc *call)
{
    struct lives lives = lives_read_one(call);
    double tau = calc_positive(call, "tau");
    struct restricted_mean mean = {0};
    if (calc_failed(call))
        return;
    enum reason reason = restricted_mean_of(&lives.tables[0], tau, &mean);
    calc_put_value(call, "rmst", reason, mean.mean);
    calc_put_value(call, "se", reason, mean.se);
}

/* `end` of a unit: 0 censored, 1 the event, 2 another end that rules the event out. */
static struct lives lives_read_ends(struct calc *call)
{
    struct lives lives = {.variants = 1};
    size_t count;
    const double *times = calc_numbers(call, "time", &lives.count);
    const uint64_t *ends = calc_counts(call, "end", &count);
    calc_same_size(call, "end", count, "time", lives.count);
    lives.units = CALC_ARRAY(call, lives.count, struct life_unit);
    for (size_t i = 0; !calc_failed(call) && i < lives.count; i++) {
        if (!(times[i] >= 0))
            calc_bad(call, "time", "has %g, below 0", times[i]);
        if (ends[i] > LIFE_COMPETING)
            calc_bad(call, "end", "has %llu, not 0, 1 or 2", (unsigned long long)ends[i]);
        lives.units[i] = (struct life_unit){.time = times[i], .end = (enum life_end)ends[i]};
    }
    lives_tabulate(call, &lives);
    return lives;
}

static void cumulative_incidence(struct calc *call)
{
    struct lives lives = lives_read_ends(call);
    double tau = calc_positive(call, "tau");
    const struct life_table *table = &lives.tables[0];
    struct incidence_point *points = CALC_ARRAY(call, table->count, struct incidence_point);
    double *columns[3];
    for (size_t k = 0; k < 3; k++)
        columns[k] = CALC_ARRAY(call, table->count, double);
    if (calc_failed(call))
        return;
    struct restricted_mean free = {0};
    enum reason reason = incidence_curve(table, points);
    for (size_t i = 0; !reason && i < table->count; i++) {
        columns[0][i] = points[i].time;
        columns[1][i] = points[i].incidence;
        columns[2][i] = points[i].se;
    }
    static const char *const names[] = {"time", "incidence", "std_err"};
    for (size_t k = 0; k < 3; k++)
        if (reason)
            calc_put_reason(call, names[k], reason);
        else
            calc_put_numbers(call, names[k], columns[k], table->count);
    reason = incidence_free_time(table, tau, &free);
    calc_put_value(call, "mean_without", reason, free.mean);
    calc_put_value(call, "se_without", reason, free.se);
}

/* ---- Two variants and more ---- */

/* One variant's mean within tau and its curve at tau, under names that end in its number. */
struct arm_names {
    const char *mean, *mean_se, *survival, *survival_se, *at_risk;
};

static enum reason put_arm(struct calc *call, const struct arm_names *names,
                           const struct life_table *table, double tau, struct restricted_mean *mean)
{
    struct survival_point *points = CALC_ARRAY(call, table->count, struct survival_point);
    struct survival_point at = {0};
    double se = 0;
    if (!points)
        return REASON_INVALID;
    enum reason reason = restricted_mean_of(table, tau, mean);
    calc_put_value(call, names->mean, reason, mean->mean);
    calc_put_value(call, names->mean_se, reason, mean->se);
    enum reason curve = survival_curve(table, points);
    if (!curve)
        curve = survival_at(points, table->count, tau, &at);
    calc_put_value(call, names->survival, curve, at.survival);
    enum reason varies = curve ? curve : survival_se(&at, &se);
    calc_put_value(call, names->survival_se, varies, se);
    if (curve)
        calc_put_reason(call, names->at_risk, curve);
    else
        calc_put_count(call, names->at_risk, at.at_risk);
    return reason;
}

static void put_difference(struct calc *call, enum reason reason,
                           const struct restricted_mean means[2], double alpha)
{
    double difference = 0, se = 0;
    if (!reason)
        reason = restricted_mean_difference(&means[1], &means[0], &difference, &se);
    double half = normal_z_two_sided(alpha) * se;
    calc_put_value(call, "rmst_diff", reason, difference);
    calc_put_value(call, "se_diff", reason, se);
    calc_put_interval(call, "rmst_diff_ci", reason,
                      (struct interval){difference - half, difference + half});
    if (!reason && se == 0)
        reason = REASON_NO_VARIATION;
    calc_put_value(call, "p_value", reason, reason ? 0 : normal_test(difference / se).p);
}

static void two_arms(struct calc *call)
{
    static const struct arm_names names[] = {
        {"rmst0", "se0", "surv0", "se_surv0", "n_risk0"},
        {"rmst1", "se1", "surv1", "se_surv1", "n_risk1"},
    };
    struct lives lives = lives_read_two(call);
    double tau = calc_positive(call, "tau"), alpha = calc_alpha(call);
    struct restricted_mean means[2] = {0};
    if (calc_failed(call))
        return;
    enum reason reason = REASON_NONE;
    for (size_t j = 0; j < 2; j++) {
        enum reason arm = put_arm(call, &names[j], &lives.tables[j], tau, &means[j]);
        reason = reason ? reason : arm;
    }
    put_difference(call, reason, means, alpha);
}

static enum reason log_rank_of(const struct lives *lives, enum log_rank_weight weight,
                               struct log_rank *sums, struct chi_square *test)
{
    if (lives->variants < 2)
        return lives->variants ? REASON_TOO_FEW : REASON_NO_UNITS;
    enum reason reason = log_rank_add(sums, lives->tables, lives->variants, weight);
    return reason ? reason : log_rank_test(sums, test);
}

static void log_rank(struct calc *call)
{
    struct lives lives = lives_read_many(call);
    struct log_rank sums = {0}, peto_sums = {0};
    struct chi_square test = {0}, peto = {0};
    if (calc_failed(call))
        return;
    enum reason reason = log_rank_of(&lives, LOG_RANK_EQUAL, &sums, &test);
    enum reason peto_reason = log_rank_of(&lives, LOG_RANK_PETO, &peto_sums, &peto);
    calc_put_value(call, "chisq", reason, test.statistic);
    calc_put_count(call, "df", reason ? lives.variants - (lives.variants > 0) : test.df);
    calc_put_value(call, "p_value", reason, test.p);
    calc_put_value(call, "log_p", reason, test.log_p);
    calc_put_numbers(call, "obs", sums.observed, sums.groups);
    calc_put_numbers(call, "exp", sums.expected, sums.groups);
    if (lives.variants <= 2)
        calc_put_value(call, "var_om_e_arm1", sums.groups ? REASON_NONE : reason,
                       sums.variance[1][1]);
    calc_put_value(call, "chisq_rho1_petopeto", peto_reason, peto.statistic);
    calc_put_value(call, "p_rho1", peto_reason, peto.p);
}

static void put_ratio(struct calc *call, enum reason reason, const struct cox *cox, double alpha)
{
    struct interval interval = {0};
    struct test wald = {0};
    struct chi_square likelihood = {0};
    calc_put_value(call, "loghr_efron", reason, cox->log_ratio);
    calc_put_value(call, "se_efron", reason, cox->se);
    calc_put_value(call, "hr_efron", reason, exp(cox->log_ratio));
    enum reason limits = reason ? reason : cox_interval(cox, alpha, &interval);
    calc_put_interval(call, "hr_ci_efron", limits, interval);
    enum reason tested = reason ? reason : cox_wald_test(cox, &wald);
    calc_put_value(call, "wald_p", tested, wald.p);
    tested = reason ? reason : cox_likelihood_test(cox, &likelihood);
    calc_put_value(call, "lr_chisq", tested, likelihood.statistic);
    calc_put_value(call, "loglik", reason, cox->log_likelihood);
}

static void cox_model(struct calc *call)
{
    struct lives lives = lives_read_two(call);
    double alpha = calc_alpha(call);
    struct cox efron = {0}, breslow = {0};
    struct cox_null null = {0};
    struct chi_square score = {0}, trend = {0};
    if (calc_failed(call))
        return;
    const struct cox_pair pair = {.control = lives.tables[0], .treatment = lives.tables[1]};
    enum reason reason = cox_fit(&pair, COX_EFRON, &efron);
    put_ratio(call, reason, &efron, alpha);
    enum reason at_null = cox_null_of(&pair, COX_EFRON, &null);
    calc_put_value(call, "loglik_null", at_null, null.log_likelihood);
    if (!at_null)
        at_null = cox_score_test(&null, &score);
    calc_put_value(call, "score_chisq", at_null, score.statistic);
    enum reason together = cox_fit(&pair, COX_BRESLOW, &breslow);
    calc_put_value(call, "loghr_breslow", together, breslow.log_ratio);
    calc_put_value(call, "se_breslow", together, breslow.se);
    enum reason proportional = reason ? reason : cox_proportional(&pair, &efron, &trend);
    calc_put_value(call, "zph_chisq", proportional, trend.statistic);
    calc_put_value(call, "zph_p", proportional, trend.p);
}

const struct calc_family calc_survival_families[] = {
    {"cox", "hazard ratio of two variants, its tests, proportionality", cox_model},
    {"cumulative_incidence", "share that arrived where other ends compete", cumulative_incidence},
    {"kaplan_meier", "share still waiting at each time, bands, quantiles", kaplan_meier},
    {"logrank", "are the curves of two or more variants the same (rho 0 and 1)", log_rank},
    {"rmst", "mean time within tau, and its error", rmst},
    {"survival_two_arm", "two variants: mean time within tau, share waiting at tau", two_arms},
    {.name = NULL},
};
