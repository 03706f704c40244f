/*
 * The door between the cube and stats/: a metric's integers become the sample of its kind, in the
 * fields that cube.h lists.  What a kind is made of stands in this table and nowhere else.
 */

#include "document_parts.h"

/* Integers of one variant at the end of one cohort day. */
struct totals {
    const struct metric *metric;
    const int128 *fields;
    size_t field_count;
    struct cluster cluster; /* of breadth */
};

static int128 field_of(const struct totals *totals, size_t field)
{
    return field < totals->field_count ? totals->fields[field] : 0;
}

static uint64_t count_of(const struct totals *totals, size_t field)
{
    int128 value = field_of(totals, field);
    return value > 0 ? (uint64_t)value : 0;
}

static void observe_share(const struct totals *totals, struct observed *observed)
{
    observed->sample.estimator = ESTIMATOR_PROPORTION;
    observed->sample.proportion = (struct proportion){.units = count_of(totals, SHARE_N),
                                                      .successes = count_of(totals, SHARE_X)};
    observed->contributing = observed->sample.proportion.successes;
}

/* What one step of a unit's value is worth. */
static double step_of(enum metric_kind kind)
{
    return kind == METRIC_SUM || kind == METRIC_MEAN ? 1e-6 : 1;
}

static void observe_value(const struct totals *totals, struct observed *observed)
{
    observed->sample.estimator = ESTIMATOR_MEAN;
    observed->sample.mean = (struct sums){.units = count_of(totals, VALUE_N),
                                          .sum = field_of(totals, VALUE_S),
                                          .squares = field_of(totals, VALUE_SS),
                                          .step = step_of(totals->metric->kind)};
    observed->sample.nonzero = count_of(totals, VALUE_NONZERO);
    observed->contributing = observed->sample.nonzero;
}

static void observe_ratio(const struct totals *totals, struct observed *observed)
{
    const struct metric *metric = totals->metric;
    bool is_ratio = metric->kind == METRIC_RATIO;
    observed->sample.estimator = ESTIMATOR_RATIO;
    observed->sample.ratio =
        (struct ratio_sums){.units = count_of(totals, RATIO_UNITS),
                            .y = field_of(totals, RATIO_Y),
                            .s = field_of(totals, RATIO_S),
                            .yy = field_of(totals, RATIO_YY),
                            .ss = field_of(totals, RATIO_SS),
                            .ys = field_of(totals, RATIO_YS),
                            .step_y = step_of(is_ratio ? metric->numerator->kind : metric->kind),
                            .step_s = is_ratio ? step_of(metric->denominator->kind) : 1};
    observed->contributing = count_of(totals, RATIO_UNITS);
}

static void observe_score(const struct totals *totals, struct observed *observed)
{
    observed->sample.estimator = ESTIMATOR_SCORE;
    observed->sample.score = (struct score_counts){.responded = count_of(totals, NPS_RESPONDED),
                                                   .promoters = count_of(totals, NPS_PROMOTERS),
                                                   .detractors = count_of(totals, NPS_DETRACTORS)};
    observed->contributing = observed->sample.score.responded;
}

static void observe_breadth(const struct totals *totals, struct observed *observed)
{
    struct cluster_totals members;
    observed->sample.estimator = ESTIMATOR_CLUSTER_MEAN;
    observed->sample.cluster = totals->cluster;
    if (!cluster_totals(&totals->cluster, &members))
        observed->contributing = members.accounts;
    observed->depth = (struct ratio_sums){.units = count_of(totals, BREADTH_DEPTH_UNITS),
                                          .y = field_of(totals, BREADTH_DEPTH_Y),
                                          .s = field_of(totals, BREADTH_DEPTH_S),
                                          .yy = field_of(totals, BREADTH_DEPTH_YY),
                                          .ss = field_of(totals, BREADTH_DEPTH_SS),
                                          .ys = field_of(totals, BREADTH_DEPTH_YS),
                                          .step_y = 1,
                                          .step_s = 1};
}

static void (*const observers[METRIC_KIND_COUNT])(const struct totals *totals,
                                                  struct observed *observed) = {
    [METRIC_CONVERSION] = observe_share, [METRIC_RETENTION] = observe_share,
    [METRIC_COUNT] = observe_value,      [METRIC_SUM] = observe_value,
    [METRIC_MEAN] = observe_ratio,       [METRIC_RATIO] = observe_ratio,
    [METRIC_NPS] = observe_score,        [METRIC_BREADTH] = observe_breadth,
};

bool metric_kind_is_computed(enum metric_kind kind)
{
    return observers[kind] != NULL || kind == METRIC_TIME_TO; /* document_time.c */
}

static void totals_observe(const struct totals *totals, struct observed *observed)
{
    observed->units = count_of(totals, 0);
    if (observers[totals->metric->kind])
        observers[totals->metric->kind](totals, observed);
}

void metric_observe(const struct metric *metric, const int128 *fields, size_t field_count,
                    struct observed *observed)
{
    struct totals totals = {.metric = metric, .fields = fields, .field_count = field_count};
    totals_observe(&totals, observed);
}

static void cells_observe(const struct metric_source *source, size_t day, size_t variant,
                          struct observed *observed)
{
    const struct metric_cells *about = source->about;
    const struct metric_fields *fields = about->fields;
    struct totals totals = {
        .metric = about->metric,
        .fields = &fields->values[(day * source->variants + variant) * fields->field_count],
        .field_count = fields->field_count,
    };
    if (fields->sizes)
        totals.cluster = (struct cluster){
            .sizes = &fields->sizes[(day * source->variants + variant) * fields->size_count],
            .count = fields->size_count};
    totals_observe(&totals, observed);
}

struct metric_source metric_cells_source(const struct cells *cells,
                                         const struct study_metric *metric,
                                         const struct cells_slice *sums, struct metric_cells *about)
{
    struct metric_source source = {.first = cells->first,
                                   .variants = cells->variants,
                                   .about = about,
                                   .observe = cells_observe};
    if (!metric->number || metric->number > sums->metric_count)
        return source;
    *about = (struct metric_cells){.cells = cells,
                                   .metric = metric->metric,
                                   .fields = &sums->metrics[metric->number - 1U],
                                   .covariates = &sums->covariates};
    if (about->fields->field_count)
        source.days = cells->days;
    return source;
}
