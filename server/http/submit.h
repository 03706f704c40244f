#ifndef HTTP_SUBMIT_H
#define HTTP_SUBMIT_H

/* From a batch of messages to the journal writer's lane of this worker. */

#include "ingest/intake.h"
#include "ingest/writer.h"
#include "request.h"

/* Queues the records of the batch as one group; BUSY when the queue is full. `done` comes on the
 * worker's thread. */
MUST_CHECK enum status submit_batch(struct request *request, const struct intake_batch *batch,
                                    writer_done_fn *done, void *waiter, struct error *error);

#endif
