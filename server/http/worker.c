/* Implementation of worker.h: the turn of a loop, and the mailbox. */

#include "worker.h"

#include "answer.h"
#include "audit.h"
#include "base/random.h"
#include "connection.h"
#include "exposures.h"
#include "ingest/writer.h"
#include "snapshot.h"

#include <event2/event.h>

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <unistd.h>

#define SWEEP_US (200 * 1000)
#define UNUSED_MAX 64 /* requests kept for the next ones */

struct request *worker_take_request(struct worker *worker)
{
    static const char digits[] = "0123456789abcdef";
    struct request *request = worker->unused;
    if (request) {
        worker->unused = request->next;
        worker->unused_count--;
    } else {
        request = calloc(1, sizeof *request);
        if (!request)
            return NULL;
    }
    request->next = NULL;
    request->worker = worker;
    uint64_t id = (uint64_t)worker->id_prefix << 32 | worker->id_count++;
    for (size_t i = 0; i < 16; i++)
        request->id[i] = digits[id >> (60 - 4 * i) & 15];
    return request;
}

void worker_give_request(struct worker *worker, struct request *request)
{
    if (worker->unused_count == UNUSED_MAX) {
        request_done(request);
        free(request);
        return;
    }
    request_reset(request);
    request->next = worker->unused;
    worker->unused = request;
    worker->unused_count++;
}

struct slice worker_date(struct worker *worker)
{
    int64_t now_ms = clock_now_ms(&clock_system);
    if (now_ms / SECOND_MS != worker->date_second) {
        worker->date_second = now_ms / SECOND_MS;
        date_format(now_ms, worker->date);
    }
    return slice_of(worker->date);
}

void worker_check_end(struct worker *worker)
{
    if (worker->is_draining && !worker->connections && !worker->waiting)
        event_base_loopbreak(worker->base);
}

void request_finish(struct request *request)
{
    struct worker *worker = request->worker;
    assert(worker->waiting > 0);
    worker->waiting--;
    if (request->connection) {
        connection_answer(request->connection);
        return;
    }
    audit_answer(request); /* it was done, whoever hears of it */
    worker_give_request(worker, request);
    worker_check_end(worker);
}

static void worker_ring(struct worker *worker)
{
    uint64_t one = 1;
    ssize_t written;
    do
        written = write(worker->wake_fd, &one, sizeof one);
    while (written < 0 && errno == EINTR); /* EAGAIN: it rings already */
}

void worker_wake(void *worker)
{
    worker_ring(worker);
}

void worker_post(struct worker *worker, struct task *task)
{
    task->next = NULL;
    pthread_mutex_lock(&worker->lock);
    *worker->tasks_end = task;
    worker->tasks_end = &task->next;
    pthread_mutex_unlock(&worker->lock);
    worker_ring(worker);
}

struct task_add {
    struct task task;
    int fd;
};

static void task_add_run(struct worker *worker, struct task *task)
{
    struct task_add *add = (struct task_add *)task;
    connection_open(worker, add->fd);
    free(add);
}

bool worker_add(struct worker *worker, int fd)
{
    struct task_add *add = calloc(1, sizeof *add);
    if (!add)
        return false;
    add->task.run = task_add_run;
    add->fd = fd;
    worker_post(worker, &add->task);
    return true;
}

static void task_drain_run(struct worker *worker, struct task *task)
{
    free(task);
    worker->is_draining = true;
    worker->drain_us = monotonic_us();
    for (struct connection *connection = worker->connections; connection;) {
        struct connection *next = connection_next(connection);
        if (connection_streams(connection))
            connection_stream_end(connection);
        connection = next;
    }
    worker_check_end(worker);
}

static void task_leave_run(struct worker *worker, struct task *task)
{
    free(task);
    worker->is_draining = true;
    while (worker->connections)
        connection_close(worker->connections);
    worker_check_end(worker);
}

static void worker_tell(struct worker *worker, void (*run)(struct worker *, struct task *))
{
    struct task *task = calloc(1, sizeof *task);
    if (!task)
        abort(); /* a server that can't even be told to stop */
    task->run = run;
    worker_post(worker, task);
}

void worker_drain(struct worker *worker)
{
    atomic_store(&worker->is_told, true);
    worker_tell(worker, task_drain_run);
}

void worker_leave(struct worker *worker)
{
    atomic_store(&worker->is_told, true);
    worker_tell(worker, task_leave_run);
}

static struct task *mailbox_take(struct worker *worker)
{
    pthread_mutex_lock(&worker->lock);
    struct task *tasks = worker->tasks;
    worker->tasks = NULL;
    worker->tasks_end = &worker->tasks;
    pthread_mutex_unlock(&worker->lock);
    return tasks;
}

static void wake_rang(evutil_socket_t fd, short what, void *context)
{
    struct worker *worker = context;
    uint64_t count;
    (void)what;
    if (read(fd, &count, sizeof count) < 0 && errno != EAGAIN)
        return;
    for (struct task *task = mailbox_take(worker); task;) {
        struct task *next = task->next;
        task->run(worker, task);
        task = next;
    }
    if (worker->lane)
        writer_collect(worker->lane);
}

static void sweep_came(evutil_socket_t fd, short what, void *context)
{
    struct worker *worker = context;
    int64_t now_us = monotonic_us();
    (void)fd;
    (void)what;
    for (struct connection *connection = worker->connections; connection;) {
        struct connection *next = connection_next(connection);
        connection_sweep(connection, now_us);
        connection = next;
    }
}

static void *worker_main(void *context)
{
    struct worker *worker = context;
    event_base_loop(worker->base, EVLOOP_NO_EXIT_ON_EMPTY);
    if (worker->options.ended)
        worker->options.ended(worker->options.context);
    return NULL;
}

/* A base that no other thread touches needs no locks.  Not the changelist of epoll: it would delete
 * a descriptor after it was closed, when it may already be another's. */
static struct event_base *base_new(void)
{
    struct event_config *config = event_config_new();
    struct event_base *base = NULL;
    if (config &&
        !event_config_set_flag(config, EVENT_BASE_FLAG_NOLOCK | EVENT_BASE_FLAG_IGNORE_ENV))
        base = event_base_new_with_config(config);
    if (config)
        event_config_free(config);
    return base;
}

static enum status worker_open(struct worker *worker, struct error *error)
{
    const struct timeval sweep = {.tv_usec = SWEEP_US};
    worker->wake_fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
    worker->base = base_new();
    worker->exposures = exposures_new(EXPOSURES_KEPT);
    if (worker->wake_fd < 0 || !worker->base || !worker->exposures)
        return FAIL(error, STATUS_NO_MEMORY, "worker", 0, "no memory for a worker");
    worker->wake_event =
        event_new(worker->base, worker->wake_fd, EV_READ | EV_PERSIST, wake_rang, worker);
    worker->sweep_event = event_new(worker->base, -1, EV_PERSIST, sweep_came, worker);
    if (!worker->wake_event || !worker->sweep_event || event_add(worker->wake_event, NULL) ||
        event_add(worker->sweep_event, &sweep))
        return FAIL(error, STATUS_NO_MEMORY, "worker", 0, "no memory for a worker");
    if (worker->options.writer) {
        worker->lane = writer_lane(worker->options.writer, worker_wake, worker);
        if (!worker->lane)
            return FAIL(error, STATUS_NO_MEMORY, "worker", 0, "no memory for a worker");
    }
    return random_bytes(&worker->id_prefix, sizeof worker->id_prefix, error);
}

enum status worker_new(const struct worker_options *options, struct worker **worker,
                       struct error *error)
{
    struct worker *made = calloc(1, sizeof *made);
    if (!made)
        return FAIL(error, STATUS_NO_MEMORY, "worker", 0, "no memory for a worker");
    made->options = *options;
    made->wake_fd = -1;
    made->tasks_end = &made->tasks;
    made->date_second = -1;
    pthread_mutex_init(&made->lock, NULL);
    enum status status = worker_open(made, error);
    if (status) {
        worker_free(made);
        return status;
    }
    *worker = made;
    return STATUS_OK;
}

enum status worker_start(struct worker *worker, struct error *error)
{
    int number = pthread_create(&worker->thread, NULL, worker_main, worker);
    if (number)
        return FAIL(error, STATUS_NO_MEMORY, "worker", 0, "no thread: %s", strerror(number));
    worker->is_running = true;
    return STATUS_OK;
}

void worker_join(struct worker *worker)
{
    if (!worker->is_running)
        return;
    if (!atomic_load(&worker->is_told))
        worker_leave(worker);
    pthread_join(worker->thread, NULL);
    worker->is_running = false;
}

void worker_free(struct worker *worker)
{
    if (!worker)
        return;
    worker_join(worker);
    for (struct task *task = mailbox_take(worker); task;) {
        struct task *next = task->next;
        task->run(worker, task); /* frees itself; a socket is opened, and closed below */
        task = next;
    }
    while (worker->connections)
        connection_close(worker->connections);
    while (worker->unused) {
        struct request *request = worker->unused;
        worker->unused = request->next;
        request_done(request);
        free(request);
    }
    keyring_let_go(&worker->keyring_hold);
    if (worker->lane)
        lane_free(worker->lane);
    if (worker->wake_event)
        event_free(worker->wake_event);
    if (worker->sweep_event)
        event_free(worker->sweep_event);
    if (worker->base)
        event_base_free(worker->base);
    if (worker->wake_fd >= 0)
        close(worker->wake_fd);
    exposures_free(worker->exposures);
    snapshot_release(worker->snapshot);
    buffer_done(&worker->head);
    buffer_done(&worker->text);
    pthread_mutex_destroy(&worker->lock);
    free(worker);
}
