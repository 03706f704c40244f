/*
 * The service from start to end (include/http/service.h).  Opening goes down the list, closing up:
 *
 *     store, journal      the lock is held from here on
 *     catalogue           the folder settled against the journal's last one; a record if it is new
 *     writer              the only one who appends from here on
 *     fold, its thread    nice 10
 *     pages, desk         they read
 *     workers             each with its snapshot
 *     reloader, watch
 *     gate                what the options say of origins, proxies, rates and TLS
 *     acceptor            binds first of all, so that a port in use costs nothing; accepts last
 *
 * The main thread then turns its own loop: it accepts, takes signals, and watches the folder.
 */

#include "http/service.h"

#include "acceptor.h"
#include "base/heap.h"
#include "desk.h"
#include "fold_thread.h"
#include "gate.h"
#include "growthbook.h"
#include "ingest/declare.h"
#include "keyring.h"
#include "notices.h"
#include "pages.h"
#include "reload.h"
#include "service_state.h"
#include "snapshot.h"
#include "watch.h"

#include <event2/event.h>

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <sys/resource.h>
#include <unistd.h>

#define DESCRIPTORS_OWN 256 /* kept for the store, the listeners and the loops */
#define WORKERS_MAX 256

const double commit_bounds[COMMIT_BUCKETS] = {
    0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.5, 1,
};

static const int signals[SIGNALS_MAX] = {SIGTERM, SIGINT, SIGHUP};

void service_ring(struct service *service)
{
    uint64_t one = 1;
    ssize_t written;
    do
        written = write(service->ring_fd, &one, sizeof one);
    while (written < 0 && errno == EINTR);
}

static void event_logged(int severity, const char *message)
{
    if (severity >= EVENT_LOG_WARN)
        log_warn("event", message, );
    else
        log_debug("event", message, );
}

/* As many descriptors as the system gives, and no more connections than they allow. */
static void service_limit(struct service *service)
{
    const struct http_limits limits = HTTP_LIMITS_DEFAULT;
    struct rlimit limit;
    service->limits = limits;
    if (getrlimit(RLIMIT_NOFILE, &limit))
        return;
    limit.rlim_cur = limit.rlim_max;
    if (setrlimit(RLIMIT_NOFILE, &limit) && getrlimit(RLIMIT_NOFILE, &limit))
        return;
    size_t most = limit.rlim_cur > 2 * DESCRIPTORS_OWN ? limit.rlim_cur - DESCRIPTORS_OWN
                                                       : limit.rlim_cur / 2;
    if (most >= service->limits.connections_max)
        return;
    service->limits.connections_max = most;
    if (service->limits.streams_max > most / 2)
        service->limits.streams_max = most / 2;
    log_warn("serve", "fewer connections than 10000: the system gives no more descriptors",
             LOG_INT("connections", most), );
}

static void writer_committed(void *context, uint64_t last_sequence, int64_t duration_us)
{
    struct service *service = context;
    size_t i = 0;
    (void)last_sequence;
    while (i < COMMIT_BUCKETS && (double)duration_us * 1e-6 > commit_bounds[i])
        i++;
    counter_add(&service->commits[i], 1);
    counter_add(&service->commit_sum_us, duration_us > 0 ? (uint64_t)duration_us : 0);
    fold_thread_wake(service->fold_thread);
}

static void writer_broke(void *context, const struct error *error)
{
    struct service *service = context;
    log_error("journal", "it can't be written any more; the server stops",
              LOG_TEXT("reason", error->text), );
    atomic_store(&service->is_broken, true);
    service_ring(service);
}

static void found_log(const struct diagnostics *found)
{
    for (size_t i = 0; i < found->count; i++) {
        const struct diagnostic *one = &found->items[i];
        log_write(one->warning ? LOG_LEVEL_WARN : LOG_LEVEL_ERROR, "serve", "in a file",
                  (const struct log_field[]){LOG_SLICE("path", one->path),
                                             LOG_INT("line", one->line),
                                             LOG_INT("column", one->column),
                                             LOG_TEXT("code", one->code),
                                             LOG_SLICE("text", one->text),
                                             {.key = NULL}});
    }
}

static enum status catalogue_declare(struct service *service, const struct catalogue *catalogue,
                                     struct error *error)
{
    struct buffer body = {0};
    uint64_t first;
    declare_write(&body, catalogue);
    enum status status = buffer_status(&body, error);
    const struct journal_entry entry = {.kind = RECORD_CATALOGUE,
                                        .received_ms = clock_now_ms(&clock_system),
                                        .body = buffer_slice(&body)};
    if (!status)
        status = journal_append(service->journal, &entry, 1, &first, error);
    buffer_done(&body);
    return status;
}

/* What serves when the folder gives nothing: the journal's last catalogue, else exit 3. */
static enum status catalogue_fall_back(struct service *service, struct catalogue *last,
                                       size_t errors, const struct error *why,
                                       struct catalogue **catalogue, struct error *error)
{
    if (!last)
        return FAIL(error, STATUS_CONFLICT, service->options->experiments, 0,
                    "no experiments can serve: %s", why->text);
    log_warn("serve", "the files can't be taken; the last catalogue of the journal serves",
             LOG_TEXT("reason", why->text), );
    health_loaded(&service->health, NULL, errors, why->text);
    *catalogue = catalogue_acquire(last);
    return STATUS_OK;
}

/* The catalogue to serve, one reference; in the journal already. */
static enum status catalogue_open(struct service *service, struct catalogue **catalogue,
                                  struct error *error)
{
    struct catalogue *last = NULL;
    struct settlement settlement = {0};
    struct diagnostics found = {0};
    struct error why = {0};
    enum status status = declare_last(service->journal, &last, error);
    if (status)
        return status;
    status = declare_read(service->options->experiments, last, &settlement, &found, &why);
    found_log(&found);
    for (size_t i = 0; i < settlement.kept_count; i++)
        log_warn("serve", "a file keeps its last good version",
                 LOG_SLICE("path", settlement.kept[i].path),
                 LOG_SLICE("reason", settlement.kept[i].reason), );
    if (status == STATUS_NO_MEMORY) {
        error_set(error, status, why.where, why.line, "%s", why.text);
    } else if (status) {
        status = catalogue_fall_back(service, last, found.errors, &why, catalogue, error);
    } else {
        health_loaded(&service->health, &settlement, found.errors, NULL);
        if (!last || !digest_equal(&last->digest, &settlement.catalogue->digest))
            status = catalogue_declare(service, settlement.catalogue, error);
        if (!status)
            *catalogue = catalogue_acquire(settlement.catalogue);
    }
    catalogue_release(settlement.catalogue);
    settlement_done(&settlement);
    diagnostics_done(&found);
    catalogue_release(last);
    return status;
}

/* Without the erasures, which the desk knows. */
static enum status privacy_begin(struct service *service, struct error *error)
{
    struct privacy *privacy = &service->privacy;
    const char *names = service->options->private_names;
    privacy->secret = store_secret(&service->store);
    privacy->is_pseudonymous = service->store.is_pseudonymous;
    privacy->keeps_declared = service->options->keeps_declared;
    if (names && !privacy_names(privacy, slice_of(names)))
        return FAIL(error, STATUS_INVALID, "--private", 0, "up to %d names, commas between",
                    PRIVATE_NAMES_MAX);
    return STATUS_OK;
}

static enum status store_begin(struct service *service, struct error *error)
{
    const struct service_options *options = service->options;
    const struct journal_options journal = {.file_bytes = options->journal_file_bytes};
    enum status status = store_open(&service->store, options->store, STORE_CREATE, error);
    service->has_store = !status;
    service->store.map_size = options->map_size;
    if (!status && options->pseudonymous)
        status = store_make_pseudonymous(&service->store, error);
    if (!status)
        status = privacy_begin(service, error);
    if (!status)
        status = journal_open(&service->store, &journal, &service->journal, error);
    return status;
}

static enum status pipeline_begin(struct service *service, struct error *error)
{
    const struct writer_options writer = {.journal = service->journal,
                                          .clock = &clock_system,
                                          .committed = writer_committed,
                                          .broken = writer_broke,
                                          .context = service};
    const struct fold_options fold = {.store = &service->store, .journal = service->journal};
    enum status status = writer_open(&writer, &service->writer, error);
    if (!status)
        status = fold_open(&fold, &service->fold, error);
    if (!status)
        status = fold_thread_start(service, &service->fold_thread, error);
    return status;
}

static void worker_ended(void *context)
{
    struct service *service = context;
    atomic_fetch_sub(&service->workers_left, 1);
    service_ring(service);
}

static enum status workers_begin(struct service *service, struct snapshot *snapshot,
                                 struct error *error)
{
    long cores = sysconf(_SC_NPROCESSORS_ONLN);
    size_t wanted = service->options->workers;
    if (!wanted)
        wanted = cores > 0 ? (size_t)cores : 1;
    if (wanted > WORKERS_MAX)
        wanted = WORKERS_MAX;
    service->workers = calloc(wanted, sizeof(struct worker *));
    if (!service->workers)
        return FAIL(error, STATUS_NO_MEMORY, "", 0, "no memory for the workers");
    for (size_t i = 0; i < wanted; i++) {
        const struct worker_options options = {.limits = &service->limits,
                                               .routes = routes,
                                               .service = service,
                                               .writer = service->writer,
                                               .gate = service->gate,
                                               .connections = &service->connections,
                                               .streams = &service->streams,
                                               .ended = worker_ended,
                                               .context = service};
        enum status status = worker_new(&options, &service->workers[i], error);
        if (status)
            return status;
        service->worker_count++;
        service->workers[i]->snapshot = snapshot_acquire(snapshot);
    }
    for (size_t i = 0; i < wanted; i++) {
        enum status status = worker_start(service->workers[i], error);
        if (status)
            return status;
        atomic_fetch_add(&service->workers_left, 1);
    }
    return STATUS_OK;
}

static void folder_changed(void *context)
{
    struct service *service = context;
    reload_soon(service->reloader, "a change in the folder");
}

static enum status serving_begin(struct service *service, struct error *error)
{
    struct catalogue *catalogue = NULL;
    struct snapshot *snapshot = NULL;
    enum status status = catalogue_open(service, &catalogue, error);
    if (!status)
        status = snapshot_new(catalogue, &snapshot, error);
    if (!status)
        growthbook_log(service, catalogue);
    catalogue_release(catalogue);
    if (!status)
        status = notices_place(service->journal, snapshot, error);
    if (!status)
        status = pipeline_begin(service, error);
    if (!status)
        status = pages_new(service, &service->pages, error);
    if (!status)
        status = desk_new(service, &service->desk, error);
    if (!status)
        service->privacy.erasures = desk_erasures(service->desk);
    if (!status)
        status = reloader_new(service, snapshot, &service->reloader, error);
    if (!status)
        status = workers_begin(service, snapshot, error);
    if (!status)
        status = reloader_start(service->reloader, error);
    if (!status && service->options->watch)
        status = watch_new(service->base, service->options->experiments, folder_changed, service,
                           &service->watch, error);
    if (!status)
        status = keyring_watch(service->keyring, service->base, &service->health, error);
    snapshot_release(snapshot);
    return status;
}

static void drain_time_is_over(evutil_socket_t fd, short what, void *context)
{
    struct service *service = context;
    (void)fd;
    (void)what;
    log_warn("serve", "the time to drain is over; what is open is closed",
             LOG_INT("connections", atomic_load(&service->connections)), );
    for (size_t i = 0; i < service->worker_count; i++)
        worker_leave(service->workers[i]);
}

static void service_drain(struct service *service, const char *cause)
{
    int64_t wait_ms = service->options->drain_timeout_ms;
    const struct timeval wait = {.tv_sec = (time_t)(wait_ms / SECOND_MS),
                                 .tv_usec = (suseconds_t)(wait_ms % SECOND_MS * 1000)};
    if (atomic_exchange(&service->is_draining, true))
        return;
    log_info("serve", "draining", LOG_TEXT("cause", cause),
             LOG_INT("connections", atomic_load(&service->connections)), );
    watch_free(service->watch);
    service->watch = NULL;
    reloader_stop(service->reloader);
    acceptor_drain(service->acceptor);
    for (size_t i = 0; i < service->worker_count; i++)
        worker_drain(service->workers[i]);
    event_add(service->drain_event, &wait);
}

static void signal_came(evutil_socket_t number, short what, void *context)
{
    struct service *service = context;
    (void)what;
    if (number == SIGHUP) {
        gate_reload(service->gate);
        keyring_read(service->keyring, "SIGHUP");
        if (!atomic_load(&service->is_draining))
            reload_soon(service->reloader, "SIGHUP");
        return;
    }
    if (atomic_load(&service->is_draining)) { /* the second one: what is committed is safe */
        signal((int)number, SIG_DFL);
        raise((int)number);
        return;
    }
    service_drain(service, number == SIGTERM ? "SIGTERM" : "SIGINT");
}

static void ring_rang(evutil_socket_t fd, short what, void *context)
{
    struct service *service = context;
    uint64_t count;
    (void)what;
    if (read(fd, &count, sizeof count) < 0 && errno != EAGAIN)
        return;
    if (atomic_load(&service->is_broken))
        service_drain(service, "the journal is broken");
    if (atomic_load(&service->is_draining) && atomic_load(&service->workers_left) == 0)
        event_base_loopbreak(service->base);
}

/* Before the listeners: without keys they stay on loopback.  A named file that is not there is no
 * mistake of the call. */
static enum status keyring_begin(struct service *service, struct error *error)
{
    const struct service_options *options = service->options;
    struct error why = {0};
    enum status status =
        keyring_new(options->keys, options->keys_are_named, &service->keyring, &why);
    if (status == STATUS_NOT_FOUND)
        return FAIL(error, STATUS_CONFLICT, options->keys, 0,
                    "there is no such file of keys; `gangway key add` makes one");
    if (status)
        error_set(error, status, why.where, why.line, "%s", why.text);
    return status;
}

/* The main loop with what it listens to but connections. */
static enum status loop_begin(struct service *service, struct error *error)
{
    service->ring_fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
    service->base = event_base_new();
    if (service->ring_fd < 0 || !service->base)
        return FAIL(error, STATUS_NO_MEMORY, "", 0, "no memory for the main loop");
    service->ring_event =
        event_new(service->base, service->ring_fd, EV_READ | EV_PERSIST, ring_rang, service);
    service->drain_event = event_new(service->base, -1, 0, drain_time_is_over, service);
    if (!service->ring_event || !service->drain_event || event_add(service->ring_event, NULL))
        return FAIL(error, STATUS_NO_MEMORY, "", 0, "no memory for the main loop");
    for (size_t i = 0; i < SIGNALS_MAX; i++) {
        service->signal_events[i] =
            event_new(service->base, signals[i], EV_SIGNAL | EV_PERSIST, signal_came, service);
        if (!service->signal_events[i] || event_add(service->signal_events[i], NULL))
            return FAIL(error, STATUS_NO_MEMORY, "", 0, "no memory for the main loop");
    }
    return STATUS_OK;
}

/* Signals go to the main thread: all others are made with them blocked. */
static void signals_block(bool block)
{
    sigset_t set;
    sigemptyset(&set);
    for (size_t i = 0; i < SIGNALS_MAX; i++)
        sigaddset(&set, signals[i]);
    pthread_sigmask(block ? SIG_BLOCK : SIG_UNBLOCK, &set, NULL);
}

static enum status service_open(struct service *service, struct error *error)
{
    heap_keep();
    signal(SIGPIPE, SIG_IGN);
    signal(SIGXFSZ, SIG_IGN); /* a limit on file sizes is a full disk, no death */
    event_set_log_callback(event_logged);
    service_limit(service);
    signals_block(true);
    enum status status = loop_begin(service, error);
    if (!status)
        status = gate_new(service->options, &service->gate, error);
    if (!status)
        status = keyring_begin(service, error);
    if (!status)
        status = acceptor_new(service, &service->acceptor, error);
    if (!status)
        status = store_begin(service, error);
    if (!status)
        status = serving_begin(service, error);
    signals_block(false);
    if (!status)
        status =
            acceptor_start(service->acceptor, service->base, service->options->ready_fd, error);
    return status;
}

static void events_free(struct service *service)
{
    for (size_t i = 0; i < SIGNALS_MAX; i++)
        if (service->signal_events[i])
            event_free(service->signal_events[i]);
    if (service->ring_event)
        event_free(service->ring_event);
    if (service->drain_event)
        event_free(service->drain_event);
    if (service->base)
        event_base_free(service->base);
    if (service->ring_fd >= 0)
        close(service->ring_fd);
}

static void service_close(struct service *service)
{
    watch_free(service->watch);
    reloader_stop(service->reloader);
    acceptor_free(service->acceptor);
    for (size_t i = 0; i < service->worker_count; i++)
        worker_join(service->workers[i]);
    pages_free(service->pages);
    desk_free(service->desk);
    if (service->writer)
        writer_close(service->writer);
    fold_thread_stop(service->fold_thread);
    reloader_free(service->reloader);
    for (size_t i = 0; i < service->worker_count; i++)
        worker_free(service->workers[i]);
    free(service->workers);
    if (service->fold)
        fold_close(service->fold);
    if (service->journal)
        journal_close(service->journal);
    if (service->has_store)
        store_close(&service->store);
    keyring_free(service->keyring);
    events_free(service);
    gate_free(service->gate);
    health_done(&service->health);
}

enum status service_run(const struct service_options *options, struct error *error)
{
    struct service *service = calloc(1, sizeof *service);
    if (!service)
        return FAIL(error, STATUS_NO_MEMORY, "", 0, "no memory for the service");
    service->options = options;
    service->ring_fd = -1;
    service->start_ms = clock_now_ms(&clock_system);
    health_init(&service->health);
    enum status status = service_open(service, error);
    if (!status) {
        log_info("serve", "ready", LOG_TEXT("version", options->version),
                 LOG_INT("workers", service->worker_count), );
        if (!keyring_has_keys(service->keyring))
            log_warn("serve", "there are no keys: everybody on this machine may do everything",
                     LOG_TEXT("keys", options->keys), );
        event_base_dispatch(service->base);
        log_info("serve", "drained", );
    }
    if (!status && atomic_load(&service->is_broken))
        status = FAIL(error, STATUS_STORAGE, options->store, 0, "the journal can't be written");
    service_close(service);
    free(service);
    return status;
}
