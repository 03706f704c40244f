/* Implementation of output.h. */

#include "output.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static enum status output_failed(const struct output *output, struct error *error)
{
    enum status status = errno == ENOSPC ? STATUS_FULL : STATUS_STORAGE;
    return FAIL(error, status, output->named ? output->named : "standard output", 0,
                "cannot write: %s", strerror(errno));
}

/* Where a link points; a path that is not there yet is its own. */
static enum status path_resolve(struct output *output, struct error *error)
{
    char *real = realpath(output->named, NULL);
    const char *path = real ? real : output->named;
    size_t size = strlen(path);
    if (size < sizeof output->path)
        memcpy(output->path, path, size + 1);
    free(real);
    if (size >= sizeof output->path)
        return FAIL(error, STATUS_INVALID, "--output", 0, "the path is too long");
    return STATUS_OK;
}

enum status output_begin(struct output *output, const char *path, struct error *error)
{
    struct stat info;
    *output = (struct output){.named = path};
    if (!path)
        return STATUS_OK;
    /* Not by its real path, which a pipe has none of. */
    bool is_special = stat(path, &info) == 0 && !S_ISREG(info.st_mode);
    enum status status = path_resolve(output, error);
    if (status)
        return status;
    if (!is_special)
        snprintf(output->aside, sizeof output->aside, "%s.%ld~", output->path, (long)getpid());
    int file = is_special ? open(path, O_WRONLY | O_CLOEXEC | O_NOCTTY)
                          : open(output->aside, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    if (file < 0)
        return output_failed(output, error);
    bool good = dup2(file, STDOUT_FILENO) >= 0;
    close(file);
    return good ? STATUS_OK : output_failed(output, error);
}

static bool aside_finish(const struct output *output)
{
    return fchmod(STDOUT_FILENO, 0644) == 0 && fsync(STDOUT_FILENO) == 0 &&
           rename(output->aside, output->path) == 0;
}

enum status output_end(const struct output *output, enum status status, struct error *error)
{
    bool is_aside = output->aside[0] != '\0';
    if (status && output->named && ferror(stdout)) { /* who wrote knows no name */
        *error = (struct error){0};
        status = FAIL(error, STATUS_STORAGE, output->named, 0, "cannot write");
    }
    if (!status && (fflush(stdout) != 0 || ferror(stdout)))
        status = output_failed(output, error);
    if (!status && is_aside && !aside_finish(output))
        status = output_failed(output, error);
    if (status && is_aside)
        unlink(output->aside);
    return status;
}
