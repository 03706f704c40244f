/*
 * The document's member `health`: can these figures be trusted (reports.md, part 2).  Counts are
 * units, each once.
 */

#include "document_parts.h"

#include "analysis/missing_names.h"

#include <math.h>
#include <stdlib.h>

/* exp beyond the doubles is null: the log stands beside it. */
static struct value factor_value(double log_factor)
{
    return number_or_null(log_factor < 700, exp(log_factor));
}

static void add_factors(struct arena *arena, struct value *object, double now, double max)
{
    value_add(arena, object, "bayes_factor", factor_value(now));
    value_add(arena, object, "bayes_factor_max", factor_value(max));
    value_add(arena, object, "log_bayes_factor_max", value_real(max));
}

static struct value ratio_segment_value(const struct study *study, size_t segmentation)
{
    struct arena *arena = study->arena;
    const struct study_group *group = &study->main;
    const struct ratio_segment *report = &study->ratio_segments[segmentation];
    size_t count, first = slices_of(&group->cells.cube.slices, segmentation, &count);
    struct value object = value_object(), named = value_list();
    for (size_t i = 0; i < count; i++)
        if (report->named[i])
            value_append(arena, &named,
                         text_value(arena, group->cells.cube.slices.items[first + i].label));
    value_add(
        arena, &object, "segment",
        text_value(arena, group->definition->experiment->segments[segmentation].segments[0]->name));
    add_factors(arena, &object, report->log_factor, report->log_factor_max);
    value_add(arena, &object, "warning", value_boolean(report->warns));
    value_add(arena, &object, "since",
              report->has_since ? day_value(arena, report->since) : value_null());
    value_add(arena, &object, "values", named);
    return object;
}

static struct value ratio_segments_value(const struct study *study)
{
    struct value list = value_list();
    const struct definition *definition = study->main.definition;
    size_t count = definition ? definition->experiment->segment_count : 0;
    for (size_t i = 0; i < count; i++)
        if (definition->experiment->segments[i].count == 1 && study->ratio_segments[i].named)
            value_append(study->arena, &list, ratio_segment_value(study, i));
    return list;
}

static struct value sample_ratio_value(const struct study *study)
{
    struct arena *arena = study->arena;
    const struct ratio_report *ratio = &study->ratio;
    struct value object = value_object(), expected = value_list();
    for (size_t j = 0; j < study->plan.variants; j++)
        value_append(arena, &expected, value_real(study->plan.weights[j]));
    value_add(arena, &object, "chi_square", number_or_null(ratio->tested, ratio->now.statistic));
    value_add(arena, &object, "p", p_or_null(ratio->tested, ratio->now.p));
    add_factors(arena, &object, ratio->log_factor, ratio->log_factor_max);
    value_add(arena, &object, "alarm", value_boolean(ratio->state == SAMPLE_RATIO_ALARM));
    value_add(arena, &object, "warning", value_boolean(ratio->state == SAMPLE_RATIO_WARNING));
    value_add(arena, &object, "gap", number_or_null(ratio->tested, ratio->gap));
    value_add(arena, &object, "since",
              ratio->has_since ? day_value(arena, ratio->since) : value_null());
    value_add(arena, &object, "break",
              ratio->has_break ? day_value(arena, ratio->break_day) : value_null());
    value_add(arena, &object, "expected", expected);
    value_add(arena, &object, "segments", ratio_segments_value(study));
    return object;
}

/* A variant may bear the name of a member: the member wins. */
static struct value crossed_value(const struct study *study)
{
    struct arena *arena = study->arena;
    struct value object = value_object();
    for (size_t j = 0; j < study->plan.variants; j++) {
        struct slice name = study->registered->variants[j].name;
        if (!slice_equals(name, "alarm"))
            value_add_named(arena, &object, arena_copy(arena, name),
                            value_integer((int64_t)study->crossed[j]));
    }
    value_add(arena, &object, "alarm", value_boolean(study->crossing.alarm));
    return object;
}

static struct value crossed_test_value(const struct study *study)
{
    struct value object = value_object();
    value_add(study->arena, &object, "share", value_real(study->crossing.share));
    value_add(study->arena, &object, "p", p_or_null(study->crossing.tested, study->crossing.p));
    return object;
}

static struct value outside_value(const struct study *study)
{
    struct value object = value_object();
    for (size_t i = 0; i < OUTSIDE_COUNT; i++)
        if (i != OUTSIDE_SKEWED && i != OUTSIDE_CARRIED_OVER)
            value_add(study->arena, &object, outside_texts[i],
                      value_integer((int64_t)study->quality.outside[i]));
    return object;
}

/* Units per segment whose trait was not known at their first exposure. */
static struct value unknown_traits_value(const struct study *study)
{
    struct arena *arena = study->arena;
    const struct study_group *group = &study->main;
    struct value object = value_object();
    size_t segments = group->definition ? group->definition->experiment->segment_count : 0;
    for (size_t i = 0; i < segments; i++) {
        const struct segmentation *segmentation = &group->definition->experiment->segments[i];
        size_t count, first = slices_of(&group->cells.cube.slices, i, &count);
        uint64_t units = 0;
        if (segmentation->count != 1 || !count)
            continue;
        const struct count_series *met = &group->slices[first + count - 1].met;
        for (size_t j = 0; met->days && j < met->variants; j++)
            units += met->cumulative[(met->days - 1) * met->variants + j];
        value_add_named(arena, &object, arena_copy(arena, segmentation->segments[0]->name),
                        value_integer((int64_t)units));
    }
    return object;
}

/* Analysed units by what their first exposure was called. */
static struct value sources_value(const struct study *study)
{
    struct value object = value_object();
    for (size_t i = 0; i < EXPOSURE_SOURCE_COUNT; i++)
        value_add(study->arena, &object, exposure_source_texts[i],
                  value_integer((int64_t)study->quality.sources[i]));
    return object;
}

/* Whole days without a first exposure between the first one and now, or the end. */
static struct value gaps_value(const struct study *study)
{
    struct value list = value_list();
    const struct exposures *totals = &study->totals;
    int32_t last = cohort_mature(study->as_of_ms, 0);
    if (last > study->progress.last_cohort)
        last = study->progress.last_cohort;
    if (!totals->days)
        return list;
    for (int32_t day = totals->first + 1; day <= last; day++) {
        size_t at = (size_t)(day - totals->first);
        if (at >= totals->days || totals->total[at] == totals->total[at - 1])
            value_append(study->arena, &list, day_value(study->arena, day));
    }
    return list;
}

static int missing_order(const void *a, const void *b)
{
    const struct missing_name *one = a, *other = b;
    return slice_compare(one->name, other->name);
}

/* Sorted, a name once, whether as an event or a trait. */
struct value never_received_value(const struct study *study)
{
    struct missing_names missing = {.seen = study->names, .seen_count = study->name_count};
    struct value list = value_list();
    if (!study->names_known)
        return value_null();
    missing_names_experiment(&missing, study->experiment);
    qsort(missing.items, missing.count, sizeof missing.items[0], missing_order);
    for (size_t i = 0; i < missing.count; i++)
        if (!i || !slice_equal(missing.items[i].name, missing.items[i - 1].name))
            value_append(study->arena, &list, text_value(study->arena, missing.items[i].name));
    return list;
}

static bool segments_warn(const struct study *study)
{
    const struct definition *definition = study->main.definition;
    size_t count = definition ? definition->experiment->segment_count : 0;
    for (size_t i = 0; i < count; i++)
        if (study->ratio_segments[i].warns)
            return true;
    return false;
}

/* Of accounts with two exposed users or more; null: there is none. */
static struct value mixed_accounts_value(const struct study *study)
{
    struct arena *arena = study->arena;
    const struct study_quality *quality = &study->quality;
    struct value object = value_object();
    if (!quality->accounts)
        return value_null();
    value_add(arena, &object, "accounts", value_integer((int64_t)quality->accounts));
    value_add(arena, &object, "mixed", value_integer((int64_t)quality->mixed_accounts));
    value_add(arena, &object, "share",
              value_real((double)quality->mixed_accounts / (double)quality->accounts));
    return object;
}

const char *health_state(const struct study *study)
{
    const struct study_quality *quality = &study->quality;
    uint64_t exposed = 0;
    for (size_t j = 0; j < study->plan.variants; j++)
        exposed += study->exposed[j];
    if (study->damage || study->ratio.state == SAMPLE_RATIO_ALARM || study->crossing.alarm ||
        (double)quality->mismatched > MISMATCH_SHARE * (double)exposed)
        return "alarm";
    if (study->ratio.state == SAMPLE_RATIO_WARNING || segments_warn(study) || quality->mismatched ||
        quality->hot || quality->clamped || gaps_value(study).count ||
        (exposed && never_received_value(study).count))
        return "warn";
    return "ok";
}

struct value health_value(struct view_transaction *transaction, const struct study *study)
{
    struct arena *arena = study->arena;
    const struct study_quality *quality = &study->quality;
    struct value object = value_object();
    value_add(arena, &object, "state", value_text(slice_of(health_state(study))));
    value_add(arena, &object, "damage",
              study->damage ? text_value(arena, slice_of(study->damage)) : value_null());
    value_add(arena, &object, "sample_ratio", sample_ratio_value(study));
    value_add(arena, &object, "crossed", crossed_value(study));
    value_add(arena, &object, "crossed_test", crossed_test_value(study));
    value_add(arena, &object, "outside", outside_value(study));
    value_add(arena, &object, "mismatch", value_integer((int64_t)quality->mismatched));
    value_add(arena, &object, "skewed",
              value_integer((int64_t)(quality->skewed + quality->outside[OUTSIDE_SKEWED])));
    value_add(arena, &object, "carried_over",
              value_integer((int64_t)quality->outside[OUTSIDE_CARRIED_OVER]));
    value_add(arena, &object, "erased", value_integer((int64_t)quality->erased));
    value_add(arena, &object, "hot", value_integer((int64_t)quality->hot));
    value_add(arena, &object, "clamped", value_integer((int64_t)quality->clamped));
    value_add(arena, &object, "unknown_traits", unknown_traits_value(study));
    value_add(arena, &object, "unread", value_integer((int64_t)quality->unread));
    value_add(arena, &object, "before_exposure", value_integer((int64_t)quality->early));
    value_add(arena, &object, "exposure_sources", sources_value(study));
    value_add(arena, &object, "never_received", never_received_value(study));
    value_add(arena, &object, "gaps", gaps_value(study));
    value_add(arena, &object, "mixed_accounts", mixed_accounts_value(study));
    value_add(arena, &object, "windows_past", windows_past_value(transaction, study));
    if (study->lacks_before_ms != TIME_NONE) /* only where messages were dropped (--retention) */
        value_add(arena, &object, "lacks_before", time_value(arena, study->lacks_before_ms));
    return object;
}
