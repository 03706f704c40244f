/*
 * Tails of the noncentral t and F, by quadrature and by a Poisson mixture.
 *
 * t   with S = sqrt(chi-square/df), density f:  P(T > t) = integral f(s) Q(t s - shift) ds over the
 *     s that matter, plus P(S < a) below them, where Q is 1.  Below 2 degrees of freedom f has a
 *     pole at 0, and the same integral by parts is used: integral phi(x - shift) P(S < x/t) dx.
 * F   sum over j of Poisson(j; shift/2) I(df1/2 + j, df2/2), I the upper tail of the beta, by its
 *     recurrence in j, all of whose terms are positive.  Beyond a shift of 10^6 sqrt(df1 F) is
 * taken as a noncentral t (1e-6).
 *
 * The quadrature is the double exponential one: it takes both what is smooth and what is singular
 * at an end of its range.
 *
 * Accuracy  absolute 1e-11 against quadrature at 30 digits, df .5 to 1e6, shift -5 to 40
 *           (tests/stats/test_noncentral.c).  Not relative: tails below 1e-14 are rounding.
 * Reference Johnson, Kotz and Balakrishnan (1995), Continuous Univariate Distributions 2, ch. 30,
 *           31; Takahasi and Mori (1974), Publications RIMS Kyoto 9:721-741.
 */

#include "stats/noncentral.h"
#include "stats/normal.h"
#include "stats/root.h"

#include <float.h>
#include <gsl/gsl_cdf.h>
#include <gsl/gsl_sf_gamma.h>
#include <math.h>
#include <stdbool.h>

/* Standard deviations beyond which a normal tail (1e-19) adds nothing. */
#define REACH 9.0
/* Steps of the quadrature on each side, to where the weights are below 1e-16. */
#define STEPS 104
#define STEP_SIZE (1. / 32)
/* Beyond these degrees of freedom t is normal to the last digit. */
#define DF_NORMAL 1e13
/* How far the Poisson's mass goes, in its standard deviations and beyond. */
#define MIXTURE_REACH 11
/* Steps of the continued fraction: it takes some sqrt(df). */
#define FRACTION_STEPS_MAX 1e6
/* Beyond these degrees of freedom F is a chi-square to 1e-10. */
#define DF_CHI_SQUARE 1e10
/* Beyond this the mixture is long and the noncentral chi near normal. */
#define SHIFT_NORMAL 1e6

struct noncentral {
    double t, df, shift;
    double log_constant; /* of the density of S */
};

typedef double quadrature_function(double x, const struct noncentral *about);

static double quadrature(quadrature_function *function, const struct noncentral *about, double low,
                         double high)
{
    double width = high - low, sum = function(low + width / 2, about) * M_PI_4 * width;
    for (int i = 1; i <= STEPS; i++) {
        double u = i * STEP_SIZE, g = M_PI_2 * sinh(u);
        double from_end = width / (1 + exp(2 * g)), cosh_g = cosh(g);
        double weight = M_PI_4 * width * cosh(u) / (cosh_g * cosh_g);
        sum += weight * (function(low + from_end, about) + function(high - from_end, about));
    }
    return sum * STEP_SIZE;
}

/* ln of the constant of f, by the scaled gamma function, which cancels nothing at large df. */
static double log_constant(double df)
{
    return M_LN2 + log(df / (4 * M_PI)) / 2 - log(gsl_sf_gammastar(df / 2));
}

/* f(s) Q(t s - shift) */
static double by_spread(double s, const struct noncentral *about)
{
    double gap = (s - 1) * (s + 1);
    if (!(s > 0) || !(gap > -1))
        return 0;
    double log_density = about->log_constant - log(s) + about->df / 2 * (log1p(gap) - gap);
    return exp(log_density) * gsl_cdf_ugaussian_Q(about->t * s - about->shift);
}

/* phi(x - shift) P(S < x/t) */
static double by_numerator(double x, const struct noncentral *about)
{
    double s = x / about->t, gap = x - about->shift;
    return exp(-gap * gap / 2) / sqrt(2 * M_PI) * gsl_cdf_chisq_P(about->df * s * s, about->df);
}

/* t > 0 */
static double t_tail(double t, double df, double shift)
{
    struct noncentral about = {.t = t, .df = df, .shift = shift};
    /* chi is Lipschitz in its normals, so it stays within REACH of sqrt(df) as a normal would. */
    double spread = REACH / sqrt(df), most = 1 + spread;
    if (df > DF_NORMAL)
        return gsl_cdf_ugaussian_Q(t - shift);
    if ((shift - REACH) / t >= most)
        return 1;
    if (df < 2) {
        double low = fmax(0, shift - REACH), high = fmin(shift + REACH, t * most);
        if (!(high > low))
            return 0;
        return quadrature(by_numerator, &about, low, high) + gsl_cdf_ugaussian_Q(high - shift);
    }
    double least = fmax(0, sqrt(1 - .5 / df) - spread);
    double low = fmax(least, (shift - REACH) / t), high = fmin(most, (shift + REACH) / t);
    if (!(high > low))
        return 0;
    about.log_constant = log_constant(df);
    double below = low > least ? gsl_cdf_chisq_P(df * low * low, df) : 0;
    return below + quadrature(by_spread, &about, low, high);
}

enum reason noncentral_t_tail(double t, double df, double shift, double *tail)
{
    if (!isfinite(t) || !(df > 0) || !isfinite(df) || !isfinite(shift))
        return REASON_INVALID;
    double result = t == 0  ? gsl_cdf_ugaussian_P(shift)
                    : t > 0 ? t_tail(t, df, shift)
                            : 1 - t_tail(-t, df, -shift);
    if (!isfinite(result))
        return REASON_NOT_FINITE;
    *tail = fmin(1, fmax(0, result));
    return REASON_NONE;
}

/* The Poisson's mass at j by its deviance, which cancels nothing at large means. */
static double poisson_mass(double j, double mean)
{
    if (j == 0)
        return exp(-mean);
    double gap = (mean - j) / j;
    return exp(j * (log1p(gap) - gap)) / (sqrt(2 * M_PI * j) * gsl_sf_gammastar(j));
}

/* Lentz's continued fraction of the incomplete beta, as many steps as it needs; NaN if too many. */
static double beta_fraction(double a, double b, double x)
{
    double c = 1, d = 1 / (1 - (a + b) * x / (a + 1)), value = d;
    for (double m = 1; m < FRACTION_STEPS_MAX; m++) {
        double even = m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m));
        double odd = -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1));
        d = 1 / (1 + even * d);
        c = 1 + even / c;
        value *= c * d;
        d = 1 / (1 + odd * d);
        c = 1 + odd / c;
        value *= c * d;
        if (fabs(c * d - 1) < DBL_EPSILON)
            return value;
    }
    return (double)NAN;
}

/* F as a beta: share = df1 f/(df1 f + df2) of (df1/2, df2/2), and ln share^a (1-share)^b/B(a, b).
 */
struct beta {
    double a, b, share, rest, log_density;
};

static struct beta beta_of(double f, double df_numerator, double df_denominator)
{
    struct beta beta = {.a = df_numerator / 2, .b = df_denominator / 2};
    double odds = beta.b / beta.a;
    beta.share = f / (f + odds);
    beta.rest = odds / (f + odds);
    double log_rest = beta.share > .5 ? log(beta.rest) : log1p(-beta.share);
    beta.log_density = beta.a * log(beta.share) + beta.b * log_rest - gsl_sf_lnbeta(beta.a, beta.b);
    return beta;
}

static double upper_of(const struct beta *beta, double f)
{
    if (f == 0)
        return 1;
    if (beta->b > DF_CHI_SQUARE / 2)
        return gsl_cdf_chisq_Q(2 * beta->a * f, 2 * beta->a);
    if (beta->share < (beta->a + 1) / (beta->a + beta->b + 2))
        return 1 - exp(beta->log_density) * beta_fraction(beta->a, beta->b, beta->share) / beta->a;
    return exp(beta->log_density) * beta_fraction(beta->b, beta->a, beta->rest) / beta->b;
}

static bool degrees_are_valid(double df_numerator, double df_denominator)
{
    return df_numerator > 0 && isfinite(df_numerator) && df_denominator > 0 &&
           isfinite(df_denominator);
}

enum reason f_tail(double f, double df_numerator, double df_denominator, double *tail)
{
    if (!(f >= 0) || !isfinite(f) || !degrees_are_valid(df_numerator, df_denominator))
        return REASON_INVALID;
    struct beta beta = beta_of(f, df_numerator, df_denominator);
    double result = upper_of(&beta, f);
    if (!isfinite(result))
        return REASON_NOT_FINITE;
    *tail = fmin(1, fmax(0, result));
    return REASON_NONE;
}

struct critical {
    double alpha, df_numerator, df_denominator;
};

static double critical_gap(double f, const void *about)
{
    const struct critical *of = about;
    struct beta beta = beta_of(f, of->df_numerator, of->df_denominator);
    return of->alpha - upper_of(&beta, f);
}

enum reason f_critical(double alpha, double df_numerator, double df_denominator, double *f)
{
    if (!alpha_is_valid(alpha) || !degrees_are_valid(df_numerator, df_denominator))
        return REASON_INVALID;
    struct critical about = {alpha, df_numerator, df_denominator};
    double high = 1;
    while (critical_gap(high, &about) < 0 && isfinite(high))
        high *= 2;
    if (!isfinite(high) || !(critical_gap(high, &about) >= 0))
        return REASON_NOT_FINITE;
    double found = root_between(critical_gap, &about, high > 1 ? high / 2 : 0, high);
    if (!isfinite(critical_gap(found, &about)))
        return REASON_NOT_FINITE;
    *f = found;
    return REASON_NONE;
}

/* Where the shift is wide, sqrt(df1 F) is a noncentral t but for terms of 1/shift. */
static enum reason f_tail_wide(double f, double df_numerator, double df_denominator, double shift,
                               double *tail)
{
    double size = sqrt(f * df_numerator), wide = sqrt(shift + df_numerator - 1);
    double result = size > 0 ? t_tail(size, df_denominator, wide) : 1;
    if (!isfinite(result))
        return REASON_NOT_FINITE;
    *tail = fmin(1, fmax(0, result));
    return REASON_NONE;
}

enum reason noncentral_f_tail(double f, double df_numerator, double df_denominator, double shift,
                              double *tail)
{
    if (!(f >= 0) || !isfinite(f) || !degrees_are_valid(df_numerator, df_denominator) ||
        !(shift >= 0) || !isfinite(shift))
        return REASON_INVALID;
    if (shift > SHIFT_NORMAL)
        return f_tail_wide(f, df_numerator, df_denominator, shift, tail);
    double mean = shift / 2, reach = MIXTURE_REACH * sqrt(mean) + MIXTURE_REACH * MIXTURE_REACH;
    struct beta beta = beta_of(f, df_numerator, df_denominator);
    /* I(a + 1, b) = I(a, b) + share^a (1 - share)^b / (a B(a, b)), for the upper tail I. */
    double upper = upper_of(&beta, f), log_step = beta.log_density - log(beta.a), sum = 0;
    for (double j = 0; j <= mean + reach; j++) {
        if (j >= mean - reach)
            sum += poisson_mass(j, mean) * upper;
        if (beta.share > 0)
            upper += exp(log_step);
        log_step += log(beta.share * (beta.a + j + beta.b) / (beta.a + j + 1));
    }
    if (!isfinite(sum))
        return REASON_NOT_FINITE;
    *tail = fmin(1, sum);
    return REASON_NONE;
}
