/* Beta tails against mpmath at 40 digits, against binomial sums, and where no digits are left. */

#include "stats/beta.h"
#include "stats/random.h"
#include "stats/reference.h"

#include <float.h>
#include <gsl/gsl_errno.h>

static struct beta_tails tails_of(double a, double b, struct split at)
{
    struct beta_tails tails = {NOT_A_NUMBER, NOT_A_NUMBER, NOT_A_NUMBER, NOT_A_NUMBER};
    assert_int_equal(beta_tails((struct beta){a, b}, at, &tails), REASON_NONE);
    return tails;
}

static void tails_match_mpmath(void **state)
{
    (void)state;
    static struct reference table;
    reference_load(&table, "beta");
    for (size_t row = 0; row < table.row_count; row++) {
        double a = reference_at(&table, row, "a"), b = reference_at(&table, row, "b");
        /* 1e9 units: the rounding of x alone moves the tail by 1e-11. */
        double tolerance = a + b > 1e8 && a > 10 ? 1e-10 : 2e-12;
        struct beta_tails tails = tails_of(a, b, split_of(reference_at(&table, row, "x")));
        assert_close(tails.lower, reference_at(&table, row, "lower"), tolerance);
        assert_close(tails.upper, reference_at(&table, row, "upper"), tolerance);
        assert_close(exp(tails.log_lower), reference_at(&table, row, "lower"), tolerance);
        assert_close(exp(tails.log_upper), reference_at(&table, row, "upper"), tolerance);
    }
}

/* I_x(1, b) = 1 - (1-x)^b and I_x(a, 1) = x^a, at any size. */
static void a_shape_of_one_is_a_power(void **state)
{
    (void)state;
    struct random random = {.state = 3};
    for (int i = 0; i < 500; i++) {
        double b = random_log(&random, 1e-2, 1e9), x = random_log(&random, 1e-9, .9);
        struct beta_tails tails = tails_of(1, b, split_of(x));
        assert_close(tails.log_upper, b * log1p(-x), 1e-10);
        assert_close(tails.lower, -expm1(b * log1p(-x)), 1e-10);
        tails = tails_of(b, 1, split_of(x));
        assert_close(tails.log_lower, b * log(x), 1e-10);
    }
}

/* The two ways of adding up meet where both shapes are 1e6. */
static void panels_and_fraction_agree_where_they_meet(void **state)
{
    (void)state;
    for (double logit = -.02; logit < .02; logit += .00037) {
        struct split at = split_of_logit(logit);
        double below = tails_of(1e6, 1e6 * (1 - 1e-12), at).log_lower;
        double above = tails_of(1e6 * (1 + 1e-12), 1e6 * (1 + 1e-12), at).log_lower;
        assert_close(above, below, 1e-7);
    }
}

static void turning_the_scale_round_exchanges_the_tails(void **state)
{
    (void)state;
    struct random random = {.state = 5};
    for (int i = 0; i < 2000; i++) {
        double a = random_log(&random, .05, 1e6), b = random_log(&random, .05, 1e6);
        double logit = log(a / b) + 3 * random_normal(&random) * sqrt(1 / a + 1 / b);
        struct split at = split_of_logit(logit), turned = {at.y, at.x};
        struct beta_tails one = tails_of(a, b, at), other = tails_of(b, a, turned);
        assert_close(one.log_lower, other.log_upper, 1e-12);
        assert_close(one.lower + one.upper, 1, 1e-14);
        struct beta_tails next = tails_of(a, b, split_of_logit(logit + 1e-3));
        assert_true(next.lower >= one.lower && next.upper <= one.upper);
    }
}

static void logs_go_on_where_the_tails_end(void **state)
{
    (void)state;
    assert_true(tails_of(1e9, 1e9, split_of(.4)).lower == 0);
    assert_close(tails_of(1e9, 1e9, split_of(.4)).log_lower, -40822004.5379622527, 1e-12);
    assert_true(tails_of(3, 5, (struct split){0, 1}).lower == 0);
    assert_true(tails_of(3, 5, (struct split){0, 1}).upper == 1);
    assert_true(tails_of(3, 5, (struct split){0, 1}).log_lower == -DBL_MAX);
    assert_true(tails_of(3, 5, (struct split){1, 0}).upper == 0);
}

static void log_beta_matches_factorials_and_mpmath(void **state)
{
    (void)state;
    double log_beta = NOT_A_NUMBER;
    assert_int_equal(beta_log_function((struct beta){1, 1}, &log_beta), REASON_NONE);
    assert_close(log_beta, 0, 1e-15);
    assert_int_equal(beta_log_function((struct beta){5, 8}, &log_beta), REASON_NONE);
    assert_close(log_beta, -log(3960), 1e-13);
    assert_int_equal(beta_log_function((struct beta){2, 1e6}, &log_beta), REASON_NONE);
    assert_close(log_beta, -log(1e6) - log(1e6 + 1), 1e-13);
    assert_int_equal(beta_log_function((struct beta){1e9, 2.5e9}, &log_beta), REASON_NONE);
    assert_close(log_beta, -2093943569.3228586, 1e-13);
}

static void what_is_no_shape_is_refused_and_nothing_is_written(void **state)
{
    (void)state;
    const struct beta bad[] = {{0, 1}, {-1, 1}, {NOT_A_NUMBER, 1}, {1, INFINITE}};
    struct beta_tails tails = {.lower = 42};
    double log_beta = 42;
    for (size_t i = 0; i < 4; i++) {
        assert_int_equal(beta_tails(bad[i], split_of(.5), &tails), REASON_INVALID);
        assert_int_equal(beta_log_function(bad[i], &log_beta), REASON_INVALID);
    }
    assert_int_equal(beta_tails((struct beta){1, 1}, split_of(1.5), &tails), REASON_INVALID);
    assert_int_equal(beta_tails((struct beta){1, 1}, split_of(NOT_A_NUMBER), &tails),
                     REASON_INVALID);
    assert_true(tails.lower == 42 && log_beta == 42);
}

int main(void)
{
    gsl_set_error_handler_off();
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(tails_match_mpmath),
        cmocka_unit_test(a_shape_of_one_is_a_power),
        cmocka_unit_test(panels_and_fraction_agree_where_they_meet),
        cmocka_unit_test(turning_the_scale_round_exchanges_the_tails),
        cmocka_unit_test(logs_go_on_where_the_tails_end),
        cmocka_unit_test(log_beta_matches_factorials_and_mpmath),
        cmocka_unit_test(what_is_no_shape_is_refused_and_nothing_is_written),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
