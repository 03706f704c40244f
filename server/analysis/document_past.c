/*
 * Windows that reach past a pause, a stop or a rollout (reports.md): their units count as all
 * others do (intention to treat), and the report says how many they are.
 *
 * A moment is a declaration of the phase that pauses or stops the experiment.  Reaching past it are
 * the analysed units of the cohort days begun before it whose window, the longest of the goals',
 * was open then; a day counts as a whole, as everywhere in the cube.
 */

#include "document_parts.h"

static int64_t longest_window_ms(const struct study *study)
{
    int64_t window_ms = 0;
    for (size_t i = 0; i < study->plan.goals; i++)
        if (study->goals[i]->metric.window_ms > window_ms)
            window_ms = study->goals[i]->metric.window_ms;
    return window_ms;
}

static int64_t units_until(const struct study *study, int32_t cohort)
{
    const struct count_series *main = &study->main.slices[0].main;
    int64_t day = (int64_t)cohort - main->first, units = 0;
    if (!main->days || day < 0)
        return 0;
    if (day >= (int64_t)main->days)
        day = (int64_t)main->days - 1;
    for (size_t j = 0; j < study->plan.variants; j++)
        units += (int64_t)main->cumulative[(size_t)day * study->plan.variants + j];
    return units;
}

static void moment_add(const struct study *study, const struct experiment *experiment,
                       int64_t time_ms, struct value *list)
{
    struct arena *arena = study->arena;
    struct value object = value_object();
    const char *what = experiment->status == EXPERIMENT_PAUSED ? "paused"
                       : experiment->has_rollout               ? "rolled_out"
                                                               : "stopped";
    int64_t units = units_until(study, day_of(time_ms - 1)) -
                    units_until(study, cohort_mature(time_ms, longest_window_ms(study)));
    value_add(arena, &object, "what", value_text(slice_of(what)));
    value_add(arena, &object, "at", time_value(arena, time_ms));
    value_add(arena, &object, "units", value_integer(units));
    value_append(arena, list, object);
}

struct value windows_past_value(struct view_transaction *transaction, const struct study *study)
{
    const struct history *history = view_history(transaction);
    struct value list = value_list();
    bool was_open = false;
    for (size_t i = 0; i < history->count && study->plan.goals; i++) {
        const struct declaration *declaration = &history->items[i];
        const struct experiment *experiment =
            catalogue_analysed(declaration->catalogue, study->experiment->key);
        if (!experiment || experiment->phase != study->phase)
            continue;
        bool open = experiment->status == EXPERIMENT_RUNNING;
        if (was_open && !open && declaration->time_ms <= study->as_of_ms)
            moment_add(study, experiment, declaration->time_ms, &list);
        was_open = open;
    }
    return list;
}
