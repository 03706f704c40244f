/*
 * Two proportions: did the variant change the rate?
 *
 * Difference  Miettinen and Nurminen's score, for a null difference D:
 *                 z(D) = (p1 - p0 - D) / sqrt(v),
 *                 v = [q1(1-q1)/n1 + q0(1-q0)/n0] N/(N-1),  N = n1 + n0,
 *             (q1, q0) the most likely rates with q1 - q0 = D.  The interval is
 *             {D: |z(D)| <= z}; its limits may be -1 or 1, and it is there when a rate is 0 or 1.
 *             z := 0 when the numerator is exactly 0.
 * One rate    Wilson's score interval.
 * Also        Newcombe's hybrid of two Wilson intervals, and the pooled z test.
 *
 * How       (q1, q0) are written as offsets from the ends of their common range, so that neither a
 *           rate of 1e-9 nor one of 1 - 1e-9 loses digits.  The offset is the root of the profile
 *           score, which decreases: Newton steps inside a shrinking bracket, started from the
 *           closed cubic (which alone keeps about 8 digits at rates of 1e-5).  The limits solve
 *           p1 - p0 - D = z sqrt(v(D)), which stays finite at D = -1 and 1.
 * Assumes   independent units, one outcome a unit.  Clustered units: not these functions.
 * Not for   a handful of units where the guarantee must be exact: Fisher, Clopper-Pearson.  Never
 *           take Wald's p1 - p0 +- z se instead: its coverage at .01 with 100 v 900 units is 64 %
 *           (stats/EVIDENCE.md).
 * Accuracy  score limits 1e-8, Wilson, Newcombe and z 1e-9 relative to vectors of mpmath at 40
 *           digits, R and SciPy, at up to 1e9 units a variant (tests/stats/reference:
 *           miettinen_nurminen.csv, wilson.csv, two_proportions.csv).
 * Reference Miettinen and Nurminen (1985), Statistics in Medicine 4:213-226; Farrington and
 *           Manning (1990), 9:1447-1454 (the cubic); Wilson (1927), JASA 22:209-212; Newcombe
 *           (1998), Statistics in Medicine 17:873-890.
 */

#include "stats/proportion.h"
#include "stats/normal.h"
#include "stats/root.h"

#include <float.h>
#include <math.h>
#include <stdbool.h>

/* Enough for bisection alone to reach the smallest offset of a double. */
#define OFFSET_STEPS_MAX 1100

/* The counts as reals: successes x and failures y of n units each; the variance's factor N/(N-1),
 * or 1. */
struct counts {
    double x1, y1, n1, x0, y0, n0;
    double inflation;
    double difference;
};

enum reason proportion_check(struct proportion rate)
{
    if (rate.units == 0)
        return REASON_NO_UNITS;
    return rate.successes > rate.units ? REASON_INVALID : REASON_NONE;
}

enum reason proportion_pair_check(const struct proportion_pair *pair)
{
    enum reason reason = proportion_check(pair->treatment);
    return reason ? reason : proportion_check(pair->control);
}

/* The product of two counts, which sums.h's signed integer need not hold. */
__extension__ typedef unsigned __int128 product;

/* p1 - p0, rounded once: between rates near 1 a difference of doubles has few digits left. */
static double rate_difference(struct proportion t, struct proportion c)
{
    product ours = (product)t.successes * c.units, theirs = (product)c.successes * t.units;
    double gap = ours >= theirs ? (double)(ours - theirs) : -(double)(theirs - ours);
    return gap / ((double)t.units * (double)c.units);
}

static struct counts pair_counts(const struct proportion_pair *pair)
{
    const struct proportion t = pair->treatment, c = pair->control;
    double n = (double)t.units + (double)c.units;
    return (struct counts){
        .x1 = (double)t.successes,
        .y1 = (double)(t.units - t.successes),
        .n1 = (double)t.units,
        .x0 = (double)c.successes,
        .y0 = (double)(c.units - c.successes),
        .n0 = (double)c.units,
        .inflation = n / (n - 1),
        .difference = rate_difference(t, c),
    };
}

/* The rates q1 = base1 + u and q0 = base0 + u with a fixed difference, u in [0, length], and the
 * complements 1 - q1 = base0 + (length - u), 1 - q0 = base1 + (length - u). */
struct profile {
    double x1, y1, x0, y0;
    double base1, base0, length;
};

static double ratio_or_zero(double count, double rate)
{
    return count == 0 ? 0 : count / rate;
}

static double profile_score(const struct profile *f, double u)
{
    double rest = f->length - u;
    return ratio_or_zero(f->x1, f->base1 + u) - ratio_or_zero(f->y1, f->base0 + rest) +
           ratio_or_zero(f->x0, f->base0 + u) - ratio_or_zero(f->y0, f->base1 + rest);
}

static double profile_slope(const struct profile *f, double u)
{
    double q1 = f->base1 + u, q0 = f->base0 + u;
    double r1 = f->base0 + f->length - u, r0 = f->base1 + f->length - u;
    return -(ratio_or_zero(f->x1, q1 * q1) + ratio_or_zero(f->y1, r1 * r1) +
             ratio_or_zero(f->x0, q0 * q0) + ratio_or_zero(f->y0, r0 * r0));
}

/* The closed solution of the likelihood equation, as an offset: a start value. */
static double profile_cubic(const struct profile *f)
{
    double n1 = f->x1 + f->y1, n0 = f->x0 + f->y0, n = n1 + n0, d = f->base1 - f->base0;
    double a2 = ((n1 + 2 * n0) * d - n - f->x1 - f->x0) / (3 * n);
    double a1 = ((n0 * d - n - 2 * f->x0) * d + f->x1 + f->x0) / n;
    double a0 = f->x0 * d * (1 - d) / n;
    double c = a2 * a2 * a2 - a1 * a2 / 2 + a0 / 2;
    double b = copysign(sqrt(fmax(0, a2 * a2 - a1 / 3)), c);
    double angle = acos(fmax(-1, fmin(1, c / (b * b * b))));
    return 2 * b * cos((M_PI + angle) / 3) - a2 - f->base0;
}

/* The root u of the profile score within [0, limit], where it is known to lie. */
static double profile_offset(const struct profile *f, double limit)
{
    if (profile_score(f, 0) <= 0)
        return 0;
    double low = 0, high = limit, u = profile_cubic(f);
    for (int step = 0; step < OFFSET_STEPS_MAX; step++) {
        if (!(u > low && u < high))
            u = low + (high - low) / 2;
        if (!(u > low && u < high))
            return u;
        double score = profile_score(f, u);
        if (score > 0)
            low = u;
        else
            high = u;
        double next = u - score / profile_slope(f, u);
        if (fabs(next - u) <= 2 * DBL_EPSILON * u)
            return next >= low && next <= high ? next : u;
        u = next;
    }
    return u;
}

/* v(D): the variance of the difference at its most likely rates under D. */
static double score_variance(const struct counts *k, double null)
{
    struct profile f = {
        .x1 = k->x1,
        .y1 = k->y1,
        .x0 = k->x0,
        .y0 = k->y0,
        .base1 = fmax(0, null),
        .base0 = fmax(0, -null),
        .length = 1 - fabs(null),
    };
    /* Past the middle count from the other end, with successes and failures exchanged; the
     * variance does not see the exchange. */
    if (profile_score(&f, f.length / 2) > 0)
        f = (struct profile){
            .x1 = k->y1,
            .y1 = k->x1,
            .x0 = k->y0,
            .y0 = k->x0,
            .base1 = f.base0,
            .base0 = f.base1,
            .length = f.length,
        };
    double u = profile_offset(&f, f.length / 2), rest = f.length - u;
    return ((f.base1 + u) * (f.base0 + rest) / k->n1 + (f.base0 + u) * (f.base1 + rest) / k->n0) *
           k->inflation;
}

static double score_statistic(const struct counts *k, double null)
{
    double numerator = k->difference - null;
    return numerator == 0 ? 0 : numerator / sqrt(score_variance(k, null));
}

struct limit {
    const struct counts *counts;
    double z; /* signed: > 0 for the lower limit */
};

static double limit_distance(double null, const void *about)
{
    const struct limit *limit = about;
    double reach = limit->z * sqrt(score_variance(limit->counts, null));
    return limit->counts->difference - null - reach;
}

/* The limit when every unit of both has the same outcome: one rate stays at 0 (or 1), the other is
 * |D| off, so that D^2 = z^2 |D| (1 - |D|)/n N/(N-1), with n the units of the one that is off. */
static double degenerate_limit(const struct counts *k, enum side side, double z)
{
    bool treatment_is_off = (side == SIDE_HIGH) == (k->x1 == 0);
    double odds = z * z / (treatment_is_off ? k->n1 : k->n0) * k->inflation;
    return (side == SIDE_LOW ? -1 : 1) * (odds / (1 + odds));
}

/* The limit on one side, for z > 0. */
static double score_limit(const struct counts *k, enum side side, double z)
{
    double end = side == SIDE_LOW ? -1 : 1;
    double start = k->difference;
    if (start == end)
        return end;
    if (k->x1 + k->x0 == 0 || k->y1 + k->y0 == 0)
        return degenerate_limit(k, side, z);
    /* All and none: the variance at the estimate is 0, so begin just inside. */
    if (start == -end)
        start *= 1 - 4 * DBL_EPSILON;
    struct limit limit = {.counts = k, .z = -end * z};
    return root_between(limit_distance, &limit, start, end);
}

enum reason proportion_wilson(struct proportion rate, double alpha, struct interval *interval)
{
    enum reason reason = proportion_check(rate);
    if (reason)
        return reason;
    if (!alpha_is_valid(alpha))
        return REASON_INVALID;
    double x = (double)rate.successes, y = (double)(rate.units - rate.successes);
    double n = (double)rate.units, z = normal_z_two_sided(alpha);
    double half = z * sqrt(x * (y / n) + z * z / 4);
    /* The two roots' complements, each without a difference of like numbers. */
    double low = x * (x / n) / (x + z * z / 2 + half);
    double high = y == 0 ? 1 : fmin(1, (x + z * z / 2 + half) / (n + z * z));
    *interval = (struct interval){.low = low, .high = high};
    return REASON_NONE;
}

/* The roots r of (|x - n r| - 1/2)^2 = z^2 n r (1-r); at the observed end the limit is 0 or 1. */
enum reason proportion_wilson_corrected(struct proportion rate, double alpha,
                                        struct interval *interval)
{
    enum reason reason = proportion_check(rate);
    if (reason)
        return reason;
    if (!alpha_is_valid(alpha))
        return REASON_INVALID;
    double n = (double)rate.units, x = (double)rate.successes, z = normal_z_two_sided(alpha);
    double y = (double)(rate.units - rate.successes), shift = fmin(.5, fabs(x - n / 2));
    double low_x = x - shift, high_x = x + shift, half = z * z / 2;
    double low_root = z * sqrt(half / 2 + low_x * ((y + shift) / n));
    double high_root = z * sqrt(half / 2 + high_x * ((y - shift) / n));
    struct interval result = {.low = 0, .high = 1};
    if (low_x > 0)
        result.low = low_x * (low_x / n) / (low_x + half + low_root);
    if (y - shift > 0)
        result.high = (high_x + half + high_root) / (n + z * z);
    *interval = result;
    return REASON_NONE;
}

enum reason proportion_difference(const struct proportion_pair *pair, double *difference,
                                  double *se)
{
    enum reason reason = proportion_pair_check(pair);
    if (reason)
        return reason;
    struct counts k = pair_counts(pair);
    *difference = k.difference;
    *se = sqrt(k.x1 / k.n1 * (k.y1 / k.n1) / k.n1 + k.x0 / k.n0 * (k.y0 / k.n0) / k.n0);
    return REASON_NONE;
}

enum reason proportion_score(const struct proportion_pair *pair, double null, struct test *test)
{
    enum reason reason = proportion_pair_check(pair);
    if (reason)
        return reason;
    if (!(fabs(null) < 1))
        return REASON_INVALID;
    struct counts k = pair_counts(pair);
    *test = normal_test(score_statistic(&k, null));
    return REASON_NONE;
}

enum reason proportion_score_one_sided(const struct proportion_pair *pair, double null,
                                       enum side side, struct test *test)
{
    struct test both;
    enum reason reason = proportion_score(pair, null, &both);
    if (reason)
        return reason;
    double towards = side == SIDE_HIGH ? both.statistic : -both.statistic;
    *test = normal_test_upper(towards);
    test->statistic = both.statistic;
    return REASON_NONE;
}

static enum reason score_interval(const struct proportion_pair *pair, enum score_variance variance,
                                  double alpha, struct interval *interval)
{
    enum reason reason = proportion_pair_check(pair);
    if (reason)
        return reason;
    if (!alpha_is_valid(alpha))
        return REASON_INVALID;
    struct counts k = pair_counts(pair);
    double z = normal_z_two_sided(alpha);
    if (variance == VARIANCE_PLAIN)
        k.inflation = 1;
    *interval = (struct interval){.low = score_limit(&k, SIDE_LOW, z),
                                  .high = score_limit(&k, SIDE_HIGH, z)};
    return REASON_NONE;
}

enum reason proportion_score_interval(const struct proportion_pair *pair, double alpha,
                                      struct interval *interval)
{
    return score_interval(pair, VARIANCE_UNBIASED, alpha, interval);
}

enum reason proportion_mee_interval(const struct proportion_pair *pair, double alpha,
                                    struct interval *interval)
{
    return score_interval(pair, VARIANCE_PLAIN, alpha, interval);
}

enum reason proportion_score_bound(const struct proportion_pair *pair, enum side side, double alpha,
                                   double *bound)
{
    enum reason reason = proportion_pair_check(pair);
    if (reason)
        return reason;
    if (!(alpha > 0 && alpha < .5))
        return REASON_INVALID;
    struct counts k = pair_counts(pair);
    *bound = score_limit(&k, side, normal_z_one_sided(alpha));
    return REASON_NONE;
}

enum reason proportion_newcombe(const struct proportion_pair *pair, double alpha,
                                struct interval *interval)
{
    struct interval treatment, control;
    enum reason reason = proportion_wilson(pair->treatment, alpha, &treatment);
    if (!reason)
        reason = proportion_wilson(pair->control, alpha, &control);
    if (reason)
        return reason;
    struct counts k = pair_counts(pair);
    double p1 = k.x1 / k.n1, p0 = k.x0 / k.n0;
    *interval = (struct interval){
        .low = p1 - p0 - hypot(p1 - treatment.low, control.high - p0),
        .high = p1 - p0 + hypot(treatment.high - p1, p0 - control.low),
    };
    return REASON_NONE;
}

enum reason proportion_pooled_z(const struct proportion_pair *pair, struct test *test)
{
    enum reason reason = proportion_pair_check(pair);
    if (reason)
        return reason;
    struct counts k = pair_counts(pair);
    if (k.x1 + k.x0 == 0 || k.y1 + k.y0 == 0)
        return REASON_NO_VARIATION;
    double n = k.n1 + k.n0, variance = (k.x1 + k.x0) / n * ((k.y1 + k.y0) / n);
    *test = normal_test(k.difference / sqrt(variance / k.n1 + variance / k.n0));
    return REASON_NONE;
}
