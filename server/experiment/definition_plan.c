/*
 * The canonical text of a plan: what is decided, when and by which rule (inference.md, The
 * registered plan).  Metrics stand in it by their digests and by the side that is the better one,
 * those that decide nothing (diagnostics) not at all.
 */

#include "canonical.h"

#include <stdlib.h>

static void expect_member(struct buffer *out, const struct expectation *expect)
{
    if (!expect->given)
        return;
    canonical_open(out, "expect", '{');
    canonical_integer(out, "baseline_micro", expect->baseline_micro);
    canonical_number_member(out, "lift", expect->lift);
    if (expect->has_members) {
        canonical_open(out, "members", '{');
        canonical_number_member(out, "cv", expect->members_cv);
        canonical_number_member(out, "icc", expect->members_icc);
        canonical_number_member(out, "mean", expect->members_mean);
        buffer_add_byte(out, '}');
    }
    canonical_number_member(out, "power", expect->power);
    if (expect->sd > 0)
        canonical_number_member(out, "sd", expect->sd);
    if (expect->units)
        canonical_integer(out, "units", (int64_t)expect->units);
    if (expect->units_per_week)
        canonical_integer(out, "units_per_week", (int64_t)expect->units_per_week);
    buffer_add_byte(out, '}');
}

static void guardrails_member(struct buffer *out, const struct experiment *experiment)
{
    canonical_open(out, "guardrails", '[');
    for (size_t i = 0; i < experiment->guardrail_count; i++) {
        const struct guardrail *guardrail = &experiment->guardrails[i];
        canonical_part(out);
        buffer_add_byte(out, '{');
        canonical_text(out, "metric", guardrail->metric->name);
        canonical_text(out, "scale", slice_of(guardrail->relative ? "relative" : "absolute"));
        canonical_integer(out, "worse_by_micro", guardrail->worse_by_micro);
        buffer_add_byte(out, '}');
    }
    buffer_add_byte(out, ']');
}

static void names_member(struct buffer *out, const char *name, const struct metric *const *metrics,
                         size_t count)
{
    canonical_open(out, name, '[');
    for (size_t i = 0; i < count; i++) {
        canonical_part(out);
        json_write_text(out, metrics[i]->name);
    }
    buffer_add_byte(out, ']');
}

/* Of the metrics that decide something: what they count, and which side is the good one. */
static void digests_member(struct buffer *out, const struct catalogue *catalogue,
                           const struct experiment *experiment)
{
    struct experiment_metric metrics[EXPERIMENT_METRICS_MAX];
    size_t count = experiment_metrics(experiment, metrics) - experiment->diagnostic_count;
    qsort(metrics, count, sizeof metrics[0], canonical_metric_order);
    canonical_open(out, "metrics", '{');
    for (size_t i = 0; i < count; i++) {
        const struct metric *metric = metrics[i].metric;
        struct digest digest = metric_digest(catalogue, metric);
        char text[DIGEST_TEXT_SIZE];
        canonical_member(out, metric->name);
        buffer_add_byte(out, '{');
        canonical_text(out, "better", slice_of(metric->lower_is_better ? "lower" : "higher"));
        canonical_text(out, "digest", slice_of(digest_format(&digest, text)));
        buffer_add_byte(out, '}');
    }
    buffer_add_byte(out, '}');
}

void plan_write_canonical(struct buffer *out, const struct catalogue *catalogue,
                          const struct experiment *experiment)
{
    buffer_add_byte(out, '{');
    canonical_adjust(out, catalogue, experiment);
    canonical_number_member(out, "confidence", experiment->confidence);
    canonical_text(out, "correction", slice_of(correction_texts[experiment->correction]));
    if (experiment->end_ms != TIME_NONE)
        canonical_integer(out, "end_ms", experiment->end_ms);
    expect_member(out, &experiment->expect);
    names_member(out, "goals", experiment->goals, experiment->goal_count);
    guardrails_member(out, experiment);
    canonical_text(out, "lift", slice_of(lift_scale_texts[experiment->lift]));
    digests_member(out, catalogue, experiment);
    canonical_integer(out, "min_days", experiment->min_days);
    canonical_text(out, "peeking", slice_of(peeking_texts[experiment->peeking]));
    names_member(out, "secondaries", experiment->secondaries, experiment->secondary_count);
    canonical_segments(out, experiment);
    canonical_slices(out, experiment);
    if (experiment->start_ms != TIME_NONE)
        canonical_integer(out, "start_ms", experiment->start_ms);
    buffer_add_byte(out, '}');
}

struct digest plan_digest(const struct catalogue *catalogue, const struct experiment *experiment)
{
    struct buffer out = {0};
    plan_write_canonical(&out, catalogue, experiment);
    return canonical_digest(&out);
}
