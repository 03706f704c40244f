#ifndef STATS_HETEROGENEITY_H
#define STATS_HETEROGENEITY_H

/*
 * Does the effect differ between the values of a segment?  Cochran's Q first; what it finds is
 * sized by I^2 and by the between-value variance tau^2.
 */

#include "stats/chi_square.h"

/* One value's effect; se > 0. */
struct effect {
    double estimate, se;
};

struct heterogeneity {
    struct chi_square q;      /* Cochran's Q on count - 1 degrees of freedom */
    double i_squared;         /* share of the variation that is between values, 0 to 1 */
    double tau_squared;       /* DerSimonian-Laird */
    double fixed, fixed_se;   /* the common effect, if there is one */
    double random, random_se; /* the mean effect, with tau^2 between values */
};

/* TOO_FEW with fewer than two effects; NO_VARIATION when a standard error is 0. */
MUST_CHECK enum reason heterogeneity_of(const struct effect *effects, size_t count,
                                        struct heterogeneity *heterogeneity);

#endif
