/* Implementation of snapshot.h. */

#include "snapshot.h"

#include "analysis/fold.h"

#include <stdatomic.h>
#include <stdlib.h>

enum status snapshot_new(struct catalogue *catalogue, struct snapshot **snapshot,
                         struct error *error)
{
    struct snapshot *made = calloc(1, sizeof *made);
    size_t count = catalogue->experiment_count;
    if (made)
        made->definitions = calloc(count ? count : 1, sizeof *made->definitions);
    if (!made || !made->definitions) {
        free(made);
        return FAIL(error, STATUS_NO_MEMORY, "", 0, "no memory for a snapshot");
    }
    made->references = 1;
    made->catalogue = catalogue_acquire(catalogue);
    digest_format(&catalogue->digest, made->digest);
    for (size_t i = 0; i < count; i++) {
        struct digest digest =
            definition_digest(catalogue, &catalogue->experiments[i], CONTRIBUTION_VERSION);
        digest_format(&digest, made->definitions[i]);
    }
    *snapshot = made;
    return STATUS_OK;
}

struct snapshot *snapshot_acquire(struct snapshot *snapshot)
{
    atomic_fetch_add_explicit(&snapshot->references, 1, memory_order_relaxed);
    return snapshot;
}

void snapshot_release(struct snapshot *snapshot)
{
    if (!snapshot || atomic_fetch_sub_explicit(&snapshot->references, 1, memory_order_acq_rel) > 1)
        return;
    catalogue_release(snapshot->catalogue);
    free(snapshot->definitions);
    free(snapshot);
}

struct slice snapshot_definition(const struct snapshot *snapshot,
                                 const struct experiment *experiment)
{
    size_t index = (size_t)(experiment - snapshot->catalogue->experiments);
    return slice_of(snapshot->definitions[index]);
}
