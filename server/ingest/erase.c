/*
 * Requests and runs of erasure: what include/ingest/erase.h promises.
 *
 * A run's order makes it safe to be killed: the visitors found are in a committed record before
 * anything is scrubbed, so that links that are scrubbed are not needed again; the salt of the run
 * is on the disk before the first id is replaced by it, and forgotten with the line that says that
 * the run is done.  What was rewritten before the end is not written again, since nothing in it
 * names an erased id any more.
 */

#include "ingest/erase.h"

#include "ties.h"

#include "base/random.h"

#include <pthread.h>
#include <stdlib.h>

/* New records of a suppressed id that were on their way come after one more sealing; more than a
 * few such rounds there never are. */
#define ROUNDS_MAX 10

struct eraser {
    struct eraser_options options;
    struct erasures *erasures;
    pthread_mutex_t append_lock; /* records know the one before them */
    pthread_mutex_t lock;        /* of `progress` */
    struct erasure_progress progress;
};

enum status eraser_open(const struct eraser_options *options, struct eraser **eraser,
                        struct error *error)
{
    struct eraser *made = calloc(1, sizeof *made);
    if (!made)
        return FAIL(error, STATUS_NO_MEMORY, "erasure", 0, "no memory");
    made->options = *options;
    pthread_mutex_init(&made->append_lock, NULL);
    pthread_mutex_init(&made->lock, NULL);
    made->progress = erasure_progress_read(options->store);
    enum status status = erasures_open(options->journal, &made->erasures, error);
    if (status) {
        eraser_close(made);
        return status;
    }
    *eraser = made;
    return STATUS_OK;
}

void eraser_close(struct eraser *eraser)
{
    if (!eraser)
        return;
    erasures_close(eraser->erasures);
    pthread_mutex_destroy(&eraser->append_lock);
    pthread_mutex_destroy(&eraser->lock);
    free(eraser);
}

struct erasures *eraser_erasures(struct eraser *eraser)
{
    return eraser->erasures;
}

struct erasure_progress eraser_progress(struct eraser *eraser)
{
    pthread_mutex_lock(&eraser->lock);
    struct erasure_progress progress = eraser->progress;
    pthread_mutex_unlock(&eraser->lock);
    return progress;
}

static enum status progress_set(struct eraser *eraser, const struct erasure_progress *progress,
                                struct error *error)
{
    enum status status = erasure_progress_write(eraser->options.store, progress, error);
    if (status)
        return status;
    pthread_mutex_lock(&eraser->lock);
    eraser->progress = *progress;
    pthread_mutex_unlock(&eraser->lock);
    return STATUS_OK;
}

enum status eraser_append_direct(void *journal, uint16_t flags, struct slice body,
                                 uint64_t *sequence, struct error *error)
{
    const struct journal_entry entry = {.kind = RECORD_ERASURE,
                                        .flags = flags,
                                        .received_ms = clock_now_ms(&clock_system),
                                        .body = body};
    return journal_append(journal, &entry, 1, sequence, error);
}

static enum status keys_append(struct eraser *eraser, uint64_t of, uint16_t flags,
                               const struct erasure_key *keys, size_t count, uint64_t *sequence,
                               struct error *error)
{
    struct buffer body = {0};
    pthread_mutex_lock(&eraser->append_lock);
    erasure_write(&body, of, erasures_last(eraser->erasures), keys, count);
    enum status status = buffer_status(&body, error);
    if (!status)
        status = eraser->options.append(eraser->options.context, flags, buffer_slice(&body),
                                        sequence, error);
    if (!status)
        status = erasures_add(eraser->erasures, *sequence, of, keys, count, error);
    pthread_mutex_unlock(&eraser->append_lock);
    buffer_done(&body);
    return status;
}

/* Whether a record carries an id. */
struct looking {
    enum unit_kind kind;
    struct slice id;
    bool found;
};

static enum status looking_visit(void *context, const struct record *record, struct error *error)
{
    struct looking *looking = context;
    struct message message;
    (void)error;
    if (record->damaged || record->kind != RECORD_MESSAGE ||
        message_read(record->body, &message, NULL))
        return STATUS_OK;
    const struct slice ids[UNIT_KIND_COUNT] = {[UNIT_USER] = message.user,
                                               [UNIT_ACCOUNT] = message.account,
                                               [UNIT_ANONYMOUS] = message.anonymous};
    looking->found =
        slice_equal(ids[looking->kind], looking->id) ||
        (looking->kind == UNIT_ANONYMOUS && slice_equal(message.previous, looking->id));
    return looking->found ? STATUS_CONFLICT : STATUS_OK;
}

static enum status id_look(struct journal *journal, enum unit_kind kind, struct slice id,
                           uint64_t from, bool *found, struct error *error)
{
    struct looking looking = {.kind = kind, .id = id};
    struct journal_scan scan = {
        .from = from, .visit = looking_visit, .context = &looking, .doing = "search"};
    enum status status = journal_scan(journal, &scan, error);
    *found = looking.found;
    return status == STATUS_CONFLICT ? STATUS_OK : status;
}

/* In the journal; or, where its beginning was dropped, in what is known of it. */
static enum status id_find(struct eraser *eraser, const struct erasure_key *key, struct slice id,
                           uint64_t from, bool *found, struct error *error)
{
    const struct eraser_options *options = &eraser->options;
    enum status status =
        id_look(options->journal, (enum unit_kind)key->kind, id, from, found, error);
    if (status || *found || !options->knows || !journal_dropped(options->journal))
        return status;
    return options->knows(options->knows_context, &key->hash, found, error);
}

enum status eraser_request(struct eraser *eraser, enum unit_kind kind, struct slice id,
                           bool suppress, uint64_t *sequence, struct error *error)
{
    const struct store *store = eraser->options.store;
    struct erasure_key key = {.kind = (uint8_t)kind, .suppressed = suppress};
    struct erasure_row row = {.request = 0};
    key.hash = hash_keyed(store_secret(store), (unsigned char)kind, id);
    bool was_erased = erasures_find(eraser->erasures, kind, &key.hash, &row);
    bool covers = was_erased && (row.key.suppressed || !suppress);
    if (covers && row.request > eraser_progress(eraser).done) {
        *sequence = row.request; /* it waits for its turn */
        return STATUS_OK;
    }
    bool found = was_erased && !covers;
    enum status status = STATUS_OK;
    if (!found)
        status = id_find(eraser, &key, id, row.request + 1, &found, error);
    if (status)
        return status;
    if (!found && !was_erased)
        return STATUS_NOT_FOUND;
    if (!found) {
        *sequence = row.request;
        return STATUS_OK;
    }
    return keys_append(eraser, 0, 0, &key, 1, sequence, error);
}

/* Whether a row of the same key and request is among them. */
static bool row_is_known(const struct erasure_row *rows, size_t count,
                         const struct erasure_row *row)
{
    for (size_t i = 0; i < count; i++)
        if (rows[i].request == row->request && rows[i].is_person == row->is_person &&
            rows[i].key.kind == row->key.kind &&
            hash128_compare(&rows[i].key.hash, &row->key.hash) == 0)
            return true;
    return false;
}

/* One request, and the keys that are tied to it; they know their request by its new sequence. */
static enum status request_adopt(struct eraser *eraser, const struct erasure_row *rows,
                                 size_t count, const struct erasure_row *person,
                                 struct error *error)
{
    uint64_t request, sequence;
    enum status status = keys_append(eraser, 0, 0, &person->key, 1, &request, error);
    for (size_t i = 0; !status && i < count; i++)
        if (!rows[i].is_person && rows[i].request == person->request)
            status = keys_append(eraser, request, 0, &rows[i].key, 1, &sequence, error);
    return status;
}

enum status eraser_adopt(struct eraser *eraser, struct erasures *newer, uint64_t *count,
                         struct error *error)
{
    struct erasure_row *theirs = NULL, *own = NULL;
    size_t their_count = 0, own_count = 0;
    *count = 0;
    enum status status = erasures_rows(newer, 0, &theirs, &their_count, error);
    if (!status)
        status = erasures_rows(eraser->erasures, 0, &own, &own_count, error);
    for (size_t i = 0; !status && i < their_count; i++) {
        if (!theirs[i].is_person || row_is_known(own, own_count, &theirs[i]))
            continue;
        status = request_adopt(eraser, theirs, their_count, &theirs[i], error);
        (*count)++;
    }
    free(theirs);
    free(own);
    return status;
}

bool eraser_is_pending(struct eraser *eraser)
{
    struct erasure_progress progress = eraser_progress(eraser);
    struct erasure_row *rows;
    size_t count;
    if (progress.through)
        return true;
    if (erasures_rows(eraser->erasures, progress.done, &rows, &count, NULL))
        return true;
    free(rows);
    return count > 0;
}

/* The visitors of the persons among `rows`, in a record for each person that has any. */
static enum status ties_append(struct eraser *eraser, const struct erasure_row *rows, size_t count,
                               struct error *error)
{
    const struct eraser_options *options = &eraser->options;
    struct ties ties = {0};
    enum status status =
        ties_find(options->journal, store_secret(options->store), rows, count, &ties, error);
    for (size_t i = 0; !status && i < ties.count; i++) {
        const struct tie *tie = &ties.items[i];
        const struct erasure_row *person = &rows[tie->person];
        struct erasure_row row;
        struct erasure_key key = {
            .kind = UNIT_ANONYMOUS,
            .suppressed = person->key.suppressed && tie->users == 1,
            .hash = hash_keyed(store_secret(options->store), UNIT_ANONYMOUS, tie->visitor)};
        uint64_t sequence;
        if (!erasures_find(eraser->erasures, UNIT_ANONYMOUS, &key.hash, &row) ||
            row.request != person->request)
            status = keys_append(eraser, person->request, 0, &key, 1, &sequence, error);
    }
    ties_done(&ties);
    return status;
}

/* A run and what it was asked by. */
struct running {
    struct erasure_run run;
    bool (*stops)(void *context);
    void *context;
};

static enum status running_scrub(void *context, const struct record *record,
                                 struct record *scrubbed, struct buffer *body, bool *changed,
                                 struct error *error)
{
    const struct running *running = context;
    return erasure_scrub(&running->run, record, scrubbed, body, changed, error);
}

static bool running_stops(void *context)
{
    const struct running *running = context;
    return running->stops && running->stops(running->context);
}

/* All sealed files; the open one is sealed where it holds something, and has its turn then. */
static enum status journal_scrub(struct eraser *eraser, struct running *running, uint64_t through,
                                 struct journal_rewrite *rewrite, struct error *error)
{
    *rewrite = (struct journal_rewrite){.erasure = through,
                                        .scrub = running_scrub,
                                        .context = running,
                                        .stops = running_stops,
                                        .open_holds = true};
    for (int round = 0; rewrite->open_holds && round < ROUNDS_MAX; round++) {
        uint64_t sequence;
        enum status status = journal_rewrite(eraser->options.journal, rewrite, error);
        if (!status && rewrite->open_holds && !rewrite->stopped)
            status = keys_append(eraser, through, RECORD_SEAL, NULL, 0, &sequence, error);
        if (status || rewrite->stopped)
            return status;
    }
    return rewrite->open_holds ? FAIL(error, STATUS_BUSY, "journal", 0,
                                      "the open file can't be sealed; it is tried again")
                               : STATUS_OK;
}

static enum status progress_begin(struct eraser *eraser, uint64_t through,
                                  struct erasure_progress *progress, struct error *error)
{
    enum status status = STATUS_OK;
    *progress = eraser_progress(eraser);
    if (!progress->through)
        status = random_bytes(progress->salt, sizeof progress->salt, error);
    progress->through = through;
    return status ? status : progress_set(eraser, progress, error);
}

/* `rows`: those of all requests up to `through` that are not done. */
static enum status rows_run(struct eraser *eraser, struct running *running, uint64_t through,
                            struct erase_outcome *outcome, struct error *error)
{
    struct erasure_progress progress;
    struct journal_rewrite rewrite;
    bool goes_on = eraser_progress(eraser).through != 0; /* what was cut off changed something */
    enum status status = progress_begin(eraser, through, &progress, error);
    memcpy(running->run.salt, progress.salt, sizeof progress.salt);
    if (!status)
        status = journal_scrub(eraser, running, through, &rewrite, error);
    if (status)
        return status;
    outcome->records = rewrite.records;
    outcome->files = rewrite.files;
    outcome->stopped = rewrite.stopped;
    if (rewrite.stopped)
        return STATUS_OK;
    bool changed = rewrite.records || goes_on || journal_dropped(eraser->options.journal);
    struct erasure_progress done = {.done = through,
                                    .changed = changed ? through : progress.changed};
    outcome->through = done.done;
    outcome->changed = done.changed;
    return progress_set(eraser, &done, error);
}

enum status eraser_run(struct eraser *eraser, bool (*stops)(void *context), void *context,
                       struct erase_outcome *outcome, struct error *error)
{
    struct erasure_progress progress = eraser_progress(eraser);
    struct running running = {
        .run = {.secret = store_secret(eraser->options.store)}, .stops = stops, .context = context};
    struct erasure_row *rows = NULL;
    size_t count = 0;
    uint64_t through = progress.through;
    *outcome = (struct erase_outcome){.changed = progress.changed};
    enum status status = erasures_rows(eraser->erasures, progress.done, &rows, &count, error);
    for (size_t i = 0; !status && i < count; i++)
        if (rows[i].request > through)
            through = rows[i].request;
    if (!status && through)
        status = ties_append(eraser, rows, count, error);
    free(rows);
    rows = NULL;
    if (status || !through)
        return status;
    status = erasures_rows(eraser->erasures, progress.done, &rows, &count, error);
    for (size_t i = 0; !status && i < count; i++)
        if (rows[i].request > through)
            rows[i--] = rows[--count]; /* came meanwhile: of the next run */
    if (!status) {
        erasure_rows_sort(rows, count);
        running.run.rows = rows;
        running.run.count = count;
        status = rows_run(eraser, &running, through, outcome, error);
    }
    free(rows);
    return status;
}
