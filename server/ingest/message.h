#ifndef INGEST_MESSAGE_H
#define INGEST_MESSAGE_H

/*
 * One event of a body to one message record: what intake.c does for each element of a batch.
 * Private to server/ingest; it stands apart because the rules of one event are a page of their own.
 */

#include "ingest/intake.h"

/* One call's reader of events.  Initialise with options, sent_at and arena; end with
 * message_source_done. */
struct message_source {
    const struct intake_options *options;
    enum intake_dialect dialect;
    int64_t sent_ms;       /* of the batch; TIME_NONE: none */
    struct arena *arena;   /* for what stays: bodies, and of refused events the ids and reasons */
    struct arena scratch;  /* values of the event being read, forgotten with the next one */
    struct buffer encoded; /* the same, for bytes */
};
void message_source_done(struct message_source *source);

/* Why an event was refused; `text` in the source's arena. */
struct message_fault {
    enum rejection reason;
    struct slice text;
    struct slice message_id; /* where it is known; in the source's arena */
};

/* Reads the event `text` into a record, its body in the arena.  INVALID: `fault` says why this one
 * event is refused, and the source goes on; anything else ends the call.  `record` is zeroed by the
 * caller, and untouched on failure. */
MUST_CHECK enum status message_normalise(struct message_source *source, struct slice text,
                                         struct intake_record *record, struct message_fault *fault,
                                         struct error *error);

/* Encodes a complete message (content hash, key, flags of a message without id of its own) by way
 * of `encoded`; the body is in the arena. */
MUST_CHECK enum status message_encode(struct arena *arena, struct buffer *encoded,
                                      struct message *message, struct intake_record *record,
                                      struct error *error);

/* A time as clients write it: RFC 3339, or ms since 1970. */
bool message_time(const struct value *value, int64_t *time_ms);

/* The members that name an exposure in the dialects that are understood. */
struct exposure_dialect {
    const char *event;
    const char *experiment;
    const char *variation;
};
extern const struct exposure_dialect exposure_dialects[]; /* ended by a row without an event */

#endif
