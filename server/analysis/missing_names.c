/* Names that were never received: see missing_names.h. */

#include "analysis/missing_names.h"

#include "experiment/definition.h"

static bool name_is_seen(const struct missing_names *missing, struct slice name, bool is_trait)
{
    for (size_t i = 0; i < missing->seen_count; i++)
        if (missing->seen[i].is_trait == is_trait && slice_equal(missing->seen[i].name, name))
            return true;
    return false;
}

static void name_add(struct missing_names *missing, struct slice name, bool is_trait)
{
    for (size_t i = 0; i < missing->count; i++)
        if (missing->items[i].is_trait == is_trait && slice_equal(missing->items[i].name, name))
            return;
    if (missing->count < MISSING_NAMES_MAX)
        missing->items[missing->count++] =
            (struct missing_name){.name = name, .is_trait = is_trait};
}

static void event_add(struct missing_names *missing, struct slice event)
{
    if (event.size && !name_is_seen(missing, event, false))
        name_add(missing, event, false);
}

void missing_names_trait(struct missing_names *missing, struct slice trait)
{
    struct slice head = trait;
    const char *dot = trait.size ? memchr(trait.data, '.', trait.size) : NULL;
    if (dot)
        head.size = (size_t)(dot - trait.data);
    if (trait.size && !name_is_seen(missing, trait, true) && !name_is_seen(missing, head, true))
        name_add(missing, trait, true);
}

/* Recursion ends with the grammar's CONDITION_DEPTH_MAX. */
static void condition_add(struct missing_names *missing, const struct condition *condition)
{
    if (!condition)
        return;
    if (condition->kind == CONDITION_TEST)
        missing_names_trait(missing, condition->trait);
    for (size_t i = 0; condition->kind != CONDITION_TEST && i < condition->part_count; i++)
        condition_add(missing, &condition->parts[i]);
}

void missing_names_metric(struct missing_names *missing, const struct metric *metric)
{
    for (size_t i = 0; i < metric->event_count; i++)
        event_add(missing, metric->events[i].event);
    for (size_t i = 0; i < metric->competing_count; i++)
        event_add(missing, metric->competing[i]);
    missing_names_trait(missing, metric->of_trait);
}

/* A ratio's parts and what a breadth counts are no ratio and no breadth. */
static void metric_add(struct missing_names *missing, const struct metric *metric)
{
    const struct metric *const parts[] = {metric, metric->numerator, metric->denominator,
                                          metric->counts};
    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++)
        if (parts[i])
            missing_names_metric(missing, parts[i]);
}

/* What completes or opens a step, and that any step was viewed. */
static void flow_add(struct missing_names *missing, const struct variant *variant)
{
    for (size_t i = 0; i < variant->flow_count; i++) {
        event_add(missing, variant->flow[i].done_when);
        event_add(missing, variant->flow[i].trigger_event);
    }
    if (variant->flow_count)
        event_add(missing, SLICE("Onboarding Step Viewed"));
}

void missing_names_experiment(struct missing_names *missing, const struct experiment *experiment)
{
    struct experiment_metric metrics[EXPERIMENT_METRICS_MAX];
    size_t count = experiment_metrics(experiment, metrics);
    for (size_t i = 0; i < count; i++)
        metric_add(missing, metrics[i].metric);
    for (size_t i = 0; i < experiment->segment_count; i++)
        for (size_t j = 0; j < experiment->segments[i].count; j++)
            missing_names_trait(missing, experiment->segments[i].segments[j]->trait);
    condition_add(missing, experiment->audience);
    for (size_t i = 0; i < experiment->variant_count; i++)
        flow_add(missing, &experiment->variants[i]);
}
