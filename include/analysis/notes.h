#ifndef ANALYSIS_NOTES_H
#define ANALYSIS_NOTES_H

/*
 * Notes that people tie to an experiment (routes.md): shown beside the numbers, never in them.
 *
 * A note is a message of type `note` in the journal, so it is exported, imported, erased with the
 * unit it is of, and folded like any other.  The table NOTES has a row a note, by the hash of its
 * message id, without that unit; what was deleted leaves a mark, so that the order in which a note
 * and its deletion come does not matter:
 *     key     16 bytes: hash_content of the message id
 *     value   u8 1: u64 sequence | i64 time, ms | 16 bytes of content | varint size, message id |
 *             the properties: {"experiment_id", "source", "text", "variant", "segment", "step"}
 *             u8 2: deleted
 * A deletion is a note with the one property `deletes`, the message id of the other.  Of two bodies
 * under one id the first in record order counts.
 */

#include "analysis/view.h"

struct note {
    uint64_t sequence; /* of its record; depends on how it was delivered */
    int64_t time_ms;
    struct hash128 content;
    struct slice message_id;
    struct slice experiment, source, text;
    struct slice variant, segment, step; /* empty: not of one */
};

/* Notes of that experiment (empty: of all), by time and content, in the arena. */
MUST_CHECK enum status view_notes(struct view_transaction *transaction, struct arena *arena,
                                  struct slice experiment, struct note **notes, size_t *count,
                                  struct error *error);

#endif
