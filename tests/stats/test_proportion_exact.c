/* Exact intervals and tests against R and mpmath, and against sums written out plainly. */

#include "stats/beta.h"
#include "stats/pairs.h"
#include "stats/proportion_exact.h"

#include <float.h>
#include <gsl/gsl_cdf.h>
#include <gsl/gsl_errno.h>
#include <gsl/gsl_sf_gamma.h>

static struct interval clopper(struct proportion rate, double alpha)
{
    struct interval interval = {NOT_A_NUMBER, NOT_A_NUMBER};
    assert_int_equal(proportion_clopper_pearson(rate, alpha, &interval), REASON_NONE);
    return interval;
}

static void clopper_pearson_matches_r_and_mpmath(void **state)
{
    (void)state;
    static struct reference table;
    reference_load(&table, "clopper_pearson");
    for (size_t row = 0; row < table.row_count; row++) {
        struct proportion rate = {reference_count(&table, row, "x"),
                                  reference_count(&table, row, "n")};
        struct interval interval = clopper(rate, reference_at(&table, row, "alpha"));
        assert_close(interval.low, reference_at(&table, row, "low"), 1e-10);
        assert_close(interval.high, reference_at(&table, row, "high"), 1e-10);
    }
}

/* What defines the limits, by GSL's binomial: so many successes or more with chance alpha/2. */
static void clopper_pearson_limits_have_the_tails_that_define_them(void **state)
{
    (void)state;
    struct random random = {.state = 31};
    for (int i = 0; i < 300; i++) {
        unsigned n = (unsigned)random_log(&random, 1, 2000);
        unsigned x = (unsigned)(random_unit(&random) * (n + 1));
        double alpha = random_log(&random, 1e-9, .9);
        struct interval interval = clopper((struct proportion){x, n}, alpha);
        if (x > 0)
            assert_close(gsl_cdf_binomial_Q(x - 1, interval.low, n), alpha / 2, 1e-8);
        /* Nearer to 1 the rounding of the limit alone moves the tail. */
        if (x < n && interval.high < .999)
            assert_close(gsl_cdf_binomial_P(x, interval.high, n), alpha / 2, 1e-8);
        struct interval wilson, turned = clopper((struct proportion){n - x, n}, alpha);
        assert_true(fabs(interval.low - (1 - turned.high)) < 1e-13);
        assert_int_equal(proportion_wilson((struct proportion){x, n}, alpha, &wilson), REASON_NONE);
        assert_true(interval.low < interval.high);
    }
}

/* At 1e9 units the limits satisfy their equation, and are near the normal ones. */
static void clopper_pearson_holds_at_a_billion_units(void **state)
{
    (void)state;
    struct proportion rate = {250000000, 1000000000};
    struct interval exact = clopper(rate, .05), wilson;
    struct beta_tails tails;
    assert_int_equal(beta_tails((struct beta){25e7, 75e7 + 1}, split_of(exact.low), &tails),
                     REASON_NONE);
    assert_close(tails.lower, .025, 1e-9);
    assert_int_equal(proportion_wilson(rate, .05, &wilson), REASON_NONE);
    assert_close(exact.low, wilson.low, 1e-8);
    assert_close(exact.high, wilson.high, 1e-8);
    assert_true(exact.low < wilson.low && exact.high > wilson.high);
}

static void fisher_matches_r_and_its_odds_mpmath(void **state)
{
    (void)state;
    static struct reference table;
    reference_load(&table, "fisher");
    for (size_t row = 0; row < table.row_count; row++) {
        struct proportion_pair pair = pair_at(&table, row);
        double alpha = 1 - reference_at(&table, row, "conf");
        double wanted = reference_at(&table, row, "odds");
        double wanted_high = reference_at(&table, row, "odds_high");
        struct fisher fisher;
        struct ratio_value odds;
        struct ratio_interval interval;
        assert_int_equal(proportion_fisher(&pair, &fisher), REASON_NONE);
        assert_int_equal(proportion_conditional_odds(&pair, &odds), REASON_NONE);
        assert_int_equal(proportion_conditional_odds_interval(&pair, alpha, &interval),
                         REASON_NONE);
        assert_close(fisher.two_sided.p, reference_at(&table, row, "p"), 1e-9);
        assert_close(fisher.higher.p, reference_at(&table, row, "higher"), 1e-9);
        assert_close(fisher.lower.p, reference_at(&table, row, "lower"), 1e-9);
        assert_int_equal(odds.infinite, isinf(wanted));
        assert_close(odds.value, isinf(wanted) ? DBL_MAX : wanted, 1e-9);
        assert_close(interval.low, reference_at(&table, row, "odds_low"), 1e-9);
        assert_int_equal(interval.unbounded, isinf(wanted_high));
        assert_close(interval.high, isinf(wanted_high) ? DBL_MAX : wanted_high, 1e-9);
    }
}

/* The whole table of probabilities, one after the other. */
static double plain_two_sided(const struct proportion_pair *pair)
{
    unsigned n1 = (unsigned)pair->treatment.units, n0 = (unsigned)pair->control.units;
    unsigned x = (unsigned)pair->treatment.successes, k = x + (unsigned)pair->control.successes;
    double sum = 0, all = gsl_sf_lnchoose(n1 + n0, k);
    double own = gsl_sf_lnchoose(n1, x) + gsl_sf_lnchoose(n0, k - x) - all;
    for (unsigned i = k > n0 ? k - n0 : 0; i <= n1 && i <= k; i++) {
        double other = gsl_sf_lnchoose(n1, i) + gsl_sf_lnchoose(n0, k - i) - all;
        if (other <= own + 1e-7)
            sum += exp(other);
    }
    return fmin(1, sum);
}

static void fisher_equals_the_sum_over_all_tables(void **state)
{
    (void)state;
    struct random random = {.state = 33};
    for (int i = 0; i < 1000; i++) {
        struct proportion_pair pair = random_pair(&random);
        if (i % 2)
            pair.control.units = pair.treatment.units,
            pair.control.successes %= pair.control.units + 1;
        struct proportion_pair other = swapped(pair);
        struct fisher fisher, turned;
        assert_int_equal(proportion_fisher(&pair, &fisher), REASON_NONE);
        assert_int_equal(proportion_fisher(&other, &turned), REASON_NONE);
        /* A p below the normal doubles has few digits. */
        if (fisher.two_sided.p < 1e-290)
            continue;
        assert_close(fisher.two_sided.p, plain_two_sided(&pair), 1e-9);
        assert_close(fisher.two_sided.p, turned.two_sided.p, 1e-9);
        assert_close(fisher.higher.p, turned.lower.p, 1e-9);
        assert_true(fisher.higher.p + fisher.lower.p > 1 - 1e-12);
    }
}

static void the_exact_interval_excludes_one_exactly_when_a_tail_is_below_half_alpha(void **state)
{
    (void)state;
    struct random random = {.state = 35};
    int excluded = 0;
    for (int i = 0; i < 1500; i++) {
        struct proportion_pair pair = random_pair(&random);
        double alpha = random_log(&random, 1e-6, .5);
        struct fisher fisher;
        struct ratio_interval interval;
        struct ratio_value odds;
        assert_int_equal(proportion_fisher(&pair, &fisher), REASON_NONE);
        assert_int_equal(proportion_conditional_odds_interval(&pair, alpha, &interval),
                         REASON_NONE);
        assert_int_equal(proportion_conditional_odds(&pair, &odds), REASON_NONE);
        assert_true(interval.low <= odds.value && odds.value <= interval.high);
        bool above = interval.low > 1, below = interval.high < 1;
        assert_int_equal(fisher.higher.p < alpha / 2, above);
        assert_int_equal(fisher.lower.p < alpha / 2, below);
        excluded += above || below;
    }
    assert_true(excluded > 60);
}

static void a_million_units_and_a_p_of_nothing_are_answered(void **state)
{
    (void)state;
    struct proportion_pair pair = {{502000, 1000000}, {500000, 1000000}};
    struct fisher fisher;
    struct ratio_interval interval, log_interval = {0};
    struct interval odds;
    assert_int_equal(proportion_fisher(&pair, &fisher), REASON_NONE);
    assert_int_equal(proportion_conditional_odds_interval(&pair, .05, &interval), REASON_NONE);
    assert_int_equal(proportion_odds_interval(&pair, .05, &odds), REASON_NONE);
    log_interval.low = odds.low;
    assert_close(interval.low, log_interval.low, 1e-5);
    assert_close(interval.high, odds.high, 1e-5);
    struct test score;
    assert_int_equal(proportion_score(&pair, 0, &score), REASON_NONE);
    assert_close(fisher.two_sided.p, score.p, .01);
    /* all of 5000 against none: C(10000, 5000)^-1 */
    pair = (struct proportion_pair){{5000, 5000}, {0, 5000}};
    assert_int_equal(proportion_fisher(&pair, &fisher), REASON_NONE);
    assert_true(fisher.higher.p == 0 && fisher.lower.p == 1);
    assert_close(fisher.higher.log_p, -gsl_sf_lnchoose(10000, 5000), 1e-12);
    assert_close(fisher.two_sided.log_p, M_LN2 + fisher.higher.log_p, 1e-12);
    assert_int_equal(proportion_conditional_odds_interval(&pair, 1e-300, &interval), REASON_NONE);
    assert_true(interval.unbounded && interval.low > 0 && isfinite(interval.low));
}

static void hostile_counts_have_answers_or_reasons(void **state)
{
    (void)state;
    struct proportion_pair pair = {{0, 0}, {1, 2}};
    struct fisher fisher = {.two_sided = {.p = 42}};
    struct interval interval = {42, 42};
    struct ratio_value odds = {.value = 42};
    assert_int_equal(proportion_fisher(&pair, &fisher), REASON_NO_UNITS);
    assert_int_equal(proportion_conditional_odds(&pair, &odds), REASON_NO_UNITS);
    assert_int_equal(proportion_clopper_pearson(pair.treatment, .05, &interval), REASON_NO_UNITS);
    pair.treatment = (struct proportion){3, 2};
    assert_int_equal(proportion_fisher(&pair, &fisher), REASON_INVALID);
    assert_int_equal(proportion_clopper_pearson(pair.treatment, .05, &interval), REASON_INVALID);
    assert_int_equal(proportion_clopper_pearson(pair.control, NOT_A_NUMBER, &interval),
                     REASON_INVALID);
    assert_true(fisher.two_sided.p == 42 && odds.value == 42 && interval.low == 42);
    pair = (struct proportion_pair){{0, 1}, {0, 1}};
    assert_int_equal(proportion_fisher(&pair, &fisher), REASON_NONE);
    assert_true(fisher.two_sided.p == 1 && fisher.higher.p == 1 && fisher.lower.p == 1);
    interval = clopper((struct proportion){1, UINT64_MAX}, 1e-300);
    assert_true(interval.low > 0 && interval.high < 1e-16);
    interval = clopper((struct proportion){0, 1}, .05);
    assert_true(interval.low == 0);
    assert_close(interval.high, .975, 1e-14);
}

int main(void)
{
    gsl_set_error_handler_off();
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(clopper_pearson_matches_r_and_mpmath),
        cmocka_unit_test(clopper_pearson_limits_have_the_tails_that_define_them),
        cmocka_unit_test(clopper_pearson_holds_at_a_billion_units),
        cmocka_unit_test(fisher_matches_r_and_its_odds_mpmath),
        cmocka_unit_test(fisher_equals_the_sum_over_all_tables),
        cmocka_unit_test(the_exact_interval_excludes_one_exactly_when_a_tail_is_below_half_alpha),
        cmocka_unit_test(a_million_units_and_a_p_of_nothing_are_answered),
        cmocka_unit_test(hostile_counts_have_answers_or_reasons),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
