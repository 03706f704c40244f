/* `gangway calc`: one rate and the difference of two (stats/proportion.h, proportion_wald.h). */

#include "calc_pair.h"

#include "stats/lift.h"
#include "stats/proportion_exact.h"
#include "stats/proportion_wald.h"

#include <math.h>

/* The levels that the answer shows beside the asked one. */
#define ALPHA_90 .1
#define ALPHA_99 .01

/* The margin of non-inferiority when the input has none. */
#define MARGIN .02

typedef enum reason rate_interval(struct proportion rate, double alpha, struct interval *interval);

static void one_rate(struct calc *call)
{
    struct proportion rate = calc_rate(call, "x", "n");
    double alpha = calc_alpha(call);
    const struct {
        const char *name;
        rate_interval *method;
        double alpha;
    } intervals[] = {
        {"wilson", proportion_wilson, alpha},
        {"wilson_cc", proportion_wilson_corrected, alpha},
        {"clopper_pearson", proportion_clopper_pearson, alpha},
        {"wilson90", proportion_wilson, ALPHA_90},
        {"clopper_pearson99", proportion_clopper_pearson, ALPHA_99},
    };
    if (calc_failed(call))
        return;
    enum reason reason = proportion_check(rate);
    calc_put_value(call, "estimate", reason,
                   reason ? 0 : (double)rate.successes / (double)rate.units);
    for (size_t i = 0; i < sizeof intervals / sizeof *intervals; i++) {
        struct interval interval = {0};
        reason = intervals[i].method(rate, intervals[i].alpha, &interval);
        calc_put_interval(call, intervals[i].name, reason, interval);
    }
}

static void put_rate(struct calc *call, const char *name, struct proportion rate)
{
    enum reason reason = proportion_check(rate);
    calc_put_value(call, name, reason, reason ? 0 : (double)rate.successes / (double)rate.units);
}

static void two_rates_test(struct calc *call)
{
    struct proportion_pair pair = calc_pair(call);
    double alpha = calc_alpha(call);
    struct test pooled = {0};
    struct chi_square yates = {0};
    struct interval wald = {0};
    if (calc_failed(call))
        return;
    put_rate(call, "p_control", pair.control);
    put_rate(call, "p_treatment", pair.treatment);
    enum reason reason = proportion_pooled_z(&pair, &pooled);
    calc_put_value(call, "chisq_pooled", reason, pooled.statistic * pooled.statistic);
    calc_put_value(call, "p_value_pooled", reason, pooled.p);
    calc_put_value(call, "p_value_one_sided_greater", reason,
                   normal_test_upper(pooled.statistic).p);
    reason = proportion_yates(&pair, &yates);
    calc_put_value(call, "chisq_yates", reason, yates.statistic);
    calc_put_value(call, "p_value_yates", reason, yates.p);
    reason = proportion_wald(&pair, alpha, &wald);
    wald = (struct interval){.low = fmax(-1, wald.low), .high = fmin(1, wald.high)};
    calc_put_interval(call, "wald_diff_ci", reason, wald);
}

/* Wald's z and its p; without a standard error the z of a difference is infinite. */
static void put_wald_z(struct calc *call, const char *z_name, const char *p_name,
                       enum reason reason, struct test test, double difference, bool one_sided)
{
    if (reason == REASON_NO_VARIATION && difference != 0) {
        test.statistic = copysign(HUGE_VAL, difference);
        test.p = one_sided && difference < 0;
        reason = REASON_NONE;
    }
    calc_put_value(call, z_name, reason, test.statistic);
    calc_put_value(call, p_name, reason, test.p);
}

static void put_tests(struct calc *call, const struct proportion_pair *pair)
{
    double margin = calc_number_or(call, "margin", MARGIN), difference = 0, se = 0;
    struct test pooled = {0}, unpooled = {0}, margin_test = {0};
    enum reason reason = proportion_difference(pair, &difference, &se);
    if (reason)
        difference = 0;
    reason = proportion_wald_non_inferiority(pair, margin, &margin_test);
    calc_put(call, "noninf_margin", margin);
    put_wald_z(call, "noninf_wald_z", "noninf_wald_p", reason, margin_test, difference + margin,
               true);
    reason = proportion_pooled_z(pair, &pooled);
    calc_put_value(call, "z_pooled", reason, pooled.statistic);
    calc_put_value(call, "p_pooled", reason, pooled.p);
    reason = proportion_unpooled_z(pair, 0, &unpooled);
    put_wald_z(call, "z_unpooled", "p_unpooled", reason, unpooled, difference, false);
}

typedef enum reason pair_interval(const struct proportion_pair *pair, double alpha,
                                  struct interval *interval);

/* The interval of the ratio after Katz: that of the lift, and 1. */
static enum reason katz(const struct proportion_pair *pair, double alpha, struct interval *interval)
{
    struct lift lift;
    enum reason reason = lift_of_proportions(pair, &lift);
    if (!reason)
        reason = lift_interval(&lift, alpha, interval);
    if (!reason)
        *interval = (struct interval){.low = interval->low + 1, .high = interval->high + 1};
    return reason;
}

static void put_intervals(struct calc *call, const struct proportion_pair *pair, double alpha)
{
    static const struct {
        const char *name;
        pair_interval *method;
    } intervals[] = {
        {"wald", proportion_wald},
        {"agresti_caffo", proportion_agresti_caffo},
        {"newcombe", proportion_newcombe},
        {"ratio_log_katz", katz},
        {"oddsratio_log", proportion_odds_interval},
    };
    for (size_t i = 0; i < sizeof intervals / sizeof *intervals; i++) {
        struct interval interval = {0};
        enum reason reason = intervals[i].method(pair, alpha, &interval);
        calc_put_interval(call, intervals[i].name, reason, interval);
    }
}

static void two_rates_intervals(struct calc *call)
{
    struct proportion_pair pair = calc_pair(call);
    double alpha = calc_alpha(call);
    calc_number_or(call, "margin", MARGIN);
    if (calc_failed(call))
        return;
    put_intervals(call, &pair, alpha);
    /* Without an event in either the ratio is 0/0: every one is kept, which says nothing. */
    bool empty = pair.treatment.successes + pair.control.successes == 0;
    if (empty) {
        calc_put_limits(call, "ratio_score_mn", (double)NAN, (double)NAN);
        calc_put_limits(call, "ratio_score_koopman_nocorr", (double)NAN, (double)NAN);
    } else {
        calc_put_ratio(call, "ratio_score_mn", &pair, VARIANCE_UNBIASED, alpha);
        calc_put_ratio(call, "ratio_score_koopman_nocorr", &pair, VARIANCE_PLAIN, alpha);
    }
    put_tests(call, &pair);
}

static void score(struct calc *call)
{
    struct proportion_pair pair = calc_pair(call);
    double alpha = calc_alpha(call);
    struct interval unbiased = {0}, plain = {0};
    struct test at_0 = {0}, pooled;
    if (calc_failed(call))
        return;
    enum reason reason = proportion_score_interval(&pair, alpha, &unbiased);
    calc_put_interval(call, "diff_mn", reason, unbiased);
    calc_put_ratio(call, "ratio_mn", &pair, VARIANCE_UNBIASED, alpha);
    reason = proportion_mee_interval(&pair, alpha, &plain);
    calc_put_interval(call, "diff_mee_koopman", reason, plain);
    calc_put_ratio(call, "ratio_mee_koopman", &pair, VARIANCE_PLAIN, alpha);
    /* None and none, all and all: 0 in the report, where a p is wanted, and 0/0 here. */
    reason = proportion_pooled_z(&pair, &pooled);
    if (!reason)
        reason = proportion_score(&pair, 0, &at_0);
    calc_put_value(call, "z_score_at_0", reason, at_0.statistic);
}

const struct calc_family calc_proportion_families[] = {
    {"miettinen_nurminen", "score intervals of the difference and ratio of two rates", score},
    {"prop_diff_ratio_ci", "other intervals and tests of two rates, for comparison",
     two_rates_intervals},
    {"prop_one_sample_ci", "intervals of one rate: Wilson, Clopper-Pearson", one_rate},
    {"prop_two_sample_ztest", "two rates: pooled z, Yates, Wald", two_rates_test},
    {.name = NULL},
};
