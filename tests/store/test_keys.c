/*
 * The file of keys: what is written comes back, hostile lines are refused by their number, a file
 * that others may read is refused, and a key is looked for in every row, each in constant time.
 */

#include "store/keys.h"

#include "base/buffer.h"
#include "base/file.h"
#include "base/time.h"
#include "support/support.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#define NOW INT64_C(1790000000000)
#define DIGEST "sha256:ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
#define OTHER "sha256:248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1"
#define MADE " 2026-11-24T14:00:00Z "

/* This definition wins over the library's, whose contract it keeps: so what hash.h says is constant
 * is compared by nothing else, and the rows are counted. */
static size_t compared;
int CRYPTO_memcmp(const void *a, const void *b, size_t size);
int CRYPTO_memcmp(const void *a, const void *b, size_t size)
{
    compared++;
    return memcmp(a, b, size);
}

static struct key wanted_key(const char *name, enum role role)
{
    struct key key = {.role = role, .expires_ms = TIME_NONE};
    snprintf(key.name, sizeof key.name, "%s", name);
    return key;
}

static struct keys room(void)
{
    struct keys keys = {.items = calloc(KEYS_MAX, sizeof(struct key))};
    assert_non_null(keys.items);
    return keys;
}

static void add(struct keys *keys, const char *name, enum role role, char text[KEY_TEXT_SIZE])
{
    struct key wanted = wanted_key(name, role);
    assert_int_equal(keys_add(keys, &wanted, NOW, text, NULL), STATUS_OK);
}

static void a_key_is_its_role_and_32_characters_and_no_two_are_alike(void **state)
{
    (void)state;
    struct keys keys = room();
    char text[KEY_TEXT_SIZE], other[KEY_TEXT_SIZE];
    add(&keys, "a", ROLE_ANALYST, text);
    add(&keys, "b", ROLE_ANALYST, other);
    assert_int_equal(strlen(text), strlen("gw_analyst_") + 32);
    assert_memory_equal(text, "gw_analyst_", strlen("gw_analyst_"));
    for (const char *c = text + strlen("gw_analyst_"); *c; c++)
        assert_true((*c >= '0' && *c <= '9') || (*c >= 'A' && *c <= 'Z') ||
                    (*c >= 'a' && *c <= 'z'));
    assert_string_not_equal(text, other);
    keys_done(&keys);
}

/* Bytes taken modulo 62 would bring the first 8 letters 5 times in 256 each: of 32 000 characters
 * 5 000, where a fair draw has 4 129 with a standard deviation of 60.  Seven of them come once in
 * 10^11. */
static void no_letter_is_likelier_than_another(void **state)
{
    (void)state;
    size_t first_eight = 0;
    for (int i = 0; i < 1000; i++) {
        struct keys keys = room();
        char text[KEY_TEXT_SIZE];
        add(&keys, "a", ROLE_CLIENT, text);
        for (const char *c = text + strlen("gw_client_"); *c; c++)
            first_eight += *c >= 'A' && *c <= 'H';
        keys_done(&keys);
    }
    assert_in_range(first_eight, 4129 - 7 * 60, 4129 + 7 * 60);
}

static void every_row_is_compared_whoever_asks(void **state)
{
    (void)state;
    struct keys keys = room();
    char texts[50][KEY_TEXT_SIZE];
    for (int i = 0; i < 50; i++) {
        char name[32];
        snprintf(name, sizeof name, "key-%d", i);
        add(&keys, name, ROLE_CLIENT, texts[i]);
    }
    for (int i = 0; i < 50; i++) {
        compared = 0;
        assert_ptr_equal(keys_find(&keys, slice_of(texts[i])), &keys.items[i]);
        assert_int_equal(compared, 50);
    }
    static const char *const strange[] = {"", "gw_client_",
                                          "gw_client_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA", "x"};
    for (size_t i = 0; i < sizeof strange / sizeof *strange; i++) {
        compared = 0;
        assert_null(keys_find(&keys, slice_of(strange[i])));
        assert_int_equal(compared, 50);
    }
    struct keys none = {0};
    assert_null(keys_find(&none, slice_of(texts[0])));
    keys_done(&keys);
}

static void a_key_is_good_until_it_ends(void **state)
{
    (void)state;
    struct key key = wanted_key("a", ROLE_CLIENT);
    assert_int_equal(key_state(&key, NOW), KEY_GOOD);
    key.expires_ms = NOW;
    assert_int_equal(key_state(&key, NOW - 1), KEY_GOOD);
    assert_int_equal(key_state(&key, NOW), KEY_EXPIRED);
    key.end = KEY_END_ROTATED;
    key.end_ms = NOW + 5;
    key.expires_ms = TIME_NONE;
    assert_int_equal(key_state(&key, NOW + 4), KEY_GOOD);
    assert_int_equal(key_state(&key, NOW + 5), KEY_ROTATED);
    key.end = KEY_END_REVOKED; /* also when the clock was set back since */
    assert_int_equal(key_state(&key, 0), KEY_REVOKED);
}

static void rotating_leaves_the_old_key_its_grace_and_revoking_nothing(void **state)
{
    (void)state;
    struct keys keys = room();
    char first[KEY_TEXT_SIZE], second[KEY_TEXT_SIZE], third[KEY_TEXT_SIZE];
    add(&keys, "web", ROLE_SERVER, first);
    assert_int_equal(keys_rotate(&keys, "web", 1000, NOW, second, NULL), STATUS_OK);
    assert_int_equal(key_state(keys_find(&keys, slice_of(first)), NOW + 999), KEY_GOOD);
    assert_int_equal(key_state(keys_find(&keys, slice_of(first)), NOW + 1000), KEY_ROTATED);
    assert_int_equal(key_state(keys_find(&keys, slice_of(second)), NOW + 1000), KEY_GOOD);
    assert_int_equal(keys_find(&keys, slice_of(second))->role, ROLE_SERVER);
    assert_int_equal(keys_rotate(&keys, "web", 0, NOW + 2000, third, NULL), STATUS_OK);
    assert_null(keys_find(&keys, slice_of(first))); /* nothing to tell of it any more */
    assert_int_equal(key_state(keys_find(&keys, slice_of(second)), NOW + 2000), KEY_ROTATED);
    assert_int_equal(keys_revoke(&keys, "web", NOW + 2000, NULL), STATUS_OK);
    assert_int_equal(key_state(keys_find(&keys, slice_of(third)), NOW + 2000), KEY_REVOKED);
    assert_int_equal(keys_revoke(&keys, "web", NOW + 2000, NULL), STATUS_NOT_FOUND);
    assert_int_equal(keys_rotate(&keys, "web", 0, NOW + 2000, third, NULL), STATUS_NOT_FOUND);
    assert_int_equal(keys_rotate(&keys, "no", 0, NOW + 2000, third, NULL), STATUS_NOT_FOUND);
    keys_done(&keys);
}

static void revoking_ends_a_grace_too(void **state)
{
    (void)state;
    struct keys keys = room();
    char first[KEY_TEXT_SIZE], second[KEY_TEXT_SIZE];
    add(&keys, "web", ROLE_CLIENT, first);
    assert_int_equal(keys_rotate(&keys, "web", DAY_MS, NOW, second, NULL), STATUS_OK);
    assert_int_equal(keys_revoke(&keys, "web", NOW, NULL), STATUS_OK);
    assert_int_equal(key_state(keys_find(&keys, slice_of(first)), NOW), KEY_REVOKED);
    assert_int_equal(key_state(keys_find(&keys, slice_of(second)), NOW), KEY_REVOKED);
    add(&keys, "web", ROLE_CLIENT, first); /* the name is free again */
    assert_int_equal(keys.count, 1);
    keys_done(&keys);
}

static void odd_names_past_times_and_doubles_are_no_keys(void **state)
{
    (void)state;
    static const char *const names[] = {"", "a b", "-a", "a\n", "a\x1b[2J", "ä", "a/b", "a=b"};
    struct keys keys = room();
    char text[KEY_TEXT_SIZE] = "untouched";
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        struct key wanted = wanted_key(names[i], ROLE_CLIENT);
        assert_int_equal(keys_add(&keys, &wanted, NOW, text, NULL), STATUS_INVALID);
    }
    struct key late = wanted_key("late", ROLE_CLIENT);
    late.expires_ms = NOW;
    assert_int_equal(keys_add(&keys, &late, NOW, text, NULL), STATUS_INVALID);
    assert_string_equal(text, "untouched");
    assert_int_equal(keys.count, 0);
    add(&keys, "a", ROLE_CLIENT, text);
    struct key again = wanted_key("a", ROLE_ADMIN);
    assert_int_equal(keys_add(&keys, &again, NOW, text, NULL), STATUS_CONFLICT);
    keys_done(&keys);
}

static void the_table_is_full_at_a_thousand(void **state)
{
    (void)state;
    struct keys keys = room();
    char text[KEY_TEXT_SIZE];
    for (int i = 0; i < KEYS_MAX; i++) {
        char name[32];
        snprintf(name, sizeof name, "k%d", i);
        add(&keys, name, ROLE_CLIENT, text);
    }
    struct key more = wanted_key("more", ROLE_CLIENT);
    assert_int_equal(keys_add(&keys, &more, NOW, text, NULL), STATUS_TOO_LARGE);
    keys_done(&keys);
}

static void what_a_role_means(void **state)
{
    (void)state;
    assert_int_equal(role_means(ROLE_ADMIN), ROLES_ALL);
    assert_int_equal(role_means(ROLE_SERVER), ROLE_SERVER | ROLE_CLIENT);
    assert_int_equal(role_means(ROLE_CLIENT), ROLE_CLIENT);
    assert_int_equal(role_means(ROLE_ANALYST), ROLE_ANALYST);
    assert_int_equal(role_means(ROLE_NONE), 0);
    enum role role = ROLE_CLIENT;
    assert_false(role_parse(SLICE("none"), &role));
    assert_false(role_parse(SLICE("Admin"), &role));
    assert_true(role_parse(SLICE("admin"), &role));
    assert_int_equal(role, ROLE_ADMIN);
}

/* The line in which the text is refused; 0: it is taken. */
static int refused_at(struct slice text, size_t *count)
{
    struct keys keys = {0};
    struct error error = {0};
    enum status status = keys_parse(text, "keys", &keys, &error);
    *count = keys.count;
    assert_int_equal(status, status ? STATUS_STORAGE : STATUS_OK);
    assert_true(!status || !keys.items);
    keys_done(&keys);
    return status ? error.line : 0;
}

#define HEAD "gangway keys 1\n"
#define GOOD "web client " DIGEST MADE "never -\n"

static void hostile_texts_are_refused_with_their_line(void **state)
{
    (void)state;
    static const struct {
        struct slice text;
        int line;
    } cases[] = {
        {SLICE_INIT(""), 1},
        {SLICE_INIT("gangway keys 1"), 1}, /* cut off */
        {SLICE_INIT("gangway keys 2\n"), 1},
        {SLICE_INIT("gangway keys 1 \n"), 1},
        {SLICE_INIT("gangway keys 1\r\n"), 1},
        {SLICE_INIT(GOOD), 1},
        {SLICE_INIT(HEAD "\n"), 2},
        {SLICE_INIT(HEAD "# a remark\n"), 2},
        {SLICE_INIT(HEAD "web client " DIGEST MADE "never -"),
         2}, /* cut off behind its last byte */
        {SLICE_INIT(HEAD "web client " DIGEST MADE "never -\r\n"), 2},
        {SLICE_INIT(HEAD "web client " DIGEST MADE "never - \n"), 2},
        {SLICE_INIT(HEAD "web  client " DIGEST MADE "never -\n"), 2},
        {SLICE_INIT(HEAD " client " DIGEST MADE "never -\n"), 2},
        {SLICE_INIT(HEAD "web root " DIGEST MADE "never -\n"), 2},
        {SLICE_INIT(HEAD "web none " DIGEST MADE "never -\n"), 2},
        {SLICE_INIT(HEAD "web client,admin " DIGEST MADE "never -\n"), 2},
        {SLICE_INIT(HEAD "web client sha256:00" MADE "never -\n"), 2},
        {SLICE_INIT(HEAD "web client " DIGEST " 2026-11-31T14:00:00Z never -\n"), 2},
        {SLICE_INIT(HEAD "web client " DIGEST " 2026-11-24T14:00:00+01:00 never -\n"), 2},
        {SLICE_INIT(HEAD "web client " DIGEST MADE "- -\n"), 2},
        {SLICE_INIT(HEAD "web client " DIGEST MADE "never revoked=\n"), 2},
        {SLICE_INIT(HEAD "web client " DIGEST MADE "never Revoked\n"), 2},
        {SLICE_INIT(HEAD "we\0b client " DIGEST MADE "never -\n"), 2},
        {SLICE_INIT(HEAD "w\x1b"
                         "eb client " DIGEST MADE "never -\n"),
         2},
        {SLICE_INIT(HEAD GOOD "web admin " OTHER MADE "never -\n"), 3},
        {SLICE_INIT(HEAD GOOD "other admin " DIGEST MADE "never -\n"), 3},
        {SLICE_INIT(HEAD GOOD GOOD), 3},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        size_t count;
        int line = refused_at(cases[i].text, &count);
        if (line != cases[i].line)
            fail_msg("case %zu: refused in line %d, not %d", i, line, cases[i].line);
    }
}

static void good_texts_are_taken(void **state)
{
    (void)state;
    static const struct {
        struct slice text;
        size_t keys;
    } cases[] = {
        {SLICE_INIT(HEAD), 0},
        {SLICE_INIT(HEAD GOOD), 1},
        {SLICE_INIT(HEAD GOOD "b admin " OTHER MADE "2027-01-01T00:00:00.001Z -\n"), 2},
        {SLICE_INIT(HEAD "web client " DIGEST MADE "never revoked=2026-11-24T14:00:00Z\n"
                         "web client " OTHER MADE "never -\n"),
         2},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        size_t count;
        assert_int_equal(refused_at(cases[i].text, &count), 0);
        assert_int_equal(count, cases[i].keys);
    }
}

/* One line too many. */
static void a_text_of_more_than_a_thousand_keys_is_refused(void **state)
{
    (void)state;
    struct buffer text = {0};
    char digest[DIGEST_TEXT_SIZE];
    size_t count;
    buffer_add(&text, SLICE(HEAD));
    for (int i = 0; i <= KEYS_MAX; i++) {
        struct digest one = hash_sha256((struct slice){.data = (const char *)&i, .size = sizeof i});
        if (i == KEYS_MAX)
            assert_int_equal(refused_at(buffer_slice(&text), &count), 0);
        buffer_format(&text, "k%d client %s" MADE "never -\n", i, digest_format(&one, digest));
    }
    assert_int_equal(refused_at(buffer_slice(&text), &count), KEYS_MAX + 2);
    buffer_done(&text);
}

struct made {
    char text[KEY_TEXT_SIZE];
    const char *name;
    bool fails;
};

static enum status make_one(struct keys *keys, void *context, struct error *error)
{
    struct made *made = context;
    struct key wanted = wanted_key(made->name, ROLE_SERVER);
    wanted.expires_ms = NOW + DAY_MS + 1;
    enum status status = keys_add(keys, &wanted, NOW, made->text, error);
    if (made->fails)
        return FAIL(error, STATUS_BUSY, "", 0, "not today");
    return status;
}

static void a_file_is_whole_private_and_without_the_key(void **state)
{
    (void)state;
    char folder[64], path[80];
    struct keys keys = {0};
    struct stat info;
    struct arena arena = {0};
    struct slice text;
    struct made made = {.name = "crm"};
    struct error error = {0};
    snprintf(path, sizeof path, "%s/keys", tempdir_make(folder));
    assert_int_equal(keys_read(path, &keys, &error), STATUS_NOT_FOUND);
    mode_t mask = umask(0);
    assert_int_equal(keys_change(path, make_one, &made, NULL), STATUS_OK);
    umask(mask);
    assert_int_equal(stat(path, &info), 0);
    assert_int_equal(info.st_mode & 07777, 0600);
    assert_int_equal(keys_read(path, &keys, NULL), STATUS_OK);
    const struct key *found = keys_find(&keys, slice_of(made.text));
    assert_non_null(found);
    assert_string_equal(found->name, "crm");
    assert_int_equal(found->role, ROLE_SERVER);
    assert_int_equal(found->created_ms, NOW);
    assert_int_equal(found->expires_ms, NOW + DAY_MS + 1);
    keys_done(&keys);
    assert_int_equal(file_read(path, 10000, &arena, &text, NULL), STATUS_OK);
    assert_null(memmem(text.data, text.size, made.text + strlen("gw_server_"), 8));
    arena_done(&arena);
    tempdir_remove(folder);
}

static void a_change_that_fails_leaves_the_file_as_it_was(void **state)
{
    (void)state;
    char folder[64], path[80];
    struct keys keys = {0};
    struct made first = {.name = "one"}, second = {.name = "two", .fails = true};
    snprintf(path, sizeof path, "%s/keys", tempdir_make(folder));
    assert_int_equal(keys_change(path, make_one, &second, NULL), STATUS_BUSY);
    assert_int_equal(access(path, F_OK), -1);
    assert_int_equal(keys_change(path, make_one, &first, NULL), STATUS_OK);
    assert_int_equal(keys_change(path, make_one, &second, NULL), STATUS_BUSY);
    assert_int_equal(keys_read(path, &keys, NULL), STATUS_OK);
    assert_int_equal(keys.count, 1);
    keys_done(&keys);
    tempdir_remove(folder);
}

static void a_file_that_others_may_read_is_refused(void **state)
{
    (void)state;
    static const mode_t modes[] = {0640, 0604, 0620, 0602, 0644, 0666, 0601};
    char folder[64], path[80];
    struct made made = {.name = "a"};
    struct keys keys = {0};
    snprintf(path, sizeof path, "%s/keys", tempdir_make(folder));
    assert_int_equal(keys_change(path, make_one, &made, NULL), STATUS_OK);
    for (size_t i = 0; i < sizeof modes / sizeof *modes; i++) {
        struct error error = {0};
        chmod(path, modes[i]);
        assert_int_equal(keys_read(path, &keys, &error), STATUS_STORAGE);
        assert_non_null(strstr(error.text, "mode"));
        assert_null(keys.items);
        made.name = "b";
        assert_int_equal(keys_change(path, make_one, &made, NULL), STATUS_STORAGE);
    }
    chmod(path, 0400);
    assert_int_equal(keys_read(path, &keys, NULL), STATUS_OK);
    keys_done(&keys);
    tempdir_remove(folder);
}

static void a_folder_in_the_place_of_the_file_is_no_file_of_keys(void **state)
{
    (void)state;
    char folder[64], path[80];
    struct keys keys = {0};
    snprintf(path, sizeof path, "%s/keys", tempdir_make(folder));
    assert_int_equal(mkdir(path, 0700), 0);
    assert_int_equal(keys_read(path, &keys, NULL), STATUS_STORAGE);
    rmdir(path);
    tempdir_remove(folder);
}

/* Root changes the keys of a service that runs as somebody else. */
static void a_file_that_root_writes_is_its_owners(void **state)
{
    (void)state;
    const uid_t somebody = 65534;
    char folder[64], path[80];
    struct made first = {.name = "a"}, second = {.name = "b"};
    struct stat info;
    if (geteuid() != 0) {
        print_message("skipped: only root can give a file away\n");
        skip();
    }
    snprintf(path, sizeof path, "%s/keys", tempdir_make(folder));
    assert_int_equal(chown(folder, somebody, somebody), 0);
    assert_int_equal(keys_change(path, make_one, &first, NULL), STATUS_OK);
    assert_int_equal(stat(path, &info), 0);
    assert_int_equal(info.st_uid, somebody); /* as its folder */
    assert_int_equal(chown(path, somebody - 1, somebody), 0);
    assert_int_equal(keys_change(path, make_one, &second, NULL), STATUS_OK);
    assert_int_equal(stat(path, &info), 0);
    assert_int_equal(info.st_uid, somebody - 1); /* as it was */
    assert_int_equal(info.st_mode & 07777, 0600);
    tempdir_remove(folder);
}

/* Eight at once, each with five names of its own: no change is lost. */
static void those_who_change_at_once_wait_for_each_other(void **state)
{
    (void)state;
    char folder[64], path[80];
    struct keys keys = {0};
    snprintf(path, sizeof path, "%s/keys", tempdir_make(folder));
    for (int i = 0; i < 8; i++) {
        if (fork() != 0)
            continue;
        for (int j = 0; j < 5; j++) {
            char name[32];
            struct made made = {.name = name};
            snprintf(name, sizeof name, "k-%d-%d", i, j);
            if (keys_change(path, make_one, &made, NULL))
                _exit(1);
        }
        _exit(0);
    }
    for (int i = 0; i < 8; i++) {
        int status;
        assert_true(wait(&status) > 0);
        assert_int_equal(status, 0);
    }
    assert_int_equal(keys_read(path, &keys, NULL), STATUS_OK);
    assert_int_equal(keys.count, 40);
    keys_done(&keys);
    tempdir_remove(folder);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_key_is_its_role_and_32_characters_and_no_two_are_alike),
        cmocka_unit_test(no_letter_is_likelier_than_another),
        cmocka_unit_test(every_row_is_compared_whoever_asks),
        cmocka_unit_test(a_key_is_good_until_it_ends),
        cmocka_unit_test(rotating_leaves_the_old_key_its_grace_and_revoking_nothing),
        cmocka_unit_test(revoking_ends_a_grace_too),
        cmocka_unit_test(odd_names_past_times_and_doubles_are_no_keys),
        cmocka_unit_test(the_table_is_full_at_a_thousand),
        cmocka_unit_test(what_a_role_means),
        cmocka_unit_test(hostile_texts_are_refused_with_their_line),
        cmocka_unit_test(good_texts_are_taken),
        cmocka_unit_test(a_text_of_more_than_a_thousand_keys_is_refused),
        cmocka_unit_test(a_file_is_whole_private_and_without_the_key),
        cmocka_unit_test(a_change_that_fails_leaves_the_file_as_it_was),
        cmocka_unit_test(a_file_that_others_may_read_is_refused),
        cmocka_unit_test(a_folder_in_the_place_of_the_file_is_no_file_of_keys),
        cmocka_unit_test(a_file_that_root_writes_is_its_owners),
        cmocka_unit_test(those_who_change_at_once_wait_for_each_other),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
