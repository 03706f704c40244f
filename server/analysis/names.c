/*
 * The names seen: a table in memory over the whole life of a builder, what it counted added to
 * the state with each batch; and the list for readers.
 */

#include "names.h"

#include <stdlib.h>

#define NAME_KEY_SIZE_MAX 256
#define NAMES_CAPACITY_MIN 1024

uint64_t text_hash(uint64_t seed, struct slice text)
{
    uint64_t hash = UINT64_C(0xcbf29ce484222325) ^ seed;
    for (size_t i = 0; i < text.size; i++)
        hash = (hash ^ (unsigned char)text.data[i]) * UINT64_C(0x100000001b3);
    hash = (hash ^ hash >> 32) * UINT64_C(0x9e3779b97f4a7c15);
    return hash ^ hash >> 29;
}

static struct name_entry **table_place(struct name_entry **places, size_t capacity, uint64_t hash,
                                       struct slice name, bool is_trait)
{
    size_t at = hash & (capacity - 1);
    while (places[at] && (places[at]->hash != hash || places[at]->is_trait != is_trait ||
                          !slice_equal(places[at]->name, name)))
        at = (at + 1) & (capacity - 1);
    return &places[at];
}

static bool table_grow(struct names_table *table)
{
    size_t capacity = table->capacity ? 2 * table->capacity : NAMES_CAPACITY_MIN;
    struct name_entry **places = calloc(capacity, sizeof *places);
    if (!places)
        return false;
    for (size_t i = 0; i < table->capacity; i++) {
        struct name_entry *entry = table->places[i];
        if (entry)
            *table_place(places, capacity, entry->hash, entry->name, entry->is_trait) = entry;
    }
    free(table->places);
    table->places = places;
    table->capacity = capacity;
    return true;
}

static bool is_declared(const struct scheme *scheme, const struct name_entry *entry)
{
    for (size_t i = 0; entry->is_trait && i < scheme->trait_count; i++)
        if (slice_equal(scheme->traits[i].head, entry->name))
            return true;
    return entry->event >= 0;
}

static const char *const step_events[STEP_OUTCOME_COUNT] = {
    [STEP_WAS_VIEWED] = "Onboarding Step Viewed",
    [STEP_WAS_COMPLETED] = "Onboarding Step Completed",
    [STEP_WAS_DISMISSED] = "Onboarding Step Dismissed",
    [STEP_WAS_FAILED] = "Onboarding Step Failed",
};

static int step_of(struct slice event)
{
    for (int i = 0; i < STEP_OUTCOME_COUNT; i++)
        if (slice_equals(event, step_events[i]))
            return i;
    return -1;
}

static struct name_entry *entry_make(struct names_table *table, const struct scheme *scheme,
                                     struct slice name, bool is_trait)
{
    struct name_entry *entry = ARENA_NEW(&table->arena, struct name_entry);
    bool *activity = ARENA_ARRAY(&table->arena, scheme->filter_count + 1, bool);
    struct slice copy = arena_copy(&table->arena, name);
    if (!entry || !activity || table->arena.failed)
        return NULL;
    for (size_t i = 0; !is_trait && i < scheme->filter_count; i++)
        activity[i] = filter_passes(&scheme->filters[i], name);
    *entry = (struct name_entry){.name = copy, .is_trait = is_trait, .activity = activity};
    entry->event = is_trait ? -1 : scheme_event(scheme, name);
    entry->step = is_trait || !scheme->step_count ? -1 : step_of(name);
    entry->is_kept = table->kept < NAMES_MAX || is_declared(scheme, entry);
    table->kept += entry->is_kept;
    return entry;
}

struct name_entry *names_find(struct names_table *table, const struct scheme *scheme,
                              struct slice name, bool is_trait)
{
    if (2 * table->count >= table->capacity && !table_grow(table))
        return NULL;
    uint64_t hash = text_hash(is_trait, name);
    struct name_entry **place = table_place(table->places, table->capacity, hash, name, is_trait);
    if (*place)
        return *place;
    struct name_entry *entry = entry_make(table, scheme, name, is_trait);
    if (!entry)
        return NULL;
    entry->hash = hash;
    *place = entry;
    table->count++;
    return entry;
}

/* What stands in the state of one name. */
struct name_value {
    uint64_t count;
    int64_t first_ms, last_ms;
    struct slice name;
};

static bool name_value_read(struct slice bytes, struct name_value *value)
{
    struct reader reader = {.rest = bytes};
    value->count = read_varint(&reader);
    value->first_ms = read_zigzag(&reader);
    value->last_ms = read_zigzag(&reader);
    value->name = reader.rest;
    return !reader.failed;
}

static struct slice name_key(const struct name_entry *entry, char bytes[NAME_KEY_SIZE_MAX])
{
    size_t room = NAME_KEY_SIZE_MAX - 1, size = entry->name.size;
    bytes[0] = entry->is_trait ? 't' : 'e';
    if (size > room) {
        struct hash128 hash = hash_content(entry->name);
        size = room - sizeof hash.bytes;
        memcpy(bytes + 1 + size, hash.bytes, sizeof hash.bytes);
        memcpy(bytes + 1, entry->name.data, size);
        return (struct slice){.data = bytes, .size = NAME_KEY_SIZE_MAX};
    }
    if (size)
        memcpy(bytes + 1, entry->name.data, size);
    return (struct slice){.data = bytes, .size = 1 + size};
}

static enum status name_flush(struct name_entry *entry, struct buffer *out,
                              struct state_transaction *transaction, struct error *error)
{
    char key_bytes[NAME_KEY_SIZE_MAX];
    struct slice key = name_key(entry, key_bytes), bytes;
    struct name_value there = {.first_ms = entry->first_ms, .last_ms = entry->last_ms};
    enum status status = state_get(transaction, STATE_NAMES, key, &bytes, error);
    if (status && status != STATUS_NOT_FOUND)
        return status;
    if (!status && !name_value_read(bytes, &there))
        return FAIL(error, STATUS_STORAGE, "names", 0, "this is no entry");
    buffer_clear(out);
    buffer_add_varint(out, there.count + entry->count);
    buffer_add_zigzag(out, there.first_ms < entry->first_ms ? there.first_ms : entry->first_ms);
    buffer_add_zigzag(out, there.last_ms > entry->last_ms ? there.last_ms : entry->last_ms);
    buffer_add(out, entry->name);
    status = buffer_status(out, error);
    if (!status)
        status = state_put(transaction, STATE_NAMES, key, buffer_slice(out), error);
    entry->count = 0;
    return status;
}

enum status names_flush(struct names_table *table, struct state_transaction *transaction,
                        struct error *error)
{
    struct buffer out = {0};
    enum status status = STATUS_OK;
    for (size_t i = 0; !status && i < table->capacity; i++)
        if (table->places[i] && table->places[i]->is_kept && table->places[i]->count)
            status = name_flush(table->places[i], &out, transaction, error);
    buffer_done(&out);
    return status;
}

struct names_loading {
    struct names_table *table;
    const struct scheme *scheme;
    bool failed;
};

static bool load_name(void *context, struct slice key, struct slice bytes)
{
    struct names_loading *loading = context;
    struct name_value value;
    loading->failed = !key.size || !name_value_read(bytes, &value) ||
                      !names_find(loading->table, loading->scheme, value.name, key.data[0] == 't');
    return !loading->failed;
}

enum status names_load(struct names_table *table, const struct scheme *scheme,
                       struct state_transaction *transaction, struct error *error)
{
    struct names_loading loading = {.table = table, .scheme = scheme};
    struct state_scan scan = {.table = STATE_NAMES, .visit = load_name, .context = &loading};
    enum status status = state_scan(transaction, &scan, error);
    if (!status && loading.failed)
        status = FAIL(error, STATUS_STORAGE, "names", 0, "this is no entry");
    return status;
}

void names_done(struct names_table *table)
{
    free(table->places);
    arena_done(&table->arena);
    *table = (struct names_table){0};
}

struct names_listing {
    struct arena *arena;
    struct seen_name *names;
    size_t count, capacity;
    bool failed, damaged;
};

static bool list_name(void *context, struct slice key, struct slice bytes)
{
    struct names_listing *listing = context;
    struct name_value value = {0};
    if (listing->count == listing->capacity) {
        size_t capacity = 2 * listing->capacity + 64;
        struct seen_name *names = ARENA_ARRAY(listing->arena, capacity, struct seen_name);
        if (names && listing->count)
            memcpy(names, listing->names, listing->count * sizeof *names);
        listing->failed |= !names;
        listing->names = names;
        listing->capacity = capacity;
    }
    if (!key.size || !name_value_read(bytes, &value))
        listing->damaged = true;
    if (listing->failed || listing->damaged)
        return false;
    listing->names[listing->count++] =
        (struct seen_name){.name = arena_copy(listing->arena, value.name),
                           .is_trait = key.data[0] == 't',
                           .count = value.count,
                           .first_ms = value.first_ms,
                           .last_ms = value.last_ms};
    return true;
}

static int seen_compare(const void *a, const void *b)
{
    const struct seen_name *one = a, *other = b;
    return one->is_trait != other->is_trait ? one->is_trait - other->is_trait
                                            : slice_compare(one->name, other->name);
}

enum status view_names(struct view_transaction *transaction, struct arena *arena,
                       struct seen_name **names, size_t *count, struct error *error)
{
    struct names_listing listing = {.arena = arena};
    struct state_scan scan = {.table = STATE_NAMES, .visit = list_name, .context = &listing};
    enum status status = state_scan(view_state(transaction), &scan, error);
    if (status)
        return status;
    if (listing.damaged)
        return FAIL(error, STATUS_STORAGE, "names", 0, "this is no entry");
    if (listing.failed || arena->failed)
        return FAIL(error, STATUS_NO_MEMORY, "names", 0, "no memory");
    if (listing.count)
        qsort(listing.names, listing.count, sizeof *listing.names, seen_compare);
    *names = listing.names;
    *count = listing.count;
    return STATUS_OK;
}
