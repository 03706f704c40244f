/*
 * `explain`: everyone of two ranges of cohort days by segment value, as exact sums; the shares and
 * what they mean in a sentence.  On demand from the journal, as core_actions.c is.
 */

#include "analysis/explain.h"

#include "document_parts.h"

#include "analysis/measure.h"
#include "analysis/population.h"
#include "base/number.h"
#include "stats/decomposition.h"
#include "stats/normal.h"

#include <math.h>

#define ALPHA .05

enum period { BEFORE, AFTER, PERIOD_COUNT };

struct explain_sums {
    uint64_t users;
    int128 total, squares;
};

struct explain {
    const struct explain_options *options;
    struct arena *arena;
    struct catalogue *catalogue;
    const struct metric *metric;
    int64_t as_of_ms;
    struct population_slices slices;
    struct explain_sums (*sums)[PERIOD_COUNT]; /* a slice each */
    uint64_t immature;
    struct value *segments; /* of the document, under way */
};

/* What one segment says. */
struct split {
    struct slice name;
    struct decomposition total;
    const struct mix_value *values;
    const struct decomposition *parts;
    const struct cube_slice *labels;
    size_t count;
};

/* The value whose own change stands out most, of all segments, and the segment that moved most by
 * who came. */
struct finding {
    struct slice mix_segment, segment, value;
    double mix, within, part, excess;
    bool has_mix, has_value;
};

static enum status no_memory(struct error *error)
{
    return FAIL(error, STATUS_NO_MEMORY, "explain", 0, "no memory");
}

static enum status explain_check(struct explain *explain, struct error *error)
{
    const struct explain_options *options = explain->options;
    explain->metric = catalogue_metric(explain->catalogue, options->metric);
    if (!explain->metric)
        return FAIL(error, STATUS_NOT_FOUND, "metric", 0, "no metric '%.*s' is declared",
                    SLICE_ARGS(options->metric));
    if (!population_can_read(explain->metric))
        return FAIL(error, STATUS_INVALID, "metric", 0,
                    "'%.*s' is of kind %s; explain splits conversion, retention, count and sum",
                    SLICE_ARGS(options->metric), metric_kind_texts[explain->metric->kind]);
    if (options->from.first > options->from.last || options->to.first > options->to.last)
        return FAIL(error, STATUS_INVALID, "range", 0, "a range ends before it begins");
    if (options->from.first <= options->to.last && options->to.first <= options->from.last)
        return FAIL(error, STATUS_INVALID, "range", 0,
                    "the two ranges share days: the same users would be compared with themselves");
    return STATUS_OK;
}

static enum status explain_open(struct view *view, struct explain *explain, struct error *error)
{
    const struct explain_options *options = explain->options;
    const struct document_options moment = {.as_of_ms = options->as_of_ms,
                                            .now_ms = options->now_ms};
    enum status status = population_open(view, options->journal, &moment, &explain->catalogue,
                                         &explain->as_of_ms, "metric", error);
    return status ? status : explain_check(explain, error);
}

/* ---- sums ---- */

static bool is_within(const struct day_range *range, int32_t day)
{
    return day >= range->first && day <= range->last;
}

static void unit_add(void *context, const struct population_unit *unit)
{
    struct explain *explain = context;
    bool before = is_within(&explain->options->from, unit->cohort);
    if (!before && !is_within(&explain->options->to, unit->cohort))
        return;
    if (!unit->is_mature) {
        explain->immature++;
        return;
    }
    for (size_t i = 0; i < unit->slice_count; i++) {
        struct explain_sums *sums = &explain->sums[unit->slices[i]][before ? BEFORE : AFTER];
        sums->users++;
        sums->total += unit->value;
        sums->squares += (int128)unit->value * unit->value;
    }
}

static enum status explain_read(struct explain *explain, struct error *error)
{
    const struct population_options options = {.journal = explain->options->journal,
                                               .catalogue = explain->catalogue,
                                               .metric = explain->metric,
                                               .segments_ms = DAY_MS - 1,
                                               .segment = explain->options->segment,
                                               .as_of_ms = explain->as_of_ms,
                                               .visit = unit_add,
                                               .context = explain};
    enum status status = population_slices_of(&options, &explain->slices, error);
    if (status)
        return status;
    explain->sums =
        arena_array(explain->arena, explain->slices.slices.count, sizeof *explain->sums);
    return explain->sums ? population_read(&options, error) : no_memory(error);
}

/* p (1 - p) / n for a share, and so for the others: the divisor is n. */
static struct mix_rate rate_of(const struct explain *explain, const struct explain_sums *sums)
{
    double scale = explain->metric->kind == METRIC_SUM ? MICRO : 1;
    if (!sums->users)
        return (struct mix_rate){0};
    double units = (double)sums->users;
    double mean = (double)sums->total / units / scale;
    double square = (double)sums->squares / units / scale / scale;
    return (struct mix_rate){
        .units = units, .rate = mean, .variance = fmax(0, square - mean * mean) / units};
}

static struct mix_value mix_of(const struct explain *explain, size_t slice)
{
    return (struct mix_value){.before = rate_of(explain, &explain->sums[slice][BEFORE]),
                              .after = rate_of(explain, &explain->sums[slice][AFTER])};
}

/* ---- the document ---- */

static struct value part_value(struct arena *arena, struct mix_part part)
{
    struct value made = value_object();
    struct interval interval;
    double z = normal_z_two_sided(ALPHA);
    interval = (struct interval){.low = part.value - z * part.se, .high = part.value + z * part.se};
    value_add(arena, &made, "value", value_real(part.value));
    value_add(arena, &made, "se", value_real(part.se));
    value_add(arena, &made, "interval", interval_or_null(arena, true, &interval));
    return made;
}

static void add_period(struct arena *arena, struct value *object, const char *name,
                       const struct mix_rate *rate, double all)
{
    struct value made = value_object();
    value_add(arena, &made, "users", value_integer((int64_t)rate->units));
    value_add(arena, &made, "share", value_real(rate->units / all));
    value_add(arena, &made, "rate", number_or_null(rate->units > 0, rate->rate));
    value_add(arena, object, name, made);
}

static struct value split_value(struct arena *arena, const struct split *split,
                                const struct mix_value *all)
{
    struct value made = value_object(), values = value_list();
    for (size_t i = 0; i < split->count; i++) {
        const struct mix_value *value = &split->values[i];
        struct value row = value_object();
        if (value->before.units + value->after.units < 1)
            continue;
        value_add(arena, &row, "value", text_value(arena, split->labels[i].label));
        add_period(arena, &row, "from", &value->before, all->before.units);
        add_period(arena, &row, "to", &value->after, all->after.units);
        value_add(arena, &row, "within", part_value(arena, split->parts[i].within));
        value_add(arena, &row, "mix", part_value(arena, split->parts[i].mix));
        value_append(arena, &values, row);
    }
    value_add(arena, &made, "segment", text_value(arena, split->name));
    value_add(arena, &made, "within", part_value(arena, split->total.within));
    value_add(arena, &made, "mix", part_value(arena, split->total.mix));
    value_add(arena, &made, "values", values);
    return made;
}

/* What a value's own change exceeds its part of a change that were the same for all. */
static void split_find(struct finding *finding, const struct split *split,
                       const struct mix_value *all)
{
    double sign = split->total.total.value < 0 ? -1 : 1;
    if (!finding->has_mix || sign * split->total.mix.value > sign * finding->mix) {
        finding->has_mix = true;
        finding->mix = split->total.mix.value;
        finding->mix_segment = split->name;
    }
    for (size_t i = 0; i < split->count; i++) {
        const struct mix_value *value = &split->values[i];
        double share =
            (value->before.units / all->before.units + value->after.units / all->after.units) / 2;
        double excess = sign * (split->parts[i].within.value - share * split->total.within.value);
        if (finding->has_value && excess <= finding->excess)
            continue;
        finding->has_value = true;
        finding->excess = excess;
        finding->segment = split->name;
        finding->value = split->labels[i].label;
        finding->part = split->parts[i].within.value;
        finding->within = split->total.within.value;
    }
}

static enum status segment_add(struct explain *explain, size_t first, size_t count,
                               const struct mix_value *all, struct finding *finding,
                               struct error *error)
{
    struct arena *arena = explain->arena;
    struct mix_value *values = ARENA_ARRAY(arena, count, struct mix_value);
    struct decomposition *parts = ARENA_ARRAY(arena, count, struct decomposition);
    const struct cube_slice *labels = &explain->slices.slices.items[first];
    if (!values || !parts)
        return no_memory(error);
    for (size_t i = 0; i < count; i++)
        values[i] = mix_of(explain, first + i);
    struct split split = {.name = explain->slices.segments[labels->segmentation]->name,
                          .values = values,
                          .parts = parts,
                          .labels = labels,
                          .count = count};
    if (decomposition_of(values, count, &split.total, parts))
        return FAIL(error, STATUS_STORAGE, "explain", 0, "the sums are none that users can have");
    split_find(finding, &split, all);
    value_append(arena, explain->segments, split_value(arena, &split, all));
    return STATUS_OK;
}

static enum status segments_add(struct explain *explain, const struct mix_value *all,
                                struct finding *finding, struct error *error)
{
    const struct cube_slices *slices = &explain->slices.slices;
    enum status status = STATUS_OK;
    for (size_t first = 1, next; !status && first < slices->count; first = next) {
        next = first + 1;
        while (next < slices->count &&
               slices->items[next].segmentation == slices->items[first].segmentation)
            next++;
        status = segment_add(explain, first, next - first, all, finding, error);
    }
    return status;
}

/* ---- the sentence ---- */

static void write_cause(struct buffer *out, const struct explain *explain, double change,
                        const struct finding *finding)
{
    enum metric_kind kind = explain->metric->kind;
    double sign = change < 0 ? -1 : 1;
    if (!finding->has_mix) {
        buffer_add(out, SLICE(" No segment is declared to split it by."));
    } else if (sign * finding->mix >= sign * change / 2) {
        buffer_format(out, " Mostly other users came: by %.*s, who came makes ",
                      SLICE_ARGS(finding->mix_segment));
        measure_difference(out, kind, finding->mix);
        buffer_add(out, SLICE(" of it."));
    } else {
        buffer_add(out, SLICE(" Mostly the same kinds of users behaved otherwise, "));
        buffer_format(out, "%.*s: %.*s most of all, ", SLICE_ARGS(finding->segment),
                      SLICE_ARGS(finding->value));
        measure_difference(out, kind, finding->part);
        buffer_add(out, SLICE(" of the "));
        measure_difference(out, kind, finding->within);
        buffer_add(out, SLICE(" within."));
    }
}

static struct value sentence_value(const struct explain *explain, const struct mix_value *all,
                                   struct mix_part change, const struct finding *finding)
{
    struct buffer out = {0};
    enum metric_kind kind = explain->metric->kind;
    double half = normal_z_two_sided(ALPHA) * change.se;
    struct interval interval = {.low = change.value - half, .high = change.value + half};
    buffer_format(&out, "%.*s went from ", SLICE_ARGS(explain->metric->title));
    measure_value(&out, kind, all->before.rate);
    buffer_add(&out, SLICE(" to "));
    measure_value(&out, kind, all->after.rate);
    buffer_add(&out, SLICE(", "));
    measure_difference(&out, kind, change.value);
    buffer_add(&out, SLICE(" ("));
    measure_interval(&out, kind, &interval);
    buffer_add(&out, SLICE(")."));
    if (interval.low <= 0 && interval.high >= 0)
        buffer_add(&out, SLICE(" It is not clear that it changed at all."));
    else
        write_cause(&out, explain, change.value, finding);
    struct value made = text_value(explain->arena, buffer_slice(&out));
    explain->arena->failed |= out.failed;
    buffer_done(&out);
    return made;
}

static void add_range(struct arena *arena, struct value *document, const char *name,
                      const struct day_range *range, const struct mix_rate *rate)
{
    struct value made = value_object();
    value_add(arena, &made, "first", day_value(arena, range->first));
    value_add(arena, &made, "last", day_value(arena, range->last));
    value_add(arena, &made, "users", value_integer((int64_t)rate->units));
    value_add(arena, &made, "rate", number_or_null(rate->units > 0, rate->rate));
    value_add(arena, document, name, made);
}

static enum status explain_value(struct explain *explain, struct value *document,
                                 struct error *error)
{
    struct arena *arena = explain->arena;
    struct value made = value_object(), segments = value_list();
    struct mix_value all = mix_of(explain, 0);
    struct decomposition total = {0};
    struct finding finding = {0};
    bool has = !decomposition_of(&all, 1, &total, NULL);
    enum status status = STATUS_OK;
    explain->segments = &segments;
    if (has)
        status = segments_add(explain, &all, &finding, error);
    value_add(arena, &made, "metric", text_value(arena, explain->metric->name));
    value_add(arena, &made, "name", text_value(arena, explain->metric->title));
    value_add(arena, &made, "kind", value_text(slice_of(metric_kind_texts[explain->metric->kind])));
    value_add(arena, &made, "population", value_text(SLICE("everyone, by day of first message")));
    value_add(arena, &made, "as_of", time_value(arena, explain->as_of_ms));
    value_add(arena, &made, "confidence", value_real(1 - ALPHA));
    add_range(arena, &made, "from", &explain->options->from, &all.before);
    add_range(arena, &made, "to", &explain->options->to, &all.after);
    value_add(arena, &made, "users_too_new", value_integer((int64_t)explain->immature));
    value_add(arena, &made, "records_dropped",
              value_integer((int64_t)journal_dropped(explain->options->journal)));
    value_add(arena, &made, "change", has ? part_value(arena, total.total) : value_null());
    value_add(arena, &made, "sentence",
              has ? sentence_value(explain, &all, total.total, &finding)
                  : value_text(SLICE("One of the two ranges has no users who were followed long "
                                     "enough: there is nothing to compare.")));
    value_add(arena, &made, "segments", segments);
    *document = made;
    return status;
}

enum status explain_build(struct view *view, const struct explain_options *options,
                          struct arena *arena, struct value *document, struct error *error)
{
    struct explain explain = {.options = options, .arena = arena};
    struct value made;
    enum status status = explain_open(view, &explain, error);
    if (!status)
        status = explain_read(&explain, error);
    if (!status)
        status = explain_value(&explain, &made, error);
    if (!status && arena->failed)
        status = no_memory(error);
    if (!status)
        *document = made;
    population_slices_done(&explain.slices);
    catalogue_release(explain.catalogue);
    return status;
}
