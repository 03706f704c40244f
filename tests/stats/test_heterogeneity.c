/* Q, I^2, tau^2 and the means against metafor, and what must hold for any effects. */

#include "stats/heterogeneity.h"
#include "stats/random.h"
#include "stats/reference.h"

#include <gsl/gsl_errno.h>

#define EFFECTS_MAX 64

static void everything_matches_metafor(void **state)
{
    (void)state;
    static struct reference table;
    reference_load(&table, "heterogeneity");
    for (size_t row = 0, count; row < table.row_count; row += count) {
        struct effect effects[EFFECTS_MAX];
        struct heterogeneity h;
        count = reference_members(&table, row);
        assert_true(count <= EFFECTS_MAX);
        for (size_t i = 0; i < count; i++)
            effects[i] = (struct effect){reference_at(&table, row + i, "estimate"),
                                         sqrt(reference_at(&table, row + i, "variance"))};
        assert_int_equal(heterogeneity_of(effects, count, &h), REASON_NONE);
        assert_close(h.q.statistic, reference_at(&table, row, "q"), 1e-9);
        assert_int_equal(h.q.df, (int)count - 1);
        assert_close(h.q.p, reference_at(&table, row, "q_p"), 1e-9);
        assert_close(100 * h.i_squared, reference_at(&table, row, "i2"), 1e-9);
        assert_close(h.tau_squared, reference_at(&table, row, "tau2"), 1e-9);
        assert_close(h.random, reference_at(&table, row, "random"), 1e-9);
        assert_close(h.random_se, reference_at(&table, row, "random_se"), 1e-9);
        assert_close(h.fixed, reference_at(&table, row, "fixed"), 1e-9);
        assert_close(h.fixed_se, reference_at(&table, row, "fixed_se"), 1e-9);
    }
}

static void no_tau_squared_is_the_fixed_effect(void **state)
{
    (void)state;
    const struct effect effects[] = {{.021, .031}, {.017, .023}, {.023, .057}};
    struct heterogeneity h;
    assert_int_equal(heterogeneity_of(effects, 3, &h), REASON_NONE);
    assert_true(h.tau_squared == 0 && h.i_squared == 0);
    assert_true(h.random == h.fixed && h.random_se == h.fixed_se);
}

static void mirroring_and_scaling_the_effects_carries_over(void **state)
{
    (void)state;
    struct random random = {.state = 59};
    for (int i = 0; i < 200; i++) {
        struct effect effects[7], other[7];
        for (size_t k = 0; k < 7; k++) {
            effects[k] = (struct effect){random_normal(&random), random_log(&random, .05, 2)};
            other[6 - k] = (struct effect){-3 * effects[k].estimate, 3 * effects[k].se};
        }
        struct heterogeneity a, b;
        assert_int_equal(heterogeneity_of(effects, 7, &a), REASON_NONE);
        assert_int_equal(heterogeneity_of(other, 7, &b), REASON_NONE);
        assert_close(a.q.statistic, b.q.statistic, 1e-10);
        assert_close(9 * a.tau_squared, b.tau_squared, 1e-9);
        assert_close(-3 * a.random, b.random, 1e-8);
        assert_true(a.random_se >= a.fixed_se);
    }
}

static void impossible_input_has_a_reason_and_leaves_the_output(void **state)
{
    (void)state;
    struct heterogeneity h = {.random = 5};
    struct effect effects[] = {{1, .1}, {2, .1}};
    assert_int_equal(heterogeneity_of(effects, 1, &h), REASON_TOO_FEW);
    assert_int_equal(heterogeneity_of(NULL, 0, &h), REASON_TOO_FEW);
    effects[1].se = 0;
    assert_int_equal(heterogeneity_of(effects, 2, &h), REASON_NO_VARIATION);
    const double bad[] = {NOT_A_NUMBER, INFINITE, -INFINITE};
    for (size_t i = 0; i < 3; i++) {
        effects[1] = (struct effect){bad[i], .1};
        assert_int_equal(heterogeneity_of(effects, 2, &h), REASON_INVALID);
        effects[1] = (struct effect){2, bad[i]};
        assert_int_equal(heterogeneity_of(effects, 2, &h), REASON_INVALID);
    }
    effects[0] = (struct effect){1e300, 1e-300};
    effects[1] = (struct effect){-1e300, 1e-300};
    assert_int_equal(heterogeneity_of(effects, 2, &h), REASON_NOT_FINITE);
    assert_true(h.random == 5);
}

int main(void)
{
    gsl_set_error_handler_off();
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(everything_matches_metafor),
        cmocka_unit_test(no_tau_squared_is_the_fixed_effect),
        cmocka_unit_test(mirroring_and_scaling_the_effects_carries_over),
        cmocka_unit_test(impossible_input_has_a_reason_and_leaves_the_output),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
