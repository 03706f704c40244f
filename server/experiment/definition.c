/*
 * Canonical texts: which declarations are the same.
 *
 * A canonical text is one line of JSON without a space, its members sorted by bytes, durations in
 * milliseconds, decimal numbers in micro-units, shares as fractions; what was not given is not
 * written.  It is written straight into the buffer, members in their sorted order by hand; the
 * tests read it back and compare it with the canonical writer of base/value.
 *
 * Two texts differ exactly where something counted or decided would differ.  So a metric has no
 * name in its own text (a ratio holds the texts of its parts, breadth the condition that it counts
 * and not that metric's window), and lists keep the order of the file where the order tells cells
 * apart.
 *
 * Every change of these texts makes every store fold its journal again: the golden digests of
 * tests/experiment/test_definition.c say so.
 */

#include "experiment/definition.h"

#include "canonical.h"

#include "base/limits.h"

#include <stdlib.h>

static int segment_order(const void *a, const void *b)
{
    return slice_compare((*(const struct segment *const *)a)->name,
                         (*(const struct segment *const *)b)->name);
}

/* "segments": each segment that the experiment names, once, with its text. */
void canonical_segments(struct buffer *out, const struct experiment *experiment)
{
    const struct segment *named[3 * EXPERIMENT_SEGMENTS_MAX];
    size_t count = 0;
    for (size_t i = 0; i < experiment->segment_count; i++)
        for (size_t s = 0; s < experiment->segments[i].count; s++)
            named[count++] = experiment->segments[i].segments[s];
    if (!count)
        return;
    qsort(named, count, sizeof named[0], segment_order);
    canonical_open(out, "segments", '{');
    for (size_t i = 0; i < count; i++) {
        if (i && named[i] == named[i - 1])
            continue;
        canonical_member(out, named[i]->name);
        segment_write_canonical(out, named[i]);
    }
    buffer_add_byte(out, '}');
}

/* "slices": which segments and crossings, in the order of the file. */
void canonical_slices(struct buffer *out, const struct experiment *experiment)
{
    if (!experiment->segment_count)
        return;
    canonical_open(out, "slices", '[');
    for (size_t i = 0; i < experiment->segment_count; i++) {
        const struct segmentation *segmentation = &experiment->segments[i];
        canonical_part(out);
        buffer_add_byte(out, '[');
        for (size_t s = 0; s < segmentation->count; s++) {
            canonical_part(out);
            json_write_text(out, segmentation->segments[s]->name);
        }
        buffer_add_byte(out, ']');
    }
    buffer_add_byte(out, ']');
}

static void covariate(struct buffer *out, const struct catalogue *catalogue,
                      const struct covariate *covariate)
{
    canonical_part(out);
    buffer_add_byte(out, '{');
    if (covariate->metric) {
        canonical_integer(out, "before_ms", covariate->before_ms);
        canonical_member(out, SLICE("metric"));
        metric_write_canonical(out, catalogue, covariate->metric);
    } else {
        canonical_integer(out, "cap_micro", covariate->cap_micro);
        canonical_integer(out, "missing_micro", covariate->missing_micro);
        canonical_text(out, "trait", covariate->trait);
    }
    buffer_add_byte(out, '}');
}

void canonical_adjust(struct buffer *out, const struct catalogue *catalogue,
                      const struct experiment *experiment)
{
    if (!experiment->adjust_segment_count && !experiment->covariate_count)
        return;
    canonical_open(out, "adjust_for", '{');
    if (experiment->covariate_count) {
        canonical_open(out, "covariates", '[');
        for (size_t i = 0; i < experiment->covariate_count; i++)
            covariate(out, catalogue, &experiment->covariates[i]);
        buffer_add_byte(out, ']');
    }
    canonical_open(out, "segments", '[');
    for (size_t i = 0; i < experiment->adjust_segment_count; i++) {
        canonical_part(out);
        json_write_text(out, experiment->adjust_segments[i]->name);
    }
    buffer_add(out, SLICE("]}"));
}

static void exclusive_member(struct buffer *out, const struct experiment *experiment)
{
    if (!experiment->exclusive_group.size)
        return;
    canonical_open(out, "exclusive", '{');
    canonical_text(out, "group", experiment->exclusive_group);
    canonical_number_member(out, "high", experiment->exclusive_high);
    canonical_number_member(out, "low", experiment->exclusive_low);
    buffer_add_byte(out, '}');
}

static void holdout_member(struct buffer *out, const struct experiment *experiment)
{
    if (!experiment->holdout_group.size)
        return;
    canonical_open(out, "holdout", '{');
    canonical_text(out, "group", experiment->holdout_group);
    canonical_number_member(out, "share", experiment->holdout_share);
    buffer_add_byte(out, '}');
}

static bool any_flow(const struct experiment *experiment)
{
    for (size_t i = 0; i < experiment->variant_count; i++)
        if (experiment->variants[i].flow_count)
            return true;
    return false;
}

static void flow(struct buffer *out, const struct variant *variant)
{
    canonical_part(out);
    buffer_add_byte(out, '[');
    for (size_t i = 0; i < variant->flow_count; i++) {
        canonical_part(out);
        buffer_add_byte(out, '{');
        if (variant->flow[i].done_when.size)
            canonical_text(out, "done_when", variant->flow[i].done_when);
        canonical_text(out, "step", variant->flow[i].step);
        buffer_add_byte(out, '}');
    }
    buffer_add_byte(out, ']');
}

/* The steps and the events that complete them are counted; how a step looks is not. */
static void flow_members(struct buffer *out, const struct experiment *experiment)
{
    if (!any_flow(experiment))
        return;
    canonical_integer(out, "flow_within_ms", experiment->flow_within_ms);
    canonical_open(out, "flows", '[');
    for (size_t i = 0; i < experiment->variant_count; i++)
        flow(out, &experiment->variants[i]);
    buffer_add_byte(out, ']');
}

static void metrics_member(struct buffer *out, const struct catalogue *catalogue,
                           const struct experiment *experiment)
{
    struct experiment_metric metrics[EXPERIMENT_METRICS_MAX];
    size_t count = experiment_metrics(experiment, metrics);
    qsort(metrics, count, sizeof metrics[0], canonical_metric_order);
    canonical_open(out, "metrics", '{');
    for (size_t i = 0; i < count; i++) {
        canonical_member(out, metrics[i].metric->name);
        metric_write_canonical(out, catalogue, metrics[i].metric);
    }
    buffer_add_byte(out, '}');
}

static void variants_members(struct buffer *out, const struct experiment *experiment)
{
    canonical_open(out, "variants", '[');
    for (size_t i = 0; i < experiment->variant_count; i++) {
        canonical_part(out);
        json_write_text(out, experiment->variants[i].name);
    }
    buffer_add_byte(out, ']');
    canonical_open(out, "weights", '[');
    for (size_t i = 0; i < experiment->variant_count; i++) {
        canonical_part(out);
        canonical_number(out, experiment->variants[i].weight);
    }
    buffer_add_byte(out, ']');
}

void definition_write_canonical(struct buffer *out, const struct catalogue *catalogue,
                                const struct experiment *experiment, uint32_t contribution_version)
{
    buffer_add_byte(out, '{');
    canonical_adjust(out, catalogue, experiment);
    canonical_text(out, "assignment", slice_of(assignment_mode_texts[experiment->assignment]));
    canonical_integer(out, "contribution_version", contribution_version);
    canonical_text(out, "control", experiment->variants[experiment->control].name);
    exclusive_member(out, experiment);
    canonical_text(out, "experiment", experiment->key);
    flow_members(out, experiment);
    holdout_member(out, experiment);
    metrics_member(out, catalogue, experiment);
    canonical_integer(out, "phase", experiment->phase);
    canonical_text(out, "salt", experiment->salt);
    canonical_segments(out, experiment);
    canonical_slices(out, experiment);
    if (experiment->start_ms != TIME_NONE)
        canonical_integer(out, "start_ms", experiment->start_ms);
    canonical_text(out, "unit", slice_of(unit_kind_text(experiment->unit)));
    variants_members(out, experiment);
    buffer_add_byte(out, '}');
}

struct digest definition_digest(const struct catalogue *catalogue,
                                const struct experiment *experiment, uint32_t contribution_version)
{
    struct buffer out = {0};
    definition_write_canonical(&out, catalogue, experiment, contribution_version);
    return canonical_digest(&out);
}
