/* The ratio of two rates against mpmath and statsmodels, and against what must hold. */

#include "stats/pairs.h"
#include "stats/proportion_ratio.h"

#include <float.h>
#include <gsl/gsl_errno.h>

static struct ratio_interval ratio_of(const struct proportion_pair *pair,
                                      enum score_variance variance, double alpha)
{
    struct ratio_interval interval = {NOT_A_NUMBER, NOT_A_NUMBER, false};
    assert_int_equal(proportion_ratio_interval(pair, variance, alpha, &interval), REASON_NONE);
    assert_true(interval.low >= 0 && interval.low <= interval.high);
    assert_true(interval.unbounded ? interval.high == DBL_MAX : isfinite(interval.high));
    return interval;
}

static void limits_match_mpmath(void **state)
{
    (void)state;
    static struct reference table;
    static const char *const names[][2] = {{"mn_low", "mn_high"}, {"koopman_low", "koopman_high"}};
    reference_load(&table, "proportion_ratio");
    for (size_t row = 0; row < table.row_count; row++)
        for (size_t v = 0; v < 2; v++) {
            struct proportion_pair pair = pair_at(&table, row);
            struct ratio_interval interval =
                ratio_of(&pair, (enum score_variance)v, 1 - reference_at(&table, row, "conf"));
            double high = reference_at(&table, row, names[v][1]);
            assert_close(interval.low, reference_at(&table, row, names[v][0]), 1e-8);
            assert_int_equal(interval.unbounded, isinf(high));
            if (!interval.unbounded)
                assert_close(interval.high, high, 1e-8);
        }
}

static void the_score_at_one_is_the_score_of_no_difference(void **state)
{
    (void)state;
    struct random random = {.state = 21};
    for (int i = 0; i < 500; i++) {
        struct proportion_pair pair = random_pair(&random);
        struct test ratio, difference;
        assert_int_equal(proportion_ratio_score(&pair, VARIANCE_UNBIASED, 1, &ratio), REASON_NONE);
        assert_int_equal(proportion_score(&pair, 0, &difference), REASON_NONE);
        assert_close(ratio.statistic, difference.statistic, 1e-9);
    }
}

static void the_interval_holds_a_ratio_exactly_when_its_p_is_above_alpha(void **state)
{
    (void)state;
    struct random random = {.state = 22};
    int excluded = 0, kept = 0;
    for (int i = 0; i < 3000; i++) {
        struct proportion_pair pair = random_pair(&random);
        enum score_variance variance = i % 2 ? VARIANCE_PLAIN : VARIANCE_UNBIASED;
        double alpha = random_log(&random, 1e-6, .6), null = random_log(&random, .05, 20);
        struct test test;
        struct ratio_interval interval = ratio_of(&pair, variance, alpha);
        if (pair.treatment.successes + pair.control.successes == 0)
            continue;
        assert_int_equal(proportion_ratio_score(&pair, variance, null, &test), REASON_NONE);
        bool excludes = null < interval.low || null > interval.high;
        if (fabs(test.p - alpha) < 1e-9 * alpha)
            continue;
        assert_int_equal(test.p < alpha, excludes);
        *(excludes ? &excluded : &kept) += 1;
    }
    assert_true(excluded > 300 && kept > 300);
}

static void swapping_the_variants_inverts_the_interval(void **state)
{
    (void)state;
    struct random random = {.state = 23};
    for (int i = 0; i < 1000; i++) {
        struct proportion_pair pair = random_pair(&random), other = swapped(pair);
        struct ratio_interval a = ratio_of(&pair, VARIANCE_UNBIASED, .05);
        struct ratio_interval b = ratio_of(&other, VARIANCE_UNBIASED, .05);
        assert_int_equal(a.unbounded, b.low == 0);
        if (!a.unbounded)
            assert_close(a.high, 1 / b.low, 1e-9);
    }
}

static void the_log_interval_of_the_odds_matches_statsmodels(void **state)
{
    (void)state;
    static struct reference table;
    reference_load(&table, "proportion_wald");
    for (size_t row = 0; row < table.row_count; row++) {
        struct proportion_pair pair = pair_at(&table, row);
        struct interval interval = {42, 42};
        double low = reference_at(&table, row, "odds_low");
        enum reason reason =
            proportion_odds_interval(&pair, 1 - reference_at(&table, row, "conf"), &interval);
        assert_int_equal(reason, isnan(low) ? REASON_NO_EVENTS : REASON_NONE);
        assert_close(interval.low, isnan(low) ? 42 : low, 1e-9);
        if (!isnan(low))
            assert_close(interval.high, reference_at(&table, row, "odds_high"), 1e-9);
    }
}

/* All and all: (1-R)^2 = z^2 R (1-R)/n by hand; none and none: every ratio. */
static void hostile_counts_have_answers_or_reasons(void **state)
{
    (void)state;
    struct proportion_pair pair = {{4, 4}, {6, 6}};
    double z2 = 1.959963984540054 * 1.959963984540054;
    struct ratio_interval interval = ratio_of(&pair, VARIANCE_PLAIN, .05);
    assert_close(interval.low, 1 / (1 + z2 / 4), 1e-12);
    assert_close(interval.high, 1 + z2 / 6, 1e-12);
    pair = (struct proportion_pair){{0, 4}, {0, 6}};
    interval = ratio_of(&pair, VARIANCE_PLAIN, .05);
    assert_true(interval.low == 0 && interval.unbounded);
    pair = (struct proportion_pair){{UINT64_MAX, UINT64_MAX}, {1, UINT64_MAX}};
    interval = ratio_of(&pair, VARIANCE_UNBIASED, 1e-300);
    assert_true(interval.low > 0 && interval.high < 1e30);
    pair = (struct proportion_pair){{0, 0}, {1, 2}};
    interval = (struct ratio_interval){.low = 42};
    assert_int_equal(proportion_ratio_interval(&pair, VARIANCE_PLAIN, .05, &interval),
                     REASON_NO_UNITS);
    pair = (struct proportion_pair){{1, 2}, {3, 2}};
    assert_int_equal(proportion_ratio_interval(&pair, VARIANCE_PLAIN, .05, &interval),
                     REASON_INVALID);
    pair.control.successes = 1;
    const double bad[] = {0, 1, -1, NOT_A_NUMBER};
    for (size_t i = 0; i < 4; i++)
        assert_int_equal(proportion_ratio_interval(&pair, VARIANCE_PLAIN, bad[i], &interval),
                         REASON_INVALID);
    struct test test = {.p = 42};
    assert_int_equal(proportion_ratio_score(&pair, VARIANCE_PLAIN, 0, &test), REASON_INVALID);
    assert_true(interval.low == 42 && test.p == 42);
}

int main(void)
{
    gsl_set_error_handler_off();
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(limits_match_mpmath),
        cmocka_unit_test(the_score_at_one_is_the_score_of_no_difference),
        cmocka_unit_test(the_interval_holds_a_ratio_exactly_when_its_p_is_above_alpha),
        cmocka_unit_test(swapping_the_variants_inverts_the_interval),
        cmocka_unit_test(the_log_interval_of_the_odds_matches_statsmodels),
        cmocka_unit_test(hostile_counts_have_answers_or_reasons),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
