#ifndef STATS_POWER_DURATION_H
#define STATS_POWER_DURATION_H

/*
 * How long a plan takes.  Units arrive in a flow, so the last of n units comes after n / rate
 * weeks, and its outcome counts a window later.
 */

#include "stats/result.h"

#include <stdbool.h>

/* Shorter than two weeks a test sees too few weekdays twice; longer than eight it is not run. */
#define DURATION_WEEKS_MIN 2.0
#define DURATION_WEEKS_MAX 8.0

struct duration {
    double enrolment; /* weeks until the last unit has come, not rounded */
    double weeks;     /* whole weeks until the last outcome counts */
    bool too_long;    /* more than DURATION_WEEKS_MAX: plan for a larger effect */
};

/* Of `units` in all variants together (>= 0), at `per_week` > 0, with a window >= 0 in weeks. */
MUST_CHECK enum reason power_duration(double units, double per_week, double window_weeks,
                                      struct duration *duration);

/* The units that come within `weeks`, their window included: what to ask the nearest detectable
 * effect of.  TOO_EARLY when the window alone fills the weeks. */
MUST_CHECK enum reason power_duration_units(double weeks, double per_week, double window_weeks,
                                            double *units);

#endif
