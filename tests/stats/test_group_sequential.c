/* Group sequential designs against rpact, against a simulation, and what must hold. */

#include "stats/group_sequential.h"
#include "stats/normal.h"
#include "stats/random.h"
#include "stats/reference.h"

#include <gsl/gsl_errno.h>

static void looks_of(enum boundary boundary, double alpha, const double *information, size_t count,
                     struct group_look *looks)
{
    struct group_design design = {
        .boundary = boundary, .alpha = alpha, .information = information, .looks = count};
    assert_int_equal(group_sequential(&design, looks), REASON_NONE);
}

static void critical_values_match_rpact(void **state)
{
    (void)state;
    static struct reference table;
    reference_load(&table, "group_sequential");
    for (size_t row = 0, count; row < table.row_count; row += count) {
        double information[GROUP_LOOKS_MAX];
        struct group_look looks[GROUP_LOOKS_MAX];
        count = reference_members(&table, row);
        for (size_t k = 0; k < count; k++)
            information[k] = reference_at(&table, row + k, "information");
        looks_of((enum boundary)reference_at(&table, row, "boundary"),
                 reference_at(&table, row, "alpha"), information, count, looks);
        for (size_t k = 0; k < count; k++) {
            assert_close(looks[k].critical, reference_at(&table, row + k, "critical"), 1e-6);
            assert_close(looks[k].spent, reference_at(&table, row + k, "spent"), 1e-6);
            assert_close(looks[k].level, reference_at(&table, row + k, "level"), 1e-6);
        }
    }
}

static void the_whole_alpha_is_spent_and_no_more(void **state)
{
    (void)state;
    struct random random = {.state = 81};
    for (int i = 0; i < 24; i++) {
        double information[8], t = 0, alpha = random_log(&random, 1e-4, .3);
        struct group_look looks[8];
        for (size_t k = 0; k < 8; k++)
            information[k] = t += .02 + random_unit(&random);
        for (size_t k = 0; k < 8; k++)
            information[k] = k == 7 ? 1 : information[k] / t;
        looks_of((enum boundary)(i % 4), alpha, information, 8, looks);
        assert_close(looks[7].spent, alpha, 1e-9);
        for (size_t k = 0; k < 8; k++) {
            assert_close(looks[k].level, normal_test_upper(looks[k].critical).p, 1e-12);
            assert_true(k == 0 || looks[k].spent > looks[k - 1].spent);
            assert_true(looks[k].level < alpha * (1 + 1e-9));
        }
        assert_close(looks[0].spent, looks[0].level, 1e-9);
    }
}

static void one_look_is_the_fixed_test(void **state)
{
    (void)state;
    const double all = 1;
    for (int boundary = 0; boundary < 4; boundary++) {
        struct group_look look;
        looks_of((enum boundary)boundary, .025, &all, 1, &look);
        assert_close(look.critical, normal_z_one_sided(.025), 1e-9);
        assert_close(look.spent, .025, 1e-9);
    }
}

/* Walks with independent steps stop as often as the design says. */
static void simulated_paths_stop_as_often_as_said(void **state)
{
    (void)state;
    const double information[] = {.15, .4, .55, 1};
    struct group_look looks[4];
    struct random random = {.state = 82};
    int stopped[4] = {0, 0, 0, 0}, runs = 60000;
    looks_of(BOUNDARY_SPEND_POCOCK, .2, information, 4, looks);
    for (int i = 0; i < runs; i++) {
        double s = 0, before = 0;
        for (size_t k = 0; k < 4; k++) {
            s += sqrt(information[k] - before) * random_normal(&random);
            before = information[k];
            if (s > looks[k].critical * sqrt(before)) {
                stopped[k]++;
                break;
            }
        }
    }
    int sum = 0;
    for (size_t k = 0; k < 4; k++) {
        sum += stopped[k];
        double share = (double)sum / runs, error = sqrt(looks[k].spent / runs);
        assert_true(fabs(share - looks[k].spent) < 4 * error);
    }
}

static void near_and_early_looks_are_answered(void **state)
{
    (void)state;
    const double early[] = {1e-4, 1}, near[] = {.5, .501, 1};
    struct group_look looks[3];
    looks_of(BOUNDARY_SPEND_OBRIEN_FLEMING, .025, early, 2, looks);
    assert_true(looks[0].critical == GROUP_CRITICAL_MAX && looks[0].spent < 1e-300);
    assert_close(looks[1].critical, normal_z_one_sided(.025), 1e-9);
    looks_of(BOUNDARY_SPEND_POCOCK, .025, near, 3, looks);
    assert_close(looks[2].spent, .025, 1e-9);
}

static void what_is_no_design_is_refused_and_nothing_is_written(void **state)
{
    (void)state;
    const double falling[] = {.5, .4}, over[] = {.5, 1.1}, none[] = {0, 1}, equal[] = {.5, .5};
    const double *const bad[] = {falling, over, none, equal};
    struct group_look looks[2] = {{.critical = 42}};
    struct group_design design = {.boundary = BOUNDARY_POCOCK, .alpha = .025, .looks = 2};
    for (size_t i = 0; i < 4; i++) {
        design.information = bad[i];
        assert_int_equal(group_sequential(&design, looks), REASON_INVALID);
    }
    const double good[] = {.5, 1};
    design.information = good;
    const double alphas[] = {0, .5, -1, NOT_A_NUMBER};
    for (size_t i = 0; i < 4; i++) {
        design.alpha = alphas[i];
        assert_int_equal(group_sequential(&design, looks), REASON_INVALID);
    }
    design.alpha = .025;
    design.looks = 0;
    assert_int_equal(group_sequential(&design, looks), REASON_INVALID);
    design.looks = GROUP_LOOKS_MAX + 1;
    assert_int_equal(group_sequential(&design, looks), REASON_INVALID);
    assert_true(looks[0].critical == 42);
}

int main(void)
{
    gsl_set_error_handler_off();
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(critical_values_match_rpact),
        cmocka_unit_test(the_whole_alpha_is_spent_and_no_more),
        cmocka_unit_test(one_look_is_the_fixed_test),
        cmocka_unit_test(simulated_paths_stop_as_often_as_said),
        cmocka_unit_test(near_and_early_looks_are_answered),
        cmocka_unit_test(what_is_no_design_is_refused_and_nothing_is_written),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
