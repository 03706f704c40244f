#ifndef STORE_JOURNAL_INTERNAL_H
#define STORE_JOURNAL_INTERNAL_H

/*
 * What appending (journal.c) and reading (journal_scan.c) share: the journal, and the last file,
 * which is open once for the process and counted, because a scan may still read it when the writer
 * has sealed it and gone on to the next.  Sealed files are opened by each scan for itself.
 */

#include "journal_file.h"

#include "base/buffer.h"
#include "store/journal.h"

#include <pthread.h>
#include <stdatomic.h>

struct open_file {
    struct engine *engine;
    uint64_t first;
    bool sealed;    /* nobody appends: opened without a lock, of one scan alone */
    int references; /* guarded by the journal's lock, where not sealed */
};

struct journal {
    char folder[3200];
    bool writing;
    const struct observer *observer; /* the store's */
    size_t map_size;
    int64_t file_bytes;
    int64_t file_days;
    pthread_mutex_t lock;      /* guards `current` and its references; held for no disk but opens */
    struct open_file *current; /* the last file; NULL: none yet (a reader of an empty store) */

    /* Of the one thread that appends. */
    struct journal_mark progress; /* as committed */
    bool sealed;                  /* `current` is, and the next file is still to be made */
    bool broken;                  /* STORAGE was returned */
    struct buffer scratch;

    /* Copies of the last known progress, for any thread. */
    atomic_uint_least64_t last_sequence;
    atomic_int_least64_t last_received_ms;
    atomic_uint_least64_t last_catalogue;
    atomic_uint_least64_t last_erasure;
};

/* Reading: looks what other processes have committed, and whether they went on to a new file.  The
 * writing process knows without looking. */
MUST_CHECK enum status journal_refresh(struct journal *journal, struct error *error);
void journal_remember(struct journal *journal, const struct journal_mark *progress);

/* The file that begins with `first`, the shared one or opened for the caller. */
MUST_CHECK enum status journal_file_acquire(struct journal *journal, uint64_t first,
                                            struct open_file **file, struct error *error);
void journal_file_release(struct journal *journal, struct open_file *file); /* NULL is fine */
/* Opens the file and makes it the current one. */
MUST_CHECK enum status journal_file_switch(struct journal *journal, uint64_t first,
                                           struct error *error);

#endif
