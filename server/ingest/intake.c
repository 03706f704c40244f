/*
 * Bodies of the Segment routes, read one event at a time, and the way back: a record as the message
 * that `import` takes.  The rules of a single event are in message.c.
 */

#include "ingest/intake.h"

#include "base/limits.h"
#include "envelope.h"
#include "ingest/privacy.h"
#include "message.h"

/* Room for the records and refusals of one call.  A body has at most BODY_SIZE_MAX bytes; what
 * takes most is the smallest event that can be refused, two bytes, with its row and its reason. */
#define INTAKE_MEMORY_MAX (64 * (size_t)BODY_SIZE_MAX)

static const char *const rejections[REJECTION_COUNT] = {
#define X(name, text) [REJECTION_##name] = text,
    REJECTION_MAP(X)
#undef X
};

const char *rejection_text(enum rejection rejection)
{
    return rejections[rejection];
}

static bool batch_refuse(struct intake_batch *batch, size_t index,
                         const struct message_fault *fault)
{
    struct rejected *rejected =
        envelope_grown(&batch->arena, batch->rejected, batch->rejected_count,
                       &batch->rejected_capacity, sizeof *rejected);
    if (!rejected)
        return false;
    batch->rejected = rejected;
    batch->rejected[batch->rejected_count++] = (struct rejected){.index = index,
                                                                 .message_id = fault->message_id,
                                                                 .reason = fault->reason,
                                                                 .text = fault->text};
    return true;
}

static enum status batch_fill(struct message_source *source, const struct envelope *envelope,
                              struct intake_batch *batch, struct error *error)
{
    struct value sent_at;
    source->sent_ms = TIME_NONE;
    if (envelope->sent_at.size &&
        json_read(&source->scratch, envelope->sent_at, 0, &sent_at, NULL) == STATUS_OK &&
        !message_time(&sent_at, &source->sent_ms))
        source->sent_ms = TIME_NONE;
    batch->records = ARENA_ARRAY(&batch->arena, envelope->count, struct intake_record);
    batch->record_capacity = batch->records ? envelope->count : 0;
    for (size_t i = 0; i < envelope->count && !batch->arena.failed; i++) {
        struct message_fault fault = {0};
        struct intake_record *record = &batch->records[batch->record_count];
        enum status status = message_normalise(source, envelope->events[i], record, &fault, error);
        if (status == STATUS_OK)
            batch->record_count++;
        else if (status == STATUS_INVALID)
            batch_refuse(batch, i, &fault);
        else if (!batch->arena.failed)
            return status;
    }
    if (batch->arena.failed) {
        if (error)
            *error = (struct error){0};
        return FAIL(error, STATUS_TOO_LARGE, "body", 0, "the batch takes too much memory");
    }
    return STATUS_OK;
}

enum status intake_read(const struct intake_options *options, struct slice body,
                        struct intake_batch *batch, struct error *error)
{
    struct envelope envelope = {0};
    batch->arena.limit = INTAKE_MEMORY_MAX;
    enum status status = envelope_read(options, body, batch, &envelope, error);
    if (status)
        return status;
    struct message_source source = {
        .options = options, .arena = &batch->arena, .dialect = batch->dialect};
    status = batch_fill(&source, &envelope, batch, error);
    message_source_done(&source);
    return status;
}

void intake_batch_done(struct intake_batch *batch)
{
    arena_done(&batch->arena);
    *batch = (struct intake_batch){0};
}

void intake_write_rejected(struct buffer *out, const struct intake_batch *batch)
{
    buffer_add_byte(out, '[');
    for (size_t i = 0; i < batch->rejected_count; i++) {
        const struct rejected *rejected = &batch->rejected[i];
        buffer_format(out, "%s{\"index\":%zu,\"messageId\":", i ? "," : "", rejected->index);
        if (slice_is_empty(rejected->message_id))
            buffer_add(out, SLICE("null"));
        else
            json_write_text(out, rejected->message_id);
        buffer_add(out, SLICE(",\"error\":"));
        json_write_text(out, rejected->text);
        buffer_format(out, ",\"reason\":\"%s\"}", rejections[rejected->reason]);
    }
    buffer_add_byte(out, ']');
}

void intake_write_answer(struct buffer *out, const struct intake_batch *batch, size_t duplicates)
{
    buffer_format(out, "{\"success\":true,\"accepted\":%zu,\"duplicates\":%zu,\"rejected\":",
                  batch->record_count - duplicates, duplicates);
    intake_write_rejected(out, batch);
    buffer_add_byte(out, '}');
}

enum status intake_add_exposure(struct intake_batch *batch, const struct message *exposure,
                                int64_t received_ms, const struct privacy *privacy,
                                const struct catalogue *catalogue, struct error *error)
{
    struct intake_record *records =
        envelope_grown(&batch->arena, batch->records, batch->record_count, &batch->record_capacity,
                       sizeof *records);
    if (!records)
        return FAIL(error, STATUS_NO_MEMORY, "exposure", 0, "no memory for an exposure");
    batch->records = records;
    struct message message = *exposure;
    message.type = MESSAGE_EXPOSURE;
    message.event = slice_of(exposure_dialects[0].event);
    message.original_ms = TIME_NONE;
    message.sent_ms = TIME_NONE;
    message.occurred_ms = received_ms;
    struct intake_record record = {.received_ms = received_ms};
    struct buffer encoded = {0};
    privacy_apply(privacy, catalogue, &batch->arena, &message, &record.flags);
    if (privacy_refuses(privacy, &message))
        return STATUS_OK;
    enum status status = message_encode(&batch->arena, &encoded, &message, &record, error);
    if (!status)
        batch->records[batch->record_count++] = record;
    buffer_done(&encoded);
    return status;
}

/* A JSON object under construction: members with what is there. */
static void write_text(struct buffer *out, const char *name, struct slice text)
{
    if (slice_is_empty(text))
        return;
    buffer_format(out, ",\"%s\":", name);
    json_write_text(out, text);
}

static void write_time(struct buffer *out, const char *name, int64_t time_ms)
{
    char text[TIME_TEXT_SIZE];
    if (time_ms != TIME_NONE)
        buffer_format(out, ",\"%s\":\"%s\"", name, time_format(time_ms, text));
}

/* The members of a canonical object without its braces, for one that goes on. */
static struct slice members_of(struct slice object)
{
    return object.size > 2 ? (struct slice){.data = object.data + 1, .size = object.size - 2}
                           : (struct slice){0};
}

static void write_context(struct buffer *out, const struct message *message)
{
    bool own_traits = message->type == MESSAGE_IDENTIFY || message->type == MESSAGE_GROUP;
    struct slice kept = members_of(message->context);
    struct buffer context = {0};
    buffer_add(&context, kept);
    if (message->type != MESSAGE_GROUP)
        write_text(&context, "groupId", message->account);
    if (!own_traits && !slice_is_empty(message->traits)) {
        buffer_add(&context, SLICE(",\"traits\":"));
        buffer_add(&context, message->traits);
    }
    if (context.size) {
        struct slice members = slice_from(buffer_slice(&context), kept.size ? 0 : 1);
        buffer_format(out, ",\"context\":{%.*s}", SLICE_ARGS(members));
    }
    out->failed |= context.failed;
    buffer_done(&context);
}

static void write_properties(struct buffer *out, const struct message *message)
{
    struct slice kept = members_of(message->properties);
    if (message->type != MESSAGE_EXPOSURE) {
        if (kept.size)
            buffer_format(out, ",\"properties\":{%.*s}", SLICE_ARGS(kept));
        return;
    }
    const struct exposure_dialect *dialect = exposure_dialects;
    while (dialect[1].event && !slice_equals(message->event, dialect->event))
        dialect++;
    buffer_format(out, ",\"properties\":{\"%s\":", dialect->experiment);
    json_write_text(out, message->experiment);
    buffer_format(out, ",\"%s\":", dialect->variation);
    json_write_text(out, message->variation);
    if (kept.size)
        buffer_format(out, ",%.*s", SLICE_ARGS(kept));
    buffer_add_byte(out, '}');
}

enum status intake_write_message(struct buffer *out, const struct record *record,
                                 struct error *error)
{
    struct message message;
    enum status status = message_read(record->body, &message, error);
    if (status)
        return status;
    bool is_track = message.type == MESSAGE_EXPOSURE || message.type == MESSAGE_TRACK;
    bool own_traits = message.type == MESSAGE_IDENTIFY || message.type == MESSAGE_GROUP;
    buffer_format(out, "{\"type\":\"%s\"", is_track ? "track" : message_type_texts[message.type]);
    write_text(out, "messageId", message.message_id);
    write_text(out, "userId", message.user);
    write_text(out, "anonymousId", message.anonymous);
    if (message.type == MESSAGE_GROUP)
        write_text(out, "groupId", message.account);
    write_text(out, "previousId", message.previous);
    if (is_track)
        write_text(out, "event", message.event);
    write_time(out, "timestamp", message.occurred_ms);
    write_time(out, "originalTimestamp", message.original_ms);
    if (message.original_ms == TIME_NONE)
        buffer_add(out, SLICE(",\"originalTimestamp\":null"));
    write_time(out, "sentAt", message.sent_ms);
    write_time(out, "receivedAt", record->received_ms);
    if (record->flags & RECORD_SKEWED)
        buffer_add(out, SLICE(",\"skewed\":true"));
    write_properties(out, &message);
    if (own_traits && !slice_is_empty(message.traits)) {
        buffer_add(out, SLICE(",\"traits\":"));
        buffer_add(out, message.traits);
    }
    write_context(out, &message);
    buffer_add_byte(out, '}');
    return buffer_status(out, error);
}
