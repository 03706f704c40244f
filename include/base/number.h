#ifndef BASE_NUMBER_H
#define BASE_NUMBER_H

/* Numbers from text and to text, never by locale. */

#include "base/slice.h"

/* Wholly a decimal number (sign, digits, fraction, exponent); not inf, nan, hex.  Correctly
 * rounded. */
bool number_parse(struct slice text, double *value);
/* Wholly digits (with `-` allowed), in the range of the type. */
bool integer_parse(struct slice text, int64_t *value);
bool unsigned_parse(struct slice text, uint64_t *value);

/* The shortest decimal text that reads back as `value` (15 to 17 digits); whole numbers below 1e15
 * without exponent or point; -0 as 0.  `value` is finite. */
#define NUMBER_TEXT_SIZE 32
char *number_format(double value, char text[static NUMBER_TEXT_SIZE]);

/*
 * Fixed point: micro-units in 64 bits (architecture 5).
 * micro_from_number: nearest to value * 10^6, ties to even; false when not finite or out of range.
 * micro_parse: exact decimal text of at most 6 places, magnitude below 9.2e12; false otherwise.
 */
#define MICRO INT64_C(1000000)
bool micro_from_number(double value, int64_t *micro);
bool micro_parse(struct slice text, int64_t *micro);
/* Exact decimal: 1500000 -> "1.5". */
char *micro_format(int64_t micro, char text[static NUMBER_TEXT_SIZE]);

#endif
