/*
 * Tables of the report for R and pandas: CSV as RFC 4180 has it, but with LF; UTF-8 without a mark;
 * a heading of names; missing is an empty field, an empty text is `""`; booleans are TRUE and
 * FALSE; a number stands as in the JSON, the shortest that reads back as the same.  Columns are
 * only ever added, at the end.
 *
 *   results        one line per metric x segment value x variant; segment_value `(all)`: the whole
 *   health         one line per figure of `health`, by its path (csv_health.c)
 *   flow           one line per variant x step
 *   over_time      one line per metric x day x variant that is compared
 *   curve          one line per metric x variant x point: days of a time, brackets of a curve;
 *                  `event` is what competes with the value, where the point is of that
 *   segment_tests  one line per metric x segment x variant: whether its values differ at all
 *
 * Names, and values of segments, are written as they are, also where a spreadsheet would take them
 * for a formula (`=...`, `+...`, `-...`, `@...`): an apostrophe before them would be another value
 * to R and pandas.  Keys of experiments, metrics and variants can't begin so; a segment's value
 * can.  Who opens a table in a spreadsheet imports its columns as text.
 */

#include "csv_parts.h"
#include "render_parts.h"

void csv_field(struct buffer *out, const struct value *value)
{
    if (!value || value->kind == VALUE_NULL)
        return;
    if (value->kind == VALUE_BOOLEAN) {
        buffer_add(out, value->boolean ? SLICE("TRUE") : SLICE("FALSE"));
        return;
    }
    if (value->kind != VALUE_TEXT) {
        value_write(out, value);
        return;
    }
    struct slice text = value->text;
    bool quotes = !text.size;
    for (size_t i = 0; i < text.size && !quotes; i++)
        quotes = strchr(",\"\r\n", text.data[i]) != NULL;
    if (quotes)
        buffer_add_byte(out, '"');
    for (size_t i = 0; i < text.size; i++) {
        if (text.data[i] == '"')
            buffer_add_byte(out, '"');
        buffer_add_byte(out, text.data[i]);
    }
    if (quotes)
        buffer_add_byte(out, '"');
}

const struct value *csv_named(const struct value *list, const char *name, struct slice text)
{
    for (size_t i = 0; list && list->kind == VALUE_LIST && i < list->count; i++)
        if (slice_equal(value_member_text(&list->items[i], name), text))
            return &list->items[i];
    return NULL;
}

static void part_write(struct buffer *out, const struct value *value, enum csv_part part)
{
    bool is_present = value && value->kind != VALUE_NULL;
    struct value there = value_boolean(is_present);
    if (part == CSV_PRESENT)
        csv_field(out, &there);
    else if (part == CSV_WHOLE || part == CSV_ALL)
        csv_field(out, value);
    else if (is_present && value->kind == VALUE_LIST && value->count == 2)
        csv_field(out, &value->items[part == CSV_HIGH]);
}

void csv_line_write(struct buffer *out, const struct csv_table *table, const struct csv_line *line)
{
    for (const struct csv_column *column = table->columns; column->name; column++) {
        const struct value *source = line->sources[column->source];
        if (!source && column->has_other)
            source = line->sources[column->other];
        if (column != table->columns)
            buffer_add_byte(out, ',');
        if (source)
            part_write(out, value_at(source, slice_of(column->path)), column->part);
        else if (column->part == CSV_ALL)
            buffer_add(out, SLICE("(all)"));
    }
    buffer_add_byte(out, '\n');
}

void render_csv(struct buffer *out, const struct value *document,
                const struct render_options *options)
{
    const struct csv_table *table = &csv_tables[options->table];
    for (const struct csv_column *column = table->columns; column->name; column++) {
        if (column != table->columns)
            buffer_add_byte(out, ',');
        buffer_add(out, slice_of(column->name));
    }
    buffer_add_byte(out, '\n');
    table->write(out, table, document);
}
