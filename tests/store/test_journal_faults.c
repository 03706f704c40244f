/*
 * The journal under faults: damage is named and passed, a crash between two files is repaired, a
 * full disk or map is no end, and a failed write is one that loses nothing.
 */

#include "store/fixture.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

/* Damage: through the engine, as the file of a closed journal. */
static struct engine *open_raw(const struct fixture *fixture, uint64_t first)
{
    char folder[160];
    struct engine *engine = NULL;
    snprintf(folder, sizeof folder, "%s/journal", fixture->path);
    assert_int_equal(journal_file_open(folder, first, 0, TEST_MAP_SIZE, &engine, NULL), STATUS_OK);
    return engine;
}

/* Flips a bit of the body of one record, or removes the record. */
static void spoil(const struct fixture *fixture, uint64_t first, uint64_t sequence, bool removed)
{
    struct engine *engine = open_raw(fixture, first);
    struct engine_transaction *transaction;
    struct journal_key key = journal_key_of(sequence);
    struct slice name = journal_key_slice(&key);
    struct slice value;
    char bytes[256];
    assert_int_equal(engine_begin(engine, true, &transaction, NULL), STATUS_OK);
    assert_int_equal(engine_get(transaction, JOURNAL_RECORDS, name, &value, NULL), STATUS_OK);
    assert_true(value.size <= sizeof bytes);
    memcpy(bytes, value.data, value.size);
    value.data = bytes;
    bytes[value.size - 1] ^= 1;
    if (removed)
        assert_int_equal(engine_delete(transaction, JOURNAL_RECORDS, name, NULL), STATUS_OK);
    else
        assert_int_equal(engine_put(transaction, JOURNAL_RECORDS, name, value, NULL), STATUS_OK);
    assert_int_equal(engine_commit(transaction, NULL), STATUS_OK);
    engine_close(engine);
}

static void a_damaged_record_is_named_and_its_neighbours_are_served(void **state)
{
    (void)state;
    struct fixture fixture;
    struct journal_check check;
    fixture_make(&fixture);
    fixture_open(&fixture, NULL);
    assert_int_equal(fixture_append(fixture.journal, 100, 0, 1), STATUS_OK);
    journal_close(fixture.journal);
    fixture.journal = NULL;
    spoil(&fixture, 1, 42, false);
    fixture_open(&fixture, NULL);
    struct seen seen = fixture_scan(fixture.journal, 1, 0, NULL);
    assert_int_equal(seen.count, 100);
    assert_int_equal(seen.damaged, 1);
    assert_int_equal(seen.wrong, 0);
    assert_int_equal(journal_verify(fixture.journal, &check, NULL), STATUS_OK);
    assert_int_equal(check.damaged, 1);
    assert_int_equal(check.first_fault, 42);
    assert_int_equal(check.chain_breaks, 1);
    assert_int_equal(check.gaps, 0);
    fixture_remove(&fixture);
}

static void a_missing_record_is_a_gap(void **state)
{
    (void)state;
    struct fixture fixture;
    struct journal_scan scan;
    struct journal_check check;
    fixture_make(&fixture);
    fixture_open(&fixture, NULL);
    assert_int_equal(fixture_append(fixture.journal, 100, 0, 1), STATUS_OK);
    journal_close(fixture.journal);
    fixture.journal = NULL;
    spoil(&fixture, 1, 7, true);
    spoil(&fixture, 1, 8, true);
    spoil(&fixture, 1, 100, true);
    fixture_open(&fixture, NULL);
    struct seen seen = fixture_scan(fixture.journal, 1, 0, &scan);
    assert_int_equal(seen.count, 97);
    assert_int_equal(seen.wrong, 0);
    assert_int_equal(scan.gaps, 3);
    assert_int_equal(scan.next, 101);
    assert_int_equal(journal_verify(fixture.journal, &check, NULL), STATUS_OK);
    assert_int_equal(check.gaps, 3);
    assert_int_equal(check.first_fault, 7);
    assert_int_equal(check.records, 97);
    assert_int_equal(fixture_append(fixture.journal, 1, 0, 1), STATUS_OK); /* 101: none reused */
    fixture_remove(&fixture);
}

static void a_byte_changed_in_the_file_is_seen(void **state)
{
    (void)state;
    struct fixture fixture;
    struct journal_check check;
    char path[256];
    static char bytes[4 << 20];
    fixture_make(&fixture);
    fixture_open(&fixture, NULL);
    assert_int_equal(fixture_append(fixture.journal, 100, 0, 1), STATUS_OK);
    journal_close(fixture.journal);
    fixture.journal = NULL;
    snprintf(path, sizeof path, "%s/journal/00000000000000000001.mdb", fixture.path);
    int file = open(path, O_RDWR);
    ssize_t size = pread(file, bytes, sizeof bytes, 0);
    assert_true(size > 0);
    size_t changed = 0;
    for (char *at = memmem(bytes, (size_t)size, "record 55", 9); at;
         at = memmem(at + 1, (size_t)(bytes + size - at - 1), "record 55", 9)) {
        assert_int_equal(pwrite(file, "R", 1, at - bytes), 1); /* old pages may have copies */
        changed++;
    }
    close(file);
    assert_true(changed >= 1);
    fixture_open(&fixture, NULL);
    assert_int_equal(journal_verify(fixture.journal, &check, NULL), STATUS_OK);
    assert_int_equal(check.damaged, 1);
    assert_int_equal(check.first_fault, 55);
    fixture_remove(&fixture);
}

static void a_file_put_back_from_another_journal_breaks_the_chain(void **state)
{
    (void)state;
    struct fixture fixture;
    struct journal_options options = {.map_size = TEST_MAP_SIZE, .file_bytes = 128 * 1024};
    struct journal_check check;
    fixture_make(&fixture);
    fixture_open(&fixture, &options);
    for (int i = 0; i < 10; i++)
        assert_int_equal(fixture_append(fixture.journal, 500, 0, 1), STATUS_OK);
    journal_close(fixture.journal);
    fixture.journal = NULL;
    struct journal_files files = fixture_files(&fixture);
    assert_true(files.count >= 3);
    struct journal_mark mark;
    struct engine *engine = open_raw(&fixture, files.firsts[0]);
    assert_int_equal(journal_mark_peek(engine, MARK_SEAL, &mark, NULL), STATUS_OK);
    mark.digest.bytes[0] ^= 1;
    assert_int_equal(journal_file_seal(engine, &mark, NULL), STATUS_OK);
    engine_close(engine);
    fixture_open(&fixture, &options);
    assert_int_equal(journal_verify(fixture.journal, &check, NULL), STATUS_OK);
    assert_int_equal(check.damaged + check.gaps, 0);
    assert_int_equal(check.chain_breaks, 2); /* its own records, and the start of the next */
    assert_int_equal(check.first_fault, 1);
    journal_files_done(&files);
    fixture_remove(&fixture);
}

/* What a crash between the seal and the next file leaves, and one within the making of it. */
static void a_seal_without_a_next_file_is_repaired(void **state)
{
    (void)state;
    struct fixture fixture;
    struct journal_mark mark;
    char path[256];
    fixture_make(&fixture);
    fixture_open(&fixture, NULL);
    assert_int_equal(fixture_append(fixture.journal, 10, 0, 1), STATUS_OK);
    journal_close(fixture.journal);
    fixture.journal = NULL;
    struct engine *engine = open_raw(&fixture, 1);
    assert_int_equal(journal_mark_peek(engine, MARK_PROGRESS, &mark, NULL), STATUS_OK);
    assert_int_equal(journal_file_seal(engine, &mark, NULL), STATUS_OK);
    engine_close(engine);
    snprintf(path, sizeof path, "%s/journal/new.mdb", fixture.path);
    FILE *half = fopen(path, "w");
    assert_non_null(half);
    fputs("half of a file", half);
    fclose(half);
    fixture_open(&fixture, NULL);
    assert_int_not_equal(access(path, F_OK), 0);
    assert_int_equal(journal_last_sequence(fixture.journal), 10);
    assert_int_equal(fixture_append(fixture.journal, 10, 0, 1), STATUS_OK);
    struct journal_files files = fixture_files(&fixture);
    assert_int_equal(files.count, 2);
    assert_int_equal(files.firsts[1], 11);
    journal_files_done(&files);
    assert_clean(fixture.journal, 20);
    fixture_remove(&fixture);
}

static void a_batch_larger_than_the_map_is_full_and_no_end(void **state)
{
    (void)state;
    struct fixture fixture;
    struct journal_options options = {.map_size = 1 << 20};
    fixture_make(&fixture);
    fixture_open(&fixture, &options);
    assert_int_equal(fixture_append(fixture.journal, 10, 0, 1), STATUS_OK);
    assert_int_equal(fixture_append(fixture.journal, 1, 2 << 20, 1), STATUS_FULL);
    assert_int_equal(fixture_append(fixture.journal, 10, 0, 1), STATUS_OK);
    for (int i = 0; i < 60; i++) /* far beyond the map: file after file */
        assert_int_equal(fixture_append(fixture.journal, 500, 0, 1), STATUS_OK);
    assert_clean(fixture.journal, 30020);
    struct journal_files files = fixture_files(&fixture);
    assert_true(files.count > 2);
    journal_files_done(&files);
    fixture_remove(&fixture);
}

/* In a child, because the limit is the process's. */
static int full_disk_child(struct fixture *fixture)
{
    struct rlimit limit = {.rlim_cur = 1 << 20, .rlim_max = RLIM_INFINITY};
    signal(SIGXFSZ, SIG_IGN);
    fixture_open(fixture, NULL);
    if (setrlimit(RLIMIT_FSIZE, &limit))
        return 1;
    size_t written = 0;
    enum status status = STATUS_OK;
    while (!status && written < 100000) {
        status = fixture_append(fixture->journal, 500, 0, 1);
        written += status ? 0 : 500;
    }
    if (status != STATUS_FULL || fixture_append(fixture->journal, 500, 0, 1) != STATUS_FULL)
        return 2;
    limit.rlim_cur = RLIM_INFINITY;
    if (setrlimit(RLIMIT_FSIZE, &limit) || fixture_append(fixture->journal, 500, 0, 1))
        return 3;
    uint64_t last = journal_last_sequence(fixture->journal);
    journal_close(fixture->journal);
    return last == written + 500 ? 0 : 4;
}

static void a_full_disk_is_full_and_no_end(void **state)
{
    (void)state;
    struct fixture fixture;
    int result;
    fixture_make(&fixture);
    pid_t child = fork();
    if (child == 0)
        _exit(full_disk_child(&fixture));
    waitpid(child, &result, 0);
    assert_int_equal(result, 0);
    fixture_open(&fixture, NULL);
    assert_clean(fixture.journal, journal_last_sequence(fixture.journal));
    fixture_remove(&fixture);
}

static void a_failed_write_ends_the_journal_and_loses_nothing(void **state)
{
    (void)state;
    struct fixture fixture;
    char link[64];
    char target[256];
    fixture_make(&fixture);
    fixture_open(&fixture, NULL);
    assert_int_equal(fixture_append(fixture.journal, 10, 0, 1), STATUS_OK);
    int null = open("/dev/null", O_RDONLY | O_CLOEXEC);
    for (int file = 3; file < 64; file++) {
        snprintf(link, sizeof link, "/proc/self/fd/%d", file);
        ssize_t size = readlink(link, target, sizeof target);
        struct slice path = {.data = target, .size = size > 0 ? (size_t)size : 0};
        if (slice_ends_with(path, SLICE("1.mdb")))
            assert_int_equal(dup2(null, file), file); /* what is written to it fails */
    }
    close(null);
    assert_int_equal(fixture_append(fixture.journal, 10, 0, 1), STATUS_STORAGE);
    assert_int_equal(fixture_append(fixture.journal, 10, 0, 1), STATUS_STORAGE);
    fixture_reopen(&fixture, NULL);
    assert_clean(fixture.journal, 10);
    assert_int_equal(fixture_append(fixture.journal, 10, 0, 1), STATUS_OK);
    fixture_remove(&fixture);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_damaged_record_is_named_and_its_neighbours_are_served),
        cmocka_unit_test(a_missing_record_is_a_gap),
        cmocka_unit_test(a_byte_changed_in_the_file_is_seen),
        cmocka_unit_test(a_file_put_back_from_another_journal_breaks_the_chain),
        cmocka_unit_test(a_seal_without_a_next_file_is_repaired),
        cmocka_unit_test(a_batch_larger_than_the_map_is_full_and_no_end),
        cmocka_unit_test(a_full_disk_is_full_and_no_end),
        cmocka_unit_test(a_failed_write_ends_the_journal_and_loses_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
