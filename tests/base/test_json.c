/* JSON in: what clients send is read, what is no JSON is refused with its place. */

#include "base/json.h"
#include "base/random.h"
#include "support/support.h"

/* Texts and their canonical form. */
static const struct {
    const char *text, *want;
} good[] = {
    {" {\"b\" : 1 , \"a\" : [ true , false , null ] } \n", "{\"a\":[true,false,null],\"b\":1}"},
    {"1", "1"},
    {"\"x\"", "\"x\""},
    {"[]", "[]"},
    {"{}", "{}"},
    {"-0", "0"},
    {"-0.0", "0"},
    {"1.0", "1"},
    {"1E2", "100"},
    {"9223372036854775807", "9223372036854775807"},
    {"-9223372036854775808", "-9223372036854775808"},
    /* the reals that are nearest */
    {"9223372036854775808", "9.223372036854776e18"},
    {"-9223372036854775809", "-9.223372036854776e18"},
    {"18446744073709552000", "1.8446744073709552e19"},
    {"[12345678901234567000,1,12345678901234567000]",
     "[1.2345678901234567e19,1,1.2345678901234567e19]"},
    {"[1,123456789012345678901234567890]", "[1,1.2345678901234568e29]"},
    {"1e-400", "0"},
    {"\"\\u00e4\\ud83d\\ude00\"", "\"\xc3\xa4\xf0\x9f\x98\x80\""},
    /* cut emoji */
    {"\"\\ud83d\"", "\"\xef\xbf\xbd\""},
    {"\"\\ude00\"", "\"\xef\xbf\xbd\""},
    {"\"\\ud83dx\"", "\"\xef\xbf\xbdx\""},
    {"\"\\ud83d\\ud83d\\ude00\"", "\"\xef\xbf\xbd\xf0\x9f\x98\x80\""},
    {"\"\\ud83d\\n\"", "\"\xef\xbf\xbd\\n\""},
    {"\"\\uD83D\\uDE00\\uDE00\"", "\"\xf0\x9f\x98\x80\xef\xbf\xbd\""},
    {"{\"\\ud83d\":[\"\\ude00\",99999999999999999999]}",
     "{\"\xef\xbf\xbd\":[\"\xef\xbf\xbd\",1e20]}"},
    /* what only looks like one of these */
    {"\"\\\\ud83d\"", "\"\\\\ud83d\""},
    {"\"12345678901234567000\"", "\"12345678901234567000\""},
    {"\"[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[\"",
     "\"[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[\""},
    {"[0.12345678901234567890123]", "[0.12345678901234568]"},
    {"[12345678901234567890e2]", "[1.2345678901234568e21]"},
};

static void what_clients_send_is_read(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof good / sizeof *good; i++) {
        struct arena arena = {0};
        struct buffer out = {0};
        struct error error = {0};
        struct value value;
        if (json_read(&arena, slice_of(good[i].text), 0, &value, &error))
            fail_msg("%s: %s", good[i].text, error.text);
        value_write(&out, &value);
        buffer_add_byte(&out, '\0');
        assert_string_equal(out.data, good[i].want);
        buffer_done(&out);
        arena_done(&arena);
    }
}

static const struct {
    struct slice text;
    int line;
    const char *why;
} bad[] = {
    {SLICE_INIT(""), 1, "column 1:"},
    {SLICE_INIT("  "), 1, "end of file"},
    {SLICE_INIT("[1] 2"), 1, "column 5: end of file expected"},
    {SLICE_INIT("{\"a\":1,\"a\":2}"), 1, "duplicate"},
    {SLICE_INIT("{\"a\":{\"b\":1,\"\\u0062\":2}}"), 1, "duplicate"},
    {SLICE_INIT("[1e999]"), 1, "overflow"},
    {SLICE_INIT("[\n1,\n -1e999]"), 3, "overflow"},
    {SLICE_INIT("\"\\u0000\""), 1, "u0000"},
    {SLICE_INIT("\"a\0b\""), 1, "column"},
    {SLICE_INIT("[1]\0"), 1, "column 4"},
    {SLICE_INIT("\0"), 1, "column 1"},
    {SLICE_INIT("\"\xff\""), 1, "unable to decode byte 0xff"},
    {SLICE_INIT("\"\xed\xa0\xbd\""), 1, "unable to decode"}, /* a surrogate in UTF-8 */
    {SLICE_INIT("\"\xc0\xaf\""), 1, "unable to decode"},
    {SLICE_INIT("\xef\xbb\xbf[]"), 1, "column"}, /* a byte order mark */
    {SLICE_INIT("[1,]"), 1, "column 4"},
    {SLICE_INIT("[01]"), 1, "column"},
    {SLICE_INIT("[00000000000000000000000099999999999999999999999]"), 1, "column"},
    {SLICE_INIT("[+1]"), 1, "column"},
    {SLICE_INIT("[.5]"), 1, "column"},
    {SLICE_INIT("[5.]"), 1, "column"},
    {SLICE_INIT("[1e]"), 1, "column"},
    {SLICE_INIT("[-]"), 1, "column"},
    {SLICE_INIT("[99999999999999999999x]"), 1, "column"},
    {SLICE_INIT("[NaN]"), 1, "column"},
    {SLICE_INIT("[Infinity]"), 1, "column"},
    {SLICE_INIT("{a:1}"), 1, "column"},
    {SLICE_INIT("{\"a\"}"), 1, "column"},
    {SLICE_INIT("['a']"), 1, "column"},
    {SLICE_INIT("[1 // no\n]"), 1, "column"},
    {SLICE_INIT("\"\n\""), 1, "column"},
    {SLICE_INIT("\"\\x41\""), 1, "escape"},
    {SLICE_INIT("\"\\u12"), 1, "column"},
    {SLICE_INIT("\"\\"), 1, "column"},
    {SLICE_INIT("\"\\ud83d"), 1, "column"},
    {SLICE_INIT("\"\\ud83d\\u"), 1, "column"},
    {SLICE_INIT("[[["), 1, "column"},
    {SLICE_INIT("]"), 1, "column"},
    {SLICE_INIT("[}"), 1, "column"},
    /* the place is that of the text that came, not of a repaired one */
    {SLICE_INIT("[12345678901234567000,12345678901234567000 x]"), 1, "column 44:"},
    {SLICE_INIT("[12345678901234567000,\n12345678901234567000 x]"), 2, "column 22:"},
};

static void what_is_no_json_is_refused_with_its_place(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        struct arena arena = {0};
        struct error error = {0};
        struct value value = value_integer(7);
        if (json_read(&arena, bad[i].text, 0, &value, &error) != STATUS_INVALID)
            fail_msg("case %zu was read", i);
        if (error.line != bad[i].line || !strstr(error.text, bad[i].why))
            fail_msg("case %zu: line %d, %s", i, error.line, error.text);
        assert_int_equal(value.integer, 7);
        arena_done(&arena);
    }
}

static enum status read_nested(unsigned depth, unsigned depth_max)
{
    struct arena arena = {0};
    struct buffer text = {0};
    struct value value;
    for (unsigned i = 0; i < depth; i++)
        buffer_add(&text, i % 2 ? SLICE("{\"a\":") : SLICE("["));
    buffer_add_byte(&text, '1');
    for (unsigned i = depth; i > 0; i--)
        buffer_add_byte(&text, (i - 1) % 2 ? '}' : ']');
    enum status status = json_read(&arena, buffer_slice(&text), depth_max, &value, NULL);
    buffer_done(&text);
    arena_done(&arena);
    return status;
}

static void depth_ends_at_its_limit(void **state)
{
    (void)state;
    assert_int_equal(read_nested(32, 0), STATUS_OK);
    assert_int_equal(read_nested(33, 0), STATUS_INVALID);
    assert_int_equal(read_nested(3, 3), STATUS_OK);
    assert_int_equal(read_nested(4, 3), STATUS_INVALID);
    assert_int_equal(read_nested(100000, 0), STATUS_INVALID);
    assert_int_equal(read_nested(0, 1), STATUS_OK);
}

static void integers_stay_exact_and_know_their_kind(void **state)
{
    (void)state;
    struct arena arena = {0};
    struct value value;
    assert_int_equal(json_read(&arena, SLICE("[9007199254740993, 2.0]"), 0, &value, NULL), 0);
    assert_int_equal(value.items[0].kind, VALUE_INTEGER);
    assert_true(value.items[0].integer == INT64_C(9007199254740993));
    assert_true(value.items[0].number == 9007199254740992.0);
    assert_int_equal(value.items[1].kind, VALUE_REAL);
    arena_done(&arena);
}

static void members_keep_the_order_of_the_text(void **state)
{
    (void)state;
    struct arena arena = {0};
    struct value value;
    assert_int_equal(json_read(&arena, SLICE("{\"z\":1,\"a\":2,\"m\":3}"), 0, &value, NULL), 0);
    assert_true(slice_equals(value.members[0].name, "z"));
    assert_true(slice_equals(value.members[2].name, "m"));
    arena_done(&arena);
}

static void a_full_arena_is_told_and_the_value_left(void **state)
{
    (void)state;
    for (size_t limit = 16; limit < 2000; limit += 16) {
        struct arena arena = {.limit = limit};
        struct value value = value_integer(7);
        enum status status =
            json_read(&arena, SLICE("{\"a\":[1,{\"b\":\"text\"},\"more\"]}"), 0, &value, NULL);
        if (status == STATUS_OK) {
            arena_done(&arena);
            assert_true(limit > 100); /* it did fail before */
            return;
        }
        assert_int_equal(status, STATUS_TOO_LARGE);
        assert_true(arena.failed && value.integer == 7);
        arena_done(&arena);
    }
    fail_msg("2000 bytes are enough for this");
}

/* Whatever comes of a damaged text, what is read of it has a canonical form that reads the same. */
static void damaged_texts_are_refused_or_read_but_never_trusted(void **state)
{
    (void)state;
    static const char text[] =
        "{\"type\":\"track\",\"properties\":{\"n\":[1,-2.5e3,12345678901234567000,null],\"t\":"
        "\"a\\ud83d\\ude00\\n\xc3\xa4\"},\"ok\":true}";
    static const char odd[] = "\"\\[]{},:09-+.eEud\0\x80\xff\n ";
    struct random random = {.state = 9};
    int count = 0;
    for (int i = 0; i < 50000; i++) {
        char damaged[sizeof text - 1];
        memcpy(damaged, text, sizeof damaged);
        for (int j = 0; j <= i % 3; j++)
            damaged[random_below(&random, sizeof damaged)] =
                odd[random_below(&random, sizeof odd - 1)];
        struct arena arena = {0};
        struct buffer once = {0}, twice = {0};
        struct value value;
        struct slice part = {.data = damaged, .size = sizeof damaged - random_below(&random, 2)};
        if (json_read(&arena, part, 0, &value, NULL) == STATUS_OK) {
            count++;
            value_write(&once, &value);
            assert_true(slice_is_utf8(buffer_slice(&once)));
            assert_int_equal(json_read(&arena, buffer_slice(&once), 0, &value, NULL), STATUS_OK);
            value_write(&twice, &value);
            assert_true(slice_equal(buffer_slice(&once), buffer_slice(&twice)));
        }
        buffer_done(&once);
        buffer_done(&twice);
        arena_done(&arena);
    }
    assert_true(count > 100);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_clients_send_is_read),
        cmocka_unit_test(what_is_no_json_is_refused_with_its_place),
        cmocka_unit_test(depth_ends_at_its_limit),
        cmocka_unit_test(integers_stay_exact_and_know_their_kind),
        cmocka_unit_test(members_keep_the_order_of_the_text),
        cmocka_unit_test(a_full_arena_is_told_and_the_value_left),
        cmocka_unit_test(damaged_texts_are_refused_or_read_but_never_trusted),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
