/*
 * The effect on a goal over time, as text: of all cohorts up to a day the change, and as a bar the
 * interval that holds however often one looks.  A few days stand for all: the first that is
 * estimated, the last, and some between.
 *
 *   over time, cohorts up to
 *     2026-01-20                         -1.55  ├────────●───────┤           │
 */

#include "text_columns.h"

#define LOOKS_SHOWN 6

static const struct value *look_of(const struct value *series, size_t at, size_t variant)
{
    const struct value *comparisons = member(&series->items[at], "comparisons");
    return member(&comparisons->items[variant], "difference");
}

static struct shown anytime_of(const struct value *effect)
{
    struct shown shown = {.estimated = effect && effect->kind == VALUE_OBJECT};
    if (!shown.estimated)
        return shown;
    shown.estimate = member_number(effect, "estimate");
    shown.has_interval = interval_of(member(effect, "anytime_interval"), &shown.low, &shown.high);
    return shown;
}

/* The i-th of the shown days, from the first that is estimated on; `count` of them in all. */
static size_t place_of(size_t first, size_t last, size_t i, size_t count)
{
    return count < 2 ? last : first + (last - first) * i / (count - 1);
}

static void look_line(struct painter *painter, enum metric_kind kind, struct slice cohort,
                      const struct shown *shown, const struct paint_bar *scale)
{
    if (!shown->estimated)
        return;
    paint_to(painter, COLUMN_NAME + 2);
    paint_text(painter, cohort);
    paint_change(painter, kind, shown->estimate, COLUMN_CHANGE);
    paint_to(painter, column_at(painter, COLUMN_INTERVAL));
    paint_shown_bar(painter, scale, shown);
    paint_end(painter);
}

static void looks_heading(struct painter *painter, struct slice variant, bool many)
{
    paint_to(painter, COLUMN_NAME);
    paint_style(painter, PAINT_DIM);
    paint_text(painter, SLICE("over time"));
    if (many) {
        paint_text(painter, SLICE(", "));
        paint_clipped(painter, variant, NAME_WIDTH);
    }
    paint_text(painter, SLICE(": cohorts up to a day, anytime interval"));
    paint_style(painter, PAINT_PLAIN);
    paint_end(painter);
}

static void variant_looks(struct painter *painter, const struct value *metric, size_t variant)
{
    const struct value *series = member(metric, "over_time");
    const struct value *comparisons = member(metric, "comparisons");
    struct paint_bar scale = bar_from(painter, column_at(painter, COLUMN_INTERVAL));
    size_t last = series->count - 1, first = 0;
    while (first < last && !anytime_of(look_of(series, first, variant)).has_interval)
        first++;
    if (first == last)
        return;
    size_t count = last - first + 1 < LOOKS_SHOWN ? last - first + 1 : LOOKS_SHOWN;
    for (size_t i = 0; i < count; i++) {
        struct shown shown = anytime_of(look_of(series, place_of(first, last, i, count), variant));
        bar_add(&scale, &shown);
    }
    looks_heading(painter, member_text(&comparisons->items[variant], "variant"),
                  comparisons->count > 1);
    for (size_t i = 0; i < count; i++) {
        size_t at = place_of(first, last, i, count);
        struct shown shown = anytime_of(look_of(series, at, variant));
        look_line(painter, kind_of(metric), member_text(&series->items[at], "cohort"), &shown,
                  &scale);
    }
}

void text_looks(struct painter *painter, const struct value *metric)
{
    const struct value *series = member(metric, "over_time");
    size_t variants = member(metric, "comparisons")->count;
    if (!series || series->kind != VALUE_LIST || !series->count ||
        member(&series->items[0], "comparisons")->count != variants)
        return;
    for (size_t j = 0; j < variants; j++)
        variant_looks(painter, metric, j);
}
