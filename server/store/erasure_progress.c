/*
 * STORE/journal/erased: three numbers and the salt of a run that is under way, as text:
 *
 *     done 120
 *     changed 97
 *     through 140 <64 hexadecimal digits>
 *
 * The last line only while a run is under way: with it the same ids become the same random ones
 * after a crash, and when it is gone nobody can make them again.
 */

#include "folder.h"
#include "store/erasure.h"

#include "base/file.h"
#include "base/number.h"

#include <inttypes.h>
#include <stdio.h>

#define TEXT_MAX 1024

static enum status progress_path(const struct store *store, char path[static FOLDER_PATH_SIZE],
                                 struct error *error)
{
    return folder_path(path, store->path, "journal/erased", error);
}

/* Takes `head` and what follows up to the line's end from `*text`. */
static bool line_take(struct slice *text, struct slice head, struct slice *rest)
{
    if (!slice_starts_with(*text, head))
        return false;
    const char *end = memchr(text->data, '\n', text->size);
    if (!end)
        return false;
    size_t size = (size_t)(end - text->data);
    *rest = (struct slice){.data = text->data + head.size, .size = size - head.size};
    *text = slice_from(*text, size + 1);
    return true;
}

static bool through_parse(struct slice rest, struct erasure_progress *progress)
{
    struct digest salt;
    char text[DIGEST_TEXT_SIZE];
    const char *space = rest.size ? memchr(rest.data, ' ', rest.size) : NULL;
    if (!space)
        return false;
    struct slice number = {.data = rest.data, .size = (size_t)(space - rest.data)};
    struct slice digits = slice_from(rest, number.size + 1);
    if (digits.size != 2 * ERASURE_SALT_SIZE || !unsigned_parse(number, &progress->through))
        return false;
    snprintf(text, sizeof text, "sha256:%.*s", SLICE_ARGS(digits));
    if (!digest_parse(slice_of(text), &salt)) /* the same digits */
        return false;
    memcpy(progress->salt, salt.bytes, sizeof progress->salt);
    return true;
}

static bool progress_parse(struct slice text, struct erasure_progress *progress)
{
    struct slice rest;
    if (!line_take(&text, SLICE("done "), &rest) || !unsigned_parse(rest, &progress->done) ||
        !line_take(&text, SLICE("changed "), &rest) || !unsigned_parse(rest, &progress->changed))
        return false;
    return !line_take(&text, SLICE("through "), &rest) || through_parse(rest, progress);
}

struct erasure_progress erasure_progress_read(const struct store *store)
{
    char path[FOLDER_PATH_SIZE];
    struct erasure_progress progress = {0};
    struct arena arena = {0};
    struct slice text;
    if (!progress_path(store, path, NULL) && !file_read(path, TEXT_MAX, &arena, &text, NULL) &&
        !progress_parse(text, &progress))
        progress = (struct erasure_progress){0};
    arena_done(&arena);
    return progress;
}

enum status erasure_progress_write(const struct store *store,
                                   const struct erasure_progress *progress, struct error *error)
{
    char path[FOLDER_PATH_SIZE];
    char text[TEXT_MAX];
    int size = snprintf(text, sizeof text, "done %" PRIu64 "\nchanged %" PRIu64 "\n",
                        progress->done, progress->changed);
    if (progress->through) {
        size += snprintf(text + size, sizeof text - (size_t)size, "through %" PRIu64 " ",
                         progress->through);
        for (size_t i = 0; i < ERASURE_SALT_SIZE; i++)
            size += snprintf(text + size, sizeof text - (size_t)size, "%02x", progress->salt[i]);
        text[size++] = '\n';
    }
    enum status status = progress_path(store, path, error);
    if (status)
        return status;
    return file_write_whole(path, 0600, (struct slice){.data = text, .size = (size_t)size}, error);
}
