/* Who was declared what, and when (architecture 3; inference.md, "The registered plan"). */

#include "../../server/analysis/declared.h"

#include "world.h"

#define DAY DAY_MS

static const char metrics_text[] = "metrics:\n"
                                   "  m: {kind: conversion, event: E, within: 7d}\n"
                                   "  n: {kind: conversion, event: F, within: 7d}\n";

struct step {
    int day; /* of receipt, after WORLD_START */
    const char *status;
    const char *start; /* "" for none */
    int phase;
    const char *goal;
};

static void declare_step(struct declared *declared, const struct step *step, uint64_t sequence)
{
    struct error error = {0};
    struct buffer text = {0}, body = {0};
    buffer_format(&text, "experiment: e\nstatus: %s\nphase: %d\n", step->status, step->phase);
    if (step->start[0])
        buffer_format(&text, "start: %s\n", step->start);
    buffer_format(&text,
                  "end: 2026-09-01\nvariants: {a: {control: true}, b: {}}\nmetrics: {goal: %s, "
                  "why: w}\n",
                  step->goal);
    catalogue_body_begin(&body, 2);
    catalogue_body_add(&body, SLICE("e.yaml"), SLICE("e.yaml"), buffer_slice(&text));
    catalogue_body_add(&body, SLICE("metrics.yaml"), SLICE("metrics.yaml"), slice_of(metrics_text));
    must(declared_add(declared, sequence, WORLD_START + step->day * DAY, buffer_slice(&body),
                      &error),
         &error);
    buffer_done(&text);
    buffer_done(&body);
}

static struct declared *declare_steps(const struct step *steps, size_t count)
{
    struct error error = {0};
    struct declared *declared = declared_copy(NULL);
    assert_non_null(declared);
    for (size_t i = 0; i < count; i++)
        declare_step(declared, &steps[i], i + 1);
    must(declared_settle(declared, &error), &error);
    return declared;
}
#define DECLARE(...)                                                                               \
    declare_steps((const struct step[]){__VA_ARGS__},                                              \
                  sizeof((const struct step[]){__VA_ARGS__}) / sizeof(struct step))

static uint64_t registered(const struct declared *declared, uint16_t phase)
{
    const struct declaration *declaration = NULL;
    return history_registered(&declared->history, SLICE("e"), phase, &declaration)
               ? declaration->sequence
               : 0;
}

static void a_declaration_is_in_force_after_its_receipt(void **state)
{
    (void)state;
    struct declared *declared = DECLARE({1, "draft", "", 1, "m"}, {5, "running", "", 1, "m"});
    const struct history *history = &declared->history;
    int64_t second = WORLD_START + 5 * DAY;
    assert_int_equal(history_at(history, SLICE("e"), WORLD_START)->status, EXPERIMENT_DRAFT);
    assert_int_equal(history_at(history, SLICE("e"), second)->status, EXPERIMENT_DRAFT);
    assert_int_equal(history_at(history, SLICE("e"), second + 1)->status, EXPERIMENT_RUNNING);
    assert_null(history_at(history, SLICE("f"), second));
    assert_int_equal(history_last(history, SLICE("e"), NULL)->status, EXPERIMENT_RUNNING);
    declared_release(declared);
}

static void registered_is_the_first_running_plan_that_its_own_start_sees(void **state)
{
    (void)state;
    /* Changed before its start; then running unchanged past it; a later change is an amendment. */
    struct declared *declared =
        DECLARE({0, "draft", "2026-01-10", 1, "n"}, {1, "running", "2026-01-10", 1, "m"},
                {3, "running", "2026-01-12", 1, "m"}, {20, "running", "2026-01-12", 1, "n"});
    struct amendment amendments[8];
    assert_int_equal(registered(declared, 1), 3);
    assert_int_equal(history_amendments(&declared->history, SLICE("e"), 1, amendments, 8), 2);
    assert_int_equal(amendments[0].declaration->sequence, 3);
    assert_int_equal(amendments[1].declaration->sequence, 4);
    assert_int_equal(history_amendments(&declared->history, SLICE("e"), 1, amendments, 1), 1);
    declared_release(declared);
}

static void a_plan_repeated_before_its_start_is_registered_by_the_first(void **state)
{
    (void)state;
    struct declared *declared =
        DECLARE({1, "running", "2026-01-10", 1, "m"}, {3, "running", "2026-01-10", 1, "m"});
    assert_int_equal(registered(declared, 1), 1);
    declared_release(declared);
}

static void without_a_start_that_was_seen_the_first_running_is_registered(void **state)
{
    (void)state;
    struct declared *declared =
        DECLARE({0, "draft", "", 1, "m"}, {1, "running", "2026-03-01", 1, "m"},
                {2, "draft", "2026-03-01", 1, "m"});
    assert_int_equal(registered(declared, 1), 2);
    assert_int_equal(registered(declared, 2), 0);
    declared_release(declared);
    declared = DECLARE({0, "draft", "", 1, "m"}, {1, "draft", "", 1, "n"});
    assert_int_equal(registered(declared, 1), 2);
    declared_release(declared);
}

static void definitions_are_registered_current_and_the_last_of_earlier_phases(void **state)
{
    (void)state;
    struct declared *declared =
        DECLARE({0, "running", "2026-01-01", 1, "m"}, {9, "running", "2026-01-01", 1, "n"},
                {20, "running", "2026-01-22", 2, "m"}, {30, "running", "2026-01-22", 2, "n"});
    assert_int_equal(declared->definition_count, 3);
    assert_int_equal(declared->definitions[0].role, DEFINITION_EARLIER);
    assert_int_equal(declared->definitions[0].number, 1);
    assert_true(slice_equals(declared->definitions[0].experiment->goals[0]->name, "n"));
    assert_int_equal(declared->definitions[1].role, DEFINITION_REGISTERED);
    assert_true(slice_equals(declared->definitions[1].experiment->goals[0]->name, "m"));
    assert_int_equal(declared->definitions[2].role, DEFINITION_CURRENT);
    assert_true(slice_equals(declared->definitions[2].experiment->goals[0]->name, "n"));
    declared_release(declared);
    declared = DECLARE({0, "running", "2026-01-01", 1, "m"}, {9, "running", "2026-01-01", 1, "m"});
    assert_int_equal(declared->definition_count, 1);
    declared_release(declared);
}

static void a_body_that_is_no_catalogue_is_refused(void **state)
{
    (void)state;
    struct declared *declared = declared_copy(NULL);
    assert_false(declared_is_sound(SLICE("\7")));
    assert_int_equal(declared_add(declared, 1, 0, SLICE("\7"), NULL), STATUS_INVALID);
    assert_int_equal(declared_last(declared), 0);
    declared_release(declared);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_declaration_is_in_force_after_its_receipt),
        cmocka_unit_test(registered_is_the_first_running_plan_that_its_own_start_sees),
        cmocka_unit_test(a_plan_repeated_before_its_start_is_registered_by_the_first),
        cmocka_unit_test(without_a_start_that_was_seen_the_first_running_is_registered),
        cmocka_unit_test(definitions_are_registered_current_and_the_last_of_earlier_phases),
        cmocka_unit_test(a_body_that_is_no_catalogue_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
