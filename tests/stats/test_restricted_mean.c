/* Restricted means against R, by hand, and what must hold for any units. */

#include "stats/life.h"
#include "stats/restricted_mean.h"

#include <gsl/gsl_errno.h>

static struct lives lives;
static struct life_row rows[LIVES_MAX];

static void means_and_errors_match_r(void **state)
{
    (void)state;
    static struct reference table;
    reference_load(&table, "restricted_mean");
    for (size_t row = 0; row < table.row_count; row++) {
        lives_load(&lives, table.names[row]);
        const struct life_table life = lives.tables[reference_count(&table, row, "variant")];
        struct restricted_mean mean;
        double tau = reference_at(&table, row, "tau");
        assert_int_equal(restricted_mean_of(&life, tau, &mean), REASON_NONE);
        assert_close(mean.mean, reference_at(&table, row, "mean"), 1e-12);
        assert_close(mean.se, reference_at(&table, row, "se"), 1e-12);
        assert_int_equal(mean.extended, tau > life.rows[life.count - 1].time);
    }
}

/* The design's formula with the areas taken one by one. */
static double variance_by_hand(const struct life_table *life, double tau)
{
    double variance = 0;
    for (size_t i = 0; i < life->count && life->rows[i].time <= tau; i++) {
        const struct life_row *row = &life->rows[i];
        double s = 1, ahead = 0;
        for (size_t k = 0; k < life->count; k++) {
            double from = fmin(tau, life->rows[k].time);
            double until = k + 1 < life->count ? fmin(tau, life->rows[k + 1].time) : tau;
            s *= 1 - (double)life->rows[k].events / (double)life->rows[k].at_risk;
            if (k >= i)
                ahead += s * (until - from);
        }
        double n = (double)row->at_risk, d = (double)row->events;
        if (n > d)
            variance += ahead * ahead * d / (n * (n - d));
    }
    return variance;
}

static void the_variance_is_the_formula_at_random_inputs(void **state)
{
    (void)state;
    struct random random = {.state = 19};
    for (int i = 0; i < 60; i++) {
        double tau = random_log(&random, .3, 30);
        struct restricted_mean mean;
        lives_random(&lives, &random,
                     (struct lives_shape){40, 1, i % 2 ? .7 : .001, .1 * (i % 7), 0});
        assert_int_equal(restricted_mean_of(&lives.tables[0], tau, &mean), REASON_NONE);
        assert_close(mean.se * mean.se, variance_by_hand(&lives.tables[0], tau), 1e-10);
        assert_true(mean.mean > 0 && mean.mean <= tau);
    }
}

static void without_censoring_it_is_the_mean_of_the_capped_times(void **state)
{
    (void)state;
    struct random random = {.state = 23};
    for (int i = 0; i < 50; i++) {
        double tau = random_log(&random, 1, 20), sum = 0, squares = 0;
        struct restricted_mean mean;
        lives_random(&lives, &random, (struct lives_shape){120, 1, .1, 0, 0});
        for (size_t k = 0; k < lives.count; k++)
            sum += fmin(tau, lives.units[k].time);
        double n = (double)lives.count, m = sum / n;
        for (size_t k = 0; k < lives.count; k++) {
            double gap = fmin(tau, lives.units[k].time) - m;
            squares += gap * gap;
        }
        assert_int_equal(restricted_mean_of(&lives.tables[0], tau, &mean), REASON_NONE);
        assert_close(mean.mean, m, 1e-12);
        assert_close(mean.se, sqrt(squares) / n, 1e-10);
    }
}

static void the_difference_mirrors_and_duplicates(void **state)
{
    (void)state;
    struct random random = {.state = 29};
    for (int i = 0; i < 30; i++) {
        struct restricted_mean a, b, nine;
        double there, back, se, se_back;
        lives_random(&lives, &random, (struct lives_shape){150, 2, .3, .4, 0});
        assert_int_equal(restricted_mean_of(&lives.tables[0], 6.3, &a), REASON_NONE);
        assert_int_equal(restricted_mean_of(&lives.tables[1], 6.3, &b), REASON_NONE);
        assert_int_equal(restricted_mean_difference(&b, &a, &there, &se), REASON_NONE);
        assert_int_equal(restricted_mean_difference(&a, &b, &back, &se_back), REASON_NONE);
        assert_true(there == -back && se == se_back);
        assert_close(se * se, a.se * a.se + b.se * b.se, 1e-13);
        const struct life_table many = life_table_times(&lives.tables[0], 9, rows);
        assert_int_equal(restricted_mean_of(&many, 6.3, &nine), REASON_NONE);
        assert_close(nine.mean, a.mean, 1e-12);
        assert_close(nine.se, a.se / 3, 1e-12);
    }
}

/* An event at tau itself changes nothing: not even the last bit of the error. */
static void what_happens_at_tau_or_later_does_not_count(void **state)
{
    (void)state;
    const struct life_row late[] = {{.time = 3.7, .at_risk = 41, .events = 17},
                                    {.time = 5.2, .at_risk = 24, .events = 24}};
    const struct life_table life = {.rows = late, .count = 2};
    struct restricted_mean mean;
    assert_int_equal(restricted_mean_of(&life, 3.7, &mean), REASON_NONE);
    assert_true(mean.mean == 3.7 && mean.se == 0 && !mean.extended);
    assert_int_equal(restricted_mean_of(&life, 5.3, &mean), REASON_NONE);
    assert_true(mean.extended && mean.se > 0);
}

static void impossible_input_has_a_reason_and_leaves_the_output(void **state)
{
    (void)state;
    struct restricted_mean mean = {.mean = 5}, bad = {.mean = 1, .se = -1};
    double difference = 5, se = 5;
    const struct life_row row = {.time = 1, .at_risk = 3, .events = 1};
    const struct life_table life = {.rows = &row, .count = 1};
    const double taus[] = {0, -1, NOT_A_NUMBER, INFINITE};
    for (size_t i = 0; i < 4; i++)
        assert_int_equal(restricted_mean_of(&life, taus[i], &mean), REASON_INVALID);
    assert_int_equal(restricted_mean_of(&(struct life_table){NULL, 0}, 1, &mean), REASON_NO_UNITS);
    assert_int_equal(restricted_mean_difference(&mean, &bad, &difference, &se), REASON_INVALID);
    bad = (struct restricted_mean){.mean = NOT_A_NUMBER};
    assert_int_equal(restricted_mean_difference(&bad, &mean, &difference, &se), REASON_INVALID);
    const struct life_row far = {.time = 1e300, .at_risk = 3, .events = 1};
    assert_int_equal(restricted_mean_of(&(struct life_table){&far, 1}, 1.7e308, &mean),
                     REASON_NOT_FINITE);
    assert_true(mean.mean == 5 && difference == 5 && se == 5);
}

int main(void)
{
    gsl_set_error_handler_off();
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(means_and_errors_match_r),
        cmocka_unit_test(the_variance_is_the_formula_at_random_inputs),
        cmocka_unit_test(without_censoring_it_is_the_mean_of_the_capped_times),
        cmocka_unit_test(the_difference_mirrors_and_duplicates),
        cmocka_unit_test(what_happens_at_tau_or_later_does_not_count),
        cmocka_unit_test(impossible_input_has_a_reason_and_leaves_the_output),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
