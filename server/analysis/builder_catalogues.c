/*
 * Catalogues of a state: met along the journal, or given before the first record.
 *
 * CATALOGUES: u64 sequence, big endian -> i64 time of receipt, body of the record.
 * DEFINITIONS: u32 number, big endian -> digest, u64 sequence of its catalogue, u8 role, u16 phase,
 * key of the experiment.  They follow from the catalogues used, and are there for people.
 */

#include "builder_parts.h"

static struct slice big_endian(uint64_t number, size_t size, char bytes[static 8])
{
    for (size_t i = 0; i < size; i++)
        bytes[i] = (char)(unsigned char)(number >> (8 * (size - 1 - i)));
    return (struct slice){.data = bytes, .size = size};
}

static enum status catalogue_put(struct state_transaction *transaction, uint64_t sequence,
                                 int64_t time_ms, struct slice body, struct error *error)
{
    char key[8];
    struct buffer value = {0};
    buffer_add_u64(&value, (uint64_t)time_ms);
    buffer_add(&value, body);
    enum status status = buffer_status(&value, error);
    if (!status)
        status = state_put(transaction, STATE_CATALOGUES, big_endian(sequence, 8, key),
                           buffer_slice(&value), error);
    buffer_done(&value);
    return status;
}

static uint64_t definition_sequence(const struct declared *declared,
                                    const struct definition *definition)
{
    for (size_t i = 0; i < declared->count; i++)
        if (declared->items[i].catalogue == definition->catalogue)
            return declared->items[i].sequence;
    return 0;
}

/* Deletes the rows from `number` on. */
static enum status definitions_cut(struct state_transaction *transaction, uint64_t number,
                                   struct error *error)
{
    char bytes[8];
    struct slice value;
    enum status status = STATUS_OK;
    while (!status) {
        struct slice key = big_endian(number++, 4, bytes);
        status = state_get(transaction, STATE_DEFINITIONS, key, &value, error);
        if (status == STATUS_NOT_FOUND)
            return STATUS_OK;
        if (!status)
            status = state_delete(transaction, STATE_DEFINITIONS, key, error);
    }
    return status;
}

static enum status definitions_put(struct state_transaction *transaction,
                                   const struct declared *declared, struct error *error)
{
    struct buffer value = {0};
    enum status status = STATUS_OK;
    for (size_t i = 0; !status && i < declared->definition_count; i++) {
        const struct definition *definition = &declared->definitions[i];
        const struct digest *digest = &definition->digest;
        char key[8];
        buffer_clear(&value);
        buffer_add(&value,
                   (struct slice){.data = (const char *)digest->bytes, .size = DIGEST_SIZE});
        buffer_add_u64(&value, definition_sequence(declared, definition));
        buffer_add_u8(&value, (uint8_t)definition->role);
        buffer_add_u16(&value, definition->experiment->phase);
        buffer_add(&value, definition->experiment->key);
        status = buffer_status(&value, error);
        if (!status)
            status = state_put(transaction, STATE_DEFINITIONS,
                               big_endian(definition->number, 4, key), buffer_slice(&value), error);
    }
    buffer_done(&value);
    return status ? status : definitions_cut(transaction, declared->definition_count + 1, error);
}

/* What was declared before, and this catalogue.  INVALID: it can't be read. */
static enum status scheme_with(const struct scheme *scheme, const struct record *record,
                               struct scheme **next, struct error *error)
{
    struct declared *declared = declared_copy(scheme->declared);
    if (!declared)
        return FAIL(error, STATUS_NO_MEMORY, "history", 0, "no memory");
    enum status status =
        declared_add(declared, record->sequence, record->received_ms, record->body, error);
    if (!status)
        status = declared_settle(declared, error);
    if (!status)
        status = scheme_compile(declared, next, error);
    declared_release(declared);
    return status;
}

static enum status catalogue_adopt(struct builder *builder, const struct record *record,
                                   struct scheme *next, struct error *error)
{
    struct progress *progress = &builder->progress;
    bool fits = digest_equal(&next->digest, &builder->scheme->digest);
    if (!fits && progress->messages > 0) {
        scheme_free(next);
        return STATUS_OK;
    }
    scheme_free(builder->scheme);
    builder->scheme = next;
    if (!fits)
        names_done(&builder->names); /* empty: no message was counted yet */
    progress->used = record->sequence;
    progress->scheme = next->digest;
    builder->has_new_catalogue = true;
    return definitions_put(builder->transaction, next->declared, error);
}

enum status builder_meet(struct builder *builder, const struct record *record, struct error *error)
{
    struct progress *progress = &builder->progress;
    struct scheme *next = NULL;
    if (!declared_is_sound(record->body)) {
        progress->damaged++;
        return STATUS_OK;
    }
    if (record->sequence <= progress->seen)
        return STATUS_OK; /* given before the first record */
    bool outdated = progress->seen > progress->used;
    enum status status = scheme_with(builder->scheme, record, &next, error);
    if (status)
        return status;
    status = catalogue_put(builder->transaction, record->sequence, record->received_ms,
                           record->body, error);
    progress->seen = record->sequence;
    if (status || outdated) {
        scheme_free(next);
        return status;
    }
    return catalogue_adopt(builder, record, next, error);
}

static enum status prepare_in(struct state_transaction *transaction,
                              const struct catalogue_records *catalogues, uint64_t purged,
                              struct error *error)
{
    struct declared *declared = NULL;
    struct scheme *scheme = NULL;
    enum status status = STATUS_OK;
    uint64_t last = 0;
    for (size_t i = 0; !status && i < catalogues->count; i++) {
        const struct catalogue_record *item = &catalogues->items[i];
        status = catalogue_put(transaction, item->sequence, item->time_ms, item->body, error);
        last = item->sequence;
    }
    if (!status)
        status = declared_load(transaction, last, &declared, error);
    if (!status)
        status = scheme_compile(declared, &scheme, error);
    if (!status)
        status = definitions_put(transaction, declared, error);
    if (!status) {
        struct progress progress = {.scheme = scheme->digest,
                                    .received_ms = TIME_NONE,
                                    .used = last,
                                    .seen = last,
                                    .purged = purged};
        status = progress_write(transaction, &progress, error);
    }
    scheme_free(scheme);
    declared_release(declared);
    return status;
}

enum status builder_prepare(struct state *state, const struct catalogue_records *catalogues,
                            uint64_t purged, struct error *error)
{
    struct state_transaction *transaction = NULL;
    enum status status = state_begin(state, true, &transaction, error);
    if (status)
        return status;
    status = prepare_in(transaction, catalogues, purged, error);
    if (status) {
        state_abort(transaction);
        return status;
    }
    return state_commit(transaction, error);
}
