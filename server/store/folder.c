/* Implementation of folder.h. */

#include "folder.h"

#include "base/file.h"

#include <dirent.h>
#include <errno.h>
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

static bool is_dots(const char *name)
{
    return strcmp(name, ".") == 0 || strcmp(name, "..") == 0;
}

/* Takes over the descriptor. */
static void contents_remove(int folder)
{
    DIR *open = fdopendir(folder);
    if (!open) {
        close(folder);
        return;
    }
    for (struct dirent *entry = readdir(open); entry; entry = readdir(open)) {
        if (is_dots(entry->d_name) || unlinkat(dirfd(open), entry->d_name, 0) == 0)
            continue;
        int inner =
            openat(dirfd(open), entry->d_name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
        if (inner < 0)
            continue;
        contents_remove(inner);
        unlinkat(dirfd(open), entry->d_name, AT_REMOVEDIR);
    }
    closedir(open);
}

void folder_remove_tree(const char *path)
{
    int folder = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (folder < 0)
        return;
    contents_remove(folder);
    rmdir(path);
}

enum status folder_must_be_empty(const char *path, struct error *error)
{
    DIR *open = opendir(path);
    if (!open && errno == ENOENT)
        return STATUS_OK;
    if (!open && errno == ENOTDIR)
        return FAIL(error, STATUS_CONFLICT, path, 0, "a folder is wanted, this is none");
    if (!open)
        return FAIL(error, status_of_errno(errno), path, 0, "cannot list it: %s", strerror(errno));
    bool is_empty = true;
    for (struct dirent *entry = readdir(open); entry; entry = readdir(open))
        is_empty = is_empty && is_dots(entry->d_name);
    closedir(open);
    return is_empty ? STATUS_OK
                    : FAIL(error, STATUS_CONFLICT, path, 0,
                           "something is there already; a new or an empty folder is wanted");
}

enum status folder_make_with_parents(const char *path, struct error *error)
{
    char part[FOLDER_PATH_SIZE];
    enum status status = STATUS_OK;
    size_t size = strlen(path);
    for (size_t i = 1; i <= size && !status; i++) {
        if (path[i] != '/' && path[i] != '\0')
            continue;
        memcpy(part, path, i);
        part[i] = '\0';
        status = folder_make(part, 0700, error);
    }
    return status;
}
