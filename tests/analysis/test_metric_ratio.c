/* Means, ratios and answers, worked out by hand (grammar.md, 4; cube.md). */

#include "metric_world.h"

static const char metrics_text[] =
    "  order: {kind: mean, event: Paid, property: amount, within: 7d, cap: 10}\n"
    "  paid: {kind: sum, event: Paid, property: amount, within: 7d, cap: 10}\n"
    "  calls: {kind: count, event: Call, within: 7d, cap: 2}\n"
    "  came: {kind: conversion, event: Call, within: 7d}\n"
    "  per: {kind: ratio, numerator: paid, denominator: calls}\n"
    "  share: {kind: ratio, numerator: came, denominator: calls}\n"
    "  score: {kind: nps, event: Answer, property: score, within: 7d}\n";
enum { ORDER = 1, PER, SHARE, SCORE };

static void begin(struct metric_world *made)
{
    metric_world_make(made,
                      VARIANTS "metrics: {goal: order, why: w, secondary: [per, share, score]}\n"
                               "analysis: {expect: {baseline: 3, lift: 10%, units: 1000, sd: 2}}\n",
                      metrics_text);
    meet(made, "u");
}

static void a_mean_is_the_total_over_the_events_that_have_a_number(void **state)
{
    (void)state;
    struct metric_world made;
    begin(&made);
    act(&made, "u", "Paid", "{\"amount\":8}", 0);
    act(&made, "u", "Paid", "{\"amount\":4}", 1);
    act(&made, "u", "Paid", "{\"amount\":\"?\"}", 2);
    meet(&made, "zero");
    act(&made, "zero", "Paid", "{\"amount\":0}", 0);
    meet(&made, "nobody");
    fold_all(&made);
    assert_field(&made, ORDER, RATIO_N, 3);
    assert_field(&made, ORDER, RATIO_Y, 10 * MICRO); /* 12 capped */
    assert_field(&made, ORDER, RATIO_S, 2 + 1);
    assert_field(&made, ORDER, RATIO_YY, (int128)100 * MICRO * MICRO);
    assert_field(&made, ORDER, RATIO_SS, 4 + 1);
    assert_field(&made, ORDER, RATIO_YS, 20 * MICRO);
    assert_field(&made, ORDER, RATIO_UNITS, 2);
    metric_world_remove(&made);
}

static void the_parts_of_a_ratio_have_caps_of_their_own(void **state)
{
    (void)state;
    struct metric_world made;
    begin(&made);
    act(&made, "u", "Paid", "{\"amount\":25}", 0);
    for (int i = 0; i < 3; i++)
        act(&made, "u", "Call", "", i);
    meet(&made, "paid");
    act(&made, "paid", "Paid", "{\"amount\":1}", 0);
    fold_all(&made);
    assert_field(&made, PER, RATIO_Y, 11 * MICRO);
    assert_field(&made, PER, RATIO_S, 2);
    assert_field(&made, PER, RATIO_YS, 20 * MICRO);
    assert_field(&made, PER, RATIO_UNITS, 2); /* who has no call keeps what was paid */
    assert_field(&made, SHARE, RATIO_Y, 1);
    assert_field(&made, SHARE, RATIO_S, 2);
    assert_field(&made, SHARE, RATIO_UNITS, 1);
    metric_world_remove(&made);
}

static void the_first_answer_that_is_a_whole_number_to_ten_counts(void **state)
{
    (void)state;
    struct metric_world made;
    begin(&made);
    act(&made, "u", "Answer", "{\"score\":11}", 0);
    act(&made, "u", "Answer", "{\"score\":8.5}", 1);
    act(&made, "u", "Answer", "{\"score\":9}", 2);
    act(&made, "u", "Answer", "{\"score\":0}", 3);
    fold_all(&made);
    assert_field(&made, SCORE, NPS_RESPONDED, 1);
    assert_field(&made, SCORE, NPS_PROMOTERS, 1);
    assert_field(&made, SCORE, NPS_DETRACTORS, 0);
    assert_field(&made, 0, UNITS_UNREAD, 2);
    act(&made, "u", "Answer", "{\"score\":6}", 0); /* comes late, but was the first */
    fold_all(&made);
    assert_field(&made, SCORE, NPS_PROMOTERS, 0);
    assert_field(&made, SCORE, NPS_DETRACTORS, 1);
    metric_world_remove(&made);
}

static void promoters_give_nine_or_ten_and_detractors_up_to_six(void **state)
{
    (void)state;
    struct metric_world made;
    begin(&made);
    for (int score = 0; score <= 10; score++) {
        char user[8], properties[32];
        snprintf(user, sizeof user, "s%d", score);
        snprintf(properties, sizeof properties, "{\"score\":%d}", score);
        struct slice kept = arena_copy(&made.arena, slice_of(user));
        struct slice text = arena_copy(&made.arena, slice_of(properties));
        meet(&made, kept.data);
        act(&made, kept.data, "Answer", text.data, 7 * DAY - 1);
    }
    act(&made, "u", "Answer", "{\"score\":10}", 7 * DAY);
    fold_all(&made);
    assert_field(&made, SCORE, NPS_N, 12);
    assert_field(&made, SCORE, NPS_RESPONDED, 11);
    assert_field(&made, SCORE, NPS_PROMOTERS, 2);
    assert_field(&made, SCORE, NPS_DETRACTORS, 7);
    metric_world_remove(&made);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_mean_is_the_total_over_the_events_that_have_a_number),
        cmocka_unit_test(the_parts_of_a_ratio_have_caps_of_their_own),
        cmocka_unit_test(the_first_answer_that_is_a_whole_number_to_ten_counts),
        cmocka_unit_test(promoters_give_nine_or_ten_and_detractors_up_to_six),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
