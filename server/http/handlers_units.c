/* Single people (routes.md): what is stored of one, erasing one, how an erasure goes. */

#include "answer.h"
#include "connection.h"
#include "desk.h"
#include "handlers.h"
#include "query.h"
#include "service_state.h"

#include "base/number.h"

/* The only parameter that is taken, `name`, into *value; false: the answer says what is wrong. */
static bool parameter_read(struct request *request, const char *name, struct slice *value)
{
    struct slice rest = request->query;
    struct parameter parameter;
    const char *fault;
    bool seen = false;
    while (query_next(&request->arena, &rest, &parameter, &fault)) {
        if (seen || !slice_equals(parameter.name, name)) {
            answer_problem(request, PROBLEM_BAD_PARAMETER,
                           seen ? "'%.*s' is one parameter too many"
                                : "there is no parameter '%.*s' here",
                           SLICE_ARGS(parameter.name));
            return false;
        }
        seen = true;
        *value = parameter.value.data ? parameter.value : SLICE("");
    }
    if (fault)
        answer_problem(request, PROBLEM_BAD_PARAMETER, "%s", fault);
    return !fault;
}

static bool unit_read(struct request *request, struct desk_question *question)
{
    const char *fault = unit_id_fault(request->parameters[1]);
    question->id = request->parameters[1];
    if (!unit_kind_parse(request->parameters[0], &question->kind))
        answer_problem(request, PROBLEM_NO_ROUTE, "a kind of unit is user, account or anonymous");
    else if (fault)
        answer_problem(request, PROBLEM_BAD_UNIT, "%s", fault);
    else
        return true;
    return false;
}

enum handled handle_unit(struct request *request)
{
    struct service *service = request->worker->options.service;
    struct desk_question question = {.from = 1};
    struct slice from = {0};
    if (!unit_read(request, &question) || !parameter_read(request, "from", &from))
        return HANDLED;
    if (from.data && (!unsigned_parse(from, &question.from) || question.from == 0))
        return answer_problem(request, PROBLEM_BAD_PARAMETER, "from is a sequence, from 1");
    return desk_ask(service->desk, request, &question);
}

enum handled handle_unit_erase(struct request *request)
{
    struct service *service = request->worker->options.service;
    struct desk_question question = {.erase = true};
    struct slice suppress = {0};
    if (!unit_read(request, &question) || !parameter_read(request, "suppress", &suppress))
        return HANDLED;
    question.suppress = slice_equals(suppress, "true");
    if (suppress.data && !question.suppress && !slice_equals(suppress, "false"))
        return answer_problem(request, PROBLEM_BAD_PARAMETER, "suppress is true or false");
    struct address peer;
    connection_peer(request->connection, &peer);
    memcpy(question.peer, peer.text, sizeof question.peer);
    return desk_ask(service->desk, request, &question);
}

enum handled handle_erasure(struct request *request)
{
    struct service *service = request->worker->options.service;
    struct slice text = request->parameters[0];
    uint64_t sequence;
    enum desk_erasure found = DESK_NO_ERASURE;
    if (unsigned_parse(text, &sequence))
        found = desk_look(service->desk, sequence);
    if (found == DESK_NO_ERASURE)
        return answer_problem(request, PROBLEM_NO_ERASURE, "there is no erasure '%.*s'",
                              SLICE_ARGS(text));
    buffer_format(answer_begin(request, 200, TYPE_JSON), "{\"erasure\":%llu,\"status\":\"%s\"}",
                  (unsigned long long)sequence, found == DESK_DONE ? "done" : "pending");
    return HANDLED;
}
