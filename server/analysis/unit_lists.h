#ifndef ANALYSIS_UNIT_LISTS_H
#define ANALYSIS_UNIT_LISTS_H

/* The lists of a unit record from within: for unit_record.c and unit_links.c. */

#include "unit_record.h"

/* The list, made where it is missing; NULL without memory. */
struct unit_list *unit_list_make(struct arena *arena, struct unit_record *record,
                                 enum unit_list_type type, size_t index);
/* Opens a gap of `wider` bytes (or closes one of `narrower`) at byte `at`; false without memory. */
bool unit_list_splice(struct arena *arena, struct unit_list *list, uint32_t at, uint32_t narrower,
                      uint32_t wider);
/* Whether a new entry at number `at` has room within the bound: a full list overflows, and gives up
 * its last entry for one before it.  False: it is past the bound, and `change` says whether that is
 * the first that is. */
bool unit_list_admits(struct unit_list *list, uint32_t at, enum unit_change *change);

#endif
