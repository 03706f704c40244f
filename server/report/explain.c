/*
 * The document of `explain` as text and csv.  Text: the sentence, then a table a segment whose rows
 * add up to its last one.
 */

#include "report/explain.h"

#include "csv_members.h"
#include "text_parts.h"

#define COLUMN_SHARE 34 /* the last column of each, and 1 */
#define COLUMN_RATE 54
#define COLUMN_WITHIN 66
#define COLUMN_MIX 78
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
    measure_change(&text, kind, member_number(member(object, name), "value"));
    paint_right(painter, buffer_slice(&text), column);
    buffer_done(&text);
}

static void text_segment(struct painter *painter, enum metric_kind kind,
                         const struct value *segment)
{
    const struct value *values = member(segment, "values");
    paint_end(painter);
    paint_style(painter, PAINT_BOLD);
    paint_clipped(painter, member_text(segment, "segment"), LABEL_WIDTH);
    paint_style(painter, PAINT_DIM);
    paint_right(painter, SLICE("share"), COLUMN_SHARE + 2);
    paint_right(painter, SLICE("rate"), COLUMN_RATE);
    paint_right(painter, SLICE("within"), COLUMN_WITHIN);
    paint_right(painter, SLICE("mix"), COLUMN_MIX);
    paint_style(painter, PAINT_PLAIN);
    paint_end(painter);
    for (size_t i = 0; values && i < values->count; i++) {
        const struct value *row = &values->items[i];
        paint_to(painter, 2);
        paint_clipped(painter, member_text(row, "value"), LABEL_WIDTH - 2);
        pair_right(painter, METRIC_CONVERSION, row, "share", COLUMN_SHARE + 2);
        pair_right(painter, kind, row, "rate", COLUMN_RATE);
        part_right(painter, kind, row, "within", COLUMN_WITHIN);
        part_right(painter, kind, row, "mix", COLUMN_MIX);
        paint_end(painter);
    }
    paint_to(painter, 2);
    paint_text(painter, SLICE("together"));
    part_right(painter, kind, segment, "within", COLUMN_WITHIN);
    part_right(painter, kind, segment, "mix", COLUMN_MIX);
    paint_end(painter);
}

static void text_range(struct painter *painter, const struct value *document, const char *name)
{
    const struct value *range = member(document, name);
    char count[COUNT_TEXT_SIZE];
    paint_format(painter, "  %-4s  first seen %.*s to %.*s: %s users", name,
                 SLICE_ARGS(member_text(range, "first")), SLICE_ARGS(member_text(range, "last")),
                 count_format(member_count(range, "users"), count));
    paint_end(painter);
}

void explain_text(struct buffer *out, const struct value *document,
                  const struct render_options *options)
{
    struct painter painter = {.out = out, .columns = options->columns, .color = options->color};
    const struct value *segments = member(document, "segments");
    enum metric_kind kind = measure_kind(member_text(document, "kind"));
    char count[COUNT_TEXT_SIZE];
    paint_style(&painter, PAINT_BOLD);
    paint_wrapped(&painter, member_text(document, "sentence"), 0);
    paint_style(&painter, PAINT_PLAIN);
    text_range(&painter, document, "from");
    text_range(&painter, document, "to");
    if (member_count(document, "users_too_new")) {
        paint_format(&painter, "  %s more were seen too late to be followed long enough",
                     count_format(member_count(document, "users_too_new"), count));
        paint_end(&painter);
    }
    if (member_count(document, "records_dropped"))
        paint_wrapped(&painter,
                      SLICE("Older records were dropped (--retention): whoever was first seen in "
                            "them counts from what is left."),
                      0);
    if (segments && segments->count)
        paint_wrapped(&painter,
                      SLICE("within: the same kind of user behaved otherwise; mix: other users "
                            "came. Together they are the change. It is a count, not a cause."),
                      0);
    for (size_t i = 0; segments && i < segments->count; i++)
        text_segment(&painter, kind, &segments->items[i]);
}

void explain_csv(struct buffer *out, const struct value *document)
{
    static const char *const segment_columns[] = {"segment"};
    static const char *const value_columns[] = {"value"};
    static const char *const period_columns[] = {"users", "share", "rate"};
    static const char *const part_columns[] = {"value", "se", "interval"};
    const struct value *segments = member(document, "segments");
    buffer_add(out, SLICE("segment,value,from_users,from_share,from_rate,to_users,to_share,to_rate,"
                          "within,within_se,within_interval:low,within_interval:high,mix,mix_se,"
                          "mix_interval:low,mix_interval:high\n"));
    for (size_t i = 0; segments && i < segments->count; i++) {
        const struct value *values = member(&segments->items[i], "values");
        for (size_t j = 0; values && j < values->count; j++) {
            const struct value *row = &values->items[j];
            csv_members(out, &segments->items[i], segment_columns, 1);
            csv_members(out, row, value_columns, 1);
            csv_members(out, member(row, "from"), period_columns, 3);
            csv_members(out, member(row, "to"), period_columns, 3);
            csv_members(out, member(row, "within"), part_columns, 3);
            csv_members(out, member(row, "mix"), part_columns, 3);
            csv_end(out);
        }
    }
}
