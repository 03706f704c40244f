/*
 * Compacting the journal: each file written anew under STORE/compact, record by record and never by
 * pages, since LMDB's own compacting copy carries what was deleted in the tails of other people's
 * pages; then renamed over the old one.  A crash leaves each file old or new, and a folder that the
 * next store_open removes.
 *
 * A file whose records don't give its progress is left as it is: one that an erasure has rewritten,
 * which is as small as it can be, or a damaged one, of which `verify` has to tell.
 */

#include "folder.h"
#include "journal_copy.h"

#include "base/file.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <unistd.h>

#define MAP_SIZE ((size_t)2 << 30)

struct compacting {
    char journal[FOLDER_PATH_SIZE];
    char aside[FOLDER_PATH_SIZE];
    struct copied copied;
    struct journal_compaction made;
};

static bool marks_equal(const struct journal_mark *a, const struct journal_mark *b)
{
    return a->first == b->first && a->last == b->last && a->count == b->count &&
           digest_equal(&a->digest, &b->digest);
}

/* The copy gets the marks of the file.  *good: its records gave them. */
static enum status marks_finish(const struct compacting *compacting, struct engine *from,
                                const struct journal_mark *copied, bool *good, struct error *error)
{
    struct journal_mark progress;
    struct journal_mark seal;
    struct engine *copy = NULL;
    *good = journal_mark_peek(from, MARK_PROGRESS, &progress, NULL) == STATUS_OK &&
            marks_equal(&progress, copied);
    enum status sealed = journal_mark_peek(from, MARK_SEAL, &seal, NULL);
    if (!*good || sealed == STATUS_NOT_FOUND)
        return STATUS_OK;
    *good = sealed == STATUS_OK && marks_equal(&seal, copied);
    if (!*good)
        return STATUS_OK;
    enum status status =
        journal_file_open(compacting->aside, copied->first, 0, MAP_SIZE, &copy, error);
    if (!status)
        status = journal_file_seal(copy, &seal, error);
    engine_close(copy);
    journal_lock_remove(compacting->aside, copied->first);
    return status;
}

static enum status file_replace(struct compacting *compacting, uint64_t first, struct error *error)
{
    char name[32];
    char from[FOLDER_PATH_SIZE];
    char to[FOLDER_PATH_SIZE];
    snprintf(name, sizeof name, "%020" PRIu64 ".mdb", first);
    enum status status = folder_path(from, compacting->aside, name, error);
    if (!status)
        status = folder_path(to, compacting->journal, name, error);
    if (!status && rename(from, to) != 0)
        status =
            FAIL(error, status_of_errno(errno), to, 0, "cannot replace it: %s", strerror(errno));
    return status ? status : folder_sync(compacting->journal, error);
}

static enum status file_compact(struct compacting *compacting, uint64_t first, struct error *error)
{
    struct engine *from = NULL;
    struct journal_mark copied;
    bool good = false;
    enum status status =
        journal_file_open(compacting->journal, first, ENGINE_SEALED, MAP_SIZE, &from, error);
    if (!status)
        status = journal_file_copy(from, UINT64_MAX, compacting->aside, &compacting->copied,
                                   &copied, error);
    if (!status)
        status = marks_finish(compacting, from, &copied, &good, error);
    engine_close(from);
    if (status)
        return status;
    uint64_t before = journal_file_size(compacting->journal, first);
    uint64_t after = journal_file_size(compacting->aside, first);
    compacting->made.before += before;
    compacting->made.after += good && after < before ? after : before;
    compacting->made.files++;
    compacting->made.left += !good;
    return good && after < before ? file_replace(compacting, first, error) : STATUS_OK;
}

enum status journal_compact(const struct store *store, struct journal_compaction *compaction,
                            struct error *error)
{
    struct compacting compacting = {.copied.observer = store->observer};
    struct journal_files files = {0};
    enum status status = folder_path(compacting.journal, store->path, "journal", error);
    if (!status)
        status = folder_path(compacting.aside, store->path, "compact", error);
    if (!status)
        status = folder_make(compacting.aside, 0700, error);
    if (!status)
        status = journal_files_list(compacting.journal, &files, error);
    for (size_t i = 0; !status && i < files.count; i++)
        compacting.copied.total += journal_file_size(compacting.journal, files.firsts[i]);
    for (size_t i = 0; !status && i < files.count; i++) {
        status = file_compact(&compacting, files.firsts[i], error);
        if (i + 1 == files.count)
            journal_lock_remove(compacting.journal, files.firsts[i]);
    }
    journal_files_done(&files);
    folder_remove_tree(compacting.aside);
    if (!status)
        *compaction = compacting.made;
    return status;
}
