#ifndef STORE_ERASURE_H
#define STORE_ERASURE_H

/*
 * Erasure of a person from the journal (architecture 16).
 *
 * The request is a record of the journal, RECORD_ERASURE, which holds keys and never an id: the
 * keyed hash of (kind, id), as the dictionary's.  A second record of the same kind names the ids
 * that were found to be tied to the person.  What these records say is kept in memory, `struct
 * erasures`, where ingest looks for ids that are suppressed.  Body of the record, format 1:
 *
 *     u8 format | varint `of` | varint sequence of the erasure record before it, 0: none
 *     | varint count | count times: u8 kind (and 0x80: suppressed), 16 bytes of keyed hash
 *
 * `of` is 0 for a request, else the sequence of the request to which the keys belong.  Requests are
 * known by their sequence.  The mark of the journal knows the last such record, and each the one
 * before, so that they are found without reading the journal.
 *
 * Scrubbing a message: its owner is its user, without one its visitor, without both its account.
 * Where the owner is erased, sequence, receipt and type stay, and of an exposure its experiment,
 * variant and UTC day; an account that is not erased stays in an exposure, which is also the
 * account's.  All else goes, ids become random, and RECORD_SCRUBBED is set.  Where another id of
 * the message is erased, that id alone becomes random (the message is somebody else's).
 *
 * A replaced id is byte 1, which no client can send, and 32 hexadecimal digits.  It is the hash of
 * the key under a salt that is drawn for a run and forgotten after it, so one person stays one
 * unit and nobody can tell which.
 *
 * STORE/journal/erased tells how far runs came; it is written whole.  Without it everything is
 * applied again, which changes nothing that was done.
 */

#include "store/journal.h"

#define ERASURE_SALT_SIZE 32
#define ERASURE_ID_SIZE 33

struct erasure_key {
    uint8_t kind; /* enum unit_kind */
    bool suppressed;
    struct hash128 hash;
};

/* Encodes the body of a record after `out`. */
void erasure_write(struct buffer *out, uint64_t of, uint64_t previous,
                   const struct erasure_key *keys, size_t count);

/* What the erasure records of a journal say.  Any thread may ask. */
struct erasures;

struct erasure_row {
    struct erasure_key key;
    uint64_t request; /* the sequence of the request that the key belongs to */
    bool is_person;   /* named by the request itself, not found to be tied */
};

/* Reads the records of the journal, from the last one back, until one is missing. */
MUST_CHECK enum status erasures_open(struct journal *journal, struct erasures **erasures,
                                     struct error *error);
void erasures_close(struct erasures *erasures); /* NULL is fine */
/* Adds what a record with these keys says, at that sequence. */
MUST_CHECK enum status erasures_add(struct erasures *erasures, uint64_t sequence, uint64_t of,
                                    const struct erasure_key *keys, size_t count,
                                    struct error *error);
/* Sequence of the last erasure record, 0: none. */
uint64_t erasures_last(struct erasures *erasures);
/* The request of that sequence; false: there is none. */
bool erasures_request(struct erasures *erasures, uint64_t sequence, struct erasure_row *row);
/* The last row of a key; false: it was never erased. */
bool erasures_find(struct erasures *erasures, enum unit_kind kind, const struct hash128 *hash,
                   struct erasure_row *row);
/* Copies the rows of requests after `done` (0: all) to `rows`, which the caller frees. */
MUST_CHECK enum status erasures_rows(struct erasures *erasures, uint64_t done,
                                     struct erasure_row **rows, size_t *count, struct error *error);
/* Whether events of that id are refused.  Cheap while no id is.  NULL: none is. */
bool erasures_suppress(struct erasures *erasures, struct slice secret, enum unit_kind kind,
                       struct slice id);

/* How far erasing came. */
struct erasure_progress {
    uint64_t done;    /* all requests up to here are scrubbed */
    uint64_t changed; /* the last one by which a record was changed: states begun before hold more
                         than they may */
    uint64_t through; /* a run is under way up to here; 0: none */
    unsigned char salt[ERASURE_SALT_SIZE]; /* of that run */
};
/* Zeros where there is no file, or none that can be read. */
struct erasure_progress erasure_progress_read(const struct store *store);
MUST_CHECK enum status erasure_progress_write(const struct store *store,
                                              const struct erasure_progress *progress,
                                              struct error *error);

/* One run over the journal. */
struct erasure_run {
    struct slice secret; /* of the store */
    unsigned char salt[ERASURE_SALT_SIZE];
    const struct erasure_row *rows; /* sorted by erasure_rows_sort */
    size_t count;
};
void erasure_rows_sort(struct erasure_row *rows, size_t count);

/* Whether the record holds something of an erased id: then *scrubbed is what becomes of it, its
 * body in `body`, which is emptied first. */
MUST_CHECK enum status erasure_scrub(const struct erasure_run *run, const struct record *record,
                                     struct record *scrubbed, struct buffer *body, bool *changed,
                                     struct error *error);
/* Whether an id of a record is one that took the place of an erased one. */
static inline bool erasure_is_replaced(struct slice id)
{
    return id.size == ERASURE_ID_SIZE && id.data[0] == 1;
}

/* Rewrites, record by record, every sealed file of the journal that holds records to be scrubbed.
 * Each is made aside and renamed over the old one; readers that have the old one open read on.
 * Nobody who appends is held up.  May be called again after a failure. */
struct journal_rewrite {
    uint64_t erasure; /* the file says that it was rewritten by this one */
    uint64_t from;    /* files before the one with this first sequence are passed over; out: that of
                         the open file, for a further round */
    enum status (*scrub)(void *context, const struct record *record, struct record *scrubbed,
                         struct buffer *body, bool *changed, struct error *error);
    void *context;
    bool (*stops)(void *context); /* asked now and then; NULL: never */
    uint64_t records;             /* out, added to: records changed */
    uint64_t files;               /* out, added to: files rewritten */
    bool open_holds;              /* out: the open file holds such records; seal it */
    bool stopped;                 /* out */
};
MUST_CHECK enum status journal_rewrite(struct journal *journal, struct journal_rewrite *rewrite,
                                       struct error *error);

#endif
