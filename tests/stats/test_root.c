/* The root finder on functions that defeat naive interpolation. */

#include "stats/root.h"
#include "support/support.h"

#include <math.h>

static double cubic(double x, const void *about)
{
    return x * x * x - *(const double *)about;
}

static double flat_then_steep(double x, const void *about)
{
    (void)about;
    return pow(x, 25) - 1e-25;
}

static double step(double x, const void *about)
{
    return x < *(const double *)about ? -1 : 1;
}

static double square_root_edge(double x, const void *about)
{
    return x - *(const double *)about * sqrt(x);
}

static double infinite_at_the_end(double x, const void *about)
{
    (void)about;
    return log(x) + 20;
}

static void roots_are_found_to_the_last_bits(void **state)
{
    (void)state;
    const double eight = 8, place = .123456789, small = 1e-9;
    assert_close(root_between(cubic, &eight, -100, 100), 2, 1e-15);
    assert_close(root_between(cubic, &eight, 100, -100), 2, 1e-15);
    assert_close(root_between(flat_then_steep, NULL, 0, 7), .1, 1e-14);
    assert_close(root_between(step, &place, -1, 1), place, 1e-15);
    assert_close(root_between(square_root_edge, &small, 1e-30, 1), 1e-18, 1e-12);
    assert_close(root_between(infinite_at_the_end, NULL, 0, 1), exp(-20), 1e-14);
}

static void a_root_at_an_end_is_found(void **state)
{
    (void)state;
    const double zero = 0, eight = 8;
    assert_true(fabs(root_between(cubic, &zero, 0, 1)) < 1e-100);
    assert_close(root_between(cubic, &eight, 2, 3), 2, 1e-15);
    assert_close(root_between(cubic, &eight, 1, 2), 2, 1e-15);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(roots_are_found_to_the_last_bits),
        cmocka_unit_test(a_root_at_an_end_is_found),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
