#ifndef TOOLS_CALC_PAIR_H
#define TOOLS_CALC_PAIR_H

/* What the families of two rates share: reading the pair, and a ratio without an upper limit. */

#include "calc.h"

#include "stats/normal.h"
#include "stats/proportion_ratio.h"

/* Successes and units under these keys; successes above the units are the line's error. */
struct proportion calc_rate(struct calc *call, const char *successes, const char *units);

/* x_treatment of n_treatment, x_control of n_control. */
struct proportion_pair calc_pair(struct calc *call);

/* The score interval of the ratio, its upper limit "inf" where there is none. */
void calc_put_ratio(struct calc *call, const char *name, const struct proportion_pair *pair,
                    enum score_variance variance, double alpha);

#endif
