/* Implementation of simulate_document.h: summaries to a tree of values. */

#include "simulate_document.h"

static struct value share_value(struct arena *arena, const struct simulation_share *share)
{
    struct value object = value_object();
    value_add(arena, &object, "count", value_integer((int64_t)share->count));
    value_add(arena, &object, "of", value_integer((int64_t)share->of));
    value_add(arena, &object, "share", share->of ? value_real(share->share) : value_null());
    value_add(arena, &object, "low", share->of ? value_real(share->interval.low) : value_null());
    value_add(arena, &object, "high", share->of ? value_real(share->interval.high) : value_null());
    return object;
}

static struct value mean_value(struct arena *arena, const struct simulation_mean *mean)
{
    struct value object = value_object();
    if (!mean->count)
        return value_null();
    value_add(arena, &object, "mean", value_real(mean->mean));
    value_add(arena, &object, "se", mean->count > 1 ? value_real(mean->se) : value_null());
    return object;
}

static struct value time_value_of(struct arena *arena, int64_t time_ms)
{
    char text[TIME_TEXT_SIZE];
    if (time_ms == TIME_NONE)
        return value_null();
    return value_text(arena_copy(arena, slice_of(time_format(time_ms, text))));
}

static struct value metric_value(struct arena *arena, const struct simulation_metric *metric)
{
    struct value object = value_object();
    value_add(arena, &object, "metric", value_text(metric->plan.name));
    value_add(arena, &object, "role", value_text(slice_of(metric_role_texts[metric->plan.role])));
    value_add(arena, &object, "kind", value_text(slice_of(metric_kind_texts[metric->plan.kind])));
    value_add(arena, &object, "baseline", value_real(metric->mean));
    value_add(arena, &object, "sd", metric->sd > 0 ? value_real(metric->sd) : value_null());
    value_add(arena, &object, "assumed", value_boolean(metric->is_assumed));
    return object;
}

static struct value day_value_of(struct arena *arena, const struct simulation_summary *summary)
{
    struct value object = value_object();
    if (!summary->has_evening)
        return value_null();
    value_add(arena, &object, "median", value_integer(summary->evening_median));
    value_add(arena, &object, "most", value_integer(summary->evening_most));
    return object;
}

static struct value verdicts_value(struct arena *arena, const struct simulation_summary *summary)
{
    struct value list = value_list();
    for (size_t code = 0; code < VERDICT_CODE_COUNT; code++) {
        if (code == VERDICT_NOT_STARTED)
            continue;
        struct value one = share_value(arena, &summary->codes[code]);
        value_add(arena, &one, "code", value_text(slice_of(verdict_code_texts[code])));
        value_append(arena, &list, one);
    }
    return list;
}

static struct value guardrails_value(struct arena *arena, const struct simulate_world *world)
{
    const struct simulation *simulation = world->simulation;
    struct value list = value_list();
    for (size_t i = simulation->plan.goals; i < simulation->metric_count; i++) {
        struct value one = share_value(arena, &world->summary.passed[i]);
        value_add(arena, &one, "metric", value_text(simulation->metrics[i].plan.name));
        value_append(arena, &list, one);
    }
    return list;
}

static struct value world_value(struct arena *arena, const struct simulate_world *world)
{
    const struct simulation *simulation = world->simulation;
    const struct simulation_metric *goal = &simulation->metrics[0];
    const struct simulation_summary *summary = &world->summary;
    struct value object = value_object();
    bool has_effect = goal->difference != 0;
    value_add(arena, &object, "difference", value_real(goal->difference));
    value_add(arena, &object, "lift",
              goal->mean > 0 && goal->plan.kind != METRIC_NPS
                  ? value_real(goal->difference / goal->mean)
                  : value_null());
    value_add(arena, &object, "variant",
              has_effect ? value_text(simulation->experiment->variants[simulation->treated].name)
                         : value_null());
    value_add(arena, &object, "verdicts", verdicts_value(arena, summary));
    value_add(arena, &object, "day", day_value_of(arena, summary));
    value_add(arena, &object, "wrong", share_value(arena, &summary->wrong));
    value_add(arena, &object, "unshown", share_value(arena, &summary->unshown));
    value_add(arena, &object, "guardrails", guardrails_value(arena, world));
    value_add(arena, &object, "estimate", mean_value(arena, &summary->read));
    value_add(arena, &object, "overestimate", mean_value(arena, &summary->excess));
    value_add(arena, &object, "overestimate_corrected", mean_value(arena, &summary->corrected));
    value_add(arena, &object, "interval_holds", share_value(arena, &summary->holding));
    return object;
}

struct value simulate_document(const struct simulate_world *worlds, size_t count, uint64_t runs,
                               struct arena *arena)
{
    const struct simulation *simulation = worlds[0].simulation;
    const struct experiment *experiment = simulation->experiment;
    struct value document = value_object(), metrics = value_list(), list = value_list();
    value_add(arena, &document, "format", value_integer(1));
    value_add(arena, &document, "experiment", value_text(experiment->key));
    value_add(arena, &document, "unit", value_text(slice_of(unit_kind_text(experiment->unit))));
    value_add(arena, &document, "peeking",
              value_text(slice_of(peeking_texts[experiment->peeking])));
    value_add(arena, &document, "confidence", value_real(1 - simulation->plan.alpha));
    value_add(arena, &document, "runs", value_integer((int64_t)runs));
    value_add(arena, &document, "seed", value_integer((int64_t)simulation->seed));
    value_add(arena, &document, "units_per_week", value_real(simulation->per_week));
    value_add(arena, &document, "units_planned",
              simulation->plan.planned > 0 ? value_real(simulation->plan.planned) : value_null());
    value_add(arena, &document, "start", time_value_of(arena, simulation->plan.start_ms));
    value_add(arena, &document, "end", time_value_of(arena, simulation->plan.end_ms));
    value_add(arena, &document, "days", value_integer((int64_t)simulation->days));
    value_add(arena, &document, "evenings", value_integer((int64_t)simulation->evenings));
    for (size_t i = 0; i < simulation->metric_count; i++)
        value_append(arena, &metrics, metric_value(arena, &simulation->metrics[i]));
    for (size_t i = 0; i < count; i++)
        value_append(arena, &list, world_value(arena, &worlds[i]));
    value_add(arena, &document, "metrics", metrics);
    value_add(arena, &document, "worlds", list);
    return document;
}
