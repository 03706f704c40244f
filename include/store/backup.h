#ifndef STORE_BACKUP_H
#define STORE_BACKUP_H

/*
 * A copy of a store, taken while a server has it open, and brought back (cli.md: backup, restore).
 *
 * A backup is a folder:
 *
 *     journal/      as in a store, up to the last record committed when the backup began
 *     secret, keys  as in the store, mode 0600
 *     erasures      a line an erasure: sequence, time of receipt, flags, body in hexadecimal
 *     experiments/  the files of the last catalogue, to look at and to serve again
 *     base/, state/ where the store has a base, and where a state was asked for
 *     manifest      written last: what the backup is, and size and SHA-256 of every other file
 *
 * A folder without a manifest is no backup, whatever else stands in it; so one that was killed
 * half way is never restored.  The text of the manifest:
 *
 *     gangway backup 1
 *     journal FORMAT SEQUENCE RECEIVED_MS
 *     sha256:DIGEST SIZE NAME             a line a file
 *
 * The digest of a backup is that of its manifest.
 */

#include "base/hash.h"
#include "store/store.h"

struct journal;

struct backup {
    uint64_t sequence;   /* last one in it, 0: none */
    int64_t received_ms; /* its time of receipt, TIME_NONE: none */
    uint64_t files;      /* named by the manifest */
    uint64_t bytes;
    uint64_t erasures;
    bool has_state;
    struct digest digest;
};

struct backup_options {
    const struct store *store; /* open for reading is enough */
    struct journal *journal;
    const char *to;   /* made; or an empty folder */
    const char *keys; /* the file of keys; NULL: `keys` of the store, if it is there */
    bool with_state;  /* the state too: else `restore` builds it anew */
};
/* CONFLICT: `to` is not empty, or (with_state) the server goes on too fast for a state to be copied
 * between two of its steps.  After a failure nothing is left that the call has made. */
MUST_CHECK enum status backup_make(const struct backup_options *options, struct backup *backup,
                                   struct error *error);

/* Reads every file against the manifest, and the journal against its checksums, seals and chain.
 * NOT_FOUND: no backup is here; INVALID: of a newer format; STORAGE: something does not fit, and
 * the error names it.  `observer` may be NULL. */
MUST_CHECK enum status backup_check(const char *from, const struct observer *observer,
                                    struct backup *backup, struct error *error);

/* Makes a store at `to`, which is missing or an empty folder (CONFLICT), of a backup that
 * backup_check found good: each file is checked again as it is copied.  While it works the store
 * says so (store_open refuses it), and a second call begins afresh where one was cut off.  The
 * state, where the backup has none, is for the caller to build. */
MUST_CHECK enum status backup_restore(const char *from, const char *to,
                                      const struct observer *observer, struct backup *backup,
                                      struct error *error);

#endif
