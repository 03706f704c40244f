/* A catalogue in words: windows, dates with their span, bands, and what each kind of metric says.
 */

#include "support/support.h"

#include "experiment/describe.h"
#include "files.h"

#define LENGTH(array) (sizeof(array) / sizeof *(array))

static void durations_are_said_in_the_largest_whole_unit(void **state)
{
    (void)state;
    static const struct {
        int64_t duration_ms;
        const char *words;
    } cases[] = {
        {7 * DAY_MS, "7 days"},         {DAY_MS, "1 day"},
        {36 * HOUR_MS, "36 hours"},     {HOUR_MS, "1 hour"},
        {90 * MINUTE_MS, "90 minutes"}, {61 * SECOND_MS, "61 seconds"},
    };
    for (size_t i = 0; i < LENGTH(cases); i++) {
        struct buffer out = {0};
        duration_describe(&out, cases[i].duration_ms);
        buffer_add_byte(&out, '\0');
        assert_string_equal(out.data, cases[i].words);
        buffer_done(&out);
    }
}

static struct catalogue *shared(const char *name, const char *text)
{
    const struct file_text files[] = {{name, text}};
    return catalogue_of(files, 1);
}

static void each_kind_of_metric_has_its_sentence(void **state)
{
    (void)state;
    static const struct {
        const char *body, *words;
    } cases[] = {
        {"kind: conversion, event: {event: A B, times: 2, distinct_days: 3}, within: 36h",
         "share with \"A B\" 2 times on 3 different days, within 36 hours of first exposure"},
        {"kind: conversion, any_of: [A, B, C], at_least: 2, between: [1d, 8d]",
         "share with at least 2 different ones of \"A\", \"B\", \"C\", from 1 day to before 8 days "
         "after first exposure"},
        {"kind: conversion, any_event: {distinct_days: 3}, within: 14d",
         "share with any activity on 3 different days, within 14 days of first exposure"},
        {"kind: retention, between: [7d, 14d]",
         "share with any activity, from 7 days to before 14 days after first exposure"},
        {"kind: retention_curve, event: A, every: 7d, until: 28d",
         "share with \"A\", every 7 days until 28 days after first exposure"},
        {"kind: time_to, event: A, within: 30d, competing: [Gone, Lost]",
         "time to \"A\", within 30 days of first exposure, or to the end by \"Gone\", \"Lost\""},
        {"kind: time_to, event: A, within: 30d, better: higher",
         "time to \"A\", within 30 days of first exposure; higher is better"},
        {"kind: count, event: A, within: 7d",
         "number of \"A\", within 7 days of first exposure, at most 2000"},
        {"kind: sum, event: A, property: a.b, within: 7d, cap: 9.5",
         "sum of a.b of \"A\", within 7 days of first exposure, at most 9.5"},
        {"kind: mean, event: A, property: p, within: 7d, cap: 9",
         "mean p of \"A\", within 7 days of first exposure, at most 9"},
        {"kind: ratio, numerator: one, denominator: two", "one for each of two"},
        {"kind: nps, event: A, property: score, within: 7d",
         "promoters less detractors by score of \"A\", within 7 days of first exposure"},
        {"kind: breadth, member: user, counts: shared, within: 7d, of: {trait: seats}",
         "share of an account's users with \"S\", within 7 days of first exposure, of the seats in "
         "trait seats"},
        {"kind: count, event: A, within: 7d, cap: 5, better: lower",
         "number of \"A\", within 7 days of first exposure, at most 5; lower is better"},
    };
    for (size_t i = 0; i < LENGTH(cases); i++) {
        char text[1024];
        snprintf(text, sizeof text,
                 "metrics:\n"
                 "  m: {%s}\n"
                 "  one: {kind: count, event: A, within: 7d}\n"
                 "  two: {kind: count, event: B, within: 7d}\n"
                 "  shared: {kind: conversion, event: S, within: 9d}\n",
                 cases[i].body);
        struct catalogue *catalogue = shared("metrics.yaml", text);
        struct buffer out = {0};
        metric_describe(&out, catalogue_metric(catalogue, SLICE("m")));
        buffer_add_byte(&out, '\0');
        assert_string_equal(out.data, cases[i].words);
        buffer_done(&out);
        catalogue_release(catalogue);
    }
}

static void segments_name_their_values_as_reports_do(void **state)
{
    (void)state;
    static const struct {
        const char *body, *words;
    } cases[] = {
        {"trait: employees, bands: [1, 2, 11, 1001]",
         "trait employees: (below), 1, 2-10, 11-1000, 1001+, (unknown)"},
        {"trait: score, bands: [1.5, 3]", "trait score: (below), 1.5 to <3, 3+, (unknown)"},
        {"trait: role, values: [rep, 'b c']", "trait role: rep, \"b c\", (other), (unknown)"},
    };
    for (size_t i = 0; i < LENGTH(cases); i++) {
        char text[256];
        snprintf(text, sizeof text, "segments: {s: {%s}}\n", cases[i].body);
        struct catalogue *catalogue = shared("segments.yaml", text);
        struct buffer out = {0};
        segment_describe(&out, catalogue_segment(catalogue, SLICE("s")));
        buffer_add_byte(&out, '\0');
        assert_string_equal(out.data, cases[i].words);
        buffer_done(&out);
        catalogue_release(catalogue);
    }
}

static void assert_says(const char *text, const char *words)
{
    struct catalogue *catalogue = shared("e.yaml", text);
    struct buffer out = {0};
    catalogue_describe(&out, catalogue);
    buffer_add_byte(&out, '\0');
    if (!strstr(out.data, words))
        fail_msg("'%s' is not in:\n%s", words, out.data);
    buffer_done(&out);
    catalogue_release(catalogue);
}

static void dates_are_said_with_the_span_they_make(void **state)
{
    (void)state;
#define WITH(dates) "experiment: e\nvariants: {a: {control: true}, b: {}}\n" dates
    assert_says(WITH("start: 2026-11-01\nend: 2026-12-15\n"),
                "from 2026-11-01 through 2026-12-14, 44 days (UTC)\n");
    assert_says(WITH("start: 2026-11-01T06:00:00Z\nend: 2026-11-02T18:00:00+02:00\n"),
                "from 2026-11-01T06:00:00Z through 2026-11-02T16:00:00Z, 1 day and 10 hours");
    assert_says(WITH("start: 2026-11-01T06:00:00Z\nend: 2026-11-01T06:30:00Z\n"),
                "through 2026-11-01T06:30:00Z, 30 minutes (UTC)");
    assert_says(WITH("start: 2026-11-01\n"), "from 2026-11-01, without an end (UTC)");
    assert_says(WITH("end: 2026-12-15\n"),
                "from the first load as running through 2026-12-14 (UTC)");
    assert_says(WITH(""), "no goal: harm is watched, nothing is decided");
#undef WITH
}

static void an_empty_catalogue_has_nothing_to_say(void **state)
{
    (void)state;
    struct catalogue *catalogue = catalogue_of(NULL, 0);
    struct buffer out = {0};
    catalogue_describe(&out, catalogue);
    assert_int_equal(out.size, 0);
    catalogue_release(catalogue);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(durations_are_said_in_the_largest_whole_unit),
        cmocka_unit_test(each_kind_of_metric_has_its_sentence),
        cmocka_unit_test(segments_name_their_values_as_reports_do),
        cmocka_unit_test(dates_are_said_with_the_span_they_make),
        cmocka_unit_test(an_empty_catalogue_has_nothing_to_say),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
