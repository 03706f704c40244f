/*
 * The verdict in words: for each row of the table the sentences that it must say, in the names that
 * people gave to metrics and variants.  Written for somebody who reads nothing else: what to do
 * comes first, then why.  The rows that wait stand in verdict_outlook.c; tests/golden/verdicts.txt
 * has every row as it reads.
 */

#include "verdict_parts.h"

#include "analysis/measure.h"

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
    buffer_add(out, SLICE(" does harm"));
    if (verdict->metric->metric.role == ROLE_GUARDRAIL)
        buffer_add(out, SLICE(" to a guardrail"));
    buffer_add(out, SLICE(". "));
    write_effect(out, findings, verdict->metric, verdict->about);
    buffer_add(out, SLICE(", by the "));
    buffer_format(out, "%s exposed up to ", findings->input->unit_words);
    write_day(out, verdict->metric->analysed);
    buffer_add(out, SLICE("."));
    if (findings->harmed_count > 1)
        buffer_add(out, SLICE(" Every other variant does harm too."));
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
    buffer_add_byte(out, '.');
    write_between(out, findings, verdict->metric, verdict->about, second);
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
    struct buffer found = {0}, corrected = {0};
    buffer_add(out, SLICE(" Stopped early: expect less than this estimate"));
    if (comparison->has_corrected) {
        measure_difference(&found, verdict->metric->metric.kind, comparison->difference.estimate);
        measure_difference(&corrected, verdict->metric->metric.kind, comparison->corrected.central);
        if (slice_equal(buffer_slice(&found), buffer_slice(&corrected)))
            buffer_add(out, SLICE(", if only a little"));
        else
            buffer_format(out, ", about %.*s", SLICE_ARGS(buffer_slice(&corrected)));
    }
    buffer_add_byte(out, '.');
    buffer_done(&found);
    buffer_done(&corrected);
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
    int32_t last = goal->first + (int32_t)plan->min_days - 1;
    buffer_add(out, SLICE("Keep running until "));
    write_moment_day(out, cohort_mature_ms(last, goal->metric.window_ms));
    if (plan->min_days == 7)
        buffer_add(out, SLICE(", to cover a week: "));
    else
        buffer_format(out, ", to cover %u days: ", (unsigned)plan->min_days);
    write_name(out, findings, verdict->about);
    buffer_add(out, SLICE(" is ahead. "));
    write_effect(out, findings, goal, verdict->about);
    buffer_add_byte(out, '.');
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
        write_margin(out, findings, guardrail, variant, !waiting);
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
    if (findings->input->progress->closed)
        buffer_format(out, " No new %s come: their windows are waited for.",
                      findings->input->unit_words);
}

void write_unshown(struct buffer *out, const struct findings *findings,
                   const struct verdict *verdict)
{
    buffer_add(out, SLICE("No decision: "));
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
    write_metric(out, goal);
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
    write_metric(out, verdict->metric);
    buffer_add(out, SLICE(": "));
    write_candidates(out, findings, verdict->metric);
    buffer_add(out, SLICE("."));
    if (!equivalent)
        return;
    buffer_add(out, SLICE(" Equivalent within ±"));
    measure_size(out, kind, plan->expected_difference);
    buffer_add_byte(out, '.');
}

/* What a decision takes: on what was expected, or on an effect as small as any. */
static void write_needed(struct buffer *out, const struct findings *findings)
{
    const struct plan *plan = findings->input->plan;
    if (!(plan->planned > 0)) {
        buffer_add(out, SLICE(" To show half as much takes four times as many."));
        return;
    }
    buffer_add(out, SLICE(" A decision on the expected effect takes "));
    write_units(out, findings, (uint64_t)plan->planned);
    buffer_add(out, SLICE("; there were "));
    measure_count(out, findings->exposed);
    buffer_add_byte(out, '.');
}

void write_inconclusive(struct buffer *out, const struct findings *findings,
                        const struct verdict *verdict)
{
    const struct forecast *forecast = findings->input->forecast;
    buffer_add(out, SLICE("No difference is shown in "));
    write_metric(out, verdict->metric);
    buffer_add(out, SLICE(": "));
    write_candidates(out, findings, verdict->metric);
    buffer_add(out, SLICE(". Not shown is not the same as no effect."));
    if (forecast->has_detectable) {
        buffer_add(out, SLICE(" These units could have shown a "));
        write_detectable(out, findings, forecast->detectable, forecast->detectable_lift);
        buffer_add_byte(out, '.');
    }
    if (forecast->has_detectable || findings->input->plan->planned > 0)
        write_needed(out, findings);
}
