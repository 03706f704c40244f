/*
 * `gangway core-actions`: which early actions go with coming back, for everyone and each segment.
 * Reads journal and state, also while a server has the store open; goes by the definitions in the
 * store.
 */

#include "command.h"

#include "analysis/core_actions.h"
#include "meter.h"
#include "population_write.h"
#include "report/core_actions.h"
#include "report_source.h"

#define DAYS_MAX 365

static const struct option_row core_options[] = {
    {.name = "metric",
     .type = OPTION_TEXT,
     .argument = "METRIC",
     .help = "another retention metric than the one declared"},
    {.name = "days",
     .type = OPTION_COUNT,
     .argument = "N",
     .min = 1,
     .max = DAYS_MAX,
     .help = "another landmark: actions of the first N days count"},
    {.name = "segment",
     .type = OPTION_TEXT,
     .argument = "SEGMENT",
     .help = "by this segment alone (default: by each one)"},
    {.name = "as-of",
     .type = OPTION_TEXT,
     .argument = "TIME",
     .help = "the moment that counts: RFC 3339, a date, or -7d (default 6 h ago)"},
    {.name = "format",
     .type = OPTION_CHOICE,
     .argument = "FORMAT",
     .choices = "text|json|csv",
     .fallback = "text",
     .help = "how it is written"},
    {.name = NULL},
};

static struct slice text_of(const struct options *options, const char *name)
{
    const char *text = option_text(options, name);
    return text ? slice_of(text) : (struct slice){0};
}

static int run(const struct options *options)
{
    struct report_source source;
    struct arena arena = {0};
    struct value document;
    struct error error = {0};
    struct core_actions_options made = {.metric = text_of(options, "metric"),
                                        .segment = text_of(options, "segment"),
                                        .landmark_ms = option_number(options, "days") * DAY_MS,
                                        .as_of_ms = TIME_NONE,
                                        .now_ms = clock_now_ms(&clock_system),
                                        .progress = meter_set};
    enum status status = report_source_open_view(option_store(options),
                                                 !option_flag(options, "quiet"), &source, &error);
    made.journal = source.journal;
    if (!status && option_given(options, "as-of"))
        status =
            time_parse_relative(text_of(options, "as-of"), made.now_ms, &made.as_of_ms, &error);
    meter_begin("core-actions", OBSERVER_RECORDS, !option_flag(options, "quiet"));
    if (!status)
        status = core_actions_build(source.view, &made, &arena, &document, &error);
    if (!status)
        status = population_write(options, &document, core_actions_text, core_actions_csv, &error);
    report_source_close(&source);
    arena_done(&arena);
    return status ? command_failed(&error) : 0;
}

const struct command command_core_actions = {
    .name = "core-actions",
    .arguments = "[--metric M] [--days N] [--segment S] [OPTION...]",
    .summary = "shows which early actions go with coming back",
    .note =
        "Of the candidates that metrics.yaml declares under core_actions, says which ones those "
        "did\n"
        "early who came back, beside those who did not. It is a comparison of who chose to do so,\n"
        "not an experiment's: it finds what is worth trying. Goes by the store, also while a "
        "server\n"
        "has it.",
    .options = core_options,
    .shared = SHARED_STORE | SHARED_COLOR | SHARED_QUIET,
    .run = run,
};
