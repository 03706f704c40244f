/*
 * Metrics of the kinds conversion and retention: a share of units with y = 1.
 *
 * The window is half open, [exposure + from, exposure + until); outcomes at the instant of the
 * exposure count.  A day of `distinct_days` is 24 hours elapsed since the exposure.
 *
 * Activity is kept as the first and the last instant of each UTC day, which is exact for every
 * bracket of 24 h or more: a UTC day that the bracket cuts is entered by its last instant or left
 * by its first.  In a shorter bracket (the rest of a window that is no whole number of days) only
 * those two instants count.
 */

#include "contribution.h"

struct window {
    int64_t exposure_ms;
    int64_t from_ms, until_ms; /* instants */
};

static int64_t elapsed_day(const struct window *window, int64_t time_ms)
{
    return (time_ms - window->exposure_ms) / DAY_MS;
}

/* Number of the first entry at or after `time_ms`. */
static uint32_t first_entry(const struct unit_list *list, uint32_t size, int64_t time_ms)
{
    uint32_t low = 0, high = list->count;
    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        if (entry_time(list->entries + middle * size) < time_ms)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

static bool condition_is_met(const struct scheme_item *item, const char *entry, uint32_t size)
{
    if (item->condition == SCHEME_NONE)
        return true;
    uint32_t byte = ENTRY_HEAD_SIZE + item->condition / 8U;
    return byte < size && ((unsigned char)entry[byte] >> (item->condition % 8) & 1);
}

static bool item_is_met(const struct scheme_item *item, const struct unit_record *record,
                        const struct window *window)
{
    const struct unit_list *list = unit_list_find(record, UNIT_LIST_EVENTS, item->event);
    if (!list)
        return false;
    uint32_t size = list->size / list->count, times = 0, days = 0;
    int64_t last_day = -1;
    for (uint32_t i = first_entry(list, size, window->from_ms); i < list->count; i++) {
        const char *entry = list->entries + i * size;
        int64_t time_ms = entry_time(entry);
        if (time_ms >= window->until_ms)
            return false;
        if (!condition_is_met(item, entry, size))
            continue;
        times++;
        int64_t day = elapsed_day(window, time_ms);
        days += day != last_day;
        last_day = day;
        if (times >= item->times && days >= item->distinct_days)
            return true;
    }
    return false;
}

static bool items_are_met(const struct scheme_metric *metric, const struct unit_record *record,
                          const struct window *window)
{
    size_t met = 0;
    for (size_t i = 0; i < metric->item_count && met < metric->at_least; i++)
        met += item_is_met(&metric->items[i], record, window);
    return met >= metric->at_least;
}

/* Instants of an activity entry, rising. */
static int64_t activity_instant(const char *entry, int which)
{
    return day_start_ms((int32_t)load_u32(entry)) + load_u32(entry + 4 + 4 * which);
}

static bool activity_is_met(const struct scheme_metric *metric, const struct unit_record *record,
                            const struct window *window)
{
    const struct unit_list *list = unit_list_find(record, UNIT_LIST_ACTIVITY, metric->filter);
    int64_t last_day = -1;
    uint32_t days = 0;
    for (uint32_t i = 0; list && i < 2 * list->count; i++) {
        int64_t time_ms = activity_instant(list->entries + (i / 2) * ACTIVITY_ENTRY_SIZE, i % 2);
        if (time_ms < window->from_ms)
            continue;
        if (time_ms >= window->until_ms)
            return false;
        int64_t day = elapsed_day(window, time_ms);
        days += day != last_day;
        last_day = day;
        if (days >= metric->activity_days)
            return true;
    }
    return false;
}

bool metric_is_reached(const struct scheme_metric *metric, const struct unit_record *record,
                       int64_t exposure_ms)
{
    struct window window = {.exposure_ms = exposure_ms,
                            .from_ms = exposure_ms + metric->from_ms,
                            .until_ms = exposure_ms + metric->until_ms};
    return metric->filter == SCHEME_NONE ? items_are_met(metric, record, &window)
                                         : activity_is_met(metric, record, &window);
}
