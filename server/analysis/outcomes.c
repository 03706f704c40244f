/*
 * Lists of outcomes searched and walked.  See outcomes.h for the rules.
 */

#include "outcomes.h"

#include <stdlib.h>

#define NO_DAY INT64_MIN
#define ITEMS_MAX 20 /* of all_of, any_of */

/* Days before the exposure are negative, each 24 hours long like those after it. */
static int64_t elapsed_day(const struct window *window, int64_t time_ms)
{
    int64_t elapsed_ms = time_ms - window->exposure_ms;
    return elapsed_ms >= 0 ? elapsed_ms / DAY_MS : -1 - (-1 - elapsed_ms) / DAY_MS;
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
                        const struct window *window, int64_t *moment_ms)
{
    const struct unit_list *list = unit_list_find(record, UNIT_LIST_EVENTS, item->event);
    if (!list)
        return false;
    uint32_t size = list->size / list->count, times = 0, days = 0;
    int64_t last_day = NO_DAY;
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
        if (times < item->times || days < item->distinct_days)
            continue;
        *moment_ms = time_ms;
        return true;
    }
    return false;
}

static bool items_are_met(const struct scheme_metric *metric, const struct unit_record *record,
                          const struct window *window)
{
    size_t met = 0;
    int64_t moment_ms;
    for (size_t i = 0; i < metric->item_count && met < metric->at_least; i++)
        met += item_is_met(&metric->items[i], record, window, &moment_ms);
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
    int64_t last_day = NO_DAY;
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

bool outcomes_meet(const struct scheme_metric *metric, const struct unit_record *record,
                   const struct window *window)
{
    return metric->filter == SCHEME_NONE ? items_are_met(metric, record, window)
                                         : activity_is_met(metric, record, window);
}

static int moment_compare(const void *a, const void *b)
{
    int64_t one = *(const int64_t *)a, other = *(const int64_t *)b;
    return (one > other) - (one < other);
}

/* The moment at which so many items are met for the first time. */
bool outcomes_met_at(const struct scheme_metric *metric, const struct unit_record *record,
                     const struct window *window, int64_t *moment_ms)
{
    int64_t moments[ITEMS_MAX];
    size_t met = 0;
    for (size_t i = 0; i < metric->item_count && i < ITEMS_MAX; i++)
        met += item_is_met(&metric->items[i], record, window, &moments[met]);
    if (met < metric->at_least || met == 0)
        return false;
    qsort(moments, met, sizeof *moments, moment_compare);
    *moment_ms = moments[metric->at_least - 1];
    return true;
}

bool outcome_first(const struct unit_record *record, uint16_t event, const struct window *window,
                   int64_t *moment_ms)
{
    const struct scheme_item item = {
        .event = event, .condition = SCHEME_NONE, .times = 1, .distinct_days = 1};
    return item_is_met(&item, record, window, moment_ms);
}

struct outcome_walk outcome_walk_of(const struct scheme_item *item,
                                    const struct unit_record *record, const struct window *window)
{
    struct outcome_walk walk = {.item = item, .until_ms = window->until_ms};
    const struct unit_list *list = unit_list_find(record, UNIT_LIST_EVENTS, item->event);
    int64_t moment_ms;
    bool has_threshold = item->times > 1 || item->distinct_days > 1;
    if (!list || (has_threshold && !item_is_met(item, record, window, &moment_ms)))
        return walk;
    walk.size = list->size / list->count;
    walk.next = list->entries + first_entry(list, walk.size, window->from_ms) * walk.size;
    walk.end = list->entries + list->size;
    return walk;
}

bool outcome_next(struct outcome_walk *walk)
{
    while (walk->next != walk->end) {
        walk->entry = walk->next;
        walk->next += walk->size;
        if (entry_time(walk->entry) >= walk->until_ms)
            return false;
        if (condition_is_met(walk->item, walk->entry, walk->size))
            return true;
    }
    return false;
}

bool outcome_is_of(const struct outcome_walk *walk, const struct scheme_item *item)
{
    return item->event == walk->item->event && condition_is_met(item, walk->entry, walk->size);
}

bool outcome_value(const struct outcome_walk *walk, int64_t *micro)
{
    uint32_t at = walk->item->value_at;
    if (at == 0 || at + sizeof *micro > walk->size)
        return false;
    *micro = (int64_t)load_u64(walk->entry + at);
    return *micro != UNIT_NO_NUMBER;
}
