#ifndef ANALYSIS_MISSING_NAMES_H
#define ANALYSIS_MISSING_NAMES_H

/*
 * Names of events and traits that the files use and nobody has sent: mostly they are misspelt.
 *
 *     struct missing_names missing = {.seen = names, .seen_count = count};
 *     missing_names_experiment(&missing, experiment);      adds to `items`, each once
 */

#include "analysis/view.h"

#define MISSING_NAMES_MAX 256 /* what nobody reads to the end; more are left out */

struct missing_name {
    struct slice name; /* points into the catalogue */
    bool is_trait;
};
struct missing_names {
    const struct seen_name *seen;
    size_t seen_count;
    struct missing_name items[MISSING_NAMES_MAX];
    size_t count;
};

/* Its metrics with their parts, segments, audience, and what its flows wait for. */
void missing_names_experiment(struct missing_names *missing, const struct experiment *experiment);
/* Of its own, without the metrics that it is made of. */
void missing_names_metric(struct missing_names *missing, const struct metric *metric);
/* A trait counts as seen by its whole name, or by that of the object it lies in. */
void missing_names_trait(struct missing_names *missing, struct slice trait);

#endif
