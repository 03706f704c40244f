/* The doors from time to event to the one layer, and what peeking in information time costs. */

#include "stats/information.h"
#include "stats/life.h"

#include <gsl/gsl_errno.h>

static struct lives lives, looked;

/* By hand: (20/10) (1000/8000) = 1/4. */
static void the_clock_starts_at_units_over_planned(void **state)
{
    (void)state;
    const struct information first = {.information = 10, .units = 1000};
    double ratio = NOT_A_NUMBER, information = NOT_A_NUMBER;
    assert_int_equal(information_ratio(&first, 8000, 10, &ratio), REASON_NONE);
    assert_close(ratio, .125, 1e-15);
    assert_int_equal(information_ratio(&first, 8000, 20, &ratio), REASON_NONE);
    assert_close(ratio, .25, 1e-15);
    assert_int_equal(information_of_se(.25, &information), REASON_NONE);
    assert_close(information, 16, 1e-15);
}

/* The four doors on the same two variants. */
enum { DOOR_LOG_RANK, DOOR_MEANS, DOOR_REACHED, DOOR_INCIDENCE, DOORS };

static enum reason estimate_through(int door, const struct life_table *control,
                                    const struct life_table *treatment, struct estimate *estimate)
{
    static struct survival_point points[2][LIVES_MAX];
    const struct life_table tables[] = {*control, *treatment};
    struct log_rank sums = {0};
    struct log_rank_score score;
    struct restricted_mean means[2];
    struct survival_point at[2];
    struct incidence_point incidences[2];
    assert_int_equal(log_rank_add(&sums, tables, 2, LOG_RANK_EQUAL), REASON_NONE);
    for (size_t j = 0; j < 2; j++) {
        assert_int_equal(restricted_mean_of(&tables[j], 5, &means[j]), REASON_NONE);
        assert_int_equal(survival_curve(&tables[j], points[j]), REASON_NONE);
        assert_int_equal(survival_at(points[j], tables[j].count, 5, &at[j]), REASON_NONE);
        assert_int_equal(incidence_at(&tables[j], 5, &incidences[j]), REASON_NONE);
    }
    switch (door) {
    case DOOR_LOG_RANK:
        assert_int_equal(log_rank_score_of(&sums, &score), REASON_NONE);
        return estimate_of_log_rank(&score, .7, estimate);
    case DOOR_MEANS: return estimate_of_restricted_means(&means[1], &means[0], .7, estimate);
    case DOOR_REACHED: return estimate_of_reached(&at[1], &at[0], .7, estimate);
    default: return estimate_of_incidence(&incidences[1], &incidences[0], .7, estimate);
    }
}

static void swapping_the_variants_mirrors_every_estimate(void **state)
{
    (void)state;
    struct random random = {.state = 83};
    for (int i = 0; i < 80; i++) {
        struct estimate there, back;
        lives_random(&lives, &random, (struct lives_shape){150, 2, .3, .2, .1});
        int door = i % DOORS;
        assert_int_equal(estimate_through(door, &lives.tables[0], &lives.tables[1], &there),
                         REASON_NONE);
        assert_int_equal(estimate_through(door, &lives.tables[1], &lives.tables[0], &back),
                         REASON_NONE);
        assert_true(fabs(there.value + back.value) < 1e-10);
        assert_close(there.se, back.se, 1e-10);
    }
}

static void a_sooner_treatment_is_faster_through_every_door(void **state)
{
    (void)state;
    struct random random = {.state = 89};
    lives_random(&lives, &random, (struct lives_shape){600, 2, .01, .2, 0});
    for (size_t i = 0; i < lives.count; i++)
        if (lives.units[i].variant == 1)
            lives.units[i].time /= 3;
    lives_tabulate(&lives);
    const double signs[DOORS] = {
        [DOOR_LOG_RANK] = 1, [DOOR_MEANS] = -1, [DOOR_REACHED] = 1, [DOOR_INCIDENCE] = 1};
    for (int door = 0; door < DOORS; door++) {
        struct estimate estimate;
        assert_int_equal(estimate_through(door, &lives.tables[0], &lives.tables[1], &estimate),
                         REASON_NONE);
        assert_true(estimate.value * signs[door] > 3 * estimate.se);
        assert_true(estimate.ratio == .7 && estimate.df == 0);
    }
}

static void p_is_below_alpha_exactly_when_the_interval_excludes_zero(void **state)
{
    (void)state;
    struct random random = {.state = 97};
    for (int i = 0; i < 200; i++) {
        struct estimate estimate;
        struct interval interval;
        struct test test;
        double alpha = random_log(&random, .01, .9);
        lives_random(&lives, &random, (struct lives_shape){80, 2, .2, .2, .1});
        assert_int_equal(estimate_through(i % DOORS, &lives.tables[0], &lives.tables[1], &estimate),
                         REASON_NONE);
        assert_int_equal(estimate_fixed_interval(&estimate, alpha, &interval), REASON_NONE);
        assert_int_equal(estimate_fixed_test(&estimate, 0, &test), REASON_NONE);
        assert_int_equal(test.p<alpha, interval.low> 0 || interval.high < 0);
        assert_int_equal(estimate_anytime_interval(&estimate, alpha, &interval), REASON_NONE);
        assert_int_equal(estimate_anytime_test(&estimate, 0, alpha, &test), REASON_NONE);
        assert_int_equal(test.p<alpha, interval.low> 0 || interval.high < 0);
    }
}

/* Units enter over 60 days; each waits exponentially; both variants alike.  What is known on day
 * `day` becomes the tables of `looked`. */
#define UNITS 400
static double entries[UNITS], waits[UNITS];

static void look_at(double day)
{
    looked.count = 0;
    for (unsigned i = 0; i < UNITS; i++) {
        double follow_up = day - entries[i];
        if (follow_up > 0)
            lives_add(&looked, fmin(waits[i], follow_up), i % 2,
                      waits[i] <= follow_up ? LIFE_EVENT : LIFE_CENSORED);
    }
    lives_tabulate(&looked);
}

struct alarms {
    bool naive, anytime;
};

static struct alarms alarms_over_looks(void)
{
    struct alarms alarms = {0};
    struct information first = {0};
    for (double day = 8; day <= 60; day += 4) {
        struct log_rank sums = {0};
        struct log_rank_score score;
        struct estimate estimate;
        struct test fixed, anytime;
        double ratio = NOT_A_NUMBER;
        look_at(day);
        assert_int_equal(log_rank_add(&sums, looked.tables, 2, LOG_RANK_EQUAL), REASON_NONE);
        if (log_rank_score_of(&sums, &score))
            continue;
        if (first.units == 0)
            first = (struct information){score.variance, (double)looked.count};
        assert_int_equal(information_ratio(&first, UNITS, score.variance, &ratio), REASON_NONE);
        assert_int_equal(estimate_of_log_rank(&score, ratio, &estimate), REASON_NONE);
        assert_int_equal(estimate_fixed_test(&estimate, 0, &fixed), REASON_NONE);
        assert_int_equal(estimate_anytime_test(&estimate, 0, .05, &anytime), REASON_NONE);
        alarms.naive |= fixed.p < .05;
        alarms.anytime |= anytime.p < .05;
    }
    return alarms;
}

/* 400 replicates: one standard error is .011 at .05.  Naive peeking fails in the same run. */
static void fourteen_looks_keep_the_error_that_naive_looks_break(void **state)
{
    (void)state;
    struct random random = {.state = 101};
    int naive = 0, anytime = 0, replicates = 400;
    for (int i = 0; i < replicates; i++) {
        for (size_t k = 0; k < UNITS; k++) {
            entries[k] = 60 * random_unit(&random);
            waits[k] = -log(random_unit(&random)) * 9.3;
        }
        struct alarms alarms = alarms_over_looks();
        naive += alarms.naive;
        anytime += alarms.anytime;
    }
    assert_true(anytime <= .05 * replicates);
    assert_true(naive >= .15 * replicates);
}

static void impossible_input_has_a_reason_and_leaves_the_output(void **state)
{
    (void)state;
    const double bad[] = {0, -1, NOT_A_NUMBER, INFINITE};
    const struct information good = {.information = 2, .units = 3};
    struct estimate estimate = {.value = 5};
    double out = 5;
    for (size_t i = 0; i < 4; i++) {
        const struct information no_information = {.information = bad[i], .units = 3},
                                 no_units = {.information = 2, .units = bad[i]};
        assert_int_equal(information_ratio(&no_information, 1, 1, &out), REASON_INVALID);
        assert_int_equal(information_ratio(&no_units, 1, 1, &out), REASON_INVALID);
        assert_int_equal(information_ratio(&good, bad[i], 1, &out), REASON_INVALID);
        assert_int_equal(information_ratio(&good, 1, bad[i], &out), REASON_INVALID);
        const struct log_rank_score score = {.score = 1, .variance = bad[i]};
        assert_int_equal(estimate_of_log_rank(&score, 1, &estimate), REASON_INVALID);
    }
    assert_int_equal(information_of_se(0, &out), REASON_NO_VARIATION);
    assert_int_equal(information_of_se(-1, &out), REASON_INVALID);
    assert_int_equal(information_of_se(1e-200, &out), REASON_NOT_FINITE);
    const struct restricted_mean still = {.mean = 3};
    const struct survival_point certain = {.survival = 1}, gone = {.survival = 0};
    const struct incidence_point none = {.incidence = 0};
    assert_int_equal(estimate_of_restricted_means(&still, &still, 1, &estimate),
                     REASON_NO_VARIATION);
    assert_int_equal(estimate_of_reached(&certain, &certain, 1, &estimate), REASON_NO_VARIATION);
    assert_int_equal(estimate_of_reached(&certain, &gone, 1, &estimate), REASON_NOT_FINITE);
    assert_int_equal(estimate_of_incidence(&none, &none, 1, &estimate), REASON_NO_VARIATION);
    assert_true(out == 5 && estimate.value == 5);
}

int main(void)
{
    gsl_set_error_handler_off();
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_clock_starts_at_units_over_planned),
        cmocka_unit_test(swapping_the_variants_mirrors_every_estimate),
        cmocka_unit_test(a_sooner_treatment_is_faster_through_every_door),
        cmocka_unit_test(p_is_below_alpha_exactly_when_the_interval_excludes_zero),
        cmocka_unit_test(fourteen_looks_keep_the_error_that_naive_looks_break),
        cmocka_unit_test(impossible_input_has_a_reason_and_leaves_the_output),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
