#ifndef TOOLS_FOLD_PROGRESS_H
#define TOOLS_FOLD_PROGRESS_H

#include <stdint.h>

/* A line of progress on standard error, rewritten in place on a terminal and silent elsewhere. */
void fold_progress_write(void *context, uint64_t done, uint64_t total);

#endif
