#ifndef ANALYSIS_DOCUMENT_H
#define ANALYSIS_DOCUMENT_H

/*
 * The report's document (reports.md): cube cells of one definition to one tree of values, which
 * every renderer reads.  The same cells and options give the same tree on any machine; what depends
 * on how messages arrived stands in the member `delivery` alone.
 */

#include "analysis/cube.h"

struct document_options {
    struct slice experiment;
    int64_t as_of_ms; /* TIME_NONE: now - 6 h, never later than what the fold has read */
    int64_t now_ms;
    uint16_t phase;            /* 0: the current one */
    uint64_t journal_sequence; /* last one acknowledged, 0: unknown; for the lag */
    int64_t journal_received_ms;
    const char *version; /* of the program */
};

/* NOT_FOUND: no such experiment (`error->where` its key) or phase; CONFLICT: as_of not yet (409
 * not-yet).  A damaged cell is no failure: the verdict says do_not_trust. */
MUST_CHECK enum status document_build(struct view_transaction *transaction,
                                      const struct document_options *options, struct arena *arena,
                                      struct value *document, struct error *error);

/* The short form for lists and metrics: verdict, health, exposed counts, counts outside, whether
 * the sample ratio alarms (GET /v1/experiments, /metrics). */
MUST_CHECK enum status document_summary(struct view_transaction *transaction,
                                        const struct document_options *options, struct arena *arena,
                                        struct value *summary, struct error *error);

/* The moment that the document would go by: as document_build. */
MUST_CHECK enum status document_as_of(struct view_transaction *transaction,
                                      const struct document_options *options, int64_t *as_of_ms,
                                      struct error *error);

#endif
