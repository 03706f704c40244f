#ifndef ANALYSIS_METRIC_H
#define ANALYSIS_METRIC_H

/*
 * What one unit's outcomes make of the metrics of a definition: a row of integers, as cube.h lists
 * them for each kind, and a few bins.  A pure function of the unit's records and the scheme.
 *
 * One row of the table in metric.c is one kind; its function fills the kind's own fields, which
 * were 0.  Values of units are clamped to +-10^9 units as the last step, and the unit is marked.
 */

#include "outcomes.h"

#include "base/number.h"

/* A bin of the unit's: number of the cell in the state, bin, what is added. */
struct unit_bin {
    uint8_t number;
    uint32_t bin;
    int64_t count;
};

/* One unit read for one definition. */
struct unit_reading {
    const struct scheme_definition *definition;
    const struct unit_record *record; /* the view's */
    const struct unit_view *view;
    int64_t exposure_ms;
    uint8_t variant; /* index in the definition */
    int128 *row;     /* definition->row_count zeros, to be filled */
    struct unit_bin *bins;
    size_t bin_count;
    uint32_t unread; /* events left out as their property is no number */
    bool clamped;
};

/* Fills the rows of all metrics, covariates and steps; the fields of units without their quality.
 */
void unit_reading_fill(struct unit_reading *reading);

#define CLAMP_UNITS INT64_C(1000000000)

/* The value within +-limit; the unit is marked where it was not. */
int64_t value_clamped(struct unit_reading *reading, int128 value, int64_t limit);
void unit_bin_add(struct unit_reading *reading, const struct scheme_metric *metric, uint32_t bin,
                  int64_t count);

typedef void metric_fill(struct unit_reading *reading, const struct scheme_metric *metric,
                         int128 *fields);
metric_fill share_fill, curve_fill;           /* metric_share.c */
metric_fill count_fill, sum_fill;             /* metric_value.c */
metric_fill mean_fill, ratio_fill, nps_fill;  /* metric_ratio.c */
metric_fill time_fill;                        /* metric_time.c */
metric_fill breadth_fill;                     /* metric_breadth.c */
void flow_fill(struct unit_reading *reading); /* metric_flow.c */

/* Milliseconds of the window without the event of a time_to: all of it where the event never came,
 * or a competing end before it; metric_time.c. */
int64_t time_without(const struct unit_reading *reading, const struct scheme_metric *metric);

/* The value of a unit under a count, a sum or a conversion: in events, micro-units, 0 or 1. */
struct unit_value {
    int64_t value;  /* capped, then clamped */
    int64_t raw;    /* clamped */
    int64_t events; /* that had a number, or were counted */
    bool capped;
};
struct unit_value unit_value_of(struct unit_reading *reading, const struct scheme_metric *metric);

#endif
