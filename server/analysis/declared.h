#ifndef ANALYSIS_DECLARED_H
#define ANALYSIS_DECLARED_H

/*
 * What was declared up to a sequence: the history of catalogues and the definitions that follow
 * from it.  Counted and immutable once settled, so that readers and the fold share one.
 *
 *     struct declared *next = declared_copy(before);      its catalogues are shared, not compiled
 *     declared_add(next, sequence, time_ms, body, &error);
 *     declared_settle(next, &error);                      now `definitions` is there
 *
 * Which definitions there are, and their numbers, is a function of the history alone: by
 * experiment key, then phase, registered before current; from 1.
 */

#include "analysis/view.h"

struct declared {
    struct arena arena;
    struct declaration *items; /* each holds one reference of its catalogue */
    size_t count;
    size_t capacity;
    struct history history; /* the same */
    struct definition *definitions;
    size_t definition_count;
    int references; /* atomic */
};

/* NULL: nothing declared yet.  NULL is returned when memory has run out. */
struct declared *declared_copy(const struct declared *before);
/* `body` is that of a catalogue record.  INVALID where it can't be read. */
MUST_CHECK enum status declared_add(struct declared *declared, uint64_t sequence, int64_t time_ms,
                                    struct slice body, struct error *error);
/* Whether declared_add can read that body. */
bool declared_is_sound(struct slice body);
MUST_CHECK enum status declared_settle(struct declared *declared, struct error *error);
struct declared *declared_acquire(struct declared *declared);
void declared_release(struct declared *declared); /* NULL is fine */

/* Sequence of the last catalogue in it, 0: none. */
uint64_t declared_last(const struct declared *declared);

/* All catalogues of the table CATALOGUES up to `last`, compiled and settled. */
MUST_CHECK enum status declared_load(struct state_transaction *transaction, uint64_t last,
                                     struct declared **declared, struct error *error);

#endif
