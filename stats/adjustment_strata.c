/*
 * Lin's adjustment within strata, from exact sums by stratum and variant.
 *
 * w_b = N_b/N.  Slopes b_j = inverse(sum_b S_zz,jb) sum_b S_zy,jb, the same in all strata;
 * d_b = adjusted difference within b, its covariates centred at the stratum's own mean.
 * Difference t = sum w_b d_b.
 * Variance   RSS_jb = S_yy - 2 b_j S_zy + b_j' S_zz b_j;
 *            sum_j (n_j-B)/(n_j-B-q_j) sum_b w_b^2 RSS_jb/((n_jb-1) n_jb)
 *            + (1/N) sum w_b (d_b-t)^2 + (b_1-b_0)' S_within (b_1-b_0) / N^2.
 * Lift       ln of the adjusted means m_j; (m_1b - m_1)/m_1 - (m_0b - m_0)/m_0 for d_b - t,
 *            b_1/m_1 - b_0/m_0 for b_1 - b_0.
 *
 * Assumes    as strata.c and adjustment.c; slopes much the same in all strata of a variant.
 * Not for    strata with one unit of a variant (merge first); ratio metrics (strata alone).
 * Accuracy   without covariates it is post-stratification with both its terms, 1e-12; with one
 *            stratum the difference is Lin's, 1e-11 (tests/stats/test_adjustment.c).
 * Reference  Lin (2013), Annals of Applied Statistics 7:295-318; Miratrix, Sekhon, Yu (2013),
 *            JRSS B 75:369-396.
 */

#include "centred.h"
#include "stats/adjustment.h"

#include <math.h>

/* Sums over strata: products within, and counts. */
struct within {
    struct centred treatment, control, together;
    struct covariate_pair all; /* integers of everything, for the unadjusted variance */
};

static enum reason within_of(const struct covariate_pair *strata, size_t count,
                             struct within *within)
{
    struct within sums = {0};
    for (size_t b = 0; b < count; b++) {
        struct pair_moments m;
        enum reason reason = pair_moments_of(&strata[b], &m);
        if (reason)
            return reason == REASON_NO_UNITS ? REASON_TOO_FEW : reason;
        if (m.treatment.n < 2 || m.control.n < 2)
            return REASON_TOO_FEW;
        centred_add(&sums.treatment, &m.treatment);
        centred_add(&sums.control, &m.control);
        centred_add(&sums.together, &m.together);
        if (b == 0)
            sums.all = strata[0];
        else
            reason = covariate_sums_add(&sums.all.treatment, &strata[b].treatment);
        if (!reason && b > 0)
            reason = covariate_sums_add(&sums.all.control, &strata[b].control);
        if (reason)
            return reason;
    }
    *within = sums;
    return REASON_NONE;
}

/* The slopes of both variants, which all strata share. */
struct shared {
    struct slopes treatment, control;
};

/* What one stratum adds to the means, and to the variances before their correction for df. */
static enum reason stratum_add(const struct covariate_pair *stratum, const struct shared *slopes,
                               struct adjusted *sums, double *difference)
{
    struct pair_moments m;
    double residual_t, residual_c;
    enum reason reason = pair_moments_of(stratum, &m);
    if (reason)
        return reason;
    if (!centred_residual(&m.treatment, slopes->treatment.of, &residual_t) ||
        !centred_residual(&m.control, slopes->control.of, &residual_c))
        return REASON_INVALID;
    double n1 = m.treatment.n, n0 = m.control.n, n = n1 + n0, w = n / sums->units;
    double shift_t = n0 / n * centred_product(&m.together, slopes->treatment.of, m.gaps.z);
    double shift_c = n1 / n * centred_product(&m.together, slopes->control.of, m.gaps.z);
    *difference = m.gaps.y - shift_t - shift_c;
    sums->treatment.mean += w * (m.treatment_mean - shift_t);
    sums->control.mean += w * (m.control_mean + shift_c);
    sums->difference += w * *difference;
    sums->treatment.variance += w * w * residual_t / (n1 - 1) / n1;
    sums->control.variance += w * w * residual_c / (n0 - 1) / n0;
    return REASON_NONE;
}

/* Both variances for the slopes' degrees of freedom. */
static enum reason freedom_correct(struct adjusted *sums, const struct within *within, size_t count)
{
    double free_t = within->treatment.n - (double)count, q_t = (double)sums->treatment.covariates;
    double free_c = within->control.n - (double)count, q_c = (double)sums->control.covariates;
    if (!(free_t - q_t >= 1) || !(free_c - q_c >= 1))
        return REASON_TOO_FEW;
    sums->treatment.variance *= free_t / (free_t - q_t);
    sums->control.variance *= free_c / (free_c - q_c);
    sums->df = free_t - q_t + free_c - q_c;
    return REASON_NONE;
}

/* How the strata's differences scatter about the whole one, sum w (d_b - t)^2; on the log scale the
 * gaps of the means relative to the whole ones. */
struct scatter {
    double plain, logs;
};

static enum reason differences_scatter(const struct covariate_pair *strata, size_t count,
                                       const struct shared *slopes, const struct adjusted *sums,
                                       struct scatter *scatter)
{
    double m1 = sums->treatment.mean, m0 = sums->control.mean;
    for (size_t b = 0; b < count; b++) {
        struct adjusted own = {.units = sums->units};
        double difference, n = (double)strata[b].treatment.units + (double)strata[b].control.units;
        enum reason reason = stratum_add(&strata[b], slopes, &own, &difference);
        if (reason)
            return reason;
        double w = n / sums->units, gap = difference - sums->difference;
        double relative = (own.treatment.mean / w - m1) / m1 - (own.control.mean / w - m0) / m0;
        scatter->plain += w * gap * gap;
        scatter->logs += adjusted_has_log(sums) ? w * relative * relative : 0;
    }
    return REASON_NONE;
}

static enum reason strata_finish(const struct within *within, const struct scatter *scatter,
                                 struct adjusted *sums)
{
    struct centred all_t, all_c;
    double n = sums->units;
    sums->superpopulation =
        scatter->plain / n + adjusted_slopes_spread(&within->together, sums, false) / n / n;
    sums->log_superpopulation =
        scatter->logs / n + adjusted_slopes_spread(&within->together, sums, true) / n / n;
    sums->variance = sums->treatment.variance + sums->control.variance + sums->superpopulation;
    enum reason reason = centred_of(&within->all.treatment, &all_t);
    if (!reason)
        reason = centred_of(&within->all.control, &all_c);
    if (reason)
        return reason;
    sums->narrower_by = adjusted_narrowing(sums->variance, &all_t, &all_c);
    return adjusted_is_finite(sums) ? REASON_NONE : REASON_NOT_FINITE;
}

enum reason adjustment_in_strata(const struct covariate_pair *strata, size_t count,
                                 struct adjusted *adjusted)
{
    struct within within;
    struct shared slopes;
    struct adjusted sums = {0};
    struct scatter scatter = {0};
    double difference;
    if (count == 0)
        return REASON_NO_UNITS;
    enum reason reason = within_of(strata, count, &within);
    if (reason)
        return reason;
    slopes_fit(&within.treatment, &slopes.treatment);
    slopes_fit(&within.control, &slopes.control);
    adjusted_variant_fill(&sums.treatment, &slopes.treatment, within.together.q);
    adjusted_variant_fill(&sums.control, &slopes.control, within.together.q);
    sums.units = within.together.n;
    for (size_t b = 0; b < count && !reason; b++)
        reason = stratum_add(&strata[b], &slopes, &sums, &difference);
    if (!reason)
        reason = freedom_correct(&sums, &within, count);
    if (!reason)
        reason = differences_scatter(strata, count, &slopes, &sums, &scatter);
    if (!reason)
        reason = strata_finish(&within, &scatter, &sums);
    if (!reason)
        *adjusted = sums;
    return reason;
}
