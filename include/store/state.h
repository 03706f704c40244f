#ifndef STORE_STATE_H
#define STORE_STATE_H

/*
 * Derived state: one LMDB environment with the tables below, disposable at any time (architecture
 * 1, 2, 3).  Every value carries a checksum of its key and value; one that does not fit is STORAGE
 * when read, never served.  What the values mean is the business of server/analysis.
 *
 * Under STORE/state/ stand environments by number; the link `current` names the one in use.
 * state_create makes the next number; state_publish swaps it in by rename and removes the others
 * (a process that still has the old one open keeps it until it closes).
 *
 * Caveats: one write transaction at a time; a slice read dies with its transaction, or with the
 * next write in it; no read transaction may outlive a second.
 */

#include "base/buffer.h"
#include "store/store.h"

/* name, what stands in it */
#define STATE_TABLE_MAP(X)                                                                         \
    X(META, "meta")               /* watermark, counters, versions */                              \
    X(CATALOGUES, "catalogues")   /* sequence -> time of receipt, catalogue body */                \
    X(DEFINITIONS, "definitions") /* number -> digest, catalogue sequence, experiment, role */     \
    X(DICTIONARY, "dictionary")   /* keyed hash of (kind, id) -> unit number */                    \
    X(UNITS, "units")             /* unit number, part -> unit record */                           \
    X(LINKS, "links")             /* identity and membership (architecture 9) */                   \
    X(CUBE, "cube")               /* cell key -> integers */                                       \
    X(NAMES, "names")             /* event and trait names seen -> count, first and last time */   \
    X(NOTES, "notes")             /* hash of the message id -> note (analysis/notes.h) */

enum state_table {
#define X(name, text) STATE_##name,
    STATE_TABLE_MAP(X)
#undef X
        STATE_TABLE_COUNT
};
const char *state_table_text(enum state_table table);

struct state;
struct state_transaction;

struct state_options {
    size_t map_size; /* 0: 1 TiB, less where refused */
    bool unsynced;   /* build fast, for a new state before it is published: state_sync then */
};

/* The current one; NOT_FOUND when there is none. */
MUST_CHECK enum status state_open(const struct store *store, const struct state_options *options,
                                  struct state **state, struct error *error);
/* A new, empty one beside the current. */
MUST_CHECK enum status state_create(const struct store *store, const struct state_options *options,
                                    struct state **state, struct error *error);
MUST_CHECK enum status state_sync(struct state *state, struct error *error);
MUST_CHECK enum status state_publish(struct state *state, struct error *error);
/* Closes; one that was created and not published is removed. */
void state_close(struct state *state);
uint64_t state_bytes(struct state *state);
/* Frees readers of dead processes; to be called every 10 s. */
void state_reader_check(struct state *state);

/* Removes the environments that a dead writer left: all but the one in use.  store_open calls it
 * under the lock, when nobody can be building one. */
void state_remove_stale(const struct store *store);

MUST_CHECK enum status state_begin(struct state *state, bool writing,
                                   struct state_transaction **transaction, struct error *error);
MUST_CHECK enum status state_commit(struct state_transaction *transaction, struct error *error);
void state_abort(struct state_transaction *transaction); /* also ends a reading one; NULL is fine */

/* NOT_FOUND (without filling `error`) when missing. */
MUST_CHECK enum status state_get(struct state_transaction *transaction, enum state_table table,
                                 struct slice key, struct slice *value, struct error *error);
MUST_CHECK enum status state_put(struct state_transaction *transaction, enum state_table table,
                                 struct slice key, struct slice value, struct error *error);
/* Missing is fine. */
MUST_CHECK enum status state_delete(struct state_transaction *transaction, enum state_table table,
                                    struct slice key, struct error *error);
/* Every entry with key >= from (empty: all) that starts with `prefix`, in key order, until `visit`
 * says no. */
struct state_scan {
    enum state_table table;
    struct slice from;
    struct slice prefix;
    bool (*visit)(void *context, struct slice key, struct slice value);
    void *context;
};
MUST_CHECK enum status state_scan(struct state_transaction *transaction,
                                  const struct state_scan *scan, struct error *error);

/* Copies every row of `from` to the empty state `to`, in key order, in slices whose transactions
 * are short.  CONFLICT: `from` was written meanwhile (its table META has changed); `to` is then of
 * no use.  `observer` may be NULL. */
MUST_CHECK enum status state_copy(struct state *from, struct state *to,
                                  const struct observer *observer, struct error *error);
/* The same for the tables of these bits: 1u << STATE_UNITS and so on. */
MUST_CHECK enum status state_copy_tables(struct state *from, struct state *to, unsigned tables,
                                         struct error *error);

/* The current state copied, and the copy published; NOT_FOUND: there is none.  The store is open
 * for writing, and nobody has the state open.  Bytes before and after. */
MUST_CHECK enum status state_compact(const struct store *store, uint64_t *before, uint64_t *after,
                                     struct error *error);

#endif
