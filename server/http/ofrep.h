#ifndef HTTP_OFREP_H
#define HTTP_OFREP_H

/*
 * The OpenFeature Remote Evaluation Protocol, 0.3: an evaluation context read, an evaluation and a
 * failure written (routes.md, "OFREP").  A flag is an experiment, its key the experiment's.
 *
 *     {"context": {"targetingKey": "u1", "user": ..., "account": ..., "anonymous": ..., traits}}
 *
 * A context has ids of all kinds; which one counts depends on the experiment.  What was seen of the
 * clients decides the rest: a failure of a single flag always names its key, or the client can't
 * read it; nothing is null, for null is a value of the wrong type to it; metadata is flat.
 */

#include "experiment/assign.h"

struct snapshot;

/* name, text */
#define OFREP_CODE_MAP(X)                                                                          \
    X(NONE, "")                                                                                    \
    X(PARSE_ERROR, "PARSE_ERROR")                                                                  \
    X(TARGETING_KEY_MISSING, "TARGETING_KEY_MISSING")                                              \
    X(INVALID_CONTEXT, "INVALID_CONTEXT")                                                          \
    X(FLAG_NOT_FOUND, "FLAG_NOT_FOUND")                                                            \
    X(GENERAL, "GENERAL")

enum ofrep_code {
#define X(name, text) OFREP_##name,
    OFREP_CODE_MAP(X)
#undef X
        OFREP_CODE_COUNT
};

/* What is wrong, and in words. */
struct ofrep_fault {
    enum ofrep_code code; /* NONE: nothing is */
    struct slice detail;  /* in the arena, or a literal */
};

struct ofrep_context {
    struct slice targeting_key;        /* empty: none */
    struct slice ids[UNIT_KIND_COUNT]; /* given by name, empty: not */
    struct value traits;               /* an object: all other members */
};

/* Reads a request's body; everything in *context lives in `arena` or in `body`.  PARSE_ERROR or
 * INVALID_CONTEXT.  Members of the body beside `context` are passed over. */
struct ofrep_fault ofrep_read(struct arena *arena, struct slice body,
                              struct ofrep_context *context);
/* The id for the kind of unit of an experiment: the one given by name, else, but for accounts, the
 * targetingKey.  TARGETING_KEY_MISSING, or INVALID_CONTEXT where it is no id. */
struct ofrep_fault ofrep_unit(struct arena *arena, const struct ofrep_context *context,
                              enum unit_kind kind, struct slice *id);

/* {"key", "value", "reason", "variant"?, "metadata"}.  `variant` is there where the unit's exposure
 * to the experiment is to be logged, so that a hook that knows nothing of us logs no one else.
 * metadata: experiment, phase, control, in_experiment, log_exposure, reason, definition, and
 * `holdout` with the group of a unit that is held out; where log_exposure is true with it, what is
 * to be logged is `holdout:GROUP` with the variation `held`. */
void ofrep_write(struct buffer *out, const struct assignment *assignment,
                 const struct snapshot *snapshot);
/* {"key"?, "errorCode", "errorDetails"}; no key where it is empty. */
void ofrep_write_failure(struct buffer *out, struct slice key, enum ofrep_code code,
                         struct slice detail);

#endif
