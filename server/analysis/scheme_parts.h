#ifndef ANALYSIS_SCHEME_PARTS_H
#define ANALYSIS_SCHEME_PARTS_H

/* The inside of the compiler of schemes, for its own files. */

#include "scheme.h"

/* Names gathered in two rounds: counted, then kept. */
struct name_list {
    struct slice *items; /* NULL: only counted */
    size_t count;
};
void name_list_add(struct name_list *names, struct slice name);
/* Sorts, and drops repetitions; gives how many stay. */
size_t slices_unique(struct slice *items, size_t count);

int64_t scheme_earlier(int64_t a, int64_t b); /* TIME_NONE is the earliest */
/* Outcomes count from here on: the start, less the longest `before`; TIME_NONE: always. */
int64_t scheme_kept_from(const struct experiment *experiment);

/* A visit of what reads outcomes, and of which kind of unit: each metric of each definition, the
 * parts of a ratio, what breadth counts of the members, the metrics of covariates. */
typedef void scheme_visit(struct scheme *scheme, const struct definition *definition,
                          const struct metric *metric, enum unit_kind kind, void *context);
void scheme_each_metric(struct scheme *scheme, scheme_visit *visit, void *context);

/* scheme_tables.c, scheme_events.c: what the compiler needs of names. */
MUST_CHECK enum status scheme_tables(struct scheme *scheme, struct error *error);
void scheme_make_events(struct scheme *scheme);
void scheme_make_steps(struct scheme *scheme, struct scheme_experiment *experiment);
/* The filter of that catalogue, its kinds and kept_from_ms still empty. */
struct scheme_filter filter_of(struct arena *arena, const struct catalogue *catalogue);

/* scheme_metric.c: metrics, covariates and flows of a definition, and its row. */
void scheme_make_metrics(struct scheme *scheme, struct scheme_definition *definition);
void scheme_make_row(struct scheme *scheme, struct scheme_definition *definition);
uint16_t scheme_trait(const struct scheme *scheme, struct slice path); /* or SCHEME_NONE */

/* scheme_text.c: everything that the digest covers. */
void scheme_write(struct buffer *out, const struct scheme *scheme);

#endif
