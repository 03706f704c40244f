/*
 * The ordered table of inference.md: each row that can be reached, most with the row above it
 * nearly true, in the three designs, with one and two treatments, without guardrail and without
 * expectation, with `better: lower`, and stopped by hand at a moment that looks significant.
 *
 * Counts are daily and the same every day, so what a test expects can be worked out by hand.
 */

#include "inference_fixture.h"

#include <math.h>

#define PLANNED_DAYS 30

/* A running experiment of PLANNED_DAYS with one goal whose window is one day, 100 units a variant
 * and day, of which 30 of the control and `treatment` of the other succeed. */
static struct fixture *ordinary(size_t variants, enum design design, size_t days,
                                uint64_t treatment)
{
    static struct fixture f;
    fixture_init(&f, variants, design);
    struct fixture_metric *goal = fixture_metric(&f, "m", ROLE_GOAL, 1);
    fixture_counts(goal, 100, 30, treatment);
    for (size_t j = 2; j < variants; j++)
        goal->daily[j] = goal->daily[1];
    f.plan.end_ms = f.declared.end_ms = fixture_end(PLANNED_DAYS, 0);
    f.days = days;
    f.as_of_ms = fixture_end(days, 1);
    return &f;
}

static struct fixture_metric *add_guardrail(struct fixture *f, double margin, uint64_t control,
                                            uint64_t treatment)
{
    struct fixture_metric *guardrail = fixture_metric(f, "g", ROLE_GUARDRAIL, 1);
    guardrail->plan.margin = margin;
    fixture_counts(guardrail, 100, control, treatment);
    for (size_t j = 2; j < f->plan.variants; j++)
        guardrail->daily[j] = guardrail->daily[1];
    return guardrail;
}

static void expect_row(struct fixture *f, unsigned row, enum verdict_code code, int variant)
{
    struct verdict verdict = fixture_verdict(f);
    if (verdict.row != row || verdict.code != code || verdict.variant != variant)
        fail_msg("row %u, %s, variant %d: %s", verdict.row, verdict_code_texts[verdict.code],
                 verdict.variant, f->text);
}

static void expect_text(const struct fixture *f, const char *part)
{
    if (!strstr(f->text, part))
        fail_msg("no '%s' in: %s", part, f->text);
}

static void row_1_a_draft_a_future_start_or_nobody_is_not_started(void **state)
{
    struct fixture *f = ordinary(2, DESIGN_HYBRID, 20, 60);
    (void)state;
    f->declared.status = EXPERIMENT_DRAFT;
    fixture_infer(f);
    expect_row(f, 1, VERDICT_NOT_STARTED, -1);
    expect_text(f, "draft");
    f->declared.status = EXPERIMENT_RUNNING;
    f->as_of_ms = f->plan.start_ms - 1;
    fixture_infer(f);
    expect_row(f, 1, VERDICT_NOT_STARTED, -1);
    expect_text(f, "starts on 4 October 2024");
    f = ordinary(2, DESIGN_HYBRID, 0, 60);
    f->as_of_ms = f->plan.start_ms;
    fixture_infer(f);
    expect_row(f, 1, VERDICT_NOT_STARTED, -1);
    expect_text(f, "none of the users");
}

static void row_2_what_cannot_be_read_is_not_trusted(void **state)
{
    struct fixture *f = ordinary(2, DESIGN_HYBRID, 20, 60);
    (void)state;
    f->as_of_ms = f->plan.start_ms; /* the first moment that is not before the start */
    fixture_infer(f);
    f->input.damage = "a cell of the cube fails its checksum";
    expect_row(f, 2, VERDICT_DO_NOT_TRUST, -1);
    expect_text(f, "fails its checksum");
    f->days = 0; /* nothing could be read, so nobody is known */
    fixture_infer(f);
    f->input.damage = "the cube cannot be read";
    expect_row(f, 2, VERDICT_DO_NOT_TRUST, -1);
}

static void row_3_a_split_that_does_not_fit_is_not_trusted(void **state)
{
    struct fixture *f = ordinary(2, DESIGN_HYBRID, 20, 60);
    (void)state;
    fixture_infer(f);
    f->ratio = (struct ratio_report){.tested = true,
                                     .state = SAMPLE_RATIO_ALARM,
                                     .gap = .0123,
                                     .has_since = true,
                                     .since = FIXTURE_FIRST + 3};
    f->input.ratio_segment = SLICE("role = owner");
    expect_row(f, 3, VERDICT_DO_NOT_TRUST, -1);
    expect_text(f, "1.23 points");
    expect_text(f, "7 October 2024");
    expect_text(f, "role = owner");
    f->ratio.state = SAMPLE_RATIO_WARNING; /* a warning alone decides nothing */
    expect_row(f, 9, VERDICT_SHIP, 1);
}

static void row_4_crossed_units_are_not_trusted(void **state)
{
    struct fixture *f = ordinary(2, DESIGN_HYBRID, 20, 60);
    (void)state;
    fixture_infer(f);
    f->ratio = (struct ratio_report){.tested = true, .state = SAMPLE_RATIO_WARNING};
    f->crossed[0] = 100;
    f->crossed[1] = 200;
    crossed_check(f->crossed, f->exposed, 2, &f->crossing);
    expect_row(f, 4, VERDICT_DO_NOT_TRUST, -1);
    expect_text(f, "control 5.0%, b 10.0%");
}

static void row_5_more_than_one_in_a_hundred_mismatches_is_not_trusted(void **state)
{
    struct fixture *f = ordinary(2, DESIGN_HYBRID, 20, 60);
    (void)state;
    fixture_infer(f);
    f->input.mismatched = 40; /* of 4 000: 1 % is still borne */
    expect_row(f, 9, VERDICT_SHIP, 1);
    f->input.mismatched = 41;
    expect_row(f, 5, VERDICT_DO_NOT_TRUST, -1);
}

static void row_6_every_variant_harmed_stops_and_names_the_worst(void **state)
{
    struct fixture *f = ordinary(3, DESIGN_HYBRID, 20, 10);
    (void)state;
    f->metrics[0].daily[2].successes = 5;
    fixture_infer(f);
    f->input.mismatched = 60; /* of 6 000: nearly row 5 */
    expect_row(f, 6, VERDICT_STOP_HARM, 2);
    expect_text(f, "c does harm");
    expect_text(f, "m is 5.00% against 30.0% in control (-25.00 points");
    f->metrics[0].daily[2].successes = 30; /* one is harmed, the other is not */
    fixture_infer(f);
    struct verdict verdict = fixture_verdict(f);
    assert_int_not_equal(verdict.code, VERDICT_STOP_HARM);
    assert_true(verdict.flags & VERDICT_BIT(VERDICT_FLAG_HARMS));
    expect_text(f, "Take b out: it harms m.");
}

static void row_6_reads_guardrails_in_every_design(void **state)
{
    static const enum design designs[] = {DESIGN_HYBRID, DESIGN_ALWAYS, DESIGN_FIXED};
    (void)state;
    for (size_t i = 0; i < 3; i++) {
        struct fixture *f = ordinary(2, designs[i], 20, 60);
        add_guardrail(f, .02, 50, 35);
        fixture_infer(f);
        expect_row(f, 6, VERDICT_STOP_HARM, 1);
        expect_text(f, "g is 35.0% against 50.0%");
    }
}

static void row_6_beats_a_win_on_another_goal(void **state)
{
    struct fixture *f = ordinary(2, DESIGN_HYBRID, 20, 60);
    (void)state;
    fixture_counts(fixture_metric(f, "m2", ROLE_GOAL, 1), 100, 60, 30);
    fixture_infer(f);
    expect_row(f, 6, VERDICT_STOP_HARM, 1);
    expect_text(f, "m2 is 30.0%");
}

static void rows_7_and_8_without_a_goal_nothing_is_decided(void **state)
{
    static struct fixture f;
    (void)state;
    fixture_init(&f, 2, DESIGN_HYBRID);
    add_guardrail(&f, .02, 50, 51);
    f.days = 20;
    f.as_of_ms = fixture_end(20, 1);
    fixture_infer(&f);
    expect_row(&f, 7, VERDICT_KEEP_RUNNING, -1);
    f.input.status = EXPERIMENT_PAUSED;
    expect_row(&f, 7, VERDICT_KEEP_RUNNING, -1);
    f.declared.status = EXPERIMENT_STOPPED;
    f.declared.stopped_ms = f.as_of_ms;
    fixture_infer(&f);
    expect_row(&f, 8, VERDICT_INCONCLUSIVE, -1);
    fixture_counts(&f.metrics[0], 100, 50, 20); /* harm comes first, also without a goal */
    fixture_infer(&f);
    expect_row(&f, 6, VERDICT_STOP_HARM, 1);
}

static void row_9_a_clear_win_ships_before_the_end(void **state)
{
    static const enum design designs[] = {DESIGN_HYBRID, DESIGN_ALWAYS};
    (void)state;
    for (size_t i = 0; i < 2; i++) {
        struct fixture *f = ordinary(2, designs[i], 20, 45);
        fixture_infer(f);
        expect_row(f, 9, VERDICT_SHIP, 1);
        expect_text(f, "Stopped early: expect less");
    }
    struct fixture *f = ordinary(2, DESIGN_HYBRID, 7, 60); /* min_days just reached */
    add_guardrail(f, .4, 50, 50);
    fixture_infer(f);
    expect_row(f, 9, VERDICT_SHIP, 1);
    expect_text(f, "No guardrail is worse than its margin");
}

static void row_9_needs_peeking_and_fixed_has_none(void **state)
{
    struct fixture *f = ordinary(2, DESIGN_FIXED, 20, 90);
    (void)state;
    fixture_infer(f);
    expect_row(f, 22, VERDICT_KEEP_RUNNING, -1);
    f = ordinary(2, DESIGN_FIXED, 5, 90); /* nor row 11 */
    fixture_infer(f);
    expect_row(f, 22, VERDICT_KEEP_RUNNING, -1);
}

static void row_10_a_win_on_the_final_set_ships(void **state)
{
    static const enum design designs[] = {DESIGN_HYBRID, DESIGN_ALWAYS, DESIGN_FIXED};
    (void)state;
    for (size_t i = 0; i < 3; i++) {
        struct fixture *f = ordinary(2, designs[i], PLANNED_DAYS, 45);
        add_guardrail(f, .05, 50, 50);
        fixture_infer(f);
        expect_row(f, 10, VERDICT_SHIP, 1);
        assert_null(strstr(f->text, "early"));
    }
}

static void row_10_does_not_ask_for_min_days(void **state)
{
    struct fixture *f = ordinary(2, DESIGN_HYBRID, 5, 60);
    (void)state;
    f->plan.end_ms = f->declared.end_ms = fixture_end(5, 0);
    fixture_infer(f);
    expect_row(f, 10, VERDICT_SHIP, 1);
}

static void row_10_names_the_best_and_the_second(void **state)
{
    struct fixture *f = ordinary(3, DESIGN_HYBRID, PLANNED_DAYS, 45);
    (void)state;
    f->metrics[0].daily[2].successes = 50;
    fixture_infer(f);
    expect_row(f, 10, VERDICT_SHIP, 2);
    expect_text(f, "Ship c");
    expect_text(f, "b is better than the control too");
    f->metrics[0].daily[2].successes = 45; /* a tie goes to the one declared first */
    fixture_infer(f);
    expect_row(f, 10, VERDICT_SHIP, 1);
}

static void row_10_passes_over_a_winner_whose_guardrail_is_harmed(void **state)
{
    struct fixture *f = ordinary(3, DESIGN_HYBRID, PLANNED_DAYS, 45);
    (void)state;
    f->metrics[0].daily[2].successes = 60;
    struct fixture_metric *guardrail = add_guardrail(f, .05, 50, 50);
    guardrail->daily[2].successes = 20;
    fixture_infer(f);
    expect_row(f, 10, VERDICT_SHIP, 1);
    expect_text(f, "Take c out: it harms g.");
}

static void row_10_reads_the_side_that_is_better(void **state)
{
    struct fixture *f = ordinary(2, DESIGN_HYBRID, PLANNED_DAYS, 15);
    (void)state;
    f->metrics[0].plan.lower_is_better = true;
    fixture_infer(f);
    expect_row(f, 10, VERDICT_SHIP, 1);
    f->metrics[0].daily[1].successes = 45;
    fixture_infer(f);
    expect_row(f, 6, VERDICT_STOP_HARM, 1);
}

static void row_11_ahead_but_less_than_a_week_runs_on(void **state)
{
    struct fixture *f = ordinary(2, DESIGN_HYBRID, 6, 60);
    (void)state;
    fixture_infer(f);
    expect_row(f, 11, VERDICT_KEEP_RUNNING, -1);
    expect_text(f, "b is ahead");
    expect_text(f, "until 12 October 2024"); /* the seventh day ends on the 11th, a day more */
}

static void row_12_a_win_waits_for_its_guardrail(void **state)
{
    struct fixture *f = ordinary(2, DESIGN_HYBRID, 20, 60);
    (void)state;
    add_guardrail(f, .02, 50, 50);
    fixture_infer(f);
    expect_row(f, 12, VERDICT_KEEP_RUNNING, -1);
    expect_text(f, "Goal met by b");
    expect_text(f, "Waiting for g (at worst ");
    expect_text(f, "until 4 November 2024"); /* day 30 ends on November 3rd, one day of window */
    f = ordinary(2, DESIGN_HYBRID, PLANNED_DAYS, 60); /* the goal is final, the guardrail is slow */
    add_guardrail(f, .02, 50, 50)->plan.window_ms = 20 * DAY_MS;
    fixture_infer(f);
    expect_row(f, 12, VERDICT_KEEP_RUNNING, -1);
}

static void row_13_a_win_not_shown_harmless_is_inconclusive(void **state)
{
    struct fixture *f = ordinary(2, DESIGN_HYBRID, PLANNED_DAYS, 60);
    (void)state;
    struct fixture_metric *guardrail = add_guardrail(f, .01, 50, 50);
    fixture_infer(f);
    expect_row(f, 13, VERDICT_INCONCLUSIVE, 1);
    expect_text(f, "not shown harmless on g (+");
    guardrail->plan.kind = METRIC_RETENTION_CURVE; /* blind: can never be estimated */
    fixture_infer(f);
    expect_row(f, 13, VERDICT_INCONCLUSIVE, 1);
    expect_text(f, "g (no estimate)");
}

static void row_14_a_final_goal_without_estimate_is_inconclusive(void **state)
{
    struct fixture *f = ordinary(2, DESIGN_HYBRID, PLANNED_DAYS, 60);
    (void)state;
    f->metrics[0].plan.kind = METRIC_RETENTION_CURVE;
    fixture_infer(f);
    expect_row(f, 14, VERDICT_INCONCLUSIVE, -1);
    expect_text(f, "does not compute retention_curve");
    f->as_of_ms = fixture_end(PLANNED_DAYS - 1, 0); /* before its final look: row 20 */
    fixture_infer(f);
    expect_row(f, 20, VERDICT_KEEP_RUNNING, -1);
}

/* After 20 days 600 against 660 of 2 000: z = 2.0, which a look at p = .05 would take. */
static void row_15_a_hand_stop_at_a_moment_that_looks_significant_decides_nothing(void **state)
{
    static const enum design designs[] = {DESIGN_HYBRID, DESIGN_FIXED};
    (void)state;
    for (size_t i = 0; i < 2; i++) {
        struct fixture *f = ordinary(2, designs[i], 20, 33);
        f->declared.status = EXPERIMENT_STOPPED;
        f->declared.stopped_ms = fixture_end(20, 0);
        f->as_of_ms = fixture_end(20, 1);
        fixture_infer(f);
        struct test naive;
        assert_int_equal(proportion_score(&(struct proportion_pair){.treatment = {660, 2000},
                                                                    .control = {600, 2000}},
                                          0, &naive),
                         REASON_NONE);
        assert_true(naive.p < .05);
        expect_row(f, 15, VERDICT_INCONCLUSIVE, -1);
        expect_text(f, "stopped by hand");
        f->as_of_ms--; /* its last cohort is not mature yet */
        fixture_infer(f);
        expect_row(f, 18, VERDICT_KEEP_RUNNING, -1);
        f->as_of_ms = fixture_end(100, 0); /* and the end's passing makes no final test of it */
        fixture_infer(f);
        expect_row(f, 15, VERDICT_INCONCLUSIVE, -1);
    }
}

static void row_15_an_earlier_end_is_a_hand_stop(void **state)
{
    struct fixture *f = ordinary(2, DESIGN_HYBRID, 20, 33);
    (void)state;
    f->declared.end_ms = fixture_end(20, 0);
    fixture_infer(f);
    expect_row(f, 15, VERDICT_INCONCLUSIVE, -1);
}

static void anytime_evidence_survives_a_hand_stop(void **state)
{
    struct fixture *f = ordinary(2, DESIGN_HYBRID, 20, 60);
    (void)state;
    f->declared.status = EXPERIMENT_STOPPED;
    f->declared.stopped_ms = fixture_end(20, 0);
    fixture_infer(f);
    expect_row(f, 9, VERDICT_SHIP, 1);
    f = ordinary(2, DESIGN_ALWAYS, 20, 60); /* in `always` the stop is the end */
    f->declared.status = EXPERIMENT_STOPPED;
    f->declared.stopped_ms = fixture_end(20, 0);
    fixture_infer(f);
    expect_row(f, 10, VERDICT_SHIP, 1);
}

static void row_16_no_improvement_as_large_as_planned(void **state)
{
    static const enum design designs[] = {DESIGN_HYBRID, DESIGN_ALWAYS, DESIGN_FIXED};
    (void)state;
    for (size_t i = 0; i < 3; i++) {
        struct fixture *f = ordinary(2, designs[i], PLANNED_DAYS, 30);
        f->plan.expected_difference = .06;
        fixture_infer(f);
        expect_row(f, 16, VERDICT_NO_DIFFERENCE, -1);
        expect_text(f, "Equivalent within ±6 points");
        f->metrics[0].daily[1].successes = 29; /* now it may be worse than 6 points, not better */
        f->plan.expected_difference = .02;
        fixture_infer(f);
        if (designs[i] == DESIGN_FIXED) {
            expect_row(f, 16, VERDICT_NO_DIFFERENCE, -1);
            assert_null(strstr(f->text, "Equivalent"));
        }
    }
}

static void row_16_reads_the_side_that_is_better(void **state)
{
    struct fixture *f = ordinary(2, DESIGN_FIXED, PLANNED_DAYS, 31);
    (void)state;
    f->metrics[0].plan.lower_is_better = true;
    f->plan.expected_difference = .015; /* interval -1.3 to 3.3 points: at best 1.3 lower */
    fixture_infer(f);
    expect_row(f, 16, VERDICT_NO_DIFFERENCE, -1);
    f->metrics[0].plan.lower_is_better = false;
    fixture_infer(f);
    expect_row(f, 17, VERDICT_INCONCLUSIVE, -1);
}

static void row_17_not_shown_is_not_no_effect(void **state)
{
    struct fixture *f = ordinary(2, DESIGN_HYBRID, PLANNED_DAYS, 31);
    (void)state;
    fixture_infer(f); /* nothing is expected, so nothing can be ruled out */
    expect_row(f, 17, VERDICT_INCONCLUSIVE, -1);
    expect_text(f, "Not shown is not the same as no effect");
    f->plan.expected_difference = .02; /* the interval reaches past what was planned */
    fixture_infer(f);
    expect_row(f, 17, VERDICT_INCONCLUSIVE, -1);
}

static void row_17_waits_for_every_goal(void **state)
{
    struct fixture *f = ordinary(2, DESIGN_HYBRID, PLANNED_DAYS, 31);
    (void)state;
    struct fixture_metric *late = fixture_metric(f, "late", ROLE_GOAL, 20);
    fixture_counts(late, 100, 30, 31);
    fixture_infer(f);
    expect_row(f, 18, VERDICT_KEEP_RUNNING, -1);
    f->as_of_ms = fixture_end(PLANNED_DAYS, 20);
    fixture_infer(f);
    expect_row(f, 17, VERDICT_INCONCLUSIVE, -1);
}

static void row_18_after_the_end_the_last_windows_are_waited_for(void **state)
{
    struct fixture *f = ordinary(2, DESIGN_HYBRID, PLANNED_DAYS, 31);
    (void)state;
    f->as_of_ms = fixture_end(PLANNED_DAYS, 1) - 1;
    fixture_infer(f);
    expect_row(f, 18, VERDICT_KEEP_RUNNING, -1);
    expect_text(f, "Wait until 4 November 2024");
}

static void row_19_paused(void **state)
{
    struct fixture *f = ordinary(2, DESIGN_HYBRID, 20, 31);
    (void)state;
    f->declared.status = EXPERIMENT_PAUSED;
    f->plan.planned = 8000;
    fixture_infer(f);
    expect_row(f, 19, VERDICT_KEEP_RUNNING, -1);
    expect_text(f, "Paused at 50% of the planned size: 4,000 of 8,000 users.");
}

static void row_20_before_the_gate_it_is_too_early(void **state)
{
    struct fixture *f = ordinary(2, DESIGN_HYBRID, 20, 31);
    (void)state;
    fixture_counts(&f->metrics[0], 9, 3, 9); /* 99 units after eleven days, all succeeding */
    f->as_of_ms = fixture_end(11, 1);
    fixture_infer(f);
    expect_row(f, 20, VERDICT_KEEP_RUNNING, -1);
    expect_text(f, "99 of the 100 users");
    fixture_counts(&f->metrics[0], 9, 3, 4);
    f->as_of_ms = fixture_end(12, 1);
    fixture_infer(f);
    expect_row(f, 22, VERDICT_KEEP_RUNNING, -1);
}

static void row_21_more_than_eight_weeks_to_go_is_said(void **state)
{
    struct fixture *f = ordinary(2, DESIGN_HYBRID, 20, 31);
    (void)state;
    f->plan.end_ms = f->declared.end_ms = TIME_NONE;
    f->as_of_ms = fixture_end(20, 0);
    f->plan.planned = 4000 + 200 * 55; /* eight weeks from now the 56th cohort day is over */
    fixture_infer(f);
    expect_row(f, 22, VERDICT_KEEP_RUNNING, -1);
    f->plan.planned += 200;
    fixture_infer(f);
    expect_row(f, 21, VERDICT_KEEP_RUNNING, -1);
    expect_text(f, "more than eight weeks");
}

static void row_21_a_week_without_new_units_never_reaches_the_planned_size(void **state)
{
    struct fixture *f = ordinary(2, DESIGN_HYBRID, 20, 31);
    (void)state;
    f->plan.end_ms = f->declared.end_ms = TIME_NONE;
    f->plan.planned = 1e6;
    f->as_of_ms = fixture_end(26, 0);
    fixture_infer(f);
    expect_row(f, 21, VERDICT_KEEP_RUNNING, -1);
    expect_text(f, "more than eight weeks");
    f->as_of_ms = fixture_end(27, 0);
    fixture_infer(f);
    expect_row(f, 21, VERDICT_KEEP_RUNNING, -1);
    expect_text(f, "never ends");
}

static void row_22_otherwise_it_runs_until_its_day(void **state)
{
    static const enum design designs[] = {DESIGN_HYBRID, DESIGN_ALWAYS, DESIGN_FIXED};
    (void)state;
    for (size_t i = 0; i < 3; i++) {
        struct fixture *f = ordinary(2, designs[i], 20, 31);
        fixture_infer(f);
        expect_row(f, 22, VERDICT_KEEP_RUNNING, -1);
        if (designs[i] != DESIGN_ALWAYS)
            expect_text(f, "Keep running until 4 November 2024");
    }
}

static void additions_never_change_the_code(void **state)
{
    struct fixture *f = ordinary(2, DESIGN_HYBRID, PLANNED_DAYS, 45);
    (void)state;
    fixture_infer(f);
    f->input.flags = VERDICT_BIT(VERDICT_FLAG_AMENDED) | VERDICT_BIT(VERDICT_FLAG_SEGMENTS) |
                     VERDICT_BIT(VERDICT_FLAG_NEAR_NOT_FAR) | VERDICT_BIT(VERDICT_FLAG_ROLLOUT);
    f->input.segments_differ = SLICE("role");
    f->input.near = SLICE("m");
    f->input.far = SLICE("kept");
    f->input.rollout = SLICE("b");
    expect_row(f, 10, VERDICT_SHIP, 1);
    expect_text(f, "The effect differs by role: look at the segments before shipping.");
    expect_text(f, "m moved; kept has not been shown to follow.");
    expect_text(f, "amended after it was registered");
    expect_text(f, "b is being rolled out");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(row_1_a_draft_a_future_start_or_nobody_is_not_started),
        cmocka_unit_test(row_2_what_cannot_be_read_is_not_trusted),
        cmocka_unit_test(row_3_a_split_that_does_not_fit_is_not_trusted),
        cmocka_unit_test(row_4_crossed_units_are_not_trusted),
        cmocka_unit_test(row_5_more_than_one_in_a_hundred_mismatches_is_not_trusted),
        cmocka_unit_test(row_6_every_variant_harmed_stops_and_names_the_worst),
        cmocka_unit_test(row_6_reads_guardrails_in_every_design),
        cmocka_unit_test(row_6_beats_a_win_on_another_goal),
        cmocka_unit_test(rows_7_and_8_without_a_goal_nothing_is_decided),
        cmocka_unit_test(row_9_a_clear_win_ships_before_the_end),
        cmocka_unit_test(row_9_needs_peeking_and_fixed_has_none),
        cmocka_unit_test(row_10_a_win_on_the_final_set_ships),
        cmocka_unit_test(row_10_does_not_ask_for_min_days),
        cmocka_unit_test(row_10_names_the_best_and_the_second),
        cmocka_unit_test(row_10_passes_over_a_winner_whose_guardrail_is_harmed),
        cmocka_unit_test(row_10_reads_the_side_that_is_better),
        cmocka_unit_test(row_11_ahead_but_less_than_a_week_runs_on),
        cmocka_unit_test(row_12_a_win_waits_for_its_guardrail),
        cmocka_unit_test(row_13_a_win_not_shown_harmless_is_inconclusive),
        cmocka_unit_test(row_14_a_final_goal_without_estimate_is_inconclusive),
        cmocka_unit_test(row_15_a_hand_stop_at_a_moment_that_looks_significant_decides_nothing),
        cmocka_unit_test(row_15_an_earlier_end_is_a_hand_stop),
        cmocka_unit_test(anytime_evidence_survives_a_hand_stop),
        cmocka_unit_test(row_16_no_improvement_as_large_as_planned),
        cmocka_unit_test(row_16_reads_the_side_that_is_better),
        cmocka_unit_test(row_17_not_shown_is_not_no_effect),
        cmocka_unit_test(row_17_waits_for_every_goal),
        cmocka_unit_test(row_18_after_the_end_the_last_windows_are_waited_for),
        cmocka_unit_test(row_19_paused),
        cmocka_unit_test(row_20_before_the_gate_it_is_too_early),
        cmocka_unit_test(row_21_more_than_eight_weeks_to_go_is_said),
        cmocka_unit_test(row_21_a_week_without_new_units_never_reaches_the_planned_size),
        cmocka_unit_test(row_22_otherwise_it_runs_until_its_day),
        cmocka_unit_test(additions_never_change_the_code),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
