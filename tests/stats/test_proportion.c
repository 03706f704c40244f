/*
 * Two proportions against mpmath, R and SciPy, against the published method written out plainly,
 * and against what must hold for any counts.
 */

#include "stats/normal.h"
#include "stats/pairs.h"

#include <gsl/gsl_errno.h>

static struct interval score_interval(const struct proportion_pair *pair, double alpha)
{
    struct interval interval = {NOT_A_NUMBER, NOT_A_NUMBER};
    assert_int_equal(proportion_score_interval(pair, alpha, &interval), REASON_NONE);
    return interval;
}

static struct test score_at(const struct proportion_pair *pair, double null)
{
    struct test test = {NOT_A_NUMBER, NOT_A_NUMBER, NOT_A_NUMBER};
    assert_int_equal(proportion_score(pair, null, &test), REASON_NONE);
    return test;
}

static void wilson_matches_r(void **state)
{
    (void)state;
    static struct reference table;
    reference_load(&table, "wilson");
    for (size_t row = 0; row < table.row_count; row++) {
        struct proportion rate = {reference_count(&table, row, "x"),
                                  reference_count(&table, row, "n")};
        struct interval interval = {NOT_A_NUMBER, NOT_A_NUMBER};
        enum reason reason = proportion_wilson(rate, reference_at(&table, row, "alpha"), &interval);
        if (rate.units == 0) {
            assert_int_equal(reason, REASON_NO_UNITS);
            continue;
        }
        assert_int_equal(reason, REASON_NONE);
        assert_close(interval.low, reference_at(&table, row, "low"), 1e-9);
        assert_close(interval.high, reference_at(&table, row, "high"), 1e-9);
    }
}

static void score_interval_and_statistic_match_mpmath(void **state)
{
    (void)state;
    static struct reference table;
    reference_load(&table, "miettinen_nurminen");
    for (size_t row = 0; row < table.row_count; row++) {
        struct proportion_pair pair = pair_at(&table, row);
        struct interval interval = score_interval(&pair, 1 - reference_at(&table, row, "conf"));
        double z = reference_at(&table, row, "z");
        assert_close(interval.low, reference_at(&table, row, "low"), 1e-8);
        assert_close(interval.high, reference_at(&table, row, "high"), 1e-8);
        assert_close(score_at(&pair, 0).statistic, isnan(z) ? 0 : z, 1e-9);
    }
}

static void mee_interval_matches_mpmath(void **state)
{
    (void)state;
    static struct reference table;
    reference_load(&table, "proportion_ratio");
    for (size_t row = 0; row < table.row_count; row++) {
        struct proportion_pair pair = pair_at(&table, row);
        struct interval interval = {NOT_A_NUMBER, NOT_A_NUMBER};
        assert_int_equal(
            proportion_mee_interval(&pair, 1 - reference_at(&table, row, "conf"), &interval),
            REASON_NONE);
        assert_close(interval.low, reference_at(&table, row, "mee_low"), 1e-8);
        assert_close(interval.high, reference_at(&table, row, "mee_high"), 1e-8);
    }
}

static void corrected_wilson_matches_r_and_holds_the_plain_one(void **state)
{
    (void)state;
    static struct reference table;
    reference_load(&table, "clopper_pearson");
    for (size_t row = 0; row < table.row_count; row++) {
        struct proportion rate = {reference_count(&table, row, "x"),
                                  reference_count(&table, row, "n")};
        struct interval interval = {NOT_A_NUMBER, NOT_A_NUMBER}, plain;
        double alpha = reference_at(&table, row, "alpha");
        assert_int_equal(proportion_wilson_corrected(rate, alpha, &interval), REASON_NONE);
        assert_int_equal(proportion_wilson(rate, alpha, &plain), REASON_NONE);
        assert_true(interval.low <= plain.low && interval.high >= plain.high);
        assert_true(interval.low >= 0 && interval.high <= 1);
        if (isnan(reference_at(&table, row, "corrected_low")))
            continue;
        assert_close(interval.low, reference_at(&table, row, "corrected_low"), 1e-9);
        assert_close(interval.high, reference_at(&table, row, "corrected_high"), 1e-9);
    }
}

/* (1e9 - 1)/1e9 less (1e9 - 100)/1e9: the doubles of the two rates agree in seven digits. */
static void a_difference_of_rates_near_one_keeps_its_digits(void **state)
{
    (void)state;
    struct proportion_pair pair = {{999999999, 1000000000}, {999999900, 1000000000}};
    double difference, se;
    assert_int_equal(proportion_difference(&pair, &difference, &se), REASON_NONE);
    assert_close(difference, 9.9e-8, 1e-15);
    pair = (struct proportion_pair){{UINT64_MAX - 1, UINT64_MAX}, {UINT64_MAX - 3, UINT64_MAX}};
    assert_int_equal(proportion_difference(&pair, &difference, &se), REASON_NONE);
    assert_close(difference, 2 / 18446744073709551615., 1e-15);
}

static void newcombe_and_pooled_z_match_scipy(void **state)
{
    (void)state;
    static struct reference table;
    reference_load(&table, "two_proportions");
    for (size_t row = 0; row < table.row_count; row++) {
        struct proportion_pair pair = pair_at(&table, row);
        struct interval interval = {NOT_A_NUMBER, NOT_A_NUMBER};
        double alpha = 1 - reference_at(&table, row, "conf");
        assert_int_equal(proportion_newcombe(&pair, alpha, &interval), REASON_NONE);
        assert_close(interval.low, reference_at(&table, row, "newcombe_low"), 1e-9);
        assert_close(interval.high, reference_at(&table, row, "newcombe_high"), 1e-9);
        struct test test;
        if (isnan(reference_at(&table, row, "z_pooled"))) {
            assert_int_equal(proportion_pooled_z(&pair, &test), REASON_NO_VARIATION);
            continue;
        }
        assert_int_equal(proportion_pooled_z(&pair, &test), REASON_NONE);
        assert_close(test.statistic, reference_at(&table, row, "z_pooled"), 1e-9);
        assert_close(test.p, reference_at(&table, row, "p_pooled"), 1e-9);
    }
}

/* 90 189 players, a gate at level 30 or 40; figures of R 4.2.2, the score interval of mpmath. */
static void cookie_cats_has_the_published_answers(void **state)
{
    (void)state;
    static const struct {
        struct proportion_pair pair;
        double difference, low, high, pooled_p, score_p;
    } days[] = {
        {{{20119, 45489}, {20034, 44700}},
         -0.0059051697873414577,
         -0.012392180086137836,
         0.00058216816997890268,
         0.074409655296920105,
         0.074411262258869028},
        {{{8279, 45489}, {8502, 44700}},
         -0.0082012983152059127,
         -0.013282326248425801,
         -0.003121415802292415,
         0.0015542499756142812,
         0.0015543436722140505},
    };
    for (size_t i = 0; i < 2; i++) {
        double difference, se;
        struct test pooled;
        assert_int_equal(proportion_difference(&days[i].pair, &difference, &se), REASON_NONE);
        assert_int_equal(proportion_pooled_z(&days[i].pair, &pooled), REASON_NONE);
        struct interval interval = score_interval(&days[i].pair, .05);
        assert_close(difference, days[i].difference, 1e-9);
        assert_close(interval.low, days[i].low, 1e-8);
        assert_close(interval.high, days[i].high, 1e-8);
        assert_close(pooled.p, days[i].pooled_p, 1e-9);
        assert_close(score_at(&days[i].pair, 0).p, days[i].score_p, 1e-9);
    }
}

/* The design's recipe, plainly: bisect the control rate on the profile score, take z, bisect D. */
static double plain_score(const struct proportion_pair *pair, double null)
{
    double n1 = (double)pair->treatment.units, x1 = (double)pair->treatment.successes;
    double n0 = (double)pair->control.units, x0 = (double)pair->control.successes;
    double low = fmax(0, -null), high = fmin(1, 1 - null);
    for (int step = 0; step < 100; step++) {
        double q0 = (low + high) / 2, q1 = q0 + null;
        double score = (x1 > 0 ? x1 / q1 : 0) - (n1 > x1 ? (n1 - x1) / (1 - q1) : 0) +
                       (x0 > 0 ? x0 / q0 : 0) - (n0 > x0 ? (n0 - x0) / (1 - q0) : 0);
        *(score > 0 ? &low : &high) = q0;
    }
    double q0 = (low + high) / 2, q1 = q0 + null, n = n1 + n0;
    double variance = (q1 * (1 - q1) / n1 + q0 * (1 - q0) / n0) * n / (n - 1);
    return (x1 / n1 - x0 / n0 - null) / sqrt(variance);
}

static double plain_lower(const struct proportion_pair *pair, double z, double estimate)
{
    double low = -1, high = estimate;
    for (int step = 0; step < 100; step++) {
        double null = (low + high) / 2;
        *(plain_score(pair, null) > z ? &low : &high) = null;
    }
    return (low + high) / 2;
}

static void score_limits_equal_plain_bisection(void **state)
{
    (void)state;
    struct random random = {.state = 20260801};
    int compared = 0;
    for (int i = 0; i < 400; i++) {
        struct proportion_pair pair = random_pair(&random);
        double difference, se, alpha = random_log(&random, 1e-6, .5);
        assert_int_equal(proportion_difference(&pair, &difference, &se), REASON_NONE);
        /* None and none, all and all: the plain recipe divides 0 by 0 there. */
        if (difference == 0 || difference == -1)
            continue;
        double low = plain_lower(&pair, normal_z_two_sided(alpha), difference);
        struct interval interval = score_interval(&pair, alpha);
        assert_true(fabs(interval.low - low) < 1e-8 * fmax(fabs(low), 1e-4));
        compared++;
    }
    assert_true(compared > 300);
}

static void p_is_below_alpha_exactly_when_the_interval_excludes_the_null(void **state)
{
    (void)state;
    struct random random = {.state = 7};
    int excluded = 0, kept = 0;
    for (int i = 0; i < 4000; i++) {
        struct proportion_pair pair = random_pair(&random);
        double alpha = random_log(&random, 1e-4, .6), null = 0;
        if (i % 2)
            null = .3 * (random_unit(&random) - .5);
        struct test test = score_at(&pair, null);
        struct interval interval = score_interval(&pair, alpha);
        bool excludes = null < interval.low || null > interval.high;
        if (fabs(test.p - alpha) < 1e-9 * alpha)
            continue;
        assert_int_equal(test.p < alpha, excludes);
        *(excludes ? &excluded : &kept) += 1;
    }
    assert_true(excluded > 400 && kept > 400);
}

static void swapping_the_variants_mirrors_everything(void **state)
{
    (void)state;
    struct random random = {.state = 11};
    for (int i = 0; i < 1000; i++) {
        struct proportion_pair pair = random_pair(&random), other = swapped(pair);
        struct interval a = score_interval(&pair, .05), b = score_interval(&other, .05);
        assert_close(a.low, -b.high, 1e-9);
        assert_close(a.high, -b.low, 1e-9);
        assert_close(score_at(&pair, .017).p, score_at(&other, -.017).p, 1e-9);
        struct interval c, d;
        assert_int_equal(proportion_newcombe(&pair, .05, &c), REASON_NONE);
        assert_int_equal(proportion_newcombe(&other, .05, &d), REASON_NONE);
        assert_close(c.low, -d.high, 1e-9);
    }
}

static void counting_failures_mirrors_everything(void **state)
{
    (void)state;
    struct random random = {.state = 13};
    for (int i = 0; i < 1000; i++) {
        struct proportion_pair pair = random_pair(&random);
        struct proportion_pair other = {failures(pair.treatment), failures(pair.control)};
        struct interval a = score_interval(&pair, .01), b = score_interval(&other, .01), c, d;
        assert_close(a.low, -b.high, 1e-9);
        assert_close(a.high, -b.low, 1e-9);
        assert_int_equal(proportion_wilson(pair.treatment, .05, &c), REASON_NONE);
        assert_int_equal(proportion_wilson(other.treatment, .05, &d), REASON_NONE);
        assert_true(fabs(c.low - (1 - d.high)) < 1e-14);
    }
}

static void a_bound_is_the_limit_of_twice_its_error(void **state)
{
    (void)state;
    struct random random = {.state = 17};
    for (int i = 0; i < 500; i++) {
        struct proportion_pair pair = random_pair(&random);
        double alpha = random_log(&random, 1e-5, .4), low = NOT_A_NUMBER, high = NOT_A_NUMBER;
        struct interval interval = score_interval(&pair, 2 * alpha);
        assert_int_equal(proportion_score_bound(&pair, SIDE_LOW, alpha, &low), REASON_NONE);
        assert_int_equal(proportion_score_bound(&pair, SIDE_HIGH, alpha, &high), REASON_NONE);
        assert_close(low, interval.low, 1e-12);
        assert_close(high, interval.high, 1e-12);
        if (low > -1) {
            struct test test;
            assert_int_equal(proportion_score_one_sided(&pair, low, SIDE_HIGH, &test), REASON_NONE);
            assert_close(test.p, alpha, 1e-7);
        }
    }
}

static void one_sided_p_of_both_sides_add_up_to_one(void **state)
{
    (void)state;
    struct proportion_pair pair = {{56, 70}, {48, 80}};
    struct test above, below;
    assert_int_equal(proportion_score_one_sided(&pair, -.02, SIDE_HIGH, &above), REASON_NONE);
    assert_int_equal(proportion_score_one_sided(&pair, -.02, SIDE_LOW, &below), REASON_NONE);
    assert_close(above.p + below.p, 1, 1e-14);
    assert_true(above.p < .01 && above.statistic > 2);
}

static void ten_times_the_units_divide_the_error_by_root_ten(void **state)
{
    (void)state;
    struct proportion_pair one = {{231, 1207}, {198, 1193}};
    struct proportion_pair ten = {{2310, 12070}, {1980, 11930}};
    double difference, se, difference_ten, se_ten;
    assert_int_equal(proportion_difference(&one, &difference, &se), REASON_NONE);
    assert_int_equal(proportion_difference(&ten, &difference_ten, &se_ten), REASON_NONE);
    assert_close(difference_ten, difference, 1e-14);
    assert_close(se_ten, se / sqrt(10), 1e-14);
}

static void none_and_all_still_have_an_interval(void **state)
{
    (void)state;
    const uint64_t sizes[] = {1, 2, 17, 1000000000};
    for (size_t i = 0; i < 4; i++)
        for (size_t j = 0; j < 4; j++)
            for (int which = 0; which < 4; which++) {
                struct proportion_pair pair = {{which & 1 ? sizes[i] : 0, sizes[i]},
                                               {which & 2 ? sizes[j] : 0, sizes[j]}};
                struct interval interval = score_interval(&pair, .05);
                double difference, se;
                assert_int_equal(proportion_difference(&pair, &difference, &se), REASON_NONE);
                assert_true(interval.low >= -1 && interval.high <= 1);
                assert_true(interval.low <= difference && difference <= interval.high);
                assert_true(interval.low < interval.high);
            }
}

static void a_p_too_small_for_a_double_keeps_its_log(void **state)
{
    (void)state;
    struct proportion_pair pair = {{600000000, 1000000000}, {400000000, 1000000000}};
    struct test test = score_at(&pair, 0);
    assert_true(test.p == 0);
    /* z = .2 / sqrt(.5 * 2e-9) = 8944.27..., ln p ~ -z^2/2 - ln z - ln(2 pi)/2 + ln 2 */
    double z = sqrt(8e7 * (2e9 - 1) / 2e9);
    assert_close(test.statistic, z, 1e-9);
    assert_close(test.log_p, -z * z / 2 - log(z) - .9189385332046727 + log(2), 1e-9);
}

static void impossible_input_has_a_reason_and_leaves_the_output(void **state)
{
    (void)state;
    struct proportion_pair good = {{3, 10}, {4, 10}}, none = {{0, 0}, {4, 10}},
                           more = {{11, 10}, {4, 10}};
    struct interval interval = {-7, 7};
    struct test test = {1, 2, 3};
    double bound = 9;
    assert_int_equal(proportion_score_interval(&none, .05, &interval), REASON_NO_UNITS);
    assert_int_equal(proportion_score_interval(&more, .05, &interval), REASON_INVALID);
    const double levels[] = {0, 1, -1, 2, NOT_A_NUMBER, INFINITE};
    for (size_t i = 0; i < 6; i++) {
        assert_int_equal(proportion_score_interval(&good, levels[i], &interval), REASON_INVALID);
        assert_int_equal(proportion_newcombe(&good, levels[i], &interval), REASON_INVALID);
        assert_int_equal(proportion_wilson(good.control, levels[i], &interval), REASON_INVALID);
        assert_int_equal(proportion_score_bound(&good, SIDE_LOW, levels[i], &bound),
                         REASON_INVALID);
    }
    const double nulls[] = {-1, 1, NOT_A_NUMBER, INFINITE, -2};
    for (size_t i = 0; i < 5; i++)
        assert_int_equal(proportion_score(&good, nulls[i], &test), REASON_INVALID);
    assert_true(interval.low == -7 && interval.high == 7 && bound == 9);
    assert_true(test.statistic == 1 && test.p == 2 && test.log_p == 3);
}

static void the_largest_counts_give_finite_answers(void **state)
{
    (void)state;
    struct proportion_pair pair = {{1, UINT64_MAX}, {UINT64_MAX, UINT64_MAX}};
    struct interval interval = score_interval(&pair, 1e-300);
    assert_true(isfinite(interval.low) && isfinite(interval.high));
    struct test test = score_at(&pair, 0);
    assert_true(isfinite(test.statistic) && isfinite(test.log_p) && test.p == 0);
}

int main(void)
{
    gsl_set_error_handler_off();
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(wilson_matches_r),
        cmocka_unit_test(score_interval_and_statistic_match_mpmath),
        cmocka_unit_test(mee_interval_matches_mpmath),
        cmocka_unit_test(corrected_wilson_matches_r_and_holds_the_plain_one),
        cmocka_unit_test(a_difference_of_rates_near_one_keeps_its_digits),
        cmocka_unit_test(newcombe_and_pooled_z_match_scipy),
        cmocka_unit_test(cookie_cats_has_the_published_answers),
        cmocka_unit_test(score_limits_equal_plain_bisection),
        cmocka_unit_test(p_is_below_alpha_exactly_when_the_interval_excludes_the_null),
        cmocka_unit_test(swapping_the_variants_mirrors_everything),
        cmocka_unit_test(counting_failures_mirrors_everything),
        cmocka_unit_test(a_bound_is_the_limit_of_twice_its_error),
        cmocka_unit_test(one_sided_p_of_both_sides_add_up_to_one),
        cmocka_unit_test(ten_times_the_units_divide_the_error_by_root_ten),
        cmocka_unit_test(none_and_all_still_have_an_interval),
        cmocka_unit_test(a_p_too_small_for_a_double_keeps_its_log),
        cmocka_unit_test(impossible_input_has_a_reason_and_leaves_the_output),
        cmocka_unit_test(the_largest_counts_give_finite_answers),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
