/* Times against the examples of RFC 3339 and against the C library's calendar. */

#include "base/time.h"

#include "base/random.h"
#include "support/support.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#define LAST_DAY 2932896 /* 9999-12-31 */

static const struct {
    const char *text;
    int64_t time_ms;
} examples[] = {
    /* RFC 3339, section 5.8 */
    {"1985-04-12T23:20:50.52Z", 482196050520},
    {"1996-12-19T16:39:57-08:00", 851042397000},
    {"1990-12-31T23:59:60Z", 662688000000},
    {"1990-12-31T15:59:60-08:00", 662688000000},
    /* `date -u -d TEXT +%s` */
    {"1970-01-01", 0},
    {"2000-02-29", 951782400000},
    {"2026-11-23T18:00:00Z", 1795456800000},
    {"2026-11-23t18:00:00z", 1795456800000},
    {"2026-11-23 20:00:00+02:00", 1795456800000},
    {"2026-11-23T18:00:00-00:00", 1795456800000},
    {"2026-11-23T18:00:00.0009Z", 1795456800000},
    {"2026-11-23T18:00:00.123456789Z", 1795456800123},
    {"9999-12-31T23:59:59.999Z", 253402300799999},
    {"1970-01-01T02:00:00+02:00", 0},
};

static void texts_are_the_times_of_rfc_3339(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof examples / sizeof *examples; i++) {
        int64_t time_ms = 7;
        struct error error = {0};
        if (time_parse(slice_of(examples[i].text), &time_ms, &error))
            fail_msg("%s", error.text);
        if (time_ms != examples[i].time_ms)
            fail_msg("%s is %lld", examples[i].text, (long long)time_ms);
    }
}

static const struct {
    const char *text, *why;
} bad[] = {
    {"2026-11-31", "November has 30 days"},
    {"2026-02-29", "February of that year has 28 days"},
    {"2100-02-29", "February of that year has 28 days"},
    {"2024-02-30", "February of that year has 29 days"},
    {"2026-00-10", "months are 01 to 12"},
    {"2026-13-10", "months are 01 to 12"},
    {"2026-01-00", "January has 31 days"},
    {"1937-01-01T12:00:27.87+00:20", "years begin with 1970"},
    {"1970-01-01T00:00:00+00:01", "1970 to 9999"},
    {"9999-12-31T23:59:59-00:01", "1970 to 9999"},
    {"2026-11-23T24:00:00Z", "24 hours"},
    {"2026-11-23T18:60:00Z", "60 minutes"},
    {"2026-11-23T18:00:61Z", "seconds"},
    {"2026-11-23T18:00:60Z", "leap second"},
    {"2026-11-23T18:00Z", "seconds"},
    {"2026-11-23T18:00:00", "offset"},
    {"2026-11-23T18:00:00+2:00", "offset"},
    {"2026-11-23T18:00:00+24:00", "offset"},
    {"2026-11-23T18:00:00.Z", "seconds"},
    {"2026-11-23T18:00:00Zz", "write 2026"},
    {"2026-11-23T", "write 2026"},
    {"2026-11-23 ", "write 2026"},
    {" 2026-11-23", "write 2026"},
    {"2026-1-1", "write 2026"},
    {"20261123", "write 2026"},
    {"", "write 2026"},
    {"tomorrow", "write 2026"},
    {"\xff\xfe", "'this' is not a date"},
};

static void what_is_no_time_is_named_and_why(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        int64_t time_ms = 7;
        struct error error = {0};
        if (time_parse(slice_of(bad[i].text), &time_ms, &error) != STATUS_INVALID)
            fail_msg("'%s' was read", bad[i].text);
        if (!strstr(error.text, bad[i].why) || time_ms != 7)
            fail_msg("'%s': %s", bad[i].text, error.text);
        assert_int_equal(time_parse(slice_of(bad[i].text), &time_ms, NULL), STATUS_INVALID);
    }
}

static void times_agree_with_the_calendar_of_the_c_library(void **state)
{
    (void)state;
    struct random random = {.state = 5};
    for (int32_t day = 0; day <= LAST_DAY; day += 1 + (int32_t)random_below(&random, 13)) {
        int64_t time_ms = day * DAY_MS + (int64_t)random_below(&random, (uint64_t)DAY_MS);
        time_t seconds = time_ms / 1000;
        struct tm parts;
        gmtime_r(&seconds, &parts);
        char want[64], text[TIME_TEXT_SIZE];
        size_t size = strftime(want, sizeof want, "%Y-%m-%d", &parts);
        assert_string_equal(day_format(day, text), want);
        strftime(want + size, sizeof want - size, "T%H:%M:%S", &parts);
        if (time_ms % 1000)
            snprintf(want + strlen(want), 8, ".%03d", (int)(time_ms % 1000));
        snprintf(want + strlen(want), 2, "Z");
        assert_string_equal(time_format(time_ms, text), want);
        int64_t back = 0;
        assert_int_equal(time_parse(slice_of(text), &back, NULL), STATUS_OK);
        assert_true(back == time_ms && timegm(&parts) == seconds && day_of(time_ms) == day);
    }
}

static void times_before_1970_and_at_the_ends_have_texts(void **state)
{
    (void)state;
    char text[TIME_TEXT_SIZE];
    assert_int_equal(day_of(-1), -1);
    assert_int_equal(day_of(-DAY_MS), -1);
    assert_int_equal(day_of(-DAY_MS - 1), -2);
    assert_string_equal(time_format(-1, text), "1969-12-31T23:59:59.999Z");
    assert_string_equal(day_format(-719528, text), "0000-01-01");
    assert_string_equal(time_format(TIME_NONE, text), "-292275055-05-16T16:47:04.192Z");
    assert_string_equal(time_format(INT64_MAX, text), "292278994-08-17T07:12:55.807Z");
}

static void relative_times_count_back_from_now(void **state)
{
    (void)state;
    int64_t time_ms = 7;
    assert_int_equal(time_parse_relative(SLICE("-7d"), 10 * DAY_MS, &time_ms, NULL), STATUS_OK);
    assert_true(time_ms == 3 * DAY_MS);
    assert_int_equal(time_parse_relative(SLICE("1970-01-02"), 0, &time_ms, NULL), STATUS_OK);
    assert_true(time_ms == DAY_MS);
    assert_int_equal(time_parse_relative(SLICE("7d"), 0, &time_ms, NULL), STATUS_INVALID);
    assert_int_equal(time_parse_relative(SLICE("-"), 0, &time_ms, NULL), STATUS_INVALID);
    assert_int_equal(time_parse_relative(SLICE("--7d"), 0, &time_ms, NULL), STATUS_INVALID);
}

static const struct {
    const char *text, *short_form;
    int64_t duration_ms;
} durations[] = {
    {"1s", "1s", SECOND_MS},         {"90s", "90s", 90 * SECOND_MS}, {"60s", "1min", MINUTE_MS},
    {"5min", "5min", 300000},        {"12h", "12h", 12 * HOUR_MS},   {"36h", "36h", 36 * HOUR_MS},
    {"7d", "7d", 7 * DAY_MS},        {"2w", "14d", 14 * DAY_MS},     {"400d", "400d", 400 * DAY_MS},
    {"9600h", "400d", 400 * DAY_MS},
};

static void durations_read_and_shorten(void **state)
{
    (void)state;
    char text[TIME_TEXT_SIZE];
    for (size_t i = 0; i < sizeof durations / sizeof *durations; i++) {
        int64_t ms = 7;
        assert_int_equal(duration_parse(slice_of(durations[i].text), &ms, NULL), STATUS_OK);
        assert_true(ms == durations[i].duration_ms);
        assert_string_equal(duration_format(ms, text), durations[i].short_form);
    }
    assert_string_equal(duration_format(0, text), "0s");
    assert_string_equal(duration_format(250, text), "250ms");
    assert_string_equal(duration_format(-90000, text), "-90s");
}

static void what_is_no_duration_is_refused_with_advice(void **state)
{
    (void)state;
    static const struct {
        const char *text, *why;
    } faults[] = {
        {"7 days", "'7 days' is not a duration; write '7d'"},
        {"3 weeks", "write '3w'"},
        {"5m", "write '5min'"},
        {"401d", "between 1s and 400d"},
        {"34560001s", "between 1s and 400d"},
        {"0s", "between 1s and 400d"},
        {"99999999999999999999w", "between 1s and 400d"},
        {"9223372036854775807w", "between 1s and 400d"},
        {"d", "such as '7d'"},
        {"7", "such as '7d'"},
        {"", "such as '7d'"},
        {"-7d", "such as '7d'"},
        {"1.5h", "such as '7d'"},
    };
    for (size_t i = 0; i < sizeof faults / sizeof *faults; i++) {
        int64_t ms = 7;
        struct error error = {0};
        assert_int_equal(duration_parse(slice_of(faults[i].text), &ms, &error), STATUS_INVALID);
        if (!strstr(error.text, faults[i].why) || ms != 7)
            fail_msg("'%s': %s", faults[i].text, error.text);
    }
}

static void clocks_go_forward(void **state)
{
    (void)state;
    int64_t before = monotonic_us();
    assert_true(monotonic_us() >= before);
    assert_true(llabs((long long)(clock_now_ms(&clock_system) / 1000 - time(NULL))) <= 2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(texts_are_the_times_of_rfc_3339),
        cmocka_unit_test(what_is_no_time_is_named_and_why),
        cmocka_unit_test(times_agree_with_the_calendar_of_the_c_library),
        cmocka_unit_test(times_before_1970_and_at_the_ends_have_texts),
        cmocka_unit_test(relative_times_count_back_from_now),
        cmocka_unit_test(durations_read_and_shorten),
        cmocka_unit_test(what_is_no_duration_is_refused_with_advice),
        cmocka_unit_test(clocks_go_forward),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
