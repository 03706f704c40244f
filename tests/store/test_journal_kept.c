/* Dropping files from the beginning of the journal: what goes, what stays, and what `verify` can
 * still tell. */

#include "store/fixture.h"

#include "../../server/store/journal_kept.h"

#include <unistd.h>

#define FILE_BYTES (128 * 1024)

static const struct journal_options small = {.map_size = TEST_MAP_SIZE, .file_bytes = FILE_BYTES};

/* 20 batches of 500 records, each begun by a catalogue; batch i was received at 1000 + i. */
static void fill(struct fixture *fixture)
{
    fixture_make(fixture);
    fixture_open(fixture, &small);
    for (int i = 0; i < 20; i++) {
        struct journal_entry entry = {.kind = i % 2 ? RECORD_ERASURE : RECORD_CATALOGUE,
                                      .received_ms = 1000 + i,
                                      .body = SLICE("declared")};
        uint64_t first;
        assert_int_equal(journal_append(fixture->journal, &entry, 1, &first, NULL), STATUS_OK);
        assert_int_equal(fixture_append(fixture->journal, 499, 0, 1000 + i), STATUS_OK);
    }
}

/* The end of the file of that place. */
static uint64_t file_end(const struct fixture *fixture, size_t place)
{
    struct journal_files files = fixture_files(fixture);
    assert_true(files.count > place + 1);
    uint64_t end = files.firsts[place + 1] - 1;
    journal_files_done(&files);
    return end;
}

struct found {
    uint64_t messages, others, first_message, damaged;
};

static enum status found_visit(void *context, const struct record *record, struct error *error)
{
    struct found *found = context;
    (void)error;
    found->damaged += record->damaged;
    if (record->kind != RECORD_MESSAGE) {
        found->others += slice_equals(record->body, "declared");
        return STATUS_OK;
    }
    if (!found->messages++)
        found->first_message = record->sequence;
    return STATUS_OK;
}

static struct found scan_from(struct journal *journal, uint64_t from, struct journal_scan *result)
{
    struct found found = {0};
    struct journal_scan scan = {.from = from, .visit = found_visit, .context = &found};
    assert_int_equal(journal_scan(journal, &scan, NULL), STATUS_OK);
    assert_int_equal(found.damaged, 0);
    if (result)
        *result = scan;
    return found;
}

static void assert_dropped(struct journal *journal, uint64_t through)
{
    struct journal_check check;
    struct journal_scan scan;
    struct found found = scan_from(journal, 1, &scan);
    uint64_t kept = (through + 499) / 500;
    assert_int_equal(journal_dropped(journal), through);
    assert_int_equal(found.others, 20);
    assert_int_equal(found.messages, 10000 - through - (20 - kept));
    assert_true(found.first_message > through);
    assert_int_equal(scan.gaps, 0);
    assert_int_equal(scan.next, 10001);
    assert_int_equal(journal_verify(journal, &check, NULL), STATUS_OK);
    assert_int_equal(check.damaged + check.gaps + check.chain_breaks + check.first_fault, 0);
    assert_int_equal(check.dropped, through);
    assert_int_equal(check.kept, kept);
    assert_int_equal(check.records, 10000 - through + kept);
}

static void messages_go_and_catalogues_and_erasures_stay(void **state)
{
    (void)state;
    struct fixture fixture;
    fill(&fixture);
    uint64_t first = file_end(&fixture, 0);
    uint64_t third = file_end(&fixture, 2);
    uint64_t bytes = journal_bytes(fixture.journal);
    assert_dropped(fixture.journal, 0);
    assert_int_equal(journal_drop(fixture.journal, first, NULL), STATUS_OK);
    assert_dropped(fixture.journal, first);
    assert_int_equal(journal_drop(fixture.journal, third, NULL), STATUS_OK);
    assert_dropped(fixture.journal, third);
    assert_true(journal_bytes(fixture.journal) < bytes);
    fixture_reopen(&fixture, &small);
    assert_dropped(fixture.journal, third);
    assert_int_equal(fixture_append(fixture.journal, 5, 0, 5000), STATUS_OK);
    assert_int_equal(journal_last_sequence(fixture.journal), 10005);
    fixture_remove(&fixture);
}

static void a_scan_may_begin_and_end_among_what_was_dropped(void **state)
{
    (void)state;
    struct fixture fixture;
    fill(&fixture);
    uint64_t through = file_end(&fixture, 2);
    assert_true(through > 1002);
    assert_int_equal(journal_drop(fixture.journal, through, NULL), STATUS_OK);
    struct found found = {0};
    struct journal_scan scan = {.from = 501, .limit = 2, .visit = found_visit, .context = &found};
    assert_int_equal(journal_scan(fixture.journal, &scan, NULL), STATUS_OK);
    assert_int_equal(found.others, 2);
    assert_int_equal(scan.next, 1002);
    found = scan_from(fixture.journal, through, &scan);
    assert_int_equal(found.messages + found.others, 10000 - through + (through % 500 == 1));
    found = scan_from(fixture.journal, through + 1, &scan);
    assert_int_equal(found.messages + found.others, 10000 - through);
    assert_int_equal(scan.gaps, 0);
    fixture_remove(&fixture);
}

static void only_whole_sealed_files_received_before_a_time_are_droppable(void **state)
{
    (void)state;
    struct fixture fixture;
    fill(&fixture);
    struct journal_files files = fixture_files(&fixture);
    uint64_t through = 99;
    assert_int_equal(journal_droppable(fixture.journal, 1000, &through, NULL), STATUS_OK);
    assert_int_equal(through, 0);
    assert_int_equal(journal_droppable(fixture.journal, INT64_MAX, &through, NULL), STATUS_OK);
    assert_int_equal(through, files.firsts[files.count - 1] - 1);
    /* The first file ends with a record of batch (end - 1) / 500. */
    int64_t last_ms = 1000 + (int64_t)((files.firsts[1] - 2) / 500);
    assert_int_equal(journal_droppable(fixture.journal, last_ms, &through, NULL), STATUS_OK);
    assert_int_equal(through, 0);
    assert_int_equal(journal_droppable(fixture.journal, last_ms + 1, &through, NULL), STATUS_OK);
    assert_int_equal(through, files.firsts[1] - 1);
    assert_int_equal(journal_drop(fixture.journal, through, NULL), STATUS_OK);
    assert_int_equal(journal_droppable(fixture.journal, 1000, &through, NULL), STATUS_OK);
    assert_int_equal(through, files.firsts[1] - 1);
    journal_files_done(&files);
    fixture_remove(&fixture);
}

static void a_sequence_within_a_file_drops_nothing(void **state)
{
    (void)state;
    struct fixture fixture;
    fill(&fixture);
    uint64_t first = file_end(&fixture, 0);
    const uint64_t wrong[] = {0, 1, first - 1, first + 1, 10000, UINT64_MAX};
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++)
        if (wrong[i] != 0)
            assert_int_equal(journal_drop(fixture.journal, wrong[i], NULL), STATUS_INVALID);
    assert_dropped(fixture.journal, 0);
    fixture_remove(&fixture);
}

static void a_crash_before_the_files_were_removed_is_finished(void **state)
{
    (void)state;
    struct fixture fixture;
    char path[256], aside[256];
    fill(&fixture);
    uint64_t first = file_end(&fixture, 0);
    snprintf(path, sizeof path, "%s/journal/%020d.mdb", fixture.path, 1);
    snprintf(aside, sizeof aside, "%s/aside.mdb", fixture.folder);
    assert_int_equal(link(path, aside), 0);
    assert_int_equal(journal_drop(fixture.journal, first, NULL), STATUS_OK);
    assert_int_equal(access(path, F_OK), -1);
    assert_int_equal(rename(aside, path), 0); /* as if it had not been removed yet */
    assert_dropped(fixture.journal, first);   /* a reader passes it over */
    fixture_reopen(&fixture, &small);
    assert_int_equal(access(path, F_OK), -1);
    assert_dropped(fixture.journal, first);
    fixture_remove(&fixture);
}

static void a_file_that_does_not_follow_what_was_dropped_is_found(void **state)
{
    (void)state;
    struct fixture fixture;
    char path[256];
    struct journal_check check;
    fill(&fixture);
    uint64_t first = file_end(&fixture, 0);
    assert_int_equal(journal_drop(fixture.journal, first, NULL), STATUS_OK);
    snprintf(path, sizeof path, "%s/journal/%020llu.mdb", fixture.path,
             (unsigned long long)first + 1);
    assert_int_equal(unlink(path), 0);
    assert_int_equal(journal_verify(fixture.journal, &check, NULL), STATUS_OK);
    assert_int_equal(check.chain_breaks, 1);
    fixture_remove(&fixture);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(messages_go_and_catalogues_and_erasures_stay),
        cmocka_unit_test(a_scan_may_begin_and_end_among_what_was_dropped),
        cmocka_unit_test(only_whole_sealed_files_received_before_a_time_are_droppable),
        cmocka_unit_test(a_sequence_within_a_file_drops_nothing),
        cmocka_unit_test(a_crash_before_the_files_were_removed_is_finished),
        cmocka_unit_test(a_file_that_does_not_follow_what_was_dropped_is_found),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
