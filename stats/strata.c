/*
 * Post-stratification: means within strata, averaged with the shares of the strata.
 *
 * w_b = N_b/N over both variants, d_b = difference in stratum b, v_b its variance (of the kind of
 * metric: s1^2/n1 + s0^2/n0 for a mean).
 * Difference t = sum w_b d_b;  variance sum w_b^2 v_b, and (1/N) sum w_b (d_b - t)^2 because the
 *            shares are those of a sample from the population to come.
 * Lift       ln(m1/m0), m_j = sum w_b m_jb;  v1/m1^2 + v0/m0^2 and
 *            (1/N) sum w_b [(m_1b - m1)/m1 - (m_0b - m0)/m0]^2.
 * df         (sum u)^2 / sum(u^2/(n-1)), u = w_b^2 v_jb over variants and strata.
 * Merging    a stratum with fewer than two units of a variant has no difference or no variance;
 *            all such are one stratum, "other".  Counts alone decide, never outcomes.
 *
 * Assumes    strata fixed at or before exposure; independent units.
 * Not for    strata that the treatment can move (what the unit did later).
 * Accuracy   1e-9 of estimatr's difference_in_means(blocks =), which leaves the second term out;
 *            both terms against drawn strata 7 %; one stratum is the plain difference to the last
 *            bits (tests/stats/test_strata.c).
 * Reference  Miratrix, Sekhon, Yu (2013), JRSS B 75:369-396; Imbens and Rubin (2015), Causal
 *            Inference, 9 and 6.7 (super-population).
 */

#include "stats/strata.h"

#include <math.h>

static bool stratum_mean_is_valid(struct stratum_mean mean)
{
    return isfinite(mean.units) && mean.units >= 0 &&
           (mean.units == 0 ||
            (isfinite(mean.mean) && isfinite(mean.variance) && mean.variance >= 0));
}

static enum reason strata_units(const struct stratum *strata, size_t count, double *units)
{
    double sum = 0;
    bool lacking = false;
    for (size_t b = 0; b < count; b++) {
        struct stratum_mean t = strata[b].treatment, c = strata[b].control;
        if (!stratum_mean_is_valid(t) || !stratum_mean_is_valid(c) || !isfinite(strata[b].rounding))
            return REASON_INVALID;
        lacking = lacking || t.units < 1 || c.units < 1;
        sum += t.units + c.units;
    }
    if (!(sum > 0))
        return REASON_NO_UNITS;
    if (lacking)
        return REASON_TOO_FEW;
    *units = sum;
    return REASON_NONE;
}

/* Welch and Satterthwaite's sums: of parts of a variance, and of their squares over their df. */
struct satterthwaite {
    double parts, squares;
};

static void satterthwaite_add(struct satterthwaite *sums, double part, double units)
{
    sums->parts += part;
    if (units > 1)
        sums->squares += part * part / (units - 1);
}

/* The share of a stratum in the units of both variants. */
static double share_of(const struct stratum *stratum, double units)
{
    return (stratum->treatment.units + stratum->control.units) / units;
}

static double gap_of(const struct stratum *stratum)
{
    return stratum->treatment.mean - stratum->control.mean + stratum->rounding;
}

enum reason post_stratify(const struct stratum *strata, size_t count,
                          struct post_stratified *result)
{
    struct post_stratified sums = {0};
    struct satterthwaite welch = {0};
    enum reason reason = strata_units(strata, count, &sums.units);
    if (reason)
        return reason;
    for (size_t b = 0; b < count; b++) {
        const struct stratum_mean *t = &strata[b].treatment, *c = &strata[b].control;
        double w = share_of(&strata[b], sums.units);
        sums.treatment += w * t->mean;
        sums.control += w * c->mean;
        sums.difference += w * gap_of(&strata[b]);
        sums.treatment_variance += w * w * t->variance;
        sums.control_variance += w * w * c->variance;
        satterthwaite_add(&welch, w * w * t->variance, t->units);
        satterthwaite_add(&welch, w * w * c->variance, c->units);
    }
    for (size_t b = 0; b < count; b++) {
        double gap = gap_of(&strata[b]) - sums.difference;
        sums.superpopulation += share_of(&strata[b], sums.units) * gap * gap / sums.units;
    }
    sums.variance = sums.treatment_variance + sums.control_variance;
    sums.df = welch.squares > 0 ? welch.parts / welch.squares * welch.parts : 0;
    if (!isfinite(sums.treatment) || !isfinite(sums.control) || !isfinite(sums.variance) ||
        !isfinite(sums.superpopulation) || !isfinite(sums.difference) || !isfinite(sums.df))
        return REASON_NOT_FINITE;
    *result = sums;
    return REASON_NONE;
}

enum reason strata_difference(const struct stratum *strata, size_t count, double df, double planned,
                              struct estimate *estimate)
{
    struct post_stratified sums;
    enum reason reason = post_stratify(strata, count, &sums);
    if (reason)
        return reason;
    if (!(planned > 0))
        return REASON_INVALID;
    return estimate_of_value(sums.difference, sqrt(sums.variance + sums.superpopulation), df,
                             sums.units / planned, estimate);
}

enum reason strata_log_ratio(const struct stratum *strata, size_t count, double planned,
                             struct estimate *estimate)
{
    struct post_stratified sums;
    enum reason reason = post_stratify(strata, count, &sums);
    if (reason)
        return reason;
    if (!(planned > 0))
        return REASON_INVALID;
    double m1 = sums.treatment, m0 = sums.control, superpopulation = 0;
    if (!(m1 > 0) || !(m0 > 0))
        return REASON_NEAR_ZERO;
    for (size_t b = 0; b < count; b++) {
        double gap = (strata[b].treatment.mean - m1) / m1 - (strata[b].control.mean - m0) / m0;
        superpopulation += share_of(&strata[b], sums.units) * gap * gap / sums.units;
    }
    double variance =
        sums.treatment_variance / m1 / m1 + sums.control_variance / m0 / m0 + superpopulation;
    double lift = sums.difference / m0;
    return estimate_of_value(fabs(lift) < .5 ? log1p(lift) : log(m1) - log(m0), sqrt(variance), 0,
                             sums.units / planned, estimate);
}

#define OTHER SIZE_MAX

static bool stands_alone(struct stratum_units units)
{
    return units.treatment >= 2 && units.control >= 2;
}

/* The smallest stratum that is not yet in "other"; `count` when all are. */
static size_t smallest_of(const struct stratum_units *units, size_t count, const size_t *places)
{
    size_t best = count;
    for (size_t b = 0; b < count; b++) {
        if (places[b] == OTHER)
            continue;
        if (best == count ||
            units[b].treatment + units[b].control < units[best].treatment + units[best].control)
            best = b;
    }
    return best;
}

/* Numbers the strata that stand alone, and "other" after them if it has units. */
static size_t places_number(size_t *places, size_t count, bool has_other)
{
    size_t left = 0;
    for (size_t b = 0; b < count; b++)
        if (places[b] != OTHER)
            places[b] = left++;
    left += has_other;
    for (size_t b = 0; b < count; b++)
        if (places[b] == OTHER)
            places[b] = left - 1;
    return left;
}

static enum reason strata_units_check(const struct stratum_units *units, size_t count)
{
    struct stratum_units all = {0};
    if (count > STRATA_MAX)
        return REASON_INVALID;
    for (size_t b = 0; b < count; b++) {
        if (units[b].treatment > UINT64_MAX / 2 - all.treatment ||
            units[b].control > UINT64_MAX / 2 - all.control)
            return REASON_INVALID;
        all.treatment += units[b].treatment;
        all.control += units[b].control;
    }
    if (all.treatment == 0 || all.control == 0)
        return REASON_NO_UNITS;
    return stands_alone(all) ? REASON_NONE : REASON_ONE_UNIT;
}

enum reason strata_merge(const struct stratum_units *units, size_t count, size_t *places,
                         size_t *left)
{
    enum reason reason = strata_units_check(units, count);
    if (reason)
        return reason;
    struct stratum_units other = {0};
    for (size_t b = 0; b < count; b++) {
        places[b] = stands_alone(units[b]) ? 0 : OTHER;
        if (places[b] == OTHER) {
            other.treatment += units[b].treatment;
            other.control += units[b].control;
        }
    }
    while (other.treatment + other.control > 0 && !stands_alone(other)) {
        size_t b = smallest_of(units, count, places);
        places[b] = OTHER;
        other.treatment += units[b].treatment;
        other.control += units[b].control;
    }
    *left = places_number(places, count, other.treatment + other.control > 0);
    return REASON_NONE;
}

static enum reason stratum_mean_of(const struct sums *sums, struct stratum_mean *mean)
{
    struct moments moments;
    enum reason reason = sums_moments(sums, &moments);
    if (!reason)
        *mean =
            (struct stratum_mean){moments.units, moments.mean, moments.variance / moments.units};
    return reason;
}

/* treatment - control, from the integers in one rounding. */
static double difference_of(const struct stratum_sums *sums)
{
    uint64_t n1 = sums->treatment.units, n0 = sums->control.units;
    double cross = exact_cross(n0, sums->treatment.sum, (int128)n1, sums->control.sum);
    return cross / (double)n1 / (double)n0 * sums->treatment.step;
}

/* The mean of all strata of one place. */
static enum reason place_mean(const struct stratum_sums *sums, size_t count, const size_t *places,
                              size_t place, struct stratum *stratum)
{
    struct stratum_sums all = {0};
    bool first = true;
    for (size_t b = 0; b < count; b++) {
        if (places[b] != place)
            continue;
        if (first) {
            all = sums[b];
        } else {
            sums_add(&all.treatment, &sums[b].treatment);
            sums_add(&all.control, &sums[b].control);
        }
        first = false;
    }
    struct stratum result = {0};
    enum reason reason = stratum_mean_of(&all.treatment, &result.treatment);
    if (!reason)
        reason = stratum_mean_of(&all.control, &result.control);
    if (reason)
        return reason;
    result.rounding = difference_of(&all) - gap_of(&result);
    *stratum = result;
    return REASON_NONE;
}

enum reason strata_of_sums(const struct stratum_sums *sums, size_t count, struct stratum *strata,
                           size_t *left)
{
    struct stratum_units units[STRATA_MAX];
    size_t places[STRATA_MAX], result_count;
    if (count > STRATA_MAX)
        return REASON_INVALID;
    for (size_t b = 0; b < count; b++) {
        units[b] = (struct stratum_units){sums[b].treatment.units, sums[b].control.units};
        if (sums[b].treatment.step != sums[0].treatment.step ||
            sums[b].control.step != sums[0].treatment.step)
            return REASON_INVALID;
    }
    enum reason reason = strata_merge(units, count, places, &result_count);
    struct stratum stratum;
    for (size_t place = 0; place < result_count && !reason; place++)
        reason = place_mean(sums, count, places, place, &stratum);
    if (reason)
        return reason;
    for (size_t place = 0; place < result_count && !reason; place++)
        reason = place_mean(sums, count, places, place, &strata[place]);
    *left = result_count;
    return reason;
}
