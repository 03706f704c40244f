/* Times to an event, curves, and their bins, worked out by hand (grammar.md, 4; cube.md). */

#include "metric_world.h"

static const char metrics_text[] =
    "  value: {kind: time_to, event: Deal, within: 36h, competing: [Closed, Left]}\n"
    "  third: {kind: time_to, event: {event: Mail, times: 3}, within: 3d}\n"
    "  both: {kind: time_to, all_of: [Mail, Deal], within: 3d}\n"
    "  one: {kind: time_to, any_of: [Mail, {event: Deal, where: {big: true}}], within: 3d}\n"
    "  days: {kind: time_to, event: {event: Call, distinct_days: 2}, within: 3d}\n"
    "  weeks: {kind: retention_curve, every: 7d, until: 21d}\n"
    "  calls: {kind: retention_curve, event: {event: Call, times: 2}, every: 24h, until: 3d}\n";
enum { VALUE = 1, THIRD, BOTH, ONE, DAYS, WEEKS, CALLS };

static void begin(struct metric_world *made)
{
    metric_world_make(
        made,
        VARIANTS "metrics: {goal: value, why: w, secondary: [third, both, one, "
                 "days], diagnostics: [weeks, calls]}\n"
                 "analysis: {lift: absolute, expect: {baseline: 1d, lift: -2h, units: 1000}}\n",
        metrics_text);
    meet(made, "u");
}

static void bins_are_five_minutes_for_a_day_then_hours(void **state)
{
    (void)state;
    static const struct {
        int64_t elapsed_ms;
        uint32_t bin;
    } cases[] = {
        {0, 0},     {5 * MINUTE - 1, 0},   {5 * MINUTE, 1},   {DAY - 1, 287},
        {DAY, 288}, {DAY + HOUR - 1, 288}, {DAY + HOUR, 289}, {400 * DAY - 1, 288 + 399 * 24 - 1}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        uint32_t bin = time_bin(cases[i].elapsed_ms);
        assert_int_equal(bin, cases[i].bin);
        assert_true(time_bin_from_ms(bin) <= cases[i].elapsed_ms);
        assert_true(cases[i].elapsed_ms < time_bin_until_ms(bin));
        assert_int_equal(time_bin_until_ms(bin), time_bin_from_ms(bin + 1));
    }
}

/* Every second of 30 days lies within its bin, whose width is at most a 64th of its place. */
static void waits_are_exact_then_a_64th_of_themselves(void **state)
{
    (void)state;
    uint32_t before = 0;
    assert_int_equal(wait_bin(127 * SECOND + 999), 127);
    assert_int_equal(wait_bin(128 * SECOND), 128);
    assert_int_equal(wait_bin(129 * SECOND), 128);
    assert_int_equal(wait_bin(130 * SECOND), 129);
    assert_int_equal(wait_bin(255 * SECOND), 191);
    assert_int_equal(wait_bin(256 * SECOND), 192);
    assert_int_equal(wait_bin(-5), 0);
    for (int64_t second = 0; second < 30 * 24 * 3600; second += 7) {
        uint32_t bin = wait_bin(second * SECOND);
        double middle = wait_bin_seconds(bin), at = (double)second;
        assert_true(bin >= before);
        assert_true(middle > at - at / 128 - 1 && middle < at + at / 128 + 1);
        before = bin;
    }
}

static void the_first_end_in_the_window_wins_and_the_event_on_a_tie(void **state)
{
    (void)state;
    struct metric_world made;
    begin(&made);
    act(&made, "u", "Deal", "", 10 * MINUTE);
    act(&made, "u", "Closed", "", 10 * MINUTE); /* a tie */
    meet(&made, "closed");
    act(&made, "closed", "Deal", "", DAY + HOUR);
    act(&made, "closed", "Closed", "", DAY + HOUR - 1);
    meet(&made, "left");
    act(&made, "left", "Left", "", 1);
    act(&made, "left", "Closed", "", 2);
    meet(&made, "late");
    act(&made, "late", "Deal", "", 36 * HOUR);
    act(&made, "late", "Closed", "", -1);
    meet(&made, "last");
    act(&made, "last", "Deal", "", 36 * HOUR - 1);
    fold_all(&made);
    assert_field(&made, VALUE, TIME_N, 5);
    assert_bins(&made, VALUE, "0:2=1 0:299=1 1:288=1 2:0=1");
    metric_world_remove(&made);
}

static void the_moment_is_that_at_which_the_form_is_satisfied(void **state)
{
    (void)state;
    struct metric_world made;
    begin(&made);
    act(&made, "u", "Mail", "", 0);
    act(&made, "u", "Mail", "", 30 * MINUTE);
    act(&made, "u", "Deal", "", 20 * MINUTE);
    act(&made, "u", "Mail", "", 15 * MINUTE);
    act(&made, "u", "Call", "", DAY - 1);
    act(&made, "u", "Call", "", DAY);
    act(&made, "u", "Call", "", 2 * DAY);
    fold_all(&made);
    assert_bins(&made, THIRD, "0:6=1");  /* the third by time, at 30 minutes */
    assert_bins(&made, BOTH, "0:4=1");   /* when the last was met */
    assert_bins(&made, ONE, "0:0=1");    /* when the first was */
    assert_bins(&made, DAYS, "0:288=1"); /* the second elapsed day begins */
    metric_world_remove(&made);
}

static void an_earlier_event_that_comes_late_moves_the_bin(void **state)
{
    (void)state;
    struct metric_world made;
    begin(&made);
    act(&made, "u", "Closed", "", HOUR);
    fold_all(&made);
    assert_bins(&made, VALUE, "1:12=1");
    act(&made, "u", "Deal", "", HOUR - 1);
    fold_all(&made);
    assert_bins(&made, VALUE, "0:11=1");
    metric_world_remove(&made);
}

static void brackets_are_half_open_and_follow_each_other(void **state)
{
    (void)state;
    struct metric_world made;
    begin(&made);
    act(&made, "u", "Any", "", 7 * DAY - 1);
    act(&made, "u", "Any", "", 14 * DAY);
    act(&made, "u", "Any", "", 21 * DAY);
    meet(&made, "v");
    act(&made, "v", "Any", "", 7 * DAY);
    act(&made, "v", "Call", "", 2 * DAY - 1);
    act(&made, "v", "Call", "", 2 * DAY);
    act(&made, "v", "Call", "", 3 * DAY - 1);
    act(&made, "v", "Call", "", 3 * DAY);
    fold_all(&made);
    assert_field(&made, WEEKS, CURVE_N, 2);
    assert_field(&made, WEEKS, CURVE_X, 2);
    assert_field(&made, WEEKS, CURVE_X + 1, 1);
    assert_field(&made, WEEKS, CURVE_X + 2, 1);
    assert_field(&made, CALLS, CURVE_X + 1, 0); /* one is not two */
    assert_field(&made, CALLS, CURVE_X + 2, 1);
    metric_world_remove(&made);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(bins_are_five_minutes_for_a_day_then_hours),
        cmocka_unit_test(waits_are_exact_then_a_64th_of_themselves),
        cmocka_unit_test(the_first_end_in_the_window_wins_and_the_event_on_a_tie),
        cmocka_unit_test(the_moment_is_that_at_which_the_form_is_satisfied),
        cmocka_unit_test(an_earlier_event_that_comes_late_moves_the_bin),
        cmocka_unit_test(brackets_are_half_open_and_follow_each_other),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
