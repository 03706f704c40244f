/* Means: Welch and Student against R, scores by hand, what duplication and shifts must do. */

#include "stats/hostile.h"
#include "stats/mean.h"
#include "stats/random.h"
#include "support/support.h"

#include <gsl/gsl_errno.h>

static struct sums sums_from(const double *values, size_t count)
{
    struct sums sums;
    assert_int_equal(sums_of_values(values, count, &sums), REASON_NONE);
    return sums;
}

static void welch_and_student_match_r(void **state)
{
    (void)state;
    /* R 4.2.2 t.test, family welch_t. */
    static const double control[] = {10.170949, 7.933687,  11.871577, 7.352132,
                                     10.871259, 9.884433,  12.929532, 10.934083,
                                     7.792316,  12.844987, 14.302523, 11.52351};
    static const double treatment[] = {7.048973,  2.298562,  9.203692,  14.462194, 17.495022,
                                       13.750018, 11.783582, 13.155107, 14.891302, 8.810127,
                                       6.678237,  8.146994,  7.806369,  9.146644,  7.86195};
    struct sums c = sums_from(control, 12), t = sums_from(treatment, 15);
    struct estimate estimate;
    struct test test;
    struct interval interval;
    double bound;
    assert_int_equal(estimate_of_means(&t, &c, 27, &estimate), REASON_NONE);
    assert_close(estimate.value, -0.531664133333333, 1e-9);
    assert_close(estimate.se, 1.2064529497424286, 1e-9);
    assert_close(estimate.df, 22.528022938138747, 1e-9);
    assert_close(estimate.ratio, 1, 1e-15);
    assert_int_equal(estimate_fixed_test(&estimate, 0, &test), REASON_NONE);
    assert_close(test.p, 0.6636418737182619, 1e-9);
    assert_int_equal(estimate_fixed_interval(&estimate, .05, &interval), REASON_NONE);
    assert_close(interval.low, -3.0302986519171573, 1e-9);
    assert_close(interval.high, 1.9669703852504912, 1e-9);
    assert_int_equal(estimate_fixed_bound(&estimate, SIDE_LOW, .05, &bound), REASON_NONE);
    assert_close(bound, -2.6011876087628676, 1e-9);
    struct margin margin = {.adverse = SIDE_LOW, .size = .5};
    assert_int_equal(estimate_non_inferiority(&estimate, margin, &test), REASON_NONE);
    assert_close(test.p, 0.5103537410608399, 1e-9);
    assert_int_equal(mean_student(&t, &c, &test), REASON_NONE);
    assert_close(test.statistic, -0.41437093975548933, 1e-9);
    assert_close(test.p, 0.6821364109664372, 1e-9);
}

static void a_constant_variant_is_compared_by_the_other_alone(void **state)
{
    (void)state;
    /* R 4.2.2 t.test, family welch_t, one_arm_constant. */
    static const double control[] = {3, 3, 3, 3, 3, 3}, treatment[] = {1, 2, 3, 4, 5, 9};
    struct sums c = sums_from(control, 6), t = sums_from(treatment, 6);
    struct estimate estimate;
    struct test test;
    assert_int_equal(estimate_of_means(&t, &c, 12, &estimate), REASON_NONE);
    assert_close(estimate.df, 5, 1e-15);
    assert_int_equal(estimate_fixed_test(&estimate, 0, &test), REASON_NONE);
    assert_close(test.p, 0.426071006117252, 1e-9);
    assert_int_equal(estimate_of_means(&c, &c, 12, &estimate), REASON_NO_VARIATION);
    assert_int_equal(mean_student(&c, &c, &test), REASON_NO_VARIATION);
}

static void a_score_is_the_mean_of_its_answers(void **state)
{
    (void)state;
    /* 5 promoters, 2 passive, 3 detractors: m = 20, s^2 = (8 * 10^4 - 10 * 400) / 9. */
    struct score_counts counts = {.responded = 10, .promoters = 5, .detractors = 3};
    static const double answers[] = {100, 100, 100, 100, 100, 0, 0, -100, -100, -100};
    struct sums sums, listed = sums_from(answers, 10);
    struct variant_value value, of_list;
    assert_int_equal(score_sums(&counts, &sums), REASON_NONE);
    assert_int_equal(mean_of_sums(&sums, &value), REASON_NONE);
    assert_true(value.value == 20 && value.units == 10 && value.df == 9);
    assert_close(value.variance, 76000. / 90, 1e-15);
    assert_int_equal(mean_of_sums(&listed, &of_list), REASON_NONE);
    assert_true(of_list.value == value.value && of_list.variance == value.variance);
    static const struct score_counts broken[] = {
        {10, 6, 5}, {10, 11, 0}, {10, 0, 11}, {UINT64_MAX, UINT64_MAX, 1}, {0, 1, 0}};
    sums.units = 77;
    for (size_t i = 0; i < sizeof broken / sizeof *broken; i++)
        assert_int_equal(score_sums(&broken[i], &sums), REASON_INVALID);
    assert_true(sums.units == 77);
    struct score_counts all = {UINT64_MAX, UINT64_MAX, 0};
    assert_int_equal(score_sums(&all, &sums), REASON_NONE);
    assert_int_equal(mean_of_sums(&sums, &value), REASON_NONE);
    assert_true(value.value == 100 && value.variance == 0);
}

static struct sums times(struct sums sums, uint64_t k)
{
    sums.units *= k;
    sums.sum *= (int128)k;
    sums.squares *= (int128)k;
    return sums;
}

static void random_values(struct random *random, double *values, size_t count)
{
    double scale = random_log(random, 1e-3, 1e3), shift = scale * random_normal(random);
    for (size_t i = 0; i < count; i++)
        values[i] = round(1e6 * (shift + scale * random_normal(random))) / 1e6;
}

/* The divisor n - 1 makes of it se^2 (n - 1)/(k n - 1) exactly, of which 1/k is the limit. */
static void data_taken_k_times_divide_the_error_by_the_root_of_k(void **state)
{
    (void)state;
    struct random random = {.state = 8};
    for (int i = 0; i < 300; i++) {
        double values[40];
        size_t count = 2 + random_next(&random) % 39;
        uint64_t k = 2 + random_next(&random) % 1000;
        struct variant_value one, many;
        random_values(&random, values, count);
        struct sums sums = sums_from(values, count), more = times(sums, k);
        assert_int_equal(mean_of_sums(&sums, &one), REASON_NONE);
        assert_int_equal(mean_of_sums(&more, &many), REASON_NONE);
        double n = (double)count;
        assert_true(many.value == one.value);
        assert_close(many.variance, one.variance * (n - 1) / ((double)k * n - 1), 1e-14);
    }
}

static void a_constant_added_to_every_value_leaves_a_comparison(void **state)
{
    (void)state;
    struct random random = {.state = 9};
    for (int i = 0; i < 200; i++) {
        double t[30], c[20];
        struct estimate near, far;
        random_values(&random, t, 30);
        random_values(&random, c, 20);
        struct sums st = sums_from(t, 30), sc = sums_from(c, 20);
        assert_int_equal(estimate_of_means(&st, &sc, 50, &near), REASON_NONE);
        for (int k = 0; k < 30; k++)
            t[k] += 1e8;
        for (int k = 0; k < 20; k++)
            c[k] += 1e8;
        st = sums_from(t, 30);
        sc = sums_from(c, 20);
        assert_int_equal(estimate_of_means(&st, &sc, 50, &far), REASON_NONE);
        assert_close(far.se, near.se, 1e-12);
        assert_close(far.df, near.df, 1e-12);
        assert_close(far.value - near.value, 0, 1e-7);
    }
}

static void student_is_welch_where_sizes_and_variances_are_equal(void **state)
{
    (void)state;
    static const double control[] = {1, 2, 3, 4, 5}, treatment[] = {3, 4, 5, 6, 7};
    struct sums c = sums_from(control, 5), t = sums_from(treatment, 5);
    struct estimate estimate;
    struct test welch, student;
    assert_int_equal(estimate_of_means(&t, &c, 10, &estimate), REASON_NONE);
    assert_int_equal(estimate_fixed_test(&estimate, 0, &welch), REASON_NONE);
    assert_int_equal(mean_student(&t, &c, &student), REASON_NONE);
    assert_close(student.statistic, 2, 1e-15);
    assert_close(student.p, welch.p, 1e-14);
}

static void a_billion_units_at_the_largest_values_have_a_comparison(void **state)
{
    (void)state;
    /* The cube's limits: 1e8 units, values within 1e9, steps of 1e-6. */
    int128 largest = (int128)1000000000 * 1000000, n = 100 * 1000 * 1000;
    struct sums high = {(uint64_t)n, largest * n, largest * largest * n, 1e-6};
    struct sums wide = {(uint64_t)n, 0, largest * largest * n, 1e-6};
    struct estimate estimate;
    assert_int_equal(estimate_of_means(&high, &wide, 1, &estimate), REASON_NONE);
    assert_close(estimate.value, 1e9, 1e-15);
    assert_close(estimate.se, 1e5, 1e-8);
    struct mean_summary summary = {.mean = 1e9, .sd = 1e9, .units = 1e9};
    struct variant_value value;
    assert_int_equal(mean_of_summary(&summary, &value), REASON_NONE);
    assert_close(value.variance, 1e9, 1e-15);
}

static void what_is_no_sample_says_why(void **state)
{
    (void)state;
    static const struct {
        struct mean_summary summary;
        enum reason reason;
    } cases[] = {
        {{1, 1, 0}, REASON_NO_UNITS},           {{1, 1, 1}, REASON_ONE_UNIT},
        {{1, -1, 5}, REASON_INVALID},           {{1, 1, -5}, REASON_INVALID},
        {{NOT_A_NUMBER, 1, 5}, REASON_INVALID}, {{1, NOT_A_NUMBER, 5}, REASON_INVALID},
        {{INFINITE, 1, 5}, REASON_INVALID},     {{1, 1, INFINITE}, REASON_INVALID},
        {{1, 1e200, 5}, REASON_NOT_FINITE},
    };
    struct variant_value value = {.value = 77};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        assert_int_equal(mean_of_summary(&cases[i].summary, &value), cases[i].reason);
    static const struct sums none = {0, 0, 0, 1}, one = {1, 5, 25, 1}, good = {3, 6, 14, 1};
    struct estimate estimate = {.value = 77};
    struct test test = {.p = 77};
    assert_int_equal(mean_of_sums(&none, &value), REASON_NO_UNITS);
    assert_int_equal(mean_of_sums(&one, &value), REASON_ONE_UNIT);
    assert_int_equal(estimate_of_means(&good, &none, 5, &estimate), REASON_NO_UNITS);
    assert_int_equal(estimate_of_means(&one, &good, 5, &estimate), REASON_ONE_UNIT);
    assert_int_equal(estimate_of_means(&good, &good, 0, &estimate), REASON_INVALID);
    assert_int_equal(mean_student(&good, &one, &test), REASON_ONE_UNIT);
    assert_true(value.value == 77 && estimate.value == 77 && test.p == 77);
}

int main(void)
{
    gsl_set_error_handler_off();
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(welch_and_student_match_r),
        cmocka_unit_test(a_constant_variant_is_compared_by_the_other_alone),
        cmocka_unit_test(a_score_is_the_mean_of_its_answers),
        cmocka_unit_test(data_taken_k_times_divide_the_error_by_the_root_of_k),
        cmocka_unit_test(a_constant_added_to_every_value_leaves_a_comparison),
        cmocka_unit_test(student_is_welch_where_sizes_and_variances_are_equal),
        cmocka_unit_test(a_billion_units_at_the_largest_values_have_a_comparison),
        cmocka_unit_test(what_is_no_sample_says_why),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
