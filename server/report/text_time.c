/*
 * Curves as text.  Under a time to an event: what its mean and its p are, and a line a variant with
 * the share that has reached it, drawn by day, and the median.
 *
 *   mean days without it to day 14; p by log-rank; drawn to 71.5%
 *   tour      ▁▂▃▄▄▅▅▅▆▆▆▆▆▆▆▆▇▇▇▇   61.0%  median 3.1 days (2.7 to 3.6)
 *   list      ▁▃▄▅▆▆▇▇▇▇▇▇▇▇▇█████   71.5%  median 2.2 days (1.9 to 2.5)
 *
 * A retention curve is a table: a line a bracket, the control and a variant side by side.
 *
 *   days              control       list   change  interval
 *   0 to 7              61.2%      64.0%    +2.80  -0.41 to +5.98
 */

#include "text_parts.h"

#include "analysis/measure.h"

#include <math.h>
#include <stdio.h>

#define NAME_AT 2
#define NAME_WIDTH 16
#define DRAWN_AT 19
#define DRAWN_WIDTH 20
#define SHARE_EDGE 47
#define MEDIAN_AT 49

/* Right edges of the brackets' table, and where its interval begins. */
#define CONTROL_EDGE 26
#define VARIANT_EDGE 37
#define CHANGE_EDGE 46
#define INTERVAL_AT 48

static const struct value *last_of(const struct value *list)
{
    return list && list->kind == VALUE_LIST && list->count ? &list->items[list->count - 1] : NULL;
}

/* The share at a day: that of the last point no later. */
static double share_at(const struct value *points, double day)
{
    double share = 0;
    for (size_t i = 0; i < points->count; i++) {
        if (member_number(&points->items[i], "day") > day)
            break;
        share = member_number(&points->items[i], "value");
    }
    return share;
}

/* Eighths of a line's height; nothing is drawn of nothing. */
static void paint_share(struct painter *painter, double share, double top)
{
    static const struct slice marks[] = {SLICE_INIT(" "), SLICE_INIT("▁"), SLICE_INIT("▂"),
                                         SLICE_INIT("▃"), SLICE_INIT("▄"), SLICE_INIT("▅"),
                                         SLICE_INIT("▆"), SLICE_INIT("▇"), SLICE_INIT("█")};
    double eighths = top > 0 ? ceil(8 * share / top - 1e-9) : 0;
    paint_text(painter, marks[(size_t)fmin(8, fmax(0, eighths))]);
}

static void paint_curve(struct painter *painter, const struct value *points, double days,
                        double top)
{
    paint_to(painter, DRAWN_AT);
    for (unsigned i = 1; i <= DRAWN_WIDTH; i++)
        paint_share(painter, share_at(points, days * i / DRAWN_WIDTH), top);
}

static void paint_percent(struct painter *painter, double share, unsigned edge)
{
    struct buffer text = {0};
    measure_cell(&text, METRIC_CONVERSION, share);
    paint_right(painter, buffer_slice(&text), edge);
    buffer_done(&text);
}

/* "median 3.1 days (2.7 to 3.6)" */
static void paint_median(struct painter *painter, const struct value *median)
{
    const struct value *interval = member(median, "interval");
    bool is_pair = interval && interval->kind == VALUE_LIST && interval->count == 2;
    paint_to(painter, MEDIAN_AT);
    if (member_is_null(median, "value")) {
        paint_format(painter, "median not reached");
        return;
    }
    paint_format(painter, "median %.3g days", member_number(median, "value"));
    if (!is_pair || !value_is_number(&interval->items[0]))
        return;
    paint_format(painter, " (%.3g to ", interval->items[0].number);
    if (value_is_number(&interval->items[1]))
        paint_format(painter, "%.3g)", interval->items[1].number);
    else
        paint_format(painter, "–)");
}

static const struct value *variant_of(const struct value *metric, struct slice name)
{
    const struct value *variants = member(metric, "variants");
    for (size_t i = 0; variants && i < variants->count; i++)
        if (slice_equal(member_text(&variants->items[i], "variant"), name))
            return &variants->items[i];
    return NULL;
}

/* Other ends: "Closed first 20.0%". */
static void time_competing(struct painter *painter, const struct value *competing)
{
    for (size_t i = 0; competing && competing->kind == VALUE_LIST && i < competing->count; i++) {
        const struct value *last = last_of(member(&competing->items[i], "points"));
        paint_to(painter, NAME_AT + 2);
        paint_style(painter, PAINT_DIM);
        paint_clipped(painter, member_text(&competing->items[i], "event"), 24);
        paint_format(painter, " came first to");
        paint_percent(painter, last ? member_number(last, "value") : 0, SHARE_EDGE);
        paint_style(painter, PAINT_PLAIN);
        paint_end(painter);
    }
}

static void time_heading(struct painter *painter, const struct value *metric, double days,
                         double top)
{
    const struct value *comparison = last_of(member(metric, "comparisons"));
    bool competing = comparison && slice_equals(member_text(comparison, "interval_of"),
                                                "restricted_time_without_value");
    const char *test = competing ? "p by log-rank, cause-specific" : "p by log-rank";
    struct buffer text = {0};
    if (comparison && member_is_null(comparison, "p"))
        test = "p of the means";
    buffer_format(&text, "mean days without it to day %.4g; %s; drawn to ", days, test);
    measure_cell(&text, METRIC_CONVERSION, top);
    paint_to(painter, NAME_AT);
    paint_style(painter, PAINT_DIM);
    paint_clipped(painter, buffer_slice(&text), painter->columns - NAME_AT);
    paint_style(painter, PAINT_PLAIN);
    paint_end(painter);
    buffer_done(&text);
}

static void text_times(struct painter *painter, const struct value *metric,
                       const struct value *curve)
{
    double days = 0, top = 0;
    for (size_t j = 0; j < curve->count; j++) {
        const struct value *last = last_of(member(&curve->items[j], "points"));
        if (!last)
            continue;
        days = fmax(days, member_number(last, "day"));
        top = fmax(top, member_number(last, "value"));
    }
    if (!(days > 0))
        return;
    time_heading(painter, metric, days, top);
    for (size_t j = 0; j < curve->count; j++) {
        const struct value *points = member(&curve->items[j], "points");
        struct slice name = member_text(&curve->items[j], "variant");
        const struct value *variant = variant_of(metric, name);
        paint_to(painter, NAME_AT);
        paint_clipped(painter, name, NAME_WIDTH);
        if (last_of(points)) {
            paint_curve(painter, points, days, top);
            paint_percent(painter, member_number(last_of(points), "value"), SHARE_EDGE);
        }
        if (variant)
            paint_median(painter, member(variant, "median"));
        paint_end(painter);
        time_competing(painter, member(&curve->items[j], "competing"));
    }
}

static void bracket_line(struct painter *painter, const struct value *control,
                         const struct value *variant)
{
    const struct value *difference = member(variant, "difference");
    double low, high;
    struct buffer text = {0};
    paint_to(painter, NAME_AT);
    paint_format(painter, "%g to %g", member_number(variant, "from_days"),
                 member_number(variant, "to_days"));
    if (control && !member_is_null(control, "value"))
        paint_percent(painter, member_number(control, "value"), CONTROL_EDGE);
    if (!member_is_null(variant, "value"))
        paint_percent(painter, member_number(variant, "value"), VARIANT_EDGE);
    else
        paint_right(painter, SLICE("–"), VARIANT_EDGE);
    if (difference && difference->kind == VALUE_OBJECT &&
        interval_of(member(difference, "interval"), &low, &high)) {
        measure_change(&text, METRIC_CONVERSION, member_number(difference, "estimate"));
        paint_right(painter, buffer_slice(&text), CHANGE_EDGE);
        buffer_done(&text);
        measure_interval(&text, METRIC_CONVERSION, &(struct interval){.low = low, .high = high});
        paint_to(painter, INTERVAL_AT);
        paint_text(painter, buffer_slice(&text));
    }
    paint_end(painter);
    buffer_done(&text);
}

/* The table's heading: "days  control  list  change  interval". */
static void bracket_heading(struct painter *painter, struct slice control, struct slice variant)
{
    paint_to(painter, NAME_AT);
    paint_style(painter, PAINT_DIM);
    paint_text(painter, SLICE("days"));
    unsigned width = paint_width(control) < 14 ? paint_width(control) : 14;
    paint_to(painter, CONTROL_EDGE - width);
    paint_clipped(painter, control, width);
    width = paint_width(variant) < 10 ? paint_width(variant) : 10;
    paint_to(painter, VARIANT_EDGE - width);
    paint_clipped(painter, variant, width);
    paint_right(painter, SLICE("change"), CHANGE_EDGE);
    paint_to(painter, INTERVAL_AT);
    paint_text(painter, SLICE("interval, of each bracket alone"));
    paint_style(painter, PAINT_PLAIN);
    paint_end(painter);
}

/* How many brackets have a value of anybody. */
static size_t brackets_known(const struct value *base, const struct value *points)
{
    size_t known = 0;
    for (size_t b = 0; b < points->count; b++)
        if (!member_is_null(&points->items[b], "value") ||
            (base && b < base->count && !member_is_null(&base->items[b], "value")))
            known = b + 1;
    return known;
}

/* What nobody can have reached yet is one line. */
static void brackets_missing(struct painter *painter, const struct value *points, size_t known)
{
    if (known == points->count)
        return;
    paint_to(painter, NAME_AT);
    paint_format(painter, "%g to %g", member_number(&points->items[known], "from_days"),
                 member_number(last_of(points), "to_days"));
    paint_style(painter, PAINT_DIM);
    paint_right(painter, SLICE("too early"), VARIANT_EDGE);
    paint_style(painter, PAINT_PLAIN);
    paint_end(painter);
}

static void text_brackets(struct painter *painter, const struct value *curve, struct slice control)
{
    const struct value *base = NULL;
    for (size_t j = 0; j < curve->count; j++)
        if (slice_equal(member_text(&curve->items[j], "variant"), control))
            base = member(&curve->items[j], "points");
    for (size_t j = 0; j < curve->count; j++) {
        struct slice name = member_text(&curve->items[j], "variant");
        const struct value *points = member(&curve->items[j], "points");
        if (!points || !points->count || slice_equal(name, control))
            continue;
        bracket_heading(painter, control, name);
        size_t known = brackets_known(base, points);
        for (size_t b = 0; b < known; b++)
            bracket_line(painter, base && b < base->count ? &base->items[b] : NULL,
                         &points->items[b]);
        brackets_missing(painter, points, known);
    }
}

bool curve_is_brackets(const struct value *metric)
{
    return slice_equals(member_text(metric, "kind"), "retention_curve");
}

void text_curve(struct painter *painter, const struct value *metric, struct slice control)
{
    const struct value *curve = member(metric, "curve");
    if (!curve || curve->kind != VALUE_LIST)
        return;
    if (curve_is_brackets(metric))
        text_brackets(painter, curve, control);
    else
        text_times(painter, metric, curve);
}
