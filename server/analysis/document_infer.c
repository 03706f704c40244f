/*
 * From cells to inference: every slice with units, every metric, the split, the segments.
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

static bool result_init(struct study *study, const struct cells *cells, bool with_looks,
                        struct metric_result *result)
{
    size_t variants = cells->variants;
    *result = (struct metric_result){
        .shares = ARENA_ARRAY(study->arena, variants, struct proportion),
        .comparisons = ARENA_ARRAY(study->arena, variants, struct comparison),
    };
    if (with_looks && cells->days)
        result->looks = ARENA_ARRAY(study->arena, cells->days * variants, struct look);
    return !study->arena->failed;
}

/* A metric whose cells are not there reads as one without units. */
static struct share_series metric_series(const struct cells *cells,
                                         const struct study_metric *metric,
                                         const struct cells_slice *sums)
{
    struct share_series series = {.first = cells->first, .variants = cells->variants};
    if (!metric->number || metric->number > sums->metric_count)
        return series;
    series.days = cells->days;
    series.cumulative = &sums->shares[(metric->number - 1U) * cells->days * cells->variants];
    return series;
}

static bool slice_infer(struct study *study, struct study_group *group, size_t slice,
                        const struct cells_slice *sums)
{
    struct study_slice *found = &group->slices[slice];
    const struct cells *cells = &group->cells;
    found->present = true;
    found->results = ARENA_ARRAY(study->arena, group->metric_count + 1, struct metric_result);
    found->met = series_kept(study, cells, sums->main, sums->crossed);
    found->main = series_kept(study, cells, sums->main, NULL);
    for (size_t i = 0; found->results && i < group->metric_count; i++) {
        struct metric_plan plan = group->metrics[i].plan;
        struct share_series series = metric_series(cells, &group->metrics[i], sums);
        if (!result_init(study, cells, slice == 0, &found->results[i]))
            return false;
        if (slice > 0)
            plan.role = ROLE_EXPLORATORY;
        metric_infer(&study->plan, &study->progress, &plan, &series, &found->results[i]);
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

/* The scratch sums of one slice after the other. */
struct scratch {
    struct arena arena;
    struct cells_slice sums;
    size_t share_bytes, unit_bytes;
};

static bool scratch_init(struct scratch *scratch, const struct study_group *group)
{
    struct experiment_metric metrics[EXPERIMENT_METRICS_MAX];
    size_t block = group->cells.days * group->cells.variants;
    size_t count =
        group->definition ? experiment_metrics(group->definition->experiment, metrics) : 0;
    *scratch = (struct scratch){.sums.metric_count = count,
                                .share_bytes = count * block * sizeof(struct proportion),
                                .unit_bytes = block * sizeof(uint64_t)};
    scratch->sums.shares = arena_alloc(&scratch->arena, scratch->share_bytes + 1);
    scratch->sums.main = arena_alloc(&scratch->arena, scratch->unit_bytes + 1);
    scratch->sums.crossed = arena_alloc(&scratch->arena, scratch->unit_bytes + 1);
    return !scratch->arena.failed;
}

static void scratch_read(struct scratch *scratch, struct cells *cells, size_t slice)
{
    memset(scratch->sums.shares, 0, scratch->share_bytes);
    memset(scratch->sums.main, 0, scratch->unit_bytes);
    memset(scratch->sums.crossed, 0, scratch->unit_bytes);
    cells_sum(cells, (uint16_t)slice, &scratch->sums);
}

/* All slices that a report shows: strata are for adjustment, which this version does not do. */
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
            !slice_infer(study, group, slice, &scratch->sums))
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

static void difference_infer(struct study *study, size_t segmentation, size_t goal, size_t variant)
{
    const struct study_group *group = &study->main;
    size_t count, first = slices_of(&group->cells.cube.slices, segmentation, &count);
    struct study_difference *difference = study_difference_at(study, segmentation, goal, variant);
    struct proportion_pair pairs[HETEROGENEITY_VALUES_MAX];
    size_t used = 0;
    for (size_t i = 0; i < count && used < HETEROGENEITY_VALUES_MAX; i++) {
        const struct study_slice *slice = &group->slices[first + i];
        if (!slice->present)
            continue;
        pairs[used++] =
            (struct proportion_pair){.treatment = slice->results[goal].shares[variant],
                                     .control = slice->results[goal].shares[study->plan.control]};
    }
    difference->reason = segment_heterogeneity(pairs, used, &difference->found);
    difference->read = !difference->reason && (group->slices[0].results[goal].final ||
                                               study->plan.design == DESIGN_ALWAYS);
    difference->p_adjusted = 1;
}

/* Cochran's Q of every segmentation, goal and variant, one family by Benjamini-Hochberg.  Goals
 * are the first metrics of the group. */
static bool study_differences(struct study *study)
{
    const struct plan *plan = &study->plan;
    size_t segmentations =
        study->main.definition ? study->main.definition->experiment->segment_count : 0;
    size_t places = segmentations * plan->goals * plan->variants, members = 0;
    study->differences = ARENA_ARRAY(study->arena, places + 1, struct study_difference);
    struct hypothesis *family = ARENA_ARRAY(study->arena, places + 1, struct hypothesis);
    if (!study->differences || !family)
        return false;
    for (size_t i = 0; i < places; i++) {
        size_t variant = i % plan->variants, goal = i / plan->variants % plan->goals;
        if (variant == plan->control)
            continue;
        difference_infer(study, i / plan->variants / plan->goals, goal, variant);
        family[members++].p = study->differences[i].read ? study->differences[i].found.q.p : 1;
    }
    if (multiplicity_adjust(CORRECTION_BENJAMINI_HOCHBERG, family, members))
        return true;
    members = 0;
    for (size_t i = 0; i < places; i++)
        if (i % plan->variants != plan->control)
            study->differences[i].p_adjusted = family[members++].adjusted;
    return true;
}

/* Where the effect differs between a segment's values, those are tested too, on the final set:
 * one family by Benjamini-Hochberg, of all values that the segment has. */
static void values_adjust(struct study *study, size_t segmentation, size_t goal, size_t variant)
{
    const struct study_difference *difference =
        study_difference_at(study, segmentation, goal, variant);
    size_t count, first = slices_of(&study->main.cells.cube.slices, segmentation, &count);
    struct hypothesis family[HETEROGENEITY_VALUES_MAX];
    if (!difference->read || difference->p_adjusted > study->plan.alpha ||
        count > HETEROGENEITY_VALUES_MAX)
        return;
    for (size_t i = 0; i < count; i++) {
        const struct study_slice *slice = &study->main.slices[first + i];
        bool has_p = slice->present && slice->results[goal].comparisons[variant].has_p;
        family[i].p = has_p ? slice->results[goal].comparisons[variant].p : 1;
    }
    if (multiplicity_adjust(CORRECTION_BENJAMINI_HOCHBERG, family, count))
        return;
    for (size_t i = 0; i < count; i++) {
        const struct study_slice *slice = &study->main.slices[first + i];
        if (!slice->present || !slice->results[goal].comparisons[variant].has_p)
            continue;
        slice->results[goal].comparisons[variant].has_p_adjusted = true;
        slice->results[goal].comparisons[variant].p_adjusted = family[i].adjusted;
    }
}

static void study_values(struct study *study)
{
    const struct definition *definition = study->main.definition;
    size_t segmentations = definition ? definition->experiment->segment_count : 0;
    for (size_t i = 0; i < segmentations; i++)
        for (size_t goal = 0; goal < study->plan.goals; goal++)
            for (size_t j = 0; j < study->plan.variants; j++)
                if (j != study->plan.control)
                    values_adjust(study, i, goal, j);
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
    if (!study_differences(study) || study->arena->failed)
        return FAIL(error, STATUS_NO_MEMORY, "report", 0, "no memory");
    study_values(study);
    if (!study->damage && (study->main.cells.damaged || study->exploratory.cells.damaged))
        study->damage = "a cell of the cube holds counts that no experiment can have";
    return STATUS_OK;
}
