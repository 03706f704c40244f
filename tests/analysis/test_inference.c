/*
 * Inference: the plan, the final set, looks and families.
 *
 * Outside truth: sample sizes of R's power.prop.test; the invariants of inference.md; dates counted
 * by hand.  A published experiment as a whole: test_cookie_cats.c.
 */

#include "inference_fixture.h"

#include <math.h>

static void experiment_of_two(struct experiment *experiment, struct variant variants[2],
                              struct metric *goal)
{
    variants[0] = (struct variant){.name = SLICE("a"), .control = true, .weight = .5};
    variants[1] = (struct variant){.name = SLICE("b"), .weight = .5};
    *goal = (struct metric){.name = SLICE("m"), .kind = METRIC_CONVERSION};
    *experiment = (struct experiment){
        .variants = variants,
        .variant_count = 2,
        .goals = {goal},
        .goal_count = 1,
        .confidence = .95,
        .start_ms = TIME_NONE,
        .end_ms = TIME_NONE,
        .expect = {.given = true, .baseline_micro = 220000, .lift = .1, .power = .8}};
}

/* power.prop.test(p1 = .22, p2 = .242, sig.level = .05 or .04, power = .8): n = 5757.5, 6149.7 a
 * variant, computed from the formula of statistics.md, section 9, with qnorm. */
static void planned_units_are_those_of_the_sample_size_formula(void **state)
{
    struct experiment experiment;
    struct variant variants[2];
    struct metric goal;
    struct plan plan;
    (void)state;
    experiment_of_two(&experiment, variants, &goal);
    experiment.peeking = PEEKING_FIXED;
    plan_of(&experiment, &plan);
    double z = 1.959963984540054, zb = 0.8416212335729143, p = .231;
    double root = z * sqrt(2 * p * (1 - p)) + zb * sqrt(.22 * .78 + .242 * .758);
    assert_close(plan.planned, ceil(2 * root * root / (.022 * .022)), 1e-12);
    assert_close(plan.planned_pair[1], plan.planned, 1e-12);
    assert_close(plan.expected_difference, .022, 1e-9);

    experiment.peeking = PEEKING_HYBRID;
    plan_of(&experiment, &plan);
    z = 2.0537489106318225;
    root = z * sqrt(2 * p * (1 - p)) + zb * sqrt(.22 * .78 + .242 * .758);
    assert_close(plan.planned, ceil(2 * root * root / (.022 * .022)), 1e-12);
}

/* Means by (z + z_b)^2 2 sd^2 / d^2 (7.848880 at .05 and .8; the t asks for about one more unit);
 * `always` by 1.91 times that of the fixed design (statistics.md, section 4). */
static void every_kind_of_goal_with_a_spread_is_planned(void **state)
{
    static const enum metric_kind kinds[] = {METRIC_COUNT, METRIC_SUM, METRIC_MEAN, METRIC_RATIO,
                                             METRIC_NPS};
    struct experiment experiment;
    struct variant variants[2];
    struct metric goal;
    struct plan plan;
    (void)state;
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
        experiment_of_two(&experiment, variants, &goal);
        goal.kind = kinds[i];
        experiment.peeking = PEEKING_FIXED;
        experiment.lift = LIFT_ABSOLUTE;
        experiment.expect.lift = .5;
        experiment.expect.sd = 7;
        plan_of(&experiment, &plan);
        double normal = 2 * 7.848879734 * 2 * 49 / .25;
        assert_true(plan.planned >= normal && plan.planned < normal + 4);
        assert_close(plan.expected_difference, .5, 0);
        experiment.peeking = PEEKING_ALWAYS;
        plan_of(&experiment, &plan);
        assert_true(fabs(plan.planned / normal - 1.91) < .01);
        experiment.expect.sd = 0;
        plan_of(&experiment, &plan);
        assert_close(plan.planned, 0, 0);
    }
    goal.kind = METRIC_TIME_TO; /* no units, but an effect to be ruled out, in days */
    goal.lower_is_better = true;
    experiment.expect.lift = -36.0 * HOUR_MS;
    plan_of(&experiment, &plan);
    assert_close(plan.planned, 0, 0);
    assert_close(plan.expected_difference, 1.5, 0);
}

/* Members 7 an account, cv .6, ICC .05: design effect 1 + (7 * 1.36 - 1) .05 = 1.426, so accounts
 * are 1.426/7 of the members that independent ones would take. */
static void breadth_is_planned_in_accounts(void **state)
{
    struct experiment experiment;
    struct variant variants[2];
    struct metric goal;
    struct plan plan, members;
    (void)state;
    experiment_of_two(&experiment, variants, &goal);
    plan_of(&experiment, &members);
    goal.kind = METRIC_BREADTH;
    experiment.unit = UNIT_ACCOUNT;
    experiment.expect.has_members = true;
    experiment.expect.members_mean = 7;
    experiment.expect.members_cv = .6;
    experiment.expect.members_icc = .05;
    plan_of(&experiment, &plan);
    assert_true(fabs(plan.planned - members.planned * 1.426 / 7) < 2);
    assert_close(plan.expected_difference, .022, 1e-9);
}

static void declared_units_override_and_nothing_expected_plans_nothing(void **state)
{
    struct experiment experiment;
    struct variant variants[2];
    struct metric goal;
    struct plan plan;
    (void)state;
    experiment_of_two(&experiment, variants, &goal);
    experiment.expect.units = 12345;
    plan_of(&experiment, &plan);
    assert_close(plan.planned, 12345, 0);
    experiment.expect = (struct expectation){0};
    plan_of(&experiment, &plan);
    assert_close(plan.planned, 0, 0);
    assert_close(plan.planned_pair[1], PLANNED_UNITS_DEFAULT, 0);
    experiment.unit = UNIT_ACCOUNT;
    plan_of(&experiment, &plan);
    assert_close(plan.planned_pair[1], PLANNED_ACCOUNTS_DEFAULT, 0);
}

static void the_final_set_closes_with_the_size_or_the_end_whichever_is_first(void **state)
{
    uint64_t totals[] = {100, 200, 300, 400};
    struct exposures exposures = {.first = 1000, .days = 4, .total = totals};
    struct plan plan = {.design = DESIGN_HYBRID, .planned = 250, .end_ms = day_start_ms(1010)};
    (void)state;
    struct final_set final = final_set_of(&plan, &exposures);
    assert_int_equal(final.because, FINAL_SIZE);
    assert_int_equal(final.cohort, 1002);
    plan.end_ms = day_start_ms(1001) + HOUR_MS; /* the last moment before lies in day 1001 */
    final = final_set_of(&plan, &exposures);
    assert_int_equal(final.because, FINAL_END);
    assert_int_equal(final.cohort, 1001);
    plan.end_ms = day_start_ms(1001); /* and before midnight in day 1000 */
    assert_int_equal(final_set_of(&plan, &exposures).cohort, 1000);
    plan = (struct plan){.design = DESIGN_HYBRID, .planned = 500, .end_ms = TIME_NONE};
    assert_int_equal(final_set_of(&plan, &exposures).because, FINAL_UNKNOWN);
    plan.design = DESIGN_ALWAYS;
    plan.planned = 250;
    assert_int_equal(final_set_of(&plan, &exposures).because, FINAL_UNKNOWN);
}

static void moving_the_end_leaves_the_final_set_where_it_was(void **state)
{
    uint64_t totals[] = {100, 200};
    struct exposures exposures = {.first = 1000, .days = 2, .total = totals};
    struct plan plan = {.design = DESIGN_HYBRID, .end_ms = day_start_ms(1010)};
    struct declared declared = {
        .status = EXPERIMENT_RUNNING, .stopped_ms = TIME_NONE, .end_ms = day_start_ms(1020)};
    struct progress progress;
    (void)state;
    progress_of(&plan, &declared, &exposures, day_start_ms(1012), &progress);
    assert_int_equal(progress.final.cohort, 1009);
    assert_false(progress.hand);
    assert_false(progress.closed);
    declared.end_ms = day_start_ms(1005); /* earlier: that is a stop by hand */
    progress_of(&plan, &declared, &exposures, day_start_ms(1012), &progress);
    assert_int_equal(progress.final.cohort, 1009);
    assert_true(progress.hand);
    assert_true(progress.closed);
    assert_int_equal(progress.last_cohort, 1004);
}

static void a_stop_after_the_planned_size_is_no_stop_by_hand(void **state)
{
    uint64_t totals[] = {100, 200, 300};
    struct exposures exposures = {.first = 1000, .days = 3, .total = totals};
    struct plan plan = {.design = DESIGN_HYBRID, .planned = 200, .end_ms = TIME_NONE};
    struct declared declared = {.status = EXPERIMENT_STOPPED,
                                .stopped_ms = day_start_ms(1002) + HOUR_MS,
                                .end_ms = TIME_NONE};
    struct progress progress;
    (void)state;
    progress_of(&plan, &declared, &exposures, day_start_ms(1010), &progress);
    assert_false(progress.hand);
    plan.planned = 1000;
    progress_of(&plan, &declared, &exposures, day_start_ms(1010), &progress);
    assert_true(progress.hand);
    plan.design = DESIGN_ALWAYS; /* its evidence survives any stop */
    progress_of(&plan, &declared, &exposures, day_start_ms(1010), &progress);
    assert_false(progress.hand);
}

static void a_cohort_is_mature_when_its_end_and_the_window_have_passed(void **state)
{
    (void)state;
    int64_t ripe = cohort_mature_ms(1000, 7 * DAY_MS);
    assert_int_equal(ripe, day_start_ms(1008));
    assert_int_equal(cohort_mature(ripe, 7 * DAY_MS), 1000);
    assert_int_equal(cohort_mature(ripe - 1, 7 * DAY_MS), 999);
}

static void hybrid_splits_the_error_and_waits_with_the_fixed_test(void **state)
{
    static struct fixture f;
    (void)state;
    fixture_init(&f, 2, DESIGN_HYBRID);
    struct fixture_metric *goal = fixture_metric(&f, "m", ROLE_GOAL, 1);
    fixture_counts(goal, 50, 20, 21);
    f.plan.end_ms = f.declared.end_ms = fixture_end(20, 0);
    f.days = 20;
    f.as_of_ms = fixture_end(10, 1); /* ten cohorts are mature */
    fixture_infer(&f);
    const struct comparison *comparison = &goal->comparisons[1];
    assert_int_equal(goal->result.run, 10);
    assert_int_equal(goal->observed[1].units, 500);
    assert_false(goal->result.final);
    assert_false(comparison->has_p);
    assert_true(comparison->has_p_now);
    assert_close(comparison->p_h, fmin(1, 5 * comparison->p_now), 1e-12);
    /* w = 11.75637 at .01 (statistics.md, section 4); c by its formula. */
    double wr = 11.756370 * 1000 / PLANNED_UNITS_DEFAULT;
    double c = sqrt((1 + 1 / wr) * (log1p(wr) - 2 * log(.01)));
    assert_close(comparison->difference.anytime.low,
                 comparison->difference.estimate - c * comparison->difference.se, 1e-6);

    f.as_of_ms = fixture_end(20, 1);
    fixture_infer(&f);
    assert_true(goal->result.final);
    assert_true(comparison->has_p);
    assert_close(comparison->p_h, fmin(1, fmin(5 * comparison->p_now, 1.25 * comparison->p)),
                 1e-12);
    struct metric_levels levels = metric_levels_of(&f.plan, ROLE_GOAL);
    assert_close(levels.fixed, .04, 1e-12);
    assert_close(levels.anytime, .01, 1e-12);
}

static void later_cohorts_leave_the_final_p_alone_to_the_byte(void **state)
{
    static struct fixture f;
    (void)state;
    fixture_init(&f, 2, DESIGN_HYBRID);
    struct fixture_metric *goal = fixture_metric(&f, "m", ROLE_GOAL, 1);
    fixture_counts(goal, 53, 17, 22);
    f.plan.end_ms = fixture_end(20, 0);
    f.days = 20;
    f.as_of_ms = fixture_end(20, 1);
    fixture_infer(&f);
    double p = goal->comparisons[1].p, estimate = goal->comparisons[1].difference.estimate;
    double p_now = goal->comparisons[1].p_now;
    f.days = 40;
    f.as_of_ms = fixture_end(40, 1);
    fixture_infer(&f);
    assert_memory_equal(&p, &goal->comparisons[1].p, sizeof p);
    assert_memory_equal(&estimate, &goal->comparisons[1].difference.estimate, sizeof estimate);
    assert_true(goal->comparisons[1].p_now < p_now); /* the anytime one goes on */
}

static void p_h_says_what_the_intervals_say(void **state)
{
    static struct fixture f;
    (void)state;
    for (uint64_t treatment = 10; treatment < 30; treatment++) {
        fixture_init(&f, 2, DESIGN_HYBRID);
        struct fixture_metric *goal = fixture_metric(&f, "m", ROLE_GOAL, 1);
        fixture_counts(goal, 53, 17, treatment);
        f.plan.end_ms = fixture_end(15, 0);
        f.days = 15;
        f.as_of_ms = fixture_end(treatment % 2 ? 12 : 15, 1);
        fixture_infer(&f);
        const struct comparison *comparison = &goal->comparisons[1];
        const struct effect_report *difference = &comparison->difference;
        bool excluded = difference->has_anytime &&
                        (difference->anytime.low > 0 || difference->anytime.high < 0);
        excluded = excluded || (difference->has_interval &&
                                (difference->interval.low > 0 || difference->interval.high < 0));
        assert_int_equal(comparison->p_h <= f.plan.alpha, excluded);
    }
}

static void nothing_is_said_before_the_gate(void **state)
{
    static struct fixture f;
    (void)state;
    fixture_init(&f, 2, DESIGN_ALWAYS);
    struct fixture_metric *goal = fixture_metric(&f, "m", ROLE_GOAL, 1);
    fixture_counts(goal, 10, 3, 6);
    f.days = 30;
    f.as_of_ms = fixture_end(9, 1);
    fixture_infer(&f);
    assert_int_equal(goal->comparisons[1].reason, REASON_TOO_EARLY);
    assert_false(goal->comparisons[1].has_p_adjusted);
    f.as_of_ms = fixture_end(10, 1); /* 100 units, 30 and 60 successes */
    fixture_infer(&f);
    assert_int_equal(goal->comparisons[1].reason, REASON_NONE);
    fixture_counts(goal, 10, 3, 10); /* nobody failed */
    fixture_infer(&f);
    assert_int_equal(goal->comparisons[1].reason, REASON_TOO_EARLY);
}

static void p_anytime_never_rises_and_knows_its_day(void **state)
{
    static struct fixture f;
    double before = 1;
    (void)state;
    for (size_t days = 1; days <= 30; days++) {
        fixture_init(&f, 2, DESIGN_ALWAYS);
        struct fixture_metric *goal = fixture_metric(&f, "m", ROLE_GOAL, 0);
        fixture_counts(goal, 53, 17, 25);
        f.days = days;
        f.as_of_ms = fixture_end(days, 0);
        fixture_infer(&f);
        const struct comparison *comparison = &goal->comparisons[1];
        assert_true(comparison->p_anytime <= before);
        if (comparison->p_anytime < 1)
            assert_in_range(comparison->p_anytime_cohort, FIXTURE_FIRST, goal->result.last_mature);
        before = comparison->p_anytime;
    }
    assert_true(before < .05);
}

static void adding_a_secondary_changes_no_number_of_a_goal(void **state)
{
    static struct fixture one, two;
    (void)state;
    for (size_t pass = 0; pass < 2; pass++) {
        struct fixture *f = pass ? &two : &one;
        fixture_init(f, 2, DESIGN_HYBRID);
        fixture_counts(fixture_metric(f, "m", ROLE_GOAL, 1), 53, 17, 25);
        if (pass)
            fixture_counts(fixture_metric(f, "s", ROLE_SECONDARY, 1), 53, 20, 21);
        f->days = 20;
        f->as_of_ms = fixture_end(20, 1);
        fixture_infer(f);
    }
    assert_memory_equal(&one.metrics[0].comparisons[1], &two.metrics[0].comparisons[1],
                        sizeof(struct comparison));
}

static void a_goal_not_estimable_yet_still_counts_in_its_family(void **state)
{
    static struct fixture f;
    (void)state;
    fixture_init(&f, 2, DESIGN_ALWAYS);
    struct fixture_metric *goal = fixture_metric(&f, "m", ROLE_GOAL, 1);
    fixture_counts(goal, 53, 17, 25);
    fixture_metric(&f, "late", ROLE_GOAL, 90); /* no cohort is mature */
    f.days = 20;
    f.as_of_ms = fixture_end(20, 1);
    fixture_infer(&f);
    assert_close(goal->comparisons[1].p_adjusted, 2 * goal->comparisons[1].p_now, 1e-12);
    assert_false(f.metrics[1].comparisons[1].has_p_adjusted);
}

static void a_guardrail_passes_by_its_bound_and_is_harmed_by_the_other(void **state)
{
    static struct fixture f;
    (void)state;
    fixture_init(&f, 2, DESIGN_HYBRID);
    fixture_counts(fixture_metric(&f, "m", ROLE_GOAL, 1), 400, 100, 100);
    struct fixture_metric *guardrail = fixture_metric(&f, "g", ROLE_GUARDRAIL, 1);
    guardrail->plan.margin = .05;
    fixture_counts(guardrail, 400, 200, 200);
    f.plan.end_ms = fixture_end(30, 0);
    f.days = 30;
    f.as_of_ms = fixture_end(29, 1);
    fixture_infer(&f);
    const struct comparison *comparison = &guardrail->comparisons[1];
    assert_int_equal(comparison->state, GUARDRAIL_PASSED);
    assert_true(comparison->bound > -.05 && comparison->bound < 0);
    guardrail->plan.margin = .001; /* too little to be shown with so few */
    fixture_infer(&f);
    assert_int_equal(comparison->state, GUARDRAIL_OPEN);
    guardrail->plan.lower_is_better = true;
    guardrail->plan.margin = .05;
    fixture_infer(&f);
    assert_int_equal(comparison->state, GUARDRAIL_PASSED);
    assert_true(comparison->bound > 0);
    fixture_counts(guardrail, 400, 200, 240); /* higher is worse */
    fixture_infer(&f);
    assert_int_equal(comparison->state, GUARDRAIL_HARMED);
    guardrail->plan.margin = .5; /* harm, but less than is borne */
    fixture_infer(&f);
    assert_int_equal(comparison->state, GUARDRAIL_PASSED);
}

static void harm_is_watched_in_fixed_too_but_nothing_passes_before_the_end(void **state)
{
    static struct fixture f;
    (void)state;
    fixture_init(&f, 2, DESIGN_FIXED);
    fixture_counts(fixture_metric(&f, "m", ROLE_GOAL, 1), 400, 100, 130);
    struct fixture_metric *guardrail = fixture_metric(&f, "g", ROLE_GUARDRAIL, 1);
    guardrail->plan.margin = .05;
    fixture_counts(guardrail, 400, 200, 201);
    f.plan.end_ms = fixture_end(30, 0);
    f.days = 30;
    f.as_of_ms = fixture_end(29, 1);
    fixture_infer(&f);
    assert_int_equal(guardrail->comparisons[1].state, GUARDRAIL_OPEN);
    assert_false(guardrail->comparisons[1].has_bound);
    assert_true(guardrail->comparisons[1].difference.has_anytime);
    assert_false(f.metrics[0].comparisons[1].difference.has_anytime);
    f.as_of_ms = fixture_end(30, 1);
    fixture_infer(&f);
    assert_int_equal(guardrail->comparisons[1].state, GUARDRAIL_PASSED);
}

static void a_relative_margin_is_a_part_of_the_control(void **state)
{
    static struct fixture f;
    (void)state;
    fixture_init(&f, 2, DESIGN_FIXED);
    fixture_counts(fixture_metric(&f, "m", ROLE_GOAL, 1), 400, 100, 100);
    struct fixture_metric *guardrail = fixture_metric(&f, "g", ROLE_GUARDRAIL, 1);
    guardrail->plan.margin = .1;
    guardrail->plan.relative = true;
    fixture_counts(guardrail, 400, 40, 40); /* 10 %: a tenth of it is one point */
    f.plan.end_ms = fixture_end(30, 0);
    f.days = 30;
    f.as_of_ms = fixture_end(30, 1);
    fixture_infer(&f);
    const struct comparison *comparison = &guardrail->comparisons[1];
    /* exp(-1.96 sqrt(2 (1/1200 - 1/12000))) - 1, by hand. */
    assert_close(comparison->bound,
                 expm1(-1.959963984540054 * sqrt(2 * (1 / 1200.0 - 1 / 12000.0))), 1e-9);
    assert_int_equal(comparison->state, GUARDRAIL_PASSED);
    guardrail->plan.margin = .05;
    fixture_infer(&f);
    assert_int_equal(comparison->state, GUARDRAIL_OPEN);
}

static void a_kind_not_computed_is_blind_at_its_final_look(void **state)
{
    static struct fixture f;
    (void)state;
    fixture_init(&f, 2, DESIGN_HYBRID);
    fixture_counts(fixture_metric(&f, "m", ROLE_GOAL, 1), 400, 100, 100);
    struct fixture_metric *guardrail = fixture_metric(&f, "nps", ROLE_GUARDRAIL, 1);
    guardrail->plan.kind = METRIC_RETENTION_CURVE;
    f.plan.end_ms = fixture_end(30, 0);
    f.days = 30;
    f.as_of_ms = fixture_end(29, 1);
    fixture_infer(&f);
    assert_int_equal(guardrail->comparisons[1].state, GUARDRAIL_OPEN);
    f.as_of_ms = fixture_end(30, 1);
    fixture_infer(&f);
    assert_int_equal(guardrail->comparisons[1].state, GUARDRAIL_BLIND);
    assert_false(guardrail->result.computed);
}

static void accounts_pay_for_being_few(void **state)
{
    static struct fixture users, accounts;
    (void)state;
    for (size_t pass = 0; pass < 2; pass++) {
        struct fixture *f = pass ? &accounts : &users;
        fixture_init(f, 2, DESIGN_ALWAYS);
        f->plan.accounts = pass == 1;
        fixture_counts(fixture_metric(f, "m", ROLE_GOAL, 1), 10, 4, 5);
        f->days = 12;
        f->as_of_ms = fixture_end(12, 1);
        fixture_infer(f);
    }
    struct interval plain = users.metrics[0].comparisons[1].difference.anytime;
    struct interval wide = accounts.metrics[0].comparisons[1].difference.anytime;
    assert_true(wide.low < plain.low && wide.high > plain.high);
    accounts.as_of_ms = fixture_end(3, 1); /* 30 accounts, 12 and 15 did */
    fixture_infer(&accounts);
    assert_int_equal(accounts.metrics[0].comparisons[1].reason, REASON_NONE);
}

static void crossed_units_alarm_by_share_and_by_difference(void **state)
{
    const uint64_t exposed[] = {10000, 10000};
    struct crossed_report report;
    (void)state;
    crossed_check((const uint64_t[]){600, 600}, exposed, 2, &report);
    assert_true(report.alarm);
    assert_close(report.share, .06, 1e-12);
    crossed_check((const uint64_t[]){100, 200}, exposed, 2, &report);
    assert_true(report.alarm);
    crossed_check((const uint64_t[]){100, 110}, exposed, 2, &report);
    assert_false(report.alarm);
    crossed_check((const uint64_t[]){0, 0}, (const uint64_t[]){0, 0}, 2, &report);
    assert_false(report.alarm);
}

/* One value of a segment whose gate is not reached: its counts speak for themselves. */
static bool effect_of_counts(const struct plan *plan, const struct proportion_pair *pair,
                             struct effect *effect)
{
    struct observed observed[2] = {{.sample.proportion = pair->control},
                                   {.sample.proportion = pair->treatment}};
    struct comparison comparisons[2] = {{.reason = REASON_TOO_EARLY}, {.reason = REASON_TOO_EARLY}};
    struct metric_result result = {
        .computed = true, .observed = observed, .comparisons = comparisons};
    return segment_effect(plan, &result, 1, effect);
}

static void heterogeneity_needs_two_values_with_outcomes(void **state)
{
    struct heterogeneity found;
    struct effect effects[3];
    size_t used = 0;
    struct plan plan = {.variants = 2, .planned_pair = {2000, 2000}};
    const struct proportion_pair values[] = {
        {.treatment = {120, 500}, .control = {80, 500}},
        {.treatment = {90, 500}, .control = {110, 500}},
        {.treatment = {1, 4}, .control = {3, 5}},
    };
    (void)state;
    for (size_t i = 0; i < 3; i++)
        used += effect_of_counts(&plan, &values[i], &effects[used]);
    assert_int_equal(used, 2);
    assert_int_equal(heterogeneity_of(effects, used, &found), REASON_NONE);
    assert_int_equal(found.q.df, 1);
    /* Q = (d1 - d2)^2 / (v1 + v2) for two. */
    double v1 = .24 * .76 / 500 + .16 * .84 / 500, v2 = .18 * .82 / 500 + .22 * .78 / 500;
    assert_close(found.q.statistic, .12 * .12 / (v1 + v2), 1e-9);
    assert_int_equal(heterogeneity_of(effects, 1, &found), REASON_TOO_FEW);
}

static void the_forecast_goes_by_the_last_week(void **state)
{
    static struct fixture f;
    (void)state;
    fixture_init(&f, 2, DESIGN_HYBRID);
    fixture_counts(fixture_metric(&f, "m", ROLE_GOAL, 1), 50, 11, 12);
    f.plan.planned = 5000;
    f.plan.expected_difference = .022;
    f.days = 20;
    f.as_of_ms = fixture_end(20, 0);
    fixture_infer(&f);
    assert_close(f.forecast.per_day, 100, 1e-12);
    assert_true(f.forecast.has_final);
    assert_int_equal(f.forecast.cohort, FIXTURE_FIRST + 20 + 30);
    assert_true(f.forecast.has_detectable);
    assert_true(f.forecast.detectable > .022);
    assert_close(f.forecast.detectable_lift, f.forecast.detectable / .22, 1e-9);
}

/* 2000 of 5000 after 20 days at 100 a day: 30 days more.  The end after 25 days comes first; by
 * then 2500 are there, and what they can show is what that many would show today. */
static void the_forecast_knows_the_end_before_the_size(void **state)
{
    static struct fixture f, then;
    (void)state;
    fixture_init(&f, 2, DESIGN_HYBRID);
    fixture_counts(fixture_metric(&f, "m", ROLE_GOAL, 1), 50, 11, 11);
    f.plan.planned = 5000;
    f.plan.end_ms = f.declared.end_ms = fixture_end(25, 0);
    f.days = 20;
    f.as_of_ms = fixture_end(20, 1) - 1;
    fixture_infer(&f);
    assert_int_equal(f.forecast.cohort, FIXTURE_FIRST + 24);
    assert_true(f.forecast.has_size);
    assert_int_equal(f.forecast.size_cohort, FIXTURE_FIRST + 20 + 30);
    assert_true(f.forecast.has_by_end);
    assert_int_equal(f.forecast.by_end_cohort, FIXTURE_FIRST + 24);
    then = f;
    then.days = 24;
    then.as_of_ms = fixture_end(24, 1);
    fixture_infer(&then);
    assert_close(f.forecast.by_end, then.forecast.detectable, 1e-9);
    assert_true(f.forecast.by_end < f.forecast.detectable);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(planned_units_are_those_of_the_sample_size_formula),
        cmocka_unit_test(every_kind_of_goal_with_a_spread_is_planned),
        cmocka_unit_test(breadth_is_planned_in_accounts),
        cmocka_unit_test(declared_units_override_and_nothing_expected_plans_nothing),
        cmocka_unit_test(the_final_set_closes_with_the_size_or_the_end_whichever_is_first),
        cmocka_unit_test(moving_the_end_leaves_the_final_set_where_it_was),
        cmocka_unit_test(a_stop_after_the_planned_size_is_no_stop_by_hand),
        cmocka_unit_test(a_cohort_is_mature_when_its_end_and_the_window_have_passed),
        cmocka_unit_test(hybrid_splits_the_error_and_waits_with_the_fixed_test),
        cmocka_unit_test(later_cohorts_leave_the_final_p_alone_to_the_byte),
        cmocka_unit_test(p_h_says_what_the_intervals_say),
        cmocka_unit_test(nothing_is_said_before_the_gate),
        cmocka_unit_test(p_anytime_never_rises_and_knows_its_day),
        cmocka_unit_test(adding_a_secondary_changes_no_number_of_a_goal),
        cmocka_unit_test(a_goal_not_estimable_yet_still_counts_in_its_family),
        cmocka_unit_test(a_guardrail_passes_by_its_bound_and_is_harmed_by_the_other),
        cmocka_unit_test(harm_is_watched_in_fixed_too_but_nothing_passes_before_the_end),
        cmocka_unit_test(a_relative_margin_is_a_part_of_the_control),
        cmocka_unit_test(a_kind_not_computed_is_blind_at_its_final_look),
        cmocka_unit_test(accounts_pay_for_being_few),
        cmocka_unit_test(crossed_units_alarm_by_share_and_by_difference),
        cmocka_unit_test(heterogeneity_needs_two_values_with_outcomes),
        cmocka_unit_test(the_forecast_goes_by_the_last_week),
        cmocka_unit_test(the_forecast_knows_the_end_before_the_size),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
