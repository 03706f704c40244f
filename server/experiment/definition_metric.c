/*
 * Canonical texts of metrics and segments: what is counted, without the names that people give it.
 */

#include "canonical.h"

#include "base/limits.h"

#include <assert.h>
#include <stdlib.h>

static_assert(EXPERIMENT_METRICS_MAX >=
                  GOALS_MAX + SECONDARY_MAX + GUARDRAILS_MAX + DIAGNOSTICS_MAX,
              "room for a metric in every place of every role");

static const char *const form_texts[] = {
    [FORM_ACTIVITY] = "activity",
    [FORM_EVENT] = "event",
    [FORM_ALL_OF] = "all_of",
    [FORM_ANY_OF] = "any_of",
};

static int slice_order(const void *a, const void *b)
{
    return slice_compare(*(const struct slice *)a, *(const struct slice *)b);
}

void canonical_activity(struct buffer *out, const struct catalogue *catalogue)
{
    size_t count = catalogue->not_activity_count;
    for (size_t i = 0; i < catalogue->metric_count; i++)
        count += catalogue->metrics[i].kind == METRIC_NPS ? catalogue->metrics[i].event_count : 0;
    if (!count)
        return;
    struct slice *names = calloc(count, sizeof *names);
    if (!names) {
        out->failed = true;
        return;
    }
    size_t used = 0;
    for (size_t i = 0; i < catalogue->not_activity_count; i++)
        names[used++] = catalogue->not_activity[i];
    for (size_t i = 0; i < catalogue->metric_count; i++) {
        const struct metric *metric = &catalogue->metrics[i];
        for (size_t e = 0; metric->kind == METRIC_NPS && e < metric->event_count; e++)
            names[used++] = metric->events[e].event;
    }
    qsort(names, used, sizeof *names, slice_order);
    size_t unique = 0;
    for (size_t i = 0; i < used; i++)
        if (!unique || !slice_equal(names[unique - 1], names[i]))
            names[unique++] = names[i];
    canonical_texts(out, "not_activity", names, unique);
    free(names);
}

static void event_condition(struct buffer *out, const struct event_condition *event)
{
    canonical_part(out);
    buffer_add_byte(out, '{');
    canonical_integer(out, "distinct_days", event->distinct_days);
    canonical_text(out, "event", event->event);
    canonical_integer(out, "times", event->times);
    if (event->where) {
        canonical_member(out, SLICE("where"));
        condition_write_canonical(out, event->where);
    }
    buffer_add_byte(out, '}');
}

static bool has_form(const struct metric *metric)
{
    return metric->kind != METRIC_RATIO && metric->kind != METRIC_BREADTH;
}

static void events_member(struct buffer *out, const struct metric *metric)
{
    if (!has_form(metric) || metric->form == FORM_ACTIVITY)
        return;
    canonical_open(out, "events", '[');
    for (size_t i = 0; i < metric->event_count; i++)
        event_condition(out, &metric->events[i]);
    buffer_add_byte(out, ']');
}

static void activity_days_member(struct buffer *out, const struct metric *metric)
{
    if (has_form(metric) && metric->form == FORM_ACTIVITY)
        canonical_integer(out, "activity_days", metric->activity_days);
}

static void at_least_member(struct buffer *out, const struct metric *metric)
{
    if (has_form(metric) && metric->form == FORM_ANY_OF)
        canonical_integer(out, "at_least", metric->at_least);
}

/* What is true of a member, for breadth: the condition without a window. */
static void metric_condition(struct buffer *out, const struct catalogue *catalogue,
                             const struct metric *metric)
{
    buffer_add_byte(out, '{');
    activity_days_member(out, metric);
    at_least_member(out, metric);
    events_member(out, metric);
    canonical_text(out, "form", slice_of(form_texts[metric->form]));
    if (metric->form == FORM_ACTIVITY)
        canonical_activity(out, catalogue);
    buffer_add_byte(out, '}');
}

/* The depth beside breadth counts these. */
static void core_member(struct buffer *out, const struct catalogue *catalogue,
                        const struct metric *metric)
{
    const struct core_actions *core = &catalogue->core_actions;
    if (metric->kind != METRIC_BREADTH || !core->count)
        return;
    canonical_open(out, "core_actions", '[');
    for (size_t i = 0; i < core->count; i++)
        event_condition(out, &core->candidates[i]);
    buffer_add_byte(out, ']');
}

static void of_member(struct buffer *out, const struct metric *metric)
{
    if (metric->kind != METRIC_BREADTH)
        return;
    canonical_text(out, "of", slice_of(breadth_of_texts[metric->of]));
    if (metric->of == OF_TRAIT)
        canonical_text(out, "of_trait", metric->of_trait);
}

/* numerator or denominator */
static void part_member(struct buffer *out, const char *name, const struct catalogue *catalogue,
                        const struct metric *metric)
{
    if (!metric)
        return;
    canonical_member(out, slice_of(name));
    metric_write_canonical(out, catalogue, metric);
}

void metric_write_canonical(struct buffer *out, const struct catalogue *catalogue,
                            const struct metric *metric)
{
    buffer_add_byte(out, '{');
    activity_days_member(out, metric);
    at_least_member(out, metric);
    if (metric->cap_micro)
        canonical_integer(out, "cap_micro", metric->cap_micro);
    if (metric->competing_count)
        canonical_texts(out, "competing", metric->competing, metric->competing_count);
    core_member(out, catalogue, metric);
    if (metric->counts) {
        canonical_member(out, SLICE("counts"));
        metric_condition(out, catalogue, metric->counts);
    }
    part_member(out, "denominator", catalogue, metric->denominator);
    events_member(out, metric);
    if (metric->every_ms)
        canonical_integer(out, "every_ms", metric->every_ms);
    if (has_form(metric))
        canonical_text(out, "form", slice_of(form_texts[metric->form]));
    if (metric->kind != METRIC_RATIO)
        canonical_integer(out, "from_ms", metric->from_ms);
    canonical_text(out, "kind", slice_of(metric_kind_texts[metric->kind]));
    if (has_form(metric) && metric->form == FORM_ACTIVITY)
        canonical_activity(out, catalogue);
    part_member(out, "numerator", catalogue, metric->numerator);
    of_member(out, metric);
    if (metric->property.size)
        canonical_text(out, "property", metric->property);
    if (metric->kind != METRIC_RATIO)
        canonical_integer(out, "until_ms", metric->until_ms);
    buffer_add_byte(out, '}');
}

struct digest metric_digest(const struct catalogue *catalogue, const struct metric *metric)
{
    struct buffer out = {0};
    metric_write_canonical(&out, catalogue, metric);
    return canonical_digest(&out);
}

size_t experiment_metrics(const struct experiment *experiment,
                          struct experiment_metric metrics[static EXPERIMENT_METRICS_MAX])
{
    size_t count = 0;
    for (size_t i = 0; i < experiment->goal_count; i++)
        metrics[count++] =
            (struct experiment_metric){.metric = experiment->goals[i], .role = ROLE_GOAL};
    for (size_t i = 0; i < experiment->secondary_count; i++)
        metrics[count++] = (struct experiment_metric){.metric = experiment->secondaries[i],
                                                      .role = ROLE_SECONDARY};
    for (size_t i = 0; i < experiment->guardrail_count; i++)
        metrics[count++] = (struct experiment_metric){.metric = experiment->guardrails[i].metric,
                                                      .role = ROLE_GUARDRAIL,
                                                      .guardrail = &experiment->guardrails[i]};
    for (size_t i = 0; i < experiment->diagnostic_count; i++)
        metrics[count++] = (struct experiment_metric){.metric = experiment->diagnostics[i],
                                                      .role = ROLE_DIAGNOSTIC};
    return count;
}

int canonical_metric_order(const void *a, const void *b)
{
    const struct experiment_metric *one = a;
    const struct experiment_metric *other = b;
    return slice_compare(one->metric->name, other->metric->name);
}

void segment_write_canonical(struct buffer *out, const struct segment *segment)
{
    buffer_add_byte(out, '{');
    if (segment->band_count) {
        canonical_open(out, "bands", '[');
        for (size_t i = 0; i < segment->band_count; i++) {
            canonical_part(out);
            canonical_number(out, segment->bands[i]);
        }
        buffer_add_byte(out, ']');
    }
    canonical_text(out, "trait", segment->trait);
    if (segment->value_count)
        canonical_texts(out, "values", segment->values, segment->value_count);
    buffer_add_byte(out, '}');
}

bool experiment_uses_metric(const struct experiment *experiment, const struct metric *metric)
{
    struct experiment_metric all[EXPERIMENT_METRICS_MAX];
    size_t count = experiment_metrics(experiment, all);
    for (size_t i = 0; i < count; i++)
        if (all[i].metric == metric || all[i].metric->numerator == metric ||
            all[i].metric->denominator == metric || all[i].metric->counts == metric)
            return true;
    return false;
}

bool experiment_uses_segment(const struct experiment *experiment, const struct segment *segment)
{
    for (size_t i = 0; i < experiment->segment_count; i++)
        for (size_t s = 0; s < experiment->segments[i].count; s++)
            if (experiment->segments[i].segments[s] == segment)
                return true;
    return false;
}
