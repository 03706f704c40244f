#ifndef ANALYSIS_EXPLAIN_PARTS_H
#define ANALYSIS_EXPLAIN_PARTS_H

/* The inside of explain*.c. */

#include "analysis/explain.h"
#include "base/arena.h"
#include "stats/decomposition_ratio.h"

enum explain_period { BEFORE, AFTER, PERIOD_COUNT };

/* One value of a segment, a variant, or all units: value 0. */
struct explain_cell {
    struct slice label;
    struct mix_sums moments[PERIOD_COUNT];
};
/* The values of one segment stand side by side. */
struct explain_group {
    struct slice name;
    size_t first, count;
};

struct explain {
    const struct explain_options *options;
    struct arena *arena;
    struct catalogue *catalogue;          /* of everyone; one reference */
    struct view_transaction *transaction; /* of an experiment */
    const struct experiment *experiment;  /* NULL: everyone */
    const struct metric *metric;
    int64_t as_of_ms;
    struct explain_cell *cells;
    size_t cell_count;
    struct explain_group *groups;
    size_t group_count;
    uint64_t too_new; /* units of the ranges whose windows have not passed */
};

/* Finds what is asked and fills the cells: explain_everyone.c, explain_experiment.c. */
MUST_CHECK enum status explain_everyone(struct view *view, struct explain *explain,
                                        struct error *error);
MUST_CHECK enum status explain_experiment(struct view *view, struct explain *explain,
                                          struct error *error);
/* Room for so many cells and groups. */
MUST_CHECK enum status explain_room(struct explain *explain, size_t cells, size_t groups,
                                    struct error *error);

/* INVALID: there is no one number a unit. */
MUST_CHECK enum status explain_kind_check(const struct explain *explain, struct error *error);

/* What is divided by, "events"; empty: every unit counts for one. */
struct slice explain_divisor(const struct metric *metric);

/* explain_sentence.c: one segment taken apart, and the sentence on all of them. */
struct explain_split {
    const struct explain_group *group;
    enum reason reason;
    struct ratio_decomposition total;
    struct ratio_decomposition *parts; /* a value each */
    struct mix_ratio_value *values;
};
struct value explain_sentence(const struct explain *explain, const struct mix_ratio_value *all,
                              const struct mix_part *change, const struct explain_split *splits);

#endif
