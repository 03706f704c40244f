/*
 * metrics.yaml (grammar.md, section 4).
 *
 * One table holds the keys of all kinds of metrics; a row says which kinds have it and which need
 * it.  Metrics are read in two passes: each by itself, then the names that point at other metrics
 * (parse_metric_links.c), because a metric may stand before the one that it refers to.
 */

#include "parse.h"

#include "base/limits.h"
#include "base/number.h"

#include <stdlib.h>

#define EVENTS_MAX 20 /* of all_of, any_of, competing */
#define CANDIDATES_MAX 50
#define TIMES_MAX 1000
#define DAYS_MAX 400
#define BRACKETS_MIN 2
#define BRACKETS_MAX 53 /* a year of weeks */
#define COUNT_CAP (2000 * MICRO)

#define BIT(kind) (UINT32_C(1) << METRIC_##kind)
#define ALL_KINDS ((UINT32_C(1) << METRIC_KIND_COUNT) - 1)
#define WINDOWED                                                                                   \
    (BIT(CONVERSION) | BIT(TIME_TO) | BIT(COUNT) | BIT(SUM) | BIT(MEAN) | BIT(NPS) | BIT(BREADTH))

/* One metric while it is read. */
struct reading {
    struct metric metric;
    struct event_condition event; /* of `event`, with where, times, distinct_days beside it */
    const struct event_condition *all_of, *any_of;
    size_t all_of_count, any_of_count;
    const struct condition *where;
    uint32_t times, distinct_days;
    unsigned better;
    unsigned stage;
    int64_t within_ms, from_ms, to_ms, every_ms, until_ms;
    const struct node *numerator, *denominator, *counts;
};

/* ---- Events ---- */

static bool read_where(struct parser *parser, const struct row *row, const struct node *node,
                       void *target)
{
    const struct condition **where = row_field(row, target);
    *where = condition_read(parser, node);
    return *where != NULL;
}

static const struct row event_rows[] = {
    {.key = "event",
     .read = row_event,
     .offset = offsetof(struct event_condition, event),
     .needs = NEEDED},
    {.key = "where", .read = read_where, .offset = offsetof(struct event_condition, where)},
    {.key = "times",
     .read = row_count,
     .offset = offsetof(struct event_condition, times),
     .least = 1,
     .most = TIMES_MAX},
    {.key = "distinct_days",
     .read = row_count,
     .offset = offsetof(struct event_condition, distinct_days),
     .least = 1,
     .most = DAYS_MAX},
};
static const struct table event_table = TABLE_OF("an event condition", event_rows);

bool event_condition_read(struct parser *parser, const struct node *node,
                          struct event_condition *event)
{
    struct fields fields;
    size_t before = parser->document->errors;
    *event = (struct event_condition){.times = 1, .distinct_days = 1};
    if (node->kind != NODE_MAPPING)
        return type_event(parser, node, &event->event);
    mapping_read(parser, node, &event_table, 1, event, &fields);
    return parser->document->errors == before;
}

const struct event_condition *event_conditions_read(struct parser *parser, const struct node *list,
                                                    size_t most, size_t *count)
{
    if (!type_list(parser, list, 1, most))
        return NULL;
    struct event_condition *events =
        ARENA_ARRAY(parser->arena, list->count, struct event_condition);
    for (size_t i = 0; events && i < list->count; i++)
        event_condition_read(parser, &list->items[i], &events[i]);
    *count = events ? list->count : 0;
    return events;
}

bool events_read(struct parser *parser, const struct node *list, const struct slice **events,
                 size_t *count)
{
    if (!type_list(parser, list, 0, METRICS_MAX))
        return false;
    struct slice *names = ARENA_ARRAY(parser->arena, list->count, struct slice);
    bool good = names != NULL;
    for (size_t i = 0; names && i < list->count; i++)
        good &= type_event(parser, &list->items[i], &names[i]);
    *events = names;
    *count = names ? list->count : 0;
    return good;
}

static bool read_event(struct parser *parser, const struct row *row, const struct node *node,
                       void *target)
{
    return event_condition_read(parser, node, row_field(row, target));
}

static bool read_all_of(struct parser *parser, const struct row *row, const struct node *node,
                        void *target)
{
    struct reading *reading = target;
    (void)row;
    reading->all_of = event_conditions_read(parser, node, EVENTS_MAX, &reading->all_of_count);
    return reading->all_of != NULL;
}

static bool read_any_of(struct parser *parser, const struct row *row, const struct node *node,
                        void *target)
{
    struct reading *reading = target;
    (void)row;
    reading->any_of = event_conditions_read(parser, node, EVENTS_MAX, &reading->any_of_count);
    return reading->any_of != NULL;
}

static const struct row any_event_rows[] = {
    {.key = "distinct_days",
     .read = row_count,
     .offset = offsetof(struct metric, activity_days),
     .needs = NEEDED,
     .least = 1,
     .most = DAYS_MAX},
};
static const struct table any_event_table = TABLE_OF("any_event", any_event_rows);

static bool read_any_event(struct parser *parser, const struct row *row, const struct node *node,
                           void *target)
{
    struct fields fields;
    struct reading *reading = target;
    (void)row;
    return mapping_read(parser, node, &any_event_table, 1, &reading->metric, &fields) &&
           fields_good(&fields, "distinct_days");
}

static bool read_competing(struct parser *parser, const struct row *row, const struct node *list,
                           void *target)
{
    struct metric *metric = &((struct reading *)target)->metric;
    (void)row;
    return type_list(parser, list, 1, EVENTS_MAX) &&
           events_read(parser, list, &metric->competing, &metric->competing_count);
}

/* ---- Windows ---- */

static bool read_between(struct parser *parser, const struct row *row, const struct node *list,
                         void *target)
{
    struct reading *reading = target;
    (void)row;
    if (!type_list(parser, list, 2, 2))
        return false;
    const struct node *from = &list->items[0], *to = &list->items[1];
    bool is_zero = from->kind == NODE_SCALAR && slice_equals(from->text, "0d");
    bool good = is_zero || type_duration(parser, from, &reading->from_ms);
    if (!type_duration(parser, to, &reading->to_ms) || !good)
        return false;
    struct slice text = shown(parser, to->text);
    if (reading->to_ms <= reading->from_ms)
        fault(parser, to->place, "bad-range", "%.*s is not above %.*s", SLICE_ARGS(text),
              SLICE_ARGS(shown(parser, from->text)));
    else if (reading->to_ms - reading->from_ms < DAY_MS)
        fault(parser, to->place, "out-of-range",
              "the window is less than 24 hours wide: from %.*s to %.*s",
              SLICE_ARGS(shown(parser, from->text)), SLICE_ARGS(text));
    else
        return true;
    return false;
}

/* ---- Words ---- */

static const char *const better_words[] = {"higher", "lower", NULL};
static const char *const member_words[] = {"user", NULL};
static const char *const of_words[] = {"at_exposure", "within", NULL};
static const struct word_list kinds_list = {"a kind of metric", metric_kind_texts};
static const struct word_list stages_list = {"a stage", metric_stage_texts};
static const struct word_list better_list = {"a direction", better_words};
static const struct word_list member_list = {"a member", member_words};
static const struct word_list of_list = {"a denominator", of_words};

static const struct row of_rows[] = {
    {.key = "trait",
     .read = row_trait,
     .offset = offsetof(struct metric, of_trait),
     .needs = NEEDED},
};
static const struct table of_table = TABLE_OF("of", of_rows);

static bool read_of(struct parser *parser, const struct row *row, const struct node *node,
                    void *target)
{
    struct fields fields;
    struct metric *metric = &((struct reading *)target)->metric;
    unsigned word = 0;
    (void)row;
    if (node->kind == NODE_MAPPING) {
        metric->of = OF_TRAIT;
        return mapping_read(parser, node, &of_table, 1, metric, &fields) &&
               fields_good(&fields, "trait");
    }
    if (!type_word(parser, node, &of_list, &word))
        return false;
    metric->of = (enum breadth_of)word;
    return true;
}

static bool read_member(struct parser *parser, const struct row *row, const struct node *node,
                        void *target)
{
    unsigned word;
    (void)row;
    (void)target;
    return type_word(parser, node, &member_list, &word);
}

static bool read_kind(struct parser *parser, const struct row *row, const struct node *node,
                      void *target)
{
    (void)parser, (void)row, (void)node, (void)target;
    return true; /* read before all others */
}

#define AT(field) offsetof(struct reading, field)

static const struct row metric_rows[] = {
    {.key = "kind", .read = read_kind, .needs = NEEDED},
    {.key = "name", .read = row_line, .offset = AT(metric.title)},
    {.key = "description", .read = row_text, .offset = AT(metric.description)},
    {.key = "stage", .read = row_word, .offset = AT(stage), .words = &stages_list},
    {.key = "better", .read = row_word, .offset = AT(better), .words = &better_list},
    {.key = "vanity", .read = row_boolean, .offset = AT(metric.vanity)},
    {.key = "event",
     .read = read_event,
     .offset = AT(event),
     .kinds = ALL_KINDS & ~(BIT(RATIO) | BIT(BREADTH)),
     .needs = BIT(SUM) | BIT(MEAN) | BIT(NPS)},
    {.key = "all_of", .read = read_all_of, .kinds = BIT(CONVERSION) | BIT(TIME_TO)},
    {.key = "any_of",
     .read = read_any_of,
     .kinds = BIT(CONVERSION) | BIT(TIME_TO) | BIT(COUNT) | BIT(RETENTION) | BIT(RETENTION_CURVE)},
    {.key = "at_least",
     .read = row_count,
     .offset = AT(metric.at_least),
     .kinds = BIT(CONVERSION),
     .least = 1,
     .most = EVENTS_MAX},
    {.key = "any_event", .read = read_any_event, .kinds = BIT(CONVERSION)},
    {.key = "where",
     .read = read_where,
     .offset = AT(where),
     .kinds = ALL_KINDS & ~(BIT(RATIO) | BIT(BREADTH))},
    {.key = "times",
     .read = row_count,
     .offset = AT(times),
     .kinds = ALL_KINDS & ~(BIT(RATIO) | BIT(BREADTH)),
     .least = 1,
     .most = TIMES_MAX},
    {.key = "distinct_days",
     .read = row_count,
     .offset = AT(distinct_days),
     .kinds = ALL_KINDS & ~(BIT(RATIO) | BIT(BREADTH)),
     .least = 1,
     .most = DAYS_MAX},
    {.key = "within",
     .read = row_duration,
     .offset = AT(within_ms),
     .kinds = WINDOWED,
     .needs = WINDOWED & ~BIT(CONVERSION)},
    {.key = "between",
     .read = read_between,
     .kinds = BIT(CONVERSION) | BIT(RETENTION),
     .needs = BIT(RETENTION)},
    {.key = "every",
     .read = row_duration,
     .offset = AT(every_ms),
     .kinds = BIT(RETENTION_CURVE),
     .needs = BIT(RETENTION_CURVE)},
    {.key = "until",
     .read = row_duration,
     .offset = AT(until_ms),
     .kinds = BIT(RETENTION_CURVE),
     .needs = BIT(RETENTION_CURVE)},
    {.key = "property",
     .read = row_trait,
     .offset = AT(metric.property),
     .kinds = BIT(SUM) | BIT(MEAN) | BIT(NPS),
     .needs = BIT(SUM) | BIT(MEAN) | BIT(NPS)},
    {.key = "cap",
     .read = row_micro,
     .offset = AT(metric.cap_micro),
     .kinds = BIT(COUNT) | BIT(SUM) | BIT(MEAN),
     .needs = BIT(SUM) | BIT(MEAN),
     .least = NUMBER_LEAST,
     .most = NUMBER_LIMIT},
    {.key = "competing", .read = read_competing, .kinds = BIT(TIME_TO)},
    {.key = "numerator",
     .read = row_node,
     .offset = AT(numerator),
     .kinds = BIT(RATIO),
     .needs = BIT(RATIO)},
    {.key = "denominator",
     .read = row_node,
     .offset = AT(denominator),
     .kinds = BIT(RATIO),
     .needs = BIT(RATIO)},
    {.key = "member", .read = read_member, .kinds = BIT(BREADTH), .needs = BIT(BREADTH)},
    {.key = "counts",
     .read = row_node,
     .offset = AT(counts),
     .kinds = BIT(BREADTH),
     .needs = BIT(BREADTH)},
    {.key = "of", .read = read_of, .kinds = BIT(BREADTH)},
};

/* ---- What more than one key says ---- */

static const char *const sources[] = {"event", "any_event", "all_of", "any_of"};

/* The one that stands first in the file; NULL: none. */
static const struct pair *source_first(const struct fields *fields)
{
    const struct pair *first = NULL;
    for (size_t i = 0; i < sizeof sources / sizeof *sources; i++) {
        const struct pair *pair = fields_pair(fields, sources[i]);
        if (pair && (!first || pair < first))
            first = pair;
    }
    return first;
}

/* Exactly one of event, any_event, all_of, any_of, where one is needed. */
static void source_choose(struct parser *parser, const struct fields *fields,
                          struct reading *reading)
{
    struct metric *metric = &reading->metric;
    const struct pair *chosen = source_first(fields);
    for (size_t i = 0; i < sizeof sources / sizeof *sources; i++) {
        const struct pair *pair = fields_pair(fields, sources[i]);
        if (pair && pair != chosen)
            fault(parser, pair->key.place, "either-or", "give '%s' or '%.*s', not both", sources[i],
                  SLICE_ARGS(chosen->key.text));
    }
    bool is_needed = metric->kind == METRIC_CONVERSION || metric->kind == METRIC_TIME_TO ||
                     metric->kind == METRIC_COUNT;
    if (!chosen && is_needed && !fields->mapping->is_partial)
        fault(parser, fields->mapping->place, "missing-key", "%s needs %s", fields->table->what,
              metric->kind == METRIC_CONVERSION ? "'event', 'any_event', 'all_of' or 'any_of'"
              : metric->kind == METRIC_TIME_TO  ? "'event', 'all_of' or 'any_of'"
                                                : "'event' or 'any_of'");
    metric->form = FORM_ACTIVITY;
    if (fields_pair(fields, "event")) {
        struct event_condition *event = ARENA_NEW(parser->arena, struct event_condition);
        if (event)
            *event = reading->event;
        metric->form = FORM_EVENT;
        metric->events = event;
        metric->event_count = event != NULL;
    } else if (reading->all_of || reading->any_of) {
        metric->form = reading->all_of ? FORM_ALL_OF : FORM_ANY_OF;
        metric->events = reading->all_of ? reading->all_of : reading->any_of;
        metric->event_count = reading->all_of ? reading->all_of_count : reading->any_of_count;
    }
}

/* where, times, distinct_days stand beside `event`, or in it, not in both. */
static void beside_event(struct parser *parser, const struct fields *fields,
                         struct reading *reading)
{
    static const char *const keys[] = {"where", "times", "distinct_days"};
    const struct pair *event = fields_pair(fields, "event");
    for (size_t i = 0; i < sizeof keys / sizeof *keys; i++) {
        const struct pair *pair = fields_pair(fields, keys[i]);
        if (pair && !event)
            fault(parser, pair->key.place, "unknown-key", "'%s' stands beside 'event' only",
                  keys[i]);
        const struct node *inner = pair && event ? node_member(&event->value, keys[i]) : NULL;
        if (inner)
            fault(parser, pair > event ? pair->key.place : inner->holder->place, "either-or",
                  "give '%s' beside 'event' or in it, not both", keys[i]);
    }
    if (reading->where)
        reading->event.where = reading->where;
    if (reading->times)
        reading->event.times = reading->times;
    if (reading->distinct_days)
        reading->event.distinct_days = reading->distinct_days;
}

static void brackets_check(struct parser *parser, const struct fields *fields,
                           const struct reading *reading)
{
    if (fields_good(fields, "every") && reading->every_ms < DAY_MS) {
        fault(parser, fields_value(fields, "every")->place, "out-of-range",
              "brackets are 24 hours wide at least");
        return;
    }
    if (!fields_good(fields, "every") || !fields_good(fields, "until"))
        return;
    const struct node *until = fields_value(fields, "until");
    struct slice text = shown(parser, until->text);
    int64_t brackets = reading->until_ms / reading->every_ms;
    if (reading->until_ms % reading->every_ms)
        fault(parser, until->place, "bad-range", "%.*s is not a whole multiple of 'every', %.*s",
              SLICE_ARGS(text), SLICE_ARGS(fields_value(fields, "every")->text));
    else if (brackets < BRACKETS_MIN || brackets > BRACKETS_MAX)
        fault(parser, until->place, "out-of-range",
              "%.*s makes %lld brackets; a curve has %d to %d", SLICE_ARGS(text),
              (long long)brackets, BRACKETS_MIN, BRACKETS_MAX);
}

static void window_check(struct parser *parser, const struct fields *fields,
                         struct reading *reading)
{
    struct metric *metric = &reading->metric;
    const struct node *within = fields_value(fields, "within");
    if (metric->kind == METRIC_CONVERSION && !fields_either(parser, fields, "within", "between") &&
        !within && !fields_pair(fields, "between") && !fields->mapping->is_partial)
        fault(parser, fields->mapping->place, "missing-key", "%s needs 'within' or 'between'",
              fields->table->what);
    if (metric->kind == METRIC_RETENTION_CURVE)
        brackets_check(parser, fields, reading);
    if (fields_pair(fields, "any_event") && within && fields_good(fields, "within") &&
        reading->within_ms < DAY_MS)
        fault(parser, within->place, "out-of-range",
              "with 'any_event' the window is 24 hours wide at least");
    metric->from_ms = reading->from_ms;
    metric->until_ms = reading->within_ms + reading->to_ms + reading->until_ms; /* one is given */
    metric->every_ms = reading->every_ms;
}

static void at_least_check(struct parser *parser, const struct fields *fields,
                           const struct reading *reading)
{
    const struct pair *pair = fields_pair(fields, "at_least");
    if (!pair)
        return;
    if (!fields_pair(fields, "any_of"))
        fault(parser, pair->key.place, "unknown-key", "'at_least' stands beside 'any_of' only");
    else if (reading->any_of && reading->metric.at_least > reading->any_of_count)
        fault(parser, pair->value.place, "out-of-range",
              "%u is more than the %zu items of 'any_of'", reading->metric.at_least,
              reading->any_of_count);
}

static void links_keep(struct metric_reading *out, const struct fields *fields,
                       const struct reading *reading)
{
    out->numerator = fields_good(fields, "numerator") ? reading->numerator : NULL;
    out->denominator = fields_good(fields, "denominator") ? reading->denominator : NULL;
    out->counts = fields_good(fields, "counts") ? reading->counts : NULL;
}

static bool kind_read(struct parser *parser, const struct node *body, enum metric_kind *kind)
{
    const struct node *node = node_member(body, "kind");
    unsigned word;
    if (!node && !body->is_partial)
        fault(parser, body->place, "missing-key", "a metric needs 'kind'");
    if (!node || !type_word(parser, node, &kinds_list, &word))
        return false;
    *kind = (enum metric_kind)word;
    return true;
}

static void metric_read(struct parser *parser, struct metric_reading *out)
{
    struct reading reading = {0};
    struct fields fields;
    struct metric *metric = &reading.metric;
    if (!type_name(parser, out->key, &metric->name))
        metric->name = keep(parser, out->key->text);
    *out->metric = *metric;
    if (!type_mapping(parser, out->body) || !kind_read(parser, out->body, &metric->kind))
        return;
    out->kind_known = true;
    metric->at_least = metric->activity_days = 1;
    reading.better = metric->kind == METRIC_TIME_TO;
    struct slice what =
        arena_format(&parser->scratch, "a metric of kind %s", metric_kind_texts[metric->kind]);
    struct table table = TABLE_OF(what.data ? what.data : "a metric", metric_rows);
    mapping_read(parser, out->body, &table, UINT32_C(1) << metric->kind, &reading, &fields);
    if (!metric->title.size)
        metric->title = metric->name;
    metric->stage = (enum metric_stage)reading.stage;
    metric->lower_is_better = reading.better;
    if (metric->kind == METRIC_COUNT && !metric->cap_micro)
        metric->cap_micro = COUNT_CAP;
    beside_event(parser, &fields, &reading);
    source_choose(parser, &fields, &reading);
    window_check(parser, &fields, &reading);
    at_least_check(parser, &fields, &reading);
    links_keep(out, &fields, &reading);
    *out->metric = *metric;
}

void metric_bodies_read(struct parser *parser)
{
    for (size_t i = 0; i < parser->metric_count; i++)
        metric_read(parser, &parser->metrics[i]);
}
