#ifndef EXPERIMENT_CANONICAL_H
#define EXPERIMENT_CANONICAL_H

/*
 * What canonical texts are written with (experiment/definition.h).  Whoever writes an object writes
 * its members in the order of their names' bytes.
 */

#include "experiment/definition.h"

/* A comma, unless this is the first of its object or list. */
void canonical_part(struct buffer *out);
/* `"name":` with the comma before it; canonical_open with the bracket that opens the value. */
void canonical_member(struct buffer *out, struct slice name);
void canonical_open(struct buffer *out, const char *name, char bracket);

void canonical_number(struct buffer *out, double value);
void canonical_number_member(struct buffer *out, const char *name, double value);
void canonical_integer(struct buffer *out, const char *name, int64_t value);
void canonical_text(struct buffer *out, const char *name, struct slice text);
void canonical_texts(struct buffer *out, const char *name, const struct slice *texts, size_t count);

/* The digest of what `out` holds, which is freed.  A text that found no memory has no digest that
 * anybody could know: all zero. */
struct digest canonical_digest(struct buffer *out);

/* "not_activity": the events that are no activity, by the file or because an nps metric asks for
 * them; nothing where there are none. */
void canonical_activity(struct buffer *out, const struct catalogue *catalogue);

/* Members that definition and plan share. */
void canonical_adjust(struct buffer *out, const struct catalogue *catalogue,
                      const struct experiment *experiment);
void canonical_segments(struct buffer *out, const struct experiment *experiment);
void canonical_slices(struct buffer *out, const struct experiment *experiment);

/* For qsort of struct experiment_metric: by name. */
int canonical_metric_order(const void *a, const void *b);

#endif
