/*
 * Heterogeneity of an effect over the values of a segment.
 *
 * With W = 1/v, m = sum W y / sum W:  Q = sum W (y - m)^2 on k - 1 degrees of freedom;
 * I^2 = max(0, (Q - k + 1)/Q);  H^2 = max(1, Q/(k - 1));
 * tau^2 (DerSimonian-Laird) = max(0, (Q - k + 1) / (sum W - sum W^2 / sum W));
 * tau^2 (Paule-Mandel) solves sum u (y - mu)^2 = k - 1, u = 1/(v + tau^2), mu = sum u y / sum u;
 * mean effect mu with se 1/sqrt(sum u); Hartung-Knapp se^2 = sum u (y - mu)^2 / ((k-1) sum u).
 *
 * Assumes   independent effects with known standard errors, of groups fixed before the treatment.
 * Not for   two or three values: tau^2 is then hardly known; show Q and the fixed effect, or the
 *           mean with the Hartung-Knapp se.
 * Accuracy  1e-9 relative to metafor::rma(method = "DL"), Paule-Mandel 1e-6
 *           (tests/stats/reference/heterogeneity.csv, shrinkage.csv).
 * Reference Cochran (1954), Biometrics 10:101-129; DerSimonian and Laird (1986), Controlled
 *           Clinical Trials 7:177-188; Higgins and Thompson (2002), Statistics in Medicine
 *           21:1539-1558; Paule and Mandel (1982), Journal of Research NBS 87:377-385; Hartung and
 *           Knapp (2001), Statistics in Medicine 20:3875-3889.
 */

#include "stats/heterogeneity.h"
#include "stats/normal.h"
#include "stats/root.h"

#include <math.h>

struct pooled {
    double estimate, weight;
    double pairs; /* sum over pairs of the product of their weights */
};

static struct pooled pool(const struct effect *effects, size_t count, double tau_squared)
{
    struct pooled sums = {0};
    for (size_t i = 0; i < count; i++) {
        double weight = 1 / (effects[i].se * effects[i].se + tau_squared);
        sums.pairs += weight * sums.weight;
        sums.weight += weight;
        /* A running mean: sums of weight times estimate would overflow sooner and cancel. */
        sums.estimate += weight / sums.weight * (effects[i].estimate - sums.estimate);
    }
    return sums;
}

/* sum of weight (y - mean)^2 */
static double generalised_q(const struct effect *effects, size_t count, double tau_squared,
                            double mean)
{
    double q = 0;
    for (size_t i = 0; i < count; i++) {
        double gap = effects[i].estimate - mean;
        q += gap / (effects[i].se * effects[i].se + tau_squared) * gap;
    }
    return q;
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
    double df = (double)(count - 1), q = generalised_q(effects, count, 0, fixed.estimate);
    struct heterogeneity result = {
        .i_squared = q > df ? (q - df) / q : 0,
        .h_squared = fmax(1, q / df),
        .fixed = fixed.estimate,
        .fixed_se = 1 / sqrt(fixed.weight),
    };
    /* sum W - sum W^2 / sum W is twice the sum over pairs, without its cancellation. */
    if (q > df)
        result.tau_squared = (q - df) / (2 * fixed.pairs / fixed.weight);
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

enum reason heterogeneity_mean(const struct effect *effects, size_t count, double tau_squared,
                               struct mean_effect *mean)
{
    enum reason reason = effects_check(effects, count);
    if (reason)
        return reason;
    if (!(tau_squared >= 0) || !isfinite(tau_squared))
        return REASON_INVALID;
    struct pooled random = pool(effects, count, tau_squared);
    double spread = generalised_q(effects, count, tau_squared, random.estimate);
    struct mean_effect result = {.estimate = random.estimate, .se = 1 / sqrt(random.weight)};
    result.knapp_se = result.se * sqrt(spread / (double)(count - 1));
    if (!isfinite(result.estimate) || !isfinite(result.se) || !isfinite(result.knapp_se))
        return REASON_NOT_FINITE;
    *mean = result;
    return REASON_NONE;
}

struct paule_mandel {
    const struct effect *effects;
    size_t count;
};

static double paule_mandel_gap(double tau_squared, const void *about)
{
    const struct paule_mandel *of = about;
    double mean = pool(of->effects, of->count, tau_squared).estimate;
    return generalised_q(of->effects, of->count, tau_squared, mean) - (double)(of->count - 1);
}

enum reason heterogeneity_paule_mandel(const struct effect *effects, size_t count,
                                       double *tau_squared)
{
    enum reason reason = effects_check(effects, count);
    if (reason)
        return reason;
    struct paule_mandel about = {.effects = effects, .count = count};
    double none = paule_mandel_gap(0, &about), mean = 0, most = 0;
    /* Q(t) <= sum (y - mean)^2 / t, so the plain variance of the effects is never below the root.
     */
    for (size_t i = 0; i < count; i++)
        mean += (effects[i].estimate - mean) / (double)(i + 1);
    for (size_t i = 0; i < count; i++)
        most += (effects[i].estimate - mean) * ((effects[i].estimate - mean) / (double)(count - 1));
    most *= 1 + 1e-9;
    if (!isfinite(none) || !isfinite(most) || !isfinite(paule_mandel_gap(most, &about)))
        return REASON_NOT_FINITE;
    *tau_squared = none <= 0 ? 0 : root_between(paule_mandel_gap, &about, 0, most);
    return REASON_NONE;
}

enum reason mean_effect_interval(double estimate, double se, size_t count, double alpha,
                                 struct interval *interval, struct test *test)
{
    if (!isfinite(estimate) || !(se >= 0) || !isfinite(se) || !alpha_is_valid(alpha) || count == 1)
        return REASON_INVALID;
    if (se == 0)
        return REASON_NO_VARIATION;
    double df = count ? (double)(count - 1) : 0, half = critical_value(alpha / 2, df) * se;
    struct interval result = {estimate - half, estimate + half};
    struct test found = t_test(estimate / se, df);
    if (!isfinite(result.low) || !isfinite(result.high) || !isfinite(found.statistic) ||
        !isfinite(found.log_p))
        return REASON_NOT_FINITE;
    *interval = result;
    *test = found;
    return REASON_NONE;
}
