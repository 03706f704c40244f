#ifndef ANALYSIS_MEASURE_H
#define ANALYSIS_MEASURE_H

/*
 * Values of metrics for people, by kind: shares as percent and their differences in points, times
 * in days, all else as plain numbers.  Every sentence and every table writes figures by these.
 */

#include "base/buffer.h"
#include "experiment/experiment.h"
#include "stats/result.h"

/* 44700 as "44,700"; so are all figures of a thousand or more. */
#define COUNT_TEXT_SIZE 32
char *count_format(uint64_t count, char text[static COUNT_TEXT_SIZE]);
void measure_count(struct buffer *out, uint64_t count);
/* "18.2%", "3.41 days", "1,205" */
void measure_value(struct buffer *out, enum metric_kind kind, double value);
/* The same for a table whose heading has the unit: "18.2%", "3.41". */
void measure_cell(struct buffer *out, enum metric_kind kind, double value);
void measure_change(struct buffer *out, enum metric_kind kind, double difference);
/* "-0.82 points", "+0.31 days", "-12.40" */
void measure_difference(struct buffer *out, enum metric_kind kind, double difference);
/* "-1.33 to -0.31", without the unit: it stands with the difference. */
void measure_interval(struct buffer *out, enum metric_kind kind, const struct interval *interval);
/* The same of one that has no sign: "0.82 points". */
void measure_extent(struct buffer *out, enum metric_kind kind, double difference);
/* A size that somebody declared, as they would write it: "2 points", "0.5 days". */
void measure_size(struct buffer *out, enum metric_kind kind, double size);
/* "points", "days", or "" */
const char *measure_unit(enum metric_kind kind);
/* The kind of that word; METRIC_KIND_COUNT: none. */
enum metric_kind measure_kind(struct slice text);

#endif
