#ifndef HTTP_EXPOSURES_H
#define HTTP_EXPOSURES_H

/*
 * The exposures that a worker committed last, so that a front end that asks at every page view does
 * not fill the journal (architecture, "A request for a variant").  A saving of space: after a
 * restart, or on another worker, an exposure may be written again, and the fold keeps the first.
 * One thread.
 */

#include "base/hash.h"

#define EXPOSURES_KEPT 100000

struct exposures;
struct exposures *exposures_new(size_t kept); /* NULL: no memory */
void exposures_free(struct exposures *exposures);
bool exposures_has(const struct exposures *exposures, const struct hash128 *key);
/* Remembers it and forgets the oldest when there are more than `kept`. */
void exposures_add(struct exposures *exposures, const struct hash128 *key);

#endif
