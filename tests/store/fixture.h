#ifndef TESTS_STORE_FIXTURE_H
#define TESTS_STORE_FIXTURE_H

/* A store in a folder that goes away, and a journal in it whose records tell their number. */

#include "../../server/store/journal_file.h"

#include "store/journal.h"
#include "support/support.h"

#include <stdio.h>

struct fixture {
    char folder[64];
    char path[128]; /* of the store */
    struct store store;
    struct journal *journal;
};

/* Small maps: address space is cheap, but valgrind and the thread sanitizer keep books of it. */
#define TEST_MAP_SIZE ((size_t)64 << 20)

static inline void fixture_make(struct fixture *fixture)
{
    assert_non_null(tempdir_make(fixture->folder));
    snprintf(fixture->path, sizeof fixture->path, "%s/store", fixture->folder);
    fixture->journal = NULL;
    assert_int_equal(store_open(&fixture->store, fixture->path, STORE_CREATE, NULL), STATUS_OK);
}

static inline void fixture_open(struct fixture *fixture, const struct journal_options *options)
{
    struct error error = {0};
    struct journal_options defaults = {.map_size = TEST_MAP_SIZE};
    if (journal_open(&fixture->store, options ? options : &defaults, &fixture->journal, &error))
        fail_msg("%s: %s", error.where, error.text);
}

static inline void fixture_reopen(struct fixture *fixture, const struct journal_options *options)
{
    journal_close(fixture->journal);
    fixture->journal = NULL;
    fixture_open(fixture, options);
}

static inline struct journal_files fixture_files(const struct fixture *fixture)
{
    char folder[160];
    struct journal_files files;
    snprintf(folder, sizeof folder, "%s/journal", fixture->path);
    assert_int_equal(journal_files_list(folder, &files, NULL), STATUS_OK);
    return files;
}

static inline void fixture_remove(struct fixture *fixture)
{
    journal_close(fixture->journal);
    store_close(&fixture->store);
    tempdir_remove(fixture->folder);
}

/* Appends `count` records of `size` bytes in one batch; each body says its sequence. */
#define FIXTURE_BATCH_MAX 2000
static inline enum status fixture_append(struct journal *journal, size_t count, size_t size,
                                         int64_t received_ms)
{
    static struct journal_entry entries[FIXTURE_BATCH_MAX];
    static char bodies[FIXTURE_BATCH_MAX][32];
    static char large[32 << 20];
    uint64_t next = journal_last_sequence(journal) + 1;
    uint64_t first = 0;
    assert_true(count <= FIXTURE_BATCH_MAX && size <= sizeof large);
    for (size_t i = 0; i < count; i++) {
        int used =
            snprintf(bodies[i], sizeof bodies[i], "record %llu", (unsigned long long)(next + i));
        entries[i] = (struct journal_entry){
            .kind = RECORD_MESSAGE,
            .received_ms = received_ms,
            .body = {.data = size ? large : bodies[i], .size = size ? size : (size_t)used},
        };
    }
    enum status status = journal_append(journal, entries, count, &first, NULL);
    if (!status)
        assert_int_equal(first, next);
    return status;
}

struct seen {
    uint64_t count, damaged, wrong, last;
    int64_t last_received_ms;
    bool falls; /* a time of receipt fell */
};

static inline enum status seen_visit(void *context, const struct record *record,
                                     struct error *error)
{
    struct seen *seen = context;
    char want[32];
    (void)error;
    snprintf(want, sizeof want, "record %llu", (unsigned long long)record->sequence);
    seen->count++;
    seen->damaged += record->damaged;
    seen->wrong += !record->damaged && !slice_equals(record->body, want);
    seen->falls = seen->falls || (seen->count > 1 && record->received_ms < seen->last_received_ms);
    seen->last_received_ms = record->received_ms;
    seen->last = record->sequence;
    return STATUS_OK;
}

static inline struct seen fixture_scan(struct journal *journal, uint64_t from, uint64_t limit,
                                       struct journal_scan *result)
{
    struct seen seen = {0};
    struct journal_scan scan = {.from = from, .limit = limit, .visit = seen_visit};
    scan.context = &seen;
    assert_int_equal(journal_scan(journal, &scan, NULL), STATUS_OK);
    if (result)
        *result = scan;
    return seen;
}

/* Verified without a fault. */
static inline void assert_clean(struct journal *journal, uint64_t records)
{
    struct journal_check check;
    assert_int_equal(journal_verify(journal, &check, NULL), STATUS_OK);
    assert_int_equal(check.records, records);
    assert_int_equal(check.damaged, 0);
    assert_int_equal(check.gaps, 0);
    assert_int_equal(check.chain_breaks, 0);
    assert_int_equal(check.first_fault, 0);
}

#endif
