/*
 * A state begun from a base of another scheme: the units of the base under the numbers of the new
 * scheme, and everybody judged anew.
 *
 * What the old scheme kept and the new one knows is carried over: exposures, traits, the times of
 * events, activity, steps and links.  A condition or a property that the old scheme did not look at
 * is not there for the events before the base ends, nor are events, traits and steps that it did
 * not keep.  So definitions that the old state had lack nothing, and of the others META says that
 * they may (base.h).
 */

#include "base.h"

#include "builder_parts.h"
#include "unit_lists.h"

#include "store/erasure.h"

#include <stdlib.h>

#define UNITS_AT_ONCE 5000

static const struct slice lacking_key = {.data = "lacking", .size = 7};

/* From the numbers of one scheme to those of another; -1: the other one has none. */
struct conversion {
    const struct scheme *from, *to;
    struct arena *arena;    /* of the unit under work */
    struct unit_set erased; /* numbers of units */
    struct error *error;
};

static int trait_of(const struct conversion *conversion, size_t index)
{
    for (size_t i = 0; i < conversion->to->trait_count; i++)
        if (slice_equal(conversion->to->traits[i].path, conversion->from->traits[index].path))
            return (int)i;
    return -1;
}

static int filter_of(const struct conversion *conversion, size_t index)
{
    for (size_t i = 0; i < conversion->to->filter_count; i++)
        if (slice_equal(conversion->to->filters[i].text, conversion->from->filters[index].text))
            return (int)i;
    return -1;
}

static int step_of(const struct conversion *conversion, size_t index)
{
    for (size_t i = 0; i < conversion->from->experiment_count; i++) {
        const struct scheme_experiment *experiment = &conversion->from->experiments[i];
        if (index < experiment->step_base ||
            index >= experiment->step_base + experiment->step_count)
            continue;
        int to = scheme_experiment(conversion->to, experiment->key);
        if (to < 0)
            return -1;
        const struct scheme_experiment *other = &conversion->to->experiments[to];
        int step = scheme_step(other, experiment->steps[index - experiment->step_base].name);
        return step < 0 ? -1 : (int)other->step_base + step;
    }
    return -1;
}

/* The number of a list in the new scheme, -1: none, -2: the old one is damaged. */
static int index_of(const struct conversion *conversion, const struct unit_list *list)
{
    const struct scheme *from = conversion->from;
    const size_t index = list->index;
    switch (UNIT_LIST_BASE(list->type)) {
    case UNIT_LIST_EXPOSURES:
        return index < from->experiment_count
                   ? scheme_experiment(conversion->to, from->experiments[index].key)
                   : -2;
    case UNIT_LIST_TRAITS: return index < from->trait_count ? trait_of(conversion, index) : -2;
    case UNIT_LIST_EVENTS:
        return index < from->event_count ? scheme_event(conversion->to, from->events[index].name)
                                         : -2;
    case UNIT_LIST_ACTIVITY: return index < from->filter_count ? filter_of(conversion, index) : -2;
    case UNIT_LIST_STEPS: return index < from->step_count ? step_of(conversion, index) : -2;
    default: return (int)index; /* links know no scheme */
    }
}

static uint8_t variant_of(const struct scheme_experiment *from, const struct scheme_experiment *to,
                          uint8_t variant)
{
    if (variant >= from->variant_count)
        return VARIANT_NONE;
    for (size_t i = 0; i < to->variant_count; i++)
        if (slice_equal(to->variants[i], from->variants[variant]))
            return (uint8_t)i;
    return VARIANT_NONE;
}

static void exposure_convert(const struct conversion *conversion, const struct unit_list *list,
                             int index, const char *entry, char *out)
{
    const struct scheme_experiment *from = &conversion->from->experiments[list->index];
    const struct scheme_experiment *to = &conversion->to->experiments[index];
    struct exposure_payload payload = exposure_payload_read(entry);
    payload.variant = variant_of(from, to, payload.variant);
    payload.computed = variant_of(from, to, payload.computed);
    memcpy(out, entry, ENTRY_HEAD_SIZE);
    exposure_payload_write(&payload, out + ENTRY_HEAD_SIZE);
}

static int condition_of(const struct scheme_event *from, struct slice text)
{
    for (size_t i = 0; i < from->condition_count; i++)
        if (slice_equal(from->condition_texts[i], text))
            return (int)i;
    return -1;
}

static int property_of(const struct scheme_event *from, struct slice path)
{
    for (size_t i = 0; i < from->property_count; i++)
        if (slice_equal(from->properties[i], path))
            return (int)i;
    return -1;
}

static size_t event_size(const struct scheme_event *event)
{
    return ENTRY_HEAD_SIZE + (event->condition_count + 7) / 8 + 8 * event->property_count;
}

static void event_convert(const struct scheme_event *from, const struct scheme_event *to,
                          const char *entry, char *out)
{
    const char *bits = entry + ENTRY_HEAD_SIZE;
    const char *values = bits + (from->condition_count + 7) / 8;
    char *out_bits = out + ENTRY_HEAD_SIZE;
    char *out_values = out_bits + (to->condition_count + 7) / 8;
    memset(out, 0, event_size(to));
    memcpy(out, entry, ENTRY_HEAD_SIZE);
    for (size_t i = 0; i < to->condition_count; i++) {
        int at = condition_of(from, to->condition_texts[i]);
        if (at >= 0 && (unsigned char)bits[at / 8] >> (at % 8) & 1)
            out_bits[i / 8] = (char)(out_bits[i / 8] | 1 << (i % 8));
    }
    for (size_t i = 0; i < to->property_count; i++) {
        int at = property_of(from, to->properties[i]);
        uint64_t value = at >= 0 ? load_u64(values + 8 * at) : (uint64_t)UNIT_NO_NUMBER;
        value = htole64(value);
        memcpy(out_values + 8 * i, &value, sizeof value);
    }
}

/* The size of an entry in the new scheme, and its bytes. */
static size_t entry_convert(const struct conversion *conversion, const struct unit_list *list,
                            int index, const char *entry, char *out)
{
    size_t size = entry_size(list, entry);
    switch (UNIT_LIST_BASE(list->type)) {
    case UNIT_LIST_EXPOSURES: exposure_convert(conversion, list, index, entry, out); return size;
    case UNIT_LIST_EVENTS:
        event_convert(&conversion->from->events[list->index], &conversion->to->events[index], entry,
                      out);
        return event_size(&conversion->to->events[index]);
    default: memcpy(out, entry, size); return size;
    }
}

static enum status conversion_damaged(const struct conversion *conversion)
{
    return FAIL(conversion->error, STATUS_STORAGE, "base", 0, "a unit of the base is damaged");
}

static bool is_erased(const struct conversion *conversion, uint64_t unit)
{
    const struct unit_set *erased = &conversion->erased;
    size_t low = 0, high = erased->count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (erased->items[middle] < unit)
            low = middle + 1;
        else
            high = middle;
    }
    return low < erased->count && erased->items[low] == unit;
}

/* A link that leads to somebody who was erased. */
static bool leads_to_erased(const struct conversion *conversion, const struct unit_list *list,
                            const char *entry)
{
    return UNIT_LIST_BASE(list->type) >= UNIT_LIST_USERS &&
           is_erased(conversion, load_u64(entry + LINK_ENTRY_SIZE - 8));
}

/* An exposure without what tells whose it was. */
static void exposure_bare(char *entry, uint32_t order)
{
    struct exposure_payload payload = exposure_payload_read(entry);
    int64_t day_ms = (int64_t)day_of(entry_time(entry)) * DAY_MS;
    uint64_t numbers[3] = {htole64((uint64_t)day_ms), htole64(order), htole64(order)};
    payload.erased = 1;
    payload.computed = VARIANT_NONE;
    memcpy(entry, numbers, sizeof numbers);
    exposure_payload_write(&payload, entry + ENTRY_HEAD_SIZE);
}

/* Of an erased unit. */
static void record_bare(struct unit_record *record)
{
    size_t kept = 0;
    for (size_t i = 0; i < record->count; i++) {
        const struct unit_list *list = &record->lists[i];
        if (list->type != UNIT_LIST_EXPOSURES)
            continue;
        for (uint32_t j = 0; j < list->count; j++)
            exposure_bare(list->entries + (size_t)j * (list->size / list->count), j);
        record->lists[kept++] = *list;
    }
    record->count = kept;
}

static enum status list_convert(const struct conversion *conversion, const struct unit_list *list,
                                struct unit_record *record)
{
    int index = index_of(conversion, list);
    if (index == -2)
        return conversion_damaged(conversion);
    if (index == -1)
        return STATUS_OK;
    uint32_t left = 0;
    bool is_event = UNIT_LIST_BASE(list->type) == UNIT_LIST_EVENTS;
    if (is_event && list->size != list->count * event_size(&conversion->from->events[list->index]))
        return conversion_damaged(conversion);
    size_t size = is_event ? list->count * event_size(&conversion->to->events[index]) : list->size;
    char *bytes = arena_alloc(conversion->arena, size);
    if (!bytes)
        return FAIL(conversion->error, STATUS_NO_MEMORY, "base", 0, "no memory");
    size_t at = 0;
    size_t filled = 0;
    for (uint32_t i = 0; i < list->count; i++) {
        const char *entry = list->entries + at;
        at += entry_size(list, entry);
        if (leads_to_erased(conversion, list, entry))
            continue;
        filled += entry_convert(conversion, list, index, entry, bytes + filled);
        left++;
    }
    if (!left)
        return STATUS_OK;
    struct unit_list *to =
        unit_list_make(conversion->arena, record, (enum unit_list_type)list->type, (size_t)index);
    if (!to)
        return FAIL(conversion->error, STATUS_NO_MEMORY, "base", 0, "no memory");
    to->overflow = list->overflow;
    to->count = left;
    to->size = (uint32_t)filled;
    to->entries = bytes;
    return STATUS_OK;
}

static enum status unit_convert(const struct conversion *conversion, const struct builder *reading,
                                struct builder *builder, uint64_t unit)
{
    struct slice bytes;
    struct unit_record was;
    arena_reset(conversion->arena);
    enum status status = builder_bytes(reading, conversion->arena, unit, &bytes, conversion->error);
    if (status == STATUS_NOT_FOUND)
        return STATUS_OK;
    if (!status)
        status = unit_record_read(conversion->arena, bytes, &was, conversion->error);
    if (status)
        return status;
    struct unit_record record = {.kind = was.kind};
    for (size_t i = 0; !status && i < was.count; i++)
        status = list_convert(conversion, &was.lists[i], &record);
    if (is_erased(conversion, unit))
        record_bare(&record);
    return status ? status : builder_store(builder, unit, &record, 0, conversion->error);
}

/* Units from *next on, in one transaction of each side. */
static enum status units_convert(const struct conversion *conversion, struct state *base,
                                 struct builder *builder, uint64_t *next, uint64_t end)
{
    struct builder reading = {0};
    enum status status = state_begin(base, false, &reading.transaction, conversion->error);
    if (!status)
        status = state_begin(view_owned_state(builder->view), true, &builder->transaction,
                             conversion->error);
    for (size_t i = 0; !status && i < UNITS_AT_ONCE && *next < end; i++)
        status = unit_convert(conversion, &reading, builder, (*next)++);
    state_abort(reading.transaction);
    if (status)
        state_abort(builder->transaction);
    else
        status = state_commit(builder->transaction, conversion->error);
    builder->transaction = NULL;
    return status;
}

static enum status units_judge(struct builder *builder, uint64_t *next, uint64_t end,
                               struct error *error)
{
    enum status status =
        state_begin(view_owned_state(builder->view), true, &builder->transaction, error);
    for (size_t i = 0; !status && i < UNITS_AT_ONCE && *next < end; i++)
        status = linked_judge_new(builder, (*next)++, error);
    linked_clear(&builder->linked);
    if (!status)
        status = cell_map_flush(&builder->cells, builder->transaction, error);
    if (status)
        state_abort(builder->transaction);
    else
        status = state_commit(builder->transaction, error);
    builder->transaction = NULL;
    return status;
}

/* Digests of the definitions that lacked nothing in the base. */
static enum status whole_of_base(struct state_transaction *base, const struct scheme *scheme,
                                 struct buffer *whole, struct error *error)
{
    struct slice value;
    enum status status = state_get(base, STATE_META, lacking_key, &value, error);
    if (!status && value.size >= 8)
        buffer_add(whole, slice_from(value, 8));
    if (status != STATUS_NOT_FOUND)
        return status;
    for (size_t i = 0; i < scheme->definition_count; i++)
        buffer_add(whole, (struct slice){
                              .data = (const char *)scheme->definitions[i].definition->digest.bytes,
                              .size = DIGEST_SIZE});
    return STATUS_OK;
}

static enum status lacking_carry_in(struct state_transaction *base, struct state_transaction *state,
                                    struct error *error)
{
    struct slice value;
    enum status status = state_get(base, STATE_META, lacking_key, &value, error);
    if (!status)
        return state_put(state, STATE_META, lacking_key, value, error);
    return status == STATUS_NOT_FOUND ? STATUS_OK : status;
}

/* `scheme`: of the base; NULL: the new one's too, so that nothing more is lacking. */
static enum status finish_in(struct state_transaction *base, struct state_transaction *state,
                             const struct scheme *scheme, const struct progress *progress,
                             struct error *error)
{
    struct buffer value = {0};
    if (!scheme) {
        enum status carried = lacking_carry_in(base, state, error);
        return carried ? carried : progress_write(state, progress, error);
    }
    buffer_add_u64(&value, (uint64_t)progress->received_ms);
    enum status status = whole_of_base(base, scheme, &value, error);
    if (!status)
        status = buffer_status(&value, error);
    if (!status)
        status = state_put(state, STATE_META, lacking_key, buffer_slice(&value), error);
    if (!status)
        status = progress_write(state, progress, error);
    buffer_done(&value);
    return status;
}

static enum status conversion_finish(struct state *base, struct state *state,
                                     const struct scheme *scheme, const struct progress *progress,
                                     struct error *error)
{
    struct state_transaction *reading = NULL;
    struct state_transaction *writing = NULL;
    enum status status = state_begin(base, false, &reading, error);
    if (!status)
        status = state_begin(state, true, &writing, error);
    if (!status)
        status = finish_in(reading, writing, scheme, progress, error);
    state_abort(reading);
    if (status)
        state_abort(writing);
    else
        status = state_commit(writing, error);
    return status;
}

/* The scheme by which a base was folded. */
static enum status scheme_of_base(struct state *base, struct progress *was, struct scheme **scheme,
                                  struct error *error)
{
    struct state_transaction *transaction = NULL;
    struct declared *declared = NULL;
    enum status status = state_begin(base, false, &transaction, error);
    if (!status)
        status = progress_read(transaction, was, error);
    if (!status)
        status = declared_load(transaction, was->used, &declared, error);
    if (!status)
        status = scheme_compile(declared, scheme, error);
    state_abort(transaction);
    declared_release(declared);
    return status;
}

/* Takes the erased out of the dictionary, and remembers their numbers. */
static enum status erased_gather(struct conversion *conversion,
                                 struct state_transaction *transaction,
                                 const struct erasure_row *rows, size_t count)
{
    enum status status = STATUS_OK;
    for (size_t i = 0; !status && i < count; i++) {
        struct slice key = {.data = (const char *)rows[i].key.hash.bytes,
                            .size = sizeof rows[i].key.hash.bytes};
        struct slice value;
        status = state_get(transaction, STATE_DICTIONARY, key, &value, conversion->error);
        if (status == STATUS_NOT_FOUND) {
            status = STATUS_OK;
            continue;
        }
        if (!status && value.size == 8)
            unit_set_add(&conversion->erased, load_u64(value.data));
        if (!status)
            status = state_delete(transaction, STATE_DICTIONARY, key, conversion->error);
    }
    unit_set_settle(&conversion->erased);
    if (!status && conversion->erased.failed)
        status = FAIL(conversion->error, STATUS_NO_MEMORY, "base", 0, "no memory");
    return status;
}

/* The visitors tied to a user of the base, but for shared devices: they go with the user, also
 * where the links were dropped from the journal (architecture 16). */
static enum status visitors_add(struct conversion *conversion, const struct builder *reading,
                                uint64_t user)
{
    struct slice bytes;
    struct unit_record record;
    arena_reset(conversion->arena);
    enum status status = builder_bytes(reading, conversion->arena, user, &bytes, conversion->error);
    if (!status)
        status = unit_record_read(conversion->arena, bytes, &record, conversion->error);
    if (status || record.kind != UNIT_USER)
        return status == STATUS_NOT_FOUND ? STATUS_OK : status;
    const struct unit_list *list = unit_list_find(&record, UNIT_LIST_VISITORS, 0);
    size_t room = list ? list->count : 0;
    struct unit_link *visitors = ARENA_ARRAY(conversion->arena, room + 1, struct unit_link);
    size_t count = visitors ? unit_links_others(list, visitors, room) : 0;
    for (size_t i = 0; !status && i < count; i++) {
        struct unit_link users[SHARED_DEVICE_USERS];
        status = builder_bytes(reading, conversion->arena, visitors[i].number, &bytes,
                               conversion->error);
        if (!status)
            status = unit_record_read(conversion->arena, bytes, &record, conversion->error);
        if (!status && unit_links_others(unit_list_find(&record, UNIT_LIST_USERS, 0), users,
                                         SHARED_DEVICE_USERS) <= SHARED_DEVICE_USERS)
            unit_set_add(&conversion->erased, visitors[i].number);
    }
    return status;
}

static enum status visitors_gather(struct conversion *conversion, struct state *base)
{
    struct builder reading = {0};
    size_t persons = conversion->erased.count;
    enum status status = state_begin(base, false, &reading.transaction, conversion->error);
    for (size_t i = 0; !status && i < persons; i++)
        status = visitors_add(conversion, &reading, conversion->erased.items[i]);
    state_abort(reading.transaction);
    unit_set_settle(&conversion->erased);
    if (!status && conversion->erased.failed)
        status = FAIL(conversion->error, STATUS_NO_MEMORY, "base", 0, "no memory");
    return status;
}

struct keys {
    const struct conversion *conversion;
    struct buffer keys; /* sized, of those to go */
};

static bool number_seek(void *context, struct slice key, struct slice value)
{
    struct keys *keys = context;
    if (value.size == 8 && is_erased(keys->conversion, load_u64(value.data)))
        buffer_add_sized(&keys->keys, key);
    return !keys->keys.failed;
}

/* Takes those out of the dictionary whose numbers alone are known. */
static enum status numbers_remove(const struct conversion *conversion,
                                  struct state_transaction *transaction)
{
    struct keys keys = {.conversion = conversion};
    struct state_scan scan = {.table = STATE_DICTIONARY, .visit = number_seek, .context = &keys};
    enum status status = state_scan(transaction, &scan, conversion->error);
    if (!status)
        status = buffer_status(&keys.keys, conversion->error);
    struct reader reader = {.rest = buffer_slice(&keys.keys)};
    while (!status && reader.rest.size)
        status =
            state_delete(transaction, STATE_DICTIONARY, read_sized(&reader), conversion->error);
    buffer_done(&keys.keys);
    return status;
}

struct members {
    const struct conversion *conversion;
    struct buffer keys; /* sized, of those to go */
};

/* A key is account, hash, user, big endian. */
static bool member_seek(void *context, struct slice key, struct slice value)
{
    struct members *members = context;
    uint64_t numbers[3];
    (void)value;
    if (key.size != sizeof numbers)
        return true;
    memcpy(numbers, key.data, sizeof numbers);
    if (is_erased(members->conversion, be64toh(numbers[0])) ||
        is_erased(members->conversion, be64toh(numbers[2])))
        buffer_add_sized(&members->keys, key);
    return !members->keys.failed;
}

static enum status members_remove(const struct conversion *conversion,
                                  struct state_transaction *transaction)
{
    struct members members = {.conversion = conversion};
    struct state_scan scan = {.table = STATE_LINKS, .visit = member_seek, .context = &members};
    enum status status = state_scan(transaction, &scan, conversion->error);
    if (!status)
        status = buffer_status(&members.keys, conversion->error);
    struct reader reader = {.rest = buffer_slice(&members.keys)};
    while (!status && reader.rest.size)
        status = state_delete(transaction, STATE_LINKS, read_sized(&reader), conversion->error);
    buffer_done(&members.keys);
    return status;
}

static enum status erased_remove(struct conversion *conversion, struct state *base,
                                 struct state *state, const struct erasure_row *rows, size_t count)
{
    struct state_transaction *transaction = NULL;
    if (!count)
        return STATUS_OK;
    enum status status = state_begin(state, true, &transaction, conversion->error);
    if (status)
        return status;
    status = erased_gather(conversion, transaction, rows, count);
    size_t named = conversion->erased.count;
    if (!status)
        status = visitors_gather(conversion, base);
    if (!status && conversion->erased.count > named)
        status = numbers_remove(conversion, transaction);
    if (!status && conversion->erased.count)
        status = members_remove(conversion, transaction);
    if (status) {
        state_abort(transaction);
        return status;
    }
    return state_commit(transaction, conversion->error);
}

static enum status convert(struct state *base, struct builder *builder, const struct scheme *scheme,
                           const struct progress *was, const struct erasure_row *rows, size_t count,
                           struct error *error)
{
    const unsigned tables = 1u << STATE_DICTIONARY | 1u << STATE_LINKS | 1u << STATE_NAMES;
    struct state *state = view_owned_state(builder->view);
    struct arena arena = {0};
    struct conversion conversion = {
        .from = scheme, .to = builder->scheme, .arena = &arena, .error = error};
    struct progress progress = *was;
    progress.scheme = builder->progress.scheme;
    progress.used = builder->progress.used;
    progress.seen = builder->progress.seen;
    progress.purged = builder->progress.purged;
    enum status status = state_copy_tables(base, state, tables, error);
    if (!status)
        status = erased_remove(&conversion, base, state, rows, count);
    for (uint64_t next = 0; !status && next < was->units;)
        status = units_convert(&conversion, base, builder, &next, was->units);
    for (uint64_t next = 0; !status && next < was->units;)
        status = units_judge(builder, &next, was->units, error);
    arena_done(&arena);
    unit_set_done(&conversion.erased);
    if (status)
        return status;
    bool is_same = digest_equal(&was->scheme, &progress.scheme);
    return conversion_finish(base, state, is_same ? NULL : scheme, &progress, error);
}

enum status base_convert(const struct builder_options *options, struct state *base,
                         struct view *view, const struct erasure_row *rows, size_t count,
                         struct error *error)
{
    struct builder *builder = NULL;
    struct scheme *scheme = NULL;
    struct progress was;
    enum status status = builder_open(options, view_acquire(view), &builder, error);
    if (status)
        return status;
    status = scheme_of_base(base, &was, &scheme, error);
    if (!status)
        status = convert(base, builder, scheme, &was, rows, count, error);
    scheme_free(scheme);
    builder_free(builder);
    return status;
}

enum status lacking_carry(struct state *base, struct state_transaction *transaction,
                          struct error *error)
{
    struct state_transaction *reading = NULL;
    enum status status = state_begin(base, false, &reading, error);
    if (!status)
        status = lacking_carry_in(reading, transaction, error);
    state_abort(reading);
    return status;
}

enum status view_lacks_before(struct view_transaction *transaction,
                              const struct definition *definition, int64_t *time_ms,
                              struct error *error)
{
    struct slice value;
    *time_ms = TIME_NONE;
    enum status status = state_get(view_state(transaction), STATE_META, lacking_key, &value, error);
    if (status)
        return status == STATUS_NOT_FOUND ? STATUS_OK : status;
    struct reader reader = {.rest = value};
    int64_t until_ms = (int64_t)read_u64(&reader);
    while (reader.rest.size) {
        struct slice digest = read_bytes(&reader, DIGEST_SIZE);
        if (reader.failed)
            return FAIL(error, STATUS_STORAGE, "state", 0, "what it lacks can't be read");
        if (memcmp(digest.data, definition->digest.bytes, DIGEST_SIZE) == 0)
            return STATUS_OK;
    }
    *time_ms = until_ms;
    return STATUS_OK;
}
