#ifndef ANALYSIS_SCHEME_H
#define ANALYSIS_SCHEME_H

/*
 * The scheme of a state: its definitions compiled to what the fold needs for each record and each
 * unit.  Names become small numbers: experiments, variants, events, traits, properties, steps and
 * activity filters are numbered by the order of their names, conditions by their canonical text.
 *
 * A state is bound to one scheme for life, since its unit records hold these numbers.  `digest`
 * covers all that decides what is kept and what is counted; a catalogue whose scheme has the same
 * digest is added to a state, any other needs a state of its own.
 */

#include "analysis/cube.h"
#include "declared.h"
#include "unit_record.h"

#define SCHEME_NONE 0xffff

/* A declaration of one experiment, for judging exposures. */
struct scheme_ruling {
    int64_t after_ms; /* in force for exposures later than this */
    const struct experiment *experiment;
    const uint8_t *variants; /* by index in its file: the scheme's number */
    int holdout;             /* the experiment `holdout:GROUP` that its units enter too, or -1 */
};

/* A step of some flow of an experiment; its list in a unit record is step_base + its place. */
struct scheme_step {
    struct slice name;
    unsigned kinds;
    int64_t kept_from_ms; /* as of an event */
};

struct scheme_experiment {
    struct slice key;
    unsigned kinds;            /* bits of the kinds of unit whose exposures are kept */
    struct scheme_step *steps; /* of all its flows, by name */
    size_t step_count;
    uint32_t step_base;
    const struct slice *variants;
    size_t variant_count;
    struct scheme_ruling *rulings; /* by time */
    size_t ruling_count;
    const uint16_t *definitions; /* indices */
    size_t definition_count;
};

struct scheme_event {
    struct slice name;
    unsigned kinds;
    int64_t kept_from_ms; /* TIME_NONE: always */
    const struct condition **conditions;
    struct slice *condition_texts;
    size_t condition_count;
    struct slice *properties; /* paths, by name: those that a metric sums up, or reads answers of */
    size_t property_count;
};

struct scheme_trait {
    struct slice path;
    struct slice head; /* up to the first dot */
    unsigned kinds;
};

/* Which events are no activity (grammar.md, 4). */
struct scheme_filter {
    struct slice text; /* canonical: the names, sorted, each with a line end */
    const struct slice *names;
    size_t name_count;
    unsigned kinds;
    int64_t kept_from_ms;
};

struct scheme_item {
    uint16_t event;
    uint16_t condition; /* SCHEME_NONE: any */
    uint16_t value_at;  /* byte of the property's value in an entry; 0: none is read */
    uint32_t times;
    uint32_t distinct_days;
};

struct scheme_metric {
    enum metric_kind kind;
    uint8_t number;  /* of its cells; 0: a part of a ratio, or a covariate */
    uint16_t filter; /* of ACTIVITY, else SCHEME_NONE */
    uint32_t activity_days;
    const struct scheme_item *items;
    size_t item_count;
    size_t at_least; /* so many items */
    int64_t from_ms, until_ms;
    int64_t every_ms;          /* of a curve */
    int64_t cap;               /* of a count in events, else micro-units; 0: none */
    bool has_places;           /* a count whose cap is small enough for H[y] */
    const uint16_t *competing; /* events that end a time_to, in their order */
    size_t competing_count;
    const struct scheme_metric *numerator, *denominator; /* of a ratio */
    const struct scheme_metric *counts;                  /* of breadth: asked of each member */
    const struct scheme_metric *core; /* beside it: one for each of the core actions */
    size_t core_count;
    enum breadth_of of;
    uint16_t of_trait; /* with OF_TRAIT */
};

/* A numeric covariate: a trait at the exposure, or a metric over the time before it. */
struct scheme_covariate {
    uint16_t trait;                     /* SCHEME_NONE: a metric */
    int64_t cap_micro, missing_micro;   /* of a trait */
    const struct scheme_metric *metric; /* its window ends at the exposure */
};

/* A step of one variant's flow. */
struct scheme_flow_step {
    uint32_t list;      /* index of its times in a unit record */
    uint16_t done_when; /* event, or SCHEME_NONE */
};
struct scheme_flow {
    const struct scheme_flow_step *steps;
    size_t count;
};

/* Where the integers of one number of the cube stand in a unit's row, and in which slices. */
struct scheme_cell {
    uint16_t first;
    uint8_t count, own; /* own: before the joint fields */
    bool has_map;
    bool is_joint;  /* has a unit value, and with it ZY and GY */
    uint8_t slices; /* bits of enum cube_slice_kind */
};

struct scheme_segment {
    const struct segment *segment;
    uint16_t trait;
    size_t values;
};

/* A group of slices: the product of up to `count` segments, from `base` on. */
struct scheme_slices {
    const struct scheme_segment *segments;
    size_t count;
    uint16_t base;
    enum cube_slice_kind kind; /* crossings and strata are of main alone */
};

struct scheme_definition {
    const struct definition *definition;
    uint16_t experiment;
    enum unit_kind kind;
    uint16_t phase;
    int64_t start_ms;        /* TIME_NONE: none */
    int64_t phase_end_ms;    /* start of the next phase; TIME_NONE: none */
    const uint8_t *variants; /* by the scheme's number: index in the definition, VARIANT_NONE */
    const struct scheme_slices *slices;
    size_t slices_count;
    const struct scheme_metric *metrics; /* metric number i + 1 of the state */
    size_t metric_count;
    const struct scheme_covariate *covariates;
    size_t covariate_count;
    uint8_t goal; /* number of the first goal where it has a unit value, else 0 */
    const struct scheme_flow *flows; /* by index of the variant in the definition */
    int64_t flow_within_ms;
    const struct scheme_cell *cells; /* by number: units, metrics, steps of a flow */
    size_t cell_count;
    size_t row_count; /* integers of a unit's row */
    size_t bin_count; /* most bins of a unit */
};

struct scheme {
    struct arena arena;
    struct digest digest;
    struct declared *declared; /* one reference */
    struct scheme_experiment *experiments;
    size_t experiment_count;
    struct scheme_event *events;
    size_t event_count;
    struct scheme_trait *traits;
    size_t trait_count;
    struct scheme_filter *filters;
    size_t filter_count;
    struct scheme_definition *definitions;
    size_t definition_count;
    uint32_t step_count; /* of all experiments */
    unsigned kinds;      /* of any definition */
    bool with_mixing;    /* some definition is of users: their accounts are looked at (mixed) */
    bool with_members;   /* some metric judges the members of an account one by one */
};

/* Takes its own reference of `declared`, which is settled. */
MUST_CHECK enum status scheme_compile(struct declared *declared, struct scheme **scheme,
                                      struct error *error);
void scheme_free(struct scheme *scheme); /* NULL is fine */

/* Indices, or -1. */
int scheme_event(const struct scheme *scheme, struct slice name);
int scheme_experiment(const struct scheme *scheme, struct slice key);
int scheme_step(const struct scheme_experiment *experiment, struct slice name);
/* The declaration in force for an exposure of that time, NULL when there is none. */
const struct scheme_ruling *scheme_ruling(const struct scheme_experiment *experiment,
                                          int64_t time_ms);
/* Whether an outcome of that name is activity under the filter. */
bool filter_passes(const struct scheme_filter *filter, struct slice event);

#endif
