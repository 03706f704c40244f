#ifndef STATS_GROUP_SEQUENTIAL_H
#define STATS_GROUP_SEQUENTIAL_H

/*
 * Group sequential designs: a few looks, fixed beforehand, one-sided.  More power than the anytime
 * interval where the looks are few and kept to; the report does not use them, plans are compared
 * with them.
 */

#include "stats/result.h"

#include <stddef.h>

enum boundary {
    BOUNDARY_SPEND_OBRIEN_FLEMING, /* alpha spent as 2 - 2 Phi(z_{1-alpha/2} / sqrt t) */
    BOUNDARY_SPEND_POCOCK,         /* alpha spent as alpha ln(1 + (e - 1) t) */
    BOUNDARY_OBRIEN_FLEMING,       /* critical values C / sqrt t */
    BOUNDARY_POCOCK                /* one critical value for all looks */
};

#define GROUP_LOOKS_MAX 64

/* The critical value of a look whose share of alpha no double holds: it is never passed. */
#define GROUP_CRITICAL_MAX 38.0

struct group_design {
    enum boundary boundary;
    double alpha;              /* one-sided, < .5 */
    const double *information; /* fractions of the planned, ascending, within (0, 1] */
    size_t looks;              /* 1 to GROUP_LOOKS_MAX */
};

struct group_look {
    double critical; /* z at which this look stops */
    double spent;    /* chance to have stopped by now, under no effect */
    double level;    /* one-sided error of this look alone, 1 - Phi(critical) */
};

/* Fills `looks` of the design.  INVALID on anything else than above, and on looks so near to each
 * other that they are one (a step below a thousandth of the information before). */
MUST_CHECK enum reason group_sequential(const struct group_design *design,
                                        struct group_look *looks);

#endif
