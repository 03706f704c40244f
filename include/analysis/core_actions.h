#ifndef ANALYSIS_CORE_ACTIONS_H
#define ANALYSIS_CORE_ACTIONS_H

/*
 * Which early actions go with staying (statistics.md, 11): for each candidate that metrics.yaml
 * declares under `core_actions`, and for everyone and each segment value, who did it before the
 * landmark, and how many of them came back after it, beside those who did not.  An association
 * between units, never an effect: beside it stands what experiments that moved the action did to
 * retention.
 *
 * Landmark rule: actions count before the landmark, retention from it on, both from the user's
 * first message (population.h); only users whose whole windows have passed are in it.  A segment is
 * the user's as of the landmark.
 */

#include "analysis/view.h"
#include "base/value.h"
#include "store/journal.h"

struct core_actions_options {
    struct journal *journal;
    struct slice metric;  /* a retention metric; empty: the declared one */
    int64_t landmark_ms;  /* 0: the declared one */
    struct slice segment; /* that one alone beside everyone; empty: all declared */
    int64_t as_of_ms;     /* TIME_NONE: as a report's (document.h) */
    int64_t now_ms;
    const _Atomic bool *stop; /* BUSY soon after it is true; NULL: to the end */
    /* Told how many records of the journal are read, of how many; NULL: nobody. */
    void (*progress)(void *context, uint64_t done, uint64_t total);
};

/* The document, in `arena`.  NOT_FOUND: nothing is declared, no such metric or segment
 * (error->where says which); INVALID: the metric is no retention from the landmark on; CONFLICT:
 * as_of not yet.  Holds no transaction longer than a report does. */
MUST_CHECK enum status core_actions_build(struct view *view,
                                          const struct core_actions_options *options,
                                          struct arena *arena, struct value *document,
                                          struct error *error);

#endif
