/*
 * Units, power and detectable difference of two rates, and of a non-inferiority test.
 *
 * With k treatment units per control unit, pb = (p0 + k p1)/(1 + k), d = p1 - p0:
 *   n0    = [z_a sqrt(pb(1-pb)(1 + 1/k)) + z_b sqrt(p1(1-p1)/k + p0(1-p0))]^2 / d^2
 *   power = Phi((|d| sqrt(n0) - z_a sqrt(pb(1-pb)(1 + 1/k))) / sqrt(p1(1-p1)/k + p0(1-p0)))
 * Both tails: + Phi(-(|d| sqrt(n0) + z_a sqrt(...)) / sqrt(...)).
 * Non-inferiority is power_margin with p(1-p) for both variances.  By Cohen's h:
 *   power = Q(z_a - h sqrt(n0 n1/(n0 + n1))), both tails where it is two-sided.
 *
 * Assumes   counts large enough for the normal; a fixed design read once, at alpha of power_alpha.
 * Not for   clustered units: power_normal.h.  The other tail's rejections are left out unless asked
 *           for (R's strict = TRUE); they matter only where the power is useless anyway.
 * Accuracy  n 1e-6, power 1e-9 of R's power.prop.test (tests/stats/reference/power.csv).
 * Reference Fleiss, Levin, Paik (2003), Statistical Methods for Rates and Proportions, ch. 4; Cohen
 *           (1988), Statistical Power Analysis for the Behavioral Sciences, ch. 6 (h).
 */

#include "stats/power.h"
#include "stats/anytime.h"
#include "stats/normal.h"
#include "stats/power_normal.h"
#include "stats/root.h"

#include <gsl/gsl_cdf.h>
#include <math.h>

static bool inside_unit(double rate)
{
    return rate > 0 && rate < 1;
}

bool power_design_is_valid(const struct power_design *design)
{
    bool level =
        design->one_sided ? design->alpha > 0 && design->alpha < .5 : alpha_is_valid(design->alpha);
    return level && design->allocation > 0 && isfinite(design->allocation);
}

double power_design_z(const struct power_design *design)
{
    return design->one_sided ? normal_z_one_sided(design->alpha)
                             : normal_z_two_sided(design->alpha);
}

/* Standard deviations, times sqrt(control units), of the difference: with equal and true rates. */
struct spread {
    double null, true_rates;
};

static struct spread spread_of(const struct power_design *design, double control, double treatment)
{
    double k = design->allocation, pooled = (control + k * treatment) / (1 + k);
    return (struct spread){
        .null = sqrt(pooled * (1 - pooled) * (1 + 1 / k)),
        .true_rates = sqrt(treatment * (1 - treatment) / k + control * (1 - control)),
    };
}

static double power_at(const struct power_design *design, double control, double treatment,
                       double units)
{
    struct spread spread = spread_of(design, control, treatment);
    double size = fabs(treatment - control) * sqrt(units);
    double critical = power_design_z(design) * spread.null;
    if (spread.true_rates == 0)
        return size > critical;
    double power = gsl_cdf_ugaussian_P((size - critical) / spread.true_rates);
    if (design->both_tails && !design->one_sided)
        power += gsl_cdf_ugaussian_Q((size + critical) / spread.true_rates);
    return fmin(1, power);
}

double power_alpha(enum design design, double alpha, size_t members)
{
    struct design_levels levels = design_levels(design, alpha);
    double level = design == DESIGN_ALWAYS ? levels.anytime : levels.fixed;
    return level / (double)(members ? members : 1);
}

enum reason power_always_inflation(double alpha, double power, double *inflation)
{
    if (!alpha_is_valid(alpha) || !inside_unit(power))
        return REASON_INVALID;
    double w, c;
    enum reason reason = anytime_w(alpha, &w);
    if (!reason)
        reason = anytime_c((struct anytime){.w = w, .ratio = 1}, alpha, &c);
    if (reason)
        return reason;
    double z = normal_z_two_sided(alpha), z_power = normal_z_one_sided(1 - power);
    if (!(z + z_power > 0))
        return REASON_INVALID;
    double growth = (c + z_power) / (z + z_power);
    *inflation = growth * growth;
    return REASON_NONE;
}

enum reason power_proportion_units(const struct power_design *design, double control,
                                   double treatment, double power, double *units)
{
    if (!power_design_is_valid(design) || !inside_unit(control) || !inside_unit(treatment) ||
        !inside_unit(power))
        return REASON_INVALID;
    if (control == treatment)
        return REASON_NOT_DETECTABLE;
    struct spread spread = spread_of(design, control, treatment);
    double z_power = normal_z_one_sided(1 - power);
    double reach = power_design_z(design) * spread.null + z_power * spread.true_rates;
    double root = reach / fabs(treatment - control);
    /* A power below that of no units at all needs none. */
    double result = root > 0 ? root * root : 0;
    if (!isfinite(result))
        return REASON_NOT_DETECTABLE;
    *units = result;
    return REASON_NONE;
}

enum reason power_proportion(const struct power_design *design, double control, double treatment,
                             double units, double *power)
{
    if (!power_design_is_valid(design) || !inside_unit(control) || !inside_unit(treatment) ||
        !(units > 0) || !isfinite(units))
        return REASON_INVALID;
    *power = power_at(design, control, treatment, units);
    return REASON_NONE;
}

struct search {
    const struct power_design *design;
    double control, units, power;
};

static double power_gap(double difference, const void *about)
{
    const struct search *search = about;
    return power_at(search->design, search->control, search->control + difference, search->units) -
           search->power;
}

enum reason power_proportion_detectable(const struct power_design *design, double control,
                                        double units, double power, enum side side,
                                        double *difference)
{
    if (!power_design_is_valid(design) || !inside_unit(control) || !inside_unit(power) ||
        !(units > 0) || !isfinite(units))
        return REASON_INVALID;
    struct search search = {.design = design, .control = control, .units = units, .power = power};
    double furthest = side == SIDE_HIGH ? 1 - control : -control;
    if (power_gap(0, &search) >= 0 || power_gap(furthest, &search) < 0)
        return REASON_NOT_DETECTABLE;
    *difference = root_between(power_gap, &search, 0, furthest);
    return REASON_NONE;
}

enum reason power_arcsine(double alpha, bool one_sided, double h, double control_units,
                          double treatment_units, double *power)
{
    struct power_design design = {.alpha = alpha, .one_sided = one_sided, .allocation = 1};
    if (!power_design_is_valid(&design) || !isfinite(h) || !(control_units > 0) ||
        !isfinite(control_units) || !(treatment_units > 0) || !isfinite(treatment_units))
        return REASON_INVALID;
    double shift = h / sqrt(1 / control_units + 1 / treatment_units), z = power_design_z(&design);
    double result = gsl_cdf_ugaussian_Q(z - shift);
    if (!one_sided)
        result += gsl_cdf_ugaussian_Q(z + shift);
    *power = fmin(1, result);
    return REASON_NONE;
}

static bool guardrail_is_valid(double rate, double margin)
{
    return inside_unit(rate) && margin > 0;
}

static struct power_variances guardrail_variances(double rate)
{
    return (struct power_variances){.control = rate * (1 - rate), .treatment = rate * (1 - rate)};
}

enum reason power_non_inferiority_units(const struct power_design *design, double rate,
                                        double margin, double harm, double power, double *units)
{
    if (!guardrail_is_valid(rate, margin))
        return REASON_INVALID;
    return power_margin_units(design, guardrail_variances(rate), margin, harm, power, units);
}

enum reason power_non_inferiority(const struct power_design *design, double rate, double margin,
                                  double harm, double units, double *power)
{
    if (!guardrail_is_valid(rate, margin))
        return REASON_INVALID;
    return power_margin(design, guardrail_variances(rate), margin, harm, units, power);
}
