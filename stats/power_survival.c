/*
 * Events, power and detectable hazard ratio of the log-rank test.
 *
 * With p the treatment's share of the units and h the hazard ratio:
 *   events = (z_a + z_b)^2 / (p (1 - p) (ln h)^2)      at 50/50: 4 (z_a + z_b)^2 / (ln h)^2
 *   power  = Phi(|ln h| sqrt(p (1 - p) events) - z_a)
 *   units  = events / (p share_1 + (1 - p) share_0)
 *
 * Assumes   proportional hazards, a ratio not far from 1, and a fixed design read once, at alpha of
 *           power_alpha; the anytime interval alone needs power_always_inflation times the events.
 * Not for   curves that cross or come late.  The other tail's rejections are left out.
 * Accuracy  1e-12 of the closed form; power by simulation (tests/stats/test_power_survival.c).
 * Reference Schoenfeld (1981), Biometrika 68:316-319; (1983), Biometrics 39:499-503.
 */

#include "stats/power_survival.h"
#include "stats/normal.h"

#include <gsl/gsl_cdf.h>
#include <math.h>

static bool is_positive(double value)
{
    return value > 0 && isfinite(value);
}

static bool design_is_valid(const struct power_design *design)
{
    bool level =
        design->one_sided ? design->alpha > 0 && design->alpha < .5 : alpha_is_valid(design->alpha);
    return level && is_positive(design->allocation);
}

static double design_z(const struct power_design *design)
{
    return design->one_sided ? normal_z_one_sided(design->alpha)
                             : normal_z_two_sided(design->alpha);
}

/* p (1 - p): the information that one event brings. */
static double design_spread(const struct power_design *design)
{
    double share = design->allocation / (1 + design->allocation);
    return share / (1 + design->allocation);
}

enum reason power_log_rank_events(const struct power_design *design, double hazard_ratio,
                                  double power, double *events)
{
    if (!design_is_valid(design) || !is_positive(hazard_ratio) || !alpha_is_valid(power))
        return REASON_INVALID;
    /* A power below that of no events at all needs none. */
    double reach = fmax(0, design_z(design) + normal_z_one_sided(1 - power));
    double root = reach / log(hazard_ratio);
    double result = root * root / design_spread(design);
    if (!isfinite(result))
        return REASON_NOT_DETECTABLE;
    *events = result;
    return REASON_NONE;
}

enum reason power_log_rank(const struct power_design *design, double hazard_ratio, double events,
                           double *power)
{
    if (!design_is_valid(design) || !is_positive(hazard_ratio) || !is_positive(events))
        return REASON_INVALID;
    double reach = fabs(log(hazard_ratio)) * sqrt(design_spread(design) * events);
    *power = gsl_cdf_ugaussian_P(reach - design_z(design));
    return REASON_NONE;
}

enum reason power_log_rank_detectable(const struct power_design *design, double events,
                                      double power, enum side side, double *hazard_ratio)
{
    if (!design_is_valid(design) || !is_positive(events) || !alpha_is_valid(power))
        return REASON_INVALID;
    double reach = design_z(design) + normal_z_one_sided(1 - power);
    double log_ratio = reach / sqrt(design_spread(design) * events);
    double result = exp(side == SIDE_HIGH ? log_ratio : -log_ratio);
    if (!(reach > 0) || !is_positive(result))
        return REASON_NOT_DETECTABLE;
    *hazard_ratio = result;
    return REASON_NONE;
}

enum reason power_log_rank_units(const struct power_design *design, double events, double treatment,
                                 double control, double *units)
{
    if (!design_is_valid(design) || !(events >= 0) || !isfinite(events) ||
        !(treatment > 0 && treatment <= 1) || !(control > 0 && control <= 1))
        return REASON_INVALID;
    double k = design->allocation;
    double result = events * (1 + k) / (k * treatment + control);
    if (!isfinite(result))
        return REASON_NOT_FINITE;
    *units = result;
    return REASON_NONE;
}
