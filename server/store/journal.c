/*
 * The journal: opening, appending, going on to the next file.
 *
 * An append is one transaction of LMDB that holds the records and the progress of the file (counts
 * and chain), so that a crash leaves both or neither.  The order of a change of file is: seal, make
 * the next file aside, rename it, sync the folder.  A crash between these leaves a sealed last
 * file; whoever opens the journal for writing makes the next one.
 *
 * A file is left when the next batch would bring it over its bytes, or when the next record came
 * more days after its first.  So a map that is larger than the file limit fills only when one batch
 * is larger than the difference; where less address space was granted than that, the limit shrinks
 * to half of the map.
 */

#include "store/journal.h"

#include "journal_internal.h"
#include "journal_kept.h"

#include "base/limits.h"

#include <assert.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#define MAP_SIZE_DEFAULT ((size_t)2 << 30)
/* Pages that a commit writes besides the records: roots, branches, free list, marks. */
#define COMMIT_EXTRA_BYTES (64 * 4096)

void journal_remember(struct journal *journal, const struct journal_mark *progress)
{
    atomic_store(&journal->last_received_ms, progress->last_received_ms);
    atomic_store(&journal->last_catalogue, progress->catalogue);
    atomic_store(&journal->last_erasure, progress->erasure);
    atomic_store(&journal->last_sequence, progress->last);
}

static void open_file_free(struct open_file *file)
{
    engine_close(file->engine);
    free(file);
}

static enum status open_file_new(struct journal *journal, uint64_t first, unsigned flags,
                                 struct open_file **file, struct error *error)
{
    struct open_file *made = calloc(1, sizeof *made);
    if (!made)
        return FAIL(error, STATUS_NO_MEMORY, journal->folder, 0, "no memory to open a file");
    enum status status =
        journal_file_open(journal->folder, first, flags, journal->map_size, &made->engine, error);
    if (status) {
        free(made);
        return status;
    }
    made->first = first;
    made->sealed = flags & ENGINE_SEALED;
    made->references = 1;
    *file = made;
    return STATUS_OK;
}

/* With the lock held. */
static enum status switch_locked(struct journal *journal, uint64_t first, struct error *error)
{
    struct open_file *file;
    unsigned flags = journal->writing ? 0 : ENGINE_READ_ONLY;
    enum status status = open_file_new(journal, first, flags, &file, error);
    if (status)
        return status;
    struct open_file *before = journal->current;
    journal->current = file;
    if (before && --before->references == 0)
        open_file_free(before);
    return STATUS_OK;
}

enum status journal_file_switch(struct journal *journal, uint64_t first, struct error *error)
{
    pthread_mutex_lock(&journal->lock);
    enum status status = switch_locked(journal, first, error);
    pthread_mutex_unlock(&journal->lock);
    return status;
}

/* With the lock held: opens the last file of the folder where it is not the current one. */
static enum status switch_to_last(struct journal *journal, struct error *error)
{
    struct journal_files files;
    enum status status = journal_files_list(journal->folder, &files, error);
    if (status)
        return status;
    uint64_t first = files.count ? files.firsts[files.count - 1] : 0;
    journal_files_done(&files);
    if (!first || (journal->current && journal->current->first == first))
        return STATUS_OK;
    return switch_locked(journal, first, error);
}

/* With the lock held. */
static enum status refresh_locked(struct journal *journal, struct error *error)
{
    struct journal_mark mark;
    enum status status = STATUS_OK; /* of the seal: OK where another file may follow */
    if (journal->current)
        status = journal_mark_peek(journal->current->engine, MARK_SEAL, &mark, error);
    if (status == STATUS_OK)
        status = switch_to_last(journal, error);
    if (status != STATUS_OK && status != STATUS_NOT_FOUND)
        return status;
    if (!journal->current)
        return STATUS_OK;
    status = journal_mark_peek(journal->current->engine, MARK_PROGRESS, &mark, error);
    if (status == STATUS_NOT_FOUND)
        status = FAIL(error, STATUS_STORAGE, journal->folder, 0, "a file has no progress");
    if (!status)
        journal_remember(journal, &mark);
    return status;
}

enum status journal_refresh(struct journal *journal, struct error *error)
{
    if (journal->writing)
        return STATUS_OK;
    pthread_mutex_lock(&journal->lock);
    enum status status = refresh_locked(journal, error);
    pthread_mutex_unlock(&journal->lock);
    return status;
}

enum status journal_file_acquire(struct journal *journal, uint64_t first, struct open_file **file,
                                 struct error *error)
{
    pthread_mutex_lock(&journal->lock);
    struct open_file *current = journal->current;
    if (current && current->first == first) {
        current->references++;
        *file = current;
    }
    pthread_mutex_unlock(&journal->lock);
    if (current && current->first == first)
        return STATUS_OK;
    return open_file_new(journal, first, ENGINE_SEALED, file, error);
}

void journal_file_release(struct journal *journal, struct open_file *file)
{
    if (!file)
        return;
    if (file->sealed) {
        open_file_free(file);
        return;
    }
    pthread_mutex_lock(&journal->lock);
    bool last = --file->references == 0;
    pthread_mutex_unlock(&journal->lock);
    if (last)
        open_file_free(file);
}

/* Makes the file after a sealed one, or the first, and goes on to it. */
static enum status next_file(struct journal *journal, struct error *error)
{
    struct journal_mark made;
    enum status status =
        journal_file_make(journal->folder, &journal->progress, journal->map_size, &made, error);
    if (!status)
        status = journal_file_switch(journal, made.first, error);
    if (status)
        return status;
    journal->progress = made;
    journal->sealed = false;
    return STATUS_OK;
}

static enum status open_to_append(struct journal *journal, struct error *error)
{
    struct journal_files files;
    enum status status = journal_files_list(journal->folder, &files, error);
    if (status)
        return status;
    uint64_t last = files.count ? files.firsts[files.count - 1] : 0;
    journal_files_done(&files);
    journal_folder_tidy(journal->folder);
    status = journal_kept_tidy(journal->folder, error);
    if (status)
        return status;
    if (!last)
        return next_file(journal, error);
    status = journal_file_switch(journal, last, error);
    if (status)
        return status;
    struct engine *engine = journal->current->engine;
    status = journal_mark_peek(engine, MARK_PROGRESS, &journal->progress, error);
    if (status == STATUS_NOT_FOUND)
        return FAIL(error, STATUS_STORAGE, journal->folder, 0, "the last file has no progress");
    if (status)
        return status;
    struct journal_mark seal;
    status = journal_mark_peek(engine, MARK_SEAL, &seal, error);
    if (status == STATUS_NOT_FOUND)
        return STATUS_OK;
    journal->sealed = true;
    return status ? status : next_file(journal, error);
}

enum status journal_open(const struct store *store, const struct journal_options *options,
                         struct journal **journal, struct error *error)
{
    static const struct journal_options defaults = {0};
    options = options ? options : &defaults;
    struct journal *made = calloc(1, sizeof *made);
    if (!made)
        return FAIL(error, STATUS_NO_MEMORY, store->path, 0, "no memory to open the journal");
    snprintf(made->folder, sizeof made->folder, "%s/journal", store->path);
    made->writing = store->mode != STORE_READ;
    made->observer = store->observer;
    made->map_size = options->map_size ? options->map_size : MAP_SIZE_DEFAULT;
    made->file_bytes = options->file_bytes ? options->file_bytes : JOURNAL_FILE_BYTES;
    made->file_days = options->file_days ? options->file_days : JOURNAL_FILE_DAYS;
    atomic_store(&made->last_received_ms, TIME_NONE);
    pthread_mutex_init(&made->lock, NULL);
    enum status status = made->writing ? open_to_append(made, error) : journal_refresh(made, error);
    if (status) {
        journal_close(made);
        return status;
    }
    if (made->writing)
        journal_remember(made, &made->progress);
    *journal = made;
    return STATUS_OK;
}

void journal_close(struct journal *journal)
{
    if (!journal)
        return;
    if (journal->current) {
        assert(journal->current->references == 1); /* no scan runs */
        open_file_free(journal->current);
    }
    buffer_done(&journal->scratch);
    pthread_mutex_destroy(&journal->lock);
    free(journal);
}

static uint64_t entries_bytes(const struct journal_entry *entries, size_t count)
{
    uint64_t bytes = 0;
    for (size_t i = 0; i < count; i++)
        bytes += entries[i].body.size + 64; /* header, key, node */
    return bytes;
}

/* Whether the next batch belongs into a new file. */
static bool is_at_limit(const struct journal *journal, uint64_t batch_bytes, int64_t received_ms)
{
    const struct engine *engine = journal->current->engine;
    const struct journal_mark *progress = &journal->progress;
    if (progress->count == 0)
        return false; /* a batch that no file can hold must not make empty ones */
    uint64_t limit = (uint64_t)journal->file_bytes;
    uint64_t half = engine_map_size(engine) / 2;
    if (limit > half)
        limit = half;
    if (engine_bytes(engine) + batch_bytes > limit)
        return true;
    return received_ms - progress->first_received_ms >= journal->file_days * DAY_MS;
}

static enum status seal(struct journal *journal, struct error *error)
{
    struct engine *engine = journal->current->engine;
    enum status status = engine_reserve(engine, COMMIT_EXTRA_BYTES, error);
    if (!status)
        status = journal_file_seal(engine, &journal->progress, error);
    if (!status)
        journal->sealed = true;
    return status;
}

/* Has a file with room for the batch. */
static enum status make_room(struct journal *journal, uint64_t batch_bytes, int64_t received_ms,
                             struct error *error)
{
    enum status status = STATUS_OK;
    if (!journal->sealed && is_at_limit(journal, batch_bytes, received_ms))
        status = seal(journal, error);
    if (!status && journal->sealed)
        status = next_file(journal, error);
    if (status)
        return status;
    /* Values beyond a page take whole pages: at most twice their bytes in all. */
    return engine_reserve(journal->current->engine, 2 * batch_bytes + COMMIT_EXTRA_BYTES, error);
}

static enum status append_one(struct journal *journal, struct engine_transaction *transaction,
                              const struct journal_entry *entry, struct journal_mark *progress,
                              struct error *error)
{
    struct record record = {
        .sequence = progress->last + 1,
        .kind = (uint8_t)entry->kind,
        .flags = entry->flags,
        .received_ms = entry->received_ms > progress->last_received_ms ? entry->received_ms
                                                                       : progress->last_received_ms,
        .body = entry->body,
    };
    struct buffer *value = &journal->scratch;
    buffer_clear(value);
    record_write(value, &record);
    enum status status = buffer_status(value, error);
    if (status)
        return status;
    struct journal_key key = journal_key_of(record.sequence);
    status = engine_append(transaction, JOURNAL_RECORDS, journal_key_slice(&key),
                           buffer_slice(value), error);
    if (status)
        return status;
    progress->digest =
        journal_chain(&progress->digest, journal_key_slice(&key), buffer_slice(value));
    progress->last = record.sequence;
    progress->last_received_ms = record.received_ms;
    if (progress->count++ == 0)
        progress->first_received_ms = record.received_ms;
    if (entry->kind == RECORD_CATALOGUE)
        progress->catalogue = record.sequence;
    if (entry->kind == RECORD_ERASURE)
        progress->erasure = record.sequence;
    return STATUS_OK;
}

/* *committing: whether the failure was that of the commit itself. */
static enum status append_all(struct journal *journal, const struct journal_entry *entries,
                              size_t count, bool *committing, struct error *error)
{
    struct engine_transaction *transaction;
    struct journal_mark progress = journal->progress;
    enum status status = engine_begin(journal->current->engine, true, &transaction, error);
    if (status)
        return status;
    for (size_t i = 0; !status && i < count; i++)
        status = append_one(journal, transaction, &entries[i], &progress, error);
    if (!status)
        status = journal_mark_write(transaction, MARK_PROGRESS, &progress, error);
    if (status) {
        engine_abort(transaction);
        return status;
    }
    *committing = true;
    status = engine_commit(transaction, error);
    if (status)
        return status;
    journal->progress = progress;
    journal_remember(journal, &progress);
    return STATUS_OK;
}

/* The batch stands whatever becomes of this; the next append makes the file that is missing. */
static void seal_where_asked(struct journal *journal, const struct journal_entry *entries,
                             size_t count)
{
    enum status status = STATUS_OK;
    for (size_t i = 0; i < count; i++)
        if (entries[i].flags & RECORD_SEAL && !journal->sealed)
            status = seal(journal, NULL);
    if (!status && journal->sealed)
        status = next_file(journal, NULL);
    journal->broken = status && status != STATUS_FULL && status != STATUS_NO_MEMORY;
}

enum status journal_append(struct journal *journal, const struct journal_entry *entries,
                           size_t count, uint64_t *first_sequence, struct error *error)
{
    assert(journal->writing && count > 0);
    if (journal->broken)
        return FAIL(error, STATUS_STORAGE, journal->folder, 0, "an earlier append has failed");
    bool committing = false;
    struct error first = {0};
    enum status status =
        make_room(journal, entries_bytes(entries, count), entries[0].received_ms, &first);
    if (!status)
        status = append_all(journal, entries, count, &committing, &first);
    if (!status) {
        *first_sequence = journal->progress.last - count + 1;
        seal_where_asked(journal, entries, count);
        return STATUS_OK;
    }
    /* What is not known to be harmless ends the journal: never a second fsync of the same pages. */
    bool harmless = status == STATUS_FULL || (status == STATUS_NO_MEMORY && !committing);
    if (harmless)
        return FAIL(error, status, first.where, 0, "%s", first.text);
    journal->broken = true;
    return FAIL(error, STATUS_STORAGE, first.where, 0, "%s", first.text);
}

uint64_t journal_last_sequence(struct journal *journal)
{
    (void)!journal_refresh(journal, NULL); /* what can't be read now is as it was last seen */
    return atomic_load(&journal->last_sequence);
}

int64_t journal_last_received_ms(struct journal *journal)
{
    (void)!journal_refresh(journal, NULL);
    return atomic_load(&journal->last_received_ms);
}

uint64_t journal_last_catalogue(struct journal *journal)
{
    (void)!journal_refresh(journal, NULL);
    return atomic_load(&journal->last_catalogue);
}

uint64_t journal_last_erasure(struct journal *journal)
{
    (void)!journal_refresh(journal, NULL);
    return atomic_load(&journal->last_erasure);
}

uint64_t journal_open_first(struct journal *journal)
{
    pthread_mutex_lock(&journal->lock);
    uint64_t first = journal->current ? journal->current->first : 0;
    pthread_mutex_unlock(&journal->lock);
    return first;
}

void journal_reader_check(struct journal *journal)
{
    pthread_mutex_lock(&journal->lock);
    if (journal->current)
        engine_reader_check(journal->current->engine);
    pthread_mutex_unlock(&journal->lock);
}

uint64_t journal_bytes(struct journal *journal)
{
    struct journal_files files;
    if (journal_files_list(journal->folder, &files, NULL))
        return 0;
    uint64_t bytes = 0;
    pthread_mutex_lock(&journal->lock);
    for (size_t i = 0; i < files.count; i++) {
        uint64_t first = files.firsts[i];
        bool is_current = journal->current && journal->current->first == first;
        bytes += is_current ? engine_bytes(journal->current->engine)
                            : journal_file_size(journal->folder, first);
    }
    pthread_mutex_unlock(&journal->lock);
    journal_files_done(&files);
    return bytes;
}
