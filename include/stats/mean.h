#ifndef STATS_MEAN_H
#define STATS_MEAN_H

/*
 * Means: the difference of two by Welch, and a net promoter score.
 */

#include "stats/sums.h"

/* Answers to "how likely would you recommend": promoters 9 and 10, detractors 0 to 6. */
struct score_counts {
    uint64_t responded, promoters, detractors; /* promoters + detractors <= responded */
};

#endif
