#ifndef SERVER_INGEST_MESSAGE_H
#define SERVER_INGEST_MESSAGE_H

/*
 * One event of a body to one message record: what intake.c does for each element of a batch.
 * Private to server/ingest; it stands apart because the rules of one event are a page of their own.
 */

#include "ingest/intake.h"

struct message_source {
    const struct intake_options *options;
    struct slice sent_at; /* of the batch, as JSON text; empty: none */
    struct arena *arena;  /* for the values read and the slices of the message */
};

/* Why an event was refused; `text` in the source's arena. */
struct message_fault {
    enum rejection reason;
    struct slice text;
};

/* Reads the event `text` into a record (body in the arena).  False: `fault` says why.  `message_id`
 * is filled as soon as it is known, in both cases. */
bool message_normalise(const struct message_source *source, struct slice text,
                       struct intake_record *record, struct slice *message_id,
                       struct message_fault *fault);

/* Encodes a complete message: content hash, keys and flags of a message without id of its own. */
MUST_CHECK enum status message_encode(struct arena *arena, struct message *message,
                                      struct intake_record *record, struct error *error);

/* The members that name an exposure in the dialects that are understood. */
struct exposure_dialect {
    const char *event;
    const char *experiment;
    const char *variation;
};
extern const struct exposure_dialect exposure_dialects[]; /* ended by a row without an event */

#endif
