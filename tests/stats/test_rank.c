/* Quantiles, winsorised means, Woodruff's interval and Mann-Whitney against R, and what must hold.
 */

#include "stats/random.h"
#include "stats/rank.h"
#include "stats/reference.h"

#include <gsl/gsl_cdf.h>
#include <gsl/gsl_errno.h>
#include <string.h>

#define UNITS 60

static struct ranked rows_of(double *values, size_t count)
{
    assert_int_equal(values_sort(values, count), REASON_NONE);
    return (struct ranked){.values = values, .count = count};
}

static double quantile_of(const struct ranked *ranked, enum quantile_type type, double share)
{
    double quantile = NOT_A_NUMBER;
    assert_int_equal(ranked_quantile(ranked, type, share, &quantile), REASON_NONE);
    return quantile;
}

/* R 4.2.2, quantile(c(3,1,4,1,5,9,2,6,5,3,5), probs) and c(0,0,0,0,1,1,5). */
static void quantiles_match_r(void **state)
{
    (void)state;
    double pi[] = {3, 1, 4, 1, 5, 9, 2, 6, 5, 3, 5}, ties[] = {0, 0, 0, 0, 1, 1, 5};
    struct ranked a = rows_of(pi, 11), b = rows_of(ties, 7);
    static const struct {
        double share, type7, type1, type2, type6, type8;
    } rows[] = {
        {.25, 2.5, 2, 2, 2, 2.1666666666666665},
        {.5, 4, 4, 4, 4, 4},
        {.9, 6, 6, 6, 8.400000000000002, 7.6},
        {.95, 7.5, 9, 9, 9, 9},
        {0, 1, 1, 1, 1, 1},
        {1, 9, 9, 9, 9, 9},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        assert_close(quantile_of(&a, QUANTILE_7, rows[i].share), rows[i].type7, 1e-14);
        assert_close(quantile_of(&a, QUANTILE_1, rows[i].share), rows[i].type1, 1e-14);
        assert_close(quantile_of(&a, QUANTILE_2, rows[i].share), rows[i].type2, 1e-14);
        assert_close(quantile_of(&a, QUANTILE_6, rows[i].share), rows[i].type6, 1e-14);
        assert_close(quantile_of(&a, QUANTILE_8, rows[i].share), rows[i].type8, 1e-14);
    }
    assert_close(quantile_of(&b, QUANTILE_7, .9), 2.6000000000000014, 1e-14);
    assert_close(quantile_of(&b, QUANTILE_8, .9), 4.733333333333334, 1e-14);
}

/* The type-2 median of an even sample is the mean of the middle two; R: quantile(1:2, .5, type=2).
 */
static void a_step_of_type_2_is_the_mean_of_both(void **state)
{
    (void)state;
    double two[] = {1, 2};
    struct ranked ranked = rows_of(two, 2);
    assert_close(quantile_of(&ranked, QUANTILE_2, .5), 1.5, 1e-15);
    assert_close(quantile_of(&ranked, QUANTILE_1, .5), 1, 1e-15);
}

static void winsorised_means_match_r(void **state)
{
    (void)state;
    double pi[] = {3, 1, 4, 1, 5, 9, 2, 6, 5, 3, 5}, mean, variance;
    struct ranked ranked = rows_of(pi, 11);
    struct winsor both = {.01, .99}, top = {0, .99};
    assert_int_equal(ranked_winsorised_mean(&ranked, both, &mean), REASON_NONE);
    assert_close(mean, 3.9727272727272727, 1e-12);
    assert_int_equal(ranked_winsorised_variance(&ranked, top, &variance), REASON_NONE);
    assert_close(variance, 5.3081818181818194, 1e-12);
    /* Keeping all is the plain mean. */
    assert_int_equal(ranked_winsorised_mean(&ranked, (struct winsor){0, 1}, &mean), REASON_NONE);
    assert_close(mean, 4, 1e-15);
}

/* R 4.2.2, wilcox.test(treatment, control, exact = FALSE). */
static void mann_whitney_matches_r(void **state)
{
    (void)state;
    double constant[] = {3, 3, 3, 3, 3, 3}, other[] = {1, 2, 3, 4, 5, 9};
    double control[] = {10.170949, 7.933687,  11.871577, 7.352132,  10.871259, 9.884433,
                        12.929532, 10.934083, 7.792316,  12.844987, 14.302523, 11.52351};
    double treatment[] = {7.048973,  2.298562,  9.203692,  14.462194, 17.495022,
                          13.750018, 11.783582, 13.155107, 14.891302, 8.810127,
                          6.678237,  8.146994,  7.806369,  9.146644,  7.86195};
    struct ranked c = rows_of(control, 12), t = rows_of(treatment, 15);
    struct ranked c3 = rows_of(constant, 6), t3 = rows_of(other, 6);
    struct mann_whitney result;
    assert_int_equal(mann_whitney_of(&t, &c, &result), REASON_NONE);
    assert_true(result.pairs == 82);
    assert_close(result.with_continuity.p, 0.7143930376343264, 1e-9);
    assert_close(result.test.p, 0.6962703401140229, 1e-9);
    assert_int_equal(mann_whitney_of(&t3, &c3, &result), REASON_NONE);
    assert_true(result.pairs == 21);
    assert_close(result.with_continuity.p, 0.6553063895051376, 1e-9);
    assert_close(result.test.p, 0.5921774964028621, 1e-9);
}

/* Counts of random values 0 to 19, and the same as rows. */
struct both {
    uint64_t units[20];
    double rows[UNITS];
    struct ranked histogram, sorted;
};

static void both_fill(struct both *both, struct random *random)
{
    *both = (struct both){0};
    for (size_t i = 0; i < UNITS; i++) {
        uint64_t value = random_next(random) % 20;
        both->units[value]++;
        both->rows[i] = (double)value;
    }
    both->histogram = (struct ranked){.units = both->units, .count = 20};
    both->sorted = rows_of(both->rows, UNITS);
}

static void a_histogram_is_its_rows(void **state)
{
    (void)state;
    struct random random = {.state = 3};
    static const enum quantile_type types[] = {QUANTILE_1, QUANTILE_2, QUANTILE_6, QUANTILE_7,
                                               QUANTILE_8};
    for (int i = 0; i < 200; i++) {
        struct both a, b;
        struct mann_whitney rows, counts;
        double share = random_unit(&random), mean_a, mean_b;
        both_fill(&a, &random);
        both_fill(&b, &random);
        for (size_t k = 0; k < 5; k++)
            assert_true(quantile_of(&a.histogram, types[k], share) ==
                        quantile_of(&a.sorted, types[k], share));
        struct winsor keep = {0, share};
        assert_int_equal(ranked_winsorised_mean(&a.histogram, keep, &mean_a), REASON_NONE);
        assert_int_equal(ranked_winsorised_mean(&a.sorted, keep, &mean_b), REASON_NONE);
        assert_close(mean_a, mean_b, 1e-13);
        assert_int_equal(mann_whitney_of(&a.histogram, &b.sorted, &counts), REASON_NONE);
        assert_int_equal(mann_whitney_of(&a.sorted, &b.histogram, &rows), REASON_NONE);
        assert_memory_equal(&rows, &counts, sizeof rows);
    }
}

static void mann_whitney_counts_pairs_and_swapping_mirrors(void **state)
{
    (void)state;
    struct random random = {.state = 5};
    for (int i = 0; i < 100; i++) {
        struct both a, b;
        struct mann_whitney ab, ba;
        double pairs = 0;
        both_fill(&a, &random);
        both_fill(&b, &random);
        for (size_t k = 0; k < UNITS; k++)
            for (size_t l = 0; l < UNITS; l++)
                pairs += a.rows[k] > b.rows[l] ? 1 : a.rows[k] == b.rows[l] ? .5 : 0;
        assert_int_equal(mann_whitney_of(&a.sorted, &b.sorted, &ab), REASON_NONE);
        assert_int_equal(mann_whitney_of(&b.sorted, &a.sorted, &ba), REASON_NONE);
        assert_true(ab.pairs == pairs && ab.pairs + ba.pairs == UNITS * UNITS);
        assert_true(ab.test.p == ba.test.p && ab.test.statistic == -ba.test.statistic);
        assert_true(ab.with_continuity.p == ba.with_continuity.p);
        assert_true(ab.with_continuity.p >= ab.test.p);
    }
}

/* A variance of 10^8 + values is that of the values: differences of such doubles are exact. */
static void a_constant_added_moves_no_spread(void **state)
{
    (void)state;
    struct random random = {.state = 11};
    double near[UNITS], far[UNITS], a, b;
    for (size_t i = 0; i < UNITS; i++) {
        near[i] = ldexp(floor(ldexp(random_log(&random, .1, 90), 20)), -20);
        far[i] = near[i] + 1e8;
    }
    struct ranked close = rows_of(near, UNITS), away = rows_of(far, UNITS);
    struct winsor keep = {0, 1};
    struct quantile first, second;
    assert_int_equal(ranked_winsorised_variance(&close, keep, &a), REASON_NONE);
    assert_int_equal(ranked_winsorised_variance(&away, keep, &b), REASON_NONE);
    assert_close(b, a, 1e-12);
    assert_int_equal(ranked_quantile_interval(&close, .5, .05, &first), REASON_NONE);
    assert_int_equal(ranked_quantile_interval(&away, .5, .05, &second), REASON_NONE);
    assert_close(second.se, first.se, 1e-8);
}

/* Woodruff's interval of a median: the exact distribution of order statistics says that its
 * coverage lies between that of the ranks inside it and that of those outside. */
static void woodruff_covers_the_median(void **state)
{
    (void)state;
    struct random random = {.state = 17};
    int covered = 0;
    const int draws = 4000;
    double mean = 0, squares = 0, se = 0;
    for (int i = 0; i < draws; i++) {
        double values[UNITS];
        struct quantile quantile;
        for (size_t k = 0; k < UNITS; k++)
            values[k] = exp(random_normal(&random)); /* median 1 */
        struct ranked ranked = rows_of(values, UNITS);
        assert_int_equal(ranked_quantile_interval(&ranked, .5, .05, &quantile), REASON_NONE);
        assert_true(quantile.interval.low <= quantile.value &&
                    quantile.value <= quantile.interval.high && quantile.se > 0);
        covered += quantile.interval.low <= 1 && 1 <= quantile.interval.high;
        mean += quantile.value / draws;
        squares += quantile.value * quantile.value / draws;
        se += quantile.se / draws;
    }
    assert_close(se, sqrt(squares - mean * mean), .1);
    assert_true(covered >= .93 * draws && covered <= .97 * draws);
}

static void a_quantile_difference_mirrors(void **state)
{
    (void)state;
    struct random random = {.state = 19};
    double x[UNITS], y[UNITS];
    struct estimate ab, ba;
    for (size_t i = 0; i < UNITS; i++) {
        x[i] = random_normal(&random);
        y[i] = 1 + 2 * random_normal(&random);
    }
    struct ranked a = rows_of(x, UNITS), b = rows_of(y, UNITS);
    assert_int_equal(ranked_quantile_difference(&a, &b, .25, 200, &ab), REASON_NONE);
    assert_int_equal(ranked_quantile_difference(&b, &a, .25, 200, &ba), REASON_NONE);
    assert_true(ab.value == -ba.value && ab.se == ba.se && ab.df == 0);
    assert_close(ab.ratio, .6, 1e-15);
}

static void what_has_no_answer_says_why(void **state)
{
    (void)state;
    double one[] = {7}, falling[] = {2, 1}, broken[] = {1, NOT_A_NUMBER}, out = 5;
    uint64_t none[] = {0, 0}, huge[] = {(uint64_t)1 << 40, 1};
    struct ranked single = {.values = one, .count = 1}, empty = {.values = one};
    struct ranked unsorted = {.values = falling, .count = 2};
    struct ranked nan = {.values = broken, .count = 2}, zero = {.units = none, .count = 2};
    struct ranked many = {.units = huge, .count = 2};
    struct mann_whitney ranks = {.pairs = 5};
    struct quantile quantile = {.se = 5};
    struct estimate estimate = {.se = 5};
    assert_int_equal(ranked_quantile(&empty, QUANTILE_7, .5, &out), REASON_NO_UNITS);
    assert_int_equal(ranked_quantile(&zero, QUANTILE_7, .5, &out), REASON_NO_UNITS);
    assert_int_equal(ranked_quantile(&unsorted, QUANTILE_7, .5, &out), REASON_INVALID);
    assert_int_equal(ranked_quantile(&nan, QUANTILE_7, .5, &out), REASON_INVALID);
    assert_int_equal(ranked_quantile(&many, QUANTILE_7, .5, &out), REASON_INVALID);
    assert_int_equal(ranked_quantile(&single, QUANTILE_7, 1.01, &out), REASON_INVALID);
    assert_int_equal(ranked_quantile(&single, QUANTILE_7, NOT_A_NUMBER, &out), REASON_INVALID);
    assert_int_equal(ranked_quantile(&single, (enum quantile_type)3, .5, &out), REASON_INVALID);
    assert_int_equal(ranked_winsorised_variance(&single, (struct winsor){0, 1}, &out),
                     REASON_ONE_UNIT);
    assert_int_equal(ranked_winsorised_mean(&single, (struct winsor){.6, .5}, &out),
                     REASON_INVALID);
    assert_true(out == 5);
    assert_int_equal(ranked_quantile_interval(&single, .5, .05, &quantile), REASON_TOO_FEW);
    assert_int_equal(ranked_quantile_interval(&single, 0, .05, &quantile), REASON_INVALID);
    assert_int_equal(ranked_quantile_interval(&single, .5, 0, &quantile), REASON_INVALID);
    assert_int_equal(mann_whitney_of(&single, &single, &ranks), REASON_NO_VARIATION);
    assert_int_equal(mann_whitney_of(&single, &zero, &ranks), REASON_NO_UNITS);
    assert_int_equal(mann_whitney_of(&many, &single, &ranks), REASON_INVALID);
    uint64_t same[] = {1000};
    struct ranked constant = {.units = same, .count = 1};
    assert_int_equal(ranked_quantile_difference(&constant, &constant, .5, 100, &estimate),
                     REASON_NO_VARIATION);
    assert_int_equal(ranked_quantile_difference(&constant, &constant, .5, 0, &estimate),
                     REASON_INVALID);
    assert_int_equal(values_sort(broken, 2), REASON_INVALID);
    assert_true(ranks.pairs == 5 && quantile.se == 5 && estimate.se == 5 && broken[0] == 1);
}

/* 10^9 units in two histograms: W needs more than 53 bits. */
static void a_thousand_million_units_are_counted_exactly(void **state)
{
    (void)state;
    uint64_t t[] = {400000000, 600000001}, c[] = {500000000, 500000000};
    struct ranked treatment = {.units = t, .count = 2}, control = {.units = c, .count = 2};
    struct mann_whitney ranks;
    assert_int_equal(mann_whitney_of(&treatment, &control, &ranks), REASON_NONE);
    assert_close(ranks.superiority, .55, 1e-9);
    assert_true(ranks.test.statistic > 4000 && ranks.test.p == 0 && ranks.test.log_p < -1e6);
    assert_true(isfinite(ranks.test.log_p));
}

int main(void)
{
    gsl_set_error_handler_off();
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(quantiles_match_r),
        cmocka_unit_test(a_step_of_type_2_is_the_mean_of_both),
        cmocka_unit_test(winsorised_means_match_r),
        cmocka_unit_test(mann_whitney_matches_r),
        cmocka_unit_test(a_histogram_is_its_rows),
        cmocka_unit_test(mann_whitney_counts_pairs_and_swapping_mirrors),
        cmocka_unit_test(a_constant_added_moves_no_spread),
        cmocka_unit_test(woodruff_covers_the_median),
        cmocka_unit_test(a_quantile_difference_mirrors),
        cmocka_unit_test(what_has_no_answer_says_why),
        cmocka_unit_test(a_thousand_million_units_are_counted_exactly),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
