/* Ratios of totals against survey::svyratio and gbstats, and what must hold for any units. */

#include "stats/hostile.h"
#include "stats/mean.h"
#include "stats/random.h"
#include "stats/ratio.h"
#include "support/support.h"

#include <gsl/gsl_errno.h>

struct unit {
    int64_t y, s;
};

static struct ratio_sums sums_from(const struct unit *units, size_t count, uint64_t times)
{
    struct ratio_sums sums = {.units = count * times, .step_y = 1, .step_s = 1};
    for (size_t i = 0; i < count; i++) {
        int128 y = units[i].y, s = units[i].s, k = (int128)times;
        sums.y += k * y;
        sums.s += k * s;
        sums.yy += k * y * y;
        sums.ss += k * s * s;
        sums.ys += k * y * s;
    }
    return sums;
}

static void ratios_match_survey(void **state)
{
    (void)state;
    /* survey 4.1.1 svyratio, family ratio_cluster, n20. */
    static const struct unit control[] = {{3, 4}, {2, 7}, {1, 4}, {0, 5}, {2, 5},
                                          {2, 6}, {0, 2}, {2, 5}, {3, 3}};
    struct ratio_sums sums = sums_from(control, 9, 1);
    struct variant_value value;
    assert_int_equal(ratio_of_sums(&sums, &value), REASON_NONE);
    assert_close(value.value, 0.36585365853658536, 1e-15);
    assert_close(sqrt(value.variance), 0.08377890965888547, 1e-12);
    assert_true(value.df == 8 && value.units == 9);
}

static void totals_in_floating_point_match_gbstats(void **state)
{
    (void)state;
    /* gbstats 0.8.0, family seq_growthbook, ratio_absolute and ratio_relative. */
    const struct ratio_totals control = {300, 800, 1300, 8200, 3000};
    const struct ratio_totals treatment = {380, 900, 1850, 9300, 3900};
    struct ratio_sums sums;
    struct variant_value c, t;
    struct estimate estimate;
    double lift, se;
    assert_int_equal(ratio_sums_of_totals(100, &control, &sums), REASON_NONE);
    assert_int_equal(ratio_of_sums(&sums, &c), REASON_NONE);
    assert_int_equal(ratio_sums_of_totals(110, &treatment, &sums), REASON_NONE);
    assert_int_equal(ratio_of_sums(&sums, &t), REASON_NONE);
    assert_int_equal(two_sample_difference(&t, &c, 5000, &estimate), REASON_NONE);
    assert_close(estimate.value, 0.04722222222222222, 1e-9);
    assert_close(estimate.se, 0.02424764666104466, 1e-9);
    assert_int_equal(two_sample_delta_lift(&t, &c, &lift, &se), REASON_NONE);
    assert_close(se, 0.06921902936193462, 1e-9);
}

static size_t random_units(struct random *random, struct unit *units)
{
    size_t count = 2 + random_next(random) % 60;
    for (size_t i = 0; i < count; i++) {
        units[i].s = (int64_t)(random_next(random) % 50);
        units[i].y = (int64_t)(random_next(random) % 100000) - 20000;
    }
    units[0].s++;
    return count;
}

static void the_variance_is_that_of_the_residuals(void **state)
{
    (void)state;
    struct random random = {.state = 12};
    struct unit units[64];
    for (int i = 0; i < 500; i++) {
        size_t count = random_units(&random, units);
        struct ratio_sums sums = sums_from(units, count, 1);
        struct variant_value value;
        assert_int_equal(ratio_of_sums(&sums, &value), REASON_NONE);
        double n = (double)count, squares = 0, s = (double)sums.s;
        for (size_t k = 0; k < count; k++) {
            double residual = (double)units[k].y - value.value * (double)units[k].s;
            squares += residual * residual;
        }
        assert_close(value.value, (double)sums.y / s, 1e-15);
        assert_close(value.variance, n / (n - 1) * squares / s / s, 1e-11);
    }
}

static void denominators_of_one_make_a_mean(void **state)
{
    (void)state;
    struct random random = {.state = 13};
    struct unit units[64];
    for (int i = 0; i < 200; i++) {
        size_t count = random_units(&random, units);
        for (size_t k = 0; k < count; k++)
            units[k].s = 1;
        struct ratio_sums sums = sums_from(units, count, 1);
        struct sums alone = {count, sums.y, sums.yy, .01};
        struct variant_value value, mean;
        sums.step_y = .01;
        assert_int_equal(ratio_of_sums(&sums, &value), REASON_NONE);
        assert_int_equal(mean_of_sums(&alone, &mean), REASON_NONE);
        assert_true(value.value == mean.value && value.df == mean.df);
        assert_close(value.variance, mean.variance, 1e-15);
    }
}

static void data_taken_k_times_divide_the_variance(void **state)
{
    (void)state;
    struct random random = {.state = 14};
    struct unit units[64];
    for (int i = 0; i < 200; i++) {
        size_t count = random_units(&random, units);
        uint64_t k = 2 + random_next(&random) % 1000;
        struct ratio_sums once = sums_from(units, count, 1), more = sums_from(units, count, k);
        struct variant_value a, b;
        assert_int_equal(ratio_of_sums(&once, &a), REASON_NONE);
        assert_int_equal(ratio_of_sums(&more, &b), REASON_NONE);
        double n = (double)count;
        assert_true(a.value == b.value);
        assert_close(b.variance, a.variance * (n - 1) / (n * (double)k - 1), 1e-14);
    }
}

static void units_of_one_ratio_have_no_variance_at_all(void **state)
{
    (void)state;
    struct random random = {.state = 15};
    struct unit units[64];
    for (int i = 0; i < 200; i++) {
        size_t count = random_units(&random, units);
        for (size_t k = 0; k < count; k++)
            units[k].y = 37 * units[k].s;
        struct ratio_sums sums = sums_from(units, count, 1);
        struct variant_value value;
        sums.step_y = 1e-3;
        assert_int_equal(ratio_of_sums(&sums, &value), REASON_NONE);
        assert_true(value.variance == 0 && value.value == .037);
    }
}

static void steps_scale_the_ratio(void **state)
{
    (void)state;
    static const struct unit units[] = {{3, 4}, {2, 7}, {1, 4}, {0, 5}};
    struct ratio_sums sums = sums_from(units, 4, 1);
    struct variant_value plain, scaled;
    assert_int_equal(ratio_of_sums(&sums, &plain), REASON_NONE);
    sums.step_y = 1e-6;
    sums.step_s = 1e-2;
    assert_int_equal(ratio_of_sums(&sums, &scaled), REASON_NONE);
    assert_close(scaled.value, plain.value * 1e-4, 1e-15);
    assert_close(scaled.variance, plain.variance * 1e-8, 1e-15);
}

static void the_largest_sums_have_a_ratio(void **state)
{
    (void)state;
    /* The cube's limits: 1e8 units at y = +-1e9 and s = 1e9 in steps of 1e-6. */
    int128 largest = (int128)1000000000 * 1000000, n = 100 * 1000 * 1000;
    struct ratio_sums sums = {.units = (uint64_t)n,
                              .s = largest * n,
                              .yy = largest * largest * n,
                              .ss = largest * largest * n,
                              .step_y = 1e-6,
                              .step_s = 1e-6};
    struct variant_value value;
    assert_int_equal(ratio_of_sums(&sums, &value), REASON_NONE);
    assert_true(value.value == 0);
    assert_close(value.variance, 1 / (1e8 - 1), 1e-15);
    sums.y = largest * n;
    sums.ys = largest * largest * n;
    assert_int_equal(ratio_of_sums(&sums, &value), REASON_NONE);
    assert_true(value.value == 1 && value.variance == 0);
    sums.y = -sums.y;
    sums.ys = -sums.ys;
    sums.s = -sums.s;
    assert_int_equal(ratio_value(&sums, &value.value), REASON_NONE);
    assert_true(value.value == 1);
}

static void sums_that_no_units_have_are_refused(void **state)
{
    (void)state;
    static const struct {
        struct ratio_sums sums;
        enum reason reason;
    } cases[] = {
        {{0, 0, 0, 0, 0, 0, 1, 1}, REASON_NO_UNITS},
        {{3, 1, 0, 1, 0, 0, 1, 1}, REASON_NEAR_ZERO},
        {{1, 1, 2, 1, 4, 2, 1, 1}, REASON_ONE_UNIT},
        {{2, 1, 2, -1, 4, 2, 1, 1}, REASON_INVALID},
        {{2, 1, 2, 1, -4, 2, 1, 1}, REASON_INVALID},
        {{2, 1, 2, 1, 4, 3, 1, 1}, REASON_INVALID}, /* ys^2 > yy ss */
        {{2, 9, 2, 9, 4, 2, 1, 1}, REASON_INVALID}, /* y^2 > n yy */
        {{2, 1, 9, 1, 9, 1, 1, 1}, REASON_INVALID}, /* s^2 > n ss */
        {{0, 1, 1, 1, 1, 1, 1, 1}, REASON_INVALID}, /* no units, yet sums */
        {{2, 1, 2, 1, 4, 2, 0, 1}, REASON_INVALID},
        {{2, 1, 2, 1, 4, 2, 1, -1}, REASON_INVALID},
        {{2, 1, 2, 1, 4, 2, NOT_A_NUMBER, 1}, REASON_INVALID},
        {{2, 1, 2, 1, 4, 2, 1, INFINITE}, REASON_INVALID},
        {{2, 1, 2, 1, 4, 2, 1e300, 1e-300}, REASON_NOT_FINITE},
    };
    struct variant_value value = {.value = 77};
    double ratio = 78;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        assert_int_equal(ratio_of_sums(&cases[i].sums, &value), cases[i].reason);
        if (cases[i].reason != REASON_ONE_UNIT)
            assert_int_equal(ratio_value(&cases[i].sums, &ratio), cases[i].reason);
    }
    assert_true(value.value == 77 && ratio == 78);
    const struct ratio_totals bad[] = {{NOT_A_NUMBER, 1, 1, 1, 1}, {1, INFINITE, 1, 1, 1},
                                       {1, 1, -1, 1, 1},           {1, 1, 1, -1, 1},
                                       {1, 1, 1, 1, NOT_A_NUMBER}, {1, 1, 1, 1, 1e9}};
    struct ratio_sums sums = {.units = 77};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        assert_int_equal(ratio_sums_of_totals(5, &bad[i], &sums), REASON_INVALID);
    assert_true(sums.units == 77);
}

int main(void)
{
    gsl_set_error_handler_off();
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(ratios_match_survey),
        cmocka_unit_test(totals_in_floating_point_match_gbstats),
        cmocka_unit_test(the_variance_is_that_of_the_residuals),
        cmocka_unit_test(denominators_of_one_make_a_mean),
        cmocka_unit_test(data_taken_k_times_divide_the_variance),
        cmocka_unit_test(units_of_one_ratio_have_no_variance_at_all),
        cmocka_unit_test(steps_scale_the_ratio),
        cmocka_unit_test(the_largest_sums_have_a_ratio),
        cmocka_unit_test(sums_that_no_units_have_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
