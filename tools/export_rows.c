/* Cells of rows: export_rows.h. */

#include "export_rows.h"

#include "base/json.h"
#include "base/number.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

bool export_is_shown(const struct options *options)
{
    return !option_flag(options, "quiet") && !isatty(STDOUT_FILENO);
}

enum status export_flush(struct buffer *out, struct error *error)
{
    enum status status = buffer_status(out, error);
    if (!status && out->size && fwrite(out->data, 1, out->size, stdout) != out->size)
        status = FAIL(error, STATUS_STORAGE, "standard output", 0, "cannot write");
    buffer_clear(out);
    return status;
}

void export_csv_field(struct buffer *out, struct slice text)
{
    bool quote = false;
    for (size_t i = 0; i < text.size; i++)
        quote |= strchr(",\"\r\n", text.data[i]) != NULL;
    if (quote)
        buffer_add_byte(out, '"');
    for (size_t i = 0; i < text.size; i++) {
        if (text.data[i] == '"')
            buffer_add_byte(out, '"');
        buffer_add_byte(out, text.data[i]);
    }
    if (quote)
        buffer_add_byte(out, '"');
}

void export_header(struct export_rows *rows)
{
    for (size_t i = 0; rows->as_csv && i < rows->count; i++) {
        export_csv_field(&rows->out, rows->columns[i]);
        buffer_add_byte(&rows->out, i + 1 < rows->count ? ',' : '\n');
    }
}

static void cell_begin(struct export_rows *rows)
{
    if (rows->as_csv)
        return;
    buffer_add_byte(&rows->out, rows->at ? ',' : '{');
    json_write_text(&rows->out, rows->columns[rows->at]);
    buffer_add_byte(&rows->out, ':');
}

static void cell_end(struct export_rows *rows)
{
    bool is_last = ++rows->at == rows->count;
    if (rows->as_csv)
        buffer_add_byte(&rows->out, is_last ? '\n' : ',');
    else if (is_last)
        buffer_add(&rows->out, SLICE("}\n"));
    if (is_last)
        rows->at = 0;
}

/* The same in both forms. */
static void cell_plain(struct export_rows *rows, const char *text)
{
    cell_begin(rows);
    buffer_add(&rows->out, slice_of(text));
    cell_end(rows);
}

void export_text(struct export_rows *rows, struct slice text)
{
    cell_begin(rows);
    if (rows->as_csv)
        export_csv_field(&rows->out, text);
    else
        json_write_text(&rows->out, text);
    cell_end(rows);
}

void export_missing(struct export_rows *rows)
{
    cell_plain(rows, rows->as_csv ? "" : "null");
}

void export_boolean(struct export_rows *rows, bool value)
{
    if (rows->as_csv)
        cell_plain(rows, value ? "TRUE" : "FALSE");
    else
        cell_plain(rows, value ? "true" : "false");
}

void export_integer(struct export_rows *rows, int64_t value)
{
    cell_begin(rows);
    buffer_format(&rows->out, "%lld", (long long)value);
    cell_end(rows);
}

void export_micro(struct export_rows *rows, int64_t micro)
{
    char text[NUMBER_TEXT_SIZE];
    cell_plain(rows, micro_format(micro, text));
}

void export_real(struct export_rows *rows, double value)
{
    char text[NUMBER_TEXT_SIZE];
    cell_plain(rows, number_format(value, text));
}

void export_time(struct export_rows *rows, int64_t time_ms)
{
    char text[TIME_TEXT_SIZE];
    if (time_ms == TIME_NONE)
        export_missing(rows);
    else
        export_text(rows, slice_of(time_format(time_ms, text)));
}

void export_day(struct export_rows *rows, int32_t day)
{
    char text[TIME_TEXT_SIZE];
    export_text(rows, slice_of(day_format(day, text)));
}
