#ifndef STATS_SHRINKAGE_H
#define STATS_SHRINKAGE_H

/*
 * Shrunken effects: what each value's own effect probably is, given those of the others.
 *
 * Two forms.  `shrinkage_blup` takes tau^2 as if DerSimonian-Laird's were true (metafor's blup):
 * for the library and for comparison.  `shrinkage_integrated` admits that tau is not known and
 * averages over it: the report's, whose interval is labelled "shrunken, approximate".
 */

#include "stats/heterogeneity.h"

struct shrunken {
    double estimate, se; /* se > 0 */
    struct interval interval;
};

/* DerSimonian-Laird BLUPs of `count` >= 2 effects, with normal intervals at alpha; `shrunken` has
 * `count` places. */
MUST_CHECK enum reason shrinkage_blup(const struct effect *effects, size_t count, double alpha,
                                      struct shrunken *shrunken);

/* The same with tau integrated out over a half-normal prior whose scale is the median standard
 * error: posterior means and standard deviations. */
MUST_CHECK enum reason shrinkage_integrated(const struct effect *effects, size_t count,
                                            double alpha, struct shrunken *shrunken);

/* A further effect, of which `past` effects say what to expect; same prior, its scale the median
 * standard error of the past. */
MUST_CHECK enum reason shrinkage_by_past(const struct effect *past, size_t count,
                                         struct effect effect, double alpha,
                                         struct shrunken *shrunken);

#endif
