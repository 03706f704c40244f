/*
 * `analysis` of an experiment: levels, adjustment, and what is expected (grammar.md, section 3).
 */

#include "parse.h"

#include "base/limits.h"
#include "base/number.h"

#include <math.h>
#include <stdio.h>

#define SECONDARIES_PLAIN 4 /* with more and no correction: warning no-correction */

static const struct word_list peeking_list = {"a way of peeking", peeking_texts};
static const struct word_list lift_list = {"a scale of lift", lift_scale_texts};
static const struct word_list correction_list = {"a correction", correction_texts};

#define AT(field) offsetof(struct experiment, field)
static const struct row analysis_rows[] = {
    {.key = "confidence", .read = row_share, .offset = AT(confidence), .least = 50, .most = 99.99},
    {.key = "peeking", .read = row_word, .offset = AT(peeking), .words = &peeking_list},
    {.key = "min_days", .read = row_count, .offset = AT(min_days), .least = 0, .most = 60},
    {.key = "flow_within", .read = row_duration, .offset = AT(flow_within_ms)},
    {.key = "lift", .read = row_word, .offset = AT(lift), .words = &lift_list},
    {.key = "correction", .read = row_word, .offset = AT(correction), .words = &correction_list},
    {.key = "adjust_for"},
    {.key = "expect"},
};
static const struct table analysis_table = TABLE_OF("analysis", analysis_rows);

/* ---- adjust_for ---- */

struct covariate_reading {
    struct covariate covariate;
    const struct node *metric;
};
#define COVARIATE_AT(field) offsetof(struct covariate_reading, covariate.field)
#define BY_TRAIT 1U
#define BY_METRIC 2U

static const struct row covariate_rows[] = {
    {.key = "trait",
     .read = row_trait,
     .offset = COVARIATE_AT(trait),
     .kinds = BY_TRAIT,
     .needs = BY_TRAIT},
    {.key = "cap",
     .read = row_micro,
     .offset = COVARIATE_AT(cap_micro),
     .kinds = BY_TRAIT,
     .needs = BY_TRAIT,
     .least = NUMBER_LEAST,
     .most = NUMBER_LIMIT},
    {.key = "missing",
     .read = row_micro,
     .offset = COVARIATE_AT(missing_micro),
     .kinds = BY_TRAIT,
     .needs = BY_TRAIT},
    {.key = "metric",
     .read = row_node,
     .offset = offsetof(struct covariate_reading, metric),
     .kinds = BY_METRIC,
     .needs = BY_METRIC},
    {.key = "before",
     .read = row_duration,
     .offset = COVARIATE_AT(before_ms),
     .kinds = BY_METRIC,
     .needs = BY_METRIC},
};
static const struct table covariate_tables[] = {
    [BY_TRAIT] = TABLE_OF("a covariate with a trait", covariate_rows),
    [BY_METRIC] = TABLE_OF("a covariate with a metric", covariate_rows),
};

static bool covariate_read(struct parser *parser, struct experiment_reading *reading,
                           const struct node *node, struct covariate *covariate)
{
    struct covariate_reading inner = {0};
    struct fields fields;
    size_t before = parser->document->errors;
    unsigned kind =
        node_member(node, "metric") && !node_member(node, "trait") ? BY_METRIC : BY_TRAIT;
    mapping_read(parser, node, &covariate_tables[kind], kind, &inner, &fields);
    if (inner.metric) {
        reading->leans_on_metrics = true;
        struct metric_reading *found = metric_find(parser, inner.metric);
        bool countable =
            found && (found->metric->kind == METRIC_COUNT || found->metric->kind == METRIC_SUM ||
                      found->metric->kind == METRIC_CONVERSION);
        inner.covariate.metric = found ? found->metric : NULL;
        if (found && found->kind_known && !countable)
            fault(parser, inner.metric->place, "wrong-kind",
                  "metric '%.*s' is of kind %s; a covariate is a count, sum or conversion",
                  SLICE_ARGS(shown(parser, inner.metric->text)),
                  metric_kind_texts[found->metric->kind]);
    }
    *covariate = inner.covariate;
    return parser->document->errors == before;
}

static const struct segment *adjust_segment(struct parser *parser,
                                            const struct experiment_reading *reading,
                                            const struct node *name)
{
    const struct experiment *experiment = reading->experiment;
    struct nearest nearest = {.typed = name->text};
    if (!type_scalar(parser, name, "the name of a segment"))
        return NULL;
    for (size_t i = 0; i < experiment->segment_count; i++)
        for (size_t k = 0; k < experiment->segments[i].count; k++) {
            const struct segment *segment = experiment->segments[i].segments[k];
            if (slice_equal(segment->name, name->text))
                return segment;
            nearest_try(&nearest, segment->name);
        }
    if (parser->segments_file.any_name)
        return NULL;
    fault(parser, name->place, "unknown-segment",
          "segment '%.*s' is not among this experiment's segments",
          SLICE_ARGS(shown(parser, name->text)));
    hint_nearest(parser, &nearest);
    return NULL;
}

static bool segment_stands(const struct segment *const *segments, size_t count,
                           const struct segment *segment)
{
    for (size_t i = 0; i < count; i++)
        if (segments[i] == segment)
            return true;
    return false;
}

static void adjust_read(struct parser *parser, struct experiment_reading *reading,
                        const struct node *list)
{
    struct experiment *experiment = reading->experiment;
    size_t strata = 1, covariates = 0;
    if (!type_list(parser, list, 0, EXPERIMENT_SEGMENTS_MAX + COVARIATES_MAX))
        return;
    const struct segment **segments =
        ARENA_ARRAY(parser->arena, list->count, const struct segment *);
    struct covariate *all = ARENA_ARRAY(parser->arena, COVARIATES_MAX, struct covariate);
    for (size_t i = 0; segments && all && i < list->count; i++) {
        const struct node *item = &list->items[i];
        if (item->kind == NODE_MAPPING) {
            if (covariates++ < COVARIATES_MAX)
                covariate_read(parser, reading, item, &all[covariates - 1]);
            continue;
        }
        const struct segment *segment = adjust_segment(parser, reading, item);
        if (!segment)
            continue;
        if (segment_stands(segments, experiment->adjust_segment_count, segment)) {
            fault(parser, item->place, "repeated-segment", "segment '%.*s' stands twice here",
                  SLICE_ARGS(segment->name));
            continue;
        }
        segments[experiment->adjust_segment_count++] = segment;
        size_t values = segment->value_count + segment->band_count + 2;
        strata = strata > STRATA_MAX ? strata : strata * values;
    }
    if (covariates > COVARIATES_MAX)
        fault(parser, list->place, "out-of-range",
              "'adjust_for' has %zu covariates; %d is the most", covariates, COVARIATES_MAX);
    if (strata > STRATA_MAX)
        fault(parser, list->place, "too-many-strata",
              "the segments of 'adjust_for' make more than %d combinations", STRATA_MAX);
    experiment->adjust_segments = segments;
    experiment->covariates = all;
    experiment->covariate_count = covariates < COVARIATES_MAX ? covariates : COVARIATES_MAX;
}

/* ---- expect ---- */

/* What the first goal's values look like. */
enum unit_of_goal { GOAL_UNKNOWN, GOAL_SHARE, GOAL_NUMBER, GOAL_TIME };

struct expect_reading {
    struct experiment_reading *reading;
    struct expectation expect;
    enum unit_of_goal unit;
    bool is_absolute;
};

static const char *const unit_wanted[] = {
    [GOAL_UNKNOWN] = "a percentage, a number or a duration, as the goal has it",
    [GOAL_SHARE] = "a percentage: the goal is a share",
    [GOAL_NUMBER] = "a number: the goal has its own unit",
    [GOAL_TIME] = "a duration: the goal is a time",
};

static bool value_refuse(struct parser *parser, const struct node *node, const char *wanted)
{
    fault(parser, node->place, "wrong-type", "'%.*s' is not %s",
          SLICE_ARGS(shown(parser, node->text)), wanted);
    return false;
}

static bool ends_as_duration(struct slice text)
{
    return text.size && strchr("sndhw", text.data[text.size - 1]);
}

static bool read_baseline(struct parser *parser, const struct row *row, const struct node *node,
                          void *target)
{
    struct expect_reading *out = target;
    int64_t value;
    (void)row;
    if (!type_scalar(parser, node, unit_wanted[out->unit]))
        return false;
    bool is_percent = slice_ends_with(node->text, SLICE("%"));
    bool is_time =
        out->unit == GOAL_TIME || (out->unit == GOAL_UNKNOWN && ends_as_duration(node->text));
    if (is_time) {
        if (!type_duration(parser, node, &value))
            return false;
    } else if (is_percent && (out->unit == GOAL_SHARE || out->unit == GOAL_UNKNOWN)) {
        if (!type_percent(parser, node, &value))
            return false;
        if (value < 0 || value > 100 * MICRO) {
            fault(parser, node->place, "out-of-range", "%.*s is out of range: 0%% to 100%%",
                  SLICE_ARGS(shown(parser, node->text)));
            return false;
        }
        value = (value + 50) / 100;
    } else if (out->unit == GOAL_SHARE) {
        return type_percent(parser, node, &value) && value_refuse(parser, node, unit_wanted[1]);
    } else if (is_percent || !type_number(parser, node, &value)) {
        return is_percent && value_refuse(parser, node, unit_wanted[out->unit]);
    }
    out->expect.baseline_micro = value;
    return true;
}

/* A number that may be in points, or a duration that may be negative. */
static bool absolute_form(enum unit_of_goal unit, struct slice text, double *lift)
{
    bool is_points = slice_ends_with(text, SLICE("pp"));
    int64_t value;
    if (is_points && (unit == GOAL_SHARE || unit == GOAL_UNKNOWN)) {
        text.size -= 2;
        if (!form_number(text, &value))
            return false;
        *lift = (double)value / (100 * (double)MICRO);
        return true;
    }
    if (unit == GOAL_TIME || (unit == GOAL_UNKNOWN && ends_as_duration(text))) {
        bool negative = text.size && text.data[0] == '-';
        struct slice length = slice_from(text, negative);
        bool is_zero = slice_equals(length, "0d") || slice_equals(length, "0h");
        value = 0;
        if (!is_zero && duration_parse(length, &value, NULL))
            return false;
        *lift = negative ? -(double)value : (double)value;
        return true;
    }
    if (unit == GOAL_SHARE || !form_number(text, &value))
        return false;
    *lift = (double)value / (double)MICRO;
    return true;
}

static const char *const absolute_wanted[] = {
    [GOAL_UNKNOWN] = "a percentage, points such as '2pp', a number or a duration",
    [GOAL_SHARE] = "points of a share; write '2pp'",
    [GOAL_NUMBER] = "a number in the goal's own unit",
    [GOAL_TIME] = "a duration; write '-12h'",
};

static bool read_lift(struct parser *parser, const struct row *row, const struct node *node,
                      void *target)
{
    struct expect_reading *out = target;
    double lift;
    int64_t percent;
    (void)row;
    if (!type_scalar(parser, node, "the difference that is expected"))
        return false;
    bool is_percent = slice_ends_with(node->text, SLICE("%"));
    if (out->is_absolute || (out->unit == GOAL_UNKNOWN && !is_percent)) {
        if (!absolute_form(out->unit, node->text, &lift))
            return value_refuse(parser, node, absolute_wanted[out->unit]);
    } else {
        if (!type_percent(parser, node, &percent))
            return false;
        lift = (double)percent / (100 * (double)MICRO);
    }
    const struct experiment *experiment = out->reading->experiment;
    const struct metric *goal = experiment->goal_count ? experiment->goals[0] : NULL;
    struct slice text = shown(parser, node->text);
    if (lift == 0)
        fault(parser, node->place, "out-of-range", "a lift of %.*s is none", SLICE_ARGS(text));
    else if (goal && goal->lower_is_better != (lift < 0))
        fault(parser, node->place, "bad-range",
              "of '%.*s' %s values are better: the lift expected is %s", SLICE_ARGS(goal->name),
              goal->lower_is_better ? "lower" : "higher",
              goal->lower_is_better ? "negative" : "positive");
    else {
        out->expect.lift = lift;
        return true;
    }
    return false;
}

static bool read_units(struct parser *parser, const struct row *row, const struct node *node,
                       void *target)
{
    return type_integer(parser, node, 1, UINT64_MAX, row_field(row, target));
}

#define MEMBERS_AT(field) offsetof(struct expectation, field)
static const struct row members_rows[] = {
    {.key = "mean",
     .read = row_number,
     .offset = MEMBERS_AT(members_mean),
     .needs = NEEDED,
     .least = 1,
     .most = NUMBER_LIMIT},
    {.key = "cv",
     .read = row_number,
     .offset = MEMBERS_AT(members_cv),
     .needs = NEEDED,
     .least = 0,
     .most = NUMBER_LIMIT},
    {.key = "icc",
     .read = row_number,
     .offset = MEMBERS_AT(members_icc),
     .needs = NEEDED,
     .least = 0,
     .most = 1},
};
static const struct table members_table = TABLE_OF("members", members_rows);

static bool read_members(struct parser *parser, const struct row *row, const struct node *node,
                         void *target)
{
    struct expect_reading *out = target;
    struct fields fields;
    (void)row;
    const struct experiment_reading *reading = out->reading;
    if (reading->unit_good && reading->experiment->unit != UNIT_ACCOUNT) {
        fault(parser, node->holder->place, "unknown-key", "'members' goes with 'unit: account'");
        return false;
    }
    out->expect.has_members = mapping_read(parser, node, &members_table, 1, &out->expect, &fields);
    return out->expect.has_members;
}

#define EXPECT_AT(field) offsetof(struct expect_reading, expect.field)
static const struct row expect_rows[] = {
    {.key = "baseline", .read = read_baseline, .needs = NEEDED},
    {.key = "lift", .read = read_lift, .needs = NEEDED},
    {.key = "power", .read = row_share, .offset = EXPECT_AT(power), .least = 50, .most = 99.9},
    {.key = "units_per_week", .read = read_units, .offset = EXPECT_AT(units_per_week)},
    {.key = "units", .read = read_units, .offset = EXPECT_AT(units)},
    {.key = "members", .read = read_members},
    {.key = "sd",
     .read = row_number,
     .offset = EXPECT_AT(sd),
     .least = NUMBER_LEAST,
     .most = NUMBER_LIMIT},
};
static const struct table expect_table = TABLE_OF("expect", expect_rows);

static enum unit_of_goal unit_of(const struct metric *goal)
{
    if (!goal)
        return GOAL_UNKNOWN;
    if (metric_is_share(goal->kind))
        return GOAL_SHARE;
    return goal->kind == METRIC_TIME_TO ? GOAL_TIME : GOAL_NUMBER;
}

static bool needs_sd(const struct metric *goal)
{
    return goal && (goal->kind == METRIC_COUNT || goal->kind == METRIC_SUM ||
                    goal->kind == METRIC_MEAN || goal->kind == METRIC_RATIO);
}

static void detection_warn(struct parser *parser, const struct experiment *experiment,
                           const struct pair *expect)
{
    const struct expectation *plan = &experiment->expect;
    if (experiment->start_ms == TIME_NONE || experiment->end_ms == TIME_NONE ||
        experiment->end_ms <= experiment->start_ms || !plan->units_per_week)
        return;
    double weeks = (double)(experiment->end_ms - experiment->start_ms) / (double)(7 * DAY_MS);
    double come = floor((double)plan->units_per_week * weeks), needed = plan_units(experiment);
    if (needed <= come)
        return;
    caution(parser, expect->key.place, "cannot-detect",
            "%.0f units come from start to end, and about %.0f are needed to detect this lift",
            come, needed);
}

static void expect_read(struct parser *parser, struct experiment_reading *reading,
                        const struct pair *pair)
{
    struct experiment *experiment = reading->experiment;
    const struct metric *goal = experiment->goal_count ? experiment->goals[0] : NULL;
    struct metric_reading *found = NULL;
    for (size_t i = 0; goal && i < parser->metric_count; i++)
        if (parser->metrics[i].metric == goal)
            found = &parser->metrics[i];
    goal = found && found->kind_known ? goal : NULL;
    struct expect_reading inner = {.reading = reading, .expect.power = 0.8, .unit = unit_of(goal)};
    inner.is_absolute = experiment->lift == LIFT_ABSOLUTE ||
                        (goal && (goal->kind == METRIC_NPS || goal->kind == METRIC_TIME_TO));
    struct fields fields;
    size_t before = parser->document->errors;
    if (!mapping_read(parser, &pair->value, &expect_table, 1, &inner, &fields))
        return;
    if (needs_sd(goal) && !fields_pair(&fields, "sd"))
        fault(parser, pair->key.place, "missing-key",
              "expect needs 'sd': the goal is of kind %s, whose spread is not known from its mean",
              metric_kind_texts[goal->kind]);
    inner.expect.given = true;
    experiment->expect = inner.expect;
    if (goal && parser->document->errors == before)
        detection_warn(parser, experiment, pair);
}

void analysis_read(struct parser *parser, struct experiment_reading *reading,
                   const struct node *analysis)
{
    struct experiment *experiment = reading->experiment;
    struct fields fields;
    if (!mapping_read(parser, analysis, &analysis_table, 1, experiment, &fields))
        return;
    reading->peeking_bad = fields_pair(&fields, "peeking") && !fields_good(&fields, "peeking");
    const struct node *adjust = fields_value(&fields, "adjust_for");
    const struct pair *expect = fields_pair(&fields, "expect");
    if (adjust)
        adjust_read(parser, reading, adjust);
    if (expect)
        expect_read(parser, reading, expect);
    const struct node *correction = fields_value(&fields, "correction");
    if (correction && experiment->correction == DECLARED_NONE &&
        fields_good(&fields, "correction") && experiment->secondary_count > SECONDARIES_PLAIN)
        caution(parser, correction->place, "no-correction",
                "%zu secondaries without a correction: by chance alone one in twenty looks like a "
                "change",
                experiment->secondary_count);
}
