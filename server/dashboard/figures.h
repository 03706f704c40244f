#ifndef DASHBOARD_FIGURES_H
#define DASHBOARD_FIGURES_H

/* Members of a document, and the cells of its tables, for the pages that show figures.  On a phone
 * a table is laid out as cards, which takes its roles away in browsers: they are written out. */

#include "parts.h"

#include "stats/result.h"

const struct value *member_of(const struct value *object, const char *name);
/* False: it is no number, or not there. */
bool number_of(const struct value *object, const char *name, double *number);
uint64_t count_of(const struct value *object, const char *name);
bool limits_of(const struct value *object, const char *name, struct interval *interval);

/* What stands where there is no figure. */
void none_add(struct buffer *out);
/* <td>; `label` is what its column is called, where it has no heading. */
void cell_begin(struct buffer *out, const char *label, const char *class);
/* The heading, up to <tbody>. */
void table_begin(struct buffer *out, const char *const *columns, size_t count);

#endif
