#ifndef REPORT_EXPLAIN_H
#define REPORT_EXPLAIN_H

/* The document of `explain` (analysis/explain.h) for people and for tables. */

#include "report/render.h"

void explain_text(struct buffer *out, const struct value *document,
                  const struct render_options *options);
/* A row a segment value: units, share, weight and rate of each range, and its parts. */
void explain_csv(struct buffer *out, const struct value *document);

#endif
