/* Two questions to git: `ls-tree -z` lists a folder, `cat-file blob` gives a file's bytes. */

#include "git_folder.h"

#include "base/buffer.h"
#include "base/limits.h"

#include <errno.h>
#include <fcntl.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

extern char **environ;

static enum status read_all(int descriptor, struct buffer *out, struct error *error)
{
    for (;;) {
        char *room = buffer_room(out, 65536);
        if (!room)
            return buffer_status(out, error);
        ssize_t size = read(descriptor, room, 65536);
        if (size > 0)
            buffer_grow(out, (size_t)size);
        else if (size == 0)
            return STATUS_OK;
        else if (errno != EINTR)
            return FAIL(error, STATUS_STORAGE, "git", 0, "%s", strerror(errno));
    }
}

/* Starts git with its standard output in the pipe and its errors nowhere: what we say is clearer.
 */
static int git_spawn(const char *const *arguments, const int ends[2], pid_t *child)
{
    posix_spawn_file_actions_t actions;
    int failed = posix_spawn_file_actions_init(&actions);
    if (failed)
        return failed;
    failed = posix_spawn_file_actions_adddup2(&actions, ends[1], STDOUT_FILENO);
    if (!failed)
        failed =
            posix_spawn_file_actions_addopen(&actions, STDERR_FILENO, "/dev/null", O_WRONLY, 0);
    if (!failed) /* execve takes what it does not change as changeable */
        failed = posix_spawnp(child, "git", &actions, NULL, (char *const *)(uintptr_t)arguments,
                              environ);
    posix_spawn_file_actions_destroy(&actions);
    return failed;
}

/* What git prints.  NOT_FOUND when it ends with anything but 0. */
static enum status git_output(const char *const *arguments, struct buffer *out, struct error *error)
{
    int ends[2];
    pid_t child = 0;
    if (pipe2(ends, O_CLOEXEC))
        return FAIL(error, STATUS_STORAGE, "git", 0, "%s", strerror(errno));
    int failed = git_spawn(arguments, ends, &child);
    close(ends[1]);
    enum status status = STATUS_OK;
    if (failed)
        status = FAIL(error, STATUS_STORAGE, "git", 0, "cannot run git: %s", strerror(failed));
    else
        status = read_all(ends[0], out, error);
    close(ends[0]);
    int ended = 0;
    while (!failed && waitpid(child, &ended, 0) < 0 && errno == EINTR)
        continue;
    if (!status && ended != 0)
        return FAIL(error, STATUS_NOT_FOUND, "", 0, "git knows no '%s'", arguments[3]);
    return status;
}

static bool is_source(struct slice name)
{
    return name.size && name.data[0] != '.' && name.data[0] != '_' &&
           (slice_ends_with(name, SLICE(".yaml")) || slice_ends_with(name, SLICE(".yml")) ||
            slice_ends_with(name, SLICE(".json")));
}

static struct slice cut(struct slice *rest, char at)
{
    const char *end = rest->size ? memchr(rest->data, at, rest->size) : NULL;
    size_t size = end ? (size_t)(end - rest->data) : rest->size;
    struct slice part = {.data = rest->data, .size = size};
    *rest = slice_from(*rest, size + 1);
    return part;
}

/* One entry of the listing: "100644 blob DIGEST\tNAME". */
static enum status entry_read(struct sources *sources, const char *folder, struct slice entry,
                              struct error *error)
{
    struct slice mode = cut(&entry, ' ');
    struct slice type = cut(&entry, ' ');
    struct slice digest = cut(&entry, '\t');
    struct slice name = entry;
    if (!slice_equals(type, "blob") || slice_equals(mode, "120000") || !is_source(name))
        return STATUS_OK;
    struct arena arena = {0};
    struct buffer text = {.limit = FILE_SIZE_MAX + 65536};
    const char *blob = arena_text(&arena, digest);
    struct slice path = arena_format(&arena, "%s/%.*s", folder, SLICE_ARGS(name));
    enum status status = STATUS_OK;
    if (arena.failed)
        status = FAIL(error, STATUS_NO_MEMORY, "git", 0, "out of memory");
    else
        status =
            git_output((const char *const[]){"git", "cat-file", "blob", blob, NULL}, &text, error);
    if (!status)
        status = sources_add(sources, path, name, buffer_slice(&text), error);
    buffer_done(&text);
    arena_done(&arena);
    return status;
}

enum status git_folder_read(struct sources *sources, const char *folder, struct error *error)
{
    struct buffer listing = {0};
    enum status status =
        git_output((const char *const[]){"git", "ls-tree", "-z", folder, NULL}, &listing, error);
    struct slice rest = buffer_slice(&listing);
    while (!status && rest.size)
        status = entry_read(sources, folder, cut(&rest, '\0'), error);
    buffer_done(&listing);
    return status;
}
