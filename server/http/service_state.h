#ifndef HTTP_SERVICE_STATE_H
#define HTTP_SERVICE_STATE_H

/*
 * The running service, as its own parts see it: what handlers may ask for.  Opened and closed by
 * service.c; who may touch what:
 *
 *     store, journal, writer, fold    their own threads and locks (see their headers)
 *     health                          any thread, through health_...
 *     pages, reloader, desk           any thread
 *     everything else                 the main thread; the workers' list is fixed while they run
 */

#include "analysis/fold.h"
#include "health.h"
#include "http/service.h"
#include "ingest/privacy.h"
#include "ingest/writer.h"
#include "limits.h"
#include "worker.h"

struct acceptor;
struct desk;
struct event;
struct fold_thread;
struct gate;
struct keyring;
struct pages;
struct reloader;
struct snapshot;
struct watch;

#define SIGNALS_MAX 3
#define COMMIT_BUCKETS 12
extern const double commit_bounds[COMMIT_BUCKETS]; /* seconds */

struct service {
    const struct service_options *options;
    struct http_limits limits;
    int64_t start_ms;
    struct store store;
    bool has_store;
    struct privacy privacy; /* fixed while workers run */
    struct journal *journal;
    struct writer *writer;
    struct fold *fold;
    struct fold_thread *fold_thread;
    struct worker **workers;
    size_t worker_count;

    struct gate *gate;
    struct keyring *keyring;
    struct acceptor *acceptor;
    struct pages *pages;
    struct desk *desk;
    struct reloader *reloader;
    struct watch *watch;
    struct health health;
    _Atomic size_t connections;
    _Atomic size_t streams;
    _Atomic bool is_draining;
    _Atomic bool is_broken; /* the journal failed for good */
    _Atomic size_t workers_left;
    counter commits[COMMIT_BUCKETS + 1];
    counter commit_sum_us;

    /* The main thread. */
    struct event_base *base;
    int ring_fd; /* rung by other threads: look at is_broken and workers_left */
    struct event *ring_event;
    struct event *drain_event;
    struct event *signal_events[SIGNALS_MAX];
};

/* Makes the main thread look. */
void service_ring(struct service *service);

#endif
