/* Life tables: rows by hand, ties as survfit makes them, and tables that no units have. */

#include "stats/life.h"
#include "stats/survival.h"

#include <gsl/gsl_errno.h>

static struct lives lives, other;

static void a_row_counts_who_is_at_risk_and_who_ends(void **state)
{
    (void)state;
    lives.count = 0;
    const struct life_unit units[] = {{13, 1, LIFE_CENSORED}, {9, 1, LIFE_EVENT},
                                      {13, 1, LIFE_EVENT},    {2, 0, LIFE_EVENT},
                                      {9, 1, LIFE_COMPETING}, {9, 1, LIFE_EVENT}};
    for (size_t i = 0; i < 6; i++)
        lives_add(&lives, units[i].time, units[i].variant, units[i].end);
    lives_tabulate(&lives);
    const struct life_table table = lives.tables[1];
    assert_int_equal(table.count, 2);
    assert_true(table.rows[0].time == 9 && table.rows[0].at_risk == 5);
    assert_true(table.rows[0].events == 2 && table.rows[0].competing == 1);
    assert_true(table.rows[1].time == 13 && table.rows[1].at_risk == 2);
    assert_true(table.rows[1].events == 1 && table.rows[1].censored == 1);
    assert_int_equal(lives.tables[0].count, 1);
    assert_int_equal(life_table_check(&table), REASON_NONE);
}

static void the_number_at_risk_is_of_those_who_end_then_or_later(void **state)
{
    (void)state;
    lives_load(&lives, "aml");
    const double times[] = {0, 5, 5.5, 36, 161, 162};
    const uint64_t control[] = {12, 12, 10, 2, 0, 0}, treatment[] = {11, 11, 11, 3, 1, 0};
    for (size_t i = 0; i < 6; i++) {
        assert_int_equal(life_at_risk(&lives.tables[0], times[i]), control[i]);
        assert_int_equal(life_at_risk(&lives.tables[1], times[i]), treatment[i]);
    }
}

/* survfit's timefix: 0.1 + 0.2 is 0.3; what is apart by more than 1.5e-8 of the mean stays apart.
 */
static void times_that_differ_by_rounding_are_one_time(void **state)
{
    (void)state;
    lives.count = 0;
    lives_add(&lives, .3, 0, LIFE_EVENT);
    lives_add(&lives, .1 + .2, 1, LIFE_EVENT);
    lives_add(&lives, .3000001, 1, LIFE_EVENT);
    lives_tabulate(&lives);
    assert_int_equal(lives.tables[1].count, 2);
    assert_true(lives.tables[0].rows[0].time == lives.tables[1].rows[0].time);
    lives.count = 0;
    lives_add(&lives, 1e6, 0, LIFE_EVENT);
    lives_add(&lives, 1e6 + .01, 0, LIFE_EVENT);
    lives_add(&lives, 1e6 + .1, 0, LIFE_EVENT);
    lives_tabulate(&lives);
    assert_int_equal(lives.tables[0].count, 2);
    assert_int_equal(lives.tables[0].rows[0].events, 2);
}

static void the_order_of_the_units_does_not_matter(void **state)
{
    (void)state;
    struct random random = {.state = 7};
    lives_random(&lives, &random, (struct lives_shape){200, 3, .25, .4, .2});
    other = lives;
    for (size_t i = other.count - 1; i > 0; i--) {
        size_t k = (size_t)(random_next(&random) % (i + 1));
        struct life_unit unit = other.units[i];
        other.units[i] = other.units[k];
        other.units[k] = unit;
    }
    lives_tabulate(&other);
    for (unsigned v = 0; v < 3; v++) {
        assert_int_equal(lives.tables[v].count, other.tables[v].count);
        assert_memory_equal(lives.rows[v], other.rows[v],
                            lives.tables[v].count * sizeof *lives.rows[v]);
    }
}

/* The cube's sums over cohorts d that are watched for F_d whole bins: n(b) is the units of cohorts
 * with F_d > b less their earlier ends, d(b) the ends of those cohorts in bin b.  That is the table
 * of the units, each ending at its bin's midpoint or censored at F_d. */
#define COHORTS 9
#define BINS 12

static void the_cubes_bins_are_the_table_of_their_units(void **state)
{
    (void)state;
    struct random random = {.state = 109};
    uint64_t ends[COHORTS][BINS][2] = {0}, units[COHORTS] = {0};
    lives.count = 0;
    for (size_t i = 0; i < 500; i++) {
        size_t d = (size_t)(random_next(&random) % COHORTS), watched = 2 + d;
        size_t bin = (size_t)(-log(random_unit(&random)) * 6);
        enum life_end end = random_unit(&random) < .3 ? LIFE_COMPETING : LIFE_EVENT;
        units[d]++;
        if (bin < BINS)
            ends[d][bin][end == LIFE_COMPETING]++; /* also what happened after F_d is in the cube */
        if (bin < watched && bin < BINS)
            lives_add(&lives, (double)bin + .5, 0, end);
        else
            lives_add(&lives, fmin((double)watched, BINS), 0, LIFE_CENSORED);
    }
    lives_tabulate(&lives);
    struct life_row rows[BINS] = {0};
    for (size_t b = 0; b < BINS; b++) {
        rows[b].time = (double)b + .5;
        for (size_t d = b < 2 ? 0 : b - 1; d < COHORTS; d++) {
            rows[b].at_risk += units[d];
            rows[b].events += ends[d][b][0];
            rows[b].competing += ends[d][b][1];
            for (size_t before = 0; before < b; before++)
                rows[b].at_risk -= ends[d][before][0] + ends[d][before][1];
        }
    }
    size_t count = BINS;
    while (rows[count - 1].at_risk == 0)
        count--;
    const struct life_table binned = {.rows = rows, .count = count};
    assert_int_equal(life_table_check(&binned), REASON_NONE);
    for (size_t b = 0; b < count; b++)
        assert_int_equal(rows[b].at_risk, life_at_risk(&lives.tables[0], rows[b].time));
    for (size_t i = 0; i < lives.tables[0].count; i++) {
        const struct life_row *row = &lives.tables[0].rows[i];
        if (row->events + row->competing == 0)
            continue;
        size_t b = (size_t)row->time;
        assert_int_equal(rows[b].events, row->events);
        assert_int_equal(rows[b].competing, row->competing);
    }
}

/* As the cube's bins: cohorts drop out between rows, so at_risk falls by more than who left. */
static void a_table_of_bins_need_not_count_its_censored(void **state)
{
    (void)state;
    const struct life_row rows[] = {{.time = .5, .at_risk = 1000, .events = 20, .competing = 3},
                                    {.time = 1.5, .at_risk = 977, .events = 11},
                                    {.time = 2.5, .at_risk = 431, .events = 4},
                                    {.time = 3.5}};
    const struct life_table table = {.rows = rows, .count = 4};
    assert_int_equal(life_table_check(&table), REASON_NONE);
    assert_int_equal(life_at_risk(&table, 2), 431);
}

static void tables_that_no_units_have_are_refused(void **state)
{
    (void)state;
    const struct life_row bad[][2] = {
        {{.time = 2, .at_risk = 5}, {.time = 1, .at_risk = 5}},
        {{.time = 2, .at_risk = 5}, {.time = 2, .at_risk = 5}},
        {{.time = 1, .at_risk = 5}, {.time = 2, .at_risk = 6}},
        {{.time = 1, .at_risk = 5, .events = 1}, {.time = 2, .at_risk = 5}},
        {{.time = 1, .at_risk = 5}, {.time = 2, .at_risk = 5, .events = 6}},
        {{.time = 1, .at_risk = 5}, {.time = 2, .at_risk = 5, .events = 3, .competing = 3}},
        {{.time = 1, .at_risk = 5, .events = UINT64_MAX, .censored = 2}, {.time = 2}},
        {{.time = -1, .at_risk = 5}, {.time = 2, .at_risk = 5}},
        {{.time = 1, .at_risk = 5}, {.time = INFINITE, .at_risk = 5}},
        {{.time = NOT_A_NUMBER, .at_risk = 5}, {.time = 2, .at_risk = 5}},
    };
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        assert_int_equal(life_table_check(&(struct life_table){bad[i], 2}), REASON_INVALID);
    assert_int_equal(life_table_check(&(struct life_table){NULL, 0}), REASON_NO_UNITS);
    const struct life_row nobody = {.time = 1};
    assert_int_equal(life_table_check(&(struct life_table){&nobody, 1}), REASON_NO_UNITS);
}

static void units_that_cannot_be_are_refused(void **state)
{
    (void)state;
    const double times[] = {-1e-9, NOT_A_NUMBER, INFINITE, -INFINITE};
    for (size_t i = 0; i < 4; i++) {
        struct life_unit units[] = {{.time = 3}, {.time = times[i]}};
        assert_int_equal(life_units_sort(units, 2), REASON_INVALID);
        assert_true(units[0].time == 3);
    }
    assert_int_equal(life_units_sort(NULL, 0), REASON_NO_UNITS);
    struct life_unit units[] = {{.time = 3}, {.time = 2}};
    struct life_row rows[2] = {{.at_risk = 5}};
    size_t count = 7;
    assert_int_equal(life_table_of(units, 2, 0, rows, &count), REASON_INVALID);
    assert_int_equal(life_table_of(units, 1, 1, rows, &count), REASON_NO_UNITS);
    assert_true(count == 7 && rows[0].at_risk == 5);
}

int main(void)
{
    gsl_set_error_handler_off();
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_row_counts_who_is_at_risk_and_who_ends),
        cmocka_unit_test(the_number_at_risk_is_of_those_who_end_then_or_later),
        cmocka_unit_test(times_that_differ_by_rounding_are_one_time),
        cmocka_unit_test(the_order_of_the_units_does_not_matter),
        cmocka_unit_test(the_cubes_bins_are_the_table_of_their_units),
        cmocka_unit_test(a_table_of_bins_need_not_count_its_censored),
        cmocka_unit_test(tables_that_no_units_have_are_refused),
        cmocka_unit_test(units_that_cannot_be_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
