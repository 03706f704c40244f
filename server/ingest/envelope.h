#ifndef INGEST_ENVELOPE_H
#define INGEST_ENVELOPE_H

/* A body cut into its events, which are not looked at yet, and what stands beside them. */

#include "ingest/intake.h"

struct envelope {
    struct slice *events; /* in the batch's arena; the texts in the body, or there too */
    size_t count, capacity;
    struct slice sent_at; /* as it stands in the JSON; empty: it does not */
};

/* Sets key, dialect and is_single of the batch too.  INVALID: no JSON object as the route has it,
 * with the place; TOO_LARGE, NO_MEMORY. */
MUST_CHECK enum status envelope_read(const struct intake_options *options, struct slice body,
                                     struct intake_batch *batch, struct envelope *envelope,
                                     struct error *error);

/* Room for one more of the items that an arena holds; NULL when there is none. */
void *envelope_grown(struct arena *arena, void *items, size_t count, size_t *capacity, size_t size);

#endif
