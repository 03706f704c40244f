/*
 * Do the promised error rates hold when the experiment is run?  Short forms, with fixed seeds, of
 * the design's simulations.  Each also shows that it can fail: the naive method fails in the same
 * run.
 *
 * A band is four standard errors of the simulation.  Where the sum over all outcomes is short
 * enough it is taken instead of a simulation, and there is no band.
 */

#include "stats/design.h"
#include "stats/estimate.h"
#include "stats/normal.h"
#include "stats/power.h"
#include "stats/sample_ratio.h"
#include "support/support.h"

#include <gsl/gsl_errno.h>
#include <gsl/gsl_randist.h>
#include <math.h>
#include <stdio.h>

#define LOOKS 100
#define STEP_UNITS 20
#define PLANNED (2. * LOOKS * STEP_UNITS)

static double band(double rate, int replicates)
{
    return 4 * sqrt(rate * (1 - rate) / replicates);
}

/* One experiment, a batch a look; `looks` of them. */
struct run {
    struct proportion_pair counts;
    bool naive, anytime, final, final_again;
};

static void run_look(struct run *run, gsl_rng *random, const double rates[2])
{
    run->counts.control.units += STEP_UNITS;
    run->counts.treatment.units += STEP_UNITS;
    run->counts.control.successes += gsl_ran_binomial(random, rates[0], STEP_UNITS);
    run->counts.treatment.successes += gsl_ran_binomial(random, rates[1], STEP_UNITS);
}

static bool anytime_rejects(const struct estimate *estimate, double alpha)
{
    struct test test;
    return estimate_anytime_test(estimate, 0, alpha, &test) == REASON_NONE && test.p <= alpha;
}

static bool score_rejects(const struct proportion_pair *counts, double alpha)
{
    struct test test;
    return proportion_score(counts, 0, &test) == REASON_NONE && test.p <= alpha;
}

/* The gate of inference.md for proportions: 100 units, 10 successes and 10 failures a variant. */
static bool gate_is_open(const struct proportion_pair *counts)
{
    const struct proportion t = counts->treatment, c = counts->control;
    return t.units >= 100 && c.units >= 100 && t.successes >= 10 && c.successes >= 10 &&
           t.units - t.successes >= 10 && c.units - c.successes >= 10;
}

static void a_hundred_peeks_keep_the_error_that_a_plain_test_loses(void **state)
{
    (void)state;
    enum { REPLICATES = 2500 };
    gsl_rng *random = gsl_rng_alloc(gsl_rng_mt19937);
    gsl_rng_set(random, 20260801);
    const double rates[] = {.2, .2};
    int naive = 0, anytime = 0;
    for (int i = 0; i < REPLICATES; i++) {
        struct run run = {0};
        for (int look = 0; look < LOOKS; look++) {
            struct estimate estimate;
            run_look(&run, random, rates);
            run.naive |= score_rejects(&run.counts, .05);
            assert_int_equal(estimate_of_proportions(&run.counts, PLANNED, &estimate), REASON_NONE);
            run.anytime |= gate_is_open(&run.counts) && anytime_rejects(&estimate, .05);
        }
        naive += run.naive;
        anytime += run.anytime;
    }
    gsl_rng_free(random);
    printf("100 peeks: anytime %.4f, plain test %.4f\n", anytime / (double)REPLICATES,
           naive / (double)REPLICATES);
    assert_true(anytime <= REPLICATES * .05);
    assert_true(naive > REPLICATES * .25);
}

/* Hybrid under A/A, units arriving on to twice the plan: the final test read once on the final set,
 * and, as must not be done, read again at every look after it. */
static void the_final_test_holds_frozen_and_fails_recomputed(void **state)
{
    (void)state;
    enum { REPLICATES = 2500 };
    gsl_rng *random = gsl_rng_alloc(gsl_rng_mt19937);
    gsl_rng_set(random, 20260802);
    const double rates[] = {.2, .2};
    struct design_levels levels = design_levels(DESIGN_HYBRID, .05);
    int frozen = 0, again = 0;
    for (int i = 0; i < REPLICATES; i++) {
        struct run run = {0};
        for (int look = 1; look <= 2 * LOOKS; look++) {
            struct estimate estimate;
            run_look(&run, random, rates);
            assert_int_equal(estimate_of_proportions(&run.counts, PLANNED, &estimate), REASON_NONE);
            run.anytime |= gate_is_open(&run.counts) && anytime_rejects(&estimate, levels.anytime);
            if (look >= LOOKS) {
                bool rejects = score_rejects(&run.counts, levels.fixed);
                run.final |= look == LOOKS && rejects;
                run.final_again |= rejects;
            }
        }
        frozen += run.anytime || run.final;
        again += run.anytime || run.final_again;
    }
    gsl_rng_free(random);
    printf("hybrid: final frozen %.4f, recomputed %.4f\n", frozen / (double)REPLICATES,
           again / (double)REPLICATES);
    assert_true(frozen <= REPLICATES * .05);
    assert_true(again > REPLICATES * .10);
}

/* Planned for power .8 at .05; hybrid at the same size must keep .72. */
static void power_is_what_the_plan_said(void **state)
{
    (void)state;
    enum { REPLICATES = 4000 };
    gsl_rng *random = gsl_rng_alloc(gsl_rng_mt19937);
    gsl_rng_set(random, 20260803);
    struct power_design design = {.alpha = .05, .allocation = 1};
    double units;
    assert_int_equal(power_proportion_units(&design, .2, .236, .8, &units), REASON_NONE);
    unsigned n = (unsigned)ceil(units), half = n / 2;
    struct design_levels levels = design_levels(DESIGN_HYBRID, .05);
    int fixed = 0, hybrid = 0;
    for (int i = 0; i < REPLICATES; i++) {
        struct proportion_pair counts = {{gsl_ran_binomial(random, .236, half), half},
                                         {gsl_ran_binomial(random, .2, half), half}};
        struct estimate estimate;
        assert_int_equal(estimate_of_proportions(&counts, 2. * n, &estimate), REASON_NONE);
        bool early = anytime_rejects(&estimate, levels.anytime);
        counts.treatment.successes += gsl_ran_binomial(random, .236, n - half);
        counts.control.successes += gsl_ran_binomial(random, .2, n - half);
        counts.treatment.units = counts.control.units = n;
        fixed += score_rejects(&counts, .05);
        hybrid += early || score_rejects(&counts, levels.fixed);
    }
    gsl_rng_free(random);
    printf("power: fixed %.4f, hybrid %.4f, planned .8\n", fixed / (double)REPLICATES,
           hybrid / (double)REPLICATES);
    assert_true(fabs(fixed / (double)REPLICATES - .8) < band(.8, REPLICATES));
    assert_true(hybrid >= REPLICATES * .72);
}

static void the_sample_ratio_may_be_read_daily_for_sixty_days(void **state)
{
    (void)state;
    enum { REPLICATES = 4000, DAYS = 60, UNITS_A_DAY = 1000 };
    gsl_rng *random = gsl_rng_alloc(gsl_rng_mt19937);
    gsl_rng_set(random, 20260804);
    const double weights[] = {.5, .5};
    struct sample_ratio ratio = {
        .weights = weights, .variants = 2, .concentration = SAMPLE_RATIO_CONCENTRATION};
    int factor = 0, chi_square = 0;
    for (int i = 0; i < REPLICATES; i++) {
        struct sample_ratio_watch watch = {0};
        uint64_t counts[2] = {0, 0};
        bool alarmed = false;
        for (int day = 0; day < DAYS; day++) {
            unsigned treatment = gsl_ran_binomial(random, .5, UNITS_A_DAY);
            counts[0] += treatment;
            counts[1] += UNITS_A_DAY - treatment;
            struct chi_square test;
            assert_int_equal(sample_ratio_look(&ratio, counts, &watch), REASON_NONE);
            assert_int_equal(sample_ratio_test(&ratio, counts, &test), REASON_NONE);
            alarmed |= test.p < .01;
        }
        factor += watch.first_bad > 0;
        chi_square += alarmed;
    }
    gsl_rng_free(random);
    printf("sample ratio: factor %.4f, chi-square at .01 %.4f\n", factor / (double)REPLICATES,
           chi_square / (double)REPLICATES);
    assert_true(factor <= REPLICATES * .01);
    assert_true(chi_square > REPLICATES * .05);
}

/* The chance, summed over all outcomes, that the true difference is kept by the score test at .05,
 * by Newcombe's interval, and by Wald's. */
struct coverage {
    double score, newcombe, wald;
};

static void coverage_add(struct coverage *sum, const struct proportion_pair *counts, double truth,
                         double chance)
{
    struct test test;
    struct interval interval;
    double difference, se;
    assert_int_equal(proportion_score(counts, truth, &test), REASON_NONE);
    assert_int_equal(proportion_newcombe(counts, .05, &interval), REASON_NONE);
    assert_int_equal(proportion_difference(counts, &difference, &se), REASON_NONE);
    sum->score += test.p >= .05 ? chance : 0;
    sum->newcombe += interval.low <= truth && truth <= interval.high ? chance : 0;
    sum->wald += fabs(difference - truth) <= normal_z_two_sided(.05) * se ? chance : 0;
}

static struct coverage coverage_of(unsigned n1, double p1, unsigned n0, double p0)
{
    struct coverage sum = {0};
    for (unsigned x1 = 0; x1 <= n1; x1++)
        for (unsigned x0 = 0; x0 <= n0; x0++) {
            double chance = gsl_ran_binomial_pdf(x1, p1, n1) * gsl_ran_binomial_pdf(x0, p0, n0);
            struct proportion_pair counts = {{x1, n1}, {x0, n0}};
            /* Outcomes this rare together weigh less than 1e-6. */
            if (chance > 1e-12)
                coverage_add(&sum, &counts, p1 - p0, chance);
        }
    return sum;
}

static void score_and_newcombe_intervals_cover_where_walds_does_not(void **state)
{
    (void)state;
    static const struct {
        unsigned n1;
        double p1;
        unsigned n0;
        double p0;
    } grid[] = {{100, .01, 900, .01}, {50, .05, 50, .05}, {50, .1, 150, .3}, {30, .5, 30, .5},
                {200, .02, 200, .05}, {80, .9, 40, .97},  {20, .2, 20, .6}};
    double wald_least = 1;
    for (size_t i = 0; i < sizeof grid / sizeof *grid; i++) {
        struct coverage coverage = coverage_of(grid[i].n1, grid[i].p1, grid[i].n0, grid[i].p0);
        printf("%u at %.2f v %u at %.2f: score %.4f, Newcombe %.4f, Wald %.4f\n", grid[i].n1,
               grid[i].p1, grid[i].n0, grid[i].p0, coverage.score, coverage.newcombe,
               coverage.wald);
        assert_true(coverage.score >= .92);
        assert_true(coverage.newcombe >= .92);
        wald_least = fmin(wald_least, coverage.wald);
    }
    assert_true(wald_least < .7);
}

int main(void)
{
    gsl_set_error_handler_off();
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_hundred_peeks_keep_the_error_that_a_plain_test_loses),
        cmocka_unit_test(the_final_test_holds_frozen_and_fails_recomputed),
        cmocka_unit_test(power_is_what_the_plan_said),
        cmocka_unit_test(the_sample_ratio_may_be_read_daily_for_sixty_days),
        cmocka_unit_test(score_and_newcombe_intervals_cover_where_walds_does_not),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
