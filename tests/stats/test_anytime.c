/*
 * The anytime interval against its authors' code, GrowthBook's and the design's table, and the
 * agreement of its p with its interval.  That it holds its error under peeking is
 * stats/EVIDENCE.md.
 */

#include "stats/anytime.h"
#include "stats/normal.h"
#include "stats/random.h"
#include "stats/reference.h"

#include <gsl/gsl_errno.h>

static double w_of(double alpha)
{
    double w = NOT_A_NUMBER;
    assert_int_equal(anytime_w(alpha, &w), REASON_NONE);
    return w;
}

static double c_of(struct anytime at, double alpha)
{
    double c = NOT_A_NUMBER;
    assert_int_equal(anytime_c(at, alpha, &c), REASON_NONE);
    return c;
}

static double c_one_sided_of(struct anytime at, double alpha)
{
    double c = NOT_A_NUMBER;
    assert_int_equal(anytime_c_one_sided(at, alpha, &c), REASON_NONE);
    return c;
}

static void w_and_c_match_the_authors_code(void **state)
{
    (void)state;
    static struct reference table;
    reference_load(&table, "anytime");
    for (size_t row = 0; row < table.row_count; row++) {
        double alpha = reference_at(&table, row, "alpha");
        double planned = reference_at(&table, row, "planned"), n = reference_at(&table, row, "n");
        struct anytime at = {.w = w_of(alpha), .ratio = n / planned};
        double c = c_of(at, alpha), se = sqrt(reference_at(&table, row, "variance") / n);
        assert_close(at.w, reference_at(&table, row, "rho2") * planned, 1e-9);
        assert_close(c * se, reference_at(&table, row, "margin"), 1e-9);
        assert_close(c / normal_z_two_sided(alpha), reference_at(&table, row, "ratio_to_fixed"),
                     1e-9);
    }
}

/* GrowthBook's w is an approximation; everything after it is the same. */
static void c_matches_growthbook_on_both_sides(void **state)
{
    (void)state;
    static struct reference table;
    reference_load(&table, "anytime_halfwidth");
    for (size_t row = 0; row < table.row_count; row++) {
        double n = reference_at(&table, row, "n"), planned = reference_at(&table, row, "planned");
        double alpha = reference_at(&table, row, "alpha");
        double rho = reference_at(&table, row, "rho"), se = sqrt(1 / n);
        double target = -2 * log(2 * alpha), w_one_sided = target + log1p(target);
        struct anytime two_sided = {.w = rho * rho * planned, .ratio = n / planned};
        struct anytime one_sided = {.w = w_one_sided, .ratio = n / planned};
        assert_close(c_of(two_sided, alpha) * se, reference_at(&table, row, "halfwidth"), 1e-9);
        assert_close(c_one_sided_of(one_sided, alpha) * se,
                     reference_at(&table, row, "halfwidth_one_sided"), 1e-9);
    }
}

static void interval_and_p_match_growthbook_for_proportions(void **state)
{
    (void)state;
    static struct reference table;
    reference_load(&table, "anytime_proportions");
    for (size_t row = 0; row < table.row_count; row++) {
        double n =
            reference_at(&table, row, "n_treatment") + reference_at(&table, row, "n_control");
        double planned = reference_at(&table, row, "planned");
        double alpha = reference_at(&table, row, "alpha"), rho = reference_at(&table, row, "rho");
        double estimate = reference_at(&table, row, "estimate");
        double se = reference_at(&table, row, "se");
        struct anytime at = {.w = rho * rho * planned, .ratio = n / planned};
        double reach = c_of(at, alpha) * se;
        struct test test;
        assert_int_equal(anytime_test(at, estimate / se, &test), REASON_NONE);
        assert_close(estimate - reach, reference_at(&table, row, "low"), 1e-9);
        assert_close(estimate + reach, reference_at(&table, row, "high"), 1e-9);
        assert_close(test.p, reference_at(&table, row, "p"), 1e-9);
    }
}

/* The design's table at .05 (statistics.md, section 4), to its printed digits. */
static void c_follows_the_designs_table(void **state)
{
    (void)state;
    static const double rows[][2] = {{.05, 2.38}, {.1, 1.95}, {.25, 1.66}, {.5, 1.57},
                                     {1, 1.549},  {2, 1.563}, {5, 1.61},   {10, 1.66}};
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct anytime at = {.w = w_of(.05), .ratio = rows[i][0]};
        assert_true(fabs(c_of(at, .05) / 1.959963984540054 - rows[i][1]) < .0061);
    }
    assert_close(w_of(.01), 11.75637, 1e-6);
}

static void w_solves_its_equation_at_every_level(void **state)
{
    (void)state;
    const double alphas[] = {1e-300, 1e-160, 1e-149, 1e-30, 1e-6, .01, .2, .5, .9, .999, 1 - 1e-9};
    for (size_t i = 0; i < sizeof alphas / sizeof *alphas; i++) {
        double w = w_of(alphas[i]);
        assert_true(fabs(w - log1p(w) + 2 * log(alphas[i])) <= 1e-13 * fmax(1, w));
    }
}

static void c_is_smallest_at_the_planned_size(void **state)
{
    (void)state;
    struct anytime at = {.w = w_of(.05), .ratio = 1}, less = at, more = at;
    less.ratio = .97;
    more.ratio = 1.03;
    /* c sqrt(1/n) at fixed n over the choice of N*: the width, not c, is what w minimises. */
    double w_less = at.w / 1.05, w_more = at.w * 1.05;
    assert_true(c_of(at, .05) < c_of((struct anytime){w_less, 1}, .05));
    assert_true(c_of(at, .05) < c_of((struct anytime){w_more, 1}, .05));
    assert_true(c_of(less, .05) > c_of(at, .05) && c_of(more, .05) > c_of(at, .05));
}

static void p_is_at_most_alpha_exactly_when_the_interval_excludes_the_null(void **state)
{
    (void)state;
    struct random random = {.state = 31};
    int excluded = 0;
    for (int i = 0; i < 3000; i++) {
        double alpha = random_log(&random, 1e-8, .45), z = 20 * (random_unit(&random) - .5);
        struct anytime at = {.w = w_of(alpha), .ratio = random_log(&random, 1e-3, 1e3)};
        struct test test, above;
        assert_int_equal(anytime_test(at, z, &test), REASON_NONE);
        assert_int_equal(test.p<alpha, fabs(z)> c_of(at, alpha));
        assert_int_equal(anytime_w_one_sided(alpha, &at.w), REASON_NONE);
        assert_int_equal(anytime_test_one_sided(at, z, &above), REASON_NONE);
        assert_int_equal(above.p<alpha, z> c_one_sided_of(at, alpha));
        excluded += test.p < alpha;
    }
    assert_true(excluded > 300);
}

static void p_at_the_edge_is_the_level(void **state)
{
    (void)state;
    struct random random = {.state = 37};
    for (int i = 0; i < 500; i++) {
        double alpha = random_log(&random, 1e-12, .45);
        struct anytime at = {.w = w_of(alpha), .ratio = random_log(&random, 1e-3, 1e3)};
        struct test test;
        assert_int_equal(anytime_test(at, c_of(at, alpha), &test), REASON_NONE);
        assert_close(test.p, alpha, 1e-9);
        assert_int_equal(anytime_test_one_sided(at, c_one_sided_of(at, alpha), &test), REASON_NONE);
        assert_close(test.p, alpha, 1e-9);
    }
}

static void the_anytime_interval_is_never_narrower_than_the_fixed(void **state)
{
    (void)state;
    struct random random = {.state = 41};
    for (int i = 0; i < 2000; i++) {
        double alpha = random_log(&random, 1e-10, .45);
        struct anytime at = {.w = w_of(alpha), .ratio = random_log(&random, 1e-6, 1e6)};
        assert_true(c_of(at, alpha) > normal_z_two_sided(alpha));
        assert_true(c_one_sided_of(at, alpha) > normal_z_one_sided(alpha));
    }
}

static void few_accounts_widen_c_to_the_same_tail(void **state)
{
    (void)state;
    double c = c_of((struct anytime){w_of(.05), .7}, .05), scaled = NOT_A_NUMBER,
           same = NOT_A_NUMBER;
    assert_int_equal(anytime_c_scaled(c, 2, &scaled), REASON_NONE);
    /* t with 2 degrees of freedom has a closed tail: Q(t) = 1/2 - t / (2 sqrt(2 + t^2)). */
    double tail = normal_test_upper(c).p, t = scaled;
    assert_close(1 / ((2 + t * t) * (1 + t / sqrt(2 + t * t))), tail, 1e-9);
    assert_int_equal(anytime_c_scaled(c, 0, &same), REASON_NONE);
    assert_true(same == c && scaled > c);
    assert_int_equal(anytime_c_scaled(c, 1e7, &same), REASON_NONE);
    assert_close(same, c, 1e-5);
}

static void overwhelming_evidence_keeps_its_log(void **state)
{
    (void)state;
    struct anytime at = {w_of(.05), 1};
    struct test test;
    assert_int_equal(anytime_test(at, 1e5, &test), REASON_NONE);
    assert_true(test.p == 0);
    assert_close(test.log_p, -5e9 * at.w / (1 + at.w) + log1p(at.w) / 2, 1e-12);
    assert_int_equal(anytime_test_one_sided(at, 1e5, &test), REASON_NONE);
    assert_true(test.p == 0 && test.log_p < -4e9);
    assert_int_equal(anytime_test_one_sided(at, -3, &test), REASON_NONE);
    assert_true(test.p == 1);
}

static void impossible_input_has_a_reason_and_leaves_the_output(void **state)
{
    (void)state;
    double out = 5;
    struct test test = {1, 2, 3};
    const double levels[] = {0, 1, -1, NOT_A_NUMBER, INFINITE};
    struct anytime at = {8, 1};
    for (size_t i = 0; i < 5; i++) {
        assert_int_equal(anytime_w(levels[i], &out), REASON_INVALID);
        assert_int_equal(anytime_c(at, levels[i], &out), REASON_INVALID);
        assert_int_equal(anytime_c_one_sided(at, levels[i], &out), REASON_INVALID);
    }
    assert_int_equal(anytime_w_one_sided(.5, &out), REASON_INVALID);
    const double places[] = {0, -1, NOT_A_NUMBER, INFINITE};
    for (size_t i = 0; i < 4; i++) {
        assert_int_equal(anytime_c((struct anytime){8, places[i]}, .05, &out), REASON_INVALID);
        assert_int_equal(anytime_c((struct anytime){places[i], 1}, .05, &out), REASON_INVALID);
        assert_int_equal(anytime_test((struct anytime){8, places[i]}, 1, &test), REASON_INVALID);
    }
    assert_int_equal(anytime_test(at, NOT_A_NUMBER, &test), REASON_INVALID);
    assert_int_equal(anytime_test(at, 1e200, &test), REASON_NOT_FINITE);
    assert_int_equal(anytime_c((struct anytime){8, 5e-324}, .05, &out), REASON_TOO_EARLY);
    assert_int_equal(anytime_c_scaled(1e9, 20, &out), REASON_TOO_EARLY);
    assert_int_equal(anytime_c_scaled(NOT_A_NUMBER, 20, &out), REASON_INVALID);
    assert_true(out == 5 && test.statistic == 1 && test.p == 2 && test.log_p == 3);
}

/* The mixture of Johari and others over N(0, tau^2) is the e-value at w r = tau^2 / se^2. */
static void the_mixture_likelihood_ratio_is_the_same_e_value(void **state)
{
    (void)state;
    static struct reference table;
    reference_load(&table, "mixture");
    for (size_t row = 0; row < table.row_count; row++) {
        double se = reference_at(&table, row, "se"), scale = reference_at(&table, row, "tau") / se;
        struct anytime at = {.w = 1, .ratio = scale * scale};
        struct test test;
        double z = reference_at(&table, row, "difference") / se, log_e;
        assert_int_equal(anytime_log_e(at, z, &log_e), REASON_NONE);
        assert_int_equal(anytime_test(at, z, &test), REASON_NONE);
        assert_close(log_e, reference_at(&table, row, "log_ratio"), 1e-9);
        assert_close(test.p, reference_at(&table, row, "p"), 1e-9);
    }
}

/* The authors' code prints both: .1642394 and .1587231 for alpha .05, 50 units. */
static void the_approximate_w_is_the_published_form_and_below_the_exact(void **state)
{
    (void)state;
    double exact, near = 42;
    assert_int_equal(anytime_w_approximate(.05, &near), REASON_NONE);
    assert_close(near / 50, 0.1587230920347513, 1e-14);
    for (double alpha = 1e-12; alpha < .5; alpha *= 1.9) {
        assert_int_equal(anytime_w(alpha, &exact), REASON_NONE);
        assert_int_equal(anytime_w_approximate(alpha, &near), REASON_NONE);
        assert_true(near < exact && near > .9 * exact);
    }
    near = 42;
    assert_int_equal(anytime_w_approximate(1, &near), REASON_INVALID);
    assert_true(near == 42);
}

int main(void)
{
    gsl_set_error_handler_off();
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_mixture_likelihood_ratio_is_the_same_e_value),
        cmocka_unit_test(the_approximate_w_is_the_published_form_and_below_the_exact),
        cmocka_unit_test(w_and_c_match_the_authors_code),
        cmocka_unit_test(c_matches_growthbook_on_both_sides),
        cmocka_unit_test(interval_and_p_match_growthbook_for_proportions),
        cmocka_unit_test(c_follows_the_designs_table),
        cmocka_unit_test(w_solves_its_equation_at_every_level),
        cmocka_unit_test(c_is_smallest_at_the_planned_size),
        cmocka_unit_test(p_is_at_most_alpha_exactly_when_the_interval_excludes_the_null),
        cmocka_unit_test(p_at_the_edge_is_the_level),
        cmocka_unit_test(the_anytime_interval_is_never_narrower_than_the_fixed),
        cmocka_unit_test(few_accounts_widen_c_to_the_same_tail),
        cmocka_unit_test(overwhelming_evidence_keeps_its_log),
        cmocka_unit_test(impossible_input_has_a_reason_and_leaves_the_output),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
