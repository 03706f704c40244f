/*
 * The tables of csv.c: which column is read from what, and what lines a table has.  Nothing is
 * computed here: every cell stands in the document.  `exposed` is known for the whole alone.
 */

#include "csv_parts.h"

#include "report/render.h"

#define CSV_METRIC_COLUMNS                                                                         \
    CSV_CELL("metric", CSV_METRIC, "metric"), CSV_CELL("role", CSV_METRIC, "role"),                \
        CSV_CELL("kind", CSV_METRIC, "kind")
#define LOW_AND_HIGH(name, source, path)                                                           \
    CSV_PART(name "_low", source, path, CSV_LOW), CSV_PART(name "_high", source, path, CSV_HIGH)

static const struct csv_column results_columns[] = {
    CSV_REPORT_COLUMNS,
    CSV_METRIC_COLUMNS,
    CSV_CELL("segment", CSV_SEGMENT, "segment"),
    CSV_PART("segment_value", CSV_VALUE, "value", CSV_ALL),
    CSV_CELL("variant", CSV_VARIANT, "variant"),
    CSV_CELL("control", CSV_VARIANT, "control"),
    CSV_CELL("exposed", CSV_ITEM, "exposed"),
    CSV_CELL("units", CSV_FIGURE, "units"),
    CSV_CELL("immature", CSV_FIGURE, "immature"),
    CSV_CELL("value", CSV_FIGURE, "value"),
    LOW_AND_HIGH("value", CSV_FIGURE, "interval"),
    CSV_CELL("difference", CSV_COMPARISON, "difference.estimate"),
    CSV_CELL("difference_se", CSV_COMPARISON, "difference.se"),
    LOW_AND_HIGH("difference", CSV_COMPARISON, "difference.interval"),
    LOW_AND_HIGH("difference_anytime", CSV_COMPARISON, "difference.anytime_interval"),
    CSV_CELL("lift", CSV_COMPARISON, "lift.estimate"),
    CSV_CELL("lift_se", CSV_COMPARISON, "lift.se"),
    LOW_AND_HIGH("lift", CSV_COMPARISON, "lift.interval"),
    LOW_AND_HIGH("lift_anytime", CSV_COMPARISON, "lift.anytime_interval"),
    CSV_CELL("p", CSV_COMPARISON, "p"),
    CSV_CELL("p_now", CSV_COMPARISON, "p_now"),
    CSV_CELL("p_anytime", CSV_COMPARISON, "p_anytime"),
    CSV_CELL("p_adjusted", CSV_COMPARISON, "p_adjusted"),
    CSV_CELL("chance_to_beat_control", CSV_COMPARISON, "chance_to_beat_control"),
    CSV_CELL("shrunken", CSV_COMPARISON, "shrunken.estimate"),
    LOW_AND_HIGH("shrunken", CSV_COMPARISON, "shrunken.interval"),
    CSV_PART("adjusted", CSV_COMPARISON, "adjustment", CSV_PRESENT),
    CSV_EITHER("status", CSV_COMPARISON, CSV_FIGURE, "status"),
    CSV_EITHER("reason", CSV_COMPARISON, CSV_FIGURE, "reason"),
    {.name = NULL},
};

static const struct csv_column flow_columns[] = {
    CSV_REPORT_COLUMNS,
    CSV_CELL("variant", CSV_VARIANT, "variant"),
    CSV_CELL("control", CSV_VARIANT, "control"),
    CSV_CELL("units", CSV_FIGURE, "units"),
    CSV_CELL("step", CSV_ITEM, "step"),
    CSV_CELL("pattern", CSV_ITEM, "pattern"),
    CSV_CELL("optional", CSV_ITEM, "optional"),
    CSV_CELL("reached", CSV_ITEM, "reached"),
    CSV_CELL("completed", CSV_ITEM, "completed"),
    CSV_CELL("dismissed", CSV_ITEM, "dismissed"),
    CSV_CELL("failed", CSV_ITEM, "failed"),
    CSV_CELL("reached_share", CSV_ITEM, "reached_share.value"),
    LOW_AND_HIGH("reached_share", CSV_ITEM, "reached_share.interval"),
    CSV_CELL("drop_off", CSV_ITEM, "drop_off.value"),
    LOW_AND_HIGH("drop_off", CSV_ITEM, "drop_off.interval"),
    CSV_CELL("median_seconds", CSV_ITEM, "median_seconds"),
    CSV_CELL("expected_minutes", CSV_ITEM, "expected_minutes"),
    CSV_CELL("actual_minutes", CSV_ITEM, "actual_minutes"),
    {.name = NULL},
};

static const struct csv_column over_time_columns[] = {
    CSV_REPORT_COLUMNS,
    CSV_METRIC_COLUMNS,
    CSV_CELL("look", CSV_ITEM, "as_of"),
    CSV_CELL("cohort", CSV_ITEM, "cohort"),
    CSV_CELL("variant", CSV_COMPARISON, "variant"),
    CSV_CELL("difference", CSV_COMPARISON, "difference.estimate"),
    CSV_CELL("difference_se", CSV_COMPARISON, "difference.se"),
    LOW_AND_HIGH("difference_anytime", CSV_COMPARISON, "difference.anytime_interval"),
    CSV_CELL("lift", CSV_COMPARISON, "lift.estimate"),
    LOW_AND_HIGH("lift_anytime", CSV_COMPARISON, "lift.anytime_interval"),
    CSV_CELL("p_now", CSV_COMPARISON, "p_now"),
    {.name = NULL},
};

static const struct csv_column curve_columns[] = {
    CSV_REPORT_COLUMNS,
    CSV_METRIC_COLUMNS,
    CSV_CELL("variant", CSV_VARIANT, "variant"),
    CSV_CELL("control", CSV_VARIANT, "control"),
    CSV_CELL("event", CSV_FIGURE, "event"),
    CSV_CELL("day", CSV_ITEM, "day"),
    CSV_CELL("at_risk", CSV_ITEM, "at_risk"),
    CSV_CELL("from_days", CSV_ITEM, "from_days"),
    CSV_CELL("to_days", CSV_ITEM, "to_days"),
    CSV_CELL("units", CSV_ITEM, "units"),
    CSV_CELL("successes", CSV_ITEM, "successes"),
    CSV_CELL("value", CSV_ITEM, "value"),
    LOW_AND_HIGH("value", CSV_ITEM, "interval"),
    CSV_CELL("difference", CSV_ITEM, "difference.estimate"),
    LOW_AND_HIGH("difference", CSV_ITEM, "difference.interval"),
    {.name = NULL},
};

static const struct csv_column segment_tests_columns[] = {
    CSV_REPORT_COLUMNS,
    CSV_METRIC_COLUMNS,
    CSV_CELL("segment", CSV_SEGMENT, "segment"),
    CSV_CELL("variant", CSV_ITEM, "variant"),
    CSV_CELL("q", CSV_ITEM, "q"),
    CSV_CELL("df", CSV_ITEM, "df"),
    CSV_CELL("p", CSV_ITEM, "p"),
    CSV_CELL("p_adjusted", CSV_ITEM, "p_adjusted"),
    CSV_CELL("i2", CSV_ITEM, "i2"),
    CSV_CELL("tau2", CSV_ITEM, "tau2"),
    CSV_CELL("reason", CSV_ITEM, "reason"),
    {.name = NULL},
};

static const struct value nothing = {.kind = VALUE_LIST};

/* A list that is there; an empty one where it is not. */
static const struct value *list_of(const struct value *object, const char *name)
{
    const struct value *list = value_member(object, slice_of(name));
    return list && list->kind == VALUE_LIST ? list : &nothing;
}

#define EACH(item, list)                                                                           \
    (const struct value *item = (list)->items, *item##_end = item + (list)->count;                 \
     item != item##_end; item++)

/* The lines of the whole, or of one value of a segment: one a variant. */
static void results_of(struct buffer *out, const struct csv_table *table, struct csv_line line,
                       const struct value *place)
{
    const struct value *variants = list_of(line.sources[CSV_DOCUMENT], "variants");
    for
        EACH(figure, list_of(place, "variants"))
        {
            struct slice name = value_member_text(figure, "variant");
            line.sources[CSV_FIGURE] = figure;
            line.sources[CSV_VARIANT] = csv_named(variants, "variant", name);
            line.sources[CSV_ITEM] = line.sources[CSV_SEGMENT] ? NULL : line.sources[CSV_VARIANT];
            line.sources[CSV_COMPARISON] =
                csv_named(list_of(place, "comparisons"), "variant", name);
            csv_line_write(out, table, &line);
        }
}

static void results_write(struct buffer *out, const struct csv_table *table,
                          const struct value *document)
{
    for
        EACH(metric, list_of(document, "metrics"))
        {
            struct csv_line line = {
                .sources = {[CSV_DOCUMENT] = document, [CSV_METRIC] = metric},
            };
            results_of(out, table, line, metric);
        for
            EACH(segment, list_of(metric, "segments"))
            {
                line.sources[CSV_SEGMENT] = segment;
            for
                EACH(value, list_of(segment, "values"))
                {
                    line.sources[CSV_VALUE] = value;
                    results_of(out, table, line, value);
                }
            }
        }
}

static void flow_write(struct buffer *out, const struct csv_table *table,
                       const struct value *document)
{
    const struct value *variants = list_of(document, "variants");
    for
        EACH(flow, list_of(document, "flow"))
        for
            EACH(step, list_of(flow, "steps"))
            {
                const struct csv_line line = {
                    .sources = {[CSV_DOCUMENT] = document,
                                [CSV_VARIANT] = csv_named(variants, "variant",
                                                          value_member_text(flow, "variant")),
                                [CSV_FIGURE] = flow,
                                [CSV_ITEM] = step},
                };
                csv_line_write(out, table, &line);
            }
}

static void over_time_write(struct buffer *out, const struct csv_table *table,
                            const struct value *document)
{
    for
        EACH(metric, list_of(document, "metrics"))
        for
            EACH(look, list_of(metric, "over_time"))
            for
                EACH(comparison, list_of(look, "comparisons"))
                {
                    const struct csv_line line = {
                        .sources = {[CSV_DOCUMENT] = document,
                                    [CSV_METRIC] = metric,
                                    [CSV_COMPARISON] = comparison,
                                    [CSV_ITEM] = look},
                    };
                    csv_line_write(out, table, &line);
                }
}

/* The points of a curve, or of one of the events that compete with it. */
static void points_write(struct buffer *out, const struct csv_table *table, struct csv_line line,
                         const struct value *curve)
{
    line.sources[CSV_FIGURE] = curve;
    for
        EACH(point, list_of(curve, "points"))
        {
            line.sources[CSV_ITEM] = point;
            csv_line_write(out, table, &line);
        }
}

static void curve_write(struct buffer *out, const struct csv_table *table,
                        const struct value *document)
{
    const struct value *variants = list_of(document, "variants");
    for
        EACH(metric, list_of(document, "metrics"))
        for
            EACH(curve, list_of(metric, "curve"))
            {
                const struct csv_line line = {
                    .sources = {[CSV_DOCUMENT] = document,
                                [CSV_METRIC] = metric,
                                [CSV_VARIANT] = csv_named(variants, "variant",
                                                          value_member_text(curve, "variant"))},
                };
                points_write(out, table, line, curve);
            for
                EACH(competing, list_of(curve, "competing"))
            points_write(out, table, line, competing);
            }
}

static void tests_of(struct buffer *out, const struct csv_table *table, struct csv_line line)
{
    const struct value *segment = line.sources[CSV_SEGMENT];
    const struct value *tests = list_of(segment, "heterogeneity_by_variant");
    const struct value *test = value_member(segment, SLICE("heterogeneity"));
    if (!tests->count) {
        line.sources[CSV_ITEM] = test && test->kind == VALUE_OBJECT ? test : NULL;
        csv_line_write(out, table, &line);
    }
    for
        EACH(each, tests)
        {
            line.sources[CSV_ITEM] = each;
            csv_line_write(out, table, &line);
        }
}

static void segment_tests_write(struct buffer *out, const struct csv_table *table,
                                const struct value *document)
{
    for
        EACH(metric, list_of(document, "metrics"))
        for
            EACH(segment, list_of(metric, "segments"))
            {
                const struct csv_line line = {
                    .sources =
                        {[CSV_DOCUMENT] = document, [CSV_METRIC] = metric, [CSV_SEGMENT] = segment},
                };
                tests_of(out, table, line);
            }
}

const struct csv_table csv_tables[] = {
    {.name = "results", .columns = results_columns, .write = results_write},
    {.name = "health", .columns = csv_health_columns, .write = csv_health},
    {.name = "flow", .columns = flow_columns, .write = flow_write},
    {.name = "over_time", .columns = over_time_columns, .write = over_time_write},
    {.name = "curve", .columns = curve_columns, .write = curve_write},
    {.name = "segment_tests", .columns = segment_tests_columns, .write = segment_tests_write},
    {.name = NULL},
};

bool render_table_find(struct slice name, size_t *table)
{
    for (size_t i = 0; csv_tables[i].name; i++)
        if (slice_equals(name, csv_tables[i].name)) {
            *table = i;
            return true;
        }
    return false;
}

const char *render_table_name(size_t table)
{
    return csv_tables[table].name;
}
