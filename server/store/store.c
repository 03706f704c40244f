/*
 * The folder of a store: making it, its lock, its secret.
 *
 * The lock is flock'd, so the kernel frees it with the process, however that ends; what stands in
 * the file (process id and command) only says who it is.  Everything else that a writer changes
 * happens under it, the making of the secret too: two that make the same store at once get one
 * secret.  A store whose journal has records and whose secret is gone is not given a new one, since
 * every hash of an id would change.
 */

#include "store/store.h"

#include "folder.h"
#include "journal_file.h"

#include "base/file.h"
#include "base/random.h"
#include "store/state.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#define SECRET_TEXT_SIZE 64
#define COMMAND_SIZE 128

/* "gangway serve": the program's name and its first argument, unless that is an option. */
static void command_of_self(char command[static COMMAND_SIZE])
{
    char line[512] = {0};
    int file = open("/proc/self/cmdline", O_RDONLY | O_CLOEXEC);
    ssize_t size = file < 0 ? 0 : read(file, line, sizeof line - 1);
    if (file >= 0)
        close(file);
    const char *slash = strrchr(line, '/'); /* up to the first NUL: the program's path */
    const char *name = slash ? slash + 1 : line;
    size_t program_size = strlen(line);
    bool has_word = size > 0 && program_size + 1 < (size_t)size && line[program_size + 1] != '-';
    if (snprintf(command, COMMAND_SIZE, "%s%s%s", *name ? name : "gangway", has_word ? " " : "",
                 has_word ? line + program_size + 1 : "") >= COMMAND_SIZE)
        command[COMMAND_SIZE - 1] = '\0'; /* cut off: it is only for people */
}

/* What the holder of the lock wrote: "1234 gangway serve". */
static enum status fail_locked(int file, const char *path, struct error *error)
{
    char line[COMMAND_SIZE + 32] = {0};
    ssize_t size = pread(file, line, sizeof line - 1, 0);
    char *command = size > 0 ? strchr(line, ' ') : NULL;
    if (!command)
        return FAIL(error, STATUS_CONFLICT, path, 0, "in use by another process");
    *command++ = '\0';
    command[strcspn(command, "\n")] = '\0';
    return FAIL(error, STATUS_CONFLICT, path, 0, "in use by pid %s (%s)", line, command);
}

static enum status lock_take(struct store *store, struct error *error)
{
    char path[FOLDER_PATH_SIZE];
    char command[COMMAND_SIZE];
    enum status status = folder_path(path, store->path, "lock", error);
    if (status)
        return status;
    int file = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (file < 0)
        return FAIL(error, status_of_errno(errno), path, 0, "cannot open the lock: %s",
                    strerror(errno));
    if (flock(file, LOCK_EX | LOCK_NB) != 0) {
        if (errno == EWOULDBLOCK)
            status = fail_locked(file, store->path, error);
        else
            status = FAIL(error, STATUS_STORAGE, path, 0, "cannot lock: %s", strerror(errno));
        close(file);
        return status;
    }
    command_of_self(command);
    /* Only a courtesy to whom comes second: without room on the disk the lock still holds. */
    if (ftruncate(file, 0) == 0)
        dprintf(file, "%ld %s\n", (long)getpid(), command);
    store->lock_fd = file;
    return STATUS_OK;
}

static const struct slice pseudonymous_line = SLICE_INIT("\npseudonymous");

static bool secret_parse(struct slice text, struct store *store)
{
    struct digest digest;
    char prefixed[DIGEST_TEXT_SIZE];
    if (slice_ends_with(text, SLICE("\n")))
        text.size--;
    bool is_pseudonymous = slice_ends_with(text, pseudonymous_line);
    if (is_pseudonymous)
        text.size -= pseudonymous_line.size;
    if (text.size != SECRET_TEXT_SIZE)
        return false;
    snprintf(prefixed, sizeof prefixed, "sha256:%.*s", SLICE_ARGS(text));
    if (!digest_parse(slice_of(prefixed), &digest)) /* the same 64 digits */
        return false;
    memcpy(store->secret, digest.bytes, sizeof digest.bytes);
    store->is_pseudonymous = is_pseudonymous;
    return true;
}

static enum status secret_read(struct store *store, const char *path, struct error *error)
{
    struct arena arena = {0};
    struct slice text;
    enum status status = file_read(path, 1024, &arena, &text, error);
    if (!status && !secret_parse(text, store))
        status = FAIL(error, STATUS_STORAGE, path, 0, "this is no secret: 64 hexadecimal digits");
    arena_done(&arena);
    return status;
}

static enum status secret_write(const struct store *store, const char *path, struct error *error)
{
    char text[SECRET_TEXT_SIZE + 32];
    for (size_t i = 0; i < sizeof store->secret; i++)
        snprintf(text + 2 * i, 3, "%02x", store->secret[i]);
    int size = snprintf(text + SECRET_TEXT_SIZE, sizeof text - SECRET_TEXT_SIZE, "%s\n",
                        store->is_pseudonymous ? pseudonymous_line.data : "");
    struct slice all = {.data = text, .size = SECRET_TEXT_SIZE + (size_t)size};
    return file_write_whole(path, 0600, all, error);
}

static enum status secret_make(struct store *store, const char *path, struct error *error)
{
    char journal[FOLDER_PATH_SIZE];
    struct journal_files files = {0};
    enum status status = folder_path(journal, store->path, "journal", error);
    if (!status)
        status = journal_files_list(journal, &files, error);
    if (!status && files.count)
        status = FAIL(error, STATUS_STORAGE, path, 0,
                      "the secret of this store is gone; bring it back from a backup");
    journal_files_done(&files);
    if (!status)
        status = random_bytes(store->secret, sizeof store->secret, error);
    return status ? status : secret_write(store, path, error);
}

static enum status secret_take(struct store *store, struct error *error)
{
    char path[FOLDER_PATH_SIZE];
    struct stat info;
    enum status status = folder_path(path, store->path, "secret", error);
    if (status)
        return status;
    bool missing = stat(path, &info) != 0 && errno == ENOENT;
    if (missing && store->mode == STORE_READ)
        return FAIL(error, STATUS_STORAGE, store->path, 0, "no store is here: it has no secret");
    return missing ? secret_make(store, path, error) : secret_read(store, path, error);
}

enum status store_make_pseudonymous(struct store *store, struct error *error)
{
    char journal[FOLDER_PATH_SIZE], secret[FOLDER_PATH_SIZE];
    struct journal_files files = {0};
    if (store->is_pseudonymous)
        return STATUS_OK;
    enum status status = folder_path(journal, store->path, "journal", error);
    if (!status)
        status = folder_path(secret, store->path, "secret", error);
    if (!status)
        status = journal_files_list(journal, &files, error);
    bool is_used = files.count > 0;
    journal_files_done(&files);
    if (!status && is_used)
        status = FAIL(error, STATUS_INVALID, store->path, 0,
                      "ids are in this store as they came; pseudonymous is fixed when it is made");
    if (status)
        return status;
    store->is_pseudonymous = true;
    return secret_write(store, secret, error);
}

static enum status folders_make(const struct store *store, struct error *error)
{
    static const char *const names[] = {"journal", "state"};
    char path[FOLDER_PATH_SIZE];
    enum status status = STATUS_OK;
    for (size_t i = 0; i < sizeof names / sizeof names[0] && !status; i++) {
        status = folder_path(path, store->path, names[i], error);
        if (!status)
            status = folder_make(path, 0700, error);
    }
    return status;
}

static enum status must_exist(const struct store *store, struct error *error)
{
    struct stat info;
    if (stat(store->path, &info) != 0 && errno != ENOENT)
        return FAIL(error, STATUS_STORAGE, store->path, 0, "cannot open the store: %s",
                    strerror(errno));
    if (stat(store->path, &info) != 0)
        return FAIL(error, STATUS_STORAGE, store->path, 0,
                    "no store is here; `gangway serve`, `import` and `demo` make one");
    if (!S_ISDIR(info.st_mode))
        return FAIL(error, STATUS_STORAGE, store->path, 0, "a store is a folder, this is none");
    char path[FOLDER_PATH_SIZE];
    enum status status = folder_path(path, store->path, "restoring", error);
    if (!status && access(path, F_OK) == 0)
        status = FAIL(error, STATUS_STORAGE, store->path, 0,
                      "`gangway restore` is at work here, or was cut off; run it again");
    return status;
}

/* What a dead writer left. */
static void leftovers_remove(const struct store *store)
{
    char path[FOLDER_PATH_SIZE];
    state_remove_stale(store);
    if (!folder_path(path, store->path, "compact", NULL))
        folder_remove_tree(path);
}

enum status store_open(struct store *store, const char *path, enum store_mode mode,
                       struct error *error)
{
    struct store made = {.mode = mode, .lock_fd = -1};
    size_t size = strlen(path);
    if (size == 0 || size >= sizeof made.path)
        return FAIL(error, STATUS_INVALID, path, 0, "a path of 1 to %zu bytes is wanted",
                    sizeof made.path - 1);
    memcpy(made.path, path, size + 1);
    enum status status = STATUS_OK;
    if (mode == STORE_CREATE)
        status = folder_make_with_parents(path, error);
    if (!status)
        status = must_exist(&made, error);
    if (!status && mode != STORE_READ)
        status = lock_take(&made, error);
    if (!status)
        status = secret_take(&made, error);
    if (!status && mode != STORE_READ)
        status = folders_make(&made, error);
    if (status) {
        store_close(&made);
        return status;
    }
    if (mode != STORE_READ)
        leftovers_remove(&made);
    *store = made;
    return STATUS_OK;
}

void store_close(struct store *store)
{
    if (store->lock_fd >= 0)
        close(store->lock_fd);
    store->lock_fd = -1;
}

enum status store_base(const struct store *store, struct store *base, struct error *error)
{
    *base = *store;
    base->lock_fd = -1;
    if (snprintf(base->path, sizeof base->path, "%s/base", store->path) >= (int)sizeof base->path)
        return FAIL(error, STATUS_INVALID, store->path, 0, "the path is too long");
    return STATUS_OK;
}

uint64_t store_free_bytes(const struct store *store)
{
    struct statvfs info;
    if (statvfs(store->path, &info) != 0)
        return 0;
    return (uint64_t)info.f_bavail * info.f_frsize;
}
