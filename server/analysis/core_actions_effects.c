/*
 * What experiments that pushed a core action did to it and to retention, side by side: read from
 * the documents of their reports.  An action that is worth pushing has experiments that moved both.
 */

#include "core_actions_parts.h"

#include "document_parts.h"

struct effects {
    struct view *view;
    const struct core_actions_options *options;
    const struct metric *retained;
    int64_t as_of_ms;
    struct arena *arena;
    struct value *list;
    struct error *error;
};

/* An experiment, and one of its metrics that asks for the candidate. */
struct pushed {
    const struct event_condition *candidate;
    const struct experiment *experiment;
    const struct metric *metric;
    const struct metric *retention; /* NULL: it measures none */
};

/* On the same event, with the same conditions. */
static bool is_conversion_on(struct arena *arena, const struct metric *metric,
                             const struct event_condition *candidate)
{
    return metric->kind == METRIC_CONVERSION && metric->form == FORM_EVENT &&
           slice_equal(core_action_label(arena, &metric->events[0]),
                       core_action_label(arena, candidate));
}

static const struct metric *retention_of(const struct experiment *experiment,
                                         const struct metric *retained)
{
    struct experiment_metric metrics[EXPERIMENT_METRICS_MAX];
    size_t count = experiment_metrics(experiment, metrics);
    const struct metric *first = NULL;
    for (size_t i = 0; i < count; i++) {
        if (slice_equal(metrics[i].metric->name, retained->name))
            return metrics[i].metric;
        if (!first && metrics[i].metric->kind == METRIC_RETENTION)
            first = metrics[i].metric;
    }
    return first;
}

static const struct value *metric_find(const struct value *document, struct slice name)
{
    const struct value *metrics = value_member(document, SLICE("metrics"));
    for (size_t i = 0; metrics && i < metrics->count; i++)
        if (slice_equal(value_member_text(&metrics->items[i], "metric"), name))
            return &metrics->items[i];
    return NULL;
}

static const struct value *comparison_find(const struct value *metric, struct slice variant)
{
    const struct value *comparisons = value_member(metric, SLICE("comparisons"));
    for (size_t i = 0; comparisons && i < comparisons->count; i++)
        if (slice_equal(value_member_text(&comparisons->items[i], "variant"), variant))
            return &comparisons->items[i];
    return NULL;
}

/* Estimate, interval and level of a difference; null where there is none yet. */
static struct value effect_value(struct arena *arena, const struct value *metric,
                                 struct slice variant)
{
    const struct value *comparison = comparison_find(metric, variant);
    const struct value *difference = value_member(comparison, SLICE("difference"));
    const struct value *estimate = value_member(difference, SLICE("estimate"));
    static const char *const names[] = {"estimate", "interval", "level"};
    if (!estimate || estimate->kind == VALUE_NULL)
        return value_null();
    struct value made = value_object();
    value_add(arena, &made, "metric", value_text(value_member_text(metric, "metric")));
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        const struct value *part = value_member(difference, slice_of(names[i]));
        value_add(arena, &made, names[i], part ? *part : value_null());
    }
    return made;
}

static void variant_add(const struct effects *effects, const struct pushed *pushed,
                        const struct value *document, const struct variant *variant)
{
    struct arena *arena = effects->arena;
    struct value row = value_object();
    const struct value *action = metric_find(document, pushed->metric->name);
    const struct value *retention =
        pushed->retention ? metric_find(document, pushed->retention->name) : NULL;
    value_add(arena, &row, "action", value_text(core_action_label(arena, pushed->candidate)));
    value_add(arena, &row, "experiment", text_value(arena, pushed->experiment->key));
    value_add(arena, &row, "variant", text_value(arena, variant->name));
    value_add(arena, &row, "action_effect", effect_value(arena, action, variant->name));
    value_add(arena, &row, "retention_effect", effect_value(arena, retention, variant->name));
    value_add(arena, &row, "retention_measured", value_boolean(pushed->retention != NULL));
    value_append(arena, effects->list, row);
}

static enum status pushed_add(const struct effects *effects, const struct pushed *pushed)
{
    struct view_transaction *transaction = NULL;
    struct document_options options = {.experiment = pushed->experiment->key,
                                       .as_of_ms = effects->as_of_ms,
                                       .now_ms = effects->options->now_ms,
                                       .version = ""};
    struct value document;
    enum status status = view_begin(effects->view, &transaction, effects->error);
    if (!status)
        status = document_build(transaction, &options, effects->arena, &document, effects->error);
    view_end(transaction);
    if (status == STATUS_NOT_FOUND) {
        *effects->error = (struct error){0};
        return STATUS_OK; /* declared, and not folded yet */
    }
    const struct experiment *experiment = pushed->experiment;
    for (size_t i = 0; !status && i < experiment->variant_count; i++)
        if (i != experiment->control)
            variant_add(effects, pushed, &document, &experiment->variants[i]);
    return status;
}

static enum status experiment_add(const struct effects *effects,
                                  const struct event_condition *candidate,
                                  const struct experiment *experiment)
{
    struct experiment_metric metrics[EXPERIMENT_METRICS_MAX];
    size_t count = experiment_metrics(experiment, metrics);
    enum status status = STATUS_OK;
    for (size_t i = 0; !status && i < count; i++) {
        bool asked = metrics[i].role == ROLE_GOAL || metrics[i].role == ROLE_SECONDARY;
        struct pushed pushed = {.candidate = candidate,
                                .experiment = experiment,
                                .metric = metrics[i].metric,
                                .retention = retention_of(experiment, effects->retained)};
        if (asked && is_conversion_on(effects->arena, metrics[i].metric, candidate))
            status = pushed_add(effects, &pushed);
    }
    return status;
}

enum status core_effects_value(struct view *view, const struct core_actions_options *options,
                               const struct catalogue *catalogue, const struct metric *retained,
                               int64_t as_of_ms, struct arena *arena, struct value *effects,
                               struct error *error)
{
    struct value list = value_list();
    struct effects all = {.view = view,
                          .options = options,
                          .retained = retained,
                          .as_of_ms = as_of_ms,
                          .arena = arena,
                          .list = &list,
                          .error = error};
    enum status status = STATUS_OK;
    for (size_t i = 0; !status && i < catalogue->core_actions.count; i++)
        for (size_t j = 0; !status && j < catalogue->experiment_count; j++)
            if (catalogue->experiments[j].status != EXPERIMENT_DRAFT)
                status = experiment_add(&all, &catalogue->core_actions.candidates[i],
                                        &catalogue->experiments[j]);
    if (!status)
        *effects = list;
    return status;
}
