/*
 * The document of `explain` as text and csv.  Text: the sentence, then a table a segment whose rows
 * add up to its last one.
 */

#include "report/explain.h"

#include "csv_members.h"
#include "text_parts.h"

/* The last column of each. */
struct columns {
    unsigned share, rate, within, weight, mix;
};
static const struct columns plain = {.share = 36, .rate = 54, .within = 66, .mix = 78};
static const struct columns quotient = {
    .share = 34, .rate = 52, .within = 61, .weight = 70, .mix = 79};
#define LABEL_WIDTH 20

static void pair_right(struct painter *painter, enum metric_kind kind, const struct value *row,
                       const char *name, unsigned column)
{
    static const char *const ends[] = {"from", "to"};
    struct buffer text = {0};
    for (size_t i = 0; i < 2; i++) {
        const struct value *end = member(row, ends[i]);
        if (i)
            buffer_add(&text, SLICE(" to "));
        if (member_is_null(end, name))
            buffer_add(&text, SLICE("-"));
        else
            measure_cell(&text, kind, member_number(end, name));
    }
    paint_right(painter, buffer_slice(&text), column);
    buffer_done(&text);
}

static void part_right(struct painter *painter, enum metric_kind kind, const struct value *object,
                       const char *name, unsigned column)
{
    struct buffer text = {0};
    if (!column)
        return;
    if (member_is_null(object, name))
        buffer_add(&text, SLICE("-"));
    else
        measure_change(&text, kind, member_number(member(object, name), "value"));
    paint_right(painter, buffer_slice(&text), column);
    buffer_done(&text);
}

static void parts_right(struct painter *painter, enum metric_kind kind, const struct value *object,
                        const struct columns *columns)
{
    part_right(painter, kind, object, "within", columns->within);
    part_right(painter, kind, object, "weight", columns->weight);
    part_right(painter, kind, object, "mix", columns->mix);
    paint_end(painter);
}

static void segment_heading(struct painter *painter, const struct value *segment,
                            const struct columns *columns)
{
    paint_end(painter);
    paint_style(painter, PAINT_BOLD);
    paint_clipped(painter, member_text(segment, "segment"), LABEL_WIDTH);
    paint_style(painter, PAINT_DIM);
    paint_right(painter, SLICE("share"), columns->share);
    paint_right(painter, SLICE("rate"), columns->rate);
    paint_right(painter, SLICE("within"), columns->within);
    if (columns->weight)
        paint_right(painter, SLICE("weight"), columns->weight);
    paint_right(painter, SLICE("mix"), columns->mix);
    paint_style(painter, PAINT_PLAIN);
    paint_end(painter);
}

/* "  mix  -30.00 points (-40.00 to -20.00)": each part of the whole segment with its interval. */
static void text_interval(struct painter *painter, enum metric_kind kind,
                          const struct value *segment, const char *name)
{
    const struct value *part = member(segment, name);
    struct interval interval;
    struct buffer text = {0};
    if (!interval_of(member(part, "interval"), &interval.low, &interval.high))
        return;
    buffer_format(&text, "%s ", name);
    measure_difference(&text, kind, member_number(part, "value"));
    buffer_add(&text, SLICE(" ("));
    measure_interval(&text, kind, &interval);
    buffer_add(&text, SLICE(")"));
    paint_to(painter, 4);
    paint_text(painter, buffer_slice(&text));
    paint_end(painter);
    buffer_done(&text);
}

static void segment_text(struct painter *painter, enum metric_kind kind,
                         const struct value *segment, const struct columns *columns)
{
    const struct value *values = member(segment, "values");
    segment_heading(painter, segment, columns);
    for (size_t i = 0; values && i < values->count; i++) {
        const struct value *row = &values->items[i];
        paint_to(painter, 2);
        paint_clipped(painter, member_text(row, "value"), LABEL_WIDTH - 2);
        pair_right(painter, METRIC_CONVERSION, row, "share", columns->share);
        pair_right(painter, kind, row, "rate", columns->rate);
        parts_right(painter, kind, row, columns);
    }
    paint_to(painter, 2);
    paint_text(painter, SLICE("together"));
    parts_right(painter, kind, segment, columns);
    text_interval(painter, kind, segment, "within");
    text_interval(painter, kind, segment, "weight");
    text_interval(painter, kind, segment, "mix");
    if (!member_is_null(segment, "reason")) {
        paint_format(painter, "    cannot be split: %.*s",
                     SLICE_ARGS(member_text(segment, "reason")));
        paint_end(painter);
    }
}

static void text_range(struct painter *painter, const struct value *document, const char *name)
{
    const struct value *range = member(document, name);
    bool is_everyone = member_is_null(document, "experiment");
    char count[COUNT_TEXT_SIZE];
    paint_format(painter, "  %-4s  first %s %.*s to %.*s: %s %.*s", name,
                 is_everyone ? "seen" : "exposed", SLICE_ARGS(member_text(range, "first")),
                 SLICE_ARGS(member_text(range, "last")),
                 count_format(member_count(range, "units"), count),
                 SLICE_ARGS(member_text(document, "unit")));
    paint_end(painter);
}

static void text_legend(struct painter *painter, const struct value *document)
{
    struct buffer text = {0};
    struct slice divisor = member_text(document, "divided_by");
    struct slice unit = member_text(document, "unit");
    buffer_format(&text, "within: the same kind of %.*s behaved otherwise; ", SLICE_ARGS(unit));
    if (divisor.size)
        buffer_format(&text, "weight: the same kind brought more or less of \"%.*s\"; ",
                      SLICE_ARGS(divisor));
    buffer_format(&text,
                  "mix: other %.*s came. Together they are the change; in brackets the %g%% "
                  "intervals. It is a count, not a cause.",
                  SLICE_ARGS(unit), 100 * member_number(document, "confidence"));
    paint_wrapped(painter, buffer_slice(&text), 0);
    buffer_done(&text);
}

void explain_text(struct buffer *out, const struct value *document,
                  const struct render_options *options)
{
    struct painter painter = {.out = out, .columns = options->columns, .color = options->color};
    const struct value *segments = member(document, "segments");
    enum metric_kind kind = measure_kind(member_text(document, "kind"));
    const struct columns *columns = member_is_null(document, "divided_by") ? &plain : &quotient;
    char count[COUNT_TEXT_SIZE];
    paint_style(&painter, PAINT_BOLD);
    paint_wrapped(&painter, member_text(document, "sentence"), 0);
    paint_style(&painter, PAINT_PLAIN);
    text_range(&painter, document, "from");
    text_range(&painter, document, "to");
    if (member_count(document, "units_too_new")) {
        paint_format(&painter, "  %s more came too late to be followed long enough",
                     count_format(member_count(document, "units_too_new"), count));
        paint_end(&painter);
    }
    if (member_count(document, "records_dropped"))
        paint_wrapped(&painter,
                      SLICE("Older records were dropped (--retention): whoever was first seen in "
                            "them counts from what is left."),
                      0);
    if (segments && segments->count)
        text_legend(&painter, document);
    for (size_t i = 0; segments && i < segments->count; i++)
        segment_text(&painter, kind, &segments->items[i], columns);
}

void explain_csv(struct buffer *out, const struct value *document)
{
    static const char *const segment_columns[] = {"segment"};
    static const char *const value_columns[] = {"value"};
    static const char *const period_columns[] = {"units", "share", "weight", "rate"};
    static const char *const part_columns[] = {"value", "se", "interval"};
    const struct value *segments = member(document, "segments");
    static const char *const parts[] = {"within", "weight", "mix"};
    buffer_add(out, SLICE("segment,value,from_units,from_share,from_weight,from_rate,to_units,"
                          "to_share,to_weight,to_rate"));
    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++)
        buffer_format(out, ",%s,%s_se,%s_interval:low,%s_interval:high", parts[i], parts[i],
                      parts[i], parts[i]);
    buffer_add_byte(out, '\n');
    for (size_t i = 0; segments && i < segments->count; i++) {
        const struct value *values = member(&segments->items[i], "values");
        for (size_t j = 0; values && j < values->count; j++) {
            const struct value *row = &values->items[j];
            csv_members(out, &segments->items[i], segment_columns, 1);
            csv_members(out, row, value_columns, 1);
            csv_members(out, member(row, "from"), period_columns, 4);
            csv_members(out, member(row, "to"), period_columns, 4);
            for (size_t k = 0; k < sizeof parts / sizeof *parts; k++)
                csv_members(out, member(row, parts[k]), part_columns, 3);
            csv_end(out);
        }
    }
}
