/*
 * Inference on a published experiment, Cookie Cats: its figures by R 4.2.2, Miettinen-Nurminen and
 * Katz included, what is decided of it, and that its split, which is odd, does not alarm where a
 * bad one does.
 */

#include "inference_fixture.h"

#include <math.h>

/* Back on day 1 only, on day 7 only, on both, on neither: the eight counts as published. */
struct cats {
    uint64_t neither, seven, one, both;
};
static const struct cats gate_30 = {22840, 1826, 13358, 6676};
static const struct cats gate_40 = {23597, 1773, 13613, 6506};

#define CATS_DAYS 14

/* Spreads a count over the days so that the running sums are whole and end at the count. */
static struct proportion cats_until(const struct cats *cats, bool day_1, size_t day)
{
    uint64_t units = cats->neither + cats->seven + cats->one + cats->both;
    uint64_t successes = cats->both + (day_1 ? cats->one : cats->seven);
    return (struct proportion){.successes = successes * (day + 1) / CATS_DAYS,
                               .units = units * (day + 1) / CATS_DAYS};
}

static void cats_metric(struct fixture *f, const char *name, bool day_1)
{
    struct fixture_metric *metric = fixture_metric(f, name, ROLE_GOAL, day_1 ? 2 : 8);
    for (size_t day = 0; day < CATS_DAYS; day++) {
        metric->cumulative[2 * day] = cats_until(&gate_30, day_1, day);
        metric->cumulative[2 * day + 1] = cats_until(&gate_40, day_1, day);
    }
}

static void cats_infer(struct fixture *f)
{
    struct exposures exposures = {.first = FIXTURE_FIRST, .days = CATS_DAYS, .total = f->totals};
    struct metric_result *results[2];
    for (size_t day = 0; day < CATS_DAYS; day++)
        f->totals[day] =
            cats_until(&gate_30, true, day).units + cats_until(&gate_40, true, day).units;
    progress_of(&f->plan, &f->declared, &exposures, f->as_of_ms, &f->progress);
    for (size_t i = 0; i < 2; i++) {
        struct fixture_metric *metric = &f->metrics[i];
        struct metric_source source = fixture_source(metric->cumulative, CATS_DAYS, 2);
        metric->result = (struct metric_result){.looks = metric->looks,
                                                .observed = metric->observed,
                                                .comparisons = metric->comparisons};
        metric_infer(&f->plan, &f->progress, &metric->plan, &source, &metric->result);
        results[i] = &metric->result;
        f->goals[i] = results[i];
    }
    families_adjust(&f->plan, results, 2);
    f->exposed[0] = 44700;
    f->exposed[1] = 45489;
    f->input = (struct verdict_input){.plan = &f->plan,
                                      .progress = &f->progress,
                                      .forecast = &f->forecast,
                                      .status = EXPERIMENT_RUNNING,
                                      .variants = f->names,
                                      .exposed = f->exposed,
                                      .crossed = f->crossed,
                                      .unit_words = "users",
                                      .ratio = &f->ratio,
                                      .crossing = &f->crossing,
                                      .goals = f->goals,
                                      .goal_count = 2};
}

static void cats_init(struct fixture *f)
{
    fixture_init(f, 2, DESIGN_FIXED);
    f->names[0] = SLICE("gate_30");
    f->names[1] = SLICE("gate_40");
    f->plan.end_ms = f->declared.end_ms = day_start_ms(FIXTURE_FIRST + CATS_DAYS);
    f->as_of_ms = fixture_end(CATS_DAYS, 30);
    cats_metric(f, "back_day_1", true);
    cats_metric(f, "back_day_7", false);
    cats_infer(f);
}

struct cats_truth {
    double control, treatment, difference, low, high, lift, lift_low, lift_high, p, p_adjusted;
};
static const struct cats_truth cats_truths[2] = {
    {0.44818791946308723, 0.44228274967574577, -0.0059051697873414577, -0.012392180086137836,
     0.00058216816997890268, -0.01317565585974659, -0.027449855941144796, 0.0013080478541465101,
     0.074411262258869028, 0.074411262258869028},
    {0.19020134228187918, 0.18200004396667327, -0.0082012983152059127, -0.013282326248425801,
     -0.003121415802292415, -0.043119034896460164, -0.068891150431617865, -0.016633574257273742,
     0.0015543436722140505, 0.003108687344428101},
};

static double rate(struct proportion share)
{
    return (double)share.successes / (double)share.units;
}

static void cookie_cats_has_the_figures_of_r(void **state)
{
    static struct fixture f;
    (void)state;
    cats_init(&f);
    for (size_t i = 0; i < 2; i++) {
        const struct cats_truth *truth = &cats_truths[i];
        const struct metric_result *result = f.goals[i];
        const struct comparison *comparison = &result->comparisons[1];
        assert_true(result->final);
        assert_int_equal(result->analysed, FIXTURE_FIRST + CATS_DAYS - 1);
        assert_int_equal(result->observed[0].units, 44700);
        assert_int_equal(result->observed[1].units, 45489);
        assert_close(rate(result->observed[0].sample.proportion), truth->control, 1e-9);
        assert_close(rate(result->observed[1].sample.proportion), truth->treatment, 1e-9);
        assert_close(comparison->difference.estimate, truth->difference, 1e-9);
        assert_close(comparison->difference.interval.low, truth->low, 1e-8);
        assert_close(comparison->difference.interval.high, truth->high, 1e-8);
        assert_close(comparison->lift.estimate, truth->lift, 1e-9);
        assert_close(comparison->lift.interval.low, truth->lift_low, 1e-9);
        assert_close(comparison->lift.interval.high, truth->lift_high, 1e-9);
        assert_close(comparison->p, truth->p, 1e-8);
        assert_close(comparison->p_adjusted, truth->p_adjusted, 1e-8);
        assert_false(comparison->difference.has_anytime);
    }
}

static void cookie_cats_is_stopped_for_harm_on_day_7(void **state)
{
    static struct fixture f;
    (void)state;
    cats_init(&f);
    struct verdict verdict = fixture_verdict(&f);
    assert_int_equal(verdict.code, VERDICT_STOP_HARM);
    assert_int_equal(verdict.row, 6);
    assert_int_equal(verdict.variant, 1);
    assert_ptr_equal(verdict.metric, f.goals[1]);
    assert_non_null(strstr(f.text, "gate_40 does harm"));
    assert_non_null(strstr(f.text, "back_day_7 is 18.2% against 19.0% in gate_30"));
    assert_non_null(strstr(f.text, "95% interval -1.33 to -0.31"));
}

static void cookie_cats_sample_ratio_does_not_cry_wolf(void **state)
{
    const uint64_t counts[] = {44700, 45489};
    struct plan plan = {.variants = 2, .weights = {.5, .5}};
    struct count_series series = {.days = 1, .variants = 2, .cumulative = counts};
    struct ratio_report report;
    (void)state;
    ratio_watch(&plan, &series, &report);
    assert_true(report.tested);
    assert_close(report.now.statistic, 6.9024049496058275, 1e-9);
    assert_close(report.now.p, 0.008607987810836255, 1e-9);
    /* By the formula with lgamma, K = 1 000; the 7.06 published beside it is K = 10 000's. */
    assert_close(report.log_factor, 1.15672140519, 1e-8);
    assert_int_equal(report.state, SAMPLE_RATIO_FITS);
    assert_false(report.has_since || report.has_break);
}

static void a_bad_split_alarms_and_is_dated(void **state)
{
    uint64_t counts[2 * 10];
    struct plan plan = {.variants = 2, .weights = {.5, .5}};
    struct count_series series = {
        .first = FIXTURE_FIRST, .days = 10, .variants = 2, .cumulative = counts};
    struct ratio_report report;
    (void)state;
    for (size_t day = 0; day < 10; day++) {
        counts[2 * day] = 1000 * (day + 1) + (day > 3 ? 300 * (day - 3) : 0);
        counts[2 * day + 1] = 1000 * (day + 1);
    }
    ratio_watch(&plan, &series, &report);
    assert_int_equal(report.state, SAMPLE_RATIO_ALARM);
    assert_true(report.has_since);
    assert_in_range(report.since, FIXTURE_FIRST + 4, FIXTURE_FIRST + 6);
    assert_true(report.has_break);
    assert_int_equal(report.break_day, FIXTURE_FIRST + 4);
    assert_close(report.gap, 11800.0 / 21800 - .5, 1e-12);
}

static void a_bad_split_in_a_segment_is_dated_though_the_first_value_is_empty(void **state)
{
    uint64_t bad[2 * 10], good[2 * 10];
    bool named[3] = {false};
    struct plan plan = {.variants = 2, .weights = {.5, .5}};
    struct count_series values[] = {
        {0},
        {.first = FIXTURE_FIRST, .days = 10, .variants = 2, .cumulative = bad},
        {.first = FIXTURE_FIRST, .days = 10, .variants = 2, .cumulative = good}};
    struct ratio_segment report = {.named = named};
    (void)state;
    for (size_t day = 0; day < 10; day++) {
        good[2 * day] = good[2 * day + 1] = 1000 * (day + 1);
        bad[2 * day] = 1000 * (day + 1) + (day > 3 ? 300 * (day - 3) : 0);
        bad[2 * day + 1] = 1000 * (day + 1);
    }
    ratio_watch_segment(&plan, values, 3, 1, &report);
    assert_true(report.warns && report.has_since);
    assert_in_range(report.since, FIXTURE_FIRST + 4, FIXTURE_FIRST + 6);
    assert_true(!named[0] && named[1] && !named[2]);
    values[1] = values[2]; /* the largest factor of good splits is below 1: so says the report */
    report = (struct ratio_segment){.named = named};
    ratio_watch_segment(&plan, &values[1], 2, 1, &report);
    assert_true(report.log_factor_max < 0);
    assert_false(report.warns);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(cookie_cats_has_the_figures_of_r),
        cmocka_unit_test(cookie_cats_is_stopped_for_harm_on_day_7),
        cmocka_unit_test(cookie_cats_sample_ratio_does_not_cry_wolf),
        cmocka_unit_test(a_bad_split_alarms_and_is_dated),
        cmocka_unit_test(a_bad_split_in_a_segment_is_dated_though_the_first_value_is_empty),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
