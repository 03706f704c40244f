/*
 * Weeks that a plan takes.
 *
 *   weeks = max(n / rate + W, 2), rounded up to whole weeks; too long beyond 8.
 * Units reachable in t weeks: rate (t - W).
 *
 * Assumes   a steady arrival of new units; a returning audience comes faster at first.
 * Not for   days: whole weeks are asked so that every weekday counts alike.
 * Accuracy  exact, by hand (tests/stats/test_power_duration.c).
 * Reference statistics.md of the design, section 9.
 */

#include "stats/power_duration.h"

#include <math.h>

/* A quotient that is whole but for rounding is whole. */
#define ROUNDING 1e-9

static bool flow_is_valid(double amount, double per_week, double window_weeks)
{
    return amount >= 0 && isfinite(amount) && per_week > 0 && isfinite(per_week) &&
           window_weeks >= 0 && isfinite(window_weeks);
}

enum reason power_duration(double units, double per_week, double window_weeks,
                           struct duration *duration)
{
    if (!flow_is_valid(units, per_week, window_weeks))
        return REASON_INVALID;
    double enrolment = units / per_week;
    double weeks = ceil(fmax(enrolment + window_weeks, DURATION_WEEKS_MIN) - ROUNDING);
    if (!isfinite(weeks))
        return REASON_NOT_DETECTABLE;
    *duration = (struct duration){
        .enrolment = enrolment, .weeks = weeks, .too_long = weeks > DURATION_WEEKS_MAX};
    return REASON_NONE;
}

enum reason power_duration_units(double weeks, double per_week, double window_weeks, double *units)
{
    if (!flow_is_valid(weeks, per_week, window_weeks))
        return REASON_INVALID;
    double result = (weeks - window_weeks) * per_week;
    if (!(result > 0))
        return REASON_TOO_EARLY;
    if (!isfinite(result))
        return REASON_NOT_FINITE;
    *units = result;
    return REASON_NONE;
}
