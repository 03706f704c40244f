/* Implementation of heap.h, by the settings of glibc's malloc (mallopt(3)). */

#include "base/heap.h"

#include <malloc.h>

#define KEPT_MAX (128 * 1024 * 1024) /* the free end of a heap is given back past it */
#define OWN_MIN (32 * 1024 * 1024)   /* so large a block is the system's own; glibc takes no more */

void heap_keep(void)
{
    mallopt(M_TRIM_THRESHOLD, KEPT_MAX);
    mallopt(M_MMAP_THRESHOLD, OWN_MIN);
}
