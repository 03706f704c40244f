#ifndef STATS_POWER_SURVIVAL_H
#define STATS_POWER_SURVIVAL_H

/*
 * Power of the log-rank test.  What counts is events, of the two variants together, not units:
 * units = events / the share that has the event within the follow-up.  The allocation of the
 * design is treatment units per control unit.  Sizes are real numbers: the caller rounds up.
 */

#include "stats/power.h"

/* Events to tell this hazard ratio (treatment : control, > 0) from 1 with `power`.
 * NOT_DETECTABLE at ratio 1. */
MUST_CHECK enum reason power_log_rank_events(const struct power_design *design, double hazard_ratio,
                                             double power, double *events);

/* The chance that the test rejects, in the direction of the true ratio; events > 0. */
MUST_CHECK enum reason power_log_rank(const struct power_design *design, double hazard_ratio,
                                      double events, double *power);

/* The nearest ratio above 1 (SIDE_HIGH) or below it (SIDE_LOW) that `events` show with `power`. */
MUST_CHECK enum reason power_log_rank_detectable(const struct power_design *design, double events,
                                                 double power, enum side side,
                                                 double *hazard_ratio);

/* Units of the two variants together that bring `events`, when the shares `treatment` and
 * `control`, inside (0, 1], have the event within their follow-up. */
MUST_CHECK enum reason power_log_rank_units(const struct power_design *design, double events,
                                            double treatment, double control, double *units);

#endif
