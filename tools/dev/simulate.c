/*
 * Do the promised error rates hold when experiments are run?  The program of
 * tools/simulate-statistics: runs the simulations, prints a line a figure, and ends with 1 when a
 * promise is broken or a naive method did not fail.
 *
 *     simulate_statistics [--long] [--list] [NAME...]
 *
 * A band is 4 standard errors of the simulation.  In the long form a bound holds outright; in the
 * short form, which has few replicates, it is widened by the band.  A naive method has to fail
 * outright in both.  Replicates are shared among two threads; their outcomes are summed in order.
 */

#include "simulate.h"

#include <gsl/gsl_errno.h>
#include <gsl/gsl_version.h>
#include <math.h>
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define THREADS 2
#define BAND 4.0
#define UNIFORM_P 1e-4

static const struct simulation_family *const families[] = {
    &simulate_uniform, &simulate_peeks, &simulate_designs, &simulate_powers,   &simulate_verdicts,
    &simulate_shares,  &simulate_many,  &simulate_means,   &simulate_accounts, &simulate_time};
#define FAMILIES (sizeof families / sizeof *families)

void must(enum reason reason)
{
    if (!reason)
        return;
    fprintf(stderr, "simulate_statistics: no answer: %s\n", reason_text(reason));
    exit(2);
}

/* The outcomes of one simulation. */
struct run {
    const struct simulation *simulation;
    unsigned replicates;
    struct outcome *outcomes;
};

struct worker {
    const struct run *run;
    unsigned number;
    pthread_t thread;
};

static void *worker_play(void *about)
{
    const struct worker *worker = about;
    const struct simulation *simulation = worker->run->simulation;
    gsl_rng *random = gsl_rng_alloc(simulate_random_type);
    if (!random)
        return NULL;
    for (unsigned i = worker->number; i < worker->run->replicates; i += THREADS) {
        struct outcome *outcome = &worker->run->outcomes[i];
        for (size_t k = 0; k < FIGURES_MAX; k++)
            outcome->figures[k].per = 1;
        simulate_seed(random, simulation->name, i);
        simulation->play(simulation, random, outcome);
    }
    gsl_rng_free(random);
    return NULL;
}

static void run_play(struct run *run)
{
    struct worker workers[THREADS];
    if (run->simulation->prepare)
        run->simulation->prepare();
    for (unsigned i = 0; i < THREADS; i++) {
        workers[i] = (struct worker){.run = run, .number = i};
        if (pthread_create(&workers[i].thread, NULL, worker_play, &workers[i]) != 0) {
            fputs("simulate_statistics: no thread\n", stderr);
            exit(2);
        }
    }
    for (unsigned i = 0; i < THREADS; i++)
        pthread_join(workers[i].thread, NULL);
}

/* What the replicates say of one figure, by one method. */
struct summary {
    double mean, se;
    double uniform_p; /* of Kolmogorov and Smirnov, where it is asked for */
};

static double value_of(const struct outcome *outcome, size_t figure, bool naive)
{
    return naive ? outcome->figures[figure].naive : outcome->figures[figure].seen;
}

static int compare_doubles(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

/* The tail of Kolmogorov's distribution, with Stephens's (1970) correction for the count. */
static double kolmogorov_tail(double distance, unsigned count)
{
    double root = sqrt(count), lambda = (root + .12 + .11 / root) * distance, sum = 0;
    if (lambda < .3)
        return 1;
    for (int k = 1; k <= 100; k++)
        sum += (k % 2 ? 2 : -2) * exp(-2. * k * k * lambda * lambda);
    return fmin(fmax(sum, 0), 1);
}

static double uniform_p(const struct run *run, size_t figure, bool naive)
{
    double *values = calloc(run->replicates, sizeof *values), distance = 0, n = run->replicates;
    if (!values)
        exit(2);
    for (unsigned i = 0; i < run->replicates; i++)
        values[i] = value_of(&run->outcomes[i], figure, naive);
    qsort(values, run->replicates, sizeof *values, compare_doubles);
    for (unsigned i = 0; i < run->replicates; i++)
        distance = fmax(distance, fmax(values[i] - i / n, (i + 1) / n - values[i]));
    free(values);
    return kolmogorov_tail(distance, run->replicates);
}

static bool is_of_p(enum must kind)
{
    return kind == MUST_BE_UNIFORM || kind == MUST_NOT_UNIFORM;
}

/* The mean, or the ratio of means, with its standard error; of p values the share up to 5 %. */
static struct summary summarise(const struct run *run, size_t figure, bool naive, bool of_p)
{
    double sum = 0, per = 0, squares = 0;
    for (int pass = 0; pass < 2; pass++)
        for (unsigned i = 0; i < run->replicates; i++) {
            double value = value_of(&run->outcomes[i], figure, naive);
            double weight = run->outcomes[i].figures[figure].per;
            if (of_p)
                value = value <= .05;
            if (pass == 0) {
                sum += value;
                per += weight;
            } else {
                squares += pow(value - sum / per * weight, 2);
            }
        }
    return (struct summary){.mean = sum / per,
                            .se = run->replicates > 1 ? sqrt(squares) / per : 0,
                            .uniform_p = of_p ? uniform_p(run, figure, naive) : 0};
}

static bool requirement_holds(struct requirement wanted, struct summary got, bool is_long)
{
    double slack = is_long ? 0 : BAND * got.se, gap = got.mean - wanted.bound;
    switch (wanted.must) {
    case MUST_AT_MOST: return gap <= slack;
    case MUST_AT_LEAST: return gap >= -slack;
    case MUST_AT_MOST_NEAR: return gap <= BAND * got.se;
    case MUST_BE_NEAR: return fabs(gap) <= BAND * got.se;
    case MUST_BE_UNIFORM: return fabs(gap) <= BAND * got.se && got.uniform_p > UNIFORM_P;
    case MUST_BE_ABOVE: return gap > 0;
    case MUST_BE_BELOW: return gap < 0;
    case MUST_BE_FAR: return fabs(gap) > BAND * got.se;
    case MUST_NOT_UNIFORM: return got.uniform_p < UNIFORM_P;
    }
    return false;
}

static void requirement_write(char *text, size_t size, struct requirement wanted)
{
    static const struct {
        const char *before, *after;
    } words[] = {
        [MUST_AT_MOST] = {"at most ", ""},
        [MUST_AT_LEAST] = {"at least ", ""},
        [MUST_AT_MOST_NEAR] = {"at most ", " + 4 se"},
        [MUST_BE_NEAR] = {"", " +- 4 se"},
        [MUST_BE_UNIFORM] = {"uniform, ", " +- 4 se"},
        [MUST_BE_ABOVE] = {"above ", ""},
        [MUST_BE_BELOW] = {"below ", ""},
        [MUST_BE_FAR] = {"not ", " +- 4 se"},
    };
    if (wanted.must == MUST_NOT_UNIFORM)
        snprintf(text, size, "not uniform");
    else
        snprintf(text, size, "%s%.4g%s", words[wanted.must].before, wanted.bound,
                 words[wanted.must].after);
}

static void summary_write(char *text, size_t size, struct summary got, enum must kind)
{
    char p[32] = "";
    if (is_of_p(kind))
        snprintf(p, sizeof p, got.uniform_p < 1e-99 ? ", KS p < 1e-99" : ", KS p %.2g",
                 got.uniform_p);
    if (got.se > 0)
        snprintf(text, size, "%.4f (%.4f)%s", got.mean, got.se, p);
    else
        snprintf(text, size, "%.4f%s", got.mean, p);
}

static const char head[] =
    "| simulation | figure | replicates | seen (se) | must be | naive method | naive seen (se) | "
    "naive must be | verdict | CPU s |\n|---|---|---|---|---|---|---|---|---|---|\n";

/* A line of the table; whether the promise held and the naive method failed. */
static bool figure_print(const struct run *run, size_t number, bool is_long, double seconds)
{
    const struct figure *figure = &run->simulation->figures[number];
    char seen[64], wanted[64], naive[64], naive_wanted[64], replicates[16];
    struct summary got = summarise(run, number, false, is_of_p(figure->must.must));
    struct summary missed = summarise(run, number, true, is_of_p(figure->naive_must.must));
    bool holds = requirement_holds(figure->must, got, is_long);
    bool fails = requirement_holds(figure->naive_must, missed, true);
    summary_write(seen, sizeof seen, got, figure->must.must);
    summary_write(naive, sizeof naive, missed, figure->naive_must.must);
    requirement_write(wanted, sizeof wanted, figure->must);
    requirement_write(naive_wanted, sizeof naive_wanted, figure->naive_must);
    snprintf(replicates, sizeof replicates, "%u", run->replicates);
    printf("| %s | %s | %s | %s | %s | %s | %s | %s | %s | %.1f |\n", run->simulation->name,
           figure->what, run->replicates > 1 ? replicates : "exact", seen, wanted, figure->naive,
           naive, naive_wanted,
           !holds  ? "FAILED"
           : fails ? "ok"
                   : "FAILED (naive did not)",
           seconds);
    fflush(stdout);
    return holds && fails;
}

static double cpu_seconds(void)
{
    struct timespec now;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
    return (double)now.tv_sec + (double)now.tv_nsec * 1e-9;
}

static bool simulation_run(const struct simulation *simulation, bool is_long)
{
    struct run run = {.simulation = simulation,
                      .replicates =
                          is_long ? simulation->replicates_long : simulation->replicates_short};
    double start = cpu_seconds();
    bool holds = true;
    run.outcomes = calloc(run.replicates, sizeof *run.outcomes);
    if (!run.outcomes)
        exit(2);
    run_play(&run);
    double seconds = cpu_seconds() - start;
    for (size_t i = 0; i < FIGURES_MAX && simulation->figures[i].what; i++)
        holds = figure_print(&run, i, is_long, seconds) && holds;
    free(run.outcomes);
    return holds;
}

/* One line a figure, as a table of the evidence begins: name, figure, what it must be. */
static void simulation_list(const struct simulation *simulation)
{
    for (size_t i = 0; i < FIGURES_MAX && simulation->figures[i].what; i++) {
        char wanted[64], naive_wanted[64];
        requirement_write(wanted, sizeof wanted, simulation->figures[i].must);
        requirement_write(naive_wanted, sizeof naive_wanted, simulation->figures[i].naive_must);
        printf("%s|%s|%u|%s|%s|%s\n", simulation->name, simulation->figures[i].what,
               simulation->replicates_long, wanted, simulation->figures[i].naive, naive_wanted);
    }
}

/* `wanted` names: none is all. */
static bool is_wanted(const char *name, char **wanted, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (strcmp(wanted[i], name) == 0)
            return true;
    return count == 0;
}

static bool is_known(const char *name)
{
    for (size_t i = 0; i < FAMILIES; i++)
        for (size_t k = 0; k < families[i]->count; k++)
            if (strcmp(families[i]->rows[k].name, name) == 0)
                return true;
    return false;
}

static bool simulations_run(char **wanted, size_t count, bool is_long, bool list)
{
    bool holds = true;
    if (!list)
        printf("%s form, seed %llu, GSL %s\n\n%s", is_long ? "long" : "short",
               (unsigned long long)SIMULATE_SEED, gsl_version, head);
    for (size_t i = 0; i < FAMILIES; i++)
        for (size_t k = 0; k < families[i]->count; k++) {
            const struct simulation *simulation = &families[i]->rows[k];
            if (!is_wanted(simulation->name, wanted, count))
                continue;
            if (list)
                simulation_list(simulation);
            else
                holds = simulation_run(simulation, is_long) && holds;
        }
    return holds;
}

int main(int argc, char **argv)
{
    bool is_long = false, list = false;
    int first = 1;
    gsl_set_error_handler_off();
    for (; first < argc && argv[first][0] == '-'; first++) {
        is_long = is_long || strcmp(argv[first], "--long") == 0;
        list = list || strcmp(argv[first], "--list") == 0;
        if (strcmp(argv[first], "--long") != 0 && strcmp(argv[first], "--list") != 0) {
            fputs("usage: simulate_statistics [--long] [--list] [NAME...]\n", stderr);
            return 2;
        }
    }
    for (int i = first; i < argc; i++)
        if (!is_known(argv[i])) {
            fprintf(stderr, "simulate_statistics: no simulation %s; see --list\n", argv[i]);
            return 2;
        }
    return simulations_run(argv + first, (size_t)(argc - first), is_long, list) ? 0 : 1;
}
