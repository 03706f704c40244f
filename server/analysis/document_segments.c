/*
 * What a report says of segments: whether the effect differs between the values at all, which of
 * them then stand out, and each value's effect shrunken towards the whole.
 *
 * The three come in this order so that nobody reads noise as insight: Cochran's Q of every
 * segmentation and goal is one family; the values of a segment are tested only where it differs;
 * and every printed effect of a value has its shrunken one beside it.
 */

#include "document_parts.h"

#include "stats/shrinkage.h"

/* The slices of one segmentation's values. */
struct study_values {
    size_t first, count;
};

static void difference_infer(struct study *study, size_t segmentation, size_t goal, size_t variant)
{
    const struct study_group *group = &study->main;
    size_t count, first = slices_of(&group->cells.cube.slices, segmentation, &count);
    struct study_difference *difference = study_difference_at(study, segmentation, goal, variant);
    struct effect effects[HETEROGENEITY_VALUES_MAX];
    size_t used = 0;
    for (size_t i = 0; i < count && used < HETEROGENEITY_VALUES_MAX; i++) {
        const struct study_slice *slice = &group->slices[first + i];
        if (!slice->present)
            continue;
        used += segment_effect(&study->plan, &slice->results[goal], variant, &effects[used]);
    }
    difference->reason = heterogeneity_of(effects, used, &difference->found);
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

/* Shrinks the effects of one segmentation's values on one metric. */
static void values_shrink(const struct study *study, const struct study_group *group,
                          const struct study_values *values, size_t metric, size_t variant)
{
    struct effect effects[HETEROGENEITY_VALUES_MAX];
    struct shrunken shrunken[HETEROGENEITY_VALUES_MAX];
    struct comparison *owners[HETEROGENEITY_VALUES_MAX];
    size_t used = 0;
    for (size_t i = 0; i < values->count && used < HETEROGENEITY_VALUES_MAX; i++) {
        const struct study_slice *slice = &group->slices[values->first + i];
        if (!slice->present ||
            !segment_effect(&study->plan, &slice->results[metric], variant, &effects[used]))
            continue;
        owners[used++] = &slice->results[metric].comparisons[variant];
    }
    if (!used || shrinkage_integrated(effects, used, study->plan.alpha, shrunken))
        return;
    for (size_t i = 0; i < used; i++) {
        owners[i]->has_shrunken = owners[i]->difference.estimated;
        owners[i]->shrunken = shrunken[i];
    }
}

static void group_shrink(const struct study *study, const struct study_group *group)
{
    size_t segmentations = group->definition ? group->definition->experiment->segment_count : 0;
    for (size_t i = 0; i < segmentations; i++) {
        struct study_values values;
        values.first = slices_of(&group->cells.cube.slices, i, &values.count);
        for (size_t metric = 0; metric < group->metric_count; metric++)
            for (size_t j = 0; j < study->plan.variants; j++)
                if (j != study->plan.control)
                    values_shrink(study, group, &values, metric, j);
    }
}

bool study_segments(struct study *study)
{
    if (!study_differences(study))
        return false;
    study_values(study);
    group_shrink(study, &study->main);
    if (study->exploratory.metric_count)
        group_shrink(study, &study->exploratory);
    return true;
}
