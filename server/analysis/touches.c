/*
 * From a message to entries of unit records.  A record's JSON was written canonically by us, and
 * most of it is of no use here, so traits are walked by their names and only a value that a
 * definition names is read; properties only for an event of which a definition asks for them, and
 * for a step of a flow.
 */

#include "touches.h"

#include "slices.h"

#include "base/json.h"

#include <stdlib.h>

#define TRAIT_NAME_SIZE_MAX 128

static uint64_t content_number(const struct hash128 *content)
{
    uint64_t number = 0;
    for (size_t i = 0; i < 8; i++)
        number = number << 8 | content->bytes[i];
    return number;
}

static struct entry_head head_of(const struct message *message, uint16_t flags)
{
    struct entry_head head = {.time_ms = message->occurred_ms,
                              .content = content_number(&message->content)};
    struct slice id = message->message_id;
    if (flags & RECORD_HASH_ID || slice_is_empty(id))
        id = (struct slice){.data = (const char *)message->content.bytes,
                            .size = sizeof message->content.bytes};
    uint64_t seed = text_hash(message->type == MESSAGE_EXPOSURE, message->event);
    head.key = text_hash(seed, id);
    if (message->type == MESSAGE_EXPOSURE)
        head.key = text_hash(head.key, message->experiment);
    return head;
}

/* Makes room for one more of `count` items; NULL without memory. */
static void *grown(void *items, size_t count, size_t *capacity, size_t size)
{
    if (count < *capacity)
        return items;
    size_t wider = *capacity ? 2 * *capacity : 1024;
    void *moved = realloc(items, wider * size);
    if (moved)
        *capacity = wider;
    return moved;
}

static bool item_add(struct touches *touches, enum unit_list_type type, size_t index,
                     struct slice payload)
{
    void *entries = grown(touches->entries, touches->entry_count, &touches->entry_capacity,
                          sizeof *touches->entries);
    if (!entries)
        return false;
    touches->entries = entries;
    touches->entries[touches->entry_count++] =
        (struct touch_item){.type = (uint8_t)type, .index = (uint32_t)index, .payload = payload};
    return true;
}

/* What is common to the units of one message. */
struct reading {
    struct touches *touches;
    const struct scheme *scheme;
    struct names_table *names;
    const struct message *message;
    uint16_t flags;
    const struct name_entry *event; /* of an outcome, else NULL */
    const struct value *traits;     /* NULL: none that a definition names */
    struct slice payload;           /* of the event: conditions that hold, and values */
    const struct scheme_step *step; /* of a flow, NULL: none that a definition has */
    uint32_t step_list;
    struct error *error;
};

static enum status no_memory(struct error *error)
{
    return FAIL(error, STATUS_NO_MEMORY, "fold", 0, "no memory for a batch");
}

static void read_properties(struct reading *reading, struct value *properties)
{
    const struct message *message = reading->message;
    *properties = value_null();
    if (message->properties.size &&
        json_read(&reading->touches->scratch, message->properties, 0, properties, NULL))
        *properties = value_null();
}

/* A number, or text that is wholly one, as in conditions. */
static int64_t value_micro(const struct value *value)
{
    int64_t micro;
    double number;
    if (value && value->kind == VALUE_INTEGER)
        return __builtin_mul_overflow(value->integer, MICRO, &micro) ? UNIT_NO_NUMBER : micro;
    if (value && value->kind == VALUE_REAL)
        number = value->number;
    else if (!value || value->kind != VALUE_TEXT || !number_parse(value->text, &number))
        return UNIT_NO_NUMBER;
    return micro_from_number(number, &micro) ? micro : UNIT_NO_NUMBER;
}

/* Bit i: condition i of the event holds for the properties; then their values. */
static bool event_payload(struct reading *reading, const struct scheme_event *event,
                          const struct value *properties)
{
    size_t bits = (event->condition_count + 7) / 8, size = bits + 8 * event->property_count;
    char *bytes = arena_alloc(&reading->touches->arena, size);
    if (!bytes)
        return false;
    for (size_t i = 0; i < event->condition_count; i++)
        if (condition_holds(event->conditions[i], properties))
            bytes[i / 8] = (char)(bytes[i / 8] | 1 << i % 8);
    for (size_t i = 0; i < event->property_count; i++) {
        uint64_t micro = htole64((uint64_t)value_micro(value_at(properties, event->properties[i])));
        memcpy(bytes + bits + 8 * i, &micro, sizeof micro);
    }
    reading->payload = (struct slice){.data = bytes, .size = size};
    return true;
}

/* The step that the properties name. */
static void find_step(struct reading *reading, const struct value *properties)
{
    char digits[NUMBER_TEXT_SIZE];
    struct slice name = {0};
    const struct value *step = value_member(properties, SLICE("step"));
    int index = scheme_experiment(reading->scheme, value_member_text(properties, "experiment_id"));
    if (index < 0 || !step || !trait_text(step, digits, &name))
        return;
    const struct scheme_experiment *experiment = &reading->scheme->experiments[index];
    int place = scheme_step(experiment, name);
    if (place < 0)
        return;
    reading->step = &experiment->steps[place];
    reading->step_list = experiment->step_base + (uint32_t)place;
}

static bool is_outcome(const struct message *message)
{
    return message->type == MESSAGE_TRACK || message->type == MESSAGE_PAGE ||
           message->type == MESSAGE_SCREEN;
}

static bool trait_is_used(const struct scheme *scheme, struct slice name)
{
    for (size_t i = 0; i < scheme->trait_count; i++)
        if (slice_equal(scheme->traits[i].head, name) || slice_equal(scheme->traits[i].path, name))
            return true;
    return false;
}

/* Counts the traits' names and reads the object where one of them is used. */
static bool read_traits(struct reading *reading)
{
    const struct message *message = reading->message;
    struct json_scanner scanner = json_scanner_of(message->traits, SLICE(""));
    struct json_part part;
    bool used = false;
    while (message->traits.size && !json_scan(&scanner, &part, NULL) &&
           part.kind != JSON_PART_END) {
        if (part.name.size > TRAIT_NAME_SIZE_MAX)
            continue;
        struct name_entry *name = names_find(reading->names, reading->scheme, part.name, true);
        if (!name)
            return false;
        name_count(name, message->occurred_ms);
        used |= trait_is_used(reading->scheme, part.name);
    }
    if (!used)
        return true;
    struct value *traits = ARENA_NEW(&reading->touches->scratch, struct value);
    if (!traits)
        return false;
    if (!json_read(&reading->touches->scratch, message->traits, 0, traits, NULL))
        reading->traits = traits;
    return true;
}

static bool read_event(struct reading *reading)
{
    const struct message *message = reading->message;
    if (slice_is_empty(message->event))
        return true;
    struct name_entry *name = names_find(reading->names, reading->scheme, message->event, false);
    if (!name)
        return false;
    name_count(name, message->occurred_ms);
    if (!is_outcome(message))
        return true;
    reading->event = name;
    const struct scheme_event *event =
        name->event < 0 ? NULL : &reading->scheme->events[name->event];
    bool asks = event && (event->condition_count || event->property_count);
    struct value properties;
    if (!asks && name->step < 0)
        return true;
    read_properties(reading, &properties);
    if (name->step >= 0)
        find_step(reading, &properties);
    return !asks || event_payload(reading, event, &properties);
}

static bool trait_payload(struct arena *arena, const struct value *value, struct slice *payload)
{
    char digits[NUMBER_TEXT_SIZE];
    struct slice text = {0};
    uint16_t size = UNIT_TRAIT_OTHER;
    if (value->kind == VALUE_NULL)
        size = UNIT_TRAIT_NONE;
    else if (trait_text(value, digits, &text) && text.size <= UNIT_TRAIT_TEXT_MAX)
        size = (uint16_t)text.size;
    else
        text = (struct slice){0};
    char *bytes = arena_alloc(arena, 2 + text.size);
    if (!bytes)
        return false;
    uint16_t stored = htole16(size);
    memcpy(bytes, &stored, 2);
    if (text.size)
        memcpy(bytes + 2, text.data, text.size);
    *payload = (struct slice){.data = bytes, .size = 2 + text.size};
    return true;
}

/* Where an entry goes: to the id's own lists, or to what it owes to units of another kind. */
struct place {
    enum unit_kind kind; /* of the units that analyse it */
    bool owed;
};

static enum unit_list_type list_type(struct place place, enum unit_list_type base)
{
    return place.owed ? UNIT_LIST_OWED(place.kind, base) : base;
}

/* A group call brings the account's traits, an identify call those of the person. */
static bool traits_speak_of(const struct message *message, struct place place)
{
    if (message->type == MESSAGE_GROUP)
        return place.kind == UNIT_ACCOUNT && !place.owed;
    return place.kind != UNIT_ACCOUNT || (message->type != MESSAGE_IDENTIFY && !place.owed);
}

static bool traits_add(const struct reading *reading, struct place place)
{
    const struct scheme *scheme = reading->scheme;
    if (!traits_speak_of(reading->message, place))
        return true;
    for (size_t i = 0; reading->traits && i < scheme->trait_count; i++) {
        const struct value *value = value_at(reading->traits, scheme->traits[i].path);
        struct slice payload;
        if (!value || !(scheme->traits[i].kinds >> place.kind & 1))
            continue;
        if (!trait_payload(&reading->touches->arena, value, &payload) ||
            !item_add(reading->touches, list_type(place, UNIT_LIST_TRAITS), i, payload))
            return false;
    }
    return true;
}

static bool outcome_add(const struct reading *reading, struct place place)
{
    const struct scheme *scheme = reading->scheme;
    const struct name_entry *name = reading->event;
    int64_t time_ms = reading->message->occurred_ms;
    if (!name)
        return true;
    if (name->event >= 0) {
        const struct scheme_event *event = &scheme->events[name->event];
        if (event->kinds >> place.kind & 1 && time_ms >= event->kept_from_ms &&
            !item_add(reading->touches, list_type(place, UNIT_LIST_EVENTS), (size_t)name->event,
                      reading->payload))
            return false;
    }
    for (size_t i = 0; i < scheme->filter_count; i++) {
        const struct scheme_filter *filter = &scheme->filters[i];
        if (name->activity[i] && filter->kinds >> place.kind & 1 &&
            time_ms >= filter->kept_from_ms &&
            !item_add(reading->touches, list_type(place, UNIT_LIST_ACTIVITY), i, (struct slice){0}))
            return false;
    }
    return true;
}

static bool step_add(const struct reading *reading, struct place place)
{
    static const char outcomes[STEP_OUTCOME_COUNT] = {STEP_WAS_VIEWED, STEP_WAS_COMPLETED,
                                                      STEP_WAS_DISMISSED, STEP_WAS_FAILED};
    const struct scheme_step *step = reading->step;
    if (!step || !(step->kinds >> place.kind & 1) ||
        reading->message->occurred_ms < step->kept_from_ms)
        return true;
    return item_add(reading->touches, list_type(place, UNIT_LIST_STEPS), reading->step_list,
                    (struct slice){.data = &outcomes[reading->event->step], .size = 1});
}

static bool exposure_put(const struct reading *reading, size_t experiment,
                         const struct exposure_payload *judged)
{
    char *bytes = arena_alloc(&reading->touches->arena, EXPOSURE_PAYLOAD_SIZE);
    if (!bytes)
        return false;
    exposure_payload_write(judged, bytes);
    return item_add(reading->touches, UNIT_LIST_EXPOSURES, experiment,
                    (struct slice){.data = bytes, .size = EXPOSURE_PAYLOAD_SIZE});
}

static bool exposure_add(const struct reading *reading, enum unit_kind kind, struct slice id)
{
    const struct message *message = reading->message;
    if (message->type != MESSAGE_EXPOSURE)
        return true;
    int index = scheme_experiment(reading->scheme, message->experiment);
    struct exposure_payload judged;
    if (index < 0 || !(reading->scheme->experiments[index].kinds >> kind & 1) ||
        !exposure_judge(&reading->scheme->experiments[index], message, kind, id, reading->flags,
                        &judged))
        return true;
    const struct scheme_ruling *ruling =
        scheme_ruling(&reading->scheme->experiments[index], message->occurred_ms);
    struct exposure_payload held;
    return exposure_put(reading, (size_t)index, &judged) &&
           (!exposure_judge_holdout(reading->scheme, ruling, message, id, &judged, &held) ||
            exposure_put(reading, (size_t)ruling->holdout, &held));
}

/* What a message says of one id. */
struct named {
    const struct reading *reading;
    const struct unit_numbers *numbers;
    enum unit_kind kind;
    struct slice id;
    size_t first; /* of the items of this touch */
};

/* Ends a touch: the items since `first`, if any, are of that id. */
static enum status touch_end(const struct named *named)
{
    const struct reading *reading = named->reading;
    struct touches *touches = reading->touches;
    if (touches->entry_count == named->first)
        return STATUS_OK;
    uint64_t unit;
    enum status status = named->numbers->number(named->numbers->context, named->kind, named->id,
                                                &unit, reading->error);
    if (status)
        return status;
    void *items = grown(touches->items, touches->count, &touches->capacity, sizeof *touches->items);
    if (!items)
        return no_memory(reading->error);
    touches->items = items;
    touches->items[touches->count++] =
        (struct touch){.unit = unit,
                       .order = touches->messages,
                       .kind = (uint8_t)named->kind,
                       .head = head_of(reading->message, reading->flags),
                       .first_item = (uint32_t)named->first,
                       .item_count = (uint32_t)(touches->entry_count - named->first)};
    return STATUS_OK;
}

static bool entries_add(const struct reading *reading, struct place place)
{
    return traits_add(reading, place) && outcome_add(reading, place) && step_add(reading, place);
}

/* Whether a message that carries an id of kind `kind` is owed to units of kind `to`: not where it
 * carries an id of that kind itself, or one through which the tie runs. */
static bool message_owes(const struct slice ids[UNIT_KIND_COUNT], enum unit_kind kind,
                         enum unit_kind to)
{
    if (kind == UNIT_ACCOUNT || kind == to || !slice_is_empty(ids[to]))
        return false;
    return kind != UNIT_ANONYMOUS || to != UNIT_ACCOUNT || slice_is_empty(ids[UNIT_USER]);
}

static enum status unit_touch(struct named *named, const struct slice ids[UNIT_KIND_COUNT])
{
    const struct reading *reading = named->reading;
    unsigned kinds = reading->scheme->kinds;
    named->first = reading->touches->entry_count;
    bool done =
        !(kinds >> named->kind & 1) || (exposure_add(reading, named->kind, named->id) &&
                                        entries_add(reading, (struct place){.kind = named->kind}));
    for (unsigned to = 0; done && to < UNIT_KIND_COUNT; to++)
        if (kinds >> to & 1 && message_owes(ids, named->kind, (enum unit_kind)to))
            done = entries_add(reading, (struct place){.kind = (enum unit_kind)to, .owed = true});
    return done ? touch_end(named) : no_memory(reading->error);
}

/* One side of a link: the other id goes to a list of this one. */
static enum status link_touch(struct named *named, enum unit_list_type type, enum unit_kind other,
                              struct slice other_id)
{
    struct touches *touches = named->reading->touches;
    uint64_t number;
    enum status status = named->numbers->number(named->numbers->context, other, other_id, &number,
                                                named->reading->error);
    if (status)
        return status;
    uint64_t numbers[2] = {htole64(text_hash(other, other_id)), htole64(number)};
    char *bytes = arena_alloc(&touches->arena, sizeof numbers);
    if (!bytes)
        return no_memory(named->reading->error);
    memcpy(bytes, numbers, sizeof numbers);
    named->first = touches->entry_count;
    if (!item_add(touches, type, 0, (struct slice){.data = bytes, .size = sizeof numbers}))
        return no_memory(named->reading->error);
    return touch_end(named);
}

static enum status link_both(const struct reading *reading, const struct unit_numbers *numbers,
                             enum unit_kind kind, struct slice user, struct slice other)
{
    bool visitor = kind == UNIT_ANONYMOUS;
    struct named one = {.reading = reading, .numbers = numbers, .kind = UNIT_USER, .id = user};
    struct named two = {.reading = reading, .numbers = numbers, .kind = kind, .id = other};
    enum status status =
        link_touch(&one, visitor ? UNIT_LIST_VISITORS : UNIT_LIST_ACCOUNTS, kind, other);
    return status
               ? status
               : link_touch(&two, visitor ? UNIT_LIST_USERS : UNIT_LIST_MEMBERS, UNIT_USER, user);
}

/* Links that a message says (http-api.md): an alias, and an identify with both ids, join a visitor
 * to a user; a group call, or any message with an account, ties the user to it. */
static enum status links_touch(const struct reading *reading, const struct unit_numbers *numbers)
{
    const struct message *message = reading->message;
    struct slice visitor = {0};
    enum status status = STATUS_OK;
    if (slice_is_empty(message->user) || !reading->scheme->kinds)
        return STATUS_OK;
    if (message->type == MESSAGE_ALIAS)
        visitor = message->previous;
    else if (message->type == MESSAGE_IDENTIFY)
        visitor = message->anonymous;
    if (visitor.size)
        status = link_both(reading, numbers, UNIT_ANONYMOUS, message->user, visitor);
    bool ties = reading->scheme->kinds >> UNIT_ACCOUNT & 1 || reading->scheme->with_mixing;
    if (!status && message->account.size && ties)
        status = link_both(reading, numbers, UNIT_ACCOUNT, message->user, message->account);
    return status;
}

enum status touches_add(struct touches *touches, const struct scheme *scheme,
                        struct names_table *names, const struct unit_numbers *numbers,
                        const struct message *message, uint16_t flags, struct error *error)
{
    struct reading reading = {.touches = touches,
                              .scheme = scheme,
                              .names = names,
                              .message = message,
                              .flags = flags,
                              .error = error};
    const struct slice ids[UNIT_KIND_COUNT] = {[UNIT_USER] = message->user,
                                               [UNIT_ACCOUNT] = message->account,
                                               [UNIT_ANONYMOUS] = message->anonymous};
    arena_reset(&touches->scratch);
    if (!read_traits(&reading) || !read_event(&reading))
        return no_memory(error);
    enum status status = STATUS_OK;
    for (unsigned kind = 0; !status && kind < UNIT_KIND_COUNT; kind++) {
        struct named named = {
            .reading = &reading, .numbers = numbers, .kind = (enum unit_kind)kind, .id = ids[kind]};
        if (!slice_is_empty(ids[kind]))
            status = unit_touch(&named, ids);
    }
    if (!status && !(flags & RECORD_SCRUBBED)) /* of which exposures alone are left */
        status = links_touch(&reading, numbers);
    touches->messages++;
    return status;
}

static int touch_compare(const void *a, const void *b)
{
    const struct touch *one = a, *other = b;
    if (one->unit != other->unit)
        return one->unit < other->unit ? -1 : 1;
    return (one->order > other->order) - (one->order < other->order);
}

void touches_sort(struct touches *touches)
{
    if (touches->count)
        qsort(touches->items, touches->count, sizeof *touches->items, touch_compare);
}

void touches_clear(struct touches *touches)
{
    arena_reset(&touches->arena);
    touches->count = 0;
    touches->entry_count = 0;
    touches->messages = 0;
}

void touches_done(struct touches *touches)
{
    free(touches->items);
    free(touches->entries);
    arena_done(&touches->arena);
    arena_done(&touches->scratch);
    *touches = (struct touches){0};
}
