#ifndef ANALYSIS_SLICES_H
#define ANALYSIS_SLICES_H

/* Pieces of slices.c that the rest of the folder needs: see analysis/cube.h for the numbering. */

#include "analysis/cube.h"
#include "base/number.h"

/* How many slices the experiment has. */
size_t slices_count(const struct experiment *experiment);
/* Combinations of the values of these segments. */
size_t product_count(const struct segment *const *segments, size_t count);
/* The text of a scalar, which segments compare: numbers shortest, true and false; false for null,
 * lists and objects.  `digits` holds the text of a number. */
bool trait_text(const struct value *value, char digits[static NUMBER_TEXT_SIZE],
                struct slice *text);
/* The index of the segment's value for a scalar's text. */
size_t segment_value_of_text(const struct segment *segment, struct slice text);

#endif
