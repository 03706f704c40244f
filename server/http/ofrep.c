/* Implementation of ofrep.h. */

#include "ofrep.h"

#include "base/json.h"
#include "base/limits.h"
#include "snapshot.h"

static const char *const code_texts[OFREP_CODE_COUNT] = {
#define X(name, text) [OFREP_##name] = text,
    OFREP_CODE_MAP(X)
#undef X
};

/* The members that name an id: the first that is given counts. */
static const struct {
    const char *name;
    enum unit_kind kind;
} id_names[] = {
    {"user", UNIT_USER},
    {"userId", UNIT_USER},
    {"account", UNIT_ACCOUNT},
    {"accountId", UNIT_ACCOUNT},
    {"groupId", UNIT_ACCOUNT},
    {"anonymous", UNIT_ANONYMOUS},
    {"anonymousId", UNIT_ANONYMOUS},
};
#define ID_NAMES_COUNT (sizeof id_names / sizeof *id_names)

static struct ofrep_fault fault_of(enum ofrep_code code, struct slice detail)
{
    return (struct ofrep_fault){.code = code, .detail = detail};
}

static int id_name_index(struct slice name)
{
    for (size_t i = 0; i < ID_NAMES_COUNT; i++)
        if (slice_equals(name, id_names[i].name))
            return (int)i;
    return -1;
}

/* Takes the ids out of the object; what stays are the traits.  A member with the name of an id that
 * is no text is a trait too: `account` may be an object that describes it. */
static void context_sort(struct ofrep_context *context, struct value *object)
{
    int best[UNIT_KIND_COUNT] = {ID_NAMES_COUNT, ID_NAMES_COUNT, ID_NAMES_COUNT};
    size_t kept = 0;
    for (size_t i = 0; i < object->count; i++) {
        const struct member *member = &object->members[i];
        if (slice_equals(member->name, "targetingKey"))
            continue;
        int index = member->value.kind == VALUE_TEXT ? id_name_index(member->name) : -1;
        if (index < 0) {
            object->members[kept++] = *member;
            continue;
        }
        enum unit_kind kind = id_names[index].kind;
        if (!member->value.text.size || index >= best[kind])
            continue;
        best[kind] = index;
        context->ids[kind] = member->value.text;
    }
    object->count = kept;
    context->traits = *object;
}

struct ofrep_fault ofrep_read(struct arena *arena, struct slice body, struct ofrep_context *context)
{
    struct value tree;
    struct error error = {0};
    if (json_read(arena, body, JSON_DEPTH_MAX, &tree, &error))
        return fault_of(OFREP_PARSE_ERROR,
                        arena_format(arena, "line %d: %s", error.line, error.text));
    const struct value *found = value_member(&tree, SLICE("context"));
    if (!found)
        return fault_of(OFREP_INVALID_CONTEXT, SLICE("the body has no context"));
    if (found->kind != VALUE_OBJECT)
        return fault_of(OFREP_INVALID_CONTEXT, SLICE("the context is no object"));
    const struct value *key = value_member(found, SLICE("targetingKey"));
    if (key && key->kind != VALUE_TEXT)
        return fault_of(OFREP_INVALID_CONTEXT, SLICE("targetingKey is no text"));
    struct value object = *found;
    *context = (struct ofrep_context){.targeting_key = key ? key->text : (struct slice){0}};
    context_sort(context, &object);
    return (struct ofrep_fault){0};
}

struct ofrep_fault ofrep_unit(struct arena *arena, const struct ofrep_context *context,
                              enum unit_kind kind, struct slice *id)
{
    struct slice found = context->ids[kind];
    if (!found.size && kind == UNIT_ACCOUNT)
        return fault_of(OFREP_TARGETING_KEY_MISSING,
                        SLICE("the experiment is about accounts: the context needs account"));
    if (!found.size)
        found = context->targeting_key;
    if (!found.size)
        return fault_of(OFREP_TARGETING_KEY_MISSING, SLICE("the context has no targetingKey"));
    const char *fault = unit_id_fault(found);
    if (fault)
        return fault_of(OFREP_INVALID_CONTEXT,
                        arena_format(arena, "the id of the %s: %s", unit_kind_text(kind), fault));
    *id = found;
    return (struct ofrep_fault){0};
}

static void write_flag(struct buffer *out, struct slice name, bool flag)
{
    buffer_add(out, name);
    buffer_add(out, flag ? SLICE("true") : SLICE("false"));
}

static void write_metadata(struct buffer *out, const struct assignment *assignment,
                           const struct snapshot *snapshot)
{
    const struct experiment *experiment = assignment->experiment;
    buffer_add(out, SLICE("\"metadata\":{\"experiment\":"));
    json_write_text(out, experiment->key);
    buffer_format(out, ",\"phase\":%u", experiment->phase);
    write_flag(out, SLICE(",\"control\":"), experiment->variants[assignment->variant].control);
    write_flag(out, SLICE(",\"in_experiment\":"), assignment->in_experiment);
    write_flag(out, SLICE(",\"log_exposure\":"), assignment->exposed);
    buffer_add(out, SLICE(",\"reason\":\""));
    buffer_add(out, slice_of(assign_reason_text(assignment->reason)));
    buffer_add(out, SLICE("\",\"definition\":\""));
    buffer_add(out, snapshot_definition(snapshot, experiment));
    buffer_add_byte(out, '"');
    if (assignment->reason == ASSIGN_HOLDOUT) {
        buffer_add(out, SLICE(",\"holdout\":"));
        json_write_text(out, experiment->holdout_group);
    }
    buffer_add_byte(out, '}');
}

void ofrep_write(struct buffer *out, const struct assignment *assignment,
                 const struct snapshot *snapshot)
{
    const struct experiment *experiment = assignment->experiment;
    const struct variant *variant = &experiment->variants[assignment->variant];
    buffer_add(out, SLICE("{\"key\":"));
    json_write_text(out, experiment->key);
    buffer_add(out, SLICE(",\"value\":"));
    buffer_add(out, variant->value);
    buffer_add(out, SLICE(",\"reason\":\""));
    buffer_add(out, slice_of(assign_reason_ofrep(assignment->reason)));
    buffer_add(out, SLICE("\","));
    if (assignment->exposed && assignment->reason != ASSIGN_HOLDOUT) {
        buffer_add(out, SLICE("\"variant\":"));
        json_write_text(out, variant->name);
        buffer_add_byte(out, ',');
    }
    write_metadata(out, assignment, snapshot);
    buffer_add_byte(out, '}');
}

void ofrep_write_failure(struct buffer *out, struct slice key, enum ofrep_code code,
                         struct slice detail)
{
    buffer_add_byte(out, '{');
    if (key.size) {
        buffer_add(out, SLICE("\"key\":"));
        json_write_text(out, key);
        buffer_add_byte(out, ',');
    }
    buffer_add(out, SLICE("\"errorCode\":\""));
    buffer_add(out, slice_of(code_texts[code]));
    buffer_add(out, SLICE("\",\"errorDetails\":"));
    json_write_text(out, detail);
    buffer_add_byte(out, '}');
}
