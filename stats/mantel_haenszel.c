/*
 * Cochran, Mantel and Haenszel: rates compared within strata.
 *
 * A stratum has a, b = successes and failures of the treatment, c, d those of the control;
 * n1 = a+b, n0 = c+d, m = a+c, N = n1+n0.
 *
 * Test       (|sum(a - n1 m/N)| - h)^2 / sum(n1 n0 m (N-m) / (N^2 (N-1))) on one degree of
 *            freedom, h = 0, or 1/2 where the gap is at least that.
 * Odds       R = ad/N, S = bc/N, P = (a+d)/N, Q = (b+c)/N:  ln(sum R / sum S), variance
 *            1/2 [sum PR/(sum R)^2 + sum(PS + QR)/(sum R sum S) + sum QS/(sum S)^2].
 * Risk       R = a n0/N, S = c n1/N:  ln(sum R / sum S), variance
 *            sum((n1 n0 m/N - a c)/N) / (sum R sum S).
 * Difference D = sum(a n0/N - c n1/N) / sum w, w = n1 n0/N; variance
 *            {D sum[c (n1/N)^2 - a (n0/N)^2 + n1 n0 (n0 - n1)/(2 N^2)]
 *            + 1/2 sum[a (n0-c)/N + c (n1-a)/N]} / (sum w)^2.
 * Breslow    and Day: A the a that margins and common odds ratio expect, the root of
 *            A (n0 - m + A) = odds (n1 - A)(m - A); B, C, D likewise, V = 1/(1/A+1/B+1/C+1/D):
 *            sum (a-A)^2/V on k-1 degrees of freedom.  Tarone takes (sum(a-A))^2/sum V off.
 *
 * Assumes    independent units; strata fixed before the treatment; for the ratios, one common
 *            effect.
 * Not for    effects that differ in direction between strata: they cancel (breslow_day_test).
 * Accuracy   1e-9 of R's mantelhaen.test and of metafor's rma.mh (tests/stats/test_strata.c).
 * Reference  Mantel and Haenszel (1959), JNCI 22:719-748; Robins, Breslow, Greenland (1986),
 *            Biometrics 42:311-323; Greenland and Robins (1985), Biometrics 41:55-68; Sato,
 *            Greenland, Robins (1989), Biometrics 45:1323-1324; Breslow and Day (1980), IARC 32;
 *            Tarone (1985), Biometrika 72:91-95.
 */

#include "stats/mantel_haenszel.h"
#include "stats/normal.h"

#include <math.h>

struct table {
    double a, b, c, d;   /* cells */
    double n1, n0, m, n; /* treatment, control, successes, all */
};

static struct table table_of(const struct proportion_pair *pair)
{
    const struct proportion t = pair->treatment, k = pair->control;
    return (struct table){
        .a = (double)t.successes,
        .b = (double)(t.units - t.successes),
        .c = (double)k.successes,
        .d = (double)(k.units - k.successes),
        .n1 = (double)t.units,
        .n0 = (double)k.units,
        .m = (double)t.successes + (double)k.successes,
        .n = (double)t.units + (double)k.units,
    };
}

/* Whether the stratum has both variants. */
static bool is_compared(const struct proportion_pair *pair)
{
    return pair->treatment.units > 0 && pair->control.units > 0;
}

static enum reason strata_check(const struct proportion_pair *strata, size_t count)
{
    size_t compared = 0;
    for (size_t i = 0; i < count; i++) {
        if (strata[i].treatment.successes > strata[i].treatment.units ||
            strata[i].control.successes > strata[i].control.units)
            return REASON_INVALID;
        compared += is_compared(&strata[i]);
    }
    return compared > 0 ? REASON_NONE : REASON_NO_UNITS;
}

static double units_of(const struct proportion_pair *strata, size_t count)
{
    double units = 0;
    for (size_t i = 0; i < count; i++)
        units += (double)strata[i].treatment.units + (double)strata[i].control.units;
    return units;
}

/* a - n1 m/N without its cancellation: (a d - b c)/N. */
static double gap_of(const struct table *t)
{
    return (t->a * t->d - t->b * t->c) / t->n;
}

enum reason mantel_haenszel_test(const struct proportion_pair *strata, size_t count,
                                 struct mantel_haenszel_test *test)
{
    enum reason reason = strata_check(strata, count);
    if (reason)
        return reason;
    double gap = 0, variance = 0;
    for (size_t i = 0; i < count; i++) {
        struct table t = table_of(&strata[i]);
        if (!is_compared(&strata[i]))
            continue;
        gap += gap_of(&t);
        variance += t.n1 / t.n * (t.n0 / t.n) * t.m * ((t.n - t.m) / (t.n - 1));
    }
    if (!(variance > 0))
        return REASON_NO_VARIATION;
    double size = fabs(gap), nearer = size >= .5 ? size - .5 : size;
    struct mantel_haenszel_test result;
    reason = chi_square_tail(size * size / variance, 1, &result.plain);
    if (!reason)
        reason = chi_square_tail(nearer * nearer / variance, 1, &result.with_continuity);
    if (!reason)
        *test = result;
    return reason;
}

static enum reason log_ratio_finish(double r, double s, double variance, double ratio,
                                    struct estimate *estimate)
{
    if (!(r > 0) || !(s > 0))
        return REASON_NO_EVENTS;
    double excess = (r - s) / s;
    double value = fabs(excess) < .5 ? log1p(excess) : log(r) - log(s);
    return estimate_of_value(value, sqrt(fmax(0, variance)), 0, ratio, estimate);
}

enum reason mantel_haenszel_log_odds(const struct proportion_pair *strata, size_t count,
                                     double planned, struct estimate *estimate)
{
    enum reason reason = strata_check(strata, count);
    if (reason)
        return reason;
    if (!(planned > 0))
        return REASON_INVALID;
    double sum_r = 0, sum_s = 0, pr = 0, ps_qr = 0, qs = 0;
    for (size_t i = 0; i < count; i++) {
        struct table t = table_of(&strata[i]);
        if (!is_compared(&strata[i]))
            continue;
        double r = t.a * t.d / t.n, s = t.b * t.c / t.n;
        double p = (t.a + t.d) / t.n, q = (t.b + t.c) / t.n;
        sum_r += r;
        sum_s += s;
        pr += p * r;
        ps_qr += p * s + q * r;
        qs += q * s;
    }
    double variance = (pr / sum_r / sum_r + ps_qr / sum_r / sum_s + qs / sum_s / sum_s) / 2;
    return log_ratio_finish(sum_r, sum_s, variance, units_of(strata, count) / planned, estimate);
}

enum reason mantel_haenszel_log_risk(const struct proportion_pair *strata, size_t count,
                                     double planned, struct estimate *estimate)
{
    enum reason reason = strata_check(strata, count);
    if (reason)
        return reason;
    if (!(planned > 0))
        return REASON_INVALID;
    double r = 0, s = 0, scatter = 0;
    for (size_t i = 0; i < count; i++) {
        struct table t = table_of(&strata[i]);
        if (!is_compared(&strata[i]))
            continue;
        r += t.a * (t.n0 / t.n);
        s += t.c * (t.n1 / t.n);
        scatter += t.n1 / t.n * (t.n0 / t.n) * t.m - t.a / t.n * t.c;
    }
    return log_ratio_finish(r, s, scatter / r / s, units_of(strata, count) / planned, estimate);
}

enum reason mantel_haenszel_difference(const struct proportion_pair *strata, size_t count,
                                       double planned, struct estimate *estimate)
{
    enum reason reason = strata_check(strata, count);
    if (reason)
        return reason;
    if (!(planned > 0))
        return REASON_INVALID;
    double gap = 0, weight = 0, slope = 0, scatter = 0;
    for (size_t i = 0; i < count; i++) {
        struct table t = table_of(&strata[i]);
        if (!is_compared(&strata[i]))
            continue;
        double f1 = t.n1 / t.n, f0 = t.n0 / t.n;
        gap += gap_of(&t); /* a n0/N - c n1/N */
        weight += t.n1 * f0;
        slope += t.c * f1 * f1 - t.a * f0 * f0 + f1 * f0 * (t.n0 - t.n1) / 2;
        scatter += (t.a * t.d + t.c * t.b) / t.n / 2;
    }
    double value = gap / weight;
    double variance = (value * slope + scatter) / weight / weight;
    return estimate_of_value(value, sqrt(fmax(0, variance)), 0, units_of(strata, count) / planned,
                             estimate);
}

/* The expected count of a cell at its odds ratio, given its row's and column's totals, and what is
 * in neither (`rest`, which may be negative): the root of a quadratic, in the form that does not
 * cancel.  `spread` is n1 n0 + m (N - m). */
static double expected_count(double row, double column, double rest, double spread, double odds)
{
    double b = rest + odds * (row + column), gap = odds * (row - column);
    double root = sqrt(rest * rest + gap * gap + 2 * odds * spread);
    return b >= 0 ? 2 * odds * row * column / (b + root) : (root - b) / (2 * (1 - odds));
}

/* A table against what its margins and the common odds ratio expect. */
struct expectation {
    double gap;         /* observed - expected successes of the treatment */
    double information; /* 1 / sum of 1 / expected */
};

static struct expectation expectation_of(const struct table *t, double odds)
{
    double l = t->b + t->d, spread = t->n1 * t->n0 + t->m * l;
    double observed[] = {t->a, t->b, t->c, t->d}, signs[] = {1, -1, -1, 1};
    double expected[] = {
        expected_count(t->n1, t->m, t->n0 - t->m, spread, odds),
        expected_count(t->n1, l, t->m - t->n1, spread, 1 / odds),
        expected_count(t->n0, t->m, t->n1 - t->m, spread, 1 / odds),
        expected_count(t->n0, l, t->m - t->n0, spread, odds),
    };
    double sum = 0;
    size_t least = 0;
    for (size_t i = 0; i < 4; i++) {
        sum += 1 / expected[i];
        if (expected[i] < expected[least])
            least = i;
    }
    /* All four gaps are the same but for their sign; the least cell has it with the most digits. */
    return (struct expectation){signs[least] * (observed[least] - expected[least]), 1 / sum};
}

/* The common odds ratio itself. */
static enum reason common_odds(const struct proportion_pair *strata, size_t count, double *odds)
{
    double r = 0, s = 0;
    enum reason reason = strata_check(strata, count);
    if (reason)
        return reason;
    for (size_t i = 0; i < count; i++) {
        struct table t = table_of(&strata[i]);
        if (!is_compared(&strata[i]))
            continue;
        r += t.a * t.d / t.n;
        s += t.b * t.c / t.n;
    }
    if (!(r > 0) || !(s > 0))
        return REASON_NO_EVENTS;
    *odds = r / s;
    return REASON_NONE;
}

enum reason breslow_day_test(const struct proportion_pair *strata, size_t count,
                             struct breslow_day *test)
{
    double odds, plain = 0, gap = 0, information = 0;
    unsigned telling = 0;
    enum reason reason = common_odds(strata, count, &odds);
    if (reason)
        return reason;
    for (size_t i = 0; i < count; i++) {
        struct table t = table_of(&strata[i]);
        if (!is_compared(&strata[i]) || t.m == 0 || t.m == t.n)
            continue;
        struct expectation e = expectation_of(&t, odds);
        plain += e.gap * e.gap / e.information;
        gap += e.gap;
        information += e.information;
        telling++;
    }
    if (telling < 2)
        return REASON_TOO_FEW;
    struct breslow_day result;
    double tarone = fmax(0, plain - gap * gap / information);
    if (!isfinite(plain) || !isfinite(tarone))
        return REASON_NOT_FINITE;
    reason = chi_square_tail(plain, telling - 1, &result.plain);
    if (!reason)
        reason = chi_square_tail(tarone, telling - 1, &result.tarone);
    if (!reason)
        *test = result;
    return reason;
}
