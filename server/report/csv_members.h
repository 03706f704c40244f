#ifndef REPORT_CSV_MEMBERS_H
#define REPORT_CSV_MEMBERS_H

/*
 * Lines of csv (csv.c) made of members of objects, for the smaller documents.  A member whose name
 * ends in "interval" is two fields, its low and its high end.  For server/report alone.
 */

#include "base/value.h"

void csv_names(struct buffer *out, const char *const *names, size_t count);
void csv_members(struct buffer *out, const struct value *object, const char *const *names,
                 size_t count);
void csv_end(struct buffer *out); /* ends the line */

#endif
