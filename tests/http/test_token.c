/* Tokens that stand for keys: for how long, of whom, and what changes them. */

#include "../../server/http/token.h"

#include "base/time.h"

#include "support/support.h"

#include <stdio.h>

#define NOON_MS (INT64_C(1767268800) * SECOND_MS) /* 2026-01-01T12:00:00Z */

static struct key key_of(const char *name, const char *text)
{
    struct key key = {.role = ROLE_CLIENT,
                      .digest = hash_sha256(slice_of(text)),
                      .created_ms = 0,
                      .expires_ms = TIME_NONE};
    snprintf(key.name, sizeof key.name, "%s", name);
    return key;
}

static void a_token_lives_for_half_a_day_to_a_day(void **state)
{
    (void)state;
    struct key key = key_of("web", "secret");
    const struct keys keys = {.items = &key, .count = 1};
    char early[TOKEN_TEXT_SIZE];
    char late[TOKEN_TEXT_SIZE];
    token_write(&key, NOON_MS, early);
    token_write(&key, NOON_MS + 12 * HOUR_MS - 1, late);
    assert_string_equal(early, late);
    token_write(&key, NOON_MS + 12 * HOUR_MS, late);
    assert_string_not_equal(early, late);
    assert_ptr_equal(token_find(&keys, slice_of(early), NOON_MS), &key);
    assert_ptr_equal(token_find(&keys, slice_of(early), NOON_MS + 24 * HOUR_MS - 1), &key);
    assert_null(token_find(&keys, slice_of(early), NOON_MS + 24 * HOUR_MS));
}

/* HMAC-SHA-256 by Python: hmac.new(sha256(b"secret").digest(), b"T" + b"web.1767355200").  What is
 * keyed has its kind before it. */
static void a_token_is_the_mac_of_name_and_end(void **state)
{
    (void)state;
    const struct key key = key_of("web", "secret");
    char text[TOKEN_TEXT_SIZE];
    token_write(&key, NOON_MS, text);
    assert_string_equal(text, "web.1767355200.0862c446af384ba6c671ab7b3547b8c3");
}

static void a_token_is_of_one_key_in_use(void **state)
{
    (void)state;
    struct key items[] = {key_of("a.b", "one"), key_of("a", "two"), key_of("a", "three")};
    struct keys keys = {.items = items, .count = 3};
    char text[TOKEN_TEXT_SIZE];
    for (size_t i = 0; i < 3; i++) {
        token_write(&items[i], NOON_MS, text);
        assert_ptr_equal(token_find(&keys, slice_of(text), NOON_MS), &items[i]);
    }
    items[2].end = KEY_END_ROTATED;
    items[2].end_ms = NOON_MS + HOUR_MS;
    assert_ptr_equal(token_find(&keys, slice_of(text), NOON_MS), &items[2]);
    assert_null(token_find(&keys, slice_of(text), NOON_MS + HOUR_MS));
    items[2].end = KEY_END_REVOKED;
    assert_null(token_find(&keys, slice_of(text), NOON_MS));
    keys.count = 0;
    assert_null(token_find(&keys, slice_of(text), NOON_MS));
}

static void no_byte_of_a_token_can_be_changed(void **state)
{
    (void)state;
    struct key key = key_of("web-1", "secret");
    const struct keys keys = {.items = &key, .count = 1};
    char text[TOKEN_TEXT_SIZE];
    token_write(&key, NOON_MS, text);
    struct slice token = slice_of(text);
    for (size_t i = 0; i < token.size; i++) {
        char was = text[i];
        for (unsigned bit = 0; bit < 8; bit++) {
            text[i] = (char)((unsigned char)was ^ 1U << bit);
            assert_null(token_find(&keys, token, NOON_MS));
        }
        text[i] = was;
        assert_null(token_find(&keys, (struct slice){.data = text, .size = i}, NOON_MS));
    }
    assert_non_null(token_find(&keys, token, NOON_MS));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_token_lives_for_half_a_day_to_a_day),
        cmocka_unit_test(a_token_is_the_mac_of_name_and_end),
        cmocka_unit_test(a_token_is_of_one_key_in_use),
        cmocka_unit_test(no_byte_of_a_token_can_be_changed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
