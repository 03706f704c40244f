/* How far `rebuild` and `verify` are. */

#include "fold_progress.h"

#include <stdio.h>
#include <unistd.h>

void fold_progress_write(void *context, uint64_t done, uint64_t total)
{
    (void)context;
    if (!isatty(STDERR_FILENO))
        return;
    fprintf(stderr, "\r%llu of %llu records%s", (unsigned long long)done, (unsigned long long)total,
            done >= total ? "\n" : "");
}
