#ifndef ANALYSIS_POPULATION_VALUE_H
#define ANALYSIS_POPULATION_VALUE_H

#include "metric.h"

#include "analysis/population.h"

/* Fills y and s; the metric is one that population_can_read. */
void population_value_read(struct unit_reading *reading, const struct scheme_metric *metric,
                           struct population_unit *unit);

#endif
