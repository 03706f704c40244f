#ifndef TOOLS_LOAD_H
#define TOOLS_LOAD_H

/* The experiment files of a folder, for commands that work by them. */

#include "experiment/catalogue.h"

/* Reads and compiles all files of `folder`.  Returns 0 and a catalogue, one reference of which is
 * the caller's; or the exit status after saying on standard error what is wrong: 2 for a folder
 * that is none, 3 for files with errors (with their diagnostics). Warnings are for `validate`. */
int catalogue_load(const char *folder, struct catalogue **catalogue);

/* The experiment of that key; NULL after naming the nearest one on standard error. */
const struct experiment *catalogue_require(const struct catalogue *catalogue, const char *key);

#endif
