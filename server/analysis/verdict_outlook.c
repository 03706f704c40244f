/*
 * The verdict in words where there is no result yet: how far the experiment is, until when it runs,
 * what it can show by then; and the additions, which stand behind any row.
 */

#include "verdict_parts.h"

#include "analysis/measure.h"

#include <math.h>

double plan_progress(const struct findings *findings)
{
    const struct plan *plan = findings->input->plan;
    const struct progress *progress = findings->input->progress;
    int64_t until_ms = progress->closed && progress->close_ms < progress->as_of_ms
                           ? progress->close_ms
                           : progress->as_of_ms;
    if (plan->planned > 0)
        return (double)findings->exposed / plan->planned;
    if (plan->end_ms == TIME_NONE || plan->start_ms == TIME_NONE)
        return -1;
    return fmin(1, (double)(until_ms - plan->start_ms) / (double)(plan->end_ms - plan->start_ms));
}

/* "9%": what is not whole yet is not rounded to it. */
static void write_percent(struct buffer *out, double share)
{
    buffer_format(out, "%.0f%%", share < 1 ? fmin(99, round(100 * share)) : 100 * share);
}

/* "1,521 users so far, 9% of the planned 16,299" */
static void write_progress(struct buffer *out, const struct findings *findings)
{
    const struct plan *plan = findings->input->plan;
    double share = plan_progress(findings);
    write_units(out, findings, findings->exposed);
    buffer_add(out, SLICE(" so far"));
    if (share < 0)
        return;
    buffer_add(out, SLICE(", "));
    write_percent(out, share);
    if (plan->planned > 0) {
        buffer_add(out, SLICE(" of the planned "));
        measure_count(out, (uint64_t)plan->planned);
    } else {
        buffer_add(out, SLICE(" of the planned time"));
    }
}

void write_detectable(struct buffer *out, const struct findings *findings, double difference,
                      double lift)
{
    buffer_add(out, SLICE("difference of "));
    measure_extent(out, findings->input->goals[0]->metric.kind, difference);
    if (lift > 0)
        buffer_format(out, " (a lift of %.1f%%)", 100 * lift);
}

/* The longest window of the goals: what the last unit waits for. */
static int64_t goals_window_ms(const struct findings *findings)
{
    int64_t window_ms = 0;
    for (size_t i = 0; i < findings->input->goal_count; i++)
        if (findings->input->goals[i]->metric.window_ms > window_ms)
            window_ms = findings->input->goals[i]->metric.window_ms;
    return window_ms;
}

/* The first candidate that was ahead and is not now. */
static void write_lapsed(struct buffer *out, const struct findings *findings)
{
    for (size_t j = 0; j < findings->input->plan->variants; j++) {
        const struct metric_result *goal = findings->candidates[j].was_ahead;
        if (!goal)
            continue;
        buffer_add_byte(out, ' ');
        write_name(out, findings, (int)j);
        buffer_add(out, SLICE(" was ahead on "));
        write_moment_day(out, cohort_mature_ms(goal->comparisons[j].p_anytime_cohort,
                                               metric_look_ms(&goal->metric)));
        buffer_add(out, SLICE(" ("));
        write_metric(out, goal);
        buffer_add(out, SLICE("); the units since then do not bear it out."));
        return;
    }
}

void write_hand(struct buffer *out, const struct findings *findings, const struct verdict *verdict)
{
    double share = plan_progress(findings);
    bool stopped = findings->input->status == EXPERIMENT_STOPPED;
    (void)verdict;
    buffer_add(out, stopped ? SLICE("No decision: stopped by hand")
                            : SLICE("No decision: its end was brought forward by hand"));
    if (share >= 0) {
        buffer_add(out, stopped ? SLICE(" at ") : SLICE(", to "));
        write_percent(out, share);
        buffer_add(out, SLICE(" of the plan"));
    } else {
        buffer_add(out, SLICE(" before its size"));
    }
    buffer_add(out, SLICE(". Only the anytime evidence counts then, and it shows no difference: a "
                          "day that looks good by chance is not a result."));
}

void write_maturing(struct buffer *out, const struct findings *findings,
                    const struct verdict *verdict)
{
    const struct progress *progress = findings->input->progress;
    (void)verdict;
    if (progress->last_cohort != INT32_MAX) {
        buffer_add(out, SLICE("Wait until "));
        write_moment_day(out, cohort_mature_ms(progress->last_cohort, goals_window_ms(findings)));
        buffer_add(out, SLICE(" for the result: no new "));
    } else {
        buffer_add(out, SLICE("Wait for the result: no new "));
    }
    buffer_format(out, "%s come, and the last windows are still open.",
                  findings->input->unit_words);
    write_lapsed(out, findings);
}

void write_paused(struct buffer *out, const struct findings *findings,
                  const struct verdict *verdict)
{
    double share = plan_progress(findings), planned = findings->input->plan->planned;
    (void)verdict;
    buffer_add(out, SLICE("Paused"));
    if (share >= 0) {
        buffer_add(out, SLICE(" at "));
        write_percent(out, share);
        buffer_add(out,
                   planned > 0 ? SLICE(" of the planned size") : SLICE(" of the planned time"));
    }
    buffer_add(out, SLICE(": "));
    if (planned > 0) {
        measure_count(out, findings->exposed);
        buffer_add(out, SLICE(" of "));
        write_units(out, findings, (uint64_t)planned);
    } else {
        write_units(out, findings, findings->exposed);
        buffer_add(out, SLICE(" so far"));
    }
    buffer_add_byte(out, '.');
    write_lapsed(out, findings);
}

/* Of what a comparison must have, what the variant that has least of it lacks. */
static void write_gate(struct buffer *out, const struct findings *findings,
                       const struct metric_result *goal)
{
    const struct verdict_input *input = findings->input;
    uint64_t needed = input->plan->accounts ? GATE_ACCOUNTS : GATE_UNITS;
    size_t least = 0, fewest = 0;
    for (size_t j = 1; j < input->plan->variants; j++) {
        if (goal->observed[j].units < goal->observed[least].units)
            least = j;
        if (goal->observed[j].contributing < goal->observed[fewest].contributing)
            fewest = j;
    }
    bool lacks_units = goal->observed[least].units < needed;
    write_name(out, findings, (int)(lacks_units ? least : fewest));
    buffer_add(out, SLICE(" has "));
    if (lacks_units) {
        measure_count(out, goal->observed[least].units);
        buffer_format(out, " of the %llu %s that each variant needs", (unsigned long long)needed,
                      input->unit_words);
        buffer_add(out, SLICE(" with their window for "));
        write_metric(out, goal);
        buffer_add(out, SLICE(" passed."));
        return;
    }
    write_units(out, findings, goal->observed[fewest].units);
    buffer_add(out, SLICE(", of which "));
    measure_count(out, goal->observed[fewest].contributing);
    buffer_add(out, SLICE(" count for "));
    write_metric(out, goal);
    if (goal->metric.kind == METRIC_SUM)
        buffer_format(out, "; each variant needs %d.", GATE_NONZERO);
    else
        buffer_format(out, "; each variant needs %d that do and %d that do not.", GATE_OUTCOMES,
                      GATE_OUTCOMES);
}

void write_too_early(struct buffer *out, const struct findings *findings,
                     const struct verdict *verdict)
{
    const struct metric_result *goal = findings->input->goals[0];
    (void)verdict;
    if (!goal->computed) {
        buffer_add(out, SLICE("Nothing can be said: this version does not compute "));
        buffer_format(out, "%s (", metric_kind_texts[goal->metric.kind]);
        write_metric(out, goal);
        buffer_add(out, SLICE(")."));
        return;
    }
    buffer_add(out, SLICE("Too early: "));
    write_gate(out, findings, goal);
}

/* " On 20 December 2026, its last day, a difference of 2 points (a lift of 4.1%) can be shown". */
static void write_by_end(struct buffer *out, const struct findings *findings)
{
    const struct forecast *forecast = findings->input->forecast;
    if (!forecast->has_by_end)
        return;
    buffer_add(out, findings->input->plan->end_ms != TIME_NONE ? SLICE(" By its end on ")
                                                               : SLICE(" By "));
    write_day(out, forecast->by_end_cohort);
    buffer_add(out, SLICE(" it can show a "));
    write_detectable(out, findings, forecast->by_end, forecast->by_end_lift);
    if (forecast->has_detectable) {
        buffer_add(out, SLICE("; today a "));
        write_detectable(out, findings, forecast->detectable, forecast->detectable_lift);
    }
    buffer_add_byte(out, '.');
}

void write_far(struct buffer *out, const struct findings *findings, const struct verdict *verdict)
{
    const struct forecast *forecast = findings->input->forecast;
    (void)verdict;
    buffer_add(out, SLICE("Keep running, or plan anew: "));
    write_progress(out, findings);
    if (forecast->stalled) {
        buffer_format(out, ". The last seven days brought no new %s: at that rate it never ends.",
                      findings->input->unit_words);
    } else {
        buffer_add(out, SLICE(". At the present rate that takes until "));
        write_day(out, forecast->has_size ? forecast->size_cohort : forecast->cohort);
        buffer_add(out, SLICE(", more than eight weeks."));
    }
    write_by_end(out, findings);
    if (!forecast->has_by_end && forecast->has_detectable) {
        buffer_add(out, SLICE(" Today it can show a "));
        write_detectable(out, findings, forecast->detectable, forecast->detectable_lift);
        buffer_add_byte(out, '.');
    }
    write_lapsed(out, findings);
}

static void write_holdout(struct buffer *out, const struct findings *findings)
{
    const struct verdict_input *input = findings->input;
    const struct metric_result *goal = input->goal_count ? input->goals[0] : NULL;
    int open = input->plan->control ? 0 : 1;
    buffer_add(out, SLICE("A holdout shows what all its experiments did together; there is nothing "
                          "to decide. "));
    if (goal && goal->comparisons[open].difference.estimated) {
        write_effect(out, findings, goal, open);
        buffer_add(out, SLICE("."));
    } else {
        buffer_add(out, SLICE("It is too early for an estimate."));
    }
}

/* The day on which the goals are read for the last time; false where none is foreseen. */
static bool result_day(const struct findings *findings, int64_t *time_ms)
{
    const struct verdict_input *input = findings->input;
    int32_t cohort = input->progress->last_cohort;
    if (input->forecast->has_final)
        cohort = input->forecast->cohort;
    if (cohort == INT32_MAX)
        return false;
    *time_ms = cohort_mature_ms(cohort, goals_window_ms(findings));
    return true;
}

void write_running(struct buffer *out, const struct findings *findings,
                   const struct verdict *verdict)
{
    const struct forecast *forecast = findings->input->forecast;
    int64_t time_ms;
    (void)verdict;
    if (findings->input->is_holdout) {
        write_holdout(out, findings);
        return;
    }
    buffer_add(out, SLICE("Keep running"));
    if (result_day(findings, &time_ms)) {
        buffer_add(out, SLICE(" until "));
        write_moment_day(out, time_ms);
    }
    buffer_add(out, SLICE(": "));
    write_progress(out, findings);
    buffer_add_byte(out, '.');
    if (forecast->has_size && forecast->size_cohort > forecast->cohort) {
        buffer_add(out, SLICE(" It ends before that size, which takes until "));
        write_day(out, forecast->size_cohort);
        buffer_add_byte(out, '.');
        write_by_end(out, findings);
    }
    write_lapsed(out, findings);
}

static void write_harmed_others(struct buffer *out, const struct findings *findings)
{
    for (size_t j = 0; j < findings->input->plan->variants; j++) {
        const struct candidate *candidate = &findings->candidates[j];
        if (!candidate->harmed)
            continue;
        buffer_add(out, SLICE(" Take "));
        write_name(out, findings, (int)j);
        buffer_add(out, SLICE(" out: it harms "));
        write_metric(out, candidate->harm_metric);
        buffer_add(out, SLICE("."));
    }
}

static bool has_flag(const struct verdict *verdict, enum verdict_flag flag)
{
    return (verdict->flags & VERDICT_BIT(flag)) != 0;
}

void write_additions(struct buffer *out, const struct findings *findings,
                     const struct verdict *verdict)
{
    const struct verdict_input *input = findings->input;
    if (has_flag(verdict, VERDICT_FLAG_HARMS))
        write_harmed_others(out, findings);
    if (has_flag(verdict, VERDICT_FLAG_NEAR_NOT_FAR)) {
        buffer_add_byte(out, ' ');
        write_quoted(out, input->near);
        buffer_add(out, SLICE(" moved; "));
        write_quoted(out, input->far);
        buffer_add(out, SLICE(" has not been shown to follow."));
    }
    if (has_flag(verdict, VERDICT_FLAG_RESPONSE)) {
        buffer_add(out, SLICE(" Not as many answered in every variant: compare "));
        write_quoted(out, input->response);
        buffer_add(out, SLICE(" with care."));
    }
    if (has_flag(verdict, VERDICT_FLAG_SEGMENTS)) {
        buffer_add(out, SLICE(" The effect differs by "));
        buffer_add(out, input->segments_differ);
        buffer_add(out, SLICE(": look at the segments before shipping."));
    }
    if (has_flag(verdict, VERDICT_FLAG_MIXED_ACCOUNTS))
        buffer_add(out, SLICE(" More than a fifth of the accounts have users of different "
                              "variants, who may have talked about it."));
    if (has_flag(verdict, VERDICT_FLAG_ERASURE))
        buffer_add(out, SLICE(" The share of erased units differs between variants."));
    if (has_flag(verdict, VERDICT_FLAG_AMENDED))
        buffer_add(out, SLICE(" The plan was amended after it was registered; the registered one "
                              "decides."));
    if (has_flag(verdict, VERDICT_FLAG_ROLLOUT)) {
        buffer_add_byte(out, ' ');
        write_quoted(out, input->rollout);
        buffer_add(out, SLICE(" is being rolled out."));
    }
}
