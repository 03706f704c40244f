/* Files of the journal and their marks: the formats stand in journal_file.h. */

#include "journal_file.h"

#include "base/buffer.h"
#include "base/file.h"
#include "base/time.h"

#include <dirent.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#define PATH_SIZE 3200
#define MARK_FORMAT 2 /* 1: without `erasure` */
#define NAME_DIGITS 20

static const char *const table_names[JOURNAL_TABLE_COUNT] = {
    [JOURNAL_RECORDS] = "records",
    [JOURNAL_META] = "meta",
};

static const char *const mark_names[] = {
    [MARK_START] = "start",
    [MARK_PROGRESS] = "progress",
    [MARK_SEAL] = "seal",
    [MARK_REWRITE] = "rewrite",
};

struct journal_key journal_key_of(uint64_t sequence)
{
    struct journal_key key;
    for (int i = 0; i < 8; i++)
        key.bytes[i] = (char)(unsigned char)(sequence >> (56 - 8 * i));
    return key;
}

uint64_t journal_key_read(struct slice key)
{
    uint64_t sequence = 0;
    if (key.size != 8)
        return 0;
    for (int i = 0; i < 8; i++)
        sequence = sequence << 8 | (unsigned char)key.data[i];
    return sequence;
}

struct digest journal_chain(const struct digest *before, struct slice key, struct slice value)
{
    struct slice parts[] = {
        {.data = (const char *)before->bytes, .size = sizeof before->bytes}, key, value};
    return hash_sha256_parts(parts, 3);
}

enum status journal_mark_read(struct engine_transaction *transaction, enum journal_mark_name name,
                              struct journal_mark *mark, struct error *error)
{
    struct slice key = slice_of(mark_names[name]);
    struct slice value;
    enum status status = engine_get(transaction, JOURNAL_META, key, &value, error);
    if (status)
        return status;
    struct reader reader = {.rest = value};
    struct journal_mark read = {0};
    uint8_t format = read_u8(&reader);
    uint64_t checksum = read_u64(&reader);
    bool fits = checksum == hash_checksum(key, reader.rest);
    read.first = read_u64(&reader);
    read.last = read_u64(&reader);
    read.count = read_u64(&reader);
    read.catalogue = read_u64(&reader);
    if (format > 1)
        read.erasure = read_u64(&reader);
    read.first_received_ms = (int64_t)read_u64(&reader);
    read.last_received_ms = (int64_t)read_u64(&reader);
    struct slice digest = read_bytes(&reader, sizeof read.digest.bytes);
    if (reader.failed || !fits || format < 1 || format > MARK_FORMAT)
        return FAIL(error, STATUS_STORAGE, mark_names[name], 0, "a mark of the journal is damaged");
    memcpy(read.digest.bytes, digest.data, digest.size);
    *mark = read;
    return STATUS_OK;
}

enum status journal_mark_write(struct engine_transaction *transaction, enum journal_mark_name name,
                               const struct journal_mark *mark, struct error *error)
{
    struct slice key = slice_of(mark_names[name]);
    struct buffer body = {0};
    buffer_add_u64(&body, mark->first);
    buffer_add_u64(&body, mark->last);
    buffer_add_u64(&body, mark->count);
    buffer_add_u64(&body, mark->catalogue);
    buffer_add_u64(&body, mark->erasure);
    buffer_add_u64(&body, (uint64_t)mark->first_received_ms);
    buffer_add_u64(&body, (uint64_t)mark->last_received_ms);
    buffer_add(&body, (struct slice){.data = (const char *)mark->digest.bytes,
                                     .size = sizeof mark->digest.bytes});
    struct buffer value = {0};
    buffer_add_u8(&value, MARK_FORMAT);
    buffer_add_u64(&value, hash_checksum(key, buffer_slice(&body)));
    buffer_add(&value, buffer_slice(&body));
    enum status status = buffer_status(&body, error);
    if (!status)
        status = buffer_status(&value, error);
    if (!status)
        status = engine_put(transaction, JOURNAL_META, key, buffer_slice(&value), error);
    buffer_done(&body);
    buffer_done(&value);
    return status;
}

enum status journal_mark_peek(struct engine *engine, enum journal_mark_name name,
                              struct journal_mark *mark, struct error *error)
{
    struct engine_transaction *transaction;
    enum status status = engine_begin(engine, false, &transaction, error);
    if (status)
        return status;
    status = journal_mark_read(transaction, name, mark, error);
    engine_abort(transaction);
    return status;
}

static enum status marks_write(struct engine *engine, const enum journal_mark_name *names,
                               size_t count, const struct journal_mark *mark, struct error *error)
{
    struct engine_transaction *transaction;
    enum status status = engine_begin(engine, true, &transaction, error);
    for (size_t i = 0; !status && i < count; i++) {
        status = journal_mark_write(transaction, names[i], mark, error);
        if (status)
            engine_abort(transaction);
    }
    return status ? status : engine_commit(transaction, error);
}

enum status journal_file_seal(struct engine *engine, const struct journal_mark *progress,
                              struct error *error)
{
    const enum journal_mark_name names[] = {MARK_SEAL};
    return marks_write(engine, names, 1, progress, error);
}

static bool path_of(char path[static PATH_SIZE], const char *folder, const char *name)
{
    return snprintf(path, PATH_SIZE, "%s/%s", folder, name) < PATH_SIZE;
}

static bool path_of_first(char path[static PATH_SIZE], const char *folder, uint64_t first)
{
    char name[NAME_DIGITS + 8];
    snprintf(name, sizeof name, "%020" PRIu64 ".mdb", first);
    return path_of(path, folder, name);
}

static enum status make_aside(const char *path, const struct journal_mark *start, size_t map_size,
                              struct error *error)
{
    const struct engine_options options = {
        .tables = table_names,
        .table_count = JOURNAL_TABLE_COUNT,
        .flags = ENGINE_ONE_FILE | ENGINE_CREATE,
        .map_size = map_size,
    };
    const enum journal_mark_name names[] = {MARK_START, MARK_PROGRESS};
    struct engine *engine;
    enum status status = engine_open(path, &options, &engine, error);
    if (status)
        return status;
    status = marks_write(engine, names, 2, start, error);
    engine_close(engine);
    return status;
}

enum status journal_file_make(const char *folder, const struct journal_mark *before,
                              size_t map_size, struct journal_mark *made, struct error *error)
{
    struct journal_mark start = *before;
    start.first = before->last + 1;
    start.count = 0;
    start.first_received_ms = TIME_NONE;
    if (before->last == 0)
        start.last_received_ms = TIME_NONE;
    char aside[PATH_SIZE];
    char path[PATH_SIZE];
    if (!path_of(aside, folder, "new.mdb") || !path_of_first(path, folder, start.first))
        return FAIL(error, STATUS_INVALID, folder, 0, "the path is too long");
    journal_folder_tidy(folder);
    enum status status = make_aside(aside, &start, map_size, error);
    if (!status && rename(aside, path) != 0)
        status = FAIL(error, status_of_errno(errno), path, 0, "cannot make the file: %s",
                      strerror(errno));
    if (!status)
        status = folder_sync(folder, error);
    journal_folder_tidy(folder);
    if (!status)
        *made = start;
    return status;
}

enum status journal_path_open(const char *path, unsigned flags, size_t map_size,
                              struct engine **engine, struct error *error)
{
    const struct engine_options options = {
        .tables = table_names,
        .table_count = JOURNAL_TABLE_COUNT,
        .flags = ENGINE_ONE_FILE | flags,
        .map_size = map_size,
    };
    return engine_open(path, &options, engine, error);
}

enum status journal_file_open(const char *folder, uint64_t first, unsigned flags, size_t map_size,
                              struct engine **engine, struct error *error)
{
    char path[PATH_SIZE];
    if (!path_of_first(path, folder, first))
        return FAIL(error, STATUS_INVALID, folder, 0, "the path is too long");
    return journal_path_open(path, flags, map_size, engine, error);
}

/* The first sequence that a name tells, 0 when it is no journal file's. */
static uint64_t first_of_name(const char *name)
{
    uint64_t first = 0;
    for (int i = 0; i < NAME_DIGITS; i++) {
        if (name[i] < '0' || name[i] > '9' || __builtin_mul_overflow(first, (uint64_t)10, &first) ||
            __builtin_add_overflow(first, (uint64_t)(name[i] - '0'), &first))
            return 0;
    }
    return strcmp(name + NAME_DIGITS, ".mdb") == 0 ? first : 0;
}

static int compare_firsts(const void *a, const void *b)
{
    uint64_t left;
    uint64_t right;
    memcpy(&left, a, sizeof left);
    memcpy(&right, b, sizeof right);
    return (left > right) - (left < right);
}

static bool files_add(struct journal_files *files, uint64_t first)
{
    if ((files->count & (files->count + 1)) == 0) { /* room for 1, 3, 7, 15, ... */
        uint64_t *larger = realloc(files->firsts, (2 * files->count + 1) * sizeof *larger);
        if (!larger)
            return false;
        files->firsts = larger;
    }
    files->firsts[files->count++] = first;
    return true;
}

enum status journal_files_list(const char *folder, struct journal_files *files, struct error *error)
{
    *files = (struct journal_files){0};
    DIR *open = opendir(folder);
    if (!open && errno == ENOENT)
        return STATUS_OK;
    if (!open)
        return FAIL(error, STATUS_STORAGE, folder, 0, "cannot list it: %s", strerror(errno));
    bool good = true;
    for (struct dirent *entry = readdir(open); good && entry; entry = readdir(open)) {
        uint64_t first = first_of_name(entry->d_name);
        if (first)
            good = files_add(files, first);
    }
    closedir(open);
    if (!good) {
        journal_files_done(files);
        return FAIL(error, STATUS_NO_MEMORY, folder, 0, "no memory to list it");
    }
    if (files->count)
        qsort(files->firsts, files->count, sizeof *files->firsts, compare_firsts);
    return STATUS_OK;
}

void journal_files_done(struct journal_files *files)
{
    free(files->firsts);
    *files = (struct journal_files){0};
}

uint64_t journal_file_size(const char *folder, uint64_t first)
{
    char path[PATH_SIZE];
    struct stat info;
    if (!path_of_first(path, folder, first) || stat(path, &info) != 0)
        return 0;
    return (uint64_t)info.st_size;
}

static void leftovers_remove(const char *folder, const char *const names[static 2])
{
    char path[PATH_SIZE];
    for (size_t i = 0; i < 2; i++)
        if (path_of(path, folder, names[i]))
            unlink(path);
}

void journal_folder_tidy(const char *folder)
{
    static const char *const leftovers[] = {"new.mdb", "new.mdb-lock"};
    leftovers_remove(folder, leftovers);
}

static const char *const rewrite_names[] = {"rewrite.mdb", "rewrite.mdb-lock"};

enum status journal_aside_open(const char *folder, size_t map_size, struct engine **engine,
                               struct error *error)
{
    const struct engine_options options = {
        .tables = table_names,
        .table_count = JOURNAL_TABLE_COUNT,
        .flags = ENGINE_ONE_FILE | ENGINE_CREATE | ENGINE_UNSYNCED,
        .map_size = map_size,
    };
    char path[PATH_SIZE];
    if (!path_of(path, folder, rewrite_names[0]))
        return FAIL(error, STATUS_INVALID, folder, 0, "the path is too long");
    leftovers_remove(folder, rewrite_names);
    return engine_open(path, &options, engine, error);
}

enum status journal_aside_rename(const char *folder, uint64_t first, struct error *error)
{
    char aside[PATH_SIZE];
    char path[PATH_SIZE];
    if (!path_of(aside, folder, rewrite_names[0]) || !path_of_first(path, folder, first))
        return FAIL(error, STATUS_INVALID, folder, 0, "the path is too long");
    if (rename(aside, path) != 0)
        return FAIL(error, status_of_errno(errno), path, 0, "cannot replace the file: %s",
                    strerror(errno));
    leftovers_remove(folder, rewrite_names);
    return folder_sync(folder, error);
}
