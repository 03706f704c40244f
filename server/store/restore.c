/*
 * Checking a backup, and bringing it back (store/backup.h).
 *
 * `restoring` stands in the store from the first step to the last: store_open refuses a store that
 * has it, and a restore that finds it begins afresh, since all else there is its own.
 */

#include "store/backup.h"

#include "folder.h"
#include "journal_copy.h"
#include "manifest.h"

#include "base/file.h"
#include "base/observer.h"
#include "store/journal.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

static enum status entry_check(const char *folder, const struct manifest_entry *entry,
                               struct error *error)
{
    char path[FOLDER_PATH_SIZE];
    struct digest digest;
    uint64_t size = 0;
    enum status status = folder_path(path, folder, entry->name, error);
    if (!status)
        status = file_digest(path, &digest, &size, error);
    if (status)
        return status;
    if (size != entry->size || !digest_equal(&digest, &entry->digest))
        return FAIL(error, STATUS_STORAGE, path, 0,
                    "this is not the file that the backup's manifest names");
    return STATUS_OK;
}

/* All bytes of a backup, 0 where its manifest does not say: the reading of it tells why. */
static uint64_t manifest_bytes(const char *from)
{
    struct manifest manifest;
    struct manifest_entry entry;
    enum status status = manifest_open(from, &manifest, NULL);
    while (!status)
        status = manifest_next(&manifest, &entry, NULL);
    manifest_done(&manifest);
    return status == STATUS_NOT_FOUND ? manifest.backup.bytes : 0;
}

/* What is done with the files of a backup. */
struct work {
    const char *from;
    const char *to; /* NULL: it is only checked */
    enum status (*visit)(struct work *work, const struct manifest_entry *entry,
                         struct error *error);
    struct copied copied;
};

/* Calls for each file of the manifest; *backup tells what it says. */
static enum status each_entry(struct work *work, struct backup *backup, struct error *error)
{
    struct manifest manifest;
    struct manifest_entry entry;
    bool has_secret = false;
    enum status status = manifest_open(work->from, &manifest, error);
    work->copied.total = manifest_bytes(work->from);
    while (!status) {
        status = manifest_next(&manifest, &entry, error);
        if (status)
            break;
        has_secret = has_secret || strcmp(entry.name, "secret") == 0;
        manifest.backup.has_state =
            manifest.backup.has_state || strcmp(entry.name, "state/1/data.mdb") == 0;
        status = work->visit(work, &entry, error);
    }
    if (status == STATUS_NOT_FOUND && manifest.line >= 2)
        status = has_secret ? STATUS_OK
                            : FAIL(error, STATUS_STORAGE, work->from, 0,
                                   "the manifest names no secret: the backup is damaged");
    if (!status)
        *backup = manifest.backup;
    manifest_done(&manifest);
    return status;
}

static enum status visit_check(struct work *work, const struct manifest_entry *entry,
                               struct error *error)
{
    struct copied *read = &work->copied;
    observer_tell(read->observer, "check", OBSERVER_BYTES, read->done, read->total);
    read->done += entry->size;
    return entry_check(work->from, entry, error);
}

enum status backup_check(const char *from, const struct observer *observer, struct backup *backup,
                         struct error *error)
{
    struct work work = {.from = from, .visit = visit_check, .copied.observer = observer};
    return each_entry(&work, backup, error);
}

/* Makes the folders on the way to `name`. */
static enum status folders_on_the_way(const char *to, const char *name, struct error *error)
{
    char part[256];
    char path[FOLDER_PATH_SIZE];
    enum status status = STATUS_OK;
    for (size_t i = 0; name[i] && i < sizeof part && !status; i++) {
        part[i] = '\0';
        if (name[i] == '/')
            status = folder_path(path, to, part, error);
        if (!status && name[i] == '/')
            status = folder_make(path, 0700, error);
        part[i] = name[i];
    }
    return status;
}

/* What is a store's, in a store's place.  The rest is for people. */
static bool is_of_store(const char *name)
{
    static const char *const heads[] = {"journal/", "state/1/", "base/"};
    for (size_t i = 0; i < sizeof heads / sizeof heads[0]; i++)
        if (strncmp(name, heads[i], strlen(heads[i])) == 0)
            return true;
    return strcmp(name, "secret") == 0 || strcmp(name, "keys") == 0;
}

static enum status visit_copy(struct work *work, const struct manifest_entry *entry,
                              struct error *error)
{
    char source[FOLDER_PATH_SIZE];
    char target[FOLDER_PATH_SIZE];
    if (!is_of_store(entry->name))
        return STATUS_OK;
    enum status status = folder_path(source, work->from, entry->name, error);
    if (!status)
        status = folder_path(target, work->to, entry->name, error);
    if (!status)
        status = folders_on_the_way(work->to, entry->name, error);
    if (!status)
        status = file_copy(source, target, &work->copied, error);
    return status ? status : entry_check(work->to, entry, error);
}

/* A state's folder needs its link. */
static enum status link_make(const char *to, const char *state, struct error *error)
{
    char folder[FOLDER_PATH_SIZE];
    char path[FOLDER_PATH_SIZE];
    enum status status = folder_path(folder, to, state, error);
    if (!status)
        status = folder_path(path, folder, "1/data.mdb", error);
    if (status || access(path, F_OK) != 0)
        return status;
    status = folder_path(path, folder, "current", error);
    if (!status && symlink("1", path) != 0)
        status = FAIL(error, status_of_errno(errno), path, 0, "cannot link the state: %s",
                      strerror(errno));
    return status ? status : folder_sync(folder, error);
}

static enum status restore_into(struct work *work, struct backup *backup, struct error *error)
{
    char path[FOLDER_PATH_SIZE];
    const char *to = work->to;
    enum status status = each_entry(work, backup, error);
    if (!status)
        status = link_make(to, "state", error);
    if (!status)
        status = link_make(to, "base/state", error);
    if (!status)
        status = folder_path(path, to, "journal", error);
    if (!status)
        status = folder_make(path, 0700, error); /* of an empty one nothing was copied */
    if (!status)
        status = folder_sync(path, error);
    if (!status)
        status = folder_path(path, to, "restoring", error);
    if (!status && unlink(path) != 0)
        status = FAIL(error, status_of_errno(errno), path, 0, "cannot remove: %s", strerror(errno));
    return status ? status : folder_sync(to, error);
}

/* Not written aside first: from its first moment the folder holds the mark alone. */
static enum status mark_make(const char *to, const char *path, struct error *error)
{
    int mark = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (mark < 0)
        return FAIL(error, status_of_errno(errno), path, 0, "cannot create: %s", strerror(errno));
    close(mark);
    return folder_sync(to, error);
}

enum status backup_restore(const char *from, const char *to, const struct observer *observer,
                           struct backup *backup, struct error *error)
{
    struct work work = {.from = from, .to = to, .visit = visit_copy, .copied.observer = observer};
    char mark[FOLDER_PATH_SIZE];
    enum status status = folder_path(mark, to, "restoring", error);
    if (status)
        return status;
    if (access(mark, F_OK) == 0)
        folder_remove_tree(to);
    status = folder_must_be_empty(to, error);
    if (!status)
        status = folder_make_with_parents(to, error);
    if (!status && chmod(to, 0700) != 0)
        status = FAIL(error, status_of_errno(errno), to, 0, "cannot change its mode: %s",
                      strerror(errno));
    if (!status)
        status = mark_make(to, mark, error);
    if (!status)
        status = restore_into(&work, backup, error);
    return status;
}
