/*
 * The journal writer: the thread, its queue, and the way of the outcomes back to the lanes.
 *
 *     lane's thread   writer_submit   copy, lock, append to `queue`, signal
 *     writer          take            lock, take the whole queue
 *                     commit          no lock: one transaction, one fsync
 *                     deliver         lock, move each submission to its lane; no lock: wake lanes
 *     lane's thread   writer_collect  lock, take the lane's outcomes; no lock: call back
 *
 * There is one lock; no callback and no wake is called with it held.  A lane that is being woken is
 * marked, and lane_free waits for the mark to go: so the writer may use a lane whose outcomes were
 * collected a moment ago.
 *
 * Duplicates are looked up while a batch is put together, which also finds those within the batch;
 * if its commit fails, the table holds messages that were never written, and starts empty again.
 */

#include "ingest/writer.h"

#include "recent.h"

#include "base/limits.h"
#include "base/log.h"

#include <assert.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>

#define AGAIN_US (5 * SECOND_MS * 1000) /* what Retry-After says of a full disk */

struct submission {
    struct submission *next;
    struct lane *lane;
    writer_done_fn *done;
    void *waiter;
    size_t size;            /* of this block */
    size_t duplicates;      /* out */
    enum status status;     /* out */
    uint64_t last_sequence; /* out; while a batch is put together: entries up to here, 0: none */
    size_t count;
    struct submission_record records[]; /* count of them, then their bodies */
};

struct list {
    struct submission *first;
    struct submission **end; /* where the next one goes */
};

struct lane {
    struct writer *writer;
    void (*wake)(void *context);
    void *context;
    /* under the writer's lock */
    pthread_cond_t changed;
    struct list outcomes;
    size_t queued;           /* submissions without an outcome */
    bool waking;             /* the writer is about to call `wake`, or in it */
    struct lane *next_awake; /* of the lanes to wake after a commit */
};

struct writer {
    struct writer_options options;
    size_t queue_bytes_max;
    pthread_t thread;
    atomic_bool working;
    atomic_bool broken;        /* for good; said so */
    _Atomic int64_t failed_us; /* monotonic, the last commit that failed */

    pthread_mutex_t lock;
    pthread_cond_t wanted; /* the queue is not empty, or stopping */
    struct list queue;
    size_t queued_bytes; /* submitted and without an outcome */
    bool stopping;
    size_t references; /* lanes, and the one that writer_close takes away */

    /* of the writer's thread */
    struct recent *recent;
    struct journal_entry *entries; /* owned */
    size_t entries_capacity;
};

static void list_init(struct list *list)
{
    list->first = NULL;
    list->end = &list->first;
}

static void list_add(struct list *list, struct submission *submission)
{
    submission->next = NULL;
    *list->end = submission;
    list->end = &submission->next;
}

static struct submission *list_take(struct list *list)
{
    struct submission *first = list->first;
    list_init(list);
    return first;
}

static void writer_release_locked(struct writer *writer)
{
    bool last = --writer->references == 0;
    pthread_mutex_unlock(&writer->lock);
    if (!last)
        return;
    recent_free(writer->recent);
    free(writer->entries);
    pthread_cond_destroy(&writer->wanted);
    pthread_mutex_destroy(&writer->lock);
    free(writer);
}

static bool entries_reserve(struct writer *writer, const struct submission *batch)
{
    size_t count = 0;
    for (const struct submission *one = batch; one; one = one->next)
        count += one->count;
    if (count <= writer->entries_capacity)
        return true;
    struct journal_entry *larger = realloc(writer->entries, count * sizeof *larger);
    if (!larger)
        return false;
    writer->entries = larger;
    writer->entries_capacity = count;
    return true;
}

/* Puts the records that are new into writer->entries, and returns how many these are. */
static size_t batch_gather(struct writer *writer, struct submission *batch)
{
    size_t count = 0;
    int64_t now_ms = clock_now_ms(writer->options.clock);
    for (struct submission *one = batch; one; one = one->next) {
        one->last_sequence = 0;
        for (size_t i = 0; i < one->count; i++) {
            const struct submission_record *record = &one->records[i];
            if (recent_meets(writer->recent, &record->message_key, &record->content)) {
                one->duplicates++;
                continue;
            }
            writer->entries[count++] = (struct journal_entry){
                .kind = record->kind,
                .flags = record->flags,
                .received_ms = record->received_ms == TIME_NONE ? now_ms : record->received_ms,
                .body = record->body,
            };
            one->last_sequence = count;
        }
    }
    return count;
}

static void report(struct writer *writer, enum status status, const struct error *error)
{
    if (status)
        atomic_store(&writer->failed_us, monotonic_us());
    bool was_working = atomic_exchange(&writer->working, status == STATUS_OK);
    if (status == STATUS_OK) {
        if (!was_working)
            log_info("writer", "the journal takes records again", );
        return;
    }
    if (status != STATUS_STORAGE) {
        if (was_working)
            log_warn("writer", "the journal takes no records", LOG_TEXT("reason", error->text), );
        return;
    }
    if (atomic_exchange(&writer->broken, true))
        return;
    log_error("writer", "the journal has failed", LOG_TEXT("where", error->where),
              LOG_TEXT("reason", error->text), );
    if (writer->options.broken)
        writer->options.broken(writer->options.context, error);
}

/* Gives every submission of the batch its outcome. */
static void batch_end(struct submission *batch, enum status status, uint64_t first_sequence,
                      uint64_t last_sequence)
{
    for (struct submission *one = batch; one; one = one->next) {
        one->status = status;
        if (status)
            one->last_sequence = one->duplicates = 0;
        else if (one->last_sequence)
            one->last_sequence += first_sequence - 1;
        else
            one->last_sequence = last_sequence;
    }
}

static void batch_commit(struct writer *writer, struct submission *batch)
{
    struct journal *journal = writer->options.journal;
    struct error error = {0};
    uint64_t first = 0;
    size_t count = 0;
    int64_t start_us = monotonic_us();
    enum status status = STATUS_OK;
    if (entries_reserve(writer, batch))
        count = batch_gather(writer, batch);
    else
        status = FAIL(&error, STATUS_NO_MEMORY, "", 0, "no memory for a batch of records");
    if (count)
        status = journal_append(journal, writer->entries, count, &first, &error);
    if (status) {
        recent_free(writer->recent);
        writer->recent = recent_new();
    }
    uint64_t last = journal_last_sequence(journal);
    batch_end(batch, status, first, last);
    report(writer, status, &error);
    if (count && !status && writer->options.committed)
        writer->options.committed(writer->options.context, last, monotonic_us() - start_us);
}

/* Returns the lanes that are to be woken. */
static struct lane *deliver(struct writer *writer, struct submission *batch)
{
    struct lane *awake = NULL;
    pthread_mutex_lock(&writer->lock);
    while (batch) {
        struct submission *one = batch;
        struct lane *lane = one->lane;
        batch = one->next;
        writer->queued_bytes -= one->size;
        lane->queued--;
        list_add(&lane->outcomes, one);
        if (!lane->waking) {
            lane->waking = true;
            lane->next_awake = awake;
            awake = lane;
        }
        pthread_cond_broadcast(&lane->changed);
    }
    pthread_mutex_unlock(&writer->lock);
    return awake;
}

static void wake_lanes(struct writer *writer, struct lane *awake)
{
    while (awake) {
        struct lane *lane = awake;
        awake = lane->next_awake;
        if (lane->wake)
            lane->wake(lane->context);
        pthread_mutex_lock(&writer->lock);
        lane->waking = false;
        pthread_cond_broadcast(&lane->changed);
        pthread_mutex_unlock(&writer->lock);
    }
}

/* Everything that is queued; NULL when the writer stops and nothing is left. */
static struct submission *take(struct writer *writer)
{
    pthread_mutex_lock(&writer->lock);
    while (!writer->queue.first && !writer->stopping)
        pthread_cond_wait(&writer->wanted, &writer->lock);
    struct submission *batch = list_take(&writer->queue);
    pthread_mutex_unlock(&writer->lock);
    return batch;
}

static void *writer_run(void *argument)
{
    struct writer *writer = argument;
    for (struct submission *batch = take(writer); batch; batch = take(writer)) {
        batch_commit(writer, batch);
        wake_lanes(writer, deliver(writer, batch));
    }
    return NULL;
}

/* Signals go to the thread that waits for them; SIGXFSZ too, so that a file over its limit is an
 * error of the write. */
static int thread_start(struct writer *writer)
{
    sigset_t all;
    sigset_t before;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    int code = pthread_create(&writer->thread, NULL, writer_run, writer);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    return code;
}

enum status writer_open(const struct writer_options *options, struct writer **writer,
                        struct error *error)
{
    struct writer *made = calloc(1, sizeof *made);
    if (!made)
        return FAIL(error, STATUS_NO_MEMORY, "", 0, "no memory for the journal writer");
    made->options = *options;
    if (!made->options.clock)
        made->options.clock = &clock_system;
    made->queue_bytes_max = options->queue_bytes ? options->queue_bytes : JOURNAL_QUEUE_BYTES;
    made->references = 1;
    made->recent = recent_new(); /* without it nothing is left out, and all is well */
    atomic_store(&made->working, true);
    pthread_mutex_init(&made->lock, NULL);
    pthread_cond_init(&made->wanted, NULL);
    list_init(&made->queue);
    int code = thread_start(made);
    if (code) {
        pthread_mutex_lock(&made->lock);
        writer_release_locked(made);
        return FAIL(error, STATUS_NO_MEMORY, "", 0, "cannot start the journal writer: %s",
                    strerror(code));
    }
    *writer = made;
    return STATUS_OK;
}

void writer_close(struct writer *writer)
{
    if (!writer)
        return;
    pthread_mutex_lock(&writer->lock);
    writer->stopping = true;
    pthread_cond_signal(&writer->wanted);
    pthread_mutex_unlock(&writer->lock);
    pthread_join(writer->thread, NULL);
    pthread_mutex_lock(&writer->lock);
    writer_release_locked(writer);
}

bool writer_is_working(const struct writer *writer)
{
    return atomic_load(&writer->working);
}

bool writer_may_work(const struct writer *writer)
{
    return writer_is_working(writer) ||
           (!atomic_load(&writer->broken) &&
            monotonic_us() - atomic_load(&writer->failed_us) >= AGAIN_US);
}

struct lane *writer_lane(struct writer *writer, void (*wake)(void *context), void *context)
{
    struct lane *lane = calloc(1, sizeof *lane);
    if (!lane)
        return NULL;
    lane->writer = writer;
    lane->wake = wake;
    lane->context = context;
    list_init(&lane->outcomes);
    pthread_cond_init(&lane->changed, NULL);
    pthread_mutex_lock(&writer->lock);
    writer->references++;
    pthread_mutex_unlock(&writer->lock);
    return lane;
}

static void submissions_free(struct submission *submission)
{
    while (submission) {
        struct submission *next = submission->next;
        free(submission);
        submission = next;
    }
}

void lane_free(struct lane *lane)
{
    if (!lane)
        return;
    struct writer *writer = lane->writer;
    pthread_mutex_lock(&writer->lock);
    assert(lane->queued == 0);
    while (lane->waking)
        pthread_cond_wait(&lane->changed, &writer->lock);
    submissions_free(list_take(&lane->outcomes));
    pthread_cond_destroy(&lane->changed);
    free(lane);
    writer_release_locked(writer);
}

/* One block with copies of everything; NULL when there is no memory. */
static struct submission *submission_new(const struct submission_record *records, size_t count)
{
    size_t size = sizeof(struct submission) + count * sizeof *records;
    for (size_t i = 0; i < count; i++)
        size += records[i].body.size;
    struct submission *made = malloc(size);
    if (!made)
        return NULL;
    *made = (struct submission){.size = size, .count = count};
    char *body = (char *)(made->records + count);
    for (size_t i = 0; i < count; i++) {
        made->records[i] = records[i];
        made->records[i].body.data = body;
        if (records[i].body.size)
            memcpy(body, records[i].body.data, records[i].body.size);
        body += records[i].body.size;
    }
    return made;
}

enum status writer_submit(struct lane *lane, const struct submission_record *records, size_t count,
                          writer_done_fn *done, void *waiter, struct error *error)
{
    struct writer *writer = lane->writer;
    struct submission *made = submission_new(records, count);
    if (!made)
        return FAIL(error, STATUS_NO_MEMORY, "", 0, "no memory to queue %zu records", count);
    made->lane = lane;
    made->done = done;
    made->waiter = waiter;
    pthread_mutex_lock(&writer->lock);
    bool full = writer->queued_bytes && writer->queued_bytes + made->size > writer->queue_bytes_max;
    bool refused = full || writer->stopping;
    if (!refused) {
        writer->queued_bytes += made->size;
        lane->queued++;
        list_add(&writer->queue, made);
        pthread_cond_signal(&writer->wanted);
    }
    pthread_mutex_unlock(&writer->lock);
    if (!refused)
        return STATUS_OK;
    free(made);
    return FAIL(error, STATUS_BUSY, "", 0, "the queue of the journal is full");
}

size_t writer_collect(struct lane *lane)
{
    size_t count = 0;
    pthread_mutex_lock(&lane->writer->lock);
    struct submission *outcome = list_take(&lane->outcomes);
    pthread_mutex_unlock(&lane->writer->lock);
    while (outcome) {
        struct submission *next = outcome->next;
        if (outcome->done)
            outcome->done(outcome->waiter, outcome->status, outcome->last_sequence,
                          outcome->duplicates);
        free(outcome);
        outcome = next;
        count++;
    }
    return count;
}

void writer_wait(struct lane *lane)
{
    pthread_mutex_lock(&lane->writer->lock);
    while (!lane->outcomes.first && lane->queued)
        pthread_cond_wait(&lane->changed, &lane->writer->lock);
    pthread_mutex_unlock(&lane->writer->lock);
}
