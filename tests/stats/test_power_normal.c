/* Plans by the normal and by the anytime interval: figures by hand, and each against the other. */

#include "stats/hostile.h"
#include "stats/power_always.h"
#include "stats/power_normal.h"
#include "stats/random.h"
#include "support/support.h"

#include <gsl/gsl_errno.h>
#include <math.h>

/* (z_.025 + z_.2)^2 of the tables. */
#define REACH_SQUARED 7.848879734

static const struct power_design plain = {.alpha = .05, .allocation = 1};
static const struct power_design one_sided = {.alpha = .025, .one_sided = true, .allocation = 1};

/* Accounts per variant = (z+z)^2 2 var_e / d^2 (statistics.md, section 9). */
static void units_by_hand(void **state)
{
    (void)state;
    double units = NOT_A_NUMBER;
    struct power_variances same = {.37, .37}, other = {.37, .53};
    assert_int_equal(power_normal_units(&plain, same, .02, .8, &units), REASON_NONE);
    assert_close(units, REACH_SQUARED * 2 * .37 / 4e-4, 1e-8);
    struct power_design wide = {.alpha = .05, .allocation = 3};
    assert_int_equal(power_normal_units(&wide, other, -.02, .8, &units), REASON_NONE);
    assert_close(units, REACH_SQUARED * (.37 + .53 / 3) / 4e-4, 1e-8);
    assert_int_equal(power_margin_units(&one_sided, same, .05, .03, .8, &units), REASON_NONE);
    assert_close(units, REACH_SQUARED * 2 * .37 / 4e-4, 1e-8);
}

/* mean 7, cv .6: 7 (1 + .36) = 9.52 members; at ICC .05 1 + 8.52 * .05 = 1.426. */
static void clusters_covariates_and_ratios_by_hand(void **state)
{
    (void)state;
    double got = NOT_A_NUMBER;
    assert_int_equal(power_design_effect((struct clusters){7, .6, .05}, &got), REASON_NONE);
    assert_close(got, 1.426, 1e-12);
    assert_int_equal(power_design_effect((struct clusters){1, 0, .3}, &got), REASON_NONE);
    assert_close(got, 1, 1e-15);
    assert_int_equal(power_design_effect((struct clusters){7, .6, 0}, &got), REASON_NONE);
    assert_close(got, 1, 1e-15);
    assert_int_equal(power_adjusted(-.6, &got), REASON_NONE);
    assert_close(got, .64, 1e-12);
    /* R = 6/4; (9 - 2 * 1.5 * 3 + 2.25 * 5)/16 */
    struct ratio_moments moments = {6, 4, 9, 5, 3};
    assert_int_equal(power_ratio_variance(&moments, &got), REASON_NONE);
    assert_close(got, 11.25 / 16, 1e-12);
}

static void size_power_and_difference_undo_each_other(void **state)
{
    (void)state;
    struct random random = {.state = 101};
    for (int i = 0; i < 300; i++) {
        struct power_design design = {.alpha = random_log(&random, 1e-5, .2),
                                      .one_sided = i % 2,
                                      .allocation = random_log(&random, .1, 10)};
        struct power_variances v = {random_log(&random, 1e-3, 1e3), random_log(&random, 1e-3, 1e3)};
        double difference = random_log(&random, 1e-4, 10), power = .5 + .49 * random_unit(&random);
        double planned = i % 3 ? random_log(&random, 1, 1e6) : 0, units, got;
        assert_int_equal(power_normal_units(&design, v, difference, power, &units), REASON_NONE);
        assert_int_equal(power_normal(&design, v, -difference, units, &got), REASON_NONE);
        assert_close(got, power, 1e-9);
        assert_int_equal(power_normal_detectable(&design, v, units, power, &got), REASON_NONE);
        assert_close(got, difference, 1e-9);
        assert_int_equal(power_always_units(&design, v, planned, difference, power, &units),
                         REASON_NONE);
        assert_int_equal(power_always(&design, v, planned, difference, units, &got), REASON_NONE);
        assert_close(got, power, 1e-8);
        assert_int_equal(power_always_detectable(&design, v, planned, units, power, &got),
                         REASON_NONE);
        assert_close(got, difference, 1e-8);
    }
}

static void a_margin_is_a_difference_from_the_harm(void **state)
{
    (void)state;
    struct power_variances v = {.21, .23};
    double units = NOT_A_NUMBER, power = NOT_A_NUMBER;
    assert_int_equal(power_margin_units(&one_sided, v, .03, -.01, .9, &units), REASON_NONE);
    assert_int_equal(power_margin(&one_sided, v, .03, -.01, units, &power), REASON_NONE);
    assert_close(power, .9, 1e-12);
    /* Exactly at the margin the guardrail passes as often as its error says; beyond, less. */
    assert_int_equal(power_margin(&one_sided, v, .03, .03, units, &power), REASON_NONE);
    assert_close(power, .025, 1e-12);
    assert_int_equal(power_margin(&one_sided, v, .03, .05, units, &power), REASON_NONE);
    assert_true(power < .025);
}

/* Twice the overall effect for two halves: so four times the units (statistics.md, section 9). */
static void an_interaction_of_two_halves_needs_four_times_the_units(void **state)
{
    (void)state;
    struct power_variances v = {.37, .53};
    const double halves[] = {.5, .5}, uneven[] = {.9, .1};
    double overall, half, interaction, worse, whole;
    assert_int_equal(power_normal_detectable(&plain, v, 4000, .8, &overall), REASON_NONE);
    assert_int_equal(power_segment_detectable(&plain, v, 4000, .5, .8, &half), REASON_NONE);
    assert_int_equal(power_segment_detectable(&plain, v, 4000, 1, .8, &whole), REASON_NONE);
    assert_int_equal(power_interaction_detectable(&plain, v, 4000, halves, .8, &interaction),
                     REASON_NONE);
    assert_int_equal(power_interaction_detectable(&plain, v, 4000, uneven, .8, &worse),
                     REASON_NONE);
    assert_close(half, overall * sqrt(2), 1e-12);
    assert_close(whole, overall, 1e-12);
    assert_close(interaction, 2 * overall, 1e-12);
    assert_true(worse > interaction);
}

/* c(1)/z and the 1.91 of the design; N* wrong by four times costs little, too large more. */
static void always_costs_what_the_design_says(void **state)
{
    (void)state;
    struct power_variances v = {.2, .2};
    double fixed, always, inflation, power, small, large;
    assert_int_equal(power_normal_units(&plain, v, .02, .8, &fixed), REASON_NONE);
    assert_int_equal(power_always_units(&plain, v, 0, .02, .8, &always), REASON_NONE);
    assert_int_equal(power_always_inflation(.05, .8, &inflation), REASON_NONE);
    assert_close(always / fixed, inflation, 1e-9);
    assert_true(fabs(always / fixed - 1.91) < .01);
    /* At the fixed design's size the power falls from .8 to about .5. */
    assert_int_equal(power_always(&plain, v, fixed, .02, fixed, &power), REASON_NONE);
    assert_true(fabs(power - .41) < .005);
    assert_int_equal(power_always_units(&plain, v, always / 4, .02, .8, &small), REASON_NONE);
    assert_int_equal(power_always_units(&plain, v, always * 4, .02, .8, &large), REASON_NONE);
    assert_true(small > .99 * always && small < 1.08 * always);
    assert_true(large > always && large < 1.15 * always);
}

static void power_rises_with_units_and_effect(void **state)
{
    (void)state;
    struct power_variances v = {.2, .3};
    double before = 0, power = NOT_A_NUMBER;
    for (double units = 3.7; units < 1e9; units *= 1.7) {
        assert_int_equal(power_always(&plain, v, 5000, .02, units, &power), REASON_NONE);
        assert_true(power >= before);
        before = power;
    }
    assert_close(before, 1, 1e-12);
}

static void impossible_plans_have_a_reason_and_leave_the_output(void **state)
{
    (void)state;
    struct power_variances v = {.2, .2}, none = {0, 0}, negative = {-1, 2};
    double out = 5, shares[] = {.5, .5};
    assert_int_equal(power_normal_units(&plain, v, 0, .8, &out), REASON_NOT_DETECTABLE);
    assert_int_equal(power_always_units(&plain, v, 0, 0, .8, &out), REASON_NOT_DETECTABLE);
    assert_int_equal(power_normal_units(&plain, v, 1e-300, .8, &out), REASON_NOT_DETECTABLE);
    assert_int_equal(power_always_units(&plain, v, 5, 1e-300, .8, &out), REASON_NOT_DETECTABLE);
    assert_int_equal(power_margin_units(&one_sided, v, .1, .1, .8, &out), REASON_NOT_DETECTABLE);
    assert_int_equal(power_margin_units(&plain, v, .1, 0, .8, &out), REASON_INVALID);
    assert_int_equal(power_normal_units(&plain, none, .1, .8, &out), REASON_INVALID);
    assert_int_equal(power_normal_units(&plain, negative, .1, .8, &out), REASON_INVALID);
    struct ratio_moments zero = {1, 0, 1, 1, 0}, torn = {1, 1, 1, 1, 4};
    assert_int_equal(power_ratio_variance(&zero, &out), REASON_NEAR_ZERO);
    assert_int_equal(power_ratio_variance(&torn, &out), REASON_INVALID);
    assert_int_equal(power_adjusted(1, &out), REASON_INVALID);
    assert_int_equal(power_design_effect((struct clusters){3, .1, 1.1}, &out), REASON_INVALID);
    const double bad[] = {-1, NOT_A_NUMBER, INFINITE};
    for (size_t i = 0; i < 3; i++) {
        double x = bad[i];
        struct power_variances wrong = {x, 1};
        struct power_design design = {.alpha = x, .allocation = 1},
                            split = {.alpha = .05, .allocation = x};
        assert_int_equal(power_normal(&design, v, .1, 9, &out), REASON_INVALID);
        assert_int_equal(power_normal(&split, v, .1, 9, &out), REASON_INVALID);
        assert_int_equal(power_normal(&plain, v, .1, x, &out), REASON_INVALID);
        assert_int_equal(power_normal(&plain, wrong, .1, 9, &out), REASON_INVALID);
        assert_int_equal(power_normal_units(&plain, v, .1, x, &out), REASON_INVALID);
        assert_int_equal(power_normal_detectable(&plain, v, x, .8, &out), REASON_INVALID);
        assert_int_equal(power_always(&plain, v, x, .1, 9, &out), REASON_INVALID);
        assert_int_equal(power_always(&plain, v, 0, .1, x, &out), REASON_INVALID);
        assert_int_equal(power_always(&design, v, 0, .1, 9, &out), REASON_INVALID);
        assert_int_equal(power_always_units(&plain, v, x, .1, .8, &out), REASON_INVALID);
        assert_int_equal(power_always_units(&plain, v, 0, .1, x, &out), REASON_INVALID);
        assert_int_equal(power_always_detectable(&plain, v, 0, x, .8, &out), REASON_INVALID);
        assert_int_equal(power_margin(&one_sided, v, x, 0, 9, &out), REASON_INVALID);
        assert_int_equal(power_margin_units(&one_sided, v, x, 0, .8, &out), REASON_INVALID);
        assert_int_equal(power_segment_detectable(&plain, v, 9, x, .8, &out), REASON_INVALID);
        shares[1] = x;
        assert_int_equal(power_interaction_detectable(&plain, v, 9, shares, .8, &out),
                         REASON_INVALID);
        assert_int_equal(power_design_effect((struct clusters){x, .1, .1}, &out), REASON_INVALID);
        assert_int_equal(power_design_effect((struct clusters){3, x, .1}, &out), REASON_INVALID);
        assert_int_equal(power_design_effect((struct clusters){3, .1, x}, &out), REASON_INVALID);
        assert_int_equal(power_adjusted(x, &out), REASON_INVALID);
        zero.variance_y = x;
        assert_int_equal(power_ratio_variance(&zero, &out),
                         x == INFINITE ? REASON_NEAR_ZERO : REASON_INVALID);
    }
    shares[1] = .6;
    assert_int_equal(power_interaction_detectable(&plain, v, 9, shares, .8, &out), REASON_INVALID);
    assert_true(out == 5);
}

int main(void)
{
    gsl_set_error_handler_off();
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(units_by_hand),
        cmocka_unit_test(clusters_covariates_and_ratios_by_hand),
        cmocka_unit_test(size_power_and_difference_undo_each_other),
        cmocka_unit_test(a_margin_is_a_difference_from_the_harm),
        cmocka_unit_test(an_interaction_of_two_halves_needs_four_times_the_units),
        cmocka_unit_test(always_costs_what_the_design_says),
        cmocka_unit_test(power_rises_with_units_and_effect),
        cmocka_unit_test(impossible_plans_have_a_reason_and_leave_the_output),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
