#ifndef STATS_SURVIVAL_H
#define STATS_SURVIVAL_H

/*
 * The life table: what every time-to-event method starts from.
 *
 * A row is one time: how many units were at risk just before it, and how many ended then and why.
 * At one time ends come before censorings, so a unit censored at t is at risk at t.
 *
 *     kaplan_meier.h     survival, its bands and quantiles
 *     restricted_mean.h  mean time within tau
 *     log_rank.h         are the curves the same?
 *     cox.h              the hazard ratio, and whether it is one number
 *     incidence.h        the share that ends for one cause where others compete
 *     information.h      differences under looks: the door to estimate.h
 *
 * A table is made from units (life_units_sort, life_table_of), or from the cube's bins: time the
 * bin's midpoint, at_risk n(b), events and competing d_c(b), censored 0.  at_risk need not follow
 * from the censored of the rows: cohorts drop out at their own follow-up between two rows.
 *
 * Between two rows the number at risk is that of the later row; after the last it is 0.  So
 * tables that are compared need a row (its events may be 0) at every time at which one of them has
 * an event, unless they come from units, where every fall of the risk set has its row.
 *
 * Nothing here allocates: the caller gives the arrays.
 */

#include "stats/result.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct life_row {
    double time;        /* since first exposure, >= 0; any one unit of time */
    uint64_t at_risk;   /* just before `time` */
    uint64_t events;    /* of the cause that is asked for */
    uint64_t competing; /* of all other causes that end the waiting */
    uint64_t censored;  /* known only until `time`; informative, no method needs it */
};

/* Rows with strictly rising times; borrowed. */
struct life_table {
    const struct life_row *rows;
    size_t count;
};

enum life_end { LIFE_CENSORED, LIFE_EVENT, LIFE_COMPETING };

/* One unit: when its waiting ended, and why. */
struct life_unit {
    double time;
    unsigned variant;
    enum life_end end;
};

/* REASON_NONE when times are finite, >= 0 and rise, and at_risk covers what leaves at each row.
 * NO_UNITS without rows or without units at risk in the first; INVALID else. */
MUST_CHECK enum reason life_table_check(const struct life_table *table);

/* Sorts all units of the compared variants by time, in place.  Times that differ by rounding only
 * (1.5e-8, absolute or of the mean distinct time) become the first of them, as survfit's timefix
 * does; so sort variants together, then take their tables.  NO_UNITS; INVALID on a time that is
 * negative or not finite. */
MUST_CHECK enum reason life_units_sort(struct life_unit *units, size_t count);

/* The table of one variant's units among the sorted ones.  `rows` holds as many rows as there are
 * units of the variant; *row_count says how many were filled.  NO_UNITS; INVALID when unsorted. */
MUST_CHECK enum reason life_table_of(const struct life_unit *units, size_t count, unsigned variant,
                                     struct life_row *rows, size_t *row_count);

/* As many as an experiment has variants. */
#define LIFE_TABLES_MAX 16

/* Walks several tables together, time by time: starts as {.tables = ..., .count = ...}. */
struct life_walk {
    const struct life_table *tables; /* checked; a table without rows is nobody */
    size_t count;                    /* at most LIFE_TABLES_MAX */
    size_t next[LIFE_TABLES_MAX];    /* first row not yet passed */
};

/* What the tables say at one time. */
struct life_moment {
    double at_risk[LIFE_TABLES_MAX], events[LIFE_TABLES_MAX];
    double all_at_risk, all_events;
};

/* Fills the next time at which there are events; false at the end. */
bool life_walk_next(struct life_walk *walk, struct life_moment *moment);

/* How many are at risk just before `time`: units whose time is `time` or later. */
uint64_t life_at_risk(const struct life_table *table, double time);

#endif
