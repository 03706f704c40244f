/*
 * `explain`: the cells of two ranges taken apart, and the document of them.
 *
 * explain_everyone.c and explain_experiment.c fill the cells; explain_sentence.c says what they
 * mean.
 */

#include "analysis/explain.h"

#include "document_parts.h"
#include "explain_parts.h"

#include "stats/normal.h"

#define ALPHA .05

static enum status no_memory(struct error *error)
{
    return FAIL(error, STATUS_NO_MEMORY, "explain", 0, "no memory");
}

/* ---- what is asked ---- */

static enum status day_parse(struct slice text, int32_t *day, struct error *error)
{
    int64_t time_ms = 0;
    enum status status = time_parse(text, &time_ms, error);
    if (!status)
        *day = day_of(time_ms);
    return status;
}

enum status day_range_parse(struct slice text, int32_t days, struct day_range *range,
                            struct error *error)
{
    struct slice first = text, last = {0};
    struct day_range made = {0};
    for (size_t i = 0; i + 1 < text.size; i++)
        if (text.data[i] == '.' && text.data[i + 1] == '.') {
            first.size = i;
            last = slice_from(text, i + 2);
            break;
        }
    bool is_pair = last.data != NULL;
    enum status status = day_parse(first, &made.first, error);
    made.last = made.first + days - 1;
    if (!status && is_pair)
        status = day_parse(last, &made.last, error);
    if (!status)
        *range = made;
    return status;
}

static enum status ranges_check(const struct explain_options *options, struct error *error)
{
    if (options->from.first > options->from.last || options->to.first > options->to.last)
        return FAIL(error, STATUS_INVALID, "range", 0, "a range ends before it begins");
    if (options->from.first <= options->to.last && options->to.first <= options->from.last)
        return FAIL(error, STATUS_INVALID, "range", 0,
                    "the two ranges share days: the same users would be compared with themselves");
    return STATUS_OK;
}

enum status explain_kind_check(const struct explain *explain, struct error *error)
{
    if (explain->metric->kind == METRIC_RETENTION_CURVE)
        return FAIL(error, STATUS_INVALID, "metric", 0,
                    "'%.*s' is of kind retention_curve, which is a number a bracket: declare the "
                    "bracket in question as a retention",
                    SLICE_ARGS(explain->metric->name));
    return STATUS_OK;
}

enum status explain_room(struct explain *explain, size_t cells, size_t groups, struct error *error)
{
    explain->cells = ARENA_ARRAY(explain->arena, cells + 1, struct explain_cell);
    explain->groups = ARENA_ARRAY(explain->arena, groups + 1, struct explain_group);
    explain->cell_count = cells;
    return explain->cells && explain->groups ? STATUS_OK : no_memory(error);
}

struct slice explain_divisor(const struct metric *metric)
{
    static const char *const texts[METRIC_KIND_COUNT] = {
        [METRIC_MEAN] = "events",
        [METRIC_NPS] = "answers",
        [METRIC_BREADTH] = "accounts with members",
    };
    if (metric->kind == METRIC_RATIO)
        return metric->denominator->title;
    return texts[metric->kind] ? slice_of(texts[metric->kind]) : (struct slice){0};
}

/* ---- taken apart ---- */

static enum status split_make(const struct explain *explain, const struct explain_group *group,
                              struct explain_split *split, struct error *error)
{
    struct arena *arena = explain->arena;
    *split = (struct explain_split){
        .group = group,
        .values = ARENA_ARRAY(arena, group->count + 1, struct mix_ratio_value),
        .parts = ARENA_ARRAY(arena, group->count + 1, struct ratio_decomposition)};
    if (!split->values || !split->parts)
        return no_memory(error);
    for (size_t i = 0; i < group->count; i++) {
        const struct explain_cell *cell = &explain->cells[group->first + i];
        split->values[i] = (struct mix_ratio_value){.before = mix_ratio_of(&cell->moments[BEFORE]),
                                                    .after = mix_ratio_of(&cell->moments[AFTER])};
    }
    split->reason =
        decomposition_of_ratio(split->values, group->count, &split->total, split->parts);
    return STATUS_OK;
}

/* ---- the document ---- */

static struct value part_value(struct arena *arena, bool has, const struct mix_part *part)
{
    struct value made = value_object();
    double half = normal_z_two_sided(ALPHA) * part->se;
    struct interval interval = {.low = part->value - half, .high = part->value + half};
    if (!has)
        return value_null();
    value_add(arena, &made, "value", value_real(part->value));
    value_add(arena, &made, "se", value_real(part->se));
    value_add(arena, &made, "interval", interval_or_null(arena, true, &interval));
    return made;
}

/* The three parts; `weight` is null where every unit counts for one. */
static void add_parts(const struct explain *explain, struct value *object, bool has,
                      const struct ratio_decomposition *parts)
{
    struct arena *arena = explain->arena;
    bool has_weight = has && explain_divisor(explain->metric).size > 0;
    value_add(arena, object, "within", part_value(arena, has, &parts->within));
    value_add(arena, object, "weight", part_value(arena, has_weight, &parts->weight));
    value_add(arena, object, "mix", part_value(arena, has, &parts->mix));
}

static struct value period_value(const struct explain *explain, const struct mix_ratio *rate,
                                 double all)
{
    struct arena *arena = explain->arena;
    struct value made = value_object();
    bool has_rate = rate->units > 0 && rate->weight != 0;
    bool has_weight = rate->units > 0 && explain_divisor(explain->metric).size > 0;
    value_add(arena, &made, "units", value_integer((int64_t)rate->units));
    value_add(arena, &made, "share", number_or_null(all > 0, all > 0 ? rate->units / all : 0));
    value_add(arena, &made, "weight", number_or_null(has_weight, rate->weight));
    value_add(arena, &made, "rate", number_or_null(has_rate, rate->rate));
    return made;
}

static struct value split_value(const struct explain *explain, const struct explain_split *split,
                                const struct mix_ratio_value *all)
{
    struct arena *arena = explain->arena;
    struct value made = value_object(), values = value_list();
    for (size_t i = 0; i < split->group->count; i++) {
        const struct mix_ratio_value *value = &split->values[i];
        struct value row = value_object();
        if (value->before.units + value->after.units < 1)
            continue;
        value_add(arena, &row, "value",
                  text_value(arena, explain->cells[split->group->first + i].label));
        value_add(arena, &row, "from", period_value(explain, &value->before, all->before.units));
        value_add(arena, &row, "to", period_value(explain, &value->after, all->after.units));
        add_parts(explain, &row, !split->reason, &split->parts[i]);
        value_append(arena, &values, row);
    }
    value_add(arena, &made, "segment", text_value(arena, split->group->name));
    add_parts(explain, &made, !split->reason, &split->total);
    value_add(arena, &made, "reason",
              split->reason ? value_text(slice_of(reason_text(split->reason))) : value_null());
    value_add(arena, &made, "values", values);
    return made;
}

static void add_range(const struct explain *explain, struct value *document, const char *name,
                      const struct day_range *range, const struct mix_ratio *rate)
{
    struct arena *arena = explain->arena;
    struct value made = period_value(explain, rate, rate->units);
    value_add(arena, &made, "first", day_value(arena, range->first));
    value_add(arena, &made, "last", day_value(arena, range->last));
    value_add(arena, document, name, made);
}

static void add_question(const struct explain *explain, struct value *made)
{
    const struct metric *metric = explain->metric;
    const struct explain_options *options = explain->options;
    struct arena *arena = explain->arena;
    value_add(arena, made, "metric", text_value(arena, metric->name));
    value_add(arena, made, "name", text_value(arena, metric->title));
    value_add(arena, made, "kind", value_text(slice_of(metric_kind_texts[metric->kind])));
    value_add(arena, made, "divided_by", text_value(arena, explain_divisor(metric)));
    value_add(arena, made, "experiment", text_value(arena, options->experiment));
    value_add(arena, made, "variant", text_value(arena, options->variant));
    value_add(arena, made, "population",
              explain->experiment
                  ? value_text(SLICE("units of the experiment, by day of first exposure"))
                  : value_text(SLICE("everyone, by day of first message")));
    value_add(arena, made, "unit",
              value_text(slice_of(
                  unit_words[explain->experiment ? explain->experiment->unit : UNIT_USER])));
    value_add(
        arena, made, "meaning",
        value_text(SLICE("A count of who came and of what they did, not a cause: what changed "
                         "may itself have changed who came.")));
    value_add(arena, made, "as_of", time_value(arena, explain->as_of_ms));
    value_add(arena, made, "confidence", value_real(1 - ALPHA));
}

static enum status explain_value(const struct explain *explain, struct value *document,
                                 struct error *error)
{
    const struct explain_group whole = {.count = 1};
    struct arena *arena = explain->arena;
    struct value made = value_object(), segments = value_list();
    struct explain_split all;
    struct explain_split *splits =
        ARENA_ARRAY(arena, explain->group_count + 1, struct explain_split);
    enum status status = splits ? split_make(explain, &whole, &all, error) : no_memory(error);
    for (size_t i = 0; !status && i < explain->group_count; i++) {
        status = split_make(explain, &explain->groups[i], &splits[i], error);
        if (!status && !all.reason)
            value_append(arena, &segments, split_value(explain, &splits[i], &all.values[0]));
    }
    if (status)
        return status;
    add_question(explain, &made);
    add_range(explain, &made, "from", &explain->options->from, &all.values[0].before);
    add_range(explain, &made, "to", &explain->options->to, &all.values[0].after);
    value_add(arena, &made, "units_too_new", value_integer((int64_t)explain->too_new));
    value_add(arena, &made, "records_dropped",
              value_integer((int64_t)journal_dropped(explain->options->journal)));
    value_add(arena, &made, "change", part_value(arena, !all.reason, &all.total.total));
    value_add(arena, &made, "sentence",
              all.reason
                  ? value_text(SLICE("One of the two ranges has nobody who was followed long "
                                     "enough, or nothing to divide by: there is nothing to "
                                     "compare."))
                  : explain_sentence(explain, all.values, &all.total.total, splits));
    value_add(arena, &made, "segments", segments);
    *document = made;
    return STATUS_OK;
}

enum status explain_build(struct view *view, const struct explain_options *options,
                          struct arena *arena, struct value *document, struct error *error)
{
    struct explain explain = {.options = options, .arena = arena};
    struct value made;
    enum status status = ranges_check(options, error);
    if (!status)
        status = slice_is_empty(options->experiment) ? explain_everyone(view, &explain, error)
                                                     : explain_experiment(view, &explain, error);
    if (!status)
        status = explain_value(&explain, &made, error);
    if (!status && arena->failed)
        status = no_memory(error);
    if (!status)
        *document = made;
    view_end(explain.transaction);
    catalogue_release(explain.catalogue);
    return status;
}
