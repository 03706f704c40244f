/*
 * The words that the sentences of the verdict share: names, counts, days, rates, differences with
 * their interval, a guardrail's distance from its margin.
 */

#include "verdict_parts.h"

#include "analysis/measure.h"

void write_day(struct buffer *out, int32_t day)
{
    char text[TIME_TEXT_SIZE];
    buffer_add(out, slice_of(day_words(day, text)));
}

void write_moment_day(struct buffer *out, int64_t time_ms)
{
    write_day(out, day_of(time_ms));
}

void write_quoted(struct buffer *out, struct slice name)
{
    bool is_word = name.size > 0;
    for (size_t i = 0; i < name.size; i++)
        is_word = is_word && (unsigned char)name.data[i] > ' ';
    buffer_add(out, is_word ? SLICE("") : SLICE("“"));
    buffer_add(out, name);
    buffer_add(out, is_word ? SLICE("") : SLICE("”"));
}

void write_name(struct buffer *out, const struct findings *findings, int variant)
{
    write_quoted(out, findings->input->variants[variant]);
}

void write_metric(struct buffer *out, const struct metric_result *metric)
{
    write_quoted(out, metric_title(&metric->metric));
}

void write_units(struct buffer *out, const struct findings *findings, uint64_t count)
{
    measure_count(out, count);
    buffer_format(out, " %s", findings->input->unit_words);
}

static void write_level(struct buffer *out, double alpha)
{
    buffer_format(out, "%.4g%%", 100 * (1 - alpha));
}

/* ", 95% interval -1.33 to -0.31": the fixed interval where there is one. */
static void write_interval(struct buffer *out, const struct findings *findings,
                           const struct metric_result *metric,
                           const struct effect_report *difference)
{
    struct metric_levels levels = metric_levels_of(findings->input->plan, metric->metric.role);
    const char *words = " interval ";
    double level = levels.fixed;
    if (!difference->has_interval && !difference->has_anytime)
        return;
    if (!difference->has_interval) {
        level = levels.anytime;
        words = " anytime interval ";
    }
    buffer_add(out, SLICE(", "));
    write_level(out, level);
    buffer_add(out, slice_of(words));
    measure_interval(out, metric->metric.kind,
                     difference->has_interval ? &difference->interval : &difference->anytime);
}

static void write_change(struct buffer *out, const struct findings *findings,
                         const struct metric_result *metric, int variant)
{
    const struct effect_report *difference = &metric->comparisons[variant].difference;
    if (metric->comparisons[variant].adjustment.adjusted)
        buffer_add(out, SLICE("adjusted "));
    measure_difference(out, metric->metric.kind, difference->estimate);
    write_interval(out, findings, metric, difference);
}

void write_difference(struct buffer *out, const struct findings *findings,
                      const struct metric_result *metric, int variant)
{
    buffer_add_byte(out, '(');
    write_change(out, findings, metric, variant);
    buffer_add_byte(out, ')');
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

void write_effect(struct buffer *out, const struct findings *findings,
                  const struct metric_result *metric, int variant)
{
    size_t control = findings->input->plan->control;
    write_metric(out, metric);
    buffer_add(out, SLICE(" is "));
    write_own(out, findings, metric, (size_t)variant);
    buffer_add(out, SLICE(" against "));
    write_own(out, findings, metric, control);
    buffer_add(out, SLICE(" in "));
    write_name(out, findings, (int)control);
    buffer_add_byte(out, ' ');
    write_difference(out, findings, metric, variant);
}

/* The difference of two variants that both beat the control, each by its own sample: at the level
 * of the goal, fixed on the final set, else anytime. */
void write_between(struct buffer *out, const struct findings *findings,
                   const struct metric_result *metric, int first, int second)
{
    const struct plan *plan = findings->input->plan;
    struct metric_levels levels = metric_levels_of(plan, metric->metric.role);
    struct effect_report between = {0};
    struct estimate estimate;
    if (sample_difference(&metric->observed[first].sample, &metric->observed[second].sample,
                          plan->planned_pair[first], &estimate))
        return;
    if (metric->final && levels.fixed > 0)
        between.has_interval = !estimate_fixed_interval(&estimate, levels.fixed, &between.interval);
    else if (levels.anytime > 0)
        between.has_anytime =
            !estimate_anytime_interval(&estimate, levels.anytime, &between.anytime);
    buffer_add(out, SLICE(" Between the two: "));
    measure_difference(out, metric->metric.kind, estimate.value);
    write_interval(out, findings, metric, &between);
    buffer_add(out, SLICE(", corrected for nothing."));
}

void write_margin(struct buffer *out, const struct findings *findings,
                  const struct metric_result *metric, int variant, bool with_interval)
{
    const struct comparison *comparison = &metric->comparisons[variant];
    write_metric(out, metric);
    if (!comparison->has_bound) {
        buffer_add(out, SLICE(" (no estimate)"));
        return;
    }
    buffer_add(out, SLICE(" ("));
    if (with_interval && comparison->difference.estimated) {
        write_change(out, findings, metric, variant);
        buffer_add(out, SLICE("; "));
    }
    if (metric->metric.relative) {
        buffer_format(out, "at worst %+.2f%%, the margin is %.4g%%)", 100 * comparison->bound,
                      100 * metric->metric.margin);
        return;
    }
    buffer_add(out, SLICE("at worst "));
    measure_difference(out, metric->metric.kind, comparison->bound);
    buffer_add(out, SLICE(", the margin is "));
    measure_size(out, metric->metric.kind, metric->metric.margin);
    buffer_add_byte(out, ')');
}
