/*
 * Implementation of dialect.h, and what its two sides share: the frames, accounts, traits.
 *
 * References: PostHog, "Capture and batch API endpoints", and what posthog-node 5.70 and posthog-js
 * 1.449 send; Amplitude, "HTTP V2 API" and "Identify API", and what @amplitude/analytics-node 1.5
 * and analytics-browser 2.44 send (tests/clients).
 */

#include "dialect.h"

#include "dialect_event.h"

const struct dialect_frame dialect_frames[] = {
    [DIALECT_SEGMENT] = {.list = "batch", .sent_at = "sentAt", .id = "messageId"},
    [DIALECT_POSTHOG] = {.list = "batch", .sent_at = "sent_at", .id = "uuid"},
    [DIALECT_AMPLITUDE] = {.list = "events", .sent_at = "client_upload_time", .id = "insert_id"},
};

/* Types of groups that are accounts here, the first that an event has. */
static const char *const account_types[] = {"account",      "company",   "organization",
                                            "organisation", "workspace", "team",
                                            "tenant",       "customer",  "group"};

const struct value *translation_member(const struct value *object, const char *name)
{
    const struct value *value = value_member(object, slice_of(name));
    return value && value->kind != VALUE_NULL ? value : NULL;
}

void translation_copy(struct translation *translation, struct value *to, const char *name,
                      const struct value *value)
{
    if (value && value->kind != VALUE_NULL)
        value_add(translation->arena, to, name, *value);
}

void translation_refuse(struct translation *translation, enum rejection rejection,
                        const char *fault)
{
    translation->rejection = rejection;
    translation->fault = fault;
}

const struct value *translation_object(struct translation *translation, const char *name,
                                       const char *fault)
{
    const struct value *value = translation_member(translation->event, name);
    if (value && value->kind != VALUE_OBJECT)
        translation_refuse(translation, REJECTION_BAD_TYPE, fault);
    return value;
}

bool account_type_is_known(struct slice type)
{
    for (size_t i = 0; i < sizeof account_types / sizeof *account_types; i++)
        if (slice_equals(type, account_types[i]))
            return true;
    return false;
}

/* Amplitude may give several names of a type. */
static const struct value *first_of(const struct value *name)
{
    return name && name->kind == VALUE_LIST ? (name->count ? &name->items[0] : NULL) : name;
}

const struct value *account_of(const struct value *groups)
{
    for (size_t i = 0; i < sizeof account_types / sizeof *account_types; i++) {
        const struct value *name = translation_member(groups, account_types[i]);
        if (name)
            return first_of(name);
    }
    return NULL;
}

const struct value *group_of(const struct value *groups)
{
    const struct value *account = account_of(groups);
    if (account || !groups || groups->kind != VALUE_OBJECT || !groups->count)
        return account;
    return first_of(&groups->members[0].value);
}

/* A later value of the same name wins, as in JavaScript's spread.  What is null says nothing, and
 * what begins with a dollar the SDK has added: page, referrer and campaign of the first visit. */
void traits_merge(struct translation *translation, struct value *traits, const struct value *more)
{
    if (!more || more->kind != VALUE_OBJECT)
        return;
    for (size_t i = 0; i < more->count; i++) {
        const struct member *member = &more->members[i];
        struct value *there = NULL;
        bool is_added = member->name.size && member->name.data[0] == '$';
        if (is_added || member->value.kind == VALUE_NULL)
            continue;
        for (size_t j = 0; j < traits->count && !there; j++)
            if (slice_equal(traits->members[j].name, member->name))
                there = &traits->members[j].value;
        if (there)
            *there = member->value;
        else
            value_add_named(translation->arena, traits, member->name, member->value);
    }
}

void translation_add(struct translation *translation, const char *name, struct value object)
{
    if (object.count)
        value_add(translation->arena, &translation->message, name, object);
}

struct dialect_result dialect_translate(enum intake_dialect dialect, struct arena *arena,
                                        const struct value *event, int64_t received_ms)
{
    struct translation translation = {.arena = arena,
                                      .event = event,
                                      .received_ms = received_ms,
                                      .message = value_object(),
                                      .context = value_object(),
                                      .traits = value_object()};
    if (dialect == DIALECT_POSTHOG)
        translate_posthog(&translation);
    else
        translate_amplitude(&translation);
    return (struct dialect_result){.message = translation.message,
                                   .rejection = translation.rejection,
                                   .fault = translation.fault};
}
