/* Shrunken effects against metafor and quadrature, and what must hold for any effects. */

#include "stats/random.h"
#include "stats/reference.h"
#include "stats/shrinkage.h"

#include <gsl/gsl_errno.h>

#define EFFECTS_MAX 64

static size_t case_of(const struct reference *table, size_t row, struct effect *effects)
{
    size_t count = reference_members(table, row);
    assert_true(count <= EFFECTS_MAX);
    for (size_t i = 0; i < count; i++)
        effects[i] = (struct effect){reference_at(table, row + i, "estimate"),
                                     sqrt(reference_at(table, row + i, "variance"))};
    return count;
}

/* A mean of 0 in metafor is a mean of rounding errors here. */
static void assert_near(double got, double want, double scale)
{
    if (want == 0)
        assert_true(fabs(got) <= 1e-15 * scale);
    else
        assert_close(got, want, 1e-9);
}

static void blups_and_means_match_metafor(void **state)
{
    (void)state;
    static struct reference table;
    reference_load(&table, "shrinkage");
    for (size_t row = 0, count; row < table.row_count; row += count) {
        struct effect effects[EFFECTS_MAX];
        struct shrunken shrunken[EFFECTS_MAX];
        struct heterogeneity h;
        struct mean_effect mean;
        struct interval interval;
        struct test test;
        double tau_squared = NOT_A_NUMBER;
        count = case_of(&table, row, effects);
        assert_int_equal(heterogeneity_of(effects, count, &h), REASON_NONE);
        assert_close(h.h_squared, reference_at(&table, row, "h2"), 1e-9);
        assert_int_equal(heterogeneity_paule_mandel(effects, count, &tau_squared), REASON_NONE);
        assert_close(tau_squared, reference_at(&table, row, "tau2_pm"), 1e-6);
        assert_int_equal(heterogeneity_mean(effects, count, h.tau_squared, &mean), REASON_NONE);
        assert_close(mean.knapp_se, reference_at(&table, row, "knapp_se"), 1e-9);
        assert_true(mean.estimate == h.random && mean.se == h.random_se);
        assert_int_equal(mean_effect_interval(mean.estimate, mean.se, 0, .05, &interval, &test),
                         REASON_NONE);
        assert_close(interval.low, reference_at(&table, row, "low"), 1e-9);
        assert_close(interval.high, reference_at(&table, row, "high"), 1e-9);
        assert_close(test.p, reference_at(&table, row, "p"), 1e-9);
        assert_int_equal(shrinkage_blup(effects, count, .05, shrunken), REASON_NONE);
        for (size_t i = 0; i < count; i++) {
            double scale = shrunken[i].se;
            assert_near(shrunken[i].estimate, reference_at(&table, row + i, "blup"), scale);
            assert_close(shrunken[i].se, reference_at(&table, row + i, "blup_se"), 1e-9);
            assert_close(shrunken[i].interval.low, reference_at(&table, row + i, "blup_low"), 1e-9);
            assert_close(shrunken[i].interval.high, reference_at(&table, row + i, "blup_high"),
                         1e-9);
        }
    }
}

static const struct effect roles[] = {
    {.031, .0141421356237309505}, {.012, .01}, {.045, .03}, {-.02, .02},
    {.027, .0173205080756887729}, {.008, .01}};

/* mpmath 1.3.0 at 20 digits: quad over tau on (0, 20 scales), half-normal prior, flat mean. */
static void the_integrated_form_matches_quadrature(void **state)
{
    (void)state;
    const double means[] = {0.0189655912444278,  0.0134230637494372, 0.0176674627790182,
                            0.00804751800328121, 0.0171786190720978, 0.0118930033502717};
    const double deviations[] = {0.00984970880588394, 0.00750133008029888, 0.0122781127841757,
                                 0.0118828071162473,  0.0101502853766299,  0.00764868793110011};
    struct shrunken got[6];
    assert_int_equal(shrinkage_integrated(roles, 6, .05, got), REASON_NONE);
    for (size_t i = 0; i < 6; i++) {
        assert_close(got[i].estimate, means[i], 1e-6);
        assert_close(got[i].se, deviations[i], 1e-6);
        assert_close(got[i].interval.high, means[i] + 1.959963984540054 * deviations[i], 1e-6);
    }
    const struct effect two[] = {{.01, .01}, {.05, .0141421356237309505}};
    assert_int_equal(shrinkage_integrated(two, 2, .05, got), REASON_NONE);
    assert_close(got[0].estimate, 0.0172419053951702, 1e-6);
    assert_close(got[1].estimate, 0.0355161892096597, 1e-6);
    assert_close(got[0].se, 0.00967942447438345, 1e-6);
    assert_close(got[1].se, 0.0132198726401268, 1e-6);
}

/* The same quadrature with the new effect among the others, the prior's scale from the past. */
static void a_new_effect_shrinks_towards_the_past(void **state)
{
    (void)state;
    struct effect past[10] = {{.031, .0002}, {.012, .0001}, {.045, .0009}, {-.02, .0004},
                              {.027, .0003}, {.008, .0001}, {.004, .0002}, {-.003, .0001},
                              {.018, .0003}, {.022, .0004}};
    for (size_t i = 0; i < 10; i++)
        past[i].se = sqrt(past[i].se);
    struct shrunken got;
    assert_int_equal(shrinkage_by_past(past, 10, (struct effect){.061, sqrt(.0003)}, .05, &got),
                     REASON_NONE);
    assert_close(got.estimate, 0.0275666882670004, 1e-6);
    assert_close(got.se, 0.0139704634331166, 1e-6);
}

static void no_tau_squared_is_the_fixed_effect(void **state)
{
    (void)state;
    const struct effect effects[] = {{.021, .031}, {.017, .023}, {.023, .057}};
    struct shrunken got[3];
    struct heterogeneity h;
    double tau_squared = NOT_A_NUMBER;
    assert_int_equal(heterogeneity_of(effects, 3, &h), REASON_NONE);
    assert_int_equal(shrinkage_blup(effects, 3, .05, got), REASON_NONE);
    assert_int_equal(heterogeneity_paule_mandel(effects, 3, &tau_squared), REASON_NONE);
    assert_true(tau_squared == 0);
    for (size_t i = 0; i < 3; i++)
        assert_true(got[i].estimate == h.fixed && got[i].se == h.fixed_se);
}

/* One far outlier: nearly nothing is shared, each keeps its own. */
static void a_huge_tau_squared_leaves_the_effects_alone(void **state)
{
    (void)state;
    const struct effect effects[] = {{-1e6, .31}, {1e6, .23}, {3e6, .57}};
    struct shrunken got[3];
    assert_int_equal(shrinkage_blup(effects, 3, .05, got), REASON_NONE);
    for (size_t i = 0; i < 3; i++) {
        assert_close(got[i].estimate, effects[i].estimate, 1e-9);
        assert_close(got[i].se, effects[i].se, 1e-9);
    }
}

static void shrinking_goes_towards_the_mean_and_carries_over(void **state)
{
    (void)state;
    struct random random = {.state = 67};
    for (int i = 0; i < 200; i++) {
        struct effect effects[7], other[7];
        struct shrunken a[7], b[7], blup[7];
        for (size_t k = 0; k < 7; k++) {
            effects[k] = (struct effect){random_normal(&random), random_log(&random, .05, 2)};
            other[6 - k] = (struct effect){-3 * effects[k].estimate, 3 * effects[k].se};
        }
        struct heterogeneity h;
        assert_int_equal(heterogeneity_of(effects, 7, &h), REASON_NONE);
        assert_int_equal(shrinkage_blup(effects, 7, .1, blup), REASON_NONE);
        assert_int_equal(shrinkage_integrated(effects, 7, .1, a), REASON_NONE);
        assert_int_equal(shrinkage_integrated(other, 7, .1, b), REASON_NONE);
        for (size_t k = 0; k < 7; k++) {
            assert_true(fabs(blup[k].estimate - h.random) <=
                        fabs(effects[k].estimate - h.random) + 1e-12);
            assert_close(-3 * a[k].estimate, b[6 - k].estimate, 1e-8);
            assert_close(3 * a[k].se, b[6 - k].se, 1e-9);
            assert_true(a[k].interval.low < a[k].estimate && a[k].estimate < a[k].interval.high);
        }
    }
}

/* Six segments, standard error .02 (statistics.md, section 8): the mean squared error is below that
 * of the raw effects with no, some and more true variation, and the raw best one overstates. */
static void shrunken_effects_err_less_than_raw_ones(void **state)
{
    (void)state;
    const double taus[] = {0, .01, .03};
    struct random random = {.state = 71};
    for (size_t t = 0; t < 3; t++) {
        double raw = 0, shrunk = 0, raw_best = 0, shrunk_best = 0;
        for (int i = 0; i < 2000; i++) {
            struct effect effects[6];
            struct shrunken got[6];
            double truths[6];
            size_t best = 0;
            for (size_t k = 0; k < 6; k++) {
                truths[k] = .01 + taus[t] * random_normal(&random);
                effects[k] = (struct effect){truths[k] + .02 * random_normal(&random), .02};
                best = effects[k].estimate > effects[best].estimate ? k : best;
            }
            assert_int_equal(shrinkage_integrated(effects, 6, .05, got), REASON_NONE);
            for (size_t k = 0; k < 6; k++) {
                raw += pow(effects[k].estimate - truths[k], 2);
                shrunk += pow(got[k].estimate - truths[k], 2);
            }
            raw_best += effects[best].estimate - truths[best];
            shrunk_best += got[best].estimate - truths[best];
        }
        assert_true(shrunk < .85 * raw);
        assert_true(raw_best / 2000 > .012 && shrunk_best < .5 * raw_best);
    }
}

static void impossible_input_has_a_reason_and_leaves_the_output(void **state)
{
    (void)state;
    struct shrunken got[2] = {{.estimate = 5}, {.estimate = 5}};
    struct mean_effect mean = {.estimate = 5};
    struct interval interval = {.low = 5};
    struct test test;
    double tau_squared = 5;
    struct effect effects[] = {{1, .1}, {2, .1}};
    const double bad[] = {NOT_A_NUMBER, INFINITE, -INFINITE};
    for (size_t i = 0; i < 3; i++) {
        assert_int_equal(shrinkage_blup(effects, 2, bad[i], got), REASON_INVALID);
        assert_int_equal(shrinkage_integrated(effects, 2, bad[i], got), REASON_INVALID);
        assert_int_equal(heterogeneity_mean(effects, 2, bad[i], &mean), REASON_INVALID);
        assert_int_equal(mean_effect_interval(bad[i], 1, 0, .05, &interval, &test), REASON_INVALID);
        assert_int_equal(mean_effect_interval(1, bad[i], 0, .05, &interval, &test), REASON_INVALID);
        struct effect wrong[] = {{1, .1}, {bad[i], .1}};
        assert_int_equal(shrinkage_blup(wrong, 2, .05, got), REASON_INVALID);
        assert_int_equal(shrinkage_integrated(wrong, 2, .05, got), REASON_INVALID);
        assert_int_equal(heterogeneity_paule_mandel(wrong, 2, &tau_squared), REASON_INVALID);
        assert_int_equal(shrinkage_by_past(effects, 2, wrong[1], .05, got), REASON_INVALID);
        assert_int_equal(shrinkage_by_past(wrong, 2, effects[0], .05, got), REASON_INVALID);
    }
    assert_int_equal(shrinkage_blup(effects, 1, .05, got), REASON_TOO_FEW);
    assert_int_equal(shrinkage_integrated(NULL, 0, .05, got), REASON_TOO_FEW);
    assert_int_equal(heterogeneity_mean(effects, 1, 0, &mean), REASON_TOO_FEW);
    assert_int_equal(heterogeneity_paule_mandel(effects, 0, &tau_squared), REASON_TOO_FEW);
    assert_int_equal(mean_effect_interval(1, 0, 0, .05, &interval, &test), REASON_NO_VARIATION);
    assert_int_equal(mean_effect_interval(1, 1, 1, .05, &interval, &test), REASON_INVALID);
    effects[1].se = 0;
    assert_int_equal(shrinkage_blup(effects, 2, .05, got), REASON_NO_VARIATION);
    assert_int_equal(shrinkage_integrated(effects, 2, .05, got), REASON_NO_VARIATION);
    const struct effect far[] = {{1e300, 1e-300}, {-1e300, 1e-300}};
    assert_int_equal(shrinkage_blup(far, 2, .05, got), REASON_NOT_FINITE);
    assert_int_equal(shrinkage_integrated(far, 2, .05, got), REASON_NOT_FINITE);
    assert_int_equal(heterogeneity_paule_mandel(far, 2, &tau_squared), REASON_NOT_FINITE);
    assert_true(got[0].estimate == 5 && got[1].estimate == 5 && mean.estimate == 5);
    assert_true(tau_squared == 5 && interval.low == 5);
}

/* The Hartung-Knapp interval of two opposite effects is t on one degree of freedom: mean 0, se .05,
 * t = 12.7062 (tables). */
static void hartung_knapp_is_wide_for_two(void **state)
{
    (void)state;
    const struct effect two[] = {{-.05, .01}, {.05, .01}};
    struct heterogeneity h;
    struct mean_effect mean;
    struct interval interval = {0};
    struct test test;
    assert_int_equal(heterogeneity_of(two, 2, &h), REASON_NONE);
    assert_int_equal(heterogeneity_mean(two, 2, h.tau_squared, &mean), REASON_NONE);
    assert_int_equal(mean_effect_interval(mean.estimate, mean.knapp_se, 2, .05, &interval, &test),
                     REASON_NONE);
    assert_close(interval.high, .05 * 12.706204736, 1e-9);
    assert_close(test.p, 1, 1e-12);
}

int main(void)
{
    gsl_set_error_handler_off();
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(blups_and_means_match_metafor),
        cmocka_unit_test(the_integrated_form_matches_quadrature),
        cmocka_unit_test(a_new_effect_shrinks_towards_the_past),
        cmocka_unit_test(no_tau_squared_is_the_fixed_effect),
        cmocka_unit_test(a_huge_tau_squared_leaves_the_effects_alone),
        cmocka_unit_test(shrinking_goes_towards_the_mean_and_carries_over),
        cmocka_unit_test(shrunken_effects_err_less_than_raw_ones),
        cmocka_unit_test(impossible_input_has_a_reason_and_leaves_the_output),
        cmocka_unit_test(hartung_knapp_is_wide_for_two),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
