/* `traffic` of an experiment: who of the eligible enters, when, and beside which experiments. */

#include "parse.h"

#include "base/limits.h"
#include "base/number.h"

#define RANGE_STEP 100000 /* micro-percent: the namespace hash has 1000 buckets */
#define WHOLE_PERCENT INT64_C(100000000)

/* ---- ramp ---- */

static const struct row ramp_rows[] = {
    {.key = "from",
     .read = row_date,
     .offset = offsetof(struct ramp_step, from_ms),
     .needs = NEEDED},
    {.key = "coverage",
     .read = row_share,
     .offset = offsetof(struct ramp_step, coverage),
     .needs = NEEDED,
     .least = 0,
     .most = 100},
};
static const struct table ramp_table = TABLE_OF("a step of the ramp", ramp_rows);

static bool read_ramp(struct parser *parser, const struct row *row, const struct node *list,
                      void *target)
{
    struct experiment *experiment = target;
    struct fields fields;
    const struct ramp_step *dated = NULL, *covered = NULL; /* the last ones that are good */
    (void)row;
    if (!type_list(parser, list, 1, RAMP_MAX))
        return false;
    struct ramp_step *steps = ARENA_ARRAY(parser->arena, list->count, struct ramp_step);
    for (size_t i = 0; steps && i < list->count; i++) {
        mapping_read(parser, &list->items[i], &ramp_table, 1, &steps[i], &fields);
        if (fields_good(&fields, "from")) {
            if (dated && steps[i].from_ms <= dated->from_ms)
                fault(parser, fields_value(&fields, "from")->place, "not-ascending",
                      "this date is not later than the one before");
            dated = &steps[i];
        }
        if (fields_good(&fields, "coverage")) {
            if (covered && steps[i].coverage < covered->coverage)
                fault(parser, fields_value(&fields, "coverage")->place, "ramp-falls",
                      "the coverage falls: who was in would be out");
            covered = &steps[i];
        }
    }
    experiment->ramp = steps;
    experiment->ramp_count = steps ? list->count : 0;
    return steps != NULL;
}

/* ---- exclusive ---- */

/* `A%..B%` in micro-percent. */
static bool range_form(struct slice text, int64_t *low, int64_t *high)
{
    for (size_t i = 0; i + 1 < text.size; i++)
        if (text.data[i] == '.' && text.data[i + 1] == '.')
            return form_percent((struct slice){.data = text.data, .size = i}, low) &&
                   form_percent(slice_from(text, i + 2), high);
    return false;
}

static bool read_range(struct parser *parser, const struct row *row, const struct node *node,
                       void *target)
{
    struct experiment *experiment = target;
    int64_t low, high;
    (void)row;
    if (!type_scalar(parser, node, "a range such as '0%..50%'"))
        return false;
    struct slice text = shown(parser, node->text);
    if (!range_form(node->text, &low, &high))
        fault(parser, node->place, "wrong-type", "'%.*s' is not a range; write '0%%..50%%'",
              SLICE_ARGS(text));
    else if (low < 0 || high > WHOLE_PERCENT || low >= high)
        fault(parser, node->place, "bad-range",
              "'%.*s' is not a range: the first below the second, both from 0%% to 100%%",
              SLICE_ARGS(text));
    else if (low % RANGE_STEP || high % RANGE_STEP)
        fault(parser, node->place, "bad-range",
              "'%.*s' is too fine: a range goes in steps of 0.1%%", SLICE_ARGS(text));
    else {
        experiment->exclusive_low = (double)low / (double)WHOLE_PERCENT;
        experiment->exclusive_high = (double)high / (double)WHOLE_PERCENT;
        return true;
    }
    return false;
}

static const struct row exclusive_rows[] = {
    {.key = "group",
     .read = row_name,
     .offset = offsetof(struct experiment, exclusive_group),
     .needs = NEEDED},
    {.key = "range", .read = read_range, .needs = NEEDED},
};
static const struct table exclusive_table = TABLE_OF("exclusive", exclusive_rows);

static bool read_share_above(struct parser *parser, const struct row *row, const struct node *node,
                             void *target)
{
    double share;
    if (!type_share(parser, node, row->least, row->most, &share))
        return false;
    if (share <= 0) {
        fault(parser, node->place, "out-of-range", "%.*s is out of range: above 0%% to %g%%",
              SLICE_ARGS(shown(parser, node->text)), row->most);
        return false;
    }
    *(double *)row_field(row, target) = share;
    return true;
}

static const struct row holdout_rows[] = {
    {.key = "group",
     .read = row_name,
     .offset = offsetof(struct experiment, holdout_group),
     .needs = NEEDED},
    {.key = "share",
     .read = read_share_above,
     .offset = offsetof(struct experiment, holdout_share),
     .needs = NEEDED,
     .least = 0,
     .most = 50},
};
static const struct table holdout_table = TABLE_OF("holdout", holdout_rows);

/* ---- All of it ---- */

static const struct row traffic_rows[] = {
    {.key = "coverage",
     .read = row_share,
     .offset = offsetof(struct experiment, coverage),
     .least = 0,
     .most = 100},
    {.key = "ramp", .read = read_ramp},
    {.key = "exclusive"},
    {.key = "holdout"},
};
static const struct table traffic_table = TABLE_OF("traffic", traffic_rows);

static const struct node *if_good(const struct fields *fields, const char *key)
{
    return fields_good(fields, key) ? fields_value(fields, key) : NULL;
}

void traffic_read(struct parser *parser, struct experiment_reading *reading,
                  const struct node *traffic)
{
    struct experiment *experiment = reading->experiment;
    struct fields fields, inner;
    if (!mapping_read(parser, traffic, &traffic_table, 1, experiment, &fields))
        return;
    fields_either(parser, &fields, "coverage", "ramp");
    const struct node *exclusive = fields_value(&fields, "exclusive");
    if (exclusive && mapping_read(parser, exclusive, &exclusive_table, 1, experiment, &inner)) {
        reading->exclusive_group = if_good(&inner, "group");
        reading->exclusive_range = if_good(&inner, "range");
    }
    const struct node *holdout = fields_value(&fields, "holdout");
    if (holdout && mapping_read(parser, holdout, &holdout_table, 1, experiment, &inner)) {
        reading->holdout_group = if_good(&inner, "group");
        reading->holdout_share = if_good(&inner, "share");
    }
}
