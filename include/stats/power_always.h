#ifndef STATS_POWER_ALWAYS_H
#define STATS_POWER_ALWAYS_H

/*
 * Plans for the anytime interval alone (`always`): its power at n units is the chance that the
 * interval then excludes 0.  That it may have crossed earlier, and crossed back, is left out: what
 * is planned for is a look at the end.
 *
 * `planned` is the control's part of N*, at which r = 1; 0 stands for the very units asked about,
 * as when N* is what is being planned.  The level and its sides are the design's; both_tails adds
 * nothing here.
 */

#include "stats/power_normal.h"

MUST_CHECK enum reason power_always_units(const struct power_design *design,
                                          struct power_variances variances, double planned,
                                          double difference, double power, double *units);
MUST_CHECK enum reason power_always(const struct power_design *design,
                                    struct power_variances variances, double planned,
                                    double difference, double units, double *power);
MUST_CHECK enum reason power_always_detectable(const struct power_design *design,
                                               struct power_variances variances, double planned,
                                               double units, double power, double *difference);

#endif
