/*
 * Breadth of use by hand: which members an account has, which of them count, and what the cube
 * keeps of it by size.
 */

#include "world.h"

#define HOUR HOUR_MS
#define DAY DAY_MS

static const struct world_file metrics = {
    "metrics.yaml",
    "metrics:\n"
    "  won: {kind: conversion, event: Won, within: 1d}\n"
    "  days: {kind: conversion, any_event: {distinct_days: 2}, within: 7d}\n"
    "  at: {kind: breadth, member: user, counts: won, within: 7d}\n"
    "  by_end: {kind: breadth, member: user, counts: won, of: within, within: 7d}\n"
    "  of_seats: {kind: breadth, member: user, counts: won, of: {trait: seats}, within: 7d}\n"
    "  habit: {kind: breadth, member: user, counts: days, within: 7d}\n"
    "  back: {kind: retention, between: [8d, 9d]}\n"
    "core_actions: {candidates: [Note, Call, {event: Mail, times: 2}], landmark: 7d, retained: "
    "back}\n"};
enum { AT = 1, BY_END, OF_SEATS, HABIT };

static const struct world_file accounts_file = {
    "accounts.yaml", "experiment: accounts\nunit: account\nstatus: running\nstart: 2026-01-01\n"
                     "end: 2026-06-01\nassignment: elsewhere\n"
                     "variants: {a: {control: true}, b: {}}\n"
                     "metrics: {goal: at, why: because, secondary: [by_end, of_seats, habit]}\n"};

static const int64_t T = WORLD_START + 10 * DAY + 5 * HOUR;

static struct world_message message(enum message_type type, const char *user, const char *account,
                                    int64_t time_ms)
{
    static int id;
    static char texts[256][16];
    char *text = texts[id++ % 256];
    snprintf(text, 16, "m%d", id);
    return (struct world_message){.message = {.type = type,
                                              .user = slice_of(user),
                                              .account = slice_of(account),
                                              .message_id = slice_of(text),
                                              .occurred_ms = time_ms},
                                  .received_ms = WORLD_START + 300 * DAY};
}

static struct world_message won(const char *user, int64_t time_ms)
{
    struct world_message made = message(MESSAGE_TRACK, user, "", time_ms);
    made.message.event = SLICE("Won");
    return made;
}

static struct world_message met(const char *account, int64_t time_ms)
{
    struct world_message made = message(MESSAGE_EXPOSURE, "", account, time_ms);
    made.message.event = SLICE("Experiment Viewed");
    made.message.experiment = SLICE("accounts");
    made.message.variation = SLICE("a");
    return made;
}

static struct world_message joins(const char *user, const char *account, int64_t time_ms)
{
    return message(MESSAGE_GROUP, user, account, time_ms);
}

/* What map `map` of the metric holds at that size. */
static int64_t bin_of(struct world *world, uint8_t metric, unsigned map, uint32_t size)
{
    struct cube_select select = {
        .population = POPULATION_MAIN, .metric = metric, .first = INT32_MIN, .last = INT32_MAX};
    struct view *view = NULL;
    struct view_transaction *transaction = NULL;
    struct error error = {0};
    struct arena arena = {0};
    struct cube cube;
    must(view_open(&world->store, &view, &error), &error);
    must(view_begin(view, &transaction, &error), &error);
    const struct definition *definition =
        view_definition(transaction, SLICE("accounts"), 1, DEFINITION_CURRENT);
    assert_non_null(definition);
    must(cube_read(transaction, definition, &cube, &error), &error);
    size_t count = 0;
    int64_t found = 0;
    const struct cube_bin *bins = cube_sum_bins(&cube, &select, &arena, &count);
    for (size_t i = 0; i < count; i++)
        if (bins[i].bin == CUBE_BIN(map, size))
            found = bins[i].count;
    cube_done(&cube);
    arena_done(&arena);
    view_end(transaction);
    view_release(view);
    return found;
}

static void assert_account(struct world *world, uint8_t metric, uint32_t size, int64_t active)
{
    assert_int_equal(bin_of(world, metric, 0, size), 1);
    assert_int_equal(bin_of(world, metric, 1, size), active);
    assert_int_equal(bin_of(world, metric, 2, size), active * active);
}

static void world_of(struct world *world, const struct world_message *messages, size_t count)
{
    const struct world_file files[] = {accounts_file, metrics};
    world_make(world);
    world_declare(world, WORLD_START, files, 2);
    world_send(world, messages, count);
    world_fold(world, 2);
}
#define WORLD(world, ...)                                                                          \
    do {                                                                                           \
        const struct world_message messages_[] = {__VA_ARGS__};                                    \
        world_of((world), messages_, sizeof messages_ / sizeof *messages_);                        \
    } while (0)

static void members_are_those_tied_at_the_exposure(void **state)
{
    (void)state;
    struct world world;
    WORLD(&world, met("k", T), joins("u", "k", T - DAY), joins("v", "k", T),
          joins("late", "k", T + DAY), joins("left", "k", T - 2 * DAY),
          joins("left", "other", T - HOUR), won("u", T + HOUR), won("late", T + 2 * DAY),
          won("left", T + HOUR), won("v", T - HOUR));
    assert_account(&world, AT, 2, 1);
    assert_account(&world, BY_END, 3, 2);
    world_remove(&world);
}

static void the_window_is_that_of_breadth_and_half_open(void **state)
{
    (void)state;
    struct world world;
    WORLD(&world, met("k", T), joins("u", "k", T - DAY), joins("v", "k", T - DAY),
          joins("w", "k", T - DAY), won("u", T + 7 * DAY), won("v", T + 7 * DAY - 1), won("w", T));
    assert_account(&world, AT, 3, 2);
    world_remove(&world);
}

static void outcomes_count_while_a_member_is_of_the_account(void **state)
{
    (void)state;
    struct world world;
    WORLD(&world, met("k", T), joins("u", "k", T - DAY), joins("u", "other", T + DAY),
          won("u", T + 2 * DAY), joins("v", "k", T - DAY), joins("v", "other", T + DAY),
          joins("v", "k", T + 3 * DAY), won("v", T + 4 * DAY));
    assert_account(&world, AT, 2, 1); /* who came back is one member */
    assert_account(&world, BY_END, 2, 1);
    world_remove(&world);
}

static void visitors_of_a_member_act_for_it(void **state)
{
    (void)state;
    struct world world;
    struct world_message visit = won("", T + HOUR),
                         link = message(MESSAGE_IDENTIFY, "u", "", T + DAY);
    visit.message.anonymous = SLICE("x");
    link.message.anonymous = SLICE("x");
    WORLD(&world, met("k", T), joins("u", "k", T - DAY), visit, link);
    assert_account(&world, AT, 1, 1);
    world_remove(&world);
}

static void a_size_by_trait_is_the_accounts_own(void **state)
{
    (void)state;
    struct world world;
    struct world_message seats = message(MESSAGE_GROUP, "u", "k", T - DAY);
    seats.message.traits = SLICE("{\"seats\":12}");
    WORLD(&world, met("k", T), seats, won("u", T + HOUR), met("l", T));
    assert_account(&world, OF_SEATS, 12, 1);
    assert_int_equal(bin_of(&world, OF_SEATS, 0, 0), 1); /* no figure: no seats */
    assert_int_equal(bin_of(&world, AT, 0, 0), 1);       /* an account without members */
    world_remove(&world);
}

static struct world_message did(const char *event, const char *user, int64_t time_ms)
{
    struct world_message made = won(user, time_ms);
    made.message.event = slice_of(event);
    return made;
}

static int64_t field_of(struct world *world, uint8_t metric, enum breadth_field field)
{
    struct cube_select select = {.population = POPULATION_MAIN, .metric = metric};
    return (int64_t)world_sum(world, "accounts", 1, DEFINITION_CURRENT, select).values[field];
}

static void depth_counts_different_core_actions_of_active_members(void **state)
{
    (void)state;
    struct world world;
    WORLD(&world, met("k", T), joins("u", "k", T - DAY), joins("v", "k", T - DAY),
          joins("idle", "k", T - DAY), won("u", T + HOUR), won("v", T + HOUR),
          did("Note", "u", T + HOUR), did("Note", "u", T + 2 * HOUR), did("Call", "u", T + DAY),
          did("Mail", "u", T + DAY), did("Note", "v", T + 2 * HOUR),
          did("Call", "idle", T + HOUR), /* not active: it has not won */
          did("Call", "v", T + 8 * DAY));
    assert_account(&world, AT, 3, 2);
    assert_int_equal(field_of(&world, AT, BREADTH_DEPTH_Y), 3);
    assert_int_equal(field_of(&world, AT, BREADTH_DEPTH_S), 2);
    assert_int_equal(field_of(&world, AT, BREADTH_DEPTH_YY), 9);
    assert_int_equal(field_of(&world, AT, BREADTH_DEPTH_YS), 6);
    assert_int_equal(field_of(&world, AT, BREADTH_DEPTH_UNITS), 1);
    world_remove(&world);
}

static void any_outcome_counts_where_the_condition_is_activity(void **state)
{
    (void)state;
    struct world world;
    WORLD(&world, met("k", T), joins("u", "k", T - DAY), joins("v", "k", T - DAY),
          won("u", T + HOUR), won("u", T + 2 * DAY), won("v", T + HOUR), won("v", T + 2 * HOUR));
    assert_account(&world, HABIT, 2, 1);
    world_remove(&world);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(members_are_those_tied_at_the_exposure),
        cmocka_unit_test(the_window_is_that_of_breadth_and_half_open),
        cmocka_unit_test(outcomes_count_while_a_member_is_of_the_account),
        cmocka_unit_test(visitors_of_a_member_act_for_it),
        cmocka_unit_test(a_size_by_trait_is_the_accounts_own),
        cmocka_unit_test(any_outcome_counts_where_the_condition_is_activity),
        cmocka_unit_test(depth_counts_different_core_actions_of_active_members),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
