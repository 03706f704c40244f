#ifndef INGEST_TIES_H
#define INGEST_TIES_H

/* Visitors tied to users, found by reading the journal; for erase.c and person.c. */

#include "base/arena.h"
#include "ingest/erase.h"

struct tie {
    size_t person;        /* index of the row asked for */
    struct slice visitor; /* its id, in the arena */
    size_t users;         /* different ones it was linked to, at most ERASE_SHARED_USERS + 1 */
    uint64_t hashes[ERASE_SHARED_USERS + 1];
};

struct ties {
    struct arena arena;
    struct tie *items; /* sorted by visitor */
    size_t count, capacity;
};

/* Of the rows that name users (others have no visitors); a link counts where its record is older
 * than the row's request, or the row is suppressed.  Shared devices are left out. */
MUST_CHECK enum status ties_find(struct journal *journal, struct slice secret,
                                 const struct erasure_row *rows, size_t count, struct ties *ties,
                                 struct error *error);
void ties_done(struct ties *ties);

#endif
