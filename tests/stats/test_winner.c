/* Corrections of the winner's curse: roots at 30 digits, coverage and bias by simulation. */

#include "stats/anytime.h"
#include "stats/hostile.h"
#include "stats/random.h"
#include "stats/winner.h"
#include "support/support.h"

#include <gsl/gsl_errno.h>
#include <math.h>

/* mpmath 1.3.0, bisection at 30 digits of the conditional mean and tail. */
static void a_filtered_effect_matches_roots_at_thirty_digits(void **state)
{
    (void)state;
    const struct {
        double z, boundary, likely, median, low, high;
    } cases[] = {
        {2.385, 1.96, 0.8623488506085066, 1.062184588518618, -0.497796645358678, 4.147463824533971},
        {4.1, 3.57, 2.594260160429263, 3.114471462525599, -0.1555771558520546, 5.924427373796579},
        {1.1, .3, 0.9344389828040904, 0.8989672688538308, -0.9309809673473499, 3.014318283589251},
        {6.7, 2.2, 6.699984015054792, 6.69999574156293, 4.737643521747698, 8.659963983666502},
        {2.385, 0, 2.385, 2.385, 0.4250360154599456, 4.344963984540054},
        {41.3, 40, 41.01960216693655, 41.13995819142563, 38.13701805443678, 43.25044207616917},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct winner got = {0}, mirrored = {0};
        struct effect effect = {.0237 * cases[i].z, .0237}, other = {-effect.estimate, effect.se};
        assert_int_equal(winner_correct(effect, cases[i].boundary, .05, &got), REASON_NONE);
        assert_close(got.likely, .0237 * cases[i].likely, 1e-8);
        assert_close(got.central, .0237 * cases[i].median, 1e-8);
        assert_close(got.interval.low, .0237 * cases[i].low, 1e-8);
        assert_close(got.interval.high, .0237 * cases[i].high, 1e-8);
        assert_int_equal(winner_correct(other, cases[i].boundary, .05, &mirrored), REASON_NONE);
        assert_true(mirrored.likely == -got.likely && mirrored.central == -got.central);
        assert_true(mirrored.interval.low == -got.interval.high);
    }
}

/* Effects of 1.3 standard errors, shown only where |z| > 1.96: the raw mean is far too big, the
 * median-unbiased one is below the truth half of the time, and the interval covers. */
static void a_filter_by_significance_is_undone(void **state)
{
    (void)state;
    enum { RUNS = 3000 };
    struct random random = {.state = 107};
    double raw = 0, likely = 0;
    int covered = 0, below = 0;
    for (int i = 0; i < RUNS;) {
        struct effect effect = {1.3 + random_normal(&random), 1};
        struct winner got = {0};
        if (fabs(effect.estimate) <= 1.96)
            continue;
        assert_int_equal(winner_correct(effect, 1.96, .05, &got), REASON_NONE);
        raw += effect.estimate / RUNS;
        likely += got.likely / RUNS;
        covered += got.interval.low <= 1.3 && 1.3 <= got.interval.high;
        below += got.central < 1.3;
        i++;
    }
    /* Four standard errors of the simulation. */
    assert_true(fabs(covered / (double)RUNS - .95) < 4 * sqrt(.95 * .05 / RUNS));
    assert_true(fabs(below / (double)RUNS - .5) < 4 * sqrt(.25 / RUNS));
    assert_true(raw / 1.3 > 1.8 && fabs(likely / 1.3 - 1) < .35 * (raw / 1.3 - 1));
}

static void looks_of(double alpha, size_t count, struct winner_look *looks)
{
    double w = NOT_A_NUMBER;
    assert_int_equal(anytime_w(alpha, &w), REASON_NONE);
    for (size_t k = 0; k < count; k++) {
        looks[k].ratio = (double)(k + 1) / (double)count;
        assert_int_equal(anytime_c((struct anytime){w, looks[k].ratio}, alpha, &looks[k].boundary),
                         REASON_NONE);
    }
}

/* The look at which the path crosses, or count. */
static size_t walk(struct random *random, const struct winner_look *looks, size_t count,
                   double drift, struct effect *effect)
{
    double s = 0, step = 1 / (double)count;
    size_t k = 0;
    for (; k < count; k++) {
        s += drift * step + random_normal(random) * sqrt(step);
        *effect = (struct effect){s / looks[k].ratio, 1 / sqrt(looks[k].ratio)};
        if (fabs(effect->estimate / effect->se) > looks[k].boundary)
            break;
    }
    return k;
}

/* statistics.md, section 4: at the fixed design's size the anytime interval has about half the
 * power, and what it stops at is 1.67 times too big. */
static void early_stops_overstate_and_are_corrected(void **state)
{
    (void)state;
    enum { LOOKS = 28, STOPS = 250 };
    const double drift = 2.8016;
    struct winner_look looks[LOOKS];
    struct random random = {.state = 109};
    double raw = 0, likely = 0, central = 0, raw_error = 0, central_error = 0;
    int stops = 0, runs = 0, covered = 0;
    looks_of(.05, LOOKS, looks);
    for (; stops < STOPS; runs++) {
        struct effect effect;
        struct winner got = {0};
        size_t stop = walk(&random, looks, LOOKS, drift, &effect);
        if (stop == LOOKS)
            continue;
        stops++;
        assert_int_equal(winner_stopped(looks, LOOKS, stop, effect, .05, &got), REASON_NONE);
        raw += effect.estimate / drift / STOPS;
        likely += got.likely / drift / STOPS;
        central += got.central / drift / STOPS;
        raw_error += pow(effect.estimate - drift, 2);
        central_error += pow(got.central - drift, 2);
        covered += got.interval.low <= drift && drift <= got.interval.high;
    }
    assert_true(fabs(stops / (double)runs - .5) < .08);
    assert_true(raw > 1.5 && raw < 1.75);
    assert_true(fabs(likely - 1) < .5 * (raw - 1) && fabs(central - 1) < .5 * (raw - 1));
    assert_true(central_error < .7 * raw_error && covered > .93 * STOPS);
}

/* One planned look is the filter of winner_correct: the same likelihood, another interval. */
static void one_look_is_the_filter(void **state)
{
    (void)state;
    const double sizes[] = {1.97, 2.385, 3.1, 5.7};
    const struct winner_look look = {1, 1.96};
    for (size_t i = 0; i < 4; i++) {
        struct winner filter = {0}, stopped = {0};
        struct effect effect = {.37 * sizes[i], .37};
        assert_int_equal(winner_correct(effect, 1.96, .05, &filter), REASON_NONE);
        assert_int_equal(winner_stopped(&look, 1, 0, effect, .05, &stopped), REASON_NONE);
        assert_close(stopped.likely, filter.likely, 1e-6);
        effect.estimate = -effect.estimate;
        assert_int_equal(winner_stopped(&look, 1, 0, effect, .05, &filter), REASON_NONE);
        assert_true(filter.likely == -stopped.likely && filter.central == -stopped.central);
        assert_true(filter.interval.high == -stopped.interval.low);
    }
}

/* Far past the boundary nothing was selected that would not have been anyway. */
static void a_clear_effect_is_left_alone(void **state)
{
    (void)state;
    struct winner_look looks[10];
    struct winner got = {0};
    looks_of(.01, 10, looks);
    assert_int_equal(winner_stopped(looks, 10, 9, (struct effect){14, 1}, .05, &got), REASON_NONE);
    assert_close(got.likely, 14, 1e-6);
    assert_close(got.interval.high, 14 + 1.959963984540054, 1e-6);
}

static void past_effects_pull_the_new_one_to_them(void **state)
{
    (void)state;
    struct random random = {.state = 113};
    struct effect past[WINNER_PAST_MIN];
    for (size_t i = 0; i < WINNER_PAST_MIN; i++)
        past[i] = (struct effect){.01 + .02 * random_normal(&random), .015};
    struct shrunken got = {0}, same = {0};
    struct effect effect = {.11, .03};
    assert_int_equal(winner_expected(past, WINNER_PAST_MIN - 1, effect, .05, &got), REASON_TOO_FEW);
    assert_int_equal(winner_expected(past, WINNER_PAST_MIN, effect, .05, &got), REASON_NONE);
    assert_int_equal(shrinkage_by_past(past, WINNER_PAST_MIN, effect, .05, &same), REASON_NONE);
    assert_true(got.estimate == same.estimate && got.se == same.se);
    assert_true(got.estimate > 0 && got.estimate < .7 * effect.estimate && got.se < effect.se);
}

static void impossible_input_has_a_reason_and_leaves_the_output(void **state)
{
    (void)state;
    struct winner got = {.likely = 5};
    struct winner_look looks[WINNER_LOOKS_MAX + 1];
    struct effect effect = {4, 1};
    looks_of(.05, 10, looks);
    const double bad[] = {NOT_A_NUMBER, INFINITE, -INFINITE};
    for (size_t i = 0; i < 3; i++) {
        struct effect wrong = {bad[i], 1}, error = {4, bad[i]};
        struct winner_look broken[2] = {{.5, bad[i]}, {1, 2}}, torn[2] = {{bad[i], 2}, {1, 2}};
        assert_int_equal(winner_correct(wrong, 2, .05, &got), REASON_INVALID);
        assert_int_equal(winner_correct(error, 2, .05, &got), REASON_INVALID);
        assert_int_equal(winner_correct(effect, bad[i], .05, &got), REASON_INVALID);
        assert_int_equal(winner_correct(effect, 2, bad[i], &got), REASON_INVALID);
        assert_int_equal(winner_stopped(looks, 10, 3, wrong, .05, &got), REASON_INVALID);
        assert_int_equal(winner_stopped(looks, 10, 3, error, .05, &got), REASON_INVALID);
        assert_int_equal(winner_stopped(looks, 10, 3, effect, bad[i], &got), REASON_INVALID);
        assert_int_equal(winner_stopped(broken, 2, 1, effect, .05, &got), REASON_INVALID);
        assert_int_equal(winner_stopped(torn, 2, 1, effect, .05, &got), REASON_INVALID);
    }
    /* Inside the boundary, at the boundary, no look, too many, none at the end. */
    assert_int_equal(winner_correct(effect, 4, .05, &got), REASON_INVALID);
    assert_int_equal(winner_correct(effect, 7, .05, &got), REASON_INVALID);
    assert_int_equal(winner_correct((struct effect){4, 0}, 2, .05, &got), REASON_INVALID);
    assert_int_equal(winner_correct((struct effect){1e300, 1e-300}, 2, .05, &got),
                     REASON_NOT_FINITE);
    assert_int_equal(winner_stopped(looks, 10, 3, (struct effect){1, 1}, .05, &got),
                     REASON_INVALID);
    assert_int_equal(winner_stopped(looks, 10, 10, effect, .05, &got), REASON_INVALID);
    assert_int_equal(winner_stopped(looks, 0, 0, effect, .05, &got), REASON_INVALID);
    assert_int_equal(winner_stopped(looks, 9, 3, effect, .05, &got), REASON_INVALID);
    looks_of(.05, WINNER_LOOKS_MAX + 1, looks);
    assert_int_equal(winner_stopped(looks, WINNER_LOOKS_MAX + 1, 70, effect, .05, &got),
                     REASON_INVALID);
    const struct winner_look far = {1, 30};
    assert_int_equal(winner_stopped(&far, 1, 0, (struct effect){31, 1}, .05, &got),
                     REASON_NOT_FINITE);
    assert_true(got.likely == 5);
}

int main(void)
{
    gsl_set_error_handler_off();
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_filtered_effect_matches_roots_at_thirty_digits),
        cmocka_unit_test(a_filter_by_significance_is_undone),
        cmocka_unit_test(early_stops_overstate_and_are_corrected),
        cmocka_unit_test(one_look_is_the_filter),
        cmocka_unit_test(a_clear_effect_is_left_alone),
        cmocka_unit_test(past_effects_pull_the_new_one_to_them),
        cmocka_unit_test(impossible_input_has_a_reason_and_leaves_the_output),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
