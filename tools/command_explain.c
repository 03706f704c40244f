/*
 * `gangway explain`: why a metric changed between two ranges of cohort days: who came, or what they
 * did.  A range is FIRST..LAST, both days in it; a date alone is the seven days from it on.
 */

#include "command.h"

#include "analysis/explain.h"
#include "population_write.h"
#include "report/explain.h"
#include "report_source.h"

#include <string.h>

#define RANGE_DAYS 7 /* of a date alone: whole weeks compare alike days */

static const struct option_row explain_options[] = {
    {.name = "from",
     .type = OPTION_TEXT,
     .argument = "RANGE",
     .help = "who was first seen then: FIRST..LAST, or a date and the six days after it"},
    {.name = "to",
     .type = OPTION_TEXT,
     .argument = "RANGE",
     .help = "the same for whom it is compared with"},
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

static enum status day_parse(struct slice text, int32_t *day, struct error *error)
{
    int64_t time_ms = 0;
    enum status status = time_parse(text, &time_ms, error);
    if (!status)
        *day = day_of(time_ms);
    return status;
}

static enum status range_parse(const struct options *options, const char *name,
                               struct day_range *range, struct error *error)
{
    const char *text = option_text(options, name);
    if (!text)
        return FAIL(error, STATUS_INVALID, "explain", 0, "--%s is missing: a date, or FIRST..LAST",
                    name);
    const char *dots = strstr(text, "..");
    struct slice first = {.data = text, .size = dots ? (size_t)(dots - text) : strlen(text)};
    enum status status = day_parse(first, &range->first, error);
    range->last = range->first + RANGE_DAYS - 1;
    return status || !dots ? status : day_parse(slice_of(dots + 2), &range->last, error);
}

static enum status asked(const struct options *options, struct explain_options *made,
                         struct error *error)
{
    const char *segment = option_text(options, "segment"), *as_of = option_text(options, "as-of");
    *made = (struct explain_options){.metric = slice_of(argument_at(options, 0)),
                                     .segment = segment ? slice_of(segment) : (struct slice){0},
                                     .as_of_ms = TIME_NONE,
                                     .now_ms = clock_now_ms(&clock_system)};
    enum status status = range_parse(options, "from", &made->from, error);
    if (!status)
        status = range_parse(options, "to", &made->to, error);
    if (!status && as_of)
        status = time_parse_relative(slice_of(as_of), made->now_ms, &made->as_of_ms, error);
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
    .options = explain_options,
    .shared = SHARED_STORE | SHARED_COLOR | SHARED_QUIET,
    .arguments_min = 1,
    .arguments_max = 1,
    .run = run,
};
