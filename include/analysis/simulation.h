#ifndef ANALYSIS_SIMULATION_H
#define ANALYSIS_SIMULATION_H

/*
 * An experiment played before it runs: units come as `expect` says, their outcomes are drawn, and
 * the report is read every evening by its own code, from the cube's sums to the verdict.  A run
 * ends on the first evening whose verdict decides (not keep_running), or on the last one.
 *
 *     simulation_new -> player_new, one a thread -> player_play(0), (1), ... -> simulation_summary
 *
 * A run depends on the simulation's seed and its own number alone.
 *
 * What is drawn    units: an equal number a day, split by the weights at random; no outcome of a
 *                  unit depends on another, nor one metric's on another's
 *   conversion, retention   yes with the baseline's chance
 *   count            negative binomial of that mean and sd, Poisson where the sd is no larger
 *   sum, mean        lognormal; where the sd passes the mean, most are 0 and the others' sd is
 *                    their mean.  In 64 equally likely steps
 *   nps              everybody answers; promoters and detractors of that score and sd
 *   time_to          exponential, so that the mean time within the window is the baseline
 * The first goal's mean differs in one variant, the first treatment, by the effect.  What nobody
 * said of the other metrics is assumed, and `metrics` tells.  Not played: ratio and breadth (they
 * are refused), segments, adjust_for, ramps, crossing units, competing ends.
 */

#include "analysis/verdict.h"

#define SIMULATION_DAYS_MAX 730
#define SIMULATION_METRICS_MAX (GOALS_MAX + GUARDRAILS_MAX)

/* What the caller says of a metric that the file does not; of a share a fraction, of a time days.
 */
struct simulation_said {
    struct slice metric;
    bool has_mean, has_sd;
    double mean, sd;
};

struct simulation_options {
    const struct experiment *experiment; /* `expect` given; outlives the simulation */
    uint64_t seed;
    double effect; /* the true difference of the first goal: a part of the mean, or absolute */
    bool is_relative;
    const struct simulation_said *said;
    size_t said_count;
};

/* A metric as it is played: goals, then guardrails, as declared. */
struct simulation_metric {
    struct metric_plan plan;
    double mean;       /* in the control: a fraction, a number, points, days */
    double sd;         /* 0: follows from the mean */
    bool is_assumed;   /* neither the file nor the caller said so */
    double difference; /* the truth: of the first treatment */
};

struct simulation {
    const struct experiment *experiment;
    uint64_t seed;
    struct plan plan;
    struct simulation_metric metrics[SIMULATION_METRICS_MAX];
    size_t metric_count;
    size_t treated;  /* the variant that differs */
    int32_t first;   /* the first cohort day */
    size_t days;     /* on which units come */
    size_t evenings; /* on which the report is read, at most */
    double per_week;
    struct simulation_laws *laws;
};

/* INVALID where the file or the caller says too little, or what can't be played: the text says what
 * to add. */
MUST_CHECK enum status simulation_new(const struct simulation_options *options,
                                      struct simulation **simulation, struct error *error);
void simulation_free(struct simulation *simulation); /* NULL is fine */

/* What came of one run. */
struct simulation_run {
    enum verdict_code code;
    int variant;      /* that the verdict names, or -1 */
    unsigned evening; /* on which it was read, from 1 */
    bool is_wrong;    /* ships what is not better, or stops what is */
    bool is_unshown;  /* better on a goal, and some guardrail not shown harmless: row 13 */
    unsigned passed;  /* bit i: metric i is a guardrail that the first treatment passed */
    bool has_read;    /* ships: the goal's difference as the report shows it, and the truth */
    double read, truth;
    bool has_corrected; /* as the report corrects it, where it does */
    double corrected;
    unsigned intervals, holding; /* of the first goal that evening; of them those with the truth */
};

struct player;
struct player *player_new(const struct simulation *simulation); /* NULL: no memory */
void player_free(struct player *player);                        /* NULL is fine */
/* NO_MEMORY */
MUST_CHECK enum status player_play(struct player *player, uint64_t number,
                                   struct simulation_run *run, struct error *error);

/* A share of runs with Wilson's interval at 95 %. */
struct simulation_share {
    uint64_t count, of;
    double share;
    struct interval interval;
};
struct simulation_mean {
    uint64_t count; /* 0: there is none */
    double mean, se;
};
struct simulation_summary {
    struct simulation_share codes[VERDICT_CODE_COUNT];
    struct simulation_share wrong, unshown;
    struct simulation_share passed[SIMULATION_METRICS_MAX]; /* of guardrails, by metric */
    struct simulation_share holding;                        /* of all intervals */
    bool has_evening;                 /* the quantile below is of runs that decided */
    unsigned evening_median;          /* of those that decided */
    unsigned evening_most;            /* by which 90 % of those that decided had */
    struct simulation_mean read;      /* of those that ship */
    struct simulation_mean excess;    /* of them: read less the truth */
    struct simulation_mean corrected; /* of them: corrected where it is, less the truth */
};
/* NO_MEMORY */
MUST_CHECK enum status simulation_summary(const struct simulation_run *runs, size_t count,
                                          struct simulation_summary *summary, struct error *error);

#endif
