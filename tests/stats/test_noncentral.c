/* The noncentral t and F against quadrature and sums at 30 digits, and their central cases. */

#include "stats/hostile.h"
#include "stats/noncentral.h"
#include "stats/random.h"
#include "support/support.h"

#include <gsl/gsl_cdf.h>
#include <gsl/gsl_errno.h>
#include <math.h>

/* mpmath 1.3.0, 30 digits: integral of phi(x - shift) P(df/2, df x^2 / (2 t^2)) and, for large df,
 * of the density of S times Phi(shift - t s). */
static void t_tails_match_quadrature(void **state)
{
    (void)state;
    const struct {
        double t, df, shift, tail;
    } cases[] = {
        {2.0, 10, 1.3, 0.276385960674273696},   {12.706, 1, 3.7, 0.228417415124801978},
        {3.1, .5, 1.2, 0.435340437373882685},   {25.45, 1.5, 30, 0.751783972424815339},
        {2.3, 3, -1.7, 0.00117847947409805843}, {1.97, 477, 2.4, 0.666460282602809115},
        {1.96, 2e4, 2.8, 0.799541367608970716}, {1.96, 1e6, 3.9, 0.973810071618270919},
        {40.1, 5, 40, 0.580702721242431471},    {.2, 7, .4, 0.58188443319825189},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        double got = NOT_A_NUMBER;
        assert_int_equal(noncentral_t_tail(cases[i].t, cases[i].df, cases[i].shift, &got),
                         REASON_NONE);
        assert_true(fabs(got - cases[i].tail) < 1e-11);
    }
}

/* The Poisson mixture summed term by term at 30 digits. */
static void f_tails_match_the_full_sum(void **state)
{
    (void)state;
    const struct {
        double f, df1, df2, shift, tail;
    } cases[] = {
        {3.01, 2, 597, 6, 0.581888078351973456},
        {4.2, 3, 11.4, 9.7, 0.488764554980804291},
        {7.7, 1, 3, 55, 0.998903386604241538},
        {20, 4, 300, 90, 0.748412796641756009},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        double got = NOT_A_NUMBER;
        assert_int_equal(
            noncentral_f_tail(cases[i].f, cases[i].df1, cases[i].df2, cases[i].shift, &got),
            REASON_NONE);
        assert_true(fabs(got - cases[i].tail) < 1e-11);
    }
}

static void without_a_shift_they_are_the_central_ones(void **state)
{
    (void)state;
    struct random random = {.state = 73};
    for (int i = 0; i < 500; i++) {
        double t = 3 * random_normal(&random), df = random_log(&random, .3, 1e5), got = -1;
        assert_int_equal(noncentral_t_tail(t, df, 0, &got), REASON_NONE);
        assert_true(fabs(got - gsl_cdf_tdist_Q(t, df)) < 1e-11);
        double df1 = random_log(&random, 1, 40), f = random_log(&random, .1, 10);
        assert_int_equal(noncentral_f_tail(f, df1, df, 0, &got), REASON_NONE);
        assert_true(fabs(got - gsl_cdf_fdist_Q(f, df1, df)) < 1e-11);
    }
}

/* Tables of F: 5 % points (1, 10), (3, 20), (10, 120); and the chi-square's over df at infinity.
 */
static void critical_values_are_those_of_the_tables(void **state)
{
    (void)state;
    const struct {
        double df1, df2, f;
    } rows[] = {{1, 10, 4.9646},   {3, 20, 3.0984},    {10, 120, 1.9105},  {10, 1e5, 1.83080},
                {1, 1e5, 3.84158}, {19, 1e6, 1.58651}, {10, 1e9, 1.83070}, {10, 1e15, 1.83070}};
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        double f = NOT_A_NUMBER, tail = NOT_A_NUMBER;
        assert_int_equal(f_critical(.05, rows[i].df1, rows[i].df2, &f), REASON_NONE);
        assert_true(fabs(f - rows[i].f) < 6e-5);
        assert_int_equal(f_tail(f, rows[i].df1, rows[i].df2, &tail), REASON_NONE);
        assert_close(tail, .05, 1e-11);
    }
    struct random random = {.state = 97};
    for (int i = 0; i < 200; i++) {
        double f = random_log(&random, .01, 20), tail = -1, df1 = 1 + (double)(i % 30);
        double df2 = random_log(&random, .5, 1e4);
        assert_int_equal(f_tail(f, df1, df2, &tail), REASON_NONE);
        assert_true(fabs(tail - gsl_cdf_fdist_Q(f, df1, df2)) < 1e-12);
    }
}

/* F on one degree of freedom is t squared: P(F > t^2) = P(T > t) + P(T < -t). */
static void the_square_of_t_is_f(void **state)
{
    (void)state;
    struct random random = {.state = 79};
    for (int i = 0; i < 300; i++) {
        double t = random_log(&random, .05, 60), df = random_log(&random, .5, 1e4);
        double shift = 8 * random_unit(&random), high = -1, low = -1, both = -1;
        assert_int_equal(noncentral_t_tail(t, df, shift, &high), REASON_NONE);
        assert_int_equal(noncentral_t_tail(-t, df, shift, &low), REASON_NONE);
        assert_int_equal(noncentral_f_tail(t * t, 1, df, shift * shift, &both), REASON_NONE);
        assert_true(fabs(high + (1 - low) - both) < 1e-10);
    }
}

/* Beyond 10^6 the tail is a noncentral t's: it meets the sum at the border, and is near one half at
 * the mean. */
static void wide_shifts_meet_narrow_ones(void **state)
{
    (void)state;
    const double places[] = {3.29e5, 3.333e5, 3.345e5, 3.37e5};
    for (size_t i = 0; i < 4; i++) {
        double sum = -1, wide = -1;
        assert_int_equal(noncentral_f_tail(places[i], 3, 4e7, 1e6, &sum), REASON_NONE);
        assert_int_equal(noncentral_f_tail(places[i], 3, 4e7, 1e6 + 1e-6, &wide), REASON_NONE);
        assert_true(fabs(sum - wide) < 2e-6);
    }
    double got = -1;
    assert_int_equal(noncentral_f_tail(0, 2, 50, 3e8, &got), REASON_NONE);
    assert_close(got, 1, 1e-9);
    assert_int_equal(noncentral_f_tail(1e6, 2, 1e9, 2e6, &got), REASON_NONE);
    assert_true(fabs(got - .5) < 2e-3);
}

static void extremes_are_probabilities_or_reasons(void **state)
{
    (void)state;
    double got = 5;
    const double bad[] = {NOT_A_NUMBER, INFINITE, -INFINITE};
    for (size_t i = 0; i < 3; i++) {
        assert_int_equal(noncentral_t_tail(bad[i], 3, 1, &got), REASON_INVALID);
        assert_int_equal(noncentral_t_tail(1, bad[i], 1, &got), REASON_INVALID);
        assert_int_equal(noncentral_t_tail(1, 3, bad[i], &got), REASON_INVALID);
        assert_int_equal(noncentral_f_tail(bad[i], 3, 3, 1, &got), REASON_INVALID);
        assert_int_equal(noncentral_f_tail(1, bad[i], 3, 1, &got), REASON_INVALID);
        assert_int_equal(noncentral_f_tail(1, 3, bad[i], 1, &got), REASON_INVALID);
        assert_int_equal(noncentral_f_tail(1, 3, 3, bad[i], &got), REASON_INVALID);
        assert_int_equal(f_tail(bad[i], 3, 3, &got), REASON_INVALID);
        assert_int_equal(f_tail(1, bad[i], 3, &got), REASON_INVALID);
        assert_int_equal(f_critical(bad[i], 3, 3, &got), REASON_INVALID);
        assert_int_equal(f_critical(.05, 3, bad[i], &got), REASON_INVALID);
    }
    assert_int_equal(noncentral_t_tail(1, 0, 1, &got), REASON_INVALID);
    assert_int_equal(noncentral_f_tail(-1, 3, 3, 1, &got), REASON_INVALID);
    assert_int_equal(noncentral_f_tail(1, 3, 3, -1, &got), REASON_INVALID);
    assert_true(got == 5);
    const double sizes[] = {1e-300, 1e-9, .3, 2.385, 1e4, 1e13, 1e300};
    for (size_t i = 0; i < 7; i++)
        for (size_t j = 0; j < 7; j++)
            for (size_t k = 0; k < 7; k++) {
                enum reason reason = noncentral_t_tail(sizes[i], sizes[j], sizes[k], &got);
                assert_true(reason == REASON_NOT_FINITE || (got >= 0 && got <= 1));
                reason = noncentral_f_tail(sizes[i], 2, sizes[j], sizes[k], &got);
                assert_true(reason == REASON_NOT_FINITE || (got >= 0 && got <= 1));
            }
}

int main(void)
{
    gsl_set_error_handler_off();
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(t_tails_match_quadrature),
        cmocka_unit_test(f_tails_match_the_full_sum),
        cmocka_unit_test(without_a_shift_they_are_the_central_ones),
        cmocka_unit_test(critical_values_are_those_of_the_tables),
        cmocka_unit_test(the_square_of_t_is_f),
        cmocka_unit_test(wide_shifts_meet_narrow_ones),
        cmocka_unit_test(extremes_are_probabilities_or_reasons),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
