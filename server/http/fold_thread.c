/* Implementation of fold_thread.h. */

#include "fold_thread.h"

#include "service_state.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#define FOLD_NICE 10
#define SLEEP_S 1 /* without news: other processes may have written a catalogue */
#define RETRY_S 5
#define RETENTION_LOOK_MS (10 * SECOND_MS) /* the longest between two looks */

struct fold_thread {
    struct service *service;
    pthread_t handle;
    pthread_mutex_t lock;
    pthread_cond_t is_changed;
    bool has_news;
    bool is_stopping;
    int64_t retention_us; /* monotonic time of the next look */
};

/* Sleeps until there is news, or for so long; false: stop. */
static bool fold_thread_sleep(struct fold_thread *thread, time_t seconds, bool news_wake)
{
    struct timespec until;
    clock_gettime(CLOCK_REALTIME, &until);
    until.tv_sec += seconds;
    int number = 0;
    pthread_mutex_lock(&thread->lock);
    while (!thread->is_stopping && !(news_wake && thread->has_news) && number != ETIMEDOUT)
        number = pthread_cond_timedwait(&thread->is_changed, &thread->lock, &until);
    thread->has_news = false;
    bool goes_on = !thread->is_stopping;
    pthread_mutex_unlock(&thread->lock);
    return goes_on;
}

static bool fold_thread_is_stopping(struct fold_thread *thread)
{
    pthread_mutex_lock(&thread->lock);
    bool is_stopping = thread->is_stopping;
    pthread_mutex_unlock(&thread->lock);
    return is_stopping;
}

/* A step of retention where there is one to be made; *more: it goes on at once. */
static enum status fold_thread_retain(struct fold_thread *thread, bool *more, struct error *error)
{
    struct service *service = thread->service;
    int64_t retention_ms = service->options->retention_ms;
    int64_t now_us = monotonic_us();
    uint64_t through = 0;
    if (now_us < thread->retention_us)
        return STATUS_OK;
    /* Without a retention nothing is dropped, but a base from before may have to be made anew. */
    int64_t before_ms = retention_ms ? clock_now_ms(&clock_system) - retention_ms : INT64_MIN;
    enum status status = fold_retain(service->fold, before_ms, more, &through, error);
    if (through)
        log_info("fold", "journal files are past the retention and were dropped",
                 LOG_INT("through", through), );
    int64_t wait_ms = RETENTION_LOOK_MS;
    if (retention_ms && retention_ms / 10 < wait_ms)
        wait_ms = retention_ms / 10;
    if (status || !*more)
        thread->retention_us = now_us + wait_ms * 1000;
    return status;
}

static void *fold_thread_main(void *context)
{
    struct fold_thread *thread = context;
    struct service *service = thread->service;
    bool was_broken = false;
    setpriority(PRIO_PROCESS, (id_t)gettid(), FOLD_NICE);
    while (!fold_thread_is_stopping(thread)) {
        struct error error = {0};
        bool has_more = false;
        enum status status = fold_advance(service->fold, &has_more, &error);
        if (!status && !has_more)
            status = fold_thread_retain(thread, &has_more, &error);
        if (status)
            log_error("fold", "a step failed", LOG_TEXT("reason", error.text), );
        if ((status != STATUS_OK) != was_broken)
            health_fold(&service->health, status != STATUS_OK);
        was_broken = status != STATUS_OK;
        if (status && !fold_thread_sleep(thread, RETRY_S, false))
            break;
        if (!status && !has_more && !fold_thread_sleep(thread, SLEEP_S, true))
            break;
    }
    return NULL;
}

enum status fold_thread_start(struct service *service, struct fold_thread **thread,
                              struct error *error)
{
    struct fold_thread *made = calloc(1, sizeof *made);
    if (!made)
        return FAIL(error, STATUS_NO_MEMORY, "", 0, "no memory for the fold");
    made->service = service;
    pthread_mutex_init(&made->lock, NULL);
    pthread_cond_init(&made->is_changed, NULL);
    int number = pthread_create(&made->handle, NULL, fold_thread_main, made);
    if (number) {
        free(made);
        return FAIL(error, STATUS_NO_MEMORY, "", 0, "no thread: %s", strerror(number));
    }
    *thread = made;
    return STATUS_OK;
}

void fold_thread_wake(struct fold_thread *thread)
{
    pthread_mutex_lock(&thread->lock);
    thread->has_news = true;
    pthread_cond_signal(&thread->is_changed);
    pthread_mutex_unlock(&thread->lock);
}

void fold_thread_stop(struct fold_thread *thread)
{
    if (!thread)
        return;
    pthread_mutex_lock(&thread->lock);
    thread->is_stopping = true;
    pthread_cond_signal(&thread->is_changed);
    pthread_mutex_unlock(&thread->lock);
    pthread_join(thread->handle, NULL);
    pthread_cond_destroy(&thread->is_changed);
    pthread_mutex_destroy(&thread->lock);
    free(thread);
}
