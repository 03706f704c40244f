#ifndef TOOLS_VALIDATE_STORE_H
#define TOOLS_VALIDATE_STORE_H

#include "experiment/catalogue.h"

/*
 * Adds what a store knows about the files: a warning `never-received` for each event and trait that
 * they use and that no message brought so far, and a warning `breaking-change` for each experiment
 * that breaks what the store last accepted without a raised phase.  Each stands at the name, where
 * its file has it.  STORAGE: there is no such store, or it has no state.
 */
MUST_CHECK enum status validate_store(const char *path, const struct catalogue *catalogue,
                                      struct diagnostics *found, struct error *error);

#endif
