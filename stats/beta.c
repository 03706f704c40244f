/*
 * The beta distribution's tails.
 *
 * Density   ln(x y f) = a ln(x/p) + b ln(y/q) + ln(ab / (2 pi (a+b)))/2 - d(a) - d(b) + d(a+b),
 *           p = a/(a+b), d what Stirling leaves of lnG.  The first two terms are a g(u) + b g(v),
 *           g(u) = ln(1+u) - u, u = (x-p)/p, v = (y-q)/q: small where the density is not, so that
 *           nothing of the size of a + b cancels.
 * Tails     below SHAPE_LARGE the continued fraction of the tail that x is in; with two large
 *           shapes, whose fraction takes sqrt(a+b) steps, the integral of the density over ln(x/y)
 *           in panels from x outwards.
 *
 * Assumes   nothing.  A point is as exact as its doubles: at shapes of 1e9 the rounding of x alone
 *           moves a tail by 1e-11 of itself.
 * Accuracy  tails 1e-12 relative of mpmath at 40 digits, 1e-10 at shapes of 1e9, log tails beyond
 *           1e-300 1e-12 (tests/stats/test_beta.c, reference/beta.csv).
 * Reference DiDonato and Morris (1992), ACM Transactions on Mathematical Software 18:360-373 (the
 *           fraction, here by Lentz's method); Loader (2000), Fast and Accurate Computation of
 *           Binomial Probabilities (the density).
 */

#include "stats/beta.h"
#include "stats/quadrature.h"

#include <float.h>
#include <gsl/gsl_sf_gamma.h>
#include <gsl/gsl_sf_log.h>
#include <math.h>
#include <stdbool.h>

/* ln(2 pi) / 2 */
#define LOG_ROOT_TWO_PI 0.91893853320467274178

/* From here Stirling's series with five terms is exact to the last digit. */
#define STIRLING_FROM 16.0

/* With both shapes above it, panels are quicker than the continued fraction. */
#define SHAPE_LARGE 1e6

/* The fraction takes about sqrt(a + b) steps; no shape of a count needs so many. */
#define FRACTION_STEPS_MAX (1000 * 1000)

/* Panels of one standard deviation, or of four times the tail's own length: past 40, nothing. */
#define PANELS_MAX 200

struct split split_of(double x)
{
    return (struct split){.x = x, .y = 1 - x};
}

struct split split_of_logit(double logit)
{
    double small = exp(-fabs(logit)), large = 1 / (1 + small);
    small *= large;
    return logit < 0 ? (struct split){small, large} : (struct split){large, small};
}

double stirling_rest(double x)
{
    if (x < STIRLING_FROM)
        return gsl_sf_lngamma(x) - ((x - .5) * log(x) - x + LOG_ROOT_TWO_PI);
    double y = 1 / (x * x);
    return (1. / 12 - y * (1. / 360 - y * (1. / 1260 - y * (1. / 1680 - y / 1188)))) / x;
}

/* count (ln(x/p) - (x-p)/p) for a difference gap = x - p. */
static double deviance_part(double count, double x, double p, double gap)
{
    double u = gap / p;
    if (u < -.5)
        return count * (log(x / p) - u);
    return count * gsl_sf_log_1plusx_mx(u);
}

double split_deviance(struct beta shape, struct split at)
{
    double a = shape.a, b = shape.b, p = a / (a + b), q = b / (a + b);
    double gap = p < q ? at.x - p : q - at.y;
    if (a == 0)
        return b * (at.x < .5 ? log1p(-at.x) : log(at.y));
    if (b == 0)
        return a * (at.y < .5 ? log1p(-at.y) : log(at.x));
    return deviance_part(a, at.x, p, gap) + deviance_part(b, at.y, q, -gap);
}

double binomial_log_peak(double successes, double failures)
{
    double n = successes + failures;
    if (successes == 0 || failures == 0)
        return 0;
    return stirling_rest(n) - stirling_rest(successes) - stirling_rest(failures) - LOG_ROOT_TWO_PI -
           log(successes * (failures / n)) / 2;
}

double beta_log_density(struct beta shape, struct split at)
{
    double a = shape.a, b = shape.b, n = a + b;
    return split_deviance(shape, at) + log(a * (b / n)) / 2 - LOG_ROOT_TWO_PI + stirling_rest(n) -
           stirling_rest(a) - stirling_rest(b);
}

static bool shape_is_valid(struct beta shape)
{
    return shape.a > 0 && shape.b > 0 && isfinite(shape.a + shape.b);
}

enum reason beta_log_function(struct beta shape, double *log_beta)
{
    if (!shape_is_valid(shape))
        return REASON_INVALID;
    double a = fmin(shape.a, shape.b), b = fmax(shape.a, shape.b), result;
    if (b < STIRLING_FROM)
        result = gsl_sf_lngamma(a) + gsl_sf_lngamma(b) - gsl_sf_lngamma(a + b);
    else if (a < STIRLING_FROM)
        result = gsl_sf_lngamma(a) + (b - .5) * -log1p(a / b) - a * (log(a + b) - 1) +
                 stirling_rest(b) - stirling_rest(a + b);
    else
        result = (a - .5) * -log1p(b / a) + b * -log1p(a / b) - log(b) / 2 + LOG_ROOT_TWO_PI +
                 stirling_rest(a) + stirling_rest(b) - stirling_rest(a + b);
    if (!isfinite(result))
        return REASON_NOT_FINITE;
    *log_beta = result;
    return REASON_NONE;
}

/* The fraction f of I_x(a, b) = x^a y^b / B(a, b) / f, quick for x at or below the mean.  Neither
 * 1 - x nor the distance to the mean is formed by a difference of like numbers. */
static double tail_fraction(struct beta shape, struct split at)
{
    double a = shape.a, b = shape.b, rest = a * at.y - b * at.x + 1;
    double f = a / (a + 1) * rest, c = f, d = 0;
    for (double n = 1; n < FRACTION_STEPS_MAX; n++) {
        double scaled = at.x / (a + 2 * n - 1);
        double numerator = (a + n - 1) * scaled * ((a + b + n - 1) * scaled) * (n * (b - n));
        double own = n + n * (b - n) * scaled + (a + n) / (a + 2 * n + 1) * (rest + n * (1 + at.y));
        d = own + numerator * d;
        c = own + numerator / c;
        d = 1 / (fabs(d) < DBL_MIN ? DBL_MIN : d);
        c = fabs(c) < DBL_MIN ? DBL_MIN : c;
        f *= c * d;
        if (fabs(c * d - 1) < DBL_EPSILON)
            break;
    }
    return f;
}

struct outward {
    struct beta shape;
    double start, log_top;
};

/* The density of ln(x/y), `distance` below the start, over that at the start. */
static double outward_density(double distance, const void *about)
{
    const struct outward *tail = about;
    struct split at = split_of_logit(tail->start - distance);
    return exp(beta_log_density(tail->shape, at) - tail->log_top);
}

/* ln of the integral of the density below x, for x below the mean. */
static double log_tail_panels(struct beta shape, struct split at)
{
    struct outward tail = {
        .shape = shape,
        .start = log(at.x / at.y),
        .log_top = beta_log_density(shape, at),
    };
    double n = shape.a + shape.b, sd = sqrt(n / shape.a / shape.b);
    double steepness = (shape.a * at.y - shape.b * at.x) * sd;
    double width = sd / fmax(1, steepness / 4), sum = 0;
    for (int i = 0; i < PANELS_MAX; i++) {
        double more = integral_panel(outward_density, &tail, i * width, (i + 1) * width);
        sum += more;
        if (more < DBL_EPSILON / 16 * sum)
            break;
    }
    return tail.log_top + log(sum);
}

/* ln I_x(a, b) for x at or below the point where its fraction converges. */
static double log_lower_tail(struct beta shape, struct split at)
{
    if (at.x == 0)
        return -DBL_MAX;
    if (shape.a > SHAPE_LARGE && shape.b > SHAPE_LARGE)
        return log_tail_panels(shape, at);
    return beta_log_density(shape, at) - log(tail_fraction(shape, at));
}

/* ln(1 - exp(log_p)) for log_p <= 0. */
static double log_complement(double log_p)
{
    double p = exp(log_p);
    return p < .5 ? log1p(-p) : log(-expm1(log_p));
}

enum reason beta_tails(struct beta shape, struct split at, struct beta_tails *tails)
{
    if (!shape_is_valid(shape) || !(at.x >= 0 && at.y >= 0 && at.x <= 1 && at.y <= 1))
        return REASON_INVALID;
    double a = shape.a, b = shape.b;
    bool low = b * at.x <= a * at.y;
    struct beta mirrored = {b, a};
    double near =
        low ? log_lower_tail(shape, at) : log_lower_tail(mirrored, (struct split){at.y, at.x});
    near = fmin(0, near);
    double far = fmax(log_complement(near), -DBL_MAX);
    struct beta_tails result = {
        .log_lower = low ? near : far,
        .log_upper = low ? far : near,
    };
    result.lower = exp(result.log_lower);
    result.upper = exp(result.log_upper);
    if (isnan(near))
        return REASON_NOT_FINITE;
    *tails = result;
    return REASON_NONE;
}
