#ifndef INGEST_ERASE_H
#define INGEST_ERASE_H

/*
 * Erasing people (architecture 16): from a request to a journal that holds nothing of them.
 *
 *     eraser_request     a record with the person's key; the answer to who asked
 *     eraser_run         finds the visitors tied to the persons, by reading the journal; names them
 *                        in a record; rewrites the files that hold any of them
 *
 * A visitor is tied to a user by an `alias`, or an `identify` with both ids.  A shared device (more
 * than ERASE_SHARED_USERS users) is tied to nobody.  A visitor that was another user's too goes
 * with the person, but only from messages without a user of their own; it is not suppressed.
 *
 * A run covers all requests that wait, and reads the whole journal twice at most where nobody has
 * visitors, else three times.  Killed at any moment it is done over by the next one.  One thread
 * runs; any may request.
 */

#include "store/erasure.h"

#define ERASE_SHARED_USERS 20

struct eraser;

struct eraser_options {
    const struct store *store; /* borrowed, as all here */
    struct journal *journal;
    /* Appends a record and returns when it is committed. */
    enum status (*append)(void *context, uint16_t flags, struct slice body, uint64_t *sequence,
                          struct error *error);
    void *context;
    /* Whether the state knows an id of that keyed hash, asked of one that the rest of a journal,
     * whose beginning retention dropped, does not name.  NULL: nobody is known so. */
    enum status (*knows)(void *knows_context, const struct hash128 *hash, bool *known,
                         struct error *error);
    void *knows_context;
};

MUST_CHECK enum status eraser_open(const struct eraser_options *options, struct eraser **eraser,
                                   struct error *error);
void eraser_close(struct eraser *eraser);                /* NULL is fine */
struct erasures *eraser_erasures(struct eraser *eraser); /* borrowed */

/* Asks for the erasure of all records of that id up to now; with `suppress` of later ones too.
 * NOT_FOUND (without filling `error`): the journal has nothing of that id and never had.  An id
 * that is erased, with nothing new since, gives its last request again.  Reads the journal where
 * the id is not found earlier, so it may take its time. */
MUST_CHECK enum status eraser_request(struct eraser *eraser, enum unit_kind kind, struct slice id,
                                      bool suppress, uint64_t *sequence, struct error *error);

/* Takes over what the erasures of a newer journal of this store say and its own do not: requests of
 * its own, for the next run.  *count: so many persons. */
MUST_CHECK enum status eraser_adopt(struct eraser *eraser, struct erasures *newer, uint64_t *count,
                                    struct error *error);

/* Whether requests wait, or a run that was cut off has to be done over. */
bool eraser_is_pending(struct eraser *eraser);

struct erase_outcome {
    uint64_t through; /* all requests up to here are done; 0: there was nothing to do */
    uint64_t changed; /* the last request by which a record was changed, or may have been of those
                         that retention dropped (erasure_progress) */
    uint64_t records; /* scrubbed by this run */
    uint64_t files;   /* rewritten by it */
    bool stopped;     /* before the end, since `stops` said so */
};
MUST_CHECK enum status eraser_run(struct eraser *eraser, bool (*stops)(void *context),
                                  void *context, struct erase_outcome *outcome,
                                  struct error *error);
/* How far the journal is scrubbed. */
struct erasure_progress eraser_progress(struct eraser *eraser);

/* For the command line: appends to the journal itself. */
enum status eraser_append_direct(void *journal, uint16_t flags, struct slice body,
                                 uint64_t *sequence, struct error *error);

#endif
