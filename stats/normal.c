/*
 * Normal and t tails.
 *
 * Upper tails are taken from GSL's Q functions, never as 1 - P, which is 0 from z = 9 on.  The log
 * of a normal tail is ln erfc(z / sqrt 2) - ln 2, good to the largest z.  Where a t tail is 0,
 * its log is that of the series of the incomplete beta function,
 *     Q(t) = x^a (1-x)^{1/2} / (2 a B(a, 1/2)) (1 + sum of products (a+1/2+k)/(a+1+k) x),
 * a = df/2, x = df/(df + t^2); beyond a million degrees of freedom, Wallace's normal deviate.
 *
 * Accuracy  z within 1e-12 relative of R's qnorm, t quantiles 1e-9 and log tails 1e-8 of closed
 *           forms and of quadrature (tests/stats/test_normal.c).
 * Reference Abramowitz and Stegun 26.2, 26.5, 26.7; Wallace (1959), Annals of Mathematical
 *           Statistics 30:1121-1130.
 */

#include "stats/normal.h"

#include <float.h>
#include <gsl/gsl_cdf.h>
#include <gsl/gsl_sf_erf.h>
#include <gsl/gsl_sf_gamma.h>
#include <math.h>

bool alpha_is_valid(double alpha)
{
    return alpha > 0 && alpha < 1;
}

double log_at_most_zero(double log_p)
{
    return log_p < 0 ? log_p : 0;
}

double normal_z_two_sided(double alpha)
{
    return gsl_cdf_ugaussian_Qinv(alpha / 2);
}

double normal_z_one_sided(double alpha)
{
    return gsl_cdf_ugaussian_Qinv(alpha);
}

/* Beyond these degrees of freedom t is the normal to the last digit, and GSL's inverse is lost. */
#define NORMAL_DF 1e15

double critical_value(double tail, double df)
{
    return df > 0 && df < NORMAL_DF ? gsl_cdf_tdist_Qinv(tail, df) : gsl_cdf_ugaussian_Qinv(tail);
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
                         .log_p = log_at_most_zero(gsl_sf_log_erfc(size * M_SQRT1_2))};
}

/* Above this the normal deviate is as good as the series and quicker. */
#define SERIES_DF_MAX 1e6

/* ln Q(t) where Q(t) itself underflows, so that x is well below 1. */
static double log_t_tail(double t, double df)
{
    double scaled = t / sqrt(df), log_x = -2 * log(hypot(1, scaled));
    if (df > SERIES_DF_MAX) {
        double z = (8 * df + 1) / (8 * df + 3) * sqrt(-df * log_x);
        return gsl_sf_log_erfc(z * M_SQRT1_2) - M_LN2;
    }
    double a = df / 2, x = exp(log_x), term = 1, sum = 1;
    for (double k = 0; term > DBL_EPSILON * sum; k++)
        sum += term *= (a + .5 + k) / (a + 1 + k) * x;
    double log_beta = gsl_sf_lngamma(a) + gsl_sf_lngamma(.5) - gsl_sf_lngamma(a + .5);
    return a * log_x + log(scaled) + log_x / 2 - log(2 * a) - log_beta + log(sum);
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
        .statistic = t, .p = fmin(1, 2 * tail.p), .log_p = log_at_most_zero(tail.log_p + M_LN2)};
}

double normal_equivalent(double t, double df)
{
    if (!(df > 0))
        return t;
    double tail = fmax(gsl_cdf_tdist_Q(fabs(t), df), 1e-300);
    return copysign(gsl_cdf_ugaussian_Qinv(tail), t);
}
