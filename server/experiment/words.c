/*
 * The words of the grammar for each enum of experiment.h, in its order.  Each list ends with NULL,
 * so that the parser can walk it; it is also what messages and digests print.
 */

#include "experiment/experiment.h"

#define WORDS(name, ...) const char *const name[] = {__VA_ARGS__, NULL}

WORDS(experiment_status_texts, "draft", "running", "paused", "stopped");
WORDS(exposure_mode_texts, "on_view", "on_assign");
WORDS(assignment_mode_texts, "here", "elsewhere");
WORDS(serve_mode_texts, "variant", "config");
WORDS(help_mode_texts, "self_serve", "human_assisted");
WORDS(peeking_texts, "hybrid", "always", "fixed");
WORDS(lift_scale_texts, "relative", "absolute");
WORDS(correction_texts, "none", "holm", "benjamini_hochberg");
WORDS(step_trigger_texts, "on_start", "on_idle", "on_failed_task", "on_event");
WORDS(step_pattern_texts, "message", "tour", "tooltip", "walkthrough", "checklist", "progress",
      "video", "email", "chat", "survey");
WORDS(metric_kind_texts, "conversion", "retention", "retention_curve", "time_to", "count", "sum",
      "mean", "ratio", "nps", "breadth");
WORDS(metric_stage_texts, "", "acquisition", "activation", "retention", "monetisation");
WORDS(breadth_of_texts, "at_exposure", "within", "trait");
WORDS(metric_role_texts, "goal", "secondary", "guardrail", "diagnostic", "exploratory");
