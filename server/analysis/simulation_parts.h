#ifndef ANALYSIS_SIMULATION_PARTS_H
#define ANALYSIS_SIMULATION_PARTS_H

/*
 * The inside of a simulation: laws of outcomes, and how they become cells.  For simulation*.c only.
 *
 * A law is a list of what a unit may show with the share of each; what is left of 1 shows nothing.
 * So the units of a cell are one multinomial draw, whose cost does not grow with their number.
 */

#include "analysis/simulation.h"

#include "base/random.h"
#include "document_parts.h"

struct law {
    enum metric_kind kind;
    double mean; /* what the report estimates, were the units without end */
    size_t count;
    double *shares;
    double *until; /* shares of this step and those before */
    /* conversion, retention: unused; count: events; sum, mean: micro-units; nps: 1 and -1; time_to:
     * the bin */
    int64_t *steps;
};

/* What a law is made of: `sd` 0: what follows from the mean.  A count keeps the dispersion of
 * `pattern`, a sum the sd in parts of the mean, an nps who answers neither way; NULL: itself. */
struct law_wanted {
    const struct metric *metric;
    double mean, sd;
    const struct law_wanted *pattern;
};
/* NULL, or why there is no such law: "its value is not between 0 % and 100 %". */
const char *law_make(struct arena *arena, const struct law_wanted *wanted, struct law *law);

/* Draws `units` of them: tallies[i] show step i. */
void law_draw(const struct law *law, struct random *random, uint64_t units, uint64_t *tallies);
/* The cell's integers, as cube.h lists them for the kind. */
size_t law_field_count(enum metric_kind kind);
void law_fill(const struct law *law, uint64_t units, const uint64_t *tallies, int128 *fields);

/* By metric, of a variant without and with the effect. */
struct simulation_laws {
    struct arena arena;
    struct study_metric metrics[SIMULATION_METRICS_MAX];
    struct law plain[SIMULATION_METRICS_MAX];
    struct law treated; /* of the first goal */
    size_t widest;      /* most steps of a law */
};
static inline const struct law *law_of(const struct simulation *simulation, size_t metric,
                                       size_t variant)
{
    return metric == 0 && variant == simulation->treated ? &simulation->laws->treated
                                                         : &simulation->laws->plain[metric];
}
/* Units that have come by the end of so many days, all variants. */
uint64_t simulation_arrived(const struct simulation *simulation, size_t days);

#endif
