/*
 * Relative lift on the log scale.
 *
 * Rates     ln(p1/p0), se^2 = (1 - p1)/x1 + (1 - p0)/x0  (Katz: 1/x1 - 1/n1 + 1/x0 - 1/n0).
 * Odds      ln(x1 y0 / (x0 y1)), se^2 = 1/x1 + 1/y1 + 1/x0 + 1/y0, y = n - x (Woolf).
 * Means     ln(m1/m0), se^2 = se1^2/m1^2 + se0^2/m0^2 (delta method).
 * Interval  exp(log ratio +- z se) - 1.
 *
 * Assumes   both quantities well away from 0: as a rule 5 successes a variant, or se < m/3.
 * Not for   no successes in a variant, or means that may be 0 or negative (Fieller's): no answer.
 *           The p of the difference decides; that of the lift may differ from it by a hair.
 * Accuracy  1e-9 relative to metafor::escalc, RR and ROM (tests/stats/reference/lift.csv).
 * Reference Katz, Baptista, Azen, Pike (1978), Biometrics 34:469-474; Woolf (1955), Annals of
 *           Human Genetics 19:251-253; Hedges, Gurevitch, Curtis
 *           (1999), Ecology 80:1150-1156.
 */

#include "stats/lift.h"
#include "stats/normal.h"

#include <math.h>

/* A log ratio without loss when the two are nearly equal. */
static double log_ratio(double treatment, double control)
{
    double lift = (treatment - control) / control;
    return fabs(lift) < .5 ? log1p(lift) : log(treatment) - log(control);
}

static enum reason lift_finish(double treatment, double control, double variance, struct lift *lift)
{
    struct lift result = {
        .lift = (treatment - control) / control,
        .log_ratio = log_ratio(treatment, control),
        .log_se = sqrt(variance),
    };
    if (!isfinite(result.lift) || !isfinite(result.log_ratio) || !isfinite(result.log_se))
        return REASON_NOT_FINITE;
    if (!(result.log_se > 0))
        return REASON_NO_VARIATION;
    *lift = result;
    return REASON_NONE;
}

enum reason lift_of_proportions(const struct proportion_pair *pair, struct lift *lift)
{
    double difference, se;
    enum reason reason = proportion_difference(pair, &difference, &se);
    if (reason)
        return reason;
    const struct proportion t = pair->treatment, c = pair->control;
    if (t.successes == 0 || c.successes == 0)
        return REASON_NO_EVENTS;
    double x1 = (double)t.successes, n1 = (double)t.units;
    double x0 = (double)c.successes, n0 = (double)c.units;
    double variance =
        (double)(t.units - t.successes) / n1 / x1 + (double)(c.units - c.successes) / n0 / x0;
    return lift_finish(x1 / n1, x0 / n0, variance, lift);
}

enum reason lift_log_odds(const struct proportion_pair *pair, struct lift *lift)
{
    double difference, se;
    enum reason reason = proportion_difference(pair, &difference, &se);
    if (reason)
        return reason;
    const struct proportion t = pair->treatment, c = pair->control;
    if (t.successes == 0 || c.successes == 0 || t.successes == t.units || c.successes == c.units)
        return REASON_NO_EVENTS;
    double x1 = (double)t.successes, y1 = (double)(t.units - t.successes);
    double x0 = (double)c.successes, y0 = (double)(c.units - c.successes);
    return lift_finish(x1 / y1, x0 / y0, 1 / x1 + 1 / y1 + 1 / x0 + 1 / y0, lift);
}

enum reason lift_of_means(struct lift_mean treatment, struct lift_mean control, struct lift *lift)
{
    if (!isfinite(treatment.mean) || !isfinite(control.mean) || !(treatment.se >= 0) ||
        !(control.se >= 0))
        return REASON_INVALID;
    if (treatment.mean <= 0 || control.mean <= 0)
        return REASON_NEAR_ZERO;
    double a = treatment.se / treatment.mean, b = control.se / control.mean;
    return lift_finish(treatment.mean, control.mean, a * a + b * b, lift);
}

enum reason lift_interval(const struct lift *lift, double alpha, struct interval *interval)
{
    if (!alpha_is_valid(alpha) || !isfinite(lift->log_ratio) || !(lift->log_se > 0))
        return REASON_INVALID;
    double half = normal_z_two_sided(alpha) * lift->log_se;
    return lift_of_log((struct interval){lift->log_ratio - half, lift->log_ratio + half}, interval);
}

enum reason lift_test(const struct lift *lift, struct test *test)
{
    if (!isfinite(lift->log_ratio) || !(lift->log_se > 0))
        return REASON_INVALID;
    double z = lift->log_ratio / lift->log_se;
    if (!isfinite(z))
        return REASON_NOT_FINITE;
    *test = normal_test(z);
    return REASON_NONE;
}

enum reason lift_of_log(struct interval log_ratio, struct interval *interval)
{
    struct interval result = {.low = expm1(log_ratio.low), .high = expm1(log_ratio.high)};
    if (!isfinite(result.low) || !isfinite(result.high))
        return REASON_NOT_FINITE;
    *interval = result;
    return REASON_NONE;
}
