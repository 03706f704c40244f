/* Implementation of quantity.h. */

#include "quantity.h"

#include "base/number.h"

#include <math.h>
#include <stdio.h>

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
    char digits[64];
    int size = snprintf(digits, sizeof digits, "%.0f", count);
    if (!isfinite(count)) {
        buffer_add(out, SLICE("-"));
        return;
    }
    for (int i = 0; i < size; i++) {
        if (i && (size - i) % 3 == 0)
            buffer_add_byte(out, ',');
        buffer_add_byte(out, digits[i]);
    }
}
