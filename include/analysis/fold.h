#ifndef ANALYSIS_FOLD_H
#define ANALYSIS_FOLD_H

/*
 * The fold: journal records to units and cube, exactly once (architecture 2, 3, 10, 11).
 *
 * It takes a batch of records, finds the units touched, subtracts what each contributed, applies
 * the records, adds what each contributes now, and commits units, cube and watermark together.  A
 * record that can't be read is counted and passed over.
 *
 * When it meets a catalogue with a definition that the state was not built for, a second state is
 * built from the journal's beginning, a batch at a time, while the first goes on; when it has
 * caught up it is published.  fold_advance does one batch of both.
 *
 * One thread calls fold_advance; fold_view and fold_progress may be called by any thread.
 */

#include "analysis/view.h"
#include "store/journal.h"

/* Raised with every change of what a unit contributes; a golden test guards it. */
#define CONTRIBUTION_VERSION 5

/* Records a step for who builds a state and serves nobody: the more of them, the more often units
 * of one page come together, and the fewer pages are read and written again.  Costs memory, for
 * pages under change are the process's own until the commit. */
#define FOLD_BATCH_WHOLE 200000

struct fold;

struct fold_options {
    const struct store *store;  /* open for writing; borrowed */
    struct journal *journal;    /* borrowed */
    size_t batch;               /* records a step, 0: 60 000, for who also serves */
    const struct store *origin; /* whose base it is; NULL: of `store` */
};

/* Opens the current state, or makes an empty one; a state of another version or a damaged one is
 * built anew. */
MUST_CHECK enum status fold_open(const struct fold_options *options, struct fold **fold,
                                 struct error *error);
void fold_close(struct fold *fold);
/* The journal was scrubbed by the erasures up to this one: a state begun before is built anew.  Any
 * thread. */
void fold_purge(struct fold *fold, uint64_t erasure);
/* One step.  *more: there was more to do when it began to look. */
MUST_CHECK enum status fold_advance(struct fold *fold, bool *more, struct error *error);

struct fold_progress {
    uint64_t watermark;  /* last sequence in the published state */
    uint64_t published;  /* how many states were: with the watermark it names what a report reads */
    int64_t received_ms; /* its time of receipt, TIME_NONE: none */
    uint64_t damaged;    /* records passed over */
    uint64_t purged;     /* no erasure up to here has left anything in the published state */
    bool building;       /* a second state is on its way */
    uint64_t build_watermark;
};
void fold_progress(struct fold *fold, struct fold_progress *progress);
struct view *fold_view(struct fold *fold); /* one reference, the caller's */

/*
 * One step of retention (architecture 1), by the thread of fold_advance: once sealed files of the
 * journal end before `before_ms`, the state at their end is built in STORE/base, a batch a step,
 * and published with a digest of its rows; then the files are dropped.  States are built from the
 * base from then on.  While a second state is on its way nothing is dropped.  *more: there is more
 * to do at once; *through: what was dropped by this step, 0: nothing.
 */
MUST_CHECK enum status fold_retain(struct fold *fold, int64_t before_ms, bool *more,
                                   uint64_t *through, struct error *error);

/* What `verify` can still tell of what was dropped: the rows of the base against their digest. */
struct fold_base_check {
    uint64_t dropped;  /* the last sequence dropped, 0: none; then the rest is 0 too */
    uint64_t sequence; /* the one up to which the base was folded */
    bool sound;        /* its rows give the digest, and it reaches as far as was dropped */
};
MUST_CHECK enum status fold_base_verify(const struct fold_options *options,
                                        struct fold_base_check *check, struct error *error);

/* Builds a state from the journal's beginning and publishes it.  `progress` may be NULL. */
struct fold_rebuild_options {
    void (*progress)(void *context, uint64_t done, uint64_t total);
    void *context;
};
MUST_CHECK enum status fold_rebuild(const struct fold_options *options,
                                    const struct fold_rebuild_options *rebuild,
                                    struct error *error);

/* Builds a state in a folder of its own up to the watermark of the current one and compares every
 * row of every table.  `difference` is called for each, at most 100 times.  A server may go on
 * folding: the rows are compared in slices, each at a watermark that both states have; CONFLICT
 * when it goes faster than this can follow. */
struct fold_verify_options {
    void (*difference)(void *context, enum state_table table, struct slice key);
    void (*progress)(void *context, uint64_t done, uint64_t total);
    void *context;
};
MUST_CHECK enum status fold_verify(const struct fold_options *options,
                                   const struct fold_verify_options *verify, uint64_t *differences,
                                   struct error *error);

#endif
