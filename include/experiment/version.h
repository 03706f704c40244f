#ifndef EXPERIMENT_VERSION_H
#define EXPERIMENT_VERSION_H

/* Versions of programs in conditions: `1.2.3[-pre][+build]`, one to three numbers. */

#include "base/slice.h"

bool version_valid(struct slice text);

/* The order of two versions, by the precedence of Semantic Versioning 2.0.0: negative, 0, positive.
 * False, and *order untouched, when one of them is no version. */
bool version_order(struct slice a, struct slice b, int *order);

#endif
