/*
 * Metrics that say yes or no of a unit: conversion and retention, and retention as a curve, one
 * answer for each bracket [b every, (b + 1) every) after the exposure.
 */

#include "metric.h"

void share_fill(struct unit_reading *reading, const struct scheme_metric *metric, int128 *fields)
{
    struct window window = window_of(metric, reading->exposure_ms);
    fields[SHARE_N] = 1;
    fields[SHARE_X] = outcomes_meet(metric, reading->record, &window);
}

void curve_fill(struct unit_reading *reading, const struct scheme_metric *metric, int128 *fields)
{
    struct window window = {.exposure_ms = reading->exposure_ms};
    fields[CURVE_N] = 1;
    for (int64_t from_ms = 0, b = 0; from_ms < metric->until_ms; from_ms += metric->every_ms, b++) {
        window.from_ms = reading->exposure_ms + from_ms;
        window.until_ms = window.from_ms + metric->every_ms;
        fields[CURVE_X + b] = outcomes_meet(metric, reading->record, &window);
    }
}
