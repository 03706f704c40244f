/*
 * Notes (routes.md): short texts tied to an experiment, shown beside its numbers.  The list of them
 * is a page (handlers_pages.c).
 *
 * A note goes the way of an event: written as a message of type `note`, checked and kept by
 * ingest/intake, with the unit it is of, so that erasing the unit erases it.  A deletion is such a
 * message too: it takes the note out of every answer, while its text stays in the journal until its
 * unit is erased or retention drops it.
 */

#include "answer.h"
#include "base/json.h"
#include "base/number.h"
#include "handlers.h"
#include "service_state.h"
#include "snapshot.h"
#include "submit.h"
#include "worker.h"

#include "analysis/cube.h"
#include "analysis/notes.h"

#include <stdio.h>
#include <string.h>

#define NOTE_TEXT_MAX 2000 /* characters: a note, not a report */
#define NOTE_NAME_MAX 256  /* of what it is tied to */

/* The members of a note, and how a record calls them. */
static const struct {
    const char *name, *property;
    bool required;
    size_t max; /* characters */
} members[] = {
    {"experiment", "experiment_id", true, NOTE_NAME_MAX},
    {"variant", "variant", false, NOTE_NAME_MAX},
    {"segment", "segment", false, NOTE_NAME_MAX},
    {"step", "step", false, NOTE_NAME_MAX},
    {"source", "source", true, NOTE_NAME_MAX},
    {"text", "text", true, NOTE_TEXT_MAX},
    {"unit", NULL, false, NOTE_NAME_MAX},
};
#define MEMBER_COUNT (sizeof members / sizeof members[0])
static const char *const sources[] = {"ticket", "interview", "coach", "diary"};

/* A note on its way, in the request's arena. */
struct note_arrival {
    struct request *request;
    struct intake_batch batch;
    uint64_t deletes; /* its number; 0: a new one */
};

static void note_committed(void *waiter, enum status status, uint64_t last_sequence,
                           size_t duplicates)
{
    struct note_arrival *arrival = waiter;
    struct request *request = arrival->request;
    (void)duplicates;
    if (status)
        answer_status(request, status, NULL);
    else
        buffer_format(answer_begin(request, arrival->deletes ? 200 : 201, TYPE_JSON),
                      "{\"note\":%llu}",
                      (unsigned long long)(arrival->deletes ? arrival->deletes : last_sequence));
    intake_batch_done(&arrival->batch);
    request_finish(request);
}

static enum handled note_fails(struct note_arrival *arrival, enum status status,
                               const struct error *error)
{
    struct request *request = arrival->request;
    if (!status) {
        struct slice text = arena_copy(&request->arena, arrival->batch.rejected[0].text);
        answer_problem(request, PROBLEM_BAD_UNIT, "%.*s", SLICE_ARGS(text));
    } else {
        answer_status(request, status, error);
    }
    intake_batch_done(&arrival->batch);
    return HANDLED;
}

/* Hands the message over to the journal; the answer goes after the commit. */
static enum handled note_submit(struct request *request, struct slice message, uint64_t deletes)
{
    struct note_arrival *arrival = ARENA_NEW(&request->arena, struct note_arrival);
    const struct service *service = request->worker->options.service;
    struct error error = {0};
    if (!arrival)
        return answer_status(request, STATUS_NO_MEMORY, NULL);
    arrival->request = request;
    arrival->deletes = deletes;
    const struct intake_options options = {
        .route = INTAKE_MESSAGE,
        .received_ms = clock_now_ms(&clock_system),
        .trusted = true,
        .notes = true,
        .catalogue = request->worker->snapshot->catalogue,
        .privacy = &service->privacy,
    };
    enum status status = intake_read(&options, message, &arrival->batch, &error);
    if (!status && arrival->batch.record_count)
        status = submit_batch(request, &arrival->batch, note_committed, arrival, &error);
    if (status || !arrival->batch.record_count)
        return note_fails(arrival, status, &error);
    return HANDLED_LATER;
}

static enum handled member_fails(struct request *request, enum problem problem, const char *name,
                                 const char *what)
{
    return answer_problem_at(request, problem, "", slice_of(name), "%s %s", name, what);
}

static bool is_source(struct slice text)
{
    for (size_t i = 0; i < sizeof sources / sizeof sources[0]; i++)
        if (slice_equals(text, sources[i]))
            return true;
    return false;
}

static bool is_known_member(struct slice name)
{
    for (size_t i = 0; i < MEMBER_COUNT; i++)
        if (slice_equals(name, members[i].name))
            return true;
    return false;
}

/* True when every member is a text as it has to be; else the answer says what is wrong. */
static bool members_check(struct request *request, const struct value *body)
{
    if (body->kind != VALUE_OBJECT)
        return answer_problem(request, PROBLEM_WRONG_TYPE, "the body is an object"), false;
    for (size_t i = 0; i < body->count; i++)
        if (!is_known_member(body->members[i].name)) {
            answer_problem_at(request, PROBLEM_UNKNOWN_MEMBER, "", body->members[i].name,
                              "experiment, variant, segment, step, unit, source and text are "
                              "known");
            return false;
        }
    for (size_t i = 0; i < MEMBER_COUNT; i++) {
        const struct value *value = value_member(body, slice_of(members[i].name));
        if (!value && !members[i].required)
            continue;
        if (!value)
            return member_fails(request, PROBLEM_MISSING_MEMBER, members[i].name, "is missing"),
                   false;
        if (value->kind != VALUE_TEXT || !value->text.size)
            return member_fails(request, PROBLEM_WRONG_TYPE, members[i].name, "is a text"), false;
        if (slice_code_points(value->text) > members[i].max)
            return member_fails(request, PROBLEM_WRONG_TYPE, members[i].name, "is too long"), false;
    }
    if (!is_source(value_member_text(body, "source")))
        return member_fails(request, PROBLEM_WRONG_TYPE, "source",
                            "is ticket, interview, coach or diary"),
               false;
    return true;
}

/* The note as a message. */
static void note_write(struct buffer *out, const struct value *body, enum unit_kind kind)
{
    static const char *const ids[UNIT_KIND_COUNT] = {
        [UNIT_USER] = "userId", [UNIT_ACCOUNT] = "groupId", [UNIT_ANONYMOUS] = "anonymousId"};
    struct slice unit = value_member_text(body, "unit");
    buffer_add(out, SLICE("{\"type\":\"note\""));
    if (unit.size) {
        buffer_format(out, ",\"%s\":", ids[kind]);
        json_write_text(out, unit);
    }
    const char *between = ",\"properties\":{";
    for (size_t i = 0; i < MEMBER_COUNT; i++) {
        struct slice text = value_member_text(body, members[i].name);
        if (!members[i].property || !text.size)
            continue;
        buffer_format(out, "%s\"%s\":", between, members[i].property);
        json_write_text(out, text);
        between = ",";
    }
    buffer_add(out, SLICE("}}"));
}

/* The known name that is nearest to what was said. */
struct nearest {
    struct slice said, best;
    unsigned distance;
};

/* Whether it is that name. */
static bool nearest_is(struct nearest *nearest, struct slice known)
{
    unsigned distance = slice_distance(nearest->said, known, 2);
    if (distance <= 2 && (!nearest->best.size || distance < nearest->distance)) {
        nearest->best = known;
        nearest->distance = distance;
    }
    return distance == 0 && slice_equal(nearest->said, known);
}

static bool nearest_fails(struct request *request, const char *name, const struct nearest *nearest)
{
    if (nearest->best.size)
        answer_problem_at(request, PROBLEM_BAD_PARAMETER, "", slice_of(name),
                          "%s '%.*s' is none of this experiment, did you mean '%.*s'?", name,
                          SLICE_ARGS(nearest->said), SLICE_ARGS(nearest->best));
    else
        answer_problem_at(request, PROBLEM_BAD_PARAMETER, "", slice_of(name),
                          "%s '%.*s' is none of this experiment", name, SLICE_ARGS(nearest->said));
    return false;
}

/* A step of the variant's flow, without one of any. */
static bool step_check(struct request *request, const struct experiment *experiment,
                       struct slice variant, struct slice step)
{
    struct nearest nearest = {.said = step};
    for (size_t i = 0; i < experiment->variant_count; i++) {
        const struct variant *one = &experiment->variants[i];
        if (variant.size && !slice_equal(variant, one->name))
            continue;
        for (size_t j = 0; j < one->flow_count; j++)
            if (nearest_is(&nearest, one->flow[j].step))
                return true;
    }
    return nearest_fails(request, "step", &nearest);
}

/* Text up to the first `=`, and after it, without the spaces around. */
static struct slice segment_name(struct slice text, struct slice *value)
{
    const char *equals = memchr(text.data, '=', text.size);
    size_t size = equals ? (size_t)(equals - text.data) : text.size;
    *value = (struct slice){.data = equals ? equals + 1 : NULL,
                            .size = equals ? text.size - size - 1 : 0};
    while (value->size && value->data[0] == ' ')
        *value = (struct slice){.data = value->data + 1, .size = value->size - 1};
    while (size && text.data[size - 1] == ' ')
        size--;
    return (struct slice){.data = text.data, .size = size};
}

static bool value_check(struct request *request, const struct segment *segment, struct slice value)
{
    struct nearest nearest = {.said = value};
    for (size_t i = 0; i < segment_value_count(segment); i++)
        if (nearest_is(&nearest, segment_value_label(&request->arena, segment, i)))
            return true;
    return nearest_fails(request, "segment", &nearest);
}

/* NAME or NAME = VALUE, as reports show them. */
static bool segment_check(struct request *request, const struct experiment *experiment,
                          struct slice text)
{
    struct slice value;
    struct nearest nearest = {.said = segment_name(text, &value)};
    for (size_t i = 0; i < experiment->segment_count; i++)
        for (size_t j = 0; j < experiment->segments[i].count; j++)
            if (nearest_is(&nearest, experiment->segments[i].segments[j]->name))
                return !value.data ||
                       value_check(request, experiment->segments[i].segments[j], value);
    return nearest_fails(request, "segment", &nearest);
}

static bool variant_check(struct request *request, const struct experiment *experiment,
                          struct slice variant)
{
    struct nearest nearest = {.said = variant};
    for (size_t i = 0; i < experiment->variant_count; i++)
        if (nearest_is(&nearest, experiment->variants[i].name))
            return true;
    return nearest_fails(request, "variant", &nearest);
}

/* What the note is tied to is declared; else the answer says what is not. */
static bool ties_check(struct request *request, const struct experiment *experiment,
                       const struct value *body)
{
    struct slice variant = value_member_text(body, "variant");
    struct slice step = value_member_text(body, "step");
    struct slice segment = value_member_text(body, "segment");
    return (!variant.size || variant_check(request, experiment, variant)) &&
           (!step.size || step_check(request, experiment, variant, step)) &&
           (!segment.size || segment_check(request, experiment, segment));
}

enum handled handle_note_add(struct request *request)
{
    const struct catalogue *catalogue = request->worker->snapshot->catalogue;
    struct value body;
    struct error error = {0};
    if (json_read(&request->arena, buffer_slice(&request->body), 0, &body, &error))
        return answer_problem(request, PROBLEM_BAD_JSON, "line %d: %s", error.line, error.text);
    if (!members_check(request, &body))
        return HANDLED;
    struct slice key = value_member_text(&body, "experiment");
    const struct experiment *experiment = catalogue_analysed(catalogue, key);
    if (!experiment)
        return answer_no_experiment(request, catalogue, key);
    if (!ties_check(request, experiment, &body))
        return HANDLED;
    struct buffer message = {0};
    note_write(&message, &body, experiment->unit);
    struct slice text = arena_copy(&request->arena, buffer_slice(&message));
    enum status status = buffer_status(&message, &error);
    buffer_done(&message);
    return status ? answer_status(request, status, &error) : note_submit(request, text, 0);
}

/* The message id of note `number`, in the request's arena; empty: there is none. */
static enum status note_find(struct request *request, uint64_t number, struct slice *id,
                             struct error *error)
{
    struct service *service = request->worker->options.service;
    struct view *view = fold_view(service->fold);
    struct view_transaction *transaction = NULL;
    struct note *notes = NULL;
    size_t count = 0;
    enum status status = view_begin(view, &transaction, error);
    if (!status)
        status = view_notes(transaction, &request->arena, (struct slice){0}, &notes, &count, error);
    view_end(transaction);
    view_release(view);
    for (size_t i = 0; !status && i < count; i++)
        if (notes[i].sequence == number)
            *id = notes[i].message_id;
    return status;
}

enum handled handle_note_delete(struct request *request)
{
    uint64_t number = 0;
    struct slice id = {0};
    struct error error = {0};
    if (unsigned_parse(request->parameters[0], &number)) {
        enum status status = note_find(request, number, &id, &error);
        if (status)
            return answer_status(request, status, &error);
    }
    if (!id.size)
        return answer_problem(request, PROBLEM_NO_NOTE, "there is no note '%.*s'",
                              SLICE_ARGS(request->parameters[0]));
    struct buffer message = {0};
    buffer_add(&message, SLICE("{\"type\":\"note\",\"properties\":{\"deletes\":"));
    json_write_text(&message, id);
    buffer_add(&message, SLICE("}}"));
    struct slice text = arena_copy(&request->arena, buffer_slice(&message));
    enum status status = buffer_status(&message, &error);
    buffer_done(&message);
    return status ? answer_status(request, status, &error) : note_submit(request, text, number);
}
