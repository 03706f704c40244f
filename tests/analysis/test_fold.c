/*
 * The fold on small streams whose counts were worked out by hand from the rules of
 * architecture.md and grammar.md.
 */

#include "world.h"

#define HOUR HOUR_MS
#define DAY DAY_MS

static const struct world_file segments = {"segments.yaml",
                                           "segments:\n"
                                           "  role: {trait: role, values: [rep, owner]}\n"
                                           "  size: {trait: employees, bands: [1, 2, 11]}\n"};

static const struct world_file metrics = {
    "metrics.yaml",
    "metrics:\n"
    "  activated: {kind: conversion, all_of: [Contact Created, {event: Email Sent, where: "
    "{sequence: true}}], within: 7d}\n"
    "  any: {kind: conversion, any_of: [Contact Created, Email Sent, Call Made], at_least: 2, "
    "within: 7d}\n"
    "  lessons: {kind: conversion, event: {event: Lesson, times: 3}, within: 30d}\n"
    "  spread: {kind: conversion, event: {event: Lesson, distinct_days: 2}, within: 30d}\n"
    "  habit: {kind: conversion, any_event: {distinct_days: 2}, within: 14d}\n"
    "  week_1: {kind: retention, between: [7d, 14d]}\n"
    "  score: {kind: nps, event: NPS Answered, property: score, within: 30d}\n"
    "not_activity: [Heartbeat]\n"};

static const char experiment_text[] = "experiment: first\n"
                                      "status: running\n"
                                      "start: 2026-01-01\n"
                                      "end: 2026-06-01\n"
                                      "assignment: elsewhere\n"
                                      "variants:\n"
                                      "  a: {control: true}\n"
                                      "  b: {}\n"
                                      "segments: [role, size, [role, size]]\n"
                                      "metrics:\n"
                                      "  goal: activated\n"
                                      "  why: because\n"
                                      "  secondary: [any, lessons, spread, habit, week_1, score]\n"
                                      "analysis: {adjust_for: [role]}\n";

/* Numbers of the metrics in cube.h: goal, then secondaries as declared. */
enum { ACTIVATED = 1, ANY, LESSONS, SPREAD, HABIT, WEEK_1, SCORE };

static void declare_first(struct world *world)
{
    const struct world_file files[] = {{"first.yaml", experiment_text}, metrics, segments};
    world_declare(world, WORLD_START, files, 3);
}

static struct world_message event(const char *user, const char *name, int64_t time_ms)
{
    static int id;
    static char ids[4096][16];
    char *text = ids[id++ % 4096];
    snprintf(text, 16, "m%d", id);
    return (struct world_message){.message = {.type = MESSAGE_TRACK,
                                              .user = slice_of(user),
                                              .event = slice_of(name),
                                              .message_id = slice_of(text),
                                              .occurred_ms = time_ms},
                                  .received_ms = WORLD_START + 300 * DAY};
}

static struct world_message exposure(const char *user, const char *variant, int64_t time_ms)
{
    struct world_message made = event(user, "Experiment Viewed", time_ms);
    made.message.type = MESSAGE_EXPOSURE;
    made.message.experiment = SLICE("first");
    made.message.variation = slice_of(variant);
    return made;
}

static struct world_message identify(const char *user, const char *traits, int64_t time_ms)
{
    struct world_message made = event(user, "", time_ms);
    made.message.type = MESSAGE_IDENTIFY;
    made.message.traits = slice_of(traits);
    return made;
}

static struct world_message with_properties(struct world_message made, const char *properties)
{
    made.message.properties = slice_of(properties);
    return made;
}

/* Field of a cell summed over the cohorts. */
static int64_t cell(struct world *world, enum population population, uint16_t slice,
                    uint8_t variant, uint8_t metric, int field)
{
    struct cube_select select = {
        .population = population, .slice = slice, .variant = variant, .metric = metric};
    return (int64_t)world_sum(world, "first", 1, DEFINITION_CURRENT, select).values[field];
}

static int64_t units(struct world *world, uint16_t slice, uint8_t variant)
{
    return cell(world, POPULATION_MAIN, slice, variant, 0, UNITS_N);
}

static int64_t reached(struct world *world, uint8_t metric)
{
    return cell(world, POPULATION_MAIN, 0, 0, metric, SHARE_X);
}

static int64_t outside(struct world *world, enum outside reason)
{
    return cell(world, POPULATION_OUTSIDE, (uint16_t)reason, CUBE_NO_VARIANT, 0, UNITS_N);
}

static void fold_these(struct world *world, const struct world_message *messages, size_t count)
{
    world_make(world);
    declare_first(world);
    world_send(world, messages, count);
    world_fold(world, 0);
}
#define FOLD(world, ...)                                                                           \
    do {                                                                                           \
        const struct world_message messages_[] = {__VA_ARGS__};                                    \
        fold_these((world), messages_, sizeof messages_ / sizeof *messages_);                      \
    } while (0)

static const int64_t T = WORLD_START + 10 * DAY + 5 * HOUR;

static void windows_are_half_open_and_begin_with_the_exposure(void **state)
{
    (void)state;
    struct world world;
    FOLD(&world, exposure("in", "a", T), event("in", "Contact Created", T),
         with_properties(event("in", "Email Sent", T + 7 * DAY - 1), "{\"sequence\":true}"),
         exposure("out", "a", T), event("out", "Contact Created", T),
         with_properties(event("out", "Email Sent", T + 7 * DAY), "{\"sequence\":true}"),
         exposure("early", "a", T), event("early", "Contact Created", T - 1),
         with_properties(event("early", "Email Sent", T), "{\"sequence\":true}"));
    assert_int_equal(units(&world, 0, 0), 3);
    assert_int_equal(cell(&world, POPULATION_MAIN, 0, 0, ACTIVATED, SHARE_N), 3);
    assert_int_equal(reached(&world, ACTIVATED), 1);
    world_remove(&world);
}

static void conditions_on_properties_decide_which_events_count(void **state)
{
    (void)state;
    struct world world;
    FOLD(&world, exposure("u", "a", T), event("u", "Contact Created", T),
         with_properties(event("u", "Email Sent", T), "{\"sequence\":false}"),
         exposure("v", "a", T), event("v", "Contact Created", T), event("v", "Email Sent", T));
    assert_int_equal(reached(&world, ACTIVATED), 0);
    assert_int_equal(reached(&world, ANY), 2);
    world_remove(&world);
}

static void any_of_asks_for_different_items(void **state)
{
    (void)state;
    struct world world;
    FOLD(&world, exposure("one", "a", T), event("one", "Call Made", T),
         event("one", "Call Made", T + 1), exposure("two", "a", T), event("two", "Call Made", T),
         event("two", "Email Sent", T));
    assert_int_equal(reached(&world, ANY), 1);
    world_remove(&world);
}

static void days_are_elapsed_hours_from_the_exposure(void **state)
{
    (void)state;
    struct world world;
    /* Two calendar days within one elapsed day; and two elapsed days within one and a bit. */
    FOLD(&world, exposure("u", "a", T), event("u", "Lesson", T),
         event("u", "Lesson", T + 20 * HOUR), exposure("v", "a", T),
         event("v", "Lesson", T + DAY - 1), event("v", "Lesson", T + DAY),
         event("v", "Lesson", T + DAY + 1));
    assert_int_equal(reached(&world, SPREAD), 1);
    assert_int_equal(reached(&world, LESSONS), 1);
    assert_int_equal(reached(&world, HABIT), 1);
    world_remove(&world);
}

static void activity_is_any_outcome_but_what_is_not(void **state)
{
    (void)state;
    struct world world;
    struct world_message page = event("page", "Page Viewed", T + 8 * DAY);
    page.message.type = MESSAGE_PAGE;
    FOLD(&world, exposure("page", "a", T), page, exposure("beat", "a", T),
         event("beat", "Heartbeat", T + 8 * DAY), exposure("nps", "a", T),
         event("nps", "NPS Answered", T + 8 * DAY), exposure("step", "a", T),
         event("step", "Onboarding Step Viewed", T + 8 * DAY), exposure("seen", "a", T),
         exposure("seen", "a", T + 8 * DAY), identify("seen", "{\"role\":\"rep\"}", T + 8 * DAY));
    assert_int_equal(cell(&world, POPULATION_MAIN, 0, 0, WEEK_1, SHARE_N), 5);
    assert_int_equal(reached(&world, WEEK_1), 1);
    world_remove(&world);
}

static void retention_needs_activity_inside_its_bracket(void **state)
{
    (void)state;
    struct world world;
    FOLD(&world, exposure("first", "a", T), event("first", "X", T + 7 * DAY),
         exposure("last", "a", T), event("last", "X", T + 14 * DAY - 1), exposure("before", "a", T),
         event("before", "X", T + 7 * DAY - 1), exposure("after", "a", T),
         event("after", "X", T + 14 * DAY), exposure("around", "a", T),
         event("around", "X", T + 7 * DAY - 1), event("around", "X", T + 14 * DAY));
    assert_int_equal(reached(&world, WEEK_1), 2);
    world_remove(&world);
}

static void segments_are_fixed_at_the_first_exposure(void **state)
{
    (void)state;
    struct world world;
    /* Slices: 0 all; role 1 rep 2 owner 3 (other) 4 (unknown); size 5 "1" 6 "2-10" 7 "11+" 8
     * (below) 9 (unknown); role x size 10..29; strata of role 30..33. */
    FOLD(&world, identify("u", "{\"employees\":10,\"role\":\"owner\"}", T - 1),
         exposure("u", "a", T), identify("u", "{\"role\":\"rep\"}", T + 1),
         exposure("u", "a", T + 2), identify("at", "{\"role\":\"rep\",\"employees\":\"12\"}", T),
         exposure("at", "a", T), exposure("none", "a", T),
         identify("other", "{\"role\":\"cfo\",\"employees\":0}", T - DAY),
         exposure("other", "a", T));
    assert_int_equal(units(&world, 0, 0), 4);
    assert_int_equal(units(&world, 1, 0), 1);
    assert_int_equal(units(&world, 2, 0), 1);
    assert_int_equal(units(&world, 3, 0), 1);
    assert_int_equal(units(&world, 4, 0), 1);
    assert_int_equal(units(&world, 6, 0), 1);
    assert_int_equal(units(&world, 7, 0), 1);
    assert_int_equal(units(&world, 8, 0), 1);
    assert_int_equal(units(&world, 9, 0), 1);
    assert_int_equal(units(&world, 10 + 5 * 1 + 1, 0), 1); /* owner x 2-10 */
    assert_int_equal(units(&world, 30, 0), 1);
    assert_int_equal(units(&world, 31, 0), 1);
    world_remove(&world);
}

static void traits_that_an_exposure_carries_count(void **state)
{
    (void)state;
    struct world world;
    struct world_message carrying = exposure("u", "a", T);
    carrying.message.traits = SLICE("{\"role\":\"rep\"}");
    FOLD(&world, carrying);
    assert_int_equal(units(&world, 1, 0), 1);
    world_remove(&world);
}

static void a_unit_that_met_two_variants_is_crossed_by_the_first(void **state)
{
    (void)state;
    struct world world;
    FOLD(&world, exposure("u", "b", T + DAY), exposure("u", "a", T), exposure("v", "0", T),
         exposure("v", "a", T + 1));
    assert_int_equal(units(&world, 0, 0), 1);
    assert_int_equal(cell(&world, POPULATION_CROSSED, 0, 0, 0, UNITS_N), 1);
    assert_int_equal(cell(&world, POPULATION_CROSSED, 4, 0, 0, UNITS_N), 1);
    assert_int_equal(cell(&world, POPULATION_CROSSED, 33, 0, 0, UNITS_N), 0); /* no strata */
    world_remove(&world);
}

static void exposures_that_do_not_count_are_outside_by_the_first_reason(void **state)
{
    (void)state;
    struct world world;
    struct world_message skewed = exposure("skewed", "a", T);
    skewed.flags = RECORD_SKEWED;
    FOLD(&world, exposure("early", "a", WORLD_START - 1), exposure("odd", "zebra", T),
         exposure("late", "a", WORLD_START + 151 * DAY), exposure("odd", "a", T + 200 * DAY),
         skewed, exposure("carried", "a", WORLD_START - DAY), exposure("carried", "a", T));
    assert_int_equal(outside(&world, OUTSIDE_NOT_STARTED), 1);
    assert_int_equal(outside(&world, OUTSIDE_UNKNOWN_VARIANT), 1);
    assert_int_equal(outside(&world, OUTSIDE_ENDED), 1);
    assert_int_equal(outside(&world, OUTSIDE_SKEWED), 1);
    assert_int_equal(outside(&world, OUTSIDE_CARRIED_OVER), 1);
    assert_int_equal(units(&world, 0, 0), 0);
    world_remove(&world);
}

static void a_message_id_counts_once_within_a_unit_and_event(void **state)
{
    (void)state;
    struct world world;
    struct world_message one = event("u", "Lesson", T), again = one, later = one, other = one;
    again.message.occurred_ms = T + HOUR; /* the same message, its clock corrected otherwise */
    later.message.properties = SLICE("{\"n\":2}"); /* another body under the same id */
    later.message.occurred_ms = T + 2 * DAY;
    other.message.event = SLICE("Call Made"); /* another event name */
    FOLD(&world, exposure("u", "a", T), one, again, later, other, one, event("u", "Email Sent", T));
    assert_int_equal(reached(&world, LESSONS), 0);
    assert_int_equal(reached(&world, SPREAD), 0);
    assert_int_equal(reached(&world, ANY), 1);
    world_remove(&world);
}

static void without_an_id_equal_content_counts_once(void **state)
{
    (void)state;
    struct world world;
    struct world_message one = event("u", "Lesson", T), other;
    one.message.message_id = (struct slice){0};
    one.message.original_ms = T;
    one.flags = RECORD_HASH_ID;
    other = one;
    other.message.original_ms = other.message.occurred_ms = T + 1;
    FOLD(&world, exposure("u", "a", T), one, one, one, other);
    assert_int_equal(reached(&world, LESSONS), 0);
    world_remove(&world);
}

static void delivery_is_counted_apart(void **state)
{
    (void)state;
    struct world world;
    struct error error = {0};
    struct world_message lesson = event("u", "Lesson", T), in_time = event("u", "Lesson", T);
    in_time.received_ms = lesson.received_ms = T + 6 * HOUR;
    struct world_message late = lesson;
    late.received_ms++;
    world_make(&world);
    declare_first(&world);
    world_send(&world, (const struct world_message[]){in_time, lesson, late}, 3);
    world_fold(&world, 0);
    struct view *view = NULL;
    struct view_transaction *transaction = NULL;
    must(view_open(&world.store, &view, &error), &error);
    must(view_begin(view, &transaction, &error), &error);
    struct delivery delivery = view_delivery(transaction);
    assert_int_equal(delivery.messages, 3);
    assert_int_equal(delivery.duplicates, 1);
    assert_int_equal(delivery.late, 1);
    assert_int_equal(delivery.damaged, 0);
    assert_int_equal(view_watermark(transaction), 4);
    assert_int_equal(view_received_ms(transaction), T + 6 * HOUR + 1);
    view_end(transaction);
    view_release(view);
    world_remove(&world);
}

static void names_are_listed_with_counts_and_times(void **state)
{
    (void)state;
    struct world world;
    struct error error = {0};
    struct arena arena = {0};
    struct seen_name *names;
    size_t count;
    FOLD(&world, event("u", "Lesson", T), event("v", "Lesson", T - 5),
         identify("u", "{\"zoo\":1,\"role\":\"rep\"}", T));
    struct view *view = NULL;
    struct view_transaction *transaction = NULL;
    must(view_open(&world.store, &view, &error), &error);
    must(view_begin(view, &transaction, &error), &error);
    must(view_names(transaction, &arena, &names, &count, &error), &error);
    assert_int_equal(count, 3);
    assert_true(slice_equals(names[0].name, "Lesson") && !names[0].is_trait);
    assert_int_equal(names[0].count, 2);
    assert_int_equal(names[0].first_ms, T - 5);
    assert_int_equal(names[0].last_ms, T);
    assert_true(slice_equals(names[1].name, "role") && names[1].is_trait);
    assert_true(slice_equals(names[2].name, "zoo"));
    arena_done(&arena);
    view_end(transaction);
    view_release(view);
    world_remove(&world);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(windows_are_half_open_and_begin_with_the_exposure),
        cmocka_unit_test(conditions_on_properties_decide_which_events_count),
        cmocka_unit_test(any_of_asks_for_different_items),
        cmocka_unit_test(days_are_elapsed_hours_from_the_exposure),
        cmocka_unit_test(activity_is_any_outcome_but_what_is_not),
        cmocka_unit_test(retention_needs_activity_inside_its_bracket),
        cmocka_unit_test(segments_are_fixed_at_the_first_exposure),
        cmocka_unit_test(traits_that_an_exposure_carries_count),
        cmocka_unit_test(a_unit_that_met_two_variants_is_crossed_by_the_first),
        cmocka_unit_test(exposures_that_do_not_count_are_outside_by_the_first_reason),
        cmocka_unit_test(a_message_id_counts_once_within_a_unit_and_event),
        cmocka_unit_test(without_an_id_equal_content_counts_once),
        cmocka_unit_test(delivery_is_counted_apart),
        cmocka_unit_test(names_are_listed_with_counts_and_times),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
