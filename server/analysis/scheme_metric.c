/*
 * Metrics, covariates and flows of a definition in numbers, and the row of integers that a unit has
 * under it: the cells of units, metrics and steps side by side.
 */

#include "scheme_parts.h"

#include "cube_cells.h"

#include "base/number.h"

#define BINS_PER_CELL 3 /* breadth has three, a step its wait and its time, others have one */

static uint16_t condition_index(struct scheme *scheme, const struct scheme_event *event,
                                const struct condition *condition)
{
    if (!condition)
        return SCHEME_NONE;
    struct buffer text = {0};
    condition_write_canonical(&text, condition);
    uint16_t found = SCHEME_NONE;
    for (size_t i = 0; i < event->condition_count; i++)
        if (slice_equal(event->condition_texts[i], buffer_slice(&text)))
            found = (uint16_t)i;
    if (text.failed || found == SCHEME_NONE)
        scheme->arena.failed = true;
    buffer_done(&text);
    return found;
}

static uint16_t filter_index(struct scheme *scheme, const struct catalogue *catalogue)
{
    struct scheme_filter filter = filter_of(&scheme->arena, catalogue);
    for (size_t i = 0; i < scheme->filter_count; i++)
        if (slice_equal(scheme->filters[i].text, filter.text))
            return (uint16_t)i;
    return SCHEME_NONE;
}

static uint32_t at_least_one(uint32_t count)
{
    return count ? count : 1;
}

static uint16_t property_index(const struct scheme_event *event, struct slice path)
{
    for (size_t i = 0; i < event->property_count; i++)
        if (slice_equal(event->properties[i], path))
            return (uint16_t)i;
    return 0;
}

static struct scheme_item item_of(struct scheme *scheme, const struct metric *metric,
                                  const struct event_condition *from)
{
    int index = scheme_event(scheme, from->event);
    const struct scheme_event *event = &scheme->events[index];
    struct scheme_item item = {.event = (uint16_t)index,
                               .condition = condition_index(scheme, event, from->where),
                               .times = at_least_one(from->times),
                               .distinct_days = at_least_one(from->distinct_days)};
    if (metric->property.size)
        item.value_at = (uint16_t)(ENTRY_HEAD_SIZE + (event->condition_count + 7) / 8 +
                                   8U * property_index(event, metric->property));
    return item;
}

static void make_items(struct scheme *scheme, const struct metric *metric,
                       struct scheme_metric *made)
{
    struct scheme_item *items =
        ARENA_ARRAY(&scheme->arena, metric->event_count + 1, struct scheme_item);
    for (size_t i = 0; items && i < metric->event_count; i++)
        items[i] = item_of(scheme, metric, &metric->events[i]);
    made->items = items;
    made->item_count = items ? metric->event_count : 0;
    made->at_least =
        metric->form == FORM_ANY_OF ? at_least_one(metric->at_least) : metric->event_count;
}

static void make_competing(struct scheme *scheme, const struct metric *metric,
                           struct scheme_metric *made)
{
    uint16_t *events = ARENA_ARRAY(&scheme->arena, metric->competing_count + 1, uint16_t);
    for (size_t i = 0; events && i < metric->competing_count; i++)
        events[i] = (uint16_t)scheme_event(scheme, metric->competing[i]);
    made->competing = events;
    made->competing_count = events ? metric->competing_count : 0;
}

/* A metric that reads outcomes itself. */
static void make_metric(struct scheme *scheme, const struct catalogue *catalogue,
                        const struct metric *metric, struct scheme_metric *made)
{
    *made = (struct scheme_metric){.kind = metric->kind,
                                   .filter = SCHEME_NONE,
                                   .from_ms = metric->from_ms,
                                   .until_ms = metric->until_ms,
                                   .every_ms = metric->every_ms,
                                   .cap = metric->cap_micro};
    if (metric->kind == METRIC_BREADTH || metric->kind == METRIC_RATIO)
        return;
    if (metric->kind == METRIC_COUNT) {
        made->has_places = metric->cap_micro <= COUNT_PLACES_MAX * MICRO;
        made->cap = metric->cap_micro / MICRO;
    }
    make_competing(scheme, metric, made);
    if (metric->form != FORM_ACTIVITY) {
        make_items(scheme, metric, made);
        return;
    }
    made->filter = filter_index(scheme, catalogue);
    made->activity_days = at_least_one(metric->activity_days);
}

static const struct scheme_metric *
make_part(struct scheme *scheme, const struct catalogue *catalogue, const struct metric *metric)
{
    struct scheme_metric *made = ARENA_NEW(&scheme->arena, struct scheme_metric);
    if (made)
        make_metric(scheme, catalogue, metric, made);
    return made;
}

static void make_core(struct scheme *scheme, const struct catalogue *catalogue,
                      const struct metric *metric, struct scheme_metric *made)
{
    const struct core_actions *actions = &catalogue->core_actions;
    struct scheme_metric *core =
        ARENA_ARRAY(&scheme->arena, actions->count + 1, struct scheme_metric);
    struct scheme_item *items = ARENA_ARRAY(&scheme->arena, actions->count + 1, struct scheme_item);
    if (!core || !items)
        return;
    for (size_t i = 0; i < actions->count; i++) {
        items[i] = item_of(scheme, metric, &actions->candidates[i]);
        core[i] = (struct scheme_metric){.kind = METRIC_CONVERSION,
                                         .filter = SCHEME_NONE,
                                         .items = &items[i],
                                         .item_count = 1,
                                         .at_least = 1};
    }
    made->core = core;
    made->core_count = actions->count;
}

static void make_breadth(struct scheme *scheme, const struct catalogue *catalogue,
                         const struct metric *metric, struct scheme_metric *made)
{
    make_core(scheme, catalogue, metric, made);
    made->counts = make_part(scheme, catalogue, metric->counts);
    made->of = metric->of;
    made->of_trait = metric->of == OF_TRAIT ? scheme_trait(scheme, metric->of_trait) : SCHEME_NONE;
}

static void make_covariates(struct scheme *scheme, struct scheme_definition *definition)
{
    const struct definition *from = definition->definition;
    const struct experiment *experiment = from->experiment;
    struct scheme_covariate *made =
        ARENA_ARRAY(&scheme->arena, experiment->covariate_count + 1, struct scheme_covariate);
    definition->covariates = made;
    definition->covariate_count = made ? experiment->covariate_count : 0;
    for (size_t i = 0; i < definition->covariate_count; i++) {
        const struct covariate *covariate = &experiment->covariates[i];
        made[i] = (struct scheme_covariate){.trait = SCHEME_NONE,
                                            .cap_micro = covariate->cap_micro,
                                            .missing_micro = covariate->missing_micro};
        if (!covariate->metric) {
            made[i].trait = scheme_trait(scheme, covariate->trait);
            continue;
        }
        struct scheme_metric *metric = ARENA_NEW(&scheme->arena, struct scheme_metric);
        made[i].metric = metric;
        if (!metric)
            continue;
        make_metric(scheme, from->catalogue, covariate->metric, metric);
        metric->from_ms = -covariate->before_ms;
        metric->until_ms = 0;
    }
}

static void make_flow(struct scheme *scheme, const struct scheme_experiment *experiment,
                      const struct variant *variant, struct scheme_flow *flow)
{
    struct scheme_flow_step *steps =
        ARENA_ARRAY(&scheme->arena, variant->flow_count + 1, struct scheme_flow_step);
    for (size_t i = 0; steps && i < variant->flow_count; i++) {
        const struct flow_step *from = &variant->flow[i];
        steps[i].list = experiment->step_base + (uint32_t)scheme_step(experiment, from->step);
        steps[i].done_when = SCHEME_NONE;
        if (from->done_when.size)
            steps[i].done_when = (uint16_t)scheme_event(scheme, from->done_when);
    }
    *flow = (struct scheme_flow){.steps = steps, .count = steps ? variant->flow_count : 0};
}

static void make_flows(struct scheme *scheme, struct scheme_definition *definition)
{
    const struct experiment *experiment = definition->definition->experiment;
    struct scheme_flow *flows =
        ARENA_ARRAY(&scheme->arena, experiment->variant_count + 1, struct scheme_flow);
    for (size_t i = 0; flows && i < experiment->variant_count; i++)
        make_flow(scheme, &scheme->experiments[definition->experiment], &experiment->variants[i],
                  &flows[i]);
    definition->flows = flows;
    definition->flow_within_ms = experiment->flow_within_ms;
}

void scheme_make_metrics(struct scheme *scheme, struct scheme_definition *definition)
{
    struct experiment_metric metrics[EXPERIMENT_METRICS_MAX];
    const struct catalogue *catalogue = definition->definition->catalogue;
    const struct metric *goal = cube_joint_goal(definition->definition->experiment);
    size_t count = metrics_by_name(definition->definition->experiment, metrics);
    struct scheme_metric *made = ARENA_ARRAY(&scheme->arena, count + 1, struct scheme_metric);
    if (!made)
        return;
    definition->metrics = made;
    definition->metric_count = count;
    for (size_t i = 0; i < count; i++) {
        const struct metric *metric = metrics[i].metric;
        make_metric(scheme, catalogue, metric, &made[i]);
        made[i].number = (uint8_t)(i + 1);
        if (metric == goal)
            definition->goal = made[i].number;
        if (metric->kind == METRIC_BREADTH)
            make_breadth(scheme, catalogue, metric, &made[i]);
        if (metric->kind != METRIC_RATIO)
            continue;
        made[i].numerator = make_part(scheme, catalogue, metric->numerator);
        made[i].denominator = make_part(scheme, catalogue, metric->denominator);
    }
    make_covariates(scheme, definition);
    make_flows(scheme, definition);
}

/* The cells of one number come next in the row. */
static void row_add(struct scheme_definition *definition, struct scheme_cell *cells,
                    const struct cube_fields *fields)
{
    cells[definition->cell_count++] = (struct scheme_cell){.first = (uint16_t)definition->row_count,
                                                           .count = (uint8_t)fields->count,
                                                           .own = (uint8_t)fields->own,
                                                           .has_map = fields->has_map,
                                                           .is_joint = fields->is_joint,
                                                           .slices = (uint8_t)fields->slices};
    definition->row_count += fields->count;
    definition->bin_count += fields->has_map ? BINS_PER_CELL : 0;
}

void scheme_make_row(struct scheme *scheme, struct scheme_definition *definition)
{
    struct experiment_metric metrics[EXPERIMENT_METRICS_MAX];
    const struct experiment *experiment = definition->definition->experiment;
    size_t count = metrics_by_name(experiment, metrics);
    size_t numbers = cube_number_count(experiment);
    struct scheme_cell *cells = ARENA_ARRAY(&scheme->arena, numbers, struct scheme_cell);
    if (!cells)
        return;
    struct cube_fields fields = cube_fields_of_units(experiment);
    row_add(definition, cells, &fields);
    for (size_t i = 0; i < count; i++) {
        fields = cube_fields_of_metric(experiment, metrics[i].metric);
        row_add(definition, cells, &fields);
    }
    fields = cube_fields_of_step();
    while (definition->cell_count < numbers)
        row_add(definition, cells, &fields);
    definition->cells = cells;
}
