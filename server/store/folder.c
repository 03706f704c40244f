/* Implementation of folder.h. */

#include "folder.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

enum status folder_path(char path[static FOLDER_PATH_SIZE], const char *folder, const char *name,
                        struct error *error)
{
    if (snprintf(path, FOLDER_PATH_SIZE, "%s/%s", folder, name) >= FOLDER_PATH_SIZE)
        return FAIL(error, STATUS_INVALID, folder, 0, "the path is too long");
    return STATUS_OK;
}

void folder_remove(const char *path)
{
    DIR *open = opendir(path);
    if (!open)
        return;
    for (struct dirent *entry = readdir(open); entry; entry = readdir(open))
        if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0)
            unlinkat(dirfd(open), entry->d_name, 0);
    closedir(open);
    rmdir(path);
}
