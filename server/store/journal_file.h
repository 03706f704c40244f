#ifndef STORE_JOURNAL_FILE_H
#define STORE_JOURNAL_FILE_H

/*
 * One file of the journal: STORE/journal/<20 digits of its first sequence>.mdb, one LMDB file with
 *
 *     records  8 bytes of sequence, big endian -> record (store/record.h)
 *     meta     "start", "progress", "seal", "rewrite" -> a mark, as below
 *
 * `start` is written when the file is made and says where the journal stood; `progress` goes on
 * with every append, in the same transaction; `seal` is a copy of `progress` that says that nothing
 * follows in this file.  The digest of a mark is that of the chain
 *
 *     digest of a record = SHA-256(digest before it, key, value)
 *
 * which begins with 32 zero bytes and runs on from file to file.
 *
 * `rewrite` stands in a file that an erasure has rewritten (store/erasure.h): its digest is that of
 * the chain from `start` over the records as they are now.  The seal stays that of the records as
 * they came, so that the chain from file to file, and a digest that somebody noted, stay good.
 *
 * A file is made aside (`new.mdb`), synced, and renamed: what bears a number has its start.
 */

#include "base/hash.h"
#include "engine.h"

enum journal_table { JOURNAL_RECORDS, JOURNAL_META, JOURNAL_TABLE_COUNT };

enum journal_mark_name { MARK_START, MARK_PROGRESS, MARK_SEAL, MARK_REWRITE };

struct journal_mark {
    uint64_t first;     /* first sequence of the file */
    uint64_t last;      /* last one in it, first - 1 when empty */
    uint64_t count;     /* records in it */
    uint64_t catalogue; /* last catalogue record of the journal up to here, 0: none */
    uint64_t erasure;   /* last erasure record of the journal; of REWRITE: the one that did it */
    int64_t first_received_ms; /* of the file, TIME_NONE when empty */
    int64_t last_received_ms;  /* of the journal up to here, TIME_NONE when empty */
    struct digest digest;      /* of the chain */
};

/* NOT_FOUND (error untouched) when it is not there; STORAGE when its checksum does not fit. */
MUST_CHECK enum status journal_mark_read(struct engine_transaction *transaction,
                                         enum journal_mark_name name, struct journal_mark *mark,
                                         struct error *error);
MUST_CHECK enum status journal_mark_write(struct engine_transaction *transaction,
                                          enum journal_mark_name name,
                                          const struct journal_mark *mark, struct error *error);
/* The same in a transaction of its own. */
MUST_CHECK enum status journal_mark_peek(struct engine *engine, enum journal_mark_name name,
                                         struct journal_mark *mark, struct error *error);
/* Writes the seal, synced. */
MUST_CHECK enum status journal_file_seal(struct engine *engine, const struct journal_mark *progress,
                                         struct error *error);

/* Makes the file that begins after `before` (all zero: the first of a journal); *made is its start
 * and its progress.  May be called again after a failure. */
MUST_CHECK enum status journal_file_make(const char *folder, const struct journal_mark *before,
                                         size_t map_size, struct journal_mark *made,
                                         struct error *error);
/* flags: 0 to append, ENGINE_READ_ONLY or ENGINE_SEALED. */
MUST_CHECK enum status journal_file_open(const char *folder, uint64_t first, unsigned flags,
                                         size_t map_size, struct engine **engine,
                                         struct error *error);
/* A file for records made aside (`rewrite.mdb`), not synced; and in the place of the file `first`,
 * synced. */
MUST_CHECK enum status journal_aside_open(const char *folder, size_t map_size,
                                          struct engine **engine, struct error *error);
MUST_CHECK enum status journal_aside_rename(const char *folder, uint64_t first,
                                            struct error *error);
/* The same for any path. */
MUST_CHECK enum status journal_path_open(const char *path, unsigned flags, size_t map_size,
                                         struct engine **engine, struct error *error);
/* Removes what a crash left of a file half made. */
void journal_folder_tidy(const char *folder);

struct journal_files {
    uint64_t *firsts; /* first sequences, ascending; owned */
    size_t count;
};
/* A missing folder has none. */
MUST_CHECK enum status journal_files_list(const char *folder, struct journal_files *files,
                                          struct error *error);
void journal_files_done(struct journal_files *files);
/* As it stands on the disk; 0 when it is gone. */
uint64_t journal_file_size(const char *folder, uint64_t first);

struct journal_key {
    char bytes[8];
};
struct journal_key journal_key_of(uint64_t sequence);
static inline struct slice journal_key_slice(const struct journal_key *key)
{
    return (struct slice){.data = key->bytes, .size = sizeof key->bytes};
}
/* 0 where it is no key. */
uint64_t journal_key_read(struct slice key);

/* Continues a chain by one record. */
struct digest journal_chain(const struct digest *before, struct slice key, struct slice value);

#endif
