#ifndef HTTP_QUERY_H
#define HTTP_QUERY_H

/* Percent encoding, and the parameters of a query: `a=1&b=two+words`, application/
 * x-www-form-urlencoded as browsers write it (WHATWG URL). */

#include "base/arena.h"

struct parameter {
    struct slice name;
    struct slice value;
};

/* Decodes %XX, and + to a space where `plus_is_space`.  The result is `text` itself where nothing
 * is encoded, else in the arena.  False: a broken escape, a NUL, bad UTF-8, or no memory. */
bool percent_decode(struct arena *arena, struct slice text, bool plus_is_space,
                    struct slice *decoded);

/* The next parameter of `*rest`, decoded; at the end false with *fault NULL, else it says why. */
bool query_next(struct arena *arena, struct slice *rest, struct parameter *parameter,
                const char **fault);

/* The first parameter of that name; false: there is none before what is broken. */
bool query_find(struct arena *arena, struct slice query, const char *name, struct slice *value);

/* true, 1, yes, the empty text / false, 0, no. */
bool boolean_parse(struct slice text, bool *value);

#endif
