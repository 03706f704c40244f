#ifndef INGEST_DECLARE_H
#define INGEST_DECLARE_H

/*
 * Taking a catalogue into service (architecture 3, 13): the folder is read, settled against the
 * last catalogue of the journal (broken or vanished files keep their last good version), and, where
 * its digest differs from that last one, becomes a journal record before the first message taken
 * under it.
 */

#include "experiment/catalogue.h"
#include "store/journal.h"

/* The last catalogue record of the journal, compiled; *catalogue NULL when there is none. */
MUST_CHECK enum status declare_last(struct journal *journal, struct catalogue **catalogue,
                                    struct error *error);

/* Reads `folder` and settles it against `previous` (may be NULL).  INVALID with `found` when
 * nothing can serve. */
MUST_CHECK enum status declare_read(const char *folder, struct catalogue *previous,
                                    struct settlement *settlement, struct diagnostics *found,
                                    struct error *error);

/* The body of the journal record of `catalogue`. */
void declare_write(struct buffer *body, const struct catalogue *catalogue);

#endif
