/*
 * Every call to the engine's library and to the file system that a journal makes fails once, in
 * turn.  Whatever fails: what was said to be appended is there, what was said to have failed is
 * not, a full disk is no end, and the journal opens again.
 */

#include "store/state.h"

#include "store/fixture.h"
#include "support/faults.h"

#include <stdlib.h>

/* Small files, so that sealing and making the next one are among what fails. */
static const struct journal_options small = {.map_size = 4 << 20, .file_bytes = 96 * 1024};
#define BATCHES 8

/* Appends until the end; how many batches were acknowledged.  *first: the status that was not OK.
 */
static size_t append_all(struct journal *journal, enum status *first)
{
    size_t acknowledged = 0;
    for (int i = 0; i < BATCHES; i++) {
        enum status status = fixture_append(journal, 300, 0, 1);
        acknowledged += status == STATUS_OK;
        if (status && *first == STATUS_OK)
            *first = status;
        if (*first == STATUS_STORAGE)
            assert_true(status == STATUS_STORAGE); /* and never anything else again */
    }
    return acknowledged;
}

/* One run with the call `number` failing; false when there was no such call. */
static bool journal_survives(int code, long number)
{
    struct fixture fixture;
    enum status first = STATUS_OK;
    size_t acknowledged = 0;
    fixture_make(&fixture);
    faults_begin(code, number);
    struct error error = {0};
    enum status opened = journal_open(&fixture.store, &small, &fixture.journal, &error);
    assert_int_equal(opened, error.status);
    if (opened)
        assert_null(fixture.journal);
    else
        acknowledged = append_all(fixture.journal, &first);
    bool failed = faults_end();
    if (first == STATUS_FULL) {
        assert_int_equal(acknowledged, BATCHES - 1); /* the next one worked again */
        assert_clean(fixture.journal, 300 * acknowledged);
    }
    fixture_reopen(&fixture, &small);
    assert_clean(fixture.journal, 300 * acknowledged);
    assert_int_equal(fixture_append(fixture.journal, 300, 0, 1), STATUS_OK);
    assert_clean(fixture.journal, 300 * (acknowledged + 1));
    fixture_remove(&fixture);
    return failed;
}

static void journal_survives_each(int code)
{
    long number = 0;
    /* The calls of every record are alike: after the first batches only one in seven is tried. */
    while (journal_survives(code, number))
        number += number < 40 ? 1 : number % 300 > 285 || number % 300 < 15 ? 1 : 97;
    assert_true(number > 300 * BATCHES); /* it did reach the end */
}

static void no_full_disk_anywhere_loses_or_invents_a_record(void **state)
{
    (void)state;
    journal_survives_each(MAP_FULL);
}

static void no_failed_call_anywhere_loses_or_invents_a_record(void **state)
{
    (void)state;
    journal_survives_each(EIO);
}

/* A new state beside a published one; whatever fails, one whole state is current. */
static bool state_survives(int code, long number)
{
    static const struct state_options options = {.map_size = 4 << 20};
    struct fixture fixture;
    struct state *state = NULL;
    struct state_transaction *transaction;
    struct slice value;
    fixture_make(&fixture);
    for (int turn = 0; turn < 2; turn++) { /* the first works, the second may fail */
        enum status status = STATUS_OK;
        faults_begin(code, turn ? number : -1);
        state = NULL;
        status = state_create(&fixture.store, &options, &state, NULL);
        if (!status)
            status = state_begin(state, true, &transaction, NULL);
        if (!status) {
            status = state_put(transaction, STATE_META, SLICE("turn"),
                               turn ? SLICE("1") : SLICE("0"), NULL);
            if (status)
                state_abort(transaction);
            else
                status = state_commit(transaction, NULL);
        }
        if (!status)
            status = state_publish(state, NULL);
        state_close(state);
        assert_true(turn || !status);
    }
    bool failed = faults_end();
    assert_int_equal(state_open(&fixture.store, &options, &state, NULL), STATUS_OK);
    assert_int_equal(state_begin(state, false, &transaction, NULL), STATUS_OK);
    assert_int_equal(state_get(transaction, STATE_META, SLICE("turn"), &value, NULL), STATUS_OK);
    assert_true(slice_equals(value, failed ? "0" : "1") || (failed && slice_equals(value, "1")));
    state_abort(transaction);
    state_close(state);
    fixture_remove(&fixture);
    return failed;
}

static void no_failed_call_leaves_half_a_state_current(void **state)
{
    (void)state;
    long number = 0;
    while (state_survives(EIO, number))
        number++;
    assert_true(number > 10);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(no_full_disk_anywhere_loses_or_invents_a_record),
        cmocka_unit_test(no_failed_call_anywhere_loses_or_invents_a_record),
        cmocka_unit_test(no_failed_call_leaves_half_a_state_current),
    };
    if (access("/dev/shm", W_OK) == 0)
        setenv("TMPDIR", "/dev/shm", 1); /* thousands of fsyncs */
    return cmocka_run_group_tests(tests, NULL, NULL);
}
