/*
 * The segments of a goal as text: per segment what the test says of differences, then a line a
 * value: units, the variant's value, the change as measured, the change drawn toward the whole, and
 * that one's interval as a bar.
 *
 *   by role: the effect differs (p 0.024)
 *     sales_rep          1,742    6.77   -1.63   -1.44  ├──────●─────┤           │
 */

#include "text_columns.h"

#include <math.h>

/* .95 in the document is the double nearest to it. */
#define ALPHA_ROUNDING 1e-9

/* The test of the variant's own effect: one a variant where there are several. */
const struct value *test_of(const struct value *segment, struct slice variant)
{
    const struct value *tests = value_member(segment, SLICE("heterogeneity_by_variant"));
    for (size_t i = 0; tests && i < tests->count; i++)
        if (slice_equal(member_text(&tests->items[i], "variant"), variant))
            return &tests->items[i];
    return member(segment, "heterogeneity");
}

/* By the corrected p at the report's own error: false where there is no test. */
bool effect_differs(const struct value *test, const struct value *document)
{
    double alpha = 1 - member_number(document, "confidence");
    return !member_is_null(test, "p_adjusted") &&
           member_number(test, "p_adjusted") <= alpha + ALPHA_ROUNDING;
}

void segment_words(struct buffer *text, const struct value *test, const struct value *document)
{
    char p[P_TEXT_SIZE];
    if (member_is_null(test, "p_adjusted")) {
        buffer_add(text, SLICE(": exploratory"));
        return;
    }
    buffer_format(text, ": %s (p %s)",
                  effect_differs(test, document) ? "the effect differs"
                                                 : "no evidence that the effect differs",
                  p_format(member_number(test, "p_adjusted"), p));
}

static double order_p(const struct value *segment)
{
    const struct value *test = member(segment, "heterogeneity");
    if (!member_is_null(test, "p_adjusted"))
        return member_number(test, "p_adjusted");
    return member_is_null(test, "p") ? 2 : 1 + member_number(test, "p");
}

size_t segments_order(const struct value *segments, size_t order[static SEGMENTS_SHOWN_MAX])
{
    size_t count = 0;
    for (size_t i = 0; i < segments->count && i < SEGMENTS_SHOWN_MAX; i++) {
        size_t at = count++;
        for (; at > 0 && order_p(&segments->items[order[at - 1]]) > order_p(&segments->items[i]);
             at--)
            order[at] = order[at - 1];
        order[at] = i;
    }
    return count;
}

/* What the value's effect is drawn toward the whole; an interval as a `shown` has it. */
static struct shown shrunken_of(const struct value *comparison)
{
    const struct value *effect = member(comparison, "shrunken");
    struct shown shown = {.estimated = effect && effect->kind == VALUE_OBJECT &&
                                       !member_is_null(effect, "estimate")};
    if (!shown.estimated)
        return shown;
    shown.estimate = member_number(effect, "estimate");
    shown.has_interval = interval_of(member(effect, "interval"), &shown.low, &shown.high);
    return shown;
}

static void segment_line(struct painter *painter, enum metric_kind kind, const struct value *value,
                         const struct value *comparison, const struct value *control,
                         const struct paint_bar *scale)
{
    const struct value *variants = member(value, "variants");
    struct shown difference = shown_of(member(comparison, "difference"));
    const struct value *own = variant_in(variants, member_text(comparison, "variant"));
    char text[COUNT_TEXT_SIZE];
    paint_to(painter, COLUMN_NAME + 2);
    paint_clipped(painter, member_text(value, "value"), NAME_WIDTH - 2 - shift_of(painter));
    uint64_t units = member_count(own, "units") +
                     member_count(variant_in(variants, member_text(control, "variant")), "units");
    paint_right(painter, slice_of(count_format(units, text)), column_at(painter, COLUMN_UNITS));
    paint_value(painter, kind, own, column_at(painter, COLUMN_VALUE));
    if (difference.estimated) {
        paint_change(painter, kind, difference.estimate, COLUMN_CHANGE);
    } else {
        paint_style(painter, PAINT_DIM);
        paint_text(painter, SLICE("  "));
        paint_clipped(painter, member_text(comparison, "reason"), painter->columns - painter->at);
        paint_style(painter, PAINT_PLAIN);
    }
    struct shown shrunken = shrunken_of(comparison);
    if (shrunken.estimated)
        paint_change(painter, kind, shrunken.estimate, COLUMN_SHRUNKEN);
    paint_to(painter, difference.has_interval ? column_at(painter, COLUMN_BAR) : 0);
    paint_shown_bar(painter, scale, shrunken.has_interval ? &shrunken : &difference);
    paint_end(painter);
}

static void segment_heading(struct painter *painter, const struct value *segment,
                            struct slice variant, bool many, const struct value *document)
{
    struct buffer words = {0}, name = {0};
    buffer_format(&name, "by %.*s", SLICE_ARGS(member_text(segment, "segment")));
    if (many)
        buffer_format(&name, ", %.*s", SLICE_ARGS(variant));
    const struct value *test = test_of(segment, variant);
    segment_words(&words, test, document);
    unsigned room = painter->columns - COLUMN_NAME;
    unsigned taken = paint_width(buffer_slice(&words));
    paint_to(painter, COLUMN_NAME);
    paint_style(painter, PAINT_DIM);
    paint_clipped(painter, buffer_slice(&name),
                  room > taken + NAME_WIDTH ? room - taken : NAME_WIDTH);
    paint_clipped(painter, buffer_slice(&words), painter->columns - painter->at);
    paint_style(painter, PAINT_PLAIN);
    paint_end(painter);
    const struct value *label = value_member(test, SLICE("label"));
    if (label && label->kind == VALUE_TEXT && !member_is_null(test, "p_adjusted")) {
        paint_to(painter, COLUMN_NAME + 2);
        paint_style(painter, PAINT_DIM);
        paint_text(painter, member_text(test, "label"));
        paint_style(painter, PAINT_PLAIN);
        paint_end(painter);
    }
    buffer_done(&name);
    buffer_done(&words);
}

static void segment_scale(const struct value *values, struct paint_bar *scale)
{
    for (size_t i = 0; i < values->count; i++) {
        const struct value *comparisons = member(&values->items[i], "comparisons");
        for (size_t j = 0; j < comparisons->count; j++) {
            struct shown shrunken = shrunken_of(&comparisons->items[j]);
            struct shown raw = shown_of(member(&comparisons->items[j], "difference"));
            bar_add(scale, shrunken.has_interval ? &shrunken : &raw);
        }
    }
}

static void segment_table(struct painter *painter, enum metric_kind kind,
                          const struct value *segment, size_t index, const struct value *document)
{
    const struct value *values = member(segment, "values");
    struct paint_bar scale = bar_from(painter, column_at(painter, COLUMN_BAR));
    segment_scale(values, &scale);
    for (size_t i = 0; i < values->count; i++) {
        const struct value *comparisons = member(&values->items[i], "comparisons");
        const struct value *comparison = &comparisons->items[index];
        if (i == 0)
            segment_heading(painter, segment, member_text(comparison, "variant"),
                            comparisons->count > 1, document);
        segment_line(painter, kind, &values->items[i], comparison, control_of(document), &scale);
    }
}

/* Crossings are long: they are shown where the effect differs between their values. */
static bool segment_is_shown(const struct value *segment, const struct value *document)
{
    struct slice name = member_text(segment, "segment");
    bool crossing = name.size && memmem(name.data, name.size, " x ", 3);
    return !crossing || effect_differs(member(segment, "heterogeneity"), document);
}

void text_segments(struct painter *painter, const struct value *metric,
                   const struct value *document)
{
    const struct value *segments = member(metric, "segments");
    const struct value *comparisons = member(metric, "comparisons");
    size_t order[SEGMENTS_SHOWN_MAX], count = segments_order(segments, order);
    for (size_t i = 0; i < count; i++)
        for (size_t j = 0;
             segment_is_shown(&segments->items[order[i]], document) && j < comparisons->count; j++)
            segment_table(painter, kind_of(metric), &segments->items[order[i]], j, document);
}
