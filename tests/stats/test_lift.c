/* Relative lift against metafor and Cookie Cats, and its symmetries. */

#include "stats/lift.h"
#include "stats/random.h"
#include "stats/reference.h"

#include <gsl/gsl_errno.h>

static struct lift lift_at(const struct reference *table, size_t row)
{
    struct lift lift = {NOT_A_NUMBER, NOT_A_NUMBER, NOT_A_NUMBER};
    double sd1 = reference_at(table, row, "sd_treatment");
    double sd0 = reference_at(table, row, "sd_control");
    if (isnan(sd1)) {
        struct proportion_pair pair = {
            {reference_count(table, row, "treatment"), reference_count(table, row, "n_treatment")},
            {reference_count(table, row, "control"), reference_count(table, row, "n_control")},
        };
        assert_int_equal(lift_of_proportions(&pair, &lift), REASON_NONE);
        return lift;
    }
    struct lift_mean treatment = {reference_at(table, row, "treatment"),
                                  sd1 / sqrt(reference_at(table, row, "n_treatment"))};
    struct lift_mean control = {reference_at(table, row, "control"),
                                sd0 / sqrt(reference_at(table, row, "n_control"))};
    assert_int_equal(lift_of_means(treatment, control, &lift), REASON_NONE);
    return lift;
}

static void log_ratio_and_interval_match_metafor(void **state)
{
    (void)state;
    static struct reference table;
    reference_load(&table, "lift");
    for (size_t row = 0; row < table.row_count; row++) {
        struct lift lift = lift_at(&table, row);
        struct interval interval;
        struct test test;
        assert_int_equal(lift_interval(&lift, .05, &interval), REASON_NONE);
        assert_int_equal(lift_test(&lift, &test), REASON_NONE);
        assert_close(lift.log_ratio, reference_at(&table, row, "log_ratio"), 1e-9);
        assert_close(lift.log_se * lift.log_se, reference_at(&table, row, "variance"), 1e-9);
        assert_close(interval.low, reference_at(&table, row, "low"), 1e-9);
        assert_close(interval.high, reference_at(&table, row, "high"), 1e-9);
        assert_close(test.p, reference_at(&table, row, "p"), 1e-9);
    }
}

static void katz_matches_statsmodels(void **state)
{
    (void)state;
    static struct reference table;
    reference_load(&table, "two_proportions");
    for (size_t row = 0; row < table.row_count; row++) {
        struct proportion_pair pair = {
            {reference_count(&table, row, "x_treatment"),
             reference_count(&table, row, "n_treatment")},
            {reference_count(&table, row, "x_control"), reference_count(&table, row, "n_control")},
        };
        struct lift lift;
        struct interval interval;
        if (isnan(reference_at(&table, row, "katz_low"))) {
            assert_true(lift_of_proportions(&pair, &lift) != REASON_NONE);
            continue;
        }
        assert_int_equal(lift_of_proportions(&pair, &lift), REASON_NONE);
        assert_int_equal(lift_interval(&lift, 1 - reference_at(&table, row, "conf"), &interval),
                         REASON_NONE);
        assert_close(interval.low + 1, reference_at(&table, row, "katz_low"), 1e-9);
        assert_close(interval.high + 1, reference_at(&table, row, "katz_high"), 1e-9);
    }
}

static void cookie_cats_has_the_published_lift(void **state)
{
    (void)state;
    static const struct {
        struct proportion_pair pair;
        double lift, low, high;
    } days[] = {
        {{{20119, 45489}, {20034, 44700}},
         -0.01317565585974659,
         -0.027449855941144796,
         0.0013080478541465101},
        {{{8279, 45489}, {8502, 44700}},
         -0.043119034896460164,
         -0.068891150431617865,
         -0.016633574257273742},
    };
    for (size_t i = 0; i < 2; i++) {
        struct lift lift;
        struct interval interval;
        assert_int_equal(lift_of_proportions(&days[i].pair, &lift), REASON_NONE);
        assert_int_equal(lift_interval(&lift, .05, &interval), REASON_NONE);
        assert_close(lift.lift, days[i].lift, 1e-9);
        assert_close(interval.low, days[i].low, 1e-9);
        assert_close(interval.high, days[i].high, 1e-9);
    }
}

static void swapping_the_variants_inverts_the_ratio(void **state)
{
    (void)state;
    struct random random = {.state = 23};
    for (int i = 0; i < 500; i++) {
        uint64_t n1 = (uint64_t)random_log(&random, 5, 1e9);
        uint64_t n0 = (uint64_t)random_log(&random, 5, 1e9);
        struct proportion_pair pair = {{1 + n1 / 3, n1}, {1 + n0 / 7, n0}};
        struct proportion_pair other = {pair.control, pair.treatment};
        struct lift a, b;
        assert_int_equal(lift_of_proportions(&pair, &a), REASON_NONE);
        assert_int_equal(lift_of_proportions(&other, &b), REASON_NONE);
        assert_close(a.log_ratio, -b.log_ratio, 1e-12);
        assert_close(a.log_se, b.log_se, 1e-12);
        assert_close((1 + a.lift) * (1 + b.lift), 1, 1e-12);
    }
}

/* 1e-9 apart at 1e9 units: the log must not go through 1 + lift. */
static void a_tiny_lift_keeps_its_digits(void **state)
{
    (void)state;
    struct proportion_pair pair = {{500000001, 1000000000}, {500000000, 1000000000}};
    struct lift lift;
    assert_int_equal(lift_of_proportions(&pair, &lift), REASON_NONE);
    assert_close(lift.log_ratio, 2e-9 - 2e-18, 1e-6);
}

static void what_has_no_log_ratio_says_why(void **state)
{
    (void)state;
    struct lift lift = {1, 2, 3};
    struct interval interval = {-7, 7};
    static const struct {
        struct proportion_pair pair;
        enum reason reason;
    } cases[] = {
        {{{0, 10}, {3, 10}}, REASON_NO_EVENTS},    {{{3, 10}, {0, 10}}, REASON_NO_EVENTS},
        {{{0, 0}, {3, 10}}, REASON_NO_UNITS},      {{{4, 3}, {3, 10}}, REASON_INVALID},
        {{{10, 10}, {7, 7}}, REASON_NO_VARIATION},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        assert_int_equal(lift_of_proportions(&cases[i].pair, &lift), cases[i].reason);
    struct lift_mean good = {2, .1}, zero = {0, .1}, below = {-1, .1}, broken = {NOT_A_NUMBER, .1};
    struct lift_mean huge = {1e308, 1}, tiny = {1e-308, 1e-309};
    assert_int_equal(lift_of_means(good, zero, &lift), REASON_NEAR_ZERO);
    assert_int_equal(lift_of_means(below, good, &lift), REASON_NEAR_ZERO);
    assert_int_equal(lift_of_means(broken, good, &lift), REASON_INVALID);
    assert_int_equal(lift_of_means(huge, tiny, &lift), REASON_NOT_FINITE);
    assert_true(lift.lift == 1 && lift.log_ratio == 2 && lift.log_se == 3);
    assert_int_equal(lift_interval(&lift, 0, &interval), REASON_INVALID);
    assert_int_equal(lift_of_log((struct interval){0, 800}, &interval), REASON_NOT_FINITE);
    assert_true(interval.low == -7 && interval.high == 7);
}

int main(void)
{
    gsl_set_error_handler_off();
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(log_ratio_and_interval_match_metafor),
        cmocka_unit_test(katz_matches_statsmodels),
        cmocka_unit_test(cookie_cats_has_the_published_lift),
        cmocka_unit_test(swapping_the_variants_inverts_the_ratio),
        cmocka_unit_test(a_tiny_lift_keeps_its_digits),
        cmocka_unit_test(what_has_no_log_ratio_says_why),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
