#ifndef EXPERIMENT_DEFINITION_H
#define EXPERIMENT_DEFINITION_H

/*
 * Canonical texts and their digests: what makes two declarations the same (architecture 3,
 * inference.md).  Canonical JSON, members sorted, no names of people, prose or levels.
 *
 * definition: who is analysed and what is counted: key, unit, phase, start, audience is NOT in it
 * (it decides who is offered, not who is counted), assignment, variants by name and order and which
 * is control, salt, weights, exclusive, holdout, segments and crossings with their canonical text,
 * adjust_for strata, all metrics by role-free set with their canonical text, activity filter, and
 * CONTRIBUTION_VERSION, which the caller gives. plan: goals, secondaries, guardrails and margins,
 * correction, confidence, peeking, lift, min_days, expect, start, end, adjust_for, segments,
 * digests of the metrics.
 */

#include "experiment/catalogue.h"

void metric_write_canonical(struct buffer *out, const struct catalogue *catalogue,
                            const struct metric *metric);
struct digest metric_digest(const struct catalogue *catalogue, const struct metric *metric);
void segment_write_canonical(struct buffer *out, const struct segment *segment);

/* A metric that is ACTIVITY-based takes the activity filter of its catalogue into its text:
 * not_activity and the events of nps metrics. */
void definition_write_canonical(struct buffer *out, const struct catalogue *catalogue,
                                const struct experiment *experiment, uint32_t contribution_version);
struct digest definition_digest(const struct catalogue *catalogue,
                                const struct experiment *experiment, uint32_t contribution_version);

void plan_write_canonical(struct buffer *out, const struct catalogue *catalogue,
                          const struct experiment *experiment);
struct digest plan_digest(const struct catalogue *catalogue, const struct experiment *experiment);

/* Every metric of the experiment, each once, in the order goals, secondaries, guardrails,
 * diagnostics (the parser refuses a metric in two roles).  Returns how many; `metrics` has room for
 * EXPERIMENT_METRICS_MAX. */
#define EXPERIMENT_METRICS_MAX 64
struct experiment_metric {
    const struct metric *metric;
    enum metric_role role;
    const struct guardrail *guardrail; /* of ROLE_GUARDRAIL */
};
size_t experiment_metrics(const struct experiment *experiment,
                          struct experiment_metric metrics[static EXPERIMENT_METRICS_MAX]);
/* Whether the experiment has the metric in a role, or within a ratio or a breadth that it has. */
bool experiment_uses_metric(const struct experiment *experiment, const struct metric *metric);
/* Alone or within a crossing. */
bool experiment_uses_segment(const struct experiment *experiment, const struct segment *segment);

#endif
