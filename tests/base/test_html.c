/* Text within HTML: what strangers named cannot become markup, nor turn what stands beside it. */

#include "base/html.h"
#include "support/support.h"

static void assert_safe(const char *text, const char *expected)
{
    struct buffer out = {0};
    html_safe(&out, slice_of(text));
    buffer_add_byte(&out, '\0');
    assert_string_equal(out.data, expected);
    buffer_done(&out);
}

/* The characters of HTML's syntax, in text and in quoted attributes alike. */
static void markup_becomes_text(void **state)
{
    (void)state;
    assert_safe("<script>alert(\"1\" + '2')</script>",
                "&lt;script&gt;alert(&quot;1&quot; + &#39;2&#39;)&lt;/script&gt;");
    assert_safe("a & b &amp; c", "a &amp; b &amp;amp; c");
    assert_safe("\" onload=\"x", "&quot; onload=&quot;x");
    assert_safe("plain", "plain");
    assert_safe("", "");
}

static void controls_are_replaced_and_lines_stay(void **state)
{
    (void)state;
    assert_safe("a\x01\x7f\n\tb", "a\xef\xbf\xbd\xef\xbf\xbd\n\tb");
    assert_safe("\xc2\x85x\xc2\xa0y", "\xef\xbf\xbdx\xc2\xa0y");
}

/* U+202E turns what follows around; Hebrew letters are letters. */
static void overrides_are_replaced_and_letters_stay(void **state)
{
    (void)state;
    assert_safe("\xe2\x80\xae"
                "evil",
                "\xef\xbf\xbd"
                "evil");
    assert_safe("\xd7\xa9\xd7\x9c\xd7\x95\xd7\x9d", "\xd7\xa9\xd7\x9c\xd7\x95\xd7\x9d");
}

static void a_name_stands_apart(void **state)
{
    struct buffer out = {0};
    (void)state;
    html_safe_name(&out, SLICE("<b>"));
    buffer_add_byte(&out, '\0');
    assert_string_equal(out.data, "<bdi>&lt;b&gt;</bdi>");
    buffer_done(&out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(markup_becomes_text),
        cmocka_unit_test(controls_are_replaced_and_lines_stay),
        cmocka_unit_test(overrides_are_replaced_and_letters_stay),
        cmocka_unit_test(a_name_stands_apart),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
