#ifndef TOOLS_PLAN_HISTORY_H
#define TOOLS_PLAN_HISTORY_H

/* What a store says of the units that an experiment had: the shares of its segments' values. */

#include "plan_document.h"

/* Fills `history` from the report of that experiment; what it holds is the arena's.  An experiment
 * that the store does not know has no history, which is no failure. */
MUST_CHECK enum status plan_history_read(const char *store, struct slice experiment,
                                         struct arena *arena, struct plan_history *history,
                                         struct error *error);

#endif
