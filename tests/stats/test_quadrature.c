/* Gauss and Legendre's rule against integrals that are known. */

#include "stats/quadrature.h"
#include "support/support.h"

#include <gsl/gsl_errno.h>
#include <math.h>

static double power_31(double x, const void *about)
{
    (void)about;
    return pow(x, 31) - 7 * pow(x, 30) + x;
}

static double bell(double x, const void *about)
{
    (void)about;
    return exp(-x * x / 2) / sqrt(2 * M_PI);
}

static void polynomials_up_to_degree_31_are_exact(void **state)
{
    (void)state;
    assert_close(integral_panel(power_31, NULL, 0, 1.1),
                 pow(1.1, 32) / 32 - 7 * pow(1.1, 31) / 31 + 1.1 * 1.1 / 2, 1e-14);
}

static void the_normal_density_has_area_one(void **state)
{
    (void)state;
    assert_close(integral_panels(bell, NULL, -9, 9, 9), 1, 1e-14);
    assert_close(integral_panels(bell, NULL, 9, -9, 9), -1, 1e-14);
}

static void points_ascend_inside_and_weights_fill_the_panel(void **state)
{
    (void)state;
    struct gauss_panel panel;
    double sum = 0, before = -3;
    gauss_panel(-3, 4.5, &panel);
    for (size_t i = 0; i < GAUSS_POINTS; i++) {
        assert_true(panel.at[i] > before && panel.at[i] < 4.5 && panel.weight[i] > 0);
        before = panel.at[i];
        sum += panel.weight[i];
    }
    assert_close(sum, 7.5, 1e-14);
}

int main(void)
{
    gsl_set_error_handler_off();
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(polynomials_up_to_degree_31_are_exact),
        cmocka_unit_test(the_normal_density_has_area_one),
        cmocka_unit_test(points_ascend_inside_and_weights_fill_the_panel),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
