/*
 * A user's y and s (analysis/population.h), by kind: one row of the table is one kind, by the same
 * functions as the fold's integers.
 */

#include "population_value.h"

static double scale_of(enum metric_kind kind)
{
    return kind == METRIC_SUM || kind == METRIC_MEAN ? 1. / MICRO
           : kind == METRIC_TIME_TO                  ? 1. / (double)DAY_MS
                                                     : 1;
}

struct population_scale population_scale_of(const struct metric *metric)
{
    if (metric->kind == METRIC_RATIO)
        return (struct population_scale){.y = scale_of(metric->numerator->kind),
                                         .s = scale_of(metric->denominator->kind)};
    return (struct population_scale){.y = scale_of(metric->kind), .s = 1};
}

typedef void unit_read_fn(struct unit_reading *reading, const struct scheme_metric *metric,
                          struct population_unit *unit);

static void share_read(struct unit_reading *reading, const struct scheme_metric *metric,
                       struct population_unit *unit)
{
    struct window window = window_of(metric, reading->exposure_ms);
    unit->y = outcomes_meet(metric, reading->record, &window);
    unit->s = 1;
}

static void value_read(struct unit_reading *reading, const struct scheme_metric *metric,
                       struct population_unit *unit)
{
    unit->y = unit_value_of(reading, metric).value;
    unit->s = 1;
}

static void mean_read(struct unit_reading *reading, const struct scheme_metric *metric,
                      struct population_unit *unit)
{
    struct unit_value value = unit_value_of(reading, metric);
    unit->y = value.value;
    unit->s = value.events;
}

static void ratio_read(struct unit_reading *reading, const struct scheme_metric *metric,
                       struct population_unit *unit)
{
    unit->y = unit_value_of(reading, metric->numerator).value;
    unit->s = unit_value_of(reading, metric->denominator).value;
}

static void score_read(struct unit_reading *reading, const struct scheme_metric *metric,
                       struct population_unit *unit)
{
    int128 fields[NPS_FIELD_COUNT] = {0};
    nps_fill(reading, metric, fields);
    unit->y = 100 * (int64_t)(fields[NPS_PROMOTERS] - fields[NPS_DETRACTORS]);
    unit->s = (int64_t)fields[NPS_RESPONDED];
}

static void time_read(struct unit_reading *reading, const struct scheme_metric *metric,
                      struct population_unit *unit)
{
    unit->y = time_without(reading, metric);
    unit->s = 1;
}

static unit_read_fn *const unit_reads[METRIC_KIND_COUNT] = {
    [METRIC_CONVERSION] = share_read, [METRIC_RETENTION] = share_read, [METRIC_TIME_TO] = time_read,
    [METRIC_COUNT] = value_read,      [METRIC_SUM] = value_read,       [METRIC_MEAN] = mean_read,
    [METRIC_RATIO] = ratio_read,      [METRIC_NPS] = score_read,
};

bool population_can_read(const struct metric *metric)
{
    return unit_reads[metric->kind] != NULL;
}

void population_value_read(struct unit_reading *reading, const struct scheme_metric *metric,
                           struct population_unit *unit)
{
    unit_reads[metric->kind](reading, metric, unit);
}
