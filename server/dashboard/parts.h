#ifndef DASHBOARD_PARTS_H
#define DASHBOARD_PARTS_H

/* What the pages are made of.  For server/dashboard alone. */

#include "dashboard/dashboard.h"

/* Markup: no text of anybody's. */
void markup_add(struct buffer *out, const char *markup);
/* "44,700", as in the reports. */
void count_add(struct buffer *out, uint64_t count);
/* The same within <data>, so that who copies or tests it has the number. */
void count_data_add(struct buffer *out, uint64_t count);
/* One segment of a path or one value of a query, percent-encoded; slashes stay where `path`. */
void url_text(struct buffer *out, struct slice text, bool path);
/* "1 experiment", "3 experiments" */
void number_of_add(struct buffer *out, uint64_t count, const char *noun);

#endif
