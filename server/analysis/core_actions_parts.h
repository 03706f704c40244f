#ifndef ANALYSIS_CORE_ACTIONS_PARTS_H
#define ANALYSIS_CORE_ACTIONS_PARTS_H

/* The inside of core_actions*.c. */

#include "analysis/core_actions.h"

/* "Deal Created (2 times)", as readers see a candidate. */
struct slice core_action_label(struct arena *arena, const struct event_condition *candidate);

/* core_actions_effects.c: a row for each experiment, goal or secondary that is a conversion on a
 * candidate's event, and variant: what it did to the action, and to `retained` where it measures
 * it, else to the first retention metric that it has. */
MUST_CHECK enum status core_effects_value(struct view *view,
                                          const struct core_actions_options *options,
                                          const struct catalogue *catalogue,
                                          const struct metric *retained, int64_t as_of_ms,
                                          struct arena *arena, struct value *effects,
                                          struct error *error);

#endif
