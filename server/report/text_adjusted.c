/*
 * What stands under a comparison: what it was adjusted for, the chance to beat the control, what an
 * effect found early probably is, what it costs, and how it reads otherwise; in the foot, which
 * result decides.
 *
 *     adjusted for role (5 strata), seats, 12.4% narrower; unadjusted -0.82 points
 *     read otherwise: uncapped -0.91, first half -0.70, second half -0.95 (drift p 0.41)
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

static void text_dim(struct painter *painter, struct slice text, unsigned column)
{
    paint_to(painter, column);
    paint_style(painter, PAINT_DIM);
    paint_wrapped(painter, text, column);
    paint_style(painter, PAINT_PLAIN);
}

static void write_narrower(struct buffer *out, const struct value *comparison)
{
    double narrower = 100 * member_number(comparison, "narrower");
    if (!member_is_null(comparison, "narrower") && fabs(narrower) < .05)
        buffer_add(out, SLICE(", as wide as without"));
    else if (!member_is_null(comparison, "narrower"))
        buffer_format(out, ", %.1f%% %s", fabs(narrower), narrower < 0 ? "wider" : "narrower");
}

static void text_adjustment(struct painter *painter, enum metric_kind kind,
                            const struct value *metric, const struct value *comparison,
                            unsigned column)
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
    text_dim(painter, buffer_slice(&text), column);
    buffer_done(&text);
}

/* The variant's own in a list of comparisons. */
static const struct value *own_of(const struct value *comparisons, struct slice variant)
{
    for (size_t i = 0; i < count_in(comparisons); i++)
        if (slice_equal(member_text(&comparisons->items[i], "variant"), variant))
            return &comparisons->items[i];
    return NULL;
}

/* "first_half" as words. */
static void write_reading(struct buffer *out, struct slice name)
{
    for (size_t i = 0; i < name.size; i++)
        buffer_add_byte(out, name.data[i] == '_' ? ' ' : name.data[i]);
}

static void text_readings(struct painter *painter, enum metric_kind kind,
                          const struct value *metric, struct slice variant, unsigned column)
{
    const struct value *readings = member(metric, "sensitivity");
    const struct value *drift = own_of(member(metric, "drift"), variant);
    struct buffer text = {0};
    char p[P_TEXT_SIZE];
    for (size_t i = 0; i < count_in(readings); i++) {
        const struct value *own = own_of(member(&readings->items[i], "comparisons"), variant);
        if (member_is_null(own, "estimate"))
            continue;
        buffer_add(&text, text.size ? SLICE(", ") : SLICE("read otherwise: "));
        write_reading(&text, member_text(&readings->items[i], "reading"));
        buffer_add_byte(&text, ' ');
        measure_change(&text, kind, member_number(own, "estimate"));
    }
    if (text.size && !member_is_null(drift, "p"))
        buffer_format(&text, " (drift p %s)", p_format(member_number(drift, "p"), p));
    if (text.size)
        text_dim(painter, buffer_slice(&text), column);
    buffer_done(&text);
}

static void text_early(struct painter *painter, enum metric_kind kind,
                       const struct value *comparison, unsigned column)
{
    const struct value *corrected = member(comparison, "corrected");
    struct interval interval;
    struct buffer text = {0};
    if (!corrected || corrected->kind != VALUE_OBJECT)
        return;
    buffer_add(&text, SLICE("found early, probably "));
    measure_difference(&text, kind, member_number(corrected, "estimate"));
    if (interval_of(member(corrected, "interval"), &interval.low, &interval.high)) {
        buffer_add(&text, SLICE(", "));
        measure_interval(&text, kind, &interval);
    }
    text_dim(painter, buffer_slice(&text), column);
    buffer_done(&text);
}

static void text_cost(struct painter *painter, enum metric_kind kind,
                      const struct value *comparison, unsigned column)
{
    const struct value *cost = member(comparison, "per_cost");
    struct interval interval;
    struct buffer text = {0};
    if (!cost || cost->kind != VALUE_OBJECT)
        return;
    buffer_format(&text, "costs %+.4g a unit: ", member_number(cost, "cost"));
    measure_difference(&text, kind, member_number(cost, "estimate"));
    buffer_add(&text, SLICE(" for each 1"));
    if (interval_of(member(cost, "interval"), &interval.low, &interval.high) ||
        interval_of(member(cost, "anytime_interval"), &interval.low, &interval.high)) {
        buffer_add(&text, SLICE(", "));
        measure_interval(&text, kind, &interval);
    }
    text_dim(painter, buffer_slice(&text), column);
    buffer_done(&text);
}

/* Of shares alone: losses are points. */
static void text_chance(struct painter *painter, const struct value *comparison, unsigned column)
{
    const struct value *loss = member(comparison, "expected_loss");
    struct buffer text = {0};
    if (member_is_null(comparison, "chance_to_beat_control"))
        return;
    double chance = 100 * member_number(comparison, "chance_to_beat_control");
    if (chance > 99.9 || chance < .1)
        buffer_format(&text, "chance to beat the control %s", chance > 50 ? ">99.9%" : "<0.1%");
    else
        buffer_format(&text, "chance to beat the control %.1f%%", chance);
    if (!member_is_null(loss, "ship"))
        buffer_format(&text, ", expected loss of shipping it %.2f points",
                      100 * member_number(loss, "ship"));
    text_dim(painter, buffer_slice(&text), column);
    buffer_done(&text);
}

void text_beside(struct painter *painter, enum metric_kind kind, const struct value *metric,
                 const struct value *comparison, unsigned column)
{
    text_adjustment(painter, kind, metric, comparison, column);
    text_chance(painter, comparison, column);
    text_early(painter, kind, comparison, column);
    text_cost(painter, kind, comparison, column);
    text_readings(painter, kind, metric, member_text(comparison, "variant"), column);
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
