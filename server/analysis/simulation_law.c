/*
 * Laws of outcomes (simulation.h tells them), each as steps with their shares, and the cells that
 * units drawn by one make.
 *
 * Amounts   the lognormal is cut where 1/64, 2/64, ... of it lie below; a step is the mean of its
 *           part, stretched about the middle so that the sd is the one wanted.
 * Counts    a recurrence, to where 1e-12 is left or the metric's cap, which has the rest.
 */

#include "simulation_parts.h"

#include "base/number.h"
#include "stats/normal.h"

#include <math.h>

#define AMOUNT_STEPS 64
#define COUNT_STEPS_MAX 4096
#define COUNT_REST 1e-12
#define NPS_SD 80.0 /* where nobody says: 45 % promoters, 25 % detractors have 82 */

static bool law_room(struct arena *arena, size_t count, struct law *law)
{
    law->shares = ARENA_ARRAY(arena, count + 1, double);
    law->until = ARENA_ARRAY(arena, count + 1, double);
    law->steps = ARENA_ARRAY(arena, count + 1, int64_t);
    return law->shares && law->until && law->steps;
}

static const char *const no_memory = "memory ran out";

static const char *share_make(struct arena *arena, const struct law_wanted *wanted, struct law *law)
{
    if (!(wanted->mean > 0 && wanted->mean < 1))
        return "its value is not between 0 % and 100 %";
    if (!law_room(arena, 1, law))
        return no_memory;
    law->count = 1;
    law->shares[0] = law->mean = wanted->mean;
    return NULL;
}

/* The probability of 0 and the next one's in parts of the one before. */
static double count_next(double mean, double size, double k)
{
    if (!isfinite(size))
        return mean / (k + 1);
    return (k + size) / (k + 1) * mean / (size + mean);
}

static double count_none(double mean, double size)
{
    return isfinite(size) ? exp(-size * log1p(mean / size)) : exp(-mean);
}

/* r of the negative binomial: sd^2 = mean + mean^2 / r; none for Poisson. */
static double count_size(const struct law_wanted *wanted)
{
    double extra = wanted->sd * wanted->sd - wanted->mean;
    return extra > 0 ? wanted->mean * wanted->mean / extra : (double)INFINITY;
}

static const char *count_make(struct arena *arena, const struct law_wanted *wanted, struct law *law)
{
    double size = count_size(wanted->pattern ? wanted->pattern : wanted), mean = 0;
    size_t most = COUNT_STEPS_MAX, cap = (size_t)(wanted->metric->cap_micro / MICRO);
    if (!(wanted->mean > 0))
        return "its value is not above 0";
    if (cap && cap < most)
        most = cap;
    double share = count_none(wanted->mean, size), rest = 1 - share;
    if (!law_room(arena, most, law))
        return no_memory;
    for (size_t k = 1; k <= most && rest > COUNT_REST; k++) {
        share *= count_next(wanted->mean, size, (double)k - 1);
        law->shares[law->count] = k == cap ? rest : share;
        law->steps[law->count] = (int64_t)k;
        mean += (double)k * law->shares[law->count++];
        rest -= share;
    }
    if (rest > .001 && most == COUNT_STEPS_MAX)
        return "its value is more events than can be played";
    law->mean = mean;
    return NULL;
}

/* The part of a lognormal's mean that lies below its quantile at z. */
static double amount_below(double z, double sigma)
{
    return normal_test_upper(sigma - z).p;
}

static double amount_cut(size_t i)
{
    return i == 0              ? -(double)INFINITY
           : i == AMOUNT_STEPS ? (double)INFINITY
                               : -normal_z_one_sided((double)i / AMOUNT_STEPS);
}

/* Steps of mean 1 and that sd. */
static void amount_steps(double sd, double steps[static AMOUNT_STEPS])
{
    double sigma = sqrt(log1p(sd * sd)), squares = 0;
    for (size_t i = 0; i < AMOUNT_STEPS; i++) {
        double below = i ? amount_below(amount_cut(i), sigma) : 0;
        double until = i + 1 < AMOUNT_STEPS ? amount_below(amount_cut(i + 1), sigma) : 1;
        steps[i] = AMOUNT_STEPS * (until - below);
        squares += (steps[i] - 1) * (steps[i] - 1) / AMOUNT_STEPS;
    }
    double stretch = squares > 0 ? sd / sqrt(squares) : 1;
    for (size_t i = 0; i < AMOUNT_STEPS; i++)
        steps[i] = 1 + (steps[i] - 1) * stretch;
}

static const char *amount_make(struct arena *arena, const struct law_wanted *wanted,
                               struct law *law)
{
    const struct law_wanted *pattern = wanted->pattern ? wanted->pattern : wanted;
    double steps[AMOUNT_STEPS];
    if (!(wanted->mean > 0) || !(pattern->mean > 0) || !(pattern->sd > 0))
        return "its value is not above 0";
    double spread = pattern->sd / pattern->mean;
    double given = spread > 1 ? 2 / (1 + spread * spread) : 1; /* share of units with an amount */
    amount_steps(fmin(spread, 1), steps);
    if (!law_room(arena, AMOUNT_STEPS, law))
        return no_memory;
    law->count = AMOUNT_STEPS;
    for (size_t i = 0; i < AMOUNT_STEPS; i++) {
        law->shares[i] = given / AMOUNT_STEPS;
        law->steps[i] = (int64_t)round(steps[i] * wanted->mean / given * MICRO);
        law->mean += law->shares[i] * (double)law->steps[i] / MICRO;
    }
    return NULL;
}

static const char *score_make(struct arena *arena, const struct law_wanted *wanted, struct law *law)
{
    const struct law_wanted *pattern = wanted->pattern ? wanted->pattern : wanted;
    double score = wanted->mean / 100, usual = pattern->mean / 100;
    double sd = (pattern->sd > 0 ? pattern->sd : NPS_SD) / 100;
    double answers = fmin(1, fmax(fabs(score), sd * sd + usual * usual)); /* not passive */
    if (!(fabs(score) < 1))
        return "its value is not between -100 and 100";
    if (!law_room(arena, 2, law))
        return no_memory;
    law->count = 2;
    law->shares[0] = (answers + score) / 2;
    law->shares[1] = (answers - score) / 2;
    law->steps[0] = 1;
    law->steps[1] = -1;
    law->mean = wanted->mean;
    return NULL;
}

/* The rate at which the mean time within `within` days is the one wanted, by halving. */
static double time_rate(double mean, double within)
{
    double low = 0, high = 1 / mean;
    for (int i = 0; i < 200; i++) {
        double rate = (low + high) / 2;
        if (-expm1(-rate * within) / rate > mean)
            low = rate;
        else
            high = rate;
    }
    return (low + high) / 2;
}

static const char *time_make(struct arena *arena, const struct law_wanted *wanted, struct law *law)
{
    int64_t within_ms = wanted->metric->until_ms;
    double within = (double)within_ms / (double)DAY_MS;
    size_t bins = time_bin(within_ms);
    if (!(wanted->mean > 0 && wanted->mean < within))
        return "its value is not a time within the metric's window";
    if (!law_room(arena, bins, law))
        return no_memory;
    double rate = time_rate(wanted->mean, within);
    law->count = bins;
    law->mean = wanted->mean;
    for (size_t bin = 0; bin < bins; bin++) {
        double from = (double)time_bin_from_ms((uint32_t)bin) / (double)DAY_MS;
        double until = (double)time_bin_until_ms((uint32_t)bin) / (double)DAY_MS;
        law->steps[bin] = (int64_t)bin;
        law->shares[bin] = exp(-rate * from) - exp(-rate * until);
    }
    return NULL;
}

/* What a kind is made of, and the integers of its cell. */
static void share_fields(const struct law *law, uint64_t units, const uint64_t *tallies,
                         int128 *fields)
{
    (void)law;
    fields[SHARE_N] = units;
    fields[SHARE_X] = tallies[0];
}

static void value_fields(const struct law *law, uint64_t units, const uint64_t *tallies,
                         int128 *fields)
{
    memset(fields, 0, VALUE_FIELD_COUNT * sizeof *fields);
    fields[VALUE_N] = units;
    for (size_t i = 0; i < law->count; i++) {
        int128 sum = (int128)tallies[i] * law->steps[i];
        fields[VALUE_S] += sum;
        fields[VALUE_SS] += sum * law->steps[i];
        fields[VALUE_NONZERO] += tallies[i];
    }
    fields[VALUE_RAW_S] = fields[VALUE_S];
    fields[VALUE_RAW_SS] = fields[VALUE_SS];
}

/* One event a unit. */
static void mean_fields(const struct law *law, uint64_t units, const uint64_t *tallies,
                        int128 *fields)
{
    int128 values[VALUE_FIELD_COUNT];
    value_fields(law, units, tallies, values);
    fields[RATIO_N] = fields[RATIO_S] = fields[RATIO_SS] = fields[RATIO_UNITS] = units;
    fields[RATIO_Y] = fields[RATIO_YS] = values[VALUE_S];
    fields[RATIO_YY] = values[VALUE_SS];
}

static void score_fields(const struct law *law, uint64_t units, const uint64_t *tallies,
                         int128 *fields)
{
    (void)law;
    fields[NPS_N] = fields[NPS_RESPONDED] = units;
    fields[NPS_PROMOTERS] = tallies[0];
    fields[NPS_DETRACTORS] = tallies[1];
}

static void time_fields(const struct law *law, uint64_t units, const uint64_t *tallies,
                        int128 *fields)
{
    (void)law;
    (void)tallies; /* they are bins */
    fields[TIME_N] = units;
}

static const struct {
    const char *(*make)(struct arena *arena, const struct law_wanted *wanted, struct law *law);
    void (*fields)(const struct law *law, uint64_t units, const uint64_t *tallies, int128 *fields);
    size_t field_count;
    const char *why_not; /* it can't be played */
} kinds[METRIC_KIND_COUNT] = {
    [METRIC_CONVERSION] = {share_make, share_fields, SHARE_FIELD_COUNT, NULL},
    [METRIC_RETENTION] = {share_make, share_fields, SHARE_FIELD_COUNT, NULL},
    [METRIC_COUNT] = {count_make, value_fields, VALUE_FIELD_COUNT, NULL},
    [METRIC_SUM] = {amount_make, value_fields, VALUE_FIELD_COUNT, NULL},
    [METRIC_MEAN] = {amount_make, mean_fields, RATIO_FIELD_COUNT, NULL},
    [METRIC_NPS] = {score_make, score_fields, NPS_FIELD_COUNT, NULL},
    [METRIC_TIME_TO] = {time_make, time_fields, TIME_FIELD_COUNT, NULL},
    [METRIC_RATIO] = {.why_not = "it is a ratio: two spreads and their correlation would have "
                                 "to be known"},
    [METRIC_BREADTH] = {.why_not = "it is of members: how many accounts have, and how alike "
                                   "they are, would have to be known"},
    [METRIC_RETENTION_CURVE] = {.why_not = "it is a curve, not a number of a unit"},
};

const char *law_make(struct arena *arena, const struct law_wanted *wanted, struct law *law)
{
    struct law made = {.kind = wanted->metric->kind};
    if (!kinds[made.kind].make)
        return kinds[made.kind].why_not;
    const char *problem = kinds[made.kind].make(arena, wanted, &made);
    if (problem)
        return problem;
    double until = 0;
    for (size_t i = 0; i < made.count; i++)
        made.until[i] = until += made.shares[i];
    *law = made;
    return NULL;
}

size_t law_field_count(enum metric_kind kind)
{
    return kinds[kind].field_count;
}

void law_fill(const struct law *law, uint64_t units, const uint64_t *tallies, int128 *fields)
{
    kinds[law->kind].fields(law, units, tallies, fields);
}

/* Unit by unit. */
static void draw_units(const struct law *law, struct random *random, uint64_t units,
                       uint64_t *tallies)
{
    for (; units; units--) {
        double place = random_uniform(random);
        size_t low = 0, high = law->count;
        while (low < high) {
            size_t middle = low + (high - low) / 2;
            if (law->until[middle] <= place)
                low = middle + 1;
            else
                high = middle;
        }
        if (low < law->count)
            tallies[low]++;
    }
}

/* Step after step: how many of those left, given that they show none of those before. */
static void draw_steps(const struct law *law, struct random *random, uint64_t units,
                       uint64_t *tallies)
{
    double rest = 1;
    for (size_t i = 0; i < law->count && units; i++) {
        tallies[i] = random_binomial(random, units, law->shares[i] / rest);
        units -= tallies[i];
        rest -= law->shares[i];
    }
}

void law_draw(const struct law *law, struct random *random, uint64_t units, uint64_t *tallies)
{
    memset(tallies, 0, law->count * sizeof *tallies);
    if (units < law->count)
        draw_units(law, random, units, tallies);
    else
        draw_steps(law, random, units, tallies);
}
