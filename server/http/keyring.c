/*
 * Implementation of keyring.h.
 *
 * The file is replaced by rename, also by those who write it otherwise than `gangway key` does (an
 * editor, a secret mounted by an orchestrator, where the file is a link into a folder that is
 * exchanged).  So it is the folder that is watched, and any change in it makes us look whether what
 * the path leads to is another file than the one that was read: device, inode, size, and both
 * times.  Where the kernel tells nothing (a network file system) a look every second finds it.
 */

#include "keyring.h"

#include "audit.h"
#include "health.h"

#include "base/time.h"

#include <event2/event.h>

#include <errno.h>
#include <limits.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/inotify.h>
#include <sys/stat.h>
#include <unistd.h>

#define LOOK_SECONDS 1
#define CHANGES (IN_CLOSE_WRITE | IN_MOVED_TO | IN_MOVED_FROM | IN_DELETE | IN_CREATE | IN_ATTRIB)

struct key_table {
    _Atomic size_t references;
    struct keys keys;
};

/* What tells one file from another; all zero: there is none. */
struct file_mark {
    dev_t device;
    ino_t inode;
    off_t size;
    struct timespec written, changed;
};

struct keyring {
    char *path;
    char *folder;
    struct health *health;
    struct file_mark mark; /* of the file that was read last, well or not */
    bool is_broken;
    int watch_fd; /* inotify */
    struct event *watch_event;
    struct event *look_event;

    pthread_mutex_t lock; /* of `table` */
    struct key_table *table;
    _Atomic uint64_t generation; /* counted up after `table` has changed */
};

static void table_release(struct key_table *table)
{
    if (!table || atomic_fetch_sub(&table->references, 1) != 1)
        return;
    keys_done(&table->keys);
    free(table);
}

static struct file_mark mark_of(const char *path)
{
    struct stat info;
    if (stat(path, &info) != 0)
        return (struct file_mark){0};
    return (struct file_mark){.device = info.st_dev,
                              .inode = info.st_ino,
                              .size = info.st_size,
                              .written = info.st_mtim,
                              .changed = info.st_ctim};
}

static bool time_equal(struct timespec a, struct timespec b)
{
    return a.tv_sec == b.tv_sec && a.tv_nsec == b.tv_nsec;
}

static bool mark_equal(const struct file_mark *a, const struct file_mark *b)
{
    return a->device == b->device && a->inode == b->inode && a->size == b->size &&
           time_equal(a->written, b->written) && time_equal(a->changed, b->changed);
}

/* Takes the keys over. */
static enum status table_publish(struct keyring *keyring, struct keys *keys, struct error *error)
{
    struct key_table *fresh = calloc(1, sizeof *fresh);
    if (!fresh)
        return FAIL(error, STATUS_NO_MEMORY, keyring->path, 0, "no memory for the keys");
    fresh->keys = *keys;
    *keys = (struct keys){0};
    atomic_store(&fresh->references, 1);
    pthread_mutex_lock(&keyring->lock);
    struct key_table *old = keyring->table;
    keyring->table = fresh;
    atomic_fetch_add(&keyring->generation, 1);
    pthread_mutex_unlock(&keyring->lock);
    table_release(old);
    return STATUS_OK;
}

static const struct key *key_with(const struct keys *keys, const struct digest *digest)
{
    for (size_t i = 0; i < keys->count; i++)
        if (digest_equal(&keys->items[i].digest, digest))
            return &keys->items[i];
    return NULL;
}

/* A line of the audit for each key that was added, taken out, or has ended. */
static void changes_audit(const struct keys *old, const struct keys *new, const char *cause)
{
    int64_t now_ms = clock_now_ms(&clock_system);
    for (size_t i = 0; i < new->count; i++) {
        const struct key *key = &new->items[i];
        const struct key *before = key_with(old, &key->digest);
        if (!before)
            audit_key("added", key, cause);
        else if (before->end != key->end)
            audit_key(key->end == KEY_END_REVOKED ? "revoked" : "rotated", key, cause);
        else if (before->role != key->role || key_state(before, now_ms) != key_state(key, now_ms))
            audit_key("changed", key, cause);
    }
    for (size_t i = 0; i < old->count; i++)
        if (!key_with(new, &old->items[i].digest))
            audit_key("removed", &old->items[i], cause);
}

static void keyring_break(struct keyring *keyring, const char *cause, const struct error *why)
{
    struct keys none = {0};
    bool had_keys = keyring->table != NULL;
    if (!had_keys && table_publish(keyring, &none, NULL))
        abort(); /* the alternative is a door that stays open */
    keyring->is_broken = true;
    health_keys(keyring->health, true);
    log_error("keys",
              had_keys
                  ? "the file of keys can't be read; the keys that were read last stay in force"
                  : "the file of keys can't be read; no key opens until it can",
              LOG_TEXT("path", keyring->path), LOG_INT("line", why->line),
              LOG_TEXT("reason", why->text), LOG_TEXT("cause", cause), );
    audit_keys("refused", keyring->path, cause, 0);
}

void keyring_read(struct keyring *keyring, const char *cause)
{
    static const struct keys none;
    struct keys keys = {0};
    struct error error = {0};
    struct key_table *old = keyring->table; /* only this thread exchanges it */
    keyring->mark = mark_of(keyring->path);
    enum status status = keys_read(keyring->path, &keys, &error);
    if (status == STATUS_NOT_FOUND && !old)
        return;
    size_t count = keys.count;
    if (old)
        atomic_fetch_add(&old->references, 1);
    if (!status)
        status = table_publish(keyring, &keys, &error);
    if (status) {
        keyring_break(keyring, cause, &error);
    } else {
        changes_audit(old ? &old->keys : &none, &keyring->table->keys, cause);
        audit_keys("taken", keyring->path, cause, count);
        keyring->is_broken = false;
        health_keys(keyring->health, false);
    }
    table_release(old);
    keys_done(&keys);
}

static void keyring_look(struct keyring *keyring, const char *cause)
{
    struct file_mark mark = mark_of(keyring->path);
    if (!mark_equal(&mark, &keyring->mark))
        keyring_read(keyring, cause);
}

static void watch_told(evutil_socket_t fd, short what, void *context)
{
    struct keyring *keyring = context;
    char bytes[4096];
    (void)what;
    while (read(fd, bytes, sizeof bytes) > 0)
        continue;
    keyring_look(keyring, "a change in the folder");
}

/* Watching again is nothing where the folder is watched already, and finds one that was made or
 * exchanged meanwhile. */
static void watch_attach(struct keyring *keyring)
{
    if (keyring->watch_fd >= 0)
        (void)inotify_add_watch(keyring->watch_fd, keyring->folder, CHANGES | IN_ONLYDIR);
}

static void look_came(evutil_socket_t fd, short what, void *context)
{
    struct keyring *keyring = context;
    (void)fd;
    (void)what;
    watch_attach(keyring);
    keyring_look(keyring, "a look at the file");
}

static char *folder_of(const char *path)
{
    const char *slash = strrchr(path, '/');
    if (!slash)
        return strdup(".");
    return slash == path ? strdup("/") : strndup(path, (size_t)(slash - path));
}

enum status keyring_new(const char *path, bool is_wanted, struct keyring **keyring,
                        struct error *error)
{
    struct keyring *made = calloc(1, sizeof *made);
    struct keys keys = {0};
    struct error why = {0};
    if (!made)
        return FAIL(error, STATUS_NO_MEMORY, path, 0, "no memory for the keys");
    pthread_mutex_init(&made->lock, NULL);
    made->watch_fd = -1;
    made->path = strdup(path);
    made->folder = folder_of(path);
    enum status status = made->path && made->folder
                             ? STATUS_OK
                             : FAIL(error, STATUS_NO_MEMORY, path, 0, "no memory for the keys");
    if (!status) {
        made->mark = mark_of(path);
        status = keys_read(path, &keys, &why);
        if (status && (status != STATUS_NOT_FOUND || is_wanted))
            error_set(error, status, why.where, why.line, "%s", why.text);
        else
            status = status ? STATUS_OK : table_publish(made, &keys, error);
    }
    keys_done(&keys);
    if (status)
        keyring_free(made);
    else
        *keyring = made;
    return status;
}

enum status keyring_watch(struct keyring *keyring, struct event_base *base, struct health *health,
                          struct error *error)
{
    const struct timeval second = {.tv_sec = LOOK_SECONDS};
    keyring->health = health;
    keyring->watch_fd = inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
    if (keyring->watch_fd >= 0)
        keyring->watch_event =
            event_new(base, keyring->watch_fd, EV_READ | EV_PERSIST, watch_told, keyring);
    keyring->look_event = event_new(base, -1, EV_PERSIST, look_came, keyring);
    if (!keyring->look_event || event_add(keyring->look_event, &second) ||
        (keyring->watch_event && event_add(keyring->watch_event, NULL)))
        return FAIL(error, STATUS_NO_MEMORY, keyring->path, 0, "no memory to watch the keys");
    watch_attach(keyring);
    keyring_look(keyring, "a look at the file"); /* what changed while the service opened */
    return STATUS_OK;
}

void keyring_free(struct keyring *keyring)
{
    if (!keyring)
        return;
    if (keyring->watch_event)
        event_free(keyring->watch_event);
    if (keyring->look_event)
        event_free(keyring->look_event);
    if (keyring->watch_fd >= 0)
        close(keyring->watch_fd);
    table_release(keyring->table);
    pthread_mutex_destroy(&keyring->lock);
    free(keyring->path);
    free(keyring->folder);
    free(keyring);
}

bool keyring_has_keys(const struct keyring *keyring)
{
    return keyring->table != NULL;
}

const struct keys *keyring_keys(struct keyring *keyring, struct keyring_hold *hold)
{
    if (atomic_load(&keyring->generation) != hold->generation) {
        pthread_mutex_lock(&keyring->lock);
        struct key_table *old = hold->table;
        hold->table = keyring->table;
        hold->generation = atomic_load(&keyring->generation);
        if (hold->table)
            atomic_fetch_add(&hold->table->references, 1);
        pthread_mutex_unlock(&keyring->lock);
        table_release(old);
    }
    return hold->table ? &hold->table->keys : NULL;
}

void keyring_let_go(struct keyring_hold *hold)
{
    table_release(hold->table);
    *hold = (struct keyring_hold){0};
}
