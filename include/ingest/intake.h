#ifndef INGEST_INTAKE_H
#define INGEST_INTAKE_H

/*
 * Segment messages in, records out (http-api.md, "Events"; protocols/ingest.md), and the same from
 * bodies of PostHog and Amplitude.  A body is read one event at a time, so that one odd event loses
 * nothing but itself.
 *
 * Used by the HTTP handlers and by `gangway import`; knows nothing of either.
 */

#include "base/json.h"
#include "experiment/catalogue.h"
#include "store/record.h"

struct privacy;

/* Whose words a body speaks. */
enum intake_dialect { DIALECT_SEGMENT, DIALECT_POSTHOG, DIALECT_AMPLITUDE, DIALECT_COUNT };

/* What a route means by a body. */
enum intake_route {
    INTAKE_BATCH,   /* an object with a list `batch` of messages */
    INTAKE_MESSAGE, /* one message, whose `type` says which: a line of import */
    INTAKE_TRACK,
    INTAKE_IDENTIFY,
    INTAKE_GROUP,
    INTAKE_ALIAS,
    INTAKE_PAGE,
    INTAKE_SCREEN,
    INTAKE_POSTHOG,   /* an event, a list of events, or an object with a list `batch` */
    INTAKE_AMPLITUDE, /* an object with a list `events` */
    INTAKE_EITHER     /* an object with a list `batch` of PostHog, or `events` of Amplitude */
};

struct intake_options {
    enum intake_route route;
    int64_t received_ms;
    bool trusted; /* a server key, or import: may bring exposures more than 30 days old */
    bool notes;   /* `type` may be note, which is nothing that a front end sends */
    bool import;  /* what export wrote counts: `receivedAt`, `skewed`, the corrected `timestamp` */
    const struct catalogue *catalogue; /* in service: which id an exposure needs (NULL: any will
                                        * do), which traits are declared */
    const struct privacy *privacy;     /* NULL: ids are written as they come */
};

/* reason codes for metrics: gangway_ingest_rejected_total{reason} */
#define REJECTION_MAP(X)                                                                           \
    X(BAD_JSON, "bad_json")                                                                        \
    X(TOO_LARGE, "too_large")                                                                      \
    X(NO_UNIT, "no_unit")                                                                          \
    X(BAD_UNIT, "bad_unit")                                                                        \
    X(PLACEHOLDER, "placeholder") /* an id that stands for nobody */                               \
    X(NO_EVENT, "no_event")                                                                        \
    X(BAD_EVENT, "bad_event")                                                                      \
    X(BAD_TYPE, "bad_type")                                                                        \
    X(BAD_EXPOSURE, "bad_exposure")                                                                \
    X(BAD_TIME, "bad_time")                                                                        \
    X(SUPPRESSED, "suppressed")
enum rejection {
#define X(name, text) REJECTION_##name,
    REJECTION_MAP(X)
#undef X
        REJECTION_COUNT
};
const char *rejection_text(enum rejection rejection);

struct rejected {
    size_t index; /* in the batch, from 0 */
    struct slice message_id;
    enum rejection reason;
    struct slice text;
};

struct intake_record {
    uint16_t flags;
    int64_t received_ms;
    struct slice body;          /* encoded message */
    struct hash128 message_key; /* these two equal: the same message at the same corrected time */
    struct hash128 content;
};

struct intake_batch {
    struct arena arena; /* owns everything below */
    struct intake_record *records;
    size_t record_count, record_capacity;
    struct rejected *rejected;
    size_t rejected_count, rejected_capacity;
    struct slice key; /* writeKey or api_key of the body, for authentication */
    enum intake_dialect dialect;
    bool is_single; /* the body was one event */
};

/* INVALID when the body as a whole is no JSON object (line and column in the error), TOO_LARGE when
 * its events take too much memory; single bad events are listed in `rejected`.  Initialise `batch`
 * to zero; free with intake_batch_done, also after a failure. */
MUST_CHECK enum status intake_read(const struct intake_options *options, struct slice body,
                                   struct intake_batch *batch, struct error *error);
void intake_batch_done(struct intake_batch *batch);

/* The answer: {"success": true, "accepted": n, "duplicates": n, "rejected": [...]}. */
void intake_write_answer(struct buffer *out, const struct intake_batch *batch, size_t duplicates);

/* The list `rejected` of it. */
void intake_write_rejected(struct buffer *out, const struct intake_batch *batch);

/* Adds an exposure that the service itself writes (`exposure: on_assign`, `expose: true`): its ids,
 * experiment and variation are given, the rest is filled in here.  Nothing is added where its unit
 * is refused. */
MUST_CHECK enum status intake_add_exposure(struct intake_batch *batch,
                                           const struct message *exposure, int64_t received_ms,
                                           const struct privacy *privacy,
                                           const struct catalogue *catalogue, struct error *error);

/* One message as `import` takes it (export --table journal): a JSON line without its end. */
MUST_CHECK enum status intake_write_message(struct buffer *out, const struct record *record,
                                            struct error *error);

#endif
