#ifndef TESTS_ANALYSIS_WORLD_H
#define TESTS_ANALYSIS_WORLD_H

/*
 * A store in a folder that goes away, catalogues and messages put straight into its journal, and
 * dumps of the state as text.
 */

#include "analysis/cube.h"
#include "analysis/fold.h"
#include "support/support.h"

#include <stdio.h>
#include <stdlib.h>

#define WORLD_START INT64_C(1767225600000) /* 2026-01-01T00:00Z */

struct world {
    char folder[64];
    char path[128];
    struct store store;
    struct journal *journal;
};

struct world_file {
    const char *name, *text;
};

struct world_message {
    struct message message;
    uint16_t flags;
    int64_t received_ms;
};

static inline void must(enum status status, const struct error *error)
{
    if (status)
        fail_msg("%s: %s: %s", status_text(status), error->where, error->text);
}

static inline void world_make(struct world *world)
{
    struct error error = {0};
    struct journal_options options = {.map_size = (size_t)256 << 20};
    assert_non_null(tempdir_make(world->folder));
    snprintf(world->path, sizeof world->path, "%s/store", world->folder);
    must(store_open(&world->store, world->path, STORE_CREATE, &error), &error);
    /* Equal secrets, so that two worlds may be compared row by row. */
    memset(world->store.secret, 7, sizeof world->store.secret);
    must(journal_open(&world->store, &options, &world->journal, &error), &error);
}

static inline void world_remove(struct world *world)
{
    journal_close(world->journal);
    store_close(&world->store);
    tempdir_remove(world->folder);
}

static inline void world_append(struct world *world, const struct journal_entry *entries,
                                size_t count)
{
    struct error error = {0};
    uint64_t first;
    if (count)
        must(journal_append(world->journal, entries, count, &first, &error), &error);
}

static inline void world_declare(struct world *world, int64_t received_ms,
                                 const struct world_file *files, size_t count)
{
    struct buffer body = {0};
    catalogue_body_begin(&body, count);
    for (size_t i = 0; i < count; i++)
        catalogue_body_add(&body, slice_of(files[i].name), slice_of(files[i].name),
                           slice_of(files[i].text));
    struct journal_entry entry = {
        .kind = RECORD_CATALOGUE, .received_ms = received_ms, .body = buffer_slice(&body)};
    world_append(world, &entry, 1);
    buffer_done(&body);
}

/* The content hash as the intake makes it: of all but receipt, sentAt and the corrected time. */
static inline void world_hash(struct message *message)
{
    struct buffer text = {0};
    struct message timeless = *message;
    timeless.occurred_ms = 0;
    timeless.sent_ms = TIME_NONE;
    timeless.content = (struct hash128){{0}};
    message_write(&text, &timeless);
    message->content = hash_content(buffer_slice(&text));
    buffer_done(&text);
}

static inline void world_send(struct world *world, const struct world_message *messages,
                              size_t count)
{
    struct journal_entry *entries = calloc(count + 1, sizeof *entries);
    struct buffer *bodies = calloc(count + 1, sizeof *bodies);
    assert_true(entries && bodies);
    for (size_t i = 0; i < count; i++) {
        struct message message = messages[i].message;
        if (message.original_ms == 0)
            message.original_ms = TIME_NONE;
        message.sent_ms = TIME_NONE;
        world_hash(&message);
        message_write(&bodies[i], &message);
        int64_t received_ms = messages[i].received_ms;
        entries[i] =
            (struct journal_entry){.kind = RECORD_MESSAGE,
                                   .flags = messages[i].flags,
                                   .received_ms = received_ms ? received_ms : message.occurred_ms,
                                   .body = buffer_slice(&bodies[i])};
    }
    world_append(world, entries, count);
    for (size_t i = 0; i < count; i++)
        buffer_done(&bodies[i]);
    free(bodies);
    free(entries);
}

static inline struct fold_options world_options(const struct world *world, size_t batch)
{
    return (struct fold_options){.store = &world->store, .journal = world->journal, .batch = batch};
}

/* Folds until there is nothing more to do. */
static inline void world_settle(struct fold *fold)
{
    struct error error = {0};
    bool more = true;
    while (more)
        must(fold_advance(fold, &more, &error), &error);
}

static inline void world_fold(struct world *world, size_t batch)
{
    struct error error = {0};
    struct fold *fold = NULL;
    struct fold_options options = world_options(world, batch);
    must(fold_open(&options, &fold, &error), &error);
    world_settle(fold);
    fold_close(fold);
}

static inline void add_hexadecimal(struct buffer *out, struct slice bytes)
{
    for (size_t i = 0; i < bytes.size; i++)
        buffer_format(out, "%02x", (unsigned char)bytes.data[i]);
}

static inline bool dump_row(void *context, struct slice key, struct slice value)
{
    add_hexadecimal(context, key);
    buffer_add_byte(context, ' ');
    add_hexadecimal(context, value);
    buffer_add_byte(context, '\n');
    return true;
}

/* All rows of the tables first..last of the current state; the caller frees. */
static inline char *world_dump(struct world *world, enum state_table first, enum state_table last)
{
    struct error error = {0};
    struct view *view = NULL;
    struct view_transaction *transaction = NULL;
    struct buffer out = {0};
    must(view_open(&world->store, &view, &error), &error);
    must(view_begin(view, &transaction, &error), &error);
    for (enum state_table table = first; table <= last; table++) {
        struct state_scan scan = {.table = table, .visit = dump_row, .context = &out};
        buffer_format(&out, "%s\n", state_table_text(table));
        must(state_scan(view_state(transaction), &scan, &error), &error);
    }
    view_end(transaction);
    view_release(view);
    buffer_add_byte(&out, '\0');
    assert_false(out.failed);
    return out.data;
}

/* The cube, its watermark aside. */
static inline char *world_cube(struct world *world)
{
    return world_dump(world, STATE_CUBE, STATE_CUBE);
}

/* Sums over all cohorts of one selection of one experiment's definition. */
struct world_sums {
    int128 values[CUBE_FIELDS_MAX];
};
static inline struct world_sums world_sum(struct world *world, const char *experiment,
                                          uint16_t phase, enum definition_role role,
                                          struct cube_select select)
{
    struct error error = {0};
    struct view *view = NULL;
    struct view_transaction *transaction = NULL;
    struct cube cube = {0};
    struct world_sums sums;
    select.first = INT32_MIN;
    select.last = INT32_MAX;
    must(view_open(&world->store, &view, &error), &error);
    must(view_begin(view, &transaction, &error), &error);
    const struct definition *definition =
        view_definition(transaction, slice_of(experiment), phase, role);
    assert_non_null(definition);
    must(cube_read(transaction, definition, &cube, &error), &error);
    cube_sum(&cube, &select, sums.values);
    cube_done(&cube);
    view_end(transaction);
    view_release(view);
    return sums;
}

#endif
