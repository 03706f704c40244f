/*
 * The document's member `metrics`: per metric the variants, the comparisons, the segments and the
 * looks over time (reports.md, "The document").
 *
 * An object's text and names are borrowed from the history where they come from a declaration; the
 * history outlives the tree no longer than the transaction, so they are copied.
 */

#include "document_parts.h"

#include "experiment/describe.h"

/* Which metric of which slice is being written. */
struct metric_place {
    const struct study *study;
    const struct study_group *group;
    const struct study_metric *metric;
    const struct metric_result *result;
    struct metric_levels levels;
    bool whole; /* all units */
    const struct study_slice *slice;
};

static const struct slice *variant_name(const struct metric_place *place, size_t variant)
{
    return &place->study->registered->variants[variant].name;
}

/* Why nothing is there; an empty slice where something is. */
static struct slice metric_fault(const struct metric_place *place)
{
    struct arena *arena = place->study->arena;
    if (place->metric->plan.kind == METRIC_RETENTION_CURVE)
        return SLICE("a curve has no single value: see its brackets");
    if (!place->result->computed)
        return arena_format(arena, "this version does not compute %s",
                            metric_kind_texts[place->metric->plan.kind]);
    if (!place->metric->number)
        return SLICE("its cells are not built");
    return (struct slice){0};
}

static void add_status(const struct metric_place *place, struct value *object, struct slice reason)
{
    struct arena *arena = place->study->arena;
    value_add(arena, object, "status",
              value_text(reason.size ? SLICE("not_estimable") : SLICE("ok")));
    value_add(arena, object, "reason", text_value(arena, reason));
}

/* Main units whose window is open: counted where the metric's own cells are. */
static uint64_t metric_exposed(const struct metric_place *place, size_t variant)
{
    const struct cells *cells = &place->group->cells;
    const struct count_series *main = &place->slice->main;
    return cells->days && main->days
               ? main->cumulative[(main->days - 1) * cells->variants + variant]
               : 0;
}

static uint64_t metric_mature(const struct metric_place *place, size_t variant)
{
    const struct count_series *main = &place->slice->main;
    int64_t day = (int64_t)place->result->last_mature - main->first;
    if (!main->days || day < 0)
        return 0;
    if (day >= (int64_t)main->days)
        day = (int64_t)main->days - 1;
    return main->cumulative[(size_t)day * main->variants + variant];
}

/* What the metric has of curves in this slice, by variant; NULL: nothing. */
static const struct study_curve *metric_curves(const struct metric_place *place)
{
    size_t metric = (size_t)(place->metric - place->group->metrics);
    const struct study_curve *curves = place->slice->curves;
    return curves ? &curves[metric * place->study->plan.variants] : NULL;
}

/* Members that one kind has beside the others. */
static void add_contributing(const struct metric_place *place, const struct observed *observed,
                             bool has, struct value *object)
{
    struct arena *arena = place->study->arena;
    const struct sample *sample = &observed->sample;
    if (sample->estimator == ESTIMATOR_PROPORTION)
        value_add(arena, object, "successes",
                  has ? value_integer((int64_t)sample->proportion.successes) : value_null());
    else
        value_add(arena, object, "contributing",
                  has ? value_integer((int64_t)observed->contributing) : value_null());
}

static struct value metric_variant_value(const struct metric_place *place, size_t variant)
{
    struct arena *arena = place->study->arena;
    const struct observed *observed = &place->result->observed[variant];
    struct level level = {0};
    struct slice reason = metric_fault(place);
    enum reason found = reason.size
                            ? REASON_NONE
                            : sample_level(&observed->sample, place->study->plan.alpha, &level);
    bool has = !reason.size && !found;
    if (found)
        reason = slice_of(reason_text(found));
    uint64_t mature = metric_mature(place, variant);
    uint64_t units = place->result->computed ? observed->units : mature;
    struct value object = value_object();
    value_add(arena, &object, "variant", text_value(arena, *variant_name(place, variant)));
    value_add(arena, &object, "units", value_integer((int64_t)units));
    value_add(arena, &object, "immature",
              value_integer((int64_t)(metric_exposed(place, variant) - mature)));
    add_contributing(place, observed, has, &object);
    if (place->whole)
        sums_add_variant(arena, observed, &object);
    value_add(arena, &object, "value", number_or_null(has, level.value));
    value_add(arena, &object, "interval",
              interval_or_null(arena, has && level.has_interval, &level.interval));
    value_add(arena, &object, "level", level_value(place->study->plan.alpha));
    breadth_add_variant(arena, observed, place->study->plan.alpha, &object);
    if (place->metric->plan.kind == METRIC_TIME_TO && metric_curves(place))
        add_time_variant(place->study, &metric_curves(place)[variant], &object);
    add_status(place, &object, reason);
    return object;
}

static struct value effect_value(const struct metric_place *place,
                                 const struct effect_report *effect, bool is_difference)
{
    struct arena *arena = place->study->arena;
    struct value object = value_object();
    if (!effect->estimated)
        return value_null();
    value_add(arena, &object, "estimate", value_real(effect->estimate));
    value_add(arena, &object, "se", value_real(effect->se));
    value_add(arena, &object, "level", level_value(place->levels.fixed));
    value_add(arena, &object, "interval",
              interval_or_null(arena, effect->has_interval, &effect->interval));
    value_add(arena, &object, "anytime_level", level_value(place->levels.anytime));
    value_add(arena, &object, "anytime_interval",
              interval_or_null(arena, effect->has_anytime, &effect->anytime));
    if (is_difference)
        value_add(arena, &object, "interval_adjusted",
                  interval_or_null(arena, effect->has_adjusted, &effect->adjusted));
    return object;
}

static struct value guardrail_value(const struct metric_place *place,
                                    const struct comparison *comparison)
{
    struct arena *arena = place->study->arena;
    const struct guardrail *guardrail = place->metric->guardrail;
    struct value object = value_object();
    if (!guardrail || !place->whole)
        return value_null();
    value_add(arena, &object, "worse_by", text_value(arena, guardrail->text));
    value_add(arena, &object, "margin", value_real(place->metric->plan.margin));
    value_add(arena, &object, "relative", value_boolean(guardrail->relative));
    value_add(arena, &object, "bound", number_or_null(comparison->has_bound, comparison->bound));
    value_add(arena, &object, "state",
              value_text(slice_of(guardrail_state_texts[comparison->state])));
    return object;
}

static struct slice comparison_reason(const struct metric_place *place,
                                      const struct comparison *comparison)
{
    struct slice fault = metric_fault(place);
    if (fault.size)
        return fault;
    return comparison->reason ? slice_of(reason_text(comparison->reason)) : (struct slice){0};
}

/* `ok` with the reason before_final: there is an estimate, but no fixed interval and no p yet. */
static void add_comparison_status(const struct metric_place *place,
                                  const struct comparison *comparison, struct value *object)
{
    struct slice reason = comparison_reason(place, comparison);
    struct slice status = reason.size ? SLICE("not_estimable") : SLICE("ok");
    if (!reason.size && !comparison->has_p)
        reason = SLICE("before_final");
    value_add(place->study->arena, object, "status", value_text(status));
    value_add(place->study->arena, object, "reason", text_value(place->study->arena, reason));
}

static struct value shrunken_value(const struct metric_place *place,
                                   const struct comparison *comparison)
{
    struct arena *arena = place->study->arena;
    struct value object = value_object();
    if (!comparison->has_shrunken || metric_fault(place).size)
        return value_null();
    value_add(arena, &object, "estimate", value_real(comparison->shrunken.estimate));
    value_add(arena, &object, "interval",
              interval_or_null(arena, true, &comparison->shrunken.interval));
    value_add(arena, &object, "level", level_value(place->study->plan.alpha));
    value_add(arena, &object, "label", value_text(SLICE("shrunken, approximate")));
    return object;
}

/* What the two samples alone say, of a comparison that was adjusted. */
static struct value unadjusted_value(const struct metric_place *place,
                                     const struct comparison *comparison)
{
    struct arena *arena = place->study->arena;
    const struct unadjusted_report *unadjusted = &comparison->unadjusted;
    struct value object = value_object();
    if (!comparison->adjustment.adjusted || metric_fault(place).size)
        return value_null();
    value_add(arena, &object, "difference", effect_value(place, &unadjusted->difference, false));
    value_add(arena, &object, "lift", effect_value(place, &unadjusted->lift, false));
    value_add(arena, &object, "p", p_or_null(unadjusted->has_p, unadjusted->p));
    value_add(arena, &object, "p_now", p_or_null(unadjusted->has_p_now, unadjusted->p_now));
    return object;
}

/* How it was adjusted, and by how much that made the interval narrower. */
static void add_adjustment(const struct metric_place *place, const struct comparison *comparison,
                           struct value *object)
{
    struct arena *arena = place->study->arena;
    const struct pair_adjustment *adjustment = &comparison->adjustment;
    const struct effect_report *plain = &comparison->unadjusted.difference;
    struct value how = value_object();
    bool has = adjustment->adjusted && !metric_fault(place).size;
    bool compared = has && plain->estimated && plain->se > 0;
    value_add(arena, &how, "strata", value_integer((int64_t)adjustment->strata));
    value_add(arena, &how, "merged", value_integer((int64_t)adjustment->merged));
    value_add(arena, &how, "covariates", value_integer((int64_t)adjustment->covariates));
    value_add(arena, object, "adjustment", has ? how : value_null());
    value_add(arena, object, "narrower",
              number_or_null(compared, compared ? 1 - comparison->difference.se / plain->se : 0));
    value_add(arena, object, "unadjusted", unadjusted_value(place, comparison));
}

static struct value comparison_value(const struct metric_place *place, size_t variant)
{
    struct arena *arena = place->study->arena;
    const struct comparison *comparison = &place->result->comparisons[variant];
    bool has_looks = place->whole && comparison->p_anytime < 1;
    struct value object = value_object();
    value_add(arena, &object, "variant", text_value(arena, *variant_name(place, variant)));
    add_comparison_status(place, comparison, &object);
    value_add(arena, &object, "difference", effect_value(place, &comparison->difference, true));
    value_add(arena, &object, "lift", effect_value(place, &comparison->lift, false));
    value_add(arena, &object, "p", p_or_null(comparison->has_p, comparison->p));
    value_add(arena, &object, "p_now", p_or_null(comparison->has_p_now, comparison->p_now));
    value_add(arena, &object, "p_anytime",
              p_or_null(place->whole && comparison->has_p_now, comparison->p_anytime));
    value_add(arena, &object, "p_anytime_cohort",
              has_looks ? day_value(arena, comparison->p_anytime_cohort) : value_null());
    value_add(arena, &object, "p_adjusted",
              p_or_null(comparison->has_p_adjusted, comparison->p_adjusted));
    add_chance(place->study, place->metric, place->result, variant, &object);
    value_add(arena, &object, "guardrail", guardrail_value(place, comparison));
    add_adjustment(place, comparison, &object);
    if (place->whole) {
        value_add(arena, &object, "corrected", corrected_value(place->study, comparison));
        value_add(arena, &object, "per_cost",
                  per_cost_value(place->study, place->metric, comparison, variant));
    }
    breadth_add_comparison(arena, &place->result->observed[variant],
                           &place->result->observed[place->study->plan.control],
                           place->study->plan.alpha, &object);
    if (place->metric->plan.kind == METRIC_TIME_TO)
        add_time_comparison(place->study, place->metric->metric, &object);
    if (!place->whole)
        value_add(arena, &object, "shrunken", shrunken_value(place, comparison));
    return object;
}

static struct value metric_variants_value(const struct metric_place *place)
{
    struct value list = value_list();
    for (size_t j = 0; j < place->study->plan.variants; j++)
        value_append(place->study->arena, &list, metric_variant_value(place, j));
    return list;
}

static struct value comparisons_value(const struct metric_place *place)
{
    struct value list = value_list();
    for (size_t j = 0; j < place->study->plan.variants; j++)
        if (j != place->study->plan.control)
            value_append(place->study->arena, &list, comparison_value(place, j));
    return list;
}

static struct value look_value(const struct metric_place *place, const struct look *look,
                               size_t variant)
{
    struct arena *arena = place->study->arena;
    struct value object = value_object(), difference = value_object(), lift = value_object();
    value_add(arena, &object, "variant", text_value(arena, *variant_name(place, variant)));
    if (look->estimated) {
        value_add(arena, &difference, "estimate", value_real(look->difference));
        value_add(arena, &difference, "se", value_real(look->se));
        value_add(arena, &difference, "anytime_interval",
                  interval_or_null(arena, look->has_anytime, &look->anytime));
    }
    if (look->has_lift) {
        value_add(arena, &lift, "estimate", value_real(look->lift));
        value_add(arena, &lift, "anytime_interval",
                  interval_or_null(arena, look->has_lift_anytime, &look->lift_anytime));
    }
    value_add(arena, &object, "difference", look->estimated ? difference : value_null());
    value_add(arena, &object, "lift", look->has_lift ? lift : value_null());
    value_add(arena, &object, "p_now", p_or_null(look->has_anytime, look->p_now));
    return object;
}

static struct value over_time_value(const struct metric_place *place)
{
    struct arena *arena = place->study->arena;
    const struct metric_result *result = place->result;
    struct value list = value_list();
    for (size_t day = 0; day < result->look_count; day++) {
        struct value object = value_object(), comparisons = value_list();
        int32_t cohort = place->group->cells.first + (int32_t)day;
        for (size_t j = 0; j < place->study->plan.variants; j++)
            if (j != place->study->plan.control)
                value_append(
                    arena, &comparisons,
                    look_value(place, &result->looks[day * place->study->plan.variants + j], j));
        value_add(arena, &object, "as_of",
                  time_value(arena, cohort_mature_ms(cohort, metric_look_ms(&result->metric))));
        value_add(arena, &object, "cohort", day_value(arena, cohort));
        value_add(arena, &object, "comparisons", comparisons);
        value_append(arena, &list, object);
    }
    return list;
}

static struct value difference_value(const struct study *study,
                                     const struct study_difference *difference, size_t variant)
{
    struct arena *arena = study->arena;
    const struct heterogeneity *found = &difference->found;
    struct value object = value_object();
    bool has = difference->read;
    struct slice reason = {0};
    if (!has)
        reason =
            difference->reason ? slice_of(reason_text(difference->reason)) : SLICE("before_final");
    value_add(arena, &object, "variant",
              text_value(arena, study->registered->variants[variant].name));
    value_add(arena, &object, "q", number_or_null(has, found->q.statistic));
    value_add(arena, &object, "df", has ? value_integer(found->q.df) : value_null());
    value_add(arena, &object, "p", p_or_null(has, found->q.p));
    value_add(arena, &object, "p_adjusted", p_or_null(has, difference->p_adjusted));
    value_add(arena, &object, "i2", number_or_null(has, found->i_squared));
    value_add(arena, &object, "tau2", number_or_null(has, found->tau_squared));
    value_add(arena, &object, "reason", text_value(arena, reason));
    if (has && study->plan.design == DESIGN_ALWAYS)
        value_add(arena, &object, "label", value_text(SLICE("not protected against peeking")));
    return object;
}

/* The test of one segmentation: of the variant where it is clearest; each in `comparisons`. */
static void add_heterogeneity(const struct metric_place *place, size_t segmentation,
                              struct value *object)
{
    const struct study *study = place->study;
    struct value clearest = value_null(), list = value_list();
    size_t goal = (size_t)(place->metric - place->group->metrics);
    bool is_goal = place->group == &study->main && place->metric->plan.role == ROLE_GOAL;
    double least = 2;
    for (size_t j = 0; is_goal && j < study->plan.variants; j++) {
        if (j == study->plan.control)
            continue;
        const struct study_difference *difference =
            study_difference_at(study, segmentation, goal, j);
        struct value one = difference_value(study, difference, j);
        double p = difference->read ? difference->found.q.p : 1;
        if (p < least) {
            least = p;
            clearest = one;
        }
        value_append(study->arena, &list, one);
    }
    value_add(study->arena, object, "heterogeneity", clearest);
    if (list.count > 1)
        value_add(study->arena, object, "heterogeneity_by_variant", list);
}

static struct value segment_value(const struct metric_place *whole, size_t segmentation)
{
    const struct study *study = whole->study;
    const struct experiment *experiment = whole->group->definition->experiment;
    const struct cube_slices *slices = &whole->group->cells.cube.slices;
    size_t count, first = slices_of(slices, segmentation, &count);
    size_t metric = (size_t)(whole->metric - whole->group->metrics);
    struct value object = value_object(), values = value_list();
    struct slice name = experiment->segments[segmentation].segments[0]->name;
    for (size_t i = 1; i < experiment->segments[segmentation].count; i++)
        name = arena_format(study->arena, "%.*s x %.*s", SLICE_ARGS(name),
                            SLICE_ARGS(experiment->segments[segmentation].segments[i]->name));
    for (size_t i = 0; i < count; i++) {
        const struct study_slice *slice = &whole->group->slices[first + i];
        struct metric_place place = *whole;
        struct value value = value_object();
        if (!slice->present)
            continue;
        place.result = &slice->results[metric];
        place.slice = slice;
        place.whole = false;
        place.levels = metric_levels_of(&study->plan, ROLE_EXPLORATORY);
        value_add(study->arena, &value, "value",
                  text_value(study->arena, slices->items[first + i].label));
        value_add(study->arena, &value, "variants", metric_variants_value(&place));
        value_add(study->arena, &value, "comparisons", comparisons_value(&place));
        value_append(study->arena, &values, value);
    }
    value_add(study->arena, &object, "segment", text_value(study->arena, name));
    add_heterogeneity(whole, segmentation, &object);
    value_add(study->arena, &object, "values", values);
    return object;
}

static struct value segments_value(const struct metric_place *place)
{
    struct value list = value_list();
    size_t count =
        place->group->definition ? place->group->definition->experiment->segment_count : 0;
    for (size_t i = 0; i < count && place->result->computed; i++)
        value_append(place->study->arena, &list, segment_value(place, i));
    return list;
}

/* What a unit's number is, as metric_describe says it. */
static struct value metric_words(struct arena *arena, const struct metric *metric)
{
    struct buffer words = {0};
    metric_describe(&words, metric);
    struct value value = text_value(arena, buffer_slice(&words));
    arena->failed = arena->failed || words.failed;
    buffer_done(&words);
    return value;
}

static struct value metric_value(const struct metric_place *place)
{
    struct arena *arena = place->study->arena;
    const struct metric *metric = place->metric->metric;
    struct value object = value_object();
    value_add(arena, &object, "metric", text_value(arena, metric->name));
    value_add(arena, &object, "name", text_value(arena, metric->title));
    value_add(arena, &object, "role",
              value_text(slice_of(metric_role_texts[place->metric->plan.role])));
    value_add(arena, &object, "kind", value_text(slice_of(metric_kind_texts[metric->kind])));
    value_add(arena, &object, "better",
              value_text(metric->lower_is_better ? SLICE("lower") : SLICE("higher")));
    value_add(arena, &object, "adjusted_for",
              adjusted_for_value(arena, place->group, place->metric));
    value_add(arena, &object, "definition", digest_value(arena, &place->metric->digest));
    value_add(arena, &object, "in_words", metric_words(arena, metric));
    value_add(arena, &object, "description", text_value(arena, metric->description));
    value_add(arena, &object, "final", value_boolean(place->result->final));
    value_add(arena, &object, "cohort",
              place->result->run ? day_value(arena, place->result->analysed) : value_null());
    value_add(arena, &object, "variants", metric_variants_value(place));
    value_add(arena, &object, "comparisons", comparisons_value(place));
    value_add(arena, &object, "segments", segments_value(place));
    value_add(arena, &object, "over_time", over_time_value(place));
    value_add(arena, &object, "sensitivity",
              sensitivity_value(place->study, place->group, place->metric, place->result));
    value_add(arena, &object, "drift",
              drift_value(place->study, place->group, place->metric, place->result));
    value_add(arena, &object, "response", response_value(place->study, place->result));
    value_add(arena, &object, "curve",
              curve_value(place->study, place->metric, metric_curves(place)));
    return object;
}

static void add_group(const struct study *study, const struct study_group *group,
                      struct value *list)
{
    for (size_t i = 0; i < group->metric_count; i++) {
        struct metric_place place = {
            .study = study,
            .group = group,
            .metric = &group->metrics[i],
            .result = &group->slices[0].results[i],
            .levels = metric_levels_of(&study->plan, group->metrics[i].plan.role),
            .whole = true,
            .slice = &group->slices[0],
        };
        value_append(study->arena, list, metric_value(&place));
    }
}

struct value metrics_value(const struct study *study)
{
    struct value list = value_list();
    add_group(study, &study->main, &list);
    if (study->exploratory.metric_count)
        add_group(study, &study->exploratory, &list);
    return list;
}
