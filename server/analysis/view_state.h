#ifndef ANALYSIS_VIEW_STATE_H
#define ANALYSIS_VIEW_STATE_H

/*
 * A view from inside the folder: it owns its state, and keeps the declarations that were compiled
 * last, so that a report does not compile them again.
 *
 * META holds one entry, "progress": how far the state is, and what it is.
 */

#include "declared.h"

#define PROGRESS_FORMAT 2

struct progress {
    struct digest scheme;
    uint64_t watermark;
    int64_t received_ms; /* of the last record folded, TIME_NONE: none */
    uint64_t used;       /* the last catalogue by which the state goes */
    uint64_t seen;       /* the last one met; later than `used`: the state is outdated */
    uint64_t units;      /* numbers given out */
    uint64_t messages, duplicates, late, damaged;
    uint64_t purged; /* it was begun when the erasures up to here were scrubbed from the journal */
};

/* NOT_FOUND: an empty state.  INVALID: of another format or version. */
MUST_CHECK enum status progress_read(struct state_transaction *transaction,
                                     struct progress *progress, struct error *error);
MUST_CHECK enum status progress_write(struct state_transaction *transaction,
                                      const struct progress *progress, struct error *error);

/* A view of that state, which it owns from now on, also on failure. */
MUST_CHECK enum status view_new(struct state *state, struct view **view, struct error *error);
struct state *view_owned_state(struct view *view);
/* What the fold has just compiled; the view takes a reference. */
void view_keep(struct view *view, struct declared *declared);
const struct declared *view_declared(const struct view_transaction *transaction);
const struct progress *view_progress(const struct view_transaction *transaction);

#endif
