/*
 * The winner's curse after an early stop.
 *
 * S_k = z_k sqrt(r_k) is a Brownian motion with drift t = effect / (se at the horizon), looked at
 * at r_1 < ... < r_K = 1; it stops at the first |z_k| > c_k.  Given that it stops by the horizon,
 *     likelihood  exp(t s - t^2 r/2) / P_t,   s, r where it stopped,
 *     P_t = 1 - integral of f(x) exp(t x - t^2/2) dx,
 * f the density, without drift, of S_K where no look has crossed.  f is carried from look to look
 * by quadrature (Armitage, McPherson and Rowe), once; drift then only tilts it.  `likely` maximises
 * the likelihood, `central` is its mean over t (flat weight), the interval is
 * {t: 2 (ln L_max - ln L) <= chi-square_1}.  With one look this is the likelihood of winner.c.
 *
 * Assumes   independent increments (statistics.md, section 4), looks planned before the data.
 * Not for   telling an effect that stays: it shrinks little where the power was high, as it should.
 * Accuracy  one look against winner_correct 1e-6; the boundary's error against simulation
 *           (tests/stats/test_winner.c).
 * Reference Armitage, McPherson and Rowe (1969), JRSS A 132:235-244; Zhong and Prentice (2008),
 *           Biostatistics 9:621-634 (conditional likelihood); Fan, DeMets and Lan (2004), Journal
 * of Biopharmaceutical Statistics 14:505-530 (conditional on the stop).
 */

#include "stats/normal.h"
#include "stats/root.h"
#include "stats/winner.h"

#include <gsl/gsl_cdf.h>
#include <math.h>

#define PANELS 10
#define PANEL_POINTS 16
#define POINTS (PANELS * PANEL_POINTS)
/* Below this the probability to stop is what is left of rounding. */
#define STOP_MIN 1e-9
/* Steps of the first search for the maximum, and of the mean. */
#define SCAN_STEPS 400
#define GOLDEN_STEPS 80
#define DOUBLINGS_MAX 60

/* Gauss-Legendre with 16 points: Abramowitz and Stegun, table 25.4. */
static const double nodes[] = {0.0950125098376374, 0.2816035507792589, 0.4580167776572274,
                               0.6178762444026438, 0.7554044083550030, 0.8656312023878318,
                               0.9445750230732326, 0.9894009349916499};
static const double weights[] = {0.1894506104550685, 0.1826034150449236, 0.1691565193950025,
                                 0.1495959888165767, 0.1246289712555339, 0.0951585116824928,
                                 0.0622535239386479, 0.0271524594117541};

/* The density where no look has crossed, times the weights of the quadrature. */
struct inside {
    double x[POINTS], mass[POINTS];
};

/* Points and weights over (-limit, limit). */
static void inside_spread(struct inside *inside, double limit)
{
    double half = limit / PANELS;
    for (size_t i = 0; i < POINTS; i++) {
        size_t panel = i / PANEL_POINTS, k = i % PANEL_POINTS / 2;
        double middle = half * (2 * (double)panel + 1) - limit;
        inside->x[i] = middle + (i % 2 ? half : -half) * nodes[k];
        inside->mass[i] = half * weights[k];
    }
}

static double density(double gap, double variance)
{
    return exp(-gap * gap / (2 * variance)) / sqrt(2 * M_PI * variance);
}

static void inside_first(struct inside *inside, struct winner_look look)
{
    inside_spread(inside, look.boundary * sqrt(look.ratio));
    for (size_t i = 0; i < POINTS; i++)
        inside->mass[i] *= density(inside->x[i], look.ratio);
}

static void inside_next(struct inside *inside, struct winner_look look, double step)
{
    struct inside next;
    inside_spread(&next, look.boundary * sqrt(look.ratio));
    for (size_t i = 0; i < POINTS; i++) {
        double sum = 0;
        for (size_t j = 0; j < POINTS; j++)
            sum += inside->mass[j] * density(next.x[i] - inside->x[j], step);
        next.mass[i] *= sum;
    }
    *inside = next;
}

struct likelihood {
    struct inside inside;
    double s, r;   /* where it stopped, s >= 0 */
    double target; /* what ln L is compared with */
};

/* P_t */
static double stop_probability(const struct likelihood *of, double drift)
{
    double stays = 0;
    for (size_t i = 0; i < POINTS; i++)
        stays += of->inside.mass[i] * exp(drift * (of->inside.x[i] - drift / 2));
    return 1 - stays;
}

static double log_likelihood(const struct likelihood *of, double drift)
{
    return drift * (of->s - drift * of->r / 2) - log(stop_probability(of, drift));
}

/* The drift in [0, s/r] at which the likelihood is greatest: a scan, then golden sections. */
static double likelihood_maximum(const struct likelihood *of)
{
    const double golden = (sqrt(5) - 1) / 2;
    double step = of->s / of->r / SCAN_STEPS, best = 0, most = log_likelihood(of, 0);
    for (int i = 1; i <= SCAN_STEPS; i++) {
        double value = log_likelihood(of, i * step);
        if (value > most) {
            most = value;
            best = i * step;
        }
    }
    double low = fmax(0, best - step), high = best + step;
    for (int i = 0; i < GOLDEN_STEPS; i++) {
        double a = high - golden * (high - low), b = low + golden * (high - low);
        if (log_likelihood(of, a) > log_likelihood(of, b))
            high = b;
        else
            low = a;
    }
    return (low + high) / 2;
}

static double likelihood_gap(double drift, const void *about)
{
    const struct likelihood *of = about;
    return log_likelihood(of, drift) - of->target;
}

/* The mean of the likelihood over an interval that holds all of it. */
static double likelihood_mean(const struct likelihood *of, double low, double high, double most)
{
    double sum = 0, weighted = 0, step = (high - low) / SCAN_STEPS;
    for (int i = 0; i <= SCAN_STEPS; i++) {
        double drift = low + i * step, value = exp(log_likelihood(of, drift) - most);
        sum += value;
        weighted += value * drift;
    }
    return weighted / sum;
}

/* Where the likelihood has fallen by `fall` in its log, below and above its maximum. */
static enum reason likelihood_interval(struct likelihood *of, double best, double fall,
                                       struct interval *interval)
{
    of->target = log_likelihood(of, best) - fall;
    double high = of->s / of->r + sqrt(2 * fall / of->r) + 1 / sqrt(of->r), low = best - 1;
    for (int i = 0; i < DOUBLINGS_MAX && likelihood_gap(low, of) > 0; i++)
        low -= best - low;
    if (!(likelihood_gap(low, of) < 0) || !(likelihood_gap(high, of) < 0))
        return REASON_NOT_FINITE;
    interval->low = root_between(likelihood_gap, of, low, best);
    interval->high = root_between(likelihood_gap, of, best, high);
    return REASON_NONE;
}

static bool looks_are_valid(const struct winner_look *looks, size_t count)
{
    double before = 0;
    for (size_t i = 0; i < count; i++) {
        if (!(looks[i].ratio > before) || !(looks[i].boundary > 0) || !isfinite(looks[i].boundary))
            return false;
        before = looks[i].ratio;
    }
    return count > 0 && count <= WINNER_LOOKS_MAX && fabs(before - 1) < 1e-9;
}

static void likelihood_of(const struct winner_look *looks, size_t count, struct likelihood *of)
{
    inside_first(&of->inside, looks[0]);
    for (size_t i = 1; i < count; i++)
        inside_next(&of->inside, looks[i], looks[i].ratio - looks[i - 1].ratio);
}

enum reason winner_stopped(const struct winner_look *looks, size_t count, size_t stop,
                           struct effect effect, double alpha, struct winner *winner)
{
    struct likelihood of;
    struct interval interval, wide;
    if (!looks_are_valid(looks, count) || stop >= count || !isfinite(effect.estimate) ||
        !(effect.se > 0) || !isfinite(effect.se) || !alpha_is_valid(alpha))
        return REASON_INVALID;
    double z = fabs(effect.estimate) / effect.se;
    if (!(z > looks[stop].boundary))
        return REASON_INVALID;
    likelihood_of(looks, count, &of);
    of.r = looks[stop].ratio;
    of.s = z * sqrt(of.r);
    if (!isfinite(of.s) || !(stop_probability(&of, 0) > STOP_MIN))
        return REASON_NOT_FINITE;
    double best = likelihood_maximum(&of), fall = gsl_cdf_chisq_Qinv(alpha, 1) / 2;
    enum reason reason = likelihood_interval(&of, best, fall, &interval);
    /* e^-12 of the maximum is where the mean no longer cares. */
    if (!reason)
        reason = likelihood_interval(&of, best, 12, &wide);
    if (reason)
        return reason;
    double scale = copysign(effect.se * sqrt(of.r), effect.estimate);
    double mean = likelihood_mean(&of, wide.low, wide.high, log_likelihood(&of, best));
    struct winner result = {
        .likely = scale * best,
        .central = scale * mean,
        .interval = {fmin(scale * interval.low, scale * interval.high),
                     fmax(scale * interval.low, scale * interval.high)},
    };
    if (!isfinite(result.likely) || !isfinite(result.central) || !isfinite(result.interval.low) ||
        !isfinite(result.interval.high))
        return REASON_NOT_FINITE;
    *winner = result;
    return REASON_NONE;
}
