/* UTF-8 against the table of RFC 3629 and by counting, distances against published examples. */

#include "base/slice.h"
#include "support/support.h"

static const struct {
    struct slice text;
    bool is_good;
} utf8_cases[] = {
    {SLICE_INIT(""), true},
    {SLICE_INIT("plain"), true},
    {SLICE_INIT("\xc2\x80"), true},          /* U+0080, the first of two bytes */
    {SLICE_INIT("\xdf\xbf"), true},          /* U+07FF */
    {SLICE_INIT("\xe0\xa0\x80"), true},      /* U+0800 */
    {SLICE_INIT("\xed\x9f\xbf"), true},      /* U+D7FF, before the surrogates */
    {SLICE_INIT("\xee\x80\x80"), true},      /* U+E000, behind them */
    {SLICE_INIT("\xef\xbf\xbf"), true},      /* U+FFFF */
    {SLICE_INIT("\xf0\x90\x80\x80"), true},  /* U+10000 */
    {SLICE_INIT("\xf4\x8f\xbf\xbf"), true},  /* U+10FFFF */
    {SLICE_INIT("12345678\xc3\xa4"), true},  /* behind a whole word */
    {SLICE_INIT("\xc0\xaf"), false},         /* overlong slash */
    {SLICE_INIT("\xc1\xbf"), false},         /* overlong */
    {SLICE_INIT("\xe0\x80\xaf"), false},     /* overlong */
    {SLICE_INIT("\xf0\x80\x80\xaf"), false}, /* overlong */
    {SLICE_INIT("\xed\xa0\x80"), false},     /* a surrogate */
    {SLICE_INIT("\xed\xbf\xbf"), false},     /* a surrogate */
    {SLICE_INIT("\xf4\x90\x80\x80"), false}, /* above U+10FFFF */
    {SLICE_INIT("\xf5\x80\x80\x80"), false},
    {SLICE_INIT("\xfe"), false},
    {SLICE_INIT("\x80"), false},     /* a continuation alone */
    {SLICE_INIT("\xe2\x82"), false}, /* cut */
    {SLICE_INIT("\xc3(") /* no continuation */, false},
    {SLICE_INIT("a\0b"), false},      /* NUL */
    {SLICE_INIT("1234567\0"), false}, /* NUL at the end of a word */
    {SLICE_INIT("\0"
                "1234567"),
     false},                            /* NUL at its begin */
    {SLICE_INIT("1234567\x80"), false}, /* bad at the end of a word */
    {SLICE_INIT("12345678\xed\xa0\x80"), false},
};

static void utf8_is_what_rfc_3629_says(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof utf8_cases / sizeof *utf8_cases; i++)
        if (slice_is_utf8(utf8_cases[i].text) != utf8_cases[i].is_good)
            fail_msg("case %zu", i);
}

/* Of all strings of three bytes, as many are good as code points make: one of three bytes (2^16 -
 * 2^11 - 2048 surrogates), one of two and an ASCII one in either order, three ASCII ones. */
static void as_many_texts_of_three_bytes_are_utf8_as_code_points_make(void **state)
{
    (void)state;
    const size_t ascii = 127, two = 0x800 - 0x80, three = 0x10000 - 0x800 - 0x800;
    size_t good = 0;
    for (unsigned word = 0; word < 1u << 24; word++) {
        char text[3] = {(char)(word >> 16), (char)(word >> 8), (char)word};
        good += slice_is_utf8((struct slice){.data = text, .size = 3});
    }
    assert_int_equal(good, three + 2 * ascii * two + ascii * ascii * ascii);
}

static void code_points_are_counted_not_bytes(void **state)
{
    (void)state;
    assert_int_equal(slice_code_points(SLICE("")), 0);
    assert_int_equal(slice_code_points(SLICE("a\xc3\xa4\xe2\x82\xac\xf0\x9f\x98\x80")), 4);
}

/* The bidirectional controls of UAX #9, and the controls of ASCII and Latin-1; letters of any
 * direction, line feeds, tabs and a space that does not break are no harm. */
static void what_moves_a_cursor_or_turns_text_is_harmful(void **state)
{
    static const char *const harmful[] = {
        "\x1b[",        "\x01",         "\x7f",         "\xc2\x9b",
        "\xd8\x9c",     "\xe2\x80\x8e", "\xe2\x80\x8f", "\xe2\x80\xaa",
        "\xe2\x80\xab", "\xe2\x80\xac", "\xe2\x80\xad", "\xe2\x80\xae",
        "\xe2\x81\xa6", "\xe2\x81\xa7", "\xe2\x81\xa8", "\xe2\x81\xa9"};
    static const char *const fine[] = {"", "a", "\n", "\t", "\xc2\xa0", "\xd7\xa9", "\xe2\x80\x93"};
    (void)state;
    for (size_t i = 0; i < sizeof harmful / sizeof *harmful; i++) {
        struct slice text = slice_of(harmful[i]);
        size_t size = (unsigned char)text.data[0] < 0x80 ? 1 : text.size;
        assert_int_equal(slice_harmful_size(text), size);
    }
    for (size_t i = 0; i < sizeof fine / sizeof *fine; i++)
        assert_int_equal(slice_harmful_size(slice_of(fine[i])), 0);
}

static void order_is_by_bytes_and_a_prefix_comes_first(void **state)
{
    (void)state;
    assert_true(slice_compare(SLICE("a"), SLICE("b")) < 0);
    assert_true(slice_compare(SLICE("a"), SLICE("aa")) < 0);
    assert_true(slice_compare(SLICE("\xc3"), SLICE("z")) > 0);
    assert_true(slice_compare((struct slice){0}, SLICE("")) == 0);
    assert_true(slice_compare(SLICE("a\0b"), SLICE("a\0a")) > 0);
    assert_true(slice_equal((struct slice){0}, SLICE("")));
    assert_true(slice_from(SLICE("abc"), 4).size == 0);
}

static const struct {
    struct slice a, b;
    unsigned distance;
} distances[] = {
    {SLICE_INIT("kitten"), SLICE_INIT("sitting"), 3},
    {SLICE_INIT("saturday"), SLICE_INIT("sunday"), 3},
    {SLICE_INIT("ca"), SLICE_INIT("abc"), 3}, /* no part is edited twice */
    {SLICE_INIT("teh"), SLICE_INIT("the"), 1},
    {SLICE_INIT("varaints"), SLICE_INIT("variants"), 1},
    {SLICE_INIT("abcdef"), SLICE_INIT("badcfe"), 3},
    {SLICE_INIT(""), SLICE_INIT("abc"), 3},
    {SLICE_INIT("same"), SLICE_INIT("same"), 0},
    {SLICE_INIT("a"), SLICE_INIT("b"), 1},
};

static void distances_are_the_published_ones_in_both_directions(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof distances / sizeof *distances; i++) {
        assert_int_equal(slice_distance(distances[i].a, distances[i].b, 9), distances[i].distance);
        assert_int_equal(slice_distance(distances[i].b, distances[i].a, 9), distances[i].distance);
    }
}

static void a_distance_over_the_limit_is_the_limit_and_one(void **state)
{
    (void)state;
    char text[65];
    memset(text, 'a', sizeof text);
    struct slice at = {.data = text, .size = 64}, past = {.data = text, .size = 65};
    assert_int_equal(slice_distance(SLICE("kitten"), SLICE("sitting"), 2), 3);
    assert_int_equal(slice_distance(at, at, 2), 0);
    assert_int_equal(slice_distance(past, past, 2), 3);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(utf8_is_what_rfc_3629_says),
        cmocka_unit_test(as_many_texts_of_three_bytes_are_utf8_as_code_points_make),
        cmocka_unit_test(code_points_are_counted_not_bytes),
        cmocka_unit_test(what_moves_a_cursor_or_turns_text_is_harmful),
        cmocka_unit_test(order_is_by_bytes_and_a_prefix_comes_first),
        cmocka_unit_test(distances_are_the_published_ones_in_both_directions),
        cmocka_unit_test(a_distance_over_the_limit_is_the_limit_and_one),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
