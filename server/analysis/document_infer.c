/*
 * From cells to inference: every slice with units, every metric, the split.
 *
 * A slice's cells are summed once into a buffer that the next slice uses again; what is kept is
 * the result.  Looks are asked of all units only: a segment is not watched day by day.  In a
 * segment a metric has no family, no margin and no state: there it is exploratory.
 */

#include "document_parts.h"

static void study_totals(struct study *study, const uint64_t *main, const uint64_t *crossed)
{
    const struct cells *cells = &study->main.cells;
    size_t variants = cells->variants;
    uint64_t *totals = ARENA_ARRAY(study->arena, cells->days + 1, uint64_t);
    if (!totals)
        return;
    for (size_t i = 0; i < cells->days * variants; i++)
        totals[i / variants] += main[i] + crossed[i];
    study->totals = (struct exposures){.first = cells->first, .days = cells->days, .total = totals};
    for (size_t j = 0; cells->days && j < variants; j++) {
        size_t last = (cells->days - 1) * variants + j;
        study->exposed[j] = main[last] + crossed[last];
        study->crossed[j] = crossed[last];
    }
}

/* Units by day, kept: `counts`, and `more` where it is not NULL. */
static struct count_series series_kept(struct study *study, const struct cells *cells,
                                       const uint64_t *counts, const uint64_t *more)
{
    size_t block = cells->days * cells->variants;
    uint64_t *met = ARENA_ARRAY(study->arena, block + 1, uint64_t);
    for (size_t i = 0; met && i < block; i++)
        met[i] = counts[i] + (more ? more[i] : 0);
    return (struct count_series){.first = cells->first,
                                 .days = met ? cells->days : 0,
                                 .variants = cells->variants,
                                 .cumulative = met};
}

static bool result_init(struct study *study, const struct metric_source *source, bool with_looks,
                        struct metric_result *result)
{
    size_t variants = source->variants;
    *result = (struct metric_result){
        .observed = ARENA_ARRAY(study->arena, variants, struct observed),
        .comparisons = ARENA_ARRAY(study->arena, variants, struct comparison),
    };
    if (with_looks && source->days)
        result->looks = ARENA_ARRAY(study->arena, source->days * variants, struct look);
    return !study->arena->failed;
}

/* The scratch sums of one slice after the other. */
struct scratch {
    struct arena arena;
    struct cells_slice sums;
    size_t block;              /* days * variants */
    struct adjuster *adjuster; /* NULL: nothing is adjusted for */
};

/* A time to an event reads bins of its own, and leaves its medians and curves. */
static bool time_infer(struct study *study, struct study_group *group, size_t slice, size_t metric,
                       const struct metric_plan *plan)
{
    struct study_slice *found = &group->slices[slice];
    struct metric_result *result = &found->results[metric];
    struct arena scratch = {0};
    struct time_cells *times =
        time_cells_make(&scratch, &group->cells, (uint16_t)slice, &group->metrics[metric]);
    if (times) {
        struct metric_source source = time_cells_source(times);
        if (result_init(study, &source, slice == 0, result)) {
            metric_infer(&study->plan, &study->progress, plan, &source, result);
            study_curve_times(study, &scratch, &source, result, slice == 0,
                              &found->curves[metric * group->cells.variants]);
        }
    }
    bool done = times && !scratch.failed && !study->arena->failed;
    arena_done(&scratch);
    return done;
}

static bool slice_infer(struct study *study, struct study_group *group, size_t slice,
                        const struct scratch *scratch)
{
    const struct cells_slice *sums = &scratch->sums;
    struct study_slice *found = &group->slices[slice];
    struct cells *cells = &group->cells;
    found->present = true;
    found->results = ARENA_ARRAY(study->arena, group->metric_count + 1, struct metric_result);
    found->curves =
        ARENA_ARRAY(study->arena, group->metric_count * cells->variants + 1, struct study_curve);
    found->met = series_kept(study, cells, sums->main, sums->crossed);
    found->main = series_kept(study, cells, sums->main, NULL);
    for (size_t i = 0; found->results && found->curves && i < group->metric_count; i++) {
        struct metric_plan plan = group->metrics[i].plan;
        struct metric_cells metric_cells;
        if (slice > 0)
            plan.role = ROLE_EXPLORATORY;
        if (plan.kind == METRIC_TIME_TO) {
            if (!time_infer(study, group, slice, i, &plan))
                return false;
            continue;
        }
        struct metric_source source =
            metric_cells_source(cells, &group->metrics[i], sums, &metric_cells);
        metric_source_adjust(&source, &metric_cells, scratch->adjuster, &group->metrics[i],
                             slice == 0);
        if (!result_init(study, &source, slice == 0, &found->results[i]))
            return false;
        if (slice == 0 && plan.kind == METRIC_RETENTION_CURVE)
            study_curve_brackets(study, &source, group->metrics[i].metric,
                                 &found->curves[i * cells->variants]);
        metric_infer(&study->plan, &study->progress, &plan, &source, &found->results[i]);
        for (size_t j = 0; j < cells->variants; j++)
            breadth_keep(study->arena, &found->results[i].observed[j]);
    }
    return !study->arena->failed;
}

static bool slice_has_units(const struct cells *cells, const struct cells_slice *sums)
{
    size_t last = cells->days ? (cells->days - 1) * cells->variants : 0;
    for (size_t j = 0; cells->days && j < cells->variants; j++)
        if (sums->main[last + j] || sums->crossed[last + j])
            return true;
    return false;
}

static void scratch_metrics(struct scratch *scratch, const struct study_group *group)
{
    struct experiment_metric metrics[EXPERIMENT_METRICS_MAX];
    size_t count =
        group->definition ? experiment_metrics(group->definition->experiment, metrics) : 0;
    scratch->sums.metrics = ARENA_ARRAY(&scratch->arena, count + 1, struct metric_fields);
    if (!scratch->sums.metrics)
        return;
    scratch->sums.metric_count = count;
    cells_fields(&group->cells, &scratch->sums);
    for (size_t i = 0; i < count; i++) {
        struct metric_fields *fields = &scratch->sums.metrics[i];
        fields->is_share = metrics[i].metric->kind == METRIC_CONVERSION ||
                           metrics[i].metric->kind == METRIC_RETENTION;
        fields->values =
            ARENA_ARRAY(&scratch->arena, scratch->block * fields->field_count + 1, int128);
        if (metrics[i].metric->kind == METRIC_BREADTH &&
            !breadth_prepare(&scratch->arena, &group->cells, (uint8_t)(i + 1), scratch->block,
                             fields))
            return;
    }
}

static void scratch_covariates(struct scratch *scratch, const struct study_group *group)
{
    size_t q = group->definition ? group->definition->experiment->covariate_count : 0;
    scratch->sums.covariates.field_count = q + q * (q + 1) / 2;
    scratch->sums.covariates.values = ARENA_ARRAY(
        &scratch->arena, scratch->block * scratch->sums.covariates.field_count + 1, int128);
}

static bool scratch_init(struct scratch *scratch, struct study_group *group)
{
    *scratch = (struct scratch){.block = group->cells.days * group->cells.variants};
    scratch_metrics(scratch, group);
    scratch_covariates(scratch, group);
    scratch->adjuster = adjuster_new(&scratch->arena, group);
    scratch->sums.main = ARENA_ARRAY(&scratch->arena, scratch->block + 1, uint64_t);
    scratch->sums.crossed = ARENA_ARRAY(&scratch->arena, scratch->block + 1, uint64_t);
    return !scratch->arena.failed;
}

static void fields_clear(const struct metric_fields *fields, size_t block)
{
    memset(fields->values, 0, block * fields->field_count * sizeof *fields->values);
}

static void scratch_read(struct scratch *scratch, struct cells *cells, size_t slice)
{
    for (size_t i = 0; i < scratch->sums.metric_count; i++) {
        fields_clear(&scratch->sums.metrics[i], scratch->block);
        breadth_clear(&scratch->sums.metrics[i], scratch->block);
    }
    fields_clear(&scratch->sums.covariates, scratch->block);
    memset(scratch->sums.main, 0, scratch->block * sizeof *scratch->sums.main);
    memset(scratch->sums.crossed, 0, scratch->block * sizeof *scratch->sums.crossed);
    cells_sum(cells, (uint16_t)slice, &scratch->sums);
}

/* All slices that a report shows; the strata are the adjuster's. */
static bool group_infer(struct study *study, struct study_group *group, struct scratch *scratch)
{
    struct cells *cells = &group->cells;
    size_t count = cells->cube.slices.count ? cells->cube.slices.count : 1;
    group->slices = ARENA_ARRAY(study->arena, count, struct study_slice);
    if (!group->slices)
        return false;
    for (size_t slice = 0; slice < count; slice++) {
        if (slice > 0 && cells->cube.slices.items[slice].kind == CUBE_SLICE_STRATUM)
            break;
        scratch_read(scratch, cells, slice);
        if (slice == 0 && group == &study->main) {
            study_totals(study, scratch->sums.main, scratch->sums.crossed);
            progress_of(&study->plan, &study->declared, &study->totals, study->as_of_ms,
                        &study->progress);
        }
        if ((slice == 0 || slice_has_units(cells, &scratch->sums)) &&
            !slice_infer(study, group, slice, scratch))
            return false;
    }
    return true;
}

static size_t segments_watched(const struct experiment *experiment)
{
    size_t count = 0;
    for (size_t i = 0; i < experiment->segment_count; i++)
        count += experiment->segments[i].count == 1;
    return count;
}

/* The split within one segment, over all its values: one without units counts as 1, so that the
 * mean is of a number of e-values that was settled beforehand. */
static void segment_ratio(struct study *study, size_t segmentation, size_t watched)
{
    struct ratio_segment *report = &study->ratio_segments[segmentation];
    const struct study_group *group = &study->main;
    size_t count, first = slices_of(&group->cells.cube.slices, segmentation, &count);
    struct count_series values[HETEROGENEITY_VALUES_MAX];
    report->named = ARENA_ARRAY(study->arena, count + 1, bool);
    if (!report->named || count > HETEROGENEITY_VALUES_MAX)
        return;
    for (size_t i = 0; i < count; i++)
        values[i] = group->slices[first + i].met;
    ratio_watch_segment(&study->plan, values, count, watched, report);
}

static void study_ratios(struct study *study)
{
    const struct experiment *experiment =
        study->main.definition ? study->main.definition->experiment : study->registered;
    size_t watched = segments_watched(experiment);
    ratio_watch(&study->plan, &study->main.slices[0].met, &study->ratio);
    study->ratio_segments =
        ARENA_ARRAY(study->arena, experiment->segment_count + 1, struct ratio_segment);
    for (size_t i = 0; study->ratio_segments && i < experiment->segment_count; i++)
        if (experiment->segments[i].count == 1)
            segment_ratio(study, i, watched);
    crossed_check(study->crossed, study->exposed, study->plan.variants, &study->crossing);
}

static void study_families(struct study *study)
{
    struct metric_result *results[EXPERIMENT_METRICS_MAX] = {NULL};
    size_t goals = 0, guardrails = 0;
    for (size_t i = 0; i < study->main.metric_count; i++) {
        results[i] = &study->main.slices[0].results[i];
        if (results[i]->metric.role == ROLE_GOAL)
            study->goals[goals++] = results[i];
        if (results[i]->metric.role == ROLE_GUARDRAIL)
            study->guardrails[guardrails++] = results[i];
    }
    families_adjust(&study->plan, results, study->main.metric_count);
    for (size_t i = 0; i < goals; i++)
        metric_correct(&study->plan, &study->main.slices[0].results[i]);
    forecast_of(&study->plan, &study->progress, &study->totals, goals ? study->goals[0] : NULL,
                &study->forecast);
}

static bool study_infer_all(struct study *study)
{
    struct scratch scratch;
    bool done = scratch_init(&scratch, &study->main) && group_infer(study, &study->main, &scratch);
    arena_done(&scratch.arena);
    if (!done || !study->exploratory.metric_count)
        return done;
    done = scratch_init(&scratch, &study->exploratory) &&
           group_infer(study, &study->exploratory, &scratch);
    arena_done(&scratch.arena);
    return done;
}

enum status study_infer(struct study *study, struct error *error)
{
    size_t variants = study->plan.variants;
    study->exposed = ARENA_ARRAY(study->arena, variants, uint64_t);
    study->crossed = ARENA_ARRAY(study->arena, variants, uint64_t);
    if (!study->exposed || !study->crossed || !study_infer_all(study))
        return FAIL(error, STATUS_NO_MEMORY, "report", 0, "no memory");
    cells_quality(&study->main.cells, &study->quality);
    study_families(study);
    study_ratios(study);
    if (!study_segments(study) || study->arena->failed)
        return FAIL(error, STATUS_NO_MEMORY, "report", 0, "no memory");
    if (!study->damage && (study->main.cells.damaged || study->exploratory.cells.damaged))
        study->damage = "a cell of the cube holds counts that no experiment can have";
    return STATUS_OK;
}
