/* The table of estimators: every promise for every kind, on random samples of each. */

#include "stats/accounts.h"
#include "stats/hostile.h"
#include "stats/random.h"
#include "stats/sample.h"
#include "support/support.h"

#include <gsl/gsl_errno.h>
#include <math.h>

#define ROUNDS 200

/* One variant's units, taken `times` over, as a sample; `lean` moves its value. */
struct drawn {
    struct sample sample;
    struct accounts accounts;
};

static void draw_values(struct random *random, uint64_t times, double lean, struct drawn *drawn)
{
    uint64_t count = 30 + random_next(random) % 30;
    struct sums sums = {.units = count * times, .step = 1e-6};
    struct ratio_sums ratio = {.units = sums.units, .step_y = 1e-6, .step_s = 1};
    for (uint64_t i = 0; i < count; i++) {
        int128 s = 1 + (int128)(random_next(random) % 9), k = (int128)times;
        int128 y = (int128)(1e6 * (5 + lean + random_normal(random)));
        sums.sum += k * y;
        sums.squares += k * y * y;
        ratio.y += k * y * s;
        ratio.yy += k * y * s * y * s;
        ratio.s += k * s;
        ratio.ss += k * s * s;
        ratio.ys += k * y * s * s;
    }
    if (drawn->sample.estimator == ESTIMATOR_MEAN)
        drawn->sample.mean = sums;
    else
        drawn->sample.ratio = ratio;
}

static void draw_accounts(struct random *random, uint64_t times, double lean, struct drawn *drawn)
{
    struct account list[60];
    size_t count = 8 + random_next(random) % 50;
    for (size_t i = 0; i < count; i++) {
        list[i].size = random_next(random) % 12;
        list[i].active = 0;
        for (uint64_t k = 0; k < list[i].size; k++)
            list[i].active += random_unit(random) < .4 + lean / 5;
    }
    list[0] = (struct account){.size = 5, .active = 2};
    list[1] = (struct account){.size = 3, .active = 2};
    drawn->sample.cluster = *accounts_group(&drawn->accounts, list, count, times);
}

static void draw(struct random *random, enum estimator estimator, uint64_t times, double lean,
                 struct drawn *drawn)
{
    uint64_t n = 50 + random_next(random) % 500;
    uint64_t x = 5 + (uint64_t)((double)(n - 10) * (.4 + lean / 5) * random_unit(random));
    drawn->sample = (struct sample){.estimator = estimator};
    switch (estimator) {
    case ESTIMATOR_PROPORTION:
        drawn->sample.proportion = (struct proportion){x * times, n * times};
        break;
    case ESTIMATOR_SCORE:
        drawn->sample.score = (struct score_counts){n * times, x * times, (n - x) / 3 * times};
        break;
    case ESTIMATOR_MEAN:
    case ESTIMATOR_RATIO: draw_values(random, times, lean, drawn); break;
    case ESTIMATOR_TIME:
        drawn->sample.time =
            (struct time_sample){.mean = 3 + lean,
                                 .se = (.1 + random_unit(random) / 9) / sqrt((double)times),
                                 .units = n * times,
                                 .followed = x * times,
                                 .events = x * times};
        break;
    case ESTIMATOR_CLUSTER_POOLED:
    case ESTIMATOR_CLUSTER_MEAN:
    case ESTIMATOR_COUNT: draw_accounts(random, times, lean, drawn); break;
    }
}

static void swapping_the_variants_mirrors_every_kind(void **state)
{
    (void)state;
    struct random random = {.state = 31};
    for (int i = 0; i < ROUNDS * ESTIMATOR_COUNT; i++) {
        static struct drawn t, c;
        struct estimate a, b;
        struct interval one, other;
        draw(&random, (enum estimator)(i % ESTIMATOR_COUNT), 1, .3, &t);
        draw(&random, (enum estimator)(i % ESTIMATOR_COUNT), 1, 0, &c);
        assert_int_equal(sample_difference(&t.sample, &c.sample, 500, &a), REASON_NONE);
        assert_int_equal(sample_difference(&c.sample, &t.sample, 500, &b), REASON_NONE);
        assert_true(a.value == -b.value && a.se == b.se && a.df == b.df && a.ratio == b.ratio);
        assert_int_equal(estimate_fixed_interval(&a, .05, &one), REASON_NONE);
        assert_int_equal(estimate_fixed_interval(&b, .05, &other), REASON_NONE);
        assert_close(one.low, -other.high, 1e-9);
        enum reason reason = sample_lift(&t.sample, &c.sample, 500, &a);
        assert_int_equal(sample_lift(&c.sample, &t.sample, 500, &b), reason);
        if (reason)
            continue;
        assert_close(a.value, -b.value, 1e-12);
        assert_close(a.se, b.se, 1e-12);
        assert_close(a.df, b.df, 1e-11);
    }
}

/* A divisor n - 1 leaves (n - 1)/(k n - 1) in place of 1/k: 1 + 1/n at most, here below 1.15.  CR2
 * (below 20 accounts) shrinks by more, so counts start above. */
static void data_taken_k_times_divide_the_error_by_the_root_of_k(void **state)
{
    (void)state;
    struct random random = {.state = 32};
    for (int i = 0; i < ROUNDS * ESTIMATOR_COUNT; i++) {
        static struct drawn once, more;
        struct random again = random;
        struct variant_value a, b;
        enum estimator estimator = (enum estimator)(i % ESTIMATOR_COUNT);
        uint64_t k = 2 + random_next(&random) % 50;
        again = random;
        draw(&random, estimator, 1, 0, &once);
        draw(&again, estimator, k, 0, &more);
        if (estimator == ESTIMATOR_CLUSTER_POOLED && sample_units(&once.sample) < 20)
            continue;
        assert_int_equal(sample_value(&once.sample, NULL, &a), REASON_NONE);
        assert_int_equal(sample_value(&more.sample, NULL, &b), REASON_NONE);
        double n = a.units, divisor = (n - 1) / (n * (double)k - 1);
        assert_close(b.value, a.value, 1e-15);
        if (estimator == ESTIMATOR_PROPORTION || estimator == ESTIMATOR_TIME)
            divisor = 1 / (double)k;
        assert_close(b.variance, a.variance * divisor, 1e-12);
        assert_close(b.units, n * (double)k, 1e-15);
    }
}

/* At levels on both sides of the p, so near that a wrong critical value shows. */
static void check_p_against_interval(const struct estimate *estimate, double factor)
{
    struct test test;
    struct interval interval;
    assert_int_equal(estimate_fixed_test(estimate, 0, &test), REASON_NONE);
    double alpha = test.p * factor;
    if (alpha > 1e-12 && alpha < .999) {
        assert_int_equal(estimate_fixed_interval(estimate, alpha, &interval), REASON_NONE);
        assert_true((test.p < alpha) == (interval.low > 0 || interval.high < 0));
    }
    for (double level = .01; level < .3; level *= 5) {
        enum reason reason = estimate_anytime_interval(estimate, level, &interval);
        if (reason)
            continue;
        assert_int_equal(estimate_anytime_test(estimate, 0, level, &test), REASON_NONE);
        if (fabs(test.p / level - 1) > 1e-6)
            assert_true((test.p < level) == (interval.low > 0 || interval.high < 0));
    }
}

static void p_is_below_alpha_exactly_when_the_interval_excludes_zero(void **state)
{
    (void)state;
    struct random random = {.state = 33};
    for (int i = 0; i < ROUNDS * ESTIMATOR_COUNT; i++) {
        static struct drawn t, c;
        struct estimate estimate;
        double lean = random_normal(&random) / 2;
        draw(&random, (enum estimator)(i % ESTIMATOR_COUNT), 1, fabs(lean) < 1 ? lean : 0, &t);
        draw(&random, (enum estimator)(i % ESTIMATOR_COUNT), 1, 0, &c);
        for (int relative = 0; relative < 2; relative++) {
            enum reason reason = relative ? sample_lift(&t.sample, &c.sample, 300, &estimate)
                                          : sample_difference(&t.sample, &c.sample, 300, &estimate);
            if (reason)
                continue;
            check_p_against_interval(&estimate, 1.0001);
            check_p_against_interval(&estimate, .9999);
        }
    }
}

static void the_anytime_interval_is_never_narrower_than_the_fixed_one(void **state)
{
    (void)state;
    struct random random = {.state = 34};
    for (int i = 0; i < ROUNDS * ESTIMATOR_COUNT; i++) {
        static struct drawn t, c;
        struct estimate estimate;
        struct interval fixed, anytime;
        draw(&random, (enum estimator)(i % ESTIMATOR_COUNT), 1, 0, &t);
        draw(&random, (enum estimator)(i % ESTIMATOR_COUNT), 1, 0, &c);
        if (sample_difference(&t.sample, &c.sample, random_log(&random, 10, 1e6), &estimate) ||
            estimate_anytime_interval(&estimate, .05, &anytime))
            continue;
        assert_int_equal(estimate_fixed_interval(&estimate, .05, &fixed), REASON_NONE);
        assert_true(anytime.high - anytime.low >= fixed.high - fixed.low);
    }
}

static void a_level_has_the_value_that_is_compared(void **state)
{
    (void)state;
    struct random random = {.state = 35};
    for (int i = 0; i < ROUNDS * ESTIMATOR_COUNT; i++) {
        static struct drawn t, c;
        struct level of_t, of_c;
        struct estimate estimate;
        draw(&random, (enum estimator)(i % ESTIMATOR_COUNT), 1, 0, &t);
        draw(&random, (enum estimator)(i % ESTIMATOR_COUNT), 1, 0, &c);
        assert_int_equal(sample_level(&t.sample, .05, &of_t), REASON_NONE);
        assert_int_equal(sample_level(&c.sample, .05, &of_c), REASON_NONE);
        assert_int_equal(sample_difference(&t.sample, &c.sample, 1000, &estimate), REASON_NONE);
        assert_true(of_t.has_interval && of_c.has_interval);
        assert_true(of_t.interval.low < of_t.value && of_t.value < of_t.interval.high);
        assert_close(estimate.value, of_t.value - of_c.value, 1e-12);
        assert_close(estimate.ratio, (of_t.units + of_c.units) / 1000, 1e-15);
        assert_true(of_t.units == sample_units(&t.sample));
        if (sample_is_small(&t.sample, &c.sample))
            continue; /* then each variant's own method may differ from the pair's */
        assert_close(hypot(of_t.se, of_c.se), estimate.se, 1e-12);
    }
}

static void kinds_agree_where_they_meet(void **state)
{
    (void)state;
    /* 40 of 100 and 30 of 90 as a rate, as values of 0 and 1, as a ratio over 1, as accounts of
     * one member: one value, and variances that differ by n/(n - 1) at most. */
    static const uint64_t x[] = {40, 30}, n[] = {100, 90};
    struct cluster_size sizes[2];
    struct sample samples[ESTIMATOR_COUNT][2];
    for (int j = 0; j < 2; j++) {
        int128 s = (int128)x[j];
        sizes[j] = (struct cluster_size){.size = 1, .accounts = n[j], .y = s, .yy = s};
        struct cluster cluster = {.sizes = &sizes[j], .count = 1};
        struct ratio_sums ratio = {n[j], s, (int128)n[j], s, (int128)n[j], s, 1, 1};
        samples[0][j] = (struct sample){.proportion = {x[j], n[j]}};
        samples[1][j] = (struct sample){ESTIMATOR_MEAN, .mean = {n[j], s, s, 1}};
        samples[2][j] = (struct sample){ESTIMATOR_RATIO, .ratio = ratio};
        samples[3][j] = (struct sample){ESTIMATOR_SCORE, .score = {n[j], x[j], 0}};
        samples[4][j] = (struct sample){ESTIMATOR_CLUSTER_POOLED, .cluster = cluster};
        samples[5][j] = (struct sample){ESTIMATOR_CLUSTER_MEAN, .cluster = cluster};
    }
    struct estimate rate, mean, other, lift, other_lift;
    assert_int_equal(sample_difference(&samples[0][0], &samples[0][1], 190, &rate), REASON_NONE);
    assert_int_equal(sample_difference(&samples[1][0], &samples[1][1], 190, &mean), REASON_NONE);
    assert_int_equal(sample_lift(&samples[1][0], &samples[1][1], 190, &lift), REASON_NONE);
    assert_close(rate.value, mean.value, 1e-14);
    assert_close(mean.se * mean.se, .4 * .6 / 99 + 1. / 3 * 2 / 3 / 89, 1e-14);
    assert_close(rate.se * rate.se, .4 * .6 / 100 + 1. / 3 * 2 / 3 / 90, 1e-14);
    for (int k = 2; k < ESTIMATOR_TIME; k++) {
        double scale = k == ESTIMATOR_SCORE ? 100 : 1;
        assert_int_equal(sample_difference(&samples[k][0], &samples[k][1], 190, &other),
                         REASON_NONE);
        assert_int_equal(sample_lift(&samples[k][0], &samples[k][1], 190, &other_lift),
                         REASON_NONE);
        assert_close(other.value, scale * mean.value, 1e-14);
        assert_close(other.se, scale * mean.se, 1e-14);
        assert_close(other.df, mean.df, 1e-12);
        assert_close(other.ratio, mean.ratio, 1e-15);
        assert_close(other_lift.value, lift.value, 1e-14);
        assert_close(other_lift.se, lift.se, 1e-14);
    }
}

static void accounts_give_a_proportion_few_degrees_of_freedom(void **state)
{
    (void)state;
    struct sample t = {.accounts = true, .proportion = {8, 21}};
    struct sample c = {.accounts = true, .proportion = {9, 30}};
    struct estimate estimate, users;
    double v1 = 8. / 21 * 13 / 21 / 21, v0 = 9. / 30 * 21 / 30 / 30;
    double df = (v1 + v0) * (v1 + v0) / (v1 * v1 / 20 + v0 * v0 / 29);
    assert_int_equal(sample_difference(&t, &c, 200, &estimate), REASON_NONE);
    assert_close(estimate.df, df, 1e-12);
    assert_int_equal(sample_lift(&t, &c, 200, &estimate), REASON_NONE);
    double w1 = v1 / (8. / 21 * 8 / 21), w0 = v0 / (.3 * .3);
    assert_close(estimate.df, (w1 + w0) * (w1 + w0) / (w1 * w1 / 20 + w0 * w0 / 29), 1e-12);
    assert_true(!sample_is_small(&t, &c));
    t.proportion.units = 19;
    assert_true(sample_is_small(&t, &c) && sample_is_small(&c, &t));
    t.accounts = c.accounts = false;
    assert_int_equal(sample_difference(&t, &c, 200, &users), REASON_NONE);
    assert_true(users.df == 0 && !sample_is_small(&t, &c));
}

static void nobody_and_everybody_still_have_an_interval(void **state)
{
    (void)state;
    struct sample none = {.proportion = {0, 50}}, all = {.proportion = {50, 50}};
    struct estimate estimate;
    struct level level;
    struct interval interval;
    assert_int_equal(sample_difference(&all, &none, 100, &estimate), REASON_NONE);
    assert_int_equal(estimate_fixed_interval(&estimate, .05, &interval), REASON_NONE);
    assert_true(interval.low > .8 && interval.high == 1);
    assert_int_equal(sample_level(&none, .05, &level), REASON_NONE);
    assert_true(level.has_interval && level.value == 0 && level.interval.low == 0);
    assert_true(level.interval.high > .05 && level.interval.high < .1);
    assert_int_equal(sample_lift(&all, &none, 100, &estimate), REASON_NO_EVENTS);
}

static void a_time_needs_units_watched_to_its_end_and_has_none_without_a_mean(void **state)
{
    (void)state;
    struct sample_gate gate = {.units = 100, .outcomes = 10, .nonzero = 30};
    struct sample t = {.estimator = ESTIMATOR_TIME,
                       .time = {.mean = 4, .se = .3, .units = 500, .followed = 100, .events = 10}};
    struct sample c = {.estimator = ESTIMATOR_TIME,
                       .time = {.mean = 5, .se = .4, .units = 300, .followed = 299, .events = 90}};
    struct estimate estimate;
    struct interval interval;
    struct level level;
    assert_true(sample_passes(&t, &gate) && sample_passes(&c, &gate));
    t.time.followed = 99;
    assert_false(sample_passes(&t, &gate));
    t.time.followed = 100;
    t.time.events = 9;
    assert_false(sample_passes(&t, &gate));
    assert_int_equal(sample_difference(&t, &c, 1600, &estimate), REASON_NONE);
    assert_close(estimate.value, -1, 1e-15);
    assert_close(estimate.se, .5, 1e-15);
    assert_close(estimate.ratio, .5, 1e-15);
    assert_int_equal(estimate_fixed_interval(&estimate, .05, &interval), REASON_NONE);
    assert_close(interval.high, -1 + .5 * 1.9599639845400545, 1e-12);
    c.time.reason = REASON_TOO_EARLY;
    assert_int_equal(sample_difference(&t, &c, 1600, &estimate), REASON_TOO_EARLY);
    assert_int_equal(sample_level(&c, .05, &level), REASON_TOO_EARLY);
}

static void fieller_is_there_where_the_log_is_not(void **state)
{
    (void)state;
    /* Means of -5 and -4 with variances of the mean of .1. */
    struct sample c = {ESTIMATOR_MEAN, .mean = {10, -50, 250 + 9, 1}};
    struct sample t = {ESTIMATOR_MEAN, .mean = {10, -40, 160 + 9, 1}};
    struct estimate estimate;
    struct interval lift = {0}, difference;
    assert_int_equal(sample_lift(&t, &c, 20, &estimate), REASON_NEAR_ZERO);
    assert_int_equal(sample_fieller(&t, &c, .05, &lift), REASON_NONE);
    assert_int_equal(sample_difference(&t, &c, 20, &estimate), REASON_NONE);
    assert_int_equal(estimate_fixed_interval(&estimate, .05, &difference), REASON_NONE);
    assert_true(lift.low < -.2 && lift.high > -.2);
    assert_true((difference.low > 0) == (lift.high < 0));
    struct sample rate = {.proportion = {5, 10}};
    assert_int_equal(sample_fieller(&rate, &rate, .05, &lift), REASON_INVALID);
}

static void a_value_without_spread_is_a_level_without_interval(void **state)
{
    (void)state;
    struct cluster_size one = {4, 1, 3, 9}, equal = {4, 9, 18, 36};
    const struct sample cases[] = {
        {ESTIMATOR_MEAN, .mean = {1, 7, 49, 1}},
        {ESTIMATOR_MEAN, .mean = {3, 21, 147, 1}},
        {ESTIMATOR_RATIO, .ratio = {1, 14, 2, 196, 4, 28, 1, 1}},
        {ESTIMATOR_SCORE, .score = {1, 1, 0}},
        {ESTIMATOR_CLUSTER_POOLED, .cluster = {&one, 1, 0}},
        {ESTIMATOR_CLUSTER_MEAN, .cluster = {&one, 1, 0}},
        {ESTIMATOR_CLUSTER_POOLED, .cluster = {&equal, 1, 0}},
    };
    const double values[] = {7, 7, 7, 100, .75, .75, .5};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct level level;
        struct estimate estimate = {.value = 77};
        assert_int_equal(sample_level(&cases[i], .05, &level), REASON_NONE);
        assert_true(!level.has_interval && level.se == 0 && level.value == values[i]);
        assert_true(sample_difference(&cases[i], &cases[i], 10, &estimate) != REASON_NONE);
        assert_true(sample_lift(&cases[i], &cases[i], 10, &estimate) != REASON_NONE);
        assert_true(estimate.value == 77);
    }
}

static void what_cannot_be_compared_says_why(void **state)
{
    (void)state;
    struct sample mean = {ESTIMATOR_MEAN, .mean = {5, 10, 30, 1}};
    struct sample score = {ESTIMATOR_SCORE, .score = {5, 3, 1}};
    struct sample none[] = {{.proportion = {0, 0}},
                            {ESTIMATOR_MEAN, .mean = {0, 0, 0, 1}},
                            {ESTIMATOR_RATIO, .ratio = {0, 0, 0, 0, 0, 0, 1, 1}},
                            {ESTIMATOR_SCORE, .score = {0, 0, 0}},
                            {ESTIMATOR_CLUSTER_POOLED, .cluster = {0}},
                            {ESTIMATOR_CLUSTER_MEAN, .cluster = {0}},
                            {ESTIMATOR_TIME, .time = {0}}};
    struct sample broken = {.estimator = ESTIMATOR_COUNT};
    struct estimate estimate = {.value = 77};
    struct level level = {.value = 78};
    struct variant_value value = {.value = 79};
    struct interval interval = {-7, 7};
    for (int i = 0; i < ESTIMATOR_COUNT; i++) {
        assert_int_equal(sample_level(&none[i], .05, &level), REASON_NO_UNITS);
        assert_int_equal(sample_difference(&none[i], &none[i], 9, &estimate), REASON_NO_UNITS);
        assert_int_equal(sample_lift(&none[i], &none[i], 9, &estimate), REASON_NO_UNITS);
        assert_int_equal(sample_value(&none[i], NULL, &value), REASON_NO_UNITS);
        assert_true(sample_units(&none[i]) == 0);
    }
    assert_int_equal(sample_difference(&mean, &score, 9, &estimate), REASON_INVALID);
    assert_int_equal(sample_lift(&score, &mean, 9, &estimate), REASON_INVALID);
    assert_int_equal(sample_fieller(&score, &mean, .05, &interval), REASON_INVALID);
    assert_int_equal(sample_value(&score, &mean, &value), REASON_INVALID);
    assert_int_equal(sample_difference(&broken, &broken, 9, &estimate), REASON_INVALID);
    assert_int_equal(sample_level(&broken, .05, &level), REASON_INVALID);
    assert_int_equal(sample_level(&mean, 0, &level), REASON_INVALID);
    assert_int_equal(sample_level(&mean, 1, &level), REASON_INVALID);
    assert_int_equal(sample_difference(&mean, &mean, 0, &estimate), REASON_INVALID);
    mean.mean.squares = 19;
    assert_int_equal(sample_level(&mean, .05, &level), REASON_INVALID);
    struct sample more = {.proportion = {5, 4}};
    assert_int_equal(sample_level(&more, .05, &level), REASON_INVALID);
    assert_true(estimate.value == 77 && level.value == 78 && value.value == 79);
    assert_true(interval.low == -7 && interval.high == 7);
}

static void the_gate_asks_what_its_kind_needs(void **state)
{
    (void)state;
    const struct sample_gate gate = {.units = 100, .outcomes = 10, .nonzero = 30};
    struct sample rate = {.proportion = {10, 100}};
    struct sample mean = {ESTIMATOR_MEAN, .nonzero = 30, .mean = {100, 500, 2500, 1}};
    struct sample score = {ESTIMATOR_SCORE, .score = {100, 0, 0}};
    assert_true(sample_passes(&rate, &gate) && sample_passes(&mean, &gate));
    assert_true(sample_passes(&score, &gate));
    rate.proportion.successes = 9;
    mean.nonzero = 29;
    score.score.responded = 99;
    assert_true(!sample_passes(&rate, &gate) && !sample_passes(&mean, &gate));
    assert_true(!sample_passes(&score, &gate));
    rate.proportion.successes = 91;
    assert_true(!sample_passes(&rate, &gate));
}

int main(void)
{
    gsl_set_error_handler_off();
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(swapping_the_variants_mirrors_every_kind),
        cmocka_unit_test(data_taken_k_times_divide_the_error_by_the_root_of_k),
        cmocka_unit_test(p_is_below_alpha_exactly_when_the_interval_excludes_zero),
        cmocka_unit_test(the_anytime_interval_is_never_narrower_than_the_fixed_one),
        cmocka_unit_test(a_level_has_the_value_that_is_compared),
        cmocka_unit_test(kinds_agree_where_they_meet),
        cmocka_unit_test(accounts_give_a_proportion_few_degrees_of_freedom),
        cmocka_unit_test(nobody_and_everybody_still_have_an_interval),
        cmocka_unit_test(a_time_needs_units_watched_to_its_end_and_has_none_without_a_mean),
        cmocka_unit_test(fieller_is_there_where_the_log_is_not),
        cmocka_unit_test(a_value_without_spread_is_a_level_without_interval),
        cmocka_unit_test(what_cannot_be_compared_says_why),
        cmocka_unit_test(the_gate_asks_what_its_kind_needs),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
