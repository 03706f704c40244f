/*
 * Erasure of records: what is left of a message, by the rules of store/erasure.h spelled out here;
 * the format of the record, in bytes; and rewriting of sealed files, which leaves the chain good.
 */

#include "store/erasure.h"

#include "fixture.h"

#include <dirent.h>

#define DAY_START INT64_C(1709510400000) /* 2024-03-04T00:00:00Z */
#define NOON (DAY_START + 12 * HOUR_MS)

static struct slice secret_of(const struct fixture *fixture)
{
    return store_secret(&fixture->store);
}

static struct erasure_row row_of(struct slice secret, enum unit_kind kind, const char *id,
                                 uint64_t request)
{
    return (struct erasure_row){
        .key = {.kind = (uint8_t)kind,
                .hash = hash_keyed(secret, (unsigned char)kind, slice_of(id))},
        .request = request,
        .is_person = true};
}

static struct message message_make(void)
{
    return (struct message){.type = MESSAGE_EXPOSURE,
                            .user = SLICE("ann"),
                            .anonymous = SLICE("phone"),
                            .account = SLICE("acme"),
                            .event = SLICE("Experiment Viewed"),
                            .message_id = SLICE("m1"),
                            .occurred_ms = NOON,
                            .original_ms = NOON - 5,
                            .sent_ms = NOON - 3,
                            .experiment = SLICE("one"),
                            .variation = SLICE("new"),
                            .properties = SLICE("{\"seen\":\"ann\"}"),
                            .traits = SLICE("{\"email\":\"ann@example.test\"}"),
                            .context = SLICE("{\"locale\":\"de\"}")};
}

/* What becomes of `message`, record 5, when that id is erased by request 9. */
struct scrubbing {
    struct buffer before, after;
    struct record scrubbed;
    struct message left;
    bool changed;
};

static void scrub(struct scrubbing *scrubbing, const struct message *message, uint16_t flags,
                  const struct erasure_row *rows, size_t count)
{
    struct erasure_run run = {
        .secret = SLICE("secret"), .salt = {1, 2, 3}, .rows = rows, .count = count};
    *scrubbing = (struct scrubbing){0};
    message_write(&scrubbing->before, message);
    struct record record = {.sequence = 5,
                            .kind = RECORD_MESSAGE,
                            .flags = flags,
                            .received_ms = NOON + 7,
                            .body = buffer_slice(&scrubbing->before)};
    assert_int_equal(erasure_scrub(&run, &record, &scrubbing->scrubbed, &scrubbing->after,
                                   &scrubbing->changed, NULL),
                     STATUS_OK);
    if (scrubbing->changed)
        assert_int_equal(message_read(scrubbing->scrubbed.body, &scrubbing->left, NULL), STATUS_OK);
}

static void scrubbing_done(struct scrubbing *scrubbing)
{
    buffer_done(&scrubbing->before);
    buffer_done(&scrubbing->after);
}

static bool holds(struct slice body, const char *text)
{
    return memmem(body.data, body.size, text, strlen(text)) != NULL;
}

static void of_an_exposure_experiment_variant_day_and_account_are_left(void **state)
{
    (void)state;
    struct erasure_row ann = row_of(SLICE("secret"), UNIT_USER, "ann", 9);
    struct message message = message_make();
    struct scrubbing s;
    scrub(&s, &message, RECORD_SKEWED | RECORD_HASH_ID, &ann, 1);
    assert_true(s.changed);
    assert_int_equal(s.scrubbed.sequence, 5);
    assert_int_equal(s.scrubbed.received_ms, NOON + 7);
    assert_int_equal(s.scrubbed.flags, RECORD_SCRUBBED | RECORD_SKEWED);
    assert_true(slice_equals(s.left.experiment, "one"));
    assert_true(slice_equals(s.left.variation, "new"));
    assert_true(slice_equals(s.left.account, "acme"));
    assert_int_equal(s.left.occurred_ms, DAY_START);
    assert_int_equal(s.left.original_ms, TIME_NONE);
    assert_int_equal(s.left.sent_ms, TIME_NONE);
    assert_true(erasure_is_replaced(s.left.user));
    assert_true(erasure_is_replaced(s.left.anonymous));
    assert_false(slice_equal(s.left.user, s.left.anonymous));
    static const char *const gone[] = {"ann", "phone", "m1", "seen", "email", "locale", "Viewed"};
    for (size_t i = 0; i < sizeof gone / sizeof *gone; i++)
        assert_false(holds(s.scrubbed.body, gone[i]));
    scrubbing_done(&s);
}

static void of_an_outcome_nothing_is_left_but_that_it_came(void **state)
{
    (void)state;
    struct erasure_row ann = row_of(SLICE("secret"), UNIT_USER, "ann", 9);
    struct message message = message_make();
    struct scrubbing s;
    message.type = MESSAGE_TRACK;
    message.event = SLICE("Contact Created");
    message.experiment = message.variation = (struct slice){0};
    scrub(&s, &message, 0, &ann, 1);
    assert_true(s.changed);
    assert_int_equal(s.left.type, MESSAGE_TRACK);
    assert_int_equal(s.left.occurred_ms, NOON + 7);
    assert_true(slice_is_empty(s.left.event));
    assert_true(erasure_is_replaced(s.left.account));
    scrubbing_done(&s);
}

static void a_message_of_another_loses_the_erased_id_alone(void **state)
{
    (void)state;
    struct erasure_row phone = row_of(SLICE("secret"), UNIT_ANONYMOUS, "phone", 9);
    struct message message = message_make();
    struct scrubbing s;
    scrub(&s, &message, RECORD_HASH_ID, &phone, 1);
    assert_true(s.changed);
    assert_int_equal(s.scrubbed.flags, RECORD_HASH_ID);
    assert_true(slice_equals(s.left.user, "ann"));
    assert_true(erasure_is_replaced(s.left.anonymous));
    assert_int_equal(s.left.occurred_ms, NOON);
    assert_true(slice_equal(s.left.properties, message.properties));
    assert_int_not_equal(hash128_compare(&s.left.content, &message.content), 0);
    scrubbing_done(&s);
}

static void an_account_that_bears_the_erased_id_goes_too(void **state)
{
    (void)state;
    struct erasure_row ann = row_of(SLICE("secret"), UNIT_USER, "ann", 9);
    struct message message = message_make();
    struct scrubbing s;
    message.account = SLICE("ann");
    scrub(&s, &message, 0, &ann, 1);
    assert_true(erasure_is_replaced(s.left.account));
    scrubbing_done(&s);
}

static void later_records_are_spared_unless_the_id_is_suppressed(void **state)
{
    (void)state;
    struct erasure_row ann = row_of(SLICE("secret"), UNIT_USER, "ann", 4);
    struct message message = message_make();
    struct scrubbing s;
    scrub(&s, &message, 0, &ann, 1);
    assert_false(s.changed);
    scrubbing_done(&s);
    ann.key.suppressed = true;
    scrub(&s, &message, 0, &ann, 1);
    assert_true(s.changed);
    scrubbing_done(&s);
}

static void what_is_scrubbed_is_not_scrubbed_again(void **state)
{
    (void)state;
    struct erasure_row ann = row_of(SLICE("secret"), UNIT_USER, "ann", 9);
    struct message message = message_make();
    struct scrubbing once, twice;
    scrub(&once, &message, 0, &ann, 1);
    scrub(&twice, &once.left, once.scrubbed.flags, &ann, 1);
    assert_false(twice.changed);
    scrubbing_done(&once);
    scrubbing_done(&twice);
}

static void other_people_are_left_alone(void **state)
{
    (void)state;
    struct erasure_row rows[] = {
        row_of(SLICE("secret"), UNIT_USER, "bob", 9),
        row_of(SLICE("secret"), UNIT_USER, "phone", 9), /* ids of one kind are none of another */
        row_of(SLICE("other"), UNIT_USER, "ann", 9),
        row_of(SLICE("secret"), UNIT_ANONYMOUS, "ann", 9),
    };
    struct message message = message_make();
    struct scrubbing s;
    erasure_rows_sort(rows, 4);
    scrub(&s, &message, 0, rows, 4);
    assert_false(s.changed);
    scrubbing_done(&s);
}

/* Format 1, of request 300 after 2, one suppressed account. */
static void the_record_is_as_written_down(void **state)
{
    (void)state;
    struct buffer out = {0};
    struct erasure_key key = {.kind = UNIT_ACCOUNT, .suppressed = true};
    static const unsigned char want[] = {1, 0xac, 0x02, 2, 1, 0x81, 0x11, 0, 0, 0, 0,
                                         0, 0,    0,    0, 0, 0,    0,    0, 0, 0, 0x22};
    key.hash.bytes[0] = 0x11;
    key.hash.bytes[15] = 0x22;
    erasure_write(&out, 300, 2, &key, 1);
    assert_int_equal(out.size, sizeof want);
    assert_memory_equal(out.data, want, sizeof want);
    buffer_done(&out);
}

static uint64_t append_message(struct fixture *fixture, const char *user, uint16_t flags)
{
    struct buffer body = {0};
    struct message message = message_make();
    uint64_t sequence;
    message.user = slice_of(user);
    message_write(&body, &message);
    struct journal_entry entry = {
        .kind = RECORD_MESSAGE, .flags = flags, .received_ms = NOON, .body = buffer_slice(&body)};
    assert_int_equal(journal_append(fixture->journal, &entry, 1, &sequence, NULL), STATUS_OK);
    buffer_done(&body);
    return sequence;
}

static uint64_t append_erasure(struct fixture *fixture, const struct erasure_key *key, uint64_t of,
                               uint64_t previous)
{
    struct buffer body = {0};
    uint64_t sequence;
    erasure_write(&body, of, previous, key, 1);
    struct journal_entry entry = {
        .kind = RECORD_ERASURE, .received_ms = NOON, .body = buffer_slice(&body)};
    assert_int_equal(journal_append(fixture->journal, &entry, 1, &sequence, NULL), STATUS_OK);
    buffer_done(&body);
    return sequence;
}

static bool file_holds(const struct fixture *fixture, const char *text)
{
    char path[512];
    bool found = false;
    snprintf(path, sizeof path, "%s/journal", fixture->path);
    DIR *folder = opendir(path);
    for (struct dirent *entry = readdir(folder); entry; entry = readdir(folder)) {
        FILE *file;
        static char bytes[8 << 20];
        snprintf(path, sizeof path, "%s/journal/%s", fixture->path, entry->d_name);
        if (entry->d_name[0] == '.' || !(file = fopen(path, "rb")))
            continue;
        size_t size = fread(bytes, 1, sizeof bytes, file);
        fclose(file);
        found |= memmem(bytes, size, text, strlen(text)) != NULL;
    }
    closedir(folder);
    return found;
}

static enum status run_scrub(void *context, const struct record *record, struct record *scrubbed,
                             struct buffer *body, bool *changed, struct error *error)
{
    return erasure_scrub(context, record, scrubbed, body, changed, error);
}

static void sealed_files_are_rewritten_and_the_chain_stays_good(void **state)
{
    (void)state;
    struct fixture fixture;
    fixture_make(&fixture);
    fixture_open(&fixture, NULL);
    for (int i = 0; i < 50; i++)
        append_message(&fixture, i % 10 ? "somebody-else" : "erased-person", 0);
    append_message(&fixture, "somebody-else", RECORD_SEAL);
    append_message(&fixture, "somebody-else", RECORD_SEAL);
    append_message(&fixture, "erased-person", 0);
    struct erasure_row row = row_of(secret_of(&fixture), UNIT_USER, "erased-person", 1000);
    struct erasure_run run = {.secret = secret_of(&fixture), .rows = &row, .count = 1};
    struct journal_rewrite rewrite = {.erasure = 77, .scrub = run_scrub, .context = &run};
    assert_int_equal(journal_rewrite(fixture.journal, &rewrite, NULL), STATUS_OK);
    assert_int_equal(rewrite.files, 1);
    assert_int_equal(rewrite.records, 5);
    assert_true(rewrite.open_holds);
    append_message(&fixture, "somebody-else", RECORD_SEAL);
    assert_int_equal(journal_rewrite(fixture.journal, &rewrite, NULL), STATUS_OK);
    assert_int_equal(rewrite.files, 2);
    assert_int_equal(rewrite.records, 6);
    assert_false(rewrite.open_holds);
    assert_false(file_holds(&fixture, "erased-person"));
    assert_true(file_holds(&fixture, "somebody-else"));
    assert_clean(fixture.journal, 54);
    struct journal_check check;
    assert_int_equal(journal_verify(fixture.journal, &check, NULL), STATUS_OK);
    assert_int_equal(check.rewritten, 2);
    assert_int_equal(check.erasure, 77);
    fixture_reopen(&fixture, NULL);
    append_message(&fixture, "somebody-else", 0);
    assert_clean(fixture.journal, 55);
    fixture_remove(&fixture);
}

static void who_was_erased_is_known_after_a_restart(void **state)
{
    (void)state;
    struct fixture fixture;
    struct erasures *erasures;
    struct erasure_row found;
    fixture_make(&fixture);
    fixture_open(&fixture, NULL);
    struct erasure_key ann = row_of(secret_of(&fixture), UNIT_USER, "ann", 0).key;
    struct erasure_key phone = row_of(secret_of(&fixture), UNIT_ANONYMOUS, "phone", 0).key;
    append_message(&fixture, "ann", 0);
    uint64_t request = append_erasure(&fixture, &ann, 0, 0);
    append_message(&fixture, "ann", RECORD_SEAL);
    phone.suppressed = true;
    uint64_t tied = append_erasure(&fixture, &phone, request, request);
    append_message(&fixture, "ann", 0);
    fixture_reopen(&fixture, NULL);
    assert_int_equal(journal_last_erasure(fixture.journal), tied);
    assert_int_equal(erasures_open(fixture.journal, &erasures, NULL), STATUS_OK);
    assert_true(erasures_find(erasures, UNIT_USER, &ann.hash, &found));
    assert_int_equal(found.request, request);
    assert_true(erasures_find(erasures, UNIT_ANONYMOUS, &phone.hash, &found));
    assert_int_equal(found.request, request);
    assert_true(erasures_request(erasures, request, &found));
    assert_false(erasures_request(erasures, tied, &found));
    assert_true(erasures_suppress(erasures, secret_of(&fixture), UNIT_ANONYMOUS, SLICE("phone")));
    assert_false(erasures_suppress(erasures, secret_of(&fixture), UNIT_USER, SLICE("ann")));
    erasures_close(erasures);
    fixture_remove(&fixture);
}

static void progress_comes_back_as_it_was_and_anything_else_is_none(void **state)
{
    (void)state;
    struct fixture fixture;
    struct erasure_progress want = {.done = 3, .changed = 2, .through = 9, .salt = {255, 7}};
    char path[256];
    static const char *const broken[] = {"", "done 1", "done 1\nchanged x\n", "changed 1\ndone 1\n",
                                         "done 1\nchanged 1\nthrough 2 12\n"};
    fixture_make(&fixture);
    assert_int_equal(erasure_progress_read(&fixture.store).done, 0);
    assert_int_equal(erasure_progress_write(&fixture.store, &want, NULL), STATUS_OK);
    struct erasure_progress got = erasure_progress_read(&fixture.store);
    assert_int_equal(got.done, 3);
    assert_int_equal(got.changed, 2);
    assert_int_equal(got.through, 9);
    assert_memory_equal(got.salt, want.salt, sizeof want.salt);
    snprintf(path, sizeof path, "%s/journal/erased", fixture.path);
    for (size_t i = 0; i < sizeof broken / sizeof *broken; i++) {
        FILE *file = fopen(path, "w");
        assert_non_null(file);
        fputs(broken[i], file);
        fclose(file);
        got = erasure_progress_read(&fixture.store);
        assert_int_equal(got.done + got.changed + got.through, 0);
    }
    fixture_remove(&fixture);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(of_an_exposure_experiment_variant_day_and_account_are_left),
        cmocka_unit_test(of_an_outcome_nothing_is_left_but_that_it_came),
        cmocka_unit_test(a_message_of_another_loses_the_erased_id_alone),
        cmocka_unit_test(an_account_that_bears_the_erased_id_goes_too),
        cmocka_unit_test(later_records_are_spared_unless_the_id_is_suppressed),
        cmocka_unit_test(what_is_scrubbed_is_not_scrubbed_again),
        cmocka_unit_test(other_people_are_left_alone),
        cmocka_unit_test(the_record_is_as_written_down),
        cmocka_unit_test(sealed_files_are_rewritten_and_the_chain_stays_good),
        cmocka_unit_test(who_was_erased_is_known_after_a_restart),
        cmocka_unit_test(progress_comes_back_as_it_was_and_anything_else_is_none),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
