/* Which ids name somebody. */

#include "base/unit.h"
#include "support/support.h"

static void placeholders_and_broken_ids_are_refused(void **state)
{
    (void)state;
    static const struct slice bad[] = {
        SLICE_INIT(""),
        SLICE_INIT("null"),
        SLICE_INIT("NULL"),
        SLICE_INIT("Undefined"),
        SLICE_INIT("anonymous"),
        SLICE_INIT("UNKNOWN"),
        SLICE_INIT("0"),
        SLICE_INIT("0000"),
        SLICE_INIT("00000000-0000-0000-0000-000000000000"),
        SLICE_INIT("a\nb"),
        SLICE_INIT("a\0b"),
        SLICE_INIT("a\x7f"),
        SLICE_INIT("\x1f"),
        SLICE_INIT("a\xc2\x85"),
        SLICE_INIT("\xff"),
        SLICE_INIT("\xed\xa0\x80"),
    };
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        if (!unit_id_fault(bad[i]))
            fail_msg("case %zu was taken", i);
}

static void other_ids_are_taken_as_they_are(void **state)
{
    (void)state;
    static const struct slice good[] = {
        SLICE_INIT("1"),
        SLICE_INIT("a"),
        SLICE_INIT("user-1"),
        SLICE_INIT("nullable"),
        SLICE_INIT("00001"),
        SLICE_INIT("-"),
        SLICE_INIT("a b"),
        SLICE_INIT("M\xc3\xbcller"),
        SLICE_INIT("\xc2\xa0x"),
        SLICE_INIT("unknown2"),
        SLICE_INIT("00000000-0000-0000-0000-000000000001"),
    };
    for (size_t i = 0; i < sizeof good / sizeof *good; i++)
        if (unit_id_fault(good[i]))
            fail_msg("case %zu: %s", i, unit_id_fault(good[i]));
}

static void an_id_has_at_most_256_bytes(void **state)
{
    (void)state;
    char text[257];
    memset(text, 'x', sizeof text);
    assert_null(unit_id_fault((struct slice){.data = text, .size = 256}));
    assert_non_null(unit_id_fault((struct slice){.data = text, .size = 257}));
}

static void kinds_have_names(void **state)
{
    (void)state;
    for (int i = 0; i < UNIT_KIND_COUNT; i++) {
        enum unit_kind kind = UNIT_KIND_COUNT;
        assert_true(unit_kind_parse(slice_of(unit_kind_text((enum unit_kind)i)), &kind));
        assert_int_equal(kind, i);
    }
    enum unit_kind kind = UNIT_ACCOUNT;
    assert_false(unit_kind_parse(SLICE("User"), &kind));
    assert_false(unit_kind_parse(SLICE(""), &kind));
    assert_int_equal(kind, UNIT_ACCOUNT);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(placeholders_and_broken_ids_are_refused),
        cmocka_unit_test(other_ids_are_taken_as_they_are),
        cmocka_unit_test(an_id_has_at_most_256_bytes),
        cmocka_unit_test(kinds_have_names),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
