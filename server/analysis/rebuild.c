/* A state built anew from the journal, by all that was ever declared. */

#include "analysis/fold.h"

#include "builder.h"

enum status builder_run(struct builder *builder, uint64_t last,
                        void (*progress)(void *context, uint64_t done, uint64_t total),
                        void *context, struct error *error)
{
    bool more = true;
    enum status status = STATUS_OK;
    while (!status && more) {
        status = builder_step(builder, last, &more, error);
        if (progress && more)
            progress(context, builder_progress(builder)->watermark, last);
    }
    return status;
}

enum status fold_rebuild(const struct fold_options *options,
                         const struct fold_rebuild_options *rebuild, struct error *error)
{
    struct builder *builder = NULL;
    uint64_t last = journal_last_sequence(options->journal);
    enum status status = builder_start_over(options, true, &builder, error);
    if (!status && last)
        status = builder_run(builder, last, rebuild ? rebuild->progress : NULL,
                             rebuild ? rebuild->context : NULL, error);
    if (!status)
        status = state_publish(view_owned_state(builder_view(builder)), error);
    builder_free(builder);
    return status;
}
