/*
 * Exact inference for one rate and for two.
 *
 * One rate    Clopper and Pearson: P(X >= x) = alpha/2 at the lower limit, P(X <= x) = alpha/2 at
 *             the upper, by the beta tails I_p(x, n-x+1) and 1 - I_p(x+1, n-x).
 * Two rates   given both margins the treatment's successes are hypergeometric, at an odds ratio w
 *             noncentral: P(i) ~ C(n1, i) C(n0, k-i) w^i.  Fisher's two-sided p adds the tables
 * with P(i) <= P(x) (1 + 1e-7); the estimate solves E(X; w) = x; the limits solve P(X >= x; w) =
 * alpha/2 and P(X <= x; w) = alpha/2.
 *
 * How       sums run from the observed table outwards, as ratios to it, until nothing is added: a
 * few dozen standard deviations, whatever n is.  P(x) itself is a ratio of three binomials in
 *           Loader's form; the first table of the other side is found by halving.
 * Assumes   independent units, one outcome a unit.
 * Not for   large n as a default: all of these are conservative, the more so the smaller the
 * counts. Accuracy  Clopper-Pearson 1e-10 of R's binom.test and of mpmath to 1e9 units; p 1e-9 of
 * R's fisher.test; odds ratio and limits 1e-9 of mpmath (tests/stats/test_proportion_exact.c). R
 * finds the odds ratio and its limits only to 1e-4 or so (uniroot's tolerance): where one unit
 * meets one, its upper limit is 39.0005, and is 39 here, as in exact arithmetic. Reference Clopper
 * and Pearson (1934), Biometrika 26:404-413; Fisher (1935), JRSS 98:39-82; Cornfield (1956), Third
 * Berkeley Symposium 4:135-148 (the exact limits).
 */

#include "stats/proportion_exact.h"
#include "stats/beta.h"
#include "stats/normal.h"
#include "stats/root.h"

#include <float.h>
#include <math.h>

/* Tables as likely as the observed, but for rounding, count as such; R's rule. */
#define AS_LIKELY 1e-7

/* ln of odds beyond which no limit lies: exp of it is near the largest double. */
#define LOG_ODDS_MAX 700.0

/* Terms below this share of their sum add nothing, however many follow. */
#define TERM_SHARE_MIN 1e-20

/* The limit of one rate: the logit at which the tail of `shape` below it has ln `log_tail`. */
struct rate_limit {
    struct beta shape;
    double log_tail;
};

static double rate_limit_distance(double logit, const void *about)
{
    const struct rate_limit *limit = about;
    struct beta_tails tails;
    if (beta_tails(limit->shape, split_of_logit(logit), &tails))
        return -DBL_MAX;
    return tails.log_lower - limit->log_tail;
}

/* The lower limit of x successes and y failures, x > 0, as the rate and its complement. */
static struct split lower_limit(double x, double y, double alpha)
{
    struct rate_limit limit = {.shape = {x, y + 1}, .log_tail = log(alpha / 2)};
    double middle = log(x / (y + 1));
    if (y == 0) {
        double log_rate = limit.log_tail / x;
        return (struct split){exp(log_rate), -expm1(log_rate)};
    }
    /* The median is not exactly at the middle; two standard deviations on are past it. */
    double above = middle + 2 * sqrt(1 / x + 1 / (y + 1)) + 1;
    return split_of_logit(root_between(rate_limit_distance, &limit, -LOG_ODDS_MAX, above));
}

enum reason proportion_clopper_pearson(struct proportion rate, double alpha,
                                       struct interval *interval)
{
    enum reason reason = proportion_check(rate);
    if (reason)
        return reason;
    if (!alpha_is_valid(alpha))
        return REASON_INVALID;
    double x = (double)rate.successes, y = (double)(rate.units - rate.successes);
    struct interval result = {.low = 0, .high = 1};
    if (x > 0)
        result.low = lower_limit(x, y, alpha).x;
    if (y > 0)
        result.high = lower_limit(y, x, alpha).y;
    *interval = result;
    return REASON_NONE;
}

/* x of n1 treated and k - x of n0 others succeeded; x may be from `low` to `high`. */
struct table {
    double x, n1, n0, k;
    double low, high;
};

static struct table table_of(const struct proportion_pair *pair)
{
    struct table table = {
        .x = (double)pair->treatment.successes,
        .n1 = (double)pair->treatment.units,
        .n0 = (double)pair->control.units,
        .k = (double)pair->treatment.successes + (double)pair->control.successes,
    };
    table.low = fmax(0, table.k - table.n0);
    table.high = fmin(table.n1, table.k);
    return table;
}

/* The same table counted in failures: the order of the treatment's counts turns round. */
static struct table table_mirrored(const struct table *t)
{
    return (struct table){
        .x = t->n1 - t->x,
        .n1 = t->n1,
        .n0 = t->n0,
        .k = t->n1 + t->n0 - t->k,
        .low = t->n1 - t->high,
        .high = t->n1 - t->low,
    };
}

/* P(i + 1) / P(i) at odds ratio 1. */
static double table_ratio(const struct table *t, double i)
{
    return (t->n1 - i) * (t->k - i) / ((i + 1) * (t->n0 - t->k + i + 1));
}

static double binomial_log(double successes, double failures, struct split rate)
{
    return binomial_log_peak(successes, failures) +
           split_deviance((struct beta){successes, failures}, rate);
}

static double table_log(const struct table *t, double i)
{
    double n = t->n1 + t->n0;
    struct split rate = {t->k / n, (n - t->k) / n};
    return binomial_log(i, t->n1 - i, rate) + binomial_log(t->k - i, t->n0 - (t->k - i), rate) -
           binomial_log_peak(t->k, n - t->k);
}

/* Sums over the tables beyond i on one side, as ratios to P(i): of 1, and of the distance to i.
 * Infinite when they overflow, which is far beyond what any use tells apart. */
struct beyond {
    double mass, moment;
};

static struct beyond beyond_above(const struct table *t, double i, double odds)
{
    struct beyond sum = {0, 0};
    double term = 1, start = i;
    for (; i < t->high && isfinite(sum.moment); i++) {
        double ratio = table_ratio(t, i) * odds;
        term *= ratio;
        sum.mass += term;
        sum.moment += term * (i + 1 - start);
        if (ratio < 1 && term <= TERM_SHARE_MIN * sum.mass)
            break;
    }
    return sum;
}

static struct beyond beyond_below(const struct table *t, double i, double odds)
{
    struct beyond sum = {0, 0};
    double term = 1, start = i;
    for (; i > t->low && isfinite(sum.moment); i--) {
        double ratio = 1 / (table_ratio(t, i - 1) * odds);
        term *= ratio;
        sum.mass += term;
        sum.moment += term * (start - (i - 1));
        if (ratio < 1 && term <= TERM_SHARE_MIN * sum.mass)
            break;
    }
    return sum;
}

static struct test tail_test(double statistic, double log_p)
{
    log_p = log_at_most_zero(log_p);
    return (struct test){.statistic = statistic, .p = exp(log_p), .log_p = log_p};
}

/* ln of the chance of the tables on the far side that are at most as likely as x, for x at or below
 * the mode: those from the first such on. */
static double log_far_side(const struct table *t, double log_x)
{
    double before = t->x, from = t->high + 1;
    while (from - before > 1) {
        double middle = before + floor((from - before) / 2);
        *(table_log(t, middle) <= log_x + AS_LIKELY ? &from : &before) = middle;
    }
    if (from > t->high)
        return -HUGE_VAL;
    return table_log(t, from) + log1p(beyond_above(t, from, 1).mass);
}

/* The three tests for x at or below the mode. */
static struct fisher fisher_below_mode(const struct table *t)
{
    double log_x = table_log(t, t->x), below = beyond_below(t, t->x, 1).mass;
    double log_near = log_x + log1p(below), log_far = log_far_side(t, log_x);
    return (struct fisher){
        .two_sided = tail_test(t->x, log_near + log1p(exp(log_far - log_near))),
        .higher = tail_test(t->x, log1p(-exp(log_x) * below)),
        .lower = tail_test(t->x, log_near),
    };
}

enum reason proportion_fisher(const struct proportion_pair *pair, struct fisher *fisher)
{
    enum reason reason = proportion_pair_check(pair);
    if (reason)
        return reason;
    struct table table = table_of(pair);
    struct fisher result;
    if (table.low == table.high) {
        struct test sure = tail_test(table.x, 0);
        result = (struct fisher){sure, sure, sure};
    } else if (table.x == table.low || table_ratio(&table, table.x - 1) >= 1) {
        result = fisher_below_mode(&table);
    } else {
        struct table mirrored = table_mirrored(&table);
        struct fisher turned = fisher_below_mode(&mirrored);
        result = (struct fisher){turned.two_sided, turned.lower, turned.higher};
        result.two_sided.statistic = result.higher.statistic = result.lower.statistic = table.x;
    }
    *fisher = result;
    return REASON_NONE;
}

struct odds_limit {
    const struct table *table;
    double log_tail; /* ln(alpha/2) */
};

/* Below 0 while the expected successes are fewer than the observed. */
static double estimate_distance(double log_odds, const void *about)
{
    const struct table *t = about;
    double odds = exp(log_odds);
    double above = beyond_above(t, t->x, odds).moment, below = beyond_below(t, t->x, odds).moment;
    if (isinf(above) || below == 0)
        return DBL_MAX;
    return isinf(below) || above == 0 ? -DBL_MAX : log(above) - log(below);
}

/* ln of the share of `tail` with the table itself, given what is beyond on the other side. */
static double log_share(double tail, double other)
{
    if (isinf(other))
        return -DBL_MAX;
    return isinf(tail) ? 0 : -log1p(other / (1 + tail));
}

static double low_odds_distance(double log_odds, const void *about)
{
    const struct odds_limit *limit = about;
    const struct table *t = limit->table;
    double odds = exp(log_odds);
    return log_share(beyond_above(t, t->x, odds).mass, beyond_below(t, t->x, odds).mass) -
           limit->log_tail;
}

static double high_odds_distance(double log_odds, const void *about)
{
    const struct odds_limit *limit = about;
    const struct table *t = limit->table;
    double odds = exp(log_odds);
    return log_share(beyond_below(t, t->x, odds).mass, beyond_above(t, t->x, odds).mass) -
           limit->log_tail;
}

enum reason proportion_conditional_odds(const struct proportion_pair *pair,
                                        struct ratio_value *odds)
{
    enum reason reason = proportion_pair_check(pair);
    if (reason)
        return reason;
    struct table table = table_of(pair);
    if (table.x == table.low)
        *odds = (struct ratio_value){.value = 0};
    else if (table.x == table.high)
        *odds = (struct ratio_value){.value = DBL_MAX, .infinite = true};
    else
        *odds = (struct ratio_value){
            .value = exp(root_between(estimate_distance, &table, -LOG_ODDS_MAX, LOG_ODDS_MAX))};
    return REASON_NONE;
}

enum reason proportion_conditional_odds_interval(const struct proportion_pair *pair, double alpha,
                                                 struct ratio_interval *interval)
{
    enum reason reason = proportion_pair_check(pair);
    if (reason)
        return reason;
    if (!alpha_is_valid(alpha))
        return REASON_INVALID;
    struct table table = table_of(pair);
    struct odds_limit limit = {.table = &table, .log_tail = log(alpha / 2)};
    struct ratio_interval result = {.high = DBL_MAX, .unbounded = table.x == table.high};
    if (table.x > table.low)
        result.low = exp(root_between(low_odds_distance, &limit, -LOG_ODDS_MAX, LOG_ODDS_MAX));
    if (table.x < table.high)
        result.high = exp(root_between(high_odds_distance, &limit, -LOG_ODDS_MAX, LOG_ODDS_MAX));
    *interval = result;
    return REASON_NONE;
}
