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
 * Value: u8 count, then that many 16-byte little-endian two's-complement integers; then, of a kind
 * with a map, varint count and for each bin in rising order varint difference to the bin before,
 * zigzag varint integer.  A cell whose integers and bins are all zero is not stored.
 *
 * metric: 0 is `units`; 1.. are the metrics of the definition in the order of experiment_metrics().
 * variant: index in the file's order; CUBE_NO_VARIANT where there is none.
 */

#include "analysis/view.h"
#include "base/int128.h"
#include "base/limits.h"
#include "store/record.h"

enum population {
    POPULATION_MAIN,    /* units that met one variant */
    POPULATION_CROSSED, /* units that met two, by the first: slices all and segments */
    POPULATION_OUTSIDE, /* health: units with no exposure that counts, carried over...; slice is an
                           enum outside, cohort the day of the first exposure */
    POPULATION_ACCOUNTS /* health, of an experiment of users: accounts with two exposed users or
                           more (UNITS_N, on the day of the second one) and those whose users met
                           different variants (UNITS_MIXED, on the first day they did); all */
};

/* Fields of the metric `units` (cube.md). */
enum units_field {
    UNITS_N,
    UNITS_ERASED,
    UNITS_CLAMPED,
    UNITS_MISMATCH,
    UNITS_MIXED, /* of accounts alone */
    UNITS_HOT,
    UNITS_SKEWED,
    UNITS_UNREAD, /* events left out, once for each metric, as their property is no number */
    UNITS_EARLY,  /* had an event that a metric counts less than a day before their exposure */
    UNITS_SOURCE, /* here and in the next two: by enum exposure_source of their first exposure */
    UNITS_SOURCE_LAST = UNITS_SOURCE + EXPOSURE_SOURCE_COUNT - 1,
    UNITS_FIELD_COUNT
};
/* After them, with q numeric covariates (adjust_for): Z_1..Z_q, then Z_k Z_l for k <= l, row by
 * row; micro-units and their squares.  A missing value enters as the declared `missing`. */

/*
 * Fields by kind of metric (cube.md).  Values are in micro-units unless they are counts. `OPTIONAL`
 * of a kind with a unit value y: with q covariates ZY_1..ZY_q, then GY = sum of g y with g the
 * unit's value of the first goal (a share's is 0 or 1, counts and values as in their own fields);
 * GY is there where the experiment has a goal with a unit value and the metric is not that goal.
 */
/* conversion, retention; y in {0, 1}; then OPTIONAL */
enum share_field { SHARE_N, SHARE_X, SHARE_FIELD_COUNT };
/* count (y a whole number), sum (y in micro-units), capped; then OPTIONAL */
enum value_field {
    VALUE_N,
    VALUE_S,
    VALUE_SS,
    VALUE_RAW_S, /* before the cap; clamped to +-10^9 units */
    VALUE_RAW_SS,
    VALUE_NONZERO,
    VALUE_CAPPED,
    VALUE_FIELD_COUNT
};
/* mean (y the total of the property, s the number of events), ratio; both capped by their own cap
 */
enum ratio_field {
    RATIO_N,
    RATIO_Y,
    RATIO_S,
    RATIO_YY,
    RATIO_SS,
    RATIO_YS,
    RATIO_UNITS, /* units with y or s other than 0 */
    RATIO_FIELD_COUNT
};
enum nps_field { NPS_N, NPS_RESPONDED, NPS_PROMOTERS, NPS_DETRACTORS, NPS_FIELD_COUNT };
/* retention_curve: n, then x_b of each bracket */
enum curve_field { CURVE_N, CURVE_X };
/* time_to: n; the map has the bins of each cause, see cube_bin */
enum time_field { TIME_N, TIME_FIELD_COUNT };
/* breadth: accounts, accounts whose members could not all be read; then depth, as of a ratio: y the
 * different `core_actions` of active members, s the active members; the map has the sizes */
enum breadth_field {
    BREADTH_N,
    BREADTH_CUT,
    BREADTH_DEPTH_Y,
    BREADTH_DEPTH_S,
    BREADTH_DEPTH_YY,
    BREADTH_DEPTH_SS,
    BREADTH_DEPTH_YS,
    BREADTH_DEPTH_UNITS,
    BREADTH_FIELD_COUNT
};
/* One step of a flow, as a metric of its own: its number is that of the metrics and 1, and its
 * place in the flow of the cell's variant, from 0. */
enum step_field {
    STEP_N,
    STEP_REACHED,
    STEP_COMPLETED,
    STEP_DISMISSED,
    STEP_FAILED,
    STEP_FIELD_COUNT
};

/* Most integers of a cell: a curve of 53 brackets with its n, covariates and goal. */
#define CUBE_FIELDS_MAX 64
/* Most numbers of a definition: units, metrics, the steps of its longest flow. */
#define CUBE_NUMBERS_MAX (1 + EXPERIMENT_METRICS_MAX + FLOW_STEPS_MAX)
#define CUBE_NO_VARIANT 255

/* What a cell of the experiment's number `metric` holds, in order: for readers and exports. */
#define CUBE_FIELD_NAME_SIZE 16
enum cube_subject { CUBE_NOTHING, CUBE_UNITS, CUBE_METRIC, CUBE_STEP };
struct cube_fields {
    enum cube_subject subject; /* NOTHING: there is no such number, or breadth: no fields */
    size_t count;
    size_t own;        /* of them, those of its kind; then ZY_1.., GY (of units Z_1.., Z_k Z_l) */
    size_t covariates; /* q where it has fields with them, else 0 */
    bool has_goal;     /* GY is there, the last one */
    bool is_joint;     /* has a unit value: field 1 */
    bool has_map;
    unsigned slices; /* bits of the enum cube_slice_kind in which it stands */
};
struct cube_fields cube_fields_of(const struct experiment *experiment, uint8_t metric);
/* "n", "x", "z1y", "gy", ...: the name of one of those fields, "" where there is none. */
void cube_field_name(const struct experiment *experiment, uint8_t metric, size_t field,
                     char name[static CUBE_FIELD_NAME_SIZE]);
/* How many numbers the experiment has: 1, its metrics, the steps of its longest flow. */
size_t cube_number_count(const struct experiment *experiment);
/* The first goal where it has a unit value (g of GY), else NULL. */
const struct metric *cube_joint_goal(const struct experiment *experiment);

/*
 * Some kinds have a map beside their integers: bin -> integer, sparse.  A bin is the map's number
 * and the place in it.
 *     time_to  map c: cause c (0 the event, 1.. `competing` in their order); place: time bin
 *     count    map 0: H[y], y = 0..cap, where the cap is at most 1 000
 *     breadth  map 0: G_s, map 1: Y_s, map 2: Q_s; place: the size s, 0 included
 *     step     map 0: seconds from the step before (or the exposure) to this step, map 1: seconds
 *              in it; place: a log-linear bin (wait_bin)
 */
#define CUBE_BIN(map, place) ((uint32_t)(map) << 24 | (uint32_t)(place))
#define CUBE_BIN_MAP(bin) ((bin) >> 24)
#define CUBE_BIN_PLACE(bin) ((bin)&0xffffff)

/* Time bins: 5 minutes to 24 h, then hours.  The bin of a time since exposure, and its two ends. */
#define TIME_BINS_FIRST_DAY 288
uint32_t time_bin(int64_t elapsed_ms);
int64_t time_bin_from_ms(uint32_t bin);
int64_t time_bin_until_ms(uint32_t bin);
/* Wait bins: each second to 127 s, then 64 bins an octave. */
uint32_t wait_bin(int64_t elapsed_ms);
double wait_bin_seconds(uint32_t bin); /* the middle of the bin */
/* A count has H[y] where its cap is at most this. */
#define COUNT_PLACES_MAX 1000

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

struct cube_bin {
    uint32_t bin;
    int64_t count; /* bins hold counts and small sums: below 2^63 by the limits of cube.md */
};

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
    uint8_t field_count;         /* at least those of its metric; absent ones are 0 */
    const int128 *values;        /* in the cube's arena */
    const struct cube_bin *bins; /* rising; none is zero */
    size_t bin_count;
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
/* The same for the bins of a cell, merged and rising, in the arena.  NULL without memory (and with
 * *count > 0). */
const struct cube_bin *cube_sum_bins(const struct cube *cube, const struct cube_select *select,
                                     struct arena *arena, size_t *count);
/* First and last cohort day that has units in main, crossed; false when there is none. */
bool cube_cohorts(const struct cube *cube, int32_t *first, int32_t *last);

#endif
