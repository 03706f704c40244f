#ifndef REPORT_RENDER_H
#define REPORT_RENDER_H

/*
 * The result document as bytes: one row a format.  Canonical JSON (members sorted, shortest exact
 * numbers, one line and a line end) and text for a terminal.
 */

#include "base/value.h"

struct render_options {
    unsigned columns; /* text: at least 60 */
    bool color;       /* text: ANSI colours */
};

struct render_format {
    const char *name;         /* "json", "text" */
    const char *content_type; /* "application/json", "text/plain; charset=utf-8" */
    void (*render)(struct buffer *out, const struct value *document,
                   const struct render_options *options);
};
extern const struct render_format render_formats[]; /* ended by a row without a name */
const struct render_format *render_format_find(struct slice name); /* or NULL */

#endif
