/* `explain` as an answer and as a page.  Of everyone the whole journal is read for it, so it stops
 * when the server drains. */

#include "pages_make.h"

#include "analysis/explain.h"
#include "dashboard/dashboard.h"
#include "report/explain.h"
#include "service_state.h"
#include "snapshot.h"

#include <string.h>

#define FORM_DAYS_FROM 21 /* before now: a week, and the week after it */
#define FORM_DAYS_TO 14
#define TEXT_COLUMNS 80

static int32_t days_of(const struct page_question *question)
{
    return question->days_ms ? (int32_t)(question->days_ms / DAY_MS) : EXPLAIN_RANGE_DAYS;
}

static enum status range_read(const struct page_question *question, const char *name,
                              struct slice text, struct day_range *range, struct error *error)
{
    struct error found = {0};
    if (!text.size)
        return FAIL(error, STATUS_INVALID, name, 0, "%s is missing: a date, or FIRST..LAST", name);
    if (!day_range_parse(text, days_of(question), range, &found))
        return STATUS_OK;
    return FAIL(error, STATUS_INVALID, name, 0, "%s: %s", name, found.text);
}

static enum status document_make(struct service *service, struct page *page, struct value *document,
                                 struct error *error)
{
    const struct page_question *question = &page->question;
    struct explain_options options = {.journal = service->journal,
                                      .metric = question->metric,
                                      .experiment = question->experiment,
                                      .variant = question->variant,
                                      .segment = question->segment,
                                      .as_of_ms = question->as_of_ms,
                                      .now_ms = question->now_ms,
                                      .stop = &service->is_draining};
    enum status status = range_read(question, "from", question->from, &options.from, error);
    if (!status)
        status = range_read(question, "to", question->to, &options.to, error);
    if (status)
        return status;
    struct view *view = fold_view(service->fold);
    status = explain_build(view, &options, &page->arena, document, error);
    view_release(view);
    return status;
}

static enum problem explain_fails(struct page *page, enum status status, const struct error *error)
{
    enum problem meaning = page_fails(page, status, error);
    if (status == STATUS_BUSY)
        return PROBLEM_DRAINING;
    if (status == STATUS_NOT_FOUND && strcmp(error->where, "experiment") != 0)
        return PROBLEM_BAD_PARAMETER;
    return meaning;
}

enum problem page_make_explain(struct service *service, struct page *page)
{
    static const struct render_options options = {.columns = TEXT_COLUMNS};
    struct value document;
    struct error error = {0};
    enum status status = document_make(service, page, &document, &error);
    if (status)
        return explain_fails(page, status, &error);
    const char *name = page->question.format->name;
    if (strcmp(name, "text") == 0)
        explain_text(&page->body, &document, &options);
    else if (strcmp(name, "csv") == 0)
        explain_csv(&page->body, &document);
    else
        value_write(&page->body, &document);
    page->content_type = page->question.format->content_type;
    tag_format(buffer_slice(&page->body), page->etag);
    return PROBLEM_NONE;
}

static struct slice day_text(struct arena *arena, int64_t time_ms)
{
    char text[TIME_TEXT_SIZE];
    struct slice whole = slice_of(time_format(time_ms, text));
    return arena_copy(arena, (struct slice){.data = whole.data, .size = 10});
}

/* What the form has in it: what was asked, else two weeks whose users can be followed a while. */
static struct dashboard_question form_of(struct page *page)
{
    const struct page_question *question = &page->question;
    struct dashboard_question made = {.metric = question->metric,
                                      .experiment = question->experiment,
                                      .variant = question->variant,
                                      .segment = question->segment,
                                      .from = question->from,
                                      .to = question->to,
                                      .days = days_of(question)};
    if (!made.from.size)
        made.from = day_text(&page->arena, question->now_ms - FORM_DAYS_FROM * DAY_MS);
    if (!made.to.size)
        made.to = day_text(&page->arena, question->now_ms - FORM_DAYS_TO * DAY_MS);
    return made;
}

enum problem page_write_explain(struct service *service, struct page *page, struct buffer *main)
{
    const struct catalogue *catalogue = page->question.snapshot->catalogue;
    struct dashboard_question form = form_of(page);
    struct value document;
    struct error error = {0};
    if (!page->question.metric.size) {
        dashboard_explain(main, &form, catalogue, NULL, (struct slice){0});
        return PROBLEM_NONE;
    }
    enum status status = document_make(service, page, &document, &error);
    bool is_asked_wrong = status == STATUS_INVALID || status == STATUS_NOT_FOUND;
    if (status && !is_asked_wrong)
        return explain_fails(page, status, &error);
    dashboard_explain(main, &form, catalogue, status ? NULL : &document, slice_of(error.text));
    return PROBLEM_NONE;
}
