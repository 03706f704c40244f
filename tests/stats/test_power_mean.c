/* Power of t, F and Cohen's h tests against R's power.t.test and pwr, and each against the other.
 */

#include "stats/power_mean.h"
#include "stats/random.h"
#include "stats/reference.h"

#include <gsl/gsl_errno.h>

enum { KIND_UNITS = 1, KIND_POWER, KIND_DETECTABLE, KIND_STRICT, KIND_UNEQUAL, KIND_H, KIND_ANOVA };

static void row_matches(const struct reference *table, size_t row)
{
    double alpha = reference_at(table, row, "alpha"), got = NOT_A_NUMBER;
    double n1 = reference_at(table, row, "n1"), n2 = reference_at(table, row, "n2");
    double effect = reference_at(table, row, "effect"), sd = reference_at(table, row, "sd");
    double power = reference_at(table, row, "power");
    double expected = reference_at(table, row, "expected"), relative = 1e-9;
    bool one_sided = reference_at(table, row, "sides") == 1;
    int kind = (int)reference_at(table, row, "kind");
    struct power_design design = {.alpha = alpha, .one_sided = one_sided, .allocation = 1};
    enum reason reason = REASON_INVALID;
    design.both_tails = kind == KIND_STRICT || kind == KIND_UNEQUAL;
    if (kind == KIND_UNEQUAL)
        design.allocation = n2 / n1;
    if (kind == KIND_UNITS || kind == KIND_DETECTABLE)
        relative = 1e-6;
    if (kind == KIND_UNITS)
        reason = power_mean_units(&design, sd, effect, power, &got);
    else if (kind == KIND_DETECTABLE)
        reason = power_mean_detectable(&design, sd, n1, power, &got);
    else if (kind == KIND_H)
        reason = power_arcsine(alpha, one_sided, effect, n1, n2, &got);
    else if (kind == KIND_ANOVA)
        reason = power_anova((struct power_groups){(size_t)n1, alpha}, effect, n2, &got);
    else
        reason = power_mean(&design, sd, effect, n1, &got);
    assert_int_equal(reason, REASON_NONE);
    assert_close(got, expected, relative);
}

static void everything_matches_r(void **state)
{
    (void)state;
    static struct reference table;
    reference_load(&table, "power_mean");
    for (size_t row = 0; row < table.row_count; row++)
        row_matches(&table, row);
}

static void size_power_and_difference_undo_each_other(void **state)
{
    (void)state;
    struct random random = {.state = 83};
    for (int i = 0; i < 150; i++) {
        struct power_design design = {.alpha = random_log(&random, 1e-4, .2),
                                      .one_sided = i % 2,
                                      .both_tails = i % 4 < 2,
                                      .allocation = random_log(&random, .2, 5)};
        double sd = random_log(&random, 1e-3, 1e3), power = .5 + .49 * random_unit(&random);
        double difference = sd * random_log(&random, .01, 6), units, got;
        assert_int_equal(power_mean_units(&design, sd, difference, power, &units), REASON_NONE);
        assert_int_equal(power_mean(&design, sd, -difference, units, &got), REASON_NONE);
        assert_close(got, power, 1e-9);
        assert_int_equal(power_mean_detectable(&design, sd, units, power, &got), REASON_NONE);
        assert_close(got, difference, 1e-8);
        double more, larger;
        assert_int_equal(power_mean(&design, sd, difference, 1.1 * units, &more), REASON_NONE);
        assert_int_equal(power_mean(&design, sd, 1.1 * difference, units, &larger), REASON_NONE);
        assert_true(more >= power && larger >= power);
    }
}

static void the_same_of_groups(void **state)
{
    (void)state;
    struct random random = {.state = 89};
    for (int i = 0; i < 60; i++) {
        struct power_groups groups = {2 + (size_t)(i % 7), random_log(&random, 1e-3, .2)};
        double f = random_log(&random, .02, 1), power = .5 + .49 * random_unit(&random);
        double units = NOT_A_NUMBER, got = NOT_A_NUMBER;
        assert_int_equal(power_anova_units(groups, f, power, &units), REASON_NONE);
        assert_int_equal(power_anova(groups, f, units, &got), REASON_NONE);
        assert_close(got, power, 1e-9);
        assert_int_equal(power_anova_detectable(groups, units, power, &got), REASON_NONE);
        assert_close(got, f, 1e-8);
    }
}

/* Two groups: f is half of d, and F is the square of the two-sided t. */
static void two_groups_are_the_t_test(void **state)
{
    (void)state;
    struct power_design design = {.alpha = .037, .allocation = 1, .both_tails = true};
    double by_t = NOT_A_NUMBER, by_f = NOT_A_NUMBER;
    assert_int_equal(power_mean(&design, 2.3, 1.1, 31.7, &by_t), REASON_NONE);
    assert_int_equal(power_anova((struct power_groups){2, .037}, 1.1 / 2.3 / 2, 31.7, &by_f),
                     REASON_NONE);
    assert_close(by_t, by_f, 1e-9);
    assert_int_equal(power_mean(&design, 2.3, 0, 31.7, &by_t), REASON_NONE);
    assert_close(by_t, .037, 1e-9);
}

/* A handful of units, and fewer than two of each: the t still has degrees of freedom. */
static void few_units_still_have_a_power(void **state)
{
    (void)state;
    struct power_design design = {.alpha = .05, .allocation = 1};
    const double sizes[] = {1.1, 1.5, 2, 2.7, 4};
    double before = 0, power = NOT_A_NUMBER, units = NOT_A_NUMBER;
    for (size_t i = 0; i < 5; i++) {
        assert_int_equal(power_mean(&design, 1, 8, sizes[i], &power), REASON_NONE);
        assert_true(power > before && power < 1);
        before = power;
    }
    assert_int_equal(power_mean_units(&design, 1, 1e300, .8, &units), REASON_NONE);
    assert_close(units, 1.05, 1e-12);
    assert_int_equal(power_mean_units(&design, 1, 100, .8, &units), REASON_NONE);
    assert_true(units > 1 && units < 2);
    assert_int_equal(power_mean(&design, 1, 100, units, &power), REASON_NONE);
    assert_close(power, .8, 1e-9);
}

/* The normal's 2 (z + z_b)^2 / d^2 where t is the normal, 10^19 degrees of freedom included. */
static void no_end_of_units_is_the_normal(void **state)
{
    (void)state;
    struct power_design design = {.alpha = .05, .allocation = 1};
    double units = NOT_A_NUMBER, power = NOT_A_NUMBER;
    for (double difference = 1e-4; difference > 1e-30; difference *= 1e-3) {
        assert_int_equal(power_mean_units(&design, 1, difference, .8, &units), REASON_NONE);
        assert_close(units * difference * difference, 2 * 7.848879734, 1e-8);
        assert_int_equal(power_mean(&design, 1, difference, units, &power), REASON_NONE);
        assert_close(power, .8, 1e-9);
    }
    assert_int_equal(power_mean(&design, 1, .5, 1e300, &power), REASON_NONE);
    assert_true(power == 1);
}

static void impossible_plans_have_a_reason_and_leave_the_output(void **state)
{
    (void)state;
    struct power_design good = {.alpha = .05, .allocation = 1};
    struct power_groups groups = {3, .05};
    double out = 5;
    assert_int_equal(power_mean_units(&good, 1, 0, .8, &out), REASON_NOT_DETECTABLE);
    assert_int_equal(power_mean_units(&good, 1e200, 1e-200, .8, &out), REASON_NOT_DETECTABLE);
    assert_int_equal(power_anova_units(groups, 0, .8, &out), REASON_NOT_DETECTABLE);
    assert_int_equal(power_mean(&good, 1, 1, 1, &out), REASON_INVALID);
    assert_int_equal(power_anova(groups, .1, 1, &out), REASON_INVALID);
    assert_int_equal(power_mean_detectable(&good, 1, 10, .02, &out), REASON_INVALID);
    assert_int_equal(power_anova_detectable(groups, 10, .04, &out), REASON_INVALID);
    assert_int_equal(power_anova((struct power_groups){1, .05}, .1, 10, &out), REASON_INVALID);
    const double bad[] = {0, -1, NOT_A_NUMBER, INFINITE};
    for (size_t i = 0; i < 4; i++) {
        struct power_design design = {.alpha = bad[i], .allocation = 1},
                            split = {.alpha = .05, .allocation = bad[i]};
        assert_int_equal(power_mean(&good, bad[i], 1, 10, &out), REASON_INVALID);
        assert_int_equal(power_mean(&good, 1, 1, bad[i], &out), REASON_INVALID);
        assert_int_equal(power_mean(&design, 1, 1, 10, &out), REASON_INVALID);
        assert_int_equal(power_mean(&split, 1, 1, 10, &out), REASON_INVALID);
        assert_int_equal(power_mean_units(&good, bad[i], 1, .8, &out), REASON_INVALID);
        assert_int_equal(power_mean_units(&good, 1, 1, bad[i], &out), REASON_INVALID);
        assert_int_equal(power_mean_units(&split, 1, 1, .8, &out), REASON_INVALID);
        assert_int_equal(power_mean_detectable(&good, bad[i], 9, .8, &out), REASON_INVALID);
        assert_int_equal(power_mean_detectable(&good, 1, bad[i], .8, &out), REASON_INVALID);
        assert_int_equal(power_mean_detectable(&good, 1, 9, bad[i], &out), REASON_INVALID);
        assert_int_equal(power_anova(groups, .1, bad[i], &out), REASON_INVALID);
        assert_int_equal(power_anova_units(groups, .1, bad[i], &out), REASON_INVALID);
        assert_int_equal(power_anova_detectable(groups, bad[i], .8, &out), REASON_INVALID);
        if (bad[i] != 0) {
            assert_int_equal(power_anova(groups, bad[i], 10, &out), REASON_INVALID);
            assert_int_equal(power_anova_units(groups, bad[i], .8, &out), REASON_INVALID);
        }
    }
    assert_true(out == 5);
    /* No end of units, no end of the effect: still a power, or a reason. */
    const double sizes[] = {1e-300, 1e-9, 2.385, 1e9, 1e300};
    for (size_t i = 0; i < 5; i++)
        for (size_t j = 0; j < 5; j++) {
            enum reason reason = power_mean(&good, 1, sizes[i], sizes[j], &out);
            assert_true(reason || (out >= 0 && out <= 1));
            reason = power_mean_units(&good, 1, sizes[i], .8, &out);
            assert_true(reason || (out > 1 && isfinite(out)));
            reason = power_anova(groups, sizes[i], sizes[j], &out);
            assert_true(reason || (out >= 0 && out <= 1));
        }
}

int main(void)
{
    gsl_set_error_handler_off();
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(everything_matches_r),
        cmocka_unit_test(size_power_and_difference_undo_each_other),
        cmocka_unit_test(the_same_of_groups),
        cmocka_unit_test(two_groups_are_the_t_test),
        cmocka_unit_test(no_end_of_units_is_the_normal),
        cmocka_unit_test(few_units_still_have_a_power),
        cmocka_unit_test(impossible_plans_have_a_reason_and_leave_the_output),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
