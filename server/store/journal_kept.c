/* Dropping files of the journal, and what is kept of them: journal_kept.h. */

#include "journal_kept.h"

#include "folder.h"
#include "journal_internal.h"

#include "base/file.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <unistd.h>

#define ASIDE_NAME "kept.new.mdb"
#define MAP_SIZE ((size_t)2 << 30)
#define STEP_RECORDS 1000 /* of catalogues: at most 1 MiB each and rarely near it */

static enum status kept_read(struct journal_kept *kept, struct error *error)
{
    struct journal_mark progress;
    enum status status = journal_mark_peek(kept->engine, MARK_PROGRESS, &progress, error);
    if (!status)
        status = journal_mark_peek(kept->engine, MARK_SEAL, &kept->seal, error);
    if (status == STATUS_NOT_FOUND)
        status = FAIL(error, STATUS_STORAGE, JOURNAL_KEPT_NAME, 0, "a mark is missing");
    if (status)
        return status;
    kept->through = progress.last;
    kept->count = progress.count;
    kept->digest = progress.digest;
    return STATUS_OK;
}

enum status journal_kept_open(const char *folder, struct journal_kept *kept, struct error *error)
{
    char path[FOLDER_PATH_SIZE];
    struct error why = {0};
    *kept = (struct journal_kept){0};
    enum status status = folder_path(path, folder, JOURNAL_KEPT_NAME, error);
    if (status || access(path, F_OK) != 0)
        return status;
    status = journal_path_open(path, ENGINE_SEALED, MAP_SIZE, &kept->engine, &why);
    if (!status)
        status = kept_read(kept, &why);
    if (status) {
        journal_kept_close(kept);
        return FAIL(error, STATUS_STORAGE, why.where, 0, "%s", why.text);
    }
    return STATUS_OK;
}

void journal_kept_close(struct journal_kept *kept)
{
    engine_close(kept->engine);
    *kept = (struct journal_kept){0};
}

enum status journal_kept_through(const char *folder, uint64_t *through, struct error *error)
{
    struct journal_kept kept;
    enum status status = journal_kept_open(folder, &kept, error);
    if (!status)
        *through = kept.through;
    journal_kept_close(&kept);
    return status;
}

enum status journal_files_live(const char *folder, struct journal_files *files, struct error *error)
{
    uint64_t through = 0;
    enum status status = journal_kept_through(folder, &through, error);
    if (!status)
        status = journal_files_list(folder, files, error);
    if (status)
        return status;
    size_t live = 0;
    for (size_t i = 0; i < files->count; i++)
        if (files->firsts[i] > through)
            files->firsts[live++] = files->firsts[i];
    files->count = live;
    return STATUS_OK;
}

enum status journal_kept_tidy(const char *folder, struct error *error)
{
    struct journal_files files = {0};
    char path[FOLDER_PATH_SIZE];
    uint64_t through = 0;
    if (!folder_path(path, folder, ASIDE_NAME, NULL))
        unlink(path);
    if (!folder_path(path, folder, ASIDE_NAME "-lock", NULL))
        unlink(path);
    enum status status = journal_kept_through(folder, &through, error);
    if (!status)
        status = journal_files_list(folder, &files, error);
    for (size_t i = 0; !status && i < files.count && files.firsts[i] <= through; i++) {
        char name[40];
        snprintf(name, sizeof name, "%020" PRIu64 ".mdb-lock", files.firsts[i]);
        status = folder_path(path, folder, name, error);
        if (status)
            break;
        unlink(path);
        path[strlen(path) - strlen("-lock")] = '\0';
        if (unlink(path) != 0 && errno != ENOENT)
            status =
                FAIL(error, status_of_errno(errno), path, 0, "cannot remove: %s", strerror(errno));
    }
    journal_files_done(&files);
    return status ? status : folder_sync(folder, error);
}

uint64_t journal_dropped(struct journal *journal)
{
    uint64_t through = 0;
    (void)!journal_kept_through(journal->folder, &through, NULL);
    return through;
}

static enum status seal_of(struct journal *journal, uint64_t first, struct journal_mark *seal,
                           struct error *error)
{
    struct open_file *file;
    enum status status = journal_file_acquire(journal, first, &file, error);
    if (status)
        return status;
    status = journal_mark_peek(file->engine, MARK_SEAL, seal, error);
    journal_file_release(journal, file);
    return status;
}

enum status journal_droppable(struct journal *journal, int64_t before_ms, uint64_t *through,
                              struct error *error)
{
    struct journal_files files = {0};
    struct journal_mark seal;
    uint64_t found = journal_dropped(journal);
    enum status status = journal_files_live(journal->folder, &files, error);
    for (size_t i = 0; !status && i + 1 < files.count; i++) {
        status = seal_of(journal, files.firsts[i], &seal, error);
        if (status || seal.last_received_ms >= before_ms)
            break;
        found = seal.last;
    }
    journal_files_done(&files);
    if (status && status != STATUS_NOT_FOUND)
        return status;
    *through = found;
    return STATUS_OK;
}

/* The new file, while it is filled. */
struct keeping {
    struct engine *engine;
    struct engine_transaction *transaction;
    struct journal_mark progress;
    size_t in_step;
    struct buffer value;
};

static enum status keeping_visit(void *context, const struct record *record, struct error *error)
{
    struct keeping *keeping = context;
    struct journal_key key = journal_key_of(record->sequence);
    if (record->sequence > keeping->progress.last || record->damaged ||
        (record->kind != RECORD_CATALOGUE && record->kind != RECORD_ERASURE))
        return STATUS_OK;
    buffer_clear(&keeping->value);
    record_write(&keeping->value, record);
    struct slice value = buffer_slice(&keeping->value);
    enum status status = buffer_status(&keeping->value, error);
    if (!status)
        status = engine_append(keeping->transaction, JOURNAL_RECORDS, journal_key_slice(&key),
                               value, error);
    if (status)
        return status;
    keeping->progress.digest =
        journal_chain(&keeping->progress.digest, journal_key_slice(&key), value);
    keeping->progress.count++;
    if (++keeping->in_step < STEP_RECORDS)
        return STATUS_OK;
    keeping->in_step = 0;
    status = engine_commit(keeping->transaction, error);
    keeping->transaction = NULL;
    return status ? status : engine_begin(keeping->engine, true, &keeping->transaction, error);
}

static enum status keeping_fill(struct keeping *keeping, struct journal *journal, uint64_t through,
                                const struct journal_mark *seal, struct error *error)
{
    struct journal_scan scan = {
        .from = 1, .limit = through, .visit = keeping_visit, .context = keeping};
    keeping->progress = (struct journal_mark){.first = 1, .last = through};
    enum status status = engine_begin(keeping->engine, true, &keeping->transaction, error);
    if (!status)
        status = journal_scan(journal, &scan, error);
    if (!status)
        status = journal_mark_write(keeping->transaction, MARK_PROGRESS, &keeping->progress, error);
    if (!status)
        status = journal_mark_write(keeping->transaction, MARK_SEAL, seal, error);
    if (status) {
        engine_abort(keeping->transaction);
        return status;
    }
    return engine_commit(keeping->transaction, error);
}

/* Makes the new file and puts it in its place. */
static enum status kept_write(struct journal *journal, uint64_t through,
                              const struct journal_mark *seal, struct error *error)
{
    char aside[FOLDER_PATH_SIZE];
    char path[FOLDER_PATH_SIZE];
    struct keeping keeping = {0};
    enum status status = folder_path(aside, journal->folder, ASIDE_NAME, error);
    if (!status)
        status = folder_path(path, journal->folder, JOURNAL_KEPT_NAME, error);
    if (!status)
        status = journal_path_open(aside, ENGINE_CREATE, MAP_SIZE, &keeping.engine, error);
    if (!status)
        status = keeping_fill(&keeping, journal, through, seal, error);
    engine_close(keeping.engine);
    buffer_done(&keeping.value);
    if (!status && rename(aside, path) != 0)
        status = FAIL(error, status_of_errno(errno), path, 0, "cannot rename to it: %s",
                      strerror(errno));
    return status ? status : folder_sync(journal->folder, error);
}

enum status journal_drop(struct journal *journal, uint64_t through, struct error *error)
{
    struct journal_files files = {0};
    struct journal_mark seal = {0};
    enum status status = journal_kept_tidy(journal->folder, error);
    if (!status)
        status = journal_files_live(journal->folder, &files, error);
    for (size_t i = 0; !status && i + 1 < files.count && seal.last < through; i++)
        status = seal_of(journal, files.firsts[i], &seal, error);
    journal_files_done(&files);
    if (status == STATUS_NOT_FOUND || (!status && seal.last != through))
        return FAIL(error, STATUS_INVALID, journal->folder, 0,
                    "no sealed file ends with sequence %" PRIu64, through);
    if (!status)
        status = kept_write(journal, through, &seal, error);
    return status ? status : journal_kept_tidy(journal->folder, error);
}
