/*
 * `gangway simulate` as a table: what was played, then a column for each truth and a line for each
 * figure.  And as CSV, a row a figure.
 */

#include "simulate_document.h"

#include "base/number.h"
#include "quantity.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#define LABEL_COLUMNS 17
#define WORLD_COLUMNS 24
#define CELL_SIZE 96

static double number_of(const struct value *object, const char *name)
{
    const struct value *value = value_member(object, slice_of(name));
    return value && value_is_number(value) ? value->number : (double)NAN;
}

static bool is_share(const struct value *metric)
{
    struct slice kind = value_member_text(metric, "kind");
    return slice_equals(kind, "conversion") || slice_equals(kind, "retention");
}

static bool is_time(const struct value *metric)
{
    return slice_equals(value_member_text(metric, "kind"), "time_to");
}

/* ---- What was played ---- */

static void write_label(struct buffer *out, const char *label)
{
    buffer_format(out, "%-*s", LABEL_COLUMNS, label);
}

static void write_head(struct buffer *out, const struct value *document, const struct value *goal)
{
    buffer_format(out, "%.*s: %.*s, ", SLICE_ARGS(value_member_text(document, "experiment")),
                  SLICE_ARGS(value_member_text(goal, "metric")));
    quantity_write_count(out, number_of(document, "runs"));
    buffer_format(out, " runs of each truth, seed %.0f\n\n", number_of(document, "seed"));
}

static void write_calendar(struct buffer *out, const struct value *document)
{
    struct slice start = value_member_text(document, "start");
    struct slice end = value_member_text(document, "end");
    write_label(out, "Played");
    quantity_write_count(out, number_of(document, "units_per_week"));
    buffer_format(out, " %.*ss a week from %.10s", SLICE_ARGS(value_member_text(document, "unit")),
                  start.data);
    if (end.size)
        buffer_format(out, " until %.10s", end.data);
    buffer_add_byte(out, '\n');
    write_label(out, "");
    if (isfinite(number_of(document, "units_planned"))) {
        quantity_write_count(out, number_of(document, "units_planned"));
        buffer_add(out, SLICE(" planned; "));
    }
    buffer_format(out, "%.*s at %.4g%%; read every evening until\n",
                  SLICE_ARGS(value_member_text(document, "peeking")),
                  100 * number_of(document, "confidence"));
    write_label(out, "");
    buffer_add(out, SLICE("a verdict decides\n"));
}

static void write_metric(struct buffer *out, const struct value *metric)
{
    double baseline = number_of(metric, "baseline"), sd = number_of(metric, "sd");
    buffer_format(out, "%.*s ", SLICE_ARGS(value_member_text(metric, "metric")));
    if (is_share(metric))
        buffer_format(out, "%.4g%%", 100 * baseline);
    else
        buffer_format(out, "%.6g%s", baseline, is_time(metric) ? " days" : "");
    if (isfinite(sd))
        buffer_format(out, " (sd %.4g)", sd);
}

/* The metrics that were assumed, or those that were not. */
static void write_metrics(struct buffer *out, const struct value *document, bool assumed)
{
    const struct value *list = value_member(document, SLICE("metrics"));
    bool some = false;
    for (size_t i = 0; i < list->count; i++) {
        if (value_member(&list->items[i], SLICE("assumed"))->boolean != assumed)
            continue;
        write_label(out, some ? "" : assumed ? "Assumed" : "Control");
        write_metric(out, &list->items[i]);
        buffer_add_byte(out, '\n');
        some = true;
    }
    if (!some || !assumed)
        return;
    write_label(out, "");
    buffer_add(out, SLICE("(say better: --baseline METRIC=N, --sd METRIC=N)\n"));
}

/* ---- The table ---- */

struct cell {
    char text[CELL_SIZE];
};

static void cell_share(const struct value *share, struct cell *cell)
{
    double low = number_of(share, "low"), high = number_of(share, "high");
    if (!isfinite(low))
        snprintf(cell->text, sizeof cell->text, "-");
    else
        snprintf(cell->text, sizeof cell->text, "%5.1f%% (%.1f to %.1f)",
                 100 * number_of(share, "share"), 100 * low, 100 * high);
}

/* A difference of the goal: "+2.2 points", "+0.31". */
static void difference_format(const struct value *goal, double difference, char *text, size_t size)
{
    if (is_share(goal))
        snprintf(text, size, "%+.3g points", 100 * difference);
    else
        snprintf(text, size, "%+.4g%s", difference, is_time(goal) ? " days" : "");
}

static void cell_mean(const struct value *goal, const struct value *mean, struct cell *cell)
{
    char text[48];
    double se = number_of(mean, "se");
    snprintf(cell->text, sizeof cell->text, "-");
    if (!mean || mean->kind != VALUE_OBJECT)
        return;
    difference_format(goal, number_of(mean, "mean"), text, sizeof text);
    if (isfinite(se))
        snprintf(cell->text, sizeof cell->text, "%s (+-%.2g)", text,
                 1.96 * se * (is_share(goal) ? 100 : 1));
    else
        snprintf(cell->text, sizeof cell->text, "%s", text);
}

static void cell_truth(const struct value *goal, const struct value *world, struct cell *cell)
{
    double difference = number_of(world, "difference"), lift = number_of(world, "lift");
    char text[48];
    if (difference == 0) {
        snprintf(cell->text, sizeof cell->text, "no effect");
        return;
    }
    difference_format(goal, difference, text, sizeof text);
    if (isfinite(lift))
        snprintf(cell->text, sizeof cell->text, "%s (%+.3g%%)", text, 100 * lift);
    else
        snprintf(cell->text, sizeof cell->text, "%s", text);
}

static void cell_day(const struct value *world, const char *name, const struct value *document,
                     struct cell *cell)
{
    double day = number_of(value_member(world, SLICE("day")), name);
    int64_t start_ms;
    char text[TIME_TEXT_SIZE];
    snprintf(cell->text, sizeof cell->text, "-");
    if (!isfinite(day) || time_parse(value_member_text(document, "start"), &start_ms, NULL))
        return;
    int32_t date = day_of(start_ms) + (int32_t)day - 1;
    snprintf(cell->text, sizeof cell->text, "day %.0f (%.10s)", day,
             time_format(day_start_ms(date), text));
}

struct table {
    struct buffer *out;
    const struct value *document, *goal, *worlds;
};

static void table_begin(const struct table *table, const char *label)
{
    write_label(table->out, label);
}

static void table_cell(const struct table *table, size_t world, const struct cell *cell)
{
    if (world + 1 < table->worlds->count)
        buffer_format(table->out, "%-*s", WORLD_COLUMNS, cell->text);
    else
        buffer_format(table->out, "%s\n", cell->text);
}

static void table_verdicts(const struct table *table)
{
    const struct value *first = value_member(&table->worlds->items[0], SLICE("verdicts"));
    for (size_t code = 0; code < first->count; code++) {
        write_label(table->out, value_member_text(&first->items[code], "code").data);
        for (size_t i = 0; i < table->worlds->count; i++) {
            struct cell cell;
            cell_share(&value_member(&table->worlds->items[i], SLICE("verdicts"))->items[code],
                       &cell);
            table_cell(table, i, &cell);
        }
    }
}

static void table_shares(const struct table *table, const char *label, const char *name)
{
    table_begin(table, label);
    for (size_t i = 0; i < table->worlds->count; i++) {
        struct cell cell;
        cell_share(value_member(&table->worlds->items[i], slice_of(name)), &cell);
        table_cell(table, i, &cell);
    }
}

/* A label that may be longer than its column has a line to itself. */
static void table_begin_long(const struct table *table, struct slice label, const char *more)
{
    size_t size = label.size + strlen(more);
    buffer_format(table->out, "%.*s%s", SLICE_ARGS(label), more);
    if (size >= LABEL_COLUMNS)
        buffer_format(table->out, "\n%*s", LABEL_COLUMNS, "");
    else
        buffer_format(table->out, "%*s", (int)(LABEL_COLUMNS - size), "");
}

static void table_guardrails(const struct table *table)
{
    const struct value *first = value_member(&table->worlds->items[0], SLICE("guardrails"));
    for (size_t k = 0; k < first->count; k++) {
        table_begin_long(table, value_member_text(&first->items[k], "metric"), " passed by then");
        for (size_t i = 0; i < table->worlds->count; i++) {
            struct cell cell;
            cell_share(&value_member(&table->worlds->items[i], SLICE("guardrails"))->items[k],
                       &cell);
            table_cell(table, i, &cell);
        }
    }
    if (!first->count)
        return;
    table_begin_long(table, SLICE("inconclusive: goal better, a guardrail not shown harmless"), "");
    for (size_t i = 0; i < table->worlds->count; i++) {
        struct cell cell;
        cell_share(value_member(&table->worlds->items[i], SLICE("unshown")), &cell);
        table_cell(table, i, &cell);
    }
    buffer_add_byte(table->out, '\n');
}

static void table_means(const struct table *table, const char *label, const char *name)
{
    table_begin(table, label);
    for (size_t i = 0; i < table->worlds->count; i++) {
        struct cell cell;
        cell_mean(table->goal, value_member(&table->worlds->items[i], slice_of(name)), &cell);
        table_cell(table, i, &cell);
    }
}

static void table_days(const struct table *table, const char *label, const char *name)
{
    table_begin(table, label);
    for (size_t i = 0; i < table->worlds->count; i++) {
        struct cell cell;
        cell_day(&table->worlds->items[i], name, table->document, &cell);
        table_cell(table, i, &cell);
    }
}

static void table_truths(const struct table *table)
{
    table_begin(table, "Truth");
    for (size_t i = 0; i < table->worlds->count; i++) {
        struct cell cell;
        cell_truth(table->goal, &table->worlds->items[i], &cell);
        table_cell(table, i, &cell);
    }
    table_begin(table, "");
    for (size_t i = 0; i < table->worlds->count; i++) {
        struct cell cell = {"in any variant"};
        struct slice variant = value_member_text(&table->worlds->items[i], "variant");
        if (variant.size)
            snprintf(cell.text, sizeof cell.text, "in %.*s",
                     (int)(variant.size < 24 ? variant.size : 24), variant.data);
        table_cell(table, i, &cell);
    }
}

void simulate_write_text(struct buffer *out, const struct value *document)
{
    struct table table = {.out = out,
                          .document = document,
                          .goal = &value_member(document, SLICE("metrics"))->items[0],
                          .worlds = value_member(document, SLICE("worlds"))};
    write_head(out, document, table.goal);
    write_calendar(out, document);
    write_metrics(out, document, false);
    write_metrics(out, document, true);
    buffer_add_byte(out, '\n');
    table_truths(&table);
    buffer_add_byte(out, '\n');
    table_verdicts(&table);
    buffer_add_byte(out, '\n');
    table_guardrails(&table);
    table_days(&table, "Half decided by", "median");
    table_days(&table, "9 of 10 by", "most");
    table_shares(&table, "Wrong way", "wrong");
    table_shares(&table, "Interval holds", "interval_holds");
    table_means(&table, "Shipped, shows", "estimate");
    table_means(&table, "less the truth", "overestimate");
    table_means(&table, "once corrected", "overestimate_corrected");
    buffer_add(out, SLICE("\nIn brackets what the number of runs leaves open (95%). Wrong way: "
                          "ships what\nis no better, or stops what is no worse. Metrics are drawn "
                          "independently.\n"));
}

/* ---- CSV ---- */

static void csv_row(struct buffer *out, const struct value *world, const char *figure,
                    const double numbers[static 3])
{
    char text[NUMBER_TEXT_SIZE];
    buffer_format(out, "%s,%s", number_format(number_of(world, "difference"), text), figure);
    for (int i = 0; i < 3; i++)
        buffer_format(out, ",%s", isfinite(numbers[i]) ? number_format(numbers[i], text) : "");
    buffer_add_byte(out, '\n');
}

static void csv_share(struct buffer *out, const struct value *world, const char *figure,
                      const struct value *share)
{
    csv_row(
        out, world, figure,
        (double[]){number_of(share, "share"), number_of(share, "low"), number_of(share, "high")});
}

/* Names of metrics need no quotes in CSV. */
static void csv_guardrails(struct buffer *out, const struct value *world)
{
    const struct value *list = value_member(world, SLICE("guardrails"));
    char figure[128];
    for (size_t i = 0; i < list->count; i++) {
        snprintf(figure, sizeof figure, "passes:%.*s",
                 SLICE_ARGS(value_member_text(&list->items[i], "metric")));
        csv_share(out, world, figure, &list->items[i]);
    }
}

static void csv_mean(struct buffer *out, const struct value *world, const char *figure)
{
    const struct value *mean = value_member(world, slice_of(figure));
    double value = number_of(mean, "mean"), reach = 1.96 * number_of(mean, "se");
    csv_row(out, world, figure, (double[]){value, value - reach, value + reach});
}

static void csv_day(struct buffer *out, const struct value *world, const char *figure,
                    const char *name)
{
    double day = number_of(value_member(world, SLICE("day")), name);
    csv_row(out, world, figure, (double[]){day, (double)NAN, (double)NAN});
}

void simulate_write_csv(struct buffer *out, const struct value *document)
{
    const struct value *worlds = value_member(document, SLICE("worlds"));
    buffer_add(out, SLICE("difference,figure,value,low,high\n"));
    for (size_t i = 0; i < worlds->count; i++) {
        const struct value *world = &worlds->items[i];
        const struct value *verdicts = value_member(world, SLICE("verdicts"));
        for (size_t code = 0; code < verdicts->count; code++)
            csv_share(out, world, value_member_text(&verdicts->items[code], "code").data,
                      &verdicts->items[code]);
        csv_guardrails(out, world);
        csv_share(out, world, "unshown", value_member(world, SLICE("unshown")));
        csv_share(out, world, "wrong", value_member(world, SLICE("wrong")));
        csv_share(out, world, "interval_holds", value_member(world, SLICE("interval_holds")));
        csv_day(out, world, "day_median", "median");
        csv_day(out, world, "day_most", "most");
        csv_mean(out, world, "estimate");
        csv_mean(out, world, "overestimate");
        csv_mean(out, world, "overestimate_corrected");
    }
}
