#ifndef TOOLS_POPULATION_SOURCE_H
#define TOOLS_POPULATION_SOURCE_H

/* A store opened for what is read of everyone, and the answer written: for `core-actions` and
 * `explain`. */

#include "command.h"

#include "analysis/view.h"
#include "report/render.h"
#include "store/journal.h"

struct population_source {
    struct store store;
    bool store_is_open;
    struct journal *journal;
    struct view *view;
};

/* To be closed whether or not it could be opened. */
MUST_CHECK enum status population_source_open(const char *path, struct population_source *source,
                                              struct error *error);
void population_source_close(struct population_source *source);

/* Writes the document to standard output by --format: text, json or csv. */
typedef void population_text(struct buffer *out, const struct value *document,
                             const struct render_options *options);
typedef void population_csv(struct buffer *out, const struct value *document);
MUST_CHECK enum status population_write(const struct options *options, const struct value *document,
                                        population_text *as_text, population_csv *as_csv,
                                        struct error *error);

#endif
