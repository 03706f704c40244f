/*
 * The onboarding flow as text: per variant a line a step, how many reached it as a bar, who left
 * there, how long it took; last the step at which the variants differ most.
 *
 *   list  1,200 units             reached  dropped  interval        wait  minutes
 *   welcome       ████████████████ 100.0%     4.2%  3.2 to 5.5      12 s
 *   first_contact █████████▌        59.7%    31.0%  27.7 to 34.5   3 min    5.1/4
 */

#include "text_parts.h"

#include "analysis/measure.h"

#include <math.h>
#include <stdio.h>

#define STEP_AT 2
#define STEP_WIDTH 14
#define BAR_AT 17
#define BAR_WIDTH 14
#define REACHED_EDGE 39
#define DROPPED_EDGE 48
#define INTERVAL_AT 50
#define WAIT_EDGE 71
#define MINUTES_EDGE 80
/* Below this width there are no times. */
#define TIMES_COLUMNS 80

static void paint_bar_of(struct painter *painter, double share)
{
    static const struct slice parts[] = {SLICE_INIT(""),  SLICE_INIT("▏"), SLICE_INIT("▎"),
                                         SLICE_INIT("▍"), SLICE_INIT("▌"), SLICE_INIT("▋"),
                                         SLICE_INIT("▊"), SLICE_INIT("▉")};
    unsigned eighths = (unsigned)lround(8 * BAR_WIDTH * fmin(1, fmax(0, share)));
    paint_to(painter, BAR_AT);
    for (unsigned i = 0; i < eighths / 8; i++)
        paint_text(painter, SLICE("█"));
    paint_text(painter, parts[eighths % 8]);
}

static void paint_share(struct painter *painter, const struct value *share, unsigned edge)
{
    struct buffer text = {0};
    if (share && share->kind == VALUE_OBJECT)
        measure_cell(&text, METRIC_CONVERSION, member_number(share, "value"));
    else
        buffer_add(&text, SLICE("–"));
    paint_right(painter, buffer_slice(&text), edge);
    buffer_done(&text);
}

static void paint_share_interval(struct painter *painter, const struct value *share)
{
    double low, high;
    if (!share || share->kind != VALUE_OBJECT ||
        !interval_of(member(share, "interval"), &low, &high))
        return;
    paint_to(painter, INTERVAL_AT);
    paint_format(painter, "%.1f to %.1f", 100 * low, 100 * high);
}

/* "<0.1", "1.6", "25", "2700" */
static void minutes_format(double minutes, char text[static COUNT_TEXT_SIZE])
{
    if (minutes > 0 && minutes < .1)
        snprintf(text, COUNT_TEXT_SIZE, "<0.1");
    else
        snprintf(text, COUNT_TEXT_SIZE, minutes < 99.5 ? "%.2g" : "%.0f", minutes);
}

/* "12 s", "3.5 min", "2.1 h", "1.5 d" */
void seconds_format(double seconds, char text[static COUNT_TEXT_SIZE])
{
    static const struct {
        double below, unit;
        const char *name;
    } units[] = {{120, 1, "s"}, {7200, 60, "min"}, {172800, 3600, "h"}, {HUGE_VAL, 86400, "d"}};
    size_t i = 0;
    while (seconds >= units[i].below)
        i++;
    double figure = i ? seconds / units[i].unit : floor(seconds);
    snprintf(text, COUNT_TEXT_SIZE, "%.*f %s", i && figure < 10 ? 1 : 0, figure, units[i].name);
}

static void paint_times(struct painter *painter, const struct value *step)
{
    char text[COUNT_TEXT_SIZE];
    if (painter->columns < TIMES_COLUMNS)
        return;
    if (!member_is_null(step, "median_seconds")) {
        seconds_format(member_number(step, "median_seconds"), text);
        paint_right(painter, slice_of(text), WAIT_EDGE);
    }
    if (member_is_null(step, "actual_minutes") && member_is_null(step, "expected_minutes"))
        return;
    char actual[COUNT_TEXT_SIZE] = "–", expected[COUNT_TEXT_SIZE] = "";
    if (!member_is_null(step, "actual_minutes"))
        minutes_format(member_number(step, "actual_minutes"), actual);
    if (!member_is_null(step, "expected_minutes"))
        snprintf(expected, sizeof expected, "/%.3g", member_number(step, "expected_minutes"));
    struct buffer both = {0};
    buffer_format(&both, "%s%s", actual, expected);
    paint_right(painter, buffer_slice(&both), MINUTES_EDGE);
    buffer_done(&both);
}

/* "25 dismissed, 3 failed", where there are any. */
static void step_notes(struct painter *painter, const struct value *step)
{
    char dismissed[COUNT_TEXT_SIZE], failed[COUNT_TEXT_SIZE];
    uint64_t dismissals = member_count(step, "dismissed"), failures = member_count(step, "failed");
    if (!dismissals && !failures)
        return;
    paint_to(painter, BAR_AT);
    paint_style(painter, PAINT_DIM);
    if (dismissals)
        paint_format(painter, "%s dismissed it", count_format(dismissals, dismissed));
    if (failures)
        paint_format(painter, "%s%s failed in it", dismissals ? ", " : "",
                     count_format(failures, failed));
    paint_style(painter, PAINT_PLAIN);
    paint_end(painter);
}

static void step_line(struct painter *painter, const struct value *step)
{
    const struct value *reached = member(step, "reached_share");
    paint_to(painter, STEP_AT);
    paint_clipped(painter, member_text(step, "step"), STEP_WIDTH);
    if (reached && reached->kind == VALUE_OBJECT)
        paint_bar_of(painter, member_number(reached, "value"));
    paint_share(painter, reached, REACHED_EDGE);
    paint_share(painter, member(step, "drop_off"), DROPPED_EDGE);
    paint_share_interval(painter, member(step, "drop_off"));
    paint_times(painter, step);
    paint_end(painter);
    step_notes(painter, step);
}

static void flow_heading(struct painter *painter)
{
    text_heading(painter, "Flow");
    paint_style(painter, PAINT_DIM);
    paint_right(painter, SLICE("reached"), REACHED_EDGE);
    paint_right(painter, SLICE("dropped"), DROPPED_EDGE);
    paint_to(painter, INTERVAL_AT);
    paint_text(painter, SLICE("interval"));
    if (painter->columns >= TIMES_COLUMNS) {
        paint_right(painter, SLICE("wait"), WAIT_EDGE);
        paint_right(painter, SLICE("minutes"), MINUTES_EDGE);
    }
    paint_style(painter, PAINT_PLAIN);
    paint_end(painter);
}

static void flow_variant(struct painter *painter, const struct value *variant)
{
    const struct value *steps = member(variant, "steps");
    char text[COUNT_TEXT_SIZE];
    paint_clipped(painter, member_text(variant, "variant"), painter->columns / 2);
    paint_style(painter, PAINT_DIM);
    paint_format(painter, "  %s units", count_format(member_count(variant, "units"), text));
    paint_style(painter, PAINT_PLAIN);
    paint_end(painter);
    for (size_t i = 0; steps && i < steps->count; i++)
        step_line(painter, &steps->items[i]);
}

void flow_differs(struct painter *painter, const struct value *differs)
{
    const struct value *variants = member(differs, "variants");
    char p[P_TEXT_SIZE];
    struct buffer text = {0};
    if (!differs || differs->kind != VALUE_OBJECT || !variants)
        return;
    buffer_format(&text, "They differ most at %.*s:", SLICE_ARGS(member_text(differs, "step")));
    for (size_t i = 0; i < variants->count; i++) {
        const struct value *one = &variants->items[i];
        double units = (double)member_count(one, "units");
        buffer_format(&text, "%s %.*s ", i ? "," : "", SLICE_ARGS(member_text(one, "variant")));
        measure_cell(&text, METRIC_CONVERSION,
                     units > 0 ? (double)member_count(one, "reached") / units : 0);
    }
    buffer_format(&text, " reached it (p %s over all steps, exploratory).",
                  p_format(member_number(differs, "p_adjusted"), p));
    paint_to(painter, STEP_AT);
    paint_style(painter, PAINT_DIM);
    paint_wrapped(painter, buffer_slice(&text), STEP_AT);
    paint_style(painter, PAINT_PLAIN);
    buffer_done(&text);
}

void text_flow(struct painter *painter, const struct value *document)
{
    const struct value *flow = member(document, "flow");
    if (!flow || flow->kind != VALUE_LIST || !flow->count)
        return;
    flow_heading(painter);
    for (size_t j = 0; j < flow->count; j++)
        flow_variant(painter, &flow->items[j]);
    flow_differs(painter, member(document, "flow_differs"));
}
