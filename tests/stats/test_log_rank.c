/* The log-rank test against R's survdiff, and what must hold for any units. */

#include "stats/life.h"
#include "stats/log_rank.h"

#include <gsl/gsl_errno.h>

static struct lives lives;
static struct life_row rows[LIVES_VARIANTS][LIVES_MAX];

static struct chi_square test_of(const struct life_table *tables, size_t groups,
                                 enum log_rank_weight weight)
{
    struct log_rank sums = {0};
    struct chi_square test = {.statistic = NOT_A_NUMBER};
    assert_int_equal(log_rank_add(&sums, tables, groups, weight), REASON_NONE);
    assert_int_equal(log_rank_test(&sums, &test), REASON_NONE);
    return test;
}

static void two_variants_match_r(void **state)
{
    (void)state;
    static struct reference table;
    reference_load(&table, "log_rank");
    for (size_t row = 0; row < table.row_count; row++) {
        lives_load(&lives, table.names[row]);
        struct log_rank sums = {0};
        struct chi_square test;
        assert_int_equal(log_rank_add(&sums, lives.tables, 2, LOG_RANK_EQUAL), REASON_NONE);
        assert_int_equal(log_rank_test(&sums, &test), REASON_NONE);
        assert_close(test.statistic, reference_at(&table, row, "chi_square"), 1e-9);
        assert_close(test.p, reference_at(&table, row, "p"), 1e-9);
        assert_close(sums.observed[0], reference_at(&table, row, "observed_0"), 1e-12);
        assert_close(sums.observed[1], reference_at(&table, row, "observed_1"), 1e-12);
        assert_close(sums.expected[0], reference_at(&table, row, "expected_0"), 1e-12);
        assert_close(sums.expected[1], reference_at(&table, row, "expected_1"), 1e-12);
        if (isnan(reference_at(&table, row, "variance")))
            continue;
        assert_close(sums.variance[1][1], reference_at(&table, row, "variance"), 1e-12);
        test = test_of(lives.tables, 2, LOG_RANK_PETO);
        assert_close(test.statistic, reference_at(&table, row, "peto"), 1e-9);
        assert_close(test.p, reference_at(&table, row, "peto_p"), 1e-9);
    }
}

static struct chi_square stratified(size_t groups, enum log_rank_weight weight)
{
    struct log_rank sums = {0};
    struct chi_square test = {.statistic = NOT_A_NUMBER};
    for (unsigned stratum = 1; stratum <= 3; stratum++) {
        lives_load_competing(&lives, stratum);
        assert_int_equal(log_rank_add(&sums, lives.tables, groups, weight), REASON_NONE);
    }
    assert_int_equal(log_rank_test(&sums, &test), REASON_NONE);
    return test;
}

static void four_variants_and_strata_match_r(void **state)
{
    (void)state;
    static struct reference table;
    reference_load(&table, "log_rank_strata");
    assert_int_equal(table.row_count, 5);
    lives_load_competing(&lives, 0);
    const struct chi_square tests[] = {
        test_of(lives.tables, 4, LOG_RANK_EQUAL), test_of(lives.tables, 4, LOG_RANK_PETO),
        stratified(4, LOG_RANK_EQUAL), stratified(2, LOG_RANK_EQUAL), stratified(2, LOG_RANK_PETO)};
    for (size_t i = 0; i < 5; i++) {
        assert_close(tests[i].statistic, reference_at(&table, i, "chi_square"), 1e-9);
        assert_close(tests[i].p, reference_at(&table, i, "p"), 1e-9);
        assert_int_equal(tests[i].df, reference_count(&table, i, "df"));
    }
}

static void the_order_of_the_variants_does_not_matter(void **state)
{
    (void)state;
    struct random random = {.state = 31};
    for (int i = 0; i < 40; i++) {
        lives_random(&lives, &random, (struct lives_shape){160, 4, .4, .3, .2});
        const struct life_table turned[] = {lives.tables[2], lives.tables[0], lives.tables[3],
                                            lives.tables[1]};
        enum log_rank_weight weight = i % 2 ? LOG_RANK_EQUAL : LOG_RANK_PETO;
        assert_close(test_of(turned, 4, weight).statistic,
                     test_of(lives.tables, 4, weight).statistic, 1e-9);
    }
}

static struct log_rank_score score_of(const struct life_table *control,
                                      const struct life_table *treatment)
{
    const struct life_table tables[] = {*control, *treatment};
    struct log_rank sums = {0};
    struct log_rank_score score = {0};
    assert_int_equal(log_rank_add(&sums, tables, 2, LOG_RANK_EQUAL), REASON_NONE);
    assert_int_equal(log_rank_score_of(&sums, &score), REASON_NONE);
    return score;
}

static void swapping_the_two_variants_mirrors_the_score(void **state)
{
    (void)state;
    struct random random = {.state = 37};
    for (int i = 0; i < 40; i++) {
        lives_random(&lives, &random, (struct lives_shape){90, 2, .2, .3, 0});
        struct log_rank_score there = score_of(&lives.tables[0], &lives.tables[1]);
        struct log_rank_score back = score_of(&lives.tables[1], &lives.tables[0]);
        assert_close(there.score, -back.score, 1e-9);
        assert_close(there.variance, back.variance, 1e-12);
        assert_close(there.score * there.score / there.variance,
                     test_of(lives.tables, 2, LOG_RANK_EQUAL).statistic, 1e-12);
    }
}

static void a_treatment_that_is_sooner_scores_positive(void **state)
{
    (void)state;
    lives.count = 0;
    for (unsigned i = 0; i < 20; i++) {
        lives_add(&lives, 10 + i, 0, LIFE_EVENT);
        lives_add(&lives, 3 + i, 1, LIFE_EVENT);
    }
    lives_tabulate(&lives);
    assert_true(score_of(&lives.tables[0], &lives.tables[1]).score > 0);
}

/* Rows of which all but time stay; the hypergeometric n - 1 is what differs from k times V. */
static void duplicated_units_multiply_observed_and_expected(void **state)
{
    (void)state;
    struct random random = {.state = 41};
    lives_random(&lives, &random, (struct lives_shape){400, 3, .2, .3, 0});
    struct log_rank once = {0}, many = {0};
    struct life_table tables[3];
    for (size_t j = 0; j < 3; j++)
        tables[j] = life_table_times(&lives.tables[j], 1000, rows[j]);
    assert_int_equal(log_rank_add(&once, lives.tables, 3, LOG_RANK_PETO), REASON_NONE);
    assert_int_equal(log_rank_add(&many, tables, 3, LOG_RANK_PETO), REASON_NONE);
    for (size_t j = 0; j < 3; j++) {
        assert_close(many.observed[j], 1000 * once.observed[j], 1e-10);
        assert_close(many.expected[j], 1000 * once.expected[j], 1e-10);
        assert_true(many.variance[j][j] <= 1000 * once.variance[j][j]);
    }
}

static void a_row_without_events_changes_nothing(void **state)
{
    (void)state;
    const struct life_row sparse[] = {{.time = 1, .at_risk = 50, .events = 3},
                                      {.time = 4, .at_risk = 40, .events = 5}};
    const struct life_row dense[] = {{.time = 1, .at_risk = 50, .events = 3},
                                     {.time = 2, .at_risk = 40},
                                     {.time = 4, .at_risk = 40, .events = 5}};
    const struct life_row control[] = {{.time = 1, .at_risk = 60, .events = 2},
                                       {.time = 2, .at_risk = 57, .events = 4},
                                       {.time = 4, .at_risk = 31, .events = 1}};
    const struct life_table a[] = {{control, 3}, {sparse, 2}}, b[] = {{control, 3}, {dense, 3}};
    assert_true(test_of(a, 2, LOG_RANK_EQUAL).statistic == test_of(b, 2, LOG_RANK_EQUAL).statistic);
}

static void a_variant_without_units_drops_out(void **state)
{
    (void)state;
    lives_load(&lives, "aml");
    const struct life_table three[] = {lives.tables[0], {NULL, 0}, lives.tables[1]};
    struct chi_square test = test_of(three, 3, LOG_RANK_EQUAL);
    assert_int_equal(test.df, 1);
    assert_close(test.statistic, test_of(lives.tables, 2, LOG_RANK_EQUAL).statistic, 1e-12);
}

static void a_billion_units_a_row_are_no_trouble(void **state)
{
    (void)state;
    const uint64_t n = 1000000000;
    const struct life_row a[] = {{.time = 0, .at_risk = n, .events = n / 100}};
    const struct life_row b[] = {{.time = 0, .at_risk = n, .events = n / 100 + 20000}};
    const struct life_table tables[] = {{a, 1}, {b, 1}};
    /* One time: the log-rank is the pooled two-proportion chi-square times (N - 1)/N. */
    double p = .01 + 1e-5, z2 = 2e-5 * 2e-5 / (2 * p * (1 - p) / 1e9);
    assert_close(test_of(tables, 2, LOG_RANK_EQUAL).statistic, z2 * (1 - .5e-9), 1e-9);
}

static void what_cannot_be_tested_says_why(void **state)
{
    (void)state;
    struct log_rank sums = {0};
    struct chi_square test = {.statistic = 5};
    struct log_rank_score score = {.score = 5};
    const struct life_row quiet[] = {{.time = 1, .at_risk = 4, .censored = 4}};
    const struct life_row last[] = {{.time = 1, .at_risk = 1, .events = 1}};
    const struct life_row all[] = {{.time = 1, .at_risk = 4, .events = 4}};
    const struct life_table nothing[] = {{quiet, 1}, {quiet, 1}}, alone[] = {{NULL, 0}, {last, 1}},
                            together[] = {{all, 1}, {all, 1}};
    assert_int_equal(log_rank_add(&sums, nothing, 2, LOG_RANK_EQUAL), REASON_NONE);
    assert_int_equal(log_rank_test(&sums, &test), REASON_NO_EVENTS);
    assert_int_equal(log_rank_score_of(&sums, &score), REASON_NO_EVENTS);
    assert_int_equal(log_rank_add(&sums, nothing, 3, LOG_RANK_EQUAL), REASON_INVALID);
    sums = (struct log_rank){0};
    assert_int_equal(log_rank_test(&sums, &test), REASON_INVALID);
    assert_int_equal(log_rank_add(&sums, alone, 2, LOG_RANK_EQUAL), REASON_NONE);
    assert_int_equal(log_rank_test(&sums, &test), REASON_TOO_FEW);
    sums = (struct log_rank){0};
    assert_int_equal(log_rank_add(&sums, together, 2, LOG_RANK_EQUAL), REASON_NONE);
    assert_int_equal(log_rank_test(&sums, &test), REASON_NO_VARIATION);
    assert_int_equal(log_rank_score_of(&sums, &score), REASON_NO_VARIATION);
    sums = (struct log_rank){0};
    assert_int_equal(log_rank_add(&sums, nothing, 1, LOG_RANK_EQUAL), REASON_INVALID);
    assert_int_equal(log_rank_add(&sums, nothing, LIFE_TABLES_MAX + 1, LOG_RANK_EQUAL),
                     REASON_INVALID);
    const struct life_row unsorted[] = {{.time = 2, .at_risk = 4}, {.time = 1, .at_risk = 4}};
    const struct life_table bad[] = {{quiet, 1}, {unsorted, 2}};
    assert_int_equal(log_rank_add(&sums, bad, 2, LOG_RANK_EQUAL), REASON_INVALID);
    assert_true(sums.groups == 0 && test.statistic == 5 && score.score == 5);
}

int main(void)
{
    gsl_set_error_handler_off();
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(two_variants_match_r),
        cmocka_unit_test(four_variants_and_strata_match_r),
        cmocka_unit_test(the_order_of_the_variants_does_not_matter),
        cmocka_unit_test(swapping_the_two_variants_mirrors_the_score),
        cmocka_unit_test(a_treatment_that_is_sooner_scores_positive),
        cmocka_unit_test(duplicated_units_multiply_observed_and_expected),
        cmocka_unit_test(a_row_without_events_changes_nothing),
        cmocka_unit_test(a_variant_without_units_drops_out),
        cmocka_unit_test(a_billion_units_a_row_are_no_trouble),
        cmocka_unit_test(what_cannot_be_tested_says_why),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
