#ifndef HTTP_NOTICES_H
#define HTTP_NOTICES_H

/*
 * Change notices by server-sent events (OFREP 0.3, event streams; WHATWG HTML, 9.2).
 *
 *     id: 17
 *     event: message
 *     data: {"type":"refetchEvaluation","etag":"sha256:...","lastModified":1771622898}
 *
 * One notice a catalogue that comes into service, sent after every worker has it, so that whoever
 * asks again is answered by the new one.  Its id is the sequence of the catalogue's record in the
 * journal: it is the same after a restart, and grows.  `etag` is the catalogue's digest.
 *
 * Of all notices only the last one matters, since it says no more than "ask again".  So replay is
 * to send the present one to a client that does not have it: whose `Last-Event-ID` is another id,
 * or, on a first connection, whose `since` in the URL is not the present digest.  The bulk answer
 * hands that URL out with the digest it was made by, so that nothing is missed between the answer
 * and the stream.
 *
 * A page's EventSource sends no header, so where keys are asked for that URL has a token of the
 * caller's key too (token.h).  The answer with it changes twice a day, so that its tag does, and a
 * client whose token has ended gets another one by asking again.
 */

#include "request.h"

struct journal;
struct service;
struct snapshot;

#define NOTICES_PATH "/ofrep/v1/events"

/* Sets where in the journal the snapshot's catalogue stands, which is the last one there. */
MUST_CHECK enum status notices_place(struct journal *journal, struct snapshot *snapshot,
                                     struct error *error);
/* Tells all who listen.  Every worker has the snapshot; they still run. */
void notices_announce(struct service *service);
/* The member `eventStreams` of a bulk answer. */
void notices_write_streams(struct buffer *out, const struct request *request);

#endif
