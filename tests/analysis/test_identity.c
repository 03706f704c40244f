/*
 * Whose is a record?  Links between ids by hand (architecture 9), in every order of arrival, and
 * random streams of links and outcomes whose cube may depend on neither order nor batches.
 */

#include "base/random.h"
#include "world.h"

#define HOUR HOUR_MS
#define DAY DAY_MS

static const struct world_file metrics = {
    "metrics.yaml", "metrics:\n"
                    "  won: {kind: conversion, event: Won, within: 7d}\n"
                    "  twice: {kind: conversion, event: {event: Won, times: 2}, within: 7d}\n"
                    "  active: {kind: conversion, any_event: {distinct_days: 2}, within: 7d}\n"};
enum { WON = 1, TWICE, ACTIVE };

#define EXPERIMENT(key, unit)                                                                      \
    "experiment: " key "\n"                                                                        \
    "unit: " unit "\n"                                                                             \
    "status: running\nstart: 2026-01-01\nend: 2026-06-01\nassignment: elsewhere\n"                 \
    "variants: {a: {control: true}, b: {}}\n"                                                      \
    "metrics: {goal: won, why: because, secondary: [twice, active]}\n"

static const struct world_file users_file = {"users.yaml", EXPERIMENT("users", "user")};
static const struct world_file visitors_file = {"visitors.yaml",
                                                EXPERIMENT("visitors", "anonymous")};
static const struct world_file accounts_file = {"accounts.yaml", EXPERIMENT("accounts", "account")};

static const int64_t T = WORLD_START + 10 * DAY + 5 * HOUR;

/* Ids by name, NULL: not there. */
struct ids {
    const char *user, *visitor, *account;
};

static struct world_message message(enum message_type type, struct ids ids, int64_t time_ms)
{
    static int id;
    static char texts[8192][16];
    char *text = texts[id++ % 8192];
    snprintf(text, 16, "m%d", id);
    return (struct world_message){.message = {.type = type,
                                              .user = slice_of(ids.user ? ids.user : ""),
                                              .anonymous = slice_of(ids.visitor ? ids.visitor : ""),
                                              .account = slice_of(ids.account ? ids.account : ""),
                                              .message_id = slice_of(text),
                                              .occurred_ms = time_ms},
                                  .received_ms = WORLD_START + 300 * DAY};
}

static struct world_message won(struct ids ids, int64_t time_ms)
{
    struct world_message made = message(MESSAGE_TRACK, ids, time_ms);
    made.message.event = SLICE("Won");
    return made;
}

static struct world_message met(const char *experiment, struct ids ids, int64_t time_ms)
{
    struct world_message made = message(MESSAGE_EXPOSURE, ids, time_ms);
    made.message.event = SLICE("Experiment Viewed");
    made.message.experiment = slice_of(experiment);
    made.message.variation = SLICE("a");
    return made;
}

static struct world_message identify(const char *visitor, const char *user, int64_t time_ms)
{
    return message(MESSAGE_IDENTIFY, (struct ids){.user = user, .visitor = visitor}, time_ms);
}

static struct world_message group(const char *user, const char *account, int64_t time_ms)
{
    return message(MESSAGE_GROUP, (struct ids){.user = user, .account = account}, time_ms);
}

static void declare_all(struct world *world)
{
    const struct world_file files[] = {accounts_file, metrics, users_file, visitors_file};
    world_declare(world, WORLD_START, files, 4);
}

/* The cube after these messages, in batches of that size; the caller frees it. */
static char *cube_after(const struct world_message *messages, size_t count, size_t batch)
{
    struct world world;
    world_make(&world);
    declare_all(&world);
    world_send(&world, messages, count);
    world_fold(&world, batch);
    char *cube = world_cube(&world);
    world_remove(&world);
    return cube;
}

/* Units of `a` in the experiment, and how many of them reached the metric. */
struct reached {
    int64_t units, reached;
};

static struct reached reached_in(struct world *world, const char *experiment, uint8_t metric)
{
    struct cube_select select = {.population = POPULATION_MAIN, .metric = metric};
    struct world_sums sums = world_sum(world, experiment, 1, DEFINITION_CURRENT, select);
    return (struct reached){.units = (int64_t)sums.values[SHARE_N],
                            .reached = (int64_t)sums.values[SHARE_X]};
}

/* All orders of up to five messages give the cube of the first; the metric stands as asked. */
static void assert_reached(const char *experiment, uint8_t metric, struct reached wanted,
                           const struct world_message *messages, size_t count)
{
    struct world world;
    world_make(&world);
    declare_all(&world);
    world_send(&world, messages, count);
    world_fold(&world, 0);
    struct reached found = reached_in(&world, experiment, metric);
    assert_int_equal(found.units, wanted.units);
    assert_int_equal(found.reached, wanted.reached);
    char *cube = world_cube(&world);
    world_remove(&world);
    struct random random = {.state = 99 + count};
    struct world_message shuffled[16];
    for (int round = 0; round < 3; round++) {
        memcpy(shuffled, messages, count * sizeof *messages);
        for (size_t i = count; i > 1; i--) {
            size_t j = random_below(&random, i);
            struct world_message swapped = shuffled[i - 1];
            shuffled[i - 1] = shuffled[j];
            shuffled[j] = swapped;
        }
        char *other = cube_after(shuffled, count, 1 + (size_t)round % 3);
        assert_string_equal(cube, other);
        free(other);
    }
    free(cube);
}
#define ASSERT_REACHED(experiment, metric, units, times, ...)                                      \
    do {                                                                                           \
        const struct world_message messages_[] = {__VA_ARGS__};                                    \
        assert_reached((experiment), (metric), (struct reached){(units), (times)}, messages_,      \
                       sizeof messages_ / sizeof *messages_);                                      \
    } while (0)

#define USER(id) ((struct ids){.user = (id)})
#define VISITOR(id) ((struct ids){.visitor = (id)})
#define ACCOUNT(id) ((struct ids){.account = (id)})

static void what_a_visitor_did_is_the_users_whom_it_was_linked_to(void **state)
{
    (void)state;
    ASSERT_REACHED("users", WON, 1, 1, met("users", USER("u"), T), won(VISITOR("x"), T + HOUR),
                   identify("x", "u", T + 2 * HOUR));
    ASSERT_REACHED("users", WON, 1, 0, met("users", USER("u"), T), won(VISITOR("x"), T + HOUR));
}

static void an_alias_joins_too_and_a_track_with_both_ids_does_not(void **state)
{
    (void)state;
    struct world_message alias = message(MESSAGE_ALIAS, USER("u"), T + 2 * HOUR);
    alias.message.previous = SLICE("x");
    ASSERT_REACHED("users", WON, 1, 1, met("users", USER("u"), T), won(VISITOR("x"), T + HOUR),
                   alias);
    struct world_message both =
        message(MESSAGE_TRACK, (struct ids){.user = "u", .visitor = "x"}, T + 2 * HOUR);
    both.message.event = SLICE("Other");
    ASSERT_REACHED("users", WON, 1, 0, met("users", USER("u"), T), won(VISITOR("x"), T + HOUR),
                   both);
}

static void a_record_is_the_users_of_the_last_link_before_it(void **state)
{
    (void)state;
    /* u until day 2, v from then on */
    ASSERT_REACHED("users", WON, 2, 1, met("users", USER("u"), T), met("users", USER("v"), T),
                   identify("x", "u", T), identify("x", "v", T + 2 * DAY),
                   won(VISITOR("x"), T + DAY));
    ASSERT_REACHED("users", TWICE, 2, 1, met("users", USER("u"), T), met("users", USER("v"), T),
                   identify("x", "u", T), identify("x", "v", T + 2 * DAY),
                   won(VISITOR("x"), T + 3 * DAY), won(VISITOR("x"), T + 4 * DAY));
    ASSERT_REACHED("users", TWICE, 2, 0, met("users", USER("u"), T), met("users", USER("v"), T),
                   identify("x", "u", T), identify("x", "v", T + 2 * DAY),
                   won(VISITOR("x"), T + DAY), won(VISITOR("x"), T + 4 * DAY));
}

static void a_message_that_came_under_both_ids_counts_once(void **state)
{
    (void)state;
    struct world_message early = won(VISITOR("x"), T + HOUR), late = won(USER("u"), T + HOUR);
    late.message.message_id = early.message.message_id;
    ASSERT_REACHED("users", TWICE, 1, 0, met("users", USER("u"), T), early, late,
                   identify("x", "u", T + 2 * HOUR));
}

static void what_carries_a_user_is_not_the_visitors_other_users(void **state)
{
    (void)state;
    ASSERT_REACHED("users", WON, 1, 0, met("users", USER("v"), T), identify("x", "v", T),
                   won((struct ids){.user = "u", .visitor = "x"}, T + HOUR));
}

static void a_visitor_has_what_its_user_did_after_the_link(void **state)
{
    (void)state;
    ASSERT_REACHED("visitors", WON, 1, 1, met("visitors", VISITOR("x"), T),
                   identify("x", "u", T + HOUR), won(USER("u"), T + 2 * HOUR));
    ASSERT_REACHED("visitors", WON, 1, 0, met("visitors", VISITOR("x"), T),
                   won(USER("u"), T + HOUR), identify("x", "u", T + 2 * HOUR));
    /* linked to another visitor last */
    ASSERT_REACHED("visitors", WON, 1, 0, met("visitors", VISITOR("x"), T),
                   identify("x", "u", T + HOUR), identify("y", "u", T + 2 * HOUR),
                   won(USER("u"), T + 3 * HOUR));
}

static void an_account_has_what_its_members_did_while_they_were_of_it(void **state)
{
    (void)state;
    ASSERT_REACHED("accounts", WON, 1, 1, met("accounts", ACCOUNT("k"), T),
                   group("u", "k", T + HOUR), won(USER("u"), T + 2 * HOUR));
    /* before the first tie it is of that account too */
    ASSERT_REACHED("accounts", WON, 1, 1, met("accounts", ACCOUNT("k"), T),
                   won(USER("u"), T + HOUR), group("u", "k", T + 2 * HOUR));
    ASSERT_REACHED("accounts", WON, 2, 1, met("accounts", ACCOUNT("k"), T),
                   met("accounts", ACCOUNT("l"), T), group("u", "k", T), group("u", "l", T + DAY),
                   won(USER("u"), T + 2 * DAY));
    ASSERT_REACHED("accounts", TWICE, 1, 1, met("accounts", ACCOUNT("k"), T), group("u", "k", T),
                   group("v", "k", T), won(USER("u"), T + HOUR), won(USER("v"), T + 2 * HOUR));
}

static void a_visitors_outcome_reaches_the_account_of_its_user(void **state)
{
    (void)state;
    ASSERT_REACHED("accounts", WON, 1, 1, met("accounts", ACCOUNT("k"), T), group("u", "k", T),
                   identify("x", "u", T + 3 * HOUR), won(VISITOR("x"), T + HOUR));
    ASSERT_REACHED("accounts", ACTIVE, 1, 1, met("accounts", ACCOUNT("k"), T), group("u", "k", T),
                   identify("x", "u", T + 3 * HOUR), won(VISITOR("x"), T + HOUR),
                   won(USER("u"), T + 2 * DAY));
}

static void what_carries_an_account_is_that_accounts(void **state)
{
    (void)state;
    ASSERT_REACHED("accounts", WON, 2, 1, met("accounts", ACCOUNT("k"), T),
                   met("accounts", ACCOUNT("l"), T), group("u", "k", T),
                   won((struct ids){.user = "u", .account = "l"}, T + HOUR));
}

static void a_shared_device_links_nobody(void **state)
{
    (void)state;
    char names[21][8];
    struct world_message messages[24];
    for (size_t users = 20; users <= 21; users++) {
        size_t count = 0;
        for (size_t i = 0; i < users; i++) {
            snprintf(names[i], sizeof names[i], "u%zu", i);
            messages[count++] = identify("x", names[i], T + (int64_t)(users - i) * HOUR);
        }
        messages[count++] = met("users", USER("u0"), T);
        messages[count++] = won(VISITOR("x"), T + 2 * DAY);
        struct world world;
        world_make(&world);
        declare_all(&world);
        world_send(&world, messages, count);
        world_fold(&world, 3);
        assert_int_equal(reached_in(&world, "users", WON).reached, users == 20);
        world_remove(&world);
    }
}

/* What u did after it used the kiosk is x's as before, also when the kiosk is found out later. */
static void a_shared_device_takes_nothing_from_a_users_other_visitor(void **state)
{
    (void)state;
    char names[21][8];
    for (size_t users = 20; users <= 21; users++) {
        struct world_message messages[24] = {met("visitors", VISITOR("x"), T),
                                             identify("x", "u0", T + HOUR),
                                             won(USER("u0"), T + 3 * DAY)};
        for (size_t i = 0; i < users; i++) {
            snprintf(names[i], sizeof names[i], "u%zu", i);
            messages[3 + i] = identify("kiosk", names[i], T + 2 * DAY + (int64_t)i * HOUR);
        }
        struct world world;
        world_make(&world);
        declare_all(&world);
        world_send(&world, messages, 3 + users);
        world_fold(&world, 5);
        assert_int_equal(reached_in(&world, "visitors", WON).reached, users == 21);
        world_remove(&world);
    }
}

/* One random message of few ids, so that ties are many. */
static struct world_message random_message(struct random *random)
{
    static const char *const users[] = {"u0", "u1", "u2", "u3", "u4", "u5"};
    static const char *const visitors[] = {"x0", "x1", "x2", "x3"};
    static const char *const accounts[] = {"k0", "k1", "k2"};
    static const char *const experiments[] = {"users", "visitors", "accounts"};
    struct ids ids = {0};
    int64_t time_ms = T + (int64_t)random_below(random, 200) * HOUR;
    if (random_below(random, 3))
        ids.user = users[random_below(random, 6)];
    if (random_below(random, 3) == 0)
        ids.visitor = visitors[random_below(random, 4)];
    if (random_below(random, 4) == 0)
        ids.account = accounts[random_below(random, 3)];
    if (!ids.user && !ids.visitor && !ids.account)
        ids.visitor = visitors[0];
    switch (random_below(random, 5)) {
    case 0: return message(MESSAGE_IDENTIFY, ids, time_ms);
    case 1: return message(MESSAGE_GROUP, ids, time_ms);
    case 2: return met(experiments[random_below(random, 3)], ids, time_ms);
    default: return won(ids, time_ms);
    }
}

static void neither_order_nor_batches_change_the_cube(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed <= 8; seed++) {
        struct random random = {.state = seed};
        struct world_message messages[80], shuffled[80];
        for (size_t i = 0; i < 80; i++)
            messages[i] = random_message(&random);
        memcpy(shuffled, messages, sizeof messages);
        for (size_t i = 80; i > 1; i--) {
            size_t j = random_below(&random, i);
            struct world_message swapped = shuffled[i - 1];
            shuffled[i - 1] = shuffled[j];
            shuffled[j] = swapped;
        }
        char *one = cube_after(messages, 80, 0);
        char *other = cube_after(shuffled, 80, 1 + random_below(&random, 20));
        assert_string_equal(one, other);
        free(one);
        free(other);
    }
}

static void a_rebuilt_state_is_the_same_to_the_byte(void **state)
{
    (void)state;
    struct random random = {.state = 5};
    struct world world;
    struct world_message messages[300];
    struct error error = {0};
    for (size_t i = 0; i < 300; i++)
        messages[i] = random_message(&random);
    world_make(&world);
    declare_all(&world);
    world_send(&world, messages, 300);
    world_fold(&world, 17);
    char *grown = world_dump(&world, STATE_META, STATE_NAMES);
    struct fold_options options = world_options(&world, 0);
    must(fold_rebuild(&options, NULL, &error), &error);
    char *rebuilt = world_dump(&world, STATE_META, STATE_NAMES);
    assert_string_equal(grown, rebuilt);
    free(grown);
    free(rebuilt);
    world_remove(&world);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_a_visitor_did_is_the_users_whom_it_was_linked_to),
        cmocka_unit_test(an_alias_joins_too_and_a_track_with_both_ids_does_not),
        cmocka_unit_test(a_record_is_the_users_of_the_last_link_before_it),
        cmocka_unit_test(a_message_that_came_under_both_ids_counts_once),
        cmocka_unit_test(what_carries_a_user_is_not_the_visitors_other_users),
        cmocka_unit_test(a_visitor_has_what_its_user_did_after_the_link),
        cmocka_unit_test(an_account_has_what_its_members_did_while_they_were_of_it),
        cmocka_unit_test(a_visitors_outcome_reaches_the_account_of_its_user),
        cmocka_unit_test(what_carries_an_account_is_that_accounts),
        cmocka_unit_test(a_shared_device_links_nobody),
        cmocka_unit_test(a_shared_device_takes_nothing_from_a_users_other_visitor),
        cmocka_unit_test(neither_order_nor_batches_change_the_cube),
        cmocka_unit_test(a_rebuilt_state_is_the_same_to_the_byte),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
