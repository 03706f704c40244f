/* Bases: base.h. */

#include "base.h"

#include "base/file.h"
#include "store/erasure.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#define ROWS_AT_ONCE 10000

static const struct slice base_key = {.data = "base", .size = 4};

struct row_digest {
    struct digest digest;
    struct slice table;
    struct buffer last; /* key of the last row, and a zero byte */
    size_t count;
    bool skips_base;
};

static bool digest_row(void *context, struct slice key, struct slice value)
{
    struct row_digest *rows = context;
    if (!rows->skips_base || !slice_equal(key, base_key)) {
        const struct slice parts[] = {
            {.data = (const char *)rows->digest.bytes, .size = DIGEST_SIZE},
            rows->table,
            key,
            value};
        rows->digest = hash_sha256_parts(parts, 4);
    }
    buffer_clear(&rows->last);
    buffer_add(&rows->last, key);
    buffer_add_byte(&rows->last, '\0');
    return ++rows->count < ROWS_AT_ONCE && !rows->last.failed;
}

static enum status table_digest(struct state *state, enum state_table table,
                                struct row_digest *rows, struct error *error)
{
    enum status status = STATUS_OK;
    rows->table = slice_of(state_table_text(table));
    rows->skips_base = table == STATE_META;
    rows->count = ROWS_AT_ONCE;
    buffer_clear(&rows->last);
    while (!status && rows->count == ROWS_AT_ONCE) {
        struct state_transaction *transaction = NULL;
        struct buffer from = {0};
        buffer_add(&from, buffer_slice(&rows->last));
        struct state_scan scan = {
            .table = table, .from = buffer_slice(&from), .visit = digest_row, .context = rows};
        rows->count = 0;
        status = buffer_status(&from, error);
        if (!status)
            status = state_begin(state, false, &transaction, error);
        if (!status)
            status = state_scan(transaction, &scan, error);
        state_abort(transaction);
        buffer_done(&from);
    }
    return status ? status : buffer_status(&rows->last, error);
}

static enum status state_digest(struct state *state, struct digest *digest, struct error *error)
{
    struct row_digest rows = {0};
    enum status status = STATUS_OK;
    for (unsigned table = 0; !status && table < STATE_TABLE_COUNT; table++)
        status = table_digest(state, (enum state_table)table, &rows, error);
    buffer_done(&rows.last);
    if (!status)
        *digest = rows.digest;
    return status;
}

static enum status base_read(struct state *state, struct base *base, struct error *error)
{
    struct state_transaction *transaction = NULL;
    struct slice value;
    enum status status = state_begin(state, false, &transaction, error);
    if (!status)
        status = state_get(transaction, STATE_META, base_key, &value, error);
    if (status == STATUS_NOT_FOUND)
        status = FAIL(error, STATUS_STORAGE, "base", 0, "this is no base");
    if (!status) {
        struct reader reader = {.rest = value};
        base->sequence = read_u64(&reader);
        base->received_ms = (int64_t)read_u64(&reader);
        struct slice rows = read_bytes(&reader, DIGEST_SIZE);
        if (reader.failed)
            status = FAIL(error, STATUS_STORAGE, "base", 0, "this is no base");
        else
            memcpy(base->rows.bytes, rows.data, DIGEST_SIZE);
    }
    state_abort(transaction);
    return status;
}

enum status base_open(const struct fold_options *options, struct state **state, struct base *base,
                      struct error *error)
{
    struct store store;
    struct state *opened = NULL;
    enum status status =
        store_base(options->origin ? options->origin : options->store, &store, error);
    store.mode = STORE_READ;
    if (!status)
        status = state_open(&store, &(struct state_options){0}, &opened, error);
    if (!status)
        status = base_read(opened, base, error);
    if (status) {
        state_close(opened);
        return status;
    }
    *state = opened;
    return STATUS_OK;
}

/* The rows of a base of the same scheme, and how far it was. */
static enum status rows_take(struct state *base, struct state *state, const struct progress *was,
                             const struct progress *prepared, struct error *error)
{
    const unsigned tables = 1u << STATE_DICTIONARY | 1u << STATE_UNITS | 1u << STATE_LINKS |
                            1u << STATE_CUBE | 1u << STATE_NAMES;
    struct state_transaction *transaction = NULL;
    struct progress progress = *was;
    progress.used = prepared->used;
    progress.seen = prepared->seen;
    progress.purged = prepared->purged;
    enum status status = state_copy_tables(base, state, tables, error);
    if (!status)
        status = state_begin(state, true, &transaction, error);
    if (status)
        return status;
    status = progress_write(transaction, &progress, error);
    if (!status)
        status = lacking_carry(base, transaction, error);
    if (status) {
        state_abort(transaction);
        return status;
    }
    return state_commit(transaction, error);
}

static enum status progress_of(struct state *state, struct progress *progress, struct error *error)
{
    struct state_transaction *transaction = NULL;
    enum status status = state_begin(state, false, &transaction, error);
    if (!status)
        status = progress_read(transaction, progress, error);
    state_abort(transaction);
    return status;
}

/* Erasures that the new state is to be without, and the base is not: who was erased before the base
 * was begun, and is in it, has begun anew. */
static enum status convert_without(struct state *base, const struct builder_options *options,
                                   struct view *view, uint64_t was_purged, uint64_t purged,
                                   struct error *error)
{
    struct erasures *erasures = NULL;
    struct erasure_row *rows = NULL;
    size_t count = 0;
    enum status status = erasures_open(options->journal, &erasures, error);
    if (!status)
        status = erasures_rows(erasures, 0, &rows, &count, error);
    size_t wanted = 0;
    for (size_t i = 0; !status && i < count; i++)
        if (rows[i].request > was_purged && rows[i].request <= purged)
            rows[wanted++] = rows[i];
    if (!status)
        status = base_convert(options, base, view, rows, wanted, error);
    free(rows);
    erasures_close(erasures);
    return status;
}

static enum status load_from(struct state *base, const struct builder_options *options,
                             struct view *view, struct error *error)
{
    struct state *state = view_owned_state(view);
    struct progress was;
    struct progress prepared;
    enum status status = progress_of(state, &prepared, error);
    if (!status)
        status = progress_of(base, &was, error);
    if (status)
        return status;
    if (was.purged < prepared.purged)
        return convert_without(base, options, view, was.purged, prepared.purged, error);
    if (digest_equal(&was.scheme, &prepared.scheme))
        return rows_take(base, state, &was, &prepared, error);
    return base_convert(options, base, view, NULL, 0, error);
}

bool base_is_stale(const struct fold_options *options)
{
    struct state *state = NULL;
    struct base base;
    struct progress progress;
    if (!journal_dropped(options->journal) || base_open(options, &state, &base, NULL))
        return false;
    bool is_stale = progress_of(state, &progress, NULL) == STATUS_OK &&
                    progress.purged < journal_purged(options);
    state_close(state);
    return is_stale;
}

enum status base_load(const struct fold_options *options,
                      const struct builder_options *builder_options, struct view *view,
                      struct error *error)
{
    struct state *from = NULL;
    struct base base;
    struct error why = {0};
    uint64_t dropped = journal_dropped(options->journal);
    enum status status = base_open(options, &from, &base, &why);
    if (!status && base.sequence < dropped)
        status =
            FAIL(&why, STATUS_STORAGE, "base", 0, "it ends at sequence %" PRIu64, base.sequence);
    if (status)
        return FAIL(error, STATUS_STORAGE, "base", 0,
                    "records up to %" PRIu64 " were dropped, and the base that stands for them "
                    "can't be used; bring the store back from a backup: %s",
                    dropped, why.text);
    status = load_from(from, builder_options, view, error);
    state_close(from);
    return status;
}

enum status base_start(const struct fold_options *options,
                       const struct catalogue_records *catalogues, struct builder **builder,
                       struct error *error)
{
    struct store store;
    struct fold_options aside = *options;
    char folder[sizeof store.path + 8];
    enum status status = store_base(options->store, &store, error);
    if (status)
        return status;
    snprintf(folder, sizeof folder, "%s/state", store.path);
    status = folder_make(store.path, 0700, error);
    if (!status)
        status = folder_make(folder, 0700, error);
    if (status)
        return status;
    state_remove_stale(&store);
    aside.store = &store;
    aside.origin = options->store;
    return builder_start(&aside, catalogues, journal_purged(options), true, builder, error);
}

enum status base_publish(struct builder *builder, struct error *error)
{
    const struct progress *progress = builder_progress(builder);
    struct state *state = view_owned_state(builder_view(builder));
    struct state_transaction *transaction = NULL;
    struct digest rows;
    struct buffer value = {0};
    enum status status = state_digest(state, &rows, error);
    buffer_add_u64(&value, progress->watermark);
    buffer_add_u64(&value, (uint64_t)progress->received_ms);
    buffer_add(&value, (struct slice){.data = (const char *)rows.bytes, .size = DIGEST_SIZE});
    if (!status)
        status = buffer_status(&value, error);
    if (!status)
        status = state_begin(state, true, &transaction, error);
    if (!status)
        status = state_put(transaction, STATE_META, base_key, buffer_slice(&value), error);
    if (status)
        state_abort(transaction);
    else
        status = state_commit(transaction, error);
    buffer_done(&value);
    return status ? status : state_publish(state, error);
}

enum status fold_base_verify(const struct fold_options *options, struct fold_base_check *check,
                             struct error *error)
{
    struct state *state = NULL;
    struct base base;
    struct digest rows = {0};
    struct error why = {0};
    *check = (struct fold_base_check){.dropped = journal_dropped(options->journal)};
    if (!check->dropped)
        return STATUS_OK;
    enum status status = base_open(options, &state, &base, &why);
    if (!status)
        status = state_digest(state, &rows, &why);
    if (!status) {
        check->sequence = base.sequence;
        check->sound = base.sequence >= check->dropped && digest_equal(&rows, &base.rows);
    }
    state_close(state);
    if (status && status != STATUS_STORAGE && status != STATUS_NOT_FOUND)
        return FAIL(error, status, why.where, 0, "%s", why.text);
    return STATUS_OK;
}
