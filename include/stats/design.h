#ifndef STATS_DESIGN_H
#define STATS_DESIGN_H

/*
 * The three designs that an experiment may declare for peeking, as levels.
 *
 *     design    fixed test on the final set   anytime interval
 *     hybrid    4a/5                          a/5
 *     always    none                          a
 *     fixed     a                             none
 *
 * The union bound keeps a for hybrid: a/5 + 4a/5.
 */

#include "stats/result.h"

#include <stdbool.h>
#include <stddef.h>

enum design { DESIGN_HYBRID, DESIGN_ALWAYS, DESIGN_FIXED };

struct design_levels {
    double fixed;   /* 0: there is no fixed test */
    double anytime; /* 0: there is no anytime interval */
};

/* The levels of a design with total error alpha. */
struct design_levels design_levels(enum design design, double alpha);

/* What one comparison has: a p that it lacks is 1. */
struct design_evidence {
    double p_now;   /* of the latest look, its w at the design's anytime level */
    double p_fixed; /* on the final set */
    bool final;     /* the final look has been reached */
};

/* The one p of a comparison, fit for Holm and Benjamini-Hochberg at alpha: p_h <= alpha exactly
 * when one of the two intervals at the design's levels excludes the null. */
double design_p(enum design design, const struct design_evidence *evidence);

#endif
