/* Implementation of include/base/file.h. */

#include "base/file.h"

#include "base/random.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

enum status status_of_errno(int number)
{
    switch (number) {
    case ENOSPC:
    case EDQUOT: return STATUS_FULL;
    case ENOENT: return STATUS_NOT_FOUND;
    case ENOMEM: return STATUS_NO_MEMORY;
    case EEXIST: return STATUS_CONFLICT;
    default: return STATUS_STORAGE;
    }
}

static enum status fail_errno(const char *path, const char *what, struct error *error)
{
    int number = errno;
    enum status status = status_of_errno(number);
    return FAIL(error, status, path, 0, "cannot %s: %s", what, strerror(number));
}

/* Reads up to `size` bytes; fewer only at the end of the file.  -1 on failure. */
static ssize_t read_all(int file, char *to, size_t size)
{
    size_t done = 0;
    while (done < size) {
        ssize_t got = read(file, to + done, size - done);
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return -1;
        if (got == 0)
            break;
        done += (size_t)got;
    }
    return (ssize_t)done;
}

static enum status read_open(const char *path, int file, size_t size_max, struct arena *arena,
                             struct slice *text, struct error *error)
{
    struct stat info;
    if (fstat(file, &info) != 0)
        return fail_errno(path, "look at it", error);
    if (!S_ISREG(info.st_mode))
        return FAIL(error, STATUS_INVALID, path, 0, "this is not a regular file");
    if ((uint64_t)info.st_size > size_max)
        return FAIL(error, STATUS_TOO_LARGE, path, 0, "the file is larger than %zu bytes",
                    size_max);
    size_t size = (size_t)info.st_size;
    char *memory = arena_alloc(arena, size + 1);
    if (!memory)
        return FAIL(error, STATUS_NO_MEMORY, path, 0, "no memory for %zu bytes", size);
    ssize_t got = read_all(file, memory, size);
    if (got < 0)
        return fail_errno(path, "read", error);
    *text = (struct slice){.data = memory, .size = (size_t)got};
    return STATUS_OK;
}

enum status file_read(const char *path, size_t size_max, struct arena *arena, struct slice *text,
                      struct error *error)
{
    /* NONBLOCK: opening a pipe by mistake must not wait for its writer. */
    int file = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
    if (file < 0)
        return fail_errno(path, "open", error);
    enum status status = read_open(path, file, size_max, arena, text, error);
    close(file);
    return status;
}

static bool write_all(int file, struct slice text)
{
    while (text.size) {
        ssize_t written = write(file, text.data, text.size);
        if (written < 0 && errno == EINTR)
            continue;
        if (written < 0)
            return false;
        text = slice_from(text, (size_t)written);
    }
    return true;
}

/* `path` is what messages name. */
static enum status write_aside(const char *aside, const char *path, mode_t mode, struct slice text,
                               struct error *error)
{
    int file = open(aside, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, mode);
    if (file < 0)
        return fail_errno(path, "create", error);
    enum status status = STATUS_OK;
    if (fchmod(file, mode) != 0 || !write_all(file, text))
        status = fail_errno(path, "write", error);
    else if (fsync(file) != 0)
        status = fail_errno(path, "sync", error);
    if (close(file) != 0 && !status)
        status = fail_errno(path, "close", error);
    return status;
}

enum status folder_sync(const char *path, struct error *error)
{
    int folder = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (folder < 0)
        return fail_errno(path, "open", error);
    enum status status = STATUS_OK;
    if (fsync(folder) != 0)
        status = fail_errno(path, "sync", error);
    close(folder);
    return status;
}

/* Syncs the folder that holds `path`; a slash at the end of `path` does not count. */
static enum status parent_sync(const char *path, struct error *error)
{
    char parent[PATH_MAX];
    size_t size = strlen(path);
    while (size > 1 && path[size - 1] == '/')
        size--;
    while (size > 0 && path[size - 1] != '/')
        size--;
    if (size >= sizeof parent)
        return FAIL(error, STATUS_INVALID, path, 0, "the path is too long");
    memcpy(parent, path, size);
    parent[size] = '\0';
    return folder_sync(size ? parent : ".", error);
}

enum status file_write_whole(const char *path, mode_t mode, struct slice text, struct error *error)
{
    char aside[PATH_MAX];
    uint64_t chance;
    enum status status = random_bytes(&chance, sizeof chance, error);
    if (status)
        return status;
    int size = snprintf(aside, sizeof aside, "%s.%016llx.new", path, (unsigned long long)chance);
    if (size < 0 || (size_t)size >= sizeof aside)
        return FAIL(error, STATUS_INVALID, path, 0, "the path is too long");
    status = write_aside(aside, path, mode, text, error);
    if (!status && rename(aside, path) != 0)
        status = fail_errno(path, "rename to it", error);
    if (status) {
        unlink(aside);
        return status;
    }
    return parent_sync(path, error);
}

enum status folder_make(const char *path, mode_t mode, struct error *error)
{
    struct stat info;
    if (mkdir(path, mode) == 0)
        return parent_sync(path, error);
    if (errno != EEXIST)
        return fail_errno(path, "make the folder", error);
    if (stat(path, &info) != 0)
        return fail_errno(path, "look at it", error);
    if (!S_ISDIR(info.st_mode))
        return FAIL(error, STATUS_CONFLICT, path, 0, "this is not a folder");
    return STATUS_OK;
}
