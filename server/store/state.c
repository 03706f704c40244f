/*
 * State: environments under STORE/state/, and the checksum of their values.
 *
 * On the disk a value is followed by 8 bytes of checksum over table, key and value, little endian.
 * It detects accidents, not attackers, and is computed at every read of the fold, so it is a
 * multiply-and-mix of 8 bytes at a time and not a digest.  State is disposable: who changes the
 * checksum lets STORE/state be rebuilt.
 *
 * `current` is replaced by a rename, so a reader finds the old state or the new one.  A reader that
 * resolved the link just before sees its folder vanish, and looks again.
 */

#include "store/state.h"

#include "engine.h"
#include "folder.h"

#include "base/file.h"
#include "base/number.h"

#include <assert.h>
#include <dirent.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define MAP_SIZE_DEFAULT ((size_t)1 << 40)
#define CHECKSUM_SIZE 8
#define OPEN_ATTEMPTS 10

static const char *const table_names[STATE_TABLE_COUNT] = {
#define X(name, text) [STATE_##name] = text,
    STATE_TABLE_MAP(X)
#undef X
};

struct state {
    struct engine *engine;
    uint64_t number;
    bool is_published;
    char parent[FOLDER_PATH_SIZE]; /* STORE/state */
    size_t map_size;               /* of the store's options, 0: the default */
};

struct state_transaction {
    struct engine_transaction *transaction;
};

const char *state_table_text(enum state_table table)
{
    return table_names[table];
}

static uint64_t mix(uint64_t sum, uint64_t word)
{
    sum = (sum ^ word) * UINT64_C(0x9e3779b97f4a7c15); /* odd: the golden ratio of 2^64 */
    return sum ^ (sum >> 29);
}

static uint64_t mix_bytes(uint64_t sum, struct slice bytes)
{
    sum = mix(sum, bytes.size);
    size_t at = 0;
    for (; at + 8 <= bytes.size; at += 8) {
        uint64_t word;
        memcpy(&word, bytes.data + at, sizeof word);
        sum = mix(sum, word);
    }
    uint64_t word = 0;
    if (at < bytes.size)
        memcpy(&word, bytes.data + at, bytes.size - at);
    return mix(sum, word);
}

static uint64_t value_checksum(enum state_table table, struct slice key, struct slice value)
{
    return mix_bytes(mix_bytes((uint64_t)table + 1, key), value);
}

static enum status state_path(const struct state *state, uint64_t number,
                              char path[static FOLDER_PATH_SIZE], struct error *error)
{
    char name[24];
    snprintf(name, sizeof name, "%" PRIu64, number);
    return folder_path(path, state->parent, name, error);
}

/* The number that `current` links to, 0 when there is none. */
static uint64_t current_number(const char *parent)
{
    char path[FOLDER_PATH_SIZE];
    char target[32];
    uint64_t number;
    if (folder_path(path, parent, "current", NULL))
        return 0;
    ssize_t size = readlink(path, target, sizeof target);
    if (size <= 0)
        return 0;
    return unsigned_parse((struct slice){.data = target, .size = (size_t)size}, &number) ? number
                                                                                         : 0;
}

/* Calls `visit` for each numbered folder. */
static void each_number(const char *parent, void (*visit)(void *context, uint64_t number),
                        void *context)
{
    DIR *open = opendir(parent);
    if (!open)
        return;
    for (struct dirent *entry = readdir(open); entry; entry = readdir(open)) {
        uint64_t number;
        if (unsigned_parse(slice_of(entry->d_name), &number))
            visit(context, number);
    }
    closedir(open);
}

static void keep_largest(void *context, uint64_t number)
{
    uint64_t *largest = context;
    if (number > *largest)
        *largest = number;
}

struct removal {
    const char *parent;
    uint64_t kept;
};

static void remove_other(void *context, uint64_t number)
{
    const struct removal *removal = context;
    char path[FOLDER_PATH_SIZE];
    char name[24];
    snprintf(name, sizeof name, "%" PRIu64, number);
    if (number != removal->kept && !folder_path(path, removal->parent, name, NULL))
        folder_remove(path);
}

void state_remove_stale(const struct store *store)
{
    char parent[FOLDER_PATH_SIZE];
    if (folder_path(parent, store->path, "state", NULL))
        return;
    struct removal removal = {.parent = parent, .kept = current_number(parent)};
    each_number(parent, remove_other, &removal);
}

static enum status state_new(const struct store *store, struct state **state, struct error *error)
{
    struct state *made = calloc(1, sizeof *made);
    if (!made)
        return FAIL(error, STATUS_NO_MEMORY, store->path, 0, "no memory to open the state");
    made->map_size = store->map_size;
    enum status status = folder_path(made->parent, store->path, "state", error);
    if (status) {
        free(made);
        return status;
    }
    *state = made;
    return STATUS_OK;
}

static enum status open_number(struct state *state, const struct state_options *options,
                               unsigned flags, struct error *error)
{
    char path[FOLDER_PATH_SIZE];
    size_t map_size = options && options->map_size ? options->map_size : state->map_size;
    if (!map_size)
        map_size = MAP_SIZE_DEFAULT;
    if (options && options->unsynced)
        flags |= ENGINE_UNSYNCED;
    const struct engine_options engine = {
        .tables = table_names,
        .table_count = STATE_TABLE_COUNT,
        .flags = flags,
        .map_size = map_size,
    };
    enum status status = state_path(state, state->number, path, error);
    return status ? status : engine_open(path, &engine, &state->engine, error);
}

enum status state_open(const struct store *store, const struct state_options *options,
                       struct state **state, struct error *error)
{
    struct state *made;
    unsigned flags = store->mode == STORE_READ ? ENGINE_READ_ONLY : 0;
    enum status status = state_new(store, &made, error);
    if (status)
        return status;
    made->is_published = true;
    struct error last = {0};
    status = STATUS_NOT_FOUND;
    for (int i = 0; i < OPEN_ATTEMPTS && status == STATUS_NOT_FOUND; i++) {
        made->number = current_number(made->parent);
        last = (struct error){0};
        if (made->number)
            status = open_number(made, options, flags, &last);
        else
            status = FAIL(&last, STATUS_NOT_FOUND, made->parent, 0, "no state yet");
    }
    if (status) {
        free(made);
        return FAIL(error, status, last.where, 0, "%s", last.text);
    }
    *state = made;
    return STATUS_OK;
}

enum status state_create(const struct store *store, const struct state_options *options,
                         struct state **state, struct error *error)
{
    assert(store->mode != STORE_READ);
    struct state *made;
    char path[FOLDER_PATH_SIZE];
    enum status status = state_new(store, &made, error);
    if (status)
        return status;
    each_number(made->parent, keep_largest, &made->number);
    made->number++;
    status = state_path(made, made->number, path, error);
    if (!status)
        status = folder_make(path, 0700, error);
    if (!status)
        status = open_number(made, options, ENGINE_CREATE, error);
    if (status) {
        state_close(made);
        return status;
    }
    *state = made;
    return STATUS_OK;
}

enum status state_sync(struct state *state, struct error *error)
{
    return engine_sync(state->engine, error);
}

enum status state_publish(struct state *state, struct error *error)
{
    char name[24];
    char aside[FOLDER_PATH_SIZE];
    char link[FOLDER_PATH_SIZE];
    snprintf(name, sizeof name, "%" PRIu64, state->number);
    enum status status = folder_path(aside, state->parent, "current.new", error);
    if (!status)
        status = folder_path(link, state->parent, "current", error);
    if (!status)
        status = engine_sync(state->engine, error);
    if (status)
        return status;
    unlink(aside);
    if (symlink(name, aside) != 0 || rename(aside, link) != 0)
        return FAIL(error, status_of_errno(errno), link, 0, "cannot link the state: %s",
                    strerror(errno));
    state->is_published = true;
    status = folder_sync(state->parent, error);
    if (status)
        return status;
    struct removal removal = {.parent = state->parent, .kept = state->number};
    each_number(state->parent, remove_other, &removal);
    return STATUS_OK;
}

void state_close(struct state *state)
{
    char path[FOLDER_PATH_SIZE];
    if (!state)
        return;
    engine_close(state->engine);
    if (!state->is_published && !state_path(state, state->number, path, NULL))
        folder_remove(path);
    free(state);
}

uint64_t state_bytes(struct state *state)
{
    return engine_bytes(state->engine);
}

void state_reader_check(struct state *state)
{
    engine_reader_check(state->engine);
}

enum status state_begin(struct state *state, bool writing, struct state_transaction **transaction,
                        struct error *error)
{
    struct state_transaction *made = calloc(1, sizeof *made);
    if (!made)
        return FAIL(error, STATUS_NO_MEMORY, state->parent, 0, "no memory for a transaction");
    enum status status = engine_begin(state->engine, writing, &made->transaction, error);
    if (status) {
        free(made);
        return status;
    }
    *transaction = made;
    return STATUS_OK;
}

enum status state_commit(struct state_transaction *transaction, struct error *error)
{
    enum status status = engine_commit(transaction->transaction, error);
    free(transaction);
    return status;
}

void state_abort(struct state_transaction *transaction)
{
    if (!transaction)
        return;
    engine_abort(transaction->transaction);
    free(transaction);
}

/* The value within what is stored; STORAGE where the checksum does not fit. */
static enum status value_check(enum state_table table, struct slice key, struct slice stored,
                               struct slice *value, struct error *error)
{
    const char *name = table_names[table];
    if (stored.size < CHECKSUM_SIZE)
        return FAIL(error, STATUS_STORAGE, name, 0, "a value of the state is cut off");
    struct slice bytes = {.data = stored.data, .size = stored.size - CHECKSUM_SIZE};
    struct reader reader = {.rest = slice_from(stored, bytes.size)};
    if (read_u64(&reader) != value_checksum(table, key, bytes))
        return FAIL(error, STATUS_STORAGE, name, 0,
                    "a value of the state is damaged; `gangway rebuild` makes it anew");
    *value = bytes;
    return STATUS_OK;
}

enum status state_get(struct state_transaction *transaction, enum state_table table,
                      struct slice key, struct slice *value, struct error *error)
{
    struct slice stored;
    enum status status = engine_get(transaction->transaction, table, key, &stored, error);
    return status ? status : value_check(table, key, stored, value, error);
}

enum status state_put(struct state_transaction *transaction, enum state_table table,
                      struct slice key, struct slice value, struct error *error)
{
    char *room;
    uint64_t checksum = value_checksum(table, key, value);
    enum status status = engine_put_room(transaction->transaction, table, key,
                                         value.size + CHECKSUM_SIZE, &room, error);
    if (status)
        return status;
    if (value.size)
        memcpy(room, value.data, value.size);
    for (int i = 0; i < CHECKSUM_SIZE; i++)
        room[value.size + (size_t)i] = (char)(unsigned char)(checksum >> (8 * i));
    return STATUS_OK;
}

enum status state_delete(struct state_transaction *transaction, enum state_table table,
                         struct slice key, struct error *error)
{
    return engine_delete(transaction->transaction, table, key, error);
}

static enum status scan_cursor(struct engine_cursor *cursor, const struct state_scan *scan,
                               struct error *error)
{
    bool from_prefix = slice_compare(scan->from, scan->prefix) < 0;
    struct slice from = from_prefix ? scan->prefix : scan->from;
    struct slice key;
    struct slice stored;
    enum status status = engine_cursor_seek(cursor, from, &key, &stored, error);
    while (!status && slice_starts_with(key, scan->prefix)) {
        struct slice value;
        status = value_check(scan->table, key, stored, &value, error);
        if (status || !scan->visit(scan->context, key, value))
            return status;
        status = engine_cursor_next(cursor, &key, &stored, error);
    }
    return status == STATUS_NOT_FOUND ? STATUS_OK : status;
}

enum status state_scan(struct state_transaction *transaction, const struct state_scan *scan,
                       struct error *error)
{
    struct engine_cursor cursor = {0};
    enum status status = engine_cursor_open(transaction->transaction, scan->table, &cursor, error);
    if (!status)
        status = scan_cursor(&cursor, scan, error);
    engine_cursor_close(&cursor);
    return status;
}
