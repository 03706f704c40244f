/*
 * The current state against one built anew in a folder of its own, by the same catalogues and up to
 * the same watermark: every row of every table has to be equal.
 *
 * No read transaction outlives a slice of ROWS_AT_ONCE rows.  A server may go on folding between
 * two of them, so before each slice the second state is brought to where the first stands by then:
 * each range of keys is compared once, at a watermark that both have.  A difference that stands in
 * a range when its turn comes is found; one that the server makes after that is for the next run.
 * A state swapped in meanwhile is not looked at: the one that was current at the start stays open.
 */

#include "analysis/fold.h"

#include "builder.h"

#include "base/file.h"
#include "store/erasure.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define DIFFERENCES_TOLD 100
#define ROWS_AT_ONCE 10000

#define CATCH_UP_ATTEMPTS 100

struct row {
    struct slice key, value;
};

/* The rows of one table from a key on, copied: at most ROWS_AT_ONCE, and then there may be more. */
struct rows {
    struct arena arena;
    struct row *items;
    size_t count;
};

static bool row_take(void *context, struct slice key, struct slice value)
{
    struct rows *rows = context;
    rows->items[rows->count++] = (struct row){.key = arena_copy(&rows->arena, key),
                                              .value = arena_copy(&rows->arena, value)};
    return !rows->arena.failed && rows->count < ROWS_AT_ONCE;
}

static enum status rows_read(struct rows *rows, struct state_transaction *transaction,
                             enum state_table table, struct slice from, struct error *error)
{
    arena_reset(&rows->arena);
    rows->count = 0;
    rows->items = ARENA_ARRAY(&rows->arena, ROWS_AT_ONCE, struct row);
    struct state_scan scan = {.table = table, .from = from, .visit = row_take, .context = rows};
    enum status status = rows->items ? state_scan(transaction, &scan, error) : STATUS_OK;
    if (!status && (!rows->items || rows->arena.failed))
        status = FAIL(error, STATUS_NO_MEMORY, "verify", 0, "no memory");
    return status;
}

struct comparison {
    struct view *view;       /* what is */
    struct builder *builder; /* what should be */
    struct journal *journal;
    const struct fold_verify_options *verify;
    struct rows sides[2]; /* of what is, of what should be */
    struct buffer from;   /* where the next slice begins: the last key, and a zero byte */
    bool more;
    uint64_t differences;
    struct error *error;
};

static void differs(struct comparison *comparison, enum state_table table, struct slice key)
{
    const struct fold_verify_options *verify = comparison->verify;
    if (comparison->differences++ < DIFFERENCES_TOLD && verify && verify->difference)
        verify->difference(verify->context, table, key);
}

/* The last key up to which both sides are whole; false: both are, to the end of the table. */
static bool rows_bound(const struct rows sides[2], struct slice *bound)
{
    bool cut = false;
    for (int i = 0; i < 2; i++) {
        const struct rows *rows = &sides[i];
        if (rows->count < ROWS_AT_ONCE)
            continue;
        struct slice last = rows->items[rows->count - 1].key;
        if (!cut || slice_compare(last, *bound) < 0)
            *bound = last;
        cut = true;
    }
    return cut;
}

/* Merges the two sides, up to the bound where there is one. */
static void rows_compare(struct comparison *comparison, enum state_table table,
                         const struct slice *bound)
{
    const struct rows *sides = comparison->sides;
    size_t at[2] = {0, 0};
    while (at[0] < sides[0].count || at[1] < sides[1].count) {
        const struct row *one = at[0] < sides[0].count ? &sides[0].items[at[0]] : NULL;
        const struct row *other = at[1] < sides[1].count ? &sides[1].items[at[1]] : NULL;
        int order = !one ? 1 : !other ? -1 : slice_compare(one->key, other->key);
        const struct row *first = order <= 0 ? one : other;
        if (bound && slice_compare(first->key, *bound) > 0)
            return;
        if (order != 0 || !slice_equal(first->value, other->value))
            differs(comparison, table, first->key);
        at[0] += order <= 0;
        at[1] += order >= 0;
    }
}

static enum status slice_read(struct comparison *comparison, struct view_transaction *transaction,
                              enum state_table table)
{
    struct state_transaction *other = NULL;
    struct slice from = buffer_slice(&comparison->from);
    struct state *state = view_owned_state(builder_view(comparison->builder));
    enum status status =
        rows_read(&comparison->sides[0], view_state(transaction), table, from, comparison->error);
    if (!status)
        status = state_begin(state, false, &other, comparison->error);
    if (!status)
        status = rows_read(&comparison->sides[1], other, table, from, comparison->error);
    state_abort(other);
    return status;
}

/* Begins a transaction of the current state and brings the second one to its watermark, which takes
 * its time, so that it may have to begin another. */
static enum status begin_abreast(struct comparison *comparison,
                                 struct view_transaction **transaction)
{
    struct error *error = comparison->error;
    for (int i = 0; i < CATCH_UP_ATTEMPTS; i++) {
        struct view_transaction *begun = NULL;
        enum status status = view_begin(comparison->view, &begun, error);
        if (status)
            return status;
        uint64_t watermark = view_watermark(begun);
        if (watermark <= builder_progress(comparison->builder)->watermark ||
            builder_progress(comparison->builder)->watermark ==
                journal_last_sequence(comparison->journal)) {
            *transaction = begun;
            return STATUS_OK;
        }
        view_end(begun);
        status = builder_run(comparison->builder, watermark, NULL, NULL, error);
        if (status)
            return status;
    }
    return FAIL(error, STATUS_CONFLICT, "verify", 0,
                "the server takes in messages faster than they can be checked; try again when "
                "fewer come");
}

static enum status slice_compare_next(struct comparison *comparison, enum state_table table)
{
    struct view_transaction *transaction = NULL;
    struct slice bound = {0};
    enum status status = begin_abreast(comparison, &transaction);
    if (!status)
        status = slice_read(comparison, transaction, table);
    view_end(transaction);
    if (status)
        return status;
    comparison->more = rows_bound(comparison->sides, &bound);
    rows_compare(comparison, table, comparison->more ? &bound : NULL);
    buffer_clear(&comparison->from);
    if (comparison->more) {
        buffer_add(&comparison->from, bound);
        buffer_add_byte(&comparison->from, '\0');
    }
    return buffer_status(&comparison->from, comparison->error);
}

static enum status tables_compare(struct comparison *comparison)
{
    enum status status = STATUS_OK;
    for (unsigned table = 0; !status && table < STATE_TABLE_COUNT; table++) {
        do
            status = slice_compare_next(comparison, (enum state_table)table);
        while (!status && comparison->more);
    }
    arena_done(&comparison->sides[0].arena);
    arena_done(&comparison->sides[1].arena);
    buffer_done(&comparison->from);
    return status;
}

static void scratch_remove(const struct store *scratch)
{
    char state[sizeof scratch->path + 8];
    snprintf(state, sizeof state, "%s/state", scratch->path);
    rmdir(state);
    rmdir(scratch->path);
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
    enum status status = folder_make(state, 0700, error);
    if (status)
        scratch_remove(scratch);
    return status;
}

/* How far the current state is, and by which catalogues. */
static enum status verify_progress(struct view *view, struct progress *progress,
                                   struct error *error)
{
    struct view_transaction *transaction = NULL;
    enum status status = view_begin(view, &transaction, error);
    if (!status)
        *progress = *view_progress(transaction);
    view_end(transaction);
    return status;
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
        status = builder_start(options, &catalogues, progress->purged, true, builder, error);
    catalogue_records_done(&catalogues);
    if (!status && progress->watermark)
        status = builder_run(*builder, progress->watermark, verify ? verify->progress : NULL,
                             verify ? verify->context : NULL, error);
    return status;
}

/* While records are scrubbed, and until the state was built anew, journal and state differ. */
static enum status verify_settled(const struct fold_options *options,
                                  const struct progress *progress, struct error *error)
{
    struct erasure_progress erasure = erasure_progress_read(options->store);
    if (!erasure.through && erasure.changed <= progress->purged)
        return STATUS_OK;
    return FAIL(error, STATUS_BUSY, "verify", 0,
                "an erasure is under way; the state can be checked when it is done");
}

enum status fold_verify(const struct fold_options *options,
                        const struct fold_verify_options *verify, uint64_t *differences,
                        struct error *error)
{
    struct store scratch;
    struct progress progress;
    struct comparison comparison = {.journal = options->journal, .verify = verify, .error = error};
    enum status status = view_open(options->store, &comparison.view, error);
    if (status)
        return status;
    status = scratch_make(options->store, &scratch, error);
    if (status) {
        view_release(comparison.view);
        return status;
    }
    struct fold_options aside = *options;
    aside.store = &scratch;
    aside.origin = options->store;
    status = verify_progress(comparison.view, &progress, error);
    if (!status)
        status = verify_settled(options, &progress, error);
    if (!status)
        status = verify_build(&aside, verify, &progress, &comparison.builder, error);
    if (!status)
        status = tables_compare(&comparison);
    if (!status && comparison.differences)
        status = verify_settled(options, &progress, error);
    builder_free(comparison.builder);
    scratch_remove(&scratch);
    view_release(comparison.view);
    if (!status)
        *differences = comparison.differences;
    return status;
}
