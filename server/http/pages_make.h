#ifndef HTTP_PAGES_MAKE_H
#define HTTP_PAGES_MAKE_H

/* How each page is made, on a thread of the pool. */

#include "pages.h"

page_make_fn page_make_experiments;
page_make_fn page_make_experiment;
page_make_fn page_make_report;
page_make_fn page_make_events;
page_make_fn page_make_notes;
page_make_fn page_make_metrics; /* pages_metrics.c */

/* The short form of one experiment (document_summary), an object; null where the state does not
 * know the experiment yet. */
struct view_transaction;
struct value page_summary(struct view_transaction *transaction, struct arena *arena,
                          struct slice key, uint16_t phase, int64_t now_ms);

#endif
