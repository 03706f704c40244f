/*
 * Normal and t tails.
 *
 * Upper tails are taken from GSL's Q functions, never as 1 - P, which is 0 from z = 9 on.  The log
 * of a normal tail is ln erfc(z / sqrt 2) - ln 2, good to the largest z.  A t tail is that of
 * student.c; with few degrees of freedom or far out, it and its log are half a tail of the beta
 * distribution with shapes df/2 and 1/2 at df/(df + t^2): GSL's own has 1e-10 far out.
 *
 * Accuracy  z within 1e-12 relative of R's qnorm, t quantiles 1e-11 and log tails 1e-8 of closed
 *           forms and of quadrature, tails 1e-10 of mpmath at 50 digits
 *           (tests/stats/test_normal.c).
 * Reference Abramowitz and Stegun 26.2, 26.5, 26.7.
 */

#include "stats/normal.h"
#include "stats/beta.h"
#include "student.h"

#include <float.h>
#include <gsl/gsl_cdf.h>
#include <gsl/gsl_sf_erf.h>
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

/* df/(df + t^2) and its complement. */
static struct split t_split(double t, double df)
{
    double square = t / df * t;
    if (square > 1 / DBL_MIN)
        return (struct split){.x = 0, .y = 1};
    return (struct split){.x = 1 / (1 + square), .y = square / (1 + square)};
}

/* ln of the upper tail of t > 0 so large that only the first term of its series is left. */
static double log_far_tail(double t, double df)
{
    double log_beta, a = df / 2;
    if (beta_log_function((struct beta){a, .5}, &log_beta))
        return -DBL_MAX;
    return -df * log(t / sqrt(df)) - log(df) - log_beta;
}

/* A t tail where student.c has none. */
static struct test beta_test_upper(double t, double df)
{
    struct beta_tails both;
    if (!(df > 0) || beta_tails((struct beta){df / 2, .5}, t_split(t, df), &both))
        return normal_test_upper(t);
    struct test test = {.statistic = t, .p = both.lower / 2, .log_p = both.log_lower - M_LN2};
    if (t < 0) {
        test.p = (1 + both.upper) / 2;
        test.log_p = log(test.p);
    } else if (t_split(t, df).x == 0) {
        test.log_p = log_far_tail(t, df);
        test.p = exp(test.log_p);
    }
    return test;
}

struct test t_test_upper(double t, double df)
{
    double tail;
    if (!(df > 0) || !student_tail(fabs(t), df, &tail))
        return beta_test_upper(t, df);
    double p = t < 0 ? 1 - tail : tail;
    return (struct test){.statistic = t, .p = p, .log_p = t < 0 ? log1p(-tail) : log(tail)};
}

/* Beyond these degrees of freedom t is the normal to the last digit, and GSL's inverse is lost. */
#define NORMAL_DF 1e15

/* GSL's quantile keeps 9 digits; each step of Newton doubles them.  The density of t is
 * x (1-x) f(x) / t, f the beta density at x = df/(df + t^2). */
static double t_quantile(double tail, double df)
{
    double t;
    if (student_quantile(tail, df, &t))
        return t;
    t = gsl_cdf_tdist_Qinv(tail, df);
    for (int step = 0; step < 2 && t > 0 && isfinite(t); step++) {
        struct split at = t_split(t, df);
        if (!(at.x > 0 && at.y > 0))
            break;
        double scale = exp(-beta_log_density((struct beta){df / 2, .5}, at));
        double next = t * (1 + (t_test_upper(t, df).p - tail) * scale);
        if (!(next > t / 2 && next < 2 * t))
            break;
        t = next;
    }
    return t;
}

double critical_value(double tail, double df)
{
    if (!(df > 0 && df < NORMAL_DF))
        return gsl_cdf_ugaussian_Qinv(tail);
    return tail > .5 ? -t_quantile(1 - tail, df) : t_quantile(tail, df);
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
    double tail = fmax(t_test_upper(fabs(t), df).p, 1e-300);
    return copysign(gsl_cdf_ugaussian_Qinv(tail), t);
}
