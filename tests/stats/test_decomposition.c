/* Kitagawa's parts add up; their standard errors against simulated periods. */

#include "stats/decomposition.h"
#include "stats/random.h"
#include "stats/reference.h"

#include <gsl/gsl_errno.h>

#define VALUES 4

static struct mix_rate share_of(double units, double successes)
{
    double p = successes / units;
    return (struct mix_rate){units, p, p * (1 - p) / units};
}

/* By hand: shares .5/.5 to .25/.75, rates .2/.6 to .3/.6.  Rate .4 to .525.
 * within = .375 x .1 + 0 = .0375; mix = .25 x -.25 + .6 x .25 = .0875. */
static void a_hand_computed_change_is_taken_apart(void **state)
{
    (void)state;
    struct mix_value values[] = {
        {{100, .2, 0}, {50, .3, 0}},
        {{100, .6, 0}, {150, .6, 0}},
    };
    struct decomposition total, parts[2];
    assert_int_equal(decomposition_of(values, 2, &total, parts), REASON_NONE);
    assert_close(total.within.value, .0375, 1e-14);
    assert_close(total.mix.value, .0875, 1e-14);
    assert_close(total.total.value, .125, 1e-14);
    assert_close(parts[0].mix.value, -.0625, 1e-14);
    assert_close(parts[1].mix.value, .15, 1e-14);
    assert_close(parts[0].within.value, .0375, 1e-14);
    assert_true(parts[1].within.value == 0);
}

static void values_fill(struct mix_value *values, struct random *random)
{
    for (size_t i = 0; i < VALUES; i++) {
        double a = floor(random_log(random, 20, 5e4)), b = floor(random_log(random, 20, 5e4));
        values[i].before = share_of(a, floor(a * random_unit(random)));
        values[i].after = share_of(b, floor(b * random_unit(random)));
    }
}

static double overall(const struct mix_value *values, bool after)
{
    double units = 0, sum = 0;
    for (size_t i = 0; i < VALUES; i++) {
        struct mix_rate rate = after ? values[i].after : values[i].before;
        units += rate.units;
        sum += rate.units * rate.rate;
    }
    return sum / units;
}

static void the_parts_add_up(void **state)
{
    (void)state;
    struct random random = {.state = 7};
    for (int i = 0; i < 500; i++) {
        struct mix_value values[VALUES];
        struct decomposition total, parts[VALUES], alone;
        double within = 0, mix = 0;
        values_fill(values, &random);
        assert_int_equal(decomposition_of(values, VALUES, &total, parts), REASON_NONE);
        assert_int_equal(decomposition_of(values, VALUES, &alone, NULL), REASON_NONE);
        for (size_t k = 0; k < VALUES; k++) {
            within += parts[k].within.value;
            mix += parts[k].mix.value;
        }
        assert_true(total.total.value == total.within.value + total.mix.value);
        assert_true(fabs(total.total.value - overall(values, true) + overall(values, false)) <
                    1e-15);
        assert_true(fabs(within - total.within.value) < 1e-15);
        assert_true(fabs(mix - total.mix.value) < 1e-15);
        assert_memory_equal(&total, &alone, sizeof total);
    }
}

/* The change of a plain rate has the error of two plain rates, however it is cut: binomial counts
 * inside a multinomial are a binomial. */
static void the_total_has_the_error_of_the_plain_rates(void **state)
{
    (void)state;
    struct random random = {.state = 9};
    for (int i = 0; i < 200; i++) {
        struct mix_value values[VALUES];
        struct decomposition total;
        double n_a = 0, n_b = 0;
        values_fill(values, &random);
        for (size_t k = 0; k < VALUES; k++) {
            n_a += values[k].before.units;
            n_b += values[k].after.units;
        }
        double a = overall(values, false), b = overall(values, true);
        assert_int_equal(decomposition_of(values, VALUES, &total, NULL), REASON_NONE);
        assert_close(total.total.se, sqrt(a * (1 - a) / n_a + b * (1 - b) / n_b), 1e-10);
    }
}

static void swapping_the_periods_mirrors(void **state)
{
    (void)state;
    struct random random = {.state = 11};
    for (int i = 0; i < 200; i++) {
        struct mix_value values[VALUES], other[VALUES];
        struct decomposition a, b;
        values_fill(values, &random);
        for (size_t k = 0; k < VALUES; k++)
            other[k] = (struct mix_value){values[k].after, values[k].before};
        assert_int_equal(decomposition_of(values, VALUES, &a, NULL), REASON_NONE);
        assert_int_equal(decomposition_of(other, VALUES, &b, NULL), REASON_NONE);
        assert_true(fabs(a.within.value + b.within.value) < 1e-15);
        assert_true(fabs(a.mix.value + b.mix.value) < 1e-15);
        assert_close(a.within.se, b.within.se, 1e-12);
        assert_close(a.mix.se, b.mix.se, 1e-12);
    }
}

/* Means of any level: 1e8 on every rate changes no total part and no error. */
static void a_constant_on_every_rate_changes_nothing(void **state)
{
    (void)state;
    struct random random = {.state = 13};
    struct mix_value values[VALUES];
    struct decomposition near, far;
    for (size_t k = 0; k < VALUES; k++) {
        values[k].before = (struct mix_rate){100 + (double)k, ldexp((double)(k * k), -10), .25};
        values[k].after = (struct mix_rate){150 - (double)(k * 7), ldexp((double)(7 - k), -9), .5};
    }
    (void)random;
    assert_int_equal(decomposition_of(values, VALUES, &near, NULL), REASON_NONE);
    for (size_t k = 0; k < VALUES; k++) {
        values[k].before.rate += 1e8;
        values[k].after.rate += 1e8;
    }
    assert_int_equal(decomposition_of(values, VALUES, &far, NULL), REASON_NONE);
    assert_close(far.within.se, near.within.se, 1e-12);
    assert_true(fabs(far.mix.se - near.mix.se) < 1e-9 * near.total.se);
    assert_true(fabs(far.mix.value - near.mix.value) < 1e-8);
}

/* Draws both periods many times: a multinomial mix and binomial successes. */
static void standard_errors_match_simulated_periods(void **state)
{
    (void)state;
    static const double shares[2][3] = {{.5, .3, .2}, {.35, .3, .35}};
    static const double rates[2][3] = {{.2, .35, .6}, {.3, .35, .5}};
    const int draws = 20000, units = 300;
    struct random random = {.state = 101};
    double sums[3] = {0}, squares[3] = {0}, se[3] = {0};
    for (int i = 0; i < draws; i++) {
        double n[2][3] = {{0}}, x[2][3] = {{0}};
        for (int j = 0; j < 2; j++)
            for (int u = 0; u < units; u++) {
                double at = random_unit(&random);
                size_t k = at < shares[j][0] ? 0 : at < shares[j][0] + shares[j][1] ? 1 : 2;
                n[j][k]++;
                x[j][k] += random_unit(&random) < rates[j][k];
            }
        struct mix_value values[3];
        struct decomposition total;
        for (size_t k = 0; k < 3; k++)
            values[k] = (struct mix_value){share_of(n[0][k], x[0][k]), share_of(n[1][k], x[1][k])};
        assert_int_equal(decomposition_of(values, 3, &total, NULL), REASON_NONE);
        struct mix_part parts[] = {total.within, total.mix, total.total};
        for (size_t k = 0; k < 3; k++) {
            sums[k] += parts[k].value / draws;
            squares[k] += parts[k].value * parts[k].value / draws;
            se[k] += parts[k].se * parts[k].se / draws;
        }
    }
    for (size_t k = 0; k < 3; k++)
        assert_close(sqrt(se[k]), sqrt(squares[k] - sums[k] * sums[k]), .02);
}

/* Before, nobody was mobile: their coming is mix, at the rate that they have now. */
static void a_value_that_a_period_lacks_is_mix(void **state)
{
    (void)state;
    struct mix_value values[] = {
        {{100, .2, .001}, {50, .2, .002}},
        {{0, NOT_A_NUMBER, NOT_A_NUMBER}, {50, .6, .003}},
        {{0, 0, 0}, {0, 0, 0}},
    };
    struct decomposition total, parts[3];
    assert_int_equal(decomposition_of(values, 3, &total, parts), REASON_NONE);
    assert_true(parts[1].within.value == 0 && total.within.value == 0);
    assert_close(total.mix.value, .2, 1e-14);
    assert_true(parts[2].total.value == 0 && parts[2].total.se == 0);
}

static void impossible_input_has_a_reason(void **state)
{
    (void)state;
    struct decomposition total = {.within = {3, 4}}, parts[2] = {{.within = {3, 4}}};
    struct mix_value good = {{10, .5, .1}, {10, .5, .1}}, none = {{0, 0, 0}, {10, .5, .1}};
    assert_int_equal(decomposition_of(NULL, 0, &total, NULL), REASON_NO_UNITS);
    assert_int_equal(decomposition_of(&none, 1, &total, NULL), REASON_NO_UNITS);
    const double bad[] = {NOT_A_NUMBER, INFINITE, -INFINITE, -1};
    for (size_t i = 0; i < 4; i++) {
        struct mix_value values[] = {good, good};
        values[1].after.units = bad[i];
        assert_int_equal(decomposition_of(values, 2, &total, parts), REASON_INVALID);
        values[1] = good;
        values[1].before.variance = bad[i];
        assert_int_equal(decomposition_of(values, 2, &total, parts), REASON_INVALID);
        values[1] = good;
        values[1].before.rate = i == 3 ? NOT_A_NUMBER : bad[i];
        assert_int_equal(decomposition_of(values, 2, &total, parts), REASON_INVALID);
    }
    struct mix_value wide[] = {{{10, 1e308, 0}, {20, -1e308, 0}}, {{10, -1e308, 0}, {1, 1e308, 0}}};
    assert_int_equal(decomposition_of(wide, 2, &total, parts), REASON_NOT_FINITE);
    assert_true(total.within.value == 3 && total.within.se == 4 && parts[0].within.value == 3);
}

int main(void)
{
    gsl_set_error_handler_off();
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_hand_computed_change_is_taken_apart),
        cmocka_unit_test(the_parts_add_up),
        cmocka_unit_test(the_total_has_the_error_of_the_plain_rates),
        cmocka_unit_test(swapping_the_periods_mirrors),
        cmocka_unit_test(a_constant_on_every_rate_changes_nothing),
        cmocka_unit_test(standard_errors_match_simulated_periods),
        cmocka_unit_test(a_value_that_a_period_lacks_is_mix),
        cmocka_unit_test(impossible_input_has_a_reason),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
