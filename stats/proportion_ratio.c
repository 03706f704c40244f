/*
 * The ratio of two rates, and their odds ratio.
 *
 * Score     for a null ratio R:  z(R) = (p1 - R p0) / sqrt(v),
 *               v = c [q1(1-q1)/n1 + R^2 q0(1-q0)/n0],  c = N/(N-1) or 1,
 *           (q1, q0) the most likely rates with q1 = R q0.  The interval is {R: |z(R)| <= z}.
 *           The upper limit is infinite when the control has no success, the lower 0 when the
 *           treatment has none.  z := 0 when the numerator is exactly 0.
 * Odds      ln OR +- z sqrt(1/x1 + 1/y1 + 1/x0 + 1/y0).
 *
 * How       q0 is the smaller root of (n1+n0) R q^2 - [R (n1+x0) + n0 + x1] q + x1 + x0, whose
 *           discriminant is [R (n1+x0) - n0 - x1]^2 + 4 R y1 y0: a sum, nothing cancels.  1 - q0 is
 *           a root of the mirrored equation, and (q1, 1-q1) are those of the exchanged variants at
 *           1/R.  The limits are found on the scale of ln R.
 * Assumes   independent units, one outcome a unit.
 * Not for   clustered units.  The odds ratio is not the ratio of rates unless both are rare.
 * Accuracy  score limits 1e-8 of mpmath at 40 digits, the log interval 1e-9 of statsmodels, up to
 *           1e9 units (tests/stats/reference/proportion_ratio.csv).
 * Reference Miettinen and Nurminen (1985), Statistics in Medicine 4:213-226; Koopman (1984),
 *           Biometrics 40:513-517; Woolf (1955), Annals of Human Genetics 19:251-253.
 */

#include "stats/proportion_ratio.h"
#include "stats/normal.h"
#include "stats/root.h"

#include <float.h>
#include <math.h>

/* ln of a ratio that no two rates of 64-bit counts reach at any alpha. */
#define LOG_RATIO_MAX 200.0

struct variant {
    double x, y, n;
};

struct ratio_score {
    struct variant treatment, control;
    double inflation; /* N/(N-1) or 1 */
    double z;         /* signed: > 0 for the lower limit */
};

static struct variant variant_of(struct proportion rate)
{
    return (struct variant){
        .x = (double)rate.successes,
        .y = (double)(rate.units - rate.successes),
        .n = (double)rate.units,
    };
}

static struct ratio_score ratio_score_of(const struct proportion_pair *pair,
                                         enum score_variance variance)
{
    struct ratio_score score = {
        .treatment = variant_of(pair->treatment),
        .control = variant_of(pair->control),
        .inflation = 1,
    };
    double n = score.treatment.n + score.control.n;
    if (variance == VARIANCE_UNBIASED)
        score.inflation = n / (n - 1);
    return score;
}

/* q (1 - q), q the most likely rate of `own` when the other's is `ratio` q. */
static double likely_variance(struct variant own, struct variant other, double ratio)
{
    double more = ratio * (other.n + own.x), less = own.n + other.x;
    double root = hypot(more - less, 2 * sqrt(ratio * other.y * own.y));
    double q = 2 * (other.x + own.x) / (more + less + root);
    /* 2 a - b and a - b + c of the equation a q^2 - b q + c, for the complement. */
    double middle = ratio * (other.n + own.n + own.y) - less;
    double rest = 0;
    if (middle > 0)
        rest = (middle + root) / (2 * ratio * (other.n + own.n));
    else if (own.y > 0)
        rest = 2 * (1 - ratio) * own.y / (root - middle);
    return fmin(q, 1) * fmin(rest, 1);
}

static double ratio_variance(const struct ratio_score *score, double ratio)
{
    const struct variant t = score->treatment, c = score->control;
    return score->inflation * (likely_variance(t, c, 1 / ratio) / t.n +
                               ratio * likely_variance(c, t, ratio) / c.n * ratio);
}

static double ratio_numerator(const struct ratio_score *score, double ratio)
{
    const struct variant t = score->treatment, c = score->control;
    return t.x / t.n - ratio * (c.x / c.n);
}

static double limit_distance(double log_ratio, const void *about)
{
    const struct ratio_score *score = about;
    double ratio = exp(log_ratio);
    return ratio_numerator(score, ratio) - score->z * sqrt(ratio_variance(score, ratio));
}

/* The limit when every unit of both succeeded: one rate stays at 1 and the other is the ratio, so
 * that (1 - R)^2 = z^2 R (1 - R) / n, n the units of the one that is off. */
static struct ratio_interval all_succeeded(const struct ratio_score *score, double z)
{
    double odds = z * z * score->inflation;
    return (struct ratio_interval){.low = 1 / (1 + odds / score->treatment.n),
                                   .high = 1 + odds / score->control.n};
}

static struct ratio_interval score_interval(struct ratio_score *score, double z)
{
    const struct variant t = score->treatment, c = score->control;
    if (t.y + c.y == 0)
        return all_succeeded(score, z);
    struct ratio_interval interval = {.low = 0, .high = DBL_MAX, .unbounded = c.x == 0};
    double estimate = log(t.x / t.n) - log(c.x / c.n);
    if (t.x > 0) {
        score->z = z;
        interval.low =
            exp(root_between(limit_distance, score, -LOG_RATIO_MAX, fmin(estimate, LOG_RATIO_MAX)));
    }
    if (c.x > 0) {
        score->z = -z;
        interval.high =
            exp(root_between(limit_distance, score, fmax(estimate, -LOG_RATIO_MAX), LOG_RATIO_MAX));
    }
    return interval;
}

enum reason proportion_ratio_interval(const struct proportion_pair *pair,
                                      enum score_variance variance, double alpha,
                                      struct ratio_interval *interval)
{
    enum reason reason = proportion_pair_check(pair);
    if (reason)
        return reason;
    if (!alpha_is_valid(alpha))
        return REASON_INVALID;
    struct ratio_score score = ratio_score_of(pair, variance);
    if (score.treatment.x + score.control.x == 0)
        *interval = (struct ratio_interval){.low = 0, .high = DBL_MAX, .unbounded = true};
    else
        *interval = score_interval(&score, normal_z_two_sided(alpha));
    return REASON_NONE;
}

enum reason proportion_ratio_score(const struct proportion_pair *pair, enum score_variance variance,
                                   double null, struct test *test)
{
    enum reason reason = proportion_pair_check(pair);
    if (reason)
        return reason;
    if (!(null > exp(-LOG_RATIO_MAX) && null < exp(LOG_RATIO_MAX)))
        return REASON_INVALID;
    struct ratio_score score = ratio_score_of(pair, variance);
    double numerator = ratio_numerator(&score, null);
    *test = normal_test(numerator == 0 ? 0 : numerator / sqrt(ratio_variance(&score, null)));
    return REASON_NONE;
}

enum reason proportion_odds_interval(const struct proportion_pair *pair, double alpha,
                                     struct interval *interval)
{
    enum reason reason = proportion_pair_check(pair);
    if (reason)
        return reason;
    if (!alpha_is_valid(alpha))
        return REASON_INVALID;
    struct variant t = variant_of(pair->treatment), c = variant_of(pair->control);
    if (t.x == 0 || t.y == 0 || c.x == 0 || c.y == 0)
        return REASON_NO_EVENTS;
    double half = normal_z_two_sided(alpha) * sqrt(1 / t.x + 1 / t.y + 1 / c.x + 1 / c.y);
    double centre = log(t.x / t.y) - log(c.x / c.y);
    *interval = (struct interval){.low = exp(centre - half), .high = exp(centre + half)};
    return REASON_NONE;
}
