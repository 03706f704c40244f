#ifndef HTTP_DESK_H
#define HTTP_DESK_H

/*
 * The desk for single people: what is stored of one, and erasure.  Both read the journal, so they
 * have threads of their own, at nice 10:
 *
 *     clerk     answers requests one after the other: looks an id up, puts an erasure on record
 *     eraser    does the erasures on record (ingest/erase.h), then asks the fold for a new state
 *
 * The writer and the workers wait for neither.
 */

#include "address.h"
#include "routes.h"

#include "base/unit.h"

struct desk;
struct erasures;
struct service;

MUST_CHECK enum status desk_new(struct service *service, struct desk **desk, struct error *error);
/* Ends both threads; a run of erasure that is cut off is done over at the next start.  No request
 * may wait.  NULL is fine. */
void desk_free(struct desk *desk);
struct erasures *desk_erasures(struct desk *desk);

/* Both HANDLED_LATER, or HANDLED with a problem. */
struct desk_question {
    enum unit_kind kind;
    struct slice id;
    bool erase;                   /* else show */
    bool suppress;                /* of erase */
    uint64_t from;                /* of show: the first sequence */
    char peer[ADDRESS_TEXT_SIZE]; /* of erase, for the log */
};
enum handled desk_ask(struct desk *desk, struct request *request,
                      const struct desk_question *question);

enum desk_erasure { DESK_NO_ERASURE, DESK_PENDING, DESK_DONE };
enum desk_erasure desk_look(struct desk *desk, uint64_t sequence);

#endif
