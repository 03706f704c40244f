/*
 * PostHog's events.  The time: `timestamp` with the body's `sent_at`, as Segment corrects it; a
 * browser sends `offset` instead, the milliseconds that the event waited, and then its clock does
 * not matter.
 */

#include "dialect_event.h"

#include "base/time.h"

typedef void translate_fn(struct translation *translation, const struct value *properties);

/* What cookieless visitors are all called. */
#define COOKIELESS "$posthog_cookieless"

static bool is_text(const struct value *value)
{
    return value && value->kind == VALUE_TEXT && !slice_is_empty(value->text);
}

/* A member of the event, or of its properties. */
static const struct value *either(const struct translation *translation,
                                  const struct value *properties, const char *name)
{
    const struct value *value = translation_member(translation->event, name);
    return value ? value : translation_member(properties, name);
}

static const struct value *distinct_of(const struct translation *translation,
                                       const struct value *properties)
{
    const struct value *distinct = either(translation, properties, "distinct_id");
    bool is_nobody =
        distinct && distinct->kind == VALUE_TEXT && slice_equals(distinct->text, COOKIELESS);
    return is_nobody ? NULL : distinct;
}

static bool is_visitor(const struct value *distinct, const struct value *properties)
{
    const struct value *identified = translation_member(properties, "$is_identified");
    const struct value *device = translation_member(properties, "$device_id");
    if (identified && identified->kind == VALUE_BOOLEAN && !identified->boolean)
        return true;
    return is_text(device) && distinct->kind == VALUE_TEXT &&
           slice_equal(device->text, distinct->text);
}

static void add_ids(struct translation *translation, const struct value *properties)
{
    const struct value *distinct = distinct_of(translation, properties);
    const struct value *device = translation_member(properties, "$device_id");
    struct value *message = &translation->message;
    if (is_visitor(distinct, properties)) {
        translation_copy(translation, message, "anonymousId", distinct);
        return;
    }
    translation_copy(translation, message, "userId", distinct);
    if (is_text(device) && !slice_equals(device->text, COOKIELESS))
        translation_copy(translation, message, "anonymousId", device);
}

static void add_time(struct translation *translation)
{
    struct value *message = &translation->message;
    const struct value *timestamp = translation_member(translation->event, "timestamp");
    const struct value *offset = translation_member(translation->event, "offset");
    bool waited = offset && value_is_number(offset) && offset->number >= 0 &&
                  offset->number < (double)translation->received_ms;
    if (timestamp || !waited) {
        translation_copy(translation, message, "timestamp", timestamp);
        translation_copy(translation, message, "sentAt",
                         translation_member(translation->event, "sent_at"));
    } else {
        int64_t occurred_ms = translation->received_ms - (int64_t)offset->number;
        value_add(translation->arena, message, "timestamp", value_integer(occurred_ms));
        value_add(translation->arena, message, "sentAt", value_integer(translation->received_ms));
    }
}

/* What the SDK adds of page, language and campaign, under the names that Segment has. */
static void add_context(struct translation *translation, const struct value *properties)
{
    static const char *const campaigns[][2] = {{"utm_source", "source"},
                                               {"utm_medium", "medium"},
                                               {"utm_campaign", "name"},
                                               {"utm_term", "term"},
                                               {"utm_content", "content"}};
    struct value *context = &translation->context;
    struct value campaign = value_object(), page = value_object();
    for (size_t i = 0; i < sizeof campaigns / sizeof *campaigns; i++)
        translation_copy(translation, &campaign, campaigns[i][1],
                         translation_member(properties, campaigns[i][0]));
    translation_copy(translation, &page, "path", translation_member(properties, "$pathname"));
    translation_copy(translation, context, "groupId",
                     account_of(translation_member(properties, "$groups")));
    translation_copy(translation, context, "locale",
                     translation_member(properties, "$browser_language"));
    if (page.count)
        value_add(translation->arena, context, "page", page);
    if (campaign.count)
        value_add(translation->arena, context, "campaign", campaign);
}

/* Click ids of every advertiser are there, null where there is none. */
static bool is_own_property(const struct member *member)
{
    struct slice name = member->name;
    return member->value.kind != VALUE_NULL && name.size && name.data[0] != '$' &&
           !slice_starts_with(name, SLICE("utm_")) && !slice_equals(name, "token") &&
           !slice_equals(name, "distinct_id");
}

static struct value own_properties(struct translation *translation, const struct value *properties)
{
    struct value kept = value_object();
    for (size_t i = 0; properties && i < properties->count; i++)
        if (is_own_property(&properties->members[i]))
            value_add_named(translation->arena, &kept, properties->members[i].name,
                            properties->members[i].value);
    return kept;
}

static void add_type(struct translation *translation, const char *type)
{
    value_add(translation->arena, &translation->message, "type", value_text(slice_of(type)));
}

static void translate_track(struct translation *translation, const struct value *properties)
{
    add_type(translation, "track");
    add_ids(translation, properties);
    translation_copy(translation, &translation->message, "event",
                     translation_member(translation->event, "event"));
    translation_add(translation, "properties", own_properties(translation, properties));
}

/* The answer of a flag without variants is a boolean. */
static void translate_flag(struct translation *translation, const struct value *properties)
{
    const struct value *variant = translation_member(properties, "$feature_flag_response");
    struct value kept = own_properties(translation, properties);
    add_type(translation, "track");
    add_ids(translation, properties);
    translation_copy(translation, &translation->message, "event",
                     translation_member(translation->event, "event"));
    translation_copy(translation, &kept, "$feature_flag",
                     translation_member(properties, "$feature_flag"));
    if (variant && variant->kind == VALUE_BOOLEAN)
        value_add(translation->arena, &kept, "$feature_flag_response",
                  value_text(variant->boolean ? SLICE("true") : SLICE("false")));
    else
        translation_copy(translation, &kept, "$feature_flag_response", variant);
    translation_add(translation, "properties", kept);
}

static void translate_page(struct translation *translation, const struct value *properties)
{
    add_type(translation, "page");
    add_ids(translation, properties);
    translation_add(translation, "properties", own_properties(translation, properties));
}

static void translate_screen(struct translation *translation, const struct value *properties)
{
    add_type(translation, "screen");
    add_ids(translation, properties);
    translation_copy(translation, &translation->message, "name",
                     translation_member(properties, "$screen_name"));
    translation_add(translation, "properties", own_properties(translation, properties));
}

/* The visitor becomes the user. */
static void translate_identify(struct translation *translation, const struct value *properties)
{
    const struct value *before = translation_member(properties, "$anon_distinct_id");
    struct value *message = &translation->message;
    add_type(translation, "identify");
    translation_copy(translation, message, "userId", distinct_of(translation, properties));
    translation_copy(translation, message, "anonymousId",
                     before ? before : translation_member(properties, "$device_id"));
    translation_add(translation, "traits", translation->traits);
}

static void translate_set(struct translation *translation, const struct value *properties)
{
    add_type(translation, "identify");
    add_ids(translation, properties);
    translation_add(translation, "traits", translation->traits);
}

/* `alias` is another id of the person of `distinct_id`: in a page the user that the visitor turns
 * out to be, on a server the visitor that the user was. */
static void translate_alias(struct translation *translation, const struct value *properties)
{
    const struct value *distinct = distinct_of(translation, properties);
    const struct value *alias = translation_member(properties, "alias");
    bool visitor = is_visitor(distinct, properties);
    add_type(translation, "alias");
    translation_copy(translation, &translation->message, "userId", visitor ? alias : distinct);
    translation_copy(translation, &translation->message, "previousId", visitor ? distinct : alias);
}

/* A server that names no person for it sends `$type_key` as the distinct_id. */
static bool is_made_of(struct slice id, struct slice type, const struct value *key)
{
    return is_text(key) && id.size == type.size + key->text.size + 2 && id.data[0] == '$' &&
           slice_starts_with(slice_from(id, 1), type) && id.data[type.size + 1] == '_' &&
           slice_equal(slice_from(id, type.size + 2), key->text);
}

static void translate_group(struct translation *translation, const struct value *properties)
{
    const struct value *type = translation_member(properties, "$group_type");
    const struct value *key = translation_member(properties, "$group_key");
    const struct value *distinct = distinct_of(translation, properties);
    struct value traits = value_object();
    add_type(translation, "group");
    translation_copy(translation, &translation->message, "groupId", key);
    if (is_text(type) && account_type_is_known(type->text) && distinct->kind == VALUE_TEXT &&
        !is_made_of(distinct->text, type->text, key))
        add_ids(translation, properties);
    traits_merge(translation, &traits, translation_member(properties, "$group_set"));
    translation_add(translation, "traits", traits);
}

static const struct {
    const char *event;
    translate_fn *translate;
    bool own_traits; /* they stand in the message, not in its context */
} events[] = {
    {"$feature_flag_called", translate_flag, false},
    {"$identify", translate_identify, true},
    {"$set", translate_set, true},
    {"$groupidentify", translate_group, true},
    {"$create_alias", translate_alias, true},
    {"$pageview", translate_page, false},
    {"$screen", translate_screen, false},
    {NULL, translate_track, false},
};

void translate_posthog(struct translation *translation)
{
    const struct value *properties =
        translation_object(translation, "properties", "properties is no object");
    const struct value *event = translation_member(translation->event, "event");
    translation_copy(translation, &translation->message, "messageId",
                     translation_member(translation->event, "uuid"));
    if (!is_text(event)) {
        translation_refuse(translation, REJECTION_NO_EVENT, "no event name");
        return;
    }
    if (!distinct_of(translation, properties)) {
        translation_refuse(translation, REJECTION_NO_UNIT, "no distinct_id");
        return;
    }
    if (translation->fault)
        return;
    size_t row = 0;
    while (events[row].event && !slice_equals(event->text, events[row].event))
        row++;
    traits_merge(translation, &translation->traits, either(translation, properties, "$set_once"));
    traits_merge(translation, &translation->traits, either(translation, properties, "$set"));
    add_time(translation);
    events[row].translate(translation, properties);
    add_context(translation, properties);
    if (!events[row].own_traits && translation->traits.count)
        value_add(translation->arena, &translation->context, "traits", translation->traits);
    translation_add(translation, "context", translation->context);
}
