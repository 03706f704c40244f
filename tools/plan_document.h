#ifndef TOOLS_PLAN_DOCUMENT_H
#define TOOLS_PLAN_DOCUMENT_H

/*
 * What `gangway plan` says of an experiment, as a document that the text is written from and
 * --format json prints.
 *
 *     units        in all and by variant, with which every comparison of the first goal has the
 * power duration     weeks from the rate and the goal's window, and the last day detectable   the
 * smallest difference after 2, 3, 4, 6, 8 weeks guardrails   the power that each must have, and has
 * with these units segments     the smallest difference within a value, and between two of them
 *
 * A number that cannot be told is null, and `reason` says why.
 */

#include "base/value.h"
#include "experiment/experiment.h"

/* How many units each value of a segment had, where a store knows it; else equal shares. */
struct plan_share {
    struct slice segment; /* as reports name it: "role x channel" for a crossing */
    struct slice value;
    double share;
};
struct plan_history {
    const struct plan_share *shares;
    size_t count;
};

/* The expectation of `experiment` is what is planned for; it is given, and there is a goal.  Texts
 * are borrowed from the experiment, everything else is the arena's. */
struct value plan_document(const struct experiment *experiment, const struct plan_history *history,
                           struct arena *arena);

#endif
