/*
 * The steps of the flow that the unit's variant shows, within flow_within of the exposure.
 *
 *     reached    the step was viewed
 *     completed  it was completed, by itself or by its `done_when`, no earlier than that
 *     dismissed, failed   the same
 *     wait       from the last step before it in the flow that was viewed no later, or from the
 *                exposure, to its view
 *     time in it from its view to its completion
 */

#include "metric.h"

/* The first time at or after `from_ms` that the step had that outcome. */
static bool step_moment(const struct unit_list *list, enum step_outcome outcome,
                        const struct window *window, int64_t *moment_ms)
{
    for (uint32_t i = 0; list && i < list->count; i++) {
        const char *entry = list->entries + i * (list->size / list->count);
        int64_t time_ms = entry_time(entry);
        if (time_ms >= window->until_ms)
            return false;
        if (time_ms < window->from_ms || entry[ENTRY_HEAD_SIZE] != (char)outcome)
            continue;
        *moment_ms = time_ms;
        return true;
    }
    return false;
}

static bool step_is_completed(const struct unit_reading *reading,
                              const struct scheme_flow_step *step, const struct unit_list *list,
                              const struct window *window, int64_t *moment_ms)
{
    int64_t done_ms;
    bool completed = step_moment(list, STEP_WAS_COMPLETED, window, moment_ms);
    if (step->done_when == SCHEME_NONE ||
        !outcome_first(reading->record, step->done_when, window, &done_ms))
        return completed;
    if (!completed || done_ms < *moment_ms)
        *moment_ms = done_ms;
    return true;
}

static void step_bin(struct unit_reading *reading, uint8_t number, unsigned map, int64_t wait_ms)
{
    reading->bins[reading->bin_count++] =
        (struct unit_bin){.number = number, .bin = CUBE_BIN(map, wait_bin(wait_ms)), .count = 1};
}

/* The view before this one: of the steps earlier in the flow, else the exposure. */
static int64_t view_before(const struct unit_reading *reading, const int64_t *views, size_t step)
{
    int64_t before_ms = reading->exposure_ms;
    for (size_t i = 0; i < step; i++)
        if (views[i] != TIME_NONE && views[i] <= views[step] && views[i] > before_ms)
            before_ms = views[i];
    return before_ms;
}

static void step_fill(struct unit_reading *reading, const struct scheme_flow_step *step,
                      uint8_t number, size_t place, int64_t *views)
{
    const struct scheme_definition *definition = reading->definition;
    int128 *fields = reading->row + definition->cells[number].first;
    const struct unit_list *list = unit_list_find(reading->record, UNIT_LIST_STEPS, step->list);
    struct window window = {.exposure_ms = reading->exposure_ms,
                            .from_ms = reading->exposure_ms,
                            .until_ms = reading->exposure_ms + definition->flow_within_ms};
    int64_t moment_ms;
    fields[STEP_N] = 1;
    views[place] = TIME_NONE;
    if (!step_moment(list, STEP_WAS_VIEWED, &window, &views[place]))
        return;
    fields[STEP_REACHED] = 1;
    step_bin(reading, number, 0, views[place] - view_before(reading, views, place));
    window.from_ms = views[place];
    fields[STEP_DISMISSED] = step_moment(list, STEP_WAS_DISMISSED, &window, &moment_ms);
    fields[STEP_FAILED] = step_moment(list, STEP_WAS_FAILED, &window, &moment_ms);
    if (!step_is_completed(reading, step, list, &window, &moment_ms))
        return;
    fields[STEP_COMPLETED] = 1;
    step_bin(reading, number, 1, moment_ms - views[place]);
}

void flow_fill(struct unit_reading *reading)
{
    const struct scheme_definition *definition = reading->definition;
    const struct scheme_flow *flow = &definition->flows[reading->variant];
    int64_t views[FLOW_STEPS_MAX];
    for (size_t i = 0; i < flow->count; i++)
        step_fill(reading, &flow->steps[i], (uint8_t)(definition->metric_count + 1 + i), i, views);
}
