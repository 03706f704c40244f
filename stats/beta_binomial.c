/*
 * Beta-binomial comparison of two rates.
 *
 * Posterior  rate of a variant ~ Beta(alpha + x, beta + n - x), independent.
 * Chance     P(T > C) = integral of f_C(r) P(T > r).
 * Loss       E max(C - T, 0) = integral of f_C(r) E max(r - T, 0), where, with m the mean of T,
 *            E max(r - T, 0) = (r - m) F_T(r) + r (1-r) f_T(r) / (a + b),
 *            and E max(T - r, 0) is the same with the other tail and m - r.
 *
 * How       the integral is over ln(r/(1-r)), where the density has no corner for any shape, by the
 *           trapezoid rule in steps of a fraction of the standard deviation, which for such a
 *           function is exact to the last digits.  The narrower posterior N is the weight, the
 * wider W gives the tails.  From its mode the walk goes outwards on both sides; a log density moves
 * from node to node by Taylor's terms about the middle between them, and W's mass between them is
 * Gauss and Legendre's of those terms.  With m the mass of W since the mode and U its tail there,
 * the tail is U - m on the right and U + m on the left: on either side what is taken off stays
 * small against what is kept, because the weights fall, so that chances of 1e-12 keep their digits.
 * Assumes   independent units, one outcome a unit; a prior chosen before the data.
 * Not for   stopping: a chance read every day has no guarantee of error.
 * Accuracy  1e-9 relative of quadrature at 40 digits for chances and losses from 1e-15 on, 1e-7
 *           from 1e-30 on, at counts of up to 1e9, none and all included
 *           (tests/stats/reference/beta_binomial.csv).
 * Reference Miller (2014), Formulas for Bayesian A/B Testing (the closed sum, for comparison);
 *           Trefethen and Weideman (2014), SIAM Review 56:385-458 (the trapezoid rule).
 */

#include "stats/beta_binomial.h"

#include <math.h>
#include <stdbool.h>

#define SHAPE_MIN .05
#define SHAPE_MAX 1e9

/* Steps a standard deviation: with 2 a chance keeps 9 digits, with 2.5 thirteen. */
#define STEPS_A_SPREAD 2.5

/* The largest step, where the density is as wide as the logistic function itself. */
#define STEP_MAX .25

/* Weights below exp of this, relative to the largest, are left out. */
#define LOG_WEIGHT_MIN -80.0

/* What is less than this share of a sum changes it no more. */
#define NOTHING 1e-18

/* Each is about the wider posterior W and the narrower N. */
struct comparison {
    double wide_above, wide_below; /* P(W > N), P(W < N) */
    double excess, shortfall;      /* E max(W - N, 0), E max(N - W, 0) */
};

static double mean_of(struct beta shape)
{
    return shape.a / (shape.a + shape.b);
}

/* Standard deviation of ln(r/(1-r)) at the mode. */
static double spread_of(struct beta shape)
{
    return sqrt(1 / shape.a + 1 / shape.b);
}

/* r - mean, without loss near either end. */
static double above_mean(struct beta shape, struct split at)
{
    double mean = mean_of(shape);
    return mean < .5 ? at.x - mean : shape.b / (shape.a + shape.b) - at.y;
}

/* A log density of the logit along a walk: its value at the last node, and its shape. */
struct along {
    struct beta shape;
    double log_density;
};

/* Taylor's terms of a log density about the middle of a panel, at `s` beside it: `even` is the same
 * on both sides, `odd` changes its sign. */
struct terms {
    double even, odd;
};

/* Derivatives of the log density a ln x + b ln y by the logit, up to the eighth; x' = x y. */
struct slopes {
    double d1, d2, d3, d4, d5, d6, d7, d8; /* over the factorial of the order */
};

static struct slopes slopes_of(struct beta shape, struct split at)
{
    double n = shape.a + shape.b, u = at.x * at.y, nu = -n * u, nuv = nu * (at.y - at.x);
    return (struct slopes){
        .d1 = shape.a * at.y - shape.b * at.x,
        .d2 = nu / 2,
        .d3 = nuv / 6,
        .d4 = nu * (1 - 6 * u) / 24,
        .d5 = nuv * (1 - 12 * u) / 120,
        .d6 = nu * (1 - u * (30 - 120 * u)) / 720,
        .d7 = nuv * (1 - u * (60 - 360 * u)) / 5040,
        .d8 = nu * (1 - u * (126 - u * (1680 - 5040 * u))) / 40320,
    };
}

static struct terms terms_at(const struct slopes *d, double s)
{
    double q = s * s;
    return (struct terms){.even = q * (d->d2 + q * (d->d4 + q * (d->d6 + q * d->d8))),
                          .odd = s * (d->d1 + q * (d->d3 + q * (d->d5 + q * d->d7)))};
}

/* Goes over one panel outwards, `half` its signed half width: moves the log density from the inner
 * end to the outer, and gives the mass between them. */
static double along_step(struct along *along, struct split middle, double half)
{
    static const double points[] = {0.2386191860831969086, 0.6612093864662645136,
                                    0.9324695142031520278};
    static const double weights[] = {0.4679139345726910473, 0.3607615730481386076,
                                     0.1713244923791703450};
    struct slopes slopes = slopes_of(along->shape, middle);
    struct terms end = terms_at(&slopes, half);
    double log_middle = along->log_density - (end.even - end.odd), sum = 0;
    along->log_density = log_middle + end.even + end.odd;
    for (int i = 0; i < 3; i++) {
        struct terms at = terms_at(&slopes, points[i] * half);
        sum +=
            weights[i] * (exp(log_middle + at.even + at.odd) + exp(log_middle + at.even - at.odd));
    }
    return fabs(half) * sum;
}

/* The same without the mass. */
static void along_move(struct along *along, struct split middle, double half)
{
    struct slopes slopes = slopes_of(along->shape, middle);
    along->log_density += 2 * terms_at(&slopes, half).odd;
}

/* Sums over the nodes on one side of the narrower posterior's mode: its weight, and the weight
 * times what the wider one says there. */
struct side_sums {
    double weight, edge, gap;
    double mass, gap_mass; /* times the wider one's mass since the mode */
    double whole;          /* that mass, to the last node */
    double logit;          /* of the last node */
    struct along wide;     /* there */
};

static bool is_last(const struct side_sums *sum, double weight, double mass_term)
{
    return weight <= NOTHING * sum->weight && mass_term <= NOTHING * sum->mass;
}

static struct side_sums side_of(struct along narrow, struct along wide, double mode, double step)
{
    struct side_sums sum = {.wide = wide};
    double log_top = narrow.log_density, half = step / 2;
    for (double i = 0;; i++) {
        struct split middle = split_of_logit(mode + i * step + half);
        sum.logit = mode + (i + 1) * step;
        struct split node = split_of_logit(sum.logit);
        along_move(&narrow, middle, half);
        sum.whole += along_step(&sum.wide, middle, half);
        double weight = exp(narrow.log_density), gap = above_mean(wide.shape, node);
        sum.weight += weight;
        sum.edge += weight * exp(sum.wide.log_density);
        sum.gap += weight * gap;
        sum.mass += weight * sum.whole;
        sum.gap_mass += weight * gap * sum.whole;
        if (!(narrow.log_density - log_top > LOG_WEIGHT_MIN) ||
            is_last(&sum, weight, weight * sum.whole))
            return sum;
    }
}

/* The wider one's mass from the last node of a side outwards, away from its mode. */
static double mass_beyond(const struct side_sums *side, double step)
{
    struct along wide = side->wide;
    double sum = 0, half = step / 2;
    for (double i = 0;; i++) {
        double more = along_step(&wide, split_of_logit(side->logit + i * step + half), half);
        sum += more;
        if (!(more > NOTHING * (sum + side->whole)))
            return sum;
    }
}

static double step_of(struct beta shape)
{
    return fmin(STEP_MAX, spread_of(shape) / STEPS_A_SPREAD);
}

static struct comparison compare(struct beta narrow, struct beta wide)
{
    double mode = log(narrow.a / narrow.b), step = step_of(narrow);
    struct split top = split_of_logit(mode);
    struct along n = {narrow, beta_log_density(narrow, top)};
    struct along w = {wide, beta_log_density(wide, top)};
    struct side_sums right = side_of(n, w, mode, step), left = side_of(n, w, mode, -step);
    /* The tail that is away from the wider one's mode is added up; the other is its complement. */
    bool is_above = wide.a * top.y <= wide.b * top.x;
    double tail = is_above ? right.whole + mass_beyond(&right, step_of(wide))
                           : left.whole + mass_beyond(&left, -step_of(wide));
    double upper = is_above ? tail : 1 - tail, lower = is_above ? 1 - tail : tail;
    double at_top = exp(n.log_density), gap_top = at_top * above_mean(wide, top);
    double weight = at_top + right.weight + left.weight, gap = gap_top + right.gap + left.gap;
    double edge = (at_top * exp(w.log_density) + right.edge + left.edge) / (wide.a + wide.b);
    double moved = right.mass - left.mass, gap_moved = right.gap_mass - left.gap_mass;
    struct comparison of = {.wide_above = upper * weight - moved,
                            .wide_below = lower * weight + moved,
                            .excess = step * (edge - upper * gap + gap_moved),
                            .shortfall = step * (edge + lower * gap + gap_moved)};
    double above = fmax(0, of.wide_above), below = fmax(0, of.wide_below), whole = above + below;
    return (struct comparison){.wide_above = above / whole,
                               .wide_below = below / whole,
                               .excess = fmax(0, of.excess),
                               .shortfall = fmax(0, of.shortfall)};
}

static bool prior_is_valid(struct beta prior)
{
    return prior.a >= SHAPE_MIN && prior.a <= SHAPE_MAX && prior.b >= SHAPE_MIN &&
           prior.b <= SHAPE_MAX;
}

static struct beta posterior(struct proportion rate, struct beta prior)
{
    return (struct beta){prior.a + (double)rate.successes,
                         prior.b + (double)(rate.units - rate.successes)};
}

enum reason beta_binomial(const struct proportion_pair *pair, struct beta prior,
                          struct beta_binomial *answer)
{
    const struct proportion t = pair->treatment, c = pair->control;
    if (t.successes > t.units || c.successes > c.units || !prior_is_valid(prior))
        return REASON_INVALID;
    struct beta treatment = posterior(t, prior), control = posterior(c, prior);
    struct beta_binomial result = {.mean_treatment = mean_of(treatment),
                                   .mean_control = mean_of(control)};
    if (spread_of(control) <= spread_of(treatment)) {
        struct comparison of = compare(control, treatment);
        result.treatment_better = of.wide_above;
        result.control_better = of.wide_below;
        result.loss_control = of.excess;
        result.loss_treatment = of.shortfall;
    } else {
        struct comparison of = compare(treatment, control);
        result.treatment_better = of.wide_below;
        result.control_better = of.wide_above;
        result.loss_control = of.shortfall;
        result.loss_treatment = of.excess;
    }
    *answer = result;
    return REASON_NONE;
}
