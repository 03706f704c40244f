#ifndef HTTP_PAGE_QUERY_H
#define HTTP_PAGE_QUERY_H

/*
 * From a request to a question to the pages (pages.h).  What returns a bool has answered with a
 * problem where it is false.
 */

#include "pages.h"

/* The parameters that a page may take. */
struct page_parameters {
    struct slice status, owner, format, table, as_of, phase, experiment, sort, metric, days,
        segment, part, variant, from, to;
};

/* `allowed`: names with spaces between. */
bool parameters_read(struct request *request, const char *allowed,
                     struct page_parameters *parameters);
/* A whole number of days, in ms: from 1 to 365; 0: not given. */
bool days_read(struct request *request, struct slice text, int64_t *days_ms);
bool phase_read(struct request *request, struct slice text, uint16_t *phase);
/* The moment of the report.  The default moves with the clock, so it moves by whole minutes: who
 * asks again within one gets the same bytes and the same tag. */
bool moment_read(struct request *request, struct slice text, struct page_question *question);
/* A typo would else look like a list without experiments. */
bool status_check(struct request *request, struct slice text);
enum handled page_ask(struct request *request, struct page_question *question);

#endif
