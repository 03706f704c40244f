#ifndef STATS_MEAN_H
#define STATS_MEAN_H

/*
 * Means of independent units: one variant's value with its variance, from exact sums, from a
 * summary, or from the answers to a 0..10 question.  Two of them make Welch's comparison
 * (two_sample.h, then estimate.h for t, p and intervals).
 */

#include "stats/sums.h"
#include "stats/two_sample.h"

/* m = S/n with variance s^2/n and n - 1 degrees of freedom.  NO_UNITS, ONE_UNIT, INVALID. */
MUST_CHECK enum reason mean_of_sums(const struct sums *sums, struct variant_value *value);

/* The same of figures that someone else has computed. */
struct mean_summary {
    double mean, sd; /* sd >= 0, divisor units - 1 */
    double units;    /* >= 2 */
};
MUST_CHECK enum reason mean_of_summary(const struct mean_summary *summary,
                                       struct variant_value *value);

/* Answers to "how likely would you recommend": promoters 9 and 10, detractors 0 to 6;
 * promoters + detractors <= responded. */
struct score_counts {
    uint64_t responded, promoters, detractors;
};

/* The answers as values of 100, 0 and -100.  INVALID on counts that do not add up. */
MUST_CHECK enum reason score_sums(const struct score_counts *counts, struct sums *sums);

/* Welch's difference of two means, treatment - control, for the one layer. */
MUST_CHECK enum reason estimate_of_means(const struct sums *treatment, const struct sums *control,
                                         double planned, struct estimate *estimate);

/* Student's test with one variance for both: only for comparison with tools that show it; Welch's
 * is as good where the variances are equal and right where they are not. */
MUST_CHECK enum reason mean_student(const struct sums *treatment, const struct sums *control,
                                    struct test *test);

#endif
