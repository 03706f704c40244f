/* Steps of flows, numeric covariates and joint fields, worked out by hand (cube.md). */

#include "metric_world.h"

static const char flow_text[] =
    "variants:\n"
    "  a: {control: true, flow: [{step: hello, pattern: tour},\n"
    "     {step: add, pattern: checklist, done_when: Contact}, {step: \"3\", pattern: video}]}\n"
    "  b: {flow: [{step: other, pattern: tour}]}\n"
    "metrics: {goal: came, why: w}\n"
    "analysis: {flow_within: 2d, expect: {baseline: 20%, lift: 10%, units: 1000}}\n";
static const char came_text[] = "  came: {kind: conversion, event: Call, within: 7d}\n";
enum { HELLO = 2, ADD, THREE };

static void step(struct metric_world *made, const char *user, const char *what, const char *name,
                 int64_t after_ms)
{
    struct slice event = arena_format(&made->arena, "Onboarding Step %s", what);
    struct slice properties =
        arena_format(&made->arena, "{\"experiment_id\":\"first\",\"step\":%s}", name);
    act(made, user, event.data, properties.data, after_ms);
}

static void begin(struct metric_world *made)
{
    metric_world_make(made, flow_text, came_text);
    meet(made, "u");
}

static void a_step_is_reached_when_it_is_viewed_within_the_flow(void **state)
{
    (void)state;
    struct metric_world made;
    begin(&made);
    step(&made, "u", "Viewed", "\"hello\"", -1);
    step(&made, "u", "Viewed", "\"hello\"", 2 * DAY);
    step(&made, "u", "Completed", "\"hello\"", 5);
    meet(&made, "v");
    step(&made, "v", "Viewed", "\"hello\"", 2 * DAY - 1);
    step(&made, "v", "Viewed", "\"other\"", 1); /* another variant's */
    fold_all(&made);
    assert_field(&made, HELLO, STEP_N, 2);
    assert_field(&made, HELLO, STEP_REACHED, 1);
    assert_field(&made, HELLO, STEP_COMPLETED, 0); /* it was not viewed before */
    assert_field(&made, THREE + 1, STEP_N, 0);
    metric_world_remove(&made);
}

static void a_step_ends_after_its_view_by_itself_or_by_its_event(void **state)
{
    (void)state;
    struct metric_world made;
    begin(&made);
    act(&made, "u", "Contact", "", 59 * SECOND);
    step(&made, "u", "Viewed", "\"add\"", 60 * SECOND);
    act(&made, "u", "Contact", "", 70 * SECOND);
    step(&made, "u", "Completed", "\"add\"", 65 * SECOND);
    step(&made, "u", "Dismissed", "\"add\"", 60 * SECOND);
    step(&made, "u", "Failed", "\"add\"", 59 * SECOND);
    meet(&made, "v");
    step(&made, "v", "Viewed", "\"add\"", 0);
    act(&made, "v", "Contact", "", 200 * SECOND);
    fold_all(&made);
    assert_field(&made, ADD, STEP_REACHED, 2);
    assert_field(&made, ADD, STEP_COMPLETED, 2);
    assert_field(&made, ADD, STEP_DISMISSED, 1);
    assert_field(&made, ADD, STEP_FAILED, 0);
    /* Waits of 60 s and 0 s; in it 5 s and 200 s, which is 128 + (200 - 128) / 2. */
    assert_bins(&made, ADD, "0:0=1 0:60=1 1:5=1 1:164=1");
    metric_world_remove(&made);
}

static void a_wait_runs_from_the_last_earlier_step_that_was_viewed(void **state)
{
    (void)state;
    struct metric_world made;
    begin(&made);
    step(&made, "u", "Viewed", "\"hello\"", 10 * SECOND);
    step(&made, "u", "Viewed", "3", 25 * SECOND); /* `add` was passed over; a number is its text */
    meet(&made, "v");
    step(&made, "v", "Viewed", "\"hello\"", 9 * SECOND); /* comes after the step that follows it */
    step(&made, "v", "Viewed", "\"add\"", 4 * SECOND);
    step(&made, "v", "Viewed", "3", 29 * SECOND); /* after the later of the two */
    fold_all(&made);
    assert_bins(&made, HELLO, "0:9=1 0:10=1");
    assert_bins(&made, ADD, "0:4=1");
    assert_bins(&made, THREE, "0:15=1 0:20=1");
    metric_world_remove(&made);
}

static void a_step_message_counts_once_however_often_it_comes(void **state)
{
    (void)state;
    struct metric_world made;
    begin(&made);
    step(&made, "u", "Viewed", "\"hello\"", 10 * SECOND);
    made.messages[made.count] = made.messages[made.count - 1];
    made.messages[made.count++].message.occurred_ms += 5 * SECOND;
    fold_all(&made);
    assert_bins(&made, HELLO, "0:10=1");
    metric_world_remove(&made);
}

static const char joint_text[] =
    VARIANTS "metrics: {goal: came, why: w, secondary: [calls, paid]}\n"
             "analysis:\n"
             "  expect: {baseline: 20%, lift: 10%, units: 1000}\n"
             "  adjust_for: [{trait: size, cap: 50, missing: -1.5}, {metric: calls, before: 2d},\n"
             "               {metric: came, before: 3d}]\n";
static const char joint_metrics[] =
    "  came: {kind: conversion, event: {event: Call, times: 2}, within: 7d}\n"
    "  calls: {kind: count, event: Call, within: 7d, cap: 3}\n"
    "  paid: {kind: sum, event: Paid, property: amount, within: 7d, cap: 100}\n";
enum { CAME = 1, CALLS, PAID };

static void trait(struct metric_world *made, const char *user, const char *traits, int64_t after_ms)
{
    struct message *message = put(made, user, T + after_ms);
    message->type = MESSAGE_IDENTIFY;
    message->traits = slice_of(traits);
}

static void covariates_are_what_was_known_at_the_exposure(void **state)
{
    (void)state;
    struct metric_world made;
    metric_world_make(&made, joint_text, joint_metrics);
    meet(&made, "u");
    trait(&made, "u", "{\"size\":\"12.5\"}", 0);
    trait(&made, "u", "{\"size\":40}", 1);
    act(&made, "u", "Call", "", -2 * DAY);     /* in the window of calls and came */
    act(&made, "u", "Call", "", -2 * DAY - 1); /* in that of came alone */
    act(&made, "u", "Call", "", -1);
    act(&made, "u", "Call", "", 0); /* after it */
    meet(&made, "v");
    trait(&made, "v", "{\"size\":1000}", -DAY);
    meet(&made, "w");
    trait(&made, "w", "{\"size\":\"big\"}", -DAY);
    fold_all(&made);
    const size_t z = UNITS_FIELD_COUNT;
    assert_field(&made, 0, z, 12500000 + 50 * MICRO - 1500000);
    assert_field(&made, 0, z + 1, 2 * MICRO);
    assert_field(&made, 0, z + 2, MICRO);
    assert_field(&made, 0, z + 3,
                 (int128)12500000 * 12500000 + (int128)2500 * MICRO * MICRO +
                     (int128)1500000 * 1500000);
    assert_field(&made, 0, z + 4, (int128)12500000 * 2 * MICRO);
    assert_field(&made, 0, z + 5, (int128)12500000 * MICRO);
    assert_field(&made, 0, z + 6, (int128)4 * MICRO * MICRO);
    assert_field(&made, 0, z + 7, (int128)2 * MICRO * MICRO);
    assert_field(&made, 0, z + 8, (int128)MICRO * MICRO);
    metric_world_remove(&made);
}

/* [-24 h, 0) is one day and [-48 h, -24 h) another. */
static void days_before_the_exposure_are_elapsed_days_too(void **state)
{
    (void)state;
    struct metric_world made;
    metric_world_make(&made,
                      VARIANTS "metrics: {goal: days, why: w}\n"
                               "analysis:\n"
                               "  expect: {baseline: 20%, lift: 10%, units: 1000}\n"
                               "  adjust_for: [{metric: days, before: 3d}]\n",
                      "  days: {kind: conversion, event: {event: Call, distinct_days: 2}, within: "
                      "7d}\n");
    meet(&made, "one");
    act(&made, "one", "Call", "", -DAY);
    act(&made, "one", "Call", "", -1);
    act(&made, "one", "Call", "", 0);
    meet(&made, "two");
    act(&made, "two", "Call", "", -DAY - 1);
    act(&made, "two", "Call", "", -DAY);
    fold_all(&made);
    assert_field(&made, 0, UNITS_N, 2);
    assert_field(&made, 0, UNITS_FIELD_COUNT, MICRO);
    metric_world_remove(&made);
}

static void joint_fields_are_products_with_covariates_and_with_the_goal(void **state)
{
    (void)state;
    struct metric_world made;
    metric_world_make(&made, joint_text, joint_metrics);
    meet(&made, "u");
    trait(&made, "u", "{\"size\":7}", 0);
    for (int i = 0; i < 5; i++)
        act(&made, "u", "Call", "", i);
    act(&made, "u", "Paid", "{\"amount\":2.5}", 0);
    meet(&made, "v"); /* not the goal: nothing joins */
    trait(&made, "v", "{\"size\":1}", 0);
    act(&made, "v", "Call", "", 0);
    fold_all(&made);
    assert_field(&made, CAME, SHARE_FIELD_COUNT, 7 * MICRO); /* no GY: it is the goal */
    assert_field(&made, CALLS, VALUE_FIELD_COUNT, 3 * 7 * MICRO + MICRO);
    assert_field(&made, CALLS, VALUE_FIELD_COUNT + 3, 3);
    assert_field(&made, PAID, VALUE_FIELD_COUNT, (int128)2500000 * 7 * MICRO);
    assert_field(&made, PAID, VALUE_FIELD_COUNT + 3, 2500000);
    metric_world_remove(&made);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_step_is_reached_when_it_is_viewed_within_the_flow),
        cmocka_unit_test(a_step_ends_after_its_view_by_itself_or_by_its_event),
        cmocka_unit_test(a_wait_runs_from_the_last_earlier_step_that_was_viewed),
        cmocka_unit_test(a_step_message_counts_once_however_often_it_comes),
        cmocka_unit_test(covariates_are_what_was_known_at_the_exposure),
        cmocka_unit_test(days_before_the_exposure_are_elapsed_days_too),
        cmocka_unit_test(joint_fields_are_products_with_covariates_and_with_the_goal),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
