#ifndef ANALYSIS_CUBE_CELLS_H
#define ANALYSIS_CUBE_CELLS_H

/* Cells as they stand in the state: values in bytes, and the numbering of metrics there. */

#include "analysis/cube.h"

#define CELL_VALUE_SIZE_MAX (1 + 16 * CUBE_FIELDS_MAX)

/* Writes 1 + 16 * count bytes. */
void cell_value_write(const int128 *values, size_t count, unsigned char *bytes);
/* False when it is no value of a cell; values past `count` are left alone. */
bool cell_value_read(struct slice bytes, int128 values[static CUBE_FIELDS_MAX], size_t *count);

/* numbers[stored number] is the place in experiment_metrics() + 1; 0 for `units`.  Gives how many
 * metrics there are. */
size_t metric_numbers(const struct experiment *experiment,
                      uint8_t numbers[static EXPERIMENT_METRICS_MAX + 1]);
/* Whether two cells of one definition differ in their metric alone. */
bool cells_are_beside(const struct cell_key *a, const struct cell_key *b);

/* The metrics of the experiment sorted by name: metric number i + 1 of the state. */
size_t metrics_by_name(const struct experiment *experiment,
                       struct experiment_metric metrics[static EXPERIMENT_METRICS_MAX]);

#endif
