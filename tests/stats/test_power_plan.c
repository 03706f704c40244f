/* One plan for every design and kind: against the parts it is made of, and undoing itself. */

#include "stats/hostile.h"
#include "stats/power_mean.h"
#include "stats/power_plan.h"
#include "stats/random.h"
#include "support/support.h"

#include <gsl/gsl_errno.h>
#include <math.h>

static struct power_question question_of(enum design design, enum power_kind kind)
{
    return (struct power_question){.design = design,
                                   .alpha = .05,
                                   .members = 1,
                                   .allocation = 1,
                                   .kind = kind,
                                   .baseline = .22,
                                   .sd = 3.7};
}

static void the_level_is_the_designs(void **state)
{
    (void)state;
    struct power_question question = question_of(DESIGN_HYBRID, POWER_RATE);
    struct power_design design = {.alpha = .04, .allocation = 1};
    double got, expected;
    assert_int_equal(power_plan_units(&question, .022, .8, &got), REASON_NONE);
    assert_int_equal(power_proportion_units(&design, .22, .242, .8, &expected), REASON_NONE);
    assert_true(got == expected);
    question = question_of(DESIGN_FIXED, POWER_MEAN);
    question.members = 4;
    design.alpha = .05 / 4;
    assert_int_equal(power_plan_units(&question, .5, .8, &got), REASON_NONE);
    assert_int_equal(power_mean_units(&design, 3.7, .5, .8, &expected), REASON_NONE);
    assert_true(got == expected);
    question = question_of(DESIGN_ALWAYS, POWER_NORMAL);
    design.alpha = .05;
    assert_int_equal(power_plan_units(&question, .5, .8, &got), REASON_NONE);
    assert_int_equal(
        power_always_units(&design, (struct power_variances){13.69, 13.69}, 0, .5, .8, &expected),
        REASON_NONE);
    assert_close(got, expected, 1e-12);
}

static void units_power_and_difference_undo_each_other(void **state)
{
    (void)state;
    struct random random = {.state = 103};
    const enum design designs[] = {DESIGN_HYBRID, DESIGN_ALWAYS, DESIGN_FIXED};
    for (int i = 0; i < 270; i++) {
        struct power_question question = question_of(designs[i % 3], (enum power_kind)(i / 3 % 3));
        question.allocation = random_log(&random, .2, 5);
        question.members = (size_t)(i % 5);
        question.baseline = .1 + .8 * random_unit(&random);
        question.inflation = i % 2 ? random_log(&random, .4, 6) : 0;
        question.planned = i % 4 == 3 ? random_log(&random, 100, 1e5) : 0;
        enum side side = i % 2 ? SIDE_HIGH : SIDE_LOW;
        double room = side == SIDE_HIGH ? 1 - question.baseline : question.baseline;
        double size =
            (question.kind == POWER_RATE ? room : 3.7) * (.05 + .3 * random_unit(&random));
        double difference = side == SIDE_HIGH ? size : -size,
               power = .6 + .35 * random_unit(&random);
        double units = NOT_A_NUMBER, got = NOT_A_NUMBER, more = NOT_A_NUMBER;
        assert_int_equal(power_plan_units(&question, difference, power, &units), REASON_NONE);
        assert_int_equal(power_plan(&question, difference, units, &got), REASON_NONE);
        assert_close(got, power, 1e-8);
        assert_int_equal(power_plan_detectable(&question, units, power, side, &got), REASON_NONE);
        assert_close(got, difference, 1e-7);
        assert_int_equal(power_plan(&question, difference, 1.3 * units, &more), REASON_NONE);
        assert_true(more > power);
    }
}

static void an_inflation_multiplies_the_units(void **state)
{
    (void)state;
    for (int kind = POWER_RATE; kind <= POWER_NORMAL; kind++) {
        struct power_question question = question_of(DESIGN_HYBRID, (enum power_kind)kind);
        double plain = NOT_A_NUMBER, inflated = NOT_A_NUMBER;
        assert_int_equal(power_plan_units(&question, .05, .8, &plain), REASON_NONE);
        question.inflation = 1.7;
        assert_int_equal(power_plan_units(&question, .05, .8, &inflated), REASON_NONE);
        assert_close(inflated, 1.7 * plain, 1e-12);
    }
}

/* hybrid passes at 4a/10, fixed at a/2, always at an anytime a/2: so the last has the least. */
static void guardrails_pass_at_their_own_level(void **state)
{
    (void)state;
    assert_close(power_guardrail_alpha(DESIGN_HYBRID, .05), .02, 1e-15);
    assert_close(power_guardrail_alpha(DESIGN_FIXED, .05), .025, 1e-15);
    assert_close(power_guardrail_alpha(DESIGN_ALWAYS, .05), .025, 1e-15);
    struct power_question question = question_of(DESIGN_FIXED, POWER_RATE);
    struct power_design design = {.alpha = .025, .one_sided = true, .allocation = 1};
    double fixed = NOT_A_NUMBER, expected = NOT_A_NUMBER, always = NOT_A_NUMBER, each = 0;
    assert_int_equal(power_plan_guardrail(&question, .03, .005, 3000, &fixed), REASON_NONE);
    assert_int_equal(power_non_inferiority(&design, .22, .03, .005, 3000, &expected), REASON_NONE);
    assert_close(fixed, expected, 1e-12);
    question.design = DESIGN_ALWAYS;
    assert_int_equal(power_plan_guardrail(&question, .03, .005, 3000, &always), REASON_NONE);
    assert_true(always < fixed && always > .2 * fixed);
    assert_int_equal(power_plan_guardrail(&question, .03, .03, 3000, &always), REASON_NONE);
    assert_true(always == 0);
    assert_int_equal(power_guardrail_share(.8, 4, &each), REASON_NONE);
    assert_close(each, .95, 1e-12);
}

static void impossible_questions_have_a_reason_and_leave_the_output(void **state)
{
    (void)state;
    double out = 5;
    const double bad[] = {-1, NOT_A_NUMBER, INFINITE};
    const enum design designs[] = {DESIGN_HYBRID, DESIGN_ALWAYS, DESIGN_FIXED};
    for (size_t i = 0; i < 27; i++) {
        double x = bad[i % 3];
        struct power_question good = question_of(designs[i / 3 % 3], (enum power_kind)(i / 9)),
                              wrong = good;
        assert_int_equal(power_plan_units(&good, .05, x, &out), REASON_INVALID);
        assert_int_equal(power_plan(&good, .05, x, &out), REASON_INVALID);
        assert_int_equal(power_plan_detectable(&good, x, .8, SIDE_LOW, &out), REASON_INVALID);
        assert_int_equal(power_plan_detectable(&good, 90, x, SIDE_LOW, &out), REASON_INVALID);
        assert_int_equal(power_plan_units(&good, 0, .8, &out), REASON_NOT_DETECTABLE);
        assert_int_equal(power_plan_guardrail(&good, x, 0, 90, &out), REASON_INVALID);
        assert_int_equal(power_plan_guardrail(&good, .1, 0, x, &out), REASON_INVALID);
        wrong.inflation = x;
        assert_int_equal(power_plan_units(&wrong, .05, .8, &out), REASON_INVALID);
        wrong = good;
        wrong.alpha = x;
        assert_int_equal(power_plan_units(&wrong, .05, .8, &out), REASON_INVALID);
        wrong = good;
        wrong.baseline = wrong.sd = x;
        assert_int_equal(power_plan(&wrong, .05, 90, &out), REASON_INVALID);
        wrong = good;
        wrong.allocation = x;
        assert_int_equal(power_plan_detectable(&wrong, 90, .8, SIDE_HIGH, &out), REASON_INVALID);
    }
    struct power_question always = question_of(DESIGN_ALWAYS, POWER_RATE);
    assert_int_equal(power_plan_detectable(&always, 3, .8, SIDE_HIGH, &out), REASON_NOT_DETECTABLE);
    assert_int_equal(power_plan_units(&always, .9, .8, &out), REASON_INVALID);
    assert_int_equal(power_guardrail_share(1, 3, &out), REASON_INVALID);
    assert_int_equal(power_guardrail_share(.8, 0, &out), REASON_INVALID);
    assert_true(out == 5);
}

int main(void)
{
    gsl_set_error_handler_off();
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_level_is_the_designs),
        cmocka_unit_test(units_power_and_difference_undo_each_other),
        cmocka_unit_test(an_inflation_multiplies_the_units),
        cmocka_unit_test(guardrails_pass_at_their_own_level),
        cmocka_unit_test(impossible_questions_have_a_reason_and_leave_the_output),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
