/*
 * GET /v1/assign/{experiment}: one assignment, straight from the query to the answer.  This is the
 * hot path of the service: the arena's first block and the buffers of the request are all the
 * memory it uses.
 */

#include "admission.h"
#include "answer.h"
#include "expose.h"
#include "handlers.h"
#include "query.h"
#include "snapshot.h"
#include "worker.h"

struct question {
    struct slice ids[UNIT_KIND_COUNT]; /* `user`, `account`, `anonymous` */
    struct slice unit;                 /* `unit`: of the experiment's kind */
    bool expose, explain;
    struct value traits;
};

/* A parameter given once is a text, given twice a list of texts. */
static void question_trait(struct arena *arena, struct question *question,
                           const struct parameter *parameter)
{
    struct value text = value_text(parameter->value);
    for (size_t i = 0; i < question->traits.count; i++) {
        struct member *member = &question->traits.members[i];
        if (!slice_equal(member->name, parameter->name))
            continue;
        if (member->value.kind != VALUE_LIST) {
            struct value list = value_list();
            value_append(arena, &list, member->value);
            member->value = list;
        }
        value_append(arena, &member->value, text);
        return;
    }
    value_add_named(arena, &question->traits, parameter->name, text);
}

/* NULL, or what is wrong with it. */
static const char *question_take(struct arena *arena, struct question *question,
                                 const struct parameter *parameter)
{
    static const struct {
        const char *name;
        size_t offset;
        bool is_text;
    } places[] = {
        {"unit", offsetof(struct question, unit), true},
        {"user", offsetof(struct question, ids[UNIT_USER]), true},
        {"account", offsetof(struct question, ids[UNIT_ACCOUNT]), true},
        {"anonymous", offsetof(struct question, ids[UNIT_ANONYMOUS]), true},
        {"expose", offsetof(struct question, expose), false},
        {"explain", offsetof(struct question, explain), false},
    };
    for (size_t i = 0; i < sizeof places / sizeof *places; i++) {
        if (!slice_equals(parameter->name, places[i].name))
            continue;
        char *place = (char *)question + places[i].offset;
        if (!places[i].is_text)
            return boolean_parse(parameter->value, (bool *)place)
                       ? NULL
                       : "expose and explain are true or false";
        struct slice *text = (struct slice *)(void *)place;
        if (text->data)
            return "an id is given twice";
        *text = parameter->value.data ? parameter->value : SLICE("");
        return NULL;
    }
    question_trait(arena, question, parameter);
    return NULL;
}

static const char *question_read(struct request *request, struct question *question)
{
    struct slice rest = request->query;
    struct parameter parameter;
    const char *fault;
    while (query_next(&request->arena, &rest, &parameter, &fault)) {
        fault = question_take(&request->arena, question, &parameter);
        if (fault)
            return fault;
    }
    return fault;
}

/* Puts the lines of the explanation into the object that was written last. */
static void write_explanation(struct request *request, struct buffer *out,
                              const struct assignment *assignment, struct slice id,
                              const struct value *traits, const struct assign_options *options)
{
    struct buffer *text = &request->worker->text;
    buffer_clear(text);
    assign_explain(text, assignment->experiment, id, traits, options);
    out->size--; /* the closing brace */
    buffer_add(out, SLICE(",\"explain\":"));
    json_write_text(out, buffer_slice(text));
    buffer_add_byte(out, '}');
}

static enum handled question_answer(struct request *request, const struct question *question,
                                    const struct experiment *experiment, struct slice id)
{
    const struct assign_options options = {.now_ms = clock_now_ms(&clock_system)};
    const struct value *traits = question->traits.count ? &question->traits : NULL;
    struct assignment assignment = assign(experiment, id, traits, &options);
    struct buffer *out = answer_begin(request, 200, TYPE_JSON);
    assignment_write(out, &assignment, id,
                     snapshot_definition(request->worker->snapshot, experiment).data);
    if (question->explain)
        write_explanation(request, out, &assignment, id, traits, &options);
    bool exposes = question->expose || experiment->exposure == EXPOSURE_ON_ASSIGN;
    exposes &=
        caller_may(&request->caller, ROLE_CLIENT); /* an analyst looks, and leaves no trace */
    if (!exposes || !assignment.exposed)
        return HANDLED;
    struct error error = {0};
    struct expose *expose = expose_new(request, options.now_ms);
    if (!expose)
        return answer_status(request, STATUS_NO_MEMORY, NULL);
    enum status status = expose_note(expose, &assignment, id, traits, &error);
    if (!status)
        return expose_submit(expose);
    expose_free(expose);
    return answer_status(request, status, &error);
}

enum handled handle_assign_one(struct request *request)
{
    const struct catalogue *catalogue = request->worker->snapshot->catalogue;
    const struct experiment *experiment = catalogue_experiment(catalogue, request->parameters[0]);
    if (!experiment)
        return answer_no_experiment(request, catalogue, request->parameters[0]);
    struct question question = {.traits = value_object()};
    const char *fault = question_read(request, &question);
    if (fault)
        return answer_problem(request, PROBLEM_BAD_PARAMETER, "%s", fault);
    if (!admission_assign(request, question.explain, question.expose))
        return HANDLED;
    struct slice own = question.ids[experiment->unit];
    struct slice id = own.data ? own : question.unit;
    const char *kind = unit_kind_text(experiment->unit);
    if (!id.data)
        return answer_problem(request, PROBLEM_BAD_UNIT,
                              "'%.*s' is about units of kind %s: give ?unit= or ?%s=",
                              SLICE_ARGS(experiment->key), kind, kind);
    fault = unit_id_fault(id);
    if (fault)
        return answer_problem(request, PROBLEM_BAD_UNIT, "the id of the %s: %s", kind, fault);
    return question_answer(request, &question, experiment, id);
}
