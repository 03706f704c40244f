/* Counts and sums with their caps, windows and clamps, worked out by hand (grammar.md, 4). */

#include "metric_world.h"

static const char metrics_text[] =
    "  calls: {kind: count, event: Call, within: 7d}\n"
    "  few: {kind: count, event: Call, within: 7d, cap: 2.5}\n"
    "  many: {kind: count, event: Call, within: 7d, cap: 1001}\n"
    "  either: {kind: count, any_of: [{event: Call, where: {size: {gte: 3}}}, {event: Call, where: "
    "{kind: a}}, Mail], within: 7d, cap: 9}\n"
    "  thrice: {kind: count, event: {event: Call, times: 3}, within: 7d, cap: 9}\n"
    "  paid: {kind: sum, event: Paid, property: amount, within: 7d, cap: 100}\n"
    "  owed: {kind: sum, event: Paid, property: amount, within: 7d, cap: 5000000000}\n";
enum { CALLS = 1, FEW, MANY, EITHER, THRICE, PAID, OWED };

static void begin(struct metric_world *made)
{
    metric_world_make(made,
                      VARIANTS
                      "metrics: {goal: calls, why: w, secondary: [few, many, either, thrice, paid, "
                      "owed]}\n"
                      "analysis: {expect: {baseline: 3, lift: 10%, units: 1000, sd: 2}}\n",
                      metrics_text);
    meet(made, "u");
}

static void counts_are_of_the_half_open_window(void **state)
{
    (void)state;
    struct metric_world made;
    begin(&made);
    act(&made, "u", "Call", "", -1);
    act(&made, "u", "Call", "", 0);
    act(&made, "u", "Call", "", 7 * DAY - 1);
    act(&made, "u", "Call", "", 7 * DAY);
    meet(&made, "nobody");
    fold_all(&made);
    assert_field(&made, CALLS, VALUE_N, 2);
    assert_field(&made, CALLS, VALUE_S, 2);
    assert_field(&made, CALLS, VALUE_SS, 4);
    assert_field(&made, CALLS, VALUE_NONZERO, 1);
    assert_field(&made, CALLS, VALUE_CAPPED, 0);
    metric_world_remove(&made);
}

static void a_cap_rounds_down_and_the_raw_count_stands_beside_it(void **state)
{
    (void)state;
    struct metric_world made;
    begin(&made);
    for (int i = 0; i < 5; i++)
        act(&made, "u", "Call", "", i * HOUR);
    meet(&made, "two");
    act(&made, "two", "Call", "", 0);
    act(&made, "two", "Call", "", 1);
    fold_all(&made);
    assert_field(&made, FEW, VALUE_S, 2 + 2);
    assert_field(&made, FEW, VALUE_SS, 4 + 4);
    assert_field(&made, FEW, VALUE_RAW_S, 5 + 2);
    assert_field(&made, FEW, VALUE_RAW_SS, 25 + 4);
    assert_field(&made, FEW, VALUE_CAPPED, 1);
    assert_bins(&made, FEW, "0:2=2");
    metric_world_remove(&made);
}

static void places_are_kept_up_to_a_cap_of_a_thousand(void **state)
{
    (void)state;
    struct metric_world made;
    begin(&made);
    act(&made, "u", "Call", "", 0);
    meet(&made, "nobody");
    fold_all(&made);
    assert_bins(&made, THRICE, "0:0=2");
    assert_bins(&made, FEW, "0:0=1 0:1=1");
    assert_bins(&made, MANY, "");
    assert_bins(&made, CALLS, ""); /* its cap is 2 000 */
    metric_world_remove(&made);
}

static void an_event_that_fits_two_items_counts_once(void **state)
{
    (void)state;
    struct metric_world made;
    begin(&made);
    act(&made, "u", "Call", "{\"kind\":\"a\",\"size\":3}", 0);
    act(&made, "u", "Call", "{\"kind\":\"a\"}", 1);
    act(&made, "u", "Call", "{\"kind\":\"b\",\"size\":2}", 2);
    act(&made, "u", "Mail", "", 3);
    fold_all(&made);
    assert_field(&made, EITHER, VALUE_S, 3);
    metric_world_remove(&made);
}

static void below_its_times_an_item_has_no_events(void **state)
{
    (void)state;
    struct metric_world made;
    begin(&made);
    act(&made, "u", "Call", "", 0);
    act(&made, "u", "Call", "", 1);
    meet(&made, "three");
    for (int i = 0; i < 4; i++)
        act(&made, "three", "Call", "", i);
    fold_all(&made);
    assert_field(&made, THRICE, VALUE_S, 4);
    assert_field(&made, THRICE, VALUE_NONZERO, 1);
    metric_world_remove(&made);
}

static void sums_are_micro_units_capped_beside_raw(void **state)
{
    (void)state;
    struct metric_world made;
    begin(&made);
    act(&made, "u", "Paid", "{\"amount\":99.5}", 0);
    act(&made, "u", "Paid", "{\"amount\":\"0.75\"}", 1);
    meet(&made, "back");
    act(&made, "back", "Paid", "{\"amount\":-3}", 0);
    fold_all(&made);
    assert_field(&made, PAID, VALUE_N, 2);
    assert_field(&made, PAID, VALUE_S, 100 * MICRO - 3 * MICRO);
    assert_field(&made, PAID, VALUE_SS, (int128)10009 * MICRO * MICRO);
    assert_field(&made, PAID, VALUE_RAW_S, 100250000 - 3000000);
    assert_field(&made, PAID, VALUE_RAW_SS,
                 (int128)100250000 * 100250000 + (int128)9 * MICRO * MICRO);
    assert_field(&made, PAID, VALUE_NONZERO, 2);
    assert_field(&made, PAID, VALUE_CAPPED, 1);
    metric_world_remove(&made);
}

static void halves_of_a_micro_unit_go_to_the_even_one(void **state)
{
    (void)state;
    struct metric_world made;
    begin(&made);
    /* Halves that binary fractions hold: 2^-7 is 7812.5 micro-units, 3 * 2^-7 is 23437.5. */
    act(&made, "u", "Paid", "{\"amount\":0.0078125}", 0);
    fold_all(&made);
    assert_field(&made, PAID, VALUE_S, 7812);
    metric_world_remove(&made);
    begin(&made);
    act(&made, "u", "Paid", "{\"amount\":0.0234375}", 0);
    fold_all(&made);
    assert_field(&made, PAID, VALUE_S, 23438);
    metric_world_remove(&made);
}

static void what_is_no_number_is_left_out_and_counted(void **state)
{
    (void)state;
    struct metric_world made;
    begin(&made);
    act(&made, "u", "Paid", "{\"amount\":2}", 0);
    act(&made, "u", "Paid", "{\"amount\":\"much\"}", 1);
    act(&made, "u", "Paid", "{\"amount\":true}", 2);
    act(&made, "u", "Paid", "{\"other\":2}", 3);
    act(&made, "u", "Paid", "", 4);
    act(&made, "u", "Paid", "{\"amount\":1e13}", 5);           /* 10^19 micro-units */
    act(&made, "u", "Paid", "{\"amount\":\"much\"}", 7 * DAY); /* outside */
    fold_all(&made);
    assert_field(&made, PAID, VALUE_S, 2 * MICRO);
    assert_field(&made, 0, UNITS_UNREAD, 2 * 5); /* by two metrics */
    assert_field(&made, 0, UNITS_CLAMPED, 0);
    metric_world_remove(&made);
}

static void a_value_beyond_a_billion_is_clamped_and_its_unit_marked(void **state)
{
    (void)state;
    struct metric_world made;
    begin(&made);
    act(&made, "u", "Paid", "{\"amount\":6e9}", 0);
    meet(&made, "low");
    act(&made, "low", "Paid", "{\"amount\":-2e9}", 0);
    meet(&made, "at");
    act(&made, "at", "Paid", "{\"amount\":1e9}", 0);
    fold_all(&made);
    int128 billion = (int128)1000000000 * MICRO;
    assert_field(&made, OWED, VALUE_S, billion - billion + billion);
    assert_field(&made, OWED, VALUE_SS, 3 * billion * billion);
    assert_field(&made, OWED, VALUE_RAW_S, billion);
    assert_field(&made, OWED, VALUE_CAPPED, 1); /* 6e9 is above 5e9, then clamped */
    assert_field(&made, PAID, VALUE_S, 100 * MICRO - billion + 100 * MICRO);
    assert_field(&made, 0, UNITS_CLAMPED, 2);
    metric_world_remove(&made);
}

static void a_later_message_moves_the_unit_from_place_to_place(void **state)
{
    (void)state;
    struct metric_world made;
    begin(&made);
    act(&made, "u", "Call", "", 1);
    fold_all(&made);
    assert_bins(&made, FEW, "0:1=1");
    act(&made, "u", "Call", "", 0);
    fold_all(&made);
    assert_bins(&made, FEW, "0:2=1");
    assert_field(&made, CALLS, VALUE_SS, 4);
    metric_world_remove(&made);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(counts_are_of_the_half_open_window),
        cmocka_unit_test(a_cap_rounds_down_and_the_raw_count_stands_beside_it),
        cmocka_unit_test(places_are_kept_up_to_a_cap_of_a_thousand),
        cmocka_unit_test(an_event_that_fits_two_items_counts_once),
        cmocka_unit_test(below_its_times_an_item_has_no_events),
        cmocka_unit_test(sums_are_micro_units_capped_beside_raw),
        cmocka_unit_test(halves_of_a_micro_unit_go_to_the_even_one),
        cmocka_unit_test(what_is_no_number_is_left_out_and_counted),
        cmocka_unit_test(a_value_beyond_a_billion_is_clamped_and_its_unit_marked),
        cmocka_unit_test(a_later_message_moves_the_unit_from_place_to_place),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
