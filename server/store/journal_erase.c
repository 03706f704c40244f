/*
 * Rewriting sealed files of the journal without what an erasure takes away.
 *
 * A file is copied record by record into a new one, so that nothing but its records is in the new
 * one's pages: not old versions of pages, not the tails of others.  Its seal stays what it was, and
 * with it the chain from file to file; a further mark, "rewrite", tells the digest of the records
 * as they are now, and by which erasure (journal_file.h).  Nothing after the file changes.
 *
 * Order: made aside, synced, renamed over the old one, folder synced.  A crash leaves the old file
 * or the new one.  Nobody writes a sealed file, so one read transaction may last for all of it.
 */

#include "store/erasure.h"

#include "journal_internal.h"

#include "base/observer.h"

#define SEARCH_STEP 1000 /* records between two questions whether to stop */
#define COPY_STEP 10000  /* records a transaction */

/* A look for the first record that is to be changed. */
struct search {
    struct journal_rewrite *rewrite;
    struct buffer *body;
    uint64_t seen;
    bool found;
};

static enum status search_visit(void *context, const struct record *record, struct error *error)
{
    struct search *search = context;
    struct journal_rewrite *rewrite = search->rewrite;
    struct record scrubbed;
    if (rewrite->stops && search->seen++ % SEARCH_STEP == 0 && rewrite->stops(rewrite->context)) {
        rewrite->stopped = true;
        return STATUS_CONFLICT;
    }
    enum status status =
        rewrite->scrub(rewrite->context, record, &scrubbed, search->body, &search->found, error);
    return status ? status : search->found ? STATUS_CONFLICT : STATUS_OK;
}

static enum status file_search(struct journal *journal, uint64_t first, uint64_t count,
                               struct journal_rewrite *rewrite, struct buffer *body, bool *found,
                               struct error *error)
{
    struct search search = {.rewrite = rewrite, .body = body};
    struct journal_scan scan = {
        .from = first, .limit = count, .visit = search_visit, .context = &search, .doing = "erase"};
    enum status status = journal_scan(journal, &scan, error);
    *found = search.found;
    return status == STATUS_CONFLICT ? STATUS_OK : status;
}

/* One file on its way into another. */
struct copy {
    struct journal *journal;
    struct journal_rewrite *rewrite;
    struct engine *from, *to;
    struct engine_transaction *reading, *writing;
    struct digest chain;
    uint64_t in_step, changed;
    struct buffer body, value;
    struct error *error;
};

static enum status copy_put(struct copy *copy, struct slice key, struct slice value)
{
    enum status status = STATUS_OK;
    if (copy->in_step == COPY_STEP) {
        observer_tell(copy->journal->observer, "erase", OBSERVER_RECORDS, journal_key_read(key),
                      journal_last_sequence(copy->journal));
        status = engine_commit(copy->writing, copy->error);
        copy->writing = NULL;
        copy->in_step = 0;
        if (!status)
            status = engine_begin(copy->to, true, &copy->writing, copy->error);
    }
    if (!status)
        status = engine_append(copy->writing, JOURNAL_RECORDS, key, value, copy->error);
    copy->in_step++;
    copy->chain = journal_chain(&copy->chain, key, value);
    return status;
}

static enum status copy_record(struct copy *copy, struct slice key, struct slice value)
{
    struct journal_rewrite *rewrite = copy->rewrite;
    struct record record = record_read(journal_key_read(key), value);
    struct record scrubbed;
    bool changed = false;
    enum status status =
        rewrite->scrub(rewrite->context, &record, &scrubbed, &copy->body, &changed, copy->error);
    if (status)
        return status;
    if (!changed)
        return copy_put(copy, key, value);
    buffer_clear(&copy->value);
    record_write(&copy->value, &scrubbed);
    status = buffer_status(&copy->value, copy->error);
    copy->changed++;
    return status ? status : copy_put(copy, key, buffer_slice(&copy->value));
}

static enum status copy_records(struct copy *copy)
{
    struct engine_cursor cursor = {0};
    struct slice key;
    struct slice value;
    enum status status = engine_cursor_open(copy->reading, JOURNAL_RECORDS, &cursor, copy->error);
    if (!status)
        status = engine_cursor_seek(&cursor, (struct slice){0}, &key, &value, copy->error);
    while (!status) {
        status = copy_record(copy, key, value);
        if (!status)
            status = engine_cursor_next(&cursor, &key, &value, copy->error);
    }
    engine_cursor_close(&cursor);
    return status == STATUS_NOT_FOUND ? STATUS_OK : status;
}

/* The marks as they are, and "rewrite". */
static enum status copy_marks(struct copy *copy)
{
    static const enum journal_mark_name names[] = {MARK_START, MARK_PROGRESS, MARK_SEAL};
    struct journal_mark mark = {0};
    enum status status = STATUS_OK;
    for (size_t i = 0; !status && i < sizeof names / sizeof *names; i++) {
        status = journal_mark_read(copy->reading, names[i], &mark, copy->error);
        if (status == STATUS_NOT_FOUND)
            status = FAIL(copy->error, STATUS_STORAGE, "journal", 0, "a file has no seal");
        if (!status)
            status = journal_mark_write(copy->writing, names[i], &mark, copy->error);
    }
    mark.erasure = copy->rewrite->erasure;
    mark.digest = copy->chain;
    return status ? status : journal_mark_write(copy->writing, MARK_REWRITE, &mark, copy->error);
}

static enum status copy_all(struct copy *copy)
{
    struct journal_mark start;
    enum status status = engine_begin(copy->from, false, &copy->reading, copy->error);
    if (!status)
        status = journal_mark_read(copy->reading, MARK_START, &start, copy->error);
    if (status == STATUS_NOT_FOUND)
        status = FAIL(copy->error, STATUS_STORAGE, "journal", 0, "a file has no start");
    if (!status)
        status = engine_begin(copy->to, true, &copy->writing, copy->error);
    if (status)
        return status;
    copy->chain = start.digest;
    status = copy_records(copy);
    if (!status)
        status = copy_marks(copy);
    if (!status) {
        status = engine_commit(copy->writing, copy->error);
        copy->writing = NULL;
    }
    return status ? status : engine_sync(copy->to, copy->error);
}

static enum status file_rewrite(struct journal *journal, uint64_t first,
                                struct journal_rewrite *rewrite, struct error *error)
{
    struct copy copy = {.journal = journal, .rewrite = rewrite, .error = error};
    enum status status = journal_file_open(journal->folder, first, ENGINE_SEALED, journal->map_size,
                                           &copy.from, error);
    if (!status)
        status = journal_aside_open(journal->folder, journal->map_size, &copy.to, error);
    if (!status)
        status = copy_all(&copy);
    engine_abort(copy.writing);
    engine_abort(copy.reading);
    engine_close(copy.to);
    engine_close(copy.from);
    buffer_done(&copy.body);
    buffer_done(&copy.value);
    if (!status)
        status = journal_aside_rename(journal->folder, first, error);
    if (status)
        return status;
    rewrite->records += copy.changed;
    rewrite->files++;
    return STATUS_OK;
}

static enum status files_rewrite(struct journal *journal, const struct journal_files *files,
                                 struct journal_rewrite *rewrite, struct buffer *body,
                                 struct error *error)
{
    uint64_t open = journal_open_first(journal);
    enum status status = STATUS_OK;
    for (size_t i = 0; !status && i < files->count && !rewrite->stopped; i++) {
        uint64_t first = files->firsts[i];
        if (first < rewrite->from)
            continue;
        uint64_t count = i + 1 < files->count ? files->firsts[i + 1] - first : 0;
        bool found = false;
        status = file_search(journal, first, count, rewrite, body, &found, error);
        if (!status && found && first < open)
            status = file_rewrite(journal, first, rewrite, error);
        else if (found)
            rewrite->open_holds = true;
    }
    rewrite->from = open;
    return status;
}

enum status journal_rewrite(struct journal *journal, struct journal_rewrite *rewrite,
                            struct error *error)
{
    struct journal_files files;
    struct buffer body = {0};
    rewrite->open_holds = rewrite->stopped = false;
    enum status status = journal_files_list(journal->folder, &files, error);
    if (status)
        return status;
    status = files_rewrite(journal, &files, rewrite, &body, error);
    journal_files_done(&files);
    buffer_done(&body);
    return status;
}
