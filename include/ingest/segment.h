#ifndef INGEST_SEGMENT_H
#define INGEST_SEGMENT_H

/*
 * Segment messages in, records out (http-api.md, "Events"; protocols/ingest.md).  A body is read
 * one event at a time, so that one odd event loses nothing but itself.
 *
 * Used by the HTTP handlers and by `gangway import`; knows nothing of either.
 */

#include "base/json.h"
#include "store/record.h"

enum segment_route { /* what a route means by a body */
                     SEGMENT_BATCH,
                     SEGMENT_TRACK,
                     SEGMENT_IDENTIFY,
                     SEGMENT_GROUP,
                     SEGMENT_ALIAS,
                     SEGMENT_PAGE,
                     SEGMENT_SCREEN
};

struct segment_options {
    enum segment_route route;
    int64_t received_ms;
    bool trusted; /* server key or import: may bring history; import: a `receivedAt` member counts
                     as receipt */
    bool import;  /* take `receivedAt` */
};

/* reason codes for metrics: gangway_ingest_rejected_total{reason} */
#define REJECTION_MAP(X)                                                                           \
    X(BAD_JSON, "bad_json")                                                                        \
    X(TOO_LARGE, "too_large")                                                                      \
    X(NO_UNIT, "no_unit")                                                                          \
    X(BAD_UNIT, "bad_unit")                                                                        \
    X(NO_EVENT, "no_event")                                                                        \
    X(BAD_EVENT, "bad_event")                                                                      \
    X(BAD_TYPE, "bad_type")                                                                        \
    X(BAD_EXPOSURE, "bad_exposure")                                                                \
    X(BAD_TIME, "bad_time")
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

struct segment_record {
    uint16_t flags;
    struct slice body; /* encoded message */
    struct hash128 message_key;
    struct hash128 content;
    int64_t received_ms;
};

struct segment_batch {
    struct arena arena; /* owns everything below */
    struct segment_record *records;
    size_t record_count;
    struct rejected *rejected;
    size_t rejected_count;
    struct slice key; /* writeKey or api_key of the body, for authentication */
};

/* INVALID when the body as a whole is no JSON object (line and column in the error); single bad
 * events are listed in `rejected`.  Initialise `batch` to zero; free with segment_batch_done. */
MUST_CHECK enum status segment_read(const struct segment_options *options, struct slice body,
                                    struct segment_batch *batch, struct error *error);
void segment_batch_done(struct segment_batch *batch);

/* The answer: {"success": true, "accepted": n, "duplicates": n, "rejected": [...]}. */
void segment_write_answer(struct buffer *out, const struct segment_batch *batch, size_t duplicates);

/* An exposure that the service itself writes (`exposure: on_assign`, `expose: true`). */
void segment_exposure(struct segment_batch *batch, const struct message *exposure,
                      int64_t received_ms);

/* One message as `import` takes it (export --table journal): a JSON line without its end. */
MUST_CHECK enum status segment_write_message(struct buffer *out, const struct record *record,
                                             struct error *error);

#endif
