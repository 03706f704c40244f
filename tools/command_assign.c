/*
 * gangway assign: who would get what, by the files alone (no server, no store).
 *
 *     gangway assign crm-first-run --unit u-17 --trait role=owner --explain
 *     gangway assign crm-first-run --format csv < ids
 *
 * A trait given twice is a list, as in a query.  Without --unit (or with `--unit -`) one id a line
 * comes from standard input; a line that is no id is named on standard error and makes the exit
 * status 2, the others are answered in order.  Formats: text is ID, variant and reason between
 * tabs; csv has a header; json is one object a line (routes.md, "An assignment").
 */

#include "command.h"

#include "analysis/fold.h"
#include "experiment/assign.h"
#include "experiment/definition.h"
#include "load.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct request {
    const struct experiment *experiment;
    struct value traits;
    struct assign_options options;
    bool explain;
    char definition[DIGEST_TEXT_SIZE];
    void (*write)(struct buffer *out, const struct request *request,
                  const struct assignment *assignment, struct slice id);
};

/* ---- Formats ---- */

static void write_text(struct buffer *out, const struct request *request,
                       const struct assignment *assignment, struct slice id)
{
    const struct variant *variant = &request->experiment->variants[assignment->variant];
    buffer_format(out, "%.*s\t%.*s\t%s\n", SLICE_ARGS(id), SLICE_ARGS(variant->name),
                  assign_reason_text(assignment->reason));
    if (request->explain)
        assign_explain(out, request->experiment, id, &request->traits, &request->options);
}

static void write_json(struct buffer *out, const struct request *request,
                       const struct assignment *assignment, struct slice id)
{
    if (request->explain)
        assignment_write_explained(out, assignment, id, request->definition, &request->traits,
                                   &request->options);
    else
        assignment_write(out, assignment, id, request->definition);
    buffer_add_byte(out, '\n');
}

/* A field of RFC 4180. */
static void write_field(struct buffer *out, struct slice text)
{
    bool quoted =
        text.size && (memchr(text.data, ',', text.size) || memchr(text.data, '"', text.size));
    if (!quoted) {
        buffer_add(out, text);
        return;
    }
    buffer_add_byte(out, '"');
    for (size_t i = 0; i < text.size; i++) {
        if (text.data[i] == '"')
            buffer_add_byte(out, '"');
        buffer_add_byte(out, text.data[i]);
    }
    buffer_add_byte(out, '"');
}

static void write_csv(struct buffer *out, const struct request *request,
                      const struct assignment *assignment, struct slice id)
{
    const struct variant *variant = &request->experiment->variants[assignment->variant];
    write_field(out, id);
    buffer_format(out, ",%.*s,%s,%s\n", SLICE_ARGS(variant->name),
                  assign_reason_text(assignment->reason),
                  assignment->in_experiment ? "true" : "false");
}

/* ---- Answers ---- */

static int write_out(struct buffer *out)
{
    bool written = !out->failed && fwrite(out->data, 1, out->size, stdout) == out->size;
    buffer_clear(out);
    if (written)
        return 0;
    fprintf(stderr, "gangway: cannot write to standard output\n");
    return 3;
}

static int answer(const struct request *request, struct slice id, struct buffer *out,
                  bool *in_experiment)
{
    struct assignment got = assign(request->experiment, id, &request->traits, &request->options);
    *in_experiment = got.in_experiment;
    request->write(out, request, &got, id);
    return write_out(out);
}

static int answer_one(const struct request *request, const char *id, bool check)
{
    const char *fault = unit_id_fault(slice_of(id));
    struct buffer out = {0};
    bool in_experiment;
    if (fault) {
        fprintf(stderr, "gangway: '%s' is no unit id: %s\n", id, fault);
        return 2;
    }
    int status = answer(request, slice_of(id), &out, &in_experiment);
    buffer_done(&out);
    return status ? status : check && !in_experiment;
}

/* `line` without its line end. */
static struct slice line_cut(const char *line, ssize_t size)
{
    struct slice id = {.data = line, .size = (size_t)size};
    if (id.size && id.data[id.size - 1] == '\n')
        id.size--;
    if (id.size && id.data[id.size - 1] == '\r')
        id.size--;
    return id;
}

static int answer_all(const struct request *request)
{
    struct buffer out = {0};
    char *line = NULL;
    size_t capacity = 0, number = 0;
    ssize_t size;
    int status = 0;
    while (status != 3 && (size = getline(&line, &capacity, stdin)) >= 0) {
        struct slice id = line_cut(line, size);
        const char *fault = unit_id_fault(id);
        bool in_experiment;
        number++;
        if (!fault) {
            int written = answer(request, id, &out, &in_experiment);
            status = written ? written : status;
            continue;
        }
        fprintf(stderr, "gangway: standard input:%zu: no unit id: %s\n", number, fault);
        status = 2;
    }
    if (ferror(stdin)) {
        fprintf(stderr, "gangway: cannot read standard input\n");
        status = 3;
    }
    free(line);
    buffer_done(&out);
    return status;
}

/* ---- The call ---- */

/* Adds NAME=VALUE; a name given again makes a list of its values. */
static enum status trait_add(struct arena *arena, struct value *traits, const char *text,
                             struct error *error)
{
    const char *equals = strchr(text, '=');
    if (!equals || equals == text)
        return FAIL(error, STATUS_INVALID, "", 0, "--trait wants NAME=VALUE, not '%s'", text);
    struct slice name = {.data = text, .size = (size_t)(equals - text)};
    struct value value = value_text(slice_of(equals + 1));
    if (!slice_is_utf8(slice_of(text)))
        return FAIL(error, STATUS_INVALID, "", 0, "--trait is not UTF-8");
    for (size_t i = 0; i < traits->count; i++) {
        struct member *member = &traits->members[i];
        if (!slice_equal(member->name, name))
            continue;
        if (member->value.kind != VALUE_LIST) {
            struct value list = value_list();
            value_append(arena, &list, member->value);
            member->value = list;
        }
        value_append(arena, &member->value, value);
        return STATUS_OK;
    }
    value_add_named(arena, traits, name, value);
    return STATUS_OK;
}

static enum status request_fill(struct request *request, struct arena *arena,
                                const struct options *options, struct error *error)
{
    const struct option_value *traits = option_list(options, "trait");
    const char *at = option_text(options, "at"), *format = option_text(options, "format");
    request->traits = value_object();
    request->explain = option_flag(options, "explain");
    request->options.now_ms = clock_now_ms(&clock_system);
    if (at) {
        enum status status = time_parse_relative(slice_of(at), request->options.now_ms,
                                                 &request->options.now_ms, error);
        if (status)
            return status;
    }
    for (size_t i = 0; i < traits->count; i++) {
        enum status status = trait_add(arena, &request->traits, traits->texts[i], error);
        if (status)
            return status;
    }
    bool as_csv = strcmp(format, "csv") == 0;
    request->write = as_csv ? write_csv : strcmp(format, "json") == 0 ? write_json : write_text;
    if (as_csv && request->explain)
        return FAIL(error, STATUS_INVALID, "", 0, "--explain goes with --format text or json");
    return arena->failed ? FAIL(error, STATUS_NO_MEMORY, "", 0, "out of memory") : STATUS_OK;
}

static int request_run(struct request *request, const struct catalogue *catalogue,
                       const struct options *options)
{
    const char *unit = option_text(options, "unit");
    bool check = option_flag(options, "check"), one = unit && strcmp(unit, "-") != 0;
    request->experiment = catalogue_require(catalogue, argument_at(options, 0));
    if (!request->experiment)
        return 2;
    if (check && !one) {
        fprintf(stderr, "gangway: --check is about one unit: give --unit\n");
        return 2;
    }
    struct digest digest = definition_digest(catalogue, request->experiment, CONTRIBUTION_VERSION);
    digest_format(&digest, request->definition);
    if (request->write == write_csv)
        fputs("unit,variant,reason,in_experiment\n", stdout);
    int status = one ? answer_one(request, unit, check) : answer_all(request);
    if (fflush(stdout) && !status) {
        fprintf(stderr, "gangway: cannot write to standard output\n");
        return 3;
    }
    return status;
}

static int run(const struct options *options)
{
    struct arena arena = {0};
    struct request request = {0};
    struct catalogue *catalogue = NULL;
    struct error error = {0};
    int status;
    if (request_fill(&request, &arena, options, &error)) {
        status = command_failed(&error);
    } else {
        status = catalogue_load(option_text(options, "experiments"), &catalogue);
        if (!status)
            status = request_run(&request, catalogue, options);
    }
    catalogue_release(catalogue);
    arena_done(&arena);
    return status;
}

static const struct option_row rows[] = {
    {.name = "unit",
     .type = OPTION_TEXT,
     .argument = "ID",
     .help = "the unit asked for; without it one id a line from standard input"},
    {.name = "trait",
     .type = OPTION_LIST,
     .argument = "NAME=VALUE",
     .help = "a trait of the unit; repeatable, a name given twice is a list"},
    {.name = "at", .type = OPTION_TEXT, .argument = "TIME", .help = "the moment (now)"},
    {.name = "explain", .type = OPTION_FLAG, .help = "say what each rule saw"},
    {.name = "check", .type = OPTION_FLAG, .help = "exit 1 when the unit is not in the experiment"},
    {.name = "format",
     .type = OPTION_CHOICE,
     .argument = "FORMAT",
     .fallback = "text",
     .choices = "text|json|csv",
     .help = "form of the answer"},
    {.name = NULL},
};

const struct command command_assign = {
    .name = "assign",
    .arguments = "EXPERIMENT [--unit ID] [--trait NAME=VALUE]... [--at TIME] [OPTION...]",
    .summary = "says which variant a unit gets, and why",
    .note = "By the files alone: the same pure function of file, unit and traits that the server "
            "asks.\n"
            "Prints unit, variant and reason with tabs between them. Without --unit it answers one "
            "id a\n"
            "line from standard input, in order.",
    .options = rows,
    .shared = SHARED_EXPERIMENTS,
    .arguments_min = 1,
    .arguments_max = 1,
    .run = run,
};
