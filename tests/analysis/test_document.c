/*
 * The document over a real journal and fold: a small population whose every count is known, because
 * who gets what and who does what follows from the user's number.
 *
 * User i of USERS meets variant i % 2 on day i / 20 % DAYS; roles and outcomes as below.
 */

#include "report_world.h"

#include <math.h>

#define USERS 1200
#define DAYS 10

static const char metrics_file[] =
    "metrics:\n"
    "  activated: {kind: conversion, event: Contact Created, within: 2d, stage: activation}\n"
    "  asked: {kind: conversion, event: Help Asked, within: 2d, better: lower}\n"
    "  returned: {kind: retention, between: [1d, 4d], stage: retention}\n"
    "  score: {kind: time_to, event: NPS Answered, within: 2d}\n";
static const char segments_file[] = "segments:\n"
                                    "  role: {trait: role, values: [rep, manager]}\n";
static const char experiment_head[] = "experiment: first-run\n"
                                      "name: Checklist\n"
                                      "hypothesis: shorter is better\n"
                                      "start: 2026-01-01\n";
static const char experiment_tail[] = "assignment: elsewhere\n"
                                      "variants: {tour: {control: true}, list: {}}\n"
                                      "segments: [role]\n"
                                      "metrics:\n"
                                      "  goal: activated\n"
                                      "  secondary: [returned, score]\n"
                                      "  guardrails: [{metric: asked, worse_by: 5pp}]\n";
static const char end_line[] = "end: 2026-01-11\n";

static int64_t at_day(size_t days)
{
    return WORLD_START + (int64_t)days * DAY_MS;
}

static void declare_as(struct world *world, const char *status, int64_t received_ms,
                       const char *more, const char *metrics)
{
    struct buffer text = {0};
    buffer_format(&text, "%sstatus: %s\n%s%s", experiment_head, status, more, experiment_tail);
    buffer_add_byte(&text, '\0');
    const struct world_file files[] = {
        {"first-run.yaml", text.data}, {"metrics.yaml", metrics}, {"segments.yaml", segments_file}};
    world_declare(world, received_ms, files, 3);
    buffer_done(&text);
}

static void declare(struct world *world, int64_t received_ms, const char *more, const char *metrics)
{
    declare_as(world, "running", received_ms, more, metrics);
}

static int64_t exposed_ms(size_t user)
{
    return at_day(user / 20 % DAYS) + 60000 * (int64_t)user;
}

struct people {
    struct arena arena;
    struct world_message *messages;
    size_t count;
};

static void people_add(struct people *people, size_t user, enum message_type type,
                       const char *event, int64_t time_ms)
{
    struct slice name = arena_format(&people->arena, "user-%zu", user);
    people->messages[people->count++] = (struct world_message){
        .message = {.type = type,
                    .user = name,
                    .event = slice_of(event),
                    .message_id = arena_format(&people->arena, "m%zu", people->count),
                    .occurred_ms = time_ms}};
}

static void people_expose(struct people *people, size_t user, const char *variant, int64_t time_ms)
{
    people_add(people, user, MESSAGE_EXPOSURE, "Experiment Viewed", time_ms);
    struct message *message = &people->messages[people->count - 1].message;
    message->experiment = SLICE("first-run");
    message->variation = slice_of(variant);
    if (user % 6 != 5)
        message->traits =
            user % 6 < 3 ? SLICE("{\"role\":\"rep\"}") : SLICE("{\"role\":\"manager\"}");
}

/* Of 20 users in a row (10 a variant) 3 of the control and 5 of the others activate. */
static bool activates(size_t user)
{
    size_t place = user / 2 % 10;
    return place < (user % 2 ? 5 : 3);
}

static void people_make(struct people *people)
{
    *people = (struct people){0};
    people->messages = ARENA_ARRAY(&people->arena, 4 * USERS, struct world_message);
    assert_non_null(people->messages);
    for (size_t user = 0; user < USERS; user++) {
        int64_t time_ms = exposed_ms(user);
        people_expose(people, user, user % 2 ? "list" : "tour", time_ms);
        if (activates(user))
            people_add(people, user, MESSAGE_TRACK, "Contact Created", time_ms + HOUR_MS);
        if (user % 20 < 4)
            people_add(people, user, MESSAGE_TRACK, "Help Asked", time_ms + HOUR_MS);
        if (user % 5 < 2)
            people_add(people, user, MESSAGE_TRACK, "Email Sent", time_ms + 2 * DAY_MS);
    }
}

/* A world that ended long ago: the received times are those of the messages. */
static void world_of_people(struct world *world, const char *more)
{
    struct people people;
    world_make(world);
    declare(world, WORLD_START - DAY_MS, more, metrics_file);
    people_make(&people);
    world_send(world, people.messages, people.count);
    arena_done(&people.arena);
    world_fold(world, 0);
}

static struct document_options options_at(int64_t as_of_ms)
{
    return (struct document_options){.experiment = SLICE("first-run"),
                                     .as_of_ms = as_of_ms,
                                     .now_ms = at_day(100),
                                     .version = "1"};
}

static void report_make(struct world *world, int64_t as_of_ms, struct report *report)
{
    struct document_options options = options_at(as_of_ms);
    struct error error = {0};
    must(report_try(world, &options, report, &error), &error);
}

/* A raw effect of segment 0's value and the shrunken one. */
static double effect_at(const struct report *report, size_t value, const char *member)
{
    char path[120];
    snprintf(path, sizeof path, "metrics/0/segments/0/values/%zu/comparisons/0/%s/estimate", value,
             member);
    return number_at(report, path);
}

/* Each of two values is drawn towards the other by at least `least` of their distance, and not past
 * it. */
static void assert_shrunken_between(const struct report *report, double least)
{
    double distance = effect_at(report, 1, "difference") - effect_at(report, 0, "difference");
    double first = effect_at(report, 0, "shrunken") - effect_at(report, 0, "difference");
    double second = effect_at(report, 1, "difference") - effect_at(report, 1, "shrunken");
    assert_true(first * distance >= least * distance * distance - 1e-12);
    assert_true(second * distance >= least * distance * distance - 1e-12);
    assert_true(fabs(first + second) <= fabs(distance) + 1e-12);
}

static void the_document_counts_what_was_sent(void **state)
{
    struct world world;
    struct report report;
    (void)state;
    world_of_people(&world, end_line);
    report_make(&world, at_day(60), &report);
    assert_int_equal(integer_at(&report, "format"), 1);
    assert_text(&report, "experiment", "first-run");
    assert_text(&report, "as_of", "2026-03-02T00:00:00Z");
    assert_int_equal(integer_at(&report, "variants/0/exposed"), USERS / 2);
    assert_int_equal(integer_at(&report, "variants/1/exposed"), USERS / 2);
    assert_text(&report, "metrics/0/metric", "activated");
    assert_text(&report, "metrics/0/role", "goal");
    assert_int_equal(integer_at(&report, "metrics/0/variants/0/units"), 600);
    assert_int_equal(integer_at(&report, "metrics/0/variants/0/successes"), 180);
    assert_int_equal(integer_at(&report, "metrics/0/variants/1/successes"), 300);
    assert_int_equal(integer_at(&report, "metrics/0/variants/1/immature"), 0);
    assert_close(number_at(&report, "metrics/0/variants/1/numerator"), 300, 0);
    assert_close(number_at(&report, "metrics/0/variants/1/denominator"), 600, 0);
    assert_text(&report, "metrics/0/in_words",
                "share with \"Contact Created\", within 2 days of first exposure");
    assert_true(number_at(&report, "metrics/0/comparisons/0/difference/estimate") > .19999);
    assert_text(&report, "final/because", "end");
    assert_text(&report, "final/cohort", "2026-01-10");
    assert_true(at(&report, "final/reached")->boolean);
    assert_text(&report, "verdict/code", "ship");
    assert_int_equal(integer_at(&report, "verdict/row"), 10);
    assert_text(&report, "verdict/variant", "list");
    assert_text(&report, "metrics/3/comparisons/0/guardrail/state", "passed");
    assert_text(&report, "metrics/3/comparisons/0/guardrail/worse_by", "5pp");
    arena_done(&report.arena);
    world_remove(&world);
}

static void an_earlier_moment_reads_mature_cohorts_alone(void **state)
{
    struct world world;
    struct report report;
    (void)state;
    world_of_people(&world, end_line);
    report_make(&world, at_day(7), &report); /* days 0..4 are mature for two days */
    assert_int_equal(integer_at(&report, "metrics/0/variants/0/units"), 300);
    assert_int_equal(integer_at(&report, "metrics/0/variants/0/immature"), 120);
    assert_int_equal(integer_at(&report, "variants/0/exposed"), 420);
    assert_int_equal(integer_at(&report, "metrics/1/variants/0/units"), 180); /* returned: 4 days */
    assert_text(&report, "metrics/0/comparisons/0/reason", "before_final");
    assert_nothing(&report, "metrics/0/comparisons/0/p");
    assert_nothing(&report, "metrics/0/comparisons/0/difference/interval");
    assert_true(at(&report, "metrics/0/comparisons/0/difference/anytime_interval")->count == 2);
    assert_int_equal(at(&report, "metrics/0/over_time")->count, 5);
    assert_text(&report, "metrics/0/over_time/0/as_of", "2026-01-04T00:00:00Z");
    assert_false(at(&report, "final/reached")->boolean);
    arena_done(&report.arena);
    world_remove(&world);
}

static void segments_add_up_to_the_whole(void **state)
{
    struct world world;
    struct report report;
    (void)state;
    world_of_people(&world, end_line);
    report_make(&world, at_day(60), &report);
    assert_text(&report, "metrics/0/segments/0/segment", "role");
    assert_text(&report, "metrics/0/segments/0/values/0/value", "rep");
    assert_text(&report, "metrics/0/segments/0/values/1/value", "manager");
    assert_text(&report, "metrics/0/segments/0/values/2/value", "(unknown)");
    int64_t units = 0;
    for (size_t i = 0; i < 3; i++) {
        char path[80];
        snprintf(path, sizeof path, "metrics/0/segments/0/values/%zu/variants/1/units", i);
        units += integer_at(&report, path);
    }
    assert_int_equal(units, 600);
    assert_int_equal(integer_at(&report, "metrics/0/segments/0/heterogeneity/df"), 1);
    assert_true(number_at(&report, "metrics/0/segments/0/heterogeneity/p") > .01);
    /* Both values moved alike, so nothing draws one away from the other. */
    assert_shrunken_between(&report, 0);
    assert_nothing(&report, "metrics/0/segments/0/values/2/comparisons/0/shrunken");
    assert_int_equal(integer_at(&report, "health/unknown_traits/role"), USERS / 6);
    arena_done(&report.arena);
    world_remove(&world);
}

/* Most managers of the second variant activate besides: the segment differs, and its values are one
 * family of four, (other) among them. */
static void values_are_tested_where_the_segment_differs(void **state)
{
    struct world world;
    struct report report;
    struct people people;
    (void)state;
    world_make(&world);
    declare(&world, WORLD_START - DAY_MS, end_line, metrics_file);
    people_make(&people);
    size_t count = people.count;
    for (size_t i = 0; i < count && people.count < 4 * USERS; i++)
        if (i % 4 && people.messages[i].message.type == MESSAGE_EXPOSURE &&
            slice_equals(people.messages[i].message.variation, "list") &&
            slice_equals(people.messages[i].message.traits, "{\"role\":\"manager\"}")) {
            people_add(&people, 0, MESSAGE_TRACK, "Contact Created",
                       people.messages[i].message.occurred_ms + HOUR_MS);
            people.messages[people.count - 1].message.user = people.messages[i].message.user;
        }
    for (size_t i = 0; i < people.count; i++)
        people.messages[i].received_ms = at_day(30);
    world_send(&world, people.messages, people.count);
    arena_done(&people.arena);
    world_fold(&world, 0);
    report_make(&world, at_day(60), &report);
    assert_true(number_at(&report, "metrics/0/segments/0/heterogeneity/p_adjusted") < 1e-9);
    double p = number_at(&report, "metrics/0/segments/0/values/0/comparisons/0/p");
    double next = number_at(&report, "metrics/0/segments/0/values/1/comparisons/0/p");
    assert_true(next < p);
    assert_close(number_at(&report, "metrics/0/segments/0/values/1/comparisons/0/p_adjusted"),
                 4 * next, 1e-9);
    assert_true(number_at(&report, "metrics/0/segments/0/values/0/comparisons/0/p_adjusted") >= p);
    assert_text(&report, "verdict/flags/1", "segments");
    assert_shrunken_between(&report, 1e-4);
    arena_done(&report.arena);
    world_remove(&world);
}

static void a_time_that_nobody_reached_is_the_whole_window(void **state)
{
    struct world world;
    struct report report;
    (void)state;
    world_of_people(&world, end_line);
    report_make(&world, at_day(60), &report);
    assert_text(&report, "metrics/2/metric", "score");
    assert_text(&report, "metrics/2/variants/0/status", "ok");
    assert_close(number_at(&report, "metrics/2/variants/0/value"), 2, 1e-15);
    assert_nothing(&report, "metrics/2/variants/0/median/value");
    assert_text(&report, "metrics/2/variants/0/median/reason", "not reached");
    assert_text(&report, "metrics/2/comparisons/0/reason", "every unit has the same value");
    assert_nothing(&report, "metrics/2/comparisons/0/difference");
    arena_done(&report.arena);
    world_remove(&world);
}

static void names_that_never_came_are_named(void **state)
{
    struct world world;
    struct report report;
    (void)state;
    world_of_people(&world, end_line);
    report_make(&world, at_day(60), &report);
    assert_int_equal(at(&report, "health/never_received")->count, 1);
    assert_text(&report, "health/never_received/0", "NPS Answered");
    assert_text(&report, "health/state", "warn");
    assert_int_equal(at(&report, "health/gaps")->count, 0);
    arena_done(&report.arena);
    world_remove(&world);
}

static struct slice bytes_without_delivery(struct report *report)
{
    struct buffer out = {0};
    for (size_t i = 0; i < report->document.count; i++)
        if (slice_equals(report->document.members[i].name, "delivery"))
            report->document.members[i].value = value_null();
    value_write(&out, &report->document);
    struct slice text = arena_copy(&report->arena, buffer_slice(&out));
    buffer_done(&out);
    return text;
}

/* Another order, received long after. */
static void people_shuffle(struct people *people)
{
    for (size_t i = 0; i < people->count; i++) {
        size_t other = i * 7919 % people->count;
        struct world_message message = people->messages[i];
        people->messages[i] = people->messages[other];
        people->messages[other] = message;
        people->messages[i].received_ms = at_day(30);
        people->messages[other].received_ms = at_day(30);
    }
}

static void order_and_duplicates_change_delivery_alone(void **state)
{
    struct world straight, shuffled;
    struct report one, other;
    struct people people;
    (void)state;
    world_of_people(&straight, end_line);
    world_make(&shuffled);
    declare(&shuffled, WORLD_START - DAY_MS, end_line, metrics_file);
    people_make(&people);
    people_shuffle(&people);
    world_send(&shuffled, people.messages, people.count);
    for (size_t i = 0; i < people.count; i++)
        people.messages[i].received_ms = at_day(31);
    world_send(&shuffled, people.messages, people.count / 3);
    arena_done(&people.arena);
    world_fold(&shuffled, 77);
    report_make(&straight, at_day(60), &one);
    report_make(&shuffled, at_day(60), &other);
    struct slice a = bytes_without_delivery(&one), b = bytes_without_delivery(&other);
    assert_int_equal(a.size, b.size);
    assert_memory_equal(a.data, b.data, a.size);
    arena_done(&one.arena);
    arena_done(&other.arena);
    world_remove(&straight);
    world_remove(&shuffled);
}

static void the_default_moment_waits_for_late_messages_and_for_the_fold(void **state)
{
    struct world world;
    struct report report;
    struct error error = {0};
    (void)state;
    world_of_people(&world, end_line);
    struct document_options options = options_at(TIME_NONE);
    must(report_try(&world, &options, &report, &error), &error);
    assert_text(&report, "as_of", "2026-04-10T18:00:00Z"); /* now - 6 h */
    arena_done(&report.arena);
    options.journal_sequence = 1000000; /* the fold is behind: what it has read is the limit */
    options.journal_received_ms = at_day(90);
    must(report_try(&world, &options, &report, &error), &error);
    struct slice as_of = at(&report, "as_of")->text;
    assert_true(slice_starts_with(as_of, SLICE("2026-01-")));
    assert_true(number_at(&report, "delivery/fold_lag_seconds") > 70 * 86400);
    arena_done(&report.arena);
    options.as_of_ms = at_day(50);
    assert_int_equal(report_try(&world, &options, &report, &error), STATUS_CONFLICT);
    arena_done(&report.arena);
    error = (struct error){0};
    options = options_at(at_day(101));
    assert_int_equal(report_try(&world, &options, &report, &error), STATUS_CONFLICT);
    arena_done(&report.arena);
    world_remove(&world);
}

static void what_is_not_there_is_not_found(void **state)
{
    struct world world;
    struct report report;
    struct error error = {0};
    (void)state;
    world_of_people(&world, end_line);
    struct document_options options = options_at(at_day(60));
    options.experiment = SLICE("first-rum");
    assert_int_equal(report_try(&world, &options, &report, &error), STATUS_NOT_FOUND);
    assert_string_equal(error.where, "first-rum");
    arena_done(&report.arena);
    error = (struct error){0};
    options = options_at(at_day(60));
    options.phase = 3;
    assert_int_equal(report_try(&world, &options, &report, &error), STATUS_NOT_FOUND);
    arena_done(&report.arena);
    world_remove(&world);
}

static void a_changed_metric_is_an_amendment_and_exploratory(void **state)
{
    static const char longer[] =
        "metrics:\n"
        "  activated: {kind: conversion, event: Contact Created, within: 3d}\n"
        "  asked: {kind: conversion, event: Help Asked, within: 2d, better: lower}\n"
        "  returned: {kind: retention, between: [1d, 4d], stage: retention}\n"
        "  score: {kind: time_to, event: NPS Answered, within: 2d}\n";
    struct world world;
    struct report report;
    (void)state;
    world_of_people(&world, end_line);
    declare(&world, at_day(20), end_line, longer);
    world_fold(&world, 0);
    report_make(&world, at_day(60), &report);
    assert_int_equal(at(&report, "registered/amendments")->count, 1);
    assert_text(&report, "registered/amendments/0/date", "2026-01-21");
    assert_int_equal(integer_at(&report, "registered/amendments/0/mature_units"), USERS);
    assert_text(&report, "metrics/0/role", "goal");
    assert_text(&report, "metrics/4/metric", "activated");
    assert_text(&report, "metrics/4/role", "exploratory");
    assert_int_equal(at(&report, "metrics")->count, 5);
    arena_done(&report.arena);
    world_remove(&world);
}

/* 120 a cohort day for ten days, windows of two days: at 22:00 on the twelfth day those of the
 * tenth are open. */
static void windows_that_reach_past_a_pause_are_counted(void **state)
{
    struct world world;
    struct report report;
    (void)state;
    world_of_people(&world, end_line);
    declare_as(&world, "paused", at_day(11) + 22 * HOUR_MS, end_line, metrics_file);
    declare_as(&world, "running", at_day(13), end_line, metrics_file);
    declare_as(&world, "stopped", at_day(14), end_line, metrics_file);
    world_fold(&world, 0);
    report_make(&world, at_day(12), &report);
    assert_int_equal(at(&report, "health/windows_past")->count, 1);
    assert_text(&report, "health/windows_past/0/what", "paused");
    assert_text(&report, "health/windows_past/0/at", "2026-01-12T22:00:00Z");
    assert_int_equal(integer_at(&report, "health/windows_past/0/units"), USERS / DAYS);
    arena_done(&report.arena);
    report_make(&world, at_day(60), &report);
    assert_int_equal(at(&report, "health/windows_past")->count, 2);
    assert_text(&report, "health/windows_past/1/what", "stopped");
    assert_int_equal(integer_at(&report, "health/windows_past/1/units"), 0);
    arena_done(&report.arena);
    world_remove(&world);
}

static void units_that_met_two_variants_are_told_apart(void **state)
{
    struct world world;
    struct report report;
    struct people people = {0};
    (void)state;
    world_of_people(&world, end_line);
    people.messages = ARENA_ARRAY(&people.arena, 100, struct world_message);
    for (size_t user = 0; user < 100; user++) {
        people_expose(&people, user, user % 2 ? "tour" : "list", exposed_ms(user) + HOUR_MS);
        people.messages[user].message.message_id = arena_format(&people.arena, "again-%zu", user);
        people.messages[user].received_ms = at_day(30);
    }
    world_send(&world, people.messages, people.count);
    arena_done(&people.arena);
    world_fold(&world, 0);
    report_make(&world, at_day(60), &report);
    assert_int_equal(integer_at(&report, "health/crossed/tour"), 50);
    assert_int_equal(integer_at(&report, "health/crossed/list"), 50);
    assert_true(at(&report, "health/crossed/alarm")->boolean); /* 8 % */
    assert_int_equal(integer_at(&report, "variants/0/exposed"), 600);
    assert_int_equal(integer_at(&report, "metrics/0/variants/0/units"), 550);
    assert_text(&report, "verdict/code", "do_not_trust");
    assert_int_equal(integer_at(&report, "verdict/row"), 4);
    assert_text(&report, "health/state", "alarm");
    arena_done(&report.arena);
    world_remove(&world);
}

static void before_its_start_it_has_not_started(void **state)
{
    struct world world;
    struct report report;
    (void)state;
    world_make(&world);
    declare(&world, WORLD_START - DAY_MS, end_line, metrics_file);
    world_fold(&world, 0);
    report_make(&world, at_day(60), &report);
    assert_text(&report, "verdict/code", "not_started");
    assert_int_equal(integer_at(&report, "verdict/row"), 1);
    assert_nothing(&report, "metrics/0/variants/0/value");
    assert_text(&report, "metrics/0/variants/0/reason", "no units");
    assert_text(&report, "metrics/0/comparisons/0/status", "not_estimable");
    arena_done(&report.arena);
    world_remove(&world);
}

static bool first_cell(void *context, struct slice key, struct slice value)
{
    struct buffer *found = context;
    buffer_add(found, key);
    (void)value;
    return false;
}

/* Writes a cell of 1 unit and 2 successes, which no population can have. */
static void damage_cell(struct world *world)
{
    struct error error = {0};
    struct state *state = NULL;
    struct state_transaction *transaction = NULL;
    struct buffer key = {0};
    struct cell_key parsed;
    unsigned char value[33] = {2, [1] = 1, [17] = 2};
    must(state_open(&world->store, &(struct state_options){0}, &state, &error), &error);
    must(state_begin(state, true, &transaction, &error), &error);
    struct state_scan scan = {.table = STATE_CUBE, .visit = first_cell, .context = &key};
    must(state_scan(transaction, &scan, &error), &error);
    assert_true(cell_key_read(buffer_slice(&key), &parsed));
    parsed.population = POPULATION_MAIN;
    parsed.slice = 0;
    unsigned char bytes[CELL_KEY_SIZE];
    parsed.metric = 1;
    parsed.variant = 0;
    cell_key_write(&parsed, bytes);
    must(state_put(transaction, STATE_CUBE,
                   (struct slice){.data = (const char *)bytes, .size = sizeof bytes},
                   (struct slice){.data = (const char *)value, .size = sizeof value}, &error),
         &error);
    must(state_commit(transaction, &error), &error);
    state_close(state);
    buffer_done(&key);
}

static void an_impossible_cell_is_not_trusted(void **state)
{
    struct world world;
    struct report report;
    (void)state;
    world_of_people(&world, end_line);
    damage_cell(&world);
    report_make(&world, at_day(60), &report);
    assert_text(&report, "verdict/code", "do_not_trust");
    assert_int_equal(integer_at(&report, "verdict/row"), 2);
    assert_text(&report, "health/state", "alarm");
    assert_int_equal(at(&report, "health/damage")->kind, VALUE_TEXT);
    arena_done(&report.arena);
    world_remove(&world);
}

static void summary_make(struct world *world, int64_t as_of_ms, struct report *report)
{
    struct error error = {0};
    struct view *view = NULL;
    struct view_transaction *transaction = NULL;
    struct document_options options = options_at(as_of_ms);
    *report = (struct report){0};
    must(view_open(&world->store, &view, &error), &error);
    must(view_begin(view, &transaction, &error), &error);
    must(document_summary(transaction, &options, &report->arena, &report->document, &error),
         &error);
    view_end(transaction);
    view_release(view);
}

static void the_rate_is_that_of_now_while_units_come(void **state)
{
    struct world world;
    struct report report;
    (void)state;
    world_of_people(&world, end_line);
    summary_make(&world, at_day(9), &report); /* nine days of 120 */
    assert_close(number_at(&report, "units_a_day"), USERS / DAYS, 1e-9);
    arena_done(&report.arena);
    summary_make(&world, at_day(11), &report);
    assert_nothing(&report, "units_a_day"); /* the end has passed */
    arena_done(&report.arena);
    world_remove(&world);
}

static void the_summary_has_what_lists_show(void **state)
{
    struct world world;
    struct report report;
    (void)state;
    world_of_people(&world, end_line);
    summary_make(&world, at_day(60), &report);
    assert_text(&report, "experiment", "first-run");
    assert_text(&report, "unit", "user");
    assert_text(&report, "verdict/code", "ship");
    assert_int_equal(integer_at(&report, "exposed/list"), 600);
    assert_text(&report, "health", "warn");
    arena_done(&report.arena);
    world_remove(&world);
}

/* Memory ends at ever later moments: each time that is said, nothing is touched, and the next
 * try with enough of it succeeds. */
static void short_memory_is_told_and_leaves_nothing_behind(void **state)
{
    struct world world;
    struct view *view = NULL;
    struct view_transaction *transaction = NULL;
    struct error error = {0};
    struct document_options options = options_at(at_day(60));
    enum status status = STATUS_NO_MEMORY;
    size_t refused = 0;
    (void)state;
    world_of_people(&world, end_line);
    must(view_open(&world.store, &view, &error), &error);
    must(view_begin(view, &transaction, &error), &error);
    for (size_t limit = 64; status; limit += limit / 8 + 64) {
        struct arena arena = {.limit = limit};
        struct value document = value_null();
        error = (struct error){0};
        status = document_build(transaction, &options, &arena, &document, &error);
        assert_true(status == STATUS_OK || status == STATUS_NO_MEMORY);
        assert_int_equal(document.kind, status ? VALUE_NULL : VALUE_OBJECT);
        refused += status != STATUS_OK;
        arena_done(&arena);
    }
    assert_in_range(refused, 10, 200);
    view_end(transaction);
    view_release(view);
    world_remove(&world);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_document_counts_what_was_sent),
        cmocka_unit_test(an_earlier_moment_reads_mature_cohorts_alone),
        cmocka_unit_test(segments_add_up_to_the_whole),
        cmocka_unit_test(values_are_tested_where_the_segment_differs),
        cmocka_unit_test(a_time_that_nobody_reached_is_the_whole_window),
        cmocka_unit_test(names_that_never_came_are_named),
        cmocka_unit_test(order_and_duplicates_change_delivery_alone),
        cmocka_unit_test(the_default_moment_waits_for_late_messages_and_for_the_fold),
        cmocka_unit_test(what_is_not_there_is_not_found),
        cmocka_unit_test(a_changed_metric_is_an_amendment_and_exploratory),
        cmocka_unit_test(windows_that_reach_past_a_pause_are_counted),
        cmocka_unit_test(units_that_met_two_variants_are_told_apart),
        cmocka_unit_test(before_its_start_it_has_not_started),
        cmocka_unit_test(an_impossible_cell_is_not_trusted),
        cmocka_unit_test(the_summary_has_what_lists_show),
        cmocka_unit_test(the_rate_is_that_of_now_while_units_come),
        cmocka_unit_test(short_memory_is_told_and_leaves_nothing_behind),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
