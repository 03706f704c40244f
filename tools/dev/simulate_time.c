/*
 * Time to an event: looks by the calendar while units are still waiting, and ends that compete.
 *
 *   peeks-log-rank, peeks-kaplan-meier   600 units arrive evenly over 60 days; the time to the
 * event is exponential with a mean of 20 days, followed for at most 28.  A look every 2 days from
 * day 20 on, 21 of them; N* = 600, in information time.  The second compares the shares that have
 * reached the event within 14 days. aa-log-rank, aa-kaplan-meier   300 units a variant, the same
 * times, followed for 0 to 14 days; fixed tests, of the share within 7 days in the second.
 *   competing-ends  400 units a variant with one hazard of the event, and accounts that close at
 *                   another hazard in each variant; followed for at most one unit of time, at which
 *                   .503 would have reached the event if no account closed.
 */

#include "simulate_shares.h"

#include "stats/information.h"

#include <gsl/gsl_randist.h>
#include <math.h>
#include <string.h>

enum { UNITS_MAX = 1200, VARIANTS = 2 };

/* A unit as it will be when all is known. */
struct person {
    double entered, waits; /* days; `waits` to its end */
    unsigned variant;
    enum life_end end;
};

/* Both variants' tables as they are known at one moment. */
struct tables {
    struct life_unit units[UNITS_MAX];
    struct life_row rows[VARIANTS][UNITS_MAX];
    struct life_table table[VARIANTS]; /* 0 is the control */
    struct survival_point points[VARIANTS][UNITS_MAX];
};

/* Who had entered before `now`, censored then or at `window` days after. */
static void tables_at(struct tables *tables, const struct person *persons, size_t count, double now,
                      double window)
{
    size_t known = 0;
    for (size_t i = 0; i < count; i++) {
        double followed = fmin(now - persons[i].entered, window);
        if (followed <= 0)
            continue;
        bool ended = persons[i].waits <= followed;
        tables->units[known++] = (struct life_unit){.time = ended ? persons[i].waits : followed,
                                                    .variant = persons[i].variant,
                                                    .end = ended ? persons[i].end : LIFE_CENSORED};
    }
    must(life_units_sort(tables->units, known));
    for (unsigned j = 0; j < VARIANTS; j++) {
        tables->table[j].rows = tables->rows[j];
        must(life_table_of(tables->units, known, j, tables->rows[j], &tables->table[j].count));
    }
}

static void tables_log_rank(const struct tables *tables, struct log_rank_score *score)
{
    struct log_rank sums = {0};
    must(log_rank_add(&sums, tables->table, VARIANTS, LOG_RANK_EQUAL));
    must(log_rank_score_of(&sums, score));
}

static void tables_reached(struct tables *tables, double time, struct survival_point at[VARIANTS])
{
    for (size_t j = 0; j < VARIANTS; j++) {
        must(survival_curve(&tables->table[j], tables->points[j]));
        must(survival_at(tables->points[j], tables->table[j].count, time, &at[j]));
    }
}

/* `count` units in turns, entering evenly over `days`. */
static void persons_draw(struct person *persons, size_t count, gsl_rng *random, double days,
                         double mean_wait)
{
    for (size_t i = 0; i < count; i++)
        persons[i] =
            (struct person){.entered = days * ((double)i + gsl_rng_uniform(random)) / (double)count,
                            .waits = gsl_ran_exponential(random, mean_wait),
                            .variant = i % VARIANTS,
                            .end = LIFE_EVENT};
}

static double anytime_p(const struct estimate *estimate)
{
    struct test test;
    must(estimate_anytime_test(estimate, 0, .05, &test));
    return test.p;
}

static double fixed_p(const struct estimate *estimate)
{
    struct test test;
    must(estimate_fixed_test(estimate, 0, &test));
    return test.p;
}

enum { ARRIVING = 1200, ARRIVAL_DAYS = 120, FIRST_LOOK = 20, WINDOW = 28, MEAN_WAIT = 20 };

/* The estimate of one look, and its information against that of the first. */
typedef void look_estimate(struct tables *tables, struct information *first,
                           struct estimate *estimate);

static double ratio_of(struct information *first, double information, double units)
{
    double ratio;
    if (first->units == 0)
        *first = (struct information){.information = information, .units = units};
    must(information_ratio(first, ARRIVING, information, &ratio));
    return ratio;
}

static double units_of(const struct tables *tables)
{
    return (double)(tables->table[0].rows[0].at_risk + tables->table[1].rows[0].at_risk);
}

static void log_rank_estimate(struct tables *tables, struct information *first,
                              struct estimate *estimate)
{
    struct log_rank_score score;
    tables_log_rank(tables, &score);
    must(estimate_of_log_rank(&score, ratio_of(first, score.variance, units_of(tables)), estimate));
}

static void reached_estimate(struct tables *tables, struct information *first,
                             struct estimate *estimate)
{
    struct survival_point at[VARIANTS];
    double information;
    tables_reached(tables, 14, at);
    must(estimate_of_reached(&at[1], &at[0], 1, estimate));
    must(information_of_se(estimate->se, &information));
    estimate->ratio = ratio_of(first, information, units_of(tables));
}

static void peeks_play(look_estimate *estimate_at, gsl_rng *random, struct outcome *outcome)
{
    struct person persons[ARRIVING];
    struct tables tables;
    struct information first = {0};
    bool anytime = false, naive = false;
    persons_draw(persons, ARRIVING, random, ARRIVAL_DAYS, MEAN_WAIT);
    for (double day = FIRST_LOOK; day <= ARRIVAL_DAYS; day += 2) {
        struct estimate estimate;
        tables_at(&tables, persons, ARRIVING, day, WINDOW);
        estimate_at(&tables, &first, &estimate);
        anytime = anytime || anytime_p(&estimate) <= .05;
        naive = naive || fixed_p(&estimate) <= .05;
    }
    outcome->figures[0].seen = anytime;
    outcome->figures[0].naive = naive;
}

static void peeks_log_rank_play(const struct simulation *simulation, gsl_rng *random,
                                struct outcome *outcome)
{
    (void)simulation;
    peeks_play(log_rank_estimate, random, outcome);
}

static void peeks_reached_play(const struct simulation *simulation, gsl_rng *random,
                               struct outcome *outcome)
{
    (void)simulation;
    peeks_play(reached_estimate, random, outcome);
}

/* The p of one table, and what the naive method makes of the same units. */
enum { FIXED_UNITS = 600, FOLLOW_UP = 14, SHARE_DAY = 7 };

static void aa_log_rank_play(const struct simulation *simulation, gsl_rng *random,
                             struct outcome *outcome)
{
    struct person persons[FIXED_UNITS];
    struct tables tables;
    struct log_rank_score score;
    struct estimate estimate;
    double smallest = 1;
    (void)simulation;
    persons_draw(persons, FIXED_UNITS, random, FOLLOW_UP, MEAN_WAIT);
    for (int look = 2; look >= 0; look--) {
        tables_at(&tables, persons, FIXED_UNITS, FOLLOW_UP - 3 * look, WINDOW);
        tables_log_rank(&tables, &score);
        must(estimate_of_log_rank(&score, 1, &estimate));
        smallest = fmin(smallest, fixed_p(&estimate));
    }
    outcome->figures[0].seen = fixed_p(&estimate);
    outcome->figures[0].naive = smallest;
}

/* Naive: the share of the curve as if all who entered had been followed to the day. */
static void aa_reached_play(const struct simulation *simulation, gsl_rng *random,
                            struct outcome *outcome)
{
    struct person persons[FIXED_UNITS];
    struct tables tables;
    struct survival_point at[VARIANTS];
    struct estimate estimate;
    struct proportion shares[VARIANTS];
    struct test naive;
    (void)simulation;
    persons_draw(persons, FIXED_UNITS, random, FOLLOW_UP, MEAN_WAIT);
    tables_at(&tables, persons, FIXED_UNITS, FOLLOW_UP, WINDOW);
    tables_reached(&tables, SHARE_DAY, at);
    must(estimate_of_reached(&at[1], &at[0], 1, &estimate));
    for (size_t j = 0; j < VARIANTS; j++) {
        shares[j].units = tables.table[j].rows[0].at_risk;
        shares[j].successes = (uint64_t)lround((1 - at[j].survival) * (double)shares[j].units);
    }
    must(proportion_score(&(struct proportion_pair){shares[1], shares[0]}, 0, &naive));
    outcome->figures[0].seen = fixed_p(&estimate);
    outcome->figures[0].naive = naive.p;
}

/* Hazards of the event and of closing, by variant; the time followed is 1. */
#define HAZARD .7
static const double closing[VARIANTS] = {.2811, .84074};

static double incidence_truth(double close)
{
    return HAZARD / (HAZARD + close) * -expm1(-HAZARD - close);
}

static void competing_play(const struct simulation *simulation, gsl_rng *random,
                           struct outcome *outcome)
{
    enum { UNITS = 800 };
    struct person persons[UNITS];
    struct tables tables;
    struct survival_point at[VARIANTS];
    (void)simulation;
    for (size_t i = 0; i < UNITS; i++) {
        unsigned variant = i % VARIANTS;
        double value = gsl_ran_exponential(random, 1 / HAZARD);
        double closes = gsl_ran_exponential(random, 1 / closing[variant]);
        persons[i] = (struct person){.waits = fmin(value, closes),
                                     .variant = variant,
                                     .end = value < closes ? LIFE_EVENT : LIFE_COMPETING};
    }
    tables_at(&tables, persons, UNITS, 1, 1);
    tables_reached(&tables, 1, at);
    for (size_t j = 0; j < VARIANTS; j++) {
        struct incidence_point incidence;
        must(incidence_at(&tables.table[j], 1, &incidence));
        outcome->figures[j].seen = incidence.incidence - incidence_truth(closing[j]);
        outcome->figures[j].naive = 1 - at[j].survival - incidence_truth(closing[j]);
    }
}

static const struct simulation rows[] = {
    {.name = "aa-log-rank",
     .replicates_long = 10000,
     .replicates_short = 2000,
     .figures = {{.what = "p of the log-rank test",
                  .must = {MUST_BE_UNIFORM, .05},
                  .naive = "the smallest p of three looks",
                  .naive_must = {MUST_NOT_UNIFORM, 0}}},
     .play = aa_log_rank_play},
    {.name = "aa-kaplan-meier",
     .replicates_long = 10000,
     .replicates_short = 2000,
     .figures = {{.what = "p of the difference of 1 - S",
                  .must = {MUST_BE_UNIFORM, .05},
                  .naive = "p of the same shares of all who entered",
                  .naive_must = {MUST_NOT_UNIFORM, 0}}},
     .play = aa_reached_play},
    {.name = "peeks-log-rank",
     .replicates_long = 2000,
     .replicates_short = 200,
     .figures = {{.what = "any of 51 looks rejects, log-rank, anytime at .05",
                  .must = {MUST_AT_MOST, .05},
                  .naive = "log-rank test at each look",
                  .naive_must = {MUST_BE_ABOVE, .2}}},
     .play = peeks_log_rank_play},
    {.name = "peeks-kaplan-meier",
     .replicates_long = 2000,
     .replicates_short = 200,
     .figures = {{.what = "any of 51 looks rejects, 1 - S, anytime at .05",
                  .must = {MUST_AT_MOST, .05},
                  .naive = "fixed test at each look",
                  .naive_must = {MUST_BE_ABOVE, .2}}},
     .play = peeks_reached_play},
    {.name = "competing-ends",
     .replicates_long = 1000,
     .replicates_short = 200,
     .figures = {{.what = "incidence less the truth .446, control",
                  .must = {MUST_BE_NEAR, 0},
                  .naive = "1 - Kaplan-Meier less the truth",
                  .naive_must = {MUST_BE_FAR, 0}},
                 {.what = "incidence less the truth .357, treatment",
                  .must = {MUST_BE_NEAR, 0},
                  .naive = "1 - Kaplan-Meier less the truth",
                  .naive_must = {MUST_BE_FAR, 0}}},
     .play = competing_play},
};
const struct simulation_family simulate_time = {rows, sizeof rows / sizeof *rows};
