/*
 * Accounts: whole accounts are given a variant, and the figure is the share of their members.
 *
 * Sizes are lognormal (median 5, sigma 1 where nothing else is said, at most 250), each account has
 * its own share from Beta(1.6, 2.4), so members of one account are correlated by .2.  Nobody is
 * better or worse.  Looks come at 20, 25 .. 200 accounts a variant, 37 of them.
 *
 *   aa-accounts           200 accounts a variant: the p of the fixed test.
 *   peeks-accounts        N* = 400, anytime at .05.
 *   accounts-N            planned are N accounts a variant, anytime at .01 by the t of its degrees
 *                         of freedom.
 *   coverage-accounts-N   95 % interval of the difference with N accounts a variant, sizes of
 *                         sigma .5, by the method that the report takes.
 *   coverage-skewed-N     the same with sigma 1, by the report's method, and by CR2 whatever N is.
 */

#include "simulate_shares.h"

#include "stats/cluster.h"
#include "stats/normal.h"

#include <gsl/gsl_randist.h>
#include <math.h>
#include <string.h>

enum { MEMBERS_MAX = 250, ACCOUNTS_FIRST = 20, ACCOUNTS_STEP = 5, LOOKS = 37 };

/* One variant's accounts by size. */
struct accounts {
    struct cluster_size by_size[MEMBERS_MAX + 1]; /* size 0 is never drawn */
    struct cluster_size compact[MEMBERS_MAX + 1]; /* those that there are */
    struct proportion members;
};

static void accounts_draw(struct accounts *accounts, gsl_rng *random, double sigma, unsigned count)
{
    for (unsigned i = 0; i < count; i++) {
        double drawn = round(5 * gsl_ran_lognormal(random, 0, sigma));
        unsigned size = (unsigned)fmin(fmax(drawn, 1), MEMBERS_MAX);
        unsigned y = gsl_ran_binomial(random, gsl_ran_beta(random, 1.6, 2.4), size);
        struct cluster_size *row = &accounts->by_size[size];
        row->size = size;
        row->accounts++;
        row->y += y;
        row->yy += (int128)y * y;
        accounts->members.successes += y;
        accounts->members.units += size;
    }
}

static struct cluster accounts_cluster(struct accounts *accounts)
{
    size_t count = 0;
    for (size_t size = 1; size <= MEMBERS_MAX; size++)
        if (accounts->by_size[size].accounts)
            accounts->compact[count++] = accounts->by_size[size];
    return (struct cluster){.sizes = accounts->compact, .count = count};
}

/* `count` more accounts in each variant. */
static void pair_of_accounts_draw(struct accounts pair[2], gsl_rng *random, double sigma,
                                  unsigned count)
{
    for (size_t j = 0; j < 2; j++)
        accounts_draw(&pair[j], random, sigma, count);
}

/* treatment - control of the pooled share. */
static void accounts_estimate_by(struct accounts pair[2], enum cluster_method method,
                                 double planned, struct estimate *estimate)
{
    struct cluster treatment = accounts_cluster(&pair[0]), control = accounts_cluster(&pair[1]);
    struct variant_value t, c;
    must(cluster_pooled(&treatment, method, &t));
    must(cluster_pooled(&control, method, &c));
    must(two_sample_difference(&t, &c, planned, estimate));
}

/* The same by the method that a report takes. */
static void accounts_estimate(struct accounts pair[2], double planned, struct estimate *estimate)
{
    struct cluster treatment = accounts_cluster(&pair[0]), control = accounts_cluster(&pair[1]);
    accounts_estimate_by(pair, cluster_method(&treatment, &control), planned, estimate);
}

/* The same members as if each had been given a variant alone. */
static void members_estimate(const struct accounts pair[2], double planned,
                             struct estimate *estimate)
{
    const struct proportion_pair members = {pair[0].members, pair[1].members};
    must(estimate_of_proportions(&members, planned, estimate));
}

static double fixed_p(const struct estimate *estimate)
{
    struct test test;
    must(estimate_fixed_test(estimate, 0, &test));
    return test.p;
}

static bool anytime_rejects(const struct estimate *estimate, double alpha)
{
    struct test test;
    must(estimate_anytime_test(estimate, 0, alpha, &test));
    return test.p <= alpha;
}

static void aa_play(const struct simulation *simulation, gsl_rng *random, struct outcome *outcome)
{
    struct accounts pair[2];
    struct estimate estimate;
    (void)simulation;
    memset(pair, 0, sizeof pair);
    pair_of_accounts_draw(pair, random, 1, 200);
    accounts_estimate(pair, 1, &estimate);
    outcome->figures[0].seen = fixed_p(&estimate);
    members_estimate(pair, 1, &estimate);
    outcome->figures[0].naive = fixed_p(&estimate);
}

static void peeks_play(const struct simulation *simulation, gsl_rng *random,
                       struct outcome *outcome)
{
    struct accounts pair[2];
    bool anytime = false, naive = false;
    (void)simulation;
    memset(pair, 0, sizeof pair);
    for (unsigned look = 0; look < LOOKS; look++) {
        struct estimate estimate;
        pair_of_accounts_draw(pair, random, 1, look ? ACCOUNTS_STEP : ACCOUNTS_FIRST);
        accounts_estimate(pair, 400, &estimate);
        anytime = anytime || anytime_rejects(&estimate, .05);
        naive = naive || fixed_p(&estimate) <= .05;
    }
    outcome->figures[0].seen = anytime;
    outcome->figures[0].naive = naive;
}

static void scaled_play(const struct simulation *simulation, gsl_rng *random,
                        struct outcome *outcome)
{
    struct accounts pair[2];
    double planned = 2 * simulation->parameter;
    bool scaled = false, plain = false, members = false;
    memset(pair, 0, sizeof pair);
    for (unsigned look = 0; look < LOOKS; look++) {
        struct estimate estimate, as_units;
        pair_of_accounts_draw(pair, random, 1, look ? ACCOUNTS_STEP : ACCOUNTS_FIRST);
        accounts_estimate(pair, planned, &estimate);
        members_estimate(pair, planned, &as_units);
        as_units.ratio = estimate.ratio;
        scaled = scaled || anytime_rejects(&estimate, .01);
        members = members || anytime_rejects(&as_units, .01);
        estimate.df = 0;
        plain = plain || anytime_rejects(&estimate, .01);
    }
    outcome->figures[0].seen = outcome->figures[1].seen = scaled;
    outcome->figures[0].naive = members;
    outcome->figures[1].naive = plain;
}

static bool covers(const struct estimate *estimate)
{
    struct interval interval;
    must(estimate_fixed_interval(estimate, .05, &interval));
    return interval.low <= 0 && 0 <= interval.high;
}

static void coverage_play(const struct simulation *simulation, gsl_rng *random,
                          struct outcome *outcome)
{
    struct accounts pair[2];
    struct estimate estimate;
    memset(pair, 0, sizeof pair);
    pair_of_accounts_draw(pair, random, .5, (unsigned)simulation->parameter);
    accounts_estimate(pair, 1, &estimate);
    outcome->figures[0].seen = covers(&estimate);
    members_estimate(pair, 1, &estimate);
    outcome->figures[0].naive = covers(&estimate);
}

static void skewed_play(const struct simulation *simulation, gsl_rng *random,
                        struct outcome *outcome)
{
    struct accounts pair[2];
    struct estimate estimate;
    memset(pair, 0, sizeof pair);
    pair_of_accounts_draw(pair, random, 1, (unsigned)simulation->parameter);
    accounts_estimate(pair, 1, &estimate);
    outcome->figures[0].seen = covers(&estimate);
    members_estimate(pair, 1, &estimate);
    outcome->figures[0].naive = covers(&estimate);
    accounts_estimate_by(pair, CLUSTER_CR2, 1, &estimate);
    outcome->figures[1].seen = covers(&estimate);
    accounts_estimate_by(pair, CLUSTER_DELTA, 1, &estimate);
    outcome->figures[1].naive = covers(&estimate);
}

#define SCALED_FIGURE                                                                              \
    {                                                                                              \
        .what = "any of 37 looks rejects, anytime at .01", .must = {MUST_AT_MOST_NEAR, .01},       \
        .naive = "members as units", .naive_must = {                                               \
            MUST_BE_ABOVE,                                                                         \
            .05                                                                                    \
        }                                                                                          \
    }
#define COVERAGE_FIGURES(least)                                                                    \
    .figures = {{.what = "95 % interval covers, the report's method",                              \
                 .must = {MUST_AT_LEAST, least},                                                   \
                 .naive = "members as units",                                                      \
                 .naive_must = {MUST_BE_BELOW, .85}}}
#define SKEWED_FIGURES(least)                                                                      \
    .figures = {{.what = "95 % interval covers, the report's method",                              \
                 .must = {MUST_AT_LEAST, least},                                                   \
                 .naive = "members as units",                                                      \
                 .naive_must = {MUST_BE_BELOW, .85}},                                              \
                {.what = "95 % interval covers, CR2",                                              \
                 .must = {MUST_AT_LEAST, least},                                                   \
                 .naive = "delta method with its t",                                               \
                 .naive_must = {MUST_BE_BELOW, least}}}

static const struct simulation rows[] = {
    {.name = "aa-accounts",
     .replicates_long = 10000,
     .replicates_short = 2000,
     .figures = {{.what = "p of the pooled share's test",
                  .must = {MUST_BE_UNIFORM, .05},
                  .naive = "p of members as units",
                  .naive_must = {MUST_NOT_UNIFORM, 0}}},
     .play = aa_play},
    {.name = "peeks-accounts",
     .replicates_long = 4000,
     .replicates_short = 400,
     .figures = {{.what = "any of 37 looks to 400 accounts rejects, anytime at .05",
                  .must = {MUST_AT_MOST, .05},
                  .naive = "t test at each look",
                  .naive_must = {MUST_BE_ABOVE, .25}}},
     .play = peeks_play},
    {.name = "accounts-20",
     .replicates_long = 20000,
     .replicates_short = 8000,
     .figures = {SCALED_FIGURE,
                 {.what = "any of 37 looks rejects, anytime at .01 by t",
                  .must = {MUST_AT_MOST_NEAR, .01},
                  .naive = "by the normal in place of t",
                  .naive_must = {MUST_BE_FAR, .01}}},
     .play = scaled_play,
     .parameter = 20},
    {.name = "accounts-40",
     .replicates_long = 4000,
     .replicates_short = 400,
     .figures = {SCALED_FIGURE},
     .play = scaled_play,
     .parameter = 40},
    {.name = "accounts-100",
     .replicates_long = 4000,
     .replicates_short = 400,
     .figures = {SCALED_FIGURE},
     .play = scaled_play,
     .parameter = 100},
    {.name = "coverage-accounts-10",
     .replicates_long = 4000,
     .replicates_short = 1000,
     COVERAGE_FIGURES(.915),
     .play = coverage_play,
     .parameter = 10},
    {.name = "coverage-accounts-20",
     .replicates_long = 4000,
     .replicates_short = 1000,
     COVERAGE_FIGURES(.925),
     .play = coverage_play,
     .parameter = 20},
    {.name = "coverage-accounts-50",
     .replicates_long = 4000,
     .replicates_short = 1000,
     COVERAGE_FIGURES(.935),
     .play = coverage_play,
     .parameter = 50},
    {.name = "coverage-accounts-200",
     .replicates_long = 4000,
     .replicates_short = 1000,
     COVERAGE_FIGURES(.94),
     .play = coverage_play,
     .parameter = 200},
    {.name = "coverage-skewed-10",
     .replicates_long = 20000,
     .replicates_short = 4000,
     SKEWED_FIGURES(.915),
     .play = skewed_play,
     .parameter = 10},
    {.name = "coverage-skewed-20",
     .replicates_long = 20000,
     .replicates_short = 4000,
     SKEWED_FIGURES(.925),
     .play = skewed_play,
     .parameter = 20},
    {.name = "coverage-skewed-50",
     .replicates_long = 20000,
     .replicates_short = 4000,
     SKEWED_FIGURES(.935),
     .play = skewed_play,
     .parameter = 50},
};
const struct simulation_family simulate_accounts = {rows, sizeof rows / sizeof *rows};
