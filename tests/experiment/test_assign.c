/*
 * Assignment: each row of the grammar's section 8 by hand, and what holds for a million ids.
 * The golden cases (test_assign_cases.c) bring an independent program's answers.
 */

#include "experiment/assign.h"

#include "experiment/fixture.h"
#include "support/support.h"

#include <stdio.h>

static void assert_gets(const struct experiment *experiment, const char *id, size_t variant,
                        enum assign_reason reason)
{
    struct assignment got = ask(experiment, id);
    assert_string_equal(assign_reason_text(got.reason), assign_reason_text(reason));
    assert_int_equal(got.variant, variant);
    assert_ptr_equal(got.experiment, experiment);
    assert_int_equal(got.in_experiment, reason == ASSIGN_SPLIT);
    if (reason != ASSIGN_HOLDOUT)
        assert_int_equal(got.exposed, reason == ASSIGN_SPLIT);
}

/* ---- Section 8 ---- */

/* Under the salt `crm`; figures of tests/oracle/assign.py.
 *      split    variant     holdout q4  exclusive first-run  rollout
 * u3   .6757    checklist   .501        .363                 .5444
 * u4   .2176    tour        .272        .984                 .3002 */
static void buckets_are_those_that_the_rows_below_count_on(void **state)
{
    (void)state;
    assert_true(bucket_version2(SLICE("crm"), SLICE("u3")) == 0.6757);
    assert_true(bucket_version2(SLICE("crm"), SLICE("u4")) == 0.2176);
    assert_true(bucket_of_holdout(SLICE("u3"), SLICE("q4")) == 0.501);
    assert_true(bucket_of_holdout(SLICE("u4"), SLICE("q4")) == 0.272);
    assert_true(bucket_of_namespace(SLICE("u3"), SLICE("first-run")) == 0.363);
    assert_true(bucket_of_namespace(SLICE("u4"), SLICE("first-run")) == 0.984);
    assert_true(bucket_of_rollout(SLICE("crm"), SLICE("u3")) == 0.5444);
    assert_true(bucket_of_rollout(SLICE("crm"), SLICE("u4")) == 0.3002);
}

static void a_running_experiment_splits(void **state)
{
    (void)state;
    struct experiment experiment = experiment_of("crm");
    assert_gets(&experiment, "u3", 1, ASSIGN_SPLIT);
    assert_gets(&experiment, "u4", 0, ASSIGN_SPLIT);
    experiment.salt = SLICE("other");
    assert_true(bucket_version2(SLICE("other"), SLICE("u3")) == 0.3359);
    assert_gets(&experiment, "u3", 0, ASSIGN_SPLIT);
}

static void elsewhere_comes_before_everything(void **state)
{
    (void)state;
    struct experiment experiment = experiment_of("crm");
    experiment.assignment = ASSIGNMENT_ELSEWHERE;
    for (int status = EXPERIMENT_DRAFT; status <= EXPERIMENT_STOPPED; status++) {
        experiment.status = (enum experiment_status)status;
        assert_gets(&experiment, "qa", 0, ASSIGN_ASSIGNED_ELSEWHERE);
        assert_gets(&experiment, "u3", 0, ASSIGN_ASSIGNED_ELSEWHERE);
    }
}

static void forced_units_count_in_drafts_and_running_ones_only(void **state)
{
    (void)state;
    static const enum assign_reason others[] = {ASSIGN_DRAFT, ASSIGN_SPLIT, ASSIGN_PAUSED,
                                                ASSIGN_STOPPED};
    struct experiment experiment = experiment_of("crm");
    for (int status = EXPERIMENT_DRAFT; status <= EXPERIMENT_STOPPED; status++) {
        experiment.status = (enum experiment_status)status;
        if (status <= EXPERIMENT_RUNNING) {
            assert_gets(&experiment, "a-tester", 1, ASSIGN_FORCED);
            assert_gets(&experiment, "qa", 1, ASSIGN_FORCED);
            assert_gets(&experiment, "z", 0, ASSIGN_FORCED);
        } else {
            assert_gets(&experiment, "qa", 0, others[status]);
        }
        assert_gets(&experiment, "u4", 0, others[status]);
        assert_gets(&experiment, "a", 0, others[status]); /* the beginning of a forced id */
    }
    /* Forced wins over dates, audience, holdout and coverage. */
    experiment = experiment_of("crm");
    experiment.start_ms = NOON + 1;
    experiment.audience = &owners;
    experiment.holdout_group = SLICE("q4");
    experiment.holdout_share = 0.5;
    experiment.coverage = 0;
    assert_gets(&experiment, "qa", 1, ASSIGN_FORCED);
}

static void the_brake_stops_everyone(void **state)
{
    (void)state;
    struct experiment experiment = experiment_of("crm");
    experiment.status = EXPERIMENT_PAUSED;
    experiment.start_ms = NOON + 1;
    assert_gets(&experiment, "u3", 0, ASSIGN_PAUSED);
}

static void dates_are_half_open(void **state)
{
    (void)state;
    struct experiment experiment = experiment_of("crm");
    experiment.start_ms = NOON + 1;
    assert_gets(&experiment, "u3", 0, ASSIGN_NOT_STARTED);
    experiment.start_ms = NOON;
    assert_gets(&experiment, "u3", 1, ASSIGN_SPLIT);
    experiment.end_ms = NOON + 1;
    assert_gets(&experiment, "u3", 1, ASSIGN_SPLIT);
    experiment.end_ms = NOON;
    assert_gets(&experiment, "u3", 1, ASSIGN_ENDED); /* nobody loses a flow half-way */
    assert_gets(&experiment, "u4", 0, ASSIGN_ENDED);
    experiment.coverage = 0.2;
    assert_gets(&experiment, "u3", 0, ASSIGN_NOT_IN_COVERAGE);
}

static void an_audience_that_fails_comes_before_the_holdout(void **state)
{
    (void)state;
    const struct assign_options now = {.now_ms = NOON};
    const struct assign_options fold = {.now_ms = NOON, .any_audience = true};
    struct experiment experiment = experiment_of("crm");
    experiment.audience = &owners;
    experiment.holdout_group = SLICE("q4");
    experiment.holdout_share = 0.502;
    assert_gets(&experiment, "u3", 0, ASSIGN_NOT_IN_AUDIENCE);
    assert_int_equal(assign(&experiment, SLICE("u3"), &owner_traits, &now).reason, ASSIGN_HOLDOUT);
    assert_int_equal(assign(&experiment, SLICE("u3"), NULL, &fold).reason, ASSIGN_HOLDOUT);
    experiment.holdout_share = 0.501;
    assert_int_equal(assign(&experiment, SLICE("u3"), &owner_traits, &now).reason, ASSIGN_SPLIT);
}

static void who_is_held_out_is_exposed_where_others_would_be(void **state)
{
    (void)state;
    struct experiment experiment = experiment_of("crm");
    experiment.holdout_group = SLICE("q4");
    experiment.holdout_share = 0.502;
    assert_gets(&experiment, "u3", 0, ASSIGN_HOLDOUT);
    assert_true(ask(&experiment, "u3").exposed);
    experiment.coverage = 0.5; /* .6757 lies in [.5, .75) */
    assert_true(ask(&experiment, "u3").exposed);
    experiment.coverage = 0.35; /* and not in [.5, .675) */
    assert_gets(&experiment, "u3", 0, ASSIGN_HOLDOUT);
    assert_false(ask(&experiment, "u3").exposed);
    experiment.coverage = 1;
    experiment.end_ms = NOON;
    assert_gets(&experiment, "u3", 0, ASSIGN_HOLDOUT);
    assert_false(ask(&experiment, "u3").exposed);
    const struct assign_options open = {.now_ms = NOON - 1, .any_holdout = true};
    assert_int_equal(assign(&experiment, SLICE("u3"), NULL, &open).reason, ASSIGN_SPLIT);
}

static void the_exclusive_range_is_half_open_and_comes_before_the_coverage(void **state)
{
    (void)state;
    struct experiment experiment = experiment_of("crm");
    experiment.exclusive_group = SLICE("first-run");
    experiment.exclusive_low = 0;
    experiment.exclusive_high = 0.363;
    experiment.coverage = 0;
    assert_gets(&experiment, "u3", 0, ASSIGN_EXCLUDED);
    experiment.exclusive_low = 0.363;
    experiment.exclusive_high = 0.364;
    assert_gets(&experiment, "u3", 0, ASSIGN_NOT_IN_COVERAGE);
    experiment.coverage = 1;
    assert_gets(&experiment, "u3", 1, ASSIGN_SPLIT);
}

static void a_rollout_keeps_those_who_had_it_and_adds_its_share(void **state)
{
    (void)state;
    struct experiment experiment = experiment_of("crm");
    experiment.status = EXPERIMENT_STOPPED;
    assert_gets(&experiment, "u3", 0, ASSIGN_STOPPED);

    experiment.has_rollout = true;
    experiment.rollout_to = 1;
    experiment.rollout_coverage = 0;
    assert_gets(&experiment, "u3", 1, ASSIGN_ROLLED_OUT); /* had it */
    assert_gets(&experiment, "u4", 0, ASSIGN_STOPPED);
    experiment.rollout_coverage = 0.3002;
    assert_gets(&experiment, "u4", 0, ASSIGN_STOPPED);
    experiment.rollout_coverage = 0.3003;
    assert_gets(&experiment, "u4", 1, ASSIGN_ROLLED_OUT);
    experiment.rollout_coverage = 1;
    assert_gets(&experiment, "u4", 1, ASSIGN_ROLLED_OUT);

    experiment.rollout_coverage = 0;
    experiment.coverage = 0.3; /* u3 was never in the split: .6757 is past .65 */
    assert_gets(&experiment, "u3", 0, ASSIGN_STOPPED);
    experiment.coverage = 1;
    experiment.exclusive_group = SLICE("first-run"); /* nor here */
    experiment.exclusive_high = 0.3;
    assert_gets(&experiment, "u3", 0, ASSIGN_STOPPED);

    experiment.rollout_coverage = 1;
    experiment.holdout_group = SLICE("q4");
    experiment.holdout_share = 0.5;
    assert_gets(&experiment, "u4", 0, ASSIGN_HOLDOUT);
    experiment.audience = &owners;
    assert_gets(&experiment, "u4", 0, ASSIGN_NOT_IN_AUDIENCE);
    experiment.start_ms = NOON + 1;
    assert_gets(&experiment, "u4", 0, ASSIGN_NOT_STARTED);
}

static void a_ramp_is_a_row_of_steps(void **state)
{
    (void)state;
    static const struct ramp_step ramp[] = {{.from_ms = 1000, .coverage = 0.1},
                                            {.from_ms = 2000, .coverage = 0.1},
                                            {.from_ms = 3000, .coverage = 0.8}};
    struct experiment experiment = experiment_of("crm");
    experiment.ramp = ramp;
    experiment.ramp_count = 3;
    assert_true(assign_coverage(&experiment, 999) == 0);
    assert_true(assign_coverage(&experiment, 1000) == 0.1);
    assert_true(assign_coverage(&experiment, 2999) == 0.1);
    assert_true(assign_coverage(&experiment, 3000) == 0.8);
    assert_true(assign_coverage(&experiment, INT64_MAX) == 0.8);
    experiment.ramp_count = 0;
    assert_true(assign_coverage(&experiment, 0) == 1);
}

static void reasons_are_those_of_the_grammar(void **state)
{
    (void)state;
    static const char *const rows[ASSIGN_REASON_COUNT][2] = {
        [ASSIGN_ASSIGNED_ELSEWHERE] = {"assigned_elsewhere", "DISABLED"},
        [ASSIGN_FORCED] = {"forced", "TARGETING_MATCH"},
        [ASSIGN_DRAFT] = {"draft", "DISABLED"},
        [ASSIGN_PAUSED] = {"paused", "DISABLED"},
        [ASSIGN_STOPPED] = {"stopped", "DISABLED"},
        [ASSIGN_NOT_STARTED] = {"not_started", "DISABLED"},
        [ASSIGN_NOT_IN_AUDIENCE] = {"not_in_audience", "STATIC"},
        [ASSIGN_HOLDOUT] = {"holdout", "STATIC"},
        [ASSIGN_ROLLED_OUT] = {"rolled_out", "STATIC"},
        [ASSIGN_EXCLUDED] = {"excluded", "STATIC"},
        [ASSIGN_NOT_IN_COVERAGE] = {"not_in_coverage", "STATIC"},
        [ASSIGN_ENDED] = {"ended", "SPLIT"},
        [ASSIGN_SPLIT] = {"split", "SPLIT"},
    };
    for (size_t i = 0; i < ASSIGN_REASON_COUNT; i++) {
        assert_string_equal(assign_reason_text((enum assign_reason)i), rows[i][0]);
        assert_string_equal(assign_reason_ofrep((enum assign_reason)i), rows[i][1]);
    }
}

/* ---- A million ids ---- */

#define IDS 1000000
#define ONE_IN_A_MILLION_1 23.928 /* chi-square that so few exceed, by degrees of freedom */
#define ONE_IN_A_MILLION_2 27.631

/* -1 outside, else the variant. */
static int variant_of(const struct experiment *experiment, struct slice id)
{
    static const struct assign_options options = {.now_ms = NOON};
    struct assignment got = assign(experiment, id, NULL, &options);
    return got.in_experiment ? (int)got.variant : -1;
}

static void raising_coverage_moves_nobody(void **state)
{
    (void)state;
    static const double coverages[] = {0.05, 0.3, 0.8, 1};
    struct experiment experiment = experiment_of("crm");
    char text[16];
    for (unsigned i = 0; i < IDS; i++) {
        struct slice id = id_of(i, text);
        int before = -1;
        for (size_t k = 0; k < sizeof coverages / sizeof *coverages; k++) {
            experiment.coverage = coverages[k];
            int now = variant_of(&experiment, id);
            assert_true(before < 0 || now == before);
            before = now;
        }
        assert_true(before >= 0); /* with 100% everyone is in */
    }
}

static void shares_fit_the_weights(void **state)
{
    (void)state;
    static const struct variant thirds[] = {
        {.control = true, .weight = 0.2}, {.weight = 0.3}, {.weight = 0.5}};
    struct experiment experiment = experiment_of("shares");
    experiment.variants = thirds;
    experiment.variant_count = 3;
    double counts[3] = {0}, statistic = 0;
    char text[16];
    for (unsigned i = 0; i < IDS; i++)
        counts[variant_of(&experiment, id_of(i, text))]++;
    for (size_t i = 0; i < 3; i++) {
        double want = IDS * thirds[i].weight;
        statistic += (counts[i] - want) * (counts[i] - want) / want;
    }
    assert_true(statistic > 0 && statistic < ONE_IN_A_MILLION_2);
}

static void two_experiments_are_independent(void **state)
{
    (void)state;
    struct experiment first = experiment_of("crm-first-run"), second = experiment_of("crm-invite");
    double counts[2][2] = {{0}}, statistic = 0;
    char text[16];
    for (unsigned i = 0; i < IDS; i++) {
        struct slice id = id_of(i, text);
        counts[variant_of(&first, id)][variant_of(&second, id)]++;
    }
    for (size_t i = 0; i < 2; i++) {
        for (size_t k = 0; k < 2; k++) {
            double row = counts[i][0] + counts[i][1], column = counts[0][k] + counts[1][k];
            double want = row * column / IDS;
            statistic += (counts[i][k] - want) * (counts[i][k] - want) / want;
        }
    }
    assert_true(statistic < ONE_IN_A_MILLION_1);
}

static void exclusive_experiments_share_nobody(void **state)
{
    (void)state;
    struct experiment first = experiment_of("crm-first-run"), second = experiment_of("crm-invite");
    first.exclusive_group = second.exclusive_group = SLICE("first-run");
    first.exclusive_high = second.exclusive_low = 0.4;
    second.exclusive_high = 1;
    size_t in_first = 0;
    char text[16];
    for (unsigned i = 0; i < IDS; i++) {
        struct slice id = id_of(i, text);
        bool one = variant_of(&first, id) >= 0, two = variant_of(&second, id) >= 0;
        assert_true(one != two); /* the ranges touch: everyone is in just one */
        in_first += one;
    }
    double want = IDS * 0.4, missed = (double)in_first - want;
    assert_true(missed * missed / (want * 0.6) < ONE_IN_A_MILLION_1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(buckets_are_those_that_the_rows_below_count_on),
        cmocka_unit_test(a_running_experiment_splits),
        cmocka_unit_test(elsewhere_comes_before_everything),
        cmocka_unit_test(forced_units_count_in_drafts_and_running_ones_only),
        cmocka_unit_test(the_brake_stops_everyone),
        cmocka_unit_test(dates_are_half_open),
        cmocka_unit_test(an_audience_that_fails_comes_before_the_holdout),
        cmocka_unit_test(who_is_held_out_is_exposed_where_others_would_be),
        cmocka_unit_test(the_exclusive_range_is_half_open_and_comes_before_the_coverage),
        cmocka_unit_test(a_rollout_keeps_those_who_had_it_and_adds_its_share),
        cmocka_unit_test(a_ramp_is_a_row_of_steps),
        cmocka_unit_test(reasons_are_those_of_the_grammar),
        cmocka_unit_test(raising_coverage_moves_nobody),
        cmocka_unit_test(shares_fit_the_weights),
        cmocka_unit_test(two_experiments_are_independent),
        cmocka_unit_test(exclusive_experiments_share_nobody),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
