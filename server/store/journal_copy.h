#ifndef STORE_JOURNAL_COPY_H
#define STORE_JOURNAL_COPY_H

/* Copies of the journal's files, for backups and for compacting. */

#include "journal_file.h"

#include "store/journal.h"

/* How far the copying of several files is, told to an observer by who copies. */
struct copied {
    const struct observer *observer; /* NULL: nobody */
    uint64_t done, total;            /* bytes */
};

struct journal_copy {
    uint64_t last;       /* sequence of the last record copied, 0: none */
    int64_t received_ms; /* its time of receipt, TIME_NONE: none */
    uint64_t files;
};
/* Copies the journal up to its last record into `folder`, which is there and empty: the files of a
 * journal that ends there.  A writer may go on meanwhile.  What was written is left on failure. */
MUST_CHECK enum status journal_copy(struct journal *journal, const char *folder,
                                    struct journal_copy *copy, struct error *error);

/* Makes a file of the same start in `folder`, with the records up to `last`, and without a seal;
 * *progress is the copy's.  *copied goes on by the bytes of the records. */
MUST_CHECK enum status journal_file_copy(struct engine *from, uint64_t last, const char *folder,
                                         struct copied *copied, struct journal_mark *progress,
                                         struct error *error);

/* The lock that an open file has beside it, of a file that nobody has open any more. */
void journal_lock_remove(const char *folder, uint64_t first);

/* A file's bytes, synced, mode 0600; `to` must not be there (CONFLICT), and isn't after a failure.
 */
MUST_CHECK enum status file_copy(const char *from, const char *to, struct copied *copied,
                                 struct error *error);

#endif
