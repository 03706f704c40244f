/*
 * `gangway explain`: why a metric changed between two ranges of cohort days: who came, or what they
 * did; of everyone, or of an experiment.  A range is FIRST..LAST, both days in it; a date alone is
 * the seven days from it on.
 */

#include "command.h"

#include "analysis/explain.h"
#include "meter.h"
#include "population_write.h"
#include "report/explain.h"
#include "report_source.h"

static const struct option_row explain_options[] = {
    {.name = "from",
     .type = OPTION_TEXT,
     .argument = "RANGE",
     .help = "who was first seen then: FIRST..LAST, or a date and the six days after it"},
    {.name = "to",
     .type = OPTION_TEXT,
     .argument = "RANGE",
     .help = "the same for whom it is compared with"},
    {.name = "experiment",
     .type = OPTION_TEXT,
     .argument = "KEY",
     .help = "of its units, by day of first exposure (default: everyone)"},
    {.name = "variant",
     .type = OPTION_TEXT,
     .argument = "VARIANT",
     .help = "of who met this variant alone (default: all of them)"},
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

static enum status range_read(const struct options *options, const char *name,
                              struct day_range *range, struct error *error)
{
    const char *text = option_text(options, name);
    if (!text)
        return FAIL(error, STATUS_INVALID, "explain", 0, "--%s is missing: a date, or FIRST..LAST",
                    name);
    return day_range_parse(slice_of(text), EXPLAIN_RANGE_DAYS, range, error);
}

static struct slice text_of(const struct options *options, const char *name)
{
    const char *text = option_text(options, name);
    return text ? slice_of(text) : (struct slice){0};
}

static enum status asked(const struct options *options, struct explain_options *made,
                         struct error *error)
{
    struct slice as_of = text_of(options, "as-of");
    *made = (struct explain_options){.metric = slice_of(argument_at(options, 0)),
                                     .experiment = text_of(options, "experiment"),
                                     .variant = text_of(options, "variant"),
                                     .segment = text_of(options, "segment"),
                                     .as_of_ms = TIME_NONE,
                                     .now_ms = clock_now_ms(&clock_system),
                                     .progress = meter_set};
    enum status status = range_read(options, "from", &made->from, error);
    if (!status)
        status = range_read(options, "to", &made->to, error);
    if (!status && as_of.size)
        status = time_parse_relative(as_of, made->now_ms, &made->as_of_ms, error);
    return status;
}

static int run(const struct options *options)
{
    struct report_source source = {0};
    struct explain_options made;
    struct arena arena = {0};
    struct value document;
    struct error error = {0};
    enum status status = asked(options, &made, &error);
    if (!status)
        status = report_source_open_view(option_store(options), !option_flag(options, "quiet"),
                                         &source, &error);
    made.journal = source.journal;
    meter_begin("explain", OBSERVER_RECORDS,
                !option_flag(options, "quiet") && slice_is_empty(made.experiment));
    if (!status)
        status = explain_build(source.view, &made, &arena, &document, &error);
    if (!status)
        status = population_write(options, &document, explain_text, explain_csv, &error);
    report_source_close(&source);
    arena_done(&arena);
    return status ? command_failed(&error) : 0;
}

const struct command command_explain = {
    .name = "explain",
    .arguments = "METRIC --from RANGE --to RANGE [OPTION...]",
    .summary = "splits a metric's change into who came and what they did",
    .note =
        "Compares two groups of users, by the day on which they were first seen (with\n"
        "--experiment, first exposed), and says how much of a metric's change comes of who they\n"
        "were, the mix of a segment, and how much of what they did within it. Goes by the\n"
        "store, also while a server has it.",
    .options = explain_options,
    .shared = SHARED_STORE | SHARED_COLOR | SHARED_QUIET,
    .arguments_min = 1,
    .arguments_max = 1,
    .run = run,
};
