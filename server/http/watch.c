/* Implementation of watch.h. */

#include "watch.h"

#include "base/time.h"

#include <event2/event.h>

#include <errno.h>
#include <stdlib.h>
#include <sys/inotify.h>
#include <unistd.h>

#define QUIET_US (300 * 1000)
#define LATEST_US (3 * 1000 * 1000)
#define AGAIN_US (1000 * 1000)
#define CHANGES                                                                                    \
    (IN_CLOSE_WRITE | IN_MOVED_TO | IN_MOVED_FROM | IN_DELETE | IN_CREATE | IN_ATTRIB |            \
     IN_MOVE_SELF | IN_DELETE_SELF)

struct watch {
    char *folder;
    void (*changed)(void *context);
    void *context;
    int fd;          /* inotify */
    int descriptor;  /* of the folder in it, -1: it is not there */
    bool is_pending; /* something changed and was not told yet */
    int64_t first_us;
    struct event *read_event;
    struct event *quiet_event;
    struct event *again_event;
};

static void watch_note(struct watch *watch)
{
    int64_t now_us = monotonic_us();
    if (!watch->is_pending)
        watch->first_us = now_us;
    watch->is_pending = true;
    int64_t wait_us = watch->first_us + LATEST_US - now_us;
    if (wait_us > QUIET_US)
        wait_us = QUIET_US;
    if (wait_us < 0)
        wait_us = 0;
    const struct timeval wait = {.tv_sec = (time_t)(wait_us / 1000000),
                                 .tv_usec = (suseconds_t)(wait_us % 1000000)};
    event_add(watch->quiet_event, &wait);
}

static void quiet_came(evutil_socket_t fd, short what, void *context)
{
    struct watch *watch = context;
    (void)fd;
    (void)what;
    watch->is_pending = false;
    watch->changed(watch->context);
}

/* Watches the folder, or tries again in a second. */
static void watch_attach(struct watch *watch)
{
    const struct timeval again = {.tv_usec = AGAIN_US % 1000000, .tv_sec = AGAIN_US / 1000000};
    watch->descriptor = inotify_add_watch(watch->fd, watch->folder, CHANGES | IN_ONLYDIR);
    if (watch->descriptor < 0)
        event_add(watch->again_event, &again);
}

static void again_came(evutil_socket_t fd, short what, void *context)
{
    struct watch *watch = context;
    (void)fd;
    (void)what;
    watch_attach(watch);
    if (watch->descriptor >= 0)
        watch_note(watch);
}

static void folder_changed(evutil_socket_t fd, short what, void *context)
{
    struct watch *watch = context;
    _Alignas(struct inotify_event) char bytes[4096];
    bool is_lost = false;
    ssize_t size;
    (void)what;
    while ((size = read(fd, bytes, sizeof bytes)) > 0) {
        for (ssize_t at = 0; at < size;) {
            const struct inotify_event *event = (const struct inotify_event *)(void *)(bytes + at);
            bool is_ours = event->wd == watch->descriptor;
            is_lost |= is_ours && (event->mask & (IN_MOVE_SELF | IN_DELETE_SELF | IN_IGNORED));
            at += (ssize_t)sizeof *event + event->len;
        }
        watch_note(watch);
    }
    if (!is_lost)
        return;
    inotify_rm_watch(watch->fd, watch->descriptor);
    watch_attach(watch);
}

enum status watch_new(struct event_base *base, const char *folder, void (*changed)(void *context),
                      void *context, struct watch **watch, struct error *error)
{
    struct watch *made = calloc(1, sizeof *made);
    if (!made)
        return FAIL(error, STATUS_NO_MEMORY, folder, 0, "no memory to watch the folder");
    *made = (struct watch){.changed = changed, .context = context, .descriptor = -1};
    made->folder = strdup(folder);
    made->fd = inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
    if (made->fd >= 0)
        made->read_event = event_new(base, made->fd, EV_READ | EV_PERSIST, folder_changed, made);
    made->quiet_event = event_new(base, -1, 0, quiet_came, made);
    made->again_event = event_new(base, -1, 0, again_came, made);
    if (!made->folder || !made->read_event || !made->quiet_event || !made->again_event ||
        event_add(made->read_event, NULL)) {
        int number = errno;
        watch_free(made);
        return FAIL(error, STATUS_STORAGE, folder, 0, "the folder can't be watched: %s",
                    strerror(number));
    }
    watch_attach(made);
    *watch = made;
    return STATUS_OK;
}

void watch_free(struct watch *watch)
{
    if (!watch)
        return;
    if (watch->read_event)
        event_free(watch->read_event);
    if (watch->quiet_event)
        event_free(watch->quiet_event);
    if (watch->again_event)
        event_free(watch->again_event);
    if (watch->fd >= 0)
        close(watch->fd);
    free(watch->folder);
    free(watch);
}
