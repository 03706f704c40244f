#ifndef ANALYSIS_CUBE_H
#define ANALYSIS_CUBE_H

/*
 * The cube: integer sums, one cell per (definition, population, slice, cohort, variant, metric),
 * from which every figure of a report is formed (cube.md; architecture 6, 18).  This is an
 * interface: the embedded state is one source of cells, another engine may be one.
 *
 * Key in the state, big endian so that byte order is the order above:
 *     u32 definition number | u8 population | u16 slice | i32 cohort day (sign bit flipped) |
 *     u8 variant | u8 metric
 * Value: u8 count, then that many 16-byte little-endian two's-complement integers.  A cell whose
 * integers are all zero is not stored.
 *
 * metric: 0 is `units`; 1.. are the metrics of the definition in the order of experiment_metrics().
 * variant: index in the file's order; CUBE_NO_VARIANT where there is none.
 */

#include "analysis/view.h"
#include "base/int128.h"

enum population {
    POPULATION_MAIN,    /* units that met one variant */
    POPULATION_CROSSED, /* units that met two, by the first: slices all and segments */
    POPULATION_OUTSIDE  /* health: units with no exposure that counts, carried over...; slice is an
                           enum outside, cohort the day of the first exposure */
};

/* Fields of the metric `units` (cube.md). */
enum units_field {
    UNITS_N,
    UNITS_ERASED,
    UNITS_CLAMPED,
    UNITS_MISMATCH,
    UNITS_MIXED,
    UNITS_HOT,
    UNITS_SKEWED,
    UNITS_FIELD_COUNT
};
/* Fields of conversion and retention. */
enum share_field { SHARE_N, SHARE_X, SHARE_FIELD_COUNT };

#define CUBE_FIELDS_MAX 16
#define CUBE_NO_VARIANT 255

/* name as in the document's health.outside */
#define OUTSIDE_MAP(X)                                                                             \
    X(FORCED, "forced")                                                                            \
    X(NOT_STARTED, "not_started")                                                                  \
    X(HOLDOUT, "holdout")                                                                          \
    X(EXCLUDED, "excluded")                                                                        \
    X(NOT_IN_COVERAGE, "not_in_coverage")                                                          \
    X(ENDED, "ended")                                                                              \
    X(UNKNOWN_VARIANT, "unknown_variant")                                                          \
    X(DRAFT, "draft")                                                                              \
    X(PAUSED, "paused")                                                                            \
    X(STOPPED, "stopped")                                                                          \
    X(SKEWED, "skewed")                                                                            \
    X(CARRIED_OVER, "carried_over")
enum outside {
#define X(name, text) OUTSIDE_##name,
    OUTSIDE_MAP(X)
#undef X
        OUTSIDE_COUNT
};
extern const char *const outside_texts[];

struct cell_key {
    uint32_t definition;
    uint8_t population;
    uint16_t slice;
    int32_t cohort; /* UTC day */
    uint8_t variant;
    uint8_t metric;
};
#define CELL_KEY_SIZE 13
void cell_key_write(const struct cell_key *key, unsigned char bytes[static CELL_KEY_SIZE]);
bool cell_key_read(struct slice bytes, struct cell_key *key);

/*
 * The slices of an experiment, numbered in this order: 0 all; each member of `segments` with its
 * values in declared order, then (other) or (below), then (unknown); crossings the same with
 * products; last the strata of adjust_for.  Labels as in the report.
 */
enum cube_slice_kind {
    CUBE_SLICE_ALL,
    CUBE_SLICE_SEGMENT,
    CUBE_SLICE_CROSSING,
    CUBE_SLICE_STRATUM
};
struct cube_slice {
    enum cube_slice_kind kind;
    size_t segmentation; /* index in experiment->segments */
    struct slice label;  /* "sales_rep", "2-10", "(unknown)", "sales_rep x paid" */
};
struct cube_slices {
    const struct cube_slice *items;
    size_t count;
};
MUST_CHECK enum status cube_slices_of(struct arena *arena, const struct experiment *experiment,
                                      struct cube_slices *slices, struct error *error);
/* The index of the value of `segment` that `traits` have, of the segment_value_count there are. */
size_t segment_value_of(const struct segment *segment, const struct value *traits);
size_t segment_value_count(const struct segment *segment);
struct slice segment_value_label(struct arena *arena, const struct segment *segment, size_t index);

/* All cells of one definition, read in one transaction. */
struct cube {
    struct arena arena;
    struct cube_slices slices;
    uint64_t watermark;         /* last sequence in these sums */
    struct cube_entry *entries; /* sorted by key; owned */
    size_t count;
};
struct cube_entry {
    struct cell_key key;
    uint8_t field_count;  /* at least those of its metric; absent ones are 0 */
    const int128 *values; /* in the cube's arena */
};
/* STORAGE when a cell fails its checksum or is no cell. */
MUST_CHECK enum status cube_read(struct view_transaction *transaction,
                                 const struct definition *definition, struct cube *cube,
                                 struct error *error);
void cube_done(struct cube *cube);

/*
 * Every cell of one experiment, or of all, in key order and in bounded memory, as of one moment of
 * the state.  The cells are copied to a file without a name under $TMPDIR and read back from there:
 * a read transaction ends after half a second or `slice_cells`, and when the state moved on between
 * two of them the copy starts over; CONFLICT when it moved on each time.  NOT_FOUND: no such
 * experiment.  `visit` is called only once the copy is whole.
 */
struct cube_cell {
    const struct definition *definition;
    const struct cube_slices *slices; /* of the definition */
    const struct cube_entry *entry;
};
struct cube_walk {
    struct slice experiment; /* empty: all */
    size_t slice_cells;      /* most cells a read transaction, 0: no such limit */
    /* Not OK ends the walk with that status.  The cell dies with the call. */
    enum status (*visit)(void *context, const struct cube_cell *cell, struct error *error);
    void *context;
    uint64_t watermark; /* out: last sequence in these sums */
};
MUST_CHECK enum status cube_walk(struct view *view, struct cube_walk *walk, struct error *error);

/* Adds up the cells of cohorts first..last (inclusive); absent ones are zero. */
struct cube_select {
    enum population population;
    uint16_t slice;
    uint8_t variant;
    uint8_t metric;
    int32_t first, last;
};
void cube_sum(const struct cube *cube, const struct cube_select *select,
              int128 sums[static CUBE_FIELDS_MAX]);
/* First and last cohort day that has units in main, crossed; false when there is none. */
bool cube_cohorts(const struct cube *cube, int32_t *first, int32_t *last);

#endif
