/*
 * `explain` of an experiment: the cube's sums of mature cohort days (cube.md), by variant, segment
 * and crossing.  One row of the table `readers` is one kind: its fields as sums of y, s and their
 * products, where the metric is sum y / sum s.
 */

#include "explain_parts.h"

#include "analysis/document.h"
#include "analysis/inference.h"
#include "base/number.h"

/* A metric's sums over some cohorts of one slice and variant. */
struct cell_sums {
    const struct metric *metric;
    const int128 *fields;
    const struct cube_bin *bins;
    size_t bin_count;
};

struct cube_source {
    struct explain *explain;
    struct cube cube;
    uint8_t number; /* of the metric */
    unsigned kinds; /* of slices in which it stands */
    int32_t mature; /* the last cohort day whose window has passed */
};

/* ---- kinds ---- */

static double step_of(enum metric_kind kind)
{
    return kind == METRIC_SUM || kind == METRIC_MEAN ? 1. / MICRO : 1;
}

static struct mix_sums moments_of_means(double units, double y, double yy)
{
    return (struct mix_sums){.units = units, .y = y, .s = units, .yy = yy, .ss = units, .ys = y};
}

static struct mix_sums share_read(const struct cell_sums *sums)
{
    double reached = (double)sums->fields[SHARE_X];
    return moments_of_means((double)sums->fields[SHARE_N], reached, reached);
}

static struct mix_sums value_read(const struct cell_sums *sums)
{
    double step = step_of(sums->metric->kind);
    return moments_of_means((double)sums->fields[VALUE_N], (double)sums->fields[VALUE_S] * step,
                            (double)sums->fields[VALUE_SS] * step * step);
}

static struct mix_sums ratio_read(const struct cell_sums *sums)
{
    const struct metric *metric = sums->metric;
    bool is_ratio = metric->kind == METRIC_RATIO;
    double y = step_of(is_ratio ? metric->numerator->kind : metric->kind);
    double s = is_ratio ? step_of(metric->denominator->kind) : 1;
    return (struct mix_sums){.units = (double)sums->fields[RATIO_N],
                             .y = (double)sums->fields[RATIO_Y] * y,
                             .s = (double)sums->fields[RATIO_S] * s,
                             .yy = (double)sums->fields[RATIO_YY] * y * y,
                             .ss = (double)sums->fields[RATIO_SS] * s * s,
                             .ys = (double)sums->fields[RATIO_YS] * y * s};
}

/* Answers as 100, 0 and -100. */
static struct mix_sums score_read(const struct cell_sums *sums)
{
    double promoters = (double)sums->fields[NPS_PROMOTERS];
    double detractors = (double)sums->fields[NPS_DETRACTORS];
    double answers = (double)sums->fields[NPS_RESPONDED];
    return (struct mix_sums){.units = (double)sums->fields[NPS_N],
                             .y = 100 * (promoters - detractors),
                             .s = answers,
                             .yy = 1e4 * (promoters + detractors),
                             .ss = answers,
                             .ys = 100 * (promoters - detractors)};
}

/* The mean of the shares y / size over the accounts that have members. */
static struct mix_sums breadth_read(const struct cell_sums *sums)
{
    struct mix_sums made = {.units = (double)sums->fields[BREADTH_N]};
    for (size_t i = 0; i < sums->bin_count; i++) {
        double size = CUBE_BIN_PLACE(sums->bins[i].bin), count = (double)sums->bins[i].count;
        if (size == 0)
            continue;
        switch (CUBE_BIN_MAP(sums->bins[i].bin)) {
        case 0: made.s += count; break;
        case 1: made.y += count / size; break;
        default: made.yy += count / size / size; break;
        }
    }
    made.ss = made.s;
    made.ys = made.y;
    return made;
}

/* Days of the window without the event, by the middles of its bins. */
static struct mix_sums time_read(const struct cell_sums *sums)
{
    double whole = (double)sums->metric->until_ms / (double)DAY_MS;
    double units = (double)sums->fields[TIME_N], y = units * whole, yy = y * whole;
    for (size_t i = 0; i < sums->bin_count; i++) {
        uint32_t place = CUBE_BIN_PLACE(sums->bins[i].bin);
        double count = (double)sums->bins[i].count;
        double day =
            (double)(time_bin_from_ms(place) + time_bin_until_ms(place)) / 2 / (double)DAY_MS;
        if (CUBE_BIN_MAP(sums->bins[i].bin) != 0)
            continue;
        day = day < whole ? day : whole;
        y -= count * (whole - day);
        yy -= count * (whole * whole - day * day);
    }
    return moments_of_means(units, y, yy);
}

static struct mix_sums (*const readers[METRIC_KIND_COUNT])(const struct cell_sums *sums) = {
    [METRIC_CONVERSION] = share_read, [METRIC_RETENTION] = share_read,
    [METRIC_TIME_TO] = time_read,     [METRIC_COUNT] = value_read,
    [METRIC_SUM] = value_read,        [METRIC_MEAN] = ratio_read,
    [METRIC_RATIO] = ratio_read,      [METRIC_NPS] = score_read,
    [METRIC_BREADTH] = breadth_read,
};

/* ---- what is asked ---- */

static enum status metric_find(struct cube_source *source, struct error *error)
{
    struct explain *explain = source->explain;
    struct experiment_metric metrics[EXPERIMENT_METRICS_MAX];
    size_t count = experiment_metrics(explain->experiment, metrics);
    for (size_t i = 0; i < count; i++)
        if (slice_equal(metrics[i].metric->name, explain->options->metric)) {
            explain->metric = metrics[i].metric;
            source->number = (uint8_t)(i + 1);
        }
    if (!explain->metric)
        return FAIL(error, STATUS_NOT_FOUND, "metric", 0, "'%.*s' does not measure '%.*s'",
                    SLICE_ARGS(explain->experiment->key), SLICE_ARGS(explain->options->metric));
    source->kinds = cube_fields_of(explain->experiment, source->number).slices;
    source->mature = cohort_mature(explain->as_of_ms, explain->metric->until_ms);
    return STATUS_OK;
}

static bool is_taken(const struct explain *explain, size_t variant)
{
    return slice_is_empty(explain->options->variant) ||
           slice_equal(explain->options->variant, explain->experiment->variants[variant].name);
}

static enum status variant_check(const struct explain *explain, struct error *error)
{
    for (size_t i = 0; i < explain->experiment->variant_count; i++)
        if (is_taken(explain, i))
            return STATUS_OK;
    return FAIL(error, STATUS_NOT_FOUND, "variant", 0, "'%.*s' has no variant '%.*s'",
                SLICE_ARGS(explain->experiment->key), SLICE_ARGS(explain->options->variant));
}

/* ---- cells ---- */

static void moments_add(struct mix_sums *sum, const struct mix_sums *more)
{
    sum->units += more->units;
    sum->y += more->y;
    sum->s += more->s;
    sum->yy += more->yy;
    sum->ss += more->ss;
    sum->ys += more->ys;
}

static void cell_read(struct cube_source *source, uint16_t slice, size_t variant,
                      struct explain_cell *cell)
{
    const struct explain_options *options = source->explain->options;
    const struct day_range *ranges[PERIOD_COUNT] = {&options->from, &options->to};
    for (size_t p = BEFORE; p < PERIOD_COUNT; p++) {
        int128 fields[CUBE_FIELDS_MAX] = {0};
        const struct cube_select select = {
            .population = POPULATION_MAIN,
            .slice = slice,
            .variant = (uint8_t)variant,
            .metric = source->number,
            .first = ranges[p]->first,
            .last = ranges[p]->last < source->mature ? ranges[p]->last : source->mature};
        struct cell_sums sums = {.metric = source->explain->metric, .fields = fields};
        cube_sum(&source->cube, &select, fields);
        sums.bins = cube_sum_bins(&source->cube, &select, source->explain->arena, &sums.bin_count);
        if (!sums.bins)
            sums.bin_count = 0;
        struct mix_sums made = readers[sums.metric->kind](&sums);
        moments_add(&cell->moments[p], &made);
    }
}

static void too_new_add(struct cube_source *source, size_t variant)
{
    const struct explain_options *options = source->explain->options;
    const struct day_range *ranges[PERIOD_COUNT] = {&options->from, &options->to};
    for (size_t p = BEFORE; p < PERIOD_COUNT; p++) {
        int128 fields[CUBE_FIELDS_MAX] = {0};
        int32_t first = ranges[p]->first > source->mature ? ranges[p]->first : source->mature + 1;
        cube_sum(&source->cube,
                 &(struct cube_select){.population = POPULATION_MAIN,
                                       .variant = (uint8_t)variant,
                                       .first = first,
                                       .last = ranges[p]->last},
                 fields);
        source->explain->too_new += (uint64_t)fields[UNITS_N];
    }
}

static struct explain_cell *cell_new(struct explain *explain, struct slice label)
{
    struct explain_cell *cell = &explain->cells[explain->cell_count++];
    cell->label = label;
    return cell;
}

static void group_new(struct explain *explain, struct slice name)
{
    explain->groups[explain->group_count++] =
        (struct explain_group){.name = name, .first = explain->cell_count};
}

static void group_end(struct explain *explain)
{
    struct explain_group *group = &explain->groups[explain->group_count - 1];
    group->count = explain->cell_count - group->first;
}

/* Slice 0 by variant. */
static void variants_add(struct cube_source *source)
{
    struct explain *explain = source->explain;
    size_t count = explain->experiment->variant_count;
    struct explain_cell *all = cell_new(explain, SLICE("all"));
    bool by_variant = slice_is_empty(explain->options->variant) &&
                      (slice_is_empty(explain->options->segment) ||
                       slice_equals(explain->options->segment, "variant"));
    if (by_variant)
        group_new(explain, SLICE("variant"));
    for (size_t i = 0; i < count; i++) {
        if (!is_taken(explain, i))
            continue;
        struct explain_cell apart = {0};
        cell_read(source, 0, i, &apart);
        for (size_t p = BEFORE; p < PERIOD_COUNT; p++)
            moments_add(&all->moments[p], &apart.moments[p]);
        too_new_add(source, i);
        if (!by_variant)
            continue;
        apart.label = explain->experiment->variants[i].name;
        *cell_new(explain, apart.label) = apart;
    }
    if (by_variant)
        group_end(explain);
}

static struct slice segmentation_name(const struct explain *explain, size_t index)
{
    const struct segmentation *segmentation = &explain->experiment->segments[index];
    struct buffer text = {0};
    for (size_t i = 0; i < segmentation->count; i++)
        buffer_format(&text, "%s%.*s", i ? " x " : "", SLICE_ARGS(segmentation->segments[i]->name));
    struct slice name = arena_copy(explain->arena, buffer_slice(&text));
    explain->arena->failed |= text.failed;
    buffer_done(&text);
    return name;
}

static void segmentation_add(struct cube_source *source, struct slice name, size_t index)
{
    struct explain *explain = source->explain;
    const struct cube_slices *slices = &source->cube.slices;
    group_new(explain, name);
    for (size_t i = 1; i < slices->count; i++) {
        const struct cube_slice *slice = &slices->items[i];
        if (slice->kind == CUBE_SLICE_STRATUM || slice->segmentation != index)
            continue;
        struct explain_cell *cell = cell_new(explain, arena_copy(explain->arena, slice->label));
        for (size_t j = 0; j < explain->experiment->variant_count; j++)
            if (is_taken(explain, j))
                cell_read(source, (uint16_t)i, j, cell);
    }
    group_end(explain);
}

static enum status segmentations_add(struct cube_source *source, struct error *error)
{
    struct explain *explain = source->explain;
    struct slice wanted = explain->options->segment;
    for (size_t i = 0; i < explain->experiment->segment_count; i++) {
        bool is_plain = explain->experiment->segments[i].count == 1;
        struct slice name = segmentation_name(explain, i);
        unsigned kind = 1U << (is_plain ? CUBE_SLICE_SEGMENT : CUBE_SLICE_CROSSING);
        bool is_wanted = slice_is_empty(wanted) || slice_equal(wanted, name);
        if (is_wanted && source->kinds & kind)
            segmentation_add(source, name, i);
        else if (is_wanted && !slice_is_empty(wanted))
            return FAIL(error, STATUS_INVALID, "segment", 0,
                        "a %s is not counted by '%.*s', which is a crossing",
                        metric_kind_texts[explain->metric->kind], SLICE_ARGS(wanted));
    }
    if (!slice_is_empty(wanted) && !explain->group_count)
        return FAIL(error, STATUS_NOT_FOUND, "segment", 0, "'%.*s' has no segment '%.*s'",
                    SLICE_ARGS(explain->experiment->key), SLICE_ARGS(wanted));
    return STATUS_OK;
}

static enum status cells_fill(struct cube_source *source, struct error *error)
{
    struct explain *explain = source->explain;
    size_t room = 1 + explain->experiment->variant_count + source->cube.slices.count;
    enum status status = explain_room(explain, room, explain->experiment->segment_count + 1, error);
    if (status)
        return status;
    explain->cell_count = 0;
    variants_add(source);
    return segmentations_add(source, error);
}

enum status explain_experiment(struct view *view, struct explain *explain, struct error *error)
{
    const struct explain_options *options = explain->options;
    struct cube_source source = {.explain = explain};
    char hint[NEAREST_HINT_SIZE];
    const struct document_options moment = {
        .as_of_ms = options->as_of_ms,
        .now_ms = options->now_ms,
        .journal_sequence = journal_last_sequence(options->journal),
        .journal_received_ms = journal_last_received_ms(options->journal)};
    enum status status = view_begin(view, &explain->transaction, error);
    const struct definition *definition =
        status ? NULL
               : view_definition(explain->transaction, options->experiment, 0, DEFINITION_CURRENT);
    if (!status && !definition)
        status = FAIL(
            error, STATUS_NOT_FOUND, "experiment", 0, "no such experiment: '%.*s'%s",
            SLICE_ARGS(options->experiment),
            nearest_hint(history_nearest(view_history(explain->transaction), options->experiment),
                         hint));
    if (!status)
        status = document_as_of(explain->transaction, &moment, &explain->as_of_ms, error);
    if (status)
        return status;
    explain->experiment = definition->experiment;
    status = variant_check(explain, error);
    if (!status)
        status = metric_find(&source, error);
    if (!status)
        status = explain_kind_check(explain, error);
    if (!status)
        status = cube_read(explain->transaction, definition, &source.cube, error);
    if (!status)
        status = cells_fill(&source, error);
    cube_done(&source.cube);
    return status;
}
