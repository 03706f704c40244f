#ifndef STORE_RECORD_H
#define STORE_RECORD_H

/*
 * The records of the journal, format 1.  The journal is the truth, so this format is frozen: to
 * change it, raise RECORD_FORMAT, keep the old reader beside the new one, and add a case to
 * record_read.  Unknown tags of a newer writer are passed over.
 *
 * key     8 bytes  sequence, big endian, from 1 without gaps
 * value   1 byte   format (1)
 *         1 byte   kind
 *         2 bytes  flags, little endian
 *         8 bytes  checksum, little endian: hash_checksum(key and the 4 bytes above, all below)
 *         8 bytes  time of receipt, ms, little endian; never falls from one record to the next
 *         body     by kind
 *
 * The body of a message is a row of fields (1 byte tag, varint size, bytes) in ascending order of
 * tags; numbers are zigzag varints; empty texts and times that are TIME_NONE are left out:
 *
 *     1 type        2 user         3 anonymous     4 account     5 previous    6 event
 *     7 message_id  8 occurred_ms  9 original_ms  10 sent_ms    11 experiment 12 variation
 *    13 properties 14 traits      15 context      16 content (16 bytes)
 *
 * 1, 8 and 16 are always there; to a reader that does not know a type, the record is damaged, and
 * passed over.  The body of a catalogue is varint count, then for each file its
 * path, name and text, each with a varint size.  Erasure (architecture 16) rewrites a record
 * under its sequence and time of receipt, with RECORD_SCRUBBED and other ids.
 */

#include "base/buffer.h"
#include "base/hash.h"
#include "base/time.h"
#include "base/unit.h"

#define RECORD_FORMAT 1

enum record_kind { RECORD_MESSAGE = 1, RECORD_CATALOGUE = 2, RECORD_ERASURE = 3 };

enum record_flag {
    RECORD_SCRUBBED = 1, /* ids and texts are gone: architecture 16 */
    RECORD_SKEWED = 2,   /* an exposure of a client key, dated more than 30 days before receipt */
    RECORD_FRESH_ID = 4, /* message_id was made at receipt: it had none and no time of its own */
    RECORD_HASH_ID = 8, /* it had no message_id but a time of its own: the content hash is its id */
    RECORD_SEAL = 16,   /* the file ends after the batch that holds this record */
    RECORD_PSEUDONYM = 32, /* its ids are keyed hashes: assignment can't be asked with them */
};

struct record {
    uint64_t sequence;
    uint8_t kind;
    uint16_t flags;
    int64_t received_ms;
    struct slice body;
    bool damaged; /* the checksum does not fit, or the value is too short; only sequence is sure */
};

/* Encodes header and body of `record` (checksum included) after `out`. */
void record_write(struct buffer *out, const struct record *record);
/* Never fails: what can't be read is `damaged`.  The body points into `value`. */
struct record record_read(uint64_t sequence, struct slice value);

enum message_type {
    MESSAGE_TRACK,
    MESSAGE_IDENTIFY,
    MESSAGE_GROUP,
    MESSAGE_ALIAS,
    MESSAGE_PAGE,
    MESSAGE_SCREEN,
    MESSAGE_EXPOSURE, /* Experiment Viewed and its relatives, normalised */
    MESSAGE_NOTE,     /* what people tie to an experiment (analysis/notes.h); no event */
    MESSAGE_TYPE_COUNT
};
extern const char *const message_type_texts[]; /* "track", ..., "exposure" */

/* What an exposure may be called (http-api.md, Events): who sent it can be told by that. */
#define EXPOSURE_SOURCE_MAP(X)                                                                     \
    X(VIEWED, "Experiment Viewed")         /* Segment, GrowthBook, and what the service writes */  \
    X(FLAG_CALLED, "$feature_flag_called") /* PostHog */                                           \
    X(FLAG_EVALUATED, "feature_flag.evaluation") /* OpenTelemetry */
enum exposure_source {
#define X(name, text) EXPOSURE_SOURCE_##name,
    EXPOSURE_SOURCE_MAP(X)
#undef X
        EXPOSURE_SOURCE_COUNT
};
extern const char *const exposure_source_texts[];
/* The source of an exposure of that event name; another name is VIEWED. */
enum exposure_source exposure_source_of(struct slice event);

/* One Segment message as kept.  Empty slices: not there. */
struct message {
    enum message_type type;
    struct slice user, anonymous,
        account;           /* ids: userId, anonymousId, context.groupId or groupId */
    struct slice previous; /* alias: previousId */
    struct slice event;    /* name; "Page Viewed", "Screen Viewed" for page, screen */
    struct slice message_id;
    int64_t occurred_ms;     /* corrected; the time that counts */
    int64_t original_ms;     /* timestamp as sent, TIME_NONE: none */
    int64_t sent_ms;         /* sentAt as sent, TIME_NONE: none */
    struct slice experiment; /* EXPOSURE: experiment_id */
    struct slice variation;  /* EXPOSURE: variation_id as text */
    struct slice properties; /* canonical JSON object, without what stands above */
    struct slice traits;     /* canonical JSON object: traits, or context.traits */
    struct slice context;    /* canonical JSON object: page.path, locale, campaign */
    struct hash128 content; /* of all but receipt, sentAt and the corrected time: the tie-breaker */
};

void message_write(struct buffer *body, const struct message *message);
/* Slices point into `body`.  INVALID where it is no message body. */
MUST_CHECK enum status message_read(struct slice body, struct message *message,
                                    struct error *error);

/* Catalogue bodies, file by file, sorted by path. */
void catalogue_body_begin(struct buffer *body, size_t count);
void catalogue_body_add(struct buffer *body, struct slice path, struct slice name,
                        struct slice text);
struct catalogue_files {
    struct reader reader;
    size_t left;
};
MUST_CHECK enum status catalogue_body_read(struct slice body, struct catalogue_files *files,
                                           struct error *error);
/* False at the end or on damage (files->reader.failed). */
bool catalogue_body_next(struct catalogue_files *files, struct slice *path, struct slice *name,
                         struct slice *text);

#endif
