#ifndef ANALYSIS_CUBE_CELLS_H
#define ANALYSIS_CUBE_CELLS_H

/* Cells as they stand in the state: values in bytes, and the numbering of metrics there. */

#include "analysis/cube.h"

/* A value read: its integers, and where its kind has a map its bins, rising. */
struct cell_value {
    size_t field_count;
    int128 values[CUBE_FIELDS_MAX];
    bool has_map;
    struct cube_bin *bins; /* in the arena given */
    size_t bin_count;
};

/* `bins` NULL: its kind has no map. */
void cell_value_write(struct buffer *out, const int128 *values, size_t count,
                      const struct cube_bin *bins, size_t bin_count);
/* STORAGE when it is no value of a cell: `value` is then of no use. */
MUST_CHECK enum status cell_value_read(struct arena *arena, struct slice bytes,
                                       struct cell_value *value, struct error *error);

/* The fields of one number of an experiment, as cube_fields_of without the search. */
struct cube_fields cube_fields_of_units(const struct experiment *experiment);
struct cube_fields cube_fields_of_metric(const struct experiment *experiment,
                                         const struct metric *metric);
struct cube_fields cube_fields_of_step(void);

/*
 * Numbers of the state to those of cube.h: in the state the metrics of a definition are numbered by
 * name, so that a metric that changes its role changes no key; the steps keep their numbers.
 */
struct cube_numbering {
    size_t count;                                /* of numbers, 0 included */
    uint8_t numbers[CUBE_NUMBERS_MAX];           /* by the state's */
    struct cube_fields fields[CUBE_NUMBERS_MAX]; /* by that of cube.h */
};
void cube_numbering_of(const struct experiment *experiment, struct cube_numbering *numbering);
/* The cell's number as in cube.h.  STORAGE when there is no such cell: an unknown number, too many
 * fields, a map where there is none or none where there is one. */
MUST_CHECK enum status cell_translate(const struct cube_numbering *numbering,
                                      const struct cell_value *value, uint8_t *number,
                                      struct error *error);
/* The value as an entry of the cube, its integers and bins copied to the arena, with zeros for
 * fields of its number that it does not have; false without memory. */
bool cell_entry(struct arena *arena, const struct cube_numbering *numbering,
                const struct cell_key *key, const struct cell_value *value,
                struct cube_entry *entry);
/* Whether two cells of one definition differ in their metric alone. */
bool cells_are_beside(const struct cell_key *a, const struct cell_key *b);

/* Walks over the entries of one selection: the first that may be, then while in range, those that
 * are selected. */
size_t cube_find_first(const struct cube *cube, const struct cube_select *select);
bool cube_is_in_range(const struct cube *cube, size_t index, const struct cube_select *select);
bool cube_is_selected(const struct cube_entry *entry, const struct cube_select *select);

/* The metrics of the experiment sorted by name: metric number i + 1 of the state. */
size_t metrics_by_name(const struct experiment *experiment,
                       struct experiment_metric metrics[static EXPERIMENT_METRICS_MAX]);

#endif
