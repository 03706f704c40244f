/*
 * What researchers ask for: each handler here turns a request into a question to the pages, and
 * page_... functions (pages_make.c, pages_metrics.c) make them.
 */

#include "accept.h"
#include "answer.h"
#include "handlers.h"
#include "page_query.h"
#include "pages_make.h"
#include "query.h"
#include "service_state.h"
#include "snapshot.h"

#include "base/number.h"

#define PAGE_DAYS_MAX 365

static const struct {
    const char *name;
    size_t offset;
} parameter_places[] = {
    {"status", offsetof(struct page_parameters, status)},
    {"owner", offsetof(struct page_parameters, owner)},
    {"format", offsetof(struct page_parameters, format)},
    {"table", offsetof(struct page_parameters, table)},
    {"as_of", offsetof(struct page_parameters, as_of)},
    {"phase", offsetof(struct page_parameters, phase)},
    {"experiment", offsetof(struct page_parameters, experiment)},
    {"sort", offsetof(struct page_parameters, sort)},
    {"metric", offsetof(struct page_parameters, metric)},
    {"days", offsetof(struct page_parameters, days)},
    {"segment", offsetof(struct page_parameters, segment)},
    {"part", offsetof(struct page_parameters, part)},
    {"variant", offsetof(struct page_parameters, variant)},
    {"from", offsetof(struct page_parameters, from)},
    {"to", offsetof(struct page_parameters, to)},
};
#define PLACES (sizeof parameter_places / sizeof *parameter_places)

static struct slice *parameter_place(struct page_parameters *parameters, struct slice name,
                                     const char *allowed)
{
    for (size_t i = 0; i < PLACES; i++) {
        const char *known = parameter_places[i].name;
        if (slice_equals(name, known) && strstr(allowed, known))
            return (struct slice *)(void *)((char *)parameters + parameter_places[i].offset);
    }
    return NULL;
}

bool parameters_read(struct request *request, const char *allowed,
                     struct page_parameters *parameters)
{
    struct slice rest = request->query;
    struct parameter parameter;
    const char *fault;
    while (query_next(&request->arena, &rest, &parameter, &fault)) {
        struct slice *place = parameter_place(parameters, parameter.name, allowed);
        if (!place) {
            answer_problem(request, PROBLEM_BAD_PARAMETER, "there is no parameter '%.*s' here; %s",
                           SLICE_ARGS(parameter.name),
                           *allowed ? allowed : "this takes no parameters");
            return false;
        }
        if (place->data) {
            answer_problem(request, PROBLEM_BAD_PARAMETER, "'%.*s' is given twice",
                           SLICE_ARGS(parameter.name));
            return false;
        }
        *place = parameter.value.data ? parameter.value : SLICE("");
    }
    if (fault)
        answer_problem(request, PROBLEM_BAD_PARAMETER, "%s", fault);
    return !fault;
}

bool phase_read(struct request *request, struct slice text, uint16_t *phase)
{
    uint64_t number = 0;
    if (text.size && (!unsigned_parse(text, &number) || number < 1 || number > UINT16_MAX)) {
        answer_problem(request, PROBLEM_BAD_PARAMETER, "phase is a number from 1");
        return false;
    }
    *phase = (uint16_t)number;
    return true;
}

bool moment_read(struct request *request, struct slice text, struct page_question *question)
{
    int64_t now_ms = clock_now_ms(&clock_system);
    struct error error = {0};
    question->now_ms = now_ms - now_ms % MINUTE_MS;
    question->as_of_ms = TIME_NONE;
    question->moved_ms = question->now_ms;
    if (!text.size)
        return true;
    if (time_parse_relative(text, now_ms, &question->as_of_ms, &error)) {
        answer_problem(request, PROBLEM_BAD_PARAMETER, "as_of: %s", error.text);
        return false;
    }
    question->moved_ms = text.data[0] == '-' ? now_ms : TIME_NONE;
    if (question->as_of_ms > question->now_ms)
        question->now_ms = now_ms;
    return true;
}

enum handled page_ask(struct request *request, struct page_question *question)
{
    struct service *service = request->worker->options.service;
    struct fold_progress progress;
    fold_progress(service->fold, &progress);
    question->watermark = progress.watermark;
    question->published = progress.published;
    question->snapshot = request->worker->snapshot;
    return pages_ask(service->pages, request, question);
}

bool status_check(struct request *request, struct slice text)
{
    const char *const *known = experiment_status_texts;
    while (*known && !slice_equals(text, *known))
        known++;
    if (text.size && !*known)
        answer_problem(request, PROBLEM_BAD_PARAMETER,
                       "status is draft, running, paused or stopped");
    return !text.size || *known;
}

enum handled handle_experiments(struct request *request)
{
    struct page_parameters parameters = {0};
    if (!parameters_read(request, "status owner", &parameters) ||
        !status_check(request, parameters.status))
        return HANDLED;
    struct page_question question = {.make = page_make_experiments,
                                     .status = parameters.status,
                                     .owner = parameters.owner,
                                     .is_kept = true};
    moment_read(request, (struct slice){0}, &question);
    return page_ask(request, &question);
}

enum handled handle_experiment(struct request *request)
{
    struct page_parameters parameters = {0};
    struct page_question question = {
        .make = page_make_experiment, .experiment = request->parameters[0], .is_kept = true};
    if (!parameters_read(request, "phase", &parameters) ||
        !phase_read(request, parameters.phase, &question.phase))
        return HANDLED;
    moment_read(request, (struct slice){0}, &question);
    return page_ask(request, &question);
}

/* Of equal weights JSON, else text (accept.h). */
static const struct render_format *format_accepted(struct slice accept)
{
    static const struct accept_type types[] = {
        {.ranges = {"application/json", "application/*", "*/*"}, .name = "json"},
        {.ranges = {"text/plain", "text/*", "*/*"}, .name = "text"},
        {.ranges = {"text/csv", "text/*", "*/*"}, .name = "csv"},
        {.ranges = {"text/html", "text/*", "*/*"}, .name = "html"},
    };
    const char *name = accept_choose(accept, types, sizeof types / sizeof *types);
    return name ? render_format_find(slice_of(name)) : NULL;
}

/* The table of a CSV, the results where none is named. */
static bool table_read(struct request *request, struct slice name, struct page_question *question)
{
    if (!name.size)
        return true;
    if (strcmp(question->format->name, "csv") != 0)
        answer_problem(request, PROBLEM_BAD_PARAMETER, "only format=csv has tables");
    else if (!render_table_find(name, &question->table))
        answer_problem(request, PROBLEM_BAD_PARAMETER, "table is one of " RENDER_TABLES);
    else
        return true;
    return false;
}

static bool format_read(struct request *request, struct slice name, struct page_question *question)
{
    if (name.size) {
        question->format = render_format_find(name);
        if (!question->format)
            answer_problem(request, PROBLEM_BAD_PARAMETER, "format is json, text, csv or html");
        return question->format;
    }
    question->format =
        request->accept.size ? format_accepted(request->accept) : render_format_find(SLICE("json"));
    if (!question->format)
        answer_problem(request, PROBLEM_ACCEPT,
                       "a report is application/json, text/plain, text/csv or text/html");
    return question->format;
}

enum handled handle_report(struct request *request)
{
    struct page_parameters parameters = {0};
    struct page_question question = {
        .make = page_make_report, .experiment = request->parameters[0], .is_kept = true};
    if (!parameters_read(request, "format table as_of phase", &parameters) ||
        !phase_read(request, parameters.phase, &question.phase) ||
        !moment_read(request, parameters.as_of, &question) ||
        !format_read(request, parameters.format, &question) ||
        !table_read(request, parameters.table, &question))
        return HANDLED;
    return page_ask(request, &question);
}

bool days_read(struct request *request, struct slice text, int64_t *days_ms)
{
    uint64_t days = 0;
    if (text.size && (!unsigned_parse(text, &days) || days < 1 || days > PAGE_DAYS_MAX)) {
        answer_problem(request, PROBLEM_BAD_PARAMETER, "days is a number from 1 to %d",
                       PAGE_DAYS_MAX);
        return false;
    }
    *days_ms = (int64_t)days * DAY_MS;
    return true;
}

static enum handled core_actions_ask(struct request *request, page_make_fn *make)
{
    struct page_parameters parameters = {0};
    struct page_question question = {.make = make, .is_kept = true};
    if (!parameters_read(request, "metric days segment as_of", &parameters) ||
        !days_read(request, parameters.days, &question.days_ms) ||
        !moment_read(request, parameters.as_of, &question))
        return HANDLED;
    question.metric = parameters.metric;
    question.segment = parameters.segment;
    return page_ask(request, &question);
}

enum handled handle_core_actions(struct request *request)
{
    return core_actions_ask(request, page_make_core_actions);
}

enum handled handle_actions(struct request *request)
{
    return core_actions_ask(request, page_make_actions);
}

enum handled handle_events(struct request *request)
{
    struct page_parameters parameters = {0};
    if (!parameters_read(request, "", &parameters))
        return HANDLED;
    struct page_question question = {.make = page_make_events, .is_kept = true};
    return page_ask(request, &question);
}

enum handled handle_notes(struct request *request)
{
    struct page_parameters parameters = {0};
    if (!parameters_read(request, "experiment", &parameters))
        return HANDLED;
    struct page_question question = {
        .make = page_make_notes, .experiment = parameters.experiment, .is_kept = true};
    return page_ask(request, &question);
}

enum handled handle_metrics(struct request *request)
{
    struct page_question question = {.make = page_make_metrics,
                                     .now_ms = clock_now_ms(&clock_system)};
    return page_ask(request, &question);
}
