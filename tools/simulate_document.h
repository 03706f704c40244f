#ifndef TOOLS_SIMULATE_DOCUMENT_H
#define TOOLS_SIMULATE_DOCUMENT_H

/*
 * What `gangway simulate` says, as a document that the text and the CSV are written from and
 * --format json prints.
 *
 *     metrics   what was played of each, and whether it was assumed
 *     worlds    one for each truth, the first without an effect: verdicts with the share of runs
 * and Wilson's interval at 95 %, the day of the verdict, what was shipped or stopped wrongly, how
 * far a shipped estimate is from the truth, what intervals hold
 */

#include "analysis/simulation.h"
#include "base/value.h"

/* One truth, played. */
struct simulate_world {
    struct simulation *simulation;
    struct simulation_run *runs;
    struct simulation_summary summary;
};

struct value simulate_document(const struct simulate_world *worlds, size_t count, uint64_t runs,
                               struct arena *arena);

void simulate_write_text(struct buffer *out, const struct value *document);
void simulate_write_csv(struct buffer *out, const struct value *document);

#endif
