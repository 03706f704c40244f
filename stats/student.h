#ifndef STATS_STUDENT_H
#define STATS_STUDENT_H

/*
 * Student's t by its series about the normal, for normal.c: where the degrees of freedom are not
 * few and t is not far out, which is nearly always.  Elsewhere both are false, outputs untouched.
 */

#include <stdbool.h>

/* The upper tail of t >= 0 with df > 0 degrees of freedom. */
bool student_tail(double t, double df, double *tail);

/* The t whose upper tail is `tail`, 0 < tail <= .5. */
bool student_quantile(double tail, double df, double *t);

#endif
