/*
 * Figures for people.  Two decimals, or as many more as a small figure needs to say anything.
 */

#include "analysis/measure.h"

#include <math.h>
#include <stdio.h>

struct measure {
    double scale;
    const char *unit;       /* of differences */
    const char *value_unit; /* of values */
};

static const struct measure share = {.scale = 100, .unit = " points", .value_unit = "%"};
static const struct measure days = {.scale = 1, .unit = " days", .value_unit = " days"};
static const struct measure plain = {.scale = 1, .unit = "", .value_unit = ""};

static const struct measure *const measures[METRIC_KIND_COUNT] = {
    [METRIC_CONVERSION] = &share, [METRIC_RETENTION] = &share, [METRIC_RETENTION_CURVE] = &share,
    [METRIC_TIME_TO] = &days,     [METRIC_COUNT] = &plain,     [METRIC_SUM] = &plain,
    [METRIC_MEAN] = &plain,       [METRIC_RATIO] = &plain,     [METRIC_NPS] = &plain,
    [METRIC_BREADTH] = &share,
};

static int value_digits(const struct measure *measure, double value)
{
    double size = fabs(value);
    if (measure == &share)
        return size >= 10 || size == 0 ? 1 : size >= 1 ? 2 : 3;
    return size >= 1000 ? 0 : size >= 100 ? 1 : size >= .1 || size == 0 ? 2 : 4;
}

/* Of a difference, or the larger end of an interval. */
static int difference_digits(const struct measure *measure, double size)
{
    if (measure != &share && size >= 1000)
        return 0;
    return size >= .1 || size < 1e-10 ? 2 : measure == &share ? 3 : 4;
}

/* Rounded to nothing, it has no sign. */
static double shown(double figure, int digits)
{
    return fabs(figure) < .5 * pow(10, -digits) ? 0 : figure;
}

/* "44,700" of "44700", "-1,204.5" of "-1204.5": a comma before every third digit from the point. */
static void figure_group(struct buffer *out, const char *text)
{
    size_t digits = 0;
    if (*text == '+' || *text == '-')
        buffer_add_byte(out, *text++);
    while (text[digits] >= '0' && text[digits] <= '9')
        digits++;
    for (size_t i = 0; i < digits; i++) {
        if (i > 0 && (digits - i) % 3 == 0)
            buffer_add_byte(out, ',');
        buffer_add_byte(out, text[i]);
    }
    buffer_add(out, slice_of(text + digits));
}

char *count_format(uint64_t count, char text[static COUNT_TEXT_SIZE])
{
    struct buffer out = {0};
    measure_count(&out, count);
    snprintf(text, COUNT_TEXT_SIZE, "%.*s", SLICE_ARGS(buffer_slice(&out)));
    buffer_done(&out);
    return text;
}

void measure_count(struct buffer *out, uint64_t count)
{
    char text[COUNT_TEXT_SIZE];
    snprintf(text, sizeof text, "%llu", (unsigned long long)count);
    figure_group(out, text);
}

#define FIGURE_TEXT_SIZE 400 /* the largest double has 309 digits before its point */

static void figure_write(struct buffer *out, bool is_signed, int digits, double figure)
{
    char text[FIGURE_TEXT_SIZE];
    snprintf(text, sizeof text, is_signed ? "%+.*f" : "%.*f", digits, figure);
    figure_group(out, text);
}

void measure_cell(struct buffer *out, enum metric_kind kind, double value)
{
    const struct measure *measure = measures[kind];
    double figure = measure->scale * value;
    int digits = value_digits(measure, figure);
    figure_write(out, false, digits, shown(figure, digits));
    if (measure == &share)
        buffer_add_byte(out, '%');
}

void measure_value(struct buffer *out, enum metric_kind kind, double value)
{
    measure_cell(out, kind, value);
    if (measures[kind] != &share)
        buffer_add(out, slice_of(measures[kind]->value_unit));
}

void measure_change(struct buffer *out, enum metric_kind kind, double difference)
{
    double figure = measures[kind]->scale * difference;
    int digits = difference_digits(measures[kind], fabs(figure));
    figure_write(out, true, digits, shown(figure, digits));
}

void measure_difference(struct buffer *out, enum metric_kind kind, double difference)
{
    measure_change(out, kind, difference);
    buffer_add(out, slice_of(measures[kind]->unit));
}

void measure_extent(struct buffer *out, enum metric_kind kind, double difference)
{
    double figure = measures[kind]->scale * fabs(difference);
    int digits = difference_digits(measures[kind], figure);
    figure_write(out, false, digits, shown(figure, digits));
    buffer_add(out, slice_of(measures[kind]->unit));
}

void measure_interval(struct buffer *out, enum metric_kind kind, const struct interval *interval)
{
    const struct measure *measure = measures[kind];
    double low = measure->scale * interval->low, high = measure->scale * interval->high;
    int digits = difference_digits(measure, fmax(fabs(low), fabs(high)));
    figure_write(out, true, digits, low);
    buffer_add(out, SLICE(" to "));
    figure_write(out, true, digits, high);
}

/* A size has four figures at most, and no exponent that a whole number can do without. */
void measure_size(struct buffer *out, enum metric_kind kind, double size)
{
    double figure = measures[kind]->scale * size;
    if (fabs(figure) >= 1000)
        figure_write(out, false, 0, figure);
    else
        buffer_format(out, "%.4g", figure);
    struct slice unit = slice_of(measures[kind]->unit);
    unit.size -= figure == 1 && unit.size; /* "1 point" */
    buffer_add(out, unit);
}

const char *measure_unit(enum metric_kind kind)
{
    const char *unit = measures[kind]->unit;
    return unit[0] == ' ' ? unit + 1 : unit;
}

enum metric_kind measure_kind(struct slice text)
{
    unsigned kind = 0;
    while (kind < METRIC_KIND_COUNT && !slice_equals(text, metric_kind_texts[kind]))
        kind++;
    return (enum metric_kind)kind;
}
