/*
 * The slices of an experiment: their numbers, their labels, and which value of a segment a unit
 * has (architecture 6, 8; grammar.md, 5).
 *
 * A segment has its declared values or bands, then one for all others, (other) or (below), then
 * (unknown).  The values of a product are numbered with its last segment running fastest.
 */

#include "slices.h"

#include "base/number.h"

#include <math.h>

size_t segment_value_count(const struct segment *segment)
{
    return (segment->band_count ? segment->band_count : segment->value_count) + 2;
}

static size_t segment_other(const struct segment *segment)
{
    return segment_value_count(segment) - 2;
}

static size_t segment_unknown(const struct segment *segment)
{
    return segment_value_count(segment) - 1;
}

static size_t band_of(const struct segment *segment, double number)
{
    size_t band = segment->band_count;
    while (band > 0 && number < segment->bands[band - 1])
        band--;
    return band > 0 ? band - 1 : segment_other(segment);
}

static size_t value_of_text(const struct segment *segment, struct slice text)
{
    for (size_t i = 0; i < segment->value_count; i++)
        if (slice_equal(segment->values[i], text))
            return i;
    return segment_other(segment);
}

size_t segment_value_of_text(const struct segment *segment, struct slice text)
{
    double number = 0;
    if (!segment->band_count)
        return value_of_text(segment, text);
    return number_parse(text, &number) ? band_of(segment, number) : segment_unknown(segment);
}

size_t segment_value_of(const struct segment *segment, const struct value *traits)
{
    const struct value *value = value_at(traits, segment->trait);
    struct slice text;
    char digits[NUMBER_TEXT_SIZE];
    if (!value || value->kind == VALUE_NULL)
        return segment_unknown(segment);
    if (!trait_text(value, digits, &text))
        return segment->band_count ? segment_unknown(segment) : segment_other(segment);
    return segment_value_of_text(segment, text);
}

bool trait_text(const struct value *value, char digits[static NUMBER_TEXT_SIZE], struct slice *text)
{
    switch (value->kind) {
    case VALUE_TEXT: *text = value->text; return true;
    case VALUE_BOOLEAN: *text = value->boolean ? SLICE("true") : SLICE("false"); return true;
    case VALUE_INTEGER:
    case VALUE_REAL: *text = slice_of(number_format(value->number, digits)); return true;
    case VALUE_NULL:
    case VALUE_LIST:
    case VALUE_OBJECT: break;
    }
    return false;
}

static bool bands_are_whole(const struct segment *segment)
{
    for (size_t i = 0; i < segment->band_count; i++)
        if (segment->bands[i] < 0 || floor(segment->bands[i]) < segment->bands[i])
            return false;
    return true;
}

static struct slice band_label(struct arena *arena, const struct segment *segment, size_t band)
{
    char low[NUMBER_TEXT_SIZE], high[NUMBER_TEXT_SIZE];
    number_format(segment->bands[band], low);
    if (band + 1 == segment->band_count)
        return arena_format(arena, "%s+", low);
    double next = segment->bands[band + 1];
    if (!bands_are_whole(segment))
        return arena_format(arena, "%s to <%s", low, number_format(next, high));
    if (next - segment->bands[band] <= 1)
        return arena_format(arena, "%s", low);
    return arena_format(arena, "%s-%s", low, number_format(next - 1, high));
}

struct slice segment_value_label(struct arena *arena, const struct segment *segment, size_t index)
{
    if (index == segment_unknown(segment))
        return SLICE("(unknown)");
    if (index == segment_other(segment))
        return segment->band_count ? SLICE("(below)") : SLICE("(other)");
    return segment->band_count ? band_label(arena, segment, index) : segment->values[index];
}

size_t product_count(const struct segment *const *segments, size_t count)
{
    size_t product = 1;
    for (size_t i = 0; i < count; i++)
        product *= segment_value_count(segments[i]);
    return product;
}

/* "sales_rep x paid" */
static struct slice product_label(struct arena *arena, const struct segment *const *segments,
                                  size_t count, size_t index)
{
    struct slice label = {0};
    for (size_t i = count; i-- > 0;) {
        size_t values = segment_value_count(segments[i]);
        struct slice part = segment_value_label(arena, segments[i], index % values);
        index /= values;
        if (i + 1 == count)
            label = part;
        else
            label = arena_format(arena, "%.*s x %.*s", SLICE_ARGS(part), SLICE_ARGS(label));
    }
    return label;
}

static void slices_add(struct arena *arena, struct cube_slice *items, size_t *filled,
                       struct cube_slice prototype, const struct segment *const *segments,
                       size_t count)
{
    size_t product = product_count(segments, count);
    for (size_t i = 0; i < product; i++) {
        prototype.label = product_label(arena, segments, count, i);
        items[(*filled)++] = prototype;
    }
}

size_t slices_count(const struct experiment *experiment)
{
    size_t count = 1;
    for (size_t i = 0; i < experiment->segment_count; i++)
        count += product_count(experiment->segments[i].segments, experiment->segments[i].count);
    if (experiment->adjust_segment_count)
        count += product_count(experiment->adjust_segments, experiment->adjust_segment_count);
    return count;
}

enum status cube_slices_of(struct arena *arena, const struct experiment *experiment,
                           struct cube_slices *slices, struct error *error)
{
    struct cube_slice *items = ARENA_ARRAY(arena, slices_count(experiment), struct cube_slice);
    if (!items)
        return FAIL(error, STATUS_NO_MEMORY, "slices", 0, "no memory");
    size_t filled = 0;
    items[filled++] = (struct cube_slice){.kind = CUBE_SLICE_ALL, .label = SLICE("(all)")};
    for (size_t i = 0; i < experiment->segment_count; i++) {
        const struct segmentation *segmentation = &experiment->segments[i];
        struct cube_slice prototype = {.kind = segmentation->count > 1 ? CUBE_SLICE_CROSSING
                                                                       : CUBE_SLICE_SEGMENT,
                                       .segmentation = i};
        slices_add(arena, items, &filled, prototype, segmentation->segments, segmentation->count);
    }
    if (experiment->adjust_segment_count)
        slices_add(arena, items, &filled, (struct cube_slice){.kind = CUBE_SLICE_STRATUM},
                   experiment->adjust_segments, experiment->adjust_segment_count);
    if (arena->failed)
        return FAIL(error, STATUS_NO_MEMORY, "slices", 0, "no memory");
    *slices = (struct cube_slices){.items = items, .count = filled};
    return STATUS_OK;
}
