/*
 * `explain` of everyone: users of two ranges of cohort days by segment value, as exact sums, read
 * from the journal (population.h).
 */

#include "explain_parts.h"

#include "analysis/population.h"

struct sums {
    uint64_t users;
    int128 y, s, yy, ss, ys;
};

struct reading {
    struct explain *explain;
    struct sums (*sums)[PERIOD_COUNT]; /* a slice each */
};

static enum status metric_check(struct explain *explain, struct error *error)
{
    const struct explain_options *options = explain->options;
    char hint[NEAREST_HINT_SIZE];
    explain->metric = catalogue_metric(explain->catalogue, options->metric);
    if (!explain->metric)
        return FAIL(
            error, STATUS_NOT_FOUND, "metric", 0, "no metric '%.*s' is declared%s",
            SLICE_ARGS(options->metric),
            nearest_hint(catalogue_nearest_metric(explain->catalogue, options->metric), hint));
    if (explain->metric->kind == METRIC_BREADTH)
        return FAIL(error, STATUS_INVALID, "metric", 0,
                    "'%.*s' is of kind breadth: who is a member of an account is known where an "
                    "experiment meets it; name the experiment",
                    SLICE_ARGS(options->metric));
    if (options->variant.size)
        return FAIL(error, STATUS_INVALID, "variant", 0,
                    "a variant is one of an experiment: name the experiment");
    return explain_kind_check(explain, error);
}

static bool is_within(const struct day_range *range, int32_t day)
{
    return day >= range->first && day <= range->last;
}

static void unit_add(void *context, const struct population_unit *unit)
{
    struct reading *reading = context;
    struct explain *explain = reading->explain;
    bool before = is_within(&explain->options->from, unit->cohort);
    if (!before && !is_within(&explain->options->to, unit->cohort))
        return;
    if (!unit->is_mature) {
        explain->too_new++;
        return;
    }
    for (size_t i = 0; i < unit->slice_count; i++) {
        struct sums *sums = &reading->sums[unit->slices[i]][before ? BEFORE : AFTER];
        sums->users++;
        sums->y += unit->y;
        sums->s += unit->s;
        sums->yy += (int128)unit->y * unit->y;
        sums->ss += (int128)unit->s * unit->s;
        sums->ys += (int128)unit->y * unit->s;
    }
}

static struct mix_sums moments_of(const struct explain *explain, const struct sums *sums)
{
    struct population_scale scale = population_scale_of(explain->metric);
    return (struct mix_sums){.units = (double)sums->users,
                             .y = (double)sums->y * scale.y,
                             .s = (double)sums->s * scale.s,
                             .yy = (double)sums->yy * scale.y * scale.y,
                             .ss = (double)sums->ss * scale.s * scale.s,
                             .ys = (double)sums->ys * scale.y * scale.s};
}

static enum status cells_fill(const struct reading *reading, const struct population_slices *slices,
                              struct error *error)
{
    struct explain *explain = reading->explain;
    const struct cube_slice *items = slices->slices.items;
    enum status status =
        explain_room(explain, slices->slices.count, slices->segment_count + 1, error);
    for (size_t i = 0; !status && i < slices->slices.count; i++) {
        struct explain_cell *cell = &explain->cells[i];
        cell->label = arena_copy(explain->arena, items[i].label);
        for (size_t p = BEFORE; p < PERIOD_COUNT; p++)
            cell->moments[p] = moments_of(explain, &reading->sums[i][p]);
        if (i == 0)
            continue;
        if (i == 1 || items[i].segmentation != items[i - 1].segmentation)
            explain->groups[explain->group_count++] = (struct explain_group){
                .name = slices->segments[items[i].segmentation]->name, .first = i};
        explain->groups[explain->group_count - 1].count++;
    }
    return status;
}

static enum status everyone_read(struct explain *explain, struct error *error)
{
    struct reading reading = {.explain = explain};
    struct population_slices slices;
    const struct population_options options = {.journal = explain->options->journal,
                                               .catalogue = explain->catalogue,
                                               .metric = explain->metric,
                                               .segments_ms = DAY_MS - 1,
                                               .segment = explain->options->segment,
                                               .as_of_ms = explain->as_of_ms,
                                               .stop = explain->options->stop,
                                               .progress = explain->options->progress,
                                               .visit = unit_add,
                                               .context = &reading};
    enum status status = population_slices_of(&options, &slices, error);
    if (!status) {
        reading.sums = arena_array(explain->arena, slices.slices.count, sizeof *reading.sums);
        if (reading.sums)
            status = population_read(&options, error);
        else
            status = FAIL(error, STATUS_NO_MEMORY, "explain", 0, "no memory");
    }
    if (!status)
        status = cells_fill(&reading, &slices, error);
    population_slices_done(&slices);
    return status;
}

enum status explain_everyone(struct view *view, struct explain *explain, struct error *error)
{
    const struct explain_options *options = explain->options;
    const struct document_options moment = {.as_of_ms = options->as_of_ms,
                                            .now_ms = options->now_ms};
    enum status status = population_open(view, options->journal, &moment, &explain->catalogue,
                                         &explain->as_of_ms, "metric", error);
    if (!status)
        status = metric_check(explain, error);
    return status ? status : everyone_read(explain, error);
}
