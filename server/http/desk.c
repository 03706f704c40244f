/* Implementation of desk.h. */

#include "desk.h"

#include "answer.h"
#include "fold_thread.h"
#include "ingest/erase.h"
#include "ingest/person.h"
#include "service_state.h"

#include <errno.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#define DESK_NICE 10
#define QUEUE_MAX 100                   /* requests that wait */
#define SHOW_SIZE_MAX (4 * 1024 * 1024) /* of messages in one answer */
#define RETRY_S 5
#define LOOK_S 3600 /* without news */

struct desk_job {
    struct task task; /* first: the worker's mailbox knows it by this */
    struct desk_job *next;
    struct request *request;
    struct desk_question question;
    enum status status; /* out */
    struct error error;
    uint64_t sequence;
    bool found;
    struct buffer body;
};

struct desk {
    struct service *service;
    struct eraser *eraser;
    struct lane *lane; /* of who has the eraser's lock to append */
    pthread_t threads[2];
    size_t thread_count;
    pthread_mutex_t lock;
    pthread_cond_t is_changed;
    struct desk_job *queue, **queue_end;
    size_t queue_count;
    bool has_erasures; /* on record, not done */
    atomic_bool is_stopping;
};

/* What an append by way of the lane comes to. */
struct appended {
    enum status status;
    uint64_t sequence;
};

static void append_done(void *waiter, enum status status, uint64_t last_sequence, size_t duplicates)
{
    struct appended *appended = waiter;
    (void)duplicates;
    *appended = (struct appended){.status = status, .sequence = last_sequence};
}

static enum status desk_append(void *context, uint16_t flags, struct slice body, uint64_t *sequence,
                               struct error *error)
{
    struct desk *desk = context;
    const struct submission_record record = {
        .kind = RECORD_ERASURE, .flags = flags, .received_ms = TIME_NONE, .body = body};
    struct appended appended = {.status = STATUS_BUSY};
    enum status status = writer_submit(desk->lane, &record, 1, append_done, &appended, error);
    if (status)
        return status;
    while (writer_collect(desk->lane) == 0)
        writer_wait(desk->lane);
    if (appended.status)
        return FAIL(error, appended.status, "journal", 0, "%s", status_text(appended.status));
    *sequence = appended.sequence;
    return STATUS_OK;
}

static enum status desk_knows(void *context, const struct hash128 *hash, bool *known,
                              struct error *error)
{
    struct desk *desk = context;
    struct view *view = fold_view(desk->service->fold);
    enum status status = view_knows(view, hash, known, error);
    view_release(view);
    return status;
}

static bool desk_stops(void *context)
{
    struct desk *desk = context;
    return atomic_load(&desk->is_stopping);
}

/* Who asked, which erasure, and what it is known by in the state: never the id. */
static void erasure_log(const struct desk *desk, const struct desk_job *job)
{
    char text[33];
    struct hash128 key = hash_keyed(store_secret(&desk->service->store),
                                    (unsigned char)job->question.kind, job->question.id);
    for (size_t i = 0; i < sizeof key.bytes; i++)
        snprintf(text + 2 * i, 3, "%02x", key.bytes[i]);
    log_info("erasure", "asked for", LOG_INT("erasure", job->sequence),
             LOG_TEXT("kind", unit_kind_text(job->question.kind)), LOG_TEXT("key", text),
             LOG_TEXT("suppress", job->question.suppress ? "yes" : "no"),
             LOG_TEXT("peer", job->question.peer), );
}

static void job_erase(struct desk *desk, struct desk_job *job)
{
    const struct desk_question *question = &job->question;
    job->status = eraser_request(desk->eraser, question->kind, question->id, question->suppress,
                                 &job->sequence, &job->error);
    if (job->status)
        return;
    erasure_log(desk, job);
    pthread_mutex_lock(&desk->lock);
    desk->has_erasures = true;
    pthread_cond_broadcast(&desk->is_changed);
    pthread_mutex_unlock(&desk->lock);
}

static void job_show(struct desk *desk, struct desk_job *job)
{
    const struct person_question question = {.secret = store_secret(&desk->service->store),
                                             .kind = job->question.kind,
                                             .id = job->question.id,
                                             .from = job->question.from,
                                             .size_max = SHOW_SIZE_MAX};
    job->status =
        person_write(desk->service->journal, &question, &job->body, &job->found, &job->error);
    if (!job->status && !job->found)
        job->status = STATUS_NOT_FOUND;
}

/* On the worker's thread. */
static void job_answer(struct worker *worker, struct task *task)
{
    struct desk_job *job = (struct desk_job *)task;
    struct request *request = job->request;
    (void)worker;
    if (job->status == STATUS_NOT_FOUND)
        answer_problem(request, PROBLEM_NO_UNIT, "nothing is stored of this %s",
                       unit_kind_text(job->question.kind));
    else if (job->status)
        answer_status(request, job->status, &job->error);
    else if (job->question.erase)
        buffer_format(answer_begin(request, 202, TYPE_JSON), "{\"erasure\":%llu}",
                      (unsigned long long)job->sequence);
    else
        buffer_add(answer_begin(request, 200, TYPE_JSON), buffer_slice(&job->body));
    buffer_done(&job->body);
    request_finish(request); /* with it goes the job */
}

/* Under the lock: the next job, NULL when the desk closes and there is none. */
static struct desk_job *job_take(struct desk *desk)
{
    while (!desk->queue && !atomic_load(&desk->is_stopping))
        pthread_cond_wait(&desk->is_changed, &desk->lock);
    struct desk_job *job = desk->queue;
    if (!job)
        return NULL;
    desk->queue = job->next;
    desk->queue_count--;
    if (!desk->queue)
        desk->queue_end = &desk->queue;
    return job;
}

static void *clerk_main(void *context)
{
    struct desk *desk = context;
    setpriority(PRIO_PROCESS, (id_t)gettid(), DESK_NICE);
    for (;;) {
        pthread_mutex_lock(&desk->lock);
        struct desk_job *job = job_take(desk);
        pthread_mutex_unlock(&desk->lock);
        if (!job)
            return NULL;
        if (job->question.erase)
            job_erase(desk, job);
        else
            job_show(desk, job);
        worker_post(job->request->worker, &job->task);
    }
}

/* Sleeps until there are erasures, or for so long. */
static void eraser_sleep(struct desk *desk, time_t seconds, bool news_wake)
{
    struct timespec until;
    clock_gettime(CLOCK_REALTIME, &until);
    until.tv_sec += seconds;
    int number = 0;
    pthread_mutex_lock(&desk->lock);
    while (!atomic_load(&desk->is_stopping) && !(news_wake && desk->has_erasures) &&
           number != ETIMEDOUT)
        number = pthread_cond_timedwait(&desk->is_changed, &desk->lock, &until);
    desk->has_erasures = false;
    pthread_mutex_unlock(&desk->lock);
}

/* One run; false: it failed. */
static bool eraser_step(struct desk *desk)
{
    struct error error = {0};
    struct erase_outcome outcome;
    int64_t start_us = monotonic_us();
    if (eraser_run(desk->eraser, desk_stops, desk, &outcome, &error)) {
        log_error("erasure", "a run failed; it is tried again", LOG_TEXT("reason", error.text), );
        return false;
    }
    if (!outcome.through)
        return true;
    log_info("erasure", "the journal is scrubbed", LOG_INT("erasure", outcome.through),
             LOG_INT("records", outcome.records), LOG_INT("files", outcome.files),
             LOG_INT("ms", (monotonic_us() - start_us) / 1000), );
    fold_purge(desk->service->fold, outcome.changed);
    fold_thread_wake(desk->service->fold_thread);
    return true;
}

static void *eraser_main(void *context)
{
    struct desk *desk = context;
    setpriority(PRIO_PROCESS, (id_t)gettid(), DESK_NICE);
    while (!atomic_load(&desk->is_stopping)) {
        bool good = !eraser_is_pending(desk->eraser) || eraser_step(desk);
        eraser_sleep(desk, good ? LOOK_S : RETRY_S, good);
    }
    return NULL;
}

enum handled desk_ask(struct desk *desk, struct request *request,
                      const struct desk_question *question)
{
    struct desk_job *job = ARENA_NEW(&request->arena, struct desk_job);
    if (!job)
        return answer_status(request, STATUS_NO_MEMORY, NULL);
    *job =
        (struct desk_job){.task = {.run = job_answer}, .request = request, .question = *question};
    job->question.id = arena_copy(&request->arena, question->id);
    if (desk->service->privacy.is_pseudonymous)
        job->question.id = privacy_pseudonym(desk->service->privacy.secret, &request->arena,
                                             question->kind, question->id);
    pthread_mutex_lock(&desk->lock);
    bool full = desk->queue_count == QUEUE_MAX || request->arena.failed;
    if (!full) {
        desk->queue_count++;
        *desk->queue_end = job;
        desk->queue_end = &job->next;
        pthread_cond_broadcast(&desk->is_changed);
    }
    pthread_mutex_unlock(&desk->lock);
    return full ? answer_status(request, STATUS_BUSY, NULL) : HANDLED_LATER;
}

enum desk_erasure desk_look(struct desk *desk, uint64_t sequence)
{
    struct erasure_row row;
    struct fold_progress fold;
    if (!erasures_request(eraser_erasures(desk->eraser), sequence, &row))
        return DESK_NO_ERASURE;
    struct erasure_progress progress = eraser_progress(desk->eraser);
    fold_progress(desk->service->fold, &fold);
    bool is_folded = fold.purged >= sequence || progress.changed < sequence;
    return progress.done >= sequence && is_folded ? DESK_DONE : DESK_PENDING;
}

struct erasures *desk_erasures(struct desk *desk)
{
    return eraser_erasures(desk->eraser);
}

static enum status desk_open(struct desk *desk, struct error *error)
{
    struct service *service = desk->service;
    const struct eraser_options options = {.store = &service->store,
                                           .journal = service->journal,
                                           .append = desk_append,
                                           .context = desk,
                                           .knows = desk_knows,
                                           .knows_context = desk};
    void *(*const mains[])(void *) = {clerk_main, eraser_main};
    enum status status = eraser_open(&options, &desk->eraser, error);
    if (status)
        return status;
    desk->lane = writer_lane(service->writer, NULL, NULL);
    if (!desk->lane)
        return FAIL(error, STATUS_NO_MEMORY, "", 0, "no memory for the desk");
    for (size_t i = 0; i < sizeof mains / sizeof *mains; i++) {
        if (pthread_create(&desk->threads[i], NULL, mains[i], desk))
            return FAIL(error, STATUS_NO_MEMORY, "", 0, "no thread for the desk");
        desk->thread_count++;
    }
    return STATUS_OK;
}

enum status desk_new(struct service *service, struct desk **desk, struct error *error)
{
    struct desk *made = calloc(1, sizeof *made);
    if (!made)
        return FAIL(error, STATUS_NO_MEMORY, "", 0, "no memory for the desk");
    made->service = service;
    made->queue_end = &made->queue;
    pthread_mutex_init(&made->lock, NULL);
    pthread_cond_init(&made->is_changed, NULL);
    enum status status = desk_open(made, error);
    if (status) {
        desk_free(made);
        return status;
    }
    *desk = made;
    return STATUS_OK;
}

void desk_free(struct desk *desk)
{
    if (!desk)
        return;
    pthread_mutex_lock(&desk->lock);
    atomic_store(&desk->is_stopping, true);
    pthread_cond_broadcast(&desk->is_changed);
    pthread_mutex_unlock(&desk->lock);
    for (size_t i = 0; i < desk->thread_count; i++)
        pthread_join(desk->threads[i], NULL);
    lane_free(desk->lane);
    eraser_close(desk->eraser);
    pthread_cond_destroy(&desk->is_changed);
    pthread_mutex_destroy(&desk->lock);
    free(desk);
}
