/*
 * Heterogeneity of an effect over the values of a segment.
 *
 * With W = 1/v, m = sum W y / sum W:  Q = sum W (y - m)^2 on k - 1 degrees of freedom;
 * I^2 = max(0, (Q - k + 1)/Q);  tau^2 = max(0, (Q - k + 1) / (sum W - sum W^2 / sum W));
 * u = 1/(v + tau^2), mean effect sum u y / sum u with se 1/sqrt(sum u).
 *
 * Assumes   independent effects with known standard errors, of groups fixed before the treatment.
 * Not for   two or three values: tau^2 is then hardly known; show Q and the fixed effect.
 * Accuracy  1e-9 relative to metafor::rma(method = "DL") (tests/stats/reference/heterogeneity.csv).
 * Reference Cochran (1954), Biometrics 10:101-129; DerSimonian and Laird (1986), Controlled
 *           Clinical Trials 7:177-188; Higgins and Thompson (2002), Statistics in Medicine
 *           21:1539-1558.
 */

#include "stats/heterogeneity.h"

#include <math.h>

struct pooled {
    double estimate, weight, weight_squares;
};

static struct pooled pool(const struct effect *effects, size_t count, double tau_squared)
{
    struct pooled sums = {0};
    for (size_t i = 0; i < count; i++) {
        double weight = 1 / (effects[i].se * effects[i].se + tau_squared);
        sums.weight += weight;
        sums.weight_squares += weight * weight;
        /* A running mean: sums of weight times estimate would overflow sooner and cancel. */
        sums.estimate += weight / sums.weight * (effects[i].estimate - sums.estimate);
    }
    return sums;
}

static enum reason effects_check(const struct effect *effects, size_t count)
{
    if (count < 2)
        return REASON_TOO_FEW;
    for (size_t i = 0; i < count; i++) {
        if (!isfinite(effects[i].estimate) || !isfinite(effects[i].se) || effects[i].se < 0)
            return REASON_INVALID;
        if (effects[i].se == 0)
            return REASON_NO_VARIATION;
    }
    return REASON_NONE;
}

enum reason heterogeneity_of(const struct effect *effects, size_t count,
                             struct heterogeneity *heterogeneity)
{
    enum reason reason = effects_check(effects, count);
    if (reason)
        return reason;
    struct pooled fixed = pool(effects, count, 0);
    double q = 0, df = (double)(count - 1);
    for (size_t i = 0; i < count; i++) {
        double gap = (effects[i].estimate - fixed.estimate) / effects[i].se;
        q += gap * gap;
    }
    struct heterogeneity result = {
        .i_squared = q > df ? (q - df) / q : 0,
        .fixed = fixed.estimate,
        .fixed_se = 1 / sqrt(fixed.weight),
    };
    if (q > df)
        result.tau_squared = (q - df) / (fixed.weight - fixed.weight_squares / fixed.weight);
    struct pooled random = pool(effects, count, result.tau_squared);
    result.random = random.estimate;
    result.random_se = 1 / sqrt(random.weight);
    if (!isfinite(result.tau_squared) || !isfinite(result.random) || !isfinite(result.random_se) ||
        !isfinite(result.fixed) || !isfinite(result.fixed_se))
        return REASON_NOT_FINITE;
    reason = chi_square_tail(q, (unsigned)(count - 1), &result.q);
    if (!reason)
        *heterogeneity = result;
    return reason;
}
