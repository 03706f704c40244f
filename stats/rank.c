/*
 * Order statistics: quantiles, winsorised means, Woodruff's interval, Mann and Whitney's test.
 *
 * Quantile   type 7: position 1 + (n-1)p;  6: (n+1)p;  8: 1/3 + (n + 1/3)p; between two ranks the
 *            value is interpolated, outside it is the first or last.  Type 1: rank ceil(np); 2:
 *            the same, the mean of ranks np and np + 1 where np is whole.
 * Winsorised values below the lower and above the upper type-7 quantile are moved to it; mean,
 *            and variance with divisor n - 1 about that mean.
 * Woodruff   quantiles at p -+ z sqrt(p(1-p)/n): the interval of the share below, inverted.
 *            se = width/(2z).  Needs no density.
 * Rank sum   W = #{treatment > control} + #{equal}/2;  z = (W - mn/2)/s,
 *            s^2 = mn/12 [(N+1) - sum(t^3 - t)/(N(N-1))] over groups of t equal values; with
 *            continuity |W - mn/2| is taken 1/2 nearer to 0.  W, mn and the sum of t^3 - t are
 *            integers and kept as such.
 *
 * Assumes    independent units.  Woodruff: n p and n (1-p) of 10 or more.
 * Not for    clustered units; medians of a time that some have not reached (Kaplan-Meier).  Mann
 *            and Whitney's is no test of medians: it asks whether superiority is 1/2, and its
 *            error is right only where the two distributions are the same.
 * Accuracy   quantiles and winsorised means 1e-12 of R's quantile(), W exactly and p 1e-9 of R's
 *            wilcox.test; Woodruff covers a median of 60 units .93 to .97 of the time
 *            (tests/stats/test_rank.c, tests/stats/reference).
 * Reference  Hyndman and Fan (1996), American Statistician 50:361-365; Woodruff (1952), JASA
 *            47:635-646; Mann and Whitney (1947), Annals of Mathematical Statistics 18:50-60;
 *            Lehmann (1975), Nonparametrics, 1.4 (ties).
 */

#include "stats/rank.h"
#include "stats/normal.h"

#include <float.h>
#include <math.h>
#include <stdlib.h>

__extension__ typedef __int128 wide;

/* t^3 of all units of both samples stays inside 127 bits. */
#define UNITS_MAX ((uint64_t)1 << 40)

static double value_at(const struct ranked *ranked, size_t i)
{
    return ranked->values ? ranked->values[i] : (double)i;
}

static uint64_t units_at(const struct ranked *ranked, size_t i)
{
    return ranked->units ? ranked->units[i] : 1;
}

/* Checks a sample and counts its units. */
static enum reason ranked_units(const struct ranked *ranked, uint64_t *units)
{
    uint64_t sum = 0;
    for (size_t i = 0; i < ranked->count; i++) {
        double value = value_at(ranked, i);
        if (!isfinite(value) || (i > 0 && value < value_at(ranked, i - 1)))
            return REASON_INVALID;
        if (units_at(ranked, i) > UNITS_MAX - sum)
            return REASON_INVALID;
        sum += units_at(ranked, i);
    }
    if (sum == 0)
        return REASON_NO_UNITS;
    *units = sum;
    return REASON_NONE;
}

/* -1, 0 or 1; both are finite. */
static int value_compare(const void *left, const void *right)
{
    double a = *(const double *)left, b = *(const double *)right;
    return (a > b) - (a < b);
}

enum reason values_sort(double *values, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (!isfinite(values[i]))
            return REASON_INVALID;
    if (count > 1)
        qsort(values, count, sizeof *values, value_compare);
    return REASON_NONE;
}

/* The value of a rank, counted from 1 and held inside the sample. */
static double value_of_rank(const struct ranked *ranked, uint64_t units, double rank)
{
    uint64_t target = rank < 1 ? 1 : rank > (double)units ? units : (uint64_t)rank, below = 0;
    if (!ranked->units)
        return value_at(ranked, target - 1);
    for (size_t i = 0; i < ranked->count; i++) {
        below += ranked->units[i];
        if (below >= target)
            return value_at(ranked, i);
    }
    return value_at(ranked, ranked->count - 1);
}

/* A place between ranks: `weight` of the way from `rank` to the next. */
struct position {
    double rank, weight;
};

/* Rounding of n p may not carry a position over a rank. */
static const double fuzz = 4 * DBL_EPSILON;

static struct position step_position(double np, double weight_at_step)
{
    double rank = floor(np + fuzz);
    return (struct position){rank, np > rank ? 1 : weight_at_step};
}

static struct position smooth_position(double position)
{
    double rank = floor(position + fuzz), weight = position - rank;
    return (struct position){rank, fabs(weight) < fuzz ? 0 : weight};
}

static struct position quantile_position(enum quantile_type type, double n, double share)
{
    switch (type) {
    case QUANTILE_1: return step_position(n * share, 0);
    case QUANTILE_2: return step_position(n * share, .5);
    case QUANTILE_6: return smooth_position(share * (n + 1));
    case QUANTILE_8: return smooth_position(1. / 3 + share * (n + 1 - 2. / 3));
    case QUANTILE_7: break;
    }
    double position = 1 + (n - 1) * share, rank = floor(position);
    return (struct position){rank, position - rank};
}

/* The quantile of a sample already checked. */
static double quantile_at(const struct ranked *ranked, uint64_t units, enum quantile_type type,
                          double share)
{
    struct position at = quantile_position(type, (double)units, share);
    double low = value_of_rank(ranked, units, at.rank);
    if (at.weight == 0)
        return low;
    double high = value_of_rank(ranked, units, at.rank + 1);
    return low == high ? low : (1 - at.weight) * low + at.weight * high;
}

static bool type_is_known(enum quantile_type type)
{
    return type == QUANTILE_1 || type == QUANTILE_2 || type == QUANTILE_6 || type == QUANTILE_7 ||
           type == QUANTILE_8;
}

enum reason ranked_quantile(const struct ranked *ranked, enum quantile_type type, double share,
                            double *quantile)
{
    uint64_t units;
    enum reason reason = ranked_units(ranked, &units);
    if (reason)
        return reason;
    if (!type_is_known(type) || !(share >= 0 && share <= 1))
        return REASON_INVALID;
    *quantile = quantile_at(ranked, units, type, share);
    return REASON_NONE;
}

/* Mean and sum of squares about it, of the values moved to the caps. */
struct spread {
    uint64_t units;
    double mean, squares;
};

static enum reason winsorised_spread(const struct ranked *ranked, struct winsor keep,
                                     struct spread *spread)
{
    struct spread result = {0};
    enum reason reason = ranked_units(ranked, &result.units);
    if (reason)
        return reason;
    if (!(keep.low >= 0 && keep.low <= keep.high && keep.high <= 1))
        return REASON_INVALID;
    double low = quantile_at(ranked, result.units, QUANTILE_7, keep.low);
    double high = quantile_at(ranked, result.units, QUANTILE_7, keep.high);
    double n = (double)result.units, sum = 0, rest = 0;
    /* About the lower cap first, so that a constant added to all moves nothing but the mean. */
    for (size_t i = 0; i < ranked->count; i++)
        sum += (double)units_at(ranked, i) * (fmin(high, fmax(low, value_at(ranked, i))) - low);
    double above = sum / n;
    for (size_t i = 0; i < ranked->count; i++) {
        double gap = fmin(high, fmax(low, value_at(ranked, i))) - low - above;
        result.squares += (double)units_at(ranked, i) * gap * gap;
        rest += (double)units_at(ranked, i) * gap;
    }
    result.mean = low + above + rest / n;
    result.squares = fmax(0, result.squares - rest * rest / n);
    if (!isfinite(result.mean) || !isfinite(result.squares))
        return REASON_NOT_FINITE;
    *spread = result;
    return REASON_NONE;
}

enum reason ranked_winsorised_mean(const struct ranked *ranked, struct winsor keep, double *mean)
{
    struct spread spread;
    enum reason reason = winsorised_spread(ranked, keep, &spread);
    if (!reason)
        *mean = spread.mean;
    return reason;
}

enum reason ranked_winsorised_variance(const struct ranked *ranked, struct winsor keep,
                                       double *variance)
{
    struct spread spread;
    enum reason reason = winsorised_spread(ranked, keep, &spread);
    if (reason)
        return reason;
    if (spread.units == 1)
        return REASON_ONE_UNIT;
    *variance = spread.squares / (double)(spread.units - 1);
    return REASON_NONE;
}

enum reason ranked_quantile_interval(const struct ranked *ranked, double share, double alpha,
                                     struct quantile *quantile)
{
    uint64_t units;
    enum reason reason = ranked_units(ranked, &units);
    if (reason)
        return reason;
    if (!(share > 0 && share < 1) || !alpha_is_valid(alpha))
        return REASON_INVALID;
    double z = normal_z_two_sided(alpha);
    double half = z * sqrt(share * (1 - share) / (double)units);
    if (!(share - half > 0 && share + half < 1))
        return REASON_TOO_FEW;
    struct quantile result = {
        .value = quantile_at(ranked, units, QUANTILE_7, share),
        .interval = {quantile_at(ranked, units, QUANTILE_7, share - half),
                     quantile_at(ranked, units, QUANTILE_7, share + half)},
    };
    result.se = (result.interval.high - result.interval.low) / (2 * z);
    if (!isfinite(result.se))
        return REASON_NOT_FINITE;
    *quantile = result;
    return REASON_NONE;
}

enum reason ranked_quantile_difference(const struct ranked *treatment, const struct ranked *control,
                                       double share, double planned, struct estimate *estimate)
{
    struct quantile t, c;
    uint64_t units_t, units_c;
    enum reason reason = ranked_quantile_interval(treatment, share, .05, &t);
    if (!reason)
        reason = ranked_quantile_interval(control, share, .05, &c);
    if (!reason)
        reason = ranked_units(treatment, &units_t);
    if (!reason)
        reason = ranked_units(control, &units_c);
    if (reason)
        return reason;
    if (!(planned > 0))
        return REASON_INVALID;
    return estimate_of_value(t.value - c.value, hypot(t.se, c.se), 0,
                             ((double)units_t + (double)units_c) / planned, estimate);
}

/* Twice the pairs that treatment wins, and the sum of t^3 - t over groups of equal values. */
struct rank_sums {
    wide pairs_twice, ties;
};

/* The units of the run of equal values at *i, which moves behind it. */
static uint64_t run_take(const struct ranked *ranked, size_t *i, double value)
{
    uint64_t units = 0;
    for (; *i < ranked->count && value_at(ranked, *i) == value; ++*i)
        units += units_at(ranked, *i);
    return units;
}

/* Walks both samples upwards, one value at a time. */
static struct rank_sums rank_sums_of(const struct ranked *treatment, const struct ranked *control)
{
    struct rank_sums sums = {0};
    wide control_below = 0;
    for (size_t i = 0, j = 0; i < treatment->count || j < control->count;) {
        double value = i == treatment->count ? value_at(control, j) : value_at(treatment, i);
        if (j < control->count && value_at(control, j) < value)
            value = value_at(control, j);
        wide t = (wide)run_take(treatment, &i, value), c = (wide)run_take(control, &j, value);
        sums.pairs_twice += t * (2 * control_below + c);
        sums.ties += (t + c) * (t + c) * (t + c) - (t + c);
        control_below += c;
    }
    return sums;
}

enum reason mann_whitney_of(const struct ranked *treatment, const struct ranked *control,
                            struct mann_whitney *result)
{
    uint64_t units_t, units_c;
    enum reason reason = ranked_units(treatment, &units_t);
    if (!reason)
        reason = ranked_units(control, &units_c);
    if (reason)
        return reason;
    struct rank_sums sums = rank_sums_of(treatment, control);
    wide all = (wide)units_t + (wide)units_c, pairs = (wide)units_t * (wide)units_c;
    wide untied = all * all * all - all - sums.ties; /* N^3 - N - sum(t^3 - t) */
    if (untied <= 0)
        return REASON_NO_VARIATION;
    double n = (double)all, gap = (double)(sums.pairs_twice - pairs) / 2;
    double se = sqrt((double)pairs / 12 * ((double)untied / n / (n - 1)));
    double nearer = copysign(fmax(0, fabs(gap) - .5), gap);
    *result = (struct mann_whitney){
        .pairs = (double)sums.pairs_twice / 2,
        .superiority = (double)sums.pairs_twice / 2 / (double)pairs,
        .test = normal_test(gap / se),
        .with_continuity = normal_test(nearer / se),
    };
    return REASON_NONE;
}
