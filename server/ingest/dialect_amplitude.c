/*
 * Amplitude's events.  The time: `time` in milliseconds, with the body's `client_upload_time`
 * corrected as everywhere.  Of the operations on user properties those that set are taken; what
 * adds to a number or a list that is kept elsewhere has no value of its own.
 */

#include "dialect_event.h"

#define ADDED_BY_THE_SDK "[Amplitude] "

static const struct {
    const char *event;
    const char *type;
    bool own_traits; /* they stand in the message, not in its context */
} events[] = {
    {"$identify", "identify", true},
    {"$groupidentify", "group", true},
    {ADDED_BY_THE_SDK "Page Viewed", "page", false},
    {ADDED_BY_THE_SDK "Screen Viewed", "screen", false},
    {NULL, "track", false},
};

/* Exposures of Amplitude's own experiment SDK. */
#define EXPOSURE "$exposure"

static struct value event_properties(struct translation *translation, bool is_exposure)
{
    const struct value *properties = translation_member(translation->event, "event_properties");
    struct value kept = value_object();
    for (size_t i = 0; properties && i < properties->count; i++) {
        struct slice name = properties->members[i].name;
        bool is_named = slice_equals(name, "experiment_id") || slice_equals(name, "variation_id");
        if (slice_starts_with(name, SLICE(ADDED_BY_THE_SDK)) || (is_exposure && is_named))
            continue;
        if (is_exposure && slice_equals(name, "flag_key"))
            name = SLICE("experiment_id");
        else if (is_exposure && slice_equals(name, "variant"))
            name = SLICE("variation_id");
        value_add_named(translation->arena, &kept, name, properties->members[i].value);
    }
    return kept;
}

/* Plain members, and those under $setOnce and $set. */
static struct value traits_of(struct translation *translation, const struct value *properties)
{
    struct value traits = value_object();
    traits_merge(translation, &traits, properties);
    traits_merge(translation, &traits, translation_member(properties, "$setOnce"));
    traits_merge(translation, &traits, translation_member(properties, "$set"));
    return traits;
}

static void add_ids(struct translation *translation)
{
    translation_copy(translation, &translation->message, "userId",
                     translation_member(translation->event, "user_id"));
    translation_copy(translation, &translation->message, "anonymousId",
                     translation_member(translation->event, "device_id"));
}

static void add_context(struct translation *translation)
{
    struct value page = value_object();
    translation_copy(translation, &page, "path",
                     translation_member(translation_member(translation->event, "event_properties"),
                                        ADDED_BY_THE_SDK "Page Path"));
    if (page.count)
        value_add(translation->arena, &translation->context, "page", page);
    translation_copy(translation, &translation->context, "locale",
                     translation_member(translation->event, "language"));
    translation_copy(translation, &translation->context, "groupId",
                     account_of(translation_member(translation->event, "groups")));
}

static void translate_group(struct translation *translation)
{
    const struct value *groups = translation_member(translation->event, "groups");
    translation_copy(translation, &translation->message, "groupId", group_of(groups));
    translation->traits =
        traits_of(translation, translation_member(translation->event, "group_properties"));
    if (account_of(groups))
        add_ids(translation);
}

static void translate_event(struct translation *translation, const struct value *name)
{
    bool is_exposure = slice_equals(name->text, EXPOSURE);
    translation->traits =
        traits_of(translation, translation_member(translation->event, "user_properties"));
    add_ids(translation);
    if (is_exposure)
        value_add(translation->arena, &translation->message, "event",
                  value_text(SLICE("Experiment Viewed")));
    else
        translation_copy(translation, &translation->message, "event", name);
    translation_add(translation, "properties", event_properties(translation, is_exposure));
}

void translate_amplitude(struct translation *translation)
{
    const struct value *name = translation_member(translation->event, "event_type");
    struct value *message = &translation->message;
    translation_copy(translation, message, "messageId",
                     translation_member(translation->event, "insert_id"));
    if (!name || name->kind != VALUE_TEXT || slice_is_empty(name->text)) {
        translation_refuse(translation, REJECTION_NO_EVENT, "no event_type");
        return;
    }
    translation_object(translation, "event_properties", "event_properties is no object");
    translation_object(translation, "user_properties", "user_properties is no object");
    if (translation->fault)
        return;
    size_t row = 0;
    while (events[row].event && !slice_equals(name->text, events[row].event))
        row++;
    bool is_group = slice_equals(slice_of(events[row].type), "group");
    value_add(translation->arena, message, "type", value_text(slice_of(events[row].type)));
    translation_copy(translation, message, "timestamp",
                     translation_member(translation->event, "time"));
    if (is_group)
        translate_group(translation);
    else
        translate_event(translation, name);
    if (!is_group && !translation_member(message, "userId") &&
        !translation_member(message, "anonymousId")) {
        translation_refuse(translation, REJECTION_NO_UNIT, "neither user_id nor device_id");
        return;
    }
    add_context(translation);
    if (events[row].own_traits)
        translation_add(translation, "traits", translation->traits);
    else if (translation->traits.count)
        value_add(translation->arena, &translation->context, "traits", translation->traits);
    translation_add(translation, "context", translation->context);
}
