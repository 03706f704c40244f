/* A catalogue in words: see describe.h.  The metrics' sentences are in describe_metric.c. */

#include "experiment/describe.h"

#include "diff_rows.h"

#include "base/number.h"
#include "experiment/definition.h"

#include <inttypes.h>
#include <math.h>

static void label(struct buffer *out, const char *name)
{
    buffer_format(out, "  %-10s ", name);
}

static void line_end(struct buffer *out)
{
    buffer_add_byte(out, '\n');
}

/* ---- when ---- */

/* "2026-12-14", or with the time where it is not midnight. */
static void last_moment(struct buffer *out, int64_t end_ms)
{
    bool midnight = end_ms == day_start_ms(day_of(end_ms));
    diff_time(out, midnight ? end_ms - DAY_MS : end_ms);
}

static void span(struct buffer *out, int64_t span_ms)
{
    int64_t days = span_ms / DAY_MS;
    int64_t hours = span_ms % DAY_MS / HOUR_MS;
    buffer_add(out, SLICE(", "));
    if (days)
        duration_describe(out, days * DAY_MS);
    if (days && hours)
        buffer_add(out, SLICE(" and "));
    if (hours || !days)
        duration_describe(out, hours ? hours * HOUR_MS : span_ms);
}

static void when(struct buffer *out, const struct experiment *experiment)
{
    bool starts = experiment->start_ms != TIME_NONE;
    bool ends = experiment->end_ms != TIME_NONE;
    label(out, "enrols");
    if (starts) {
        buffer_add(out, SLICE("from "));
        diff_time(out, experiment->start_ms);
    } else {
        buffer_add(out, SLICE("from the first load as running"));
    }
    if (ends) {
        buffer_add(out, SLICE(" through "));
        last_moment(out, experiment->end_ms);
    } else {
        buffer_add(out, SLICE(", without an end"));
    }
    if (starts && ends)
        span(out, experiment->end_ms - experiment->start_ms);
    buffer_add(out, SLICE(" (UTC)\n"));
}

/* The day on which the last unit's window of the goal has passed. */
static void result_day(struct buffer *out, const struct experiment *experiment)
{
    int64_t longest_ms = 0;
    for (size_t i = 0; i < experiment->goal_count; i++)
        if (experiment->goals[i]->until_ms > longest_ms)
            longest_ms = experiment->goals[i]->until_ms;
    if (experiment->end_ms == TIME_NONE || !longest_ms)
        return;
    label(out, "result");
    buffer_add(out, SLICE("the last unit's window of the goal closes on "));
    last_moment(out, experiment->end_ms + longest_ms);
    line_end(out);
}

/* ---- who ---- */

static void audience(struct buffer *out, const struct experiment *experiment)
{
    label(out, "for");
    buffer_format(out, "%ss", unit_kind_text(experiment->unit));
    if (experiment->audience) {
        buffer_add(out, SLICE(" where "));
        condition_write(out, experiment->audience);
    }
    line_end(out);
}

static void ramp(struct buffer *out, const struct experiment *experiment)
{
    if (!experiment->ramp_count) {
        diff_share(out, experiment->coverage);
        return;
    }
    for (size_t i = 0; i < experiment->ramp_count; i++) {
        diff_comma(out, i);
        diff_share(out, experiment->ramp[i].coverage);
        buffer_add(out, SLICE(" from "));
        diff_time(out, experiment->ramp[i].from_ms);
    }
}

static void traffic(struct buffer *out, const struct experiment *experiment)
{
    label(out, "traffic");
    ramp(out, experiment);
    if (experiment->exclusive_group.size) {
        buffer_format(out, "; only the range ");
        diff_share(out, experiment->exclusive_low);
        buffer_add(out, SLICE(" to below "));
        diff_share(out, experiment->exclusive_high);
        buffer_format(out, " of group %.*s", SLICE_ARGS(experiment->exclusive_group));
    }
    if (experiment->holdout_group.size) {
        buffer_add(out, SLICE("; "));
        diff_share(out, experiment->holdout_share);
        buffer_format(out, " held out as %.*s", SLICE_ARGS(experiment->holdout_group));
    }
    line_end(out);
}

/* Rounded to hundredths of a percent: a third is 33.33%. */
static void weight(struct buffer *out, double share)
{
    diff_share(out, round(share * 1e4) / 1e4);
}

static void variants(struct buffer *out, const struct experiment *experiment)
{
    label(out, "variants");
    for (size_t i = 0; i < experiment->variant_count; i++) {
        const struct variant *variant = &experiment->variants[i];
        buffer_format(out, "%s%.*s ", i ? "; " : "", SLICE_ARGS(variant->name));
        weight(out, variant->weight);
        if (variant->control)
            buffer_add(out, SLICE(" (control)"));
        if (variant->flow_count)
            buffer_format(out, ", %zu step%s", variant->flow_count,
                          variant->flow_count == 1 ? "" : "s");
    }
    line_end(out);
}

/* ---- what ---- */

static void margin(struct buffer *out, const struct guardrail *guardrail)
{
    bool share = guardrail->points;
    buffer_format(out, "; must not get worse by %.*s", SLICE_ARGS(guardrail->text));
    if (guardrail->relative)
        buffer_add(out, SLICE(" of the control's value"));
    if (share)
        buffer_add(out, SLICE(" (points)"));
}

static void metrics(struct buffer *out, const struct experiment *experiment)
{
    struct experiment_metric all[EXPERIMENT_METRICS_MAX];
    size_t count = experiment_metrics(experiment, all);
    for (size_t i = 0; i < count; i++) {
        label(out, metric_role_texts[all[i].role]);
        buffer_format(out, "%.*s: ", SLICE_ARGS(all[i].metric->name));
        metric_describe(out, all[i].metric);
        if (all[i].guardrail)
            margin(out, all[i].guardrail);
        line_end(out);
    }
    if (!experiment->goal_count)
        buffer_add(out, SLICE("  no goal: harm is watched, nothing is decided\n"));
}

static void segments(struct buffer *out, const struct experiment *experiment)
{
    for (size_t i = 0; i < experiment->segment_count; i++) {
        const struct segmentation *segmentation = &experiment->segments[i];
        label(out, "by");
        for (size_t s = 0; s < segmentation->count; s++) {
            const struct segment *segment = segmentation->segments[s];
            buffer_format(out, "%s%.*s", s ? " x " : "", SLICE_ARGS(segment->name));
        }
        if (segmentation->count == 1) {
            buffer_add(out, SLICE(" = "));
            segment_describe(out, segmentation->segments[0]);
        }
        line_end(out);
    }
}

static const char *const peeking_words[] = {
    [PEEKING_HYBRID] = "may be read any day; four fifths of the error wait for the planned end",
    [PEEKING_ALWAYS] = "may be read and stopped any day",
    [PEEKING_FIXED] = "decided once, at the planned end",
};

static void decision(struct buffer *out, const struct experiment *experiment)
{
    label(out, "decided");
    buffer_add(out, SLICE("at "));
    diff_share(out, experiment->confidence);
    buffer_format(out, " confidence; %s (%s)", peeking_words[experiment->peeking],
                  peeking_texts[experiment->peeking]);
    line_end(out);
}

void experiment_describe(struct buffer *out, const struct experiment *experiment)
{
    buffer_format(out, "%.*s, %s: ", SLICE_ARGS(experiment->key),
                  experiment_status_texts[experiment->status]);
    diff_text(out, experiment->title);
    line_end(out);
    audience(out, experiment);
    when(out, experiment);
    traffic(out, experiment);
    variants(out, experiment);
    metrics(out, experiment);
    result_day(out, experiment);
    segments(out, experiment);
    decision(out, experiment);
    line_end(out);
}

/* ---- what nobody uses ---- */

static void unused_metric(struct buffer *out, const struct catalogue *catalogue,
                          const struct metric *metric)
{
    for (size_t i = 0; i < catalogue->experiment_count; i++)
        if (experiment_uses_metric(&catalogue->experiments[i], metric))
            return;
    label(out, "metric");
    buffer_format(out, "%.*s: ", SLICE_ARGS(metric->name));
    metric_describe(out, metric);
    line_end(out);
}

static void unused_segment(struct buffer *out, const struct catalogue *catalogue,
                           const struct segment *segment)
{
    for (size_t i = 0; i < catalogue->experiment_count; i++)
        if (experiment_uses_segment(&catalogue->experiments[i], segment))
            return;
    label(out, "segment");
    buffer_format(out, "%.*s = ", SLICE_ARGS(segment->name));
    segment_describe(out, segment);
    line_end(out);
}

void catalogue_describe(struct buffer *out, const struct catalogue *catalogue)
{
    for (size_t i = 0; i < catalogue->experiment_count; i++)
        experiment_describe(out, &catalogue->experiments[i]);
    struct buffer unused = {0};
    for (size_t i = 0; i < catalogue->metric_count; i++)
        unused_metric(&unused, catalogue, &catalogue->metrics[i]);
    for (size_t i = 0; i < catalogue->segment_count; i++)
        unused_segment(&unused, catalogue, &catalogue->segments[i]);
    if (unused.size) {
        buffer_add(out, SLICE("used by no experiment\n"));
        buffer_add(out, buffer_slice(&unused));
    }
    out->failed = out->failed || unused.failed;
    buffer_done(&unused);
}
