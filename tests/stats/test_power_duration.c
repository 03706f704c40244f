/* Weeks of a plan, by hand. */

#include "stats/hostile.h"
#include "stats/power_duration.h"
#include "support/support.h"

#include <math.h>

static void weeks_are_whole_and_at_least_two(void **state)
{
    (void)state;
    struct duration d = {0};
    assert_int_equal(power_duration(9000, 1500, 1, &d), REASON_NONE);
    assert_true(d.enrolment == 6 && d.weeks == 7 && !d.too_long);
    assert_int_equal(power_duration(9001, 1500, 1, &d), REASON_NONE);
    assert_true(d.weeks == 8 && !d.too_long);
    assert_int_equal(power_duration(10501, 1500, 1, &d), REASON_NONE);
    assert_true(d.weeks == 9 && d.too_long);
    assert_int_equal(power_duration(10, 1500, 0, &d), REASON_NONE);
    assert_true(d.weeks == 2);
    assert_int_equal(power_duration(0, 1500, 2.3, &d), REASON_NONE);
    assert_true(d.weeks == 3);
    /* .1 + .2 weeks are not a third day more: rounding is not a week. */
    assert_int_equal(power_duration(.3, .1, 0, &d), REASON_NONE);
    assert_true(d.weeks == 3);
}

/* What eight weeks bring is just not too long. */
static void reachable_units_take_the_weeks_they_were_asked_for(void **state)
{
    (void)state;
    double units = NOT_A_NUMBER;
    struct duration d = {0};
    assert_int_equal(power_duration_units(DURATION_WEEKS_MAX, 1300, 2, &units), REASON_NONE);
    assert_close(units, 7800, 1e-12);
    assert_int_equal(power_duration(units, 1300, 2, &d), REASON_NONE);
    assert_true(d.weeks == 8 && !d.too_long);
    assert_int_equal(power_duration(units + 1, 1300, 2, &d), REASON_NONE);
    assert_true(d.too_long);
}

static void impossible_flows_have_a_reason_and_leave_the_output(void **state)
{
    (void)state;
    struct duration d = {.weeks = 5};
    double units = 5;
    const double bad[] = {-1, NOT_A_NUMBER, INFINITE};
    for (size_t i = 0; i < 3; i++) {
        assert_int_equal(power_duration(bad[i], 10, 1, &d), REASON_INVALID);
        assert_int_equal(power_duration(10, bad[i], 1, &d), REASON_INVALID);
        assert_int_equal(power_duration(10, 10, bad[i], &d), REASON_INVALID);
        assert_int_equal(power_duration_units(bad[i], 10, 1, &units), REASON_INVALID);
        assert_int_equal(power_duration_units(8, bad[i], 1, &units), REASON_INVALID);
        assert_int_equal(power_duration_units(8, 10, bad[i], &units), REASON_INVALID);
    }
    assert_int_equal(power_duration(10, 0, 1, &d), REASON_INVALID);
    assert_int_equal(power_duration(1e300, 1e-300, 1, &d), REASON_NOT_DETECTABLE);
    assert_int_equal(power_duration_units(8, 10, 13, &units), REASON_TOO_EARLY);
    assert_int_equal(power_duration_units(1e300, 1e300, 1, &units), REASON_NOT_FINITE);
    assert_true(d.weeks == 5 && units == 5);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(weeks_are_whole_and_at_least_two),
        cmocka_unit_test(reachable_units_take_the_weeks_they_were_asked_for),
        cmocka_unit_test(impossible_flows_have_a_reason_and_leave_the_output),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
