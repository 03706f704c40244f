#ifndef STORE_FOLDER_H
#define STORE_FOLDER_H

/* Folders of a store. */

#include "base/slice.h"
#include "base/status.h"

#define FOLDER_PATH_SIZE 3200

/* "`folder`/`name`" into `path`; INVALID when it does not fit. */
MUST_CHECK enum status folder_path(char path[static FOLDER_PATH_SIZE], const char *folder,
                                   const char *name, struct error *error);
/* Removes a folder with the files in it (no folders in it); missing is fine. */
void folder_remove(const char *path);
/* Removes a folder with all that is in it, links unfollowed; missing is fine. */
void folder_remove_tree(const char *path);
/* Makes it with mode 0700, and what is missing on the way to it. */
MUST_CHECK enum status folder_make_with_parents(const char *path, struct error *error);
/* OK: missing (or a folder) and empty; CONFLICT: something is in it, or it is no folder. */
MUST_CHECK enum status folder_must_be_empty(const char *path, struct error *error);

#endif
