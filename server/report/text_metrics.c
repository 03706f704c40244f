/*
 * The metrics as text: per metric a heading, a line a variant, and under each comparison its lift
 * and the interval as a bar on the metric's own scale; then the segments of the goals.
 *
 *   name             units    value   change  interval          p
 *   gate_40         45,489    18.2%    -0.82  -1.33 to -0.31    0.0031 (Holm)
 *                   lift -4.3%, -6.9% to -1.7%        ├────●────┤  │
 */

#include "text_columns.h"

#include "analysis/measure.h"

#include <math.h>
#include <stdio.h>

struct shown shown_of(const struct value *effect)
{
    struct shown shown = {.estimated = effect && effect->kind == VALUE_OBJECT};
    if (!shown.estimated)
        return shown;
    shown.estimate = member_number(effect, "estimate");
    shown.has_interval = interval_of(member(effect, "interval"), &shown.low, &shown.high);
    shown.level = member_number(effect, "level");
    if (shown.has_interval)
        return shown;
    shown.anytime = true;
    shown.has_interval = interval_of(member(effect, "anytime_interval"), &shown.low, &shown.high);
    shown.level = member_number(effect, "anytime_level");
    return shown;
}

void bar_add(struct paint_bar *bar, const struct shown *shown)
{
    if (!shown->has_interval)
        return;
    bar->low = fmin(bar->low, shown->low);
    bar->high = fmax(bar->high, shown->high);
}

void paint_shown_bar(struct painter *painter, const struct paint_bar *scale,
                     const struct shown *shown)
{
    struct paint_bar bar = *scale;
    if (!shown->has_interval || !(scale->high > scale->low))
        return;
    bar.at = shown->estimate;
    bar.from = shown->low;
    bar.to = shown->high;
    paint_bar(painter, &bar);
}

const struct value *variant_in(const struct value *variants, struct slice name)
{
    for (size_t i = 0; i < variants->count; i++)
        if (slice_equal(member_text(&variants->items[i], "variant"), name))
            return &variants->items[i];
    return NULL;
}

void paint_value(struct painter *painter, enum metric_kind kind, const struct value *variant,
                 unsigned column)
{
    struct buffer text = {0};
    if (member_is_null(variant, "value"))
        buffer_add(&text, SLICE("–"));
    else
        measure_cell(&text, kind, member_number(variant, "value"));
    paint_right(painter, buffer_slice(&text), column);
    buffer_done(&text);
}

void paint_change(struct painter *painter, enum metric_kind kind, double difference,
                  enum column column)
{
    struct buffer text = {0};
    measure_change(&text, kind, difference);
    paint_right(painter, buffer_slice(&text), column_at(painter, column));
    buffer_done(&text);
}

static void paint_difference(struct painter *painter, enum metric_kind kind,
                             const struct shown *shown)
{
    struct buffer text = {0};
    paint_change(painter, kind, shown->estimate, COLUMN_CHANGE);
    paint_to(painter, column_at(painter, COLUMN_INTERVAL));
    if (shown->has_interval)
        measure_interval(&text, kind, &(struct interval){.low = shown->low, .high = shown->high});
    paint_text(painter, buffer_slice(&text));
    unsigned p = column_at(painter, COLUMN_P);
    paint_to(painter, painter->at < p ? p : painter->at + 1);
    buffer_done(&text);
}

/* The p that decides: corrected where there is a family, else of the final test, else of now. */
static void paint_p(struct painter *painter, const struct value *comparison)
{
    static const struct {
        const char *member, *words;
    } choices[] = {{"p_adjusted", "adj."}, {"p", ""}, {"p_now", "now"}};
    char text[P_TEXT_SIZE];
    for (size_t i = 0; i < sizeof choices / sizeof choices[0]; i++) {
        if (member_is_null(comparison, choices[i].member))
            continue;
        paint_format(painter, "%s", p_format(member_number(comparison, choices[i].member), text));
        if (choices[i].words[0] && painter->at + strlen(choices[i].words) < painter->columns) {
            paint_style(painter, PAINT_DIM);
            paint_format(painter, " %s", choices[i].words);
            paint_style(painter, PAINT_PLAIN);
        }
        return;
    }
}

static void metric_variant(struct painter *painter, enum metric_kind kind,
                           const struct value *variant, bool control)
{
    char text[COUNT_TEXT_SIZE];
    paint_to(painter, COLUMN_NAME);
    paint_clipped(painter, member_text(variant, "variant"), NAME_WIDTH - shift_of(painter));
    paint_right(painter, slice_of(count_format(member_count(variant, "units"), text)),
                column_at(painter, COLUMN_UNITS));
    paint_value(painter, kind, variant, column_at(painter, COLUMN_VALUE));
    if (control) {
        paint_style(painter, PAINT_DIM);
        paint_right(painter, SLICE("control"), column_at(painter, COLUMN_CHANGE));
        paint_style(painter, PAINT_PLAIN);
    }
}

static void comparison_lift(struct painter *painter, const struct value *comparison,
                            const struct paint_bar *scale)
{
    struct shown lift = shown_of(member(comparison, "lift"));
    struct shown difference = shown_of(member(comparison, "difference"));
    if (!lift.estimated && !difference.has_interval)
        return;
    paint_to(painter, COLUMN_NAME + 2);
    paint_style(painter, PAINT_DIM);
    if (lift.estimated)
        paint_format(painter, "lift %+.1f%%", 100 * lift.estimate);
    if (lift.has_interval)
        paint_format(painter, ", %+.1f%% to %+.1f%%", 100 * lift.low, 100 * lift.high);
    paint_style(painter, PAINT_PLAIN);
    if (difference.has_interval)
        paint_to(painter, column_at(painter, COLUMN_INTERVAL) - 4);
    paint_shown_bar(painter, scale, &difference);
    paint_end(painter);
}

static void paint_bound(struct painter *painter, enum metric_kind kind, double bound, bool relative)
{
    struct buffer text = {0};
    paint_text(painter, SLICE(": at worst "));
    if (relative)
        buffer_format(&text, "%+.2f%%", 100 * bound);
    else
        measure_difference(&text, kind, bound);
    paint_text(painter, buffer_slice(&text));
    buffer_done(&text);
}

void comparison_guardrail(struct painter *painter, enum metric_kind kind,
                          const struct value *comparison)
{
    const struct value *guardrail = member(comparison, "guardrail");
    struct slice state = member_text(guardrail, "state");
    bool relative = member_is_true(guardrail, "relative");
    if (!state.size)
        return;
    enum paint_style style = slice_equals(state, "passed")   ? PAINT_GOOD
                             : slice_equals(state, "harmed") ? PAINT_BAD
                                                             : PAINT_WARN;
    paint_to(painter, COLUMN_NAME + 2);
    paint_style(painter, style);
    paint_text(painter, state);
    paint_style(painter, PAINT_PLAIN);
    if (!member_is_null(guardrail, "bound"))
        paint_bound(painter, kind, member_number(guardrail, "bound"), relative);
    struct buffer margin = {0};
    if (relative)
        buffer_add(&margin, member_text(guardrail, "worse_by"));
    else
        measure_size(&margin, kind, member_number(guardrail, "margin"));
    paint_text(painter, SLICE(", may be worse by "));
    paint_text(painter, buffer_slice(&margin));
    paint_end(painter);
    buffer_done(&margin);
}

/* A document that names no kind that is known has none of ours: its figures are shown plain. */
enum metric_kind kind_of(const struct value *metric)
{
    enum metric_kind kind = measure_kind(member_text(metric, "kind"));
    return kind == METRIC_KIND_COUNT ? METRIC_COUNT : kind;
}

static void metric_comparison(struct painter *painter, const struct value *metric,
                              const struct value *comparison, const struct paint_bar *scale)
{
    const struct value *variant =
        variant_in(member(metric, "variants"), member_text(comparison, "variant"));
    struct shown difference = shown_of(member(comparison, "difference"));
    enum metric_kind kind = kind_of(metric);
    metric_variant(painter, kind, variant, false);
    if (difference.estimated) {
        paint_difference(painter, kind, &difference);
        paint_p(painter, comparison);
    } else {
        paint_to(painter, column_at(painter, COLUMN_VALUE) + 2);
        paint_style(painter, PAINT_DIM);
        paint_clipped(painter, member_text(comparison, "reason"), painter->columns - painter->at);
        paint_style(painter, PAINT_PLAIN);
    }
    paint_end(painter);
    comparison_lift(painter, comparison, scale);
    comparison_guardrail(painter, kind, comparison);
    text_breadth(painter, variant, comparison, COLUMN_NAME + 2);
    text_beside(painter, kind, metric, comparison, COLUMN_NAME + 2);
}

/* "goal, retention, 95% interval", right of the name. */
static void metric_heading(struct painter *painter, const struct value *metric)
{
    const struct value *comparisons = member(metric, "comparisons");
    struct buffer text = {0};
    buffer_format(&text, "%.*s", SLICE_ARGS(member_text(metric, "role")));
    if (slice_equals(member_text(metric, "better"), "lower"))
        buffer_add(&text, SLICE(", lower is better"));
    if (measure_unit(kind_of(metric))[0])
        buffer_format(&text, ", %s", measure_unit(kind_of(metric)));
    for (size_t i = 0; i < comparisons->count; i++) {
        struct shown shown = shown_of(member(&comparisons->items[i], "difference"));
        if (!shown.has_interval)
            continue;
        buffer_format(&text, ", %.4g%% %s", 100 * shown.level,
                      shown.anytime ? "anytime interval" : "interval");
        break;
    }
    unsigned width = paint_width(buffer_slice(&text));
    paint_style(painter, PAINT_BOLD);
    unsigned room = painter->columns > width + 2 ? painter->columns - width - 2 : 8;
    struct slice name = member_text(metric, "metric"), title = member_text(metric, "name");
    paint_clipped(painter, name, room);
    paint_style(painter, PAINT_PLAIN);
    if (!slice_equal(name, title) && painter->at + 6 < room) {
        paint_text(painter, SLICE("  "));
        paint_clipped(painter, title, room - painter->at);
    }
    paint_style(painter, PAINT_DIM);
    paint_right(painter, buffer_slice(&text), painter->columns);
    paint_style(painter, PAINT_PLAIN);
    paint_end(painter);
    buffer_done(&text);
}

static void metric_open(struct painter *painter, const struct value *metric)
{
    const struct value *variants = member(metric, "variants");
    uint64_t immature = 0;
    char text[COUNT_TEXT_SIZE];
    for (size_t i = 0; i < variants->count; i++)
        immature += member_count(&variants->items[i], "immature");
    if (!immature)
        return;
    paint_to(painter, COLUMN_NAME);
    paint_style(painter, PAINT_DIM);
    paint_format(painter, "%s more are exposed; their window is still open",
                 count_format(immature, text));
    paint_style(painter, PAINT_PLAIN);
    paint_end(painter);
}

const struct value *control_of(const struct value *document)
{
    const struct value *variants = member(document, "variants");
    for (size_t i = 0; i < variants->count; i++)
        if (member_is_true(&variants->items[i], "control"))
            return &variants->items[i];
    return NULL;
}

static void text_metric(struct painter *painter, const struct value *metric,
                        const struct value *document)
{
    const struct value *control = control_of(document);
    const struct value *comparisons = member(metric, "comparisons");
    struct paint_bar scale = bar_from(painter, column_at(painter, COLUMN_INTERVAL) - 4);
    for (size_t i = 0; i < comparisons->count; i++) {
        struct shown shown = shown_of(member(&comparisons->items[i], "difference"));
        bar_add(&scale, &shown);
    }
    paint_end(painter);
    metric_heading(painter, metric);
    if (curve_is_brackets(metric)) {
        text_curve(painter, metric, member_text(control, "variant"));
        return;
    }
    const struct value *own =
        variant_in(member(metric, "variants"), member_text(control, "variant"));
    metric_variant(painter, kind_of(metric), own, true);
    paint_end(painter);
    for (size_t i = 0; i < comparisons->count; i++)
        metric_comparison(painter, metric, &comparisons->items[i], &scale);
    metric_open(painter, metric);
    text_curve(painter, metric, member_text(control, "variant"));
    if (slice_equals(member_text(metric, "role"), "goal")) {
        text_looks(painter, metric);
        text_segments(painter, metric, document);
    }
}

void text_metrics(struct painter *painter, const struct value *document)
{
    const struct value *metrics = member(document, "metrics");
    if (!metrics->count)
        return;
    text_heading(painter, "Metrics");
    paint_style(painter, PAINT_DIM);
    paint_right(painter, SLICE("units"), column_at(painter, COLUMN_UNITS));
    paint_right(painter, SLICE("value"), column_at(painter, COLUMN_VALUE));
    paint_right(painter, SLICE("change"), column_at(painter, COLUMN_CHANGE));
    paint_to(painter, column_at(painter, COLUMN_INTERVAL));
    paint_text(painter, SLICE("interval"));
    paint_to(painter, column_at(painter, COLUMN_P));
    paint_text(painter, SLICE("p"));
    paint_style(painter, PAINT_PLAIN);
    paint_end(painter);
    for (size_t i = 0; i < metrics->count; i++)
        text_metric(painter, &metrics->items[i], document);
}
