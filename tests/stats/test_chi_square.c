/* The chi-square tail against its closed forms, and equal shares against the pooled z. */

#include "stats/chi_square.h"
#include "stats/random.h"
#include "stats/reference.h"

#include <gsl/gsl_errno.h>

static struct chi_square tail(double statistic, unsigned df)
{
    struct chi_square test = {.p = NOT_A_NUMBER};
    assert_int_equal(chi_square_tail(statistic, df, &test), REASON_NONE);
    return test;
}

/* df 2: Q = exp(-x/2);  df 4: exp(-x/2) (1 + x/2);  df 1: erfc(sqrt(x/2)). */
static void tails_match_the_closed_forms(void **state)
{
    (void)state;
    const double xs[] = {0, .0173, 2.385, 61.7, 499.9, 500.1, 1371.3};
    for (size_t i = 0; i < 7; i++) {
        double x = xs[i];
        assert_close(tail(x, 2).p, exp(-x / 2), 1e-12);
        assert_close(tail(x, 4).p, exp(-x / 2) * (1 + x / 2), 1e-12);
        assert_close(tail(x, 1).p, erfc(sqrt(x / 2)), 1e-9);
        assert_close(tail(x, 2).log_p, -x / 2, 1e-12);
    }
}

static void the_log_goes_on_where_p_ends(void **state)
{
    (void)state;
    assert_true(tail(1e9, 2).p == 0);
    assert_close(tail(1e9, 2).log_p, -5e8, 1e-12);
    assert_close(tail(1e6, 4).log_p, -5e5 + log1p(5e5), 1e-12);
    assert_close(tail(2e4, 6).log_p, -1e4 + log(1 + 1e4 + 5e7), 1e-12);
}

static void two_variants_give_the_square_of_the_pooled_z(void **state)
{
    (void)state;
    static struct reference table;
    reference_load(&table, "two_proportions");
    for (size_t row = 0; row < table.row_count; row++) {
        struct proportion rates[] = {
            {reference_count(&table, row, "x_treatment"),
             reference_count(&table, row, "n_treatment")},
            {reference_count(&table, row, "x_control"), reference_count(&table, row, "n_control")},
        };
        struct chi_square test;
        double z = reference_at(&table, row, "z_pooled");
        if (isnan(z)) {
            assert_int_equal(chi_square_homogeneity(rates, 2, &test), REASON_NO_VARIATION);
            continue;
        }
        assert_int_equal(chi_square_homogeneity(rates, 2, &test), REASON_NONE);
        assert_close(test.statistic, z * z, 1e-9);
        assert_close(test.p, reference_at(&table, row, "p_pooled"), 1e-9);
    }
}

/* By hand: 10/100, 20/100, 30/100; common rate .2; sum 100 (.01 + 0 + .01) / .16 = 12.5. */
static void three_variants_by_hand(void **state)
{
    (void)state;
    struct proportion rates[] = {{10, 100}, {20, 100}, {0, 0}, {30, 100}};
    struct chi_square test;
    assert_int_equal(chi_square_homogeneity(rates, 4, &test), REASON_NONE);
    assert_close(test.statistic, 12.5, 1e-12);
    assert_int_equal(test.df, 2);
    assert_close(test.p, exp(-6.25), 1e-12);
}

static void impossible_input_has_a_reason_and_leaves_the_output(void **state)
{
    (void)state;
    struct chi_square test = {.p = 5};
    const struct proportion one[] = {{1, 2}, {0, 0}}, more[] = {{1, 2}, {3, 2}},
                            all[] = {{2, 2}, {9, 9}}, none[] = {{0, 2}, {0, 9}};
    assert_int_equal(chi_square_homogeneity(one, 2, &test), REASON_TOO_FEW);
    assert_int_equal(chi_square_homogeneity(NULL, 0, &test), REASON_TOO_FEW);
    assert_int_equal(chi_square_homogeneity(more, 2, &test), REASON_INVALID);
    assert_int_equal(chi_square_homogeneity(all, 2, &test), REASON_NO_VARIATION);
    assert_int_equal(chi_square_homogeneity(none, 2, &test), REASON_NO_VARIATION);
    const double bad[] = {-1, NOT_A_NUMBER, INFINITE};
    for (size_t i = 0; i < 3; i++)
        assert_int_equal(chi_square_tail(bad[i], 1, &test), REASON_INVALID);
    assert_int_equal(chi_square_tail(1, 0, &test), REASON_INVALID);
    assert_true(test.p == 5);
}

int main(void)
{
    gsl_set_error_handler_off();
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(tails_match_the_closed_forms),
        cmocka_unit_test(the_log_goes_on_where_p_ends),
        cmocka_unit_test(two_variants_give_the_square_of_the_pooled_z),
        cmocka_unit_test(three_variants_by_hand),
        cmocka_unit_test(impossible_input_has_a_reason_and_leaves_the_output),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
