/* Sizes, power and detectable differences against R's power.prop.test, and each against the other.
 */

#include "stats/normal.h"
#include "stats/power.h"
#include "stats/random.h"
#include "stats/reference.h"

#include <gsl/gsl_errno.h>

enum { KIND_UNITS = 1, KIND_POWER, KIND_DETECTABLE, KIND_STRICT };

static void everything_matches_r(void **state)
{
    (void)state;
    static struct reference table;
    reference_load(&table, "power");
    for (size_t row = 0; row < table.row_count; row++) {
        struct power_design design = {.alpha = reference_at(&table, row, "alpha"),
                                      .one_sided = reference_at(&table, row, "sides") == 1,
                                      .allocation = 1};
        double p1 = reference_at(&table, row, "p1"), p2 = reference_at(&table, row, "p2");
        double n = reference_at(&table, row, "n"), power = reference_at(&table, row, "power");
        double expected = reference_at(&table, row, "expected"), got = NOT_A_NUMBER;
        switch ((int)reference_at(&table, row, "kind")) {
        case KIND_UNITS:
            assert_int_equal(power_proportion_units(&design, p1, p2, power, &got), REASON_NONE);
            assert_close(got, expected, 1e-6);
            break;
        case KIND_STRICT: design.both_tails = true; __attribute__((fallthrough));
        case KIND_POWER:
            assert_int_equal(power_proportion(&design, p1, p2, n, &got), REASON_NONE);
            assert_close(got, expected, 1e-9);
            break;
        default:
            assert_int_equal(power_proportion_detectable(&design, p1, n, power, SIDE_HIGH, &got),
                             REASON_NONE);
            assert_close(p1 + got, expected, 1e-6);
        }
    }
}

static void size_power_and_difference_undo_each_other(void **state)
{
    (void)state;
    struct random random = {.state = 61};
    for (int i = 0; i < 500; i++) {
        struct power_design design = {.alpha = random_log(&random, 1e-4, .2),
                                      .one_sided = i % 2,
                                      .allocation = random_log(&random, .1, 10)};
        double control = .05 + .9 * random_unit(&random), power = .5 + .49 * random_unit(&random);
        double treatment = control + (i % 4 < 2 ? 1 - control : -control) * .3;
        double units = NOT_A_NUMBER, got = NOT_A_NUMBER;
        assert_int_equal(power_proportion_units(&design, control, treatment, power, &units),
                         REASON_NONE);
        assert_int_equal(power_proportion(&design, control, treatment, units, &got), REASON_NONE);
        assert_close(got, power, 1e-9);
        enum side side = treatment > control ? SIDE_HIGH : SIDE_LOW;
        assert_int_equal(power_proportion_detectable(&design, control, units, power, side, &got),
                         REASON_NONE);
        assert_close(got, treatment - control, 1e-8);
    }
}

/* Without an effect a test of both tails rejects as often as its level says. */
static void without_an_effect_the_power_is_the_level(void **state)
{
    (void)state;
    struct power_design design = {.alpha = .037, .allocation = 1, .both_tails = true};
    double got = NOT_A_NUMBER;
    assert_int_equal(power_proportion(&design, .3, .3, 470, &got), REASON_NONE);
    assert_close(got, .037, 1e-12);
    assert_int_equal(power_arcsine(.037, false, 0, 470, 310, &got), REASON_NONE);
    assert_close(got, .037, 1e-12);
    assert_int_equal(power_arcsine(.037, true, 0, 470, 310, &got), REASON_NONE);
    assert_close(got, .037, 1e-12);
}

static void an_uneven_split_costs_units(void **state)
{
    (void)state;
    struct power_design even = {.alpha = .05, .allocation = 1},
                        uneven = {.alpha = .05, .allocation = 4};
    double a, b;
    assert_int_equal(power_proportion_units(&even, .2, .22, .8, &a), REASON_NONE);
    assert_int_equal(power_proportion_units(&uneven, .2, .22, .8, &b), REASON_NONE);
    /* (1 + 1/4)(1 + 4) / 4 = 1.5625 of the total at equal variances */
    assert_true(fabs(5 * b / (2 * a) - 1.5625) < .03);
}

/* The design's figures: 1.91 at alpha .05 and power .8; alpha of hybrid 4/5 and a family's share.
 */
static void peeking_costs_what_the_design_says(void **state)
{
    (void)state;
    double inflation = NOT_A_NUMBER;
    assert_int_equal(power_always_inflation(.05, .8, &inflation), REASON_NONE);
    assert_true(fabs(inflation - 1.91) < .01);
    assert_close(power_alpha(DESIGN_HYBRID, .05, 1), .04, 1e-15);
    assert_close(power_alpha(DESIGN_HYBRID, .05, 2), .02, 1e-15);
    assert_close(power_alpha(DESIGN_FIXED, .05, 2), .025, 1e-15);
    assert_close(power_alpha(DESIGN_ALWAYS, .05, 1), .05, 1e-15);
    assert_close(power_alpha(DESIGN_ALWAYS, .05, 0), .05, 1e-15);
    struct power_design plain = {.alpha = .05, .allocation = 1},
                        hybrid = {.alpha = power_alpha(DESIGN_HYBRID, .05, 1), .allocation = 1};
    double a, b;
    assert_int_equal(power_proportion_units(&plain, .2, .22, .8, &a), REASON_NONE);
    assert_int_equal(power_proportion_units(&hybrid, .2, .22, .8, &b), REASON_NONE);
    assert_true(fabs(b / a - 1.07) < .005);
}

/* By hand: (1.959964 + .841621)^2 * 2 * .16 / .02^2 = 6279.1 a variant. */
static void non_inferiority_by_hand(void **state)
{
    (void)state;
    struct power_design design = {.alpha = .025, .one_sided = true, .allocation = 1};
    double units = NOT_A_NUMBER, power = NOT_A_NUMBER;
    assert_int_equal(power_non_inferiority_units(&design, .2, .02, 0, .8, &units), REASON_NONE);
    assert_close(units, 7.848879734 * 2 * .16 / 4e-4, 1e-8);
    assert_int_equal(power_non_inferiority(&design, .2, .02, 0, units, &power), REASON_NONE);
    assert_close(power, .8, 1e-12);
    double harmed = NOT_A_NUMBER;
    assert_int_equal(power_non_inferiority_units(&design, .2, .02, .01, .8, &harmed), REASON_NONE);
    assert_close(harmed, 4 * units, 1e-12);
}

static void what_cannot_be_planned_says_why(void **state)
{
    (void)state;
    struct power_design good = {.alpha = .05, .allocation = 1},
                        one = {.alpha = .025, .one_sided = true, .allocation = 1};
    double out = 5;
    assert_int_equal(power_proportion_units(&good, .2, .2, .8, &out), REASON_NOT_DETECTABLE);
    assert_int_equal(power_proportion_detectable(&good, .9, 10, .8, SIDE_HIGH, &out),
                     REASON_NOT_DETECTABLE);
    assert_int_equal(power_non_inferiority_units(&one, .2, .02, .02, .8, &out),
                     REASON_NOT_DETECTABLE);
    assert_int_equal(power_non_inferiority_units(&good, .2, .02, 0, .8, &out), REASON_INVALID);
    const double rates[] = {0, 1, -1, 2, NOT_A_NUMBER, INFINITE};
    for (size_t i = 0; i < 6; i++) {
        assert_int_equal(power_proportion_units(&good, rates[i], .2, .8, &out), REASON_INVALID);
        assert_int_equal(power_proportion_units(&good, .2, rates[i], .8, &out), REASON_INVALID);
        assert_int_equal(power_proportion_units(&good, .1, .2, rates[i], &out), REASON_INVALID);
        assert_int_equal(power_always_inflation(rates[i], .8, &out), REASON_INVALID);
        assert_int_equal(power_always_inflation(.05, rates[i], &out), REASON_INVALID);
    }
    const double sizes[] = {0, -1, NOT_A_NUMBER, INFINITE};
    for (size_t i = 0; i < 4; i++) {
        struct power_design design = {.alpha = .05, .allocation = sizes[i]};
        assert_int_equal(power_proportion(&good, .1, .2, sizes[i], &out), REASON_INVALID);
        assert_int_equal(power_proportion_units(&design, .1, .2, .8, &out), REASON_INVALID);
        assert_int_equal(power_non_inferiority(&one, .2, sizes[i], 0, 100, &out), REASON_INVALID);
        assert_int_equal(power_arcsine(.05, false, .1, sizes[i], 10, &out), REASON_INVALID);
        assert_int_equal(power_arcsine(.05, false, .1, 10, sizes[i], &out), REASON_INVALID);
        assert_int_equal(power_arcsine(sizes[i], false, .1, 10, 10, &out), REASON_INVALID);
    }
    assert_true(out == 5);
}

int main(void)
{
    gsl_set_error_handler_off();
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(everything_matches_r),
        cmocka_unit_test(size_power_and_difference_undo_each_other),
        cmocka_unit_test(without_an_effect_the_power_is_the_level),
        cmocka_unit_test(an_uneven_split_costs_units),
        cmocka_unit_test(peeking_costs_what_the_design_says),
        cmocka_unit_test(non_inferiority_by_hand),
        cmocka_unit_test(what_cannot_be_planned_says_why),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
