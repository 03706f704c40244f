/*
 * The contract of the journal: what was appended is there, in order, once, after any reopening;
 * files are sealed and chained; damage is seen; a full disk or map is no end.
 */

#include "store/fixture.h"

#include "../../server/store/journal_file.h"
#include "base/random.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

static void an_empty_journal_has_nothing(void **state)
{
    (void)state;
    struct fixture fixture;
    fixture_make(&fixture);
    fixture_open(&fixture, NULL);
    struct journal_scan scan;
    assert_int_equal(journal_last_sequence(fixture.journal), 0);
    assert_true(journal_last_received_ms(fixture.journal) == TIME_NONE);
    assert_int_equal(journal_last_catalogue(fixture.journal), 0);
    assert_int_equal(fixture_scan(fixture.journal, 1, 0, &scan).count, 0);
    assert_int_equal(scan.next, 1);
    assert_clean(fixture.journal, 0);
    fixture_remove(&fixture);
}

static void what_is_appended_is_there_after_reopening(void **state)
{
    (void)state;
    struct fixture fixture;
    fixture_make(&fixture);
    fixture_open(&fixture, NULL);
    for (size_t i = 1; i <= 40; i++)
        assert_int_equal(fixture_append(fixture.journal, i, 0, 1000), STATUS_OK);
    fixture_reopen(&fixture, NULL);
    struct journal_scan scan;
    struct seen seen = fixture_scan(fixture.journal, 1, 0, &scan);
    assert_int_equal(seen.count, 820);
    assert_int_equal(seen.wrong + seen.damaged + scan.gaps, 0);
    assert_int_equal(scan.next, 821);
    seen = fixture_scan(fixture.journal, 801, 7, &scan);
    assert_int_equal(seen.count, 7);
    assert_int_equal(scan.next, 808);
    assert_int_equal(fixture_scan(fixture.journal, 821, 0, NULL).count, 0);
    assert_clean(fixture.journal, 820);
    fixture_remove(&fixture);
}

static void a_time_of_receipt_never_falls(void **state)
{
    (void)state;
    struct fixture fixture;
    fixture_make(&fixture);
    fixture_open(&fixture, NULL);
    const int64_t times[] = {5000, 4000, 6000, 1, 7000};
    for (size_t i = 0; i < 5; i++)
        assert_int_equal(fixture_append(fixture.journal, 2, 0, times[i]), STATUS_OK);
    fixture_reopen(&fixture, NULL);
    assert_true(journal_last_received_ms(fixture.journal) == 7000);
    assert_int_equal(fixture_append(fixture.journal, 1, 0, 6500), STATUS_OK);
    struct seen seen = fixture_scan(fixture.journal, 1, 0, NULL);
    assert_false(seen.falls);
    assert_true(seen.last_received_ms == 7000);
    fixture_remove(&fixture);
}

static struct journal_files list(const struct fixture *fixture)
{
    char folder[160];
    struct journal_files files;
    snprintf(folder, sizeof folder, "%s/journal", fixture->path);
    assert_int_equal(journal_files_list(folder, &files, NULL), STATUS_OK);
    return files;
}

static void a_full_file_is_sealed_and_the_chain_goes_on(void **state)
{
    (void)state;
    struct fixture fixture;
    struct journal_options options = {.map_size = TEST_MAP_SIZE, .file_bytes = 256 * 1024};
    fixture_make(&fixture);
    fixture_open(&fixture, &options);
    for (int i = 0; i < 40; i++)
        assert_int_equal(fixture_append(fixture.journal, 500, 0, 1000 + i), STATUS_OK);
    struct journal_check check;
    assert_int_equal(journal_verify(fixture.journal, &check, NULL), STATUS_OK);
    assert_true(check.files >= 5);
    assert_int_equal(check.sealed, check.files - 1);
    assert_clean(fixture.journal, 20000);
    fixture_reopen(&fixture, &options);
    assert_clean(fixture.journal, 20000);
    struct journal_scan scan;
    struct seen seen = fixture_scan(fixture.journal, 1, 0, &scan);
    assert_int_equal(seen.count, 20000);
    assert_int_equal(seen.wrong + seen.damaged + scan.gaps, 0);
    assert_int_equal(fixture_scan(fixture.journal, 7001, 0, NULL).count, 13000);
    fixture_remove(&fixture);
}

static void a_file_of_seven_days_is_left(void **state)
{
    (void)state;
    struct fixture fixture;
    fixture_make(&fixture);
    fixture_open(&fixture, NULL);
    const int64_t days[] = {0, 6, 7, 8, 14};
    const size_t files_then[] = {1, 1, 2, 2, 3};
    for (size_t i = 0; i < 5; i++) {
        assert_int_equal(fixture_append(fixture.journal, 1, 0, 1000 + days[i] * DAY_MS), STATUS_OK);
        struct journal_files files = list(&fixture);
        assert_int_equal(files.count, files_then[i]);
        journal_files_done(&files);
    }
    assert_clean(fixture.journal, 5);
    fixture_remove(&fixture);
}

static void the_chain_is_sha256_of_digest_key_and_value(void **state)
{
    (void)state;
    /* Two records with the bodies "a" and "bc", received at 1001 and 1002, by Python's hashlib:
     * d = bytes(32); for each: d = sha256(d + key + value).digest() */
    static const char want[] = "sha256:"
                               "1010e7d73ae3b77ba152f86a5a3eb4c76a392c9ed674c18b44aefaa2a0e4d898";
    struct fixture fixture;
    fixture_make(&fixture);
    fixture_open(&fixture, NULL);
    const struct journal_entry entries[] = {
        {.kind = RECORD_MESSAGE, .received_ms = 1001, .body = SLICE("a")},
        {.kind = RECORD_MESSAGE, .received_ms = 1002, .body = SLICE("bc")},
    };
    uint64_t first;
    assert_int_equal(journal_append(fixture.journal, entries, 2, &first, NULL), STATUS_OK);
    journal_close(fixture.journal);
    fixture.journal = NULL;
    char folder[160];
    char text[DIGEST_TEXT_SIZE];
    struct engine *engine;
    struct journal_mark mark;
    snprintf(folder, sizeof folder, "%s/journal", fixture.path);
    assert_int_equal(journal_file_open(folder, 1, 0, TEST_MAP_SIZE, &engine, NULL), STATUS_OK);
    assert_int_equal(journal_mark_peek(engine, MARK_PROGRESS, &mark, NULL), STATUS_OK);
    engine_close(engine);
    assert_string_equal(digest_format(&mark.digest, text), want);
    fixture_remove(&fixture);
}

static void the_last_catalogue_is_known_without_a_scan(void **state)
{
    (void)state;
    struct fixture fixture;
    struct journal_options options = {.map_size = TEST_MAP_SIZE, .file_bytes = 128 * 1024};
    struct journal_entry entry = {.kind = RECORD_CATALOGUE, .received_ms = 1, .body = SLICE("x")};
    uint64_t first;
    fixture_make(&fixture);
    fixture_open(&fixture, &options);
    assert_int_equal(fixture_append(fixture.journal, 3, 0, 1), STATUS_OK);
    assert_int_equal(journal_append(fixture.journal, &entry, 1, &first, NULL), STATUS_OK);
    for (int i = 0; i < 8; i++)
        assert_int_equal(fixture_append(fixture.journal, 500, 0, 2), STATUS_OK);
    struct journal_files files = list(&fixture);
    assert_true(files.count > 1);
    journal_files_done(&files);
    assert_int_equal(journal_last_catalogue(fixture.journal), 4);
    fixture_reopen(&fixture, &options);
    assert_int_equal(journal_last_catalogue(fixture.journal), 4);
    fixture_remove(&fixture);
}

static enum status stop_at_seven(void *context, const struct record *record, struct error *error)
{
    (void)context;
    if (record->sequence == 7)
        return FAIL(error, STATUS_BUSY, "", 0, "enough");
    return STATUS_OK;
}

static void a_visitor_that_refuses_ends_the_scan_before_its_record(void **state)
{
    (void)state;
    struct fixture fixture;
    fixture_make(&fixture);
    fixture_open(&fixture, NULL);
    assert_int_equal(fixture_append(fixture.journal, 20, 0, 1), STATUS_OK);
    struct journal_scan scan = {.from = 3, .visit = stop_at_seven};
    struct error error = {0};
    assert_int_equal(journal_scan(fixture.journal, &scan, &error), STATUS_BUSY);
    assert_string_equal(error.text, "enough");
    assert_int_equal(scan.next, 7);
    fixture_remove(&fixture);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_empty_journal_has_nothing),
        cmocka_unit_test(what_is_appended_is_there_after_reopening),
        cmocka_unit_test(a_time_of_receipt_never_falls),
        cmocka_unit_test(a_full_file_is_sealed_and_the_chain_goes_on),
        cmocka_unit_test(a_file_of_seven_days_is_left),
        cmocka_unit_test(the_chain_is_sha256_of_digest_key_and_value),
        cmocka_unit_test(the_last_catalogue_is_known_without_a_scan),
        cmocka_unit_test(a_visitor_that_refuses_ends_the_scan_before_its_record),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
