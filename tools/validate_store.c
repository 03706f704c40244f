/*
 * The files against a store.  The names used are gathered from the compiled catalogue, each with
 * the file that uses it, and looked up among the names seen.  A place is found by looking for the
 * name as a word in the text of the file, outside of comments; without one it is the first line.
 */

#include "validate_store.h"

#include "analysis/view.h"
#include "experiment/diff.h"
#include "ingest/declare.h"

#include <ctype.h>

struct check {
    const struct catalogue *catalogue;
    struct diagnostics *found;
    const struct seen_name *names;
    size_t name_count;
    struct slice file; /* path of the file whose names are looked at */
};

/* ---- places ---- */

struct place {
    unsigned line, column;
    struct slice text; /* of the line */
};

static bool is_word(char byte)
{
    return isalnum((unsigned char)byte) || byte == '_' || (unsigned char)byte >= 0x80;
}

/* Offset of `name` as a word in the line, before a comment; line.size when it is not there. */
static size_t name_in_line(struct slice line, struct slice name)
{
    for (size_t at = 0; at + name.size <= line.size; at++) {
        if (line.data[at] == '#' && (at == 0 || line.data[at - 1] == ' '))
            break;
        size_t end = at + name.size;
        if (memcmp(line.data + at, name.data, name.size) == 0 &&
            (at == 0 || !is_word(line.data[at - 1])) &&
            (end == line.size || !is_word(line.data[end])))
            return at;
    }
    return line.size;
}

static struct place place_of(struct slice text, struct slice name)
{
    struct place first = {.line = 1, .column = 1}, place = first;
    for (size_t at = 0; at < text.size; place.line++) {
        const char *end = memchr(text.data + at, '\n', text.size - at);
        size_t size = end ? (size_t)(end - text.data) - at : text.size - at;
        struct slice line = {.data = text.data + at, .size = size};
        if (line.size && line.data[line.size - 1] == '\r')
            line.size--;
        if (place.line == 1)
            first.text = line;
        size_t offset = name_in_line(line, name);
        if (offset < line.size) {
            struct slice before = {.data = line.data, .size = offset};
            place.column = (unsigned)slice_code_points(before) + 1;
            place.text = line;
            return place;
        }
        at += size + 1;
    }
    return first;
}

static void warn(struct check *check, const char *code, struct slice name, struct slice text,
                 const char *hint)
{
    const struct sources *sources = &check->catalogue->sources;
    struct diagnostic diagnostic = {.warning = true,
                                    .code = code,
                                    .path = check->file,
                                    .line = 1,
                                    .column = 1,
                                    .width = 1,
                                    .text = text,
                                    .hint = slice_of(hint)};
    for (size_t i = 0; i < sources->count; i++) {
        if (!slice_equal(sources->files[i].path, check->file))
            continue;
        struct place place = place_of(sources->files[i].text, name);
        diagnostic.line = place.line;
        diagnostic.column = place.column;
        diagnostic.source_line = place.text;
        if (name_in_line(place.text, name) < place.text.size)
            diagnostic.width = (unsigned)slice_code_points(name);
    }
    for (size_t i = 0; i < check->found->count; i++) {
        const struct diagnostic *other = &check->found->items[i];
        if (slice_equal(other->path, diagnostic.path) && slice_equal(other->text, text))
            return; /* a name is told once a file */
    }
    diagnostics_add(check->found, &diagnostic);
}

/* ---- names ---- */

static void name_used(struct check *check, struct slice name, bool is_trait)
{
    const char *dot = is_trait && name.size ? memchr(name.data, '.', name.size) : NULL;
    struct slice head = {.data = name.data, .size = dot ? (size_t)(dot - name.data) : name.size};
    if (!name.size)
        return;
    for (size_t i = 0; i < check->name_count; i++)
        if (check->names[i].is_trait == is_trait && slice_equal(check->names[i].name, head))
            return;
    struct slice text =
        arena_format(&check->found->arena, "no message brought the %s '%.*s' so far",
                     is_trait ? "trait" : "event", SLICE_ARGS(name));
    warn(check, "never-received", name, text, "");
}

static void events_used(struct check *check, const struct event_condition *events, size_t count)
{
    for (size_t i = 0; i < count; i++)
        name_used(check, events[i].event, false);
}

static void metric_used(struct check *check, const struct metric *metric)
{
    events_used(check, metric->events, metric->event_count);
    for (size_t i = 0; i < metric->competing_count; i++)
        name_used(check, metric->competing[i], false);
    name_used(check, metric->of_trait, true);
}

static void condition_used(struct check *check, const struct condition *condition)
{
    if (!condition)
        return;
    if (condition->kind == CONDITION_TEST)
        name_used(check, condition->trait, true);
    for (size_t i = 0; i < condition->part_count; i++)
        condition_used(check, &condition->parts[i]);
}

static void variant_used(struct check *check, const struct variant *variant)
{
    for (size_t i = 0; i < variant->flow_count; i++) {
        name_used(check, variant->flow[i].done_when, false);
        name_used(check, variant->flow[i].trigger_event, false);
    }
}

static void experiment_used(struct check *check, const struct experiment *experiment)
{
    check->file = experiment->path;
    condition_used(check, experiment->audience);
    for (size_t i = 0; i < experiment->variant_count; i++)
        variant_used(check, &experiment->variants[i]);
    for (size_t i = 0; i < experiment->covariate_count; i++)
        name_used(check, experiment->covariates[i].trait, true);
}

/* The path of the shared file of that name; empty: there is none. */
static struct slice shared_file(const struct catalogue *catalogue, const char *name)
{
    for (size_t i = 0; i < catalogue->sources.count; i++)
        if (slice_equals(catalogue->sources.files[i].name, name))
            return catalogue->sources.files[i].path;
    return (struct slice){0};
}

static void names_check(struct check *check)
{
    const struct catalogue *catalogue = check->catalogue;
    for (size_t i = 0; i < catalogue->experiment_count; i++)
        experiment_used(check, &catalogue->experiments[i]);
    check->file = shared_file(catalogue, "metrics.yaml");
    for (size_t i = 0; i < catalogue->metric_count; i++)
        metric_used(check, &catalogue->metrics[i]);
    for (size_t i = 0; i < catalogue->not_activity_count; i++)
        name_used(check, catalogue->not_activity[i], false);
    events_used(check, catalogue->core_actions.candidates, catalogue->core_actions.count);
    check->file = shared_file(catalogue, "segments.yaml");
    for (size_t i = 0; i < catalogue->segment_count; i++)
        name_used(check, catalogue->segments[i].trait, true);
}

static enum status names_load(struct check *check, const struct store *store, struct arena *arena,
                              struct error *error)
{
    struct view *view = NULL;
    struct view_transaction *transaction = NULL;
    struct seen_name *names = NULL;
    enum status status = view_open(store, &view, error);
    if (status == STATUS_NOT_FOUND)
        status = STATUS_STORAGE; /* no state yet: exit status 3, as a store that is missing */
    if (!status)
        status = view_begin(view, &transaction, error);
    if (!status)
        status = view_names(transaction, arena, &names, &check->name_count, error);
    view_end(transaction);
    view_release(view);
    check->names = names;
    return status;
}

/* ---- changes ---- */

static void changes_check(struct check *check, const struct catalogue *accepted)
{
    for (size_t i = 0; accepted && i < accepted->experiment_count; i++) {
        const struct experiment *old_one = &accepted->experiments[i];
        const struct experiment *new_one = catalogue_experiment(check->catalogue, old_one->key);
        const char *broken = new_one ? experiment_breaks(old_one, new_one) : NULL;
        if (!broken)
            continue;
        check->file = new_one->path;
        struct slice text = arena_format(&check->found->arena,
                                         "breaking change of %s against what the store last "
                                         "accepted, without a raised phase",
                                         broken);
        warn(check, "breaking-change", new_one->key, text, "raise `phase`, or take it back");
    }
}

static enum status accepted_load(const struct store *store, struct catalogue **accepted,
                                 struct error *error)
{
    struct journal *journal = NULL;
    enum status status = journal_open(store, &(struct journal_options){0}, &journal, error);
    if (!status)
        status = declare_last(journal, accepted, error);
    journal_close(journal);
    return status;
}

enum status validate_store(const char *path, const struct catalogue *catalogue,
                           struct diagnostics *found, struct error *error)
{
    struct store store;
    struct arena arena = {0};
    struct catalogue *accepted = NULL;
    struct check check = {.catalogue = catalogue, .found = found};
    enum status status = store_open(&store, path, STORE_READ, error);
    if (status)
        return status;
    status = accepted_load(&store, &accepted, error);
    if (!status)
        status = names_load(&check, &store, &arena, error);
    store_close(&store);
    if (!status) {
        names_check(&check);
        changes_check(&check, accepted);
        diagnostics_sort(found);
        if (found->arena.failed)
            status = FAIL(error, STATUS_NO_MEMORY, "validate", 0, "no memory");
    }
    catalogue_release(accepted);
    arena_done(&arena);
    return status;
}
