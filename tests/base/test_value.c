/* Values: looking up, building, and the one spelling that each has. */

#include "base/value.h"
#include "support/support.h"

#include <math.h>

static void check_text(const struct value *value, const char *want)
{
    struct buffer out = {0};
    value_write(&out, value);
    buffer_add_byte(&out, '\0');
    assert_string_equal(out.data, want);
    buffer_done(&out);
}

static void members_are_written_by_the_order_of_their_bytes(void **state)
{
    (void)state;
    struct arena arena = {0};
    struct value object = value_object();
    value_add(&arena, &object, "b", value_integer(INT64_MIN));
    value_add(&arena, &object, "\xc3\xa4", value_boolean(true));
    value_add(&arena, &object, "aa", value_null());
    value_add(&arena, &object, "B", value_real(0.5));
    value_add(&arena, &object, "a", value_text(SLICE("x")));
    value_add(&arena, &object, "", value_list());
    check_text(&object, "{\"\":[],\"B\":0.5,\"a\":\"x\",\"aa\":null,"
                        "\"b\":-9223372036854775808,\"\xc3\xa4\":true}");
    arena_done(&arena);
}

static void many_members_are_sorted_too(void **state)
{
    (void)state;
    struct arena arena = {0};
    struct buffer want = {0}, got = {0};
    struct value object = value_object();
    for (int i = 999; i >= 100; i--)
        value_add_named(&arena, &object, arena_format(&arena, "%d", i), value_integer(i));
    buffer_add_byte(&want, '{');
    for (int i = 100; i <= 999; i++)
        buffer_format(&want, "%s\"%d\":%d", i > 100 ? "," : "", i, i);
    buffer_add_byte(&want, '}');
    value_write(&got, &object);
    assert_true(slice_equal(buffer_slice(&got), buffer_slice(&want)));
    buffer_done(&want);
    buffer_done(&got);
    arena_done(&arena);
}

static void only_what_must_be_is_escaped(void **state)
{
    (void)state;
    struct value text = value_text(SLICE("a\"b\\c/\b\t\n\f\r\x01\x1f\x7f\xe2\x82\xac"));
    check_text(&text, "\"a\\\"b\\\\c/\\b\\t\\n\\f\\r\\u0001\\u001f\x7f\xe2\x82\xac\"");
}

static void numbers_that_are_not_finite_become_null(void **state)
{
    (void)state;
    struct value values[] = {value_real((double)NAN), value_real((double)INFINITY),
                             value_real(-(double)INFINITY)};
    for (size_t i = 0; i < 3; i++)
        check_text(&values[i], "null");
    struct value zero = value_real(-0.0);
    check_text(&zero, "0");
}

static void a_path_finds_members_and_a_whole_name_wins(void **state)
{
    (void)state;
    struct arena arena = {0};
    struct value plan = value_object(), object = value_object();
    value_add(&arena, &plan, "tier", value_text(SLICE("pro")));
    value_add(&arena, &plan, "a.b", value_integer(2));
    value_add(&arena, &object, "plan", plan);
    value_add(&arena, &object, "n", value_integer(1));
    assert_true(slice_equals(value_at(&object, SLICE("plan.tier"))->text, "pro"));
    assert_int_equal(value_at(&object, SLICE("plan.a.b"))->integer, 2);
    assert_null(value_at(&object, SLICE("plan.none")));
    assert_null(value_at(&object, SLICE("n.tier")));
    assert_null(value_at(&object, SLICE("")));
    assert_null(value_at(&object, SLICE("plan.")));
    assert_null(value_at(NULL, SLICE("plan")));
    value_add(&arena, &object, "plan.tier", value_text(SLICE("whole")));
    assert_true(slice_equals(value_at(&object, SLICE("plan.tier"))->text, "whole"));
    assert_true(slice_equals(value_member_text(&object, "plan.tier"), "whole"));
    assert_true(slice_is_empty(value_member_text(&object, "n")));
    assert_true(slice_is_empty(value_member_text(&object, "none")));
    arena_done(&arena);
}

static void builders_do_nothing_after_a_failure(void **state)
{
    (void)state;
    struct arena arena = {.limit = 2048};
    struct value list = value_list();
    for (int i = 0; i < 10000; i++) {
        struct value *item = value_append(&arena, &list, value_object());
        assert_non_null(item);
        value_add(&arena, item, "a", value_integer(i));
    }
    assert_true(arena.failed);
    assert_true(list.count < 100);
    size_t count = list.count;
    value_append(&arena, &list, value_null());
    assert_int_equal(list.count, count);
    arena_done(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(members_are_written_by_the_order_of_their_bytes),
        cmocka_unit_test(many_members_are_sorted_too),
        cmocka_unit_test(only_what_must_be_is_escaped),
        cmocka_unit_test(numbers_that_are_not_finite_become_null),
        cmocka_unit_test(a_path_finds_members_and_a_whole_name_wins),
        cmocka_unit_test(builders_do_nothing_after_a_failure),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
