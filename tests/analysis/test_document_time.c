/*
 * Times to an event, retention curves and flows in the document: worlds worked out by hand, and the
 * leukaemia data of R's survival package as cohorts.
 */

#include "metric_world.h"
#include "report_world.h"

#include "stats/anytime.h"

#include <gsl/gsl_errno.h>
#include <math.h>

#define START (WORLD_START + 4 * DAY) /* 2026-01-05 */
#define WEEK (7 * DAY)

/* A user of variant a or b, exposed so long after the start. */
static const char *expose(struct metric_world *made, char variant, int64_t after_ms)
{
    const char *user = arena_format(&made->arena, "u%zu", made->count).data;
    struct message *message = put(made, user, START + after_ms);
    message->type = MESSAGE_EXPOSURE;
    message->event = SLICE("Experiment Viewed");
    message->experiment = SLICE("first");
    message->variation = variant == 'a' ? SLICE("a") : SLICE("b");
    return user;
}

static void do_at(struct metric_world *made, const char *user, const char *event, int64_t after_ms)
{
    put(made, user, START + after_ms)->event = slice_of(event);
}

static void report_at(struct world *world, int64_t as_of_ms, struct report *report)
{
    struct error error = {0};
    struct document_options options = {.experiment = SLICE("first"),
                                       .as_of_ms = as_of_ms,
                                       .now_ms = WORLD_START + 1000 * DAY_MS,
                                       .version = "1"};
    must(report_try(world, &options, report, &error), &error);
}

static void fold_and_report(struct metric_world *made, int64_t as_of_ms, struct report *report)
{
    world_send(&made->world, made->messages, made->count);
    world_fold(&made->world, 0);
    report_at(&made->world, as_of_ms, report);
}

static void done(struct metric_world *made, struct report *report)
{
    arena_done(&report->arena);
    metric_world_remove(made);
}

/* The first point at or after a day of a variant's curve. */
static const struct value *point_at(const struct report *report, const char *points, double day)
{
    const struct value *list = at(report, points);
    for (size_t i = 0; i < list->count; i++)
        if (value_member(&list->items[i], SLICE("day"))->number >= day)
            return &list->items[i];
    fail_msg("%s ends before day %g", points, day);
    return NULL;
}

static void assert_point(const struct value *point, double at_risk, double survival, double low,
                         double high)
{
    const struct value *interval = value_member(point, SLICE("interval"));
    assert_true(value_member(point, SLICE("at_risk"))->number == at_risk);
    assert_close(value_member(point, SLICE("value"))->number, 1 - survival, 1e-12);
    assert_close(interval->items[0].number, 1 - high, 1e-9);
    assert_close(interval->items[1].number, 1 - low, 1e-9);
}

/* Remission of leukaemia in weeks, taken for days; 0: censored.  An event comes half an hour before
 * its day is full, in the middle of an hour's bin, to one exposed on the first day; who is censored
 * after c days was exposed c days before the look. */
static const struct {
    char variant;
    int days;
    int event;
} aml[] = {
    {'b', 9, 1},  {'b', 13, 1}, {'b', 13, 0}, {'b', 18, 1}, {'b', 23, 1},  {'b', 28, 0},
    {'b', 31, 1}, {'b', 34, 1}, {'b', 45, 0}, {'b', 48, 1}, {'b', 161, 0}, {'a', 5, 1},
    {'a', 5, 1},  {'a', 8, 1},  {'a', 8, 1},  {'a', 12, 1}, {'a', 16, 0},  {'a', 23, 1},
    {'a', 27, 1}, {'a', 30, 1}, {'a', 33, 1}, {'a', 43, 1}, {'a', 45, 1},
};

static void a_look_has_the_curve_of_staggered_entry(void **state)
{
    (void)state;
    struct metric_world made;
    struct report report;
    metric_world_make(&made,
                      "variants: {a: {control: true}, b: {}}\nanalysis: {peeking: always}\n"
                      "metrics: {goal: ended, why: w}\n",
                      "  ended: {kind: time_to, event: End, within: 161d}\n");
    for (size_t i = 0; i < sizeof aml / sizeof *aml; i++) {
        int64_t exposed_ms = aml[i].event ? 0 : (161 - aml[i].days) * DAY;
        const char *user = expose(&made, aml[i].variant, exposed_ms);
        if (aml[i].event)
            do_at(&made, user, "End", aml[i].days * DAY - HOUR / 2);
        else /* what comes after the look is not seen by it */
            do_at(&made, user, "End", exposed_ms + (aml[i].days + 1) * DAY);
    }
    fold_and_report(&made, START + 162 * DAY + HOUR, &report);
    assert_text(&report, "metrics/0/better", "lower");
    assert_count(&report, "metrics/0/variants/1/units", 11);
    assert_count(&report, "metrics/0/variants/1/contributing", 7);
    assert_count(&report, "metrics/0/variants/0/contributing", 11);
    assert_text(&report, "metrics/0/variants/0/unit", "days");
    /* survfit's print(rmean = "common"): 22.71 with 4.18, 52.65 with 19.83, half an hour earlier.
     */
    assert_close(number_at(&report, "metrics/0/variants/0/value"), 22.7083333333 - 1. / 48, 1e-9);
    assert_close(number_at(&report, "metrics/0/variants/1/value"),
                 52.6454545454 - (1 - .1840909) / 48, 1e-9);
    double half = number_at(&report, "metrics/0/variants/1/interval/1") -
                  number_at(&report, "metrics/0/variants/1/value");
    assert_close(half / 1.959963984540054, 19.83, 1e-3);
    assert_close(number_at(&report, "metrics/0/variants/0/median/value"), 23 - 1. / 48, 1e-12);
    assert_close(number_at(&report, "metrics/0/variants/0/median/interval/0"), 5 - 1. / 48, 1e-12);
    assert_close(number_at(&report, "metrics/0/variants/0/median/interval/1"), 33 - 1. / 48, 1e-12);
    assert_close(number_at(&report, "metrics/0/variants/1/median/value"), 31 - 1. / 48, 1e-12);
    assert_nothing(&report, "metrics/0/variants/1/median/interval/1");
    const char *maintained = "metrics/0/curve/1/points";
    assert_true(at(&report, maintained)->count <= 200);
    assert_point(point_at(&report, maintained, 23), 6, 0.6136363636363635, 0.2657520400012861,
                 0.8352992432502214);
    assert_point(point_at(&report, maintained, 34.5), 3, 0.36818181818181817, 0.09282957493698518,
                 0.6570408323981638);
    assert_point(point_at(&report, "metrics/0/curve/0/points", 24), 5, 0.48611111111111116,
                 0.1918766196187283, 0.7296715697794854);
    /* Eleven units are no comparison. */
    assert_text(&report, "metrics/0/comparisons/0/reason", "too early");
    assert_nothing(&report, "metrics/0/comparisons/0/lift");
    done(&made, &report);
}

/* 200 users a variant over ten days; of a 100 and of b 140 reach value between hour 26 and 27. */
static void two_hundred_each(struct metric_world *made, bool closing)
{
    for (int i = 0; i < 400; i++) {
        char variant = i % 2 ? 'b' : 'a';
        int place = i / 2 % 20, day = i / 40;
        int64_t exposed_ms = day * DAY + i * MINUTE;
        const char *user = expose(made, variant, exposed_ms);
        if (place < (variant == 'b' ? 14 : 10))
            do_at(made, user, "Value", exposed_ms + 26 * HOUR + MINUTE);
        else if (closing && place < (variant == 'b' ? 16 : 14))
            do_at(made, user, "Closed", exposed_ms + 10 * HOUR + MINUTE);
    }
}

static void the_final_test_is_the_log_rank_beside_the_difference_of_means(void **state)
{
    (void)state;
    struct metric_world made;
    struct report report;
    double w, z = 2.0537489106318225; /* of .04 two-sided */
    metric_world_make(&made,
                      "variants: {a: {control: true}, b: {}}\nend: 2026-01-15\n"
                      "metrics: {goal: value, why: w}\n",
                      "  value: {kind: time_to, event: Value, within: 2d}\n");
    two_hundred_each(&made, false);
    fold_and_report(&made, START + 20 * DAY, &report);
    double width = 2 - 26.5 / 24, difference = -.2 * width;
    double se = width * sqrt(.25 / 200 + .21 / 200);
    assert_close(number_at(&report, "metrics/0/variants/0/value"), 26.5 / 24 + .5 * width, 1e-12);
    assert_close(number_at(&report, "metrics/0/variants/1/value"), 26.5 / 24 + .3 * width, 1e-12);
    assert_close(number_at(&report, "metrics/0/comparisons/0/difference/estimate"), difference,
                 1e-12);
    assert_close(number_at(&report, "metrics/0/comparisons/0/difference/se"), se, 1e-12);
    assert_close(number_at(&report, "metrics/0/comparisons/0/difference/interval/1"),
                 difference + z * se, 1e-9);
    /* One event time: 240 of 400, 20 more in b than expected. */
    double chi = 20 * 20 / (240 * .25 * (400 - 240) / 399);
    assert_close(number_at(&report, "metrics/0/comparisons/0/p"), erfc(sqrt(chi / 2)), 1e-9);
    assert_text(&report, "metrics/0/comparisons/0/test", "log_rank");
    assert_text(&report, "metrics/0/comparisons/0/interval_of", "restricted_mean");
    assert_nothing(&report, "metrics/0/comparisons/0/lift");
    /* The clock starts on day 6, when 100 a variant were watched to the end and 120 at all. */
    double r = 2 * 240 / 2000.;
    assert_int_equal(anytime_w(.01, &w), REASON_NONE);
    double c = sqrt((1 + 1 / (w * r)) * (log1p(w * r) - 2 * log(.01)));
    assert_close(number_at(&report, "metrics/0/comparisons/0/difference/anytime_interval/0"),
                 difference - c * se, 1e-9);
    assert_nothing(&report, "metrics/0/over_time/5/comparisons/0/difference");
    assert_close(number_at(&report, "metrics/0/over_time/6/comparisons/0/difference/se"),
                 width * sqrt(.46 / 100), 1e-12);
    assert_text(&report, "metrics/0/over_time/6/as_of", "2026-01-12T00:00:00Z");
    assert_int_equal(at(&report, "metrics/0/over_time")->count, 12);
    assert_text(&report, "verdict/code", "ship");
    assert_text(&report, "metrics/0/cohort", "2026-01-14");
    done(&made, &report);
}

static void without_censoring_the_curve_is_the_share(void **state)
{
    (void)state;
    struct metric_world made;
    struct report report;
    metric_world_make(&made,
                      "variants: {a: {control: true}, b: {}}\nend: 2026-01-15\n"
                      "metrics: {goal: value, why: w}\n",
                      "  value: {kind: time_to, event: Value, within: 3d}\n");
    for (int i = 0; i < 60; i++) {
        const char *user = expose(&made, i % 3 ? 'b' : 'a', i * HOUR);
        do_at(&made, user, "Value", i * HOUR + i * 37 % 60 * 97 * MINUTE);
    }
    fold_and_report(&made, START + 20 * DAY, &report);
    const struct value *points = at(&report, "metrics/0/curve/1/points");
    assert_true(points->count > 60);
    for (size_t k = 0; k < points->count; k++) {
        double day = value_member(&points->items[k], SLICE("day"))->number;
        int reached = 0;
        for (int i = 0; i < 60; i++)
            reached += i % 3 && (i * 37 % 60) * 97 * MINUTE < llround(day * (double)DAY);
        assert_close(value_member(&points->items[k], SLICE("value"))->number, reached / 40., 1e-12);
    }
    done(&made, &report);
}

static void a_competing_end_is_no_censoring(void **state)
{
    (void)state;
    struct metric_world made;
    struct report report;
    metric_world_make(&made,
                      "variants: {a: {control: true}, b: {}}\nend: 2026-01-15\n"
                      "metrics: {goal: value, why: w}\n",
                      "  value: {kind: time_to, event: Value, within: 2d, competing: [Closed]}\n");
    two_hundred_each(&made, true);
    fold_and_report(&made, START + 20 * DAY, &report);
    double width = 2 - 26.5 / 24;
    /* 40 of a closed before: 100 of the 160 left are 62.5 %, and of all 50 %. */
    assert_close(number_at(&report, "metrics/0/variants/0/value"), 2 - .5 * width, 1e-12);
    assert_close(number_at(&report, "metrics/0/variants/1/value"), 2 - .7 * width, 1e-12);
    assert_close(number_at(&report, "metrics/0/comparisons/0/difference/se"),
                 width * sqrt(.25 / 200 + .21 / 200), 1e-12);
    const struct value *last = point_at(&report, "metrics/0/curve/0/points", 2);
    assert_close(value_member(last, SLICE("value"))->number, .5, 1e-12);
    last = point_at(&report, "metrics/0/curve/0/competing/0/points", 2);
    assert_close(value_member(last, SLICE("value"))->number, .2, 1e-12);
    assert_text(&report, "metrics/0/curve/0/competing/0/event", "Closed");
    assert_text(&report, "metrics/0/comparisons/0/test", "log_rank_cause_specific");
    assert_text(&report, "metrics/0/comparisons/0/interval_of", "restricted_time_without_value");
    /* At risk at hour 26: 160 and 180. */
    double n1 = 180, n0 = 160, n = n1 + n0, d = 240;
    double chi = pow(140 - d * n1 / n, 2) / (d * n1 / n * n0 / n * (n - d) / (n - 1));
    assert_close(number_at(&report, "metrics/0/comparisons/0/p"), erfc(sqrt(chi / 2)), 1e-9);
    assert_close(number_at(&report, "metrics/0/variants/1/median/value"), 26.5 / 24, 1e-12);
    done(&made, &report);
}

static void a_margin_in_days_is_judged_on_the_difference_of_means(void **state)
{
    (void)state;
    struct metric_world made;
    struct report report;
    metric_world_make(&made,
                      "variants: {a: {}, b: {control: true}}\nend: 2026-01-15\n"
                      "metrics: {goal: called, why: w,\n"
                      "  guardrails: [{metric: value, worse_by: 0.5},\n"
                      "               {metric: value2, worse_by: 0.25}]}\n",
                      "  called: {kind: conversion, event: Call, within: 1d}\n"
                      "  value: {kind: time_to, event: Value, within: 2d}\n"
                      "  value2: {kind: time_to, event: Value, within: 2d}\n");
    two_hundred_each(&made, false);
    fold_and_report(&made, START + 20 * DAY, &report);
    double width = 2 - 26.5 / 24, se = width * sqrt(.25 / 200 + .21 / 200);
    double bound = .2 * width + 2.0537489106318225 * se; /* one-sided .02 */
    assert_text(&report, "metrics/1/role", "guardrail");
    assert_close(number_at(&report, "metrics/1/comparisons/0/guardrail/margin"), .5, 1e-15);
    assert_close(number_at(&report, "metrics/1/comparisons/0/guardrail/bound"), bound, 1e-9);
    assert_text(&report, "metrics/1/comparisons/0/guardrail/state", "passed");
    assert_true(bound > .25);
    assert_text(&report, "metrics/2/comparisons/0/guardrail/state", "harmed");
    done(&made, &report);
}

static void values_of_a_segment_add_up(void **state)
{
    (void)state;
    struct world world;
    struct report report;
    struct metric_world made = {.capacity = 64};
    static const struct world_file files[] = {
        {"first.yaml", "experiment: first\nstatus: running\nstart: 2026-01-05\n"
                       "assignment: elsewhere\nend: 2026-01-15\nsegments: [role]\n"
                       "variants: {a: {control: true}, b: {}}\nmetrics: {goal: value, why: w}\n"},
        {"metrics.yaml", "metrics:\n  value: {kind: time_to, event: Value, within: 2d}\n"},
        {"segments.yaml", "segments:\n  role: {trait: role, values: [rep, manager]}\n"}};
    world_make(&world);
    made.messages = calloc(made.capacity, sizeof *made.messages);
    world_declare(&world, WORLD_START, files, 3);
    two_hundred_each(&made, false);
    for (size_t i = 0, unit = 0; i < made.count; i++)
        if (made.messages[i].message.type == MESSAGE_EXPOSURE)
            made.messages[i].message.traits =
                unit++ % 6 < 2 ? SLICE("{\"role\":\"rep\"}") : SLICE("{\"role\":\"manager\"}");
    world_send(&world, made.messages, made.count);
    world_fold(&world, 0);
    report_at(&world, START + 20 * DAY, &report);
    double units = 0, events = 0, weighted = 0;
    for (int i = 0; i < 2; i++) {
        char path[80];
        snprintf(path, sizeof path, "metrics/0/segments/0/values/%d/variants/1/units", i);
        double n = number_at(&report, path);
        units += n;
        snprintf(path, sizeof path, "metrics/0/segments/0/values/%d/variants/1/contributing", i);
        events += number_at(&report, path);
        snprintf(path, sizeof path, "metrics/0/segments/0/values/%d/variants/1/value", i);
        weighted += n * number_at(&report, path);
    }
    assert_true(units == 200 && events == 140);
    assert_close(weighted / 200, number_at(&report, "metrics/0/variants/1/value"), 1e-12);
    assert_count(&report, "metrics/0/segments/0/heterogeneity/df", 1);
    assert_true(value_is_number(
        at(&report, "metrics/0/segments/0/values/0/comparisons/0/shrunken/estimate")));
    arena_done(&report.arena);
    free(made.messages);
    arena_done(&made.arena);
    world_remove(&world);
}

/* Three weeks by weeks: who came on the first day has three brackets, who came a week later two. */
static void a_bracket_counts_the_cohorts_that_are_mature_for_it(void **state)
{
    (void)state;
    struct metric_world made;
    struct report report;
    metric_world_make(&made,
                      "variants: {a: {control: true}, b: {}}\nend: 2026-03-15\n"
                      "metrics: {goal: value, why: w, diagnostics: [weeks]}\n",
                      "  value: {kind: conversion, event: Value, within: 1d}\n"
                      "  weeks: {kind: retention_curve, event: Mail, every: 7d, until: 21d}\n");
    for (int i = 0; i < 40; i++) {
        int64_t exposed_ms = (i / 2 % 2) * WEEK;
        const char *user = expose(&made, i % 2 ? 'b' : 'a', exposed_ms);
        do_at(&made, user, "Mail", exposed_ms + DAY);
        if (i < 12)
            do_at(&made, user, "Mail", exposed_ms + WEEK);
        if (i < 4)
            do_at(&made, user, "Mail", exposed_ms + 3 * WEEK - 1);
    }
    fold_and_report(&made, START + 22 * DAY, &report);
    const char *curve = "metrics/1/curve/1/points";
    assert_int_equal(at(&report, curve)->count, 3);
    assert_count(&report, "metrics/1/curve/1/points/0/units", 20);
    assert_close(number_at(&report, "metrics/1/curve/1/points/0/value"), 1, 1e-15);
    assert_close(number_at(&report, "metrics/1/curve/1/points/1/from_days"), 7, 1e-15);
    assert_count(&report, "metrics/1/curve/1/points/1/units", 20);
    assert_close(number_at(&report, "metrics/1/curve/1/points/1/value"), .3, 1e-15);
    assert_count(&report, "metrics/1/curve/1/points/2/units", 10); /* the first day's */
    assert_close(number_at(&report, "metrics/1/curve/1/points/2/value"), .1, 1e-15);
    /* Wilson of 1 of 10, and nobody differs. */
    assert_close(number_at(&report, "metrics/1/curve/1/points/2/interval/0"), 0.017876213095072954,
                 1e-9);
    assert_close(number_at(&report, "metrics/1/curve/1/points/2/difference/estimate"), 0, 1e-15);
    assert_true(at_or_null(&report, "metrics/1/curve/0/points/2/difference") == NULL);
    assert_nothing(&report, "metrics/1/variants/0/value");
    assert_text(&report, "metrics/1/comparisons/0/reason",
                "a curve has no single value: see its brackets");
    done(&made, &report);
}

static void show(struct metric_world *made, const char *user, const char *what, const char *step,
                 int64_t after_ms)
{
    struct message *message = put(made, user, START + after_ms);
    message->event = arena_format(&made->arena, "Onboarding Step %s", what);
    message->properties =
        arena_format(&made->arena, "{\"experiment_id\":\"first\",\"step\":\"%s\"}", step);
}

/* Of 100 a variant all see the greeting; 60 of a and 30 of b go on to the list, where half get it
 * done in 5 minutes.  `tip` is b's alone. */
static void the_flow_tells_where_variants_differ(void **state)
{
    (void)state;
    struct metric_world made;
    struct report report;
    metric_world_make(
        &made,
        "variants:\n"
        "  a: {control: true, flow: [{step: hello, pattern: message},\n"
        "     {step: list, pattern: checklist, minutes: 4, done_when: Contact}]}\n"
        "  b: {flow: [{step: hello, pattern: message}, {step: tip, pattern: tooltip},\n"
        "     {step: list, pattern: checklist, minutes: 4, done_when: Contact}]}\n"
        "end: 2026-01-15\nmetrics: {goal: value, why: w}\nanalysis: {flow_within: 2d}\n",
        "  value: {kind: conversion, event: Value, within: 1d}\n");
    for (int i = 0; i < 200; i++) {
        char variant = i % 2 ? 'b' : 'a';
        int place = i / 2;
        const char *user = expose(&made, variant, i * MINUTE);
        show(&made, user, "Viewed", "hello", i * MINUTE + 10 * SECOND);
        if (place % 4 == 0)
            show(&made, user, "Dismissed", "hello", i * MINUTE + 11 * SECOND);
        if (place >= (variant == 'a' ? 60 : 30))
            continue;
        show(&made, user, "Viewed", "list", i * MINUTE + 70 * SECOND);
        if (place % 2)
            do_at(&made, user, "Contact", i * MINUTE + 70 * SECOND + 5 * MINUTE);
    }
    fold_and_report(&made, START + 20 * DAY, &report);
    assert_count(&report, "flow/0/units", 100);
    assert_count(&report, "flow/0/steps/0/reached", 100);
    assert_count(&report, "flow/0/steps/0/dismissed", 25);
    assert_count(&report, "flow/0/steps/0/completed", 0);
    assert_close(number_at(&report, "flow/0/steps/0/drop_off/value"), 1, 1e-15);
    assert_count(&report, "flow/0/steps/1/reached", 60);
    assert_count(&report, "flow/0/steps/1/completed", 30);
    assert_close(number_at(&report, "flow/0/steps/1/drop_off/value"), .5, 1e-15);
    assert_close(number_at(&report, "flow/0/steps/1/median_seconds"), 60.5, 1e-15);
    assert_close(number_at(&report, "flow/0/steps/1/expected_minutes"), 4, 1e-15);
    /* 300 s lie in the bin [300, 304). */
    assert_close(number_at(&report, "flow/0/steps/1/actual_minutes"), 302 / 60., 1e-15);
    assert_count(&report, "flow/1/steps/1/reached", 0);
    assert_nothing(&report, "flow/1/steps/1/drop_off");
    assert_nothing(&report, "flow/1/steps/1/median_seconds");
    assert_count(&report, "flow/1/steps/2/reached", 30);
    assert_text(&report, "flow_differs/step", "list");
    assert_text(&report, "flow_differs/label", "exploratory");
    double chi = 200. * pow(60 * 70 - 40 * 30, 2) / (90. * 110 * 100 * 100);
    assert_close(number_at(&report, "flow_differs/chi_square"), chi, 1e-12);
    double p = number_at(&report, "flow_differs/p");
    assert_close(p, erfc(sqrt(chi / 2)), 1e-9);
    assert_close(number_at(&report, "flow_differs/p_adjusted"), 2 * p, 1e-12); /* hello and list */
    assert_int_equal(at(&report, "health/never_received")->count, 1); /* Value, the goal's */
    done(&made, &report);
}

int main(void)
{
    gsl_set_error_handler_off();
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_look_has_the_curve_of_staggered_entry),
        cmocka_unit_test(the_final_test_is_the_log_rank_beside_the_difference_of_means),
        cmocka_unit_test(without_censoring_the_curve_is_the_share),
        cmocka_unit_test(a_competing_end_is_no_censoring),
        cmocka_unit_test(a_margin_in_days_is_judged_on_the_difference_of_means),
        cmocka_unit_test(values_of_a_segment_add_up),
        cmocka_unit_test(a_bracket_counts_the_cohorts_that_are_mature_for_it),
        cmocka_unit_test(the_flow_tells_where_variants_differ),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
