/*
 * The document as a whole, and its short form for lists (reports.md, "The document"; routes.md,
 * GET /v1/experiments).
 *
 * The tree is copied from the history, which ends with the transaction.  Everything that depends
 * on how messages and files arrived stands in `delivery`; the days of amendments are part of what
 * was declared.
 */

#include "analysis/document.h"

#include "document_parts.h"

#include <math.h>

/* What the document names and this version does not compute. */
static const struct {
    const char *name, *reason;
} not_computed[] = {
    {"without_largest_unit", "sums do not tell units apart: see uncapped"},
};

static struct value not_computed_value(struct arena *arena)
{
    struct value object = value_object();
    for (size_t i = 0; i < sizeof not_computed / sizeof not_computed[0]; i++)
        value_add(arena, &object, not_computed[i].name,
                  value_text(slice_of(not_computed[i].reason)));
    return object;
}

/* Units whose first goal was mature when the plan was amended. */
static int64_t amendment_units(const struct study *study, int64_t time_ms)
{
    const struct study_slice *all = &study->main.slices[0];
    int64_t window_ms = study->plan.goals ? study->goals[0]->metric.window_ms : 0;
    int64_t day = (int64_t)cohort_mature(time_ms, window_ms) - all->main.first;
    int64_t units = 0;
    if (!all->main.days || day < 0)
        return 0;
    if (day >= (int64_t)all->main.days)
        day = (int64_t)all->main.days - 1;
    for (size_t j = 0; j < study->plan.variants; j++)
        units += (int64_t)all->main.cumulative[(size_t)day * study->plan.variants + j];
    return units;
}

static struct value registered_value(const struct study *study)
{
    struct arena *arena = study->arena;
    struct value object = value_object(), amendments = value_list();
    struct digest plan = plan_digest(
        study->registration ? study->registration->catalogue : study->catalogue, study->registered);
    for (size_t i = 1; i < study->amendment_count; i++) {
        const struct amendment *amendment = &study->amendments[i];
        struct value one = value_object();
        value_add(arena, &one, "date", day_value(arena, day_of(amendment->declaration->time_ms)));
        value_add(arena, &one, "plan", digest_value(arena, &amendment->plan));
        value_add(arena, &one, "mature_units",
                  value_integer(amendment_units(study, amendment->declaration->time_ms)));
        value_append(arena, &amendments, one);
    }
    value_add(arena, &object, "plan", digest_value(arena, &plan));
    value_add(arena, &object, "amendments", amendments);
    return object;
}

static struct value final_value(const struct study *study)
{
    static const char *const because[] = {
        [FINAL_UNKNOWN] = "", [FINAL_SIZE] = "size", [FINAL_END] = "end"};
    struct arena *arena = study->arena;
    const struct final_set *final = &study->progress.final;
    bool known = final->because != FINAL_UNKNOWN;
    bool reached = known && study->plan.goals > 0;
    struct value object = value_object();
    for (size_t i = 0; i < study->plan.goals; i++)
        reached = reached && study->goals[i]->final;
    value_add(arena, &object, "cohort", known ? day_value(arena, final->cohort) : value_null());
    value_add(arena, &object, "reached", value_boolean(reached));
    value_add(arena, &object, "because",
              known ? value_text(slice_of(because[final->because])) : value_null());
    return object;
}

static struct value variants_value(const struct study *study)
{
    struct arena *arena = study->arena;
    struct value list = value_list();
    for (size_t j = 0; j < study->plan.variants; j++) {
        const struct variant *variant = &study->registered->variants[j];
        struct value object = value_object();
        value_add(arena, &object, "variant", text_value(arena, variant->name));
        value_add(arena, &object, "name", text_value(arena, variant->title));
        value_add(arena, &object, "control", value_boolean(variant->control));
        value_add(arena, &object, "weight", value_real(variant->weight));
        value_add(arena, &object, "exposed", value_integer((int64_t)study->exposed[j]));
        value_append(arena, &list, object);
    }
    return list;
}

/* Days until the final look of every goal, 0 once it is there. */
static double planned_days_left(const struct study *study)
{
    int64_t window_ms = 0;
    for (size_t i = 0; i < study->plan.goals; i++)
        if (study->goals[i]->metric.window_ms > window_ms)
            window_ms = study->goals[i]->metric.window_ms;
    int64_t due_ms = cohort_mature_ms(study->forecast.cohort, window_ms);
    return fmax(0, ceil((double)(due_ms - study->as_of_ms) / (double)DAY_MS));
}

static uint64_t planned_exposed(const struct study *study)
{
    uint64_t exposed = 0;
    for (size_t j = 0; j < study->plan.variants; j++)
        exposed += study->exposed[j];
    return exposed;
}

/* What its last day can show, at the present rate. */
static struct value by_end_value(const struct study *study)
{
    struct arena *arena = study->arena;
    const struct forecast *forecast = &study->forecast;
    struct value object = value_object();
    if (!forecast->has_by_end)
        return value_null();
    value_add(arena, &object, "cohort", day_value(arena, forecast->by_end_cohort));
    value_add(arena, &object, "detectable_difference", value_real(forecast->by_end));
    value_add(arena, &object, "detectable_lift",
              number_or_null(forecast->by_end_lift > 0, forecast->by_end_lift));
    return object;
}

static struct value planned_value(const struct study *study)
{
    struct arena *arena = study->arena;
    const struct forecast *forecast = &study->forecast;
    struct value object = value_object();
    bool sized = study->plan.planned > 0;
    value_add(arena, &object, "units", number_or_null(sized, study->plan.planned));
    value_add(arena, &object, "units_a_day", value_real(forecast->per_day));
    value_add(arena, &object, "final_cohort",
              forecast->has_final ? day_value(arena, forecast->cohort) : value_null());
    value_add(arena, &object, "days_left",
              number_or_null(forecast->has_final && study->plan.goals > 0,
                             forecast->has_final ? planned_days_left(study) : 0));
    value_add(arena, &object, "power", value_real(study->plan.power));
    value_add(arena, &object, "detectable_lift",
              number_or_null(forecast->detectable_lift > 0, forecast->detectable_lift));
    value_add(arena, &object, "detectable_difference",
              number_or_null(forecast->has_detectable, forecast->detectable));
    value_add(arena, &object, "units_left",
              number_or_null(sized, fmax(0, study->plan.planned - (double)planned_exposed(study))));
    value_add(arena, &object, "size_cohort",
              forecast->has_size ? day_value(arena, forecast->size_cohort) : value_null());
    value_add(arena, &object, "by_end", by_end_value(study));
    return object;
}

static struct value delivery_value(struct view_transaction *transaction, const struct study *study)
{
    struct arena *arena = study->arena;
    const struct document_options *options = study->options;
    struct delivery delivery = view_delivery(transaction);
    int64_t received_ms = view_received_ms(transaction);
    bool known = options->journal_sequence > 0 && received_ms != TIME_NONE &&
                 options->journal_received_ms != TIME_NONE;
    double lag = 0;
    if (known && study->watermark < options->journal_sequence)
        lag = fmax(0, (double)(options->journal_received_ms - received_ms) / 1000);
    struct value object = value_object();
    value_add(arena, &object, "watermark", value_integer((int64_t)study->watermark));
    value_add(arena, &object, "fold_lag_seconds", number_or_null(known, lag));
    value_add(arena, &object, "messages", value_integer((int64_t)delivery.messages));
    value_add(arena, &object, "duplicates", value_integer((int64_t)delivery.duplicates));
    value_add(arena, &object, "late", value_integer((int64_t)delivery.late));
    value_add(arena, &object, "damaged", value_integer((int64_t)delivery.damaged));
    value_add(arena, &object, "registered_at",
              study->registration ? time_value(arena, study->registration->time_ms) : value_null());
    return object;
}

static void add_head(const struct study *study, struct value *object)
{
    struct arena *arena = study->arena;
    const struct experiment *experiment = study->experiment;
    value_add(arena, object, "experiment", text_value(arena, experiment->key));
    value_add(arena, object, "name", text_value(arena, experiment->title));
    value_add(arena, object, "owner", text_value(arena, experiment->owner));
    value_add(arena, object, "status",
              value_text(slice_of(experiment_status_texts[study->declared.status])));
    value_add(arena, object, "unit", value_text(slice_of(unit_kind_text(experiment->unit))));
    value_add(arena, object, "phase", value_integer(study->phase));
    value_add(arena, object, "start", time_value(arena, experiment->start_ms));
    value_add(arena, object, "end", time_value(arena, experiment->end_ms));
    value_add(arena, object, "definition",
              study->main.definition ? digest_value(arena, &study->main.definition->digest)
                                     : value_null());
}

static void add_plan(const struct study *study, struct value *object)
{
    struct arena *arena = study->arena;
    const struct experiment *registered = study->registered;
    value_add(arena, object, "confidence", value_real(registered->confidence));
    value_add(arena, object, "peeking", value_text(slice_of(peeking_texts[registered->peeking])));
    value_add(arena, object, "lift_scale",
              value_text(slice_of(lift_scale_texts[registered->lift])));
    value_add(arena, object, "correction",
              value_text(slice_of(correction_texts[registered->correction])));
    value_add(arena, object, "registered", registered_value(study));
    value_add(arena, object, "final", final_value(study));
    value_add(arena, object, "planned", planned_value(study));
}

static struct value document_value(struct view_transaction *transaction, const struct study *study)
{
    struct arena *arena = study->arena;
    struct value object = value_object();
    value_add(arena, &object, "format", value_integer(1));
    value_add(arena, &object, "gangway", text_value(arena, slice_of(study->options->version)));
    add_head(study, &object);
    value_add(arena, &object, "hypothesis", text_value(arena, study->experiment->hypothesis));
    value_add(arena, &object, "why", text_value(arena, study->experiment->why));
    value_add(arena, &object, "as_of", time_value(arena, study->as_of_ms));
    add_plan(study, &object);
    value_add(arena, &object, "verdict", verdict_value(study));
    value_add(arena, &object, "health", health_value(transaction, study));
    value_add(arena, &object, "notes", notes_value(transaction, study));
    value_add(arena, &object, "delivery", delivery_value(transaction, study));
    value_add(arena, &object, "variants", variants_value(study));
    value_add(arena, &object, "metrics", metrics_value(study));
    value_add(arena, &object, "flow", flow_value(study));
    value_add(arena, &object, "flow_differs", flow_differs_value(study));
    value_add(arena, &object, "not_computed", not_computed_value(arena));
    return object;
}

static struct value summary_value(struct view_transaction *transaction, const struct study *study)
{
    struct arena *arena = study->arena;
    struct value object = value_object(), exposed = value_object();
    add_head(study, &object);
    for (size_t j = 0; j < study->plan.variants; j++)
        value_add_named(arena, &exposed, arena_copy(arena, study->registered->variants[j].name),
                        value_integer((int64_t)study->exposed[j]));
    value_add(arena, &object, "as_of", time_value(arena, study->as_of_ms));
    value_add(arena, &object, "exposed", exposed);
    value_add(arena, &object, "verdict", verdict_value(study));
    value_add(arena, &object, "health", value_text(slice_of(health_state(study))));
    /* for /metrics */
    struct value health = health_value(transaction, study);
    const struct value *ratio = value_member(&health, SLICE("sample_ratio"));
    const struct value *alarm = value_member(ratio, SLICE("alarm"));
    const struct value *outside = value_member(&health, SLICE("outside"));
    value_add(arena, &object, "outside", outside ? *outside : value_null());
    value_add(arena, &object, "sample_ratio_alarm", alarm ? *alarm : value_null());
    /* for the overview; null once nobody can come any more */
    value_add(arena, &object, "units_a_day",
              number_or_null(!study->progress.closed, study->forecast.per_day));
    return object;
}

static enum status study_of(struct view_transaction *transaction,
                            const struct document_options *options, struct arena *arena,
                            struct study *study, struct error *error)
{
    enum status status = study_make(transaction, options, arena, study, error);
    if (status)
        return status;
    status = study_infer(study, error);
    if (status)
        study_done(study);
    else
        study_decide(study);
    return status;
}

static enum status study_finish(struct study *study, struct value built, struct value *out,
                                struct error *error)
{
    study_done(study);
    if (study->arena->failed)
        return FAIL(error, STATUS_NO_MEMORY, "report", 0, "no memory");
    *out = built;
    return STATUS_OK;
}

enum status document_build(struct view_transaction *transaction,
                           const struct document_options *options, struct arena *arena,
                           struct value *document, struct error *error)
{
    struct study study;
    enum status status = study_of(transaction, options, arena, &study, error);
    if (status)
        return status;
    return study_finish(&study, document_value(transaction, &study), document, error);
}

enum status document_summary(struct view_transaction *transaction,
                             const struct document_options *options, struct arena *arena,
                             struct value *summary, struct error *error)
{
    struct study study;
    enum status status = study_of(transaction, options, arena, &study, error);
    if (status)
        return status;
    return study_finish(&study, summary_value(transaction, &study), summary, error);
}
