#ifndef ANALYSIS_SCHEME_H
#define ANALYSIS_SCHEME_H

/*
 * The scheme of a state: its definitions compiled to what the fold needs for each record and each
 * unit.  Names become small numbers: experiments, variants, events, traits and activity filters
 * are numbered by the order of their names, conditions by their canonical text.
 *
 * A state is bound to one scheme for life, since its unit records hold these numbers.  `digest`
 * covers all that decides what is kept and what is counted; a catalogue whose scheme has the same
 * digest is added to a state, any other needs a state of its own.
 */

#include "declared.h"
#include "unit_record.h"

#define SCHEME_NONE 0xffff

/* A declaration of one experiment, for judging exposures. */
struct scheme_ruling {
    int64_t after_ms; /* in force for exposures later than this */
    const struct experiment *experiment;
    const uint8_t *variants; /* by index in its file: the scheme's number */
};

struct scheme_experiment {
    struct slice key;
    unsigned kinds; /* bits of the kinds of unit whose exposures are kept */
    const struct slice *variants;
    size_t variant_count;
    const struct scheme_ruling *rulings; /* by time */
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
    uint32_t times;
    uint32_t distinct_days;
};

struct scheme_metric {
    bool supported;  /* conversion and retention; the others have no cells yet */
    uint16_t filter; /* of ACTIVITY, else SCHEME_NONE */
    uint32_t activity_days;
    const struct scheme_item *items;
    size_t item_count;
    size_t at_least; /* so many items */
    int64_t from_ms, until_ms;
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
    bool main_only; /* crossings and strata */
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
    uint64_t supported; /* bits of `metrics` */
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
    unsigned kinds; /* of any definition */
};

/* Takes its own reference of `declared`, which is settled. */
MUST_CHECK enum status scheme_compile(struct declared *declared, struct scheme **scheme,
                                      struct error *error);
void scheme_free(struct scheme *scheme); /* NULL is fine */

/* Indices, or -1. */
int scheme_event(const struct scheme *scheme, struct slice name);
int scheme_experiment(const struct scheme *scheme, struct slice key);
/* The declaration in force for an exposure of that time, NULL when there is none. */
const struct scheme_ruling *scheme_ruling(const struct scheme_experiment *experiment,
                                          int64_t time_ms);
/* Whether an outcome of that name is activity under the filter. */
bool filter_passes(const struct scheme_filter *filter, struct slice event);

/* scheme_tables.c: what the compiler needs of names. */
MUST_CHECK enum status scheme_tables(struct scheme *scheme, struct error *error);
/* The filter of that catalogue, its kinds and kept_from_ms still empty. */
struct scheme_filter filter_of(struct arena *arena, const struct catalogue *catalogue);
/* scheme_text.c: everything that the digest covers. */
void scheme_write(struct buffer *out, const struct scheme *scheme);

#endif
