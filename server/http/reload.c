/* Implementation of reload.h. */

#include "reload.h"

#include "answer.h"
#include "audit.h"
#include "experiment/diff.h"
#include "growthbook.h"
#include "ingest/declare.h"
#include "notices.h"
#include "service_state.h"
#include "snapshot.h"

#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#define RELOAD_TRIES 10 /* while the journal's queue is full */
#define RELOAD_PAUSE_US 100000

/* Who waits for the answer of POST /v1/reload, in the request's arena. */
struct reload_waiter {
    struct task task; /* first */
    struct reload_waiter *next;
    struct request *request;
    enum problem problem; /* NONE: 200 */
    struct slice text;    /* the answer, or members of the problem; a copy in the arena */
    struct slice detail;
};

struct reloader {
    struct service *service;
    pthread_t thread;
    bool is_running;
    struct lane *lane;
    struct snapshot *snapshot; /* the reloader's thread's */

    pthread_mutex_t lock; /* of all below */
    pthread_cond_t is_changed;
    const char *cause; /* not NULL: read the files */
    struct reload_waiter *waiters;
    bool is_stopping;
    size_t swaps_left;
};

/* What one reload came to. */
struct outcome {
    struct settlement settlement;
    struct diagnostics found;
    struct changes changes;
    struct error error;
    bool is_taken; /* something changed */
};

struct swap {
    struct task task; /* first */
    struct snapshot *snapshot;
    struct reloader *reloader;
};

/* On the worker's thread. */
static void swap_run(struct worker *worker, struct task *task)
{
    struct swap *swap = (struct swap *)task;
    struct reloader *reloader = swap->reloader;
    struct snapshot *old = worker->snapshot;
    worker->snapshot = swap->snapshot;
    free(swap);
    pthread_mutex_lock(&reloader->lock);
    reloader->swaps_left--;
    pthread_cond_broadcast(&reloader->is_changed);
    pthread_mutex_unlock(&reloader->lock);
    snapshot_release(old);
}

/* Hands the snapshot to every worker and waits until each has it. */
static enum status swap_all(struct reloader *reloader, struct snapshot *snapshot,
                            struct error *error)
{
    struct service *service = reloader->service;
    struct swap **swaps = calloc(service->worker_count, sizeof(struct swap *));
    bool failed = !swaps;
    for (size_t i = 0; i < service->worker_count && !failed; i++) {
        swaps[i] = calloc(1, sizeof *swaps[i]);
        failed = !swaps[i];
    }
    if (failed) {
        for (size_t i = 0; swaps && i < service->worker_count; i++)
            free(swaps[i]);
        free(swaps);
        return FAIL(error, STATUS_NO_MEMORY, "reload", 0, "no memory");
    }
    pthread_mutex_lock(&reloader->lock);
    reloader->swaps_left = service->worker_count;
    pthread_mutex_unlock(&reloader->lock);
    for (size_t i = 0; i < service->worker_count; i++) {
        *swaps[i] = (struct swap){.task = {.run = swap_run},
                                  .snapshot = snapshot_acquire(snapshot),
                                  .reloader = reloader};
        worker_post(service->workers[i], &swaps[i]->task);
    }
    free(swaps);
    pthread_mutex_lock(&reloader->lock);
    while (reloader->swaps_left)
        pthread_cond_wait(&reloader->is_changed, &reloader->lock);
    pthread_mutex_unlock(&reloader->lock);
    return STATUS_OK;
}

static void record_done(void *waiter, enum status status, uint64_t last_sequence, size_t duplicates)
{
    enum status *result = waiter;
    (void)last_sequence;
    (void)duplicates;
    *result = status;
}

/* The catalogue as a record of the journal, committed. */
static enum status record_append(struct reloader *reloader, const struct catalogue *catalogue,
                                 struct error *error)
{
    struct buffer body = {0};
    declare_write(&body, catalogue);
    enum status status = buffer_status(&body, error);
    enum status result = STATUS_BUSY;
    const struct submission_record record = {.kind = RECORD_CATALOGUE,
                                             .received_ms = clock_now_ms(&clock_system),
                                             .body = buffer_slice(&body)};
    for (unsigned i = 0; i < RELOAD_TRIES && !status; i++) {
        struct error busy = {0};
        status = writer_submit(reloader->lane, &record, 1, record_done, &result, &busy);
        if (!status) {
            while (!writer_collect(reloader->lane))
                writer_wait(reloader->lane);
            break;
        }
        if (status != STATUS_BUSY || i + 1 == RELOAD_TRIES)
            break;
        status = STATUS_OK;
        usleep(RELOAD_PAUSE_US);
    }
    buffer_done(&body);
    if (status)
        return FAIL(error, status, "journal", 0, "the journal takes no records now");
    if (result)
        return FAIL(error, result, "journal", 0, "the catalogue could not be written");
    return STATUS_OK;
}

static enum status catalogue_take(struct reloader *reloader, struct catalogue *catalogue,
                                  struct outcome *outcome)
{
    struct error *error = &outcome->error;
    struct snapshot *fresh = NULL;
    enum status status =
        catalogue_diff(reloader->snapshot->catalogue, catalogue, &outcome->changes, error);
    if (!status)
        status = record_append(reloader, catalogue, error);
    if (!status)
        status = snapshot_new(catalogue, &fresh, error);
    if (!status)
        status = notices_place(reloader->service->journal, fresh, error);
    if (!status)
        status = swap_all(reloader, fresh, error);
    if (status) {
        snapshot_release(fresh);
        return status;
    }
    snapshot_release(reloader->snapshot);
    reloader->snapshot = fresh;
    growthbook_log(reloader->service, catalogue);
    outcome->is_taken = true;
    notices_announce(reloader->service);
    return STATUS_OK;
}

static void outcome_log(const struct reloader *reloader, const struct outcome *outcome,
                        const char *cause)
{
    const struct settlement *settlement = &outcome->settlement;
    for (size_t i = 0; i < outcome->found.count; i++) {
        const struct diagnostic *found = &outcome->found.items[i];
        log_warn("reload", found->warning ? "warning in a file" : "mistake in a file",
                 LOG_SLICE("path", found->path), LOG_INT("line", found->line),
                 LOG_INT("column", found->column), LOG_TEXT("code", found->code),
                 LOG_SLICE("text", found->text), );
    }
    for (size_t i = 0; i < settlement->kept_count; i++)
        log_warn("reload", "a file keeps its last good version",
                 LOG_SLICE("path", settlement->kept[i].path),
                 LOG_SLICE("reason", settlement->kept[i].reason), );
    audit_reload(cause,
                 outcome->error.status ? "refused"
                 : outcome->is_taken   ? "taken"
                                       : "unchanged",
                 reloader->snapshot->digest, outcome->changes.count);
    if (outcome->error.status)
        log_error("reload", "the files were not taken", LOG_TEXT("cause", cause),
                  LOG_TEXT("reason", outcome->error.text), );
    else
        log_info("reload", outcome->is_taken ? "catalogue in service" : "nothing changed",
                 LOG_TEXT("cause", cause), LOG_TEXT("digest", reloader->snapshot->digest),
                 LOG_INT("changes", outcome->changes.count),
                 LOG_INT("kept", settlement->kept_count), );
}

static void reload_once(struct reloader *reloader, const char *cause, struct outcome *outcome)
{
    struct service *service = reloader->service;
    struct catalogue *current = reloader->snapshot->catalogue;
    struct settlement *settlement = &outcome->settlement;
    enum status status = declare_read(service->options->experiments, current, settlement,
                                      &outcome->found, &outcome->error);
    bool is_new = !status && !digest_equal(&settlement->catalogue->digest, &current->digest);
    if (is_new)
        status = catalogue_take(reloader, settlement->catalogue, outcome);
    if (status && !outcome->error.status)
        error_set(&outcome->error, status, "", 0, "%s", status_text(status));
    health_loaded(&service->health, status ? NULL : settlement, outcome->found.errors,
                  status ? outcome->error.text : NULL);
    outcome_log(reloader, outcome, cause);
}

static void write_member(struct buffer *out, const char *name, struct slice text)
{
    buffer_format(out, ",\"%s\":", name);
    json_write_text(out, text);
}

static void write_changes(struct buffer *out, const struct changes *changes)
{
    buffer_add(out, SLICE("\"changes\":["));
    for (size_t i = 0; i < changes->count; i++) {
        const struct change *change = &changes->items[i];
        buffer_format(out, "%s{\"class\":\"%s\"", i ? "," : "", change_class_texts[change->class]);
        write_member(out, "experiment", change->experiment);
        write_member(out, "key", change->key);
        write_member(out, "old", change->old_text);
        write_member(out, "new", change->new_text);
        buffer_add_byte(out, '}');
    }
    buffer_add_byte(out, ']');
}

static void write_kept(struct buffer *out, const struct settlement *settlement)
{
    buffer_add(out, SLICE(",\"kept\":["));
    for (size_t i = 0; i < settlement->kept_count; i++) {
        buffer_add(out, i ? SLICE(",{\"path\":") : SLICE("{\"path\":"));
        json_write_text(out, settlement->kept[i].path);
        write_member(out, "reason", settlement->kept[i].reason);
        buffer_add_byte(out, '}');
    }
    buffer_add_byte(out, ']');
}

static void write_diagnostics(struct buffer *out, const struct diagnostics *found)
{
    buffer_add(out, SLICE(",\"diagnostics\":["));
    for (size_t i = 0; i < found->count; i++) {
        const struct diagnostic *one = &found->items[i];
        buffer_format(out, "%s{\"severity\":\"%s\",\"code\":\"%s\",\"line\":%u,\"column\":%u",
                      i ? "," : "", one->warning ? "warning" : "error", one->code, one->line,
                      one->column);
        write_member(out, "path", one->path);
        write_member(out, "text", one->text);
        write_member(out, "hint", one->hint);
        buffer_add_byte(out, '}');
    }
    buffer_add_byte(out, ']');
}

static void write_outcome(struct buffer *out, const struct reloader *reloader,
                          const struct outcome *outcome)
{
    write_changes(out, &outcome->changes);
    write_kept(out, &outcome->settlement);
    write_diagnostics(out, &outcome->found);
    buffer_format(out, ",\"catalogue\":\"%s\"", reloader->snapshot->digest);
}

/* On the worker's thread. */
static void waiter_run(struct worker *worker, struct task *task)
{
    struct reload_waiter *waiter = (struct reload_waiter *)task;
    struct request *request = waiter->request;
    (void)worker;
    if (waiter->problem) {
        answer_problem_with(request, waiter->problem, waiter->detail, waiter->text);
    } else {
        struct buffer *out = answer_begin(request, 200, TYPE_JSON);
        buffer_add_byte(out, '{');
        buffer_add(out, slice_from(waiter->text, 1)); /* without the comma */
        buffer_add_byte(out, '}');
    }
    request_finish(request);
}

/* 200 says that all files as they stand are in service, as /healthz and the metric do: a change
 * that was refused is a failure to who deploys it. */
static enum problem outcome_problem(const struct outcome *outcome)
{
    bool is_whole = !outcome->found.errors && !outcome->settlement.kept_count;
    switch (outcome->error.status) {
    case STATUS_OK: return is_whole ? PROBLEM_NONE : PROBLEM_BROKEN_FILES;
    case STATUS_BUSY: return PROBLEM_JOURNAL_FULL;
    case STATUS_FULL: return PROBLEM_DISK_FULL;
    case STATUS_STORAGE: return PROBLEM_STORAGE;
    case STATUS_NO_MEMORY: return PROBLEM_INTERNAL;
    case STATUS_INVALID:
    case STATUS_NOT_FOUND:
    case STATUS_CONFLICT:
    case STATUS_TOO_LARGE:
    case STATUS_NUMERIC:
    case STATUS_COUNT: return PROBLEM_BROKEN_FILES;
    }
    return PROBLEM_INTERNAL;
}

static const char *outcome_detail(const struct outcome *outcome)
{
    if (outcome->error.status)
        return outcome->error.text;
    return outcome->found.errors ? "the files have mistakes; what was good before serves on"
                                 : "files were not taken; what was good before serves on";
}

static void waiters_answer(const struct reloader *reloader, struct reload_waiter *waiters,
                           const struct outcome *outcome)
{
    struct buffer text = {0};
    buffer_add_byte(&text, ',');
    write_outcome(&text, reloader, outcome);
    for (struct reload_waiter *waiter = waiters; waiter;) {
        struct reload_waiter *next = waiter->next;
        struct arena *arena = &waiter->request->arena; /* its worker leaves it alone meanwhile */
        waiter->problem = text.failed ? PROBLEM_INTERNAL : outcome_problem(outcome);
        waiter->text = arena_copy(arena, buffer_slice(&text));
        waiter->detail = arena_copy(arena, slice_of(outcome_detail(outcome)));
        worker_post(waiter->request->worker, &waiter->task);
        waiter = next;
    }
    buffer_done(&text);
}

static void *reloader_main(void *context)
{
    struct reloader *reloader = context;
    pthread_mutex_lock(&reloader->lock);
    for (;;) {
        while (!reloader->cause && !reloader->is_stopping)
            pthread_cond_wait(&reloader->is_changed, &reloader->lock);
        const char *cause = reloader->cause;
        struct reload_waiter *waiters = reloader->waiters;
        reloader->cause = NULL;
        reloader->waiters = NULL;
        if (!cause)
            break;
        pthread_mutex_unlock(&reloader->lock);
        struct outcome outcome = {0};
        reload_once(reloader, cause, &outcome);
        waiters_answer(reloader, waiters, &outcome);
        catalogue_release(outcome.settlement.catalogue);
        settlement_done(&outcome.settlement);
        diagnostics_done(&outcome.found);
        changes_done(&outcome.changes);
        pthread_mutex_lock(&reloader->lock);
    }
    pthread_mutex_unlock(&reloader->lock);
    return NULL;
}

void reload_soon(struct reloader *reloader, const char *cause)
{
    pthread_mutex_lock(&reloader->lock);
    reloader->cause = cause;
    pthread_cond_broadcast(&reloader->is_changed);
    pthread_mutex_unlock(&reloader->lock);
}

enum handled reload_ask(struct reloader *reloader, struct request *request)
{
    struct reload_waiter *waiter = ARENA_NEW(&request->arena, struct reload_waiter);
    if (!waiter)
        return answer_status(request, STATUS_NO_MEMORY, NULL);
    waiter->task.run = waiter_run;
    waiter->request = request;
    pthread_mutex_lock(&reloader->lock);
    bool is_stopping = reloader->is_stopping;
    if (!is_stopping) {
        waiter->next = reloader->waiters;
        reloader->waiters = waiter;
        reloader->cause = "POST /v1/reload";
        pthread_cond_broadcast(&reloader->is_changed);
    }
    pthread_mutex_unlock(&reloader->lock);
    if (is_stopping)
        return answer_problem(request, PROBLEM_DRAINING, "the server is about to stop");
    return HANDLED_LATER;
}

enum status reloader_new(struct service *service, struct snapshot *snapshot,
                         struct reloader **reloader, struct error *error)
{
    struct reloader *made = calloc(1, sizeof *made);
    if (!made)
        return FAIL(error, STATUS_NO_MEMORY, "", 0, "no memory to watch the files");
    made->service = service;
    made->lane = writer_lane(service->writer, NULL, NULL);
    if (!made->lane) {
        free(made);
        return FAIL(error, STATUS_NO_MEMORY, "", 0, "no memory to watch the files");
    }
    made->snapshot = snapshot_acquire(snapshot);
    pthread_mutex_init(&made->lock, NULL);
    pthread_cond_init(&made->is_changed, NULL);
    *reloader = made;
    return STATUS_OK;
}

enum status reloader_start(struct reloader *reloader, struct error *error)
{
    int number = pthread_create(&reloader->thread, NULL, reloader_main, reloader);
    if (number)
        return FAIL(error, STATUS_NO_MEMORY, "", 0, "no thread: %s", strerror(number));
    reloader->is_running = true;
    return STATUS_OK;
}

void reloader_stop(struct reloader *reloader)
{
    if (!reloader)
        return;
    pthread_mutex_lock(&reloader->lock);
    reloader->is_stopping = true;
    pthread_cond_broadcast(&reloader->is_changed);
    pthread_mutex_unlock(&reloader->lock);
    if (reloader->is_running)
        pthread_join(reloader->thread, NULL);
    reloader->is_running = false;
}

void reloader_free(struct reloader *reloader)
{
    if (!reloader)
        return;
    lane_free(reloader->lane);
    snapshot_release(reloader->snapshot);
    pthread_cond_destroy(&reloader->is_changed);
    pthread_mutex_destroy(&reloader->lock);
    free(reloader);
}
