#ifndef BASE_JSON_H
#define BASE_JSON_H

/*
 * JSON in: jansson behind one function, with the leniency that real clients need (http-api.md,
 * Events): an integer beyond 64 bits is read as a real, a lone surrogate escape becomes U+FFFD;
 * NUL, bad UTF-8, a repeated name, a number that is not finite, text after the value, and depth
 * over the limit are INVALID.  The error's `line` and its text's "column N" say where.
 */

#include "base/value.h"

/* Reads all of `text` into a tree in `arena`.  depth_max: brackets open at once (0:
 * JSON_DEPTH_MAX). */
MUST_CHECK enum status json_read(struct arena *arena, struct slice text, unsigned depth_max,
                                 struct value *value, struct error *error);

#endif
