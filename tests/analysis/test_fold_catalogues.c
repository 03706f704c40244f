/*
 * Catalogues on the way: what makes a second state, when it takes over, and what does not.
 */

#include "stream.h"

#include <pthread.h>

#define METRICS(within)                                                                            \
    "metrics:\n"                                                                                   \
    "  activated: {kind: conversion, event: Contact, within: " within "}\n"                        \
    "  week_1: {kind: retention, between: [7d, 14d]}\n"

static const char flow_text[] = "experiment: flow\n"
                                "status: running\n"
                                "start: 2026-01-02\n"
                                "end: 2026-02-01\n"
                                "variants: {tour: {control: true}, list: {}}\n"
                                "metrics: {goal: activated, why: w, secondary: [week_1]}\n";
static const char flow_renamed[] = "experiment: flow\n"
                                   "name: The flow\n"
                                   "status: running\n"
                                   "start: 2026-01-02\n"
                                   "end: 2026-02-01\n"
                                   "variants: {tour: {control: true}, list: {}}\n"
                                   "metrics: {goal: week_1, why: w, secondary: [activated]}\n";

static void declare(struct world *world, const char *experiment, const char *metrics)
{
    const struct world_file files[] = {{"flow.yaml", experiment}, {"metrics.yaml", metrics}};
    world_declare(world, STREAM_RECEIVED, files, 2);
}

static struct fold *open_fold(struct world *world, size_t batch)
{
    struct error error = {0};
    struct fold *fold = NULL;
    struct fold_options options = world_options(world, batch);
    must(fold_open(&options, &fold, &error), &error);
    return fold;
}

static bool advance(struct fold *fold)
{
    struct error error = {0};
    bool more;
    must(fold_advance(fold, &more, &error), &error);
    return more;
}

static struct fold_progress progress_of(struct fold *fold)
{
    struct fold_progress progress;
    fold_progress(fold, &progress);
    return progress;
}

static int64_t activated(struct world *world, enum definition_role role)
{
    struct cube_select select = {.metric = 1};
    return (int64_t)world_sum(world, "flow", 1, role, select).values[SHARE_X];
}

static void assert_equals_a_rebuild(struct world *world)
{
    struct error error = {0};
    char *grown = world_dump(world, STATE_META, STATE_NAMES);
    struct fold_options options = world_options(world, 0);
    must(fold_rebuild(&options, NULL, &error), &error);
    char *rebuilt = world_dump(world, STATE_META, STATE_NAMES);
    assert_string_equal(grown, rebuilt);
    free(grown);
    free(rebuilt);
}

static void a_changed_window_is_served_when_its_state_is_built(void **state)
{
    (void)state;
    struct world world;
    struct stream stream = stream_make(8, 1000, 60);
    world_make(&world);
    declare(&world, flow_text, METRICS("7d"));
    world_send(&world, stream.messages, 700);
    struct fold *fold = open_fold(&world, 300);
    world_settle(fold);
    int64_t before = activated(&world, DEFINITION_CURRENT);
    assert_true(before > 0);

    declare(&world, flow_text, METRICS("20d"));
    world_send(&world, stream.messages + 700, 300);
    assert_true(advance(fold));
    struct fold_progress progress = progress_of(fold);
    assert_true(progress.building);
    assert_int_equal(progress.build_watermark, 300);
    assert_int_equal(progress.watermark, 1001);
    assert_true(activated(&world, DEFINITION_CURRENT) >= before); /* by the old window */
    assert_int_equal(activated(&world, DEFINITION_CURRENT),
                     activated(&world, DEFINITION_REGISTERED));
    world_settle(fold);
    assert_false(progress_of(fold).building);
    assert_int_equal(progress_of(fold).watermark, 1002);
    assert_true(activated(&world, DEFINITION_CURRENT) > activated(&world, DEFINITION_REGISTERED));
    fold_close(fold);
    assert_equals_a_rebuild(&world);
    stream_done(&stream);
    world_remove(&world);
}

static void texts_roles_and_levels_need_no_second_state(void **state)
{
    (void)state;
    struct world world;
    struct stream stream = stream_make(4, 400, 20);
    world_make(&world);
    declare(&world, flow_text, METRICS("7d"));
    world_send(&world, stream.messages, 200);
    struct fold *fold = open_fold(&world, 0);
    world_settle(fold);
    int64_t before = activated(&world, DEFINITION_REGISTERED);
    declare(&world, flow_renamed, METRICS("7d"));
    assert_true(advance(fold));
    assert_false(progress_of(fold).building);
    /* The registered declaration still says that `activated` is the first metric. */
    assert_int_equal(activated(&world, DEFINITION_REGISTERED), before);
    world_send(&world, stream.messages + 200, 200);
    world_settle(fold);
    fold_close(fold);
    assert_equals_a_rebuild(&world);
    stream_done(&stream);
    world_remove(&world);
}

static void a_newer_catalogue_starts_the_second_state_afresh(void **state)
{
    (void)state;
    struct world world;
    struct stream stream = stream_make(5, 1000, 40);
    world_make(&world);
    declare(&world, flow_text, METRICS("7d"));
    world_send(&world, stream.messages, 900);
    struct fold *fold = open_fold(&world, 400);
    world_settle(fold);
    declare(&world, flow_text, METRICS("20d"));
    advance(fold);
    assert_int_equal(progress_of(fold).build_watermark, 400);
    advance(fold);
    assert_int_equal(progress_of(fold).build_watermark, 800);
    declare(&world, flow_text, METRICS("3d"));
    advance(fold);
    assert_int_equal(progress_of(fold).build_watermark, 400);
    declare(&world, flow_text, METRICS("3d") "\n"); /* another text that says the same */
    advance(fold);
    assert_int_equal(progress_of(fold).build_watermark, 800);
    world_send(&world, stream.messages + 900, 100);
    world_settle(fold);
    assert_true(activated(&world, DEFINITION_CURRENT) < activated(&world, DEFINITION_REGISTERED));
    fold_close(fold);
    assert_equals_a_rebuild(&world);
    stream_done(&stream);
    world_remove(&world);
}

static void a_build_that_was_cut_off_begins_again(void **state)
{
    (void)state;
    struct world world;
    struct stream stream = stream_make(6, 900, 40);
    world_make(&world);
    declare(&world, flow_text, METRICS("7d"));
    world_send(&world, stream.messages, 900);
    struct fold *fold = open_fold(&world, 300);
    world_settle(fold);
    declare(&world, flow_text, METRICS("20d"));
    advance(fold);
    assert_true(progress_of(fold).building);
    fold_close(fold);
    fold = open_fold(&world, 300);
    uint64_t differences = 1;
    struct error error = {0};
    struct fold_options options = world_options(&world, 0);
    must(fold_verify(&options, NULL, &differences, &error), &error);
    assert_int_equal(differences, 0);
    world_settle(fold);
    fold_close(fold);
    assert_equals_a_rebuild(&world);
    stream_done(&stream);
    world_remove(&world);
}

static void messages_before_any_catalogue_are_not_lost(void **state)
{
    (void)state;
    struct world world;
    struct stream stream = stream_make(8, 900, 60);
    world_make(&world);
    struct fold *fold = open_fold(&world, 200);
    world_send(&world, stream.messages, 900);
    world_settle(fold);
    declare(&world, flow_text, METRICS("7d"));
    world_settle(fold);
    assert_true(activated(&world, DEFINITION_REGISTERED) > 0);
    fold_close(fold);
    assert_equals_a_rebuild(&world);
    stream_done(&stream);
    world_remove(&world);
}

static void the_first_catalogues_of_an_empty_journal_build_nothing(void **state)
{
    (void)state;
    struct world world;
    struct stream stream = stream_make(8, 100, 20);
    world_make(&world);
    struct fold *fold = open_fold(&world, 0);
    declare(&world, flow_text, METRICS("7d"));
    advance(fold);
    declare(&world, flow_text, METRICS("20d"));
    advance(fold);
    declare(&world, flow_text, METRICS("7d"));
    advance(fold);
    assert_false(progress_of(fold).building);
    world_send(&world, stream.messages, 100);
    world_settle(fold);
    fold_close(fold);
    assert_equals_a_rebuild(&world);
    stream_done(&stream);
    world_remove(&world);
}

/* Phases: who was exposed before the second's start is carried over there, and stays in the
 * first's sums. */
static void a_raised_phase_parts_the_exposures(void **state)
{
    (void)state;
    struct world world;
    static const char second_phase[] = "experiment: flow\n"
                                       "status: running\n"
                                       "phase: 2\n"
                                       "start: 2026-01-20\n"
                                       "end: 2026-03-01\n"
                                       "variants: {tour: {control: true}, list: {}}\n"
                                       "metrics: {goal: activated, why: w}\n";
    const int64_t first = WORLD_START + 3 * DAY_MS, second = WORLD_START + 30 * DAY_MS;
    struct message viewed = {.type = MESSAGE_EXPOSURE,
                             .event = SLICE("Experiment Viewed"),
                             .experiment = SLICE("flow"),
                             .variation = SLICE("tour")};
    struct world_message messages[4];
    static const char *const users[] = {"both", "both", "old", "new"};
    for (size_t i = 0; i < 4; i++) {
        messages[i] = (struct world_message){.message = viewed};
        messages[i].message.user = slice_of(users[i]);
        messages[i].message.message_id = slice_of((const char *const[]){"1", "2", "3", "4"}[i]);
        messages[i].message.occurred_ms = i == 0 || i == 2 ? first : second;
    }
    const struct world_file one[] = {{"flow.yaml", flow_text}, {"metrics.yaml", METRICS("7d")}};
    const struct world_file two[] = {{"flow.yaml", second_phase}, {"metrics.yaml", METRICS("7d")}};
    world_make(&world);
    world_declare(&world, WORLD_START, one, 2);
    world_send(&world, &messages[0], 1);
    world_send(&world, &messages[2], 1);
    world_declare(&world, WORLD_START + 15 * DAY_MS, two, 2);
    world_send(&world, &messages[1], 1);
    world_send(&world, &messages[3], 1);
    world_fold(&world, 0);
    struct cube_select main_units = {.variant = 0};
    struct cube_select carried = {.population = POPULATION_OUTSIDE,
                                  .slice = OUTSIDE_CARRIED_OVER,
                                  .variant = CUBE_NO_VARIANT};
    int64_t earlier =
        (int64_t)world_sum(&world, "flow", 1, DEFINITION_EARLIER, main_units).values[UNITS_N];
    int64_t current =
        (int64_t)world_sum(&world, "flow", 2, DEFINITION_CURRENT, main_units).values[UNITS_N];
    int64_t over =
        (int64_t)world_sum(&world, "flow", 2, DEFINITION_CURRENT, carried).values[UNITS_N];
    assert_int_equal(earlier, 2);
    assert_int_equal(current, 1);
    assert_int_equal(over, 1);
    world_remove(&world);
}

struct reading {
    struct fold *fold;
    bool stop; /* atomic */
    size_t reads, failures;
};

/* In every consistent moment the units of a metric are those of `units`. */
static bool cells_agree(struct view_transaction *transaction)
{
    bool agree = true;
    size_t count;
    const struct definition *definitions = view_definitions(transaction, &count);
    for (size_t i = 0; i < count; i++) {
        struct cube cube = {0};
        if (cube_read(transaction, &definitions[i], &cube, NULL))
            return false;
        for (uint8_t variant = 0; variant < 2; variant++) {
            int128 units[CUBE_FIELDS_MAX], shares[CUBE_FIELDS_MAX];
            struct cube_select select = {.variant = variant, .first = INT32_MIN, .last = INT32_MAX};
            cube_sum(&cube, &select, units);
            select.metric = 1;
            cube_sum(&cube, &select, shares);
            agree = agree && units[UNITS_N] == shares[SHARE_N];
        }
        agree = agree && cube.watermark == view_watermark(transaction);
        cube_done(&cube);
    }
    return agree;
}

static void *read_on(void *context)
{
    struct reading *reading = context;
    uint64_t before = 0;
    while (!__atomic_load_n(&reading->stop, __ATOMIC_RELAXED)) {
        struct view *view = fold_view(reading->fold);
        struct view_transaction *transaction = NULL;
        struct fold_progress progress;
        fold_progress(reading->fold, &progress);
        if (view_begin(view, &transaction, NULL)) {
            reading->failures++;
        } else {
            reading->failures += !cells_agree(transaction);
            reading->failures += view_watermark(transaction) < before; /* it never falls */
            before = view_watermark(transaction);
            reading->reads++;
        }
        view_end(transaction);
        view_release(view);
    }
    return NULL;
}

static void readers_see_consistent_moments_while_the_fold_goes_on(void **state)
{
    (void)state;
    struct world world;
    struct stream stream = stream_make(9, 1200, 60);
    pthread_t threads[2];
    world_make(&world);
    declare(&world, flow_text, METRICS("7d"));
    struct fold *fold = open_fold(&world, 60);
    advance(fold);
    struct reading readings[2] = {{.fold = fold}, {.fold = fold}};
    for (int i = 0; i < 2; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, read_on, &readings[i]), 0);
    world_send(&world, stream.messages, 800);
    world_settle(fold);
    declare(&world, flow_text, METRICS("20d"));
    world_send(&world, stream.messages + 800, 400);
    world_settle(fold);
    for (int i = 0; i < 2; i++) {
        __atomic_store_n(&readings[i].stop, true, __ATOMIC_RELAXED);
        assert_int_equal(pthread_join(threads[i], NULL), 0);
        assert_int_equal(readings[i].failures, 0);
        assert_true(readings[i].reads > 0);
    }
    fold_close(fold);
    assert_equals_a_rebuild(&world);
    stream_done(&stream);
    world_remove(&world);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_changed_window_is_served_when_its_state_is_built),
        cmocka_unit_test(texts_roles_and_levels_need_no_second_state),
        cmocka_unit_test(a_newer_catalogue_starts_the_second_state_afresh),
        cmocka_unit_test(a_build_that_was_cut_off_begins_again),
        cmocka_unit_test(messages_before_any_catalogue_are_not_lost),
        cmocka_unit_test(the_first_catalogues_of_an_empty_journal_build_nothing),
        cmocka_unit_test(readers_see_consistent_moments_while_the_fold_goes_on),
        cmocka_unit_test(a_raised_phase_parts_the_exposures),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
