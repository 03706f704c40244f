#ifndef STATS_RESULT_H
#define STATS_RESULT_H

/*
 * What every function of stats/ gives back: a reason, and values only where there is none.
 *
 *     struct interval interval;
 *     enum reason reason = proportion_wilson(rate, .05, &interval);
 *     if (reason)
 *         show(reason_text(reason));
 *
 * Each function returns REASON_NONE and fills its outputs with finite numbers, or returns why there
 * is no answer and leaves its outputs untouched.  NaN and infinity never leave stats/.  Nothing
 * here keeps memory or state, or calls another thread's data: all functions are pure.
 *
 * Levels are errors, not confidences: alpha = .05 means a 95 % interval.  Alpha is inside (0, 1).
 */

#include "base/status.h"

/* name, text for a reader of the report */
#define REASON_MAP(X)                                                                              \
    X(NONE, "ok")                                                                                  \
    X(INVALID, "input that no experiment can have")                                                \
    X(NO_UNITS, "no units")                                                                        \
    X(ONE_UNIT, "one unit only")                                                                   \
    X(NO_EVENTS, "no events")                                                                      \
    X(NO_VARIATION, "every unit has the same value")                                               \
    X(NEAR_ZERO, "denominator near zero")                                                          \
    X(TOO_FEW, "too few to compare")                                                               \
    X(TOO_EARLY, "too early")                                                                      \
    X(NOT_DETECTABLE, "not detectable with these units")                                           \
    X(NOT_FINITE, "no finite answer")

enum reason {
#define X(name, text) REASON_##name,
    REASON_MAP(X)
#undef X
        REASON_COUNT
};

/* The words of a reason; static storage. */
const char *reason_text(enum reason reason);

/* low <= high, both finite. */
struct interval {
    double low, high;
};

/* A test.  `p` underflows to 0 below about 1e-308, `log_p` (natural) does not: print from it. */
struct test {
    double statistic;
    double p;
    double log_p;
};

/* The side of an effect: which bound is asked for, or which direction is the adverse one. */
enum side { SIDE_LOW, SIDE_HIGH };

#endif
