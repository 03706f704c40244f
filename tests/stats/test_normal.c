/* Tails, their logs and their inverses, against R and against closed forms. */

#include "stats/chi_square.h"
#include "stats/normal.h"
#include "stats/random.h"
#include "stats/reference.h"

#include <gsl/gsl_errno.h>
#include <math.h>
#include <string.h>

/* R 4.2.2: qnorm(p, lower.tail = FALSE). */
static void critical_values_match_r(void **state)
{
    (void)state;
    assert_close(normal_z_two_sided(.05), 1.959963984540054, 1e-14);
    assert_close(normal_z_two_sided(.01), 2.575829303548901, 1e-14);
    assert_close(normal_z_one_sided(1e-10), 6.361340902404056, 1e-13);
    assert_close(normal_z_one_sided(.8), -.8416212335729143, 1e-13);
    assert_close(critical_value(.025, 10), 2.2281388519649385, 1e-11);
    assert_close(critical_value(.025, 0), normal_z_two_sided(.05), 1e-15);
}

/* mpmath at 50 digits, to quantiles of 1e-300 and tails of 1e-306. */
static void tails_and_quantiles_match_mpmath(void **state)
{
    (void)state;
    static struct reference table;
    reference_load(&table, "distributions");
    for (size_t row = 0; row < table.row_count; row++) {
        double x = reference_at(&table, row, "x"), df = reference_at(&table, row, "df");
        double value = NOT_A_NUMBER, log_value = NOT_A_NUMBER;
        int kind = (int)reference_at(&table, row, "kind");
        if (kind == 1) {
            value = -normal_z_one_sided(x);
        } else if (kind == 4) {
            struct chi_square tail;
            assert_int_equal(chi_square_tail(x, (unsigned)df, &tail), REASON_NONE);
            value = tail.p;
            log_value = tail.log_p;
        } else {
            struct test tail = kind == 2 ? normal_test_upper(x) : t_test_upper(x, df);
            value = tail.p;
            log_value = tail.log_p;
        }
        assert_close(value, reference_at(&table, row, "value"), 1e-10);
        if (!isnan(reference_at(&table, row, "log")))
            assert_close(log_value, reference_at(&table, row, "log"), 1e-10);
    }
}

/* mpmath at 50 digits, where t is taken from its series about the normal. */
static void t_of_many_degrees_matches_mpmath(void **state)
{
    (void)state;
    const double tails[][3] = {
        {2.5, 16, .0118371127257729636},     {5.5, 16.5, 2.1707420926380989e-5},
        {1.96, 57.25, .0274347736226723169}, {7, 40, 9.37733174588801374e-9},
        {3, 1e3, .00138335452211909623},     {12, 400, 7.5421316915328798e-29},
        {30, 900, 6.45959020152524443e-138}, {20, 1e6, 2.86654352369518592e-89},
        {.001, 123.4, .499601865189411356}};
    const double quantiles[][3] = {{.025, 16, 2.11990529922125467},
                                   {.005, 57.25, 2.66446924959126739},
                                   {1e-9, 200, 6.28634742685226341},
                                   {.02, 5000, 2.05428485833420896},
                                   {.4, 31, .255532168317527712}};
    for (size_t i = 0; i < sizeof tails / sizeof *tails; i++) {
        assert_close(t_test_upper(tails[i][0], tails[i][1]).p, tails[i][2], 2e-13);
        assert_close(t_test_upper(-tails[i][0], tails[i][1]).p, 1 - tails[i][2], 1e-15);
        assert_close(t_test_upper(tails[i][0], tails[i][1]).log_p, log(tails[i][2]), 1e-12);
    }
    for (size_t i = 0; i < sizeof quantiles / sizeof *quantiles; i++)
        assert_close(critical_value(quantiles[i][0], quantiles[i][1]), quantiles[i][2], 1e-14);
}

/* Where the series ends and the beta distribution's tails begin nothing jumps. */
static void t_has_no_seam(void **state)
{
    (void)state;
    for (double df = 16; df < 2000; df *= 1.7) {
        double edge = sqrt(df * expm1(1.1)), step = 1e-13 * edge;
        double inside = t_test_upper(edge - step, df).log_p;
        double outside = t_test_upper(edge + step, df).log_p;
        assert_close(inside, outside, 1e-12);
    }
    for (double t = .1; t < 5; t *= 1.3)
        assert_close(t_test_upper(t, 16 * (1 - 1e-15)).p, t_test_upper(t, 16).p, 1e-12);
}

/* t with 1 degree of freedom is Cauchy's: Q(t) = atan(1/t)/pi. */
static void t_tails_match_the_closed_forms(void **state)
{
    (void)state;
    const double ts[] = {.3, 2.385, 71.3, 1.7e5, 3e9};
    for (size_t i = 0; i < 5; i++) {
        double t = ts[i], root = sqrt(2 + t * t);
        assert_close(t_test_upper(t, 1).p, atan(1 / t) / M_PI, 1e-9);
        assert_close(t_test_upper(t, 2).p, 1 / (root * (root + t)), 1e-9);
        assert_close(t_test(-t, 2).p, 2 / (root * (root + t)), 1e-9);
    }
    assert_close(t_test(2.1, 0).p, normal_test(2.1).p, 1e-15);
}

static void both_tails_add_up_to_one(void **state)
{
    (void)state;
    for (double z = -7.3; z < 8; z += .37) {
        assert_close(normal_test_upper(z).p + normal_test_upper(-z).p, 1, 1e-14);
        assert_close(normal_test(z).p, 2 * normal_test_upper(fabs(z)).p, 1e-14);
        assert_close(t_test_upper(z, 5.3).p + t_test_upper(-z, 5.3).p, 1, 1e-12);
    }
}

static void log_p_agrees_with_p_and_goes_on_where_p_ends(void **state)
{
    (void)state;
    for (double z = -5; z < 37; z += 1.37) {
        assert_true(fabs(normal_test_upper(z).log_p - log(normal_test_upper(z).p)) <
                    1e-11 * fmax(1, z * z));
        assert_true(fabs(t_test(z, 9).log_p - log(t_test(z, 9).p)) < 1e-12);
    }
    /* Mills' ratio: ln Q(z) = -z^2/2 - ln z - ln(2 pi)/2 + ln(1 - 1/z^2 + 3/z^4 - 15/z^6) */
    double z = 40, y = 1 / (z * z);
    double log_tail = -800 - log(z) - .9189385332046727 + log1p(-y + 3 * y * y - 15 * y * y * y);
    assert_true(normal_test_upper(z).p == 0);
    assert_close(normal_test_upper(z).log_p, log_tail, 1e-12);
}

/* ln Q(t) by Simpson's rule on the density relative to its value at t, in y = ln(u/t). */
static double log_t_tail_by_quadrature(double t, double df)
{
    enum { PIECES = 20000 };
    double scaled = t / sqrt(df), decay = df * scaled * scaled / (1 + scaled * scaled);
    double step = 60 / decay / PIECES, sum = 0;
    for (int i = 0; i <= PIECES; i++) {
        double y = i * step;
        double growth = scaled * scaled / (1 + scaled * scaled) * expm1(2 * y);
        double weight = i == 0 || i == PIECES ? 1 : i % 2 ? 4 : 2;
        sum += weight * exp(y - (df + 1) / 2 * log1p(growth));
    }
    double log_density = lgamma((df + 1) / 2) - lgamma(df / 2) - log(df * M_PI) / 2 -
                         (df + 1) / 2 * log1p(scaled * scaled);
    return log_density + log(t) + log(sum * step / 3);
}

static void the_log_of_a_t_tail_goes_on_where_p_ends(void **state)
{
    (void)state;
    const double cases[][2] = {{1e90, 5}, {2e4, 100}, {70, 1000},  {45, 1e4},
                               {41, 1e5}, {39, 3e6},  {5e15, 21.7}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct test far = t_test_upper(cases[i][0], cases[i][1]);
        assert_true(far.p == 0);
        assert_close(far.log_p, log_t_tail_by_quadrature(cases[i][0], cases[i][1]), 1e-8);
    }
    assert_close(t_test_upper(1e200, 2).log_p, -log(2) - 400 * log(10), 1e-12);
}

/* -0 would be printed as it is, and differently by two compilers. */
static void the_log_of_one_is_a_plain_zero(void **state)
{
    (void)state;
    assert_true(normal_test(0).p == 1 && !signbit(normal_test(0).log_p));
    assert_true(t_test(0, 7).p == 1 && !signbit(t_test(0, 7).log_p));
    assert_false(signbit(log_at_most_zero(-0.)));
}

static void inverses_undo_the_tails(void **state)
{
    (void)state;
    struct random random = {.state = 3};
    for (int i = 0; i < 500; i++) {
        double tail = random_log(&random, 1e-12, .499), df = random_log(&random, 2, 1e5);
        assert_close(t_test_upper(critical_value(tail, df), df).p, tail, 1e-11);
        assert_close(critical_value(1 - tail, df), -critical_value(1 - (1 - tail), df), 1e-11);
        assert_close(normal_test_upper(normal_z_one_sided(tail)).p, tail, 1e-12);
        double t = critical_value(tail, df);
        assert_close(normal_test_upper(normal_equivalent(t, df)).p, tail, 1e-9);
        assert_close(normal_equivalent(-t, df), -normal_equivalent(t, df), 1e-15);
    }
    assert_true(isfinite(normal_equivalent(1e300, 3)) && isfinite(normal_equivalent(1e300, 1e6)));
}

static void every_reason_has_words(void **state)
{
    (void)state;
    for (int reason = REASON_NONE; reason < REASON_COUNT; reason++)
        assert_true(strlen(reason_text((enum reason)reason)) > 1);
    assert_string_equal(reason_text(REASON_ONE_UNIT), "one unit only");
    assert_string_equal(reason_text(REASON_COUNT), reason_text(REASON_INVALID));
}

int main(void)
{
    gsl_set_error_handler_off();
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(tails_and_quantiles_match_mpmath),
        cmocka_unit_test(t_of_many_degrees_matches_mpmath),
        cmocka_unit_test(t_has_no_seam),
        cmocka_unit_test(critical_values_match_r),
        cmocka_unit_test(t_tails_match_the_closed_forms),
        cmocka_unit_test(both_tails_add_up_to_one),
        cmocka_unit_test(log_p_agrees_with_p_and_goes_on_where_p_ends),
        cmocka_unit_test(the_log_of_a_t_tail_goes_on_where_p_ends),
        cmocka_unit_test(the_log_of_one_is_a_plain_zero),
        cmocka_unit_test(inverses_undo_the_tails),
        cmocka_unit_test(every_reason_has_words),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
