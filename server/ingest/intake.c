/*
 * Bodies of the Segment routes, read one event at a time, and the way back: a record as the message
 * that `import` takes.  The rules of a single event are in message.c.
 */

#include "ingest/intake.h"

#include "base/limits.h"
#include "message.h"

/* Room for values, texts and encoded bodies of one call: a body inflates at most to BODY_SIZE_MAX,
 * and a JSON value takes about fifty times the two bytes that it needs at least. */
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

/* What stands beside the events of a batch. */
struct envelope {
    struct slice *events;
    size_t count, capacity;
    struct slice sent_at;
    bool has_list;
};

static bool envelope_add(struct arena *arena, struct envelope *envelope, struct slice text)
{
    if (envelope->count == envelope->capacity) {
        size_t capacity = envelope->capacity ? 2 * envelope->capacity : 64;
        struct slice *events = ARENA_ARRAY(arena, capacity, struct slice);
        if (!events)
            return false;
        if (envelope->count)
            memcpy(events, envelope->events, envelope->count * sizeof *events);
        envelope->events = events;
        envelope->capacity = capacity;
    }
    envelope->events[envelope->count++] = text;
    return true;
}

static struct slice unquoted(struct slice text)
{
    if (text.size < 2 || text.data[0] != '"')
        return (struct slice){0};
    return (struct slice){.data = text.data + 1, .size = text.size - 2};
}

static void envelope_member(struct intake_batch *batch, struct envelope *envelope,
                            const struct json_part *part)
{
    if (slice_equals(part->name, "sentAt"))
        envelope->sent_at = part->text;
    else if (slice_equals(part->name, "writeKey") || slice_equals(part->name, "api_key"))
        batch->key = arena_copy(&batch->arena, unquoted(part->text));
}

static enum status envelope_read(const struct intake_options *options, struct slice body,
                                 struct intake_batch *batch, struct envelope *envelope,
                                 struct error *error)
{
    bool single = options->route != INTAKE_BATCH;
    struct json_scanner scanner = json_scanner_of(body, SLICE("batch"));
    struct json_part part;
    enum status status;
    while ((status = json_scan(&scanner, &part, error)) == STATUS_OK &&
           part.kind != JSON_PART_END) {
        if (part.kind == JSON_PART_MEMBER)
            envelope_member(batch, envelope, &part);
        else if (!single && !envelope_add(&batch->arena, envelope, part.text))
            return FAIL(error, STATUS_NO_MEMORY, "body", 0, "no memory for the events of a batch");
    }
    if (status)
        return status;
    if (single)
        return envelope_add(&batch->arena, envelope, body)
                   ? STATUS_OK
                   : FAIL(error, STATUS_NO_MEMORY, "body", 0, "no memory for an event");
    if (!scanner.has_list)
        return FAIL(error, STATUS_INVALID, "body", 1, "no list 'batch' in the body");
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
    batch->records = ARENA_ARRAY(&batch->arena, envelope.count, struct intake_record);
    batch->rejected = ARENA_ARRAY(&batch->arena, envelope.count, struct rejected);
    struct message_source source = {
        .options = options, .sent_at = envelope.sent_at, .arena = &batch->arena};
    for (size_t i = 0; i < envelope.count && !batch->arena.failed; i++) {
        struct slice message_id = {0};
        struct message_fault fault;
        struct intake_record *record = &batch->records[batch->record_count];
        if (message_normalise(&source, envelope.events[i], record, &message_id, &fault))
            batch->record_count++;
        else
            batch->rejected[batch->rejected_count++] = (struct rejected){
                .index = i, .message_id = message_id, .reason = fault.reason, .text = fault.text};
    }
    if (batch->arena.failed)
        return FAIL(error, STATUS_TOO_LARGE, "body", 0, "the batch takes too much memory");
    return STATUS_OK;
}

void intake_batch_done(struct intake_batch *batch)
{
    arena_done(&batch->arena);
    *batch = (struct intake_batch){0};
}

void intake_write_answer(struct buffer *out, const struct intake_batch *batch, size_t duplicates)
{
    buffer_format(out, "{\"success\":true,\"accepted\":%zu,\"duplicates\":%zu,\"rejected\":[",
                  batch->record_count - duplicates, duplicates);
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
    buffer_add(out, SLICE("]}"));
}

enum status intake_add_exposure(struct intake_batch *batch, const struct message *exposure,
                                int64_t received_ms, struct error *error)
{
    struct intake_record *records =
        ARENA_ARRAY(&batch->arena, batch->record_count + 1, struct intake_record);
    if (!records)
        return FAIL(error, STATUS_NO_MEMORY, "exposure", 0, "no memory for an exposure");
    if (batch->record_count)
        memcpy(records, batch->records, batch->record_count * sizeof *records);
    struct message message = *exposure;
    message.type = MESSAGE_EXPOSURE;
    message.event = slice_of(exposure_dialects[0].event);
    message.original_ms = TIME_NONE;
    message.sent_ms = TIME_NONE;
    message.occurred_ms = received_ms;
    struct intake_record *record = &records[batch->record_count];
    record->received_ms = received_ms;
    enum status status = message_encode(&batch->arena, &message, record, error);
    if (status)
        return status;
    batch->records = records;
    batch->record_count++;
    return STATUS_OK;
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
    write_time(out, "originalTimestamp", message.original_ms);
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
