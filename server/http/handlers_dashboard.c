/*
 * The pages of the dashboard: each handler turns a request into a question to the pages, which
 * pages_dashboard.c answers.  What is wrong with a request is said by a page too (FORM_PAGE).
 */

#include "answer.h"
#include "dashboard/dashboard.h"
#include "handlers.h"
#include "page_query.h"
#include "pages_make.h"

static bool sort_check(struct request *request, struct slice text)
{
    if (dashboard_sort_is_known(text))
        return true;
    answer_problem(request, PROBLEM_BAD_PARAMETER,
                   "sort is name, status, units, rate, days, verdict or health");
    return false;
}

enum handled handle_overview(struct request *request)
{
    struct page_parameters parameters = {0};
    if (!parameters_read(request, "status owner sort", &parameters) ||
        !status_check(request, parameters.status) || !sort_check(request, parameters.sort))
        return HANDLED;
    struct page_question question = {.make = page_make_overview,
                                     .status = parameters.status,
                                     .owner = parameters.owner,
                                     .sort = parameters.sort,
                                     .is_kept = true};
    moment_read(request, (struct slice){0}, &question);
    return page_ask(request, &question);
}

enum handled handle_definitions(struct request *request)
{
    struct page_parameters parameters = {0};
    if (!parameters_read(request, "", &parameters))
        return HANDLED;
    struct page_question question = {.make = page_make_definitions, .is_kept = true};
    return page_ask(request, &question);
}

enum handled handle_article(struct request *request)
{
    struct page_parameters parameters = {0};
    struct page_question question = {
        .make = page_make_article, .experiment = request->parameters[0], .is_kept = true};
    if (!parameters_read(request, "as_of phase part", &parameters) ||
        !phase_read(request, parameters.phase, &question.phase) ||
        !moment_read(request, parameters.as_of, &question))
        return HANDLED;
    question.part = parameters.part;
    return page_ask(request, &question);
}
