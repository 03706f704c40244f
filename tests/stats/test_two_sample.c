/* Two values with variances: differences, log ratios and Fieller's set against SciPy and mpmath. */

#include "stats/hostile.h"
#include "stats/normal.h"
#include "stats/random.h"
#include "stats/two_sample.h"
#include "support/support.h"

#include <gsl/gsl_errno.h>

#define Z 1.959963984540054

static struct variant_value value_at(double value, double variance, double df)
{
    return (struct variant_value){
        .units = df + 1, .value = value, .variance = variance, .weight = variance, .df = df};
}

static void summaries_match_scipy(void **state)
{
    (void)state;
    /* scipy.stats.ttest_ind_from_stats(equal_var=False), family welch_summary. */
    static const struct {
        double m0, sd0, n0, m1, sd1, n1, t, p, df, low, high;
    } cases[] = {
        {10, 4, 1e9, 10.0005, 4.1, 1e9, 2.760367396229044, 0.005773639191812791, 1998781785.7560034,
         0.0001449813187180348, 0.0008550186812831873},
        {1, .5, 2, 2, .7, 2, 1.6439898730535731, 0.2546473772131887, 1.8096497025776606,
         -1.8995509520234597, 3.8995509520234597},
        {12.31, 88.2, 45000, 12.9, 95.1, 45210, 0.966153731713113, 0.3339698640683876,
         89761.39535181966, -0.606905115638305, 1.7869051156383047},
        {7.12, 2.31, 9000, 7.12, 2.3, 9100, 0, 1, 18093.71518552451, -0.0671663327250757,
         0.0671663327250757},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct variant_value control =
            value_at(cases[i].m0, cases[i].sd0 * cases[i].sd0 / cases[i].n0, cases[i].n0 - 1);
        struct variant_value treatment =
            value_at(cases[i].m1, cases[i].sd1 * cases[i].sd1 / cases[i].n1, cases[i].n1 - 1);
        struct estimate estimate;
        struct test test;
        struct interval interval;
        assert_int_equal(two_sample_difference(&treatment, &control, 1e6, &estimate), REASON_NONE);
        assert_int_equal(estimate_fixed_test(&estimate, 0, &test), REASON_NONE);
        assert_int_equal(estimate_fixed_interval(&estimate, .05, &interval), REASON_NONE);
        assert_close(test.statistic, cases[i].t, 1e-9);
        assert_close(test.p, cases[i].p, 1e-9);
        assert_close(estimate.df, cases[i].df, 1e-9);
        assert_close(interval.low, cases[i].low, 1e-9);
        assert_close(interval.high, cases[i].high, 1e-9);
        assert_close(estimate.ratio, (cases[i].n0 + cases[i].n1) / 1e6, 1e-15);
    }
}

static void fieller_matches_the_inverted_test(void **state)
{
    (void)state;
    /* mpmath, the test inverted numerically: family relative_lift_fieller. */
    static const struct {
        double m0, v0, m1, v1, low, high;
    } cases[] = {
        {12.31, 0.0301, 12.9, 0.0352, 0.007108785704356594, 0.0903486823471472},
        {0.5, 0.04, 0.7, 0.05, -0.5460251191480169, 5.811834045463899},
        {10, 0.25, 10, 0.25, -0.1299011161695905, 0.14929465901361788},
        {100, 4, 80, 3, -0.24503604166181434, -0.1525016411368885},
        {-5, 0.1, -4, 0.1, -0.34798073947197955, -0.027050254440868206},
    };
    struct interval interval;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct variant_value control = value_at(cases[i].m0, cases[i].v0, 9);
        struct variant_value treatment = value_at(cases[i].m1, cases[i].v1, 9);
        assert_int_equal(two_sample_fieller(&treatment, &control, Z, &interval), REASON_NONE);
        assert_close(interval.low, cases[i].low, 1e-9);
        assert_close(interval.high, cases[i].high, 1e-9);
    }
    struct variant_value weak = value_at(.2, .04, 9), treatment = value_at(.5, .03, 9);
    interval = (struct interval){-7, 7};
    assert_int_equal(two_sample_fieller(&treatment, &weak, Z, &interval), REASON_NEAR_ZERO);
    weak.value = 0;
    assert_int_equal(two_sample_fieller(&treatment, &weak, Z, &interval), REASON_NEAR_ZERO);
    assert_true(interval.low == -7 && interval.high == 7);
}

/* A pair with control well away from 0, of either sign. */
static void random_pair(struct random *random, struct variant_value *t, struct variant_value *c)
{
    double scale = random_log(random, 1e-6, 1e6), sign = random_unit(random) < .5 ? -1 : 1;
    double v1 = random_log(random, 1e-6, 1e-2), v0 = random_log(random, 1e-6, 1e-2);
    *c = value_at(sign * scale, v0 * scale * scale, random_log(random, 1, 1e5));
    *t = value_at(c->value * (1 + .3 * random_normal(random)), v1 * scale * scale,
                  random_log(random, 1, 1e5));
}

static void the_ends_of_fieller_are_just_kept(void **state)
{
    (void)state;
    struct random random = {.state = 3};
    for (int i = 0; i < 2000; i++) {
        struct variant_value t, c;
        struct interval interval;
        random_pair(&random, &t, &c);
        assert_int_equal(two_sample_fieller(&t, &c, 2.5, &interval), REASON_NONE);
        const double ends[] = {interval.low, interval.high};
        for (int k = 0; k < 2; k++) {
            double ratio = 1 + ends[k];
            double statistic =
                (t.value - ratio * c.value) / sqrt(t.variance + ratio * ratio * c.variance);
            assert_close(fabs(statistic), 2.5, 1e-9);
        }
    }
}

static void fieller_excludes_no_lift_exactly_when_the_difference_does(void **state)
{
    (void)state;
    struct random random = {.state = 4};
    int excluded = 0, kept = 0;
    for (int i = 0; i < 4000; i++) {
        struct variant_value t, c;
        struct interval lift, difference;
        struct estimate estimate;
        random_pair(&random, &t, &c);
        double alpha = random_log(&random, .001, .5);
        if (two_sample_fieller_t(&t, &c, alpha, &lift))
            continue;
        assert_int_equal(two_sample_difference(&t, &c, 1, &estimate), REASON_NONE);
        assert_int_equal(estimate_fixed_interval(&estimate, alpha, &difference), REASON_NONE);
        bool out = difference.low > 0 || difference.high < 0;
        assert_true(out == (lift.low > 0 || lift.high < 0));
        excluded += out;
        kept += !out;
    }
    assert_true(excluded > 500 && kept > 500);
}

static void swapping_the_variants_mirrors_everything(void **state)
{
    (void)state;
    struct random random = {.state = 5};
    for (int i = 0; i < 2000; i++) {
        struct variant_value t, c;
        struct estimate a, b;
        struct interval one, other;
        random_pair(&random, &t, &c);
        assert_int_equal(two_sample_difference(&t, &c, 9, &a), REASON_NONE);
        assert_int_equal(two_sample_difference(&c, &t, 9, &b), REASON_NONE);
        assert_true(a.value == -b.value && a.se == b.se && a.df == b.df && a.ratio == b.ratio);
        enum reason reason = two_sample_lift(&t, &c, 9, &a);
        assert_int_equal(two_sample_lift(&c, &t, 9, &b), reason);
        if (!reason) {
            assert_close(a.value, -b.value, 1e-12);
            assert_close(a.se, b.se, 1e-12);
            assert_close(a.df, b.df, 1e-12);
        }
        if (two_sample_fieller(&t, &c, 2, &one) || two_sample_fieller(&c, &t, 2, &other) ||
            one.low <= -1)
            continue;
        assert_close((1 + one.low) * (1 + other.high), 1, 1e-9);
        assert_close((1 + one.high) * (1 + other.low), 1, 1e-9);
    }
}

static void df_lies_between_the_smaller_and_the_sum(void **state)
{
    (void)state;
    struct random random = {.state = 6};
    for (int i = 0; i < 2000; i++) {
        struct variant_value t, c;
        random_pair(&random, &t, &c);
        double df = two_sample_df(&t, 1, &c, 1);
        assert_true(df >= fmin(t.df, c.df) * (1 - 1e-12) && df <= (t.df + c.df) * (1 + 1e-12));
        /* It knows no scale, not even one whose squares are no doubles. */
        assert_close(two_sample_df(&t, 1e-200, &c, 1e-200), df, 1e-12);
    }
    struct variant_value constant = value_at(1, 0, 5), other = value_at(2, 3, 7);
    assert_close(two_sample_df(&constant, 1, &other, 1), 7, 1e-15);
    assert_true(two_sample_df(&constant, 1, &constant, 1) == 0);
}

static void the_delta_lift_is_that_of_gbstats(void **state)
{
    (void)state;
    /* gbstats 0.8.0, family seq_growthbook, prop_typical_relative and prop_small_relative. */
    struct variant_value t = value_at(.12, .12 * .88 / 1000, 999);
    struct variant_value c = value_at(.1, .1 * .9 / 1000, 999);
    double lift, se;
    assert_int_equal(two_sample_delta_lift(&t, &c, &lift, &se), REASON_NONE);
    assert_close(lift, .2, 1e-9);
    assert_close(se, 0.1533623161014465, 1e-9);
    t = value_at(.25, .25 * .75 / 48, 47);
    c = value_at(.1, .1 * .9 / 50, 49);
    assert_int_equal(two_sample_delta_lift(&t, &c, &lift, &se), REASON_NONE);
    assert_close(se, 1.231107225224513, 1e-9);
}

static void what_is_no_pair_of_values_is_refused(void **state)
{
    (void)state;
    const struct variant_value good = value_at(2, .1, 9), zero = value_at(0, .1, 9);
    const struct variant_value bad[] = {
        value_at(NOT_A_NUMBER, .1, 9), value_at(INFINITE, .1, 9), value_at(1, -.1, 9),
        value_at(1, NOT_A_NUMBER, 9),  value_at(1, INFINITE, 9),  value_at(1, .1, 0),
        value_at(1, .1, NOT_A_NUMBER), value_at(1, .1, -1),
    };
    struct estimate estimate = {.value = 77};
    struct interval interval = {-7, 7};
    double lift = 5, se = 6;
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        assert_int_equal(two_sample_difference(&bad[i], &good, 1, &estimate), REASON_INVALID);
        assert_int_equal(two_sample_difference(&good, &bad[i], 1, &estimate), REASON_INVALID);
        assert_int_equal(two_sample_lift(&bad[i], &good, 1, &estimate), REASON_INVALID);
        assert_int_equal(two_sample_fieller(&good, &bad[i], 2, &interval), REASON_INVALID);
        assert_int_equal(two_sample_fieller_t(&bad[i], &good, .05, &interval), REASON_INVALID);
        assert_int_equal(two_sample_delta_lift(&good, &bad[i], &lift, &se), REASON_INVALID);
    }
    const double planned[] = {0, -1, NOT_A_NUMBER};
    for (size_t i = 0; i < 3; i++) {
        assert_int_equal(two_sample_difference(&good, &good, planned[i], &estimate),
                         REASON_INVALID);
        assert_int_equal(two_sample_lift(&good, &good, planned[i], &estimate), REASON_INVALID);
    }
    const struct variant_value constant = value_at(2, 0, 9), below = value_at(-2, .1, 9);
    assert_int_equal(two_sample_difference(&constant, &constant, 1, &estimate),
                     REASON_NO_VARIATION);
    assert_int_equal(two_sample_lift(&good, &below, 1, &estimate), REASON_NEAR_ZERO);
    assert_int_equal(two_sample_lift(&zero, &good, 1, &estimate), REASON_NEAR_ZERO);
    assert_int_equal(two_sample_delta_lift(&good, &zero, &lift, &se), REASON_NEAR_ZERO);
    assert_int_equal(two_sample_fieller(&good, &good, NOT_A_NUMBER, &interval), REASON_INVALID);
    assert_int_equal(two_sample_fieller_t(&good, &good, 1, &interval), REASON_INVALID);
    assert_int_equal(two_sample_fieller_t(&constant, &constant, .1, &interval),
                     REASON_NO_VARIATION);
    assert_true(estimate.value == 77 && interval.low == -7 && lift == 5 && se == 6);
}

int main(void)
{
    gsl_set_error_handler_off();
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(summaries_match_scipy),
        cmocka_unit_test(fieller_matches_the_inverted_test),
        cmocka_unit_test(the_ends_of_fieller_are_just_kept),
        cmocka_unit_test(fieller_excludes_no_lift_exactly_when_the_difference_does),
        cmocka_unit_test(swapping_the_variants_mirrors_everything),
        cmocka_unit_test(df_lies_between_the_smaller_and_the_sum),
        cmocka_unit_test(the_delta_lift_is_that_of_gbstats),
        cmocka_unit_test(what_is_no_pair_of_values_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
