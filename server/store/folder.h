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

#endif
