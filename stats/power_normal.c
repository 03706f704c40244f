/*
 * Units, power and detectable difference where the estimate is near normal.
 *
 * With v1, v0 the variances a unit, k treatment units per control unit, se^2 = (v0 + v1/k)/n0:
 *   n0 = (z_a + z_b)^2 (v0 + v1/k)/d^2;  power = Phi(|d|/se - z_a);  detectable (z_a + z_b) se.
 * Margin M and true harm h: d = M - h, one-sided.  Segment with share s: n0 s.  Interaction of
 * two segments: se^2 (1/s1 + 1/s2).
 * Clusters: v = G var(R) an account, from history; else members times 1 + (m(1 + cv^2) - 1) ICC.
 * Covariate: v (1 - r^2).  Ratio: v = (var y - 2 R cov + R^2 var s)/mean_s^2.
 *
 * Assumes   variances that history tells and the treatment keeps; at least some 20 accounts a
 *           variant, below which the t of the analysis asks for more.
 * Not for   rates planned as R does (power.h: its pooled null variance), nor plain means with few
 *           units (power_mean.h).
 * Accuracy  closed forms, against figures by hand; power undoes units to 1e-9
 *           (tests/stats/test_power_normal.c).
 * Reference Donner and Klar (2000), Design and Analysis of Cluster Randomization Trials, ch. 5;
 *           Eldridge, Ashby and Kerry (2006), Int. J. Epidemiology 35:1292-1300 (cv); Deng, Xu,
 *           Kohavi and Walker (2013), WSDM (1 - r^2); Chow, Shao, Wang (2008), Sample Size
 *           Calculations in Clinical Research, 3.2 (margins).
 */

#include "stats/power_normal.h"
#include "stats/normal.h"

#include <gsl/gsl_cdf.h>
#include <math.h>

static bool positive(double x)
{
    return x > 0 && isfinite(x);
}

static bool plan_is_valid(const struct power_design *design, struct power_variances variances)
{
    return power_design_is_valid(design) && variances.control >= 0 && variances.treatment >= 0 &&
           positive(variances.control + variances.treatment);
}

static bool power_is_valid(double power)
{
    return power > 0 && power < 1;
}

/* The standard error of the difference times sqrt(control units). */
static double spread_of(const struct power_design *design, struct power_variances variances)
{
    return sqrt(variances.control + variances.treatment / design->allocation);
}

/* z_a + z_b; below 0 the power is that of no units at all. */
static double reach_of(const struct power_design *design, double power)
{
    return fmax(0, power_design_z(design) + normal_z_one_sided(1 - power));
}

static enum reason finish(double value, double *out)
{
    if (!isfinite(value))
        return REASON_NOT_DETECTABLE;
    *out = value;
    return REASON_NONE;
}

enum reason power_normal_units(const struct power_design *design, struct power_variances variances,
                               double difference, double power, double *units)
{
    if (!plan_is_valid(design, variances) || !isfinite(difference) || !power_is_valid(power))
        return REASON_INVALID;
    if (difference == 0)
        return REASON_NOT_DETECTABLE;
    double root = reach_of(design, power) * spread_of(design, variances) / difference;
    return finish(root * root, units);
}

enum reason power_normal(const struct power_design *design, struct power_variances variances,
                         double difference, double units, double *power)
{
    if (!plan_is_valid(design, variances) || !isfinite(difference) || !positive(units))
        return REASON_INVALID;
    double shift = fabs(difference) * sqrt(units) / spread_of(design, variances);
    double z = power_design_z(design), result = gsl_cdf_ugaussian_Q(z - shift);
    if (design->both_tails && !design->one_sided)
        result += gsl_cdf_ugaussian_Q(z + shift);
    *power = fmin(1, result);
    return REASON_NONE;
}

enum reason power_normal_detectable(const struct power_design *design,
                                    struct power_variances variances, double units, double power,
                                    double *difference)
{
    if (!plan_is_valid(design, variances) || !positive(units) || !power_is_valid(power))
        return REASON_INVALID;
    return finish(reach_of(design, power) * spread_of(design, variances) / sqrt(units), difference);
}

static bool margin_is_valid(const struct power_design *design, double margin, double harm)
{
    return design->one_sided && positive(margin) && isfinite(harm);
}

enum reason power_margin_units(const struct power_design *design, struct power_variances variances,
                               double margin, double harm, double power, double *units)
{
    if (!margin_is_valid(design, margin, harm))
        return REASON_INVALID;
    if (harm >= margin)
        return power_is_valid(power) && plan_is_valid(design, variances) ? REASON_NOT_DETECTABLE
                                                                         : REASON_INVALID;
    return power_normal_units(design, variances, margin - harm, power, units);
}

enum reason power_margin(const struct power_design *design, struct power_variances variances,
                         double margin, double harm, double units, double *power)
{
    if (!margin_is_valid(design, margin, harm) || !plan_is_valid(design, variances) ||
        !positive(units))
        return REASON_INVALID;
    double shift = (margin - harm) * sqrt(units) / spread_of(design, variances);
    *power = gsl_cdf_ugaussian_Q(power_design_z(design) - shift);
    return REASON_NONE;
}

static bool share_is_valid(double share)
{
    return share > 0 && share <= 1;
}

enum reason power_segment_detectable(const struct power_design *design,
                                     struct power_variances variances, double units, double share,
                                     double power, double *difference)
{
    if (!share_is_valid(share))
        return REASON_INVALID;
    return power_normal_detectable(design, variances, units * share, power, difference);
}

enum reason power_interaction_detectable(const struct power_design *design,
                                         struct power_variances variances, double units,
                                         const double shares[static 2], double power,
                                         double *difference)
{
    if (!share_is_valid(shares[0]) || !share_is_valid(shares[1]) ||
        shares[0] + shares[1] > 1 + 1e-9)
        return REASON_INVALID;
    double together = 1 / (1 / shares[0] + 1 / shares[1]);
    return power_normal_detectable(design, variances, units * together, power, difference);
}

enum reason power_design_effect(struct clusters clusters, double *effect)
{
    if (!positive(clusters.mean) || !(clusters.cv >= 0) || !isfinite(clusters.cv) ||
        !(clusters.icc >= 0 && clusters.icc <= 1))
        return REASON_INVALID;
    double others = clusters.mean * (1 + clusters.cv * clusters.cv) - 1;
    return finish(fmax(1, 1 + others * clusters.icc), effect);
}

enum reason power_adjusted(double correlation, double *left)
{
    if (!(fabs(correlation) < 1))
        return REASON_INVALID;
    *left = (1 - correlation) * (1 + correlation);
    return REASON_NONE;
}

enum reason power_ratio_variance(const struct ratio_moments *moments, double *variance)
{
    if (!isfinite(moments->mean_y) || !isfinite(moments->mean_s) || !(moments->variance_y >= 0) ||
        !(moments->variance_s >= 0) || !isfinite(moments->covariance))
        return REASON_INVALID;
    if (moments->mean_s == 0)
        return REASON_NEAR_ZERO;
    double ratio = moments->mean_y / moments->mean_s;
    double residual =
        moments->variance_y - 2 * ratio * moments->covariance + ratio * ratio * moments->variance_s;
    double result = residual / moments->mean_s / moments->mean_s;
    if (!isfinite(result))
        return REASON_NOT_FINITE;
    /* A covariance that no two values can have. */
    if (result < 0)
        return REASON_INVALID;
    *variance = result;
    return REASON_NONE;
}
