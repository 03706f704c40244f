/* Why a metric changed: for programs in the formats of the command, for people as a form with the
 * answer below it.  What is wrong with a question is found where it is answered (pages_explain.c),
 * so that the page can say it beside the form. */

#include "answer.h"
#include "handlers.h"
#include "page_query.h"
#include "pages_make.h"

#define PARAMETERS "metric from to days experiment variant segment as_of"

static bool explain_read(struct request *request, const struct page_parameters *parameters,
                         struct page_question *question)
{
    question->metric = parameters->metric;
    question->experiment = parameters->experiment;
    question->variant = parameters->variant;
    question->segment = parameters->segment;
    question->from = parameters->from;
    question->to = parameters->to;
    return days_read(request, parameters->days, &question->days_ms) &&
           moment_read(request, parameters->as_of, question);
}

enum handled handle_explain(struct request *request)
{
    struct page_parameters parameters = {0};
    struct page_question question = {.make = page_make_explain, .is_kept = true};
    if (!parameters_read(request, PARAMETERS " format", &parameters) ||
        !explain_read(request, &parameters, &question))
        return HANDLED;
    question.format =
        render_format_find(parameters.format.size ? parameters.format : SLICE("json"));
    if (!question.format || strcmp(question.format->name, "html") == 0)
        return answer_problem(request, PROBLEM_BAD_PARAMETER, "format is json, text or csv");
    return page_ask(request, &question);
}

enum handled handle_explain_page(struct request *request)
{
    struct page_parameters parameters = {0};
    struct page_question question = {.make = page_make_explain_page, .is_kept = true};
    if (!parameters_read(request, PARAMETERS, &parameters) ||
        !explain_read(request, &parameters, &question))
        return HANDLED;
    return page_ask(request, &question);
}
