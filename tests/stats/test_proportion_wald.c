/* Wald and its kin against statsmodels and R. */

#include "stats/pairs.h"
#include "stats/proportion_wald.h"

#include <gsl/gsl_errno.h>

static void intervals_match_statsmodels(void **state)
{
    (void)state;
    static struct reference table;
    reference_load(&table, "proportion_wald");
    for (size_t row = 0; row < table.row_count; row++) {
        struct proportion_pair pair = pair_at(&table, row);
        double alpha = 1 - reference_at(&table, row, "conf");
        struct interval wald, caffo;
        assert_int_equal(proportion_wald(&pair, alpha, &wald), REASON_NONE);
        assert_int_equal(proportion_agresti_caffo(&pair, alpha, &caffo), REASON_NONE);
        assert_close(wald.low, reference_at(&table, row, "wald_low"), 1e-9);
        assert_close(wald.high, reference_at(&table, row, "wald_high"), 1e-9);
        assert_close(caffo.low, reference_at(&table, row, "caffo_low"), 1e-9);
        assert_close(caffo.high, reference_at(&table, row, "caffo_high"), 1e-9);
    }
}

static void tests_match_statsmodels(void **state)
{
    (void)state;
    static struct reference table;
    reference_load(&table, "proportion_wald");
    int compared = 0;
    for (size_t row = 0; row < table.row_count; row++) {
        struct proportion_pair pair = pair_at(&table, row);
        double z = reference_at(&table, row, "z"), p = reference_at(&table, row, "noninf_p");
        struct test test;
        if (!isfinite(z))
            continue;
        assert_int_equal(proportion_unpooled_z(&pair, 0, &test), REASON_NONE);
        assert_close(test.statistic, z, 1e-9);
        assert_close(test.p, reference_at(&table, row, "p"), 1e-9);
        assert_int_equal(proportion_wald_non_inferiority(&pair, .02, &test), REASON_NONE);
        assert_close(test.statistic, reference_at(&table, row, "noninf_z"), 1e-9);
        assert_close(test.p, p, 1e-9);
        compared++;
    }
    assert_true(compared >= 6);
}

static void yates_matches_r(void **state)
{
    (void)state;
    static struct reference table;
    reference_load(&table, "yates");
    for (size_t row = 0; row < table.row_count; row++) {
        struct proportion_pair pair = pair_at(&table, row);
        struct chi_square test = {.p = 42};
        double statistic = reference_at(&table, row, "chi_square");
        enum reason reason = proportion_yates(&pair, &test);
        assert_int_equal(reason, isnan(statistic) ? REASON_NO_VARIATION : REASON_NONE);
        if (reason)
            continue;
        assert_true(fabs(test.statistic - statistic) <= 1e-9 * statistic + 1e-12);
        assert_close(test.p, reference_at(&table, row, "p"), 1e-9);
    }
}

static void hostile_counts_have_reasons_and_nothing_is_written(void **state)
{
    (void)state;
    struct proportion_pair pair = {{3, 3}, {0, 3}};
    struct test test = {.p = 42};
    struct interval interval = {42, 42};
    assert_int_equal(proportion_unpooled_z(&pair, 0, &test), REASON_NO_VARIATION);
    assert_int_equal(proportion_wald_non_inferiority(&pair, .02, &test), REASON_NO_EVENTS);
    pair.control.successes = 2;
    assert_int_equal(proportion_unpooled_z(&pair, 1, &test), REASON_INVALID);
    assert_int_equal(proportion_wald(&pair, 0, &interval), REASON_INVALID);
    pair.control.units = 1;
    assert_int_equal(proportion_wald(&pair, .05, &interval), REASON_INVALID);
    pair.control = (struct proportion){0, 0};
    assert_int_equal(proportion_agresti_caffo(&pair, .05, &interval), REASON_NO_UNITS);
    assert_true(test.p == 42 && interval.low == 42);
}

int main(void)
{
    gsl_set_error_handler_off();
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(intervals_match_statsmodels),
        cmocka_unit_test(tests_match_statsmodels),
        cmocka_unit_test(yates_matches_r),
        cmocka_unit_test(hostile_counts_have_reasons_and_nothing_is_written),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
