#ifndef EXPERIMENT_DIFF_ROWS_H
#define EXPERIMENT_DIFF_ROWS_H

/*
 * The tables that diff.c walks: one row a key, for experiments, variants, metrics and segments.
 * A table ends with a row whose `key` is NULL.
 */

#include "experiment/diff.h"

struct diff_row {
    const char *key; /* as in the file, from the thing on: "traffic.coverage" */
    enum change_class class;
    const char *noun; /* of a breaking row: what the reason calls it */
    /* Writes the value as one line, nothing where it is not given; two values that differ in
     * substance never read the same.  `thing` is a struct experiment, variant, metric or segment,
     * by the table. */
    void (*write)(struct buffer *out, const void *thing);
    bool variants_follow; /* the rows of each variant come next */
};

extern const struct diff_row diff_experiment_rows[];
extern const struct diff_row diff_variant_rows[];
extern const struct diff_row diff_metric_rows[];
extern const struct diff_row diff_segment_rows[];

/* What the writers are made of. */
void diff_text(struct buffer *out, struct slice text); /* in one line, whatever it holds */
void diff_word(struct buffer *out, const char *word);
void diff_number(struct buffer *out, const char *label, double value);
void diff_micro(struct buffer *out, const char *label, int64_t micro);
void diff_share(struct buffer *out, double share); /* "12.5%", at most six places */
void diff_duration(struct buffer *out, int64_t duration_ms);
void diff_time(struct buffer *out, int64_t time_ms);   /* a date where it is midnight */
void diff_comma(struct buffer *out, size_t index);     /* before all but the first */
void diff_name(struct buffer *out, struct slice name); /* in quotes unless it is one plain word */
void diff_names(struct buffer *out, const struct slice *names, size_t count);

#endif
