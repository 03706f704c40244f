#ifndef STATS_MANTEL_HAENSZEL_H
#define STATS_MANTEL_HAENSZEL_H

/*
 * One common effect on a rate over strata: the test of Cochran, Mantel and Haenszel, their ratios
 * and difference, and whether the odds ratio is the same in every stratum.
 *
 * Strata where a variant has no unit say nothing and are passed over.
 */

#include "stats/chi_square.h"
#include "stats/estimate.h"

#include <stddef.h>

struct mantel_haenszel_test {
    struct chi_square plain;
    struct chi_square with_continuity; /* nearer by 1/2 unit, where the gap is as much */
};

/* Given the strata, does the rate differ?  NO_UNITS when no stratum has both variants;
 * NO_VARIATION when in none of them some units succeeded and some did not. */
MUST_CHECK enum reason mantel_haenszel_test(const struct proportion_pair *strata, size_t count,
                                            struct mantel_haenszel_test *test);

/* The common log odds ratio, log risk ratio and difference of rates, each as an estimate with the
 * normal law (df 0).  NO_EVENTS when a log ratio would be infinite; NO_VARIATION when its error is
 * 0. */
MUST_CHECK enum reason mantel_haenszel_log_odds(const struct proportion_pair *strata, size_t count,
                                                double planned, struct estimate *estimate);
MUST_CHECK enum reason mantel_haenszel_log_risk(const struct proportion_pair *strata, size_t count,
                                                double planned, struct estimate *estimate);
MUST_CHECK enum reason mantel_haenszel_difference(const struct proportion_pair *strata,
                                                  size_t count, double planned,
                                                  struct estimate *estimate);

struct breslow_day {
    struct chi_square plain;
    struct chi_square tarone; /* corrected for the odds ratio being estimated; the one to read */
};

/* Is the odds ratio the same in every stratum?  TOO_FEW with fewer than two strata that have both
 * successes and failures; NO_EVENTS when there is no common odds ratio. */
MUST_CHECK enum reason breslow_day_test(const struct proportion_pair *strata, size_t count,
                                        struct breslow_day *test);

#endif
