#ifndef STATS_POWER_PLAN_H
#define STATS_POWER_PLAN_H

/*
 * The plan of a comparison, whatever its design and kind of metric: units, power, and the effect
 * that units can show.  One question, three answers.
 *
 *     struct power_question question = {.design = DESIGN_HYBRID, .alpha = .05, .members = 1,
 *                                       .allocation = 1, .kind = POWER_RATE, .baseline = .22};
 *     power_plan_units(&question, .022, .8, &units);
 *
 * hybrid  the fixed test at 4 alpha / (5 members): early crossing comes on top
 * fixed   the fixed test at alpha / members
 * always  the anytime interval at alpha / members
 */

#include "stats/power_always.h"

enum power_kind {
    POWER_RATE,   /* a share: `baseline` is the control's rate, inside (0, 1) */
    POWER_MEAN,   /* a mean read by t: `sd` of a unit */
    POWER_NORMAL, /* a ratio, clusters: `sd` is the square root of the variance a unit */
};

struct power_question {
    enum design design;
    double alpha;      /* of the whole family */
    size_t members;    /* comparisons that share it; 0 counts as 1 */
    double allocation; /* treatment units per control unit */
    enum power_kind kind;
    double baseline;
    double sd;
    double inflation; /* what multiplies the units: a design effect, 1 - r^2; 0: 1 */
    double planned;   /* always: control units of N*; 0: those asked about */
};

/* Control units for a difference treatment - control. */
MUST_CHECK enum reason power_plan_units(const struct power_question *question, double difference,
                                        double power, double *units);
MUST_CHECK enum reason power_plan(const struct power_question *question, double difference,
                                  double units, double *power);
/* The smallest rise or fall, as treatment - control. */
MUST_CHECK enum reason power_plan_detectable(const struct power_question *question, double units,
                                             double power, enum side side, double *difference);

/* The one-sided error at which a guardrail passes at its last look: 4a/10 hybrid, a/2 else. */
double power_guardrail_alpha(enum design design, double alpha);
/* The chance that a guardrail of this question passes with `units` when the truth is `harm`; the
 * question's alpha is the experiment's, its members are not asked. */
MUST_CHECK enum reason power_plan_guardrail(const struct power_question *question, double margin,
                                            double harm, double units, double *power);
/* The power that each of `guardrails` must have so that all pass with `power`:
 * 1 - (1 - power)/guardrails. */
MUST_CHECK enum reason power_guardrail_share(double power, size_t guardrails, double *each);

#endif
