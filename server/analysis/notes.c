/* Notes folded into the table NOTES, and read from it.  See notes.h for the rows. */

#include "analysis/notes.h"

#include "note_fold.h"

#include "base/json.h"
#include "store/state.h"

#include <stdlib.h>

enum { ROW_NOTE = 1, ROW_DELETED = 2 };
#define ROW_HEAD_SIZE (1 + 8 + 8 + 16)

static void row_write(struct buffer *out, const struct record *record,
                      const struct message *message)
{
    buffer_add_byte(out, ROW_NOTE);
    buffer_add_u64(out, record->sequence);
    buffer_add_u64(out, (uint64_t)message->occurred_ms);
    buffer_add(out, (struct slice){.data = (const char *)message->content.bytes,
                                   .size = sizeof message->content.bytes});
    buffer_add_sized(out, message->message_id);
    buffer_add(out, message->properties);
}

/* False when it is no row of a note. */
static bool row_read(struct slice value, struct note *note, struct slice *properties)
{
    struct reader reader = {.rest = value};
    if (read_u8(&reader) != ROW_NOTE)
        return false;
    note->sequence = read_u64(&reader);
    note->time_ms = (int64_t)read_u64(&reader);
    struct slice content = read_bytes(&reader, sizeof note->content.bytes);
    note->message_id = read_sized(&reader);
    *properties = reader.rest;
    if (reader.failed)
        return false;
    memcpy(note->content.bytes, content.data, sizeof note->content.bytes);
    return true;
}

static int note_compare(const void *a, const void *b)
{
    const struct note *one = a, *other = b;
    if (one->time_ms != other->time_ms)
        return one->time_ms < other->time_ms ? -1 : 1;
    return memcmp(one->content.bytes, other->content.bytes, sizeof one->content.bytes);
}

/* Whether the row that is there stays: it was deleted, or comes first in record order. */
static bool row_stays(struct slice value, const struct message *message)
{
    struct note there = {0}, fresh = {.time_ms = message->occurred_ms, .content = message->content};
    struct slice properties;
    if (value.size && (unsigned char)value.data[0] == ROW_DELETED)
        return true;
    return row_read(value, &there, &properties) && note_compare(&there, &fresh) <= 0;
}

static enum status row_put(struct state_transaction *transaction, const struct hash128 *hash,
                           struct slice value, struct error *error)
{
    struct slice key = {.data = (const char *)hash->bytes, .size = sizeof hash->bytes};
    return state_put(transaction, STATE_NOTES, key, value, error);
}

static enum status note_put(struct state_transaction *transaction, const struct record *record,
                            const struct message *message, struct error *error)
{
    struct slice id = message->message_id;
    if (slice_is_empty(id))
        id = (struct slice){.data = (const char *)message->content.bytes,
                            .size = sizeof message->content.bytes};
    struct hash128 hash = hash_content(id);
    struct slice key = {.data = (const char *)hash.bytes, .size = sizeof hash.bytes}, value;
    enum status status = state_get(transaction, STATE_NOTES, key, &value, error);
    if (!status && row_stays(value, message))
        return STATUS_OK;
    if (status && status != STATUS_NOT_FOUND)
        return status;
    struct buffer row = {0};
    row_write(&row, record, message);
    status = buffer_status(&row, error);
    if (!status)
        status = row_put(transaction, &hash, buffer_slice(&row), error);
    buffer_done(&row);
    return status;
}

enum status note_fold(struct state_transaction *transaction, struct arena *scratch,
                      const struct record *record, const struct message *message,
                      struct error *error)
{
    struct value properties;
    if (record->flags & RECORD_SCRUBBED || !message->properties.size ||
        json_read(scratch, message->properties, 0, &properties, NULL))
        return STATUS_OK; /* of somebody erased, or nothing we wrote */
    struct slice deletes = value_member_text(&properties, "deletes");
    if (deletes.size) {
        struct hash128 hash = hash_content(deletes);
        const char mark = ROW_DELETED;
        return row_put(transaction, &hash, (struct slice){.data = &mark, .size = 1}, error);
    }
    if (!value_member_text(&properties, "text").size)
        return STATUS_OK;
    return note_put(transaction, record, message, error);
}

struct reading_notes {
    struct arena *arena;
    struct slice experiment;
    struct note *notes;
    size_t count, capacity;
};

static bool note_room(struct reading_notes *reading)
{
    if (reading->count < reading->capacity)
        return true;
    size_t wider = reading->capacity ? 2 * reading->capacity : 16;
    struct note *notes = ARENA_ARRAY(reading->arena, wider, struct note);
    if (!notes)
        return false;
    if (reading->count)
        memcpy(notes, reading->notes, reading->count * sizeof *notes);
    reading->notes = notes;
    reading->capacity = wider;
    return true;
}

static bool note_visit(void *context, struct slice key, struct slice value)
{
    struct reading_notes *reading = context;
    struct note note = {0};
    struct slice text;
    struct value properties;
    (void)key;
    if (!row_read(value, &note, &text) ||
        json_read(reading->arena, arena_copy(reading->arena, text), 0, &properties, NULL))
        return !reading->arena->failed;
    note.experiment = value_member_text(&properties, "experiment_id");
    if (reading->experiment.size && !slice_equal(note.experiment, reading->experiment))
        return true;
    if (!note_room(reading))
        return false;
    note.message_id = arena_copy(reading->arena, note.message_id);
    note.source = value_member_text(&properties, "source");
    note.text = value_member_text(&properties, "text");
    note.variant = value_member_text(&properties, "variant");
    note.segment = value_member_text(&properties, "segment");
    note.step = value_member_text(&properties, "step");
    reading->notes[reading->count++] = note;
    return true;
}

enum status view_notes(struct view_transaction *transaction, struct arena *arena,
                       struct slice experiment, struct note **notes, size_t *count,
                       struct error *error)
{
    struct reading_notes reading = {.arena = arena, .experiment = experiment};
    struct state_scan scan = {.table = STATE_NOTES, .visit = note_visit, .context = &reading};
    enum status status = state_scan(view_state(transaction), &scan, error);
    if (!status && arena->failed)
        status = FAIL(error, STATUS_NO_MEMORY, "notes", 0, "no memory");
    if (status)
        return status;
    if (reading.count)
        qsort(reading.notes, reading.count, sizeof *reading.notes, note_compare);
    *notes = reading.notes;
    *count = reading.count;
    return STATUS_OK;
}
