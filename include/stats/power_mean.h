#ifndef STATS_POWER_MEAN_H
#define STATS_POWER_MEAN_H

/*
 * How many units a comparison of two means needs, read by the t test; and of k means by the F test.
 * Sizes are the control's, real numbers: the caller rounds up.
 */

#include "stats/power.h"

/* The chance that the two-sample t test (one-sided: in the direction of the difference) rejects.
 * sd > 0 is a unit's in both variants; more than 2 units in all, else INVALID. */
MUST_CHECK enum reason power_mean(const struct power_design *design, double sd, double difference,
                                  double units, double *power);

/* Control units, at least those that leave a tenth of a degree of freedom; NOT_DETECTABLE when the
 * difference is 0. */
MUST_CHECK enum reason power_mean_units(const struct power_design *design, double sd,
                                        double difference, double power, double *units);

/* The smallest difference, > 0.  INVALID when `power` is what no difference at all has. */
MUST_CHECK enum reason power_mean_detectable(const struct power_design *design, double sd,
                                             double units, double power, double *difference);

/* One-way analysis of variance of `groups` >= 2 means: Cohen's f is the standard deviation of the
 * means over that within. */
struct power_groups {
    size_t groups;
    double alpha;
};
MUST_CHECK enum reason power_anova(struct power_groups groups, double f, double units,
                                   double *power);
/* Units of each group, above 1; NOT_DETECTABLE when f is 0. */
MUST_CHECK enum reason power_anova_units(struct power_groups groups, double f, double power,
                                         double *units);
MUST_CHECK enum reason power_anova_detectable(struct power_groups groups, double units,
                                              double power, double *f);

#endif
