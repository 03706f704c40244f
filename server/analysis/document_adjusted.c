/*
 * Comparisons adjusted for what is known of units before their exposure (cube.md, "Lin",
 * "Post-stratification", "Strata + covariates"): where something is declared in adjust_for, the
 * adjusted result is the one that decides, at every look of all units.
 *
 *     strata       segments in adjust_for; every kind whose variance is formed from sums
 *     covariates   Lin's regression; kinds with one value a unit: shares, counts, sums
 *     both         one regression within strata
 *
 * In a segment's value covariates alone are adjusted for: the cube keeps no strata of it.
 *
 * The cells of all strata are indexed once by metric and cohort day.  A metric's running sums stand
 * at one day and move forward with the looks; the few steps back (the final set lies before the
 * latest look) start over from the first day.
 *
 * Strata with fewer than two units of a variant are added up to "other".  Where one stratum is
 * left, or no covariate explains anything, there is nothing to adjust, and the comparison stays as
 * it is without; so it does where the adjusted one cannot be estimated (nobody did it at all).
 */

#include "cube_cells.h"
#include "document_parts.h"

#include "stats/adjustment.h"
#include "stats/strata.h"

/* Integers of one unit's cell and one metric's in one stratum and variant. */
#define WIDTH_MAX (CUBE_FIELDS_MAX + COVARIATES_MAX + COVARIATES_MAX * (COVARIATES_MAX + 1) / 2)

_Static_assert(STRATA_MAX == 256, "as many as grammar.md allows in adjust_for");

struct adjuster {
    const struct cells *cells;
    const struct experiment *experiment;
    size_t strata;                     /* 0: none */
    uint16_t first;                    /* slice of the first */
    size_t numbers;                    /* of the cube, units included */
    const struct cube_entry **entries; /* by number and day */
    size_t *starts;                    /* [number * (days + 1) + day], in `entries` */

    /* One metric's sums, up to and without day `until`. */
    uint8_t number;
    size_t until;
    size_t own, width; /* fields of the metric; of the metric and the covariates */
    int128 *sums;      /* [(stratum * variants + variant) * width] */
    int128 *merged;    /* [(place * 2 + control) * width] */
};

static size_t covariate_fields(const struct experiment *experiment)
{
    size_t q = experiment->covariate_count;
    return q + q * (q + 1) / 2;
}

static void strata_span(struct adjuster *adjuster, const struct cube_slices *slices)
{
    for (size_t i = 0; i < slices->count; i++) {
        if (slices->items[i].kind != CUBE_SLICE_STRATUM)
            continue;
        if (!adjuster->strata)
            adjuster->first = (uint16_t)i;
        adjuster->strata++;
    }
    if (adjuster->strata > STRATA_MAX)
        adjuster->strata = 0;
}

/* Where the entry stands in the index; false: it is of no stratum, or began after as_of. */
static bool stratum_place(const struct adjuster *adjuster, const struct cube_entry *entry,
                          size_t *place)
{
    const struct cells *cells = adjuster->cells;
    const struct cell_key *key = &entry->key;
    int64_t day = (int64_t)key->cohort - cells->first;
    if (key->population != POPULATION_MAIN || key->slice < adjuster->first ||
        key->slice >= adjuster->first + adjuster->strata || key->variant >= cells->variants ||
        key->metric >= adjuster->numbers || day >= (int64_t)cells->days)
        return false;
    *place = key->metric * (cells->days + 1) + (day > 0 ? (size_t)day : 0);
    return true;
}

/* A counting sort of the strata's cells. */
static void strata_index(struct adjuster *adjuster, struct arena *arena)
{
    const struct cube *cube = &adjuster->cells->cube;
    size_t places = adjuster->numbers * (adjuster->cells->days + 1), place, total = 0;
    size_t *counts = ARENA_ARRAY(arena, places + 1, size_t);
    adjuster->starts = ARENA_ARRAY(arena, places + 1, size_t);
    if (!counts || !adjuster->starts)
        return;
    for (size_t i = 0; i < cube->count; i++)
        if (stratum_place(adjuster, &cube->entries[i], &place))
            counts[place]++;
    for (place = 0; place < places; place++) {
        adjuster->starts[place] = total;
        total += counts[place];
        counts[place] = adjuster->starts[place];
    }
    adjuster->starts[places] = total;
    adjuster->entries = ARENA_ARRAY(arena, total + 1, const struct cube_entry *);
    for (size_t i = 0; adjuster->entries && i < cube->count; i++)
        if (stratum_place(adjuster, &cube->entries[i], &place))
            adjuster->entries[counts[place]++] = &cube->entries[i];
}

struct adjuster *adjuster_new(struct arena *arena, struct study_group *group)
{
    const struct experiment *experiment = group->definition ? group->definition->experiment : NULL;
    struct cells *cells = &group->cells;
    if (!experiment || !cells->days ||
        (!experiment->covariate_count && !experiment->adjust_segment_count))
        return NULL;
    struct adjuster *adjuster = ARENA_NEW(arena, struct adjuster);
    if (!adjuster)
        return NULL;
    *adjuster = (struct adjuster){.cells = cells, .experiment = experiment};
    adjuster->numbers = cube_number_count(experiment);
    strata_span(adjuster, &cells->cube.slices);
    if (!adjuster->strata)
        return adjuster;
    strata_index(adjuster, arena);
    adjuster->sums = ARENA_ARRAY(arena, adjuster->strata * cells->variants * WIDTH_MAX, int128);
    adjuster->merged = ARENA_ARRAY(arena, adjuster->strata * 2 * WIDTH_MAX, int128);
    return arena->failed ? NULL : adjuster;
}

static void fields_add(int128 *to, const int128 *from, size_t count)
{
    for (size_t i = 0; i < count; i++)
        to[i] = (int128)((uint128)to[i] + (uint128)from[i]);
}

/* Adds one day's cells of a number: `count` of its integers from `from` on, to those at `to`. */
static void adjuster_add(const struct adjuster *adjuster, uint8_t number, size_t day, size_t from,
                         size_t to, size_t count)
{
    size_t place = number * (adjuster->cells->days + 1) + day;
    for (size_t i = adjuster->starts[place]; i < adjuster->starts[place + 1]; i++) {
        const struct cube_entry *entry = adjuster->entries[i];
        size_t stratum = (size_t)entry->key.slice - adjuster->first;
        size_t at = stratum * adjuster->cells->variants + entry->key.variant;
        size_t there = entry->field_count > from ? entry->field_count - from : 0;
        fields_add(&adjuster->sums[at * adjuster->width + to], &entry->values[from],
                   there < count ? there : count);
    }
}

/* Moves the running sums to the end of a day. */
static void adjuster_move(struct adjuster *adjuster, uint8_t number, size_t day)
{
    size_t covariates = covariate_fields(adjuster->experiment);
    if (adjuster->number != number || day + 1 < adjuster->until) {
        adjuster->own = cube_fields_of(adjuster->experiment, number).count;
        adjuster->width = adjuster->own + covariates;
        adjuster->number = number;
        adjuster->until = 0;
        memset(adjuster->sums, 0,
               adjuster->strata * adjuster->cells->variants * adjuster->width *
                   sizeof *adjuster->sums);
    }
    for (; adjuster->until <= day; adjuster->until++) {
        adjuster_add(adjuster, number, adjuster->until, 0, 0, adjuster->own);
        adjuster_add(adjuster, 0, adjuster->until, UNITS_FIELD_COUNT, adjuster->own, covariates);
    }
}

/* The variants compared, and the metric. */
struct adjusting {
    const struct plan *plan;
    const struct metric *metric;
    size_t variant;
    size_t covariates; /* q of this kind */
    size_t own;        /* fields of the kind, before ZY */
};

static const int128 *stratum_sums(const struct adjuster *adjuster, size_t stratum, size_t variant)
{
    return &adjuster->sums[(stratum * adjuster->cells->variants + variant) * adjuster->width];
}

static const int128 *place_sums(const struct adjuster *adjuster, size_t place, size_t control)
{
    return &adjuster->merged[(place * 2 + control) * adjuster->width];
}

static void observe(const struct adjusting *adjusting, const int128 *fields, size_t count,
                    struct observed *observed)
{
    *observed = (struct observed){0};
    metric_observe(adjusting->metric, fields, count, observed);
    observed->sample.accounts = adjusting->plan->accounts;
}

static uint64_t units_of(const struct adjusting *adjusting, const struct adjuster *adjuster,
                         const int128 *fields)
{
    struct observed observed;
    observe(adjusting, fields, adjuster->own, &observed);
    return (uint64_t)sample_units(&observed.sample);
}

/* Adds up the strata as strata_merge says; how many are left, and how many went into "other". */
static enum reason strata_add_up(const struct adjusting *adjusting, struct adjuster *adjuster,
                                 struct pair_adjustment *adjustment)
{
    struct stratum_units units[STRATA_MAX];
    size_t places[STRATA_MAX], members[STRATA_MAX] = {0}, control = adjusting->plan->control;
    for (size_t b = 0; b < adjuster->strata; b++)
        units[b] = (struct stratum_units){
            units_of(adjusting, adjuster, stratum_sums(adjuster, b, adjusting->variant)),
            units_of(adjusting, adjuster, stratum_sums(adjuster, b, control))};
    enum reason reason = strata_merge(units, adjuster->strata, places, &adjustment->strata);
    if (reason)
        return reason;
    memset(adjuster->merged, 0,
           adjustment->strata * 2 * adjuster->width * sizeof *adjuster->merged);
    for (size_t b = 0; b < adjuster->strata; b++) {
        int128 *to = &adjuster->merged[places[b] * 2 * adjuster->width];
        fields_add(to, stratum_sums(adjuster, b, adjusting->variant), adjuster->width);
        fields_add(to + adjuster->width, stratum_sums(adjuster, b, control), adjuster->width);
        members[places[b]] += units[b].treatment + units[b].control > 0;
    }
    size_t last = members[adjustment->strata - 1];
    adjustment->merged = last > 1 ? last : 0;
    return REASON_NONE;
}

static struct sums sums_of(const struct observed *observed)
{
    const struct sample *sample = &observed->sample;
    int128 successes = (int128)sample->proportion.successes;
    if (sample->estimator == ESTIMATOR_MEAN)
        return sample->mean;
    return (struct sums){.units = sample->proportion.units,
                         .sum = successes,
                         .squares = successes, /* of zeros and ones */
                         .step = 1};
}

/* Means of one value a unit, by exact sums; a share's variance is p(1 - p)/(n - 1). */
static enum reason strata_of_values(const struct adjusting *adjusting,
                                    const struct adjuster *adjuster, size_t count,
                                    struct stratum *strata)
{
    struct stratum_sums sums[STRATA_MAX];
    struct observed observed;
    size_t left;
    for (size_t b = 0; b < count; b++) {
        observe(adjusting, place_sums(adjuster, b, 0), adjuster->own, &observed);
        sums[b].treatment = sums_of(&observed);
        observe(adjusting, place_sums(adjuster, b, 1), adjuster->own, &observed);
        sums[b].control = sums_of(&observed);
    }
    return strata_of_sums(sums, count, strata, &left);
}

static struct stratum_mean mean_of(const struct variant_value *value)
{
    return (struct stratum_mean){
        .units = value->units, .mean = value->value, .variance = value->variance};
}

/* Ratios and scores. */
static enum reason strata_of_samples(const struct adjusting *adjusting,
                                     const struct adjuster *adjuster, size_t count,
                                     struct stratum *strata)
{
    for (size_t b = 0; b < count; b++) {
        struct observed treatment, control;
        struct variant_value value, beside;
        observe(adjusting, place_sums(adjuster, b, 0), adjuster->own, &treatment);
        observe(adjusting, place_sums(adjuster, b, 1), adjuster->own, &control);
        enum reason reason = sample_value(&treatment.sample, &control.sample, &value);
        if (!reason)
            reason = sample_value(&control.sample, &treatment.sample, &beside);
        if (reason)
            return reason;
        strata[b] = (struct stratum){.treatment = mean_of(&value), .control = mean_of(&beside)};
    }
    return REASON_NONE;
}

static bool is_value(enum metric_kind kind)
{
    return kind == METRIC_CONVERSION || kind == METRIC_RETENTION || kind == METRIC_COUNT ||
           kind == METRIC_SUM;
}

static enum reason strata_estimate(const struct adjusting *adjusting,
                                   const struct adjuster *adjuster, size_t count,
                                   struct pair_estimates *estimates)
{
    struct stratum strata[STRATA_MAX];
    struct post_stratified found;
    double planned = adjusting->plan->planned_pair[adjusting->variant];
    enum reason reason = is_value(adjusting->metric->kind)
                             ? strata_of_values(adjusting, adjuster, count, strata)
                             : strata_of_samples(adjusting, adjuster, count, strata);
    if (!reason)
        reason = post_stratify(strata, count, &found);
    if (reason)
        return reason;
    double df = adjusting->plan->accounts ? found.df : 0;
    reason = strata_difference(strata, count, df, planned, &estimates->difference);
    if (reason)
        return reason;
    estimates->lift_reason = strata_log_ratio(strata, count, planned, &estimates->lift);
    estimates->lift.df = df;
    if (adjusting->metric->kind == METRIC_NPS) /* a score has no zero to be relative to */
        estimates->lift_reason = REASON_NEAR_ZERO;
    return REASON_NONE;
}

/* The sums of one variant: `fields` the metric's, `z` the covariates'. */
static struct covariate_sums covariate_sums_of(const struct adjusting *adjusting,
                                               const int128 *fields, size_t field_count,
                                               const int128 *z)
{
    struct observed observed;
    size_t q = adjusting->covariates, at = q;
    observe(adjusting, fields, field_count, &observed);
    struct sums values = sums_of(&observed);
    struct covariate_sums sums = {.units = values.units,
                                  .covariates = q,
                                  .y = values.sum,
                                  .yy = values.squares,
                                  .step_y = values.step};
    for (size_t k = 0; k < q; k++) {
        sums.z[k] = z[k];
        sums.step_z[k] = 1e-6;
        sums.zy[k] = adjusting->own + k < field_count ? fields[adjusting->own + k] : 0;
        for (size_t l = k; l < q; l++)
            sums.zz[k][l] = z[at++];
    }
    return sums;
}

/* Replaces the estimates where a covariate explains something. */
static enum reason regression_estimate(const struct adjusting *adjusting,
                                       const struct adjusted *adjusted,
                                       struct pair_estimates *estimates)
{
    double planned = adjusting->plan->planned_pair[adjusting->variant];
    size_t used = adjusted->treatment.covariates > adjusted->control.covariates
                      ? adjusted->treatment.covariates
                      : adjusted->control.covariates;
    if (!used)
        return REASON_NO_VARIATION;
    enum reason reason = adjustment_difference(adjusted, planned, &estimates->difference);
    if (reason)
        return reason;
    estimates->lift_reason = adjustment_log_ratio(adjusted, planned, &estimates->lift);
    estimates->adjustment.covariates = used;
    return REASON_NONE;
}

static enum reason within_strata_estimate(const struct adjusting *adjusting,
                                          const struct adjuster *adjuster, size_t count,
                                          struct pair_estimates *estimates)
{
    struct covariate_pair strata[STRATA_MAX];
    struct adjusted adjusted;
    for (size_t b = 0; b < count; b++) {
        const int128 *treatment = place_sums(adjuster, b, 0), *control = place_sums(adjuster, b, 1);
        strata[b].treatment =
            covariate_sums_of(adjusting, treatment, adjuster->own, treatment + adjuster->own);
        strata[b].control =
            covariate_sums_of(adjusting, control, adjuster->own, control + adjuster->own);
    }
    enum reason reason = adjustment_in_strata(strata, count, &adjusted);
    return reason ? reason : regression_estimate(adjusting, &adjusted, estimates);
}

/* Slice all with strata; any reason leaves the comparison to what is below. */
static enum reason adjust_in_strata(const struct adjusting *adjusting, struct adjuster *adjuster,
                                    uint8_t number, size_t day, struct pair_estimates *estimates)
{
    struct pair_adjustment *adjustment = &estimates->adjustment;
    adjuster_move(adjuster, number, day);
    enum reason reason = strata_add_up(adjusting, adjuster, adjustment);
    if (reason)
        return reason;
    if (adjustment->strata < 2)
        return REASON_TOO_FEW;
    reason = REASON_NO_VARIATION;
    if (adjusting->covariates)
        reason = within_strata_estimate(adjusting, adjuster, adjustment->strata, estimates);
    if (reason)
        reason = strata_estimate(adjusting, adjuster, adjustment->strata, estimates);
    return reason;
}

static enum reason adjust_by_covariates(const struct adjusting *adjusting,
                                        const struct metric_source *source, size_t day,
                                        struct pair_estimates *estimates)
{
    const struct metric_cells *about = source->about;
    const struct metric_fields *fields = about->fields, *z = about->covariates;
    size_t treatment = day * source->variants + adjusting->variant;
    size_t control = day * source->variants + adjusting->plan->control;
    struct adjusted adjusted;
    if (!adjusting->covariates)
        return REASON_NO_VARIATION;
    struct covariate_sums sums =
        covariate_sums_of(adjusting, &fields->values[treatment * fields->field_count],
                          fields->field_count, &z->values[treatment * z->field_count]);
    struct covariate_sums beside =
        covariate_sums_of(adjusting, &fields->values[control * fields->field_count],
                          fields->field_count, &z->values[control * z->field_count]);
    enum reason reason = adjustment_of(&sums, &beside, &adjusted);
    return reason ? reason : regression_estimate(adjusting, &adjusted, estimates);
}

static void adjusted_estimates(const struct metric_source *source, const struct plan *plan,
                               size_t day, size_t variant, struct pair_estimates *estimates)
{
    const struct metric_cells *about = source->about;
    struct adjuster *adjuster = about->adjuster;
    struct adjusting adjusting = {.plan = plan,
                                  .metric = about->metric,
                                  .variant = variant,
                                  .covariates = about->covariate_count,
                                  .own = about->own};
    struct pair_estimates found = *estimates;
    enum reason reason = REASON_TOO_FEW;
    if (about->in_strata)
        reason = adjust_in_strata(&adjusting, adjuster, about->number, day, &found);
    if (reason) {
        found = *estimates;
        reason = adjust_by_covariates(&adjusting, source, day, &found);
    }
    if (reason)
        return;
    found.difference_reason = REASON_NONE;
    found.adjustment.adjusted = true;
    *estimates = found;
}

/* Kinds whose mean and variance are formed of a stratum's integers. */
static bool kind_has_strata(enum metric_kind kind)
{
    return is_value(kind) || kind == METRIC_MEAN || kind == METRIC_RATIO || kind == METRIC_NPS;
}

void metric_source_adjust(struct metric_source *source, struct metric_cells *about,
                          struct adjuster *adjuster, const struct study_metric *metric, bool whole)
{
    if (!adjuster || !source->days)
        return;
    struct cube_fields fields = cube_fields_of(adjuster->experiment, metric->number);
    about->adjuster = adjuster;
    about->number = metric->number;
    about->own = fields.own;
    about->covariate_count = fields.covariates;
    about->in_strata = whole && adjuster->strata > 0 && kind_has_strata(metric->plan.kind);
    if (about->in_strata || about->covariate_count)
        source->estimates = adjusted_estimates;
}

struct value adjusted_for_value(struct arena *arena, const struct study_group *group,
                                const struct study_metric *metric)
{
    struct value list = value_list();
    if (!group->definition || !metric->number)
        return list;
    const struct experiment *experiment = group->definition->experiment;
    size_t covariates = cube_fields_of(experiment, metric->number).covariates;
    for (size_t i = 0; kind_has_strata(metric->plan.kind) && i < experiment->adjust_segment_count;
         i++)
        value_append(arena, &list, text_value(arena, experiment->adjust_segments[i]->name));
    for (size_t k = 0; k < covariates; k++) {
        const struct covariate *covariate = &experiment->covariates[k];
        value_append(
            arena, &list,
            text_value(arena, covariate->metric ? covariate->metric->name : covariate->trait));
    }
    return list;
}
