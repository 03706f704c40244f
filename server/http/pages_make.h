#ifndef HTTP_PAGES_MAKE_H
#define HTTP_PAGES_MAKE_H

/* How each page is made, on a thread of the pool. */

#include "analysis/view.h"
#include "pages.h"

page_make_fn page_make_experiments;
page_make_fn page_make_experiment;
page_make_fn page_make_report;
page_make_fn page_make_events;
page_make_fn page_make_core_actions; /* pages_core_actions.c */
/* The same for people: what stands in <main>. */
enum problem page_write_core_actions(struct service *service, struct page *page,
                                     struct buffer *main);
page_make_fn page_make_explain; /* pages_explain.c */
/* The form, and what is asked by it. */
enum problem page_write_explain(struct service *service, struct page *page, struct buffer *main);
page_make_fn page_make_notes;
page_make_fn page_make_metrics; /* pages_metrics.c */
/* pages_dashboard.c */
page_make_fn page_make_overview;
page_make_fn page_make_definitions;
page_make_fn page_make_actions;
page_make_fn page_make_explain_page;
page_make_fn page_make_article;

/* The short form of one experiment (document_summary), an object; null where the state does not
 * know the experiment yet. */
struct value page_summary(struct view_transaction *transaction, struct arena *arena,
                          struct slice key, uint16_t phase, int64_t now_ms);

/* A moment of the state, between moment_begin and moment_end. */
struct moment {
    struct view *view;
    struct view_transaction *transaction;
};
MUST_CHECK enum status moment_begin(struct service *service, struct moment *moment,
                                    struct error *error);
void moment_end(struct moment *moment);
/* The document of a report, in the page's arena, by its question. */
enum problem page_document(struct service *service, struct page *page, struct value *document);
/* Makes the detail of a problem the body. */
enum problem page_fails(struct page *page, enum status status, const struct error *error);
/* An entry of GET /v1/experiments; `summary` as page_summary. */
struct value experiment_value(struct arena *arena, const struct experiment *experiment,
                              struct slice definition, const struct value *summary);

#endif
