#ifndef BASE_FILE_H
#define BASE_FILE_H

/*
 * Whole files.  A file that must survive a power cut is written aside in the same folder, synced,
 * renamed over the old one, and the folder synced: afterwards there is the old text or the new one,
 * never half of it.  Errors name the path; STORAGE or FULL (no space left), NOT_FOUND for a file
 * that is not there.
 */

#include "base/arena.h"

#include <sys/types.h>

/* Reads all of `path` into the arena; TOO_LARGE over `size_max` bytes.  Regular files only. */
MUST_CHECK enum status file_read(const char *path, size_t size_max, struct arena *arena,
                                 struct slice *text, struct error *error);

/* Replaces or makes `path` with `mode` (the umask does not apply). */
MUST_CHECK enum status file_write_whole(const char *path, mode_t mode, struct slice text,
                                        struct error *error);

/* Makes the names in a folder durable. */
MUST_CHECK enum status folder_sync(const char *path, struct error *error);

/* Makes the folder where it is not there yet (its parent has to be) and syncs the parent. */
MUST_CHECK enum status folder_make(const char *path, mode_t mode, struct error *error);

/* The status of an errno of the file system: FULL, NOT_FOUND, NO_MEMORY, CONFLICT (exists) or
 * STORAGE. */
enum status status_of_errno(int number);

#endif
