/*
 * What the text says of adjustment: under each comparison that was adjusted one line, and in the
 * foot which result decides.
 *
 *     adjusted for role (5 strata), seats: 12.4% narrower; unadjusted -0.82 points
 */

#include "text_parts.h"

#include <math.h>

/* How many there are; none where the document is of a version without them. */
static size_t count_in(const struct value *list)
{
    return list && list->kind == VALUE_LIST ? list->count : 0;
}

static void write_names(struct buffer *out, const struct value *names)
{
    for (size_t i = 0; i < count_in(names); i++)
        buffer_format(out, "%s%.*s", i ? ", " : "", SLICE_ARGS(names->items[i].text));
}

static void write_narrower(struct buffer *out, const struct value *comparison)
{
    double narrower = 100 * member_number(comparison, "narrower");
    if (!member_is_null(comparison, "narrower"))
        buffer_format(out, ", %.1f%% %s", fabs(narrower), narrower < 0 ? "wider" : "narrower");
}

void text_adjustment(struct painter *painter, enum metric_kind kind, const struct value *metric,
                     const struct value *comparison, unsigned column)
{
    const struct value *adjustment = member(comparison, "adjustment");
    const struct value *unadjusted = member(member(comparison, "unadjusted"), "difference");
    struct buffer text = {0};
    if (!adjustment || adjustment->kind != VALUE_OBJECT)
        return;
    buffer_add(&text, SLICE("adjusted for "));
    write_names(&text, member(metric, "adjusted_for"));
    if (member_count(adjustment, "strata"))
        buffer_format(&text, " (%llu strata",
                      (unsigned long long)member_count(adjustment, "strata"));
    if (member_count(adjustment, "merged"))
        buffer_format(&text, ", small ones together");
    if (member_count(adjustment, "strata"))
        buffer_add(&text, SLICE(")"));
    write_narrower(&text, comparison);
    if (unadjusted && unadjusted->kind == VALUE_OBJECT) {
        buffer_add(&text, SLICE("; unadjusted "));
        measure_difference(&text, kind, member_number(unadjusted, "estimate"));
    }
    paint_to(painter, column);
    paint_style(painter, PAINT_DIM);
    paint_wrapped(painter, buffer_slice(&text), column);
    paint_style(painter, PAINT_PLAIN);
    buffer_done(&text);
}

static bool any_is_adjusted(const struct value *metric)
{
    const struct value *comparisons = member(metric, "comparisons");
    for (size_t i = 0; i < count_in(comparisons); i++)
        if (!member_is_null(&comparisons->items[i], "adjustment"))
            return true;
    return false;
}

void write_adjusted(struct buffer *out, const struct value *document)
{
    const struct value *metrics = member(document, "metrics"), *longest = NULL;
    bool adjusted = false;
    for (size_t i = 0; i < count_in(metrics); i++) {
        const struct value *names = member(&metrics->items[i], "adjusted_for");
        if (count_in(names) > count_in(longest))
            longest = names;
        adjusted = adjusted || any_is_adjusted(&metrics->items[i]);
    }
    if (!longest) {
        buffer_add(out, SLICE("Not adjusted for traits: the unadjusted result decides."));
        return;
    }
    if (adjusted) {
        buffer_add(out, SLICE("Adjusted for "));
        write_names(out, longest);
        buffer_add(out, SLICE(" where a metric says so: there the adjusted result decides."));
    } else {
        buffer_add(out, SLICE("Nothing could be adjusted for "));
        write_names(out, longest);
        buffer_add(out, SLICE(" yet: the unadjusted result decides."));
    }
}
