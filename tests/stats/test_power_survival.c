/* Events and power of the log-rank test: by hand, each against the other, and by simulation. */

#include "stats/life.h"
#include "stats/log_rank.h"
#include "stats/power_survival.h"

#include <gsl/gsl_errno.h>

static const struct power_design even = {.alpha = .05, .allocation = 1};

/* 4 (1.959963985 + .841621234)^2 / ln(1.5)^2 = 31.395519 / .164402 = 190.97; Schoenfeld. */
static void events_by_hand(void **state)
{
    (void)state;
    double events = NOT_A_NUMBER, uneven = NOT_A_NUMBER;
    assert_int_equal(power_log_rank_events(&even, 1.5, .8, &events), REASON_NONE);
    assert_close(events, 4 * 7.848879734349088 / (log(1.5) * log(1.5)), 1e-9);
    assert_true(fabs(events - 190.97) < .01);
    struct power_design three = {.alpha = .05, .allocation = 3};
    assert_int_equal(power_log_rank_events(&three, 1.5, .8, &uneven), REASON_NONE);
    assert_close(uneven, events * .25 / (.75 * .25), 1e-12);
}

static void events_power_and_ratio_undo_each_other(void **state)
{
    (void)state;
    struct random random = {.state = 103};
    for (int i = 0; i < 300; i++) {
        struct power_design design = {.alpha = random_log(&random, 1e-4, .2),
                                      .one_sided = i % 2,
                                      .allocation = random_log(&random, .1, 10)};
        double ratio = exp((i % 4 < 2 ? 1 : -1) * random_log(&random, .02, 2));
        double power = .5 + .49 * random_unit(&random), events = 0, got = 0;
        assert_int_equal(power_log_rank_events(&design, ratio, power, &events), REASON_NONE);
        assert_int_equal(power_log_rank(&design, ratio, events, &got), REASON_NONE);
        assert_close(got, power, 1e-10);
        assert_int_equal(power_log_rank_detectable(&design, events, power,
                                                   ratio > 1 ? SIDE_HIGH : SIDE_LOW, &got),
                         REASON_NONE);
        assert_close(got, ratio, 1e-10);
        /* The inverse ratio, with the variants swapped, needs the same. */
        design.allocation = 1 / design.allocation;
        assert_int_equal(power_log_rank_events(&design, 1 / ratio, power, &got), REASON_NONE);
        assert_close(got, events, 1e-10);
    }
}

static void units_bring_the_events(void **state)
{
    (void)state;
    struct power_design two = {.alpha = .05, .allocation = 2};
    double units = 0;
    assert_int_equal(power_log_rank_units(&two, 190, .4, .25, &units), REASON_NONE);
    assert_close(units * (2. / 3 * .4 + 1. / 3 * .25), 190, 1e-12);
}

/* 191 events at ratio 1.5: power .8; one standard error of 1 000 replicates is .013. */
static void the_power_is_that_of_the_test(void **state)
{
    (void)state;
    static struct lives lives;
    struct random random = {.state = 107};
    int rejected = 0, replicates = 1000;
    for (int i = 0; i < replicates; i++) {
        struct log_rank sums = {0};
        struct chi_square test;
        lives.count = 0;
        for (unsigned k = 0; k < 191; k++)
            lives_add(&lives, -log(random_unit(&random)) / (k % 2 ? 1.5 : 1), k % 2, LIFE_EVENT);
        lives_tabulate(&lives);
        assert_int_equal(log_rank_add(&sums, lives.tables, 2, LOG_RANK_EQUAL), REASON_NONE);
        assert_int_equal(log_rank_test(&sums, &test), REASON_NONE);
        rejected += test.p < .05;
    }
    assert_true(fabs((double)rejected / replicates - .8) < 4 * .013);
}

static void what_cannot_be_planned_says_why(void **state)
{
    (void)state;
    double out = 5;
    assert_int_equal(power_log_rank_events(&even, 1, .8, &out), REASON_NOT_DETECTABLE);
    assert_int_equal(power_log_rank_detectable(&even, 100, .01, SIDE_HIGH, &out),
                     REASON_NOT_DETECTABLE);
    assert_int_equal(power_log_rank_detectable(&even, 1e-9, .8, SIDE_HIGH, &out),
                     REASON_NOT_DETECTABLE);
    const double bad[] = {0, -1, NOT_A_NUMBER, INFINITE};
    for (size_t i = 0; i < 4; i++) {
        struct power_design design = {.alpha = .05, .allocation = bad[i]},
                            level = {.alpha = bad[i], .allocation = 1};
        assert_int_equal(power_log_rank_events(&even, bad[i], .8, &out), REASON_INVALID);
        assert_int_equal(power_log_rank_events(&even, 2, bad[i], &out), REASON_INVALID);
        assert_int_equal(power_log_rank_events(&design, 2, .8, &out), REASON_INVALID);
        assert_int_equal(power_log_rank_events(&level, 2, .8, &out), REASON_INVALID);
        assert_int_equal(power_log_rank(&even, 2, bad[i], &out), REASON_INVALID);
        assert_int_equal(power_log_rank(&even, bad[i], 2, &out), REASON_INVALID);
        assert_int_equal(power_log_rank_detectable(&even, bad[i], .8, SIDE_LOW, &out),
                         REASON_INVALID);
        assert_int_equal(power_log_rank_units(&even, 10, bad[i], .5, &out), REASON_INVALID);
        assert_int_equal(power_log_rank_units(&even, 10, .5, bad[i], &out), REASON_INVALID);
    }
    assert_int_equal(power_log_rank_units(&even, 10, .5, 1.01, &out), REASON_INVALID);
    assert_true(out == 5);
}

int main(void)
{
    gsl_set_error_handler_off();
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(events_by_hand),
        cmocka_unit_test(events_power_and_ratio_undo_each_other),
        cmocka_unit_test(units_bring_the_events),
        cmocka_unit_test(the_power_is_that_of_the_test),
        cmocka_unit_test(what_cannot_be_planned_says_why),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
