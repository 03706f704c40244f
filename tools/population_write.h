#ifndef TOOLS_POPULATION_WRITE_H
#define TOOLS_POPULATION_WRITE_H

/* How `core-actions` and `explain` write what they have read of everyone. */

#include "command.h"

#include "report/render.h"

/* Writes the document to standard output by --format: text, json or csv. */
typedef void population_text(struct buffer *out, const struct value *document,
                             const struct render_options *options);
typedef void population_csv(struct buffer *out, const struct value *document);
MUST_CHECK enum status population_write(const struct options *options, const struct value *document,
                                        population_text *as_text, population_csv *as_csv,
                                        struct error *error);

#endif
