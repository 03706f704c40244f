/*
 * Time to an event: the moment at which what the metric asks for is met, or that of the first of
 * its competing ends, whichever comes first within the window; at one instant the event, then the
 * competing ends in their order.  Nothing where neither comes: the unit is censored, and by whom it
 * was watched so long the reader of the cube knows.
 */

#include "metric.h"

/* Whether it ended within the window, when, and why: 0 the event, 1.. the competing ends. */
static bool time_ended(const struct unit_reading *reading, const struct scheme_metric *metric,
                       int64_t *moment_ms, size_t *cause)
{
    struct window window = window_of(metric, reading->exposure_ms);
    bool ended = outcomes_met_at(metric, reading->record, &window, moment_ms);
    *cause = 0;
    for (size_t i = 0; i < metric->competing_count; i++) {
        int64_t end_ms;
        if (!outcome_first(reading->record, metric->competing[i], &window, &end_ms) ||
            (ended && end_ms >= *moment_ms))
            continue;
        ended = true;
        *moment_ms = end_ms;
        *cause = i + 1;
    }
    return ended;
}

void time_fill(struct unit_reading *reading, const struct scheme_metric *metric, int128 *fields)
{
    int64_t moment_ms = INT64_MAX;
    size_t cause = 0;
    fields[TIME_N] = 1;
    if (time_ended(reading, metric, &moment_ms, &cause))
        unit_bin_add(reading, metric, CUBE_BIN(cause, time_bin(moment_ms - reading->exposure_ms)),
                     1);
}

int64_t time_without(const struct unit_reading *reading, const struct scheme_metric *metric)
{
    int64_t moment_ms = INT64_MAX;
    size_t cause = 0;
    bool came = time_ended(reading, metric, &moment_ms, &cause) && cause == 0;
    return came ? moment_ms - reading->exposure_ms : metric->until_ms;
}
