/*
 * The words that the sentences of the verdict share: rates, differences with their interval, days,
 * a guardrail's distance from its margin.
 */

#include "verdict_parts.h"

#include "analysis/measure.h"

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
    if (metric->comparisons[variant].adjustment.adjusted)
        buffer_add(out, SLICE("adjusted "));
    measure_difference(out, metric->metric.kind, difference->estimate);
    if (difference->has_interval) {
        buffer_add(out, SLICE(", "));
        write_level(out, levels.fixed);
        buffer_add(out, SLICE(" interval "));
        measure_interval(out, metric->metric.kind, &difference->interval);
    } else if (difference->has_anytime) {
        buffer_add(out, SLICE(", "));
        write_level(out, levels.anytime);
        buffer_add(out, SLICE(" anytime interval "));
        measure_interval(out, metric->metric.kind, &difference->anytime);
    }
    buffer_add(out, SLICE(")"));
}

static void write_own(struct buffer *out, const struct findings *findings,
                      const struct metric_result *metric, size_t variant)
{
    struct level level = {0};
    if (sample_level(&metric->observed[variant].sample, findings->input->plan->alpha, &level))
        buffer_add(out, SLICE("not known"));
    else
        measure_value(out, metric->metric.kind, level.value);
}

/* "back_day_7 is 18.2% against 19.0% in gate_30 (...)". */
void write_effect(struct buffer *out, const struct findings *findings,
                  const struct metric_result *metric, int variant)
{
    size_t control = findings->input->plan->control;
    buffer_add(out, metric->metric.name);
    buffer_add(out, SLICE(" is "));
    write_own(out, findings, metric, (size_t)variant);
    buffer_add(out, SLICE(" against "));
    write_own(out, findings, metric, control);
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
    if (metric->metric.relative) {
        buffer_format(out, " (at worst %+.2f%%, the margin is %.4g%%)", 100 * comparison->bound,
                      100 * metric->metric.margin);
        return;
    }
    buffer_add(out, SLICE(" (at worst "));
    measure_difference(out, metric->metric.kind, comparison->bound);
    buffer_add(out, SLICE(", the margin is "));
    measure_size(out, metric->metric.kind, metric->metric.margin);
    buffer_add_byte(out, ')');
}
