#ifndef TOOLS_QUANTITY_H
#define TOOLS_QUANTITY_H

/* Quantities as people write them on the command line, and counts as they read them. */

#include "base/buffer.h"

/* "22%" is .22, "2pp" is .02; `scale` says which: 0 plain, '%', 'p'. */
bool quantity_parse(struct slice text, double *number, char *scale);

/* 12,300, as in a report; a count is at least 0. "-" where there is none. */
void quantity_write_count(struct buffer *out, double count);

#endif
