/*
 * Which traits anything asks for: audiences, segments, adjust_for and breadth of the experiments
 * that are no draft, and the segments of segments.yaml, by which core actions and explanations
 * split.  What is in none of these no report will ever read (`serve --keep-traits declared`).
 */

#include "used_traits.h"

#include "experiment/definition.h"

#include <stdlib.h>

/* Counted first with `items` NULL, then filled. */
struct paths {
    struct slice *items;
    size_t count;
};

static void path_add(struct paths *paths, struct slice path)
{
    if (paths->items)
        paths->items[paths->count] = path;
    paths->count++;
}

/* As deep as CONDITION_DEPTH_MAX, which the parser has seen to. */
static void condition_collect(const struct condition *condition, struct paths *paths)
{
    if (!condition)
        return;
    if (condition->kind == CONDITION_TEST)
        path_add(paths, condition->trait);
    for (size_t i = 0; i < condition->part_count; i++)
        condition_collect(&condition->parts[i], paths);
}

static void experiment_collect(const struct experiment *experiment, struct paths *paths)
{
    struct experiment_metric metrics[EXPERIMENT_METRICS_MAX];
    size_t count = experiment_metrics(experiment, metrics);
    condition_collect(experiment->audience, paths);
    for (size_t i = 0; i < experiment->segment_count; i++)
        for (size_t k = 0; k < experiment->segments[i].count; k++)
            path_add(paths, experiment->segments[i].segments[k]->trait);
    for (size_t i = 0; i < experiment->adjust_segment_count; i++)
        path_add(paths, experiment->adjust_segments[i]->trait);
    for (size_t i = 0; i < experiment->covariate_count; i++)
        if (!experiment->covariates[i].metric)
            path_add(paths, experiment->covariates[i].trait);
    for (size_t i = 0; i < count; i++)
        if (metrics[i].metric->kind == METRIC_BREADTH && metrics[i].metric->of == OF_TRAIT)
            path_add(paths, metrics[i].metric->of_trait);
}

static void catalogue_collect(const struct catalogue *catalogue, struct paths *paths)
{
    for (size_t i = 0; i < catalogue->segment_count; i++)
        path_add(paths, catalogue->segments[i].trait);
    for (size_t i = 0; i < catalogue->experiment_count; i++)
        if (catalogue->experiments[i].status != EXPERIMENT_DRAFT)
            experiment_collect(&catalogue->experiments[i], paths);
}

static int path_order(const void *a, const void *b)
{
    return slice_compare(*(const struct slice *)a, *(const struct slice *)b);
}

void used_traits_make(struct catalogue *catalogue)
{
    struct paths paths = {0};
    size_t unique = 0;
    catalogue_collect(catalogue, &paths);
    struct slice *items = ARENA_ARRAY(&catalogue->arena, paths.count + 1, struct slice);
    if (!items)
        return;
    paths = (struct paths){.items = items};
    catalogue_collect(catalogue, &paths);
    if (paths.count)
        qsort(items, paths.count, sizeof *items, path_order);
    for (size_t i = 0; i < paths.count; i++)
        if (!unique || !slice_equal(items[unique - 1], items[i]))
            items[unique++] = items[i];
    catalogue->traits = items;
    catalogue->trait_count = unique;
}
