/*
 * Two independent variants compared by the variances of their values.
 *
 * Difference  v1 - v0, se^2 = var1 + var0, t with Satterthwaite's
 *                 df = (w1 + w0)^2 / (w1^2/df1 + w0^2/df0),
 *             w the variances themselves (Welch) or what a working model expects of them (CR2).
 * Log ratio   ln(v1/v0), se^2 = var1/v1^2 + var0/v0^2, the same df of these two terms.
 * Fieller     g = c^2 var0/v0^2 < 1, r = v1/v0:
 *                 [r -+ (c/|v0|) sqrt(var1 (1 - g) + r^2 var0)] / (1 - g) - 1.
 *             Also right for values at or below 0.
 * Delta lift  r - 1, se^2 = var1/v0^2 + v1^2 var0/v0^4.
 *
 * Assumes     independent variants, values near normal; the log ratio also values away from 0.
 * Not for     the delta lift is for comparison alone: symmetric about r - 1, so off where the
 *             control's error passes a tenth of it.
 * Accuracy    1e-9 relative to R's t.test, mpmath's inverted test (Fieller), metafor's ROM and
 *             GrowthBook's gbstats (tests/stats/reference: welch_t, welch_summary,
 *             relative_lift_fieller, relative_lift_log, seq_growthbook).
 * Reference   Welch (1947), Biometrika 34:28-35; Satterthwaite (1946), Biometrics Bulletin
 *             2:110-114; Fieller (1954), JRSS B 16:175-185.
 */

#include "stats/two_sample.h"
#include "stats/normal.h"

#include <math.h>

static bool value_is_valid(const struct variant_value *value)
{
    return isfinite(value->value) && isfinite(value->variance) && value->variance >= 0 &&
           isfinite(value->weight) && value->weight >= 0 && value->df > 0 && value->units > 0;
}

static enum reason pair_check(const struct variant_value *treatment,
                              const struct variant_value *control, double planned)
{
    bool valid = value_is_valid(treatment) && value_is_valid(control) && planned > 0;
    return valid ? REASON_NONE : REASON_INVALID;
}

static double planned_ratio(const struct variant_value *treatment,
                            const struct variant_value *control, double planned)
{
    return (treatment->units + control->units) / planned;
}

double two_sample_df(const struct variant_value *treatment, double c1,
                     const struct variant_value *control, double c0)
{
    double w1 = c1 * treatment->weight, w0 = c0 * control->weight;
    double largest = fmax(w1, w0);
    if (!(largest > 0))
        return 0;
    /* In units of the larger, so that no square leaves the doubles. */
    w1 /= largest;
    w0 /= largest;
    return (w1 + w0) * (w1 + w0) / (w1 * w1 / treatment->df + w0 * w0 / control->df);
}

enum reason two_sample_difference(const struct variant_value *treatment,
                                  const struct variant_value *control, double planned,
                                  struct estimate *estimate)
{
    enum reason reason = pair_check(treatment, control, planned);
    if (reason)
        return reason;
    return estimate_of_value(treatment->value - control->value,
                             sqrt(treatment->variance + control->variance),
                             two_sample_df(treatment, 1, control, 1),
                             planned_ratio(treatment, control, planned), estimate);
}

enum reason two_sample_lift(const struct variant_value *treatment,
                            const struct variant_value *control, double planned,
                            struct estimate *estimate)
{
    struct lift lift;
    enum reason reason = pair_check(treatment, control, planned);
    if (reason)
        return reason;
    reason = lift_of_means((struct lift_mean){treatment->value, sqrt(treatment->variance)},
                           (struct lift_mean){control->value, sqrt(control->variance)}, &lift);
    if (reason)
        return reason;
    /* The two terms' factors 1/v^2, both times v0^2. */
    double inverse = control->value / treatment->value;
    double df = two_sample_df(treatment, inverse * inverse, control, 1);
    return estimate_of_value(lift.log_ratio, lift.log_se, df,
                             planned_ratio(treatment, control, planned), estimate);
}

enum reason two_sample_fieller(const struct variant_value *treatment,
                               const struct variant_value *control, double critical,
                               struct interval *interval)
{
    enum reason reason = pair_check(treatment, control, 1);
    if (reason || !isfinite(critical) || !(critical >= 0))
        return REASON_INVALID;
    double scaled = critical * sqrt(control->variance) / fabs(control->value);
    double g = scaled * scaled;
    if (!(g < 1))
        return REASON_NEAR_ZERO;
    double lift = (treatment->value - control->value) / control->value;
    double ratio = treatment->value / control->value;
    double half = critical / fabs(control->value) *
                  sqrt(treatment->variance * (1 - g) + ratio * ratio * control->variance);
    /* (ratio -+ half) / (1 - g) - 1 without the loss of ratio near 1. */
    struct interval result = {.low = (lift + g - half) / (1 - g),
                              .high = (lift + g + half) / (1 - g)};
    if (!isfinite(result.low) || !isfinite(result.high))
        return REASON_NOT_FINITE;
    *interval = result;
    return REASON_NONE;
}

enum reason two_sample_fieller_t(const struct variant_value *treatment,
                                 const struct variant_value *control, double alpha,
                                 struct interval *interval)
{
    enum reason reason = pair_check(treatment, control, 1);
    if (reason || !alpha_is_valid(alpha))
        return REASON_INVALID;
    double df = two_sample_df(treatment, 1, control, 1);
    if (df == 0)
        return REASON_NO_VARIATION;
    return two_sample_fieller(treatment, control, critical_value(alpha / 2, df), interval);
}

enum reason two_sample_delta_lift(const struct variant_value *treatment,
                                  const struct variant_value *control, double *lift, double *se)
{
    enum reason reason = pair_check(treatment, control, 1);
    if (reason)
        return reason;
    if (control->value == 0)
        return REASON_NEAR_ZERO;
    double base = fabs(control->value), ratio = treatment->value / control->value;
    double result = (treatment->value - control->value) / control->value;
    double result_se =
        hypot(sqrt(treatment->variance) / base, ratio * (sqrt(control->variance) / base));
    if (!isfinite(result) || !isfinite(result_se))
        return REASON_NOT_FINITE;
    *lift = result;
    *se = result_se;
    return REASON_NONE;
}
