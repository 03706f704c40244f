/* Implementation of quantity.h. */

#include "quantity.h"

#include "analysis/measure.h"
#include "base/number.h"

#include <math.h>

bool quantity_parse(struct slice text, double *number, char *scale)
{
    struct slice digits = text;
    *scale = 0;
    if (slice_ends_with(digits, SLICE("pp"))) {
        *scale = 'p';
        digits.size -= 2;
    } else if (slice_ends_with(digits, SLICE("%"))) {
        *scale = '%';
        digits.size--;
    }
    while (digits.size && digits.data[digits.size - 1] == ' ')
        digits.size--;
    if (!number_parse(digits, number))
        return false;
    if (*scale)
        *number /= 100;
    return true;
}

void quantity_write_count(struct buffer *out, double count)
{
    if (isfinite(count))
        measure_count(out, (uint64_t)rint(count));
    else
        buffer_add(out, SLICE("-"));
}
