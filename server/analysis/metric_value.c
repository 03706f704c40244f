/*
 * Metrics that give a unit a number: how many events, or the sum of a property over them.
 *
 * The cap is on the unit's total, from above; the raw total stands beside it.  Of a count it is
 * rounded down to a whole number.  An event is counted once, however many items of any_of it fits;
 * an item with `times` or `distinct_days` has events only where the unit has so many.  An event
 * whose property is no number is left out of a sum, and counted as unread.
 */

#include "metric.h"

static bool is_of_earlier_item(const struct outcome_walk *walk, const struct scheme_metric *metric,
                               size_t item, const struct unit_reading *reading,
                               const struct window *window)
{
    for (size_t i = 0; i < item; i++) {
        const struct scheme_item *earlier = &metric->items[i];
        if (!outcome_is_of(walk, earlier))
            continue;
        struct outcome_walk theirs = outcome_walk_of(earlier, reading->record, window);
        if (outcome_next(&theirs)) /* not held back by its times or days */
            return true;
    }
    return false;
}

static int64_t events_counted(const struct unit_reading *reading,
                              const struct scheme_metric *metric)
{
    struct window window = window_of(metric, reading->exposure_ms);
    int64_t count = 0;
    for (size_t i = 0; i < metric->item_count; i++) {
        struct outcome_walk walk = outcome_walk_of(&metric->items[i], reading->record, &window);
        while (outcome_next(&walk))
            count += !is_of_earlier_item(&walk, metric, i, reading, &window);
    }
    return count;
}

static int128 events_summed(struct unit_reading *reading, const struct scheme_metric *metric,
                            int64_t *events)
{
    struct window window = window_of(metric, reading->exposure_ms);
    struct outcome_walk walk = outcome_walk_of(&metric->items[0], reading->record, &window);
    int128 total = 0;
    while (outcome_next(&walk)) {
        int64_t micro;
        if (!outcome_value(&walk, &micro)) {
            reading->unread++;
            continue;
        }
        total += micro;
        (*events)++;
    }
    return total;
}

static int128 unit_total(struct unit_reading *reading, const struct scheme_metric *metric,
                         int64_t *events)
{
    if (metric->kind == METRIC_SUM || metric->kind == METRIC_MEAN)
        return events_summed(reading, metric, events);
    if (metric->kind == METRIC_COUNT)
        return *events = events_counted(reading, metric);
    struct window window = window_of(metric, reading->exposure_ms);
    return outcomes_meet(metric, reading->record, &window);
}

struct unit_value unit_value_of(struct unit_reading *reading, const struct scheme_metric *metric)
{
    struct unit_value made = {0};
    int128 total = unit_total(reading, metric, &made.events);
    bool is_share = metric->kind == METRIC_CONVERSION;
    bool is_micro = metric->kind == METRIC_SUM || metric->kind == METRIC_MEAN;
    int64_t limit = is_micro ? CLAMP_UNITS * MICRO : CLAMP_UNITS;
    made.capped = !is_share && total > metric->cap;
    made.value = value_clamped(reading, made.capped ? metric->cap : total, limit);
    made.raw = value_clamped(reading, total, limit);
    return made;
}

static void value_fill(int128 *fields, const struct unit_value *value)
{
    fields[VALUE_N] = 1;
    fields[VALUE_S] = value->value;
    fields[VALUE_SS] = (int128)value->value * value->value;
    fields[VALUE_RAW_S] = value->raw;
    fields[VALUE_RAW_SS] = (int128)value->raw * value->raw;
    fields[VALUE_NONZERO] = value->raw != 0;
    fields[VALUE_CAPPED] = value->capped;
}

void count_fill(struct unit_reading *reading, const struct scheme_metric *metric, int128 *fields)
{
    struct unit_value value = unit_value_of(reading, metric);
    value_fill(fields, &value);
    if (metric->has_places)
        unit_bin_add(reading, metric, CUBE_BIN(0, value.value), 1);
}

void sum_fill(struct unit_reading *reading, const struct scheme_metric *metric, int128 *fields)
{
    struct unit_value value = unit_value_of(reading, metric);
    value_fill(fields, &value);
}
