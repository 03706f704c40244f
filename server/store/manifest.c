/* Implementation of manifest.h. */

#include "manifest.h"

#include "folder.h"

#include "base/file.h"
#include "base/number.h"
#include "store/record.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

static enum status mapped_digest(int file, const char *path, struct digest *digest, uint64_t *size,
                                 struct error *error)
{
    struct stat info;
    if (fstat(file, &info) != 0 || !S_ISREG(info.st_mode))
        return FAIL(error, STATUS_STORAGE, path, 0, "this is not a regular file");
    *size = (uint64_t)info.st_size;
    if (info.st_size == 0) {
        *digest = hash_sha256((struct slice){.data = ""});
        return STATUS_OK;
    }
    void *bytes = mmap(NULL, (size_t)info.st_size, PROT_READ, MAP_PRIVATE, file, 0);
    if (bytes == MAP_FAILED)
        return FAIL(error, status_of_errno(errno), path, 0, "cannot map it: %s", strerror(errno));
    (void)!madvise(bytes, (size_t)info.st_size, MADV_SEQUENTIAL);
    *digest = hash_sha256((struct slice){.data = bytes, .size = (size_t)info.st_size});
    munmap(bytes, (size_t)info.st_size);
    return STATUS_OK;
}

enum status file_digest(const char *path, struct digest *digest, uint64_t *size,
                        struct error *error)
{
    int file = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
    if (file < 0)
        return FAIL(error, STATUS_STORAGE, path, 0, "cannot open: %s", strerror(errno));
    enum status status = mapped_digest(file, path, digest, size, error);
    close(file);
    return status;
}

void manifest_begin(struct buffer *text, uint64_t sequence, int64_t received_ms)
{
    buffer_format(text, "gangway backup %d\njournal %d %" PRIu64 " %" PRId64 "\n", MANIFEST_FORMAT,
                  RECORD_FORMAT, sequence, received_ms);
}

enum status manifest_add(struct buffer *text, struct backup *backup, const char *folder,
                         const char *name, struct error *error)
{
    char path[FOLDER_PATH_SIZE];
    char digest_text[DIGEST_TEXT_SIZE];
    struct digest digest;
    uint64_t size = 0;
    enum status status = folder_path(path, folder, name, error);
    if (!status)
        status = file_digest(path, &digest, &size, error);
    if (status)
        return status;
    buffer_format(text, "%s %" PRIu64 " %s\n", digest_format(&digest, digest_text), size, name);
    backup->files++;
    backup->bytes += size;
    return buffer_status(text, error);
}

static bool line_take(struct slice *rest, struct slice *line)
{
    const char *end = rest->size ? memchr(rest->data, '\n', rest->size) : NULL;
    if (!end)
        return false;
    *line = (struct slice){.data = rest->data, .size = (size_t)(end - rest->data)};
    *rest = slice_from(*rest, line->size + 1);
    return true;
}

static struct slice word_take(struct slice *line)
{
    const char *end = line->size ? memchr(line->data, ' ', line->size) : NULL;
    struct slice word = {.data = line->data, .size = end ? (size_t)(end - line->data) : line->size};
    *line = slice_from(*line, end ? word.size + 1 : word.size);
    return word;
}

/* "gangway backup 1" and "journal 1 SEQUENCE RECEIVED_MS". */
static enum status heads_read(struct manifest *manifest, const char *path, struct error *error)
{
    struct slice line;
    uint64_t format = 0;
    uint64_t journal = 0;
    if (!line_take(&manifest->rest, &line) || !slice_equals(word_take(&line), "gangway") ||
        !slice_equals(word_take(&line), "backup") || !unsigned_parse(line, &format))
        return FAIL(error, STATUS_STORAGE, path, 1, "this is no manifest of a backup");
    if (format > MANIFEST_FORMAT)
        return FAIL(error, STATUS_INVALID, path, 1,
                    "this backup has format %" PRIu64 ", this program knows up to %d", format,
                    MANIFEST_FORMAT);
    if (!line_take(&manifest->rest, &line) || !slice_equals(word_take(&line), "journal") ||
        !unsigned_parse(word_take(&line), &journal) ||
        !unsigned_parse(word_take(&line), &manifest->backup.sequence) ||
        !integer_parse(line, &manifest->backup.received_ms))
        return FAIL(error, STATUS_STORAGE, path, 2, "the manifest is damaged");
    if (journal > RECORD_FORMAT)
        return FAIL(error, STATUS_INVALID, path, 2,
                    "its journal has format %" PRIu64 ", this program knows up to %d", journal,
                    RECORD_FORMAT);
    manifest->line = 2;
    return STATUS_OK;
}

enum status manifest_open(const char *folder, struct manifest *manifest, struct error *error)
{
    char path[FOLDER_PATH_SIZE];
    struct slice text;
    *manifest = (struct manifest){0};
    enum status status = folder_path(path, folder, "manifest", error);
    if (!status && access(path, F_OK) != 0 && (errno == ENOENT || errno == ENOTDIR))
        return FAIL(error, STATUS_NOT_FOUND, folder, 0,
                    "no whole backup is here: it has no manifest, which is written last");
    if (!status)
        status = file_read(path, MANIFEST_SIZE_MAX, &manifest->arena, &text, error);
    if (status)
        return status;
    manifest->backup.digest = hash_sha256(text);
    manifest->rest = text;
    return heads_read(manifest, path, error);
}

/* No part of it is empty, "." or "..", and it has no control characters. */
static bool name_is_inside(struct slice name)
{
    size_t start = 0;
    for (size_t i = 0; i <= name.size; i++) {
        if (i < name.size && name.data[i] != '/')
            continue;
        struct slice part = {.data = name.data + start, .size = i - start};
        if (!part.size || slice_equals(part, ".") || slice_equals(part, ".."))
            return false;
        start = i + 1;
    }
    return !slice_has_control(name);
}

enum status manifest_next(struct manifest *manifest, struct manifest_entry *entry,
                          struct error *error)
{
    struct slice line;
    if (slice_is_empty(manifest->rest))
        return STATUS_NOT_FOUND;
    manifest->line++;
    if (!line_take(&manifest->rest, &line) || !digest_parse(word_take(&line), &entry->digest) ||
        !unsigned_parse(word_take(&line), &entry->size) || line.size >= sizeof entry->name ||
        !name_is_inside(line))
        return FAIL(error, STATUS_STORAGE, "manifest", manifest->line, "the manifest is damaged");
    memcpy(entry->name, line.data, line.size);
    entry->name[line.size] = '\0';
    manifest->backup.files++;
    manifest->backup.bytes += entry->size;
    return STATUS_OK;
}

void manifest_done(struct manifest *manifest)
{
    arena_done(&manifest->arena);
}
