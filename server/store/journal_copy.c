/*
 * Copies of the journal's files, for a backup, and of one, to be compacted.
 *
 * A sealed file never changes, so its bytes are copied as they are, or shared where the file system
 * can (copy_file_range).  The open one is copied record by record up to a sequence: a chunk is read
 * in a read transaction of its own, and written when that has ended, so that no transaction of the
 * source waits for the disk.  The copy has the same start, and a progress that is computed from the
 * records copied; it is the open file of the copy.
 */

#include "journal_copy.h"

#include "folder.h"
#include "journal_internal.h"
#include "journal_kept.h"

#include "base/file.h"
#include "base/observer.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#define COPY_ATTEMPTS 10
#define CHUNK_RECORDS JOURNAL_SCAN_SLICE
#define CHUNK_BYTES ((size_t)8 << 20)
#define COMMIT_EXTRA_BYTES (64 * 4096) /* roots, branches, free list, marks */
#define COPY_BYTES ((size_t)1 << 20)
#define RANGE_BYTES ((size_t)32 << 20) /* that the file system copies between two words of it */
#define MAP_SIZE ((size_t)2 << 30)

static void copied_add(struct copied *copied, size_t bytes)
{
    copied->done += bytes;
    observer_tell(copied->observer, "copy", OBSERVER_BYTES, copied->done, copied->total);
}

static enum status fail_errno(const char *path, const char *what, struct error *error)
{
    int number = errno;
    /* A limit on file sizes is a full disk. */
    enum status status = number == EFBIG ? STATUS_FULL : status_of_errno(number);
    return FAIL(error, status, path, 0, "cannot %s: %s", what, strerror(number));
}

/* By read and write, where the file system can't do it by itself; from where `from` stands. */
static enum status bytes_copy(int from, int to, const char *path, struct copied *copied,
                              struct error *error)
{
    struct buffer room = {0};
    char *bytes = buffer_room(&room, COPY_BYTES);
    enum status status = STATUS_OK;
    ssize_t size = 0;
    if (!bytes)
        status = FAIL(error, STATUS_NO_MEMORY, path, 0, "no memory to copy it");
    while (!status && (size = read(from, bytes, COPY_BYTES)) != 0) {
        if (size < 0 && errno != EINTR)
            status = fail_errno(path, "read", error);
        for (ssize_t at = 0; !status && at < size;) {
            ssize_t written = write(to, bytes + at, (size_t)(size - at));
            if (written < 0 && errno != EINTR)
                status = fail_errno(path, "write", error);
            at += written > 0 ? written : 0;
            copied_add(copied, written > 0 ? (size_t)written : 0);
        }
    }
    buffer_done(&room);
    return status;
}

static enum status range_copy(int from, int to, const char *path, struct copied *copied,
                              struct error *error)
{
    ssize_t size;
    while ((size = copy_file_range(from, NULL, to, NULL, RANGE_BYTES, 0)) > 0)
        copied_add(copied, (size_t)size);
    if (size == 0)
        return STATUS_OK;
    bool is_unable = errno == EXDEV || errno == EINVAL || errno == ENOSYS || errno == EOPNOTSUPP ||
                     errno == EBADF || errno == EPERM;
    return is_unable ? bytes_copy(from, to, path, copied, error) : fail_errno(path, "copy", error);
}

enum status file_copy(const char *from, const char *to, struct copied *copied, struct error *error)
{
    int source = open(from, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    if (source < 0)
        return fail_errno(from, "open", error);
    int copy = open(to, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (copy < 0) {
        enum status status = fail_errno(to, "create", error);
        close(source);
        return status;
    }
    enum status status = range_copy(source, copy, to, copied, error);
    if (!status && fsync(copy) != 0)
        status = fail_errno(to, "sync", error);
    if (close(copy) != 0 && !status)
        status = fail_errno(to, "close", error);
    close(source);
    if (status)
        unlink(to);
    return status;
}

/* Records on their way from one file to another: 8 bytes of key, varint size, value, each. */
struct copying {
    struct engine *from;
    struct engine *to;
    uint64_t last; /* to be copied */
    uint64_t next;
    struct journal_mark progress; /* of the copy */
    struct buffer chunk;
    size_t chunk_records;
};

static enum status chunk_fill(struct copying *copying, struct engine_cursor *cursor,
                              struct error *error)
{
    struct journal_key from = journal_key_of(copying->next);
    struct slice key;
    struct slice value;
    enum status status = engine_cursor_seek(cursor, journal_key_slice(&from), &key, &value, error);
    while (!status && copying->chunk_records < CHUNK_RECORDS && copying->chunk.size < CHUNK_BYTES) {
        uint64_t sequence = journal_key_read(key);
        if (sequence > copying->last || copying->chunk.failed)
            break;
        buffer_add(&copying->chunk, key);
        buffer_add_sized(&copying->chunk, value);
        copying->chunk_records++;
        copying->next = sequence + 1;
        status = engine_cursor_next(cursor, &key, &value, error);
    }
    return status && status != STATUS_NOT_FOUND ? status : buffer_status(&copying->chunk, error);
}

static enum status chunk_read(struct copying *copying, struct error *error)
{
    struct engine_transaction *transaction;
    struct engine_cursor cursor = {0};
    buffer_clear(&copying->chunk);
    copying->chunk_records = 0;
    enum status status = engine_begin(copying->from, false, &transaction, error);
    if (status)
        return status;
    status = engine_cursor_open(transaction, JOURNAL_RECORDS, &cursor, error);
    if (!status)
        status = chunk_fill(copying, &cursor, error);
    engine_cursor_close(&cursor);
    engine_abort(transaction);
    return status;
}

static void progress_add(struct journal_mark *progress, struct slice key, struct slice value)
{
    struct record record = record_read(journal_key_read(key), value);
    progress->digest = journal_chain(&progress->digest, key, value);
    progress->last = record.sequence;
    if (!record.damaged)
        progress->last_received_ms = record.received_ms;
    if (progress->count++ == 0 && !record.damaged)
        progress->first_received_ms = record.received_ms;
    if (!record.damaged && record.kind == RECORD_CATALOGUE)
        progress->catalogue = record.sequence;
    if (!record.damaged && record.kind == RECORD_ERASURE)
        progress->erasure = record.sequence;
}

static enum status chunk_put(struct copying *copying, struct engine_transaction *transaction,
                             struct error *error)
{
    struct reader reader = {.rest = buffer_slice(&copying->chunk)};
    enum status status = STATUS_OK;
    for (size_t i = 0; !status && i < copying->chunk_records; i++) {
        struct slice key = read_bytes(&reader, sizeof(struct journal_key));
        struct slice value = read_sized(&reader);
        status = engine_append(transaction, JOURNAL_RECORDS, key, value, error);
        progress_add(&copying->progress, key, value);
    }
    return status ? status
                  : journal_mark_write(transaction, MARK_PROGRESS, &copying->progress, error);
}

static enum status chunk_write(struct copying *copying, struct error *error)
{
    struct engine_transaction *transaction;
    enum status status =
        engine_reserve(copying->to, 2 * copying->chunk.size + COMMIT_EXTRA_BYTES, error);
    if (!status)
        status = engine_begin(copying->to, true, &transaction, error);
    if (status)
        return status;
    status = chunk_put(copying, transaction, error);
    if (status) {
        engine_abort(transaction);
        return status;
    }
    return engine_commit(transaction, error);
}

/* An empty file with the same start; open, commits not synced. */
static enum status copy_begin(struct copying *copying, const char *folder, struct error *error)
{
    struct journal_mark start;
    enum status status = journal_mark_peek(copying->from, MARK_START, &start, error);
    if (status == STATUS_NOT_FOUND)
        return FAIL(error, STATUS_STORAGE, folder, 0, "a file of the journal has no start");
    if (!status)
        status = journal_file_make(folder, &start, MAP_SIZE, &copying->progress, error);
    if (!status)
        status =
            journal_file_open(folder, start.first, ENGINE_UNSYNCED, MAP_SIZE, &copying->to, error);
    copying->next = start.first;
    return status;
}

void journal_lock_remove(const char *folder, uint64_t first)
{
    char path[FOLDER_PATH_SIZE];
    char name[40];
    snprintf(name, sizeof name, "%020" PRIu64 ".mdb-lock", first);
    if (!folder_path(path, folder, name, NULL))
        unlink(path);
}

/* Gives back what was reserved. */
static enum status copy_end(const char *folder, uint64_t first, uint64_t bytes, struct error *error)
{
    char path[FOLDER_PATH_SIZE];
    char name[32];
    journal_lock_remove(folder, first);
    snprintf(name, sizeof name, "%020" PRIu64 ".mdb", first);
    enum status status = folder_path(path, folder, name, error);
    if (status)
        return status;
    return truncate(path, (off_t)bytes) == 0 ? STATUS_OK : fail_errno(path, "cut", error);
}

enum status journal_file_copy(struct engine *from, uint64_t last, const char *folder,
                              struct copied *copied, struct journal_mark *progress,
                              struct error *error)
{
    struct copying copying = {.from = from, .last = last};
    enum status status = copy_begin(&copying, folder, error);
    while (!status) {
        status = chunk_read(&copying, error);
        if (status || copying.chunk_records == 0)
            break;
        status = chunk_write(&copying, error);
        copied_add(copied, copying.chunk.size);
    }
    if (!status)
        status = engine_sync(copying.to, error);
    uint64_t bytes = status ? 0 : engine_bytes(copying.to);
    engine_close(copying.to);
    buffer_done(&copying.chunk);
    if (!status)
        status = copy_end(folder, copying.progress.first, bytes, error);
    if (status)
        return status;
    *progress = copying.progress;
    return STATUS_OK;
}

static enum status file_paths(const char *from, const char *to, uint64_t first,
                              char source[static FOLDER_PATH_SIZE],
                              char copy[static FOLDER_PATH_SIZE], struct error *error)
{
    char name[32];
    snprintf(name, sizeof name, "%020" PRIu64 ".mdb", first);
    enum status status = folder_path(source, from, name, error);
    return status ? status : folder_path(copy, to, name, error);
}

/* One file, whole when it is sealed and ends where the copy may end. */
static enum status journal_copy_file(struct journal *journal, uint64_t first, const char *folder,
                                     struct copied *copied, struct journal_copy *copy,
                                     struct error *error)
{
    struct open_file *file;
    struct journal_mark mark;
    char source[FOLDER_PATH_SIZE];
    char target[FOLDER_PATH_SIZE];
    enum status status = file_paths(journal->folder, folder, first, source, target, error);
    if (!status)
        status = journal_file_acquire(journal, first, &file, error);
    if (status)
        return status;
    enum status sealed = journal_mark_peek(file->engine, MARK_SEAL, &mark, error);
    if (sealed == STATUS_OK && mark.last <= copy->last)
        status = file_copy(source, target, copied, error);
    else if (sealed == STATUS_OK || sealed == STATUS_NOT_FOUND)
        status = journal_file_copy(file->engine, copy->last, folder, copied, &mark, error);
    else
        status = sealed;
    journal_file_release(journal, file);
    if (status)
        return status;
    copy->files++;
    copy->received_ms = mark.last_received_ms;
    return STATUS_OK;
}

static enum status journal_copy_kept(struct journal *journal, const char *folder,
                                     struct error *error)
{
    char from[FOLDER_PATH_SIZE];
    char to[FOLDER_PATH_SIZE];
    enum status status = folder_path(from, journal->folder, JOURNAL_KEPT_NAME, error);
    if (!status)
        status = folder_path(to, folder, JOURNAL_KEPT_NAME, error);
    struct copied copied = {0};
    return status || access(from, F_OK) != 0 ? status : file_copy(from, to, &copied, error);
}

/* NOT_FOUND: a file was dropped meanwhile. */
static enum status journal_copy_once(struct journal *journal, const char *folder,
                                     struct journal_copy *copy, struct error *error)
{
    struct journal_files files = {0};
    struct copied copied = {.observer = journal->observer, .total = journal_bytes(journal)};
    uint64_t dropped = 0;
    enum status status = journal_refresh(journal, error);
    if (status)
        return status;
    *copy = (struct journal_copy){.last = journal_last_sequence(journal), .received_ms = TIME_NONE};
    status = journal_copy_kept(journal, folder, error);
    if (!status)
        status = journal_kept_through(folder, &dropped, error);
    if (!status)
        status = journal_files_list(journal->folder, &files, error);
    for (size_t i = 0; !status && i < files.count; i++)
        if (files.firsts[i] > dropped && (files.firsts[i] <= copy->last || copy->last == 0))
            status = journal_copy_file(journal, files.firsts[i], folder, &copied, copy, error);
    journal_files_done(&files);
    return status;
}

enum status journal_copy(struct journal *journal, const char *folder, struct journal_copy *copy,
                         struct error *error)
{
    struct journal_copy made = {0};
    struct error last = {0};
    enum status status = STATUS_NOT_FOUND;
    for (int i = 0; status == STATUS_NOT_FOUND && i < COPY_ATTEMPTS; i++) {
        last = (struct error){0};
        if (i > 0) {
            folder_remove_tree(folder);
            status = folder_make(folder, 0700, error);
            if (status)
                return status;
        }
        status = journal_copy_once(journal, folder, &made, &last);
    }
    if (status)
        return FAIL(error, status, last.where, 0, "%s", last.text);
    status = folder_sync(folder, error);
    if (!status)
        *copy = made;
    return status;
}
