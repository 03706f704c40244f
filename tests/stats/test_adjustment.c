/* Regression adjustment: rows against R and estimatr, exact sums against rows, and what must hold.
 */

#include "stats/adjustment.h"
#include "stats/random.h"
#include "stats/reference.h"
#include "stats/regression.h"
#include "stats/strata.h"

#include <gsl/gsl_errno.h>

/* Family regression_adjustment, case n40. */
static const double n40_y[] = {4.2053, 8.3823, 3.2457, 1.8696, 9.2957, 6.1989, 7.3268, 6.5745,
                               5.7007, 5.1478, 5.128,  5.5799, 2.7756, 5.8194, 5.2196, 6.1763,
                               5.2653, 7.8733, 4.1482, 5.3524, 4.9702, 6.6838, 4.6862, 5.6565,
                               8.3786, 5.4082, 4.7269, 5.3751, 5.1046, 2.9202, 5.3937, 3.4711,
                               8.024,  2.7018, 5.1732, 6.4229, 7.3544, 7.3327, 6.5903, 4.8414};
static const double n40_t[] = {0, 0, 1, 0, 1, 0, 0, 1, 1, 0, 0, 1, 0, 0, 1, 0, 1, 0, 1, 0,
                               1, 1, 0, 0, 0, 0, 1, 1, 1, 0, 1, 0, 0, 1, 1, 0, 1, 0, 1, 0};
static const double n40_x[] = {3.8179, 5.0532, 1.9669, 2.2747, 7.357,  3.1317, 7.6472, 6.2498,
                               4.9086, 2.9918, 3.3431, 4.3033, 1.9234, 4.4889, 2.7001, 5.0247,
                               4.5541, 6.7755, 3.8157, 3.6886, 3.635,  4.9683, 4.1148, 5.7051,
                               5.1463, 5.0143, 4.6248, 3.4686, 4.5579, 3.0328, 2.7914, 3.1237,
                               6.3572, 1.845,  3.2601, 5.9694, 4.6279, 8.0911, 3.7772, 4.3045};
static const double tiny_y[] = {1, 3, 2, 5, 4, 6, 8, 7}, tiny_t[] = {0, 0, 0, 0, 1, 1, 1, 1};
static const double tiny_x[] = {1, 2, 2, 4, 2, 3, 5, 4};

/* Estimate and se_ols, HC0 to HC3; R 4.2.2, sandwich 3.0.2. */
struct published {
    double estimate;
    double se[REGRESSION_ERROR_COUNT];
};

static void assert_form(const struct unit_rows *rows, enum regression_form form,
                        const struct published *want, struct regression *fit)
{
    double se;
    assert_int_equal(regression_of(rows, form, fit), REASON_NONE);
    assert_close(fit->estimate, want->estimate, 1e-9);
    for (size_t kind = 0; kind < REGRESSION_ERROR_COUNT; kind++) {
        if (want->se[kind] == 0)
            continue;
        assert_int_equal(regression_se(fit, (enum regression_error)kind, &se), REASON_NONE);
        assert_close(se, want->se[kind], 1e-9);
    }
}

static void rows_match_sandwich(void **state)
{
    (void)state;
    struct unit_rows rows = {40, n40_y, n40_t, {n40_x}, 1};
    struct regression fit;
    struct estimate estimate;
    struct test test;
    double slope;
    assert_form(&rows, REGRESSION_UNADJUSTED,
                &(struct published){-0.10322171717171702,
                                    {0.5384547132408379, 0.5136151979520993, 0.526958074400785,
                                     0.5269397307916683, 0.5406174873260889}},
                &fit);
    assert_form(&rows, REGRESSION_ANCOVA,
                &(struct published){0.3428840141310567,
                                    {0.3366572806123928, 0.3183974764484595, 0.33105393209476086,
                                     0.3311916759857183, 0.3447408419876744}},
                &fit);
    assert_close(fit.control_slopes[0], 0.8689482264501578, 1e-9);
    assert_form(&rows, REGRESSION_LIN,
                &(struct published){0.344068362592359,
                                    {0, 0.31845604777336656, 0.33568214853974365,
                                     0.33836755547394315, 0.3622345539763408}},
                &fit);
    assert_close(fit.control_slopes[0], 0.8646941959698714, 1e-9);
    assert_close(fit.treatment_slopes[0], 0.8766232264377776, 1e-9);
    assert_int_equal(regression_estimate(&fit, 80, &estimate), REASON_NONE);
    assert_true(estimate.df == 36 && estimate.ratio == .5);
    assert_int_equal(estimate_fixed_test(&estimate, 0, &test), REASON_NONE);
    assert_close(test.p, 0.31601125407878494, 1e-9);
    assert_int_equal(regression_cuped_slope(&rows, &slope), REASON_NONE);
    assert_close(slope, 0.8503320985642188, 1e-9);
}

static void eight_rows_match_too(void **state)
{
    (void)state;
    struct unit_rows rows = {8, tiny_y, tiny_t, {tiny_x}, 1};
    struct regression fit;
    assert_form(&rows, REGRESSION_LIN,
                &(struct published){1.8651315789473686,
                                    {0, 0.24131773922996957, 0.34127481966023687,
                                     0.34613627285216186, 0.5730247102771542}},
                &fit);
    assert_close(fit.control_slopes[0], 1.3157894736842108, 1e-9);
    assert_true(fit.df == 4);
}

/* ---- Exact sums ---- */

#define ROWS_MAX 400

/* Rows in steps of 1e-3, and their sums.  z_2 is 0 or 1. */
struct units {
    size_t count;
    double y[ROWS_MAX], t[ROWS_MAX], z[COVARIATES_MAX][ROWS_MAX];
    struct covariate_pair sums;
};

static void sums_add_unit(struct covariate_sums *sums, int64_t y, const int64_t *z)
{
    sums->units++;
    sums->y += y;
    sums->yy += (int128)y * y;
    for (size_t k = 0; k < sums->covariates; k++) {
        sums->z[k] += z[k];
        sums->zy[k] += (int128)z[k] * y;
        for (size_t l = k; l < sums->covariates; l++)
            sums->zz[k][l] += (int128)z[k] * z[l];
    }
}

static struct covariate_sums sums_empty(size_t covariates)
{
    return (struct covariate_sums){
        .covariates = covariates, .step_y = 1e-3, .step_z = {1e-3, 1e-3, 1e-3}};
}

/* Shifts are in steps, added to every y and z of the sums alone. */
static void units_fill(struct units *units, size_t count, size_t covariates, uint64_t seed,
                       int64_t shift_y, int64_t shift_z)
{
    struct random random = {.state = seed};
    units->count = count;
    units->sums = (struct covariate_pair){sums_empty(covariates), sums_empty(covariates)};
    for (size_t i = 0; i < count; i++) {
        bool treated = random_unit(&random) < .4;
        double common = random_normal(&random), y = random_normal(&random);
        int64_t z[COVARIATES_MAX] = {0};
        for (size_t k = 0; k < covariates; k++) {
            double value = k == 1 ? random_unit(&random) < .3 : common + random_normal(&random);
            z[k] = llround(1000 * value);
            y += (treated ? .9 : .5) * value;
            units->z[k][i] = (double)z[k] / 1000;
            z[k] += shift_z;
        }
        int64_t steps = llround(1000 * y);
        units->y[i] = (double)steps / 1000;
        units->t[i] = treated;
        sums_add_unit(treated ? &units->sums.treatment : &units->sums.control, steps + shift_y, z);
    }
}

static struct unit_rows rows_of(const struct units *units, size_t covariates)
{
    return (struct unit_rows){.count = units->count,
                              .metric = units->y,
                              .treated = units->t,
                              .covariates = {units->z[0], units->z[1], units->z[2]},
                              .covariate_count = covariates};
}

static struct adjusted adjusted_of(const struct covariate_pair *pair)
{
    struct adjusted adjusted = {0};
    assert_int_equal(adjustment_of(&pair->treatment, &pair->control, &adjusted), REASON_NONE);
    return adjusted;
}

/* What the gap between the slopes adds, from the rows: the variance of (b_1 - b_0) z over N. */
static double superpopulation_of(const struct units *units, size_t q,
                                 const struct adjusted *adjusted)
{
    double values[ROWS_MAX], mean = 0, squares = 0, n = (double)units->count;
    for (size_t i = 0; i < units->count; i++) {
        values[i] = 0;
        for (size_t k = 0; k < q; k++)
            values[i] +=
                (adjusted->treatment.slopes[k] - adjusted->control.slopes[k]) * units->z[k][i];
        mean += values[i] / n;
    }
    for (size_t i = 0; i < units->count; i++)
        squares += (values[i] - mean) * (values[i] - mean);
    return squares / (n - 1) / n;
}

/* The difference and the slopes are lm's; the error without its super-population term is near HC2.
 */
static void sums_say_what_the_rows_say(void **state)
{
    (void)state;
    static struct units units;
    double se;
    for (uint64_t seed = 1; seed <= 60; seed++) {
        size_t q = seed % 4;
        struct regression fit;
        units_fill(&units, 400, q, seed, 0, 0);
        struct adjusted adjusted = adjusted_of(&units.sums);
        struct unit_rows rows = rows_of(&units, q);
        assert_int_equal(regression_of(&rows, REGRESSION_LIN, &fit), REASON_NONE);
        assert_close(adjusted.difference, fit.estimate, 1e-9);
        assert_close(adjusted.superpopulation, superpopulation_of(&units, q, &adjusted), 1e-9);
        assert_true(adjusted.df == fit.df);
        for (size_t k = 0; k < q; k++) {
            assert_close(adjusted.treatment.slopes[k], fit.treatment_slopes[k], 1e-9);
            assert_close(adjusted.control.slopes[k], fit.control_slopes[k], 1e-9);
        }
        assert_int_equal(regression_se(&fit, REGRESSION_HC2, &se), REASON_NONE);
        assert_close(sqrt(adjusted.variance - adjusted.superpopulation), se, .03);
        assert_close(adjusted.treatment.mean - adjusted.control.mean, adjusted.difference, 1e-9);
        assert_close(adjusted.treatment.variance + adjusted.control.variance,
                     adjusted.variance - adjusted.superpopulation, 1e-12);
    }
}

static void the_sums_of_n40_are_within_seven_percent_of_hc2(void **state)
{
    (void)state;
    struct covariate_pair pair = {sums_empty(1), sums_empty(1)};
    pair.treatment.step_y = pair.control.step_y = 1e-4;
    pair.treatment.step_z[0] = pair.control.step_z[0] = 1e-4;
    for (size_t i = 0; i < 40; i++) {
        int64_t z = llround(1e4 * n40_x[i]);
        sums_add_unit(n40_t[i] == 1 ? &pair.treatment : &pair.control, llround(1e4 * n40_y[i]), &z);
    }
    struct adjusted adjusted = adjusted_of(&pair);
    assert_close(adjusted.difference, 0.344068362592359, 1e-12);
    assert_close(adjusted.treatment.slopes[0], 0.8766232264377776, 1e-12);
    assert_close(sqrt(adjusted.variance - adjusted.superpopulation), 0.33836755547394315, .07);
    assert_true(adjusted.df == 36);
    assert_true(adjusted.narrower_by > .3);
}

static void without_covariates_it_is_the_plain_difference(void **state)
{
    (void)state;
    static struct units units;
    units_fill(&units, 300, 0, 5, 0, 0);
    struct adjusted adjusted = adjusted_of(&units.sums);
    struct unit_rows rows = rows_of(&units, 0);
    struct regression fit;
    double welch;
    assert_int_equal(regression_of(&rows, REGRESSION_UNADJUSTED, &fit), REASON_NONE);
    assert_int_equal(regression_se(&fit, REGRESSION_HC2, &welch), REASON_NONE);
    assert_close(adjusted.difference, fit.estimate, 1e-12);
    assert_close(adjusted.variance, welch * welch, 1e-12);
    assert_true(adjusted.superpopulation == 0 && adjusted.narrower_by == 0);
}

/* A covariate that is the same for all, or a copy of another, is left out. */
static void a_covariate_without_news_changes_nothing(void **state)
{
    (void)state;
    static struct units units;
    for (uint64_t seed = 1; seed < 20; seed++) {
        units_fill(&units, 200, 1, seed, 0, 0);
        struct adjusted plain = adjusted_of(&units.sums);
        struct covariate_pair more = {sums_empty(3), sums_empty(3)};
        for (size_t i = 0; i < 200; i++) {
            int64_t z = llround(1000 * units.z[0][i]), all[] = {4217, z, 3 * z + 7000};
            sums_add_unit(units.t[i] == 1 ? &more.treatment : &more.control,
                          llround(1000 * units.y[i]), all);
        }
        struct adjusted wide = adjusted_of(&more);
        assert_true(wide.treatment.covariates == 1 && wide.control.covariates == 1);
        assert_true(wide.treatment.slopes[0] == 0 && wide.treatment.slopes[2] == 0);
        assert_close(wide.treatment.slopes[1], plain.treatment.slopes[0], 1e-12);
        assert_close(wide.difference, plain.difference, 1e-12);
        assert_close(wide.variance, plain.variance, 1e-12);
        assert_true(wide.df == plain.df);
    }
}

/* Steps of 1e-3: 1e11 of them are 1e8. */
static void a_constant_added_changes_no_error(void **state)
{
    (void)state;
    static struct units near, far;
    for (uint64_t seed = 1; seed < 20; seed++) {
        units_fill(&near, 300, 3, seed, 0, 0);
        struct adjusted a = adjusted_of(&near.sums);
        for (int which = 1; which <= 3; which++) {
            int64_t shift = 100000000000;
            units_fill(&far, 300, 3, seed, which & 1 ? shift : 0, which & 2 ? shift : 0);
            struct adjusted b = adjusted_of(&far.sums);
            assert_close(b.variance, a.variance, 1e-12);
            assert_close(b.difference, a.difference, 1e-11);
            assert_close(b.narrower_by, a.narrower_by, 1e-12);
        }
    }
}

static void swapping_the_variants_mirrors(void **state)
{
    (void)state;
    static struct units units;
    for (uint64_t seed = 1; seed < 40; seed++) {
        units_fill(&units, 100, seed % 4, seed, 0, 0);
        struct covariate_pair other = {units.sums.control, units.sums.treatment};
        struct adjusted a = adjusted_of(&units.sums), b = adjusted_of(&other);
        assert_close(b.difference, -a.difference, 1e-11);
        assert_close(b.variance, a.variance, 1e-12);
        assert_true(a.df == b.df);
        assert_close(b.control.mean, a.treatment.mean, 1e-11);
    }
}

/* k copies of the data divide the error by about sqrt(k): the degrees of freedom grow faster. */
static void four_copies_halve_the_error(void **state)
{
    (void)state;
    static struct units units;
    units_fill(&units, 400, 2, 3, 0, 0);
    struct covariate_pair more = units.sums;
    for (int i = 0; i < 3; i++) {
        assert_int_equal(covariate_sums_add(&more.treatment, &units.sums.treatment), REASON_NONE);
        assert_int_equal(covariate_sums_add(&more.control, &units.sums.control), REASON_NONE);
    }
    struct adjusted a = adjusted_of(&units.sums), b = adjusted_of(&more);
    assert_close(b.difference, a.difference, 1e-12);
    assert_close(4 * b.variance, a.variance, .02);
    assert_true(b.units == 1600 && b.df == 4 * 400 - 6);
}

/* Correlation r: the error is sqrt(1 - r^2) of what it was. */
static void narrower_by_is_what_the_correlation_promises(void **state)
{
    (void)state;
    struct random random = {.state = 7};
    struct covariate_pair pair = {sums_empty(1), sums_empty(1)};
    for (int i = 0; i < 200000; i++) {
        double z = random_normal(&random), y = .8 * z + .6 * random_normal(&random);
        int64_t steps = llround(1000 * z);
        sums_add_unit(i % 2 ? &pair.treatment : &pair.control, llround(1000 * y), &steps);
    }
    assert_close(adjusted_of(&pair).narrower_by, .4, .01);
}

/* One sample of `count` units with slopes .5 and 1.5, no mean effect; whether 0 is inside. */
static bool sample_covers(struct random *random, int count, bool with_superpopulation)
{
    struct covariate_pair pair = {sums_empty(1), sums_empty(1)};
    for (int i = 0; i < count; i++) {
        bool treated = i % 2;
        double z = random_normal(random);
        double y = (treated ? 1.5 : -.5) * z + .3 * random_normal(random);
        int64_t steps = llround(1000 * z);
        sums_add_unit(treated ? &pair.treatment : &pair.control, llround(1000 * y), &steps);
    }
    struct adjusted adjusted = adjusted_of(&pair);
    struct estimate estimate;
    struct interval interval;
    if (!with_superpopulation)
        adjusted.variance -= adjusted.superpopulation;
    assert_int_equal(adjustment_difference(&adjusted, count, &estimate), REASON_NONE);
    assert_int_equal(estimate_fixed_interval(&estimate, .05, &interval), REASON_NONE);
    return interval.low <= 0 && 0 <= interval.high;
}

/* Where the slopes differ, the mean of the covariate matters: with its term the interval covers,
 * and without it the same run shows that it does not. */
static void the_interval_covers_only_with_its_last_term(void **state)
{
    (void)state;
    const int draws = 4000;
    int with = 0, without = 0;
    struct random a = {.state = 11}, b = {.state = 11};
    for (int i = 0; i < draws; i++) {
        with += sample_covers(&a, 120, true);
        without += sample_covers(&b, 120, false);
    }
    assert_true(with >= .935 * draws && with <= .965 * draws);
    assert_true(without < .7 * draws);
}

/* On a level of a million a log ratio is a difference in millionths. */
static void a_small_lift_is_the_difference_over_the_level(void **state)
{
    (void)state;
    static struct units units;
    for (uint64_t seed = 1; seed < 20; seed++) {
        struct estimate difference, ratio, mirrored;
        units_fill(&units, 300, 3, seed, 1000000000, 0);
        struct adjusted a = adjusted_of(&units.sums);
        struct covariate_pair other = {units.sums.control, units.sums.treatment};
        struct adjusted b = adjusted_of(&other);
        assert_int_equal(adjustment_difference(&a, 600, &difference), REASON_NONE);
        assert_int_equal(adjustment_log_ratio(&a, 600, &ratio), REASON_NONE);
        assert_int_equal(adjustment_log_ratio(&b, 600, &mirrored), REASON_NONE);
        assert_close(1e6 * ratio.value, difference.value, 1e-5);
        assert_close(1e6 * ratio.se, difference.se, 1e-5);
        assert_close(mirrored.value, -ratio.value, 1e-9);
        assert_close(mirrored.se, ratio.se, 1e-12);
        assert_true(ratio.df == a.df && ratio.ratio == .5);
    }
}

/* ---- Strata ---- */

#define STRATA 3

static void strata_fill(struct covariate_pair *strata, size_t covariates, uint64_t seed,
                        int64_t shift)
{
    static struct units units;
    for (size_t b = 0; b < STRATA; b++) {
        units_fill(&units, 60 + 40 * b, covariates, seed * 10 + b, shift + 1000 * (int64_t)(b * b),
                   shift);
        strata[b] = units.sums;
    }
}

/* Without covariates, or with a constant one, it is post-stratification with both its terms. */
static void strata_without_news_are_post_stratification(void **state)
{
    (void)state;
    int lifts = 0;
    for (uint64_t seed = 1; seed < 20; seed++) {
        struct covariate_pair strata[STRATA];
        struct stratum_sums scalar[STRATA];
        struct stratum means[STRATA];
        struct post_stratified want;
        struct adjusted got;
        size_t left;
        strata_fill(strata, 0, seed, 0);
        for (size_t b = 0; b < STRATA; b++) {
            const struct covariate_sums *t = &strata[b].treatment, *c = &strata[b].control;
            scalar[b] =
                (struct stratum_sums){{t->units, t->y, t->yy, 1e-3}, {c->units, c->y, c->yy, 1e-3}};
        }
        assert_int_equal(strata_of_sums(scalar, STRATA, means, &left), REASON_NONE);
        assert_int_equal(post_stratify(means, left, &want), REASON_NONE);
        for (int with = 0; with < 2; with++) {
            for (size_t b = 0; b < STRATA && with; b++) {
                /* a covariate of 5 steps for everyone */
                struct covariate_sums *sides[] = {&strata[b].treatment, &strata[b].control};
                for (size_t j = 0; j < 2; j++) {
                    sides[j]->covariates = 1;
                    sides[j]->z[0] = 5 * (int128)sides[j]->units;
                    sides[j]->zz[0][0] = 25 * (int128)sides[j]->units;
                    sides[j]->zy[0] = 5 * sides[j]->y;
                }
            }
            assert_int_equal(adjustment_in_strata(strata, STRATA, &got), REASON_NONE);
            assert_close(got.difference, want.difference, 1e-12);
            assert_close(got.variance, want.variance + want.superpopulation, 1e-12);
            assert_close(got.treatment.mean, want.treatment, 1e-12);
            struct estimate lift, want_lift;
            enum reason reason = strata_log_ratio(means, left, 100, &want_lift);
            assert_int_equal(adjustment_log_ratio(&got, 100, &lift), reason);
            if (reason)
                continue;
            assert_close(lift.value, want_lift.value, 1e-10);
            assert_close(lift.se, want_lift.se, 1e-11);
            lifts++;
        }
    }
    assert_true(lifts > 20);
}

/* In one stratum the difference is Lin's, and the variance its formula of section "Strata". */
static void one_stratum_is_lin(void **state)
{
    (void)state;
    static struct units units;
    for (uint64_t seed = 1; seed < 20; seed++) {
        size_t q = 1 + seed % 3;
        struct adjusted strata;
        units_fill(&units, 200, q, seed, 0, 0);
        struct adjusted plain = adjusted_of(&units.sums);
        assert_int_equal(adjustment_in_strata(&units.sums, 1, &strata), REASON_NONE);
        assert_close(strata.difference, plain.difference, 1e-11);
        assert_close(strata.treatment.mean, plain.treatment.mean, 1e-11);
        assert_true(strata.df == plain.df);
        /* Lin's has the leverage of the means beside it; both are near. */
        assert_true(strata.treatment.variance <= plain.treatment.variance);
        assert_close(strata.variance, plain.variance, .1);
    }
}

static void strata_keep_their_digits_and_mirror(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed < 10; seed++) {
        struct covariate_pair near[STRATA], far[STRATA], other[STRATA];
        struct adjusted a, b, c;
        strata_fill(near, 2, seed, 0);
        strata_fill(far, 2, seed, 100000000000);
        for (size_t k = 0; k < STRATA; k++)
            other[k] = (struct covariate_pair){near[k].control, near[k].treatment};
        assert_int_equal(adjustment_in_strata(near, STRATA, &a), REASON_NONE);
        assert_int_equal(adjustment_in_strata(far, STRATA, &b), REASON_NONE);
        assert_int_equal(adjustment_in_strata(other, STRATA, &c), REASON_NONE);
        assert_close(b.variance, a.variance, 1e-12);
        assert_close(c.difference, -a.difference, 1e-11);
        assert_close(c.variance, a.variance, 1e-12);
        assert_true(a.narrower_by > .1 && a.narrower_by < 1);
    }
}

/* ---- What has no answer ---- */

static void sums_without_an_answer_say_why(void **state)
{
    (void)state;
    static struct units units;
    units_fill(&units, 100, 2, 3, 0, 0);
    struct covariate_sums t = units.sums.treatment, c = units.sums.control, bad, none;
    struct adjusted adjusted = {.units = 7};
    struct estimate estimate = {.se = 7};
    none = sums_empty(2);
    assert_int_equal(adjustment_of(&t, &none, &adjusted), REASON_NO_UNITS);
    const int64_t z[] = {1, 2};
    for (int64_t i = 0; i < 3; i++) { /* 3 units, 2 covariates: nothing left */
        assert_int_equal(i == 0 ? REASON_NO_UNITS : REASON_TOO_FEW,
                         adjustment_of(&t, &none, &adjusted));
        int64_t own[] = {i * i, z[1] + 3 * i * i * i};
        sums_add_unit(&none, i, own);
    }
    assert_int_equal(adjustment_of(&t, &none, &adjusted), REASON_TOO_FEW);
    bad = t;
    bad.yy = 0; /* less than the square of the sum */
    assert_int_equal(adjustment_of(&bad, &c, &adjusted), REASON_INVALID);
    bad = t;
    bad.zz[1][1] = 0;
    assert_int_equal(adjustment_of(&bad, &c, &adjusted), REASON_INVALID);
    bad = t;
    bad.zy[0] *= 1000; /* more than any values can have */
    assert_int_equal(adjustment_of(&bad, &c, &adjusted), REASON_INVALID);
    bad = t;
    bad.step_z[1] = 1;
    assert_int_equal(adjustment_of(&bad, &c, &adjusted), REASON_INVALID);
    bad = t;
    bad.covariates = 1;
    assert_int_equal(adjustment_of(&bad, &c, &adjusted), REASON_INVALID);
    bad.covariates = COVARIATES_MAX + 1;
    assert_int_equal(adjustment_of(&bad, &bad, &adjusted), REASON_INVALID);
    bad = t;
    bad.step_y = NOT_A_NUMBER;
    assert_int_equal(adjustment_of(&bad, &bad, &adjusted), REASON_INVALID);
    struct covariate_pair strata[] = {units.sums, {t, sums_empty(2)}};
    assert_int_equal(adjustment_in_strata(NULL, 0, &adjusted), REASON_NO_UNITS);
    assert_int_equal(adjustment_in_strata(strata, 2, &adjusted), REASON_TOO_FEW);
    assert_true(adjusted.units == 7);
    adjusted.variance = 0;
    assert_int_equal(adjustment_difference(&adjusted, 10, &estimate), REASON_NO_VARIATION);
    adjusted.variance = 1;
    assert_int_equal(adjustment_difference(&adjusted, 0, &estimate), REASON_INVALID);
    assert_int_equal(adjustment_log_ratio(&adjusted, 10, &estimate), REASON_NEAR_ZERO);
    assert_int_equal(adjustment_log_ratio(&adjusted, 0, &estimate), REASON_INVALID);
    assert_true(estimate.se == 7);
}

static void an_overflow_leaves_the_sums(void **state)
{
    (void)state;
    struct covariate_sums a = sums_empty(1), b = sums_empty(1);
    a.zy[0] = b.zy[0] = (int128)1 << 126;
    a.y = b.y = 5;
    assert_int_equal(covariate_sums_add(&a, &b), REASON_INVALID);
    assert_true(a.y == 5);
    b.zy[0] = 0;
    assert_int_equal(covariate_sums_add(&a, &b), REASON_NONE);
    assert_true(a.y == 10);
    b.step_y = 1;
    assert_int_equal(covariate_sums_add(&a, &b), REASON_INVALID);
}

static void rows_without_an_answer_say_why(void **state)
{
    (void)state;
    const double y[] = {1, 2, 4, 8}, t[] = {0, 1, 1, 1}, none[] = {0, 0, 0, 0},
                 half[] = {0, 1, .5, 1};
    const double x[] = {1, 2, 3, 5}, broken[] = {1, 2, INFINITE, 3}, same[] = {2, 2, 2, 2};
    struct regression fit = {.units = 7};
    double value = 7;
    struct unit_rows rows = {4, y, t, {x}, 1};
    assert_int_equal(regression_of(&rows, REGRESSION_LIN, &fit), REASON_NONE); /* a slope is lost */
    /* The one unit of the control has a leverage of 1. */
    assert_int_equal(regression_of(&rows, REGRESSION_UNADJUSTED, &fit), REASON_NONE);
    assert_int_equal(regression_se(&fit, REGRESSION_HC2, &value), REASON_TOO_FEW);
    assert_int_equal(regression_se(&fit, REGRESSION_HC0, &value), REASON_NONE);
    assert_int_equal(regression_se(&fit, REGRESSION_ERROR_COUNT, &value), REASON_INVALID);
    fit.units = value = 7;
    rows.treated = none;
    assert_int_equal(regression_of(&rows, REGRESSION_LIN, &fit), REASON_NO_UNITS);
    rows.treated = half;
    assert_int_equal(regression_of(&rows, REGRESSION_LIN, &fit), REASON_INVALID);
    rows = (struct unit_rows){4, broken, t, {x}, 1};
    assert_int_equal(regression_of(&rows, REGRESSION_LIN, &fit), REASON_INVALID);
    rows = (struct unit_rows){4, y, t, {broken}, 1};
    assert_int_equal(regression_of(&rows, REGRESSION_ANCOVA, &fit), REASON_INVALID);
    rows = (struct unit_rows){2, y, t, {x}, 1};
    assert_int_equal(regression_of(&rows, REGRESSION_UNADJUSTED, &fit), REASON_TOO_FEW);
    rows = (struct unit_rows){4, y, t, {same}, 1};
    assert_int_equal(regression_cuped_slope(&rows, &value), REASON_NO_VARIATION);
    rows.covariate_count = 0;
    assert_int_equal(regression_cuped_slope(&rows, &value), REASON_INVALID);
    rows.covariate_count = COVARIATES_MAX + 1;
    assert_int_equal(regression_of(&rows, REGRESSION_LIN, &fit), REASON_INVALID);
    assert_true(fit.units == 7 && value == 7);
}

int main(void)
{
    gsl_set_error_handler_off();
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rows_match_sandwich),
        cmocka_unit_test(eight_rows_match_too),
        cmocka_unit_test(sums_say_what_the_rows_say),
        cmocka_unit_test(the_sums_of_n40_are_within_seven_percent_of_hc2),
        cmocka_unit_test(without_covariates_it_is_the_plain_difference),
        cmocka_unit_test(a_covariate_without_news_changes_nothing),
        cmocka_unit_test(a_constant_added_changes_no_error),
        cmocka_unit_test(swapping_the_variants_mirrors),
        cmocka_unit_test(four_copies_halve_the_error),
        cmocka_unit_test(narrower_by_is_what_the_correlation_promises),
        cmocka_unit_test(the_interval_covers_only_with_its_last_term),
        cmocka_unit_test(a_small_lift_is_the_difference_over_the_level),
        cmocka_unit_test(strata_without_news_are_post_stratification),
        cmocka_unit_test(one_stratum_is_lin),
        cmocka_unit_test(strata_keep_their_digits_and_mirror),
        cmocka_unit_test(sums_without_an_answer_say_why),
        cmocka_unit_test(an_overflow_leaves_the_sums),
        cmocka_unit_test(rows_without_an_answer_say_why),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
