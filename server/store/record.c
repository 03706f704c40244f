/*
 * Encoding and decoding of journal records.  The formats stand in store/record.h and are frozen by
 * the golden bytes of tests/store/test_record.c.
 *
 * A message is one row of `fields` a member of struct message: writing and reading walk the same
 * table, so that neither can know a field that the other does not.
 */

#include "store/record.h"

#include <assert.h>
#include <stddef.h>

#define KEY_SIZE 8
#define HEAD_SIZE 4     /* format, kind, flags */
#define CHECKSUM_SIZE 8 /* follows the head */
#define HEADER_SIZE (HEAD_SIZE + CHECKSUM_SIZE + 8)

const char *const message_type_texts[MESSAGE_TYPE_COUNT] = {
    [MESSAGE_TRACK] = "track",       [MESSAGE_IDENTIFY] = "identify", [MESSAGE_GROUP] = "group",
    [MESSAGE_ALIAS] = "alias",       [MESSAGE_PAGE] = "page",         [MESSAGE_SCREEN] = "screen",
    [MESSAGE_EXPOSURE] = "exposure", [MESSAGE_NOTE] = "note",
};

const char *const exposure_source_texts[] = {
#define X(name, text) [EXPOSURE_SOURCE_##name] = (text),
    EXPOSURE_SOURCE_MAP(X)
#undef X
};

enum exposure_source exposure_source_of(struct slice event)
{
    for (int i = 1; i < EXPOSURE_SOURCE_COUNT; i++)
        if (slice_equals(event, exposure_source_texts[i]))
            return (enum exposure_source)i;
    return EXPOSURE_SOURCE_VIEWED;
}

enum field_kind { FIELD_TEXT, FIELD_TIME, FIELD_TYPE, FIELD_HASH };

static const struct {
    enum field_kind kind;
    size_t offset; /* in struct message */
    bool required;
} fields[] = {
    [1] = {.kind = FIELD_TYPE, .offset = offsetof(struct message, type), .required = true},
    [2] = {.kind = FIELD_TEXT, .offset = offsetof(struct message, user)},
    [3] = {.kind = FIELD_TEXT, .offset = offsetof(struct message, anonymous)},
    [4] = {.kind = FIELD_TEXT, .offset = offsetof(struct message, account)},
    [5] = {.kind = FIELD_TEXT, .offset = offsetof(struct message, previous)},
    [6] = {.kind = FIELD_TEXT, .offset = offsetof(struct message, event)},
    [7] = {.kind = FIELD_TEXT, .offset = offsetof(struct message, message_id)},
    [8] = {.kind = FIELD_TIME, .offset = offsetof(struct message, occurred_ms), .required = true},
    [9] = {.kind = FIELD_TIME, .offset = offsetof(struct message, original_ms)},
    [10] = {.kind = FIELD_TIME, .offset = offsetof(struct message, sent_ms)},
    [11] = {.kind = FIELD_TEXT, .offset = offsetof(struct message, experiment)},
    [12] = {.kind = FIELD_TEXT, .offset = offsetof(struct message, variation)},
    [13] = {.kind = FIELD_TEXT, .offset = offsetof(struct message, properties)},
    [14] = {.kind = FIELD_TEXT, .offset = offsetof(struct message, traits)},
    [15] = {.kind = FIELD_TEXT, .offset = offsetof(struct message, context)},
    [16] = {.kind = FIELD_HASH, .offset = offsetof(struct message, content), .required = true},
};
#define FIELD_COUNT (sizeof fields / sizeof fields[0])
static_assert(FIELD_COUNT == 17, "a new field gets a row of record.h and a golden test");

/* Key and head side by side, as the checksum takes them. */
static uint64_t record_checksum(uint64_t sequence, const char *head, struct slice rest)
{
    char bytes[KEY_SIZE + HEAD_SIZE];
    for (int i = 0; i < KEY_SIZE; i++)
        bytes[i] = (char)(sequence >> (8 * (KEY_SIZE - 1 - i)));
    memcpy(bytes + KEY_SIZE, head, HEAD_SIZE);
    return hash_checksum((struct slice){.data = bytes, .size = sizeof bytes}, rest);
}

void record_write(struct buffer *out, const struct record *record)
{
    size_t start = out->size;
    buffer_add_u8(out, RECORD_FORMAT);
    buffer_add_u8(out, record->kind);
    buffer_add_u16(out, record->flags);
    buffer_add_u64(out, 0); /* the checksum, below */
    buffer_add_u64(out, (uint64_t)record->received_ms);
    buffer_add(out, record->body);
    if (out->failed)
        return;
    char *value = out->data + start;
    char *checksum_at = value + HEAD_SIZE;
    struct slice rest = slice_from(buffer_slice(out), start + HEAD_SIZE + CHECKSUM_SIZE);
    uint64_t checksum = record_checksum(record->sequence, value, rest);
    for (int i = 0; i < CHECKSUM_SIZE; i++)
        checksum_at[i] = (char)(checksum >> (8 * i));
}

struct record record_read(uint64_t sequence, struct slice value)
{
    struct record damaged = {.sequence = sequence, .received_ms = TIME_NONE, .damaged = true};
    if (value.size < HEADER_SIZE)
        return damaged;
    struct reader reader = {.rest = value};
    uint8_t format = read_u8(&reader);
    struct record record = {.sequence = sequence, .kind = read_u8(&reader)};
    record.flags = read_u16(&reader);
    uint64_t checksum = read_u64(&reader);
    uint64_t found = record_checksum(sequence, value.data, reader.rest);
    record.received_ms = (int64_t)read_u64(&reader);
    record.body = reader.rest;
    return format == RECORD_FORMAT && checksum == found ? record : damaged;
}

static void write_number(struct buffer *body, int64_t number)
{
    char room[10];
    struct buffer field = {.data = room, .capacity = sizeof room};
    buffer_add_zigzag(&field, number);
    assert(field.data == room && !field.failed);
    buffer_add_sized(body, buffer_slice(&field));
}

void message_write(struct buffer *body, const struct message *message)
{
    for (uint8_t tag = 1; tag < FIELD_COUNT; tag++) {
        const char *member = (const char *)message + fields[tag].offset;
        struct slice text = {0};
        int64_t number = TIME_NONE;
        switch (fields[tag].kind) {
        case FIELD_TEXT: memcpy(&text, member, sizeof text); break;
        case FIELD_HASH: text = (struct slice){.data = member, .size = 16}; break;
        case FIELD_TIME: memcpy(&number, member, sizeof number); break;
        case FIELD_TYPE: number = (int64_t)message->type; break;
        }
        if (slice_is_empty(text) && number == TIME_NONE)
            continue;
        buffer_add_u8(body, tag);
        if (number != TIME_NONE)
            write_number(body, number);
        else
            buffer_add_sized(body, text);
    }
}

/* Puts the bytes of one field where they belong; false where they are none of its kind. */
static bool read_field(struct message *message, uint8_t tag, struct slice bytes)
{
    char *member = (char *)message + fields[tag].offset;
    struct reader reader = {.rest = bytes};
    if (fields[tag].kind == FIELD_TEXT) {
        memcpy(member, &bytes, sizeof bytes);
        return true;
    }
    if (fields[tag].kind == FIELD_HASH) {
        if (bytes.size != sizeof message->content)
            return false;
        memcpy(member, bytes.data, bytes.size);
        return true;
    }
    int64_t number = read_zigzag(&reader);
    if (reader.failed || reader.rest.size != 0)
        return false;
    if (fields[tag].kind == FIELD_TIME) {
        memcpy(member, &number, sizeof number);
        return true;
    }
    if (number < 0 || number >= MESSAGE_TYPE_COUNT)
        return false;
    message->type = (enum message_type)number;
    return true;
}

enum status message_read(struct slice body, struct message *message, struct error *error)
{
    struct message read = {
        .occurred_ms = TIME_NONE, .original_ms = TIME_NONE, .sent_ms = TIME_NONE};
    struct reader reader = {.rest = body};
    bool seen[FIELD_COUNT] = {false};
    uint8_t last = 0;
    while (reader.rest.size > 0) {
        uint8_t tag = read_u8(&reader);
        struct slice bytes = read_sized(&reader);
        if (reader.failed || tag <= last)
            return FAIL(error, STATUS_INVALID, "message", 0, "no field after tag %u", last);
        last = tag;
        if (tag >= FIELD_COUNT)
            continue; /* of a newer writer */
        if (!read_field(&read, tag, bytes))
            return FAIL(error, STATUS_INVALID, "message", 0, "field %u has no such value", tag);
        seen[tag] = true;
    }
    for (size_t tag = 1; tag < FIELD_COUNT; tag++)
        if (fields[tag].required && !seen[tag])
            return FAIL(error, STATUS_INVALID, "message", 0, "field %zu is missing", tag);
    *message = read;
    return STATUS_OK;
}

void catalogue_body_begin(struct buffer *body, size_t count)
{
    buffer_add_varint(body, count);
}

void catalogue_body_add(struct buffer *body, struct slice path, struct slice name,
                        struct slice text)
{
    buffer_add_sized(body, path);
    buffer_add_sized(body, name);
    buffer_add_sized(body, text);
}

enum status catalogue_body_read(struct slice body, struct catalogue_files *files,
                                struct error *error)
{
    struct reader reader = {.rest = body};
    uint64_t count = read_varint(&reader);
    /* Three sizes of at least a byte each: no count can promise more than the bytes hold. */
    if (reader.failed || count > reader.rest.size / 3)
        return FAIL(error, STATUS_INVALID, "catalogue", 0, "no catalogue body");
    *files = (struct catalogue_files){.reader = reader, .left = (size_t)count};
    return STATUS_OK;
}

bool catalogue_body_next(struct catalogue_files *files, struct slice *path, struct slice *name,
                         struct slice *text)
{
    if (files->left == 0)
        return false;
    struct reader *reader = &files->reader;
    struct slice read[3];
    for (int i = 0; i < 3; i++)
        read[i] = read_sized(reader);
    if (reader->failed)
        return false;
    files->left--;
    *path = read[0];
    *name = read[1];
    *text = read[2];
    return true;
}
