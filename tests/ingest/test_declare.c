/*
 * From a folder to a journal record and back: what is declared is what a restart serves, and a file
 * that broke meanwhile keeps its last good version.
 */

#include "ingest/declare.h"

#include "../store/fixture.h"

#include <stdlib.h>
#include <unistd.h>

#define EXAMPLES SOURCE_DIR "/experiments"

static struct catalogue *read_folder(const char *folder, struct catalogue *previous,
                                     size_t *kept_count)
{
    struct settlement settlement = {0};
    struct diagnostics found = {0};
    struct error error = {0};
    if (declare_read(folder, previous, &settlement, &found, &error))
        fail_msg("%s: %s (%zu errors)", error.where, error.text, found.errors);
    *kept_count = settlement.kept_count;
    struct catalogue *catalogue = settlement.catalogue;
    settlement_done(&settlement);
    diagnostics_done(&found);
    return catalogue;
}

static void append(struct journal *journal, enum record_kind kind, struct slice body)
{
    struct journal_entry entry = {.kind = kind, .received_ms = 1, .body = body};
    uint64_t sequence;
    assert_int_equal(journal_append(journal, &entry, 1, &sequence, NULL), STATUS_OK);
}

static void declare(struct journal *journal, const struct catalogue *catalogue)
{
    struct buffer body = {0};
    declare_write(&body, catalogue);
    assert_int_equal(buffer_status(&body, NULL), STATUS_OK);
    append(journal, RECORD_CATALOGUE, buffer_slice(&body));
    buffer_done(&body);
}

static void an_empty_journal_has_no_catalogue(void **state)
{
    (void)state;
    struct fixture fixture;
    struct catalogue unset;
    struct catalogue *catalogue = &unset;
    fixture_make(&fixture);
    fixture_open(&fixture, NULL);
    append(fixture.journal, RECORD_MESSAGE, SLICE("record 1"));
    assert_int_equal(declare_last(fixture.journal, &catalogue, NULL), STATUS_OK);
    assert_null(catalogue);
    fixture_remove(&fixture);
}

static void a_declared_catalogue_comes_back_after_a_restart(void **state)
{
    (void)state;
    struct fixture fixture;
    struct catalogue *last = NULL;
    size_t kept_count;
    struct catalogue *read = read_folder(EXAMPLES, NULL, &kept_count);
    assert_int_equal(kept_count, 0);
    assert_true(read->experiment_count > 0);
    fixture_make(&fixture);
    fixture_open(&fixture, NULL);
    struct buffer older = {0};
    catalogue_body_begin(&older, 0);
    append(fixture.journal, RECORD_CATALOGUE, buffer_slice(&older));
    buffer_done(&older);
    declare(fixture.journal, read);
    append(fixture.journal, RECORD_MESSAGE, SLICE("record 3"));
    fixture_reopen(&fixture, NULL);
    assert_int_equal(declare_last(fixture.journal, &last, NULL), STATUS_OK);
    assert_non_null(last);
    assert_true(digest_equal(&last->digest, &read->digest));
    assert_int_equal(last->experiment_count, read->experiment_count);
    assert_int_equal(last->sources.count, read->sources.count);
    for (size_t i = 0; i < last->sources.count; i++)
        assert_true(slice_equal(last->sources.files[i].text, read->sources.files[i].text));
    catalogue_release(last);
    catalogue_release(read);
    fixture_remove(&fixture);
}

static void copy_examples(const struct catalogue *catalogue, const char *folder)
{
    char path[256];
    for (size_t i = 0; i < catalogue->sources.count; i++) {
        const struct source *source = &catalogue->sources.files[i];
        snprintf(path, sizeof path, "%s/%.*s", folder, SLICE_ARGS(source->name));
        FILE *file = fopen(path, "w");
        assert_non_null(file);
        fwrite(source->text.data, 1, source->text.size, file);
        fclose(file);
    }
}

static void a_file_that_broke_keeps_what_the_journal_has(void **state)
{
    (void)state;
    struct fixture fixture;
    struct catalogue *last = NULL;
    char folder[64];
    char path[256];
    size_t kept_count;
    struct catalogue *read = read_folder(EXAMPLES, NULL, &kept_count);
    size_t experiment_count = read->experiment_count;
    assert_non_null(tempdir_make(folder));
    copy_examples(read, folder);
    catalogue_release(read);
    read = read_folder(folder, NULL, &kept_count);
    fixture_make(&fixture);
    fixture_open(&fixture, NULL);
    declare(fixture.journal, read);
    assert_int_equal(declare_last(fixture.journal, &last, NULL), STATUS_OK);
    snprintf(path, sizeof path, "%s/crm-first-run.yaml", folder);
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    fputs("experiment: [\n", file);
    fclose(file);
    struct catalogue *settled = read_folder(folder, last, &kept_count);
    assert_int_equal(kept_count, 1);
    assert_int_equal(settled->experiment_count, experiment_count);
    assert_true(digest_equal(&settled->digest, &read->digest));
    catalogue_release(settled);
    catalogue_release(last);
    catalogue_release(read);
    tempdir_remove(folder);
    fixture_remove(&fixture);
}

static void a_garbled_catalogue_is_not_served(void **state)
{
    (void)state;
    static const struct slice bodies[] = {
        {.data = "", .size = 0},
        {.data = "\x02\x01"
                 "a\x01"
                 "b\x01"
                 "c",
         .size = 7},
        {.data = "\x01\x7f"
                 "aaaa",
         .size = 6},
    };
    for (size_t i = 0; i < sizeof bodies / sizeof bodies[0]; i++) {
        struct fixture fixture;
        struct catalogue *catalogue = NULL;
        fixture_make(&fixture);
        fixture_open(&fixture, NULL);
        append(fixture.journal, RECORD_CATALOGUE, bodies[i]);
        struct error error = {0};
        assert_int_not_equal(declare_last(fixture.journal, &catalogue, &error), STATUS_OK);
        assert_int_not_equal(error.status, STATUS_OK);
        assert_null(catalogue);
        fixture_remove(&fixture);
    }
}

static void a_missing_folder_is_not_found(void **state)
{
    (void)state;
    struct settlement settlement = {0};
    struct diagnostics found = {0};
    assert_int_equal(declare_read("/nowhere/at/all", NULL, &settlement, &found, NULL),
                     STATUS_NOT_FOUND);
    settlement_done(&settlement);
    diagnostics_done(&found);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_empty_journal_has_no_catalogue),
        cmocka_unit_test(a_declared_catalogue_comes_back_after_a_restart),
        cmocka_unit_test(a_file_that_broke_keeps_what_the_journal_has),
        cmocka_unit_test(a_garbled_catalogue_is_not_served),
        cmocka_unit_test(a_missing_folder_is_not_found),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
