#ifndef TESTS_STATS_HOSTILE_H
#define TESTS_STATS_HOSTILE_H

/*
 * The two values that no function may let out, as doubles: the macros of math.h are floats, whose
 * promotion clang reports.
 */

#include <math.h>

#define NOT_A_NUMBER ((double)NAN)
#define INFINITE ((double)INFINITY)

#endif
