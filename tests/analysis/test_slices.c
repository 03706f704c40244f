/*
 * Readings of the whole state in short transactions: the cube walked while the fold goes on is of
 * one moment, and rows of later slices are compared as those of the first.
 */

#include "stream.h"

#include <pthread.h>
#include <unistd.h>

static const struct world_file files[] = {
    {"flow.yaml", "experiment: flow\n"
                  "status: running\n"
                  "start: 2026-01-01\n"
                  "end: 2026-06-01\n"
                  "assignment: elsewhere\n"
                  "variants: {a: {control: true}, b: {}}\n"
                  "metrics: {goal: activated, why: w}\n"},
    {"metrics.yaml", "metrics:\n  activated: {kind: conversion, event: Contact, within: 7d}\n"},
};

/* `count` units, each exposed once, from number `first` on. */
static void send_units(struct world *world, int first, int count)
{
    struct world_message *messages = calloc((size_t)count, sizeof *messages);
    char(*ids)[16] = calloc((size_t)count, sizeof *ids);
    assert_true(messages && ids);
    for (int i = 0; i < count; i++) {
        snprintf(ids[i], sizeof ids[i], "u%d", first + i);
        messages[i] = (struct world_message){
            .message = {.type = MESSAGE_EXPOSURE,
                        .user = slice_of(ids[i]),
                        .event = SLICE("Experiment Viewed"),
                        .message_id = slice_of(ids[i]),
                        .experiment = SLICE("flow"),
                        .variation = i % 2 ? SLICE("a") : SLICE("b"),
                        .occurred_ms = WORLD_START + (1 + (first + i) % 40) * DAY_MS},
            .received_ms = WORLD_START + 100 * DAY_MS};
    }
    world_send(world, messages, (size_t)count);
    free(ids);
    free(messages);
}

static struct fold *fold_begin(struct world *world, size_t batch)
{
    struct error error = {0};
    struct fold *fold = NULL;
    struct fold_options options = world_options(world, batch);
    must(fold_open(&options, &fold, &error), &error);
    return fold;
}

static void add_cell(struct buffer *out, const struct cube_entry *entry)
{
    unsigned char key[CELL_KEY_SIZE];
    cell_key_write(&entry->key, key);
    add_hexadecimal(out, (struct slice){.data = (const char *)key, .size = sizeof key});
    for (size_t i = 0; i < entry->field_count; i++)
        buffer_format(out, " %lld", (long long)entry->values[i]);
    buffer_add_byte(out, '\n');
}

static enum status walked_cell(void *context, const struct cube_cell *cell, struct error *error)
{
    (void)error;
    assert_int_equal(cell->definition->number, cell->entry->key.definition);
    assert_true(cell->slices->count > 0);
    add_cell(context, cell->entry);
    return STATUS_OK;
}

/* The cells as cube_read has them, definition by definition. */
static void read_cells(struct view *view, struct buffer *out)
{
    struct error error = {0};
    struct view_transaction *transaction = NULL;
    size_t count;
    must(view_begin(view, &transaction, &error), &error);
    const struct definition *definitions = view_definitions(transaction, &count);
    for (size_t i = 0; i < count; i++) {
        struct cube cube = {0};
        must(cube_read(transaction, &definitions[i], &cube, &error), &error);
        for (size_t j = 0; j < cube.count; j++)
            add_cell(out, &cube.entries[j]);
        cube_done(&cube);
    }
    view_end(transaction);
    buffer_add_byte(out, '\0');
}

static void slices_of_any_size_give_the_cells_that_one_transaction_gives(void **state)
{
    (void)state;
    struct error error = {0};
    struct world world;
    struct random random = {.state = 3};
    struct stream stream = stream_make(3, 1500, 25);
    struct buffer expected = {0}, got = {0};
    world_make(&world);
    world_declare(&world, WORLD_START, stream_files, STREAM_FILES);
    stream_shuffle(&stream, &random);
    world_send(&world, stream.messages, stream.count);
    struct fold *fold = fold_begin(&world, 0);
    world_settle(fold);
    struct view *view = fold_view(fold);
    read_cells(view, &expected);
    assert_true(expected.size > 10000);
    static const size_t sizes[] = {0, 1, 2, 7, 100, 1000000};
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        struct cube_walk walk = {.slice_cells = sizes[i], .visit = walked_cell, .context = &got};
        must(cube_walk(view, &walk, &error), &error);
        buffer_add_byte(&got, '\0');
        assert_string_equal(got.data, expected.data);
        assert_int_equal(walk.watermark, stream.count + 1);
        buffer_clear(&got);
    }
    struct cube_walk nobody = {
        .experiment = SLICE("nobody"), .visit = walked_cell, .context = &got};
    assert_int_equal(cube_walk(view, &nobody, NULL), STATUS_NOT_FOUND);
    assert_int_equal(got.size, 0);
    view_release(view);
    fold_close(fold);
    buffer_done(&got);
    buffer_done(&expected);
    stream_done(&stream);
    world_remove(&world);
}

static void a_moment_is_not_found_again_once_the_state_moved_on(void **state)
{
    (void)state;
    struct error error = {0};
    struct world world;
    struct view_transaction *transaction = NULL;
    world_make(&world);
    world_declare(&world, WORLD_START, files, 2);
    send_units(&world, 0, 10);
    struct fold *fold = fold_begin(&world, 0);
    world_settle(fold);
    struct view *view = fold_view(fold);
    must(view_begin(view, &transaction, &error), &error);
    view_pause(transaction);
    must(view_resume(transaction, &error), &error);
    view_pause(transaction);
    send_units(&world, 10, 1);
    world_settle(fold);
    assert_int_equal(view_resume(transaction, NULL), STATUS_CONFLICT);
    assert_int_equal(view_watermark(transaction), 11);
    assert_int_equal(view_history(transaction)->count, 1); /* stays */
    view_end(transaction);
    view_release(view);
    fold_close(fold);
    world_remove(&world);
}

struct folding {
    struct fold *fold;
    bool ended; /* atomic */
};

/* Batches of one record, with time for a walk between some of them. */
static void *fold_on(void *context)
{
    struct folding *folding = context;
    bool more = true;
    for (int i = 0; more; i++) {
        struct error error = {0};
        must(fold_advance(folding->fold, &more, &error), &error);
        if (i % 10 == 0)
            usleep(3000);
    }
    __atomic_store_n(&folding->ended, true, __ATOMIC_RELEASE);
    return NULL;
}

static enum status count_units(void *context, const struct cube_cell *cell, struct error *error)
{
    (void)error;
    if (cell->entry->key.slice == 0 && cell->entry->key.metric == 0)
        *(int64_t *)context += (int64_t)cell->entry->values[UNITS_N];
    return STATUS_OK;
}

/* A record after the catalogue is one unit more: a walk of two moments could not add up. */
static void a_walk_is_of_one_moment_while_the_fold_goes_on(void **state)
{
    (void)state;
    enum { UNITS = 1000 };
    struct error error = {0};
    struct world world;
    pthread_t thread;
    world_make(&world);
    world_declare(&world, WORLD_START, files, 2);
    send_units(&world, 0, UNITS);
    struct folding folding = {.fold = fold_begin(&world, 1)};
    struct view *view = fold_view(folding.fold);
    assert_int_equal(pthread_create(&thread, NULL, fold_on, &folding), 0);
    size_t whole = 0;
    for (bool last = false; !last;) {
        int64_t units = 0;
        last = __atomic_load_n(&folding.ended, __ATOMIC_ACQUIRE);
        struct cube_walk walk = {.slice_cells = 5, .visit = count_units, .context = &units};
        enum status status = cube_walk(view, &walk, &error);
        assert_true(status == STATUS_OK || (status == STATUS_CONFLICT && !last));
        if (status)
            continue;
        assert_int_equal(units, walk.watermark > 1 ? walk.watermark - 1 : 0);
        whole++;
    }
    assert_int_equal(pthread_join(thread, NULL), 0);
    assert_true(whole > 0);
    view_release(view);
    fold_close(folding.fold);
    world_remove(&world);
}

struct told {
    int count[STATE_TABLE_COUNT];
};

static void tell(void *context, enum state_table table, struct slice key)
{
    struct told *told = context;
    assert_true(key.size > 0);
    told->count[table]++;
}

/* Takes every `step`th row of the table away, and puts one behind each taken away. */
struct harm {
    struct slice keys[64];
    struct arena arena;
    size_t seen, count, step;
};

static bool harm_note(void *context, struct slice key, struct slice value)
{
    struct harm *harm = context;
    (void)value;
    if (harm->seen++ % harm->step == 0)
        harm->keys[harm->count++] = arena_copy(&harm->arena, key);
    return harm->count < 64;
}

static void harm_table(struct world *world, enum state_table table, struct harm *harm)
{
    struct error error = {0};
    struct state *opened = NULL;
    struct state_transaction *transaction = NULL;
    struct state_scan scan = {.table = table, .visit = harm_note, .context = harm};
    must(state_open(&world->store, &(struct state_options){0}, &opened, &error), &error);
    must(state_begin(opened, true, &transaction, &error), &error);
    must(state_scan(transaction, &scan, &error), &error);
    for (size_t i = 0; i < harm->count; i++) {
        char more[64];
        struct slice key = harm->keys[i];
        must(state_delete(transaction, table, key, &error), &error);
        assert_true(key.size + 1 < sizeof more);
        memcpy(more, key.data, key.size);
        more[key.size] = '\1';
        key = (struct slice){.data = more, .size = key.size + 1};
        must(state_put(transaction, table, key, SLICE("made up"), &error), &error);
    }
    must(state_commit(transaction, &error), &error);
    state_close(opened);
}

/* 25 000 units: more than two slices of rows. */
static void verify_finds_each_row_of_every_slice(void **state)
{
    (void)state;
    struct error error = {0};
    struct world world;
    struct told told = {0};
    struct harm harm = {.step = 1111};
    world_make(&world);
    world_declare(&world, WORLD_START, files, 2);
    send_units(&world, 0, 25000);
    world_fold(&world, 0);
    struct fold_options options = world_options(&world, 0);
    struct fold_verify_options verify = {.difference = tell, .context = &told};
    uint64_t differences = 1;
    must(fold_verify(&options, &verify, &differences, &error), &error);
    assert_int_equal(differences, 0);
    harm_table(&world, STATE_UNITS, &harm);
    assert_true(harm.count > 20); /* the first row, and some in each slice */
    must(fold_verify(&options, &verify, &differences, &error), &error);
    assert_int_equal(differences, 2 * harm.count);
    assert_int_equal(told.count[STATE_UNITS], 2 * harm.count);
    arena_done(&harm.arena);
    world_remove(&world);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(slices_of_any_size_give_the_cells_that_one_transaction_gives),
        cmocka_unit_test(a_moment_is_not_found_again_once_the_state_moved_on),
        cmocka_unit_test(a_walk_is_of_one_moment_while_the_fold_goes_on),
        cmocka_unit_test(verify_finds_each_row_of_every_slice),
    };
    if (access("/dev/shm", W_OK) == 0)
        setenv("TMPDIR", "/dev/shm", 1); /* a thousand fsyncs */
    return cmocka_run_group_tests(tests, NULL, NULL);
}
