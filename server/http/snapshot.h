#ifndef HTTP_SNAPSHOT_H
#define HTTP_SNAPSHOT_H

/*
 * What answers stand on: a catalogue, and of each experiment the digest of its definition as text.
 * Immutable and counted.  Every worker holds a reference of its own, exchanged on its own thread,
 * so that a request costs no atomic operation and a reload makes nobody wait.
 */

#include "experiment/catalogue.h"

struct snapshot {
    _Atomic int references;
    struct catalogue *catalogue;           /* one reference */
    char (*definitions)[DIGEST_TEXT_SIZE]; /* by index in catalogue->experiments */
    char digest[DIGEST_TEXT_SIZE];         /* of the catalogue */
    uint64_t sequence;                     /* of the catalogue's record in the journal; 0: none */
    int64_t received_ms;                   /* of that record */
};

/* Takes a reference of its own. */
MUST_CHECK enum status snapshot_new(struct catalogue *catalogue, struct snapshot **snapshot,
                                    struct error *error);
struct snapshot *snapshot_acquire(struct snapshot *snapshot);
void snapshot_release(struct snapshot *snapshot); /* NULL is fine */
/* The definition's digest of an experiment of this snapshot. */
struct slice snapshot_definition(const struct snapshot *snapshot,
                                 const struct experiment *experiment);

#endif
