/* Chance to beat and expected loss against mpmath, closed forms and what must hold. */

#include "stats/beta_binomial.h"
#include "stats/pairs.h"

#include <gsl/gsl_errno.h>
#include <gsl/gsl_sf_gamma.h>

static const struct beta flat = {1, 1};

static struct beta_binomial answer_of(const struct proportion_pair *pair, struct beta prior)
{
    struct beta_binomial answer = {.treatment_better = NOT_A_NUMBER};
    assert_int_equal(beta_binomial(pair, prior, &answer), REASON_NONE);
    return answer;
}

static void chances_and_losses_match_mpmath(void **state)
{
    (void)state;
    static struct reference table;
    reference_load(&table, "beta_binomial");
    for (size_t row = 0; row < table.row_count; row++) {
        struct proportion_pair pair = pair_at(&table, row);
        struct beta prior = {reference_at(&table, row, "prior_a"),
                             reference_at(&table, row, "prior_b")};
        struct beta_binomial answer = answer_of(&pair, prior);
        assert_close(answer.treatment_better, reference_at(&table, row, "better"), 1e-8);
        assert_close(answer.loss_treatment, reference_at(&table, row, "loss_treatment"), 1e-8);
        assert_close(answer.loss_control, reference_at(&table, row, "loss_control"), 1e-8);
    }
}

/* Miller's closed sum for whole shapes:
 * P(T > C) = sum over i < a1 of B(a0 + i, b1 + b0) / ((b1 + i) B(1 + i, b1) B(a0, b0)). */
static double closed_sum(double a1, double b1, double a0, double b0)
{
    double sum = 0;
    for (double i = 0; i < a1; i++)
        sum += exp(gsl_sf_lnbeta(a0 + i, b1 + b0) - log(b1 + i) - gsl_sf_lnbeta(1 + i, b1) -
                   gsl_sf_lnbeta(a0, b0));
    return sum;
}

static void the_chance_equals_the_closed_sum_for_whole_shapes(void **state)
{
    (void)state;
    struct random random = {.state = 51};
    for (int i = 0; i < 200; i++) {
        struct proportion_pair pair = random_pair(&random);
        const struct proportion t = pair.treatment, c = pair.control;
        double chance = answer_of(&pair, flat).treatment_better;
        double wanted = closed_sum(1 + (double)t.successes, 1 + (double)(t.units - t.successes),
                                   1 + (double)c.successes, 1 + (double)(c.units - c.successes));
        assert_true(fabs(chance - wanted) < 3e-9);
    }
}

static void losses_differ_by_the_means_and_mirror(void **state)
{
    (void)state;
    struct random random = {.state = 52};
    for (int i = 0; i < 300; i++) {
        struct proportion_pair pair = random_pair(&random), other = swapped(pair);
        struct beta prior = {random_log(&random, .05, 50), random_log(&random, .05, 50)};
        struct beta_binomial a = answer_of(&pair, prior), b = answer_of(&other, prior);
        double scale = a.loss_control + a.loss_treatment;
        assert_true(a.loss_control >= 0 && a.loss_treatment >= 0);
        assert_true(fabs(a.loss_control - a.loss_treatment - (a.mean_treatment - a.mean_control)) <
                    1e-9 * scale);
        assert_close(a.treatment_better + a.control_better, 1, 1e-14);
        assert_true(fabs(a.treatment_better - b.control_better) < 1e-10);
        assert_true(fabs(a.loss_treatment - b.loss_control) < 1e-9 * scale);
        pair.treatment = failures(pair.treatment);
        pair.control = failures(pair.control);
        b = answer_of(&pair, (struct beta){prior.b, prior.a});
        assert_true(fabs(a.treatment_better - b.control_better) < 1e-10);
    }
}

/* Where both posteriors are normal: P = Phi(d/s), and the loss by the normal loss integral. */
static void a_billion_units_agree_with_the_normal_answer(void **state)
{
    (void)state;
    struct proportion_pair pair = {{250050000, 1000000000}, {250000000, 1000000000}};
    struct beta_binomial answer = answer_of(&pair, flat);
    double d = answer.mean_treatment - answer.mean_control;
    double s = sqrt(.25005 * .74995 / 1e9 + .25 * .75 / 1e9), z = d / s;
    double density = exp(-z * z / 2) / sqrt(2 * M_PI), tail = erfc(z * M_SQRT1_2) / 2;
    assert_close(answer.control_better, tail, 1e-5);
    assert_close(answer.loss_treatment, s * (density - z * tail), 1e-5);
    assert_close(answer.loss_control, d + answer.loss_treatment, 1e-8);
    pair = (struct proportion_pair){{1000000000, 1000000000}, {0, 1000000000}};
    answer = answer_of(&pair, flat);
    assert_true(answer.treatment_better == 1 && answer.control_better < 1e-30);
    assert_true(answer.loss_treatment < 1e-30);
    assert_close(answer.loss_control, 1 - 2e-9, 1e-9);
}

static void no_units_leave_the_prior_and_all_equal_none(void **state)
{
    (void)state;
    struct proportion_pair pair = {{0, 0}, {0, 0}};
    struct beta_binomial answer = answer_of(&pair, flat);
    assert_close(answer.treatment_better, .5, 1e-12);
    /* E max(U - V, 0) of two uniforms. */
    assert_close(answer.loss_control, 1. / 6, 1e-10);
    pair = (struct proportion_pair){{0, 1000000000}, {0, 1000000000}};
    assert_close(answer_of(&pair, flat).treatment_better, .5, 1e-10);
    answer = answer_of(&pair, (struct beta){.05, .05});
    assert_close(answer.treatment_better, .5, 1e-8);
}

static void what_is_no_prior_is_refused_and_nothing_is_written(void **state)
{
    (void)state;
    struct proportion_pair pair = {{1, 2}, {1, 2}}, more = {{3, 2}, {1, 2}};
    const struct beta bad[] = {{0, 1}, {1, -1}, {NOT_A_NUMBER, 1}, {1, INFINITE}, {1e-9, 1}};
    struct beta_binomial answer = {.treatment_better = 42};
    for (size_t i = 0; i < 5; i++)
        assert_int_equal(beta_binomial(&pair, bad[i], &answer), REASON_INVALID);
    assert_int_equal(beta_binomial(&more, flat, &answer), REASON_INVALID);
    assert_true(answer.treatment_better == 42);
}

int main(void)
{
    gsl_set_error_handler_off();
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(chances_and_losses_match_mpmath),
        cmocka_unit_test(the_chance_equals_the_closed_sum_for_whole_shapes),
        cmocka_unit_test(losses_differ_by_the_means_and_mirror),
        cmocka_unit_test(a_billion_units_agree_with_the_normal_answer),
        cmocka_unit_test(no_units_leave_the_prior_and_all_equal_none),
        cmocka_unit_test(what_is_no_prior_is_refused_and_nothing_is_written),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
