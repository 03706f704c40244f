#ifndef BASE_JSON_MEMORY_H
#define BASE_JSON_MEMORY_H

/*
 * jansson with the memory of an arena.  Left to itself it does not survive a failed allocation: its
 * reader loses bytes without a word, or stops the process by an assertion.  Here the first refused
 * allocation leaves jansson by longjmp, and the arena takes back all that it held; it keeps no lock
 * and no state between calls.  Nothing is freed one by one either, which makes reading faster.
 */

#include "base/arena.h"

#include <jansson.h>

/* json_loadb in `arena`.  The tree dies with the arena: no json_decref.  NULL on a fault of the
 * text, told in `problem`, and when memory has run out, told by `arena->failed`. */
json_t *json_load_in(struct arena *arena, struct slice text, size_t flags, json_error_t *problem);

#endif
