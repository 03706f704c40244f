/*
 * The winner's curse after a filter by significance.
 *
 * With z = estimate/se, mu = effect/se, selected by |Z| > c, A = Q(c - mu) + Q(c + mu):
 *   likelihood  phi(z - mu)/A;  its maximum solves  mu + (phi(c - mu) - phi(c + mu))/A = z,
 *               whose left side is the mean of Z given |Z| > c and rises with mu: one root, between
 *               0 and z.
 *   tail        P(Z >= z | |Z| > c) = Q(z - mu)/A for z > c rises with mu from 0 to 1: the median-
 *               unbiased effect has it at 1/2, the interval's ends at alpha/2 and 1 - alpha/2.
 * Negative z by symmetry.  All of it in logs, so a boundary of 40 standard errors is none the
 * worse.
 *
 * Assumes   one look at a normal estimate, a boundary fixed before it.
 * Not for   an effect that was watched and stopped at its first crossing (winner_stopped), whose
 *           overshoot is always small: this would take nearly all of it away.
 * Accuracy  1e-8 of roots at 30 digits; the interval covers as it says in simulation
 *           (tests/stats/test_winner.c).
 * Reference Zhong and Prentice (2008), Biostatistics 9:621-634; Ghosh, Zou and Wright (2008),
 * American Journal of Human Genetics 82:1064-1074.
 */

#include "stats/winner.h"
#include "stats/normal.h"
#include "stats/root.h"

#include <gsl/gsl_sf_erf.h>
#include <math.h>

/* z > c >= 0. */
struct selected {
    double z, boundary;
    double log_tail; /* what the tail is solved for */
};

static double log_upper(double x)
{
    return gsl_sf_log_erfc(x * M_SQRT1_2) - M_LN2;
}

/* ln A */
static double log_selected(double boundary, double mu)
{
    double a = log_upper(boundary - mu), b = log_upper(boundary + mu);
    return fmax(a, b) + log1p(exp(-fabs(a - b)));
}

/* The mean of Z given its selection, less z: each side's mean by its hazard, weighted. */
static double mean_gap(double mu, const void *about)
{
    const struct selected *of = about;
    double high = log_upper(of->boundary - mu), low = log_upper(of->boundary + mu);
    double weight = 1 / (1 + exp(low - high));
    double up = gsl_sf_hazard(of->boundary - mu), down = gsl_sf_hazard(of->boundary + mu);
    return mu + weight * up - (1 - weight) * down - of->z;
}

static double tail_gap(double mu, const void *about)
{
    const struct selected *of = about;
    return log_upper(of->z - mu) - log_selected(of->boundary, mu) - of->log_tail;
}

/* The mu at which the tail is that probability. */
static double tail_root(struct selected selected, double probability)
{
    selected.log_tail = log(probability);
    /* A <= 1 bounds it from above; below, A >= 1/2 once mu is past the boundary. */
    double high = selected.z + fabs(normal_z_one_sided(probability)) + 1;
    double low = -selected.boundary - normal_z_one_sided(probability / 4) - 1;
    return root_between(tail_gap, &selected, low, high);
}

enum reason winner_correct(struct effect effect, double boundary, double alpha,
                           struct winner *winner)
{
    struct selected selected = {.z = fabs(effect.estimate) / effect.se, .boundary = boundary};
    if (!isfinite(effect.estimate) || !(effect.se > 0) || !isfinite(effect.se) ||
        !(boundary >= 0) || !isfinite(boundary) || !alpha_is_valid(alpha))
        return REASON_INVALID;
    if (!isfinite(selected.z) || !isfinite(boundary * boundary))
        return REASON_NOT_FINITE;
    if (!(selected.z > boundary))
        return REASON_INVALID;
    double scale = copysign(effect.se, effect.estimate);
    double likely = root_between(mean_gap, &selected, 0, selected.z);
    double ends[] = {scale * tail_root(selected, alpha / 2),
                     scale * tail_root(selected, 1 - alpha / 2)};
    struct winner result = {
        .likely = scale * likely,
        .central = scale * tail_root(selected, .5),
        .interval = {fmin(ends[0], ends[1]), fmax(ends[0], ends[1])},
    };
    if (!isfinite(result.likely) || !isfinite(result.central) || !isfinite(result.interval.low) ||
        !isfinite(result.interval.high))
        return REASON_NOT_FINITE;
    *winner = result;
    return REASON_NONE;
}

enum reason winner_expected(const struct effect *past, size_t count, struct effect effect,
                            double alpha, struct shrunken *shrunken)
{
    if (count < WINNER_PAST_MIN)
        return REASON_TOO_FEW;
    return shrinkage_by_past(past, count, effect, alpha, shrunken);
}
