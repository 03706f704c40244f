/* Implementation of pages.h: one lock, held to look and to move lists only. */

#include "pages.h"

#include "answer.h"
#include "base/hash.h"
#include "safety.h"
#include "snapshot.h"
#include "worker.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <unistd.h>

#define POOL_THREADS 2
#define POOL_NICE 10
#define KEPT_MAX 64
#define KEPT_BYTES_MAX ((size_t)32 * 1024 * 1024)

struct page_waiter {
    struct task task; /* first: the worker's mailbox knows it by this */
    struct page_waiter *next;
    struct request *request;
    struct pages *pages;
    struct page *page; /* one reference */
};

struct pages {
    struct service *service;
    pthread_t threads[POOL_THREADS];
    size_t thread_count;
    pthread_mutex_t lock;
    pthread_cond_t is_asked;
    bool is_stopping;
    struct page *queue, **queue_end;
    struct page *kept; /* the latest first */
};

static void page_free(struct page *page)
{
    snapshot_release(page->question.snapshot);
    buffer_done(&page->body);
    arena_done(&page->arena);
    free(page);
}

/* Under the lock. */
static bool page_unreference(struct page *page)
{
    return --page->references == 0;
}

static void page_release(struct pages *pages, struct page *page)
{
    pthread_mutex_lock(&pages->lock);
    bool is_last = page_unreference(page);
    pthread_mutex_unlock(&pages->lock);
    if (is_last)
        page_free(page);
}

static struct page *page_new(const struct page_question *question)
{
    struct page *page = calloc(1, sizeof *page);
    if (!page)
        return NULL;
    page->question = *question;
    page->question.experiment = arena_copy(&page->arena, question->experiment);
    page->question.status = arena_copy(&page->arena, question->status);
    page->question.owner = arena_copy(&page->arena, question->owner);
    page->question.sort = arena_copy(&page->arena, question->sort);
    page->question.metric = arena_copy(&page->arena, question->metric);
    page->question.segment = arena_copy(&page->arena, question->segment);
    page->question.part = arena_copy(&page->arena, question->part);
    page->question.variant = arena_copy(&page->arena, question->variant);
    page->question.from = arena_copy(&page->arena, question->from);
    page->question.to = arena_copy(&page->arena, question->to);
    page->question.snapshot = snapshot_acquire(question->snapshot);
    page->modified_ms = page->changed_ms = TIME_NONE;
    page->content_type = TYPE_JSON;
    if (!page->arena.failed)
        return page;
    page_free(page);
    return NULL;
}

static bool question_equal(const struct page_question *a, const struct page_question *b)
{
    return a->make == b->make && slice_equal(a->experiment, b->experiment) &&
           slice_equal(a->status, b->status) && slice_equal(a->owner, b->owner) &&
           slice_equal(a->sort, b->sort) && slice_equal(a->metric, b->metric) &&
           slice_equal(a->segment, b->segment) && slice_equal(a->part, b->part) &&
           slice_equal(a->variant, b->variant) && slice_equal(a->from, b->from) &&
           slice_equal(a->to, b->to) && a->days_ms == b->days_ms && a->phase == b->phase &&
           a->as_of_ms == b->as_of_ms && a->now_ms == b->now_ms && a->watermark == b->watermark &&
           a->published == b->published && a->format == b->format && a->table == b->table &&
           a->snapshot == b->snapshot;
}

/* Whether the client has the page already: by its tag, or where it names none by the date. */
static bool is_known_to(const struct request *request, const struct page *page)
{
    int64_t since_ms;
    if (request->if_none_match.data)
        return tag_matches(request->if_none_match, slice_of(page->etag));
    return page->changed_ms != TIME_NONE && request->if_modified_since.size &&
           date_parse(request->if_modified_since, &since_ms) && since_ms >= page->changed_ms;
}

/* Puts a page that is made into the answer of a request. */
static void page_answer(struct request *request, const struct page *page)
{
    if (page->problem == PROBLEM_NO_EXPERIMENT) {
        answer_no_experiment(request, page->question.snapshot->catalogue,
                             page->question.experiment);
        return;
    }
    if (page->problem) {
        answer_problem_with(request, page->problem, buffer_slice(&page->body), (struct slice){0});
        return;
    }
    struct slice tag = slice_of(page->etag);
    bool is_known = is_known_to(request, page);
    struct buffer *out =
        answer_begin(request, is_known ? 304 : 200, is_known ? NULL : page->content_type);
    if (tag.size) {
        answer_header(request, "ETag", tag);
        answer_header(request, "Vary", SLICE("Accept"));
    }
    if (page->is_html)
        answer_safely(request);
    if (page->file.size)
        answer_header(request, "Content-Disposition",
                      arena_format(&request->arena, "%s; filename=\"%.*s\"",
                                   page->is_shown ? "inline" : "attachment",
                                   SLICE_ARGS(page->file)));
    if (page->is_shown) {
        answer_header(request, "Content-Security-Policy", SLICE("frame-ancestors 'none'"));
        answer_header(request, "X-Content-Type-Options", SLICE("nosniff"));
    }
    if (page->modified_ms != TIME_NONE) {
        char date[DATE_TEXT_SIZE];
        date_format(page->modified_ms, date);
        answer_header(request, "Last-Modified", slice_of(date));
    }
    if (!is_known)
        buffer_add(out, buffer_slice(&page->body));
}

/* On the worker's thread. */
static void waiter_run(struct worker *worker, struct task *task)
{
    struct page_waiter *waiter = (struct page_waiter *)task;
    struct request *request = waiter->request;
    (void)worker;
    page_answer(request, waiter->page);
    page_release(waiter->pages, waiter->page);
    request_finish(request); /* with it goes the waiter */
}

/* Forgets the oldest when there are too many, or too much.  Under the lock. */
static void kept_trim(struct pages *pages)
{
    size_t count = 0;
    size_t bytes = 0;
    struct page **place = &pages->kept;
    while (*place) {
        struct page *page = *place;
        count++;
        bytes += page->body.size;
        if (!page->is_made || (count <= KEPT_MAX && bytes <= KEPT_BYTES_MAX)) {
            place = &page->next;
            continue;
        }
        *place = page->next;
        if (page_unreference(page))
            page_free(page);
    }
}

/* Takes it out of the kept ones: a failure is not kept.  Under the lock. */
static void kept_remove(struct pages *pages, struct page *page)
{
    struct page **place = &pages->kept;
    while (*place && *place != page)
        place = &(*place)->next;
    if (!*place)
        return;
    *place = page->next;
    page->references--; /* never the last: the maker has one */
}

static void page_make(struct pages *pages, struct page *page)
{
    page->problem = page->question.make(pages->service, page);
    if (page->body.failed) {
        buffer_done(&page->body);
        page->problem = PROBLEM_INTERNAL;
    }
    pthread_mutex_lock(&pages->lock);
    page->is_made = true;
    struct page_waiter *waiters = page->waiters;
    page->waiters = NULL;
    if (page->problem)
        kept_remove(pages, page);
    kept_trim(pages);
    pthread_mutex_unlock(&pages->lock);
    while (waiters) {
        struct page_waiter *next = waiters->next;
        worker_post(waiters->request->worker, &waiters->task);
        waiters = next;
    }
    page_release(pages, page);
}

static void *pool_main(void *context)
{
    struct pages *pages = context;
    setpriority(PRIO_PROCESS, (id_t)gettid(), POOL_NICE);
    pthread_mutex_lock(&pages->lock);
    for (;;) {
        struct page *page = pages->queue;
        if (!page && pages->is_stopping)
            break;
        if (!page) {
            pthread_cond_wait(&pages->is_asked, &pages->lock);
            continue;
        }
        pages->queue = page->queued;
        if (!pages->queue)
            pages->queue_end = &pages->queue;
        pthread_mutex_unlock(&pages->lock);
        page_make(pages, page);
        pthread_mutex_lock(&pages->lock);
    }
    pthread_mutex_unlock(&pages->lock);
    return NULL;
}

/* The kept page of that question, or NULL.  Under the lock. */
static struct page *kept_find(struct pages *pages, const struct page_question *question)
{
    struct page *page = question->is_kept ? pages->kept : NULL;
    while (page && !question_equal(&page->question, question))
        page = page->next;
    return page;
}

/* Under the lock.  Takes the reference of the maker, and that of the list. */
static void page_queue(struct pages *pages, struct page *page)
{
    page->references++;
    *pages->queue_end = page;
    pages->queue_end = &page->queued;
    pthread_cond_signal(&pages->is_asked);
    if (!page->question.is_kept)
        return;
    page->references++;
    page->next = pages->kept;
    pages->kept = page;
}

enum handled pages_ask(struct pages *pages, struct request *request,
                       const struct page_question *question)
{
    struct page_waiter *waiter = ARENA_NEW(&request->arena, struct page_waiter);
    struct page *fresh = page_new(question);
    if (!waiter || !fresh) {
        if (fresh)
            page_free(fresh);
        return answer_status(request, STATUS_NO_MEMORY, NULL);
    }
    pthread_mutex_lock(&pages->lock);
    struct page *page = kept_find(pages, question);
    bool is_new = !page;
    if (is_new) {
        page = fresh;
        page_queue(pages, page);
    }
    page->references++;
    bool is_made = page->is_made;
    if (!is_made) {
        *waiter = (struct page_waiter){.task = {.run = waiter_run},
                                       .next = page->waiters,
                                       .request = request,
                                       .pages = pages,
                                       .page = page};
        page->waiters = waiter;
    }
    pthread_mutex_unlock(&pages->lock);
    if (!is_new)
        page_free(fresh);
    if (!is_made)
        return HANDLED_LATER;
    page_answer(request, page);
    page_release(pages, page);
    return HANDLED;
}

enum status pages_new(struct service *service, struct pages **pages, struct error *error)
{
    struct pages *made = calloc(1, sizeof *made);
    if (!made)
        return FAIL(error, STATUS_NO_MEMORY, "", 0, "no memory for the pool of reports");
    made->service = service;
    made->queue_end = &made->queue;
    pthread_mutex_init(&made->lock, NULL);
    pthread_cond_init(&made->is_asked, NULL);
    for (size_t i = 0; i < POOL_THREADS; i++) {
        if (pthread_create(&made->threads[i], NULL, pool_main, made)) {
            pages_free(made);
            return FAIL(error, STATUS_NO_MEMORY, "", 0, "no thread for the pool of reports");
        }
        made->thread_count++;
    }
    *pages = made;
    return STATUS_OK;
}

void pages_free(struct pages *pages)
{
    if (!pages)
        return;
    pthread_mutex_lock(&pages->lock);
    pages->is_stopping = true;
    pthread_cond_broadcast(&pages->is_asked);
    pthread_mutex_unlock(&pages->lock);
    for (size_t i = 0; i < pages->thread_count; i++)
        pthread_join(pages->threads[i], NULL);
    while (pages->kept) {
        struct page *page = pages->kept;
        pages->kept = page->next;
        page_free(page);
    }
    pthread_cond_destroy(&pages->is_asked);
    pthread_mutex_destroy(&pages->lock);
    free(pages);
}
