#ifndef TOOLS_OUTPUT_H
#define TOOLS_OUTPUT_H

/*
 * --output FILE: what goes to standard output goes to a file aside, which gets its name when all
 * of it is written and synced; so the file is there whole, or as it was before.  What is no regular
 * file (/dev/null, a pipe) is written to as it stands, and a link where it points.
 *
 *     status = output_begin(&output, path, error);        path NULL: standard output stays
 *     if (!status)
 *         status = output_end(&output, write_it(), error);
 */

#include "base/status.h"

#define OUTPUT_PATH_SIZE 4096

struct output {
    char path[OUTPUT_PATH_SIZE];       /* empty: standard output as it is */
    char aside[OUTPUT_PATH_SIZE + 32]; /* empty: written to as it stands */
    const char *named;                 /* as it was given */
};

/* INVALID: the path is too long; STORAGE, FULL: it can't be written. */
MUST_CHECK enum status output_begin(struct output *output, const char *path, struct error *error);
/* `status` is that of the writing: where it is not OK, nothing is left.  Gives it back, or what
 * went wrong with the last bytes. */
MUST_CHECK enum status output_end(const struct output *output, enum status status,
                                  struct error *error);

#endif
