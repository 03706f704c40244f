#ifndef STATS_CHI_SQUARE_H
#define STATS_CHI_SQUARE_H

/*
 * The chi-square tail with its log, and the test that shares are the same in every variant (crossed
 * units, erased units, response rates).
 */

#include "stats/proportion.h"

#include <stddef.h>

struct chi_square {
    double statistic;
    unsigned df;
    double p;
    double log_p;
};

/* The upper tail of `statistic` >= 0 with df >= 1. */
MUST_CHECK enum reason chi_square_tail(double statistic, unsigned df, struct chi_square *test);

/* Are the rates of `count` variants the same?  The chi-square of the 2 x count table without
 * continuity correction; variants without units drop out.  TOO_FEW with fewer than two left;
 * NO_VARIATION when every unit, or none, succeeded. */
MUST_CHECK enum reason chi_square_homogeneity(const struct proportion *rates, size_t count,
                                              struct chi_square *test);

#endif
