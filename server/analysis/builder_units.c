/*
 * The units touched by a batch, one after another in the order of their numbers: load, subtract,
 * change, add, store.
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

/* A unit under change. */
struct unit_work {
    struct builder *builder;
    uint64_t unit;
    size_t old_size; /* stored bytes, 0: a new unit */
    struct unit_record record;
    struct contribution *before; /* by definition, of those with exposures in the record */
    struct error *error;
};

static enum status unit_damaged(struct error *error)
{
    return FAIL(error, STATUS_STORAGE, "units", 0, "this is no unit record");
}

/* All parts in one piece, in the arena; they begin with u32 size. */
static enum status unit_load(struct unit_work *work, struct slice *bytes)
{
    struct builder *builder = work->builder;
    char key[UNIT_KEY_SIZE];
    struct slice part;
    enum status status = state_get(builder->transaction, STATE_UNITS, unit_key(work->unit, 0, key),
                                   &part, work->error);
    if (status)
        return status;
    size_t size = part.size < 4 ? 0 : load_u32(part.data);
    if (size < part.size || size < 6)
        return unit_damaged(work->error);
    char *all = arena_alloc(&builder->unit_arena, size);
    if (!all)
        return FAIL(work->error, STATUS_NO_MEMORY, "fold", 0, "no memory");
    size_t at = 0;
    for (unsigned number = 1;; number++) {
        if (part.size == 0 || part.size > size - at)
            return unit_damaged(work->error);
        memcpy(all + at, part.data, part.size);
        at += part.size;
        if (at == size)
            break;
        status = state_get(builder->transaction, STATE_UNITS, unit_key(work->unit, number, key),
                           &part, work->error);
        if (status)
            return status == STATUS_NOT_FOUND ? unit_damaged(work->error) : status;
    }
    work->old_size = size;
    *bytes = (struct slice){.data = all + 4, .size = size - 4};
    return STATUS_OK;
}

static enum status unit_open(struct unit_work *work, enum unit_kind kind)
{
    struct slice bytes;
    arena_reset(&work->builder->unit_arena);
    enum status status = unit_load(work, &bytes);
    if (status == STATUS_NOT_FOUND) {
        work->record = (struct unit_record){.kind = kind};
        return STATUS_OK;
    }
    if (!status)
        status = unit_record_read(&work->builder->unit_arena, bytes, &work->record, work->error);
    return status;
}

static enum status unit_store(struct unit_work *work)
{
    struct builder *builder = work->builder;
    struct buffer *out = &builder->unit_bytes;
    char key[UNIT_KEY_SIZE];
    buffer_clear(out);
    buffer_add_u32(out, 0);
    unit_record_write(out, &work->record);
    enum status status = buffer_status(out, work->error);
    if (status)
        return status;
    uint32_t size = htole32((uint32_t)out->size);
    memcpy(out->data, &size, sizeof size);
    unsigned part = 0;
    for (size_t at = 0; !status && at < out->size; at += UNIT_VALUE_MAX) {
        size_t rest = out->size - at;
        struct slice bytes = {.data = out->data + at,
                              .size = rest < UNIT_VALUE_MAX ? rest : UNIT_VALUE_MAX};
        status = state_put(builder->transaction, STATE_UNITS, unit_key(work->unit, part++, key),
                           bytes, work->error);
    }
    for (; !status && (size_t)part * UNIT_VALUE_MAX < work->old_size; part++)
        status = state_delete(builder->transaction, STATE_UNITS, unit_key(work->unit, part, key),
                              work->error);
    return status;
}

/* Calls for each definition of each experiment in the record. */
static enum status each_contribution(struct unit_work *work,
                                     enum status (*visit)(struct unit_work *work, size_t index))
{
    const struct scheme *scheme = work->builder->scheme;
    enum status status = STATUS_OK;
    for (size_t i = 0; i < work->record.count; i++) {
        const struct unit_list *list = &work->record.lists[i];
        if (list->type != UNIT_LIST_EXPOSURES)
            break; /* they come first */
        if (list->index >= scheme->experiment_count)
            return unit_damaged(work->error);
        const struct scheme_experiment *experiment = &scheme->experiments[list->index];
        for (size_t j = 0; !status && j < experiment->definition_count; j++)
            status = visit(work, experiment->definitions[j]);
    }
    return status;
}

static enum status contribution_before(struct unit_work *work, size_t index)
{
    const struct scheme *scheme = work->builder->scheme;
    if (!work->before) {
        work->before =
            ARENA_ARRAY(&work->builder->unit_arena, scheme->definition_count, struct contribution);
        if (!work->before)
            return FAIL(work->error, STATUS_NO_MEMORY, "fold", 0, "no memory");
        for (size_t i = 0; i < scheme->definition_count; i++)
            work->before[i].population = POPULATION_NONE;
    }
    struct unit_view view = {.record = &work->record};
    if (!contribution_of(&work->builder->unit_arena, &scheme->definitions[index], &view,
                         &work->before[index]))
        return FAIL(work->error, STATUS_NO_MEMORY, "fold", 0, "no memory");
    return STATUS_OK;
}

static enum status contribution_after(struct unit_work *work, size_t index)
{
    static const struct contribution nothing = {.population = POPULATION_NONE};
    const struct scheme_definition *definition = &work->builder->scheme->definitions[index];
    struct contribution after;
    struct unit_view view = {.record = &work->record};
    if (!contribution_of(&work->builder->unit_arena, definition, &view, &after))
        return FAIL(work->error, STATUS_NO_MEMORY, "fold", 0, "no memory");
    return contribution_add(&work->builder->cells, definition,
                            work->before ? &work->before[index] : &nothing, &after, work->error);
}

/* True when the record is another one now. */
static bool touch_apply(struct unit_work *work, const struct touch *touch)
{
    struct builder *builder = work->builder;
    bool changed = false;
    for (uint32_t i = 0; i < touch->item_count; i++) {
        const struct touch_item *item = &builder->touches.entries[touch->first_item + i];
        enum unit_change change;
        if (item->type == UNIT_LIST_ACTIVITY)
            change = unit_record_activity(&builder->unit_arena, &work->record, item->index,
                                          touch->head.time_ms);
        else
            change = unit_record_put(&builder->unit_arena, &work->record,
                                     (enum unit_list_type)item->type, item->index, &touch->head,
                                     item->payload);
        if (change == UNIT_DUPLICATE)
            builder->duplicate[touch->order] = true;
        changed |= change != UNIT_UNCHANGED;
    }
    return changed;
}

static enum status unit_apply(struct builder *builder, const struct touch *touches, size_t count,
                              struct error *error)
{
    struct unit_work work = {.builder = builder, .unit = touches[0].unit, .error = error};
    enum status status = unit_open(&work, (enum unit_kind)touches[0].kind);
    if (!status)
        status = each_contribution(&work, contribution_before);
    if (status)
        return status;
    bool changed = false;
    for (size_t i = 0; i < count; i++)
        changed |= touch_apply(&work, &touches[i]);
    if (builder->unit_arena.failed)
        return FAIL(error, STATUS_NO_MEMORY, "fold", 0, "no memory");
    if (!changed)
        return STATUS_OK;
    status = each_contribution(&work, contribution_after);
    return status ? status : unit_store(&work);
}

enum status builder_apply(struct builder *builder, struct error *error)
{
    struct touches *touches = &builder->touches;
    free(builder->duplicate);
    builder->duplicate = calloc((size_t)touches->messages + 1, sizeof *builder->duplicate);
    if (!builder->duplicate)
        return FAIL(error, STATUS_NO_MEMORY, "fold", 0, "no memory");
    touches_sort(touches);
    enum status status = STATUS_OK;
    for (size_t at = 0; !status && at < touches->count;) {
        size_t next = at + 1;
        while (next < touches->count && touches->items[next].unit == touches->items[at].unit)
            next++;
        status = unit_apply(builder, touches->items + at, next - at, error);
        at = next;
    }
    for (uint32_t i = 0; i < touches->messages; i++)
        builder->progress.duplicates += builder->duplicate[i];
    return status;
}
