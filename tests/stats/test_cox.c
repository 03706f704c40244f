/* Cox's model against R's coxph and cox.zph, and what must hold for any units. */

#include "stats/cox.h"
#include "stats/life.h"
#include "stats/log_rank.h"

#include <gsl/gsl_errno.h>

static struct lives lives;
static struct life_row rows[2][LIVES_MAX];

static struct cox_pair pair_of(const struct lives *of)
{
    return (struct cox_pair){.control = of->tables[0], .treatment = of->tables[1]};
}

static void everything_matches_r(void **state)
{
    (void)state;
    static struct reference table;
    reference_load(&table, "cox");
    for (size_t row = 0; row < table.row_count; row++) {
        lives_load(&lives, table.names[row]);
        struct cox_pair pair = pair_of(&lives);
        struct cox efron, breslow;
        struct interval interval;
        struct test wald;
        struct chi_square test;
        assert_int_equal(cox_fit(&pair, COX_EFRON, &efron), REASON_NONE);
        assert_int_equal(cox_fit(&pair, COX_BRESLOW, &breslow), REASON_NONE);
        assert_close(efron.log_ratio, reference_at(&table, row, "loghr_efron"), 1e-8);
        assert_close(efron.se, reference_at(&table, row, "se_efron"), 1e-8);
        assert_close(breslow.log_ratio, reference_at(&table, row, "loghr_breslow"), 1e-8);
        assert_close(breslow.se, reference_at(&table, row, "se_breslow"), 1e-8);
        assert_close(efron.log_likelihood, reference_at(&table, row, "loglik"), 1e-9);
        assert_close(efron.null.log_likelihood, reference_at(&table, row, "loglik_null"), 1e-9);
        assert_int_equal(cox_interval(&efron, .05, &interval), REASON_NONE);
        assert_close(interval.low, reference_at(&table, row, "low"), 1e-8);
        assert_close(interval.high, reference_at(&table, row, "high"), 1e-8);
        assert_int_equal(cox_wald_test(&efron, &wald), REASON_NONE);
        assert_close(wald.p, reference_at(&table, row, "wald_p"), 1e-7);
        assert_int_equal(cox_likelihood_test(&efron, &test), REASON_NONE);
        assert_close(test.statistic, reference_at(&table, row, "lr_chisq"), 1e-8);
        assert_int_equal(cox_score_test(&efron.null, &test), REASON_NONE);
        assert_close(test.statistic, reference_at(&table, row, "score_chisq"), 1e-8);
        assert_int_equal(cox_proportional(&pair, &efron, &test), REASON_NONE);
        assert_close(test.statistic, reference_at(&table, row, "zph_chisq"), 1e-6);
        assert_close(test.p, reference_at(&table, row, "zph_p"), 1e-6);
    }
}

static void swapping_the_variants_inverts_the_ratio(void **state)
{
    (void)state;
    struct random random = {.state = 43};
    for (int i = 0; i < 40; i++) {
        lives_random(&lives, &random, (struct lives_shape){120, 2, i % 2 ? 1 : .01, .3, 0});
        struct cox_pair pair = pair_of(&lives), turned = {pair.control, pair.treatment};
        struct cox there, back;
        struct chi_square a, b;
        enum cox_ties ties = i % 3 ? COX_EFRON : COX_BRESLOW;
        assert_int_equal(cox_fit(&pair, ties, &there), REASON_NONE);
        assert_int_equal(cox_fit(&turned, ties, &back), REASON_NONE);
        assert_true(fabs(there.log_ratio + back.log_ratio) < 1e-9);
        assert_close(there.se, back.se, 1e-9);
        assert_int_equal(cox_proportional(&pair, &there, &a), REASON_NONE);
        assert_int_equal(cox_proportional(&turned, &back, &b), REASON_NONE);
        assert_close(a.statistic, b.statistic, 1e-6);
    }
}

static void without_ties_both_methods_and_the_log_rank_agree(void **state)
{
    (void)state;
    struct random random = {.state = 47};
    for (int i = 0; i < 20; i++) {
        lives_random(&lives, &random, (struct lives_shape){100, 2, 1e-6, .3, 0});
        struct cox_pair pair = pair_of(&lives);
        struct cox efron, breslow;
        struct chi_square score, log_rank;
        struct log_rank sums = {0};
        assert_int_equal(cox_fit(&pair, COX_EFRON, &efron), REASON_NONE);
        assert_int_equal(cox_fit(&pair, COX_BRESLOW, &breslow), REASON_NONE);
        assert_true(efron.log_ratio == breslow.log_ratio && efron.se == breslow.se);
        assert_int_equal(cox_score_test(&efron.null, &score), REASON_NONE);
        assert_int_equal(log_rank_add(&sums, lives.tables, 2, LOG_RANK_EQUAL), REASON_NONE);
        assert_int_equal(log_rank_test(&sums, &log_rank), REASON_NONE);
        assert_close(score.statistic, log_rank.statistic, 1e-9);
    }
}

/* One event time, Breslow: the ratio is that of the two shares, (d1/n1)/(d0/n0). */
static void one_event_time_is_a_ratio_of_shares(void **state)
{
    (void)state;
    const struct life_row treatment = {.time = 3.1, .at_risk = 217, .events = 31};
    const struct life_row control = {.time = 3.1, .at_risk = 283, .events = 23};
    struct cox_pair pair = {.treatment = {&treatment, 1}, .control = {&control, 1}};
    struct cox cox;
    struct chi_square test = {.statistic = 5};
    assert_int_equal(cox_fit(&pair, COX_BRESLOW, &cox), REASON_NONE);
    assert_close(exp(cox.log_ratio), 31. / 217 / (23. / 283), 1e-10);
    assert_close(cox.se, sqrt(1. / 31 + 1. / 23), 1e-10);
    assert_int_equal(cox_fit(&pair, COX_EFRON, &cox), REASON_NONE);
    assert_int_equal(cox_proportional(&pair, &cox, &test), REASON_NO_VARIATION);
    assert_true(test.statistic == 5);
}

static void the_interval_excludes_one_exactly_when_p_is_below_alpha(void **state)
{
    (void)state;
    struct random random = {.state = 53};
    for (int i = 0; i < 200; i++) {
        lives_random(&lives, &random, (struct lives_shape){60, 2, .2, .2, 0});
        struct cox_pair pair = pair_of(&lives);
        struct cox cox;
        struct test wald;
        struct interval interval;
        double alpha = random_log(&random, .01, .9);
        assert_int_equal(cox_fit(&pair, COX_EFRON, &cox), REASON_NONE);
        assert_int_equal(cox_wald_test(&cox, &wald), REASON_NONE);
        assert_int_equal(cox_interval(&cox, alpha, &interval), REASON_NONE);
        assert_int_equal(wald.p<alpha, interval.low> 1 || interval.high < 1);
    }
}

/* Efron's score and information at ratio 1 for one time, summed one by one. */
static void many_ties_in_closed_form_are_the_sum(void **state)
{
    (void)state;
    const uint64_t n1 = 40000, n0 = 71000, counts[][2] = {{7001, 5003}, {40000, 30000}};
    for (size_t i = 0; i < 2; i++) {
        double d1 = (double)counts[i][0], d0 = (double)counts[i][1], d = d1 + d0;
        double log_sum = 0, score = d1, information = 0;
        for (double l = 0; l < d; l++) {
            double a = (double)n1 - l * d1 / d, c = (double)n0 - l * d0 / d;
            log_sum += log(a + c);
            score -= a / (a + c);
            information += a * c / ((a + c) * (a + c));
        }
        const struct life_row t = {.time = 1, .at_risk = n1, .events = counts[i][0]};
        const struct life_row c = {.time = 1, .at_risk = n0, .events = counts[i][1]};
        struct cox_pair pair = {.treatment = {&t, 1}, .control = {&c, 1}};
        struct cox_null null;
        assert_int_equal(cox_null_of(&pair, COX_EFRON, &null), REASON_NONE);
        assert_close(null.log_likelihood, -log_sum, 1e-11);
        assert_close(null.score, score, 1e-9);
        assert_close(null.information, information, 1e-9);
    }
}

static void a_billion_units_a_row_are_no_trouble(void **state)
{
    (void)state;
    const uint64_t n = 1000000000;
    const struct life_row t[] = {{.time = 1, .at_risk = n, .events = n / 10},
                                 {.time = 2, .at_risk = n / 2, .events = n / 2}};
    const struct life_row c[] = {{.time = 1, .at_risk = n, .events = n / 11},
                                 {.time = 2, .at_risk = n / 2, .events = n / 3}};
    struct cox_pair pair = {.treatment = {t, 2}, .control = {c, 2}};
    struct cox cox;
    struct chi_square test;
    assert_int_equal(cox_fit(&pair, COX_EFRON, &cox), REASON_NONE);
    assert_true(cox.log_ratio > .1 && cox.log_ratio < 1 && cox.se < 1e-4 && cox.se > 1e-5);
    assert_int_equal(cox_likelihood_test(&cox, &test), REASON_NONE);
    assert_int_equal(cox_proportional(&pair, &cox, &test), REASON_NONE);
}

static void duplicated_units_divide_the_error(void **state)
{
    (void)state;
    struct random random = {.state = 59};
    lives_random(&lives, &random, (struct lives_shape){200, 2, .5, .2, 0});
    struct cox_pair pair = pair_of(&lives);
    struct cox_pair four = {.treatment = life_table_times(&pair.treatment, 4, rows[0]),
                            .control = life_table_times(&pair.control, 4, rows[1])};
    struct cox once, many;
    assert_int_equal(cox_fit(&pair, COX_BRESLOW, &once), REASON_NONE);
    assert_int_equal(cox_fit(&four, COX_BRESLOW, &many), REASON_NONE);
    assert_close(once.log_ratio, many.log_ratio, 1e-9);
    assert_close(once.se, 2 * many.se, 1e-9);
}

static void an_infinite_ratio_is_no_answer_but_the_score_is(void **state)
{
    (void)state;
    lives_load(&lives, "one_arm_no_events");
    struct cox_pair pair = pair_of(&lives);
    struct cox cox = {.log_ratio = 5};
    struct cox_null null;
    struct chi_square test;
    assert_int_equal(cox_fit(&pair, COX_EFRON, &cox), REASON_NOT_FINITE);
    assert_true(cox.log_ratio == 5);
    assert_int_equal(cox_null_of(&pair, COX_EFRON, &null), REASON_NONE);
    assert_int_equal(cox_score_test(&null, &test), REASON_NONE);
    assert_true(test.statistic > 0);
}

static void what_cannot_be_fitted_says_why(void **state)
{
    (void)state;
    const struct life_row quiet = {.time = 1, .at_risk = 4, .censored = 4};
    const struct life_row early = {.time = .5, .at_risk = 4, .censored = 4};
    const struct life_row late = {.time = 1, .at_risk = 4, .events = 2};
    const struct life_table none = {NULL, 0};
    struct cox cox = {.log_ratio = 5};
    struct cox_null null = {.score = 5};
    struct cox_pair nobody = {.treatment = none, .control = {&late, 1}},
                    nothing = {.treatment = {&quiet, 1}, .control = {&quiet, 1}},
                    apart = {.treatment = {&early, 1}, .control = {&late, 1}};
    assert_int_equal(cox_fit(&nobody, COX_EFRON, &cox), REASON_NO_UNITS);
    assert_int_equal(cox_fit(&nothing, COX_EFRON, &cox), REASON_NO_EVENTS);
    assert_int_equal(cox_fit(&apart, COX_EFRON, &cox), REASON_NO_VARIATION);
    assert_int_equal(cox_null_of(&apart, COX_EFRON, &null), REASON_NO_VARIATION);
    struct cox bad = {.log_ratio = NOT_A_NUMBER, .se = 1};
    struct interval interval = {5, 6};
    struct test wald = {.p = 5};
    assert_int_equal(cox_interval(&bad, .05, &interval), REASON_INVALID);
    assert_int_equal(cox_wald_test(&bad, &wald), REASON_INVALID);
    bad = (struct cox){.log_ratio = 900, .se = 1};
    assert_int_equal(cox_interval(&bad, .05, &interval), REASON_NOT_FINITE);
    assert_int_equal(cox_interval(&bad, 1, &interval), REASON_INVALID);
    assert_true(cox.log_ratio == 5 && null.score == 5 && interval.low == 5 && wald.p == 5);
}

int main(void)
{
    gsl_set_error_handler_off();
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(everything_matches_r),
        cmocka_unit_test(swapping_the_variants_inverts_the_ratio),
        cmocka_unit_test(without_ties_both_methods_and_the_log_rank_agree),
        cmocka_unit_test(one_event_time_is_a_ratio_of_shares),
        cmocka_unit_test(the_interval_excludes_one_exactly_when_p_is_below_alpha),
        cmocka_unit_test(many_ties_in_closed_form_are_the_sum),
        cmocka_unit_test(a_billion_units_a_row_are_no_trouble),
        cmocka_unit_test(duplicated_units_divide_the_error),
        cmocka_unit_test(an_infinite_ratio_is_no_answer_but_the_score_is),
        cmocka_unit_test(what_cannot_be_fitted_says_why),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
