/* Erasure on the command line: erasing.h. */

#include "erasing.h"

#include "meter.h"

#include "analysis/fold.h"

/* No state yet: nobody is known by it. */
static enum status state_knows(void *context, const struct hash128 *hash, bool *known,
                               struct error *error)
{
    struct view *view = NULL;
    enum status status = view_open(context, &view, error);
    *known = false;
    if (status)
        return status == STATUS_NOT_FOUND ? STATUS_OK : status;
    status = view_knows(view, hash, known, error);
    view_release(view);
    return status;
}

enum status erasing_open(const struct store *store, struct journal *journal, struct eraser **eraser,
                         struct error *error)
{
    const struct eraser_options options = {.store = store,
                                           .journal = journal,
                                           .append = eraser_append_direct,
                                           .context = journal,
                                           .knows = state_knows,
                                           .knows_context = (void *)(uintptr_t)store};
    return eraser_open(&options, eraser, error);
}

/* A base that still has somebody is put in the place of the old one; nothing is dropped. */
static enum status base_renew(const struct fold_options *options, struct error *error)
{
    struct fold *fold = NULL;
    bool more = journal_dropped(options->journal) > 0;
    uint64_t through;
    enum status status = more ? fold_open(options, &fold, error) : STATUS_OK;
    while (!status && more)
        status = fold_retain(fold, INT64_MIN, &more, &through, error);
    fold_close(fold);
    return status;
}

enum status erasing_finish(const struct store *store, struct journal *journal,
                           struct eraser *eraser, bool quiet, struct erase_outcome *outcome,
                           struct error *error)
{
    const struct fold_options fold = {.store = store, .journal = journal};
    const struct fold_rebuild_options how = {.progress = meter_set};
    *outcome = (struct erase_outcome){0};
    if (!eraser_is_pending(eraser))
        return STATUS_OK;
    enum status status = eraser_run(eraser, NULL, NULL, outcome, error);
    if (status || outcome->changed < outcome->through || !outcome->through)
        return status;
    meter_begin("state", OBSERVER_RECORDS, !quiet);
    status = fold_rebuild(&fold, &how, error);
    meter_end();
    return status ? status : base_renew(&fold, error);
}
