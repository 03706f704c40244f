#ifndef STORE_JOURNAL_KEPT_H
#define STORE_JOURNAL_KEPT_H

/*
 * What is kept of journal files that retention has dropped: STORE/journal/kept.mdb, an LMDB file as
 * those of journal_file.h, with the records of catalogues and erasures under their sequences, and
 * two marks: `seal` is that of the last file dropped, so that the chain of the files that are left
 * goes on from it; `progress` says through which sequence files were dropped (last), how many
 * records are kept (count), and their own chain, which begins with 32 zero bytes (digest).
 *
 * The file is written whole, aside, and renamed; then the dropped files are removed.  So files that
 * end at or before `through` don't count, and journal_open removes what a crash left of them.
 */

#include "journal_file.h"

#define JOURNAL_KEPT_NAME "kept.mdb"

struct journal_kept {
    struct engine *engine; /* NULL: nothing was dropped */
    uint64_t through;      /* the last sequence dropped, 0: none */
    uint64_t count;
    struct digest digest;
    struct journal_mark seal;
};
/* OK, and all zero, where there is none. */
MUST_CHECK enum status journal_kept_open(const char *folder, struct journal_kept *kept,
                                         struct error *error);
void journal_kept_close(struct journal_kept *kept);
MUST_CHECK enum status journal_kept_through(const char *folder, uint64_t *through,
                                            struct error *error);
/* Finishes or undoes what a crash interrupted. */
MUST_CHECK enum status journal_kept_tidy(const char *folder, struct error *error);

/* journal_files_list without the files that were dropped. */
MUST_CHECK enum status journal_files_live(const char *folder, struct journal_files *files,
                                          struct error *error);

#endif
