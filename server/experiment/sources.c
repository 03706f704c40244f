/*
 * The texts of a folder of experiment files (grammar.md, 1): regular files, symlinks followed,
 * whose name ends in .yaml, .yml or .json; names that begin with `.` or `_` are passed over.
 * Subfolders are not read, but one that holds *.yaml is named, because somebody may think it is.
 */

#include "experiment/catalogue.h"

#include "base/file.h"
#include "base/limits.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

static bool is_passed_over(const char *name)
{
    return name[0] == '.' || name[0] == '_';
}

static bool has_our_end(const char *name)
{
    static const char *const ends[] = {".yaml", ".yml", ".json"};
    for (size_t i = 0; i < sizeof ends / sizeof *ends; i++)
        if (slice_ends_with(slice_of(name), slice_of(ends[i])))
            return true;
    return false;
}

static int compare_sources(const void *a, const void *b)
{
    return slice_compare(((const struct source *)a)->path, ((const struct source *)b)->path);
}

static int compare_slices(const void *a, const void *b)
{
    return slice_compare(*(const struct slice *)a, *(const struct slice *)b);
}

/* An array of the arena, twice as large; NULL when there is no memory. */
static void *grown(struct arena *arena, const void *items, size_t count, size_t size)
{
    void *larger = arena_array(arena, count ? count * 2 : 8, size);
    if (larger && count)
        memcpy(larger, items, count * size);
    return larger;
}

static bool is_full(size_t count)
{
    return count == 0 || (count >= 8 && (count & (count - 1)) == 0);
}

/* Takes slices of the arena over. */
static enum status source_append(struct sources *sources, const struct source *source,
                                 struct error *error)
{
    if (is_full(sources->count)) {
        struct source *files =
            grown(&sources->arena, sources->files, sources->count, sizeof *files);
        if (!files)
            return FAIL(error, STATUS_NO_MEMORY, "experiments", 0, "out of memory");
        sources->files = files;
    }
    sources->files[sources->count++] = *source;
    return STATUS_OK;
}

enum status sources_add(struct sources *sources, struct slice path, struct slice name,
                        struct slice text, struct error *error)
{
    struct source source = {
        .path = arena_copy(&sources->arena, path),
        .name = arena_copy(&sources->arena, name),
        .text = arena_copy(&sources->arena, text),
    };
    if (sources->arena.failed)
        return FAIL(error, STATUS_NO_MEMORY, "experiments", 0, "out of memory");
    enum status status = source_append(sources, &source, error);
    for (size_t i = sources->count - 1; !status && i > 0; i--) {
        struct source later = sources->files[i];
        if (compare_sources(&sources->files[i - 1], &later) <= 0)
            break;
        sources->files[i] = sources->files[i - 1];
        sources->files[i - 1] = later;
    }
    return status;
}

/* Up to FILE_SIZE_MAX + 1 bytes: the parser refuses what is larger. */
static enum status text_read(struct sources *sources, int file, struct slice path,
                             struct slice *text, struct error *error)
{
    struct buffer read_so_far = {0};
    char block[16384];
    ssize_t got = 1;
    while (got != 0 && read_so_far.size <= FILE_SIZE_MAX) {
        size_t room = FILE_SIZE_MAX + 1 - read_so_far.size;
        got = read(file, block, room < sizeof block ? room : sizeof block);
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            break;
        buffer_add(&read_so_far, (struct slice){.data = block, .size = (size_t)got});
    }
    enum status status = STATUS_OK;
    if (got < 0)
        status = FAIL(error, status_of_errno(errno), path.data, 0, "%s", strerror(errno));
    else
        status = buffer_status(&read_so_far, error);
    if (!status)
        *text = arena_copy(&sources->arena, buffer_slice(&read_so_far));
    buffer_done(&read_so_far);
    return status;
}

static bool folder_holds_yaml(int parent, const char *name)
{
    int handle = openat(parent, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    DIR *folder = handle >= 0 ? fdopendir(handle) : NULL;
    bool found = false;
    if (!folder && handle >= 0)
        close(handle);
    for (struct dirent *entry; folder && !found && (entry = readdir(folder));)
        found = !is_passed_over(entry->d_name) &&
                slice_ends_with(slice_of(entry->d_name), SLICE(".yaml"));
    if (folder)
        closedir(folder);
    return found;
}

static enum status folder_note(struct sources *sources, int parent, const char *name,
                               struct slice path, struct error *error)
{
    if (!folder_holds_yaml(parent, name))
        return STATUS_OK;
    if (is_full(sources->skipped_count)) {
        struct slice *skipped =
            grown(&sources->arena, sources->skipped, sources->skipped_count, sizeof *skipped);
        if (!skipped)
            return FAIL(error, STATUS_NO_MEMORY, "experiments", 0, "out of memory");
        sources->skipped = skipped;
    }
    sources->skipped[sources->skipped_count++] = path;
    return STATUS_OK;
}

static enum status entry_read(struct sources *sources, const char *folder, int parent,
                              const char *name, struct error *error)
{
    struct stat status;
    if (is_passed_over(name) || fstatat(parent, name, &status, 0) != 0)
        return STATUS_OK; /* gone, or a link to nowhere */
    size_t size = strlen(folder);
    const char *between = size && folder[size - 1] == '/' ? "" : "/";
    struct slice path = arena_format(&sources->arena, "%s%s%s", folder, between, name);
    struct source source = {.path = path, .name = arena_copy(&sources->arena, slice_of(name))};
    if (sources->arena.failed)
        return FAIL(error, STATUS_NO_MEMORY, folder, 0, "out of memory");
    if (S_ISDIR(status.st_mode))
        return folder_note(sources, parent, name, path, error);
    if (!S_ISREG(status.st_mode) || !has_our_end(name))
        return STATUS_OK;
    /* Not blocking, should the file have become a pipe since. */
    int file = openat(parent, name, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (file < 0 && errno == ENOENT)
        return STATUS_OK;
    if (file < 0)
        return FAIL(error, status_of_errno(errno), path.data, 0, "%s", strerror(errno));
    enum status result = text_read(sources, file, path, &source.text, error);
    close(file);
    return result ? result : source_append(sources, &source, error);
}

enum status sources_read(struct sources *sources, const char *folder, struct error *error)
{
    DIR *open_folder = opendir(folder);
    if (!open_folder) {
        bool missing = errno == ENOENT || errno == ENOTDIR;
        return FAIL(error, missing ? STATUS_NOT_FOUND : status_of_errno(errno), folder, 0,
                    "%s; this should be a folder of experiment files", strerror(errno));
    }
    enum status status = STATUS_OK;
    for (struct dirent *entry; !status && (entry = readdir(open_folder));)
        status = entry_read(sources, folder, dirfd(open_folder), entry->d_name, error);
    closedir(open_folder);
    if (!status && sources->arena.failed)
        status = FAIL(error, STATUS_NO_MEMORY, folder, 0, "out of memory");
    if (status)
        return status;
    if (sources->count)
        qsort(sources->files, sources->count, sizeof *sources->files, compare_sources);
    if (sources->skipped_count)
        qsort(sources->skipped, sources->skipped_count, sizeof *sources->skipped, compare_slices);
    return STATUS_OK;
}

void sources_done(struct sources *sources)
{
    arena_done(&sources->arena);
    *sources = (struct sources){0};
}
