/*
 * The anytime interval: peeking without paying for it in false alarms.
 *
 * Statistic w = -W_{-1}(-a^2/e) - 1; r = n/N*; c^2 = (1 + 1/(wr)) (ln(1 + wr) - 2 ln a);
 *           e = (1 + wr)^{-1/2} exp(z^2/2 wr/(1 + wr)).  One-sided at a: w of 2a and
 *           c^2 = 2 (1 + 1/(wr)) ln(1 + sqrt(1 + wr)/(2a)).
 * Assumes   units that arrive one after the other from one population, enough of them that the
 *           estimate is near normal (the gate), and N* fixed before the data.
 * Not for   units whose outcome is still open (use matured cohorts), nor for a w or an N* chosen
 *           after looking.  Few accounts: scale c by anytime_c_scaled.
 * Accuracy  w and c 1e-9 relative to the authors' own code with lamW (reference/anytime.csv), the
 *           one-sided c to GrowthBook's gbstats (reference/anytime_halfwidth.csv); the any-look
 *           error by simulation (stats/EVIDENCE.md).
 * Reference Waudby-Smith, Arbour, Sinha, Kennedy, Ramdas (2024), Annals of Statistics,
 *           arXiv 2103.06476.
 */

#include "stats/anytime.h"
#include "stats/normal.h"

#include <gsl/gsl_cdf.h>
#include <math.h>

/* Three or four do; more only where alpha is 1 but for rounding. */
#define NEWTON_STEPS_MAX 60

/* Of the guess: the next step would be its square. */
#define STEP_LAST 1e-9

static bool place_is_valid(struct anytime at)
{
    return isfinite(at.w) && at.w > 0 && isfinite(at.ratio) && at.ratio > 0;
}

enum reason anytime_w(double alpha, double *w)
{
    if (!alpha_is_valid(alpha))
        return REASON_INVALID;
    /* The same equation without the exponential, w - ln(1 + w) = -2 ln alpha.  Its left side is
     * convex, so that Newton's steps fall to the root from any start above it; a start below, as
     * that of a usual alpha is, goes above with the first. */
    double target = -2 * log(alpha), change = 1;
    double guess = target > 1 ? target + log1p(target) : target + sqrt(2 * target);
    for (int step = 0; step < NEWTON_STEPS_MAX && fabs(change) > STEP_LAST * guess; step++) {
        change = (guess - log1p(guess) - target) * (1 + guess) / guess;
        if (step > 0 && !(change > 0))
            break;
        guess -= change;
    }
    if (!isfinite(guess) || !(guess > 0))
        return REASON_NOT_FINITE;
    *w = guess;
    return REASON_NONE;
}

enum reason anytime_w_approximate(double alpha, double *w)
{
    if (!alpha_is_valid(alpha))
        return REASON_INVALID;
    double target = -2 * log(alpha);
    *w = target + log1p(target);
    return REASON_NONE;
}

enum reason anytime_w_one_sided(double alpha, double *w)
{
    return anytime_w(2 * alpha, w);
}

static enum reason c_finish(double square, double *c)
{
    if (!isfinite(square))
        return REASON_TOO_EARLY;
    *c = sqrt(square);
    return REASON_NONE;
}

enum reason anytime_c(struct anytime at, double alpha, double *c)
{
    if (!place_is_valid(at) || !alpha_is_valid(alpha))
        return REASON_INVALID;
    double wr = at.w * at.ratio;
    return c_finish((1 + 1 / wr) * (log1p(wr) - 2 * log(alpha)), c);
}

enum reason anytime_c_one_sided(struct anytime at, double alpha, double *c)
{
    if (!place_is_valid(at) || !(alpha > 0 && alpha < .5))
        return REASON_INVALID;
    double wr = at.w * at.ratio;
    return c_finish(2 * (1 + 1 / wr) * log1p(sqrt(1 + wr) / (2 * alpha)), c);
}

enum reason anytime_c_scaled(double c, double df, double *scaled)
{
    if (!(c >= 0) || !isfinite(c) || !(df >= 0) || !isfinite(df))
        return REASON_INVALID;
    double result = df > 0 ? critical_value(gsl_cdf_ugaussian_Q(c), df) : c;
    if (!isfinite(result))
        return REASON_TOO_EARLY;
    *scaled = result;
    return REASON_NONE;
}

enum reason anytime_log_e(struct anytime at, double z, double *log_e)
{
    if (!place_is_valid(at) || !isfinite(z))
        return REASON_INVALID;
    double wr = at.w * at.ratio;
    double result = z / 2 * z * (wr / (1 + wr)) - log1p(wr) / 2;
    if (!isfinite(result))
        return REASON_NOT_FINITE;
    *log_e = result;
    return REASON_NONE;
}

enum reason anytime_test(struct anytime at, double z, struct test *test)
{
    double log_e;
    enum reason reason = anytime_log_e(at, z, &log_e);
    if (reason)
        return reason;
    double log_p = log_at_most_zero(-log_e);
    *test = (struct test){.statistic = z, .p = exp(log_p), .log_p = log_p};
    return REASON_NONE;
}

enum reason anytime_test_one_sided(struct anytime at, double z, struct test *test)
{
    if (!place_is_valid(at) || !isfinite(z))
        return REASON_INVALID;
    /* c(alpha) = z solved for alpha: sqrt(1 + wr) / (2 (exp(z^2/2 wr/(1 + wr)) - 1)). */
    double wr = at.w * at.ratio, power = z / 2 * z * (wr / (1 + wr));
    double log_p = 0;
    if (z > 0 && power > 0)
        log_p = log_at_most_zero(log1p(wr) / 2 - M_LN2 - power - log(-expm1(-power)));
    if (!isfinite(log_p))
        return REASON_NOT_FINITE;
    *test = (struct test){.statistic = z, .p = exp(log_p), .log_p = log_p};
    return REASON_NONE;
}
