/*
 * The rules of one event (http-api.md, "Events"): whose it is, what it is called, when it happened.
 *
 * Time: `timestamp`, else `originalTimestamp` (RudderStack's SDK sends the present there, beside a
 * `timestamp` that its caller gave), corrected by the client's clock as Segment specifies, occurred
 * = received - (sentAt - timestamp), but only where that shift is over 60 s (below it is network
 * delay) and in whole seconds; never later than receipt.  All three times are
 * kept.  A message that `export` wrote carries the corrected time as `timestamp` beside
 * `originalTimestamp` (null where it had none), as Segment delivers messages: `import` takes it,
 * for the time of receipt may have been raised since.
 *
 * Content hash: over the encoded message without sentAt and the corrected time.  It breaks ties in
 * the record order, and is the identity of a message that has a time of its own but no messageId.
 */

#include "message.h"

#include "base/limits.h"
#include "base/random.h"
#include "dialect.h"
#include "ingest/privacy.h"

#define CLOCK_SHIFT_MIN_MS (60 * SECOND_MS)
#define SKEW_MAX_MS (30 * DAY_MS)
#define MESSAGE_ID_SIZE_MAX 256                           /* Segment's own is 100 characters */
#define MESSAGE_ID_JSON_MAX (6 * MESSAGE_ID_SIZE_MAX + 2) /* each byte as \uXXXX, and quotes */
#define TIME_LATEST_MS INT64_C(253402300799999) /* what RFC 3339 can still write: year 9999 */

/* A line of `export` is its event in canonical form with all its times: 1e14 takes 15 digits there,
 * so what came in at the limit is longer on its way back. */
#define IMPORT_SIZE_MAX (4 * EVENT_SIZE_MAX)

const struct exposure_dialect exposure_dialects[] = {
    {"Experiment Viewed", "experiment_id", "variation_id"}, /* enum exposure_source */
    {"$feature_flag_called", "$feature_flag", "$feature_flag_response"},
    {"feature_flag.evaluation", "feature_flag.key", "feature_flag.result.variant"},
    {NULL, NULL, NULL},
};

/* An event on its way: what was read, and what is made of it. */
struct draft {
    struct message_source *source;
    struct value event;
    const struct value *context; /* may be NULL */
    struct message message;
    uint16_t flags;
    int64_t received_ms;
    struct message_fault *fault;
};

void message_source_done(struct message_source *source)
{
    arena_done(&source->scratch);
    buffer_done(&source->encoded);
}

static bool refuse(struct draft *draft, enum rejection reason, struct slice text)
{
    *draft->fault = (struct message_fault){.reason = reason, .text = text};
    return false;
}

static const struct value *member_of(const struct value *object, const char *name)
{
    const struct value *value = value_member(object, slice_of(name));
    return value && value->kind != VALUE_NULL ? value : NULL;
}

/* An id as text; numbers that SDKs send as ids are taken by their decimal digits. */
static bool draft_id(struct draft *draft, const struct value *value, const char *name,
                     struct slice *id)
{
    if (!value)
        return true;
    struct slice text = value->text;
    if (value->kind == VALUE_INTEGER)
        text = arena_format(&draft->source->scratch, "%lld", (long long)value->integer);
    else if (value->kind != VALUE_TEXT)
        return refuse(draft, REJECTION_BAD_UNIT,
                      arena_format(draft->source->arena, "%s is no text", name));
    const char *fault = unit_id_fault(text);
    if (fault)
        return refuse(draft,
                      unit_id_is_placeholder(text) ? REJECTION_PLACEHOLDER : REJECTION_BAD_UNIT,
                      arena_format(draft->source->arena, "%s: %s", name, fault));
    *id = text;
    return true;
}

static bool draft_ids(struct draft *draft)
{
    struct message *message = &draft->message;
    const struct value *account = member_of(draft->context, "groupId");
    if (message->type == MESSAGE_GROUP || !account)
        account = member_of(&draft->event, "groupId");
    if (!draft_id(draft, member_of(&draft->event, "userId"), "userId", &message->user) ||
        !draft_id(draft, member_of(&draft->event, "anonymousId"), "anonymousId",
                  &message->anonymous) ||
        !draft_id(draft, account, "groupId", &message->account))
        return false;
    if (message->type == MESSAGE_ALIAS &&
        !draft_id(draft, member_of(&draft->event, "previousId"), "previousId", &message->previous))
        return false;
    if (message->type == MESSAGE_ALIAS && slice_is_empty(message->previous))
        return refuse(draft, REJECTION_NO_UNIT, SLICE("alias without previousId"));
    if (message->type == MESSAGE_ALIAS && slice_is_empty(message->user))
        return refuse(draft, REJECTION_NO_UNIT, SLICE("alias without userId"));
    if (message->type == MESSAGE_GROUP && slice_is_empty(message->account))
        return refuse(draft, REJECTION_NO_UNIT, SLICE("group without groupId"));
    if (message->type != MESSAGE_NOTE && slice_is_empty(message->user) &&
        slice_is_empty(message->anonymous) && slice_is_empty(message->account))
        return refuse(draft, REJECTION_NO_UNIT, SLICE("neither userId nor anonymousId"));
    return true;
}

bool message_time(const struct value *value, int64_t *time_ms)
{
    if (!value)
        return false;
    if (value->kind == VALUE_INTEGER && value->integer >= 0 && value->integer <= TIME_LATEST_MS) {
        *time_ms = value->integer;
        return true;
    }
    return value->kind == VALUE_TEXT && time_parse(value->text, time_ms, NULL) == STATUS_OK;
}

static int64_t occurred_of(int64_t original_ms, int64_t sent_ms, int64_t received_ms)
{
    int64_t occurred_ms = original_ms;
    if (sent_ms != TIME_NONE && original_ms <= sent_ms) {
        int64_t shift_ms = received_ms - sent_ms;
        if (shift_ms > CLOCK_SHIFT_MIN_MS || shift_ms < -CLOCK_SHIFT_MIN_MS)
            occurred_ms += shift_ms / SECOND_MS * SECOND_MS;
    }
    if (occurred_ms < 0)
        occurred_ms = 0;
    return occurred_ms < received_ms ? occurred_ms : received_ms;
}

/* What export wrote: receipt, and the corrected time where `originalTimestamp` stands beside it. */
static bool draft_delivered(struct draft *draft)
{
    const struct value *original = value_member(&draft->event, SLICE("originalTimestamp"));
    const struct value *receipt = member_of(&draft->event, "receivedAt");
    int64_t received_ms, occurred_ms;
    if (!draft->source->options->import || !message_time(receipt, &received_ms) ||
        received_ms > draft->received_ms)
        return false;
    draft->received_ms = received_ms;
    draft->message.occurred_ms = received_ms;
    if (!original || !message_time(member_of(&draft->event, "timestamp"), &occurred_ms))
        return false;
    if (occurred_ms < received_ms)
        draft->message.occurred_ms = occurred_ms;
    return true;
}

static bool draft_times(struct draft *draft)
{
    struct message *message = &draft->message;
    draft->received_ms = draft->source->options->received_ms;
    message->occurred_ms = draft->received_ms;
    message->original_ms = TIME_NONE;
    bool is_corrected = draft_delivered(draft);
    if (!message_time(member_of(&draft->event, "sentAt"), &message->sent_ms))
        message->sent_ms = draft->source->sent_ms;
    const struct value *original = member_of(&draft->event, "originalTimestamp");
    const struct value *given = member_of(&draft->event, "timestamp");
    if (given && !is_corrected)
        original = given;
    if (!original)
        return true;
    if (!message_time(original, &message->original_ms))
        return refuse(draft, REJECTION_BAD_TIME, SLICE("timestamp is no RFC 3339 time"));
    if (!is_corrected)
        message->occurred_ms =
            occurred_of(message->original_ms, message->sent_ms, draft->received_ms);
    return true;
}

static bool draft_message_id(struct draft *draft)
{
    const struct value *id = member_of(&draft->event, "messageId");
    if (!id)
        return true;
    if (id->kind != VALUE_TEXT || id->text.size > MESSAGE_ID_SIZE_MAX)
        return refuse(draft, REJECTION_BAD_TYPE, SLICE("messageId is no text of up to 256 bytes"));
    draft->message.message_id = id->text;
    return true;
}

/* The canonical JSON of `object`, in the scratch; empty when it has no members. */
static struct slice draft_json(struct draft *draft, const struct value *object)
{
    struct buffer *out = &draft->source->encoded;
    if (!object->count)
        return (struct slice){0};
    buffer_clear(out);
    value_write(out, object);
    if (out->failed)
        draft->source->scratch.failed = true;
    return arena_copy(&draft->source->scratch, buffer_slice(out));
}

/* The object member `name` of `parent` into `*object`, NULL when there is none. */
static bool draft_object(struct draft *draft, const struct value *parent, const char *name,
                         const struct value **object)
{
    *object = member_of(parent, name);
    if (*object && (*object)->kind != VALUE_OBJECT)
        return refuse(draft, REJECTION_BAD_TYPE,
                      arena_format(draft->source->arena, "%s is no object", name));
    return true;
}

/* The properties, without what stands in members of its own already; and with the name and category
 * of a page or screen, which some SDKs send beside them. */
static struct slice draft_properties(struct draft *draft, const struct value *properties,
                                     const struct exposure_dialect *dialect)
{
    static const char *const beside[] = {"category", "name"};
    struct arena *scratch = &draft->source->scratch;
    bool is_page = draft->message.type == MESSAGE_PAGE || draft->message.type == MESSAGE_SCREEN;
    if (!dialect && !is_page)
        return properties ? draft_json(draft, properties) : (struct slice){0};
    struct value kept = value_object();
    for (size_t i = 0; properties && i < properties->count; i++) {
        const struct member *member = &properties->members[i];
        if (!dialect || (!slice_equals(member->name, dialect->experiment) &&
                         !slice_equals(member->name, dialect->variation)))
            value_add_named(scratch, &kept, member->name, member->value);
    }
    for (size_t i = 0; is_page && i < sizeof beside / sizeof *beside; i++) {
        const struct value *value = member_of(&draft->event, beside[i]);
        if (value && value->kind == VALUE_TEXT && !value_member(&kept, slice_of(beside[i])))
            value_add(scratch, &kept, beside[i], *value);
    }
    return draft_json(draft, &kept);
}

/* An event name as grammar.md has it: 1 to 128 characters, no control character, no space at the
 * ends. */
static bool draft_event(struct draft *draft)
{
    struct message *message = &draft->message;
    if (message->type == MESSAGE_PAGE || message->type == MESSAGE_SCREEN) {
        message->event =
            message->type == MESSAGE_PAGE ? SLICE("Page Viewed") : SLICE("Screen Viewed");
        return true;
    }
    if (message->type != MESSAGE_TRACK)
        return true;
    const struct value *event = member_of(&draft->event, "event");
    if (!event || event->kind != VALUE_TEXT || slice_is_empty(event->text))
        return refuse(draft, REJECTION_NO_EVENT, SLICE("track without an event name"));
    struct slice name = event->text;
    if (slice_code_points(name) > 128)
        return refuse(draft, REJECTION_BAD_EVENT, SLICE("event name over 128 characters"));
    if (name.data[0] == ' ' || name.data[name.size - 1] == ' ')
        return refuse(draft, REJECTION_BAD_EVENT, SLICE("event name with a space at its end"));
    if (slice_has_control(name))
        return refuse(draft, REJECTION_BAD_EVENT, SLICE("event name with a control character"));
    message->event = name;
    return true;
}

static const struct exposure_dialect *dialect_of(const struct message *message)
{
    if (message->type == MESSAGE_TRACK)
        for (const struct exposure_dialect *row = exposure_dialects; row->event; row++)
            if (slice_equals(message->event, row->event))
                return row;
    return NULL;
}

/* The experiment that an exposure is of, of a holdout any of its group's: they share a kind of
 * unit.  NULL: it is not known. */
static const struct experiment *exposure_experiment(const struct catalogue *catalogue,
                                                    struct slice key)
{
    static const struct slice holdout = SLICE_INIT("holdout:");
    if (!catalogue)
        return NULL;
    if (!slice_starts_with(key, holdout))
        return catalogue_experiment(catalogue, key);
    struct slice group = slice_from(key, holdout.size);
    for (size_t i = 0; i < catalogue->experiment_count; i++)
        if (group.size && slice_equal(catalogue->experiments[i].holdout_group, group))
            return &catalogue->experiments[i];
    return NULL;
}

/* The id that the experiment's kind of unit needs must be there (routes.md, Exposures). */
static bool draft_exposure_unit(struct draft *draft)
{
    const struct message *message = &draft->message;
    const struct catalogue *catalogue = draft->source->options->catalogue;
    const struct experiment *experiment = exposure_experiment(catalogue, message->experiment);
    if (!experiment)
        return true;
    static const char *const members[UNIT_KIND_COUNT] = {[UNIT_USER] = "userId",
                                                         [UNIT_ACCOUNT] = "context.groupId",
                                                         [UNIT_ANONYMOUS] = "anonymousId"};
    const struct slice ids[UNIT_KIND_COUNT] = {[UNIT_USER] = message->user,
                                               [UNIT_ACCOUNT] = message->account,
                                               [UNIT_ANONYMOUS] = message->anonymous};
    if (!slice_is_empty(ids[experiment->unit]))
        return true;
    return refuse(draft, REJECTION_NO_UNIT,
                  arena_format(draft->source->arena, "experiment '%.*s' is for %s units: no %s",
                               SLICE_ARGS(message->experiment), unit_kind_text(experiment->unit),
                               members[experiment->unit]));
}

static bool draft_exposure(struct draft *draft, const struct exposure_dialect *dialect)
{
    struct message *message = &draft->message;
    const struct value *properties = member_of(&draft->event, "properties");
    const struct value *experiment = member_of(properties, dialect->experiment);
    const struct value *variation = member_of(properties, dialect->variation);
    message->type = MESSAGE_EXPOSURE;
    if (!experiment || experiment->kind != VALUE_TEXT || slice_is_empty(experiment->text))
        return refuse(
            draft, REJECTION_BAD_EXPOSURE,
            arena_format(draft->source->arena, "exposure without %s", dialect->experiment));
    message->experiment = experiment->text;
    if (variation && variation->kind == VALUE_TEXT)
        message->variation = variation->text;
    else if (variation && variation->kind == VALUE_INTEGER && variation->integer >= 0)
        message->variation =
            arena_format(&draft->source->scratch, "%lld", (long long)variation->integer);
    if (slice_is_empty(message->variation))
        return refuse(
            draft, REJECTION_BAD_EXPOSURE,
            arena_format(draft->source->arena, "exposure without %s", dialect->variation));
    const struct intake_options *options = draft->source->options;
    const struct value *skewed = member_of(&draft->event, "skewed");
    bool marked = options->import && skewed && skewed->kind == VALUE_BOOLEAN && skewed->boolean;
    if (marked || (!options->trusted && message->occurred_ms < draft->received_ms - SKEW_MAX_MS))
        draft->flags |= RECORD_SKEWED;
    return draft_exposure_unit(draft);
}

/* Of `context` only page.path, locale and campaign are kept (architecture 17). */
static struct slice draft_context(struct draft *draft)
{
    struct arena *scratch = &draft->source->scratch;
    struct value kept = value_object();
    const struct value *path = member_of(member_of(draft->context, "page"), "path");
    const struct value *locale = member_of(draft->context, "locale");
    const struct value *campaign = member_of(draft->context, "campaign");
    if (path && path->kind == VALUE_TEXT) {
        struct value *page = value_add(scratch, &kept, "page", value_object());
        value_add(scratch, page, "path", *path);
    }
    if (locale && locale->kind == VALUE_TEXT)
        value_add(scratch, &kept, "locale", *locale);
    if (campaign && campaign->kind == VALUE_OBJECT)
        value_add(scratch, &kept, "campaign", *campaign);
    return draft_json(draft, &kept);
}

static bool draft_type(struct draft *draft)
{
    static const enum message_type types[] = {
        [INTAKE_TRACK] = MESSAGE_TRACK, [INTAKE_IDENTIFY] = MESSAGE_IDENTIFY,
        [INTAKE_GROUP] = MESSAGE_GROUP, [INTAKE_ALIAS] = MESSAGE_ALIAS,
        [INTAKE_PAGE] = MESSAGE_PAGE,   [INTAKE_SCREEN] = MESSAGE_SCREEN};
    enum intake_route route = draft->source->options->route;
    if (route >= INTAKE_TRACK && route <= INTAKE_SCREEN) {
        draft->message.type = types[route];
        return true;
    }
    const struct value *type = member_of(&draft->event, "type");
    if (type && type->kind == VALUE_TEXT)
        for (int i = 0; i < MESSAGE_EXPOSURE; i++)
            if (slice_equals(type->text, message_type_texts[i])) {
                draft->message.type = (enum message_type)i;
                return true;
            }
    bool takes_notes = draft->source->options->notes || draft->source->options->import;
    if (takes_notes && type && type->kind == VALUE_TEXT && slice_equals(type->text, "note")) {
        draft->message.type = MESSAGE_NOTE;
        return true;
    }
    return refuse(draft, REJECTION_BAD_TYPE,
                  SLICE("type is none of track, identify, group, alias, page, screen"));
}

/* The message id comes first: an event that is refused is named by it. */
static bool draft_fill(struct draft *draft)
{
    struct message *message = &draft->message;
    draft->context = member_of(&draft->event, "context");
    if (!draft_message_id(draft) || !draft_type(draft) || !draft_ids(draft) ||
        !draft_event(draft) || !draft_times(draft))
        return false;
    const struct exposure_dialect *dialect = dialect_of(message);
    if (dialect && !draft_exposure(draft, dialect))
        return false;
    bool own_traits = message->type == MESSAGE_IDENTIFY || message->type == MESSAGE_GROUP;
    const struct value *properties, *traits;
    if (!draft_object(draft, &draft->event, "properties", &properties) ||
        !draft_object(draft, own_traits ? &draft->event : draft->context, "traits", &traits))
        return false;
    message->properties = draft_properties(draft, properties, dialect);
    if (traits)
        message->traits = draft_json(draft, traits);
    message->context = draft_context(draft);
    return true;
}

/* Pseudonyms, and the end of what is not taken. */
static bool draft_hide(struct draft *draft)
{
    const struct privacy *privacy = draft->source->options->privacy;
    privacy_apply(privacy, draft->source->options->catalogue, &draft->source->scratch,
                  &draft->message, &draft->flags);
    return !privacy_refuses(privacy, &draft->message) ||
           refuse(draft, REJECTION_SUPPRESSED,
                  SLICE("this id was erased, and events of it are refused"));
}

/* The message id of an event that can't be read, or is not: who sent it looks for it by that. */
static void draft_find_id(struct draft *draft, struct slice text)
{
    struct slice name = slice_of(dialect_frames[draft->source->dialect].id);
    struct json_scanner scanner = json_scanner_of(text, name);
    struct json_part part;
    struct value id;
    while (json_scan(&scanner, &part, NULL) == STATUS_OK && part.kind != JSON_PART_END) {
        if (part.kind != JSON_PART_MEMBER || !slice_equal(part.name, name))
            continue;
        if (part.text.size <= MESSAGE_ID_JSON_MAX &&
            json_read(&draft->source->scratch, part.text, 1, &id, NULL) == STATUS_OK &&
            id.kind == VALUE_TEXT && id.text.size <= MESSAGE_ID_SIZE_MAX)
            draft->message.message_id = id.text;
        return;
    }
}

/* An event of another dialect becomes the message that it means. */
static bool draft_translate(struct draft *draft)
{
    struct message_source *source = draft->source;
    if (source->dialect == DIALECT_SEGMENT)
        return true;
    struct dialect_result result = dialect_translate(source->dialect, &source->scratch,
                                                     &draft->event, source->options->received_ms);
    if (result.fault)
        return refuse(draft, result.rejection, slice_of(result.fault));
    draft->event = result.message;
    return true;
}

static bool draft_read(struct draft *draft, struct slice text, struct error *error)
{
    struct message_source *source = draft->source;
    size_t size_max = source->options->import ? IMPORT_SIZE_MAX : EVENT_SIZE_MAX;
    struct error found = {0};
    if (text.size > size_max)
        return refuse(draft, REJECTION_TOO_LARGE,
                      arena_format(source->arena, "%zu bytes, at most %zu", text.size, size_max));
    enum status status = json_read(&source->scratch, text, JSON_DEPTH_MAX, &draft->event, &found);
    if (status == STATUS_OK && draft->event.kind == VALUE_OBJECT)
        return draft_translate(draft);
    if (status == STATUS_OK)
        return refuse(draft, REJECTION_BAD_TYPE, SLICE("no JSON object"));
    if (status != STATUS_INVALID)
        error_set(error, status, "event", 0, "%s", found.text);
    return refuse(draft, REJECTION_BAD_JSON, arena_copy(source->arena, slice_of(found.text)));
}

enum status message_normalise(struct message_source *source, struct slice text,
                              struct intake_record *record, struct message_fault *fault,
                              struct error *error)
{
    struct draft draft = {.source = source, .fault = fault};
    struct error fatal = {0};
    arena_reset(&source->scratch);
    bool is_read = draft_read(&draft, text, &fatal);
    if (!is_read && !fatal.status)
        draft_find_id(&draft, text);
    bool good = is_read && draft_fill(&draft) && draft_hide(&draft);
    if (source->scratch.failed)
        error_set(&fatal, STATUS_NO_MEMORY, "event", 0, "no memory to read an event");
    if (fatal.status)
        return FAIL(error, fatal.status, "event", 0, "%s", fatal.text);
    if (!good) {
        fault->message_id = arena_copy(source->arena, draft.message.message_id);
        return STATUS_INVALID;
    }
    struct intake_record made = {.flags = draft.flags, .received_ms = draft.received_ms};
    enum status status =
        message_encode(source->arena, &source->encoded, &draft.message, &made, error);
    if (!status)
        *record = made;
    return status;
}

/* Of all but receipt, sentAt and the corrected time. */
static struct hash128 content_of(struct buffer *encoded, const struct message *message)
{
    struct message timeless = *message;
    timeless.occurred_ms = 0;
    timeless.sent_ms = TIME_NONE;
    timeless.content = (struct hash128){{0}};
    message_write(encoded, &timeless);
    struct hash128 content = hash_content(buffer_slice(encoded));
    buffer_clear(encoded);
    return content;
}

static enum status message_name(struct arena *arena, struct message *message,
                                struct intake_record *record, struct error *error)
{
    if (!slice_is_empty(message->message_id))
        return STATUS_OK;
    if (message->original_ms != TIME_NONE) {
        record->flags |= RECORD_HASH_ID;
        return STATUS_OK;
    }
    uint64_t chance[2];
    enum status status = random_bytes(chance, sizeof chance, error);
    if (status)
        return status;
    message->message_id = arena_format(arena, "%016llx%016llx", (unsigned long long)chance[0],
                                       (unsigned long long)chance[1]);
    record->flags |= RECORD_FRESH_ID;
    return STATUS_OK;
}

enum status message_encode(struct arena *arena, struct buffer *encoded, struct message *message,
                           struct intake_record *record, struct error *error)
{
    enum status status = message_name(arena, message, record, error);
    if (status)
        return status;
    buffer_clear(encoded);
    message->content = content_of(encoded, message);
    message_write(encoded, message);
    status = buffer_status(encoded, error);
    if (status)
        return status;
    record->body = arena_copy(arena, buffer_slice(encoded));
    record->content = message->content;
    memcpy(record->message_key.bytes, &message->occurred_ms, sizeof message->occurred_ms);
    record->message_key.bytes[8] = 1; /* never all zero, which stands for "never equal" */
    return arena->failed ? FAIL(error, STATUS_NO_MEMORY, "message", 0, "no memory for a message")
                         : STATUS_OK;
}
