/*
 * gangway plan: how many units an experiment needs, how long they take, and what they can show.
 *
 *     gangway plan crm-first-run
 *     gangway plan crm-first-run --lift 5% --units-per-week 4000 --format json
 *
 * What is planned for is `expect` of the file; an option stands in for its key.  With --store what
 * units there were of each segment is taken from the experiment's own report.
 */

#include "command.h"

#include "base/number.h"
#include "load.h"
#include "plan_document.h"
#include "plan_history.h"
#include "quantity.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define LABEL_COLUMNS 14

/* ---- Options ---- */

static enum status baseline_take(const char *text, struct experiment *experiment,
                                 struct error *error)
{
    double number;
    char scale;
    bool share = metric_is_share(experiment->goals[0]->kind);
    if (!quantity_parse(slice_of(text), &number, &scale) || scale == 'p' || (scale && !share) ||
        (share && !(number > 0 && number < 1)) ||
        !micro_from_number(number, &experiment->expect.baseline_micro))
        return FAIL(error, STATUS_INVALID, "", 0, "--baseline wants %s, not '%s'",
                    share ? "a share such as 22%" : "a number", text);
    return STATUS_OK;
}

/* N% is relative, Npp points of a share, a plain number the metric's own unit. */
static enum status lift_take(const char *text, struct experiment *experiment, struct error *error)
{
    double number;
    char scale;
    bool share = metric_is_share(experiment->goals[0]->kind);
    if (!quantity_parse(slice_of(text), &number, &scale) || number == 0 ||
        (scale == 'p' && !share) || (scale == 0 && share))
        return FAIL(error, STATUS_INVALID, "", 0, "--lift wants %s, not '%s'",
                    share ? "a part such as 10%, or points such as 2pp"
                          : "a part such as 10%, or a number",
                    text);
    experiment->expect.lift = number;
    experiment->lift = scale == '%' ? LIFT_RELATIVE : LIFT_ABSOLUTE;
    if (scale == '%' && experiment->goals[0]->kind == METRIC_NPS)
        return FAIL(error, STATUS_INVALID, "", 0, "--lift of an nps is a number of points");
    return STATUS_OK;
}

static enum status power_take(const char *text, struct experiment *experiment, struct error *error)
{
    double number;
    char scale;
    if (!quantity_parse(slice_of(text), &number, &scale) || scale == 'p' ||
        !(number >= .5 && number <= .999))
        return FAIL(error, STATUS_INVALID, "", 0, "--power wants 50%% to 99.9%%, not '%s'", text);
    experiment->expect.power = number;
    return STATUS_OK;
}

static enum status sd_take(const char *text, struct experiment *experiment, struct error *error)
{
    double number;
    if (!number_parse(slice_of(text), &number) || !(number > 0))
        return FAIL(error, STATUS_INVALID, "", 0, "--sd wants a number above 0, not '%s'", text);
    experiment->expect.sd = number;
    return STATUS_OK;
}

static enum status expectation_take(const struct options *options, struct experiment *experiment,
                                    struct error *error)
{
    static const struct {
        const char *name;
        enum status (*take)(const char *text, struct experiment *experiment, struct error *error);
    } takes[] = {
        {"baseline", baseline_take}, {"lift", lift_take}, {"power", power_take}, {"sd", sd_take}};
    struct expectation *expect = &experiment->expect;
    if (experiment->goal_count == 0)
        return FAIL(error, STATUS_INVALID, "", 0, "%.*s has no goal: there is nothing to plan for",
                    SLICE_ARGS(experiment->key));
    bool file = expect->given;
    if (!file)
        expect->power = .8;
    for (size_t i = 0; i < sizeof takes / sizeof *takes; i++) {
        const char *text = option_text(options, takes[i].name);
        enum status status = text ? takes[i].take(text, experiment, error) : STATUS_OK;
        if (status)
            return status;
        /* Another question than the registered one: its units are not overridden by the file. */
        if (text)
            expect->units = 0;
    }
    if (option_given(options, "units-per-week"))
        expect->units_per_week = (uint64_t)option_number(options, "units-per-week");
    if (!file && !(option_text(options, "baseline") && option_text(options, "lift")))
        return FAIL(error, STATUS_INVALID, "", 0,
                    "%.*s has no 'expect': give --baseline and --lift",
                    SLICE_ARGS(experiment->key));
    expect->given = true;
    return STATUS_OK;
}

/* ---- Text ---- */

static double number_of(const struct value *object, const char *name)
{
    const struct value *value = value_member(object, slice_of(name));
    return value && value_is_number(value) ? value->number : (double)NAN;
}

static void write_label(struct buffer *out, const char *label)
{
    buffer_format(out, "%-*s", LABEL_COLUMNS, label);
}

struct text {
    struct buffer *out;
    bool share;
};

/* "+2.2 points (+10 %)", or why not. */
static void write_difference(const struct text *text, const struct value *object)
{
    double difference = number_of(object, "difference"), lift = number_of(object, "lift");
    if (!isfinite(difference)) {
        struct slice reason = value_member_text(object, "reason");
        buffer_add(text->out, reason.size ? reason : SLICE("-"));
        return;
    }
    if (text->share)
        buffer_format(text->out, "%+.3g points", 100 * difference);
    else
        buffer_format(text->out, "%+.4g", difference);
    if (isfinite(lift))
        buffer_format(text->out, " (%+.3g%%)", 100 * lift);
}

static void write_question(const struct text *text, const struct value *document)
{
    double baseline = number_of(document, "baseline");
    struct slice peeking = value_member_text(document, "peeking");
    bool anytime = slice_equals(peeking, "always");
    buffer_format(text->out, "%.*s: %.*s\n\n",
                  SLICE_ARGS(value_member_text(document, "experiment")),
                  SLICE_ARGS(value_member_text(document, "goal")));
    write_label(text->out, "Expected");
    if (text->share)
        buffer_format(text->out, "%.4g%% in the control, ", 100 * baseline);
    else
        buffer_format(text->out, "%.6g in the control, ", baseline);
    write_difference(text, document);
    buffer_add_byte(text->out, '\n');
    write_label(text->out, "Test");
    buffer_format(text->out, "%.*s at %.4g%%: %s at %.3g%% each of %.0f, power %.3g%%\n",
                  SLICE_ARGS(peeking), 100 * number_of(document, "confidence"),
                  anytime ? "anytime interval" : "one test", 100 * number_of(document, "alpha"),
                  number_of(document, "comparisons"), 100 * number_of(document, "power"));
}

static void write_units(const struct text *text, const struct value *document)
{
    const struct value *variants = value_member(document, SLICE("variants"));
    struct slice reason = value_member_text(document, "reason");
    write_label(text->out, "Units");
    if (reason.size) {
        buffer_format(text->out, "%.*s\n", SLICE_ARGS(reason));
        return;
    }
    quantity_write_count(text->out, number_of(document, "units"));
    buffer_format(text->out, " %.*ss in all\n", SLICE_ARGS(value_member_text(document, "unit")));
    for (size_t i = 0; i < variants->count; i++) {
        const struct value *variant = &variants->items[i];
        const struct value *control = value_member(variant, SLICE("control"));
        write_label(text->out, "");
        quantity_write_count(text->out, number_of(variant, "units"));
        buffer_format(text->out, " %.*s%s\n", SLICE_ARGS(value_member_text(variant, "variant")),
                      control->boolean ? " (control)" : "");
    }
}

static void write_duration(const struct text *text, const struct value *document)
{
    const struct value *duration = value_member(document, SLICE("duration"));
    struct slice until = value_member_text(duration, "until");
    write_label(text->out, "Duration");
    if (duration->kind != VALUE_OBJECT) {
        buffer_add(text->out, isfinite(number_of(document, "units_per_week"))
                                  ? SLICE("-\n")
                                  : SLICE("not known: give --units-per-week\n"));
        return;
    }
    buffer_format(text->out, "%.0f weeks: %.3g to enrol at ", number_of(duration, "weeks"),
                  number_of(duration, "enrolment_weeks"));
    quantity_write_count(text->out, number_of(document, "units_per_week"));
    buffer_format(text->out, " a week, %.3g days to mature\n", number_of(document, "window_days"));
    if (until.size) {
        write_label(text->out, "");
        buffer_format(text->out, "from the start until %.10s\n", until.data);
    }
    if (!value_member(duration, SLICE("too_long"))->boolean)
        return;
    const struct value *weeks = value_member(document, SLICE("detectable"));
    write_label(text->out, "");
    buffer_add(text->out, SLICE("over 8: not detectable; in 8 weeks "));
    write_difference(text, &weeks->items[weeks->count - 1]);
    buffer_add_byte(text->out, '\n');
}

static void write_detectable(const struct text *text, const struct value *document)
{
    const struct value *weeks = value_member(document, SLICE("detectable"));
    for (size_t i = 0; i < weeks->count; i++) {
        const struct value *one = &weeks->items[i];
        write_label(text->out, i ? "" : "Detectable");
        buffer_format(text->out, "%2.0f weeks ", number_of(one, "weeks"));
        write_difference(text, one);
        buffer_add_byte(text->out, '\n');
    }
}

static void write_guardrails(const struct text *text, const struct value *document)
{
    const struct value *list = value_member(document, SLICE("guardrails"));
    for (size_t i = 0; i < list->count; i++) {
        const struct value *one = &list->items[i];
        double power = number_of(one, "power");
        write_label(text->out, i ? "" : "Guardrails");
        buffer_format(text->out, "%.*s, %.*s: ", SLICE_ARGS(value_member_text(one, "metric")),
                      SLICE_ARGS(value_member_text(one, "worse_by")));
        if (isfinite(power))
            buffer_format(text->out, "power at least %.3g%%, wanted %.3g%%\n", 100 * power,
                          100 * number_of(one, "power_wanted"));
        else
            buffer_format(text->out, "%.*s\n", SLICE_ARGS(value_member_text(one, "reason")));
    }
}

static void write_segment(const struct text *text, const struct value *segment, const char *label)
{
    const struct value *values = value_member(segment, SLICE("values"));
    for (size_t i = 0; i < values->count; i++) {
        const struct value *one = &values->items[i];
        struct slice value = value_member_text(one, "value");
        write_label(text->out, i ? "" : label);
        buffer_add(text->out, value_member_text(segment, "segment"));
        if (value.size)
            buffer_format(text->out, " = %.*s", SLICE_ARGS(value));
        else
            buffer_format(text->out, ", each of %.0f", number_of(segment, "count"));
        buffer_format(text->out, " (%.3g%%): ", 100 * number_of(one, "share"));
        write_difference(text, one);
        buffer_add_byte(text->out, '\n');
    }
}

static void write_segments(const struct text *text, const struct value *document)
{
    const struct value *list = value_member(document, SLICE("segments"));
    bool assumed = false;
    for (size_t i = 0; i < list->count; i++) {
        write_segment(text, &list->items[i], i ? "" : "Segments");
        assumed |= slice_equals(value_member_text(&list->items[i], "shares"), "assumed equal");
    }
    if (!list->count)
        return;
    write_label(text->out, "");
    buffer_add(text->out, SLICE("between two halves: "));
    write_difference(text, value_member(document, SLICE("between_halves")));
    buffer_add_byte(text->out, '\n');
    if (assumed) {
        write_label(text->out, "");
        buffer_add(text->out, SLICE("(equal shares assumed)\n"));
    }
}

static void write_text(struct buffer *out, const struct value *document, bool share)
{
    struct text text = {.out = out, .share = share};
    write_question(&text, document);
    write_units(&text, document);
    write_duration(&text, document);
    write_detectable(&text, document);
    write_guardrails(&text, document);
    write_segments(&text, document);
}

/* ---- The call ---- */

static int answer(const struct options *options, const struct experiment *experiment,
                  struct arena *arena)
{
    struct plan_history history = {0};
    struct error error = {0};
    struct buffer out = {0};
    if (option_given(options, "store") &&
        plan_history_read(option_store(options), experiment->key, arena, &history, &error))
        return command_failed(&error);
    struct value document = plan_document(experiment, &history, arena);
    if (strcmp(option_text(options, "format"), "json") == 0) {
        value_write(&out, &document);
        buffer_add_byte(&out, '\n');
    } else {
        write_text(&out, &document, metric_is_share(experiment->goals[0]->kind));
    }
    enum status status = buffer_status(&out, &error);
    if (!status && arena->failed)
        status = FAIL(&error, STATUS_NO_MEMORY, "", 0, "out of memory");
    if (!status && (fwrite(out.data, 1, out.size, stdout) != out.size || fflush(stdout)))
        status = FAIL(&error, STATUS_STORAGE, "standard output", 0, "could not be written");
    buffer_done(&out);
    return status ? command_failed(&error) : 0;
}

static int run(const struct options *options)
{
    struct catalogue *catalogue = NULL;
    struct arena arena = {0};
    struct error error = {0};
    int status = catalogue_load(option_text(options, "experiments"), &catalogue);
    const struct experiment *declared =
        status ? NULL : catalogue_require(catalogue, argument_at(options, 0));
    if (!status && !declared)
        status = 2;
    if (!status) {
        struct experiment experiment = *declared;
        status = expectation_take(options, &experiment, &error)
                     ? command_failed(&error)
                     : answer(options, &experiment, &arena);
    }
    catalogue_release(catalogue);
    arena_done(&arena);
    return status;
}

static const struct option_row rows[] = {
    {.name = "baseline",
     .type = OPTION_TEXT,
     .argument = "B",
     .help = "the control's value: 22%, or a number"},
    {.name = "lift",
     .type = OPTION_TEXT,
     .argument = "L",
     .help = "the difference looked for: 10% of it, 2pp, or a number"},
    {.name = "units-per-week",
     .type = OPTION_COUNT,
     .argument = "N",
     .min = 1,
     .max = INT64_C(1000000000000),
     .help = "how many units enter the experiment"},
    {.name = "power", .type = OPTION_TEXT, .argument = "P", .help = "the chance to see it: 80%"},
    {.name = "sd",
     .type = OPTION_TEXT,
     .argument = "S",
     .help = "a unit's standard deviation, of a goal that is no share"},
    {.name = "format",
     .type = OPTION_CHOICE,
     .argument = "FORMAT",
     .fallback = "text",
     .choices = "text|json",
     .help = "how it is written"},
    {.name = NULL},
};

const struct command command_plan = {
    .name = "plan",
    .arguments = "EXPERIMENT [--baseline B] [--lift L] [--units-per-week N] [OPTION...]",
    .summary = "says how many units and weeks an experiment needs",
    .note = "What an option does not say comes from 'expect' of the file. With --store the\n"
            "shares of segments are those of the experiment's own units.",
    .options = rows,
    .shared = SHARED_EXPERIMENTS | SHARED_STORE,
    .arguments_min = 1,
    .arguments_max = 1,
    .run = run,
};
