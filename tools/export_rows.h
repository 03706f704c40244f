#ifndef TOOLS_EXPORT_ROWS_H
#define TOOLS_EXPORT_ROWS_H

/*
 * Rows of a table for other programs, a cell after another, in one of two forms.
 *     ndjson  an object a row, a member a column; missing is null
 *     csv     RFC 4180 with LF and a header; missing is an empty field, booleans TRUE and FALSE
 */

#include "options.h"

#include "base/buffer.h"
#include "base/time.h"

#define EXPORT_BUFFER (64 * 1024) /* bytes held back before they are written */

struct export_rows {
    struct buffer out; /* the caller's, to be flushed */
    const struct slice *columns;
    size_t count;
    size_t at; /* of the row under way */
    bool as_csv;
};

void export_header(struct export_rows *rows); /* of csv; else nothing */
/* One cell each, in the order of the columns; after the last the row ends by itself. */
void export_text(struct export_rows *rows, struct slice text);
void export_missing(struct export_rows *rows);
void export_boolean(struct export_rows *rows, bool value);
void export_integer(struct export_rows *rows, int64_t value);
void export_micro(struct export_rows *rows, int64_t micro);
void export_real(struct export_rows *rows, double value);
void export_time(struct export_rows *rows, int64_t time_ms);
void export_day(struct export_rows *rows, int32_t day);

/* RFC 4180: quoted where it has to be. */
void export_csv_field(struct buffer *out, struct slice text);
/* Whether the meter shows how far an export is: rows on a terminal are their own progress. */
bool export_is_shown(const struct options *options);
/* Writes the buffer to standard output and empties it. */
MUST_CHECK enum status export_flush(struct buffer *out, struct error *error);

#endif
