#ifndef STATS_RATIO_H
#define STATS_RATIO_H

/*
 * The ratio of two totals over the same units, sum y / sum s, by the delta method.
 */

#include "stats/sums.h"

struct ratio_sums {
    uint64_t units; /* with y or s other than 0 */
    int128 y, s, yy, ss, ys;
    double step_y, step_s; /* > 0 */
};

#endif
