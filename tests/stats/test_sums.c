/* Exact sums: nearest doubles, variances that no constant moves, sums that no values have. */

#include "stats/random.h"
#include "stats/reference.h"
#include "stats/sums.h"

#include <float.h>
#include <gmp.h>
#include <gsl/gsl_errno.h>

#define UNITS 200

/* 2^127 - 1 and its square root's neighbourhood: the last values that the cube's fields hold. */
#define LARGEST ((int128)(((uint64_t)1 << 63) - 1) << 64 | (int128)UINT64_MAX)

static struct sums sums_of_steps(const int64_t *steps, size_t count, int64_t shift, double step)
{
    struct sums sums = {.units = count, .step = step};
    for (size_t i = 0; i < count; i++) {
        sums.sum += steps[i] + shift;
        sums.squares += (int128)(steps[i] + shift) * (steps[i] + shift);
    }
    return sums;
}

/* |numerator - value denominator|, exactly, over 2^1100. */
static void distance(mpq_t out, int64_t numerator, uint64_t denominator, double value)
{
    mpq_t other;
    mpq_init(other);
    mpq_set_d(out, value);
    mpq_set_si(other, 1, 1);
    mpz_set_ui(mpq_numref(other), denominator);
    mpq_mul(out, out, other);
    mpq_set_si(other, numerator, 1);
    mpq_sub(out, out, other);
    mpq_abs(out, out);
    mpq_clear(other);
}

static void no_double_is_nearer_to_a_mean(void **state)
{
    (void)state;
    struct random random = {.state = 7};
    mpq_t own, beside;
    mpq_inits(own, beside, NULL);
    for (int i = 0; i < 20000; i++) {
        int64_t sum = (int64_t)(random_next(&random) >> (random_next(&random) % 60 + 1));
        uint64_t units = random_next(&random) >> (random_next(&random) % 60);
        if (i % 2)
            sum = -sum;
        units += units == 0;
        double mean;
        struct sums sums = {.units = units, .sum = sum, .step = 1};
        assert_int_equal(sums_mean(&sums, &mean), REASON_NONE);
        distance(own, sum, units, mean);
        for (int side = -1; side <= 1; side += 2) {
            distance(beside, sum, units, nextafter(mean, side * DBL_MAX));
            assert_true(mpq_cmp(own, beside) <= 0);
        }
    }
    mpq_clears(own, beside, NULL);
}

static void ties_go_to_even_and_not_towards_zero(void **state)
{
    (void)state;
    static const struct {
        uint64_t n;
        int128 ab;
        double nearest;
    } cases[] = {
        {1, ((int128)1 << 53) + 1, 0x1p53},       {1, ((int128)1 << 53) + 3, 0x1p53 + 4},
        {1, -((int128)1 << 53) - 3, -0x1p53 - 4}, {1, ((int128)1 << 54) + 3, 0x1p54 + 4},
        {3, ((int128)1 << 100) + 1, 3 * 0x1p100}, {1, LARGEST, 0x1p127},
        {UINT64_MAX, LARGEST, 0x1p64 * 0x1p127},  {0, 5, 0},
        {1, ((int128)1 << 117) + 1, 0x1p117},     {1, 0, 0},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        assert_true(exact_cross(cases[i].n, cases[i].ab, 0, 0) == cases[i].nearest);
    assert_true(exact_cross(0, 0, LARGEST, -LARGEST) == 0x1p254);
    assert_true(exact_cross(4, 4, -4, 4) == 32);
}

static void a_constant_added_to_every_value_moves_no_bit_of_a_variance(void **state)
{
    (void)state;
    static const int64_t shifts[] = {1, 100 * 1000 * 1000, 100LL * 1000 * 1000 * 1000 * 1000,
                                     -1000LL * 1000 * 1000 * 1000};
    struct random random = {.state = 11};
    int64_t steps[UNITS];
    for (int round = 0; round < 50; round++) {
        for (int i = 0; i < UNITS; i++)
            steps[i] = (int64_t)(1e6 * random_normal(&random));
        struct moments plain, shifted;
        struct sums sums = sums_of_steps(steps, UNITS, 0, 1e-6);
        assert_int_equal(sums_moments(&sums, &plain), REASON_NONE);
        assert_true(plain.variance > .5 && plain.variance < 2);
        for (size_t i = 0; i < sizeof shifts / sizeof *shifts; i++) {
            sums = sums_of_steps(steps, UNITS, shifts[i], 1e-6);
            assert_int_equal(sums_moments(&sums, &shifted), REASON_NONE);
            assert_true(shifted.variance == plain.variance);
            assert_close(shifted.mean, plain.mean + (double)shifts[i] * 1e-6, 1e-15);
        }
    }
}

static void values_are_read_as_they_are_written(void **state)
{
    (void)state;
    static const double plain[] = {.1, .2, .3, 7, 12.25, -.05}, far = 1e8;
    static const double steps[] = {10, 20, 30, 700, 1225, -5};
    double shifted[6];
    struct sums sums, moved;
    struct moments moments, moved_moments;
    assert_int_equal(sums_of_values(plain, 6, &sums), REASON_NONE);
    assert_true(sums.step == .01 && sums.units == 6);
    double sum = 0, squares = 0;
    for (int i = 0; i < 6; i++) {
        sum += steps[i];
        squares += steps[i] * steps[i];
        shifted[i] = plain[i] + far;
    }
    assert_true((double)sums.sum == sum && (double)sums.squares == squares);
    assert_int_equal(sums_of_values(shifted, 6, &moved), REASON_NONE);
    assert_int_equal(sums_moments(&sums, &moments), REASON_NONE);
    assert_int_equal(sums_moments(&moved, &moved_moments), REASON_NONE);
    assert_true(moments.variance == moved_moments.variance);
    assert_close(moments.mean, 3.3, 1e-16);
}

static void values_of_any_size_have_moments(void **state)
{
    (void)state;
    static const double sizes[] = {1e-280, 1e-150, 2.4563800000000003e-10, 1, 1e17, 1e100, 1e150};
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        double s = sizes[i], values[] = {s, 2 * s, 3 * s};
        struct sums sums;
        struct moments moments;
        assert_int_equal(sums_of_values(values, 3, &sums), REASON_NONE);
        assert_int_equal(sums_moments(&sums, &moments), REASON_NONE);
        assert_close(moments.mean, 2 * s, 1e-15);
        assert_close(moments.variance, s * s, 1e-14);
    }
    static const double whole[] = {0, 0, 0};
    struct sums sums;
    assert_int_equal(sums_of_values(whole, 3, &sums), REASON_NONE);
    assert_true(sums.units == 3 && sums.sum == 0 && sums.squares == 0 && sums.step == 1);
}

/* A million values of 17 digits: more than 2^126 in their last digit, so rounded to a step. */
static void long_values_are_rounded_to_a_step_that_fits(void **state)
{
    (void)state;
    size_t count = 100000;
    double *values = malloc(count * sizeof *values);
    assert_non_null(values);
    struct random random = {.state = 5};
    double mean = 0, squares = 0;
    for (size_t i = 0; i < count; i++) {
        values[i] = 9 + random_unit(&random) / 3;
        mean += values[i] / (double)count;
    }
    for (size_t i = 0; i < count; i++)
        squares += (values[i] - mean) * (values[i] - mean);
    struct sums sums;
    struct moments moments;
    assert_int_equal(sums_of_values(values, count, &sums), REASON_NONE);
    assert_int_equal(sums_moments(&sums, &moments), REASON_NONE);
    assert_close(moments.mean, mean, 1e-12);
    assert_close(moments.variance, squares / (double)(count - 1), 1e-9);
    free(values);
}

static void covariance_is_that_of_the_values(void **state)
{
    (void)state;
    static const double x[] = {1, 2, 4, 8, 10}, y[] = {2.5, 1, 3, 9.25, 7};
    double far_x[5], far_y[5], covariance, far;
    struct joint_sums sums;
    struct moments of_x, of_y;
    assert_int_equal(joint_sums_of_values(x, y, 5, &sums), REASON_NONE);
    assert_int_equal(sums_covariance(&sums, &of_x, &of_y, &covariance), REASON_NONE);
    /* sum (x - 5)(y - 4.55) = 8.2 + 10.65 + 1.55 + 14.1 + 12.25 */
    assert_close(covariance, 46.75 / 4, 1e-16);
    assert_close(of_x.variance, 15, 1e-16);
    assert_close(of_y.mean, 4.55, 1e-16);
    for (int i = 0; i < 5; i++) {
        far_x[i] = x[i] + 1e8;
        far_y[i] = 1e8 - y[i];
    }
    assert_int_equal(joint_sums_of_values(far_x, far_y, 5, &sums), REASON_NONE);
    assert_int_equal(sums_covariance(&sums, &of_x, &of_y, &far), REASON_NONE);
    assert_true(far == -covariance);
}

static void adding_cohorts_is_as_one_list(void **state)
{
    (void)state;
    static const double values[] = {3, 1, 4, 1, 5, 9, 2, 6};
    struct sums all, a, b;
    assert_int_equal(sums_of_values(values, 8, &all), REASON_NONE);
    assert_int_equal(sums_of_values(values, 3, &a), REASON_NONE);
    assert_int_equal(sums_of_values(values + 3, 5, &b), REASON_NONE);
    sums_add(&a, &b);
    assert_true(a.units == all.units && a.sum == all.sum && a.squares == all.squares);
}

static void the_largest_sums_have_moments(void **state)
{
    (void)state;
    struct moments moments;
    /* The cube's limits: 1e8 units, half at 1e9 and half at -1e9, in steps of 1e-6. */
    int128 one = (int128)1000000000 * 1000000;
    struct sums sums = {.units = 100 * 1000 * 1000, .squares = one * one * 100000000, .step = 1e-6};
    assert_int_equal(sums_moments(&sums, &moments), REASON_NONE);
    assert_close(moments.variance, 1e18 * (1e8 / (1e8 - 1)), 1e-15);
    struct sums limit = {.units = UINT64_MAX, .squares = LARGEST, .step = 1};
    assert_int_equal(sums_moments(&limit, &moments), REASON_NONE);
    assert_close(moments.variance, 0x1p63, 1e-15);
}

static void sums_that_no_values_have_are_refused(void **state)
{
    (void)state;
    static const struct {
        struct sums sums;
        enum reason reason;
    } cases[] = {
        {{0, 0, 0, 1}, REASON_NO_UNITS},
        {{1, 5, 25, 1}, REASON_ONE_UNIT},
        {{2, 10, 49, 1}, REASON_INVALID},
        {{2, 0, -1, 1}, REASON_INVALID},
        {{2, 2, 4, 0}, REASON_INVALID},
        {{2, 2, 4, -1}, REASON_INVALID},
        {{2, 2, 4, INFINITE}, REASON_INVALID},
        {{2, 2, 4, NOT_A_NUMBER}, REASON_INVALID},
        {{2, 2, 4, 1e200}, REASON_NOT_FINITE},
        {{2, LARGEST, 4, 1}, REASON_INVALID},
        {{2, 1 << 30, LARGEST, 1e308}, REASON_NOT_FINITE},
    };
    struct moments moments = {1, 2, 3};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        assert_int_equal(sums_moments(&cases[i].sums, &moments), cases[i].reason);
    assert_true(moments.units == 1 && moments.mean == 2 && moments.variance == 3);
    double mean = 4, covariance = 5;
    assert_int_equal(sums_mean(&cases[0].sums, &mean), REASON_NO_UNITS);
    assert_int_equal(sums_mean(&cases[4].sums, &mean), REASON_INVALID);
    struct moments x = {1, 2, 3}, y = {1, 2, 3};
    /* Both constant, yet with a covariance. */
    struct joint_sums joint = {
        .units = 2, .x = 2, .xx = 2, .y = 4, .yy = 8, .xy = 5, .step_x = 1, .step_y = 1};
    assert_int_equal(sums_covariance(&joint, &x, &y, &covariance), REASON_INVALID);
    joint = (struct joint_sums){.units = 1, .x = 2, .xx = 4, .step_x = 1, .step_y = 1};
    assert_int_equal(sums_covariance(&joint, &x, &y, &covariance), REASON_ONE_UNIT);
    assert_true(mean == 4 && covariance == 5 && x.mean == 2 && y.mean == 2);
}

static void doubles_may_be_taken_as_they_are(void **state)
{
    (void)state;
    /* Both by exact fractions: of the decimals, and of the doubles nearest to them. */
    static const double values[] = {99999999.961762, 100000001.120956, 100000000.157294,
                                    100000000.951664};
    struct sums sums;
    struct moments moments;
    assert_int_equal(sums_of_values(values, 4, &sums), REASON_NONE);
    assert_int_equal(sums_moments(&sums, &moments), REASON_NONE);
    assert_true(moments.mean == 100000000.547919 && moments.variance == 0.32918311588933336);
    assert_int_equal(sums_of_doubles(values, 4, &sums), REASON_NONE);
    assert_int_equal(sums_moments(&sums, &moments), REASON_NONE);
    assert_true(moments.mean == 100000000.547919 && moments.variance == 0.32918311765343683);
    static const double sizes[] = {1e-250, 1e-9, 1, 1e17, 1e150};
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        double s = sizes[i], far[] = {s, 2 * s, 3 * s};
        assert_int_equal(sums_of_doubles(far, 3, &sums), REASON_NONE);
        assert_int_equal(sums_moments(&sums, &moments), REASON_NONE);
        assert_close(moments.mean, 2 * s, 1e-15);
        assert_close(moments.variance, s * s, 1e-14);
    }
    const double bad[][2] = {{1, NOT_A_NUMBER}, {INFINITE, 1}, {5e-324, 1e-323}};
    sums.units = 77;
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        assert_int_equal(sums_of_doubles(bad[i], 2, &sums), REASON_INVALID);
    assert_true(sums.units == 77);
}

static void totals_in_floating_point_become_sums(void **state)
{
    (void)state;
    struct sums sums;
    struct moments moments;
    assert_int_equal(sums_of_totals(400, 4100, 47000, &sums), REASON_NONE);
    assert_true(sums.units == 400 && sums.sum == 4100 && sums.squares == 47000 && sums.step == 1);
    /* Values .1 and .25: .35 and .0725. */
    assert_int_equal(sums_of_totals(2, .35, .0725, &sums), REASON_NONE);
    assert_true(sums.sum == 35 && sums.squares == 725 && sums.step == .01);
    assert_int_equal(sums_moments(&sums, &moments), REASON_NONE);
    assert_true(moments.mean == .175 && moments.variance == .01125);
    /* More digits than squares have room for: the sum gives way. */
    assert_int_equal(sums_of_totals(1000, .123456789012345678, 1e12, &sums), REASON_NONE);
    assert_int_equal(sums_moments(&sums, &moments), REASON_NONE);
    assert_close(moments.mean, .123456789012345678 / 1000, 1e-6);
    assert_close(moments.variance, 1e12 / 999, 1e-15);
    sums.units = 77;
    assert_int_equal(sums_of_totals(2, NOT_A_NUMBER, 1, &sums), REASON_INVALID);
    assert_int_equal(sums_of_totals(2, 1, INFINITE, &sums), REASON_INVALID);
    assert_int_equal(sums_of_totals(2, 1, -1, &sums), REASON_INVALID);
    assert_true(sums.units == 77);
}

static void steps_are_the_values_in_their_step(void **state)
{
    (void)state;
    static const double values[] = {.5, -1.25, 3, 0}, bad[] = {1, NOT_A_NUMBER};
    int64_t steps[4];
    double step = 77;
    assert_int_equal(steps_of_values(bad, 2, steps, &step), REASON_INVALID);
    assert_true(step == 77);
    assert_int_equal(steps_of_values(values, 4, steps, &step), REASON_NONE);
    assert_true(step == .01 && steps[0] == 50 && steps[1] == -125 && steps[2] == 300 &&
                steps[3] == 0);
}

static void values_that_are_not_finite_or_have_no_common_step_are_refused(void **state)
{
    (void)state;
    const double bad[][2] = {{1, NOT_A_NUMBER}, {INFINITE, 1}, {-INFINITE, 0}, {5e-324, 1e-323}};
    struct sums sums = {.units = 77};
    struct joint_sums joint = {.units = 77};
    static const double good[] = {1, 2};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        assert_int_equal(sums_of_values(bad[i], 2, &sums), REASON_INVALID);
        assert_int_equal(joint_sums_of_values(good, bad[i], 2, &joint), REASON_INVALID);
        assert_int_equal(joint_sums_of_values(bad[i], good, 2, &joint), REASON_INVALID);
    }
    assert_true(sums.units == 77 && joint.units == 77);
    assert_int_equal(sums_of_values(good, 0, &sums), REASON_NONE);
    assert_true(sums.units == 0);
}

int main(void)
{
    gsl_set_error_handler_off();
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(no_double_is_nearer_to_a_mean),
        cmocka_unit_test(ties_go_to_even_and_not_towards_zero),
        cmocka_unit_test(a_constant_added_to_every_value_moves_no_bit_of_a_variance),
        cmocka_unit_test(values_are_read_as_they_are_written),
        cmocka_unit_test(values_of_any_size_have_moments),
        cmocka_unit_test(long_values_are_rounded_to_a_step_that_fits),
        cmocka_unit_test(covariance_is_that_of_the_values),
        cmocka_unit_test(adding_cohorts_is_as_one_list),
        cmocka_unit_test(the_largest_sums_have_moments),
        cmocka_unit_test(sums_that_no_values_have_are_refused),
        cmocka_unit_test(doubles_may_be_taken_as_they_are),
        cmocka_unit_test(totals_in_floating_point_become_sums),
        cmocka_unit_test(steps_are_the_values_in_their_step),
        cmocka_unit_test(values_that_are_not_finite_or_have_no_common_step_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
