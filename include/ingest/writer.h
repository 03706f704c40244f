#ifndef INGEST_WRITER_H
#define INGEST_WRITER_H

/*
 * The journal writer: one thread, group commit (architecture 1, style 4.9).  It takes everything
 * that is queued, commits it in one transaction, and hands the outcomes back; what queues up
 * meanwhile is the next commit, so there is no timer.  One lock, held to move lists only.
 *
 * A lane belongs to one thread that submits (an HTTP worker, the import command): `wake` is called
 * by the writer when outcomes wait, from the writer's thread; the lane's thread then calls
 * writer_collect, which runs the callbacks there.  Without a wake, writer_wait blocks instead.
 *
 * Exactly equal messages (same message id, same content) of the last million are left out: a saving
 * of space, not a promise; the fold removes duplicates.
 */

#include "store/journal.h"

struct writer;
struct lane;

/* How a submission ended: OK after the commit that holds all its records, of which `last_sequence`
 * is the last (where all were duplicates, that of the journal); FULL or NO_MEMORY: not written, may
 * be sent again; STORAGE: the journal has failed.  BUSY never comes here. */
typedef void writer_done_fn(void *waiter, enum status status, uint64_t last_sequence,
                            size_t duplicates);

struct writer_options {
    struct journal *journal;   /* borrowed; the writer alone appends until writer_close */
    const struct clock *clock; /* the time of receipt of records that bring TIME_NONE */
    size_t queue_bytes;        /* 0: JOURNAL_QUEUE_BYTES */
    /* After each commit, on the writer's thread: the fold is woken by this. */
    void (*committed)(void *context, uint64_t last_sequence, int64_t duration_us);
    /* Once, when the journal has failed for good: drain and exit 3. */
    void (*broken)(void *context, const struct error *error);
    void *context;
};

MUST_CHECK enum status writer_open(const struct writer_options *options, struct writer **writer,
                                   struct error *error);
/* Commits what is queued, runs no callback (collect before), joins the thread.  Lanes may be freed
 * before or after. */
void writer_close(struct writer *writer);
bool writer_is_working(const struct writer *writer); /* false: full or broken at the last commit */
/* The same, but a full disk counts for 5 s: whether there is room again only the next write tells,
 * and none comes to a server that says it is not ready. */
bool writer_may_work(const struct writer *writer);

struct lane *writer_lane(struct writer *writer, void (*wake)(void *context), void *context);
/* Nothing of it may be queued any more; outcomes not collected are dropped.  Waits for a wake that
 * is running, so not from within one. */
void lane_free(struct lane *lane);

struct submission_record {
    enum record_kind kind;
    uint16_t flags;
    int64_t received_ms;
    struct slice body;
    struct hash128 message_key; /* with `content`: equal pairs are duplicates; all zero: never */
    struct hash128 content;
};

/* Copies the records and queues them as one group; `done` is called once by writer_collect of this
 * lane.  BUSY, and no callback, when the queue is full or the writer closes.  A group larger than
 * the whole queue is taken while nothing else is queued. */
MUST_CHECK enum status writer_submit(struct lane *lane, const struct submission_record *records,
                                     size_t count, writer_done_fn *done, void *waiter,
                                     struct error *error);
/* Runs the callbacks of the outcomes that wait; returns how many. */
size_t writer_collect(struct lane *lane);
/* Blocks until an outcome waits, or nothing is queued for this lane any more. */
void writer_wait(struct lane *lane);

#endif
