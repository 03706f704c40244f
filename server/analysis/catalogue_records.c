/* Catalogue records gathered from a journal or a state, so that a state can be built by them. */

#include "builder.h"

struct gathering {
    struct catalogue_records *records;
    bool failed;
};

static bool record_add(struct catalogue_records *records, uint64_t sequence, int64_t time_ms,
                       struct slice body)
{
    if (records->count == records->capacity) {
        size_t capacity = 2 * records->capacity + 16;
        struct catalogue_record *items =
            ARENA_ARRAY(&records->arena, capacity, struct catalogue_record);
        if (!items)
            return false;
        if (records->count)
            memcpy(items, records->items, records->count * sizeof *items);
        records->items = items;
        records->capacity = capacity;
    }
    records->items[records->count++] = (struct catalogue_record){
        .sequence = sequence, .time_ms = time_ms, .body = arena_copy(&records->arena, body)};
    return !records->arena.failed;
}

static enum status gather_journal(void *context, const struct record *record, struct error *error)
{
    struct gathering *gathering = context;
    if (record->damaged || record->kind != RECORD_CATALOGUE || !declared_is_sound(record->body))
        return STATUS_OK;
    if (!record_add(gathering->records, record->sequence, record->received_ms, record->body))
        return FAIL(error, STATUS_NO_MEMORY, "catalogues", 0, "no memory");
    return STATUS_OK;
}

enum status catalogues_of_journal(struct journal *journal, uint64_t last,
                                  struct catalogue_records *records, struct error *error)
{
    struct gathering gathering = {.records = records};
    struct journal_scan scan = {
        .from = 1, .limit = last, .visit = gather_journal, .context = &gathering};
    if (last == 0)
        return STATUS_OK;
    enum status status = journal_scan(journal, &scan, error);
    while (records->count && records->items[records->count - 1].sequence > last)
        records->count--;
    return status;
}

static bool gather_state(void *context, struct slice key, struct slice value)
{
    struct gathering *gathering = context;
    struct reader reader = {.rest = value};
    uint64_t sequence = 0;
    for (size_t i = 0; i < key.size && i < 8; i++)
        sequence = sequence << 8 | (unsigned char)key.data[i];
    int64_t time_ms = (int64_t)read_u64(&reader);
    gathering->failed =
        reader.failed || !record_add(gathering->records, sequence, time_ms, reader.rest);
    return !gathering->failed;
}

enum status catalogues_of_state(struct state *state, struct catalogue_records *records,
                                struct error *error)
{
    struct gathering gathering = {.records = records};
    struct state_transaction *transaction = NULL;
    struct state_scan scan = {
        .table = STATE_CATALOGUES, .visit = gather_state, .context = &gathering};
    enum status status = state_begin(state, false, &transaction, error);
    if (!status)
        status = state_scan(transaction, &scan, error);
    if (!status && gathering.failed)
        status = FAIL(error, STATUS_STORAGE, "catalogues", 0, "bad entry, or no memory");
    state_abort(transaction);
    return status;
}

void catalogue_records_done(struct catalogue_records *records)
{
    arena_done(&records->arena);
    *records = (struct catalogue_records){0};
}
