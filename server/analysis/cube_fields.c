/*
 * Which integers a cell holds, by the kind of its metric: one table, read by the fold, by those who
 * read the cube, and by exports.
 *
 * A time to event stands in no crossing and the steps of a flow in no stratum either, since their
 * maps are large (cube.md).
 */

#include "analysis/cube.h"

#include "cube_cells.h"

#include "base/number.h"

#include <stdio.h>

#define SLICES_ALL (1U << CUBE_SLICE_ALL | 1U << CUBE_SLICE_SEGMENT)
#define SLICES_STRATA (SLICES_ALL | 1U << CUBE_SLICE_STRATUM)
#define SLICES_EVERY (SLICES_STRATA | 1U << CUBE_SLICE_CROSSING)

#define FIELD_WORDS_MAX UNITS_FIELD_COUNT

/* One row a kind: its own fields by name. */
struct kind_fields {
    const char *names[FIELD_WORDS_MAX]; /* NULL ends them */
    bool is_joint;
    bool has_map;
    unsigned slices;
};

#define SHARE_NAMES                                                                                \
    {                                                                                              \
        [SHARE_N] = "n", [SHARE_X] = "x"                                                           \
    }
#define VALUE_NAMES                                                                                \
    {                                                                                              \
        [VALUE_N] = "n", [VALUE_S] = "s", [VALUE_SS] = "ss", [VALUE_RAW_S] = "raw_s",              \
        [VALUE_RAW_SS] = "raw_ss", [VALUE_NONZERO] = "nonzero", [VALUE_CAPPED] = "capped"          \
    }
#define RATIO_NAMES                                                                                \
    {                                                                                              \
        [RATIO_N] = "n", [RATIO_Y] = "y", [RATIO_S] = "s", [RATIO_YY] = "yy", [RATIO_SS] = "ss",   \
        [RATIO_YS] = "ys", [RATIO_UNITS] = "units"                                                 \
    }

static const struct kind_fields kinds[METRIC_KIND_COUNT] = {
    [METRIC_CONVERSION] = {.names = SHARE_NAMES, .is_joint = true, .slices = SLICES_EVERY},
    [METRIC_RETENTION] = {.names = SHARE_NAMES, .is_joint = true, .slices = SLICES_EVERY},
    [METRIC_RETENTION_CURVE] = {.names = {[CURVE_N] = "n"}, .slices = SLICES_EVERY},
    [METRIC_TIME_TO] = {.names = {[TIME_N] = "n"}, .has_map = true, .slices = SLICES_STRATA},
    [METRIC_COUNT] = {.names = VALUE_NAMES, .is_joint = true, .slices = SLICES_EVERY},
    [METRIC_SUM] = {.names = VALUE_NAMES, .is_joint = true, .slices = SLICES_EVERY},
    [METRIC_MEAN] = {.names = RATIO_NAMES, .slices = SLICES_EVERY},
    [METRIC_RATIO] = {.names = RATIO_NAMES, .slices = SLICES_EVERY},
    [METRIC_NPS] = {.names = {[NPS_N] = "n",
                              [NPS_RESPONDED] = "responded",
                              [NPS_PROMOTERS] = "promoters",
                              [NPS_DETRACTORS] = "detractors"},
                    .slices = SLICES_EVERY},
    [METRIC_BREADTH] = {.names = {[BREADTH_N] = "n",
                                  [BREADTH_CUT] = "cut",
                                  [BREADTH_DEPTH_Y] = "depth_y",
                                  [BREADTH_DEPTH_S] = "depth_s",
                                  [BREADTH_DEPTH_YY] = "depth_yy",
                                  [BREADTH_DEPTH_SS] = "depth_ss",
                                  [BREADTH_DEPTH_YS] = "depth_ys",
                                  [BREADTH_DEPTH_UNITS] = "depth_units"},
                        .has_map = true,
                        .slices = SLICES_EVERY},
};
static const struct kind_fields units_fields = {.names = {[UNITS_N] = "n",
                                                          [UNITS_ERASED] = "erased",
                                                          [UNITS_CLAMPED] = "clamped",
                                                          [UNITS_MISMATCH] = "mismatch",
                                                          [UNITS_MIXED] = "mixed",
                                                          [UNITS_HOT] = "hot",
                                                          [UNITS_SKEWED] = "skewed",
                                                          [UNITS_UNREAD] = "unread",
                                                          [UNITS_EARLY] = "early",
                                                          [UNITS_SOURCE] = "viewed",
                                                          [UNITS_SOURCE + 1] = "flag_called",
                                                          [UNITS_SOURCE + 2] = "flag_evaluated"},
                                                .slices = SLICES_EVERY};
static const struct kind_fields step_fields = {.names = {[STEP_N] = "n",
                                                         [STEP_REACHED] = "reached",
                                                         [STEP_COMPLETED] = "completed",
                                                         [STEP_DISMISSED] = "dismissed",
                                                         [STEP_FAILED] = "failed"},
                                               .has_map = true,
                                               .slices = SLICES_ALL};

const struct metric *cube_joint_goal(const struct experiment *experiment)
{
    const struct metric *goal = experiment->goal_count ? experiment->goals[0] : NULL;
    return goal && kinds[goal->kind].is_joint ? goal : NULL;
}

static struct cube_fields fields_of(const struct kind_fields *kind, enum cube_subject subject)
{
    struct cube_fields fields = {.subject = subject,
                                 .is_joint = kind->is_joint,
                                 .has_map = kind->has_map,
                                 .slices = kind->slices};
    while (fields.own < FIELD_WORDS_MAX && kind->names[fields.own])
        fields.own++;
    fields.count = fields.own;
    return fields;
}

struct cube_fields cube_fields_of_units(const struct experiment *experiment)
{
    struct cube_fields fields = fields_of(&units_fields, CUBE_UNITS);
    fields.covariates = experiment->covariate_count;
    fields.count += fields.covariates + fields.covariates * (fields.covariates + 1) / 2;
    return fields;
}

struct cube_fields cube_fields_of_metric(const struct experiment *experiment,
                                         const struct metric *metric)
{
    struct cube_fields fields = fields_of(&kinds[metric->kind], CUBE_METRIC);
    if (metric->kind == METRIC_RETENTION_CURVE)
        fields.own += (size_t)(metric->until_ms / metric->every_ms);
    if (metric->kind == METRIC_COUNT)
        fields.has_map = metric->cap_micro <= COUNT_PLACES_MAX * MICRO;
    fields.count = fields.own;
    if (!fields.count)
        fields.subject = CUBE_NOTHING;
    if (!fields.is_joint)
        return fields;
    const struct metric *goal = cube_joint_goal(experiment);
    fields.covariates = experiment->covariate_count;
    fields.has_goal = goal && goal != metric;
    fields.count += fields.covariates + fields.has_goal;
    return fields;
}

struct cube_fields cube_fields_of_step(void)
{
    return fields_of(&step_fields, CUBE_STEP);
}

static size_t longest_flow(const struct experiment *experiment)
{
    size_t longest = 0;
    for (size_t i = 0; i < experiment->variant_count; i++)
        if (experiment->variants[i].flow_count > longest)
            longest = experiment->variants[i].flow_count;
    return longest;
}

size_t cube_number_count(const struct experiment *experiment)
{
    struct experiment_metric metrics[EXPERIMENT_METRICS_MAX];
    return 1 + experiment_metrics(experiment, metrics) + longest_flow(experiment);
}

struct cube_fields cube_fields_of(const struct experiment *experiment, uint8_t metric)
{
    struct experiment_metric metrics[EXPERIMENT_METRICS_MAX];
    size_t count = experiment_metrics(experiment, metrics);
    if (metric == 0)
        return cube_fields_of_units(experiment);
    if (metric <= count)
        return cube_fields_of_metric(experiment, metrics[metric - 1].metric);
    if (metric <= count + longest_flow(experiment))
        return cube_fields_of_step();
    return (struct cube_fields){.subject = CUBE_NOTHING};
}

static void units_name(const struct cube_fields *fields, size_t field, char *name)
{
    size_t at = field - fields->own, q = fields->covariates;
    if (at < q) {
        snprintf(name, CUBE_FIELD_NAME_SIZE, "z%u", (unsigned char)(at + 1));
        return;
    }
    at -= q;
    size_t row = 0;
    for (; row < q && at >= q - row; row++)
        at -= q - row;
    snprintf(name, CUBE_FIELD_NAME_SIZE, "z%uz%u", (unsigned char)(row + 1),
             (unsigned char)(row + at + 1));
}

static const char *own_name(const struct experiment *experiment, uint8_t metric, size_t field)
{
    struct experiment_metric metrics[EXPERIMENT_METRICS_MAX];
    size_t count = experiment_metrics(experiment, metrics);
    const struct kind_fields *kind = metric == 0 ? &units_fields : &step_fields;
    if (metric > 0 && metric <= count)
        kind = &kinds[metrics[metric - 1].metric->kind];
    return field < FIELD_WORDS_MAX ? kind->names[field] : NULL;
}

void cube_field_name(const struct experiment *experiment, uint8_t metric, size_t field,
                     char name[static CUBE_FIELD_NAME_SIZE])
{
    struct cube_fields fields = cube_fields_of(experiment, metric);
    const char *own = field < fields.own ? own_name(experiment, metric, field) : NULL;
    name[0] = '\0';
    if (own)
        snprintf(name, CUBE_FIELD_NAME_SIZE, "%s", own);
    else if (field < fields.own)
        snprintf(name, CUBE_FIELD_NAME_SIZE, "x%u", (unsigned char)(field - CURVE_X + 1));
    else if (field >= fields.count)
        return;
    else if (fields.subject == CUBE_UNITS)
        units_name(&fields, field, name);
    else if (field < fields.own + fields.covariates)
        snprintf(name, CUBE_FIELD_NAME_SIZE, "z%uy", (unsigned char)(field - fields.own + 1));
    else
        snprintf(name, CUBE_FIELD_NAME_SIZE, "gy");
}
