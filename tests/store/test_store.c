/* The contract of the store's folder: modes, lock, secret. */

#include "store/fixture.h"

#include <signal.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

static void inside(const struct fixture *fixture, const char *name, char path[static 256])
{
    snprintf(path, 256, "%s/%s", fixture->path, name);
}

static unsigned mode_of(const struct fixture *fixture, const char *name)
{
    char path[256];
    struct stat info;
    inside(fixture, name, path);
    assert_int_equal(stat(path, &info), 0);
    return (unsigned)info.st_mode & 0777;
}

static void a_new_store_is_for_its_owner_only(void **state)
{
    (void)state;
    struct fixture fixture;
    mode_t before = umask(0);
    fixture_make(&fixture);
    umask(before);
    assert_int_equal(mode_of(&fixture, ""), 0700);
    assert_int_equal(mode_of(&fixture, "journal"), 0700);
    assert_int_equal(mode_of(&fixture, "state"), 0700);
    assert_int_equal(mode_of(&fixture, "secret"), 0600);
    assert_int_equal(mode_of(&fixture, "lock"), 0600);
    assert_true(store_free_bytes(&fixture.store) > 0);
    fixture_remove(&fixture);
}

static void missing_parents_are_made(void **state)
{
    (void)state;
    char folder[64];
    char path[128];
    struct store store;
    assert_non_null(tempdir_make(folder));
    snprintf(path, sizeof path, "%s/a/b//c/", folder);
    assert_int_equal(store_open(&store, path, STORE_CREATE, NULL), STATUS_OK);
    store_close(&store);
    assert_int_equal(store_open(&store, path, STORE_WRITE, NULL), STATUS_OK);
    store_close(&store);
    tempdir_remove(folder);
}

static void a_missing_store_is_not_made_by_who_only_uses_it(void **state)
{
    (void)state;
    char folder[64];
    char path[128];
    struct store store;
    struct stat info;
    assert_non_null(tempdir_make(folder));
    snprintf(path, sizeof path, "%s/none", folder);
    const enum store_mode modes[] = {STORE_READ, STORE_WRITE};
    for (int i = 0; i < 2; i++) {
        struct error error = {0};
        assert_int_equal(store_open(&store, path, modes[i], &error), STATUS_STORAGE);
        assert_non_null(strstr(error.text, "no store is here"));
        assert_int_not_equal(stat(path, &info), 0);
    }
    assert_int_equal(store_open(&store, folder, STORE_READ, NULL), STATUS_STORAGE);
    tempdir_remove(folder);
}

static void the_secret_stays(void **state)
{
    (void)state;
    struct fixture fixture;
    struct store reader;
    fixture_make(&fixture);
    unsigned char secret[32];
    static const unsigned char zeros[32];
    memcpy(secret, fixture.store.secret, sizeof secret);
    assert_memory_not_equal(secret, zeros, sizeof secret);
    store_close(&fixture.store);
    assert_int_equal(store_open(&fixture.store, fixture.path, STORE_CREATE, NULL), STATUS_OK);
    assert_memory_equal(fixture.store.secret, secret, sizeof secret);
    assert_int_equal(store_open(&reader, fixture.path, STORE_READ, NULL), STATUS_OK);
    assert_memory_equal(reader.secret, secret, sizeof secret);
    assert_int_equal(store_secret(&reader).size, 32);
    store_close(&reader);
    fixture_remove(&fixture);
}

static void a_garbled_secret_is_refused(void **state)
{
    (void)state;
    static const char *const texts[] = {
        "", "abc", "zz00000000000000000000000000000000000000000000000000000000000000",
        "00000000000000000000000000000000000000000000000000000000000000000"};
    struct fixture fixture;
    char path[256];
    fixture_make(&fixture);
    inside(&fixture, "secret", path);
    store_close(&fixture.store);
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        FILE *file = fopen(path, "w");
        assert_non_null(file);
        fputs(texts[i], file);
        fclose(file);
        assert_int_equal(store_open(&fixture.store, fixture.path, STORE_WRITE, NULL),
                         STATUS_STORAGE);
    }
    fixture_remove(&fixture);
}

static void a_lost_secret_is_not_made_anew_beside_records(void **state)
{
    (void)state;
    struct fixture fixture;
    struct error error = {0};
    char path[256];
    fixture_make(&fixture);
    fixture_open(&fixture, NULL);
    assert_int_equal(fixture_append(fixture.journal, 1, 0, 1), STATUS_OK);
    journal_close(fixture.journal);
    fixture.journal = NULL;
    store_close(&fixture.store);
    inside(&fixture, "secret", path);
    assert_int_equal(unlink(path), 0);
    assert_int_equal(store_open(&fixture.store, fixture.path, STORE_CREATE, &error),
                     STATUS_STORAGE);
    assert_non_null(strstr(error.text, "backup"));
    fixture_remove(&fixture);
}

static void a_second_writer_is_told_who_holds_the_store(void **state)
{
    (void)state;
    struct fixture fixture;
    struct store second;
    struct error error = {0};
    char want[64];
    fixture_make(&fixture);
    assert_int_equal(store_open(&second, fixture.path, STORE_WRITE, &error), STATUS_CONFLICT);
    snprintf(want, sizeof want, "in use by pid %ld (store_test_store)", (long)getpid());
    assert_string_equal(error.text, want);
    assert_int_equal(store_open(&second, fixture.path, STORE_READ, NULL), STATUS_OK);
    store_close(&second);
    store_close(&fixture.store);
    assert_int_equal(store_open(&fixture.store, fixture.path, STORE_WRITE, NULL), STATUS_OK);
    fixture_remove(&fixture);
}

static void a_killed_writer_holds_no_lock(void **state)
{
    (void)state;
    struct fixture fixture;
    int ready[2];
    char byte;
    fixture_make(&fixture);
    store_close(&fixture.store);
    assert_int_equal(pipe(ready), 0);
    pid_t child = fork();
    if (child == 0) {
        enum status status = store_open(&fixture.store, fixture.path, STORE_WRITE, NULL);
        if (status || write(ready[1], "x", 1) != 1)
            _exit(1);
        pause();
        _exit(0);
    }
    close(ready[1]);
    assert_int_equal(read(ready[0], &byte, 1), 1);
    close(ready[0]);
    assert_int_equal(store_open(&fixture.store, fixture.path, STORE_WRITE, NULL), STATUS_CONFLICT);
    kill(child, SIGKILL);
    waitpid(child, NULL, 0);
    assert_int_equal(store_open(&fixture.store, fixture.path, STORE_WRITE, NULL), STATUS_OK);
    fixture_remove(&fixture);
}

/* Both make the store; one may find it locked and tries again. */
static void creators_at_once_get_one_secret(void **state)
{
    (void)state;
    char folder[64];
    char path[128];
    unsigned char secrets[4][32];
    assert_non_null(tempdir_make(folder));
    snprintf(path, sizeof path, "%s/store", folder);
    int results[2];
    assert_int_equal(pipe(results), 0);
    for (int i = 0; i < 4; i++) {
        if (fork() != 0)
            continue;
        struct store store;
        enum status status = STATUS_CONFLICT;
        while (status == STATUS_CONFLICT)
            status = store_open(&store, path, STORE_CREATE, NULL);
        bool sent = !status && write(results[1], store.secret, 32) == 32;
        _exit(sent ? 0 : 1);
    }
    for (int i = 0; i < 4; i++) {
        int result;
        wait(&result);
        assert_int_equal(result, 0);
        assert_int_equal(read(results[0], secrets[i], 32), 32);
        assert_memory_equal(secrets[i], secrets[0], 32);
    }
    close(results[0]);
    close(results[1]);
    tempdir_remove(folder);
}

static void a_path_past_the_limit_is_refused(void **state)
{
    (void)state;
    static char path[4000];
    struct store store;
    memset(path, 'a', sizeof path - 1);
    path[0] = '/';
    assert_int_equal(store_open(&store, path, STORE_CREATE, NULL), STATUS_INVALID);
    assert_int_equal(store_open(&store, "", STORE_CREATE, NULL), STATUS_INVALID);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_new_store_is_for_its_owner_only),
        cmocka_unit_test(missing_parents_are_made),
        cmocka_unit_test(a_missing_store_is_not_made_by_who_only_uses_it),
        cmocka_unit_test(the_secret_stays),
        cmocka_unit_test(a_garbled_secret_is_refused),
        cmocka_unit_test(a_lost_secret_is_not_made_anew_beside_records),
        cmocka_unit_test(a_second_writer_is_told_who_holds_the_store),
        cmocka_unit_test(a_killed_writer_holds_no_lock),
        cmocka_unit_test(creators_at_once_get_one_secret),
        cmocka_unit_test(a_path_past_the_limit_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
