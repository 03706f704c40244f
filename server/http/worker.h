#ifndef HTTP_WORKER_H
#define HTTP_WORKER_H

/*
 * A worker: a thread with an event base of its own, its connections, and everything that is used
 * again from request to request.  Workers share nothing; what comes from another thread comes as a
 * task through the mailbox, the only place with a lock, held to move a list.
 *
 *     acceptor --worker_add--> mailbox --eventfd--> loop -> connection -> request -> handler
 *     writer ---worker_wake------------------------> loop -> writer_collect -> request_finish
 *     pool -----worker_post-----> mailbox ---------> loop -> request_finish
 *
 * The loop never waits and touches no disk.  Private to this folder, like all headers here.
 */

#include "admission.h"
#include "base/status.h"
#include "keyring.h"
#include "limits.h"
#include "metrics.h"

#include <pthread.h>

struct catalogue;
struct connection;
struct event;
struct event_base;
struct exposures;
struct gate;
struct lane;
struct service;
struct snapshot;
struct writer;

struct task {
    struct task *next;
    void (*run)(struct worker *worker, struct task *task); /* on the worker's thread */
};

struct worker_options {
    unsigned index;
    const struct http_limits *limits;
    const struct route *routes;
    struct service *service;      /* for handlers; may be NULL in tests */
    struct writer *writer;        /* NULL: nothing is written */
    const struct gate *gate;      /* NULL: everybody passes */
    void (*ended)(void *context); /* on its thread, when the loop is over; may be NULL */
    void *context;
    _Atomic size_t *connections; /* of all workers, counted down when one closes */
    _Atomic size_t *streams;     /* of all workers, those among them; NULL: no route streams */
};

struct worker {
    struct worker_options options;
    pthread_t thread;
    bool is_running;
    _Atomic bool is_told; /* to drain */
    struct event_base *base;
    int wake_fd;
    struct event *wake_event;
    struct event *sweep_event;

    pthread_mutex_t lock; /* of the mailbox alone */
    struct task *tasks, **tasks_end;

    /* What follows is the worker's thread's alone. */
    struct connection *connections; /* all open ones */
    struct request *unused;         /* requests to use again */
    size_t unused_count;
    size_t waiting; /* requests whose answer is to come */
    bool is_draining;
    int64_t drain_us;
    struct snapshot *snapshot; /* one reference */
    struct lane *lane;
    struct exposures *exposures;
    struct keyring_hold keyring_hold;
    struct refusals refusals;
    struct buffer head; /* scratch: the head of an answer */
    struct buffer text; /* scratch of handlers */
    char date[32];
    int64_t date_second;
    uint32_t id_prefix;
    uint32_t id_count;
    struct metrics metrics; /* read by others */
};

MUST_CHECK enum status worker_new(const struct worker_options *options, struct worker **worker,
                                  struct error *error);
MUST_CHECK enum status worker_start(struct worker *worker, struct error *error);
/* Drains it, if that was not done, and waits for its thread. */
void worker_join(struct worker *worker);
/* Joins and frees everything. NULL is fine. */
void worker_free(struct worker *worker);

/* Any thread may call these. */
void worker_post(struct worker *worker, struct task *task);
void worker_wake(void *worker); /* outcomes of the lane wait */
/* Takes the socket over; false (and the socket is still the caller's) when memory has run out. */
bool worker_add(struct worker *worker, int fd);
/* Answers what is in flight, refuses what comes on open connections, and ends the thread when the
 * last connection is gone. */
void worker_drain(struct worker *worker);
/* Closes what is still open and ends the thread when nothing waits any more. */
void worker_leave(struct worker *worker);

/* The worker's own thread only. */
struct request *worker_take_request(struct worker *worker); /* NULL: no memory */
void worker_give_request(struct worker *worker, struct request *request);
struct slice worker_date(struct worker *worker);
void worker_check_end(struct worker *worker); /* ends the loop when all is done */

/* For handlers that said HANDLED_LATER: the answer is there.  Frees the request. */
void request_finish(struct request *request);

#endif
