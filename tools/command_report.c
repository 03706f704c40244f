/*
 * `gangway report`: what an experiment says, as text, JSON, CSV or HTML.  Reads the state, also
 * while a server has the store open; goes by the definitions in the store.
 */

#include "command.h"
#include "meter.h"
#include "output.h"
#include "report_source.h"

#include "report/render.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <unistd.h>

#define COLUMNS_MIN 60
#define COLUMNS_MAX 200
#define COLUMNS_DEFAULT 80

static const struct option_row report_options[] = {
    {.name = "format",
     .type = OPTION_CHOICE,
     .argument = "FORMAT",
     .choices = "text|json|csv|html",
     .fallback = "text",
     .help = "how it is written"},
    {.name = "table",
     .type = OPTION_CHOICE,
     .argument = "TABLE",
     .choices = RENDER_TABLES,
     .help = "of --format csv: which table (default results)"},
    {.name = "as-of",
     .type = OPTION_TEXT,
     .argument = "TIME",
     .help = "the moment that counts: RFC 3339, a date, or -7d (default 6 h ago)"},
    {.name = "phase",
     .type = OPTION_COUNT,
     .argument = "N",
     .min = 1,
     .max = 65535,
     .help = "an earlier phase"},
    {.name = "output",
     .type = OPTION_TEXT,
     .argument = "FILE",
     .help = "write there, whole or not at all"},
    {.name = "check",
     .type = OPTION_FLAG,
     .help = "exit 1 when the verdict is stop_harm or do_not_trust"},
    {.name = NULL},
};

static enum status document_options_of(const struct options *options, struct report_source *source,
                                       struct document_options *made, struct error *error)
{
    const char *as_of = option_text(options, "as-of");
    *made = (struct document_options){
        .experiment = slice_of(argument_at(options, 0)),
        .as_of_ms = TIME_NONE,
        .now_ms = clock_now_ms(&clock_system),
        .phase = (uint16_t)option_number(options, "phase"),
        .journal_sequence = journal_last_sequence(source->journal),
        .journal_received_ms = journal_last_received_ms(source->journal),
        .version = GANGWAY_VERSION,
    };
    if (option_text(options, "table") && strcmp(option_text(options, "format"), "csv") != 0)
        return FAIL(error, STATUS_INVALID, "--table", 0, "only --format csv has tables");
    if (!as_of)
        return STATUS_OK;
    enum status status = time_parse_relative(slice_of(as_of), made->now_ms, &made->as_of_ms, error);
    if (!status && made->as_of_ms > made->now_ms)
        return FAIL(error, STATUS_INVALID, "--as-of", 0,
                    "%s is in the future; a report is of a moment that has been", as_of);
    return status;
}

static unsigned report_columns(bool to_terminal)
{
    struct winsize size;
    if (!to_terminal || ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) != 0 || size.ws_col == 0)
        return COLUMNS_DEFAULT;
    if (size.ws_col < COLUMNS_MIN)
        return COLUMNS_MIN;
    return size.ws_col > COLUMNS_MAX ? COLUMNS_MAX : size.ws_col;
}

static enum status report_write(const struct options *options, const struct value *document,
                                struct error *error)
{
    const char *output = option_text(options, "output");
    const struct render_format *format =
        render_format_find(slice_of(option_text(options, "format")));
    struct render_options render = {
        .columns = report_columns(!output && isatty(STDOUT_FILENO)),
        .color = !output && option_color(options, STDOUT_FILENO),
    };
    struct output to;
    struct buffer out = {0};
    if (option_text(options, "table"))
        render_table_find(slice_of(option_text(options, "table")), &render.table);
    format->render(&out, document, &render);
    meter_end();
    enum status status = buffer_status(&out, error);
    if (!status)
        status = output_begin(&to, output, error);
    if (!status) {
        fwrite(out.data, 1, out.size, stdout); /* output_end looks how it went */
        status = output_end(&to, STATUS_OK, error);
    }
    buffer_done(&out);
    return status;
}

/* The exit status of --check: 1 for a verdict that says no. */
static int report_answer(const struct options *options, const struct value *document)
{
    const struct value *verdict = value_member(document, SLICE("verdict"));
    struct slice code = value_member_text(verdict, "code");
    bool no = slice_equals(code, "stop_harm") || slice_equals(code, "do_not_trust");
    return option_flag(options, "check") && no ? 1 : 0;
}

static int run(const struct options *options)
{
    struct report_source source;
    struct document_options made;
    struct arena arena = {0};
    struct value document;
    struct error error = {0};
    enum status status =
        report_source_open(option_store(options), !option_flag(options, "quiet"), &source, &error);
    if (!status)
        status = document_options_of(options, &source, &made, &error);
    if (!status)
        status = document_build(source.transaction, &made, &arena, &document, &error);
    if (!status)
        status = report_write(options, &document, &error);
    int answer = status ? command_failed(&error) : report_answer(options, &document);
    report_source_close(&source);
    arena_done(&arena);
    return answer;
}

const struct command command_report = {
    .name = "report",
    .arguments = "EXPERIMENT [--as-of TIME] [--phase N] [OPTION...]",
    .summary = "prints an experiment's report",
    .note =
        "Goes by the state and the definitions in the store, and so also while a server has it.\n"
        "Text is for people. JSON is the whole document, of which the other forms are made; CSV\n"
        "is a table of it for R or pandas; HTML is one file with the charts in it, which needs\n"
        "no network. A report is of six hours ago unless --as-of says otherwise, so that late\n"
        "messages have come. It is written whatever its verdict; --check makes that the answer.",
    .options = report_options,
    .shared = SHARED_STORE | SHARED_COLOR | SHARED_QUIET,
    .arguments_min = 1,
    .arguments_max = 1,
    .run = run,
};
