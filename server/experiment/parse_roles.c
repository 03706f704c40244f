/*
 * What an experiment looks at: its `segments` and, under `metrics`, which metric has which role
 * (grammar.md, section 3).
 */

#include "parse.h"

#include "base/limits.h"
#include "base/number.h"

#include <stdlib.h>

/* ---- Segments ---- */

/* Values that a unit may have: those declared, and (other) or (below), and (unknown). */
static size_t segment_combinations(const struct segment *segment)
{
    return segment->value_count + segment->band_count + 2;
}

static bool crossing_read(struct parser *parser, const struct node *list,
                          struct segmentation *segmentation)
{
    size_t combinations = 1;
    bool known = true;
    if (!type_list(parser, list, 2, 3))
        return false;
    for (size_t i = 0; i < list->count; i++) {
        struct segment_reading *found = segment_find(parser, &list->items[i]);
        known &= found != NULL;
        segmentation->segments[i] = found ? found->segment : NULL;
        combinations *= found ? segment_combinations(found->segment) : 1;
        for (size_t before = 0; found && before < i; before++)
            if (segmentation->segments[before] == found->segment) {
                fault(parser, list->items[i].place, "repeated-segment",
                      "segment '%.*s' stands twice in one crossing",
                      SLICE_ARGS(shown(parser, list->items[i].text)));
                return false;
            }
    }
    segmentation->count = list->count;
    if (known && combinations > CROSSING_MAX)
        fault(parser, list->place, "too-many-strata",
              "the crossing has %zu combinations; %d are the most", combinations, CROSSING_MAX);
    return known;
}

/* The same segments, in whatever order. */
static bool same_segments(const struct segmentation *a, const struct segmentation *b)
{
    for (size_t i = 0; i < a->count; i++) {
        size_t at = 0;
        while (at < b->count && b->segments[at] != a->segments[i])
            at++;
        if (at == b->count)
            return false;
    }
    return a->count == b->count;
}

static void segmentation_keep(struct parser *parser, struct experiment *experiment,
                              struct segmentation *all, const struct node *item,
                              const struct segmentation *one)
{
    for (size_t i = 0; i < experiment->segment_count; i++)
        if (same_segments(&all[i], one)) {
            fault(parser, item->place, "repeated-segment", "%s stands twice in 'segments'",
                  one->count > 1 ? "this crossing" : "this segment");
            return;
        }
    all[experiment->segment_count++] = *one;
}

void segmentations_read(struct parser *parser, struct experiment_reading *reading,
                        const struct node *segments)
{
    struct experiment *experiment = reading->experiment;
    if (!type_list(parser, segments, 0, EXPERIMENT_SEGMENTS_MAX))
        return;
    struct segmentation *all = ARENA_ARRAY(parser->arena, segments->count, struct segmentation);
    reading->leans_on_segments = segments->count > 0;
    for (size_t i = 0; all && i < segments->count; i++) {
        const struct node *item = &segments->items[i];
        struct segmentation one = {.count = 1};
        if (item->kind == NODE_LIST) {
            if (crossing_read(parser, item, &one))
                segmentation_keep(parser, experiment, all, item, &one);
            continue;
        }
        struct segment_reading *found = segment_find(parser, item);
        one.segments[0] = found ? found->segment : NULL;
        if (found)
            segmentation_keep(parser, experiment, all, item, &one);
    }
    experiment->segments = all;
}

/* ---- Roles ---- */

#define ROLES_MAX (GOALS_MAX + SECONDARY_MAX + GUARDRAILS_MAX + DIAGNOSTICS_MAX)

/* The metrics of one experiment while they are read. */
struct roles {
    struct experiment_reading *reading;
    const struct metric *seen[ROLES_MAX]; /* each with its name and the key it stands under */
    const struct node *seen_names[ROLES_MAX];
    struct slice seen_under[ROLES_MAX];
    size_t seen_count;
    const struct metric *secondaries[SECONDARY_MAX], *diagnostics[DIAGNOSTICS_MAX];
    struct guardrail guardrails[GUARDRAILS_MAX];
    size_t secondary_count, diagnostic_count, guardrail_count;
    struct slice why;
};

static void role_check(struct parser *parser, const struct roles *roles, const struct node *name,
                       const struct metric_reading *found, enum metric_role role)
{
    const struct metric *metric = found->metric;
    struct slice text = shown(parser, name->text);
    bool is_diagnostic = role == ROLE_DIAGNOSTIC;
    if (metric->vanity && (role == ROLE_GOAL || role == ROLE_SECONDARY))
        fault(parser, name->place, "vanity-goal",
              "metric '%.*s' is marked 'vanity: true': it moves without showing value, so it is "
              "for 'diagnostics' only",
              SLICE_ARGS(text));
    if (!found->kind_known)
        return;
    if (metric->kind == METRIC_RETENTION_CURVE && !is_diagnostic)
        fault(parser, name->place, "wrong-kind",
              "metric '%.*s' is a curve, not one number: it is for 'diagnostics'",
              SLICE_ARGS(text));
    if (metric->kind == METRIC_BREADTH && roles->reading->unit_good &&
        roles->reading->experiment->unit != UNIT_ACCOUNT)
        fault(parser, name->place, "breadth-needs-account",
              "metric '%.*s' counts members of accounts: it needs 'unit: account'",
              SLICE_ARGS(text));
}

static bool is_before(const struct place *a, const struct place *b)
{
    return a->line != b->line ? a->line < b->line : a->column < b->column;
}

/* A metric in two roles, told where it stands the second time in the file: roles are read in the
 * table's order. */
static void repeated_tell(struct parser *parser, const struct roles *roles, size_t seen,
                          const struct node *name, struct slice under)
{
    const struct node *other = roles->seen_names[seen];
    bool is_later = is_before(&name->place, &other->place);
    fault(parser, is_later ? other->place : name->place, "repeated-metric",
          "metric '%.*s' stands under '%.*s' already", SLICE_ARGS(shown(parser, name->text)),
          SLICE_ARGS(is_later ? under : roles->seen_under[seen]));
}

/* The metric named, checked for the role; NULL after telling, or where it can't be known. */
static const struct metric *role_find(struct parser *parser, struct roles *roles,
                                      const struct node *name, enum metric_role role)
{
    roles->reading->leans_on_metrics = true;
    struct metric_reading *found = metric_find(parser, name);
    if (!found)
        return NULL;
    struct slice under = role == ROLE_GUARDRAIL ? SLICE("guardrails") : node_name(name);
    for (size_t i = 0; i < roles->seen_count; i++)
        if (roles->seen[i] == found->metric) {
            repeated_tell(parser, roles, i, name, under);
            return NULL;
        }
    if (roles->seen_count < ROLES_MAX) {
        roles->seen[roles->seen_count] = found->metric;
        roles->seen_names[roles->seen_count] = name;
        roles->seen_under[roles->seen_count++] = under;
    }
    role_check(parser, roles, name, found, role);
    return found->metric;
}

static void list_read(struct parser *parser, struct roles *roles, const struct node *list,
                      enum metric_role role, const struct metric **out, size_t *count)
{
    for (size_t i = 0; i < list->count; i++) {
        const struct metric *metric = role_find(parser, roles, &list->items[i], role);
        if (metric)
            out[(*count)++] = metric;
    }
}

static bool read_goal(struct parser *parser, const struct row *row, const struct node *node,
                      void *target)
{
    struct roles *roles = target;
    struct experiment *experiment = roles->reading->experiment;
    (void)row;
    if (node->kind == NODE_LIST) {
        if (!type_list(parser, node, 1, GOALS_MAX))
            return false;
        list_read(parser, roles, node, ROLE_GOAL, experiment->goals, &experiment->goal_count);
        return true;
    }
    const struct metric *metric = role_find(parser, roles, node, ROLE_GOAL);
    if (metric)
        experiment->goals[experiment->goal_count++] = metric;
    return metric != NULL;
}

static bool read_secondary(struct parser *parser, const struct row *row, const struct node *node,
                           void *target)
{
    struct roles *roles = target;
    (void)row;
    if (!type_list(parser, node, 0, SECONDARY_MAX))
        return false;
    list_read(parser, roles, node, ROLE_SECONDARY, roles->secondaries, &roles->secondary_count);
    return true;
}

static bool read_diagnostics(struct parser *parser, const struct row *row, const struct node *node,
                             void *target)
{
    struct roles *roles = target;
    (void)row;
    if (!type_list(parser, node, 0, DIAGNOSTICS_MAX))
        return false;
    list_read(parser, roles, node, ROLE_DIAGNOSTIC, roles->diagnostics, &roles->diagnostic_count);
    return true;
}

/* ---- Guardrails ---- */

static const struct row guardrail_rows[] = {
    {.key = "metric", .needs = NEEDED},
    {.key = "worse_by", .needs = NEEDED},
};
static const struct table guardrail_table = {
    .what = "a guardrail", .rows = guardrail_rows, .count = 2};

static bool margin_refuse(struct parser *parser, const struct node *node, const char *code,
                          const char *why)
{
    fault(parser, node->place, code, "'%.*s' %s", SLICE_ARGS(shown(parser, node->text)), why);
    return false;
}

/* A number, N% or Npp; `kind` is that of the metric, METRIC_KIND_COUNT when it is not known. */
static bool margin_read(struct parser *parser, const struct node *node, enum metric_kind kind,
                        struct guardrail *guardrail)
{
    if (!type_scalar(parser, node, "a margin such as '2%', '2pp' or '5'"))
        return false;
    struct slice text = node->text, digits = text;
    bool known = kind != METRIC_KIND_COUNT;
    guardrail->text = keep(parser, text);
    guardrail->relative = slice_ends_with(text, SLICE("%"));
    guardrail->points = slice_ends_with(text, SLICE("pp"));
    if (guardrail->points)
        digits.size -= 2;
    int64_t value;
    bool good = guardrail->relative ? form_percent(text, &value) : form_number(digits, &value);
    if (!good)
        return margin_refuse(parser, node, "wrong-type",
                             "is not a margin; write a number, '2%' of the control's value or "
                             "'2pp' for points of a share");
    if (value <= 0)
        return margin_refuse(parser, node, "out-of-range", "is out of range: a margin is above 0");
    bool is_bare = !guardrail->relative && !guardrail->points;
    if (known && is_bare && metric_is_share(kind))
        return margin_refuse(parser, node, "wrong-type",
                             "is a bare number for a share; write '2pp' for points or '2%' for a "
                             "part of the control's value");
    if (known && guardrail->points && !metric_is_share(kind))
        return margin_refuse(parser, node, "wrong-type",
                             "is in points, which only shares have; write a number in the "
                             "metric's own unit or '2%'");
    guardrail->worse_by_micro = is_bare ? value : (value + 50) / 100;
    return true;
}

static bool read_guardrails(struct parser *parser, const struct row *row, const struct node *list,
                            void *target)
{
    struct roles *roles = target;
    struct fields fields;
    (void)row;
    if (!type_list(parser, list, 0, GUARDRAILS_MAX))
        return false;
    for (size_t i = 0; i < list->count; i++) {
        struct guardrail guardrail = {0};
        if (!mapping_read(parser, &list->items[i], &guardrail_table, 1, NULL, &fields))
            continue;
        const struct node *name = fields_value(&fields, "metric");
        const struct node *margin = fields_value(&fields, "worse_by");
        enum metric_kind kind = METRIC_KIND_COUNT;
        if (name)
            guardrail.metric = role_find(parser, roles, name, ROLE_GUARDRAIL);
        struct metric_reading *found = guardrail.metric ? metric_find(parser, name) : NULL;
        if (found && found->kind_known)
            kind = guardrail.metric->kind;
        if (margin && margin_read(parser, margin, kind, &guardrail) && guardrail.metric)
            roles->guardrails[roles->guardrail_count++] = guardrail;
    }
    return true;
}

/* ---- All of them ---- */

static const struct row role_rows[] = {
    {.key = "goal", .read = read_goal},
    {.key = "why", .read = row_text, .offset = offsetof(struct roles, why)},
    {.key = "secondary", .read = read_secondary},
    {.key = "guardrails", .read = read_guardrails},
    {.key = "diagnostics", .read = read_diagnostics},
};
static const struct table role_table = {
    .what = "metrics",
    .rows = role_rows,
    .count = sizeof role_rows / sizeof *role_rows,
    .note = "here stand names of metrics; metrics are defined in metrics.yaml only"};

static void window_warn(struct parser *parser, const struct experiment *experiment,
                        const struct node *name, const struct metric *metric)
{
    char window[TIME_TEXT_SIZE], span[TIME_TEXT_SIZE], day[TIME_TEXT_SIZE];
    if (experiment->start_ms == TIME_NONE || experiment->end_ms == TIME_NONE ||
        experiment->end_ms <= experiment->start_ms)
        return;
    int64_t span_ms = experiment->end_ms - experiment->start_ms;
    if (metric->until_ms <= span_ms)
        return;
    /* A cohort is a day, mature when its window has passed since the day's end. */
    int64_t last_end_ms = day_start_ms(day_of(experiment->end_ms + DAY_MS - 1));
    caution(parser, name->place, "long-window",
            "the window of '%.*s' (%s) is longer than the enrolment (%s): the last unit is mature "
            "on %s",
            SLICE_ARGS(metric->name), duration_format(metric->until_ms, window),
            duration_format(span_ms, span),
            day_format(day_of(last_end_ms + metric->until_ms), day));
}

static void goal_warn(struct parser *parser, const struct experiment *experiment,
                      const struct fields *fields)
{
    const struct pair *goal = fields_pair(fields, "goal");
    if (!goal) {
        caution(parser, fields->mapping->place, "no-goal",
                "there is no 'goal': nothing decides this experiment");
        return;
    }
    if (!fields_pair(fields, "why"))
        caution(parser, goal->key.place, "no-why",
                "there is no 'why': say what value a customer has when the goal is met");
    bool is_list = goal->value.kind == NODE_LIST;
    for (size_t i = 0; i < (is_list ? goal->value.count : 1); i++) {
        const struct node *name = is_list ? &goal->value.items[i] : &goal->value;
        for (size_t k = 0; k < experiment->goal_count; k++)
            if (slice_equal(experiment->goals[k]->name, name->text))
                window_warn(parser, experiment, name, experiment->goals[k]);
    }
}

static const void *kept(struct parser *parser, const void *items, size_t count, size_t size)
{
    void *copy = arena_array(parser->arena, count, size);
    if (copy && count)
        memcpy(copy, items, count * size);
    return copy;
}

void roles_read(struct parser *parser, struct experiment_reading *reading,
                const struct node *metrics, struct place top)
{
    struct experiment *experiment = reading->experiment;
    struct roles *roles = ARENA_NEW(&parser->scratch, struct roles);
    struct fields fields;
    if (!metrics) {
        caution(parser, top, "no-goal", "there is no goal: nothing decides this experiment");
        return;
    }
    if (!roles)
        return;
    roles->reading = reading;
    if (!mapping_read(parser, metrics, &role_table, 1, roles, &fields))
        return;
    experiment->why = roles->why;
    experiment->secondaries =
        kept(parser, roles->secondaries, roles->secondary_count, sizeof *roles->secondaries);
    experiment->diagnostics =
        kept(parser, roles->diagnostics, roles->diagnostic_count, sizeof *roles->diagnostics);
    experiment->guardrails =
        kept(parser, roles->guardrails, roles->guardrail_count, sizeof *roles->guardrails);
    experiment->secondary_count = experiment->secondaries ? roles->secondary_count : 0;
    experiment->diagnostic_count = experiment->diagnostics ? roles->diagnostic_count : 0;
    experiment->guardrail_count = experiment->guardrails ? roles->guardrail_count : 0;
    goal_warn(parser, experiment, &fields);
}
