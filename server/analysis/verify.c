/*
 * The current state against one built anew in a folder of its own, by the same catalogues and up to
 * the same watermark: every row of every table has to be equal.
 *
 * The current state is read in one transaction, so that a server may go on folding meanwhile.
 */

#include "analysis/fold.h"

#include "builder.h"

#include "base/file.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define DIFFERENCES_TOLD 100
#define ROWS_AT_ONCE 10000

struct row {
    struct slice key, value;
};

/* The next rows of one table, copied. */
struct rows {
    struct arena arena;
    struct row *items;
    size_t count;
    struct slice from; /* where to go on: the last key, and a zero byte */
    bool failed;
};

static bool row_take(void *context, struct slice key, struct slice value)
{
    struct rows *rows = context;
    rows->items[rows->count++] = (struct row){.key = arena_copy(&rows->arena, key),
                                              .value = arena_copy(&rows->arena, value)};
    rows->failed = rows->arena.failed;
    return !rows->failed && rows->count < ROWS_AT_ONCE;
}

static enum status rows_next(struct rows *rows, struct state_transaction *transaction,
                             enum state_table table, struct error *error)
{
    char next[512];
    size_t size = rows->from.size < sizeof next ? rows->from.size : sizeof next;
    if (size)
        memcpy(next, rows->from.data, size);
    arena_reset(&rows->arena);
    rows->count = 0;
    rows->items = ARENA_ARRAY(&rows->arena, ROWS_AT_ONCE, struct row);
    if (!rows->items)
        return FAIL(error, STATUS_NO_MEMORY, "verify", 0, "no memory");
    struct state_scan scan = {
        .table = table, .from = {.data = next, .size = size}, .visit = row_take, .context = rows};
    enum status status = state_scan(transaction, &scan, error);
    if (!status && rows->failed)
        status = FAIL(error, STATUS_NO_MEMORY, "verify", 0, "no memory");
    if (status || rows->count == 0)
        return status;
    struct slice last = rows->items[rows->count - 1].key;
    char *from = arena_alloc(&rows->arena, last.size + 1);
    if (!from)
        return FAIL(error, STATUS_NO_MEMORY, "verify", 0, "no memory");
    memcpy(from, last.data, last.size);
    rows->from = (struct slice){.data = from, .size = last.size + 1};
    return STATUS_OK;
}

struct comparison {
    struct state_transaction *sides[2]; /* what is, what should be */
    const struct fold_verify_options *verify;
    uint64_t differences;
    struct error *error;
};

static void differs(struct comparison *comparison, enum state_table table, struct slice key)
{
    const struct fold_verify_options *verify = comparison->verify;
    if (comparison->differences++ < DIFFERENCES_TOLD && verify && verify->difference)
        verify->difference(verify->context, table, key);
}

/* One side of a merge: the rows at hand and the place in them. */
struct side {
    struct rows rows;
    size_t at;
    bool ended;
};

static enum status side_fill(struct side *side, struct state_transaction *transaction,
                             enum state_table table, struct error *error)
{
    if (side->ended || side->at < side->rows.count)
        return STATUS_OK;
    side->at = 0;
    enum status status = rows_next(&side->rows, transaction, table, error);
    side->ended = side->rows.count == 0;
    return status;
}

static void rows_compare(struct comparison *comparison, enum state_table table,
                         struct side sides[2])
{
    const struct row *one = sides[0].ended ? NULL : &sides[0].rows.items[sides[0].at];
    const struct row *other = sides[1].ended ? NULL : &sides[1].rows.items[sides[1].at];
    int order = !one ? 1 : !other ? -1 : slice_compare(one->key, other->key);
    const struct row *first = order <= 0 ? one : other;
    if (first && (order != 0 || !other || !slice_equal(first->value, other->value)))
        differs(comparison, table, first->key);
    sides[0].at += order <= 0;
    sides[1].at += order >= 0;
}

static enum status table_compare(struct comparison *comparison, enum state_table table)
{
    struct side sides[2] = {0};
    enum status status = STATUS_OK;
    for (;;) {
        for (int i = 0; !status && i < 2; i++)
            status = side_fill(&sides[i], comparison->sides[i], table, comparison->error);
        if (status || (sides[0].ended && sides[1].ended))
            break;
        rows_compare(comparison, table, sides);
    }
    arena_done(&sides[0].rows.arena);
    arena_done(&sides[1].rows.arena);
    return status;
}

/* A store without a lock or a journal, for the state alone. */
static enum status scratch_make(const struct store *store, struct store *scratch,
                                struct error *error)
{
    char state[sizeof scratch->path + 8];
    const char *temporary = getenv("TMPDIR");
    *scratch = *store;
    scratch->mode = STORE_CREATE;
    scratch->lock_fd = -1;
    int size = snprintf(scratch->path, sizeof scratch->path, "%s/gangway-verify-XXXXXX",
                        temporary ? temporary : "/tmp");
    if (size < 0 || (size_t)size >= sizeof scratch->path)
        return FAIL(error, STATUS_INVALID, "TMPDIR", 0, "the path is too long");
    if (!mkdtemp(scratch->path))
        return FAIL(error, STATUS_STORAGE, scratch->path, 0, "cannot make the folder");
    snprintf(state, sizeof state, "%s/state", scratch->path);
    return folder_make(state, 0700, error);
}

static void scratch_remove(const struct store *scratch)
{
    char state[sizeof scratch->path + 8];
    snprintf(state, sizeof state, "%s/state", scratch->path);
    rmdir(state);
    rmdir(scratch->path);
}

/* Builds up to where the current state stands, by the catalogues that it uses. */
static enum status verify_build(const struct fold_options *options,
                                const struct fold_verify_options *verify,
                                const struct progress *progress, struct builder **builder,
                                struct error *error)
{
    struct catalogue_records catalogues = {0};
    enum status status =
        catalogues_of_journal(options->journal, progress->used, &catalogues, error);
    if (!status)
        status = builder_start(options, &catalogues, true, builder, error);
    catalogue_records_done(&catalogues);
    if (!status && progress->watermark)
        status = builder_run(*builder, progress->watermark, verify ? verify->progress : NULL,
                             verify ? verify->context : NULL, error);
    return status;
}

static enum status verify_compare(struct view_transaction *transaction, struct builder *builder,
                                  struct comparison *comparison)
{
    struct state_transaction *other = NULL;
    enum status status =
        state_begin(view_owned_state(builder_view(builder)), false, &other, comparison->error);
    comparison->sides[0] = view_state(transaction);
    comparison->sides[1] = other;
    for (unsigned table = 0; !status && table < STATE_TABLE_COUNT; table++)
        status = table_compare(comparison, (enum state_table)table);
    state_abort(other);
    return status;
}

enum status fold_verify(const struct fold_options *options,
                        const struct fold_verify_options *verify, uint64_t *differences,
                        struct error *error)
{
    struct view *view = NULL;
    struct view_transaction *transaction = NULL;
    struct builder *builder = NULL;
    struct store scratch;
    struct comparison comparison = {.verify = verify, .error = error};
    enum status status = view_open(options->store, &view, error);
    if (status)
        return status;
    status = scratch_make(options->store, &scratch, error);
    struct fold_options aside = *options;
    aside.store = &scratch;
    if (!status)
        status = view_begin(view, &transaction, error);
    if (!status)
        status = verify_build(&aside, verify, view_progress(transaction), &builder, error);
    if (!status)
        status = verify_compare(transaction, builder, &comparison);
    view_end(transaction);
    builder_free(builder);
    scratch_remove(&scratch);
    view_release(view);
    if (!status)
        *differences = comparison.differences;
    return status;
}
