/* Numbers against the C library, on random bit patterns and on the cases that are known to be
 * hard; fixed point against hand-computed figures. */

#include "base/number.h"

#include "base/buffer.h"
#include "base/int128.h"
#include "base/random.h"
#include "support/support.h"

#include <float.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

static double random_double(struct random *random)
{
    double value;
    do {
        uint64_t bits = random_next(random);
        memcpy(&value, &bits, sizeof value);
    } while (!isfinite(value));
    return value;
}

static void check_round_trip(double value)
{
    char text[NUMBER_TEXT_SIZE], fifteen[64], sixteen[64];
    double back = (double)NAN;
    number_format(value, text);
    assert_true(strlen(text) < 26);
    assert_true(strtod(text, NULL) == value);
    assert_true(number_parse(slice_of(text), &back));
    assert_true(back == value);
    /* No more digits than needed. */
    snprintf(fifteen, sizeof fifteen, "%.15g", value);
    snprintf(sixteen, sizeof sixteen, "%.16g", value);
    if (strtod(fifteen, NULL) == value)
        assert_true(strlen(text) <= strlen(fifteen));
    else if (strtod(sixteen, NULL) == value)
        assert_true(strlen(text) <= strlen(sixteen));
}

static void every_double_survives_its_text(void **state)
{
    (void)state;
    struct random random = {.state = 1};
    for (int i = 0; i < 100000; i++)
        check_round_trip(random_double(&random));
    for (int i = 0; i < 100000; i++) /* of the sizes that reports have */
        check_round_trip((random_uniform(&random) - 0.5) *
                         pow(10, (double)random_below(&random, 20)));
    check_round_trip(DBL_MAX);
    check_round_trip(DBL_MIN);
    check_round_trip(0x1p-1074);
}

static const struct {
    double value;
    const char *text;
} texts[] = {
    {0, "0"},
    {-0.0, "0"},
    {1, "1"},
    {-3, "-3"},
    {0.1, "0.1"},
    {0.1 + 0.2, "0.30000000000000004"},
    {1.5, "1.5"},
    {-0.25, "-0.25"},
    {999999999999999, "999999999999999"},
    {-999999999999999, "-999999999999999"},
    {1e15, "1e15"},
    {1e300, "1e300"},
    {1.5e300, "1.5e300"},
    {1e-7, "1e-7"},
    {1.25e-10, "1.25e-10"},
    {0.0001, "0.0001"},
    {9007199254740993.0, "9007199254740992"},
    {DBL_MAX, "1.7976931348623157e308"},
};

static void texts_are_short_and_have_one_spelling(void **state)
{
    (void)state;
    char text[NUMBER_TEXT_SIZE];
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
        assert_string_equal(number_format(texts[i].value, text), texts[i].text);
}

/* The oracle is whole-number arithmetic: `digits` with a point before the last `places` of them. */
static void amounts_are_written_as_people_write_them(void **state)
{
    (void)state;
    struct random random = {.state = 11};
    for (int i = 0; i < 200000; i++) {
        unsigned places = 1 + (unsigned)random_below(&random, 7);
        long long unit = llrint(pow(10, places));
        long long digits = (long long)random_below(&random, 1000000000) * 10 + 1 +
                           (long long)random_below(&random, 9); /* does not end with 0 */
        char want[64], text[NUMBER_TEXT_SIZE];
        if (digits < unit)
            continue;
        snprintf(want, sizeof want, "-%lld", digits);
        size_t size = strlen(want);
        memmove(want + size - places + 1, want + size - places, places + 1);
        want[size - places] = '.';
        assert_string_equal(number_format(-strtod(want + 1, NULL), text), want);
    }
}

static const char *const hard[] = {
    "2.2250738585072011e-308", /* looped forever in PHP and Java once */
    "2.2250738585072012e-308",
    "9007199254740993", /* half between two doubles */
    "9007199254740993.00000000000000000000000000000000000000000000000000000000000000000001",
    "1e22",
    "1e23",
    "-1e23",
    "123456789012345e22",
    "123456789012345e-22",
    "1e-22",
    "0.000001e28",
    "00012.50",
    "+1.5",
    "1E+5",
    "1e-400",
    "0e999999999",
    "0.1",
    "8.5e22",
    "4.35",
    "0.5e-323",
    "179769313486231570814527423731704356798070567525844996598917476803157260780028538760589558632"
    "766878171540458953514382464234321326889464182768467546703537516986049910576551282076245490090"
    "389328944075868508455133942304583236903222948165808559332123347974797826204144723168738177180"
    "919299881250404026184124858368",
};

static void reading_rounds_as_the_c_library_does(void **state)
{
    (void)state;
    struct random random = {.state = 2};
    for (size_t i = 0; i < sizeof hard / sizeof *hard; i++) {
        double value = (double)NAN;
        assert_true(number_parse(slice_of(hard[i]), &value));
        assert_true(value == strtod(hard[i], NULL));
    }
    for (int i = 0; i < 200000; i++) {
        char text[64];
        double value = (double)NAN;
        snprintf(text, sizeof text, "%llu.%llue%d",
                 (unsigned long long)(random_next(&random) >> random_below(&random, 64)),
                 (unsigned long long)(random_next(&random) >> random_below(&random, 64)),
                 (int)random_below(&random, 60) - 30);
        assert_true(number_parse(slice_of(text), &value));
        assert_true(value == strtod(text, NULL));
    }
}

static void what_is_no_decimal_number_is_refused(void **state)
{
    (void)state;
    static const char *const bad[] = {
        "",  " 1", "1 ",  "inf", "nan", "-inf", "0x10",  "1e",     "1e+",  ".5", "5.",   "1.e5",
        "-", "+",  "--1", "1,5", "1_0", "1e5.", "1e999", "-1e999", "1.5f", "e5", "1..2", "1e1e1",
    };
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        double value = 7;
        if (number_parse(slice_of(bad[i]), &value) || value != 7)
            fail_msg("'%s' was read", bad[i]);
    }
    double value = 7;
    assert_false(number_parse(SLICE("1\0"), &value));
    assert_false(number_parse((struct slice){0}, &value));
}

static void integers_end_at_64_bits(void **state)
{
    (void)state;
    int64_t value = 5;
    uint64_t magnitude = 5;
    assert_true(integer_parse(SLICE("9223372036854775807"), &value) && value == INT64_MAX);
    assert_true(integer_parse(SLICE("-9223372036854775808"), &value) && value == INT64_MIN);
    assert_true(integer_parse(SLICE("-0"), &value) && value == 0);
    assert_true(integer_parse(SLICE("0007"), &value) && value == 7);
    assert_false(integer_parse(SLICE("9223372036854775808"), &value));
    assert_false(integer_parse(SLICE("-9223372036854775809"), &value));
    assert_false(integer_parse(SLICE("99999999999999999999999"), &value));
    assert_true(unsigned_parse(SLICE("18446744073709551615"), &magnitude));
    assert_true(magnitude == UINT64_MAX);
    assert_false(unsigned_parse(SLICE("18446744073709551616"), &magnitude));
    static const char *const bad[] = {"", "-", "+1", "1.0", " 1", "1 ", "--1", "1e3", "0x1"};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        assert_false(integer_parse(slice_of(bad[i]), &value));
    assert_false(unsigned_parse(SLICE("-1"), &magnitude));
    assert_true(value == 7 && magnitude == UINT64_MAX);
}

static const struct {
    double value;
    int64_t micro;
} micros[] = {
    {0, 0},
    {1.5, 1500000},
    {-1.5, -1500000},
    {0.1, 100000},
    {0x1p-7, 7812},  /* 7812.5: the tie goes to the even one */
    {0x3p-7, 23438}, /* 23437.5 */
    {-0x1p-7, -7812},
    {5e-7, 0}, /* the double is a little below half a micro-unit */
    {4.9e-7, 0},
    {6e-7, 1},
    {1e-300, 0},
    {9.2e12, INT64_C(9200000000000000000)},
    /* the two doubles around the end of the range, 9223372036854.775807 */
    {9223372036854.775, INT64_C(9223372036854775391)},
};

static void micro_units_are_the_nearest_and_ties_go_to_even(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof micros / sizeof *micros; i++) {
        int64_t micro = 7;
        if (!micro_from_number(micros[i].value, &micro))
            fail_msg("case %zu refused", i);
        assert_true(micro == micros[i].micro);
    }
    int64_t micro = 7;
    assert_false(micro_from_number(9223372036854.777, &micro));
    assert_false(micro_from_number(1e300, &micro));
    assert_false(micro_from_number(-1e13, &micro));
    assert_false(micro_from_number((double)INFINITY, &micro));
    assert_false(micro_from_number((double)NAN, &micro));
    assert_true(micro == 7);
}

/* long double has 64 bits here: enough for one rounding of value * 10^6 below 2^43 micro-units. */
static void micro_units_agree_with_wider_arithmetic(void **state)
{
    (void)state;
    struct random random = {.state = 3};
    for (int i = 0; i < 200000; i++) {
        double value = (double)(int64_t)random_below(&random, 1u << 22) - (1 << 21);
        value += (double)random_below(&random, 1u << 20) * 0x1p-20;
        int64_t micro = 0;
        assert_true(micro_from_number(value, &micro));
        assert_true(micro == llrintl((long double)value * 1000000));
    }
}

static void fixed_point_text_is_exact_both_ways(void **state)
{
    (void)state;
    char text[NUMBER_TEXT_SIZE];
    struct random random = {.state = 4};
    assert_string_equal(micro_format(1500000, text), "1.5");
    assert_string_equal(micro_format(-1, text), "-0.000001");
    assert_string_equal(micro_format(0, text), "0");
    assert_string_equal(micro_format(INT64_MIN, text), "-9223372036854.775808");
    for (int i = 0; i < 100000; i++) {
        int64_t micro = (int64_t)(random_below(&random, UINT64_C(18400000000000000000)) -
                                  UINT64_C(9199999999999999999));
        int64_t back = 0;
        assert_true(micro_parse(slice_of(micro_format(micro, text)), &back));
        assert_true(back == micro);
    }
    static const char *const bad[] = {
        "",
        "-",
        "1.",
        ".5",
        "1.1234567",
        "9200000000000",
        "-9200000000000",
        "1e3",
        "1,5",
        "+1",
        "99999999999999999999",
        "1.-5",
        "0x1",
        "1.5 ",
    };
    int64_t micro = 7;
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        assert_false(micro_parse(slice_of(bad[i]), &micro));
    assert_true(micro == 7);
    assert_true(micro_parse(SLICE("-9199999999999.999999"), &micro));
    assert_true(micro == -INT64_C(9199999999999999999));
}

static void wide_integers_have_all_their_digits(void **state)
{
    (void)state;
    struct buffer out = {0};
    int128 most = (int128)(((uint128)1 << 127) - 1);
    int128_format(&out, most);
    buffer_add_byte(&out, ' ');
    int128_format(&out, -most - 1);
    buffer_add_byte(&out, ' ');
    int128_format(&out, 0);
    assert_true(
        slice_equal(buffer_slice(&out), SLICE("170141183460469231731687303715884105727 "
                                              "-170141183460469231731687303715884105728 0")));
    buffer_done(&out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_double_survives_its_text),
        cmocka_unit_test(texts_are_short_and_have_one_spelling),
        cmocka_unit_test(amounts_are_written_as_people_write_them),
        cmocka_unit_test(reading_rounds_as_the_c_library_does),
        cmocka_unit_test(what_is_no_decimal_number_is_refused),
        cmocka_unit_test(integers_end_at_64_bits),
        cmocka_unit_test(micro_units_are_the_nearest_and_ties_go_to_even),
        cmocka_unit_test(micro_units_agree_with_wider_arithmetic),
        cmocka_unit_test(fixed_point_text_is_exact_both_ways),
        cmocka_unit_test(wide_integers_have_all_their_digits),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
