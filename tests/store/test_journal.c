/*
 * The contract of the journal: what was appended is there, in order, once, after any reopening;
 * files are sealed and chained; other processes may read meanwhile.
 */

#include "store/fixture.h"

#include "base/random.h"

#include <fcntl.h>
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
        struct journal_files files = fixture_files(&fixture);
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
    struct journal_files files = fixture_files(&fixture);
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

static enum status append_more(void *context, const struct record *record, struct error *error)
{
    (void)error;
    struct fixture *fixture = context;
    if (record->sequence % 1000 == 0)
        return fixture_append(fixture->journal, 1000, 0, 1);
    return STATUS_OK;
}

/* 25 000 records: three slices. */
static void a_scan_ends_where_the_journal_ended_when_it_began(void **state)
{
    (void)state;
    struct fixture fixture;
    fixture_make(&fixture);
    fixture_open(&fixture, NULL);
    for (int i = 0; i < 25; i++)
        assert_int_equal(fixture_append(fixture.journal, 1000, 0, 1), STATUS_OK);
    struct journal_scan scan = {.from = 1, .visit = append_more, .context = &fixture};
    assert_int_equal(journal_scan(fixture.journal, &scan, NULL), STATUS_OK);
    assert_int_equal(scan.next, 25001);
    assert_int_equal(scan.gaps, 0);
    assert_int_equal(journal_last_sequence(fixture.journal), 50000);
    assert_clean(fixture.journal, 50000);
    fixture_remove(&fixture);
}

/* The writer of the two-process test: goes on from file to file until it is told to end. */
static void writing_child(const struct fixture *fixture, int stop)
{
    struct journal_options options = {.map_size = TEST_MAP_SIZE, .file_bytes = 256 * 1024};
    struct fixture own = *fixture;
    char byte;
    fcntl(stop, F_SETFL, O_NONBLOCK);
    fixture_open(&own, &options);
    while (read(stop, &byte, 1) < 0)
        if (fixture_append(own.journal, 100, 0, 1))
            _exit(1);
    journal_close(own.journal);
    _exit(0);
}

static void a_reader_in_another_process_sees_every_commit_in_order(void **state)
{
    (void)state;
    struct fixture fixture;
    struct fixture reader = {0};
    int stop[2];
    int result;
    fixture_make(&fixture);
    assert_int_equal(pipe(stop), 0);
    assert_int_equal(store_open(&reader.store, fixture.path, STORE_READ, NULL), STATUS_OK);
    pid_t child = fork();
    if (child == 0) {
        close(stop[1]);
        writing_child(&fixture, stop[0]);
    }
    fixture_open(&reader, NULL); /* perhaps before there is any file */
    uint64_t next = 1;
    uint64_t last = 0;
    int64_t end_us = monotonic_us() + 60 * INT64_C(1000000);
    while (next < 15000 && monotonic_us() < end_us) {
        struct journal_scan scan;
        struct seen seen = fixture_scan(reader.journal, next, 0, &scan);
        assert_int_equal(seen.wrong + seen.damaged + scan.gaps, 0);
        assert_int_equal(seen.count, scan.next - next);
        assert_int_equal((scan.next - 1) % 100, 0); /* whole commits only */
        assert_true(journal_last_sequence(reader.journal) >= last);
        last = journal_last_sequence(reader.journal);
        next = scan.next;
    }
    assert_int_equal(write(stop[1], "x", 1), 1);
    waitpid(child, &result, 0);
    assert_int_equal(result, 0);
    struct journal_scan scan;
    fixture_scan(reader.journal, next, 0, &scan);
    assert_true(scan.next >= 15000);
    assert_clean(reader.journal, scan.next - 1);
    struct journal_files files = fixture_files(&fixture);
    assert_true(files.count >= 3); /* it followed the writer from file to file */
    journal_files_done(&files);
    journal_close(reader.journal);
    store_close(&reader.store);
    close(stop[0]);
    close(stop[1]);
    fixture_remove(&fixture);
}

/* The property: any batches, any sizes, reopened at any time, are what a list in memory holds. */
#define MODEL_MAX 3000

struct model {
    struct {
        uint8_t kind;
        uint16_t flags;
        int64_t received_ms;
        struct hash128 body;
    } records[MODEL_MAX];
    size_t count;
    size_t visited;
};

static enum status model_visit(void *context, const struct record *record, struct error *error)
{
    struct model *model = context;
    (void)error;
    size_t index = (size_t)record->sequence - 1;
    struct hash128 body = hash_content(record->body);
    assert_true(index < model->count && !record->damaged);
    assert_int_equal(record->kind, model->records[index].kind);
    assert_int_equal(record->flags, model->records[index].flags);
    assert_true(record->received_ms == model->records[index].received_ms);
    assert_memory_equal(body.bytes, model->records[index].body.bytes, 16);
    model->visited++;
    return STATUS_OK;
}

static void model_append(struct model *model, struct journal *journal, struct random *random)
{
    static char noise[20000];
    struct journal_entry entries[60];
    size_t count = 1 + (size_t)random_below(random, 60);
    uint64_t first;
    for (size_t i = 0; i < sizeof noise; i += 8) {
        uint64_t word = random_next(random);
        memcpy(noise + i, &word, 8);
    }
    for (size_t i = 0; i < count; i++) {
        size_t size = (size_t)random_below(random, random_below(random, 8) ? 300 : 9000);
        entries[i] = (struct journal_entry){
            .kind = (enum record_kind)(1 + random_below(random, 3)),
            .flags = (uint16_t)random_below(random, 1 << 16),
            .received_ms = (int64_t)random_below(random, 1000000),
            .body = {.data = noise + random_below(random, sizeof noise - 9000), .size = size},
        };
        int64_t before = model->count ? model->records[model->count - 1].received_ms : 0;
        bool later = entries[i].received_ms > before;
        model->records[model->count].kind = (uint8_t)entries[i].kind;
        model->records[model->count].flags = entries[i].flags;
        model->records[model->count].received_ms = later ? entries[i].received_ms : before;
        model->records[model->count++].body = hash_content(entries[i].body);
    }
    assert_int_equal(journal_append(journal, entries, count, &first, NULL), STATUS_OK);
    assert_int_equal(first, model->count - count + 1);
}

static void any_history_reads_back_as_it_was_appended(void **state)
{
    (void)state;
    static struct model model;
    struct journal_options options = {.map_size = TEST_MAP_SIZE, .file_bytes = 300 * 1024};
    for (uint64_t seed = 1; seed <= 4; seed++) {
        struct random random = {.state = seed};
        struct fixture fixture;
        fixture_make(&fixture);
        fixture_open(&fixture, &options);
        model.count = 0;
        while (model.count + 60 < MODEL_MAX) {
            model_append(&model, fixture.journal, &random);
            if (random_below(&random, 10) == 0)
                fixture_reopen(&fixture, &options);
            uint64_t from = 1 + random_below(&random, model.count + 2);
            uint64_t limit = random_below(&random, 200);
            uint64_t there = from > model.count ? 0 : model.count + 1 - from;
            model.visited = 0;
            struct journal_scan scan = {.from = from, .limit = limit, .visit = model_visit};
            scan.context = &model;
            assert_int_equal(journal_scan(fixture.journal, &scan, NULL), STATUS_OK);
            assert_int_equal(model.visited, limit && limit < there ? limit : there);
            assert_int_equal(scan.next, from + model.visited);
        }
        assert_true(journal_bytes(fixture.journal) > 300 * 1024);
        assert_clean(fixture.journal, model.count);
        fixture_remove(&fixture);
    }
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
        cmocka_unit_test(a_scan_ends_where_the_journal_ended_when_it_began),
        cmocka_unit_test(a_reader_in_another_process_sees_every_commit_in_order),
        cmocka_unit_test(any_history_reads_back_as_it_was_appended),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
