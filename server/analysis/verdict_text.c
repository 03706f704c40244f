/*
 * The verdict in words: for each row of the table the sentences that it must say, with the
 * metrics' own names.  Written for somebody who reads nothing else.
 */

#include "verdict_parts.h"

#include "analysis/measure.h"

#include <math.h>

/* The share of the planned units, or of the planned time where no units are planned; -1: none. */
static double plan_progress(const struct findings *findings)
{
    const struct plan *plan = findings->input->plan;
    int64_t as_of = findings->input->progress->as_of_ms;
    if (plan->planned > 0)
        return (double)findings->exposed / plan->planned;
    if (plan->end_ms == TIME_NONE || plan->start_ms == TIME_NONE)
        return -1;
    return fmin(1, (double)(as_of - plan->start_ms) / (double)(plan->end_ms - plan->start_ms));
}

static void write_progress(struct buffer *out, const struct findings *findings)
{
    const struct verdict_input *input = findings->input;
    double share = plan_progress(findings);
    buffer_format(out, "%llu %s so far", (unsigned long long)findings->exposed, input->unit_words);
    if (share >= 0 && input->plan->planned > 0)
        buffer_format(out, ", %.0f%% of the planned %.0f", 100 * share, input->plan->planned);
    else if (share >= 0)
        buffer_format(out, ", %.0f%% of the planned time", 100 * share);
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

void write_not_started(struct buffer *out, const struct findings *findings,
                       const struct verdict *verdict)
{
    const struct verdict_input *input = findings->input;
    (void)verdict;
    if (input->status == EXPERIMENT_DRAFT) {
        buffer_add(out, SLICE("Not started: it is a draft."));
    } else if (input->plan->start_ms != TIME_NONE &&
               input->progress->as_of_ms < input->plan->start_ms) {
        buffer_add(out, SLICE("Not started: it starts on "));
        write_moment_day(out, input->plan->start_ms);
        buffer_add(out, SLICE("."));
    } else {
        buffer_format(out, "Not started: none of the %s has met a variant yet.", input->unit_words);
    }
}

void write_damaged(struct buffer *out, const struct findings *findings,
                   const struct verdict *verdict)
{
    (void)verdict;
    buffer_format(out,
                  "Do not trust these figures: %s. 'gangway rebuild' makes them anew from the "
                  "journal.",
                  findings->input->damage);
}

void write_ratio(struct buffer *out, const struct findings *findings, const struct verdict *verdict)
{
    const struct verdict_input *input = findings->input;
    const struct ratio_report *ratio = input->ratio;
    (void)verdict;
    buffer_format(out,
                  "Do not trust these figures: the split is off by %.2f points from the declared "
                  "weights",
                  100 * ratio->gap);
    if (ratio->has_since) {
        buffer_add(out, SLICE(", first seen on "));
        write_day(out, ratio->since);
    }
    if (!slice_is_empty(input->ratio_segment)) {
        buffer_add(out, SLICE(", worst where "));
        buffer_add(out, input->ratio_segment);
    }
    buffer_add(out, SLICE(". Find what loses units before reading on."));
}

void write_crossed(struct buffer *out, const struct findings *findings,
                   const struct verdict *verdict)
{
    const struct verdict_input *input = findings->input;
    (void)verdict;
    buffer_format(out, "Do not trust these figures: %.1f%% of the %s met two variants (",
                  100 * input->crossing->share, input->unit_words);
    for (size_t j = 0; j < input->plan->variants; j++) {
        double share =
            input->exposed[j] ? (double)input->crossed[j] / (double)input->exposed[j] : 0;
        buffer_add(out, j ? SLICE(", ") : SLICE(""));
        write_name(out, findings, (int)j);
        buffer_format(out, " %.1f%%", 100 * share);
    }
    buffer_add(out, SLICE("): who is left is no fair comparison."));
}

void write_mismatch(struct buffer *out, const struct findings *findings,
                    const struct verdict *verdict)
{
    (void)verdict;
    buffer_format(out,
                  "Do not trust these figures: %.1f%% of the %s reported another variant than the "
                  "one assigned. Check the versions of the clients and the ids that they send.",
                  100 * (double)findings->input->mismatched / (double)findings->exposed,
                  findings->input->unit_words);
}

void write_harm(struct buffer *out, const struct findings *findings, const struct verdict *verdict)
{
    buffer_add(out, SLICE("Stop: "));
    write_name(out, findings, verdict->about);
    buffer_add(out, SLICE(" does harm. "));
    write_effect(out, findings, verdict->metric, verdict->about);
    buffer_add(out, SLICE(", by the "));
    buffer_format(out, "%s exposed up to ", findings->input->unit_words);
    write_day(out, verdict->metric->analysed);
    buffer_add(out, SLICE("."));
    if (findings->harmed_count > 1)
        buffer_add(out, SLICE(" So do all other variants."));
}

void write_no_goal(struct buffer *out, const struct findings *findings,
                   const struct verdict *verdict)
{
    (void)findings;
    if (verdict->code == VERDICT_KEEP_RUNNING)
        buffer_add(out, SLICE("No goal is declared: there is nothing to decide; harm is "
                              "watched."));
    else
        buffer_add(out, SLICE("No goal was declared: there is nothing to decide."));
}

static void write_guardrails_passed(struct buffer *out, const struct findings *findings)
{
    const struct verdict_input *input = findings->input;
    if (input->guardrail_count)
        buffer_add(out, SLICE(" No guardrail is worse than its margin."));
}

/* The runner-up among the winners of the same goal. */
static void write_second(struct buffer *out, const struct findings *findings,
                         const struct verdict *verdict)
{
    int second = -1;
    double best = 0;
    for (size_t j = 0; j < findings->input->plan->variants; j++) {
        const struct candidate *candidate = &findings->candidates[j];
        if ((int)j == verdict->about || !candidate->wins ||
            candidate->win_metric != verdict->metric)
            continue;
        double estimate =
            better_of(candidate->win_metric, candidate->win_metric->comparisons[j].difference_h);
        if (second >= 0 && !(estimate > best))
            continue;
        second = (int)j;
        best = estimate;
    }
    if (second < 0)
        return;
    buffer_add_byte(out, ' ');
    write_name(out, findings, second);
    buffer_add(out, SLICE(" is better than the control too "));
    write_difference(out, findings, verdict->metric, second);
    buffer_add(out, SLICE("; the two are not compared with each other."));
}

static void write_ship_head(struct buffer *out, const struct findings *findings,
                            const struct verdict *verdict)
{
    buffer_add(out, SLICE("Ship "));
    write_name(out, findings, verdict->about);
    buffer_add(out, SLICE(": "));
    write_effect(out, findings, verdict->metric, verdict->about);
    buffer_add(out, SLICE("."));
}

/* What an effect found early probably is. */
static void write_corrected(struct buffer *out, const struct verdict *verdict)
{
    const struct comparison *comparison = &verdict->metric->comparisons[verdict->about];
    buffer_add(out, SLICE(" Stopped early: expect a smaller effect than this estimate"));
    if (comparison->has_corrected) {
        buffer_add(out, SLICE("; corrected for that, about "));
        measure_difference(out, verdict->metric->metric.kind, comparison->corrected.central);
    }
    buffer_add(out, SLICE("."));
}

void write_ship_early(struct buffer *out, const struct findings *findings,
                      const struct verdict *verdict)
{
    write_ship_head(out, findings, verdict);
    write_guardrails_passed(out, findings);
    write_corrected(out, verdict);
    write_second(out, findings, verdict);
}

void write_ship(struct buffer *out, const struct findings *findings, const struct verdict *verdict)
{
    write_ship_head(out, findings, verdict);
    write_guardrails_passed(out, findings);
    write_second(out, findings, verdict);
}

void write_ahead(struct buffer *out, const struct findings *findings, const struct verdict *verdict)
{
    const struct plan *plan = findings->input->plan;
    const struct metric_result *goal = verdict->metric;
    int32_t first = goal->last_mature - (int32_t)goal->run + 1;
    int32_t last = first + (int32_t)plan->min_days - 1;
    write_name(out, findings, verdict->about);
    buffer_add(out, SLICE(" is ahead: "));
    write_effect(out, findings, goal, verdict->about);
    buffer_add(out, SLICE(". It runs until "));
    write_moment_day(out, cohort_mature_ms(last, goal->metric.window_ms));
    buffer_format(out, " to cover %u days.", (unsigned)plan->min_days);
}

/* The guardrails of the variant that are in the state, and (waiting) not at their final look. */
static void write_guardrails(struct buffer *out, const struct findings *findings, int variant,
                             bool waiting)
{
    const struct verdict_input *input = findings->input;
    const char *between = "";
    for (size_t i = 0; i < input->guardrail_count; i++) {
        const struct metric_result *guardrail = input->guardrails[i];
        if (guardrail->comparisons[variant].state == GUARDRAIL_PASSED ||
            (waiting && guardrail->final_look))
            continue;
        buffer_format(out, "%s", between);
        write_margin(out, guardrail, variant);
        between = ", ";
    }
}

/* The day on which the last waiting guardrail of the variant has its final look. */
static bool guardrails_day(const struct findings *findings, int variant, int64_t *time_ms)
{
    const struct verdict_input *input = findings->input;
    const struct progress *progress = input->progress;
    bool final = progress->final.because != FINAL_UNKNOWN && !progress->hand;
    int32_t cohort = final ? progress->final.cohort : progress->last_cohort;
    if (!final && input->forecast->has_final && !progress->closed)
        cohort = input->forecast->cohort;
    if (cohort == INT32_MAX)
        return false;
    *time_ms = 0;
    for (size_t i = 0; i < input->guardrail_count; i++) {
        const struct metric_result *guardrail = input->guardrails[i];
        int64_t at_ms = cohort_mature_ms(cohort, guardrail->metric.window_ms);
        if (guardrail->comparisons[variant].state != GUARDRAIL_PASSED && at_ms > *time_ms)
            *time_ms = at_ms;
    }
    return true;
}

void write_waiting(struct buffer *out, const struct findings *findings,
                   const struct verdict *verdict)
{
    int64_t time_ms;
    buffer_add(out, SLICE("Goal met by "));
    write_name(out, findings, verdict->about);
    buffer_add(out, SLICE(": "));
    write_effect(out, findings, verdict->metric, verdict->about);
    buffer_add(out, SLICE(". Waiting for "));
    write_guardrails(out, findings, verdict->about, true);
    if (guardrails_day(findings, verdict->about, &time_ms)) {
        buffer_add(out, SLICE(" until "));
        write_moment_day(out, time_ms);
    }
    buffer_add(out, SLICE("."));
}

void write_unshown(struct buffer *out, const struct findings *findings,
                   const struct verdict *verdict)
{
    write_name(out, findings, verdict->about);
    buffer_add(out, SLICE(" is better on the goal: "));
    write_effect(out, findings, verdict->metric, verdict->about);
    buffer_add(out, SLICE(". It is not shown harmless on "));
    write_guardrails(out, findings, verdict->about, false);
    buffer_add(out, SLICE("."));
}

void write_not_estimable(struct buffer *out, const struct findings *findings,
                         const struct verdict *verdict)
{
    const struct metric_result *goal = findings->input->goals[0];
    (void)verdict;
    buffer_add(out, SLICE("No answer: "));
    buffer_add(out, goal->metric.name);
    if (!goal->computed) {
        buffer_format(out, " cannot be estimated: this version does not compute %s.",
                      metric_kind_texts[goal->metric.kind]);
        return;
    }
    for (size_t j = 0; j < findings->input->plan->variants; j++)
        if (j != findings->input->plan->control && goal->comparisons[j].reason) {
            buffer_format(out, " cannot be estimated: %s.",
                          reason_text(goal->comparisons[j].reason));
            return;
        }
}

void write_hand(struct buffer *out, const struct findings *findings, const struct verdict *verdict)
{
    double share = plan_progress(findings);
    (void)verdict;
    buffer_add(out, SLICE("No decision: stopped by hand"));
    if (share >= 0 && findings->input->plan->planned > 0)
        buffer_format(out, " at %.0f%% of the plan", 100 * share);
    else
        buffer_add(out, SLICE(" before its end"));
    buffer_add(out, SLICE(". Only the anytime evidence counts then, and it shows no difference: a "
                          "day that looks good by chance is not a result."));
}

/* "gate_40 (...), c (...)": the first goal of every candidate. */
static void write_candidates(struct buffer *out, const struct findings *findings,
                             const struct metric_result *goal)
{
    const char *between = "";
    for (size_t j = 0; j < findings->input->plan->variants; j++) {
        if (!finding_is_candidate(findings, j) || goal->comparisons[j].reason)
            continue;
        buffer_format(out, "%s", between);
        write_name(out, findings, (int)j);
        buffer_add_byte(out, ' ');
        write_difference(out, findings, goal, (int)j);
        between = ", ";
    }
}

void write_no_difference(struct buffer *out, const struct findings *findings,
                         const struct verdict *verdict)
{
    const struct plan *plan = findings->input->plan;
    bool equivalent = true;
    for (size_t j = 0; j < plan->variants; j++) {
        if (!finding_is_candidate(findings, j))
            continue;
        const struct interval *interval = goal_interval(findings, verdict->metric, j);
        equivalent = equivalent && interval && interval->low > -plan->expected_difference &&
                     interval->high < plan->expected_difference;
    }
    enum metric_kind kind = verdict->metric->metric.kind;
    buffer_add(out, SLICE("No improvement as large as the planned "));
    measure_size(out, kind, plan->expected_difference);
    buffer_add(out, SLICE(" of "));
    buffer_add(out, verdict->metric->metric.name);
    buffer_add(out, SLICE(": "));
    write_candidates(out, findings, verdict->metric);
    buffer_add(out, SLICE("."));
    if (!equivalent)
        return;
    buffer_add(out, SLICE(" Equivalent within "));
    measure_size(out, kind, plan->expected_difference);
    buffer_add_byte(out, '.');
}

static void write_detectable(struct buffer *out, const struct findings *findings)
{
    const struct forecast *forecast = findings->input->forecast;
    if (!forecast->has_detectable)
        return;
    buffer_add(out, SLICE(" These units could have shown a difference of "));
    measure_size(out, findings->input->goals[0]->metric.kind, forecast->detectable);
    if (forecast->detectable_lift > 0)
        buffer_format(out, " (a lift of %.1f%%)", 100 * forecast->detectable_lift);
    buffer_add_byte(out, '.');
}

void write_inconclusive(struct buffer *out, const struct findings *findings,
                        const struct verdict *verdict)
{
    const struct plan *plan = findings->input->plan;
    buffer_add(out, SLICE("No difference is shown in "));
    buffer_add(out, verdict->metric->metric.name);
    buffer_add(out, SLICE(": "));
    write_candidates(out, findings, verdict->metric);
    buffer_add(out, SLICE(". Not shown is not the same as no effect."));
    write_detectable(out, findings);
    if (plan->planned > 0)
        buffer_format(out, " A decision on the expected effect takes %.0f %s; there were %llu.",
                      plan->planned, findings->input->unit_words,
                      (unsigned long long)findings->exposed);
}

void write_maturing(struct buffer *out, const struct findings *findings,
                    const struct verdict *verdict)
{
    const struct progress *progress = findings->input->progress;
    (void)verdict;
    buffer_format(out, "No new %s come; the last windows are still open.",
                  findings->input->unit_words);
    if (progress->last_cohort == INT32_MAX)
        return;
    buffer_add(out, SLICE(" The result is there on "));
    write_moment_day(out, cohort_mature_ms(progress->last_cohort, goals_window_ms(findings)));
    buffer_add(out, SLICE("."));
}

void write_paused(struct buffer *out, const struct findings *findings,
                  const struct verdict *verdict)
{
    (void)verdict;
    buffer_add(out, SLICE("Paused: "));
    write_progress(out, findings);
    buffer_add(out, SLICE("."));
}

void write_too_early(struct buffer *out, const struct findings *findings,
                     const struct verdict *verdict)
{
    const struct verdict_input *input = findings->input;
    const struct metric_result *goal = input->goals[0];
    uint64_t least = UINT64_MAX;
    (void)verdict;
    if (!goal->computed) {
        buffer_add(out, SLICE("Nothing can be said: this version does not compute "));
        buffer_format(out, "%s (", metric_kind_texts[goal->metric.kind]);
        buffer_add(out, goal->metric.name);
        buffer_add(out, SLICE(")."));
        return;
    }
    for (size_t j = 0; j < input->plan->variants; j++)
        least = goal->observed[j].units < least ? goal->observed[j].units : least;
    buffer_format(out, "Too early: the smallest variant has %llu %s whose window for ",
                  (unsigned long long)least, input->unit_words);
    buffer_add(out, goal->metric.name);
    buffer_format(out, " has passed, of at least %d, with %d that did and %d that did not.",
                  input->plan->accounts ? GATE_ACCOUNTS : GATE_UNITS, GATE_OUTCOMES, GATE_OUTCOMES);
}

/* The day of the final look of the goals, where it is foreseen. */
static void write_result_day(struct buffer *out, const struct findings *findings)
{
    const struct forecast *forecast = findings->input->forecast;
    if (!forecast->has_final)
        return;
    buffer_add(out, SLICE(" The result is due on "));
    write_moment_day(out, cohort_mature_ms(forecast->cohort, goals_window_ms(findings)));
    buffer_add(out, SLICE("."));
}

void write_far(struct buffer *out, const struct findings *findings, const struct verdict *verdict)
{
    const struct forecast *forecast = findings->input->forecast;
    (void)verdict;
    buffer_add(out, SLICE("Keep running: "));
    write_progress(out, findings);
    if (forecast->stalled) {
        buffer_format(out, ". The last seven days brought no new %s: at that rate it never ends.",
                      findings->input->unit_words);
    } else {
        buffer_add(out, SLICE(". At the present rate that takes until "));
        write_day(out, forecast->cohort);
        buffer_add(out, SLICE(", more than eight weeks."));
    }
    if (!forecast->has_detectable)
        return;
    buffer_add(out, SLICE(" The mature units can show a difference of "));
    measure_size(out, findings->input->goals[0]->metric.kind, forecast->detectable);
    if (forecast->detectable_lift > 0)
        buffer_format(out, " (a lift of %.1f%%)", 100 * forecast->detectable_lift);
    buffer_add_byte(out, '.');
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

void write_running(struct buffer *out, const struct findings *findings,
                   const struct verdict *verdict)
{
    (void)verdict;
    if (findings->input->is_holdout) {
        write_holdout(out, findings);
        return;
    }
    buffer_add(out, SLICE("Keep running: "));
    write_progress(out, findings);
    buffer_add(out, SLICE("."));
    write_result_day(out, findings);
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
        buffer_add(out, candidate->harm_metric->metric.name);
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
        buffer_add(out, input->near);
        buffer_add(out, SLICE(" moved; "));
        buffer_add(out, input->far);
        buffer_add(out, SLICE(" has not been shown to follow."));
    }
    if (has_flag(verdict, VERDICT_FLAG_RESPONSE)) {
        buffer_add(out, SLICE(" Not as many answered in every variant: compare "));
        buffer_add(out, input->response);
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
        buffer_add(out, input->rollout);
        buffer_add(out, SLICE(" is being rolled out."));
    }
}
