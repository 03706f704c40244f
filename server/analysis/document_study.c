/*
 * What a report is about: the declarations of the phase, the moment, the cells, the plan.
 *
 * as_of     given: taken as it is, but never in the future or past what the fold has read
 *           (CONFLICT).  Default: now - 6 h, so that late messages have come, never later than the
 *           time of receipt up to which the fold has read; now, when it has read all.
 * verdicts  by the registered plan over the cells of the registered definition; a metric that was
 *           changed or added since is analysed as exploratory over those of the current one.
 * damage    cells that can't be read, or hold what none can, end in the verdict, not in an error.
 */

#include "document_parts.h"

#define SETTLE_MS (6 * HOUR_MS)

static int64_t time_known_ms(struct view_transaction *transaction,
                             const struct document_options *options)
{
    int64_t received_ms = view_received_ms(transaction);
    if (view_watermark(transaction) >= options->journal_sequence || received_ms == TIME_NONE)
        return options->now_ms;
    return received_ms < options->now_ms ? received_ms : options->now_ms;
}

enum status document_as_of(struct view_transaction *transaction,
                           const struct document_options *options, int64_t *as_of_ms,
                           struct error *error)
{
    int64_t known_ms = time_known_ms(transaction, options);
    int64_t settled_ms = options->now_ms - SETTLE_MS;
    char text[TIME_TEXT_SIZE];
    if (options->as_of_ms == TIME_NONE)
        *as_of_ms = settled_ms < known_ms ? settled_ms : known_ms;
    else if (options->as_of_ms > options->now_ms)
        return FAIL(error, STATUS_CONFLICT, "as_of", 0, "that moment is in the future");
    else if (options->as_of_ms > known_ms)
        return FAIL(error, STATUS_CONFLICT, "as_of", 0,
                    "what was received is read up to %s; later than that is not known yet",
                    time_format(known_ms, text));
    else
        *as_of_ms = options->as_of_ms;
    return STATUS_OK;
}

/* The last declaration of the phase. */
static void study_last(const struct history *history, struct slice key, struct study *study)
{
    for (size_t i = history->count; i-- > 0;) {
        const struct experiment *experiment = catalogue_analysed(history->items[i].catalogue, key);
        if (!experiment || experiment->phase != study->phase)
            continue;
        study->experiment = experiment;
        study->catalogue = history->items[i].catalogue;
        return;
    }
}

/* When the phase was declared stopped, or gave way to the next one. */
static void study_stop(const struct history *history, struct slice key, struct study *study)
{
    int64_t stopped_ms = TIME_NONE;
    for (size_t i = 0; i < history->count; i++) {
        const struct experiment *experiment = catalogue_analysed(history->items[i].catalogue, key);
        if (!experiment || experiment->phase < study->phase)
            continue;
        bool stopped = experiment->status == EXPERIMENT_STOPPED || experiment->phase > study->phase;
        if (!stopped)
            stopped_ms = TIME_NONE;
        else if (stopped_ms == TIME_NONE)
            stopped_ms = experiment->phase > study->phase && experiment->start_ms != TIME_NONE
                             ? experiment->start_ms
                             : history->items[i].time_ms;
    }
    study->declared = (struct declared){.status = study->experiment->status,
                                        .stopped_ms = stopped_ms,
                                        .end_ms = study->experiment->end_ms};
    if (stopped_ms != TIME_NONE)
        study->declared.status = EXPERIMENT_STOPPED;
}

static enum status study_declarations(struct view_transaction *transaction, struct study *study,
                                      struct error *error)
{
    const struct history *history = view_history(transaction);
    struct slice key = study->options->experiment;
    const struct experiment *last = history_last(history, key, NULL);
    const char *where = arena_text(study->arena, key);
    char hint[NEAREST_HINT_SIZE];
    if (!last)
        return FAIL(error, STATUS_NOT_FOUND, where ? where : "", 0, "no such experiment%s",
                    nearest_hint(history_nearest(history, key), hint));
    study->phase = study->options->phase ? study->options->phase : last->phase;
    study->registered = history_registered(history, key, study->phase, &study->registration);
    if (!study->registered)
        return FAIL(error, STATUS_NOT_FOUND, "phase", 0, "'%.*s' has no phase %u", SLICE_ARGS(key),
                    (unsigned)study->phase);
    study_last(history, key, study);
    study_stop(history, key, study);
    study->amendment_count =
        history_amendments(history, key, study->phase, study->amendments, AMENDMENTS_MAX);
    return STATUS_OK;
}

static const char *study_damage(struct arena *arena, const struct error *error)
{
    const char *text = arena_text(arena, slice_of(error->text));
    return text && text[0] ? text : "a part of the cube cannot be read";
}

/* Reads the group's cells; damage is remembered and leaves an empty cube. */
static enum status group_read(struct view_transaction *transaction, struct study *study,
                              struct study_group *group, struct error *error)
{
    struct error found = {0};
    const struct experiment *experiment = group->definition->experiment;
    enum status status = cube_read(transaction, group->definition, &group->cells.cube, &found);
    if (status == STATUS_STORAGE) {
        study->damage = study_damage(study->arena, &found);
        status = cube_slices_of(study->arena, experiment, &group->cells.cube.slices, error);
    } else if (status) {
        error_set(error, status, found.where, found.line, "%s", found.text);
    }
    group->cells.variants = experiment->variant_count;
    if (!status)
        cells_span(&group->cells, study->as_of_ms);
    return status;
}

struct metric_plan metric_plan_of(const struct experiment_metric *declared)
{
    const struct metric *metric = declared->metric;
    struct metric_plan plan = {.name = metric->name,
                               .title = metric->title,
                               .role = declared->role,
                               .kind = metric->kind,
                               .stage = metric->stage,
                               .lower_is_better = metric->lower_is_better,
                               .window_ms = metric->until_ms};
    if (declared->guardrail) {
        plan.margin = (double)declared->guardrail->worse_by_micro / 1e6;
        plan.relative = declared->guardrail->relative;
    }
    return plan;
}

/* The metric's number in the cells of the definition, by name; 0: not among them. */
static uint8_t metric_number(const struct definition *definition, struct slice name)
{
    struct experiment_metric metrics[EXPERIMENT_METRICS_MAX];
    size_t count = definition ? experiment_metrics(definition->experiment, metrics) : 0;
    for (size_t i = 0; i < count; i++)
        if (slice_equal(metrics[i].metric->name, name))
            return (uint8_t)(i + 1);
    return 0;
}

static void group_add_metric(struct study_group *group, const struct experiment_metric *declared,
                             const struct catalogue *catalogue)
{
    const struct metric *metric = declared->metric;
    struct study_metric *added = &group->metrics[group->metric_count++];
    *added = (struct study_metric){
        .metric = metric,
        .guardrail = declared->guardrail,
        .digest = metric_digest(catalogue, metric),
        .number = metric_number(group->definition, metric->name),
        .plan = metric_plan_of(declared),
    };
}

static void study_main_metrics(struct study *study)
{
    struct experiment_metric metrics[EXPERIMENT_METRICS_MAX];
    size_t count = experiment_metrics(study->registered, metrics);
    const struct catalogue *catalogue =
        study->registration ? study->registration->catalogue : study->catalogue;
    for (size_t i = 0; i < count; i++)
        group_add_metric(&study->main, &metrics[i], catalogue);
}

/* Metrics of the last declaration that the registered one does not have as they are now. */
static void study_exploratory_metrics(struct study *study)
{
    struct experiment_metric metrics[EXPERIMENT_METRICS_MAX];
    size_t count = experiment_metrics(study->experiment, metrics);
    for (size_t i = 0; i < count; i++) {
        struct digest digest = metric_digest(study->catalogue, metrics[i].metric);
        bool known = false;
        for (size_t j = 0; j < study->main.metric_count; j++)
            known =
                known || (slice_equal(study->main.metrics[j].plan.name, metrics[i].metric->name) &&
                          digest_equal(&study->main.metrics[j].digest, &digest));
        metrics[i].role = ROLE_EXPLORATORY;
        metrics[i].guardrail = NULL;
        if (!known)
            group_add_metric(&study->exploratory, &metrics[i], study->catalogue);
    }
}

/* The registered definition's cells; of an earlier phase, those of its last definition. */
static void study_definitions(struct view_transaction *transaction, struct study *study)
{
    const struct document_options *options = study->options;
    static const enum definition_role order[] = {DEFINITION_REGISTERED, DEFINITION_EARLIER,
                                                 DEFINITION_CURRENT};
    for (size_t i = 0; i < sizeof order / sizeof order[0] && !study->main.definition; i++)
        study->main.definition =
            view_definition(transaction, options->experiment, study->phase, order[i]);
    const struct definition *found = study->main.definition;
    if (found && found->role == DEFINITION_EARLIER)
        study->registered = found->experiment;
    const struct definition *current =
        view_definition(transaction, options->experiment, study->phase, DEFINITION_CURRENT);
    if (!found || !current || current->number == found->number ||
        current->experiment->variant_count != found->experiment->variant_count)
        return;
    study->exploratory.definition = current;
}

/* Of the registered definition, else of the current one beside it. */
static enum status study_lacks(struct view_transaction *transaction, struct study *study,
                               struct error *error)
{
    const struct definition *both[] = {study->main.definition, study->exploratory.definition};
    enum status status = STATUS_OK;
    study->lacks_before_ms = TIME_NONE;
    for (size_t i = 0; !status && i < 2 && study->lacks_before_ms == TIME_NONE; i++)
        if (both[i])
            status = view_lacks_before(transaction, both[i], &study->lacks_before_ms, error);
    return status;
}

enum status study_make(struct view_transaction *transaction, const struct document_options *options,
                       struct arena *arena, struct study *study, struct error *error)
{
    *study = (struct study){.arena = arena, .options = options};
    study->watermark = view_watermark(transaction);
    enum status status = study_declarations(transaction, study, error);
    if (!status)
        status = document_as_of(transaction, study->options, &study->as_of_ms, error);
    if (status)
        return status;
    study_definitions(transaction, study);
    study_main_metrics(study);
    status = study_lacks(transaction, study, error);
    if (!status && study->main.definition)
        status = group_read(transaction, study, &study->main, error);
    if (!status && study->exploratory.definition) {
        study_exploratory_metrics(study);
        if (study->exploratory.metric_count)
            status = group_read(transaction, study, &study->exploratory, error);
    }
    plan_of(study->registered, &study->plan);
    study->main.cells.variants = study->plan.variants;
    if (!status)
        study->names_known =
            view_names(transaction, arena, &study->names, &study->name_count, NULL) == STATUS_OK;
    if (status)
        study_done(study);
    return status;
}

void study_done(struct study *study)
{
    cube_done(&study->main.cells.cube);
    cube_done(&study->exploratory.cells.cube);
}
