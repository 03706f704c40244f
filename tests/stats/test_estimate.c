/*
 * The one layer: that it gives the families' own answers, that its p and intervals agree for every
 * kind, that p_h agrees with the two printed intervals, and that guardrail bounds agree with their
 * p.
 */

#include "stats/design.h"
#include "stats/estimate.h"
#include "stats/hostile.h"
#include "stats/normal.h"
#include "stats/random.h"
#include "support/support.h"

#include <gsl/gsl_errno.h>
#include <math.h>

static struct estimate of_counts(uint64_t x1, uint64_t n1, uint64_t x0, uint64_t n0)
{
    struct proportion_pair pair = {{x1, n1}, {x0, n0}};
    struct estimate estimate;
    assert_int_equal(estimate_of_proportions(&pair, 4000, &estimate), REASON_NONE);
    return estimate;
}

/* One of every kind in turn, with an effect of a few standard errors. */
static struct estimate random_estimate(struct random *random, int kind)
{
    struct estimate estimate = {0};
    uint64_t n1 = (uint64_t)random_log(random, 100, 1e6),
             n0 = (uint64_t)random_log(random, 100, 1e6);
    double rate = .1 + .5 * random_unit(random), reach = 9 * (random_unit(random) - .5);
    double se = sqrt(rate * (1 - rate) * (1 / (double)n1 + 1 / (double)n0));
    double other = fmin(.95, fmax(.02, rate + reach * se));
    struct proportion_pair pair = {{(uint64_t)((double)n1 * other), n1},
                                   {(uint64_t)((double)n0 * rate), n0}};
    enum reason reason = REASON_INVALID;
    if (kind % 4 == 0)
        reason = estimate_of_proportions(&pair, random_log(random, 100, 1e6), &estimate);
    else if (kind % 4 == 1)
        reason = estimate_of_lift(&pair, random_log(random, 100, 1e6), &estimate);
    else if (kind % 4 == 2)
        reason = estimate_of_value(1.3 * reach, 1.3, 0, random_log(random, .01, 20), &estimate);
    else
        reason = estimate_of_value(.7 * reach, .7, random_log(random, 3, 500),
                                   random_log(random, .05, 20), &estimate);
    assert_int_equal(reason, REASON_NONE);
    return estimate;
}

static void a_difference_of_rates_is_tested_by_its_score(void **state)
{
    (void)state;
    struct estimate estimate = of_counts(20119, 45489, 20034, 44700);
    struct interval interval;
    struct test test;
    assert_int_equal(estimate_fixed_interval(&estimate, .05, &interval), REASON_NONE);
    assert_int_equal(estimate_fixed_test(&estimate, 0, &test), REASON_NONE);
    assert_close(interval.low, -0.012392180086137836, 1e-8);
    assert_close(interval.high, 0.00058216816997890268, 1e-8);
    assert_close(test.p, 0.074411262258869028, 1e-9);
    assert_close(estimate.ratio, 90189. / 4000, 1e-15);
}

/* Cookie Cats, day 7, planned 500: the interval of GrowthBook with its w replaced by the exact one:
 * estimate +- c se by the formula of the design, written out. */
static void the_anytime_interval_uses_the_unpooled_error(void **state)
{
    (void)state;
    struct proportion_pair pair = {{8279, 45489}, {8502, 44700}};
    struct estimate estimate;
    struct interval interval;
    assert_int_equal(estimate_of_proportions(&pair, 500, &estimate), REASON_NONE);
    assert_close(estimate.se, 0.0025920140082940444, 1e-12);
    assert_int_equal(estimate_anytime_interval(&estimate, .05, &interval), REASON_NONE);
    double wr = 8.2119680620682534 * 90189 / 500;
    double c = sqrt((1 + 1 / wr) * (log(1 + wr) - 2 * log(.05)));
    assert_close(interval.low, estimate.value - c * 0.0025920140082940444, 1e-9);
    assert_close(interval.high, estimate.value + c * 0.0025920140082940444, 1e-9);
}

static void p_is_below_alpha_exactly_when_the_interval_excludes_the_null(void **state)
{
    (void)state;
    struct random random = {.state = 71};
    int excluded = 0;
    for (int i = 0; i < 4000; i++) {
        struct estimate estimate = random_estimate(&random, i);
        double alpha = random_log(&random, 1e-3, .4);
        struct interval interval;
        struct test test;
        assert_int_equal(estimate_fixed_interval(&estimate, alpha, &interval), REASON_NONE);
        assert_int_equal(estimate_fixed_test(&estimate, 0, &test), REASON_NONE);
        assert_int_equal(test.p<alpha, interval.low> 0 || interval.high < 0);
        excluded += test.p < alpha;
        if (estimate_anytime_interval(&estimate, alpha, &interval) != REASON_NONE)
            continue;
        assert_int_equal(estimate_anytime_test(&estimate, 0, alpha, &test), REASON_NONE);
        assert_int_equal(test.p<alpha, interval.low> 0 || interval.high < 0);
    }
    assert_true(excluded > 500 && excluded < 3500);
}

static void p_h_is_at_most_alpha_exactly_when_a_printed_interval_excludes_zero(void **state)
{
    (void)state;
    struct random random = {.state = 73};
    const enum design designs[] = {DESIGN_HYBRID, DESIGN_ALWAYS, DESIGN_FIXED};
    int rejected = 0;
    for (int i = 0; i < 6000; i++) {
        struct estimate now = random_estimate(&random, i), then = random_estimate(&random, i);
        enum design design = designs[i % 3];
        double alpha = random_log(&random, .01, .3);
        struct design_levels levels = design_levels(design, alpha);
        struct design_evidence evidence = {.p_now = 1, .p_fixed = 1, .final = i % 2};
        bool excludes = false;
        struct interval interval;
        struct test test;
        if (levels.anytime > 0 &&
            estimate_anytime_interval(&now, levels.anytime, &interval) == REASON_NONE) {
            assert_int_equal(estimate_anytime_test(&now, 0, levels.anytime, &test), REASON_NONE);
            evidence.p_now = test.p;
            excludes = interval.low > 0 || interval.high < 0;
        }
        assert_int_equal(estimate_fixed_test(&then, 0, &test), REASON_NONE);
        evidence.p_fixed = test.p;
        if (levels.fixed > 0 && evidence.final) {
            assert_int_equal(estimate_fixed_interval(&then, levels.fixed, &interval), REASON_NONE);
            excludes = excludes || interval.low > 0 || interval.high < 0;
        }
        assert_int_equal(design_p(design, &evidence) <= alpha, excludes);
        rejected += excludes;
    }
    assert_true(rejected > 300);
}

static void the_levels_of_each_design_add_up_to_alpha(void **state)
{
    (void)state;
    for (int design = DESIGN_HYBRID; design <= DESIGN_FIXED; design++) {
        struct design_levels levels = design_levels((enum design)design, .05);
        assert_close(levels.fixed + levels.anytime, .05, 1e-15);
    }
    assert_close(design_levels(DESIGN_HYBRID, .05).anytime, .01, 1e-15);
    struct design_evidence evidence = {.p_now = .009, .p_fixed = .5};
    assert_close(design_p(DESIGN_HYBRID, &evidence), .045, 1e-15);
    assert_close(design_p(DESIGN_ALWAYS, &evidence), .009, 1e-15);
    assert_close(design_p(DESIGN_FIXED, &evidence), 1, 1e-15);
    evidence = (struct design_evidence){.p_now = .5, .p_fixed = .02, .final = true};
    assert_close(design_p(DESIGN_HYBRID, &evidence), .025, 1e-15);
    assert_close(design_p(DESIGN_ALWAYS, &evidence), .5, 1e-15);
    assert_close(design_p(DESIGN_FIXED, &evidence), .02, 1e-15);
}

static void a_guardrail_passes_exactly_when_its_non_inferiority_p_is_small(void **state)
{
    (void)state;
    struct random random = {.state = 79};
    int passed = 0;
    for (int i = 0; i < 4000; i++) {
        struct estimate estimate = random_estimate(&random, i);
        double alpha = random_log(&random, 1e-3, .2), bound;
        struct margin margin = {.adverse = i % 8 < 4 ? SIDE_LOW : SIDE_HIGH,
                                .size = 2 * estimate.se * random_unit(&random)};
        struct test test;
        assert_int_equal(estimate_fixed_bound(&estimate, margin.adverse, alpha, &bound),
                         REASON_NONE);
        assert_int_equal(estimate_non_inferiority(&estimate, margin, &test), REASON_NONE);
        assert_int_equal(test.p < alpha, margin_holds(margin, bound));
        passed += test.p < alpha;
        if (estimate_anytime_bound(&estimate, margin.adverse, alpha, &bound) != REASON_NONE)
            continue;
        assert_int_equal(estimate_anytime_non_inferiority(&estimate, margin, alpha, &test),
                         REASON_NONE);
        assert_int_equal(test.p < alpha, margin_holds(margin, bound));
    }
    assert_true(passed > 500);
}

static void harm_is_shown_exactly_when_its_p_is_small(void **state)
{
    (void)state;
    struct random random = {.state = 83};
    int harmed = 0;
    for (int i = 0; i < 4000; i++) {
        struct estimate estimate = random_estimate(&random, i);
        double alpha = random_log(&random, 1e-3, .2), bound;
        struct margin margin = {.adverse = i % 8 < 4 ? SIDE_LOW : SIDE_HIGH};
        enum side other = margin.adverse == SIDE_LOW ? SIDE_HIGH : SIDE_LOW;
        struct test test;
        if (estimate_anytime_bound(&estimate, other, alpha, &bound) != REASON_NONE)
            continue;
        assert_int_equal(estimate_anytime_harm(&estimate, margin.adverse, alpha, &test),
                         REASON_NONE);
        assert_int_equal(test.p < alpha, margin_is_harmed(margin, bound));
        harmed += test.p < alpha;
    }
    assert_true(harmed > 50);
}

static void swapping_the_variants_mirrors_the_bounds(void **state)
{
    (void)state;
    struct estimate a = of_counts(611, 5000, 499, 4800), b = of_counts(499, 4800, 611, 5000);
    double low, high;
    assert_int_equal(estimate_fixed_bound(&a, SIDE_LOW, .02, &low), REASON_NONE);
    assert_int_equal(estimate_fixed_bound(&b, SIDE_HIGH, .02, &high), REASON_NONE);
    assert_close(low, -high, 1e-10);
    assert_int_equal(estimate_anytime_bound(&a, SIDE_LOW, .02, &low), REASON_NONE);
    assert_int_equal(estimate_anytime_bound(&b, SIDE_HIGH, .02, &high), REASON_NONE);
    assert_close(low, -high, 1e-12);
}

static void the_anytime_interval_is_wider_than_the_fixed_for_every_kind(void **state)
{
    (void)state;
    struct random random = {.state = 89};
    for (int i = 0; i < 2000; i++) {
        struct estimate estimate = random_estimate(&random, i);
        struct interval fixed, anytime;
        assert_int_equal(estimate_fixed_interval(&estimate, .05, &fixed), REASON_NONE);
        if (estimate_anytime_interval(&estimate, .05, &anytime) == REASON_NONE)
            assert_true(anytime.high - anytime.low > fixed.high - fixed.low);
    }
}

static void none_and_none_has_a_fixed_answer_and_no_anytime_one(void **state)
{
    (void)state;
    struct estimate estimate = of_counts(0, 10, 0, 20);
    struct interval interval = {-7, 7};
    struct test test = {1, 2, 3};
    double bound = 5;
    assert_int_equal(estimate_anytime_interval(&estimate, .05, &interval), REASON_NO_VARIATION);
    assert_int_equal(estimate_anytime_bound(&estimate, SIDE_LOW, .05, &bound), REASON_NO_VARIATION);
    assert_int_equal(estimate_anytime_test(&estimate, 0, .05, &test), REASON_NO_VARIATION);
    assert_true(interval.low == -7 && bound == 5 && test.p == 2);
    assert_int_equal(estimate_fixed_interval(&estimate, .05, &interval), REASON_NONE);
    assert_close(interval.low, -0.16576022754217165, 1e-8);
    assert_int_equal(estimate_fixed_test(&estimate, 0, &test), REASON_NONE);
    assert_true(test.p == 1);
}

static void impossible_input_has_a_reason_and_leaves_the_output(void **state)
{
    (void)state;
    struct estimate estimate = {.value = 5};
    struct proportion_pair good = {{3, 10}, {4, 10}}, none = {{0, 0}, {4, 10}};
    const double bad[] = {NOT_A_NUMBER, INFINITE, -INFINITE, -1};
    for (size_t i = 0; i < 4; i++) {
        assert_int_equal(estimate_of_proportions(&good, bad[i], &estimate), REASON_INVALID);
        assert_int_equal(estimate_of_lift(&good, bad[i], &estimate), REASON_INVALID);
        assert_int_equal(estimate_of_value(1, bad[i], 0, 1, &estimate), REASON_INVALID);
        assert_int_equal(estimate_of_value(1, 1, bad[i], 1, &estimate), REASON_INVALID);
        assert_int_equal(estimate_of_value(1, 1, 0, bad[i], &estimate), REASON_INVALID);
        assert_int_equal(estimate_of_value(bad[i < 3 ? i : 0], 1, 0, 1, &estimate), REASON_INVALID);
    }
    assert_int_equal(estimate_of_value(1, 0, 0, 1, &estimate), REASON_NO_VARIATION);
    assert_int_equal(estimate_of_proportions(&none, 100, &estimate), REASON_NO_UNITS);
    assert_true(estimate.value == 5);
    struct estimate fine = of_counts(3, 10, 4, 10),
                    far = {.value = 1e300, .se = 1e-300, .ratio = 1};
    struct test test = {1, 2, 3};
    struct interval interval = {-7, 7};
    double bound = 5;
    assert_int_equal(estimate_fixed_test(&far, 0, &test), REASON_NOT_FINITE);
    assert_int_equal(estimate_fixed_test(&fine, NOT_A_NUMBER, &test), REASON_INVALID);
    assert_int_equal(estimate_anytime_test(&fine, NOT_A_NUMBER, .05, &test), REASON_INVALID);
    assert_int_equal(estimate_anytime_harm(&fine, SIDE_LOW, .5, &test), REASON_INVALID);
    assert_int_equal(
        estimate_non_inferiority(&fine, (struct margin){SIDE_LOW, NOT_A_NUMBER}, &test),
        REASON_INVALID);
    assert_int_equal(estimate_fixed_interval(&fine, 1, &interval), REASON_INVALID);
    assert_int_equal(estimate_anytime_interval(&fine, NOT_A_NUMBER, &interval), REASON_INVALID);
    assert_int_equal(estimate_fixed_bound(&fine, SIDE_LOW, .5, &bound), REASON_INVALID);
    assert_int_equal(estimate_anytime_bound(&fine, SIDE_LOW, 0, &bound), REASON_INVALID);
    assert_true(test.p == 2 && interval.low == -7 && bound == 5);
}

int main(void)
{
    gsl_set_error_handler_off();
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_difference_of_rates_is_tested_by_its_score),
        cmocka_unit_test(the_anytime_interval_uses_the_unpooled_error),
        cmocka_unit_test(p_is_below_alpha_exactly_when_the_interval_excludes_the_null),
        cmocka_unit_test(p_h_is_at_most_alpha_exactly_when_a_printed_interval_excludes_zero),
        cmocka_unit_test(the_levels_of_each_design_add_up_to_alpha),
        cmocka_unit_test(a_guardrail_passes_exactly_when_its_non_inferiority_p_is_small),
        cmocka_unit_test(harm_is_shown_exactly_when_its_p_is_small),
        cmocka_unit_test(swapping_the_variants_mirrors_the_bounds),
        cmocka_unit_test(the_anytime_interval_is_wider_than_the_fixed_for_every_kind),
        cmocka_unit_test(none_and_none_has_a_fixed_answer_and_no_anytime_one),
        cmocka_unit_test(impossible_input_has_a_reason_and_leaves_the_output),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
