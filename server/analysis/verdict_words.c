/*
 * The words that the sentences of the verdict share: rates, differences with their interval, days,
 * a guardrail's distance from its margin.
 */

#include "verdict_parts.h"

#include <math.h>

void share_format(struct buffer *out, double share)
{
    double percent = 100 * share;
    buffer_format(out, "%.*f%%", percent >= 10 || percent == 0 ? 1 : percent >= 1 ? 2 : 3, percent);
}

/* Two decimals, three where two would say too little. */
static int points_digits(double difference)
{
    return fabs(difference) >= .001 || fabs(difference) < 1e-12 ? 2 : 3;
}

void points_format(struct buffer *out, double difference)
{
    double points = 100 * difference;
    int digits = points_digits(difference);
    if (fabs(points) < .0005)
        points = 0;
    buffer_format(out, "%+.*f points", digits, points);
}

static void write_interval(struct buffer *out, const struct interval *interval)
{
    int digits = points_digits(fmax(fabs(interval->low), fabs(interval->high)));
    buffer_format(out, "%+.*f to %+.*f", digits, 100 * interval->low, digits, 100 * interval->high);
}

void write_day(struct buffer *out, int32_t day)
{
    char text[TIME_TEXT_SIZE];
    buffer_add(out, slice_of(day_format(day, text)));
}

void write_moment_day(struct buffer *out, int64_t time_ms)
{
    write_day(out, day_of(time_ms));
}

void write_name(struct buffer *out, const struct findings *findings, int variant)
{
    buffer_add(out, findings->input->variants[variant]);
}

static void write_level(struct buffer *out, double alpha)
{
    buffer_format(out, "%.4g%%", 100 * (1 - alpha));
}

/* "(-0.82 points, 95% interval -1.33 to -0.31)": the fixed interval where there is one. */
void write_difference(struct buffer *out, const struct findings *findings,
                      const struct metric_result *metric, int variant)
{
    const struct effect_report *difference = &metric->comparisons[variant].difference;
    struct metric_levels levels = metric_levels_of(findings->input->plan, metric->metric.role);
    buffer_add(out, SLICE("("));
    points_format(out, difference->estimate);
    if (difference->has_interval) {
        buffer_add(out, SLICE(", "));
        write_level(out, levels.fixed);
        buffer_add(out, SLICE(" interval "));
        write_interval(out, &difference->interval);
    } else if (difference->has_anytime) {
        buffer_add(out, SLICE(", "));
        write_level(out, levels.anytime);
        buffer_add(out, SLICE(" anytime interval "));
        write_interval(out, &difference->anytime);
    }
    buffer_add(out, SLICE(")"));
}

static void write_rate(struct buffer *out, struct proportion share)
{
    share_format(out, share.units ? (double)share.successes / (double)share.units : 0);
}

/* "back_day_7 is 18.2% against 19.0% in gate_30 (...)". */
void write_effect(struct buffer *out, const struct findings *findings,
                  const struct metric_result *metric, int variant)
{
    size_t control = findings->input->plan->control;
    buffer_add(out, metric->metric.name);
    buffer_add(out, SLICE(" is "));
    write_rate(out, metric->shares[variant]);
    buffer_add(out, SLICE(" against "));
    write_rate(out, metric->shares[control]);
    buffer_add(out, SLICE(" in "));
    write_name(out, findings, (int)control);
    buffer_add_byte(out, ' ');
    write_difference(out, findings, metric, variant);
}

/* "-1.3 points at worst, 2.0 borne": how far a guardrail is from its margin. */
void write_margin(struct buffer *out, const struct metric_result *metric, int variant)
{
    const struct comparison *comparison = &metric->comparisons[variant];
    buffer_add(out, metric->metric.name);
    if (!comparison->has_bound) {
        buffer_add(out, SLICE(" (no estimate)"));
        return;
    }
    buffer_format(out, " (at worst %+.2f%s, the margin is %.4g%s)", 100 * comparison->bound,
                  metric->metric.relative ? "%" : " points", 100 * metric->metric.margin,
                  metric->metric.relative ? "%" : " points");
}
