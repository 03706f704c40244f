/*
 * What a report's statistics cost with every estimator on: 20 metrics, 10 segment values, 3
 * variants, so 400 comparisons with the control (CPU time, one core).
 *
 *     cmake --preset release && cmake --build --preset release --target bench_stats
 *     build/release/tools/dev/bench_stats [ROUNDS]
 *
 * A row of `families` is timed over all comparisons by itself, in milliseconds a report and
 * microseconds a comparison: the least of ROUNDS (31), which is what it costs where nothing else
 * runs, and the median.  What is asked of a variant alone is asked of its 600 cells.  Then the
 * whole, and a fixed piece of work in the same rounds, by which runs on other machines, or under
 * load, are compared.  The sums are made by a fixed sequence: rates of 2 to 60 %, hundreds to
 * thousands of units.
 */

#include "stats/adjustment.h"
#include "stats/beta_binomial.h"
#include "stats/estimate.h"
#include "stats/information.h"
#include "stats/multiplicity.h"
#include "stats/sample.h"
#include "stats/shrinkage.h"
#include "stats/strata.h"

#include <gsl/gsl_errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#define METRICS 20
#define SEGMENTS 10
#define AGAINST 2 /* variants that are compared with the control */
#define COMPARISONS (METRICS * SEGMENTS * AGAINST)
#define STRATA 5
#define SIZES 25 /* of accounts, in members */
#define BINS 90  /* of the time since first exposure */
#define ROUNDS_MAX 1000
#define REFERENCE 100000 /* exponentials */
#define ALPHA .04
#define ALPHA_ANYTIME .01

/* One comparison's sums, of every kind. */
struct comparison {
    struct proportion_pair rates;
    struct covariate_pair adjusted;
    struct stratum strata[STRATA];
    struct cluster_size sizes[2][SIZES]; /* control, treatment */
    struct life_row lives[2][BINS];      /* control, treatment */
    double planned;
};

static struct comparison comparisons[COMPARISONS];
static volatile double sink; /* what was computed goes here, so that it is computed */

/* ---- The sums ---- */

static uint64_t state = 20261124;

/* The next of a fixed sequence, uniform in [low, high). */
static double between(double low, double high)
{
    state = state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return low + (high - low) * ((double)(state >> 11) * 0x1p-53);
}

static struct proportion make_rate(double rate, double units)
{
    return (struct proportion){.successes = (uint64_t)(rate * units), .units = (uint64_t)units};
}

/* Sums of values with a mean, a standard deviation, and a covariate of correlation .5 with them. */
static struct covariate_sums make_sums(double units, double mean)
{
    double n = floor(units), steps = 1e6, sd = 2;
    double y = n * mean * steps, z = n * 3 * steps;
    struct covariate_sums sums = {.units = (uint64_t)n, .covariates = 1, .step_y = 1e-6};
    sums.step_z[0] = 1e-6;
    sums.y = (int128)y;
    sums.z[0] = (int128)z;
    sums.yy = (int128)(y * y / n + (n - 1) * sd * sd * steps * steps);
    sums.zz[0][0] = (int128)(z * z / n + (n - 1) * steps * steps);
    sums.zy[0] = (int128)(y * z / n + (n - 1) * .5 * sd * steps * steps);
    return sums;
}

static struct stratum_mean make_stratum(double units, double mean)
{
    return (struct stratum_mean){.units = floor(units), .mean = mean, .variance = 4 / floor(units)};
}

/* Accounts of 1 to SIZES members, fewer of the large; of one size about as many are active. */
static void make_sizes(struct cluster_size *sizes, double rate)
{
    for (size_t i = 0; i < SIZES; i++) {
        double size = (double)(i + 1), accounts = ceil(40 / size);
        double y = floor(rate * size * accounts);
        sizes[i] = (struct cluster_size){.size = i + 1,
                                         .accounts = (uint64_t)accounts,
                                         .y = (int128)y,
                                         .yy = (int128)ceil(y * y / accounts * 1.2)};
    }
}

/* Units that end at a rate which falls with time; a few are censored in every bin. */
static void make_lives(struct life_row *rows, double units, double rate)
{
    uint64_t left = (uint64_t)units;
    for (size_t bin = 0; bin < BINS; bin++) {
        double share = rate * 2 / (2 + (double)bin);
        rows[bin] = (struct life_row){.time = (double)bin + .5,
                                      .at_risk = left,
                                      .events = (uint64_t)(share * (double)left),
                                      .censored = left / 200};
        left -= rows[bin].events + rows[bin].censored;
    }
}

static void comparison_fill(struct comparison *c)
{
    double units = between(300, 6000), rate = between(.02, .6), mean = between(1, 20);
    c->planned = 2 * units;
    c->rates.control = make_rate(rate, units);
    c->rates.treatment = make_rate(rate * between(.95, 1.1), units * between(.95, 1.05));
    c->adjusted.control = make_sums(units, mean);
    c->adjusted.treatment = make_sums(units, mean * between(.98, 1.03));
    make_sizes(c->sizes[0], rate);
    make_sizes(c->sizes[1], rate * between(.95, 1.1));
    make_lives(c->lives[0], units, rate / 3);
    make_lives(c->lives[1], units, rate / 3 * between(.95, 1.1));
    for (size_t s = 0; s < STRATA; s++)
        c->strata[s] =
            (struct stratum){.treatment = make_stratum(units / STRATA, mean * between(.95, 1.1)),
                             .control = make_stratum(units / STRATA, mean * between(.95, 1.05))};
}

/* ---- The families ---- */

/* A reason ends the benchmark: an estimator that gives up is no measure of anything. */
static void need(enum reason reason)
{
    if (!reason)
        return;
    fprintf(stderr, "bench_stats: %s\n", reason_text(reason));
    exit(1);
}

/* What is asked of a variant alone: 0, the control too, at the first of its comparisons; else 1. */
static size_t first_variant(const struct comparison *c)
{
    return (size_t)(c - comparisons) / SEGMENTS % AGAINST != 0;
}

static void wilson(struct comparison *c)
{
    struct interval interval;
    const struct proportion rates[2] = {c->rates.control, c->rates.treatment};
    for (size_t variant = first_variant(c); variant < 2; variant++)
        need(proportion_wilson(rates[variant], ALPHA, &interval));
    sink = interval.low;
}

static void newcombe(struct comparison *c)
{
    struct interval interval;
    need(proportion_newcombe(&c->rates, ALPHA, &interval));
    sink = interval.low;
}

static void score_test(struct comparison *c)
{
    struct test test;
    need(proportion_score(&c->rates, 0, &test));
    sink = test.log_p;
}

static void score_interval(struct comparison *c)
{
    struct interval interval;
    need(proportion_score_interval(&c->rates, ALPHA, &interval));
    sink = interval.low;
}

static void chances(struct comparison *c)
{
    struct beta_binomial answer;
    need(beta_binomial(&c->rates, (struct beta){1, 1}, &answer));
    sink = answer.treatment_better + answer.loss_treatment;
}

static void anytime_of(const struct estimate *estimate)
{
    struct interval interval;
    struct test test;
    need(estimate_anytime_interval(estimate, ALPHA_ANYTIME, &interval));
    need(estimate_anytime_test(estimate, 0, ALPHA_ANYTIME, &test));
    sink = interval.low + test.log_p;
}

static void anytime_rates(struct comparison *c)
{
    struct estimate estimate;
    need(estimate_of_proportions(&c->rates, c->planned, &estimate));
    anytime_of(&estimate);
}

static void fixed_of(const struct estimate *estimate)
{
    struct interval interval;
    struct test test;
    need(estimate_fixed_interval(estimate, ALPHA, &interval));
    need(estimate_fixed_test(estimate, 0, &test));
    sink = interval.low + test.log_p;
}

static void lift(struct comparison *c)
{
    struct estimate estimate;
    need(estimate_of_lift(&c->rates, c->planned, &estimate));
    fixed_of(&estimate);
    anytime_of(&estimate);
}

static struct sums mean_of(const struct covariate_sums *sums)
{
    return (struct sums){
        .units = sums->units, .sum = sums->y, .squares = sums->yy, .step = sums->step_y};
}

static void welch(struct comparison *c)
{
    struct sample treatment = {.estimator = ESTIMATOR_MEAN,
                               .mean = mean_of(&c->adjusted.treatment)};
    struct sample control = {.estimator = ESTIMATOR_MEAN, .mean = mean_of(&c->adjusted.control)};
    struct estimate estimate;
    need(sample_difference(&treatment, &control, c->planned, &estimate));
    fixed_of(&estimate);
    anytime_of(&estimate);
}

static void cluster_cr2(struct comparison *c)
{
    struct variant_value values[2];
    struct estimate estimate;
    for (size_t variant = 0; variant < 2; variant++) {
        struct cluster cluster = {.sizes = c->sizes[variant], .count = SIZES};
        need(cluster_pooled(&cluster, CLUSTER_CR2, &values[variant]));
    }
    need(two_sample_difference(&values[1], &values[0], c->planned, &estimate));
    fixed_of(&estimate);
    anytime_of(&estimate);
}

static void lin(struct comparison *c)
{
    struct adjusted adjusted;
    struct estimate estimate;
    need(adjustment_of(&c->adjusted.treatment, &c->adjusted.control, &adjusted));
    need(adjustment_difference(&adjusted, c->planned, &estimate));
    fixed_of(&estimate);
    anytime_of(&estimate);
}

static void strata(struct comparison *c)
{
    struct estimate estimate;
    need(strata_difference(c->strata, STRATA, 0, c->planned, &estimate));
    fixed_of(&estimate);
    anytime_of(&estimate);
}

static struct life_table table_of(struct comparison *c, size_t variant)
{
    return (struct life_table){.rows = c->lives[variant], .count = BINS};
}

static void kaplan_meier(struct comparison *c)
{
    struct survival_point points[BINS];
    struct survival_time median;
    struct survival_time_interval limits;
    struct interval bands[BINS];
    for (size_t variant = first_variant(c); variant < 2; variant++) {
        struct life_table table = table_of(c, variant);
        need(survival_curve(&table, points));
        need(survival_quantile(points, BINS, .5, &median));
        need(survival_bands(points, BINS, SURVIVAL_LOG_LOG, ALPHA, bands));
        need(survival_bands_quantile(points, bands, BINS, .5, &limits));
        sink = bands[BINS / 2].low + median.time + limits.low.time;
    }
}

static void restricted_mean(struct comparison *c)
{
    struct life_table control = table_of(c, 0), treatment = table_of(c, 1);
    struct restricted_mean means[2];
    struct estimate estimate;
    need(restricted_mean_of(&control, BINS / 2, &means[0]));
    need(restricted_mean_of(&treatment, BINS / 2, &means[1]));
    need(estimate_of_restricted_means(&means[1], &means[0], .5, &estimate));
    fixed_of(&estimate);
    anytime_of(&estimate);
}

static void log_rank(struct comparison *c)
{
    struct life_table tables[2] = {table_of(c, 0), table_of(c, 1)};
    struct log_rank sums = {0};
    struct log_rank_score score;
    struct chi_square test;
    struct estimate estimate;
    need(log_rank_add(&sums, tables, 2, LOG_RANK_EQUAL));
    need(log_rank_test(&sums, &test));
    need(log_rank_score_of(&sums, &score));
    need(estimate_of_log_rank(&score, .5, &estimate));
    anytime_of(&estimate);
    sink = test.p;
}

/* Families over the segments of one metric and variant run at its first segment's comparison. */
static bool begins_segments(const struct comparison *c)
{
    return (size_t)(c - comparisons) % SEGMENTS == 0;
}

static void shrinkage(struct comparison *c)
{
    struct effect effects[SEGMENTS];
    struct shrunken shrunken[SEGMENTS];
    if (!begins_segments(c))
        return;
    for (size_t s = 0; s < SEGMENTS; s++)
        need(proportion_difference(&c[s].rates, &effects[s].estimate, &effects[s].se));
    need(shrinkage_integrated(effects, SEGMENTS, ALPHA, shrunken));
    sink = shrunken[0].estimate;
}

static void many(struct comparison *c)
{
    struct hypothesis family[SEGMENTS];
    if (!begins_segments(c))
        return;
    for (size_t s = 0; s < SEGMENTS; s++)
        family[s].p = between(0, .2);
    need(multiplicity_adjust(CORRECTION_HOLM, family, SEGMENTS));
    sink = family[0].adjusted;
    need(multiplicity_adjust(CORRECTION_BENJAMINI_HOCHBERG, family, SEGMENTS));
    sink = family[0].adjusted;
}

static const struct {
    const char *name;
    void (*run)(struct comparison *comparison);
} families[] = {
    {"Wilson", wilson},
    {"Newcombe", newcombe},
    {"score test", score_test},
    {"score interval", score_interval},
    {"anytime interval and p of rates", anytime_rates},
    {"lift, fixed and anytime", lift},
    {"beta-binomial chances and losses", chances},
    {"Welch, fixed and anytime", welch},
    {"clusters of 25 sizes, CR2", cluster_cr2},
    {"Lin, 1 covariate, fixed and anytime", lin},
    {"post-stratified, 5 strata", strata},
    {"Kaplan-Meier, 90 bins, band and median", kaplan_meier},
    {"restricted mean, fixed and anytime", restricted_mean},
    {"log-rank, test and anytime", log_rank},
    {"shrunken effects, 10 values", shrinkage},
    {"Holm and Benjamini-Hochberg of 10", many},
};

#define FAMILIES (sizeof families / sizeof *families)

/* ---- The time ---- */

static double now_ms(void)
{
    struct timespec time;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time);
    return (double)time.tv_sec * 1e3 + (double)time.tv_nsec * 1e-6;
}

static int compare(const void *a, const void *b)
{
    double left = *(const double *)a, right = *(const double *)b;
    return (left > right) - (left < right);
}

/* Sorts. */
static double median(double *values, size_t count)
{
    qsort(values, count, sizeof *values, compare);
    return values[count / 2];
}

/* What this machine takes at this moment for a fixed piece of work, for comparing runs. */
static double reference_ms(void)
{
    double begin = now_ms(), sum = 0;
    for (int i = 0; i < REFERENCE; i++)
        sum += exp(-1e-6 * i) / (i + 1);
    sink = sum;
    return now_ms() - begin;
}

int main(int argc, char **argv)
{
    static double times[FAMILIES + 2][ROUNDS_MAX];
    long asked = argc > 1 ? strtol(argv[1], NULL, 10) : 31;
    size_t rounds = asked < 1 ? 1 : asked > ROUNDS_MAX ? ROUNDS_MAX : (size_t)asked;
    gsl_set_error_handler_off();
    for (size_t i = 0; i < COMPARISONS; i++)
        comparison_fill(&comparisons[i]);
    for (size_t round = 0; round < rounds; round++) {
        double begin = now_ms(), last = begin;
        for (size_t f = 0; f < FAMILIES; f++) {
            for (size_t i = 0; i < COMPARISONS; i++)
                families[f].run(&comparisons[i]);
            double time = now_ms();
            times[f][round] = time - last;
            last = time;
        }
        times[FAMILIES][round] = last - begin;
        times[FAMILIES + 1][round] = reference_ms();
    }
    printf("%d metrics, %d segment values, %d variants: %d comparisons, least of %zu rounds\n",
           METRICS, SEGMENTS, AGAINST + 1, COMPARISONS, rounds);
    for (size_t f = 0; f < FAMILIES; f++) {
        double middle = median(times[f], rounds), least = times[f][0];
        printf("%-38s %8.3f ms %8.3f us each, median %8.3f ms\n", families[f].name, least,
               least * 1e3 / COMPARISONS, middle);
    }
    double middle = median(times[FAMILIES], rounds);
    double fixed = median(times[FAMILIES + 1], rounds);
    printf("%-38s %8.3f ms, median %.3f ms\n", "all", times[FAMILIES][0], middle);
    printf("%-38s %8.3f ms, median %.3f ms; all is %.2f times as much\n", "100 000 exponentials",
           times[FAMILIES + 1][0], fixed, middle / fixed);
    return 0;
}
