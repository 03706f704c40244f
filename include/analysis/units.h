#ifndef ANALYSIS_UNITS_H
#define ANALYSIS_UNITS_H

/*
 * What the cube was summed from, for who wants to fit a model of her own: the units of one
 * experiment, each with its own integers and bins; and the exposures as they were received.
 *
 * A unit's values are made by the code by which the fold makes cells of them, from the records of
 * the state, so the rows of `main` add up to the cube.  Ids stand in the journal alone: a unit is
 * found by the exposure that names it.  One whose exposures were all dropped (--retention) comes at
 * the end, without its id.
 *
 *     units_open(view, &options, &units, &error);
 *     while (more) units_step(units, &more, &error);      what was visited may be written between
 *     units_close(units);
 *
 * A step holds no read transaction longer than half a second.  A server may go on meanwhile: each
 * unit is of the moment of its step (units_moved).
 */

#include "analysis/cube.h"
#include "store/journal.h"

struct unit_row {
    struct slice id;            /* empty: no record names it any more */
    enum population population; /* MAIN or CROSSED */
    uint8_t variant;
    int32_t cohort;
    int64_t exposure_ms;
    const uint16_t *slices; /* those in which it stands, `all` first; of units_slices() */
    size_t slice_count;
    const struct cube_entry *entries; /* what it adds to a cell, by the numbers of cube.h */
    size_t entry_count;
};

struct units;
struct units_options {
    struct slice secret; /* of the store; borrowed, as all here */
    struct journal *journal;
    struct slice experiment;
    uint16_t phase; /* 0: the current one */
    /* Not OK ends the step with that status.  The row dies with the call. */
    enum status (*visit)(void *context, const struct unit_row *row, struct error *error);
    void *context;
};

/* NOT_FOUND: no such experiment or phase is folded. */
MUST_CHECK enum status units_open(struct view *view, const struct units_options *options,
                                  struct units **units, struct error *error);
void units_close(struct units *units); /* NULL is fine */
MUST_CHECK enum status units_step(struct units *units, bool *more, struct error *error);
/* The registered definition, which the rows go by; its slices. */
const struct definition *units_definition(const struct units *units);
const struct cube_slices *units_slices(const struct units *units);
/* Whether the state went on between two steps: then the rows are not of one moment. */
bool units_moved(const struct units *units);

/* An exposure of the journal and what the fold makes of it by itself: whether its unit was carried
 * over, or met two variants, no single exposure tells. */
struct exposure_row {
    uint64_t sequence;
    int64_t received_ms;
    const struct message *message;
    const struct experiment *experiment; /* as declared for its time; NULL: never declared */
    enum unit_kind kind;                 /* of the experiment's units; USER without one */
    struct slice id;                     /* of that kind; empty: erased, or it carries none */
    bool erased;
    const char *reason; /* why it does not count; NULL: it counts */
};

struct exposures;
struct exposures_options {
    struct journal *journal;
    struct slice experiment; /* empty: all */
    enum status (*visit)(void *context, const struct exposure_row *row, struct error *error);
    void *context;
};
/* NOT_FOUND: no such experiment was ever declared. */
MUST_CHECK enum status exposures_open(struct view *view, const struct exposures_options *options,
                                      struct exposures **exposures, struct error *error);
void exposures_close(struct exposures *exposures); /* NULL is fine */
MUST_CHECK enum status exposures_step(struct exposures *exposures, bool *more, struct error *error);

#endif
