/*
 * Unit records: reading borrows, the first change of a list copies it.  Lists are short (tens of
 * entries), so an entry's place and its key are searched from end to end.
 */

#include "unit_record.h"

#include "unit_lists.h"

#define LIST_CAPACITY_MIN 40 /* an entry or two: everyone of a journal may be in memory at once */

static const struct unit_list *list_place(const struct unit_record *record,
                                          enum unit_list_type type, size_t index, size_t *at)
{
    size_t i = 0;
    while (i < record->count && (record->lists[i].type < type ||
                                 (record->lists[i].type == type && record->lists[i].index < index)))
        i++;
    *at = i;
    bool found =
        i < record->count && record->lists[i].type == type && record->lists[i].index == index;
    return found ? &record->lists[i] : NULL;
}

const struct unit_list *unit_list_find(const struct unit_record *record, enum unit_list_type type,
                                       size_t index)
{
    size_t at;
    return list_place(record, type, index, &at);
}

uint32_t entry_size(const struct unit_list *list, const char *entry)
{
    if (UNIT_LIST_BASE(list->type) != UNIT_LIST_TRAITS)
        return list->count ? list->size / list->count : 0;
    uint16_t size = load_u16(entry + ENTRY_HEAD_SIZE);
    return ENTRY_HEAD_SIZE + 2 + (size >= UNIT_TRAIT_OTHER ? 0U : size);
}

/* Bytes of an entry, where all entries of the type have as many; 0: the scheme says. */
static uint32_t entry_size_of(unsigned type)
{
    switch (type) {
    case UNIT_LIST_EXPOSURES: return ENTRY_HEAD_SIZE + EXPOSURE_PAYLOAD_SIZE;
    case UNIT_LIST_STEPS: return ENTRY_HEAD_SIZE + 1;
    case UNIT_LIST_ACTIVITY: return ACTIVITY_ENTRY_SIZE;
    default: return type >= UNIT_LIST_USERS ? LINK_ENTRY_SIZE : 0;
    }
}

/* Whether the entries fill the list exactly. */
static bool list_is_sound(const struct unit_list *list)
{
    if (list->count == 0 || list->count > UNIT_LIST_MAX)
        return false;
    unsigned type = UNIT_LIST_BASE(list->type);
    uint32_t size_of_each = entry_size_of(type);
    if (size_of_each)
        return list->size == list->count * size_of_each;
    if (type != UNIT_LIST_TRAITS)
        return list->size % list->count == 0 && list->size / list->count >= ENTRY_HEAD_SIZE;
    uint32_t at = 0;
    for (uint32_t i = 0; i < list->count; i++) {
        if (list->size - at < ENTRY_HEAD_SIZE + 2)
            return false;
        uint32_t size = entry_size(list, list->entries + at);
        if (list->size - at < size)
            return false;
        at += size;
    }
    return at == list->size;
}

static struct unit_list *list_append(struct arena *arena, struct unit_record *record)
{
    if (record->count == record->capacity) {
        size_t capacity = record->capacity ? 2 * record->capacity : 4;
        struct unit_list *lists = ARENA_ARRAY(arena, capacity, struct unit_list);
        if (!lists)
            return NULL;
        if (record->count)
            memcpy(lists, record->lists, record->count * sizeof *lists);
        record->lists = lists;
        record->capacity = capacity;
    }
    return &record->lists[record->count++];
}

enum status unit_record_read(struct arena *arena, struct slice bytes, struct unit_record *record,
                             struct error *error)
{
    struct reader reader = {.rest = bytes};
    struct unit_record fresh = {0};
    uint8_t format = read_u8(&reader);
    uint8_t kind = read_u8(&reader);
    bool sound = !reader.failed && format == UNIT_FORMAT && kind < UNIT_KIND_COUNT;
    fresh.kind = (enum unit_kind)kind;
    while (sound && reader.rest.size) {
        struct unit_list *list = list_append(arena, &fresh);
        if (!list)
            return FAIL(error, STATUS_NO_MEMORY, "unit", 0, "no memory");
        list->type = read_u8(&reader);
        list->index = (uint32_t)read_varint(&reader);
        uint64_t count = read_varint(&reader);
        struct slice entries = read_sized(&reader);
        list->overflow = count & 1;
        list->count = (uint32_t)(count >> 1);
        list->size = (uint32_t)entries.size;
        list->capacity = 0;
        memcpy(&list->entries, &entries.data, sizeof list->entries); /* never written to */
        sound = !reader.failed && list_is_sound(list);
    }
    if (!sound)
        return FAIL(error, STATUS_STORAGE, "unit", 0, "this is no unit record");
    *record = fresh;
    return STATUS_OK;
}

void unit_record_write(struct buffer *out, const struct unit_record *record)
{
    buffer_add_u8(out, UNIT_FORMAT);
    buffer_add_u8(out, (uint8_t)record->kind);
    for (size_t i = 0; i < record->count; i++) {
        const struct unit_list *list = &record->lists[i];
        buffer_add_u8(out, list->type);
        buffer_add_varint(out, list->index);
        buffer_add_varint(out, (uint64_t)list->count << 1 | list->overflow);
        buffer_add_sized(out, (struct slice){.data = list->entries, .size = list->size});
    }
}

struct unit_list *unit_list_make(struct arena *arena, struct unit_record *record,
                                 enum unit_list_type type, size_t index)
{
    size_t at;
    if (list_place(record, type, index, &at))
        return &record->lists[at];
    if (!list_append(arena, record))
        return NULL;
    struct unit_list *list = &record->lists[at];
    memmove(list + 1, list, (record->count - 1 - at) * sizeof *list);
    *list = (struct unit_list){.type = (uint8_t)type, .index = (uint32_t)index};
    return list;
}

bool unit_list_splice(struct arena *arena, struct unit_list *list, uint32_t at, uint32_t narrower,
                      uint32_t wider)
{
    uint32_t size = list->size - narrower + wider;
    char *entries = list->entries;
    if (size > list->capacity) {
        uint32_t capacity = size + size / 2 + LIST_CAPACITY_MIN;
        entries = arena_alloc(arena, capacity);
        if (!entries)
            return false;
        list->capacity = capacity;
        if (at)
            memcpy(entries, list->entries, at);
    }
    uint32_t rest = list->size - at - narrower;
    if (rest)
        memmove(entries + at + wider, list->entries + at + narrower, rest);
    list->entries = entries;
    list->size = size;
    return true;
}

static void entry_write(char *bytes, const struct entry_head *head, struct slice payload)
{
    uint64_t numbers[3] = {htole64((uint64_t)head->time_ms), htole64(head->content),
                           htole64(head->key)};
    memcpy(bytes, numbers, ENTRY_HEAD_SIZE);
    if (payload.size)
        memcpy(bytes + ENTRY_HEAD_SIZE, payload.data, payload.size);
}

/* Record order; of equal heads, by payload. */
static int entry_compare(const struct entry_head *head, struct slice payload, const char *entry,
                         uint32_t size)
{
    int64_t time_ms = entry_time(entry);
    if (head->time_ms != time_ms)
        return head->time_ms < time_ms ? -1 : 1;
    uint64_t content = load_u64(entry + 8);
    if (head->content != content)
        return head->content < content ? -1 : 1;
    uint64_t key = load_u64(entry + 16);
    if (head->key != key)
        return head->key < key ? -1 : 1;
    struct slice there = {.data = entry + ENTRY_HEAD_SIZE, .size = size - ENTRY_HEAD_SIZE};
    return slice_compare(payload, there);
}

/* Where an entry would stand, and the one of the same key. */
struct entry_search {
    uint32_t place, place_index; /* byte and number of the first entry that is larger */
    bool has_same;
    uint32_t same, same_size;
    bool same_is_smaller; /* or equal */
};

static struct entry_search list_search(const struct unit_list *list, const struct entry_head *head,
                                       struct slice payload)
{
    struct entry_search found = {0};
    uint32_t at = 0;
    for (uint32_t i = 0; i < list->count; i++) {
        const char *entry = list->entries + at;
        uint32_t size = entry_size(list, entry);
        bool smaller =
            entry_time(entry) < head->time_ms || entry_compare(head, payload, entry, size) >= 0;
        if (load_u64(entry + 16) == head->key) {
            found.has_same = true;
            found.same = at;
            found.same_size = size;
            found.same_is_smaller = smaller;
        }
        at += size;
        if (smaller) {
            found.place = at;
            found.place_index = i + 1;
        }
    }
    return found;
}

static void list_drop_last(struct unit_list *list)
{
    uint32_t at = 0, size = 0;
    for (uint32_t i = 0; i < list->count; i++) {
        at += size;
        size = entry_size(list, list->entries + at);
    }
    list->size = at;
    list->count--;
}

bool unit_list_admits(struct unit_list *list, uint32_t at, enum unit_change *change)
{
    if (list->count < UNIT_LIST_MAX)
        return true;
    *change = list->overflow ? UNIT_UNCHANGED : UNIT_CHANGED;
    list->overflow = true;
    if (at == list->count)
        return false;
    list_drop_last(list);
    return true;
}

static enum unit_change list_insert(struct arena *arena, struct unit_list *list, uint32_t place,
                                    const struct entry_head *head, struct slice payload)
{
    uint32_t size = ENTRY_HEAD_SIZE + (uint32_t)payload.size;
    if (!unit_list_splice(arena, list, place, 0, size))
        return UNIT_UNCHANGED;
    entry_write(list->entries + place, head, payload);
    list->count++;
    return UNIT_CHANGED;
}

/* Another body under a key that is there: the smaller stays. */
static enum unit_change list_replace(struct arena *arena, struct unit_list *list,
                                     const struct entry_search *found,
                                     const struct entry_head *head, struct slice payload)
{
    if (found->same_is_smaller)
        return UNIT_DUPLICATE;
    if (!unit_list_splice(arena, list, found->same, found->same_size, 0))
        return UNIT_UNCHANGED;
    list->count--;
    /* The new one is smaller, so its place lies before the gap that was closed. */
    if (list_insert(arena, list, found->place, head, payload) == UNIT_UNCHANGED)
        return UNIT_UNCHANGED;
    return UNIT_DUPLICATE;
}

enum unit_change unit_record_put(struct arena *arena, struct unit_record *record,
                                 enum unit_list_type type, size_t index,
                                 const struct entry_head *head, struct slice payload)
{
    struct unit_list *list = unit_list_make(arena, record, type, index);
    if (!list)
        return UNIT_UNCHANGED;
    struct entry_search found = list_search(list, head, payload);
    if (found.has_same)
        return list_replace(arena, list, &found, head, payload);
    enum unit_change change;
    if (!unit_list_admits(list, found.place_index, &change))
        return change;
    return list_insert(arena, list, found.place, head, payload);
}

enum unit_trait unit_trait_at(const struct unit_record *record, size_t trait, int64_t time_ms,
                              struct slice *text)
{
    const struct unit_list *list = unit_list_find(record, UNIT_LIST_TRAITS, trait);
    const char *last = NULL, *entry = list ? list->entries : NULL;
    for (uint32_t i = 0; list && i < list->count && entry_time(entry) <= time_ms; i++) {
        last = entry;
        entry += entry_size(list, entry);
    }
    uint16_t size = last ? load_u16(last + ENTRY_HEAD_SIZE) : UNIT_TRAIT_NONE;
    if (size == UNIT_TRAIT_NONE)
        return TRAIT_IS_MISSING;
    if (size == UNIT_TRAIT_OTHER)
        return TRAIT_IS_OTHER;
    *text = (struct slice){.data = last + ENTRY_HEAD_SIZE + 2, .size = size};
    return TRAIT_IS_TEXT;
}

static void activity_write(char *bytes, int32_t day, uint32_t first_ms, uint32_t last_ms)
{
    uint32_t numbers[3] = {htole32((uint32_t)day), htole32(first_ms), htole32(last_ms)};
    memcpy(bytes, numbers, ACTIVITY_ENTRY_SIZE);
}

static enum unit_change activity_insert(struct arena *arena, struct unit_list *list, uint32_t at,
                                        int32_t day, uint32_t instant_ms)
{
    enum unit_change change;
    if (!unit_list_admits(list, at, &change))
        return change;
    uint32_t place = at * ACTIVITY_ENTRY_SIZE;
    if (!unit_list_splice(arena, list, place, 0, ACTIVITY_ENTRY_SIZE))
        return UNIT_UNCHANGED;
    activity_write(list->entries + place, day, instant_ms, instant_ms);
    list->count++;
    return UNIT_CHANGED;
}

enum unit_change unit_record_activity(struct arena *arena, struct unit_record *record,
                                      enum unit_list_type type, size_t index, int64_t time_ms)
{
    int32_t day = day_of(time_ms);
    uint32_t instant_ms = (uint32_t)(time_ms - day_start_ms(day));
    struct unit_list *list = unit_list_make(arena, record, type, index);
    if (!list)
        return UNIT_UNCHANGED;
    uint32_t at = list->count;
    while (at > 0 && (int32_t)load_u32(list->entries + (at - 1) * ACTIVITY_ENTRY_SIZE) >= day)
        at--;
    const char *entry = list->entries ? list->entries + at * ACTIVITY_ENTRY_SIZE : NULL;
    if (at == list->count || !entry || (int32_t)load_u32(entry) != day)
        return activity_insert(arena, list, at, day, instant_ms);
    uint32_t first_ms = load_u32(entry + 4), last_ms = load_u32(entry + 8);
    if (first_ms <= instant_ms && instant_ms <= last_ms)
        return UNIT_UNCHANGED;
    if (list->capacity == 0 && !unit_list_splice(arena, list, 0, 0, 0))
        return UNIT_UNCHANGED;
    activity_write(list->entries + at * ACTIVITY_ENTRY_SIZE, day,
                   instant_ms < first_ms ? instant_ms : first_ms,
                   instant_ms > last_ms ? instant_ms : last_ms);
    return UNIT_CHANGED;
}

void exposure_payload_write(const struct exposure_payload *payload,
                            char bytes[static EXPOSURE_PAYLOAD_SIZE])
{
    unsigned char out[EXPOSURE_PAYLOAD_SIZE] = {
        (unsigned char)(payload->skewed | payload->erased << 1),
        payload->reason,
        payload->variant,
        payload->computed,
        (unsigned char)(payload->phase & 0xff),
        (unsigned char)(payload->phase >> 8),
        payload->source};
    memcpy(bytes, out, sizeof out);
}

struct exposure_payload exposure_payload_read(const char *entry)
{
    const char *bytes = entry + ENTRY_HEAD_SIZE;
    return (struct exposure_payload){
        .skewed = (uint8_t)bytes[0] & 1,
        .erased = (uint8_t)bytes[0] >> 1 & 1,
        .reason = (uint8_t)bytes[1],
        .variant = (uint8_t)bytes[2],
        .computed = (uint8_t)bytes[3],
        .phase = load_u16(bytes + 4),
        .source = (uint8_t)bytes[6],
    };
}
