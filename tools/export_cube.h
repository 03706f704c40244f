#ifndef TOOLS_EXPORT_CUBE_H
#define TOOLS_EXPORT_CUBE_H

#include "options.h"

#include "store/store.h"

/*
 * Every cell in key order, its names written out, as of one moment of the state.  ndjson: an object
 * a cell with its integers in `values`, and where its kind has a map `bins`, a list of [map, place,
 * number]; csv: a row an integer, and of a bin one with the field map:place.  NOT_FOUND: no such
 * experiment; STORAGE: no state yet; CONFLICT: a server moved it on all the while.
 */
MUST_CHECK enum status export_cube(const struct options *options, const struct store *store,
                                   struct error *error);

#endif
