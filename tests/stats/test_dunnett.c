/* Dunnett's critical value against mvtnorm, tables, Sidak and what must hold. */

#include "stats/dunnett.h"
#include "stats/hostile.h"
#include "stats/normal.h"
#include "stats/random.h"
#include "support/support.h"

#include <gsl/gsl_errno.h>
#include <math.h>

static double equal_of(size_t count, double rho, double alpha)
{
    double critical = NOT_A_NUMBER;
    assert_int_equal(dunnett_critical_equal(count, rho, alpha, &critical), REASON_NONE);
    return critical;
}

static double critical_of(const double *lambdas, size_t count, double alpha)
{
    double critical = NOT_A_NUMBER;
    assert_int_equal(dunnett_critical(lambdas, count, alpha, &critical), REASON_NONE);
    return critical;
}

/* R 4.2.2, mvtnorm 1.1.3 (itself by simulation to 1e-4), and Dunnett's table at infinite df. */
static void equal_allocation_matches_mvtnorm_and_the_table(void **state)
{
    (void)state;
    assert_close(equal_of(2, .5, .05), 2.212183164570247, 1e-4);
    assert_close(equal_of(3, .5, .05), 2.348913089834711, 1e-4);
    assert_close(equal_of(4, .5, .05), 2.4416566915117484, 1e-4);
    assert_true(fabs(equal_of(2, .5, .05) - 2.21) < .005);
    assert_true(fabs(equal_of(9, .5, .05) - 2.69) < .005);
    assert_true(fabs(equal_of(5, .5, .01) - 3.06) < .005);
}

static void without_correlation_it_is_sidak_and_alone_it_is_z(void **state)
{
    (void)state;
    struct random random = {.state = 71};
    for (int i = 0; i < 60; i++) {
        size_t count = 1 + (size_t)(20 * random_unit(&random));
        double alpha = random_log(&random, 1e-14, .5);
        double single = -expm1(log1p(-alpha) / (double)count);
        assert_close(equal_of(count, 0, alpha), normal_z_two_sided(single), 1e-11);
        assert_close(equal_of(1, random_unit(&random) * .99, alpha), normal_z_two_sided(alpha),
                     1e-11);
    }
}

static void it_lies_between_z_and_sidak_and_falls_with_correlation(void **state)
{
    (void)state;
    struct random random = {.state = 72};
    for (int i = 0; i < 60; i++) {
        double alpha = random_log(&random, 1e-10, .4), before = equal_of(5, 0, alpha);
        for (double rho = .1; rho < .95; rho += .2) {
            double critical = equal_of(5, rho, alpha);
            assert_true(critical < before && critical > normal_z_two_sided(alpha));
            before = critical;
        }
    }
}

/* Three treatments of 500, 1000 and 4000 units against 1000, by a plain sum over the common part.
 */
static void unequal_allocation_agrees_with_a_plain_sum(void **state)
{
    (void)state;
    double lambdas[3], outside = 0;
    const uint64_t units[] = {500, 1000, 4000};
    for (size_t j = 0; j < 3; j++)
        assert_int_equal(dunnett_lambda(units[j], 1000, &lambdas[j]), REASON_NONE);
    assert_close(lambdas[1] * lambdas[1], .5, 1e-14);
    double critical = critical_of(lambdas, 3, .05);
    for (int step = -9000; step <= 9000; step++) {
        double u = step * 1e-3, inside = 1;
        for (size_t j = 0; j < 3; j++) {
            double s = sqrt(1 - lambdas[j] * lambdas[j]) * M_SQRT2;
            inside *=
                (erf((critical - lambdas[j] * u) / s) + erf((critical + lambdas[j] * u) / s)) / 2;
        }
        outside += (1 - inside) * exp(-u * u / 2) / sqrt(2 * M_PI) * 1e-3;
    }
    assert_close(outside, .05, 1e-9);
    const double turned[] = {lambdas[2], lambdas[0], lambdas[1]};
    assert_close(critical_of(turned, 3, .05), critical, 1e-12);
}

static void the_p_of_the_critical_value_is_alpha_at_any_alpha(void **state)
{
    (void)state;
    const double lambdas[] = {.9, .4, .7071067811865476};
    for (double alpha = .9; alpha > 1e-250; alpha *= 1e-7) {
        double critical = critical_of(lambdas, 3, alpha);
        struct test test;
        assert_int_equal(dunnett_test(lambdas, 3, critical, &test), REASON_NONE);
        assert_close(test.p, alpha, 1e-9);
        assert_close(test.log_p, log(alpha), 1e-9);
    }
}

static void what_is_no_family_is_refused_and_nothing_is_written(void **state)
{
    (void)state;
    const double bad[] = {1, -.1, 2, NOT_A_NUMBER}, good = .5;
    double critical = 42;
    struct test test = {.p = 42};
    for (size_t i = 0; i < 4; i++) {
        assert_int_equal(dunnett_critical(&bad[i], 1, .05, &critical), REASON_INVALID);
        assert_int_equal(dunnett_critical_equal(2, bad[i], .05, &critical), REASON_INVALID);
        assert_int_equal(dunnett_test(&bad[i], 1, 2, &test), REASON_INVALID);
    }
    assert_int_equal(dunnett_critical(&good, 0, .05, &critical), REASON_INVALID);
    assert_int_equal(dunnett_critical(&good, 1, 0, &critical), REASON_INVALID);
    assert_int_equal(dunnett_critical(&good, 1, 1, &critical), REASON_INVALID);
    assert_int_equal(dunnett_test(&good, 1, -1, &test), REASON_INVALID);
    assert_int_equal(dunnett_test(&good, 1, INFINITE, &test), REASON_INVALID);
    assert_int_equal(dunnett_lambda(0, 5, &critical), REASON_NO_UNITS);
    assert_true(critical == 42 && test.p == 42);
}

int main(void)
{
    gsl_set_error_handler_off();
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(equal_allocation_matches_mvtnorm_and_the_table),
        cmocka_unit_test(without_correlation_it_is_sidak_and_alone_it_is_z),
        cmocka_unit_test(it_lies_between_z_and_sidak_and_falls_with_correlation),
        cmocka_unit_test(unequal_allocation_agrees_with_a_plain_sum),
        cmocka_unit_test(the_p_of_the_critical_value_is_alpha_at_any_alpha),
        cmocka_unit_test(what_is_no_family_is_refused_and_nothing_is_written),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
