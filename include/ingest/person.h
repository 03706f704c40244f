#ifndef INGEST_PERSON_H
#define INGEST_PERSON_H

/*
 * All that is stored of one person, for the person (GDPR article 15) and for "show me this user":
 * read from the journal, which has no index by id, so it takes as long as reading it does (about a
 * second for a million messages) and no more memory than the answer.
 */

#include "store/erasure.h"

struct person_question {
    struct slice secret; /* of the store */
    enum unit_kind kind;
    struct slice id;
    uint64_t from;   /* the first sequence looked at: 1, or `next` of the answer before */
    size_t size_max; /* of the messages in one answer, about */
};

/* Writes
 *
 *     {"kind", "unit", "joined": [{"kind", "unit"}], "exposures": [], "traits": [], "outcomes": [],
 *      "next": sequence or null}
 *
 * where the lists hold messages as `export` writes them, those of the visitors tied to a user too.
 * Traits are `identify`, `group` and `alias`; `joined` are the visitors of a user, and the other
 * ids that stand beside it in these messages.  *found: there was a message, now or (from > 1)
 * before. */
MUST_CHECK enum status person_write(struct journal *journal, const struct person_question *question,
                                    struct buffer *out, bool *found, struct error *error);

#endif
