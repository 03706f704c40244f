/* The change of a quotient in three parts: by hand, against decomposition.h where every unit counts
 * for one, against the plain error of a ratio, and errors against simulated periods. */

#include "stats/decomposition_ratio.h"
#include "stats/random.h"
#include "stats/reference.h"

#include <gsl/gsl_errno.h>

#define VALUES 4

static struct mix_ratio plain(double units, double weight, double rate)
{
    return (struct mix_ratio){.units = units, .weight = weight, .rate = rate};
}

/* Units .5/.5 to .25/.75, divisors 2, 1 to 4, 1, quotients 10 and 4 throughout.  Shares of the
 * divisor x = 2/3 before, 4/7 after, .4 with the units of after, .8 with the divisors of after, so
 * M = 4 + 6 x = 8, 52/7, 6.4, 8.8; mix (6.4 - 8 + 52/7 - 8.8)/2, weight (8.8 - 8 + 52/7 - 6.4)/2.
 */
static void a_hand_computed_quotient_is_taken_apart(void **state)
{
    (void)state;
    struct mix_ratio_value values[] = {{plain(50, 2, 10), plain(25, 4, 10)},
                                       {plain(50, 1, 4), plain(75, 1, 4)}};
    struct ratio_decomposition total, parts[2];
    assert_int_equal(decomposition_of_ratio(values, 2, &total, parts), REASON_NONE);
    assert_true(total.within.value == 0);
    assert_close(total.mix.value, -52. / 35, 1e-14);
    assert_close(total.weight.value, 32. / 35, 1e-14);
    assert_close(total.total.value, -4. / 7, 1e-14);
    /* of the first value alone 10 x: 10 (.4 - 2/3 + 4/7 - .8)/2 */
    assert_close(parts[0].mix.value, 5 * (.4 - 2. / 3 + 4. / 7 - .8), 1e-13);
}

static double below(struct random *random, double limit)
{
    return floor(limit * random_unit(random));
}

/* Sums of whole units: s 0 to 3, y 0 to 9 for each of s. */
static struct mix_sums drawn(struct random *random, double units, const double levels[2])
{
    struct mix_sums made = {.units = units};
    for (double i = 0; i < units; i++) {
        double s = below(random, levels[0]), y = 0;
        for (double j = 0; j < s; j++)
            y += below(random, levels[1]);
        made.y += y;
        made.s += s;
        made.yy += y * y;
        made.ss += s * s;
        made.ys += y * s;
    }
    return made;
}

static void moments_add(struct mix_sums *sum, const struct mix_sums *more)
{
    sum->units += more->units;
    sum->y += more->y;
    sum->s += more->s;
    sum->yy += more->yy;
    sum->ss += more->ss;
    sum->ys += more->ys;
}

/* Fills the values and the sums of both periods. */
static void values_fill(struct random *random, struct mix_ratio_value *values,
                        struct mix_sums sums[2])
{
    sums[0] = sums[1] = (struct mix_sums){0};
    for (size_t i = 0; i < VALUES; i++)
        for (size_t p = 0; p < 2; p++) {
            double levels[2] = {1 + 4 * random_unit(random), 2 + 8 * random_unit(random)};
            double units = i == VALUES - 1 && below(random, 4) == 0 ? 0 : 1 + below(random, 40);
            struct mix_sums made = drawn(random, units, levels);
            *(p ? &values[i].after : &values[i].before) = mix_ratio_of(&made);
            moments_add(&sums[p], &made);
        }
}

/* (yy - 2 r ys + r^2 ss) / s^2: the delta method of a quotient, divisor n. */
static double variance_of(const struct mix_sums *sums)
{
    double r = sums->y / sums->s;
    return (sums->yy - 2 * r * sums->ys + r * r * sums->ss) / (sums->s * sums->s);
}

static void the_parts_add_up_and_the_total_has_the_plain_error(void **state)
{
    (void)state;
    struct random random = {.state = 21};
    for (int i = 0; i < 300; i++) {
        struct mix_ratio_value values[VALUES];
        struct mix_sums sums[2];
        struct ratio_decomposition total, parts[VALUES];
        double within = 0, weight = 0, mix = 0;
        values_fill(&random, values, sums);
        if (sums[0].s == 0 || sums[1].s == 0)
            continue;
        assert_int_equal(decomposition_of_ratio(values, VALUES, &total, parts), REASON_NONE);
        for (size_t k = 0; k < VALUES; k++) {
            within += parts[k].within.value;
            weight += parts[k].weight.value;
            mix += parts[k].mix.value;
        }
        double change = sums[1].y / sums[1].s - sums[0].y / sums[0].s;
        assert_true(fabs(total.total.value - change) < 1e-12);
        assert_true(fabs(within - total.within.value) < 1e-12);
        assert_true(fabs(weight - total.weight.value) < 1e-12);
        assert_true(fabs(mix - total.mix.value) < 1e-12);
        assert_close(total.total.se, sqrt(variance_of(&sums[0]) + variance_of(&sums[1])), 1e-9);
    }
}

/* s = 1: the weights say nothing and the others are Kitagawa's, with their errors; also of a value
 * that one period lacks. */
static void units_that_count_for_one_are_kitagawas(void **state)
{
    (void)state;
    struct random random = {.state = 23};
    for (int i = 0; i < 300; i++) {
        struct mix_ratio_value values[VALUES];
        struct mix_value shares[VALUES];
        struct ratio_decomposition total, parts[VALUES];
        struct decomposition want, wanted[VALUES];
        for (size_t k = 0; k < VALUES; k++)
            for (size_t p = 0; p < 2; p++) {
                bool absent = k == p && below(&random, 3) == 0;
                double n = absent ? 0 : 1 + below(&random, 100), x = below(&random, n);
                struct mix_sums made = {n, x, n, x, n, x};
                double rate = n > 0 ? x / n : 0;
                *(p ? &values[k].after : &values[k].before) = mix_ratio_of(&made);
                *(p ? &shares[k].after : &shares[k].before) =
                    (struct mix_rate){n, rate, n > 0 ? rate * (1 - rate) / n : 0};
            }
        assert_int_equal(decomposition_of_ratio(values, VALUES, &total, parts), REASON_NONE);
        assert_int_equal(decomposition_of(shares, VALUES, &want, wanted), REASON_NONE);
        assert_true(fabs(total.weight.value) < 1e-14 && total.weight.se < 1e-8);
        assert_true(fabs(total.within.value - want.within.value) < 1e-13);
        assert_true(fabs(total.mix.value - want.mix.value) < 1e-13);
        assert_close(total.within.se, want.within.se, 1e-9);
        assert_close(total.mix.se, want.mix.se, 1e-9);
        assert_close(total.total.se, want.total.se, 1e-9);
        for (size_t k = 0; k < VALUES; k++) {
            assert_true(fabs(parts[k].mix.value - wanted[k].mix.value) < 1e-13);
            assert_close(parts[k].within.se, wanted[k].within.se, 1e-9);
            assert_close(parts[k].mix.se, wanted[k].mix.se, 1e-9);
        }
    }
}

/* Periods of 400 units drawn many times: the value of each, then 0 to 3 divisors and what each has.
 */
static void periods_draw(struct random *random, struct mix_ratio_value *values)
{
    static const double shares[2][2] = {{.4, .8}, {.6, .85}};
    static const double levels[2][3][2] = {{{3, 8}, {2, 4}, {4, 5}}, {{4, 7}, {2, 6}, {3, 5}}};
    struct mix_sums made[2][3] = {0};
    for (size_t p = 0; p < 2; p++) {
        for (int i = 0; i < 400; i++) {
            double at = random_unit(random);
            size_t k = at < shares[p][0] ? 0 : at < shares[p][1] ? 1 : 2;
            struct mix_sums one = drawn(random, 1, levels[p][k]);
            moments_add(&made[p][k], &one);
        }
        for (size_t k = 0; k < 3; k++)
            *(p ? &values[k].after : &values[k].before) = mix_ratio_of(&made[p][k]);
    }
}

static void standard_errors_match_simulated_periods(void **state)
{
    (void)state;
    enum { DRAWS = 8000, FIGURES = 7 };
    struct random random = {.state = 25};
    double sums[FIGURES] = {0}, squares[FIGURES] = {0}, errors[FIGURES] = {0};
    for (int i = 0; i < DRAWS; i++) {
        struct mix_ratio_value values[3];
        struct ratio_decomposition total, parts[3];
        periods_draw(&random, values);
        assert_int_equal(decomposition_of_ratio(values, 3, &total, parts), REASON_NONE);
        const struct mix_part *figures[FIGURES] = {
            &total.within,    &total.weight,    &total.mix,   &total.total,
            &parts[0].within, &parts[0].weight, &parts[0].mix};
        for (int k = 0; k < FIGURES; k++) {
            sums[k] += figures[k]->value;
            squares[k] += figures[k]->value * figures[k]->value;
            errors[k] += figures[k]->se * figures[k]->se;
        }
    }
    for (int k = 0; k < FIGURES; k++) {
        double mean = sums[k] / DRAWS, variance = squares[k] / DRAWS - mean * mean;
        assert_close(sqrt(errors[k] / DRAWS), sqrt(variance), .03);
    }
}

/* Who begins to divide is a weight; who comes is mix; who does neither is in nothing. */
static void what_one_period_lacks_is_lent(void **state)
{
    (void)state;
    struct mix_ratio_value values[] = {
        {plain(10, 1, 5), plain(10, 1, 5)},
        {plain(10, 0, 0), plain(10, 1, 8)}, /* begins */
        {plain(0, 0, 0), plain(10, 1, 2)},  /* comes */
        {plain(10, 0, 0), plain(0, 0, 0)},  /* has none, and goes */
    };
    struct ratio_decomposition total, parts[4];
    assert_int_equal(decomposition_of_ratio(values, 4, &total, parts), REASON_NONE);
    assert_true(total.within.value == 0);
    assert_true(parts[1].weight.value > 0 && parts[2].mix.value > 0);
    assert_true(parts[3].mix.value == 0 && parts[3].weight.value == 0);
    assert_close(total.total.value, 0, 1e-14);
}

static void where_there_is_no_answer_the_outputs_stay(void **state)
{
    (void)state;
    struct ratio_decomposition total = {.within = {3, 4}}, kept = total;
    struct mix_ratio_value none = {plain(0, 1, 1), plain(10, 1, 1)};
    struct mix_ratio_value nothing = {plain(10, 0, 0), plain(10, 1, 1)};
    struct mix_ratio_value bad = {plain(10, NAN, 0), plain(10, 1, 1)};
    /* with the units of after and the divisors of before there would be none */
    struct mix_ratio_value crossed[] = {{plain(10, 1, 2), plain(0, 0, 0)},
                                        {plain(10, 0, 0), plain(10, 1, 2)}};
    struct mix_ratio_value wide = {plain(10, 1, 1e308), plain(10, 1, -1e308)};
    assert_int_equal(decomposition_of_ratio(NULL, 0, &total, NULL), REASON_NO_UNITS);
    assert_int_equal(decomposition_of_ratio(&none, 1, &total, NULL), REASON_NO_UNITS);
    assert_int_equal(decomposition_of_ratio(&nothing, 1, &total, NULL), REASON_NEAR_ZERO);
    assert_int_equal(decomposition_of_ratio(crossed, 2, &total, NULL), REASON_NEAR_ZERO);
    assert_int_equal(decomposition_of_ratio(&bad, 1, &total, NULL), REASON_INVALID);
    assert_int_equal(decomposition_of_ratio(&wide, 1, &total, NULL), REASON_NOT_FINITE);
    struct mix_sums undivided = {.units = 10, .y = 3};
    struct mix_ratio_value values[] = {{mix_ratio_of(&undivided), plain(10, 1, 1)},
                                       {plain(10, 1, 1), plain(10, 1, 1)}};
    assert_int_equal(decomposition_of_ratio(values, 2, &total, NULL), REASON_NEAR_ZERO);
    assert_memory_equal(&total, &kept, sizeof total);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_hand_computed_quotient_is_taken_apart),
        cmocka_unit_test(the_parts_add_up_and_the_total_has_the_plain_error),
        cmocka_unit_test(units_that_count_for_one_are_kitagawas),
        cmocka_unit_test(standard_errors_match_simulated_periods),
        cmocka_unit_test(what_one_period_lacks_is_lent),
        cmocka_unit_test(where_there_is_no_answer_the_outputs_stay),
    };
    gsl_set_error_handler_off();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
