#ifndef STATS_MULTIPLICITY_H
#define STATS_MULTIPLICITY_H

/*
 * Many tests: adjusted p of a family, in the caller's order.
 *
 *     struct hypothesis family[2] = {{.p = .01}, {.p = .04}};
 *     reason = multiplicity_adjust(CORRECTION_HOLM, family, 2);
 *
 * A member that cannot be estimated yet has p = 1 (e-value: log e = 0) and still counts.
 */

#include "stats/result.h"

#include <stdbool.h>
#include <stddef.h>

enum correction {
    CORRECTION_NONE,
    CORRECTION_BONFERRONI,
    CORRECTION_HOLM,
    CORRECTION_BENJAMINI_HOCHBERG,
    CORRECTION_BENJAMINI_YEKUTIELI, /* as the former, under any dependence */
    CORRECTION_HOCHBERG,
    CORRECTION_HOMMEL /* time grows with the square of the count */
};

struct hypothesis {
    double p;        /* in: within [0, 1] */
    double adjusted; /* out */
    size_t order;    /* scratch */
};

/* Fills `adjusted` of all `count` members.  INVALID (and `adjusted` untouched) when a p is not
 * within [0, 1].  Equal p get equal adjusted p. */
MUST_CHECK enum reason multiplicity_adjust(enum correction correction, struct hypothesis *family,
                                           size_t count);

struct evidence {
    double log_e;  /* in: natural log of an e-value of one look, never a running maximum */
    bool rejected; /* out */
    size_t order;  /* scratch */
};

/* e-BH: rejects the k largest with e_(k) >= count / (alpha k), for any dependence. */
MUST_CHECK enum reason multiplicity_e_bh(double alpha, struct evidence *family, size_t count);

/* ln of the mean of e-values given as logs: the e-value of a segment from those of its values. */
MUST_CHECK enum reason log_mean_e(const double *log_e, size_t count, double *log_mean);

#endif
