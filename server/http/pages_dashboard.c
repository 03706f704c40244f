/* The pages of the dashboard, made on the pool: read from one moment of the state, and framed. */

#include "pages_make.h"

#include "answer.h"
#include "dashboard/dashboard.h"
#include "report/article.h"
#include "service_state.h"
#include "snapshot.h"

#include <stdio.h>

/* Puts what stands in <main> into the frame; the tag is that of the page without itself. */
static enum problem page_frame(struct service *service, struct page *page,
                               struct dashboard_frame *frame, struct buffer *main)
{
    struct error error = {0};
    struct buffer tagged = {0};
    frame->version = slice_of(service->options->version);
    buffer_add(&tagged, buffer_slice(main));
    buffer_add(&tagged, frame->version);
    bool has_failed = main->failed || tagged.failed || page->arena.failed;
    tag_format(buffer_slice(&tagged), page->etag);
    if (frame->place != DASHBOARD_CORE_ACTIONS && frame->place != DASHBOARD_EXPLAIN &&
        !page->question.part.size)
        frame->tag = slice_of(page->etag);
    dashboard_page(&page->body, frame, buffer_slice(main));
    buffer_done(&tagged);
    buffer_done(main);
    page->content_type = TYPE_HTML;
    page->is_html = true;
    return has_failed ? page_fails(page, STATUS_NO_MEMORY, &error) : PROBLEM_NONE;
}

static struct value time_value(struct arena *arena, int64_t time_ms)
{
    char text[TIME_TEXT_SIZE];
    if (time_ms == TIME_NONE)
        return value_null();
    return value_text(arena_copy(arena, slice_of(time_format(time_ms, text))));
}

/* Since when it takes units: the declared start, or the first load as running. */
static int64_t begun_ms(const struct view_transaction *transaction,
                        const struct experiment *experiment)
{
    const struct declaration *declaration = NULL;
    if (experiment->status == EXPERIMENT_DRAFT)
        return TIME_NONE;
    if (experiment->start_ms != TIME_NONE)
        return experiment->start_ms;
    history_registered(view_history(transaction), experiment->key, experiment->phase, &declaration);
    return declaration ? declaration->time_ms : TIME_NONE;
}

static void entries_add(struct page *page, struct view_transaction *transaction,
                        const struct experiment *experiments, size_t count, struct value *list)
{
    struct arena *arena = &page->arena;
    for (size_t i = 0; i < count; i++) {
        const struct experiment *experiment = &experiments[i];
        struct value summary =
            page_summary(transaction, arena, experiment->key, 0, page->question.now_ms);
        struct value entry = experiment_value(arena, experiment, (struct slice){0}, &summary);
        const struct value *as_of = value_member(&summary, SLICE("as_of"));
        const struct value *rate = value_member(&summary, SLICE("units_a_day"));
        value_add(arena, &entry, "as_of", as_of ? *as_of : value_null());
        value_add(arena, &entry, "units_a_day", rate ? *rate : value_null());
        value_add(arena, &entry, "begun", time_value(arena, begun_ms(transaction, experiment)));
        value_append(arena, list, entry);
    }
}

enum problem page_make_overview(struct service *service, struct page *page)
{
    const struct page_question *question = &page->question;
    const struct catalogue *catalogue = question->snapshot->catalogue;
    const struct dashboard_view view = {
        .status = question->status, .owner = question->owner, .sort = question->sort};
    struct dashboard_frame frame = {.place = DASHBOARD_EXPERIMENTS,
                                    .title = SLICE("Experiments"),
                                    .data = SLICE("/v1/experiments")};
    struct buffer main = {0};
    struct moment moment = {0};
    struct error error = {0};
    enum status status = moment_begin(service, &moment, &error);
    if (status)
        return page_fails(page, status, &error);
    struct value list = value_list();
    entries_add(page, moment.transaction, catalogue->experiments, catalogue->experiment_count,
                &list);
    entries_add(page, moment.transaction, catalogue->holdouts, catalogue->holdout_count, &list);
    dashboard_overview(&main, &list, &view); /* its texts are the history's */
    page->modified_ms = view_received_ms(moment.transaction);
    moment_end(&moment);
    return page_frame(service, page, &frame, &main);
}

enum problem page_make_definitions(struct service *service, struct page *page)
{
    struct dashboard_frame frame = {.place = DASHBOARD_DEFINITIONS, .title = SLICE("Definitions")};
    struct seen_name *names = NULL;
    size_t count = 0;
    struct buffer main = {0};
    struct moment moment = {0};
    struct error error = {0};
    enum status status = moment_begin(service, &moment, &error);
    if (!status)
        status = view_names(moment.transaction, &page->arena, &names, &count, &error);
    if (moment.view)
        moment_end(&moment);
    if (status)
        return page_fails(page, status, &error);
    dashboard_definitions(&main, page->question.snapshot->catalogue, names, count);
    return page_frame(service, page, &frame, &main);
}

/* Not told to look for newer ones: the whole journal is read for it. */
enum problem page_make_actions(struct service *service, struct page *page)
{
    struct dashboard_frame frame = {.place = DASHBOARD_CORE_ACTIONS,
                                    .title = SLICE("Core actions"),
                                    .data = SLICE("/v1/core-actions")};
    struct buffer main = {0};
    enum problem problem = page_write_core_actions(service, page, &main);
    if (!problem)
        return page_frame(service, page, &frame, &main);
    buffer_done(&main);
    return problem;
}

enum problem page_make_explain_page(struct service *service, struct page *page)
{
    struct dashboard_frame frame = {.place = DASHBOARD_EXPLAIN, .title = SLICE("Explain")};
    struct buffer main = {0};
    enum problem problem = page_write_explain(service, page, &main);
    if (!problem)
        return page_frame(service, page, &frame, &main);
    buffer_done(&main);
    return problem;
}

/* The style and who draws.  What it draws with is named in the order in which it is needed, and
 * loaded when a chart comes into view: it is more than all the rest together. */
static void article_head(struct buffer *out)
{
    for (const struct asset *asset = report_assets; asset->path; asset++)
        dashboard_head_add(out, asset);
}

/* `before`, the key, `after`. */
static struct slice key_path(struct arena *arena, const char *before, struct slice key,
                             const char *after)
{
    struct buffer path = {0};
    buffer_add(&path, slice_of(before));
    dashboard_path_add(&path, key);
    buffer_add(&path, slice_of(after));
    struct slice copy = arena_copy(arena, buffer_slice(&path));
    buffer_done(&path);
    return copy;
}

static struct slice report_path(struct arena *arena, struct slice key, const char *format)
{
    char after[64];
    snprintf(after, sizeof after, "/report?format=%s", format);
    return key_path(arena, "/v1/experiments/", key, after);
}

/* Where the rest of an article is: of the same moment, whenever it is asked for. */
static struct article_links article_links(struct arena *arena, struct slice key,
                                          const struct value *document)
{
    char page[128], report[192];
    struct slice as_of = value_member_text(document, "as_of");
    const struct value *phase = value_member(document, SLICE("phase"));
    snprintf(page, sizeof page, "?as_of=%.*s&phase=%d", SLICE_ARGS(as_of), (int)phase->integer);
    snprintf(report, sizeof report, "/report%s&format=json", page);
    return (struct article_links){.page = key_path(arena, "/experiments/", key, page),
                                  .report = key_path(arena, "/v1/experiments/", key, report)};
}

/* The way to what was written, where it still stands in a file. */
static void definition_link(struct buffer *out, const struct page_question *question)
{
    if (!catalogue_experiment(question->snapshot->catalogue, question->experiment))
        return;
    buffer_add(out, SLICE("<p class=\"definition\"><a href=\"/definitions#experiment-"));
    dashboard_path_add(out, question->experiment);
    buffer_add(out, SLICE("\">What was written</a></p>\n"));
}

/* What stands in <main>; false: there is no such part. */
static bool article_main(struct buffer *out, struct page *page, const struct value *document)
{
    const struct page_question *question = &page->question;
    struct article_links links = article_links(&page->arena, question->experiment, document);
    if (question->part.size)
        return article_part_write(out, document, &links, question->part);
    definition_link(out, question);
    article_write_light(out, document, &links);
    return true;
}

enum problem page_make_article(struct service *service, struct page *page)
{
    const struct page_question *question = &page->question;
    struct value document;
    struct buffer main = {0}, head = {0};
    enum problem problem = page_document(service, page, &document);
    if (problem)
        return problem;
    struct slice name = value_member_text(&document, "name");
    if (!article_main(&main, page, &document)) {
        buffer_format(&page->body, "the report has no part '%.*s' to show",
                      SLICE_ARGS(question->part));
        return PROBLEM_NO_ROUTE;
    }
    article_head(&head);
    struct dashboard_frame frame = {
        .place = DASHBOARD_ELSEWHERE,
        .title = name.size ? name : question->experiment,
        .data = report_path(&page->arena, question->experiment, "json"),
        .file = report_path(&page->arena, question->experiment, "html"),
        .styles = buffer_slice(&head),
    };
    main.failed |= head.failed;
    problem = page_frame(service, page, &frame, &main);
    buffer_done(&head);
    return problem;
}
