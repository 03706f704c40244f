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
    double h_squared;         /* Q per degree of freedom, at least 1 */
    double tau_squared;       /* DerSimonian-Laird */
    double fixed, fixed_se;   /* the common effect, if there is one */
    double random, random_se; /* the mean effect, with tau^2 between values */
};

/* TOO_FEW with fewer than two effects; NO_VARIATION when a standard error is 0. */
MUST_CHECK enum reason heterogeneity_of(const struct effect *effects, size_t count,
                                        struct heterogeneity *heterogeneity);

/* The mean effect at a given tau^2 >= 0, by weights 1/(se^2 + tau^2). */
struct mean_effect {
    double estimate, se; /* se 1/sqrt(sum of weights) */
    double knapp_se;     /* Hartung-Knapp: t on count - 1 degrees of freedom; >= 0 */
};
MUST_CHECK enum reason heterogeneity_mean(const struct effect *effects, size_t count,
                                          double tau_squared, struct mean_effect *mean);

/* tau^2 by Paule and Mandel: the one at which the generalised Q is count - 1; 0 where Q is less
 * without any. */
MUST_CHECK enum reason heterogeneity_paule_mandel(const struct effect *effects, size_t count,
                                                  double *tau_squared);

/* A mean effect's interval at alpha and its test against 0, by the normal (count 0) or, for the
 * Hartung-Knapp se, by t of `count` effects.  se 0: NO_VARIATION. */
MUST_CHECK enum reason mean_effect_interval(double estimate, double se, size_t count, double alpha,
                                            struct interval *interval, struct test *test);

#endif
