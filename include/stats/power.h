#ifndef STATS_POWER_H
#define STATS_POWER_H

/*
 * How many units a comparison of two rates needs, what a number of units can show, and what
 * peeking costs.  Sizes are those of the control; the treatment has `allocation` times as many.
 * They are real numbers: the caller rounds up.
 */

#include "stats/design.h"

struct power_design {
    double alpha;      /* error of the test, plain: see power_alpha for a design and a family */
    bool one_sided;    /* alpha is one tail's */
    double allocation; /* treatment units per control unit, > 0 */
    bool both_tails;   /* counts a rejection in the wrong direction too (R's strict = TRUE) */
};

/* Whether a design can be planned with. */
bool power_design_is_valid(const struct power_design *design);

/* The normal critical value of its test. */
double power_design_z(const struct power_design *design);

/* The alpha to plan with: 4 alpha / (5 members) for hybrid, else alpha / members. */
double power_alpha(enum design design, double alpha, size_t members);

/* By what units grow when the anytime interval alone decides, at the planned size and equal power:
 * ((c(1) + z_b) / (z_a + z_b))^2; 1.91 at alpha .05 and power .8. */
MUST_CHECK enum reason power_always_inflation(double alpha, double power, double *inflation);

/* Control units to tell p1 from p0 with `power`; both rates inside (0, 1). */
MUST_CHECK enum reason power_proportion_units(const struct power_design *design, double control,
                                              double treatment, double power, double *units);

/* The chance that the test rejects in the direction of the true difference, or at all. */
MUST_CHECK enum reason power_proportion(const struct power_design *design, double control,
                                        double treatment, double units, double *power);

/* The smallest rise (SIDE_HIGH) or fall (SIDE_LOW) of the rate that `units` show with `power`,
 * as treatment - control.  NOT_DETECTABLE when not even 1 or 0 is far enough. */
MUST_CHECK enum reason power_proportion_detectable(const struct power_design *design,
                                                   double control, double units, double power,
                                                   enum side side, double *difference);

/* Control units so that a guardrail with this rate shows, one-sided at design->alpha, that it is
 * not worse by `margin` > 0 when the true harm is `harm` (0: none; counted towards the margin).
 * NOT_DETECTABLE when harm >= margin. */
MUST_CHECK enum reason power_non_inferiority_units(const struct power_design *design, double rate,
                                                   double margin, double harm, double power,
                                                   double *units);

/* The power of that non-inferiority test with `units` control units. */
MUST_CHECK enum reason power_non_inferiority(const struct power_design *design, double rate,
                                             double margin, double harm, double units,
                                             double *power);

/* The power of the test of Cohen's h = 2 asin sqrt(p1) - 2 asin sqrt(p0), given h and both sizes:
 * both tails when it is two-sided, the upper one else. */
MUST_CHECK enum reason power_arcsine(double alpha, bool one_sided, double h, double control_units,
                                     double treatment_units, double *power);

#endif
