/*
 * Records of units in the state: their numbers, their parts in one piece and back.
 */

#include "builder_parts.h"

#include <stdlib.h>

#define UNIT_KEY_SIZE 10

static enum status dictionary_number(struct builder *builder, enum unit_kind kind, struct slice id,
                                     uint64_t *unit, struct error *error)
{
    struct hash128 hash = hash_keyed(builder->options.secret, (unsigned char)kind, id);
    struct slice key = {.data = (const char *)hash.bytes, .size = sizeof hash.bytes};
    struct slice value;
    enum status status = state_get(builder->transaction, STATE_DICTIONARY, key, &value, error);
    if (status == STATUS_NOT_FOUND) {
        uint64_t number = htole64(builder->progress.units);
        *unit = builder->progress.units++;
        value = (struct slice){.data = (const char *)&number, .size = sizeof number};
        return state_put(builder->transaction, STATE_DICTIONARY, key, value, error);
    }
    if (!status && value.size != 8)
        status = FAIL(error, STATUS_STORAGE, "dictionary", 0, "this is no unit number");
    if (!status)
        *unit = load_u64(value.data);
    return status;
}

enum status builder_number(void *context, enum unit_kind kind, struct slice id, uint64_t *unit,
                           struct error *error)
{
    struct builder *builder = context;
    size_t place = text_hash(kind, id) & (NUMBER_CACHE_SIZE - 1);
    struct number_cached *cached = &builder->numbers[place];
    if (cached->next && cached->kind == kind &&
        slice_equal(id, (struct slice){.data = cached->id, .size = cached->size})) {
        *unit = cached->next - 1;
        return STATUS_OK;
    }
    enum status status = dictionary_number(builder, kind, id, unit, error);
    if (status || id.size > NUMBER_CACHE_ID_MAX)
        return status;
    *cached =
        (struct number_cached){.next = *unit + 1, .kind = (uint8_t)kind, .size = (uint8_t)id.size};
    if (id.size)
        memcpy(cached->id, id.data, id.size);
    return STATUS_OK;
}

static struct slice unit_key(uint64_t unit, unsigned part, char bytes[static UNIT_KEY_SIZE])
{
    for (size_t i = 0; i < 8; i++)
        bytes[i] = (char)(unsigned char)(unit >> (8 * (7 - i)));
    bytes[8] = (char)(unsigned char)(part >> 8);
    bytes[9] = (char)(unsigned char)part;
    return (struct slice){.data = bytes, .size = UNIT_KEY_SIZE};
}

static enum status unit_damaged(struct error *error)
{
    return FAIL(error, STATUS_STORAGE, "units", 0, "this is no unit record");
}

/* The parts after the first one, put behind it.  `all` has room for `size` bytes. */
static enum status parts_join(const struct builder *builder, uint64_t unit, struct slice part,
                              char *all, size_t size, struct error *error)
{
    char key[UNIT_KEY_SIZE];
    size_t at = 0;
    for (unsigned number = 1;; number++) {
        if (part.size == 0 || part.size > size - at)
            return unit_damaged(error);
        memcpy(all + at, part.data, part.size);
        at += part.size;
        if (at == size)
            return STATUS_OK;
        enum status status =
            state_get(builder->transaction, STATE_UNITS, unit_key(unit, number, key), &part, error);
        if (status)
            return status == STATUS_NOT_FOUND ? unit_damaged(error) : status;
    }
}

static enum status unit_bytes(const struct builder *builder, struct arena *arena, uint64_t unit,
                              bool borrow, struct slice *bytes, struct error *error)
{
    char key[UNIT_KEY_SIZE];
    struct slice part;
    enum status status =
        state_get(builder->transaction, STATE_UNITS, unit_key(unit, 0, key), &part, error);
    if (status)
        return status;
    size_t size = part.size < 4 ? 0 : load_u32(part.data);
    if (size < part.size || size < 6)
        return unit_damaged(error);
    if (borrow && size == part.size) {
        *bytes = slice_from(part, 4);
        return STATUS_OK;
    }
    char *all = arena_alloc(arena, size);
    if (!all)
        return FAIL(error, STATUS_NO_MEMORY, "fold", 0, "no memory");
    status = parts_join(builder, unit, part, all, size, error);
    if (!status)
        *bytes = (struct slice){.data = all + 4, .size = size - 4};
    return status;
}

/* They begin with u32 size. */
enum status builder_bytes(const struct builder *builder, struct arena *arena, uint64_t unit,
                          struct slice *bytes, struct error *error)
{
    return unit_bytes(builder, arena, unit, false, bytes, error);
}

enum status builder_borrow(const struct builder *builder, struct arena *arena, uint64_t unit,
                           struct slice *bytes, struct error *error)
{
    return unit_bytes(builder, arena, unit, true, bytes, error);
}

enum status builder_store(struct builder *builder, uint64_t unit, const struct unit_record *record,
                          size_t old_size, struct error *error)
{
    struct buffer *out = &builder->unit_bytes;
    char key[UNIT_KEY_SIZE];
    buffer_clear(out);
    buffer_add_u32(out, 0);
    unit_record_write(out, record);
    enum status status = buffer_status(out, error);
    if (status)
        return status;
    uint32_t size = htole32((uint32_t)out->size);
    memcpy(out->data, &size, sizeof size);
    unsigned part = 0;
    for (size_t at = 0; !status && at < out->size; at += UNIT_VALUE_MAX) {
        size_t rest = out->size - at;
        struct slice bytes = {.data = out->data + at,
                              .size = rest < UNIT_VALUE_MAX ? rest : UNIT_VALUE_MAX};
        status =
            state_put(builder->transaction, STATE_UNITS, unit_key(unit, part++, key), bytes, error);
    }
    for (; !status && (size_t)part * UNIT_VALUE_MAX < old_size; part++)
        status = state_delete(builder->transaction, STATE_UNITS, unit_key(unit, part, key), error);
    return status;
}
