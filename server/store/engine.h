#ifndef STORE_ENGINE_H
#define STORE_ENGINE_H

/*
 * The key-value engine under journal and state: ordered tables of bytes, one writer at a time,
 * readers that see one commit and block nobody.  LMDB stands behind it, in store_lmdb.c alone.
 *
 * Caveats, all of them LMDB's: a slice read dies with its transaction, or with the next write in
 * it; a reader that stays keeps every page freed since, and the file grows; one process opens one
 * file once (but for ENGINE_SEALED); no environment survives a fork; keys are 1 to 511 bytes; a
 * damaged page may end the process.
 *
 * Statuses: FULL where the map or the disk has no room left (the transaction is gone, the
 * environment works on), NO_MEMORY, BUSY where 1 024 readers read already, NOT_FOUND where noted,
 * and STORAGE for all else.
 */

#include "base/slice.h"
#include "base/status.h"

enum engine_flag {
    ENGINE_CREATE = 1,    /* make what is missing: file and tables */
    ENGINE_READ_ONLY = 2, /* another process may write */
    ENGINE_SEALED = 4,    /* nobody writes any more: no lock, may be open many times */
    ENGINE_ONE_FILE = 8,  /* `path` is the file itself (its lock: `path`-lock), not a folder */
    ENGINE_UNSYNCED = 16, /* commits are not synced until engine_sync */
};

struct engine_options {
    const char *const *tables; /* names, table_count of them; a table is known by its index */
    size_t table_count;
    unsigned flags;  /* of enum engine_flag */
    size_t map_size; /* address space wanted; halved while refused; 16 GiB at most in valgrind */
};

struct engine;
struct engine_transaction;

/* NOT_FOUND when the file or a table is not there. */
MUST_CHECK enum status engine_open(const char *path, const struct engine_options *options,
                                   struct engine **engine, struct error *error);
void engine_close(struct engine *engine); /* no transaction may be open; NULL is fine */
size_t engine_map_size(const struct engine *engine);
/* Bytes of the pages in use up to the last one; the file may be longer (engine_reserve). */
uint64_t engine_bytes(const struct engine *engine);
/* Has the disk keep room for `size` bytes more than engine_bytes, so that a full disk shows before
 * a transaction and not in the middle of its writes.  FULL, or OK where it can't be known. */
MUST_CHECK enum status engine_reserve(struct engine *engine, uint64_t size, struct error *error);
/* Everything to the disk; from then on each commit is synced. */
MUST_CHECK enum status engine_sync(struct engine *engine, struct error *error);
/* Frees the slots of readers that died. */
void engine_reader_check(struct engine *engine);

MUST_CHECK enum status engine_begin(struct engine *engine, bool writing,
                                    struct engine_transaction **transaction, struct error *error);
/* Both end the transaction, whatever they return. */
MUST_CHECK enum status engine_commit(struct engine_transaction *transaction, struct error *error);
void engine_abort(struct engine_transaction *transaction); /* NULL is fine */

/* NOT_FOUND without filling `error`. */
MUST_CHECK enum status engine_get(struct engine_transaction *transaction, size_t table,
                                  struct slice key, struct slice *value, struct error *error);
MUST_CHECK enum status engine_put(struct engine_transaction *transaction, size_t table,
                                  struct slice key, struct slice value, struct error *error);
/* Puts at the end: `key` is above all others, else STORAGE. */
MUST_CHECK enum status engine_append(struct engine_transaction *transaction, size_t table,
                                     struct slice key, struct slice value, struct error *error);
/* Room for a value of `size` bytes, to be filled before the next call on the transaction. */
MUST_CHECK enum status engine_put_room(struct engine_transaction *transaction, size_t table,
                                       struct slice key, size_t size, char **room,
                                       struct error *error);
/* Missing is fine. */
MUST_CHECK enum status engine_delete(struct engine_transaction *transaction, size_t table,
                                     struct slice key, struct error *error);

/* A walk through a table in key order; closed before its transaction ends. */
struct engine_cursor {
    void *handle;
};
MUST_CHECK enum status engine_cursor_open(struct engine_transaction *transaction, size_t table,
                                          struct engine_cursor *cursor, struct error *error);
void engine_cursor_close(struct engine_cursor *cursor);
/* The first entry with a key at or above `key` (empty: of all); NOT_FOUND (error untouched) at the
 * end. */
MUST_CHECK enum status engine_cursor_seek(struct engine_cursor *cursor, struct slice key,
                                          struct slice *found, struct slice *value,
                                          struct error *error);
MUST_CHECK enum status engine_cursor_next(struct engine_cursor *cursor, struct slice *found,
                                          struct slice *value, struct error *error);

#endif
