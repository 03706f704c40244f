/*
 * POST /v1/assign: many units, many experiments, in the order units x experiments (routes.md).  One
 * unknown experiment or missing id is an entry with a reason, not an error: a deleted file must not
 * blank a page.
 */

#include "admission.h"
#include "answer.h"
#include "base/json.h"
#include "expose.h"
#include "handlers.h"
#include "snapshot.h"
#include "worker.h"

#include <stdio.h>

struct bulk {
    struct request *request;
    const struct snapshot *snapshot;
    const struct value *units;
    const struct value *experiments; /* NULL: all that run */
    bool expose_all, explain;
    struct assign_options options;
    struct expose *exposed; /* NULL: nothing to write */
    size_t count;           /* entries written */

    /* Without names: all that run, in the request's arena, and how many of each kind. */
    const struct experiment **running;
    size_t running_count;
    size_t running_of[UNIT_KIND_COUNT];
};

/* One unit of the list. */
struct bulk_unit {
    struct slice ids[UNIT_KIND_COUNT];
    struct slice unit;
    const struct value *traits;
};

static enum handled wrong_type(struct request *request, const char *pointer, const char *wanted)
{
    return answer_problem_at(request, PROBLEM_WRONG_TYPE, pointer, (struct slice){0}, "%s is %s",
                             *pointer ? pointer : "the body", wanted);
}

static bool names_member(const char *const *names, struct slice name)
{
    for (size_t i = 0; names[i]; i++)
        if (slice_equals(name, names[i]))
            return true;
    return false;
}

/* The first member that is not in `names`, or NULL. */
static const struct member *stranger_of(const struct value *object, const char *const *names)
{
    for (size_t i = 0; i < object->count; i++)
        if (!names_member(names, object->members[i].name))
            return &object->members[i];
    return NULL;
}

static bool read_flag(const struct value *body, struct slice name, bool *flag)
{
    const struct value *member = value_member(body, name);
    if (member && member->kind != VALUE_BOOLEAN)
        return false;
    *flag = member && member->boolean;
    return true;
}

/* True when the body as a whole is right; else the answer says what is wrong. */
static bool bulk_read(struct bulk *bulk, const struct value *body)
{
    static const char *const names[] = {"units", "experiments", "expose", "explain", NULL};
    struct request *request = bulk->request;
    if (body->kind != VALUE_OBJECT)
        return wrong_type(request, "", "an object"), false;
    const struct member *stranger = stranger_of(body, names);
    if (stranger) {
        answer_problem_at(request, PROBLEM_UNKNOWN_MEMBER, "", stranger->name,
                          "units, experiments, expose and explain are known");
        return false;
    }
    bulk->units = value_member(body, SLICE("units"));
    bulk->experiments = value_member(body, SLICE("experiments"));
    if (!bulk->units) {
        answer_problem_at(request, PROBLEM_MISSING_MEMBER, "/units", (struct slice){0},
                          "units are missing");
        return false;
    }
    if (bulk->units->kind != VALUE_LIST)
        return wrong_type(request, "/units", "a list"), false;
    if (bulk->experiments && bulk->experiments->kind != VALUE_LIST)
        return wrong_type(request, "/experiments", "a list"), false;
    if (!read_flag(body, SLICE("expose"), &bulk->expose_all))
        return wrong_type(request, "/expose", "true or false"), false;
    if (!read_flag(body, SLICE("explain"), &bulk->explain))
        return wrong_type(request, "/explain", "true or false"), false;
    for (size_t i = 0; bulk->experiments && i < bulk->experiments->count; i++)
        if (bulk->experiments->items[i].kind != VALUE_TEXT)
            return wrong_type(request, "/experiments", "a list of texts"), false;
    return true;
}

static bool unit_fails(struct bulk *bulk, size_t index, enum problem problem, struct slice member,
                       const char *what)
{
    char pointer[64];
    snprintf(pointer, sizeof pointer, "/units/%zu", index);
    answer_problem_at(bulk->request, problem, pointer, member, "%s", what);
    return false;
}

/* Takes the member `name` as an id, where it is there. */
static bool unit_id(struct bulk *bulk, size_t index, const char *name, struct slice *id)
{
    const struct value *member = value_member(&bulk->units->items[index], slice_of(name));
    if (!member || member->kind == VALUE_NULL)
        return true;
    if (member->kind != VALUE_TEXT)
        return unit_fails(bulk, index, PROBLEM_WRONG_TYPE, slice_of(name), "an id is a text");
    const char *fault = unit_id_fault(member->text);
    if (fault)
        return unit_fails(bulk, index, PROBLEM_BAD_UNIT, slice_of(name), fault);
    *id = member->text;
    return true;
}

static bool unit_read(struct bulk *bulk, size_t index, struct bulk_unit *unit)
{
    static const char *const names[] = {"unit", "user", "account", "anonymous", "traits", NULL};
    const struct value *object = &bulk->units->items[index];
    *unit = (struct bulk_unit){0};
    if (object->kind != VALUE_OBJECT)
        return unit_fails(bulk, index, PROBLEM_WRONG_TYPE, (struct slice){0},
                          "a unit is an object");
    const struct member *stranger = stranger_of(object, names);
    if (stranger)
        return unit_fails(bulk, index, PROBLEM_UNKNOWN_MEMBER, stranger->name,
                          "unit, user, account, anonymous and traits are known");
    if (!unit_id(bulk, index, "unit", &unit->unit))
        return false;
    for (enum unit_kind kind = 0; kind < UNIT_KIND_COUNT; kind++)
        if (!unit_id(bulk, index, unit_kind_text(kind), &unit->ids[kind]))
            return false;
    unit->traits = value_member(object, SLICE("traits"));
    if (unit->traits && unit->traits->kind == VALUE_NULL)
        unit->traits = NULL;
    if (unit->traits && unit->traits->kind != VALUE_OBJECT)
        return unit_fails(bulk, index, PROBLEM_WRONG_TYPE, SLICE("traits"), "traits are an object");
    bool has_id = unit->unit.size;
    for (size_t kind = 0; kind < UNIT_KIND_COUNT; kind++)
        has_id |= unit->ids[kind].size > 0;
    return has_id || unit_fails(bulk, index, PROBLEM_BAD_UNIT, (struct slice){0},
                                "a unit has unit, user, account or anonymous");
}

static void bulk_comma(struct bulk *bulk)
{
    if (bulk->count++)
        buffer_add_byte(&bulk->request->answer, ',');
}

/* An entry for what has no assignment. */
static void bulk_nothing(struct bulk *bulk, struct slice key, struct slice id, const char *reason)
{
    struct buffer *out = &bulk->request->answer;
    bulk_comma(bulk);
    buffer_add(out, SLICE("{\"unit\":"));
    if (id.size)
        json_write_text(out, id);
    else
        buffer_add(out, SLICE("null"));
    buffer_add(out, SLICE(",\"experiment\":"));
    json_write_text(out, key);
    buffer_format(out,
                  ",\"variant\":null,\"in_experiment\":false,\"exposure\":null,\"reason\":"
                  "\"%s\"}",
                  reason);
}

static void bulk_explain(struct bulk *bulk, const struct assignment *assignment, struct slice id,
                         const struct value *traits)
{
    struct buffer *text = &bulk->request->worker->text;
    struct buffer *out = &bulk->request->answer;
    buffer_clear(text);
    assign_explain(text, assignment->experiment, id, traits, &bulk->options);
    if (out->failed)
        return;
    out->size--; /* the closing brace */
    buffer_add(out, SLICE(",\"explain\":"));
    json_write_text(out, buffer_slice(text));
    buffer_add_byte(out, '}');
}

static enum status bulk_one(struct bulk *bulk, const struct experiment *experiment, struct slice id,
                            const struct value *traits, struct error *error)
{
    struct buffer *out = &bulk->request->answer;
    struct assignment assignment = assign(experiment, id, traits, &bulk->options);
    bulk_comma(bulk);
    assignment_write(out, &assignment, id, snapshot_definition(bulk->snapshot, experiment).data);
    if (bulk->explain)
        bulk_explain(bulk, &assignment, id, traits);
    if (!bulk->exposed)
        return STATUS_OK;
    return expose_note(bulk->exposed, &assignment, id, traits, error);
}

static enum status bulk_named(struct bulk *bulk, const struct bulk_unit *unit, struct error *error)
{
    enum status status = STATUS_OK;
    for (size_t i = 0; i < bulk->experiments->count && !status; i++) {
        struct slice key = bulk->experiments->items[i].text;
        const struct experiment *experiment = catalogue_experiment(bulk->snapshot->catalogue, key);
        if (!experiment) {
            bulk_nothing(bulk, key, unit->unit, "unknown_experiment");
            continue;
        }
        struct slice id = unit->ids[experiment->unit];
        if (!id.size)
            id = unit->unit;
        if (id.size)
            status = bulk_one(bulk, experiment, id, unit->traits, error);
        else
            bulk_nothing(bulk, key, id, "no_unit");
    }
    return status;
}

/* Without names: all that run and whose kind of id is there; a bare unit is a user. */
static struct slice running_id(const struct bulk_unit *unit, enum unit_kind kind)
{
    return unit->ids[kind].size || kind != UNIT_USER ? unit->ids[kind] : unit->unit;
}

static enum status bulk_running(struct bulk *bulk, const struct bulk_unit *unit,
                                struct error *error)
{
    enum status status = STATUS_OK;
    for (size_t i = 0; i < bulk->running_count && !status; i++) {
        const struct experiment *experiment = bulk->running[i];
        struct slice id = running_id(unit, experiment->unit);
        if (id.size)
            status = bulk_one(bulk, experiment, id, unit->traits, error);
    }
    return status;
}

static bool running_find(struct bulk *bulk)
{
    const struct catalogue *catalogue = bulk->snapshot->catalogue;
    size_t count = catalogue->experiment_count;
    bulk->running =
        ARENA_ARRAY(&bulk->request->arena, count ? count : 1, const struct experiment *);
    for (size_t i = 0; bulk->running && i < count; i++) {
        const struct experiment *experiment = &catalogue->experiments[i];
        if (experiment->status != EXPERIMENT_RUNNING)
            continue;
        bulk->running[bulk->running_count++] = experiment;
        bulk->running_of[experiment->unit]++;
    }
    return bulk->running;
}

/* How many entries the unit will have. */
static size_t bulk_entries(const struct bulk *bulk, const struct bulk_unit *unit)
{
    size_t count = 0;
    if (bulk->experiments)
        return bulk->experiments->count;
    for (enum unit_kind kind = 0; kind < UNIT_KIND_COUNT; kind++)
        count += running_id(unit, kind).size ? bulk->running_of[kind] : 0;
    return count;
}

static bool bulk_is_too_many(const struct bulk *bulk)
{
    size_t named = bulk->experiments ? bulk->experiments->count : 0;
    return bulk->units->count > ASSIGN_UNITS_MAX ||
           (named && bulk->units->count > ASSIGN_RESULTS_MAX / named);
}

static enum handled too_many(struct request *request)
{
    return answer_problem(request, PROBLEM_TOO_MANY, "at most %d units and %d assignments a call",
                          ASSIGN_UNITS_MAX, ASSIGN_RESULTS_MAX);
}

/* True when the list is written; else the answer says what is wrong. */
static bool bulk_write(struct bulk *bulk)
{
    struct request *request = bulk->request;
    struct error error = {0};
    for (size_t i = 0; i < bulk->units->count; i++) {
        struct bulk_unit unit;
        if (!unit_read(bulk, i, &unit))
            return false;
        if (bulk_entries(bulk, &unit) > ASSIGN_RESULTS_MAX - bulk->count)
            return too_many(request), false;
        enum status status =
            bulk->experiments ? bulk_named(bulk, &unit, &error) : bulk_running(bulk, &unit, &error);
        if (status)
            return answer_status(request, status, &error), false;
        if (request->answer.failed) {
            request->answer.limit = 0;
            answer_problem(request, PROBLEM_TOO_LARGE,
                           "the answer would be larger than 8 MiB: ask for fewer at a time");
            return false;
        }
    }
    return true;
}

static enum handled bulk_answer(struct bulk *bulk)
{
    struct request *request = bulk->request;
    if (bulk_is_too_many(bulk))
        return too_many(request);
    if (!bulk->experiments && !running_find(bulk))
        return answer_status(request, STATUS_NO_MEMORY, NULL);
    if (bulk->expose_all) {
        bulk->exposed = expose_new(request, bulk->options.now_ms);
        if (!bulk->exposed)
            return answer_status(request, STATUS_NO_MEMORY, NULL);
    }
    struct buffer *out = answer_begin(request, 200, TYPE_JSON);
    out->limit = ASSIGN_ANSWER_MAX;
    buffer_add(out, SLICE("{\"assignments\":["));
    if (!bulk_write(bulk)) {
        out->limit = 0;
        expose_free(bulk->exposed);
        return HANDLED;
    }
    out->limit = 0;
    buffer_format(out, "],\"catalogue\":\"%s\"}", bulk->snapshot->digest);
    return expose_submit(bulk->exposed);
}

enum handled handle_assign_many(struct request *request)
{
    struct value body;
    struct error error = {0};
    if (json_read(&request->arena, buffer_slice(&request->body), JSON_DEPTH_MAX, &body, &error))
        return answer_problem(request, PROBLEM_BAD_JSON, "line %d: %s", error.line, error.text);
    struct bulk bulk = {.request = request,
                        .snapshot = request->worker->snapshot,
                        .options = {.now_ms = clock_now_ms(&clock_system)}};
    if (!bulk_read(&bulk, &body) || !admission_assign(request, bulk.explain, bulk.expose_all))
        return HANDLED;
    return bulk_answer(&bulk);
}
