#ifndef EXPERIMENT_DESCRIBE_H
#define EXPERIMENT_DESCRIBE_H

/*
 * A catalogue read back in words: what Gangway understood, so that a PM sees what was meant
 * (experiment-files.md, Diagnostics).  Windows as days and hours, dates with the span that they
 * make and the day on which the last result is in, ranges, and the bands of segments as reports
 * name them.  One paragraph an experiment, then the metrics and segments that no experiment uses.
 */

#include "experiment/catalogue.h"

void catalogue_describe(struct buffer *out, const struct catalogue *catalogue);
/* One paragraph of it: `KEY, STATUS: NAME`, then lines of two spaces, a label, spaces and what it
 * says, and an empty line. */
void experiment_describe(struct buffer *out, const struct experiment *experiment);

/* "7 days", "36 hours", "1 day" */
void duration_describe(struct buffer *out, int64_t duration_ms);
/* What a unit's number is: `"Contact Created" within 7 days of first exposure`. */
void metric_describe(struct buffer *out, const struct metric *metric);
/* `trait employees: (below), 1, 2-10, 11+` */
void segment_describe(struct buffer *out, const struct segment *segment);

#endif
