/*
 * Centred products, slopes and residuals of one variant, from exact sums.
 *
 * S_zz = ZZ - Z Z'/n and the like are formed as (n ZZ - Z Z')/n, the numerator in exact integers,
 * so that no constant on a value moves them; gaps of means as (n0 Y1 - n1 Y0)/(n1 n0) likewise.
 * The formulas are those of adjustment.c.
 */

#include "centred.h"

#include <math.h>
#include <string.h>

/* What RSS may fall below 0 by, as a share of S_yy, and still be rounding. */
#define ROUNDING 1e-9

enum reason centred_of(const struct covariate_sums *sums, struct centred *result)
{
    struct centred c = {.n = (double)sums->units, .q = sums->covariates};
    uint64_t n = sums->units;
    c.yy = exact_cross(n, sums->yy, sums->y, sums->y) / c.n * sums->step_y * sums->step_y;
    if (!(c.yy >= 0))
        return REASON_INVALID;
    for (size_t k = 0; k < c.q; k++) {
        double step = sums->step_z[k];
        c.zy[k] = exact_cross(n, sums->zy[k], sums->z[k], sums->y) / c.n * step * sums->step_y;
        for (size_t l = k; l < c.q; l++)
            c.zz[k][l] = c.zz[l][k] = exact_cross(n, sums->zz[k][l], sums->z[k], sums->z[l]) / c.n *
                                      step * sums->step_z[l];
        if (!(c.zz[k][k] >= 0))
            return REASON_INVALID;
    }
    *result = c;
    return REASON_NONE;
}

void centred_add(struct centred *a, const struct centred *b)
{
    a->n += b->n;
    a->q = b->q;
    a->yy += b->yy;
    for (size_t k = 0; k < b->q; k++) {
        a->zy[k] += b->zy[k];
        for (size_t l = 0; l < b->q; l++)
            a->zz[k][l] += b->zz[k][l];
    }
}

double centred_quadratic(const struct centred *c, const double *v)
{
    double sum = 0;
    for (size_t k = 0; k < c->q; k++)
        for (size_t l = 0; l < c->q; l++)
            sum += v[k] * c->zz[k][l] * v[l];
    return fmax(0, sum);
}

double centred_product(const struct centred *sums, const double *a, const double *b)
{
    double sum = 0;
    for (size_t k = 0; k < sums->q; k++)
        sum += a[k] * b[k];
    return sum;
}

static double mean_gap(const struct covariate_pair *pair, int128 treatment, int128 control,
                       double step)
{
    uint64_t n1 = pair->treatment.units, n0 = pair->control.units;
    return exact_cross(n0, treatment, (int128)n1, control) / (double)n1 / (double)n0 * step;
}

static struct gaps gaps_of(const struct covariate_pair *pair)
{
    const struct covariate_sums *t = &pair->treatment, *c = &pair->control;
    struct gaps gaps = {.y = mean_gap(pair, t->y, c->y, t->step_y)};
    for (size_t k = 0; k < t->covariates; k++)
        gaps.z[k] = mean_gap(pair, t->z[k], c->z[k], t->step_z[k]);
    return gaps;
}

/* The products over both variants about their common means. */
static struct centred centred_together(const struct centred *t, const struct centred *c,
                                       const struct gaps *gaps)
{
    struct centred sums = *t;
    centred_add(&sums, c);
    double weight = t->n / sums.n * c->n;
    for (size_t k = 0; k < sums.q; k++)
        for (size_t l = 0; l < sums.q; l++)
            sums.zz[k][l] += weight * gaps->z[k] * gaps->z[l];
    return sums;
}

void slopes_fit(const struct centred *sums, struct slopes *slopes)
{
    *slopes = (struct slopes){.of = {0}};
    linear_factor(&slopes->linear, sums->q, sums->zz);
    linear_solve(&slopes->linear, sums->zy, slopes->of);
}

bool centred_residual(const struct centred *sums, const double *slopes, double *residual)
{
    double rest =
        sums->yy - 2 * centred_product(sums, slopes, sums->zy) + centred_quadratic(sums, slopes);
    if (!(rest >= -ROUNDING * sums->yy))
        return false;
    *residual = fmax(0, rest);
    return true;
}

static bool same_shape(const struct covariate_sums *a, const struct covariate_sums *b)
{
    if (a->covariates > COVARIATES_MAX || a->covariates != b->covariates || a->step_y != b->step_y)
        return false;
    for (size_t k = 0; k < a->covariates; k++)
        if (a->step_z[k] != b->step_z[k])
            return false;
    return true;
}

static bool add_overflows(int128 *a, int128 b)
{
    return __builtin_add_overflow(*a, b, a);
}

enum reason covariate_sums_add(struct covariate_sums *a, const struct covariate_sums *b)
{
    if (!same_shape(a, b))
        return REASON_INVALID;
    struct covariate_sums sums = *a;
    bool overflow = __builtin_add_overflow(sums.units, b->units, &sums.units);
    overflow |= add_overflows(&sums.y, b->y);
    overflow |= add_overflows(&sums.yy, b->yy);
    for (size_t k = 0; k < sums.covariates; k++) {
        overflow |= add_overflows(&sums.z[k], b->z[k]);
        overflow |= add_overflows(&sums.zy[k], b->zy[k]);
        for (size_t l = k; l < sums.covariates; l++)
            overflow |= add_overflows(&sums.zz[k][l], b->zz[k][l]);
    }
    if (overflow)
        return REASON_INVALID;
    *a = sums;
    return REASON_NONE;
}

static enum reason pair_check(const struct covariate_pair *pair)
{
    const struct covariate_sums *t = &pair->treatment, *c = &pair->control;
    bool steps = t->step_y > 0 && isfinite(t->step_y);
    if (!same_shape(t, c))
        return REASON_INVALID;
    for (size_t k = 0; k < t->covariates; k++)
        steps = steps && t->step_z[k] > 0 && isfinite(t->step_z[k]);
    if (!steps)
        return REASON_INVALID;
    return t->units == 0 || c->units == 0 ? REASON_NO_UNITS : REASON_NONE;
}

enum reason pair_moments_of(const struct covariate_pair *pair, struct pair_moments *moments)
{
    enum reason reason = pair_check(pair);
    if (!reason)
        reason = centred_of(&pair->treatment, &moments->treatment);
    if (!reason)
        reason = centred_of(&pair->control, &moments->control);
    if (reason)
        return reason;
    moments->gaps = gaps_of(pair);
    moments->together = centred_together(&moments->treatment, &moments->control, &moments->gaps);
    moments->treatment_mean =
        (double)pair->treatment.y / moments->treatment.n * pair->treatment.step_y;
    moments->control_mean = (double)pair->control.y / moments->control.n * pair->control.step_y;
    return REASON_NONE;
}

static double unadjusted_variance(const struct centred *t, const struct centred *c)
{
    return t->yy / (t->n - 1) / t->n + c->yy / (c->n - 1) / c->n;
}

double adjusted_narrowing(double variance, const struct centred *treatment,
                          const struct centred *control)
{
    double unadjusted = unadjusted_variance(treatment, control);
    return unadjusted > 0 ? 1 - sqrt(variance / unadjusted) : 0;
}

void adjusted_variant_fill(struct adjusted_variant *variant, const struct slopes *slopes, size_t q)
{
    memcpy(variant->slopes, slopes->of, q * sizeof *slopes->of);
    variant->covariates = slopes->linear.rank;
}

bool adjusted_has_log(const struct adjusted *a)
{
    return a->treatment.mean > 0 && a->control.mean > 0;
}

double adjusted_slopes_spread(const struct centred *together, const struct adjusted *a, bool is_log)
{
    double gaps[LINEAR_MAX] = {0};
    if (is_log && !adjusted_has_log(a))
        return 0;
    for (size_t k = 0; k < together->q; k++)
        gaps[k] = a->treatment.slopes[k] / (is_log ? a->treatment.mean : 1) -
                  a->control.slopes[k] / (is_log ? a->control.mean : 1);
    return centred_quadratic(together, gaps);
}

bool adjusted_is_finite(const struct adjusted *a)
{
    return isfinite(a->difference) && isfinite(a->variance) && isfinite(a->treatment.mean) &&
           isfinite(a->control.mean) && isfinite(a->narrower_by) &&
           isfinite(a->log_superpopulation);
}
