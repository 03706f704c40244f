/*
 * Normal and t tails.
 *
 * Upper tails are taken from GSL's Q functions, never as 1 - P, which is 0 from z = 9 on.  The log
 * of a normal tail is ln erfc(z / sqrt 2) - ln 2, good to the largest z; the log of a t tail beyond
 * the double range is taken from its leading power, whose relative error there is below 1e-9 for
 * t^2 > 1e9 df and which is reached only then.
 *
 * Accuracy  z within 1e-12 relative of R's qnorm, t quantiles 1e-9 (tests/stats/test_normal.c).
 * Reference Abramowitz and Stegun, 26.2, 26.7.
 */

#include "stats/normal.h"

#include <gsl/gsl_cdf.h>
#include <gsl/gsl_sf_erf.h>
#include <gsl/gsl_sf_gamma.h>
#include <math.h>

bool alpha_is_valid(double alpha)
{
    return alpha > 0 && alpha < 1;
}

double normal_z_two_sided(double alpha)
{
    return gsl_cdf_ugaussian_Qinv(alpha / 2);
}

double normal_z_one_sided(double alpha)
{
    return gsl_cdf_ugaussian_Qinv(alpha);
}

double critical_value(double tail, double df)
{
    return df > 0 ? gsl_cdf_tdist_Qinv(tail, df) : gsl_cdf_ugaussian_Qinv(tail);
}

struct test normal_test_upper(double z)
{
    return (struct test){.statistic = z,
                         .p = gsl_cdf_ugaussian_Q(z),
                         .log_p = gsl_sf_log_erfc(z * M_SQRT1_2) - M_LN2};
}

struct test normal_test(double z)
{
    double size = fabs(z);
    return (struct test){.statistic = z,
                         .p = fmin(1, 2 * gsl_cdf_ugaussian_Q(size)),
                         .log_p = fmin(0, gsl_sf_log_erfc(size * M_SQRT1_2))};
}

/* ln Q of t where Q itself underflows: the density's power law integrated. */
static double log_t_tail(double t, double df)
{
    return gsl_sf_lngamma((df + 1) / 2) - gsl_sf_lngamma(df / 2) - .5 * log(df * M_PI) +
           (df + 1) / 2 * log(df) - df * log(t) - log(df);
}

struct test t_test_upper(double t, double df)
{
    if (!(df > 0))
        return normal_test_upper(t);
    double p = gsl_cdf_tdist_Q(t, df);
    return (struct test){.statistic = t, .p = p, .log_p = p > 0 ? log(p) : log_t_tail(t, df)};
}

struct test t_test(double t, double df)
{
    if (!(df > 0))
        return normal_test(t);
    struct test tail = t_test_upper(fabs(t), df);
    return (struct test){
        .statistic = t, .p = fmin(1, 2 * tail.p), .log_p = fmin(0, tail.log_p + M_LN2)};
}

double normal_equivalent(double t, double df)
{
    if (!(df > 0))
        return t;
    double tail = fmax(gsl_cdf_tdist_Q(fabs(t), df), 1e-300);
    return copysign(gsl_cdf_ugaussian_Qinv(tail), t);
}
