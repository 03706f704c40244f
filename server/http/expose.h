#ifndef HTTP_EXPOSE_H
#define HTTP_EXPOSE_H

/*
 * Exposures that the service writes itself, for `exposure: on_assign` and `expose: true`: noted
 * while an answer is made, written together, and the answer waits for their commit.
 *
 *     expose_note(&expose, ...)      as often as there are assignments
 *     return expose_submit(&expose)  the answer is in the request
 */

#include "experiment/assign.h"
#include "ingest/intake.h"
#include "request.h"
#include "routes.h"

struct expose {
    struct request *request;
    int64_t now_ms;
    struct intake_batch batch;
    struct hash128 *keys; /* of the records, in their order; in the batch's arena */
    size_t key_capacity;
};

/* In the request's arena; NULL: no memory. */
struct expose *expose_new(struct request *request, int64_t now_ms);
/* Nothing to do where the assignment has no exposure, or it was committed lately. */
MUST_CHECK enum status expose_note(struct expose *expose, const struct assignment *assignment,
                                   struct slice id, const struct value *traits,
                                   struct error *error);
/* Frees it, at once or when the commit is done.  NULL is fine: nothing was noted. */
enum handled expose_submit(struct expose *expose);
void expose_free(struct expose *expose);

#endif
