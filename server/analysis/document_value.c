/* Small values of the document: what is missing is null, never a number. */

#include "document_parts.h"

#include <math.h>

/* What a p below the doubles' reach is shown as: never 0. */
#define P_MIN 1e-300

struct value number_or_null(bool has, double number)
{
    return has ? value_real(number) : value_null();
}

struct value p_or_null(bool has, double p)
{
    return number_or_null(has, p < P_MIN ? P_MIN : p);
}

struct value level_value(double alpha)
{
    return number_or_null(alpha > 0, round((1 - alpha) * 1e9) / 1e9);
}

struct value interval_or_null(struct arena *arena, bool has, const struct interval *interval)
{
    struct value list = value_list();
    if (!has)
        return value_null();
    value_append(arena, &list, value_real(interval->low));
    value_append(arena, &list, value_real(interval->high));
    return list;
}

struct value text_value(struct arena *arena, struct slice text)
{
    return text.size ? value_text(arena_copy(arena, text)) : value_null();
}

struct value day_value(struct arena *arena, int32_t day)
{
    char text[TIME_TEXT_SIZE];
    return text_value(arena, slice_of(day_format(day, text)));
}

struct value time_value(struct arena *arena, int64_t time_ms)
{
    char text[TIME_TEXT_SIZE];
    return time_ms == TIME_NONE ? value_null()
                                : text_value(arena, slice_of(time_format(time_ms, text)));
}

struct value digest_value(struct arena *arena, const struct digest *digest)
{
    char text[DIGEST_TEXT_SIZE];
    return text_value(arena, slice_of(digest_format(digest, text)));
}
