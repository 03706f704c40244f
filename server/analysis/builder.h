#ifndef ANALYSIS_BUILDER_H
#define ANALYSIS_BUILDER_H

/*
 * One state being brought forward along the journal: the step that is the heart of the fold
 * (architecture 2).  A batch of records is read and turned into touches; each unit touched is
 * loaded once, what it contributed is subtracted, its record changed, what it contributes now is
 * added; units, cells, names and progress are committed together.
 *
 * A catalogue met on the way is added to the state when its scheme is the same, or when no message
 * was folded yet.  Else the builder goes on by what it has and is outdated from there on: the
 * catalogue is kept in the state, but not used.
 */

#include "cell_map.h"
#include "touches.h"
#include "view_state.h"

#include "store/journal.h"

struct catalogue_record {
    uint64_t sequence;
    int64_t time_ms;
    struct slice body;
};
struct catalogue_records {
    struct arena arena; /* owns the bodies */
    struct catalogue_record *items;
    size_t count, capacity;
};
/* Those of the journal up to `last`, and those that a state has met. */
MUST_CHECK enum status catalogues_of_journal(struct journal *journal, uint64_t last,
                                             struct catalogue_records *records,
                                             struct error *error);
MUST_CHECK enum status catalogues_of_state(struct state *state, struct catalogue_records *records,
                                           struct error *error);
void catalogue_records_done(struct catalogue_records *records);

struct builder_options {
    struct slice secret;     /* of the store, borrowed */
    struct journal *journal; /* borrowed */
    size_t batch;            /* records a step, 0: FOLD_BATCH */
};
#define FOLD_BATCH 60000

struct builder;

/* Prepares an empty state: it goes by these catalogues (none is fine) from the beginning; of the
 * journal, the erasures up to `purged` are scrubbed. */
MUST_CHECK enum status builder_prepare(struct state *state,
                                       const struct catalogue_records *catalogues, uint64_t purged,
                                       struct error *error);
/* Goes on where the state of `view` stands; takes over the reference, also on failure.  INVALID or
 * NOT_FOUND: not a state of this version. */
MUST_CHECK enum status builder_open(const struct builder_options *options, struct view *view,
                                    struct builder **builder, struct error *error);
void builder_free(struct builder *builder); /* NULL is fine */

/* One batch, of records up to `last` (0: all there are).  *more: there was something to do.  After
 * a failure nothing of the batch is in the state, and the next step tries again. */
MUST_CHECK enum status builder_step(struct builder *builder, uint64_t last, bool *more,
                                    struct error *error);

/* fold.c: a builder on a new state of the store, with nothing folded yet; by these catalogues, or
 * by all of the journal. */
struct fold_options;
MUST_CHECK enum status builder_start(const struct fold_options *options,
                                     const struct catalogue_records *catalogues, uint64_t purged,
                                     bool unsynced, struct builder **builder, struct error *error);
MUST_CHECK enum status builder_start_over(const struct fold_options *options, bool unsynced,
                                          struct builder **builder, struct error *error);
/* The last erasure by which a record of the journal of this store was changed. */
uint64_t journal_purged(const struct fold_options *options);
/* rebuild.c: all steps up to `last`, which is not 0. */
MUST_CHECK enum status builder_run(struct builder *builder, uint64_t last,
                                   void (*progress)(void *context, uint64_t done, uint64_t total),
                                   void *context, struct error *error);

const struct progress *builder_progress(const struct builder *builder);
const struct scheme *builder_scheme(const struct builder *builder); /* NULL after a failure */
struct view *builder_view(const struct builder *builder);           /* borrowed */

#endif
