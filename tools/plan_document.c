/*
 * The plan of an experiment as a document: sizes by analysis/inference.h and stats/power_plan.h, so
 * that `gangway plan` and the verdict count with the same N*.
 */

#include "plan_document.h"

#include "analysis/inference.h"
#include "base/number.h"
#include "base/time.h"
#include "base/unit.h"
#include "stats/power_duration.h"

#include <math.h>

#define WEEK_MS (7 * DAY_MS)
/* The rate at which a share varies most: a guardrail passes there least often. */
#define WORST_RATE .5

struct planner {
    const struct experiment *experiment;
    const struct plan_history *history;
    struct arena *arena;
    struct plan plan;
    enum side side;      /* of an improvement */
    double baseline;     /* 0: lifts mean nothing */
    double per_week;     /* 0: not known */
    double window_weeks; /* of the first goal */
};

static const struct metric *goal_of(const struct planner *planner)
{
    return planner->experiment->goals[0];
}

static void add_number(const struct planner *planner, struct value *object, const char *name,
                       enum reason reason, double number)
{
    value_add(planner->arena, object, name, reason ? value_null() : value_real(number));
}

/* The largest over the comparisons of the smallest difference that `units` in all can show. */
static enum reason detectable_of(const struct planner *planner, double units, double *difference)
{
    const struct plan *plan = &planner->plan;
    double most = 0;
    for (size_t j = 0; j < plan->variants; j++) {
        double found;
        struct power_question question = plan_question(plan, j);
        if (j == plan->control || !(plan->weights[j] > 0))
            continue;
        enum reason reason = power_plan_detectable(&question, units * plan->weights[plan->control],
                                                   plan->power, planner->side, &found);
        if (reason)
            return reason;
        most = fmax(most, fabs(found));
    }
    *difference = planner->side == SIDE_HIGH ? most : -most;
    return REASON_NONE;
}

/* Adds `units`, and the difference and lift that they show. */
static void add_detectable(const struct planner *planner, struct value *object, double units)
{
    double difference = 0;
    enum reason reason = units > 0 ? detectable_of(planner, units, &difference) : REASON_TOO_EARLY;
    add_number(planner, object, "units", units > 0 ? REASON_NONE : REASON_TOO_EARLY, floor(units));
    add_number(planner, object, "difference", reason, difference);
    if (planner->baseline > 0)
        add_number(planner, object, "lift", reason, difference / planner->baseline);
    if (reason)
        value_add(planner->arena, object, "reason", value_text(slice_of(reason_text(reason))));
}

/* ---- Units and weeks ---- */

static void add_variants(const struct planner *planner, struct value *document)
{
    const struct plan *plan = &planner->plan;
    struct value list = value_list();
    for (size_t j = 0; j < plan->variants; j++) {
        struct value one = value_object();
        value_add(planner->arena, &one, "variant",
                  value_text(planner->experiment->variants[j].name));
        value_add(planner->arena, &one, "control", value_boolean(j == plan->control));
        value_add(planner->arena, &one, "weight", value_real(plan->weights[j]));
        add_number(planner, &one, "units", plan->planned > 0 ? REASON_NONE : REASON_NOT_DETECTABLE,
                   ceil(plan->planned * plan->weights[j] - 1e-9));
        value_append(planner->arena, &list, one);
    }
    value_add(planner->arena, document, "variants", list);
}

static void add_until(const struct planner *planner, struct value *object, double weeks)
{
    char text[TIME_TEXT_SIZE];
    int64_t start = planner->experiment->start_ms;
    if (start == TIME_NONE || weeks > 5200)
        return;
    time_format(start + (int64_t)weeks * WEEK_MS, text);
    struct slice copy = arena_copy(planner->arena, slice_of(text));
    value_add(planner->arena, object, "until", value_text(copy));
}

static void add_duration(const struct planner *planner, struct value *document)
{
    struct duration duration;
    struct value object = value_object();
    if (!(planner->per_week > 0) || !(planner->plan.planned > 0) ||
        power_duration(planner->plan.planned, planner->per_week, planner->window_weeks,
                       &duration)) {
        value_add(planner->arena, document, "duration", value_null());
        return;
    }
    value_add(planner->arena, &object, "enrolment_weeks", value_real(duration.enrolment));
    value_add(planner->arena, &object, "weeks", value_real(duration.weeks));
    value_add(planner->arena, &object, "days", value_real(7 * duration.weeks));
    value_add(planner->arena, &object, "too_long", value_boolean(duration.too_long));
    add_until(planner, &object, duration.weeks);
    value_add(planner->arena, document, "duration", object);
}

static void add_weeks(const struct planner *planner, struct value *document)
{
    static const double weeks[] = {2, 3, 4, 6, DURATION_WEEKS_MAX};
    struct value list = value_list();
    for (size_t i = 0; planner->per_week > 0 && i < sizeof weeks / sizeof *weeks; i++) {
        struct value one = value_object();
        double units = 0;
        if (power_duration_units(weeks[i], planner->per_week, planner->window_weeks, &units))
            units = 0;
        value_add(planner->arena, &one, "weeks", value_real(weeks[i]));
        add_detectable(planner, &one, units);
        value_append(planner->arena, &list, one);
    }
    value_add(planner->arena, document, "detectable", list);
}

/* ---- Guardrails ---- */

static bool kind_is_share(enum metric_kind kind)
{
    return kind == METRIC_CONVERSION || kind == METRIC_RETENTION;
}

/* The power at the worst rate: what is not known of a guardrail is its rate. */
static enum reason guardrail_power(const struct planner *planner, const struct guardrail *guardrail,
                                   double *power)
{
    const struct plan *plan = &planner->plan;
    double margin = (double)guardrail->worse_by_micro / (double)MICRO, least = 1;
    if (!kind_is_share(guardrail->metric->kind) || guardrail->relative || !(plan->planned > 0))
        return REASON_INVALID;
    for (size_t j = 0; j < plan->variants; j++) {
        double found;
        if (j == plan->control || !(plan->weights[j] > 0))
            continue;
        struct power_question question = {.design = plan->design,
                                          .alpha = plan->alpha,
                                          .allocation =
                                              plan->weights[j] / plan->weights[plan->control],
                                          .kind = POWER_RATE,
                                          .baseline = WORST_RATE};
        enum reason reason = power_plan_guardrail(
            &question, margin, 0, plan->planned * plan->weights[plan->control], &found);
        if (reason)
            return reason;
        least = fmin(least, found);
    }
    *power = least;
    return REASON_NONE;
}

static void add_guardrails(const struct planner *planner, struct value *document)
{
    const struct experiment *experiment = planner->experiment;
    struct value list = value_list();
    for (size_t i = 0; i < experiment->guardrail_count; i++) {
        const struct guardrail *guardrail = &experiment->guardrails[i];
        struct value one = value_object();
        double power = 0, each = 0;
        enum reason reason = guardrail_power(planner, guardrail, &power);
        enum reason shared =
            power_guardrail_share(planner->plan.power, experiment->guardrail_count, &each);
        value_add(planner->arena, &one, "metric", value_text(guardrail->metric->name));
        value_add(planner->arena, &one, "worse_by", value_text(guardrail->text));
        add_number(planner, &one, "power", reason, power);
        add_number(planner, &one, "power_wanted", shared, each);
        if (reason)
            value_add(planner->arena, &one, "reason",
                      value_text(SLICE("its spread is not known before it has run")));
        value_append(planner->arena, &list, one);
    }
    value_add(planner->arena, document, "guardrails", list);
}

/* ---- Segments ---- */

static size_t segment_values(const struct segment *segment)
{
    return segment->value_count ? segment->value_count : segment->band_count;
}

static struct slice segmentation_name(const struct planner *planner,
                                      const struct segmentation *segmentation)
{
    struct buffer text = {0};
    for (size_t i = 0; i < segmentation->count; i++) {
        if (i)
            buffer_add(&text, SLICE(" x "));
        buffer_add(&text, segmentation->segments[i]->name);
    }
    struct slice name = arena_copy(planner->arena, buffer_slice(&text));
    buffer_done(&text);
    return name;
}

static double planned_or_reachable(const struct planner *planner)
{
    double units = 0;
    if (planner->plan.planned > 0)
        return planner->plan.planned;
    if (planner->per_week > 0 &&
        power_duration_units(DURATION_WEEKS_MAX, planner->per_week, planner->window_weeks, &units))
        return 0;
    return units;
}

static void add_value(const struct planner *planner, struct value *list, struct slice name,
                      double share)
{
    struct value one = value_object();
    if (name.size)
        value_add(planner->arena, &one, "value", value_text(name));
    value_add(planner->arena, &one, "share", value_real(share));
    add_detectable(planner, &one, planned_or_reachable(planner) * share);
    value_append(planner->arena, list, one);
}

/* The values that the history knows, else one that stands for all, at equal shares. */
static void add_values(const struct planner *planner, const struct segmentation *segmentation,
                       struct slice name, struct value *object)
{
    struct value list = value_list();
    double values = 1;
    for (size_t i = 0; i < segmentation->count; i++)
        values *= (double)segment_values(segmentation->segments[i]);
    for (size_t i = 0; i < planner->history->count; i++)
        if (slice_equal(planner->history->shares[i].segment, name))
            add_value(planner, &list, planner->history->shares[i].value,
                      planner->history->shares[i].share);
    bool seen = list.count > 0;
    if (!seen && values > 0)
        add_value(planner, &list, (struct slice){0}, 1 / values);
    value_add(planner->arena, object, "count", value_integer((int64_t)values));
    value_add(planner->arena, object, "shares",
              value_text(seen ? SLICE("seen") : SLICE("assumed equal")));
    value_add(planner->arena, object, "values", list);
}

static void add_segments(const struct planner *planner, struct value *document)
{
    struct value list = value_list();
    for (size_t i = 0; i < planner->experiment->segment_count; i++) {
        const struct segmentation *segmentation = &planner->experiment->segments[i];
        struct value one = value_object();
        struct slice name = segmentation_name(planner, segmentation);
        value_add(planner->arena, &one, "segment", value_text(name));
        add_values(planner, segmentation, name, &one);
        value_append(planner->arena, &list, one);
    }
    value_add(planner->arena, document, "segments", list);
    /* Two halves: each effect has twice the variance of the whole, their difference four times. */
    struct value halves = value_object();
    add_detectable(planner, &halves, planned_or_reachable(planner) / 4);
    value_add(planner->arena, document, "between_halves", halves);
}

/* ---- */

static const char *const design_names[] = {
    [DESIGN_HYBRID] = "hybrid", [DESIGN_ALWAYS] = "always", [DESIGN_FIXED] = "fixed"};

static void add_question(const struct planner *planner, struct value *document)
{
    const struct plan *plan = &planner->plan;
    const struct metric *goal = goal_of(planner);
    struct arena *arena = planner->arena;
    double difference = plan_difference(planner->experiment);
    size_t comparisons = plan->goals * plan_treatments(plan);
    value_add(arena, document, "format", value_integer(1));
    value_add(arena, document, "experiment", value_text(planner->experiment->key));
    value_add(arena, document, "goal", value_text(goal->name));
    value_add(arena, document, "kind", value_text(slice_of(metric_kind_texts[goal->kind])));
    value_add(arena, document, "unit",
              value_text(slice_of(unit_kind_text(planner->experiment->unit))));
    value_add(arena, document, "peeking", value_text(slice_of(design_names[plan->design])));
    value_add(arena, document, "confidence", value_real(1 - plan->alpha));
    value_add(arena, document, "alpha",
              value_real(power_alpha(plan->design, plan->alpha, comparisons)));
    value_add(arena, document, "comparisons", value_integer((int64_t)comparisons));
    value_add(arena, document, "power", value_real(plan->power));
    value_add(arena, document, "baseline", value_real(planner->baseline));
    value_add(arena, document, "difference", value_real(difference));
    if (planner->baseline > 0)
        value_add(arena, document, "lift", value_real(difference / planner->baseline));
    if (planner->experiment->expect.sd > 0)
        value_add(arena, document, "sd", value_real(planner->experiment->expect.sd));
    if (planner->per_week > 0)
        value_add(arena, document, "units_per_week", value_real(planner->per_week));
    value_add(arena, document, "window_days", value_real(7 * planner->window_weeks));
}

static const char *unplanned_reason(const struct planner *planner)
{
    enum metric_kind kind = goal_of(planner)->kind;
    if (kind == METRIC_TIME_TO || kind == METRIC_RETENTION_CURVE)
        return "a time to an event is planned by its events: see 'gangway calc'";
    if (planner->plan.expected.kind != POWER_RATE && !(planner->experiment->expect.sd > 0))
        return "the spread is not known: give --sd, or 'sd' in 'expect'";
    return "no number of units shows this difference from this baseline";
}

struct value plan_document(const struct experiment *experiment, const struct plan_history *history,
                           struct arena *arena)
{
    struct value document = value_object();
    struct planner planner = {
        .experiment = experiment,
        .history = history,
        .arena = arena,
        .side = plan_difference(experiment) < 0 ? SIDE_LOW : SIDE_HIGH,
        .baseline = plan_baseline(experiment),
        .per_week = (double)experiment->expect.units_per_week,
        .window_weeks = (double)experiment->goals[0]->until_ms / (double)WEEK_MS,
    };
    plan_of(experiment, &planner.plan);
    bool planned = planner.plan.planned > 0;
    add_question(&planner, &document);
    add_number(&planner, &document, "units", planned ? REASON_NONE : REASON_NOT_DETECTABLE,
               planner.plan.planned);
    value_add(arena, &document, "status",
              value_text(planned ? SLICE("ok") : SLICE("not_estimable")));
    value_add(arena, &document, "reason",
              planned ? value_null() : value_text(slice_of(unplanned_reason(&planner))));
    add_variants(&planner, &document);
    add_duration(&planner, &document);
    add_weeks(&planner, &document);
    add_guardrails(&planner, &document);
    add_segments(&planner, &document);
    return document;
}
