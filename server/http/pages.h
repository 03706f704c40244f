#ifndef HTTP_PAGES_H
#define HTTP_PAGES_H

/*
 * Answers that read the state and take their time: reports, lists, metrics.  They are made by a
 * small pool of threads at nice 10, so that no assignment waits for them.  Equal questions are
 * answered by one making, and what was made is kept for the next who asks the same; the watermark
 * and the state that has it are part of the question, so nothing kept is ever stale: a state built
 * by newer definitions may take the place of the old one at the same watermark.
 *
 * pages_ask runs on a worker's thread; the answer is finished there too.
 */

#include "report/render.h"
#include "request.h"
#include "routes.h"
#include "tag.h"

struct page;
struct pages;
struct service;
struct snapshot;

/* Makes the body of a page, on a thread of the pool.  A problem other than NONE: the body is the
 * detail, as text. */
typedef enum problem page_make_fn(struct service *service, struct page *page);

struct page_question {
    page_make_fn *make;
    struct slice experiment;      /* its id; empty: of all */
    struct slice status, owner;   /* filters of the list; empty: any */
    struct slice sort;            /* of the overview; empty: the default */
    struct slice metric, segment; /* of core actions, explain; empty: the declared one, all */
    struct slice part;            /* of an article; empty: the whole */
    struct slice variant;         /* of explain; empty: all */
    struct slice from, to;        /* of explain: ranges of days, as asked */
    int64_t days_ms;  /* of core actions the landmark, of explain a date's range; 0: the default */
    uint16_t phase;   /* 0: the current one */
    int64_t as_of_ms; /* TIME_NONE: the default */
    int64_t now_ms;
    int64_t moved_ms; /* when `as_of` last moved with the clock; TIME_NONE: it stands */
    uint64_t watermark, published;      /* of the fold's progress */
    const struct render_format *format; /* of reports */
    size_t table;                       /* of format csv: render_table_find */
    struct snapshot *snapshot;          /* borrowed for the call */
    bool is_kept;                       /* and shared with others who ask the same */
};

struct page {
    struct page *next; /* in the list of the kept ones, the latest first */
    struct page *queued;
    struct page_question question; /* its texts and snapshot are its own */
    struct arena arena;
    int references; /* under the lock of the pages */
    bool is_made;
    struct page_waiter *waiters;

    enum problem problem;
    const char *content_type;
    bool is_html;      /* a page of the dashboard: it has the headers of safety.h */
    struct slice file; /* not empty: a browser saves it, under that name */
    bool is_shown; /* that file: rather than saved at once, it is shown; it has its own policy */
    struct buffer body;
    int64_t modified_ms;      /* TIME_NONE: no Last-Modified */
    int64_t changed_ms;       /* what If-Modified-Since is held against; TIME_NONE: nothing */
    char etag[TAG_TEXT_SIZE]; /* with its quotes; empty: none */
};

MUST_CHECK enum status pages_new(struct service *service, struct pages **pages,
                                 struct error *error);
/* When no request waits any more. NULL is fine. */
void pages_free(struct pages *pages);
enum handled pages_ask(struct pages *pages, struct request *request,
                       const struct page_question *question);

#endif
