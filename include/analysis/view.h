#ifndef ANALYSIS_VIEW_H
#define ANALYSIS_VIEW_H

/*
 * A readable state with the declarations that it was built by: what reports and exports stand on.
 * Counted; any thread may read one.  A server gets it from the fold (fold_view), the command line
 * opens it from the store, also while a server has the store open.
 *
 *     view -> view_begin -> cube_read, view_names, ... -> view_end      within a second
 *
 * The history is every catalogue taken into service, in order, compiled: who was declared what, and
 * when (architecture 3, inference.md "The registered plan").
 */

#include "experiment/definition.h"
#include "store/state.h"

struct declaration {
    uint64_t sequence; /* of its journal record */
    int64_t time_ms;   /* in force for exposures later than this, until the next one */
    struct catalogue *catalogue;
};
struct history {
    const struct declaration *items; /* by sequence */
    size_t count;
};

/* An experiment as declared at that moment (before the first: the first that has it), or NULL. */
const struct experiment *history_at(const struct history *history, struct slice key,
                                    int64_t time_ms);
/* The nearest key of any that was ever declared, or an empty slice. */
struct slice history_nearest(const struct history *history, struct slice key);
/* As declared last; of an experiment whose file has left service, its last one. */
const struct experiment *history_last(const struct history *history, struct slice key,
                                      const struct declaration **declaration);

/* The registered declaration of a phase: its first running one still in force at its own start
 * (without one: the first running; none running: the last).  NULL: the phase was never declared. */
const struct experiment *history_registered(const struct history *history, struct slice key,
                                            uint16_t phase, const struct declaration **declaration);
/* Declarations of the phase whose plan differs from the one before, from the registered one on (it
 * is the first). */
struct amendment {
    const struct declaration *declaration;
    const struct experiment *experiment;
    struct digest plan;
};
size_t history_amendments(const struct history *history, struct slice key, uint16_t phase,
                          struct amendment *amendments, size_t room);

enum definition_role { DEFINITION_REGISTERED, DEFINITION_CURRENT, DEFINITION_EARLIER };

/* What the state folds: per experiment the registered and the current definition of its phase, and
 * the last of each earlier phase; equal digests once. */
struct definition {
    uint32_t number; /* in the cube's keys */
    struct digest digest;
    enum definition_role role;           /* REGISTERED also stands for CURRENT where they are one */
    const struct experiment *experiment; /* points into the history */
    const struct catalogue *catalogue;
};

struct view;
struct view_transaction;

MUST_CHECK enum status view_open(const struct store *store, struct view **view,
                                 struct error *error);
struct view *view_acquire(struct view *view);
void view_release(struct view *view); /* NULL is fine */

/* A consistent moment of the state.  Its history and definitions live as long as the transaction.
 */
MUST_CHECK enum status view_begin(struct view *view, struct view_transaction **transaction,
                                  struct error *error);
void view_end(struct view_transaction *transaction); /* NULL is fine */
/* For readings that may take longer than a second: the state is let go, so that it may be written
 * without growing, while history and definitions stay.  view_resume goes on at the same moment;
 * CONFLICT: the state has moved on, so what was read before doesn't go with what is there now. */
void view_pause(struct view_transaction *transaction);
MUST_CHECK enum status view_resume(struct view_transaction *transaction, struct error *error);
const struct history *view_history(const struct view_transaction *transaction);
uint64_t view_watermark(const struct view_transaction *transaction);
/* Time of receipt of the record at the watermark; TIME_NONE when nothing was folded. */
int64_t view_received_ms(const struct view_transaction *transaction);
/* All that the state folds, by experiment, phase, and registered before current. */
const struct definition *view_definitions(const struct view_transaction *transaction,
                                          size_t *count);
/* NULL: none.  Phase 0: the current one.  CURRENT gives REGISTERED where they are one, and an
 * earlier phase has EARLIER alone, whatever was asked. */
const struct definition *view_definition(const struct view_transaction *transaction,
                                         struct slice experiment, uint16_t phase,
                                         enum definition_role role);
struct state_transaction *view_state(struct view_transaction *transaction);

/* Time of receipt up to which records were dropped before the definition was declared, so that what
 * only these told may be missing (--retention); TIME_NONE: it lacks nothing. */
MUST_CHECK enum status view_lacks_before(struct view_transaction *transaction,
                                         const struct definition *definition, int64_t *time_ms,
                                         struct error *error);

/* What delivery decided and nothing else: counted over all records folded. */
struct delivery {
    uint64_t messages, duplicates, late, damaged;
};
struct delivery view_delivery(const struct view_transaction *transaction);

/* Whether some record that was folded named an id of that keyed hash. */
MUST_CHECK enum status view_knows(struct view *view, const struct hash128 *hash, bool *known,
                                  struct error *error);

/* Names of events and traits seen (`GET /v1/events`), sorted; is_trait tells which. */
struct seen_name {
    struct slice name;
    bool is_trait;
    uint64_t count;
    int64_t first_ms, last_ms; /* time occurred */
};
MUST_CHECK enum status view_names(struct view_transaction *transaction, struct arena *arena,
                                  struct seen_name **names, size_t *count, struct error *error);

#endif
