#ifndef TOOLS_ERASING_H
#define TOOLS_ERASING_H

/* Erasure on the command line: all is done when the call returns (architecture 16). */

#include "ingest/erase.h"

/* An eraser that appends to the journal itself, of a store open for writing. */
MUST_CHECK enum status erasing_open(const struct store *store, struct journal *journal,
                                    struct eraser **eraser, struct error *error);
/* The run, where requests wait; then the state and the base anew, where it changed anything. */
MUST_CHECK enum status erasing_finish(const struct store *store, struct journal *journal,
                                      struct eraser *eraser, bool quiet,
                                      struct erase_outcome *outcome, struct error *error);

#endif
