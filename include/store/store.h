#ifndef STORE_STORE_H
#define STORE_STORE_H

/*
 * A store is a folder:
 *
 *     lock      flock'd by the one writing command (architecture 15)
 *     secret    32 random bytes as hexadecimal, mode 0600: keys the hashes of ids; in a store whose
 *               ids are pseudonyms, a second line that says `pseudonymous`
 *     journal/  a row of LMDB files, named by their first sequence
 *     state/    N/ a state environment each; `current` is a symbolic link to the one in use
 *     base/     the same, of the state at the end of the journal files that retention dropped
 *
 * A writer holds the lock from store_open to store_close; readers take none.
 */

#include "base/slice.h"
#include "base/status.h"

struct observer;

enum store_mode {
    STORE_READ,   /* must exist, else STORAGE; no lock */
    STORE_WRITE,  /* must exist; the lock, CONFLICT with who holds it when taken */
    STORE_CREATE, /* as WRITE; made with mode 0700 when missing */
};

struct store {
    char path[3072];
    enum store_mode mode;
    int lock_fd; /* -1 when reading */
    unsigned char secret[32];
    bool is_pseudonymous; /* ids in it are keyed hashes: fixed before the first record */
    size_t map_size; /* address space of a state, 0: the default; may be set after store_open */
    /* Told how far long work on it is; NULL: nobody is.  May be set after store_open, before what
     * is opened in it. */
    const struct observer *observer;
};

MUST_CHECK enum status store_open(struct store *store, const char *path, enum store_mode mode,
                                  struct error *error);
void store_close(struct store *store);
/* Of an empty store, open for writing.  INVALID where records are there under ids as they came; OK
 * where it is one already. */
MUST_CHECK enum status store_make_pseudonymous(struct store *store, struct error *error);
static inline struct slice store_secret(const struct store *store)
{
    return (struct slice){.data = (const char *)store->secret, .size = sizeof store->secret};
}
/* The folder of the base as if it were a store, for its state alone: no lock, no journal.  INVALID:
 * the path is too long. */
MUST_CHECK enum status store_base(const struct store *store, struct store *base,
                                  struct error *error);
/* Bytes free on the file system of the store. */
uint64_t store_free_bytes(const struct store *store);

#endif
