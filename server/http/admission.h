#ifndef HTTP_ADMISSION_H
#define HTTP_ADMISSION_H

/*
 * Who is let in (http-api.md, "Who may do what"): finds the caller of a request and asks whether it
 * may do what the route does.  With its key in the head that is settled before a byte of the body
 * is looked at; on a route that takes the key in the body (`key_in_body`), and only where the head
 * has none, after the body is there.
 *
 * Both set request->caller and return true, or have made the answer (401 `no-key` or `bad-key`, 403
 * `role`) and return false.
 */

#include "request.h"

MUST_CHECK bool admission_head(struct request *request);
/* The body is decoded. */
MUST_CHECK bool admission_body(struct request *request);
/* For a handler some of whose answers take more than the route asks for: the caller may act as one
 * of `roles`, or the answer (403) says that `what` takes one of them. */
MUST_CHECK bool admission_of(struct request *request, unsigned roles, const char *what);
/* Asks for an assignment.  `explain` shows rules: not to a key that stands in a front end.  An
 * analyst's key may ask with `explain` only, and writes no exposure. */
MUST_CHECK bool admission_assign(struct request *request, bool explain, bool expose);

/* How many refusals were logged lately, of a worker: somebody who tries keys must not fill the log.
 */
struct refusals {
    int64_t begin_us; /* of the stretch of time */
    unsigned logged;  /* in it */
    unsigned silent;  /* since the last line */
};

#endif
