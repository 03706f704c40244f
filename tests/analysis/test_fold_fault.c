/*
 * Every call to the engine's library and to the file system that the fold makes fails once, in
 * turn: opening, folding, building a second state and publishing it, building anew, comparing.
 * Whatever fails, the state that is current is whole, the fold goes on by itself, and in the end
 * every row is as if nothing had happened.
 *
 * In the short form some of the calls, other ones with each code; with GANGWAY_LONG=1 every one.
 */

#include "world.h"

#include "support/faults.h"

#include <dirent.h>
#include <sys/stat.h>

#define BATCH 4
#define STEPS_MAX 60
#define NO_FAULT (-1)

static bool is_long(void)
{
    const char *text = getenv("GANGWAY_LONG");
    return text && strcmp(text, "1") == 0;
}

#define METRICS(within)                                                                            \
    "metrics:\n  activated: {kind: conversion, event: Contact, within: " within "}\n"

static void declare(struct world *world, const char *metrics)
{
    const struct world_file files[] = {{"flow.yaml", "experiment: flow\n"
                                                     "status: running\n"
                                                     "start: 2026-01-01\n"
                                                     "end: 2026-06-01\n"
                                                     "assignment: elsewhere\n"
                                                     "variants: {a: {control: true}, b: {}}\n"
                                                     "metrics: {goal: activated, why: w}\n"},
                                       {"metrics.yaml", metrics}};
    world_declare(world, WORLD_START + 100 * DAY_MS, files, 2);
}

/* Two units that meet a variant and reach the goal, and one of them both variants. */
static void send(struct world *world, int part)
{
    struct world_message messages[5];
    char ids[5][16], users[2][16];
    for (int i = 0; i < 5; i++) {
        int user = i < 4 ? i / 2 : 0;
        bool is_exposure = i % 2 == 0;
        snprintf(ids[i], sizeof ids[i], "m%d-%d", part, i);
        snprintf(users[user], sizeof users[user], "u%d-%d", part, user);
        messages[i] = (struct world_message){
            .message = {.type = is_exposure ? MESSAGE_EXPOSURE : MESSAGE_TRACK,
                        .user = slice_of(users[user]),
                        .event = is_exposure ? SLICE("Experiment Viewed") : SLICE("Contact"),
                        .message_id = slice_of(ids[i]),
                        .occurred_ms = WORLD_START + (10 + i) * DAY_MS},
            .received_ms = WORLD_START + 100 * DAY_MS};
        if (!is_exposure)
            continue;
        messages[i].message.experiment = SLICE("flow");
        messages[i].message.variation = i % 4 ? SLICE("a") : SLICE("b");
    }
    messages[4].message.variation = SLICE("a");
    world_send(world, messages, 5);
}

/* What comes before the fold is opened, and what it meets on its way: the second catalogue asks for
 * a second state. */
static void first_come(struct world *world)
{
    world_make(world);
    declare(world, METRICS("7d"));
    send(world, 1);
    send(world, 2);
}

static void second_come(struct world *world)
{
    declare(world, METRICS("1d"));
    send(world, 3);
}

static void journal_make(struct world *world)
{
    first_come(world);
    second_come(world);
}

static char *dump(struct world *world)
{
    return world_dump(world, STATE_META, STATE_NAMES);
}

static void assert_same(struct world *world, const char *expected)
{
    char *got = dump(world);
    assert_string_equal(got, expected);
    free(got);
}

/* Calls until one has failed to open or to advance, or all is folded.  *fold stays open. */
static enum status fold_until(struct world *world, struct fold **fold, bool *settled)
{
    struct fold_options options = world_options(world, BATCH);
    bool more = true;
    for (int i = 0; more; i++) {
        struct error error = {0};
        enum status status =
            *fold ? fold_advance(*fold, &more, &error) : fold_open(&options, fold, &error);
        assert_int_equal(status, error.status);
        assert_true(i < STEPS_MAX);
        if (status)
            return status;
    }
    *settled = true;
    return STATUS_OK;
}

/* Folds all there is.  `close`: the process ends at a failure and another goes on; else the same
 * fold does. */
static void fold_all(struct world *world, struct fold **fold, bool close, long number)
{
    bool settled = false;
    int failures = 0;
    while (!settled) {
        if (fold_until(world, fold, &settled) == STATUS_OK)
            continue;
        if (++failures > STEPS_MAX)
            fail_msg("after call %ld the fold does not go on", number);
        if (close) {
            fold_close(*fold);
            *fold = NULL;
        }
    }
}

/* One run with the call `number` failing, and what comes after it; NULL: there was no such call.
 * The caller frees the rows. */
static char *fold_with_fault(int code, long number, bool close, uint64_t *published)
{
    struct world world;
    struct fold *fold = NULL;
    struct fold_progress progress;
    first_come(&world);
    faults_begin(code, number);
    fold_all(&world, &fold, close, number);
    long left = faults_left;
    faults_begin(code, -1); /* the writer is not what is tested */
    second_come(&world);
    faults_begin(code, left);
    fold_all(&world, &fold, close, number);
    bool failed = faults_end();
    fold_progress(fold, &progress);
    *published = progress.published;
    fold_close(fold);
    char *rows = dump(&world);
    world_remove(&world);
    if (failed || number == NO_FAULT)
        return rows;
    free(rows);
    return NULL;
}

/* Of the calls every `step`th, from `first` on. */
static void fold_survives_each(int code, bool close, long first, long step)
{
    uint64_t published;
    char *expected = fold_with_fault(code, NO_FAULT, false, &published);
    assert_int_equal(published, 2); /* the first state, and the second */
    long number = is_long() ? 0 : first;
    for (char *rows; (rows = fold_with_fault(code, number, close, &published));) {
        assert_string_equal(rows, expected);
        free(rows);
        number += is_long() ? 1 : step;
    }
    assert_true(number > 400); /* it did reach the end */
    free(expected);
}

static void a_fold_goes_on_by_itself_after_any_failed_call(void **state)
{
    (void)state;
    fold_survives_each(EIO, false, 0, 7);
}

static void another_process_goes_on_after_any_failed_call(void **state)
{
    (void)state;
    fold_survives_each(EIO, true, 1, 19);
}

static void a_full_disk_anywhere_changes_no_row(void **state)
{
    (void)state;
    fold_survives_each(MAP_FULL, false, 2, 19);
}

static void a_damaged_page_told_anywhere_changes_no_row(void **state)
{
    (void)state;
    fold_survives_each(CORRUPTED, false, 3, 14);
}

static size_t entries_of(const char *path)
{
    size_t count = 0;
    DIR *folder = opendir(path);
    assert_non_null(folder);
    while (readdir(folder))
        count++;
    closedir(folder);
    return count - 2;
}

static void a_rebuild_that_fails_leaves_the_state_as_it_was(void **state)
{
    (void)state;
    struct world world;
    struct fold_options options;
    char path[160];
    bool failed = true;
    journal_make(&world);
    options = world_options(&world, BATCH);
    world_fold(&world, BATCH);
    snprintf(path, sizeof path, "%s/state", world.path);
    char *expected = dump(&world);
    long number = 0;
    for (; failed; number += is_long() ? 1 : 11) {
        struct error error = {0};
        faults_begin(EIO, number);
        enum status status = fold_rebuild(&options, NULL, &error);
        failed = faults_end();
        assert_int_equal(status, error.status);
        assert_true(failed || status == STATUS_OK);
        assert_same(&world, expected);
        must(fold_rebuild(&options, NULL, &error), &error);
        assert_same(&world, expected);
        assert_int_equal(entries_of(path), 2); /* `current` and what it names */
    }
    assert_true(number > 100);
    free(expected);
    world_remove(&world);
}

static void a_verify_that_fails_finds_no_difference_and_leaves_no_file(void **state)
{
    (void)state;
    struct world world;
    struct fold_options options;
    bool failed = true;
    journal_make(&world);
    options = world_options(&world, BATCH);
    world_fold(&world, BATCH);
    long number = 0;
    for (; failed; number += is_long() ? 1 : 11) {
        struct error error = {0};
        uint64_t differences = 0;
        size_t before = entries_of(getenv("TMPDIR"));
        faults_begin(EIO, number);
        enum status status = fold_verify(&options, NULL, &differences, &error);
        failed = faults_end();
        assert_int_equal(status, error.status);
        assert_true(failed || status == STATUS_OK);
        assert_int_equal(differences, 0);
        if (entries_of(getenv("TMPDIR")) != before)
            fail_msg("call %ld leaves a folder", number);
    }
    assert_true(number > 100);
    world_remove(&world);
}

static enum status count_cell(void *context, const struct cube_cell *cell, struct error *error)
{
    (void)cell;
    (void)error;
    ++*(size_t *)context;
    return STATUS_OK;
}

static void a_walk_gives_all_cells_or_says_that_it_failed(void **state)
{
    (void)state;
    struct world world;
    struct error error = {0};
    bool failed = true;
    size_t expected = 0;
    struct cube_walk walk = {.visit = count_cell, .context = &expected, .slice_cells = 2};
    struct view *view = NULL;
    journal_make(&world);
    world_fold(&world, BATCH);
    must(view_open(&world.store, &view, &error), &error);
    must(cube_walk(view, &walk, &error), &error);
    assert_true(expected > 5);
    for (long number = 0; failed; number++) {
        size_t cells = 0;
        walk.context = &cells;
        faults_begin(EIO, number);
        enum status status = cube_walk(view, &walk, NULL);
        failed = faults_end();
        assert_true(failed || status == STATUS_OK);
        assert_int_equal(cells, status ? 0 : expected);
    }
    view_release(view);
    world_remove(&world);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_fold_goes_on_by_itself_after_any_failed_call),
        cmocka_unit_test(another_process_goes_on_after_any_failed_call),
        cmocka_unit_test(a_full_disk_anywhere_changes_no_row),
        cmocka_unit_test(a_damaged_page_told_anywhere_changes_no_row),
        cmocka_unit_test(a_rebuild_that_fails_leaves_the_state_as_it_was),
        cmocka_unit_test(a_verify_that_fails_finds_no_difference_and_leaves_no_file),
        cmocka_unit_test(a_walk_gives_all_cells_or_says_that_it_failed),
    };
    char folder[64];
    if (access("/dev/shm", W_OK) == 0)
        setenv("TMPDIR", "/dev/shm", 1); /* thousands of fsyncs */
    if (!tempdir_make(folder))
        return 1;
    setenv("TMPDIR", folder, 1); /* nobody else's files are counted */
    int failures = cmocka_run_group_tests(tests, NULL, NULL);
    tempdir_remove(folder);
    return failures;
}
