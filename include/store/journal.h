#ifndef STORE_JOURNAL_H
#define STORE_JOURNAL_H

/*
 * The append-only log of all that was received (architecture 1).  A row of LMDB files, each at most
 * JOURNAL_FILE_BYTES or JOURNAL_FILE_DAYS; the last is open, the others are sealed: sequence
 * range, record count and a SHA-256 chained from file to file and from record to record.
 *
 * One thread appends (the writer of ingest); any number of threads and processes scan.  A scan
 * holds no read transaction longer than JOURNAL_SCAN_SLICE records or half a second.
 *
 * Caveat of LMDB: one process opens the journal of one store once, and not across a fork.
 *
 *     journal_append(journal, entries, count, &first, &error);    committed and fsynced when OK
 *     journal_scan(journal, from, &scan, &error);                 every record from `from` on
 */

#include "store/record.h"
#include "store/store.h"

#define JOURNAL_SCAN_SLICE 10000

struct journal;

struct journal_options {
    size_t map_size;    /* address space of one file; 0: 2 GiB, less where refused */
    int64_t file_bytes; /* 0: JOURNAL_FILE_BYTES */
    int64_t file_days;  /* 0: JOURNAL_FILE_DAYS */
};

/* Opens for appending where the store is open for writing, else for scanning alone.  Of a crashed
 * writer nothing needs repair but a file missing after a seal: LMDB's last commit stands. */
MUST_CHECK enum status journal_open(const struct store *store,
                                    const struct journal_options *options, struct journal **journal,
                                    struct error *error);
void journal_close(struct journal *journal);

struct journal_entry {
    enum record_kind kind;
    uint16_t flags;
    int64_t received_ms; /* raised to that of the record before it where it is less */
    struct slice body;
};
/* Appends all or none, in one transaction, and returns after the fsync.  FULL: no space (or the
 * map's end), NO_MEMORY: none; nothing was written and the journal goes on to work.  STORAGE: any
 * other failure; every append from then on is refused with it.  After a batch with an entry of
 * RECORD_SEAL the file is sealed; where that fails for want of space it stays open. */
MUST_CHECK enum status journal_append(struct journal *journal, const struct journal_entry *entries,
                                      size_t count, uint64_t *first_sequence, struct error *error);

/* Last committed sequence, 0 when empty; and its time of receipt (TIME_NONE when empty).  Any
 * thread; sees other processes' commits. */
uint64_t journal_last_sequence(struct journal *journal);
int64_t journal_last_received_ms(struct journal *journal);
uint64_t journal_bytes(struct journal *journal); /* of all files */
/* Sequence of the last catalogue record, 0 when there is none. */
uint64_t journal_last_catalogue(struct journal *journal);
/* Of the last erasure record, 0 when there is none. */
uint64_t journal_last_erasure(struct journal *journal);
/* The first sequence of the open file; all files before it are sealed.  0: there is none yet. */
uint64_t journal_open_first(struct journal *journal);
/* Frees the slots of readers that died; to be called every 10 s. */
void journal_reader_check(struct journal *journal);

struct journal_scan {
    uint64_t from;  /* first sequence wanted, from 1 */
    uint64_t limit; /* most records, 0: all there are when the scan begins */
    /* Called for each record in order, the damaged ones too.  Not OK ends the scan with that
     * status, and the record does not count as visited.  The body dies with the call. */
    enum status (*visit)(void *context, const struct record *record, struct error *error);
    void *context;
    const char *doing; /* what the store's observer is told, NULL: nothing */
    uint64_t next;     /* out: the sequence after the last one visited */
    uint64_t gaps;     /* out: sequences missing before `next` (they are skipped and counted) */
};
MUST_CHECK enum status journal_scan(struct journal *journal, struct journal_scan *scan,
                                    struct error *error);

/* Reads everything: checksums, gaps, counts and chains of the seals.  OK also where there are
 * faults: `check` tells. */
struct journal_check {
    uint64_t records, damaged, gaps, files, sealed;
    uint64_t chain_breaks; /* files whose records do not give their seal or running digest */
    uint64_t first_fault;  /* a sequence, 0: none */
    uint64_t rewritten;    /* files that erasures rewrote, the last of them by `erasure` */
    uint64_t erasure;
    uint64_t dropped; /* the last sequence that retention has dropped, 0: none */
    uint64_t kept;    /* of `records`: those kept of what was dropped */
};
MUST_CHECK enum status journal_verify(struct journal *journal, struct journal_check *check,
                                      struct error *error);

/*
 * Retention.  Whole sealed files at the beginning may be dropped.  Their records of catalogues and
 * erasures stay, in a file of their own, since definitions belong to the truth: a scan visits these
 * and passes over the rest, which it does not count as gaps.
 */

/* The last sequence dropped, 0: none. */
uint64_t journal_dropped(struct journal *journal);
/* *through: the end of the last of those sealed files, from the beginning on, whose last record was
 * received before that time; what was dropped already where there is no further one. */
MUST_CHECK enum status journal_droppable(struct journal *journal, int64_t before_ms,
                                         uint64_t *through, struct error *error);
/* Drops the sealed files up to there.  One thread, and not while another of this process scans
 * them; a scan of another process may end with NOT_FOUND.  A crash leaves it undone or to be
 * finished by the next journal_open. */
MUST_CHECK enum status journal_drop(struct journal *journal, uint64_t through, struct error *error);

/* Writes every file anew, record by record, and puts the new one in the place of the old where it
 * is smaller: nothing stays of what was deleted or overwritten.  A file whose records don't give
 * its marks is left as it is.  The store is open for writing, the journal is not. */
struct journal_compaction {
    uint64_t before, after; /* bytes of all files */
    uint64_t files, left;   /* all of them; left as they were for a fault */
};
MUST_CHECK enum status journal_compact(const struct store *store,
                                       struct journal_compaction *compaction, struct error *error);

#endif
