/*
 * The builder's batch: scan, touch, apply, flush, commit.  Its parts that change units stand in
 * builder_units.c, those about catalogues in builder_catalogues.c.
 */

#include "builder.h"

#include "builder_parts.h"
#include "note_fold.h"

#include <stdlib.h>

#define LATE_MS (6 * HOUR_MS) /* `settle` (architecture 7) */

static void builder_forget(struct builder *builder)
{
    scheme_free(builder->scheme);
    builder->scheme = NULL;
    names_done(&builder->names);
    touches_clear(&builder->touches);
    cell_map_clear(&builder->cells);
    if (builder->is_loaded) /* else it is empty, and large */
        memset(builder->numbers, 0, NUMBER_CACHE_SIZE * sizeof *builder->numbers);
    builder->is_loaded = false;
}

static enum status builder_load_from(struct builder *builder, struct state_transaction *transaction,
                                     struct error *error)
{
    struct declared *declared = NULL;
    enum status status = progress_read(transaction, &builder->progress, error);
    if (!status)
        status = declared_load(transaction, builder->progress.used, &declared, error);
    if (!status)
        status = scheme_compile(declared, &builder->scheme, error);
    if (!status && !digest_equal(&builder->scheme->digest, &builder->progress.scheme))
        status = FAIL(error, STATUS_INVALID, "state", 0, "this state is of another version");
    if (!status)
        status = names_load(&builder->names, builder->scheme, transaction, error);
    if (!status)
        view_keep(builder->view, declared);
    declared_release(declared);
    return status;
}

static enum status builder_load(struct builder *builder, struct error *error)
{
    struct state_transaction *transaction = NULL;
    builder_forget(builder);
    enum status status = state_begin(view_owned_state(builder->view), false, &transaction, error);
    if (!status)
        status = builder_load_from(builder, transaction, error);
    state_abort(transaction);
    builder->is_loaded = !status;
    return status;
}

enum status builder_open(const struct builder_options *options, struct view *view,
                         struct builder **builder, struct error *error)
{
    struct builder *made = calloc(1, sizeof *made);
    if (made)
        made->numbers = calloc(NUMBER_CACHE_SIZE, sizeof *made->numbers);
    if (!made || !made->numbers) {
        free(made);
        view_release(view);
        return FAIL(error, STATUS_NO_MEMORY, "fold", 0, "no memory");
    }
    made->options = *options;
    if (!made->options.batch)
        made->options.batch = FOLD_BATCH;
    made->view = view;
    enum status status = builder_load(made, error);
    if (status) {
        builder_free(made);
        return status;
    }
    *builder = made;
    return STATUS_OK;
}

void builder_free(struct builder *builder)
{
    if (!builder)
        return;
    scheme_free(builder->scheme);
    names_done(&builder->names);
    touches_done(&builder->touches);
    cell_map_done(&builder->cells);
    arena_done(&builder->unit_arena);
    linked_done(&builder->linked);
    buffer_done(&builder->unit_bytes);
    free(builder->duplicate);
    free(builder->numbers);
    view_release(builder->view);
    free(builder);
}

/* Of a scrubbed exposure the day is left, and the receipt: it was no later than either. */
static void scrubbed_time(const struct record *record, struct message *message)
{
    int64_t day_end_ms = day_start_ms(day_of(message->occurred_ms)) + DAY_MS - 1;
    message->occurred_ms = record->received_ms < day_end_ms ? record->received_ms : day_end_ms;
}

static enum status take_message(struct builder *builder, const struct record *record,
                                struct error *error)
{
    struct message message;
    struct unit_numbers numbers = {.number = builder_number, .context = builder};
    if (message_read(record->body, &message, NULL)) {
        builder->progress.damaged++;
        return STATUS_OK;
    }
    if (record->flags & RECORD_SCRUBBED)
        scrubbed_time(record, &message);
    builder->progress.messages++;
    if (message.type == MESSAGE_NOTE) {
        arena_reset(&builder->touches.scratch);
        return note_fold(builder->transaction, &builder->touches.scratch, record, &message, error);
    }
    if (record->received_ms - message.occurred_ms > LATE_MS)
        builder->progress.late++;
    return touches_add(&builder->touches, builder->scheme, &builder->names, &numbers, &message,
                       record->flags, error);
}

static enum status take_record(void *context, const struct record *record, struct error *error)
{
    struct builder *builder = context;
    if (record->sequence > builder->batch_last)
        return STATUS_OK;
    if (record->damaged) {
        builder->progress.damaged++;
        return STATUS_OK;
    }
    builder->progress.received_ms = record->received_ms;
    switch (record->kind) {
    case RECORD_MESSAGE: return take_message(builder, record, error);
    case RECORD_CATALOGUE: return builder_meet(builder, record, error);
    case RECORD_ERASURE: return STATUS_OK; /* what it scrubbed asks for a new state: fold.c */
    default: builder->progress.damaged++; return STATUS_OK;
    }
}

static enum status batch_fold(struct builder *builder, uint64_t count, struct error *error)
{
    struct journal_scan scan = {.from = builder->progress.watermark + 1,
                                .limit = count,
                                .visit = take_record,
                                .context = builder};
    enum status status = journal_scan(builder->options.journal, &scan, error);
    if (!status)
        status = builder_apply(builder, error);
    if (!status)
        status = cell_map_flush(&builder->cells, builder->transaction, error);
    if (!status)
        status = names_flush(&builder->names, builder->transaction, error);
    if (status)
        return status;
    uint64_t next = scan.next - 1;
    builder->progress.watermark = next < builder->batch_last ? next : builder->batch_last;
    builder->progress.damaged += scan.gaps;
    return progress_write(builder->transaction, &builder->progress, error);
}

static enum status batch_run(struct builder *builder, uint64_t count, struct error *error)
{
    enum status status =
        state_begin(view_owned_state(builder->view), true, &builder->transaction, error);
    if (status)
        return status;
    struct progress before = builder->progress;
    builder->has_new_catalogue = false;
    status = batch_fold(builder, count, error);
    if (status)
        state_abort(builder->transaction);
    else
        status = state_commit(builder->transaction, error);
    if (status)
        builder->progress = before;
    else if (builder->has_new_catalogue)
        view_keep(builder->view, builder->scheme->declared);
    builder->transaction = NULL;
    touches_clear(&builder->touches);
    linked_clear(&builder->linked);
    return status;
}

enum status builder_step(struct builder *builder, uint64_t last, bool *more, struct error *error)
{
    uint64_t end = journal_last_sequence(builder->options.journal);
    *more = false;
    if (!builder->is_loaded) {
        enum status status = builder_load(builder, error);
        if (status)
            return status;
    }
    if (last && last < end)
        end = last;
    if (builder->progress.watermark >= end)
        return STATUS_OK;
    if (builder->progress.watermark < journal_dropped(builder->options.journal))
        return FAIL(error, STATUS_STORAGE, "state", 0,
                    "the records after it were dropped; it has to be built anew from the base");
    uint64_t count = end - builder->progress.watermark;
    if (count > builder->options.batch)
        count = builder->options.batch;
    *more = true;
    builder->batch_last = end;
    enum status status = batch_run(builder, count, error);
    if (status)
        builder_forget(builder);
    return status;
}

const struct progress *builder_progress(const struct builder *builder)
{
    return &builder->progress;
}

const struct scheme *builder_scheme(const struct builder *builder)
{
    return builder->scheme;
}

struct view *builder_view(const struct builder *builder)
{
    return builder->view;
}
