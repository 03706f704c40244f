/*
 * A state copied row by row into another environment: for backups, bases and compacting.  Rows come
 * in key order, so the pages of the copy are full, and nothing that was deleted or overwritten
 * comes along.
 *
 * A read transaction covers one slice.  That all slices are of one moment shows in the table META,
 * which every step of the fold changes (its watermark stands there): it is read first, and compared
 * in each slice.
 */

#include "store/state.h"

#include "base/arena.h"
#include "base/observer.h"

#define SLICE_ROWS 10000
#define SLICE_BYTES ((size_t)8 << 20)

struct row {
    struct slice key, value;
};

struct copying {
    struct state *from;
    struct state *to;
    struct arena arena; /* of the slice */
    struct row *rows;   /* room for SLICE_ROWS */
    size_t count;
    bool is_full;
    const struct observer *observer;
    uint64_t copied;
    struct buffer meta;  /* all of META, as it was */
    struct buffer start; /* of the next slice: the last key and a zero byte */
};

static bool row_take(void *context, struct slice key, struct slice value)
{
    struct copying *copying = context;
    copying->rows[copying->count++] = (struct row){.key = arena_copy(&copying->arena, key),
                                                   .value = arena_copy(&copying->arena, value)};
    copying->is_full = copying->count == SLICE_ROWS || copying->arena.used > SLICE_BYTES;
    return !copying->is_full && !copying->arena.failed;
}

static bool meta_take(void *context, struct slice key, struct slice value)
{
    struct buffer *meta = context;
    buffer_add_sized(meta, key);
    buffer_add_sized(meta, value);
    return !meta->failed;
}

static enum status meta_read(struct state_transaction *transaction, struct buffer *meta,
                             struct error *error)
{
    struct state_scan scan = {.table = STATE_META, .visit = meta_take, .context = meta};
    enum status status = state_scan(transaction, &scan, error);
    return status ? status : buffer_status(meta, error);
}

static enum status slice_read_in(struct copying *copying, struct state_transaction *transaction,
                                 enum state_table table, struct error *error)
{
    struct buffer meta = {0};
    struct state_scan scan = {.table = table,
                              .from = buffer_slice(&copying->start),
                              .visit = row_take,
                              .context = copying};
    enum status status = meta_read(transaction, &meta, error);
    if (!status && !slice_equal(buffer_slice(&meta), buffer_slice(&copying->meta)))
        status =
            FAIL(error, STATUS_CONFLICT, "state", 0, "the state was written while it was copied");
    if (!status)
        status = state_scan(transaction, &scan, error);
    if (!status && copying->arena.failed)
        status = FAIL(error, STATUS_NO_MEMORY, "state", 0, "no memory to copy it");
    buffer_done(&meta);
    return status;
}

static enum status slice_read(struct copying *copying, enum state_table table, struct error *error)
{
    struct state_transaction *transaction = NULL;
    arena_reset(&copying->arena);
    copying->count = 0;
    copying->is_full = false;
    copying->rows = ARENA_ARRAY(&copying->arena, SLICE_ROWS, struct row);
    if (!copying->rows)
        return FAIL(error, STATUS_NO_MEMORY, "state", 0, "no memory to copy it");
    enum status status = state_begin(copying->from, false, &transaction, error);
    if (!status)
        status = slice_read_in(copying, transaction, table, error);
    state_abort(transaction);
    return status;
}

static enum status slice_write(struct copying *copying, enum state_table table, struct error *error)
{
    struct state_transaction *transaction = NULL;
    enum status status = state_begin(copying->to, true, &transaction, error);
    if (status)
        return status;
    for (size_t i = 0; !status && i < copying->count; i++)
        status = state_put(transaction, table, copying->rows[i].key, copying->rows[i].value, error);
    if (status) {
        state_abort(transaction);
        return status;
    }
    buffer_clear(&copying->start);
    if (copying->count)
        buffer_add(&copying->start, copying->rows[copying->count - 1].key);
    buffer_add_byte(&copying->start, '\0');
    status = state_commit(transaction, error);
    copying->copied += copying->count;
    observer_tell(copying->observer, "state", OBSERVER_RECORDS, copying->copied, 0);
    return status ? status : buffer_status(&copying->start, error);
}

static enum status table_copy(struct copying *copying, enum state_table table, struct error *error)
{
    enum status status = STATUS_OK;
    buffer_clear(&copying->start);
    copying->is_full = true;
    while (!status && copying->is_full) {
        status = slice_read(copying, table, error);
        if (!status)
            status = slice_write(copying, table, error);
    }
    return status;
}

static enum status tables_copy(struct copying *copying, unsigned tables, struct error *error)
{
    struct state_transaction *transaction = NULL;
    enum status status = state_begin(copying->from, false, &transaction, error);
    if (!status)
        status = meta_read(transaction, &copying->meta, error);
    state_abort(transaction);
    for (unsigned table = 0; !status && table < STATE_TABLE_COUNT; table++)
        if (tables & 1u << table)
            status = table_copy(copying, (enum state_table)table, error);
    arena_done(&copying->arena);
    buffer_done(&copying->meta);
    buffer_done(&copying->start);
    return status;
}

enum status state_copy(struct state *from, struct state *to, const struct observer *observer,
                       struct error *error)
{
    struct copying copying = {.from = from, .to = to, .observer = observer};
    return tables_copy(&copying, (1u << STATE_TABLE_COUNT) - 1, error);
}

enum status state_copy_tables(struct state *from, struct state *to, unsigned tables,
                              struct error *error)
{
    struct copying copying = {.from = from, .to = to};
    return tables_copy(&copying, tables, error);
}

enum status state_compact(const struct store *store, uint64_t *before, uint64_t *after,
                          struct error *error)
{
    const struct state_options unsynced = {.unsynced = true};
    struct state *from = NULL;
    struct state *to = NULL;
    uint64_t bytes[2] = {0, 0};
    enum status status = state_open(store, NULL, &from, error);
    if (!status)
        status = state_create(store, &unsynced, &to, error);
    if (!status)
        status = state_copy(from, to, store->observer, error);
    if (!status) {
        bytes[0] = state_bytes(from);
        bytes[1] = state_bytes(to);
        status = state_publish(to, error);
    }
    state_close(to);
    state_close(from);
    if (status)
        return status;
    *before = bytes[0];
    *after = bytes[1];
    return STATUS_OK;
}
