/*
 * Power of the t test of two means and of the F test of k, by the noncentral distributions.
 *
 * With k treatment units per control unit, df = n0 (1 + k) - 2, shift = (d/sd) sqrt(n0 k/(1 + k)):
 *   power = P(T > t_a), T noncentral t; both tails: + P(T < -t_a).
 * Groups of n: df1 = k - 1, df2 = k (n - 1), noncentrality k n f^2: power = P(F > F_a).
 * Units and detectable effects solve these; the start is the normal's n = (z+z)^2 (1 + 1/k)
 * sd^2/d^2.
 *
 * Assumes   one standard deviation within all groups; means of near normal behaviour.
 * Not for   heavy tails with few units: cap the metric first.
 * Accuracy  power 1e-9, n and detectable 1e-6 of R's power.t.test and pwr
 * (reference/power_mean.csv). Reference Cohen (1988), Statistical Power Analysis for the Behavioral
 * Sciences, ch. 2, 8; Chow, Shao, Wang (2008), Sample Size Calculations in Clinical Research, 3.2.
 */

#include "stats/power_mean.h"
#include "stats/noncentral.h"
#include "stats/normal.h"
#include "stats/root.h"

#include <math.h>

/* Units below which the critical value leaves the doubles. */
#define LEAST_DF .1
#define LEAST_UNITS 1.05
/* A shift beyond any critical value: the power is 1. */
#define DOUBLINGS_MAX 1000

static bool positive(double x)
{
    return x > 0 && isfinite(x);
}

static bool power_is_valid(double power)
{
    return power > 0 && power < 1;
}

static double df_of(const struct power_design *design, double units)
{
    return units * (1 + design->allocation) - 2;
}

/* The shift of one standard deviation. */
static double shift_of(const struct power_design *design, double units)
{
    return sqrt(units * (design->allocation / (1 + design->allocation)));
}

/* Power with that shift; NaN where there is none. */
static double t_power(const struct power_design *design, double df, double shift)
{
    double critical = critical_value(design->one_sided ? design->alpha : design->alpha / 2, df);
    double power, other = 0;
    if (noncentral_t_tail(critical, df, shift, &power))
        return (double)NAN;
    bool both = design->both_tails && !design->one_sided;
    if (both && noncentral_t_tail(critical, df, -shift, &other))
        return (double)NAN;
    return fmin(1, power + other);
}

enum reason power_mean(const struct power_design *design, double sd, double difference,
                       double units, double *power)
{
    if (!power_design_is_valid(design) || !positive(sd) || !isfinite(difference) ||
        !positive(units) || !(df_of(design, units) > 0))
        return REASON_INVALID;
    double shift = fabs(difference) / sd * shift_of(design, units);
    double result = t_power(design, df_of(design, units), shift);
    if (!isfinite(result))
        return REASON_NOT_FINITE;
    *power = result;
    return REASON_NONE;
}

struct search {
    const struct power_design *design;
    double effect; /* in standard deviations */
    double df;     /* of a given number of units */
    double power;
};

static double units_gap(double units, const void *about)
{
    const struct search *search = about;
    double shift = search->effect * shift_of(search->design, units);
    return t_power(search->design, df_of(search->design, units), shift) - search->power;
}

static double shift_gap(double shift, const void *about)
{
    const struct search *search = about;
    return t_power(search->design, search->df, shift) - search->power;
}

/* The root of a function that rises with x, between `low` and the first doubling of `start` that is
 * above it; TOO_FEW when it lies below `low`. */
static enum reason rising_root(root_function *function, const void *about, double low, double start,
                               double *root)
{
    double at_low = function(low, about), high = fmax(start, 2 * low);
    if (!isfinite(at_low))
        return REASON_NOT_FINITE;
    if (at_low >= 0)
        return REASON_TOO_FEW;
    for (int i = 0; i < DOUBLINGS_MAX && isfinite(high); i++, high *= 2) {
        double at_high = function(high, about);
        if (!isfinite(at_high))
            return REASON_NOT_FINITE;
        if (at_high < 0)
            continue;
        *root = root_between(function, about, low, high);
        return REASON_NONE;
    }
    return REASON_NOT_DETECTABLE;
}

/* Fewer units than have a critical value are as good as the fewest that have one. */
static enum reason units_from(enum reason reason, double least, double *units)
{
    if (reason != REASON_TOO_FEW)
        return reason;
    *units = least;
    return REASON_NONE;
}

enum reason power_mean_units(const struct power_design *design, double sd, double difference,
                             double power, double *units)
{
    if (!power_design_is_valid(design) || !positive(sd) || !isfinite(difference) ||
        !power_is_valid(power))
        return REASON_INVALID;
    double effect = fabs(difference) / sd;
    if (effect == 0)
        return REASON_NOT_DETECTABLE;
    struct search search = {.design = design, .effect = effect, .power = power};
    double z = fmax(0, power_design_z(design) + normal_z_one_sided(1 - power)) / effect;
    double start = z * z * (1 + 1 / design->allocation);
    double least = (2 + LEAST_DF) / (1 + design->allocation);
    if (!isfinite(start))
        return REASON_NOT_DETECTABLE;
    return units_from(rising_root(units_gap, &search, least, start + 2 * least, units), least,
                      units);
}

enum reason power_mean_detectable(const struct power_design *design, double sd, double units,
                                  double power, double *difference)
{
    if (!power_design_is_valid(design) || !positive(sd) || !positive(units) ||
        !(df_of(design, units) > 0) || !power_is_valid(power))
        return REASON_INVALID;
    struct search search = {.design = design, .df = df_of(design, units), .power = power};
    double shift, z = power_design_z(design) + normal_z_one_sided(1 - power);
    enum reason reason = rising_root(shift_gap, &search, 0, fmax(z, 1), &shift);
    if (reason)
        return reason == REASON_TOO_FEW ? REASON_INVALID : reason;
    double result = shift / shift_of(design, units) * sd;
    if (!isfinite(result))
        return REASON_NOT_FINITE;
    *difference = result;
    return REASON_NONE;
}

static bool groups_are_valid(struct power_groups groups)
{
    return groups.groups >= 2 && alpha_is_valid(groups.alpha);
}

static double f_power(struct power_groups groups, double f, double units)
{
    double k = (double)groups.groups, df = k * (units - 1), power;
    double critical;
    if (f_critical(groups.alpha, k - 1, df, &critical) ||
        noncentral_f_tail(critical, k - 1, df, k * units * f * f, &power))
        return (double)NAN;
    return power;
}

enum reason power_anova(struct power_groups groups, double f, double units, double *power)
{
    if (!groups_are_valid(groups) || !(f >= 0) || !isfinite(f) || !(units > 1) || !isfinite(units))
        return REASON_INVALID;
    double result = f_power(groups, f, units);
    if (!isfinite(result))
        return REASON_NOT_FINITE;
    *power = result;
    return REASON_NONE;
}

struct groups_search {
    struct power_groups groups;
    double f, units, power;
};

static double groups_units_gap(double units, const void *about)
{
    const struct groups_search *search = about;
    return f_power(search->groups, search->f, units) - search->power;
}

static double groups_effect_gap(double f, const void *about)
{
    const struct groups_search *search = about;
    return f_power(search->groups, f, search->units) - search->power;
}

enum reason power_anova_units(struct power_groups groups, double f, double power, double *units)
{
    if (!groups_are_valid(groups) || !(f >= 0) || !isfinite(f) || !power_is_valid(power))
        return REASON_INVALID;
    if (f == 0)
        return REASON_NOT_DETECTABLE;
    struct groups_search search = {.groups = groups, .f = f, .power = power};
    return units_from(rising_root(groups_units_gap, &search, LEAST_UNITS, 4, units), LEAST_UNITS,
                      units);
}

enum reason power_anova_detectable(struct power_groups groups, double units, double power,
                                   double *f)
{
    if (!groups_are_valid(groups) || !(units > 1) || !isfinite(units) || !power_is_valid(power))
        return REASON_INVALID;
    struct groups_search search = {.groups = groups, .units = units, .power = power};
    enum reason reason = rising_root(groups_effect_gap, &search, 0, .01, f);
    return reason == REASON_TOO_FEW ? REASON_INVALID : reason;
}
