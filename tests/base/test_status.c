/* Errors: the first failure wins, and a cut text stays UTF-8. */

#include "base/slice.h"
#include "base/status.h"
#include "support/support.h"

#include <stdio.h>

static void the_first_failure_wins(void **state)
{
    (void)state;
    struct error error = {0};
    assert_int_equal(FAIL(&error, STATUS_INVALID, "a", 3, "one %d", 1), STATUS_INVALID);
    assert_int_equal(FAIL(&error, STATUS_STORAGE, "b", 4, "two"), STATUS_STORAGE);
    assert_int_equal(FAIL(NULL, STATUS_BUSY, "c", 5, "three"), STATUS_BUSY);
    assert_int_equal(error.status, STATUS_INVALID);
    assert_int_equal(error.line, 3);
    assert_string_equal(error.where, "a");
    assert_string_equal(error.text, "one 1");
}

static void a_text_that_is_cut_stays_utf8(void **state)
{
    (void)state;
    for (int lead = 240; lead < 256; lead++) {
        char text[600];
        int at = snprintf(text, sizeof text, "%*s", lead, "");
        while (at < 500)
            at += snprintf(text + at, sizeof text - (size_t)at, "\xf0\x9f\x98\x80");
        struct error error = {0};
        error_set(&error, STATUS_INVALID, text + 200, 0, "%s", text);
        assert_true(slice_is_utf8(slice_of(error.text)));
        assert_true(slice_is_utf8(slice_of(error.where)));
        assert_in_range(strlen(error.text), 252, 255);
        assert_in_range(strlen(error.where), 92, 95);
    }
}

static void every_status_has_its_codes(void **state)
{
    (void)state;
    for (int i = 0; i < STATUS_COUNT; i++) {
        enum status status = (enum status)i;
        assert_non_null(status_text(status));
        assert_in_range(status_http(status), i ? 400 : 200, 599);
        assert_in_range(status_exit(status), i ? 1 : 0, 3);
    }
    assert_int_equal(status_http(STATUS_TOO_LARGE), 413);
    assert_int_equal(status_exit(STATUS_OK), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_first_failure_wins),
        cmocka_unit_test(a_text_that_is_cut_stays_utf8),
        cmocka_unit_test(every_status_has_its_codes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
