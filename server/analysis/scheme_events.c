/*
 * The events of a scheme, with the conditions and the properties that its definitions ask of them,
 * and the steps of its flows: each once and in the order of its text, for which kinds of unit and
 * from which moment on.
 */

#include "scheme_parts.h"

int64_t scheme_earlier(int64_t a, int64_t b)
{
    return a < b ? a : b; /* TIME_NONE, always, is the least */
}

/* The core actions as one metric: what is asked of members for depth. */
static struct metric core_metric(const struct catalogue *catalogue)
{
    return (struct metric){.kind = METRIC_CONVERSION,
                           .form = FORM_ANY_OF,
                           .events = catalogue->core_actions.candidates,
                           .event_count = catalogue->core_actions.count};
}

/* Ratios are their parts; breadth is what it counts, asked of the members. */
static void visit_one(struct scheme *scheme, const struct definition *definition,
                      const struct metric *metric, scheme_visit *visit, void *context)
{
    enum unit_kind kind = definition->experiment->unit;
    if (metric->kind == METRIC_RATIO) {
        visit(scheme, definition, metric->numerator, kind, context);
        visit(scheme, definition, metric->denominator, kind, context);
    } else if (metric->kind == METRIC_BREADTH) {
        const struct metric core = core_metric(definition->catalogue);
        visit(scheme, definition, metric->counts, UNIT_USER, context);
        visit(scheme, definition, &core, UNIT_USER, context);
    } else {
        visit(scheme, definition, metric, kind, context);
    }
}

void scheme_each_metric(struct scheme *scheme, scheme_visit *visit, void *context)
{
    const struct declared *declared = scheme->declared;
    for (size_t i = 0; i < declared->definition_count; i++) {
        struct experiment_metric metrics[EXPERIMENT_METRICS_MAX];
        const struct definition *definition = &declared->definitions[i];
        const struct experiment *experiment = definition->experiment;
        size_t count = experiment_metrics(experiment, metrics);
        for (size_t j = 0; j < count; j++)
            visit_one(scheme, definition, metrics[j].metric, visit, context);
        for (size_t j = 0; j < experiment->covariate_count; j++)
            if (experiment->covariates[j].metric)
                visit_one(scheme, definition, experiment->covariates[j].metric, visit, context);
    }
}

/* An event that a definition uses. */
typedef void event_visit(struct scheme *scheme, const struct definition *definition,
                         struct slice event, enum unit_kind kind, void *context);

struct event_walk {
    event_visit *visit;
    void *context;
};

static void visit_events(struct scheme *scheme, const struct definition *definition,
                         const struct metric *metric, enum unit_kind kind, void *context)
{
    struct event_walk *walk = context;
    for (size_t i = 0; metric->form != FORM_ACTIVITY && i < metric->event_count; i++)
        walk->visit(scheme, definition, metric->events[i].event, kind, walk->context);
    for (size_t i = 0; i < metric->competing_count; i++)
        walk->visit(scheme, definition, metric->competing[i], kind, walk->context);
}

/* Those of metrics, and those that complete a step of a flow. */
static void each_event(struct scheme *scheme, event_visit *visit, void *context)
{
    struct event_walk walk = {.visit = visit, .context = context};
    const struct declared *declared = scheme->declared;
    scheme_each_metric(scheme, visit_events, &walk);
    for (size_t i = 0; i < declared->definition_count; i++) {
        const struct definition *definition = &declared->definitions[i];
        const struct experiment *experiment = definition->experiment;
        for (size_t v = 0; v < experiment->variant_count; v++)
            for (size_t j = 0; j < experiment->variants[v].flow_count; j++)
                if (experiment->variants[v].flow[j].done_when.size)
                    visit(scheme, definition, experiment->variants[v].flow[j].done_when,
                          experiment->unit, context);
    }
}

static void collect_event(struct scheme *scheme, const struct definition *definition,
                          struct slice event, enum unit_kind kind, void *context)
{
    (void)scheme;
    (void)definition;
    (void)kind;
    name_list_add(context, event);
}

static void fill_event(struct scheme *scheme, const struct definition *definition,
                       struct slice name, enum unit_kind kind, void *context)
{
    struct scheme_event *event = &scheme->events[scheme_event(scheme, name)];
    (void)context;
    event->kinds |= 1U << kind;
    event->kept_from_ms =
        scheme_earlier(event->kept_from_ms, scheme_kept_from(definition->experiment));
}

int64_t scheme_kept_from(const struct experiment *experiment)
{
    if (experiment->start_ms == TIME_NONE)
        return TIME_NONE;
    int64_t longest_ms = 0;
    for (size_t i = 0; i < experiment->covariate_count; i++)
        if (experiment->covariates[i].before_ms > longest_ms)
            longest_ms = experiment->covariates[i].before_ms;
    return experiment->start_ms - longest_ms;
}

static struct slice condition_text(struct arena *arena, const struct condition *condition)
{
    struct buffer text = {0};
    condition_write_canonical(&text, condition);
    if (text.failed)
        arena->failed = true;
    struct slice copy = arena_copy(arena, buffer_slice(&text));
    buffer_done(&text);
    return copy;
}

/* Adds a condition in the order of the texts; room doubles at powers of two. */
static void event_condition_add(struct arena *arena, struct scheme_event *event,
                                const struct condition *condition)
{
    struct slice text = condition_text(arena, condition);
    size_t at = 0, count = event->condition_count;
    while (at < count && slice_compare(event->condition_texts[at], text) < 0)
        at++;
    if (at < count && slice_equal(event->condition_texts[at], text))
        return;
    if ((count & (count + 1)) == 0) {
        size_t room = 2 * count + 1;
        const struct condition **conditions = arena_array(arena, room, sizeof(void *));
        struct slice *texts = ARENA_ARRAY(arena, room, struct slice);
        if (!conditions || !texts)
            return;
        for (size_t i = 0; i < count; i++) {
            conditions[i] = event->conditions[i];
            texts[i] = event->condition_texts[i];
        }
        event->conditions = conditions;
        event->condition_texts = texts;
    }
    for (size_t i = count; i > at; i--) {
        event->conditions[i] = event->conditions[i - 1];
        event->condition_texts[i] = event->condition_texts[i - 1];
    }
    event->conditions[at] = condition;
    event->condition_texts[at] = text;
    event->condition_count++;
}

/* Adds a property in the order of the names; room as above. */
static void event_property_add(struct arena *arena, struct scheme_event *event, struct slice path)
{
    size_t at = 0, count = event->property_count;
    while (at < count && slice_compare(event->properties[at], path) < 0)
        at++;
    if (at < count && slice_equal(event->properties[at], path))
        return;
    if ((count & (count + 1)) == 0) {
        struct slice *properties = ARENA_ARRAY(arena, 2 * count + 1, struct slice);
        if (!properties)
            return;
        for (size_t i = 0; i < count; i++)
            properties[i] = event->properties[i];
        event->properties = properties;
    }
    for (size_t i = count; i > at; i--)
        event->properties[i] = event->properties[i - 1];
    event->properties[at] = path;
    event->property_count++;
}

static void fill_conditions(struct scheme *scheme, const struct definition *definition,
                            const struct metric *metric, enum unit_kind kind, void *context)
{
    (void)definition;
    (void)kind;
    (void)context;
    for (size_t i = 0; metric->form != FORM_ACTIVITY && i < metric->event_count; i++) {
        const struct event_condition *item = &metric->events[i];
        struct scheme_event *event = &scheme->events[scheme_event(scheme, item->event)];
        if (item->where)
            event_condition_add(&scheme->arena, event, item->where);
        if (metric->property.size)
            event_property_add(&scheme->arena, event, metric->property);
    }
}

void scheme_make_events(struct scheme *scheme)
{
    struct name_list names = {0};
    each_event(scheme, collect_event, &names);
    names = (struct name_list){.items = ARENA_ARRAY(&scheme->arena, names.count + 1, struct slice)};
    scheme->events = NULL;
    if (!names.items)
        return;
    each_event(scheme, collect_event, &names);
    size_t count = slices_unique(names.items, names.count);
    scheme->events = ARENA_ARRAY(&scheme->arena, count + 1, struct scheme_event);
    if (!scheme->events)
        return;
    scheme->event_count = count;
    for (size_t i = 0; i < count; i++)
        scheme->events[i] =
            (struct scheme_event){.name = names.items[i], .kept_from_ms = INT64_MAX};
    each_event(scheme, fill_event, NULL);
    scheme_each_metric(scheme, fill_conditions, NULL);
}

/* All names of steps of the experiment's definitions; `names` NULL or with room for them. */
static void steps_collect(const struct scheme *scheme, const struct scheme_experiment *experiment,
                          struct name_list *names)
{
    for (size_t i = 0; i < experiment->definition_count; i++) {
        const struct experiment *declared =
            scheme->declared->definitions[experiment->definitions[i]].experiment;
        for (size_t v = 0; v < declared->variant_count; v++)
            for (size_t j = 0; j < declared->variants[v].flow_count; j++)
                name_list_add(names, declared->variants[v].flow[j].step);
    }
}

void scheme_make_steps(struct scheme *scheme, struct scheme_experiment *experiment)
{
    struct name_list names = {0};
    experiment->step_base = scheme->step_count;
    steps_collect(scheme, experiment, &names);
    if (!names.count)
        return;
    names = (struct name_list){.items = ARENA_ARRAY(&scheme->arena, names.count, struct slice)};
    if (!names.items)
        return;
    steps_collect(scheme, experiment, &names);
    size_t count = slices_unique(names.items, names.count);
    experiment->steps = ARENA_ARRAY(&scheme->arena, count, struct scheme_step);
    for (size_t i = 0; experiment->steps && i < count; i++) {
        struct scheme_step *step = &experiment->steps[experiment->step_count++];
        *step = (struct scheme_step){
            .name = names.items[i], .kinds = experiment->kinds, .kept_from_ms = INT64_MAX};
        for (size_t j = 0; j < experiment->definition_count; j++)
            step->kept_from_ms = scheme_earlier(
                step->kept_from_ms,
                scheme_kept_from(
                    scheme->declared->definitions[experiment->definitions[j]].experiment));
    }
    scheme->step_count += (uint32_t)experiment->step_count;
}
