#ifndef REPORT_CORE_ACTIONS_H
#define REPORT_CORE_ACTIONS_H

/* The documents of `core-actions` (analysis/core_actions.h) for people and for tables; as JSON they
 * go through render_format_find. */

#include "report/render.h"

void core_actions_text(struct buffer *out, const struct value *document,
                       const struct render_options *options);
/* A row an action and slice; an interval has two columns, `NAME:low` and `NAME:high`. */
void core_actions_csv(struct buffer *out, const struct value *document);

#endif
