#ifndef TOOLS_DEV_SIMULATE_H
#define TOOLS_DEV_SIMULATE_H

/*
 * Simulations of what stats/ promises, each with a naive method that must fail in the same run.
 *
 * A simulation is a row of a family's table (simulate_<family>.c): a function that plays one
 * experiment from a random source, and the figures that are formed of many of them.  To add one,
 * add a row; stats/EVIDENCE.md then wants a line of it (tests/docs/test_evidence.py).
 *
 * A replicate draws from a source of its own, seeded by the program's seed, the simulation's name
 * and the replicate's number; so neither the number of threads nor the other rows change a figure.
 */

#include "stats/result.h"

#include <gsl/gsl_rng.h>
#include <stdbool.h>
#include <stddef.h>

#define SIMULATE_SEED UINT64_C(20261124)
#define FIGURES_MAX 4

enum must {
    MUST_AT_MOST,      /* the bound; a short form may be above by 4 standard errors */
    MUST_AT_LEAST,     /* the bound; a short form may be below by 4 standard errors */
    MUST_AT_MOST_NEAR, /* the bound plus 4 standard errors, in both forms */
    MUST_BE_NEAR,      /* within 4 standard errors of the bound */
    MUST_BE_UNIFORM,   /* values are p: Kolmogorov-Smirnov p > 1e-4, and 5 % as NEAR */
    MUST_BE_ABOVE,     /* of a naive method: the bound, outright */
    MUST_BE_BELOW,     /* the same */
    MUST_BE_FAR,       /* of a naive method: more than 4 standard errors from the bound */
    MUST_NOT_UNIFORM,  /* of a naive method: Kolmogorov-Smirnov p < 1e-4 */
};

struct requirement {
    enum must must;
    double bound;
};

/* What is read off the replicates: the mean of `seen` (over `per` where that is not 1). */
struct figure {
    const char *what;
    struct requirement must;
    const char *naive; /* the naive method, in words */
    struct requirement naive_must;
};

/* Of one replicate; the runner has set `per` to 1 and the rest to 0. */
struct outcome {
    struct {
        double seen, naive, per;
    } figures[FIGURES_MAX];
};

struct simulation {
    const char *name;
    unsigned replicates_long, replicates_short; /* 1: no draws, a sum over all outcomes */
    struct figure figures[FIGURES_MAX];         /* up to the first without `what` */
    void (*prepare)(void);                      /* once, before the replicates; may be NULL */
    void (*play)(const struct simulation *simulation, gsl_rng *random, struct outcome *outcome);
    double parameter; /* what rows with the same function differ by */
};

/* Ends the program when a function of stats/ that must have an answer gives a reason. */
void must(enum reason reason);

struct simulation_family {
    const struct simulation *rows;
    size_t count;
};
extern const struct simulation_family simulate_uniform, simulate_peeks, simulate_designs,
    simulate_powers, simulate_verdicts, simulate_shares, simulate_many, simulate_means,
    simulate_accounts, simulate_time;

/* xoshiro256** (Blackman, Vigna 2018) as a source for GSL's distributions. */
extern const gsl_rng_type *simulate_random_type;
/* The source of one replicate. */
void simulate_seed(gsl_rng *random, const char *name, unsigned replicate);

#endif
