/* Implementation of submit.h. */

#include "submit.h"

#include "worker.h"

enum status submit_batch(struct request *request, const struct intake_batch *batch,
                         writer_done_fn *done, void *waiter, struct error *error)
{
    struct submission_record *records =
        ARENA_ARRAY(&request->arena, batch->record_count, struct submission_record);
    if (!records)
        return FAIL(error, STATUS_NO_MEMORY, "", 0, "no memory for the records");
    for (size_t i = 0; i < batch->record_count; i++) {
        const struct intake_record *record = &batch->records[i];
        records[i] = (struct submission_record){
            .kind = RECORD_MESSAGE,
            .flags = record->flags,
            .received_ms = record->received_ms,
            .body = record->body,
            .message_key = record->message_key,
            .content = record->content,
        };
    }
    return writer_submit(request->worker->lane, records, batch->record_count, done, waiter, error);
}
