#ifndef STATS_ROOT_H
#define STATS_ROOT_H

/*
 * A root inside a bracket: what the score limits and the detectable difference solve.
 */

/* A continuous function of x and what it is about. */
typedef double root_function(double x, const void *about);

/* The x between `low` and `high` at which `function` changes its sign, to the last few bits of x.
 * The function has opposite signs (or 0) at the two ends; nothing is asked of its slope. */
double root_between(root_function *function, const void *about, double low, double high);

#endif
