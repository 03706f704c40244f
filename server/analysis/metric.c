/*
 * The metrics of one unit, kind by kind, its numeric covariates, and what joins them: ZY and GY.
 *
 * A covariate is known before the exposure can act: a trait at that instant, capped, `missing`
 * where it is none or no number; or a metric over [exposure - before, exposure), in micro-units (a
 * count of 3 is 3 000 000).
 */

#include "metric.h"

static metric_fill *const fills[METRIC_KIND_COUNT] = {
    [METRIC_CONVERSION] = share_fill,
    [METRIC_RETENTION] = share_fill,
    [METRIC_RETENTION_CURVE] = curve_fill,
    [METRIC_TIME_TO] = time_fill,
    [METRIC_COUNT] = count_fill,
    [METRIC_SUM] = sum_fill,
    [METRIC_MEAN] = mean_fill,
    [METRIC_RATIO] = ratio_fill,
    [METRIC_NPS] = nps_fill,
    [METRIC_BREADTH] = breadth_fill,
};

int64_t value_clamped(struct unit_reading *reading, int128 value, int64_t limit)
{
    if (value >= -limit && value <= limit)
        return (int64_t)value;
    reading->clamped = true;
    return value < 0 ? -limit : limit;
}

void unit_bin_add(struct unit_reading *reading, const struct scheme_metric *metric, uint32_t bin,
                  int64_t count)
{
    reading->bins[reading->bin_count++] =
        (struct unit_bin){.number = metric->number, .bin = bin, .count = count};
}

static int64_t covariate_of_trait(struct unit_reading *reading,
                                  const struct scheme_covariate *covariate)
{
    struct slice text;
    double number;
    int64_t micro;
    enum unit_trait trait =
        unit_trait_at(reading->record, covariate->trait, reading->exposure_ms, &text);
    bool known =
        trait == TRAIT_IS_TEXT && number_parse(text, &number) && micro_from_number(number, &micro);
    if (!known)
        micro = covariate->missing_micro;
    else if (micro > covariate->cap_micro)
        micro = covariate->cap_micro;
    return value_clamped(reading, micro, CLAMP_UNITS * MICRO);
}

static int64_t covariate_of_metric(struct unit_reading *reading, const struct scheme_metric *metric)
{
    struct unit_value value = unit_value_of(reading, metric);
    int64_t unit = metric->kind == METRIC_SUM ? 1 : MICRO;
    return value_clamped(reading, (int128)value.value * unit, CLAMP_UNITS * MICRO);
}

/* Z and Z Z' among the fields of units. */
static void covariates_fill(struct unit_reading *reading, int64_t z[static COVARIATES_MAX])
{
    const struct scheme_definition *definition = reading->definition;
    size_t count = definition->covariate_count, at = definition->cells[0].own;
    for (size_t i = 0; i < count; i++) {
        const struct scheme_covariate *covariate = &definition->covariates[i];
        z[i] = covariate->metric ? covariate_of_metric(reading, covariate->metric)
                                 : covariate_of_trait(reading, covariate);
        reading->row[at + i] = z[i];
    }
    at += count;
    for (size_t i = 0; i < count; i++)
        for (size_t j = i; j < count; j++)
            reading->row[at++] = (int128)z[i] * z[j];
}

/* ZY and GY of the metrics with a unit value, which is their field 1. */
static void joint_fill(const struct unit_reading *reading, const int64_t z[static COVARIATES_MAX])
{
    const struct scheme_definition *definition = reading->definition;
    int128 goal =
        definition->goal ? reading->row[definition->cells[definition->goal].first + 1] : 0;
    for (size_t i = 1; i <= definition->metric_count; i++) {
        const struct scheme_cell *cell = &definition->cells[i];
        if (!cell->is_joint || cell->count == cell->own)
            continue;
        int128 *fields = reading->row + cell->first, value = fields[1];
        for (size_t k = 0; k < definition->covariate_count; k++)
            fields[cell->own + k] = value * z[k];
        if (definition->goal && definition->goal != i)
            fields[cell->count - 1] = value * goal;
    }
}

void unit_reading_fill(struct unit_reading *reading)
{
    const struct scheme_definition *definition = reading->definition;
    int64_t z[COVARIATES_MAX] = {0};
    for (size_t i = 0; i < definition->metric_count; i++) {
        const struct scheme_metric *metric = &definition->metrics[i];
        fills[metric->kind](reading, metric,
                            reading->row + definition->cells[metric->number].first);
    }
    flow_fill(reading);
    covariates_fill(reading, z);
    if (definition->goal || definition->covariate_count)
        joint_fill(reading, z);
}
