/*
 * Units, power and detectable difference when the anytime interval decides.
 *
 *   power = Phi(|d|/se(n) - c(n/N*)),  se^2 = (v0 + v1/k)/n0,  c of anytime.c at the design's
 * level. With N* = n it is c(1) at any n, and n0 = (c(1) + z_b)^2 (v0 + v1/k)/d^2: at alpha .05 and
 * power .8 that is 1.91 times the fixed design's.  With another N* the n that gives the power is
 * solved for; c falls and rises so slowly with n that the power only rises.
 *
 * Assumes   what anytime.c and power_normal.c assume.
 * Not for   the chance to have crossed at some look on the way, which is larger.
 * Accuracy  1e-9, by undoing each other and against figures of the design (statistics.md, s. 4).
 * Reference Waudby-Smith et al. (2024), Annals of Statistics, arXiv 2103.06476.
 */

#include "stats/power_always.h"
#include "stats/anytime.h"
#include "stats/normal.h"
#include "stats/root.h"

#include <gsl/gsl_cdf.h>
#include <math.h>

/* Doublings of the units of the fixed design: c grows like sqrt(ln n). */
#define DOUBLINGS_MAX 200

struct search {
    const struct power_design *design;
    double planned, spread; /* spread: se sqrt(n0) */
    double difference, reach_power;
};

static enum reason critical_at(const struct power_design *design, double planned, double units,
                               double *c)
{
    struct anytime at = {.ratio = planned > 0 ? units / planned : 1};
    enum reason reason = design->one_sided ? anytime_w_one_sided(design->alpha, &at.w)
                                           : anytime_w(design->alpha, &at.w);
    if (reason)
        return reason;
    return design->one_sided ? anytime_c_one_sided(at, design->alpha, c)
                             : anytime_c(at, design->alpha, c);
}

/* power_normal_detectable at any units checks the rest. */
static enum reason search_of(const struct power_design *design, struct power_variances variances,
                             double planned, double power, struct search *search)
{
    double detectable;
    enum reason reason = power_normal_detectable(design, variances, 1, power, &detectable);
    if (!reason && !(planned >= 0 && isfinite(planned)))
        reason = REASON_INVALID;
    if (reason)
        return reason;
    *search = (struct search){
        .design = design,
        .planned = planned,
        .spread = sqrt(variances.control + variances.treatment / design->allocation),
        .reach_power = normal_z_one_sided(1 - power),
    };
    return REASON_NONE;
}

/* How far the difference reaches past what the power asks, in standard errors. */
static double units_gap(double units, const void *about)
{
    const struct search *search = about;
    double c;
    if (critical_at(search->design, search->planned, units, &c))
        return -HUGE_VAL;
    return fabs(search->difference) / search->spread * sqrt(units) - c - search->reach_power;
}

enum reason power_always_units(const struct power_design *design, struct power_variances variances,
                               double planned, double difference, double power, double *units)
{
    struct search search;
    double low, c;
    enum reason reason = search_of(design, variances, planned, power, &search);
    if (!reason)
        reason = power_normal_units(design, variances, difference, power, &low);
    if (!reason)
        reason = critical_at(design, planned, planned, &c);
    if (reason)
        return reason;
    search.difference = difference;
    double at_planned = search.spread / difference * fmax(0, c + search.reach_power);
    at_planned *= at_planned;
    if (!isfinite(at_planned))
        return REASON_NOT_DETECTABLE;
    if (planned == 0 || at_planned == 0) {
        *units = at_planned;
        return REASON_NONE;
    }
    double high = at_planned;
    for (int i = 0; i < DOUBLINGS_MAX && units_gap(high, &search) < 0; i++)
        high *= 2;
    if (!(units_gap(high, &search) >= 0))
        return REASON_NOT_DETECTABLE;
    /* c is least near N*: no fewer units than with that c, but for rounding. */
    low = fmin(low, high) * .5;
    *units = units_gap(low, &search) < 0 ? root_between(units_gap, &search, low, high) : low;
    return REASON_NONE;
}

enum reason power_always(const struct power_design *design, struct power_variances variances,
                         double planned, double difference, double units, double *power)
{
    struct search search;
    double c;
    enum reason reason = search_of(design, variances, planned, .5, &search);
    if (!reason && (!isfinite(difference) || !(units > 0) || !isfinite(units)))
        reason = REASON_INVALID;
    if (!reason)
        reason = critical_at(design, planned, units, &c);
    if (!reason)
        *power = gsl_cdf_ugaussian_P(fabs(difference) / search.spread * sqrt(units) - c);
    return reason;
}

enum reason power_always_detectable(const struct power_design *design,
                                    struct power_variances variances, double planned, double units,
                                    double power, double *difference)
{
    struct search search;
    double c;
    enum reason reason = search_of(design, variances, planned, power, &search);
    if (!reason && (!(units > 0) || !isfinite(units)))
        reason = REASON_INVALID;
    if (!reason)
        reason = critical_at(design, planned, units, &c);
    if (reason)
        return reason;
    double result = fmax(0, c + search.reach_power) * search.spread / sqrt(units);
    if (!isfinite(result))
        return REASON_NOT_DETECTABLE;
    *difference = result;
    return REASON_NONE;
}
