/* Queries as the WHATWG URL standard parses them, addresses to listen on, and the small texts of an
 * answer's head. */

#include "../../server/http/address.h"
#include "../../server/http/answer.h"
#include "../../server/http/query.h"

#include "support/support.h"

#include <stdio.h>

/* The parameters of a query as "name=value;" each, or "!" where it is broken. */
static void assert_query(const char *query, const char *wanted)
{
    struct arena arena = {0};
    struct buffer text = {0};
    struct slice rest = slice_of(query);
    struct parameter parameter;
    const char *fault;
    while (query_next(&arena, &rest, &parameter, &fault))
        buffer_format(&text, "%.*s=%.*s;", SLICE_ARGS(parameter.name), SLICE_ARGS(parameter.value));
    if (fault)
        buffer_add_byte(&text, '!');
    buffer_add_byte(&text, '\0');
    assert_string_equal(text.data, wanted);
    buffer_done(&text);
    arena_done(&arena);
}

static void a_query_is_read_as_browsers_write_it(void **state)
{
    (void)state;
    assert_query("", "");
    assert_query("a=1&b=2", "a=1;b=2;");
    assert_query("a", "a=;");
    assert_query("a=", "a=;");
    assert_query("=a", "=a;");
    assert_query("&&a=1&&", "a=1;");
    assert_query("a=b=c", "a=b=c;");
    assert_query("a+b=c+d", "a b=c d;");
    assert_query("a%2Bb=%26%3d", "a+b=&=;");
    assert_query("%C3%A4=%F0%9F%98%80", "\xc3\xa4=\xf0\x9f\x98\x80;");
    assert_query("a=1&a=2", "a=1;a=2;");
}

static void a_broken_query_says_so(void **state)
{
    (void)state;
    static const char *const queries[] = {"a=%",      "a=%1",  "a=%1g", "a=%00", "a=%C3",
                                          "a=%C3%28", "a=%ff", "%zz=1", "a=%+1", "a=\xc3\x28"};
    for (size_t i = 0; i < sizeof queries / sizeof *queries; i++)
        assert_query(queries[i], "!");
}

static void truth_has_few_spellings(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        int value; /* -1: none */
    } rows[] = {{"true", 1}, {"1", 1},  {"yes", 1},   {"", 1},    {"false", 0}, {"0", 0},
                {"no", 0},   {"2", -1}, {"TRUE", -1}, {"on", -1}, {" ", -1}};
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        bool value = false;
        bool is_read = boolean_parse(slice_of(rows[i].text), &value);
        assert_int_equal(is_read ? value : -1, rows[i].value);
    }
}

static void addresses_are_numbers_or_paths(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        int local; /* -1: no address */
    } rows[] = {
        {"127.0.0.1:8400", 1},
        {"127.8.8.8:0", 1},
        {"localhost:80", 1},
        {"[::1]:65535", 1},
        {"unix:/tmp/x", 1},
        {"0.0.0.0:80", 0},
        {"[::]:80", 0},
        {"10.0.0.1:80", 0},
        {"128.0.0.1:80", 0},
        {"[::2]:80", 0},
        {"[::ffff:127.0.0.1]:80", 0},
        {"", -1},
        {"127.0.0.1", -1},
        {"127.0.0.1:", -1},
        {"127.0.0.1:65536", -1},
        {"127.0.0.1:-1", -1},
        {"::1:80", -1},
        {"[::1]", -1},
        {"[]:80", -1},
        {"example.org:80", -1},
        {"256.0.0.1:80", -1},
        {":80", -1},
        {"unix:", -1},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct address address;
        enum status status = address_parse(rows[i].text, &address, NULL);
        int local = status ? -1 : address_is_local(&address);
        if (local != rows[i].local)
            fail_msg("%s: %d", rows[i].text, local);
    }
}

/* RFC 9110, 5.6.7, has this very date. */
static void dates_are_those_of_http(void **state)
{
    (void)state;
    char text[DATE_TEXT_SIZE];
    date_format(INT64_C(784111777) * 1000 + 999, text);
    assert_string_equal(text, "Sun, 06 Nov 1994 08:49:37 GMT");
    date_format(0, text);
    assert_string_equal(text, "Thu, 01 Jan 1970 00:00:00 GMT");
}

static void a_sane_id_can_stand_in_a_log(void **state)
{
    (void)state;
    char longest[66];
    memset(longest, 'a', sizeof longest);
    assert_true(request_id_is_sane((struct slice){.data = longest, .size = 64}));
    assert_false(request_id_is_sane((struct slice){.data = longest, .size = 65}));
    assert_true(request_id_is_sane(SLICE("A-z_0.9:f")));
    assert_false(request_id_is_sane(SLICE("")));
    assert_false(request_id_is_sane(SLICE("a b")));
    assert_false(request_id_is_sane(SLICE("a\"")));
    assert_false(request_id_is_sane(SLICE("\xc3\xa4")));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_query_is_read_as_browsers_write_it),
        cmocka_unit_test(a_broken_query_says_so),
        cmocka_unit_test(truth_has_few_spellings),
        cmocka_unit_test(addresses_are_numbers_or_paths),
        cmocka_unit_test(dates_are_those_of_http),
        cmocka_unit_test(a_sane_id_can_stand_in_a_log),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
