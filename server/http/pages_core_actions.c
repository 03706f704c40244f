/* The page of core actions: the whole journal is read for it, so it stops when the server drains.
 */

#include "pages_make.h"

#include "analysis/core_actions.h"
#include "dashboard/dashboard.h"
#include "service_state.h"

static enum problem core_fails(struct page *page, enum status status, const struct error *error)
{
    enum problem meaning = page_fails(page, status, error);
    if (status == STATUS_BUSY)
        return PROBLEM_DRAINING;
    if (status != STATUS_NOT_FOUND)
        return meaning;
    return strcmp(error->where, "core_actions") == 0 ? PROBLEM_NO_CORE_ACTIONS
                                                     : PROBLEM_BAD_PARAMETER;
}

static enum problem core_document(struct service *service, struct page *page,
                                  struct value *document)
{
    const struct page_question *question = &page->question;
    const struct core_actions_options options = {.journal = service->journal,
                                                 .metric = question->metric,
                                                 .landmark_ms = question->days_ms,
                                                 .segment = question->segment,
                                                 .as_of_ms = question->as_of_ms,
                                                 .now_ms = question->now_ms,
                                                 .stop = &service->is_draining};
    struct view *view = fold_view(service->fold);
    struct error error = {0};
    enum status status = core_actions_build(view, &options, &page->arena, document, &error);
    view_release(view);
    return status ? core_fails(page, status, &error) : PROBLEM_NONE;
}

enum problem page_make_core_actions(struct service *service, struct page *page)
{
    struct value document;
    enum problem problem = core_document(service, page, &document);
    if (problem)
        return problem;
    value_write(&page->body, &document);
    tag_format(buffer_slice(&page->body), page->etag);
    return PROBLEM_NONE;
}

/* What its page shows; the dashboard frames it. */
enum problem page_write_core_actions(struct service *service, struct page *page,
                                     struct buffer *main)
{
    struct value document;
    enum problem problem = core_document(service, page, &document);
    if (!problem)
        dashboard_core_actions(main, &document);
    return problem;
}
