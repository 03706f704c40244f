#ifndef HTTP_SAFETY_H
#define HTTP_SAFETY_H

/*
 * The headers of pages of the dashboard and of their errors: what a page may load and who may frame
 * it.  It loads its own scripts and styles and nothing else, and holds none.  Its forms, that of
 * /explain, which works without scripts, reach this service alone.
 */

#include "request.h"

struct problem_row;

/* After answer_begin. */
void answer_safely(struct request *request);
/* An error as a page.  `nearest`: the key that was perhaps meant, or empty. */
void answer_problem_page(struct request *request, const struct problem_row *row,
                         struct slice detail, struct slice nearest);

#endif
