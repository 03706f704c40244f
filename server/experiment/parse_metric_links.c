/*
 * metrics.yaml as a whole: its top, and the metrics that refer to others.
 *
 * Names are known before any metric is read, so that order in the file does not matter.  A circle
 * is told once, at the name of its first metric in the file, instead of any other fault of the
 * references in it.
 */

#include "parse.h"

#include "base/limits.h"

#include <stdlib.h>

#define CANDIDATES_MAX 50

static const struct row file_rows[] = {
    {.key = "metrics", .needs = NEEDED},
    {.key = "not_activity"},
    {.key = "core_actions"},
};
static const struct table file_table = TABLE_OF("metrics.yaml", file_rows);

bool metric_is_share(enum metric_kind kind)
{
    return kind == METRIC_CONVERSION || kind == METRIC_RETENTION || kind == METRIC_BREADTH;
}

/* ---- Names ---- */

static struct metric_reading *by_name(const struct parser *parser, struct slice name)
{
    size_t low = 0, high = parser->metric_count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        struct metric_reading *reading = parser->metrics_by_name[middle];
        int order = slice_compare(name, reading->key->text);
        if (order == 0)
            return reading;
        if (order < 0)
            high = middle;
        else
            low = middle + 1;
    }
    return NULL;
}

struct metric_reading *metric_find(struct parser *parser, const struct node *name)
{
    const struct shared *file = &parser->metrics_file;
    if (name->kind == NODE_MAPPING) {
        fault(parser, name->place, "wrong-type",
              "'%.*s' takes the name of a metric: metrics are defined in metrics.yaml only",
              SLICE_ARGS(shown(parser, node_name(name))));
        return NULL;
    }
    if (!type_scalar(parser, name, "the name of a metric"))
        return NULL;
    struct metric_reading *found = by_name(parser, name->text);
    if (found || file->any_name)
        return found;
    struct slice text = shown(parser, name->text);
    if (!file->document) {
        fault(parser, name->place, "unknown-metric",
              "metric '%.*s' is not declared: there is no metrics.yaml", SLICE_ARGS(text));
        return NULL;
    }
    struct nearest nearest = {.typed = name->text};
    for (size_t i = 0; i < parser->metric_count; i++)
        nearest_try(&nearest, parser->metrics[i].key->text);
    fault(parser, name->place, "unknown-metric", "metric '%.*s' is not declared in %.*s",
          SLICE_ARGS(text), SLICE_ARGS(shown(parser, file->document->source->name)));
    hint_nearest(parser, &nearest);
    return NULL;
}

static int compare_names(const void *a, const void *b)
{
    return slice_compare((*(const struct metric_reading *const *)a)->key->text,
                         (*(const struct metric_reading *const *)b)->key->text);
}

/* Makes a place for each metric, in the order of names, before any of them is read. */
static bool names_read(struct parser *parser, const struct node *all)
{
    size_t count = all->count;
    struct metric *metrics = ARENA_ARRAY(parser->arena, count, struct metric);
    struct metric_reading *readings = ARENA_ARRAY(&parser->scratch, count, struct metric_reading);
    struct metric_reading **sorted = ARENA_ARRAY(&parser->scratch, count, struct metric_reading *);
    if (!metrics || !readings || !sorted)
        return false;
    for (size_t i = 0; i < count; i++) {
        readings[i].key = &all->pairs[i].key;
        readings[i].body = &all->pairs[i].value;
        sorted[i] = &readings[i];
    }
    if (count)
        qsort(sorted, count, sizeof(struct metric_reading *), compare_names);
    for (size_t i = 0; i < count; i++)
        sorted[i]->metric = &metrics[i];
    parser->metrics = readings;
    parser->metrics_by_name = sorted;
    parser->metric_count = count;
    parser->found->metrics = count;
    return true;
}

/* ---- Circles ---- */

/* The metrics that `reading` names, without a word about those that are not there. */
static size_t links_of(const struct parser *parser, const struct metric_reading *reading,
                       struct metric_reading *links[3])
{
    const struct node *names[] = {reading->numerator, reading->denominator, reading->counts};
    size_t count = 0;
    for (size_t i = 0; i < 3; i++) {
        struct metric_reading *link =
            names[i] && names[i]->kind == NODE_SCALAR ? by_name(parser, names[i]->text) : NULL;
        if (link)
            links[count++] = link;
    }
    return count;
}

/*
 * Marks of a walk along the references: of each metric, the walk that came by last, and from which
 * metric.  A walk begins at each metric in turn and visits each at most once, so all of them cost
 * metrics times references: at most 2 000 000 steps.
 */
struct walk {
    size_t *seen;      /* walk number, by metric */
    size_t *came_from; /* metric, by metric */
    size_t *open;      /* metrics still to be followed */
};

/* Whether the metric reaches itself; then marks those on the way as in a circle. */
static bool circle_from(struct parser *parser, struct walk *walk, size_t start)
{
    struct metric_reading *links[3];
    size_t open = 0;
    walk->open[open++] = start;
    while (open) {
        size_t at = walk->open[--open];
        size_t count = links_of(parser, &parser->metrics[at], links);
        for (size_t i = 0; i < count; i++) {
            size_t next = (size_t)(links[i] - parser->metrics);
            if (next == start) {
                for (; at != start; at = walk->came_from[at])
                    parser->metrics[at].in_circle = true;
                parser->metrics[start].in_circle = true;
                return true;
            }
            if (walk->seen[next] == start + 1)
                continue;
            walk->seen[next] = start + 1;
            walk->came_from[next] = at;
            walk->open[open++] = next;
        }
    }
    return false;
}

static void circles_tell(struct parser *parser)
{
    size_t count = parser->metric_count;
    struct walk walk = {
        .seen = ARENA_ARRAY(&parser->scratch, count, size_t),
        .came_from = ARENA_ARRAY(&parser->scratch, count, size_t),
        .open = ARENA_ARRAY(&parser->scratch, count + 1, size_t),
    };
    if (!walk.seen || !walk.came_from || !walk.open)
        return;
    for (size_t i = 0; i < count; i++) {
        if (parser->metrics[i].in_circle || !circle_from(parser, &walk, i))
            continue;
        const struct node *key = parser->metrics[i].key;
        fault(parser, key->place, "metric-cycle", "metric '%.*s' is defined by itself, in a circle",
              SLICE_ARGS(shown(parser, key->text)));
    }
}

/* ---- References ---- */

#define COUNTABLE ((1U << METRIC_COUNT) | (1U << METRIC_SUM) | (1U << METRIC_CONVERSION))

/* The metric named, if it is of one of these kinds; NULL after telling. */
static const struct metric *link_read(struct parser *parser, const struct node *name,
                                      unsigned kinds, const char *wanted)
{
    struct metric_reading *found = name ? metric_find(parser, name) : NULL;
    if (!found || !found->kind_known)
        return NULL;
    if (!(kinds & (1U << found->metric->kind))) {
        fault(parser, name->place, "wrong-kind", "metric '%.*s' is of kind %s; %s is wanted",
              SLICE_ARGS(shown(parser, name->text)), metric_kind_texts[found->metric->kind],
              wanted);
        return NULL;
    }
    return found->metric;
}

/* The name, unless it is a part of a circle, which was told instead of what else is wrong there. */
static const struct node *link_outside(const struct parser *parser,
                                       const struct metric_reading *reading,
                                       const struct node *name)
{
    const struct metric_reading *found =
        name && name->kind == NODE_SCALAR ? by_name(parser, name->text) : NULL;
    return reading->in_circle && found && found->in_circle ? NULL : name;
}

static void links_read(struct parser *parser, struct metric_reading *reading)
{
    struct metric *metric = reading->metric;
    metric->numerator = link_read(parser, link_outside(parser, reading, reading->numerator),
                                  COUNTABLE, "count, sum or conversion");
    metric->denominator = link_read(parser, link_outside(parser, reading, reading->denominator),
                                    COUNTABLE, "count, sum or conversion");
    metric->counts = link_read(parser, link_outside(parser, reading, reading->counts),
                               1U << METRIC_CONVERSION, "conversion");
    const struct metric *above = metric->numerator, *below = metric->denominator;
    if (!above || !below)
        return;
    metric->from_ms = above->from_ms;
    metric->until_ms = above->until_ms;
    bool known = above->until_ms && below->until_ms;
    if (known && (above->from_ms != below->from_ms || above->until_ms != below->until_ms)) {
        char first[TIME_TEXT_SIZE], second[TIME_TEXT_SIZE];
        bool same_end = above->until_ms == below->until_ms;
        fault(parser, reading->denominator->place, "windows-differ",
              "the window of '%.*s' %s after %s, that of '%.*s' after %s", SLICE_ARGS(below->name),
              same_end ? "begins" : "ends",
              duration_format(same_end ? below->from_ms : below->until_ms, first),
              SLICE_ARGS(above->name),
              duration_format(same_end ? above->from_ms : above->until_ms, second));
    }
}

/* ---- The rest of the file ---- */

struct core_reading {
    struct core_actions core;
    const struct node *retained;
};

static bool read_candidates(struct parser *parser, const struct row *row, const struct node *list,
                            void *target)
{
    struct core_actions *core = &((struct core_reading *)target)->core;
    (void)row;
    core->candidates = event_conditions_read(parser, list, CANDIDATES_MAX, &core->count);
    return core->candidates != NULL;
}

static const struct row core_rows[] = {
    {.key = "candidates", .read = read_candidates, .needs = NEEDED},
    {.key = "landmark",
     .read = row_duration,
     .offset = offsetof(struct core_reading, core.landmark_ms),
     .needs = NEEDED},
    {.key = "retained",
     .read = row_node,
     .offset = offsetof(struct core_reading, retained),
     .needs = NEEDED},
};
static const struct table core_table = TABLE_OF("core_actions", core_rows);

static void core_actions_read(struct parser *parser, const struct node *node)
{
    struct core_reading reading = {0};
    struct fields fields;
    if (!mapping_read(parser, node, &core_table, 1, &reading, &fields))
        return;
    const struct node *name = fields_good(&fields, "retained") ? reading.retained : NULL;
    reading.core.retained = link_read(parser, name, 1U << METRIC_RETENTION, "retention");
    if (name && reading.core.retained && fields_good(&fields, "landmark") &&
        reading.core.retained->until_ms &&
        reading.core.retained->from_ms < reading.core.landmark_ms)
        fault(parser, name->place, "bad-range",
              "metric '%.*s' begins before the landmark: it would count the actions themselves",
              SLICE_ARGS(shown(parser, name->text)));
    parser->catalogue->core_actions = reading.core;
}

void metrics_read(struct parser *parser)
{
    struct fields fields;
    const struct node *root = &parser->metrics_file.document->root, *all = NULL, *other;
    parser->document = parser->metrics_file.document;
    if (mapping_read(parser, root, &file_table, 1, NULL, &fields))
        all = fields_value(&fields, "metrics");
    if (!all || !type_mapping(parser, all)) {
        parser->metrics_file.any_name = true;
    } else {
        if (all->count > METRICS_MAX)
            fault(parser, all->place, "out-of-range", "%zu metrics are declared; %d is the most",
                  all->count, METRICS_MAX);
        if (names_read(parser, all))
            metric_bodies_read(parser);
    }
    circles_tell(parser);
    for (size_t i = 0; i < parser->metric_count; i++)
        links_read(parser, &parser->metrics[i]);
    struct catalogue *catalogue = parser->catalogue;
    if ((other = fields_value(&fields, "not_activity")))
        events_read(parser, other, &catalogue->not_activity, &catalogue->not_activity_count);
    if ((other = fields_value(&fields, "core_actions")))
        core_actions_read(parser, other);
}
