/* Pages that read one consistent moment of the state: reports, lists, names of events. */

#include "pages_make.h"

#include "analysis/document.h"
#include "analysis/notes.h"
#include "answer.h"
#include "service_state.h"
#include "snapshot.h"

#include <stdio.h>

enum status moment_begin(struct service *service, struct moment *moment, struct error *error)
{
    moment->view = fold_view(service->fold);
    enum status status = view_begin(moment->view, &moment->transaction, error);
    if (status) {
        view_release(moment->view);
        moment->view = NULL;
    }
    return status;
}

void moment_end(struct moment *moment)
{
    view_end(moment->transaction);
    view_release(moment->view);
}

enum problem page_fails(struct page *page, enum status status, const struct error *error)
{
    static const enum problem meanings[STATUS_COUNT] = {
        [STATUS_OK] = PROBLEM_INTERNAL,
        [STATUS_INVALID] = PROBLEM_BAD_PARAMETER,
        [STATUS_NOT_FOUND] = PROBLEM_NO_EXPERIMENT,
        [STATUS_CONFLICT] = PROBLEM_NOT_YET,
        [STATUS_TOO_LARGE] = PROBLEM_TOO_LARGE,
        [STATUS_NUMERIC] = PROBLEM_INTERNAL,
        [STATUS_BUSY] = PROBLEM_INTERNAL,
        [STATUS_STORAGE] = PROBLEM_INTERNAL,
        [STATUS_FULL] = PROBLEM_DISK_FULL,
        [STATUS_NO_MEMORY] = PROBLEM_INTERNAL,
    };
    buffer_clear(&page->body);
    buffer_add(&page->body, slice_of(error->text[0] ? error->text : status_text(status)));
    return meanings[status];
}

/* Since when the report says what it says, in whole seconds: the last that was received, the start
 * of this program, or the clock where `as_of` goes with it.  A second that is not over, or records
 * that are not folded yet, may still change it: then the date told is one that no later report
 * has, so that who shows it gets the new one. */
static void report_date(const struct service *service, struct page *page, bool is_read,
                        int64_t received_ms)
{
    int64_t changed_ms = service->start_ms;
    if (received_ms != TIME_NONE && received_ms > changed_ms)
        changed_ms = received_ms;
    if (page->question.moved_ms > changed_ms)
        changed_ms = page->question.moved_ms;
    changed_ms -= changed_ms % SECOND_MS;
    bool is_settled = is_read && clock_now_ms(&clock_system) >= changed_ms + SECOND_MS;
    page->changed_ms = changed_ms;
    page->modified_ms = is_settled ? changed_ms : changed_ms - SECOND_MS;
}

enum problem page_document(struct service *service, struct page *page, struct value *document)
{
    const struct page_question *question = &page->question;
    struct moment moment = {0};
    struct error error = {0};
    enum status status = moment_begin(service, &moment, &error);
    if (status)
        return page_fails(page, status, &error);
    const struct document_options options = {
        .experiment = question->experiment,
        .as_of_ms = question->as_of_ms,
        .now_ms = question->now_ms,
        .phase = question->phase,
        .journal_sequence = journal_last_sequence(service->journal),
        .journal_received_ms = journal_last_received_ms(service->journal),
        .version = service->options->version,
    };
    status = document_build(moment.transaction, &options, &page->arena, document, &error);
    report_date(service, page, view_watermark(moment.transaction) >= options.journal_sequence,
                view_received_ms(moment.transaction));
    moment_end(&moment);
    if (status == STATUS_NOT_FOUND && strstr(error.text, "phase")) {
        page_fails(page, status, &error);
        return PROBLEM_NO_PHASE;
    }
    return status ? page_fails(page, status, &error) : PROBLEM_NONE;
}

enum problem page_make_report(struct service *service, struct page *page)
{
    const struct page_question *question = &page->question;
    const struct render_options render = {.columns = 100, .table = question->table};
    struct value document;
    enum problem problem = page_document(service, page, &document);
    if (problem)
        return problem;
    question->format->render(&page->body, &document, &render);
    page->content_type = question->format->content_type;
    if (strcmp(question->format->name, "csv") == 0)
        page->file = arena_format(&page->arena, "%.*s-%s.csv", SLICE_ARGS(question->experiment),
                                  render_table_name(question->table));
    else if (strcmp(question->format->name, "html") == 0) {
        page->is_shown = true;
        page->file = arena_format(&page->arena, "%.*s.html", SLICE_ARGS(question->experiment));
    }
    tag_format(buffer_slice(&page->body), page->etag);
    return PROBLEM_NONE;
}

struct value page_summary(struct view_transaction *transaction, struct arena *arena,
                          struct slice key, uint16_t phase, int64_t now_ms)
{
    const struct document_options options = {
        .experiment = key, .as_of_ms = TIME_NONE, .now_ms = now_ms, .phase = phase};
    struct value summary;
    if (document_summary(transaction, &options, arena, &summary, NULL))
        return value_null();
    return summary;
}

static struct value time_value(struct arena *arena, int64_t time_ms)
{
    char text[TIME_TEXT_SIZE];
    if (time_ms == TIME_NONE)
        return value_null();
    return value_text(arena_copy(arena, slice_of(time_format(time_ms, text))));
}

static struct value text_value(struct slice text)
{
    return text.size ? value_text(text) : value_null();
}

/* What is declared, and what the state says of it. */
struct value experiment_value(struct arena *arena, const struct experiment *experiment,
                              struct slice definition, const struct value *summary)
{
    struct value object = value_object();
    value_add(arena, &object, "experiment", value_text(experiment->key));
    value_add(arena, &object, "name", text_value(experiment->title));
    value_add(arena, &object, "owner", text_value(experiment->owner));
    value_add(arena, &object, "status",
              value_text(slice_of(experiment_status_texts[experiment->status])));
    value_add(arena, &object, "unit", value_text(slice_of(unit_kind_text(experiment->unit))));
    value_add(arena, &object, "phase", value_integer(experiment->phase));
    value_add(arena, &object, "start", time_value(arena, experiment->start_ms));
    value_add(arena, &object, "end", time_value(arena, experiment->end_ms));
    value_add(arena, &object, "definition", text_value(definition));
    static const char *const taken[] = {"exposed", "verdict", "health"};
    for (size_t i = 0; i < sizeof taken / sizeof *taken; i++) {
        const struct value *member = value_member(summary, slice_of(taken[i]));
        value_add(arena, &object, taken[i], member ? *member : value_null());
    }
    return object;
}

static bool list_wants(const struct page_question *question, const struct experiment *experiment)
{
    return (!question->status.size ||
            slice_equals(question->status, experiment_status_texts[experiment->status])) &&
           (!question->owner.size || slice_equal(question->owner, experiment->owner));
}

/* Those of the list that the question wants: experiments, or holdouts. */
static void list_add(const struct page *page, struct view_transaction *transaction,
                     struct arena *arena, const struct experiment *experiments, size_t count,
                     struct value *list)
{
    const struct page_question *question = &page->question;
    const struct catalogue *catalogue = question->snapshot->catalogue;
    for (size_t i = 0; i < count; i++) {
        const struct experiment *experiment = &experiments[i];
        if (!list_wants(question, experiment))
            continue;
        char text[DIGEST_TEXT_SIZE];
        struct digest digest = definition_digest(catalogue, experiment, CONTRIBUTION_VERSION);
        struct slice definition = experiments == catalogue->experiments
                                      ? snapshot_definition(question->snapshot, experiment)
                                      : arena_copy(arena, slice_of(digest_format(&digest, text)));
        struct value summary =
            page_summary(transaction, arena, experiment->key, 0, question->now_ms);
        value_append(arena, list, experiment_value(arena, experiment, definition, &summary));
    }
}

enum problem page_make_experiments(struct service *service, struct page *page)
{
    const struct page_question *question = &page->question;
    struct arena *arena = &page->arena;
    struct moment moment = {0};
    struct error error = {0};
    enum status status = moment_begin(service, &moment, &error);
    if (status)
        return page_fails(page, status, &error);
    struct value list = value_list();
    const struct catalogue *catalogue = question->snapshot->catalogue;
    list_add(page, moment.transaction, arena, catalogue->experiments, catalogue->experiment_count,
             &list);
    list_add(page, moment.transaction, arena, catalogue->holdouts, catalogue->holdout_count, &list);
    struct value object = value_object();
    value_add(arena, &object, "experiments", list);
    page->modified_ms = view_received_ms(moment.transaction);
    value_write(&page->body, &object); /* its texts are the history's */
    moment_end(&moment);
    tag_format(buffer_slice(&page->body), page->etag);
    return arena->failed ? page_fails(page, STATUS_NO_MEMORY, &error) : PROBLEM_NONE;
}

/* Every phase that was declared, with the moments of its first declaration and of its start. */
static struct value phases_value(struct arena *arena, const struct history *history,
                                 struct slice key)
{
    struct value list = value_list();
    uint16_t last = 0;
    for (size_t i = 0; i < history->count; i++) {
        const struct declaration *declaration = &history->items[i];
        const struct experiment *experiment = catalogue_analysed(declaration->catalogue, key);
        if (!experiment || experiment->phase == last)
            continue;
        last = experiment->phase;
        struct value phase = value_object();
        value_add(arena, &phase, "phase", value_integer(experiment->phase));
        value_add(arena, &phase, "declared", time_value(arena, declaration->time_ms));
        value_add(arena, &phase, "start", time_value(arena, experiment->start_ms));
        value_append(arena, &list, phase);
    }
    return list;
}

/* The text of the file that an experiment stands in. */
static struct slice source_text(const struct catalogue *catalogue,
                                const struct experiment *experiment)
{
    for (size_t i = 0; i < catalogue->sources.count; i++)
        if (slice_equal(catalogue->sources.files[i].path, experiment->path))
            return catalogue->sources.files[i].text;
    return (struct slice){0};
}

/* The declaration that a page is about. */
struct declared {
    const struct catalogue *catalogue;
    const struct experiment *experiment;
};

static struct declared declared_find(const struct page *page,
                                     const struct view_transaction *transaction)
{
    const struct page_question *question = &page->question;
    const struct declaration *declaration = NULL;
    struct declared found = {.catalogue = question->snapshot->catalogue};
    found.experiment = catalogue_analysed(found.catalogue, question->experiment);
    if (question->phase && (!found.experiment || found.experiment->phase != question->phase))
        found.experiment = history_registered(view_history(transaction), question->experiment,
                                              question->phase, &declaration);
    else if (!found.experiment)
        found.experiment =
            history_last(view_history(transaction), question->experiment, &declaration);
    if (declaration)
        found.catalogue = declaration->catalogue;
    return found;
}

/* Whether it was ever declared, in any phase. */
static bool is_declared(const struct page *page, const struct view_transaction *transaction)
{
    const struct declaration *declaration = NULL;
    struct slice key = page->question.experiment;
    return catalogue_analysed(page->question.snapshot->catalogue, key) ||
           history_last(view_history(transaction), key, &declaration);
}

static void write_experiment(struct page *page, const struct declared *declared,
                             struct view_transaction *transaction)
{
    struct arena *arena = &page->arena;
    const struct experiment *experiment = declared->experiment;
    struct digest digest = definition_digest(declared->catalogue, experiment, CONTRIBUTION_VERSION);
    char text[DIGEST_TEXT_SIZE];
    struct value summary = page_summary(transaction, arena, experiment->key, page->question.phase,
                                        page->question.now_ms);
    struct value object = experiment_value(
        arena, experiment, arena_copy(arena, slice_of(digest_format(&digest, text))), &summary);
    value_add(arena, &object, "source", text_value(source_text(declared->catalogue, experiment)));
    value_add(arena, &object, "file", text_value(experiment->path));
    value_add(arena, &object, "phases",
              phases_value(arena, view_history(transaction), experiment->key));
    value_write(&page->body, &object);
    if (page->body.failed)
        return;
    page->body.size--; /* the closing brace: two texts are canonical JSON already */
    buffer_add(&page->body, SLICE(",\"declaration\":"));
    definition_write_canonical(&page->body, declared->catalogue, experiment, CONTRIBUTION_VERSION);
    buffer_add(&page->body, SLICE(",\"plan\":"));
    plan_write_canonical(&page->body, declared->catalogue, experiment);
    buffer_add_byte(&page->body, '}');
}

enum problem page_make_experiment(struct service *service, struct page *page)
{
    struct moment moment = {0};
    struct error error = {0};
    enum status status = moment_begin(service, &moment, &error);
    if (status)
        return page_fails(page, status, &error);
    struct declared declared = declared_find(page, moment.transaction);
    if (declared.experiment)
        write_experiment(page, &declared, moment.transaction);
    page->modified_ms = view_received_ms(moment.transaction);
    bool is_known = declared.experiment || is_declared(page, moment.transaction);
    moment_end(&moment);
    if (!is_known)
        return PROBLEM_NO_EXPERIMENT;
    if (!declared.experiment) {
        buffer_format(&page->body, "'%.*s' has no phase %u", SLICE_ARGS(page->question.experiment),
                      page->question.phase);
        return PROBLEM_NO_PHASE;
    }
    tag_format(buffer_slice(&page->body), page->etag);
    return page->arena.failed ? page_fails(page, STATUS_NO_MEMORY, &error) : PROBLEM_NONE;
}

enum problem page_make_events(struct service *service, struct page *page)
{
    struct arena *arena = &page->arena;
    struct moment moment = {0};
    struct error error = {0};
    struct seen_name *names = NULL;
    size_t count = 0;
    enum status status = moment_begin(service, &moment, &error);
    if (status)
        return page_fails(page, status, &error);
    status = view_names(moment.transaction, arena, &names, &count, &error);
    page->modified_ms = view_received_ms(moment.transaction);
    struct value lists[2] = {value_list(), value_list()};
    for (size_t i = 0; i < count && !status; i++) {
        struct value entry = value_object();
        value_add(arena, &entry, "name", value_text(names[i].name));
        value_add(arena, &entry, "count", value_integer((int64_t)names[i].count));
        value_add(arena, &entry, "first", time_value(arena, names[i].first_ms));
        value_add(arena, &entry, "last", time_value(arena, names[i].last_ms));
        value_append(arena, &lists[names[i].is_trait], entry);
    }
    struct value object = value_object();
    value_add(arena, &object, "events", lists[0]);
    value_add(arena, &object, "traits", lists[1]);
    value_write(&page->body, &object);
    moment_end(&moment);
    if (!status && arena->failed)
        status = STATUS_NO_MEMORY;
    if (status)
        return page_fails(page, status, &error);
    tag_format(buffer_slice(&page->body), page->etag);
    return PROBLEM_NONE;
}

enum problem page_make_notes(struct service *service, struct page *page)
{
    struct arena *arena = &page->arena;
    struct moment moment = {0};
    struct error error = {0};
    struct note *notes = NULL;
    size_t count = 0;
    enum status status = moment_begin(service, &moment, &error);
    if (status)
        return page_fails(page, status, &error);
    status =
        view_notes(moment.transaction, arena, page->question.experiment, &notes, &count, &error);
    page->modified_ms = view_received_ms(moment.transaction);
    moment_end(&moment);
    if (status)
        return page_fails(page, status, &error);
    struct value list = value_list(), object = value_object();
    for (size_t i = 0; i < count; i++) {
        struct value note = value_object();
        value_add(arena, &note, "note", value_integer((int64_t)notes[i].sequence));
        value_add(arena, &note, "time", time_value(arena, notes[i].time_ms));
        value_add(arena, &note, "experiment", text_value(notes[i].experiment));
        value_add(arena, &note, "variant", text_value(notes[i].variant));
        value_add(arena, &note, "segment", text_value(notes[i].segment));
        value_add(arena, &note, "step", text_value(notes[i].step));
        value_add(arena, &note, "source", text_value(notes[i].source));
        value_add(arena, &note, "text", text_value(notes[i].text));
        value_append(arena, &list, note);
    }
    value_add(arena, &object, "notes", list);
    value_write(&page->body, &object);
    tag_format(buffer_slice(&page->body), page->etag);
    return arena->failed ? page_fails(page, STATUS_NO_MEMORY, &error) : PROBLEM_NONE;
}
