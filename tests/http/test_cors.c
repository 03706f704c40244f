/* Origins: which text is one, whom a rule holds, what counts as this machine. */

#include "../../server/http/cors.h"

#include "support/support.h"

static bool is_named(const char *rule, const char *origin)
{
    struct origins origins = {0};
    assert_int_equal(origins_add(&origins, rule, NULL), STATUS_OK);
    return origins_name(&origins, slice_of(origin));
}

static void an_origin_is_matched_byte_by_byte(void **state)
{
    (void)state;
    assert_true(is_named("https://app.example", "https://app.example"));
    assert_true(is_named("http://localhost:3000", "http://localhost:3000"));
    assert_true(is_named("http://[::1]:3000", "http://[::1]:3000"));
    assert_true(is_named("capacitor://localhost", "capacitor://localhost"));
    assert_true(is_named("chrome-extension://abcdef", "chrome-extension://abcdef"));
    static const char *const others[] = {
        "",
        "null",
        "*",
        "https://app.example/",
        "https://app.example:443",
        "https://app.example.evil",
        "https://xapp.example",
        "http://app.example",
        "https://APP.example",
        "https://app.exampl",
        "app.example",
    };
    for (size_t i = 0; i < sizeof others / sizeof *others; i++)
        assert_false(is_named("https://app.example", others[i]));
}

static void a_star_stands_for_one_label_or_more(void **state)
{
    (void)state;
    const char *rule = "https://*.crm.example:8443";
    assert_true(is_named(rule, "https://a.crm.example:8443"));
    assert_true(is_named(rule, "https://a-b.c.crm.example:8443"));
    assert_false(is_named(rule, "https://crm.example:8443"));
    assert_false(is_named(rule, "https://.crm.example:8443"));
    assert_false(is_named(rule, "https://a.crm.example"));
    assert_false(is_named(rule, "http://a.crm.example:8443"));
    assert_false(is_named(rule, "https://evil.example/.crm.example:8443"));
    assert_false(is_named(rule, "https://evil.example:1.crm.example:8443"));
    assert_false(is_named(rule, "https://evil@x.crm.example:8443"));
    assert_false(is_named(rule, "https://A.crm.example:8443"));
}

static void what_is_no_origin_is_refused(void **state)
{
    (void)state;
    static const char *const texts[] = {
        "",
        "null",
        "**",
        "app.example",
        "//app.example",
        "://app.example",
        "https:/app.example",
        "https://",
        "https://*",
        "https://*.",
        "https://a.*.example",
        "https://*a.example",
        "https://app.example/",
        "https://app.example/path",
        "https://app.example?",
        "https://a:b",
        "https://a:",
        "https://a:123456",
        "https://u@a",
        "https://a b",
        "https://A.example",
        "https://[::1",
        "https://[1.2.3.4]",
        "https://[x]",
        "https://[::1]x",
        "https://a:443",
        "http://a:80",
        "http://[::1]:80",
        "https://a\n",
    };
    struct origins origins = {0};
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
        assert_int_equal(origins_add(&origins, texts[i], NULL), STATUS_INVALID);
    assert_int_equal(origins.count, 0);
    assert_false(origins.any);
    assert_int_equal(origins_add(&origins, "*", NULL), STATUS_OK);
    assert_true(origins.any && !origins.count);
    assert_false(origins_name(&origins, SLICE("https://app.example")));
    for (size_t i = 0; i < ORIGINS_MAX; i++)
        assert_int_equal(origins_add(&origins, "http://a:443", NULL), STATUS_OK);
    assert_int_equal(origins_add(&origins, "http://a:443", NULL), STATUS_INVALID);
}

static void this_machine_has_its_names(void **state)
{
    (void)state;
    static const char *const own[] = {
        "localhost", "LocalHost:80", "a.localhost", "a.b.localhost:8400",
        "127.0.0.1", "127.9.8.7:1",  "[::1]",       "[::1]:8400",
        "::1",
    };
    static const char *const others[] = {
        "",          "notlocalhost", "localhost.example", "127.0.0.1.example",
        "10.0.0.1",  "[::2]:80",     "localhos",          "0.0.0.0",
        "128.0.0.1", "127.0.0.1x",   "127.0.0.1:x",       "[::ffff:10.0.0.1]",
    };
    for (size_t i = 0; i < sizeof own / sizeof *own; i++)
        assert_true(host_is_loopback(slice_of(own[i])));
    for (size_t i = 0; i < sizeof others / sizeof *others; i++)
        assert_false(host_is_loopback(slice_of(others[i])));
}

static void methods_are_listed_as_allow_has_them(void **state)
{
    (void)state;
    char text[METHODS_TEXT_SIZE];
    struct slice all =
        methods_write(METHOD_GET | METHOD_POST | METHOD_DELETE | METHOD_OPTIONS, text);
    assert_true(slice_equals(all, "GET, HEAD, POST, DELETE, OPTIONS"));
    assert_true(slice_equals(methods_write(METHOD_POST, text), "POST"));
    assert_int_equal(methods_write(0, text).size, 0);
}

static void only_what_a_client_opens_is_shared(void **state)
{
    (void)state;
    assert_true(roles_are_shared(ROLE_NONE));
    assert_true(roles_are_shared(ROLE_CLIENT | ROLE_SERVER));
    assert_false(roles_are_shared(ROLE_SERVER));
    assert_false(roles_are_shared(ROLE_ANALYST));
    assert_false(roles_are_shared(ROLE_ADMIN | ROLE_ANALYST));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_origin_is_matched_byte_by_byte),
        cmocka_unit_test(a_star_stands_for_one_label_or_more),
        cmocka_unit_test(what_is_no_origin_is_refused),
        cmocka_unit_test(this_machine_has_its_names),
        cmocka_unit_test(methods_are_listed_as_allow_has_them),
        cmocka_unit_test(only_what_a_client_opens_is_shared),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
