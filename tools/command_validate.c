/*
 * gangway validate: every mistake of every file, and what was understood.
 *
 * text    diagnostics and the count on standard error; where there is no error, the catalogue in
 *         words on standard output
 * json    one document on standard output
 * github  workflow commands on standard output, which GitHub shows beside the lines of a change,
 *         and the count on standard error:
 *         `::error file=F,line=L,col=C,endColumn=E,title=CODE::TEXT`; `%`, CR and LF are escaped,
 * in properties `:` and `,` too
 */

#include "command.h"
#include "manual.h"
#include "validate_store.h"

#include "base/buffer.h"
#include "base/value.h"
#include "experiment/catalogue.h"
#include "experiment/describe.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

static void print(FILE *file, const struct buffer *out)
{
    if (out->size)
        fwrite(out->data, 1, out->size, file);
}

/* ---- json ---- */

static struct value diagnostic_value(struct arena *arena, const struct diagnostic *diagnostic)
{
    struct value object = value_object();
    value_add(arena, &object, "severity",
              value_text(diagnostic->warning ? SLICE("warning") : SLICE("error")));
    value_add(arena, &object, "code", value_text(slice_of(diagnostic->code)));
    value_add(arena, &object, "path", value_text(diagnostic->path));
    value_add(arena, &object, "line", value_integer(diagnostic->line));
    value_add(arena, &object, "column", value_integer(diagnostic->column));
    value_add(arena, &object, "width", value_integer(diagnostic->width));
    value_add(arena, &object, "text", value_text(diagnostic->text));
    value_add(arena, &object, "hint",
              diagnostic->hint.size ? value_text(diagnostic->hint) : value_null());
    return object;
}

static void write_json(struct buffer *out, const struct diagnostics *found)
{
    struct arena arena = {0};
    struct value document = value_object();
    value_add(&arena, &document, "errors", value_integer((int64_t)found->errors));
    value_add(&arena, &document, "warnings", value_integer((int64_t)found->warnings));
    value_add(&arena, &document, "experiments", value_integer((int64_t)found->experiments));
    value_add(&arena, &document, "metrics", value_integer((int64_t)found->metrics));
    value_add(&arena, &document, "segments", value_integer((int64_t)found->segments));
    struct value *list = value_add(&arena, &document, "diagnostics", value_list());
    for (size_t i = 0; i < found->count; i++)
        value_append(&arena, list, diagnostic_value(&arena, &found->items[i]));
    value_write(out, &document);
    buffer_add_byte(out, '\n');
    out->failed = out->failed || arena.failed;
    arena_done(&arena);
}

/* ---- github ---- */

static void escape(struct buffer *out, struct slice text, const char *escaped)
{
    for (size_t i = 0; i < text.size; i++) {
        if (strchr(escaped, text.data[i]))
            buffer_format(out, "%%%02X", (unsigned)(unsigned char)text.data[i]);
        else
            buffer_add_byte(out, text.data[i]);
    }
}

static void write_github(struct buffer *out, struct buffer *wrong, const struct diagnostics *found)
{
    diagnostics_write_count(wrong, found);
    for (size_t i = 0; i < found->count; i++) {
        const struct diagnostic *diagnostic = &found->items[i];
        buffer_format(out, "::%s file=", diagnostic->warning ? "warning" : "error");
        escape(out, diagnostic->path, "%\r\n:,");
        buffer_format(out, ",line=%u,col=%u,endColumn=%u,title=%s::", diagnostic->line,
                      diagnostic->column, diagnostic->column + diagnostic->width, diagnostic->code);
        escape(out, diagnostic->text, "%\r\n");
        if (diagnostic->hint.size) {
            buffer_add(out, SLICE(": "));
            escape(out, diagnostic->hint, "%\r\n");
        }
        buffer_format(out, " [%s]\n", diagnostic->code);
    }
}

/* ---- text ---- */

#define LABEL_COLUMNS 13 /* of a line that the catalogue is told in: two blanks, label, blank */

/* On a terminal a line goes on below where its text began; other programs get it in one. */
static void add_wrapped(struct buffer *out, struct slice line)
{
    struct buffer text = {0};
    size_t column = LABEL_COLUMNS;
    buffer_add(out, (struct slice){.data = line.data, .size = LABEL_COLUMNS});
    buffer_add(&text, slice_from(line, LABEL_COLUMNS));
    buffer_add_byte(&text, '\0');
    if (text.failed)
        out->failed = true;
    else
        manual_wrap(out, text.data, &column, LABEL_COLUMNS);
    buffer_done(&text);
}

static void write_catalogue(struct buffer *out, const struct catalogue *catalogue)
{
    struct buffer words = {0}, told = {0};
    catalogue_describe(&words, catalogue);
    buffer_add_harmless(&told, buffer_slice(&words));
    out->failed = out->failed || words.failed || told.failed;
    buffer_done(&words);
    struct slice rest = buffer_slice(&told);
    while (rest.size) {
        const char *end = memchr(rest.data, '\n', rest.size);
        size_t size = end ? (size_t)(end - rest.data) : rest.size;
        struct slice line = {.data = rest.data, .size = size};
        if (isatty(STDOUT_FILENO) && size > LABEL_COLUMNS && line.data[0] == ' ')
            add_wrapped(out, line);
        else
            buffer_format(out, "%.*s\n", SLICE_ARGS(line));
        rest = slice_from(rest, size + (end != NULL));
    }
    buffer_done(&told);
}

static void write_text(struct buffer *out, struct buffer *wrong, const struct diagnostics *found,
                       const struct catalogue *catalogue)
{
    diagnostics_write_text(wrong, found);
    diagnostics_write_count(wrong, found);
    if (!found->errors)
        write_catalogue(out, catalogue);
}

static int show(const struct options *options, const struct diagnostics *found,
                const struct catalogue *catalogue)
{
    struct buffer out = {0};
    struct buffer wrong = {0};
    struct error error = {0};
    const char *format = option_text(options, "format");
    if (strcmp(format, "json") == 0)
        write_json(&out, found);
    else if (strcmp(format, "github") == 0)
        write_github(&out, &wrong, found);
    else
        write_text(&out, &wrong, found, catalogue);
    bool no = found->errors || (option_flag(options, "strict") && found->warnings);
    int answer = no ? 1 : 0;
    if (buffer_status(&out, &error) || buffer_status(&wrong, &error))
        answer = command_failed(&error);
    bool is_quiet = option_flag(options, "quiet");
    if (!is_quiet || found->errors || found->warnings)
        print(stderr, &wrong);
    if (!is_quiet || strcmp(format, "text") != 0)
        print(stdout, &out);
    buffer_done(&out);
    buffer_done(&wrong);
    return answer;
}

static int run(const struct options *options)
{
    const char *folder = argument_at(options, 0);
    if (!folder)
        folder = option_text(options, "experiments");
    struct sources sources = {0};
    struct catalogue *catalogue = NULL;
    struct diagnostics found = {0};
    struct error error = {0};
    if (sources_read(&sources, folder, &error) ||
        catalogue_compile(&sources, &catalogue, &found, &error)) {
        sources_done(&sources);
        diagnostics_done(&found);
        return command_failed(&error);
    }
    int answer = 0;
    if (option_given(options, "store") &&
        validate_store(option_text(options, "store"), catalogue, &found, &error)) {
        command_failed(&error);
        answer = 3; /* also a store that is missing */
    }
    if (!answer)
        answer = show(options, &found, catalogue);
    catalogue_release(catalogue);
    diagnostics_done(&found);
    return answer;
}

static const struct option_row rows[] = {
    {.name = "strict", .type = OPTION_FLAG, .help = "warnings are a no as well (exit 1)"},
    {.name = "store",
     .type = OPTION_TEXT,
     .argument = "DIR",
     .help = "warn of what this store never got, and of changes that break"},
    {.name = "format",
     .type = OPTION_CHOICE,
     .argument = "FORMAT",
     .fallback = "text",
     .choices = "text|json|github",
     .help = "form of the answer; github: workflow commands"},
    {.name = NULL},
};

const struct command command_validate = {
    .name = "validate",
    .arguments = "[DIR] [--strict] [--format text|json|github] [--store DIR]",
    .summary = "checks a folder of experiment files, and reads them back in words",
    .note =
        "Tells every mistake of every file at its line, with what would be right, and where there "
        "is\n"
        "none reads back what it understood: who is in, which days, which window, when the result\n"
        "is in. With a store it also warns of events and traits that never came, and of changes "
        "that\n"
        "break what is running.",
    .options = rows,
    .shared = SHARED_EXPERIMENTS | SHARED_QUIET,
    .arguments_max = 1,
    .run = run,
};
