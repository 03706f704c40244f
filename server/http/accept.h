#ifndef HTTP_ACCEPT_H
#define HTTP_ACCEPT_H

/* Which of several types a client would rather have, by its Accept header (RFC 9110, 12.5.1). */

#include "base/slice.h"

#include <stddef.h>

struct accept_type {
    const char *ranges[3]; /* from the most specific on: the type, its family, everything */
    const char *name;      /* what accept_choose gives */
};

/* The name of the type of the greatest weight; of equal ones that which stands first in the header,
 * and of one range that takes several the first of `types`.  NULL: none is taken. */
const char *accept_choose(struct slice accept, const struct accept_type *types, size_t count);
/* Whether it would rather have a page than JSON: a browser that was led to a path, not a program.
 */
bool accept_is_page(struct slice accept);

#endif
