/*
 * Figures for people.  Two decimals, or as many more as a small figure needs to say anything.
 */

#include "analysis/measure.h"

#include <math.h>

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

void measure_cell(struct buffer *out, enum metric_kind kind, double value)
{
    const struct measure *measure = measures[kind];
    double figure = measure->scale * value;
    int digits = value_digits(measure, figure);
    buffer_format(out, "%.*f%s", digits, shown(figure, digits), measure == &share ? "%" : "");
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
    buffer_format(out, "%+.*f", digits, shown(figure, digits));
}

void measure_difference(struct buffer *out, enum metric_kind kind, double difference)
{
    measure_change(out, kind, difference);
    buffer_add(out, slice_of(measures[kind]->unit));
}

void measure_interval(struct buffer *out, enum metric_kind kind, const struct interval *interval)
{
    const struct measure *measure = measures[kind];
    double low = measure->scale * interval->low, high = measure->scale * interval->high;
    int digits = difference_digits(measure, fmax(fabs(low), fabs(high)));
    buffer_format(out, "%+.*f to %+.*f", digits, low, digits, high);
}

void measure_size(struct buffer *out, enum metric_kind kind, double size)
{
    buffer_format(out, "%.4g%s", measures[kind]->scale * size, measures[kind]->unit);
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
