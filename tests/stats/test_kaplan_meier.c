/* Curves, bands and quantiles against R's survfit, and what must hold for any units. */

#include "stats/kaplan_meier.h"
#include "stats/life.h"

#include <gsl/gsl_errno.h>

static struct lives lives;
static struct survival_point points[LIVES_MAX];

static const char *const low_names[] = {"lower_log", "lower_loglog", "lower_plain"};
static const char *const high_names[] = {"upper_log", "upper_loglog", "upper_plain"};

static void the_point_matches(const struct survival_point *point, const struct reference *table,
                              size_t row)
{
    assert_close(point->time, reference_at(table, row, "time"), 1e-15);
    assert_int_equal(point->at_risk, reference_count(table, row, "n_risk"));
    assert_int_equal(point->events, reference_count(table, row, "n_event"));
    assert_int_equal(point->censored, reference_count(table, row, "n_censor"));
    assert_close(point->survival, reference_at(table, row, "surv"), 1e-12);
    assert_close(point->hazard, reference_at(table, row, "cumhaz"), 1e-12);
    double se = NOT_A_NUMBER;
    enum reason reason = survival_se(point, &se);
    assert_answer(reason, se, reference_at(table, row, "std_err_surv"), 1e-12);
    for (size_t scale = 0; scale < 3; scale++) {
        struct interval band = {NOT_A_NUMBER, NOT_A_NUMBER};
        reason = survival_interval(point, (enum survival_scale)scale, .05, &band);
        assert_answer(reason, band.low, reference_at(table, row, low_names[scale]), 1e-9);
        assert_answer(reason, band.high, reference_at(table, row, high_names[scale]), 1e-9);
    }
}

static void curves_and_bands_match_r(void **state)
{
    (void)state;
    static struct reference table;
    reference_load(&table, "kaplan_meier");
    for (size_t row = 0; row < table.row_count;) {
        lives_load(&lives, table.names[row]);
        const struct life_table life = lives.tables[reference_count(&table, row, "variant")];
        assert_int_equal(survival_curve(&life, points), REASON_NONE);
        for (size_t i = 0; i < life.count; i++)
            the_point_matches(&points[i], &table, row + i);
        row += life.count;
    }
}

static void the_time_matches(struct survival_time time, double want)
{
    assert_int_equal(time.reached, !isnan(want));
    if (time.reached)
        assert_close(time.time, want, 1e-12);
}

static void quantiles_and_their_limits_match_r(void **state)
{
    (void)state;
    static struct reference table;
    reference_load(&table, "kaplan_meier_quantiles");
    for (size_t row = 0; row < table.row_count; row++) {
        lives_load(&lives, table.names[row]);
        const struct life_table life = lives.tables[reference_count(&table, row, "variant")];
        double share = reference_at(&table, row, "share");
        struct survival_time time;
        struct survival_time_interval log_band, band;
        assert_int_equal(survival_curve(&life, points), REASON_NONE);
        assert_int_equal(survival_quantile(points, life.count, share, &time), REASON_NONE);
        assert_int_equal(
            survival_quantile_interval(points, life.count, share, SURVIVAL_LOG, .05, &log_band),
            REASON_NONE);
        assert_int_equal(
            survival_quantile_interval(points, life.count, share, SURVIVAL_LOG_LOG, .05, &band),
            REASON_NONE);
        struct interval bands[sizeof points / sizeof *points];
        struct survival_time_interval again;
        assert_int_equal(survival_bands(points, life.count, SURVIVAL_LOG_LOG, .05, bands),
                         REASON_NONE);
        assert_int_equal(survival_bands_quantile(points, bands, life.count, share, &again),
                         REASON_NONE);
        the_time_matches(again.low, reference_at(&table, row, "low_loglog"));
        the_time_matches(again.high, reference_at(&table, row, "high_loglog"));
        the_time_matches(time, reference_at(&table, row, "time"));
        the_time_matches(log_band.low, reference_at(&table, row, "low_log"));
        the_time_matches(log_band.high, reference_at(&table, row, "high_log"));
        the_time_matches(band.low, reference_at(&table, row, "low_loglog"));
        the_time_matches(band.high, reference_at(&table, row, "high_loglog"));
    }
}

static void without_censoring_it_is_the_empirical_survival(void **state)
{
    (void)state;
    struct random random = {.state = 11};
    for (int i = 0; i < 100; i++) {
        lives_random(&lives, &random, (struct lives_shape){150, 1, i % 2 ? .5 : 1e-6, 0, 0});
        const struct life_table life = lives.tables[0];
        assert_int_equal(survival_curve(&life, points), REASON_NONE);
        double left = (double)lives.count;
        for (size_t k = 0; k < life.count; k++) {
            left -= (double)life.rows[k].events;
            double p = left / (double)lives.count, se = 0;
            assert_close(points[k].survival, p, 1e-12);
            if (p == 0)
                continue;
            assert_int_equal(survival_se(&points[k], &se), REASON_NONE);
            assert_close(se, sqrt(p * (1 - p) / (double)lives.count), 1e-10);
        }
    }
}

static void every_unit_four_times_halves_the_standard_error(void **state)
{
    (void)state;
    struct random random = {.state = 13};
    static struct life_row rows[LIVES_MAX];
    static struct survival_point fourfold[LIVES_MAX];
    lives_random(&lives, &random, (struct lives_shape){300, 1, .1, .3, .1});
    const struct life_table life = lives.tables[0], four = life_table_times(&life, 4, rows);
    assert_int_equal(survival_curve(&life, points), REASON_NONE);
    assert_int_equal(survival_curve(&four, fourfold), REASON_NONE);
    for (size_t i = 0; i < life.count; i++) {
        assert_close(fourfold[i].survival, points[i].survival, 1e-13);
        assert_close(fourfold[i].greenwood, points[i].greenwood / 4, 1e-13);
    }
}

static void between_rows_the_curve_stays(void **state)
{
    (void)state;
    lives_load(&lives, "aml");
    const struct life_table life = lives.tables[0];
    struct survival_point at;
    assert_int_equal(survival_curve(&life, points), REASON_NONE);
    assert_int_equal(survival_at(points, life.count, 0, &at), REASON_NONE);
    assert_true(at.survival == 1 && at.at_risk == 12 && at.greenwood == 0);
    assert_int_equal(survival_at(points, life.count, 8, &at), REASON_NONE);
    assert_close(at.survival, 2. / 3, 1e-12);
    assert_true(at.at_risk == 10 && at.events == 2);
    assert_int_equal(survival_at(points, life.count, 11.5, &at), REASON_NONE);
    assert_close(at.survival, 2. / 3, 1e-12);
    assert_true(at.at_risk == 8 && at.events == 0 && at.time == 11.5);
    assert_int_equal(survival_at(points, life.count, 1e6, &at), REASON_NONE);
    assert_true(at.at_risk == 0 && at.survival == points[life.count - 1].survival);
}

static void bands_hold_the_curve_and_narrow_as_the_error_grows(void **state)
{
    (void)state;
    struct random random = {.state = 17};
    for (int i = 0; i < 50; i++) {
        lives_random(&lives, &random, (struct lives_shape){60, 1, .2, .5, 0});
        const struct life_table life = lives.tables[0];
        assert_int_equal(survival_curve(&life, points), REASON_NONE);
        for (size_t k = 0; k < life.count; k++)
            for (int scale = 0; scale < 3; scale++) {
                struct interval wide, narrow;
                double s = points[k].survival;
                if (survival_interval(&points[k], (enum survival_scale)scale, .01, &wide))
                    continue;
                assert_int_equal(
                    survival_interval(&points[k], (enum survival_scale)scale, .2, &narrow),
                    REASON_NONE);
                assert_true(0 <= wide.low && wide.low <= narrow.low && narrow.low <= s);
                assert_true(s <= narrow.high && narrow.high <= wide.high && wide.high <= 1);
            }
    }
}

static void a_billion_units_a_row_keep_their_digits(void **state)
{
    (void)state;
    const uint64_t n = 1000000000;
    const struct life_row rows[] = {{.time = 0, .at_risk = n, .events = 1},
                                    {.time = 1, .at_risk = n - 1, .events = n - 2},
                                    {.time = 2, .at_risk = 1, .events = 1}};
    const struct life_table life = {.rows = rows, .count = 3};
    assert_int_equal(survival_curve(&life, points), REASON_NONE);
    assert_close(points[0].survival, 1 - 1e-9, 1e-15);
    assert_close(points[1].survival, 1e-9, 1e-12);
    double se = 0;
    assert_int_equal(survival_se(&points[0], &se), REASON_NONE);
    assert_close(se, sqrt(1e-9 * (1 - 1e-9) / 1e9), 1e-12);
    assert_true(points[2].survival == 0 && survival_se(&points[2], &se) == REASON_NOT_FINITE);
}

static void impossible_input_has_a_reason_and_leaves_the_output(void **state)
{
    (void)state;
    struct survival_point point = {.survival = .5, .greenwood = .01}, out = {.time = 5};
    struct interval band = {5, 6};
    struct survival_time time = {.time = 5};
    struct survival_time_interval limits = {.low = {.time = 5}};
    assert_int_equal(survival_curve(&(struct life_table){NULL, 0}, &out), REASON_NO_UNITS);
    assert_int_equal(survival_at(&point, 0, 1, &out), REASON_NO_UNITS);
    assert_int_equal(survival_at(&point, 1, -1, &out), REASON_INVALID);
    assert_int_equal(survival_at(&point, 1, NOT_A_NUMBER, &out), REASON_INVALID);
    const double bad[] = {0, 1, -1, 2, NOT_A_NUMBER, INFINITE};
    for (size_t i = 0; i < 6; i++) {
        assert_int_equal(survival_interval(&point, SURVIVAL_LOG, bad[i], &band), REASON_INVALID);
        assert_int_equal(survival_quantile(&point, 1, bad[i], &time), REASON_INVALID);
        assert_int_equal(survival_quantile_interval(&point, 1, bad[i], SURVIVAL_LOG, .05, &limits),
                         REASON_INVALID);
        assert_int_equal(survival_quantile_interval(&point, 1, .5, SURVIVAL_LOG, bad[i], &limits),
                         REASON_INVALID);
        assert_int_equal(survival_bands_quantile(&point, &band, 1, bad[i], &limits),
                         REASON_INVALID);
        assert_int_equal(survival_bands(&point, 1, SURVIVAL_LOG, bad[i], &band), REASON_INVALID);
    }
    assert_int_equal(survival_bands_quantile(&point, &band, 0, .5, &limits), REASON_NO_UNITS);
    assert_int_equal(survival_bands(&point, 0, SURVIVAL_LOG, .05, &band), REASON_NO_UNITS);
    assert_int_equal(survival_quantile(&point, 0, .5, &time), REASON_NO_UNITS);
    point.greenwood = NOT_A_NUMBER;
    assert_int_equal(survival_interval(&point, SURVIVAL_LOG, .05, &band), REASON_INVALID);
    assert_true(out.time == 5 && band.low == 5 && time.time == 5 && limits.low.time == 5);
}

int main(void)
{
    gsl_set_error_handler_off();
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(curves_and_bands_match_r),
        cmocka_unit_test(quantiles_and_their_limits_match_r),
        cmocka_unit_test(without_censoring_it_is_the_empirical_survival),
        cmocka_unit_test(every_unit_four_times_halves_the_standard_error),
        cmocka_unit_test(between_rows_the_curve_stays),
        cmocka_unit_test(bands_hold_the_curve_and_narrow_as_the_error_grows),
        cmocka_unit_test(a_billion_units_a_row_keep_their_digits),
        cmocka_unit_test(impossible_input_has_a_reason_and_leaves_the_output),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
