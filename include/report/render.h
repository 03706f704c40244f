#ifndef REPORT_RENDER_H
#define REPORT_RENDER_H

/*
 * The result document as bytes: one row a format.  Canonical JSON (members sorted, shortest exact
 * numbers, one line and a line end), text for a terminal, tables for R and pandas, and a page
 * that stands alone.
 */

#include "base/value.h"

struct render_options {
    unsigned columns; /* text: at least 60 */
    bool color;       /* text: ANSI colours */
    size_t table;     /* csv: of render_table_find; 0 is the results */
};

struct render_format {
    const char *name;         /* "json", "text", "csv", "html" */
    const char *content_type; /* "application/json", "text/plain; charset=utf-8" */
    void (*render)(struct buffer *out, const struct value *document,
                   const struct render_options *options);
};
extern const struct render_format render_formats[]; /* ended by a row without a name */
const struct render_format *render_format_find(struct slice name); /* or NULL */

#define RENDER_TABLES "results|health|flow|over_time|curve|segment_tests"
/* A table of the CSV by its name; false: there is none. */
bool render_table_find(struct slice name, size_t *table);
const char *render_table_name(size_t table);

#endif
