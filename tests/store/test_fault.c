/*
 * Every call to the engine's library and to the file system that a journal makes fails once, in
 * turn.  Whatever fails: what was said to be appended is there, what was said to have failed is
 * not, a full disk is no end, and the journal opens again.
 *
 * The functions below stand in front of the libraries' own, which they call unless it is their
 * turn.  A commit that fails has ended its transaction, as the real one does.
 */

#include "store/state.h"

#include "store/fixture.h"

#include <dlfcn.h>
#include <errno.h>
#include <stdlib.h>
#include <sys/types.h>
#include <unistd.h>

#define MAP_FULL (-30792) /* MDB_MAP_FULL */

/* Counts down to the call that fails; negative: none does. */
static long calls_left = -1;
static int failure;

static bool fails(void)
{
    if (calls_left < 0)
        return false;
    return calls_left-- == 0;
}

static void *real(const char *name)
{
    void *function = dlsym(RTLD_NEXT, name);
    assert_non_null(function);
    return function;
}

/* ISO C has no way from void * to a function; POSIX has this one. */
#define REAL(name, type) (*(type *)(void *[]){real(name)})

int mdb_env_create(void **environment);
int mdb_env_open(void *environment, const char *path, unsigned flags, mode_t mode);
int mdb_txn_begin(void *environment, void *parent, unsigned flags, void **transaction);
int mdb_dbi_open(void *transaction, const char *name, unsigned flags, unsigned *table);
int mdb_put(void *transaction, unsigned table, void *key, void *value, unsigned flags);
int mdb_get(void *transaction, unsigned table, void *key, void *value);
int mdb_cursor_open(void *transaction, unsigned table, void **cursor);
int mdb_txn_commit(void *transaction);
void mdb_txn_abort(void *transaction);
int mdb_env_sync(void *environment, int force);

int mdb_env_create(void **environment)
{
    typedef int function(void **);
    return fails() ? failure : REAL("mdb_env_create", function *)(environment);
}

int mdb_env_open(void *environment, const char *path, unsigned flags, mode_t mode)
{
    typedef int function(void *, const char *, unsigned, mode_t);
    return fails() ? failure : REAL("mdb_env_open", function *)(environment, path, flags, mode);
}

int mdb_txn_begin(void *environment, void *parent, unsigned flags, void **transaction)
{
    typedef int function(void *, void *, unsigned, void **);
    return fails() ? failure
                   : REAL("mdb_txn_begin", function *)(environment, parent, flags, transaction);
}

int mdb_dbi_open(void *transaction, const char *name, unsigned flags, unsigned *table)
{
    typedef int function(void *, const char *, unsigned, unsigned *);
    return fails() ? failure : REAL("mdb_dbi_open", function *)(transaction, name, flags, table);
}

int mdb_put(void *transaction, unsigned table, void *key, void *value, unsigned flags)
{
    typedef int function(void *, unsigned, void *, void *, unsigned);
    return fails() ? failure : REAL("mdb_put", function *)(transaction, table, key, value, flags);
}

int mdb_get(void *transaction, unsigned table, void *key, void *value)
{
    typedef int function(void *, unsigned, void *, void *);
    return fails() ? failure : REAL("mdb_get", function *)(transaction, table, key, value);
}

int mdb_cursor_open(void *transaction, unsigned table, void **cursor)
{
    typedef int function(void *, unsigned, void **);
    return fails() ? failure : REAL("mdb_cursor_open", function *)(transaction, table, cursor);
}

int mdb_txn_commit(void *transaction)
{
    typedef int function(void *);
    if (!fails())
        return REAL("mdb_txn_commit", function *)(transaction);
    mdb_txn_abort(transaction);
    return failure;
}

int mdb_env_sync(void *environment, int force)
{
    typedef int function(void *, int);
    return fails() ? failure : REAL("mdb_env_sync", function *)(environment, force);
}

/* A library's own code is no errno. */
static int fail_call(void)
{
    errno = failure > 0 ? failure : ENOSPC;
    return -1;
}

int rename(const char *from, const char *to)
{
    typedef int function(const char *, const char *);
    return fails() ? fail_call() : REAL("rename", function *)(from, to);
}

int fsync(int file)
{
    typedef int function(int);
    return fails() ? fail_call() : REAL("fsync", function *)(file);
}

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
    failure = code;
    calls_left = number;
    struct error error = {0};
    enum status opened = journal_open(&fixture.store, &small, &fixture.journal, &error);
    assert_int_equal(opened, error.status);
    if (opened)
        assert_null(fixture.journal);
    else
        acknowledged = append_all(fixture.journal, &first);
    bool failed = calls_left < 0;
    calls_left = -1;
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
        failure = code;
        calls_left = turn ? number : -1;
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
    bool failed = calls_left < 0;
    calls_left = -1;
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
