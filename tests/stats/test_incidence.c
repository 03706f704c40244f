/* Cumulative incidence against R, against the design's formula, and against Kaplan-Meier. */

#include "stats/incidence.h"
#include "stats/kaplan_meier.h"
#include "stats/life.h"

#include <gsl/gsl_errno.h>

static struct lives lives;
static struct incidence_point points[LIVES_MAX];
static struct survival_point curve[LIVES_MAX];
static struct life_row rows[LIVES_MAX];

static void the_curve_matches_r(void **state)
{
    (void)state;
    static struct reference table;
    reference_load(&table, "incidence");
    lives_load_competing(&lives, 0);
    for (unsigned v = 0, row = 0; v < 4; v++) {
        assert_int_equal(incidence_curve(&lives.tables[v], points), REASON_NONE);
        for (size_t i = 0; i < lives.tables[v].count; i++, row++) {
            assert_int_equal(reference_count(&table, row, "variant"), v);
            assert_close(points[i].time, reference_at(&table, row, "time"), 1e-12);
            assert_close(points[i].incidence, reference_at(&table, row, "incidence"), 1e-12);
        }
    }
}

/* Sums of the design's two formulas, term by term, with the parts that multiply them. */
struct term {
    double ahead, reach, survival, d, cause, n;
};

static double variance_term(struct term t)
{
    double a = t.n > t.d ? t.d / (t.n * (t.n - t.d)) : 0, n3 = t.n * t.n * t.n;
    return t.ahead * t.ahead * a + t.reach * t.reach * t.cause * (t.n - t.cause) / n3 -
           2 * t.ahead * t.reach * t.cause / (t.n * t.n);
}

/* int from `from` to tau of F - F(from), F constant between rows. */
static double area_ahead(const struct life_table *life, size_t from, double tau)
{
    double area = 0;
    for (size_t k = from; k < life->count && life->rows[k].time < tau; k++) {
        double until = k + 1 < life->count ? fmin(tau, life->rows[k + 1].time) : tau;
        area += (points[k].incidence - points[from].incidence) * (until - life->rows[k].time);
    }
    return area;
}

static void the_variances_are_the_formulas_at_random_inputs(void **state)
{
    (void)state;
    struct random random = {.state = 61};
    for (int i = 0; i < 60; i++) {
        lives_random(&lives, &random, (struct lives_shape){50, 1, .3, .2, .3});
        const struct life_table life = lives.tables[0];
        double tau = random_log(&random, .5, 20), at_tau = 0, area = 0, survival = 1;
        struct incidence_point end;
        struct restricted_mean mean;
        assert_int_equal(incidence_curve(&life, points), REASON_NONE);
        assert_int_equal(incidence_at(&life, tau, &end), REASON_NONE);
        assert_int_equal(incidence_free_time(&life, tau, &mean), REASON_NONE);
        for (size_t k = 0; k < life.count && life.rows[k].time <= tau; k++) {
            const struct life_row *row = &life.rows[k];
            struct term term = {.ahead = end.incidence - points[k].incidence,
                                .reach = survival,
                                .d = (double)(row->events + row->competing),
                                .cause = (double)row->events,
                                .n = (double)row->at_risk};
            at_tau += variance_term(term);
            term.ahead = area_ahead(&life, k, tau);
            term.reach = survival * (tau - row->time);
            area += variance_term(term);
            survival *= 1 - term.d / term.n;
        }
        assert_close(end.se * end.se, at_tau, 1e-9);
        assert_close(mean.se * mean.se, area, 1e-9);
    }
}

static void with_one_cause_it_is_kaplan_meier(void **state)
{
    (void)state;
    struct random random = {.state = 67};
    for (int i = 0; i < 60; i++) {
        lives_random(&lives, &random, (struct lives_shape){70, 1, i % 2 ? .6 : .01, .35, 0});
        const struct life_table life = lives.tables[0];
        assert_int_equal(incidence_curve(&life, points), REASON_NONE);
        assert_int_equal(survival_curve(&life, curve), REASON_NONE);
        for (size_t k = 0; k < life.count; k++) {
            double se = 0;
            assert_true(fabs(points[k].incidence - (1 - curve[k].survival)) < 1e-13);
            if (!survival_se(&curve[k], &se))
                assert_true(fabs(points[k].se - se) < 1e-10);
        }
        struct restricted_mean free, mean;
        double tau = random_log(&random, .5, 25);
        assert_int_equal(incidence_free_time(&life, tau, &free), REASON_NONE);
        assert_int_equal(restricted_mean_of(&life, tau, &mean), REASON_NONE);
        assert_close(free.mean, mean.mean, 1e-11);
        assert_true(fabs(free.se - mean.se) < 1e-8 * (1 + mean.se));
        assert_int_equal(free.extended, mean.extended);
    }
}

static void without_censoring_it_is_the_share_that_arrived(void **state)
{
    (void)state;
    struct random random = {.state = 71};
    lives_random(&lives, &random, (struct lives_shape){300, 1, .2, 0, .4});
    const struct life_table life = lives.tables[0];
    assert_int_equal(incidence_curve(&life, points), REASON_NONE);
    double arrived = 0, n = (double)lives.count;
    for (size_t k = 0; k < life.count; k++) {
        arrived += (double)life.rows[k].events;
        double p = arrived / n;
        assert_close(points[k].incidence, p, 1e-12);
        assert_close(points[k].se, sqrt(p * (1 - p) / n), 1e-9);
    }
}

/* The design's warning: with ends that compete, 1 - S says more than arrived. */
static void kaplan_meier_overstates_where_ends_compete(void **state)
{
    (void)state;
    struct random random = {.state = 73};
    lives_random(&lives, &random, (struct lives_shape){400, 1, .2, .1, .4});
    const struct life_table life = lives.tables[0];
    assert_int_equal(incidence_curve(&life, points), REASON_NONE);
    assert_int_equal(survival_curve(&life, curve), REASON_NONE);
    size_t last = life.count - 1;
    assert_true(1 - curve[last].survival > points[last].incidence + .1);
}

static void every_unit_nine_times_divides_the_error_by_three(void **state)
{
    (void)state;
    struct random random = {.state = 79};
    lives_random(&lives, &random, (struct lives_shape){200, 1, .3, .2, .3});
    const struct life_table life = lives.tables[0], many = life_table_times(&life, 9, rows);
    struct incidence_point once, nine;
    struct restricted_mean mean, mean_nine;
    assert_int_equal(incidence_at(&life, 5.1, &once), REASON_NONE);
    assert_int_equal(incidence_at(&many, 5.1, &nine), REASON_NONE);
    assert_close(nine.incidence, once.incidence, 1e-12);
    assert_close(nine.se, once.se / 3, 1e-10);
    assert_int_equal(incidence_free_time(&life, 5.1, &mean), REASON_NONE);
    assert_int_equal(incidence_free_time(&many, 5.1, &mean_nine), REASON_NONE);
    assert_close(mean_nine.se, mean.se / 3, 1e-10);
}

static void a_billion_units_and_ends_at_once_are_no_trouble(void **state)
{
    (void)state;
    const uint64_t n = 1000000000;
    const struct life_row big[] = {
        {.time = 0, .at_risk = n, .events = n / 4, .competing = n / 4},
        {.time = 2, .at_risk = n / 2, .events = n / 4, .competing = n / 4}};
    const struct life_table life = {.rows = big, .count = 2};
    struct incidence_point point;
    struct restricted_mean mean;
    assert_int_equal(incidence_at(&life, 2, &point), REASON_NONE);
    assert_close(point.incidence, .5, 1e-14);
    assert_close(point.se, .5 / sqrt(1e9), 1e-9);
    assert_int_equal(incidence_free_time(&life, 3, &mean), REASON_NONE);
    assert_close(mean.mean, 3 - (.25 * 2 + .5), 1e-14);
}

static void impossible_input_has_a_reason_and_leaves_the_output(void **state)
{
    (void)state;
    struct incidence_point point = {.time = 5}, bad = {.incidence = 2};
    struct restricted_mean mean = {.mean = 5};
    double difference = 5, se = 5;
    const struct life_row row = {.time = 1, .at_risk = 3, .events = 1};
    const struct life_table life = {.rows = &row, .count = 1}, none = {NULL, 0};
    const double times[] = {-1, NOT_A_NUMBER, INFINITE};
    for (size_t i = 0; i < 3; i++) {
        assert_int_equal(incidence_at(&life, times[i], &point), REASON_INVALID);
        assert_int_equal(incidence_free_time(&life, times[i], &mean), REASON_INVALID);
    }
    assert_int_equal(incidence_free_time(&life, 0, &mean), REASON_INVALID);
    assert_int_equal(incidence_at(&none, 1, &point), REASON_NO_UNITS);
    assert_int_equal(incidence_curve(&none, &point), REASON_NO_UNITS);
    assert_int_equal(incidence_free_time(&none, 1, &mean), REASON_NO_UNITS);
    assert_int_equal(incidence_difference(&bad, &point, &difference, &se), REASON_INVALID);
    bad = (struct incidence_point){.se = NOT_A_NUMBER};
    assert_int_equal(incidence_difference(&point, &bad, &difference, &se), REASON_INVALID);
    assert_true(point.time == 5 && mean.mean == 5 && difference == 5 && se == 5);
}

int main(void)
{
    gsl_set_error_handler_off();
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_curve_matches_r),
        cmocka_unit_test(the_variances_are_the_formulas_at_random_inputs),
        cmocka_unit_test(with_one_cause_it_is_kaplan_meier),
        cmocka_unit_test(without_censoring_it_is_the_share_that_arrived),
        cmocka_unit_test(kaplan_meier_overstates_where_ends_compete),
        cmocka_unit_test(every_unit_nine_times_divides_the_error_by_three),
        cmocka_unit_test(a_billion_units_and_ends_at_once_are_no_trouble),
        cmocka_unit_test(impossible_input_has_a_reason_and_leaves_the_output),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
