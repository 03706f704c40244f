/*
 * Time to an event: the moment at which what the metric asks for is met, or that of the first of
 * its competing ends, whichever comes first within the window; at one instant the event, then the
 * competing ends in their order.  Nothing where neither comes: the unit is censored, and by whom it
 * was watched so long the reader of the cube knows.
 */

#include "metric.h"

void time_fill(struct unit_reading *reading, const struct scheme_metric *metric, int128 *fields)
{
    struct window window = window_of(metric, reading->exposure_ms);
    int64_t moment_ms = INT64_MAX;
    size_t cause = 0;
    bool ended = outcomes_met_at(metric, reading->record, &window, &moment_ms);
    fields[TIME_N] = 1;
    for (size_t i = 0; i < metric->competing_count; i++) {
        int64_t end_ms;
        if (!outcome_first(reading->record, metric->competing[i], &window, &end_ms) ||
            (ended && end_ms >= moment_ms))
            continue;
        ended = true;
        moment_ms = end_ms;
        cause = i + 1;
    }
    if (ended)
        unit_bin_add(reading, metric, CUBE_BIN(cause, time_bin(moment_ms - reading->exposure_ms)),
                     1);
}
