/*
 * The ordered table of inference.md, "The verdict": a row a condition, walked from the top.
 *
 * What the conditions ask is found out first (findings_of): who is harmed, who wins, whose
 * guardrails have passed.  A condition that names a variant or a metric puts it in the verdict.
 * The words stand in verdict_text.c.
 */

#include "analysis/verdict.h"

#include "verdict_parts.h"

#include <assert.h>
#include <math.h>

const char *const verdict_code_texts[] = {
#define X(name, text) [VERDICT_##name] = (text),
    VERDICT_CODE_MAP(X)
#undef X
};

const char *const verdict_flag_texts[] = {
#define X(name, text) [VERDICT_FLAG_##name] = (text),
    VERDICT_FLAG_MAP(X)
#undef X
};

double better_of(const struct metric_result *metric, double estimate)
{
    return metric->metric.lower_is_better ? -estimate : estimate;
}

bool goal_is_final(const struct findings *findings, const struct metric_result *goal)
{
    return findings->input->plan->design == DESIGN_ALWAYS ? goal->final_look : goal->final;
}

const struct interval *goal_interval(const struct findings *findings,
                                     const struct metric_result *goal, size_t variant)
{
    const struct effect_report *difference = &goal->comparisons[variant].difference;
    if (findings->input->plan->design != DESIGN_ALWAYS && difference->has_interval)
        return &difference->interval;
    return difference->has_anytime ? &difference->anytime : NULL;
}

bool finding_is_candidate(const struct findings *findings, size_t variant)
{
    return variant != findings->input->plan->control && !findings->candidates[variant].harmed;
}

static void finding_harm(struct candidate *candidate, const struct metric_result *metric,
                         size_t variant)
{
    const struct comparison *comparison = &metric->comparisons[variant];
    double estimate = metric->metric.role == ROLE_GUARDRAIL ? comparison->difference.estimate
                                                            : comparison->difference_h;
    double score = -better_of(metric, estimate) / comparison->difference.se;
    candidate->harmed = true;
    if (candidate->harm_metric && !(score > candidate->harm_score))
        return;
    candidate->harm_metric = metric;
    candidate->harm_score = score;
}

/* Wins and losses on the goals; a variant that is worse on one goal wins on none. */
static void findings_goals(struct findings *findings, size_t variant)
{
    const struct verdict_input *input = findings->input;
    struct candidate *candidate = &findings->candidates[variant];
    for (size_t i = 0; i < input->goal_count; i++) {
        const struct metric_result *goal = input->goals[i];
        const struct comparison *comparison = &goal->comparisons[variant];
        if (!comparison->reason)
            findings->gate = true;
        if (!comparison->has_p_adjusted || comparison->p_adjusted > input->plan->alpha)
            continue;
        double better = better_of(goal, comparison->difference_h);
        if (better < 0)
            finding_harm(candidate, goal, variant);
        const struct metric_result *known = candidate->win_metric;
        if (better > 0 &&
            (!known || comparison->p_adjusted < known->comparisons[variant].p_adjusted))
            candidate->win_metric = goal;
    }
}

static void findings_guardrails(struct findings *findings, size_t variant)
{
    const struct verdict_input *input = findings->input;
    struct candidate *candidate = &findings->candidates[variant];
    bool all_looked = true;
    candidate->passed = true;
    for (size_t i = 0; i < input->guardrail_count; i++) {
        const struct metric_result *guardrail = input->guardrails[i];
        enum guardrail_state state = guardrail->comparisons[variant].state;
        if (state == GUARDRAIL_HARMED)
            finding_harm(candidate, guardrail, variant);
        if (state == GUARDRAIL_OPEN && !guardrail->final_look)
            candidate->waiting = true;
        if (state != GUARDRAIL_PASSED)
            candidate->passed = false;
        all_looked = all_looked && (guardrail->final_look || state == GUARDRAIL_PASSED);
    }
    candidate->unshown = !candidate->passed && !candidate->harmed && all_looked;
}

/* Whether the goal was met at its best look, corrected as the first step of Holm is.  Shown, never
 * decided by: a win that has lapsed. */
static bool goal_was_met(const struct plan *plan, const struct metric_result *goal, size_t variant)
{
    const struct comparison *comparison = &goal->comparisons[variant];
    double members = (double)(plan->goals * plan_treatments(plan));
    double p_h = comparison->p_anytime * (plan->design == DESIGN_HYBRID ? 5 : 1) * members;
    int64_t day = (int64_t)comparison->p_anytime_cohort - goal->first;
    if (plan->design == DESIGN_FIXED || goal->final || !goal->looks || p_h > plan->alpha ||
        day < 0 || day >= (int64_t)goal->look_count)
        return false;
    return better_of(goal, goal->looks[(size_t)day * plan->variants + variant].difference) > 0;
}

static void findings_lapsed(struct findings *findings, size_t variant)
{
    const struct verdict_input *input = findings->input;
    struct candidate *candidate = &findings->candidates[variant];
    for (size_t i = 0; i < input->goal_count; i++)
        if (!candidate->was_ahead && goal_was_met(input->plan, input->goals[i], variant))
            candidate->was_ahead = input->goals[i];
}

void findings_of(const struct verdict_input *input, struct findings *findings)
{
    *findings = (struct findings){.input = input, .goals_final = input->goal_count > 0};
    for (size_t i = 0; i < input->goal_count; i++)
        findings->goals_final = findings->goals_final && goal_is_final(findings, input->goals[i]);
    for (size_t j = 0; j < input->plan->variants; j++) {
        struct candidate *candidate = &findings->candidates[j];
        findings->exposed += input->exposed[j];
        if (j == input->plan->control)
            continue;
        findings_goals(findings, j);
        findings_guardrails(findings, j);
        candidate->wins = candidate->win_metric && !candidate->harmed;
        candidate->win_final = candidate->wins && goal_is_final(findings, candidate->win_metric);
        findings->harmed_count += candidate->harmed;
        if (!candidate->win_metric && !candidate->harmed)
            findings_lapsed(findings, j);
    }
}

static bool holds_not_started(const struct findings *findings, struct verdict *verdict)
{
    const struct verdict_input *input = findings->input;
    (void)verdict;
    return input->status == EXPERIMENT_DRAFT ||
           (input->plan->start_ms != TIME_NONE &&
            input->progress->as_of_ms < input->plan->start_ms) ||
           (!findings->exposed && !input->damage);
}

static bool holds_damaged(const struct findings *findings, struct verdict *verdict)
{
    (void)verdict;
    return findings->input->damage != NULL;
}

static bool holds_ratio(const struct findings *findings, struct verdict *verdict)
{
    (void)verdict;
    return findings->input->ratio->tested && findings->input->ratio->state == SAMPLE_RATIO_ALARM;
}

static bool holds_crossed(const struct findings *findings, struct verdict *verdict)
{
    (void)verdict;
    return findings->input->crossing->alarm;
}

static bool holds_mismatch(const struct findings *findings, struct verdict *verdict)
{
    (void)verdict;
    return (double)findings->input->mismatched > MISMATCH_SHARE * (double)findings->exposed;
}

static bool holds_harm(const struct findings *findings, struct verdict *verdict)
{
    double worst = -HUGE_VAL;
    if (findings->harmed_count < plan_treatments(findings->input->plan))
        return false;
    for (size_t j = 0; j < findings->input->plan->variants; j++) {
        const struct candidate *candidate = &findings->candidates[j];
        if (!candidate->harmed || (verdict->metric && !(candidate->harm_score > worst)))
            continue;
        worst = candidate->harm_score;
        verdict->variant = verdict->about = (int)j;
        verdict->metric = candidate->harm_metric;
    }
    return true;
}

static bool holds_no_goal_open(const struct findings *findings, struct verdict *verdict)
{
    const struct verdict_input *input = findings->input;
    (void)verdict;
    return !input->goal_count &&
           (input->status == EXPERIMENT_RUNNING || input->status == EXPERIMENT_PAUSED);
}

static bool holds_no_goal(const struct findings *findings, struct verdict *verdict)
{
    (void)verdict;
    return !findings->input->goal_count;
}

typedef bool candidate_fits(const struct findings *findings, const struct candidate *candidate);

/* Names the best of the winners that fit: the largest estimate of the goal that it won. */
static bool best_winner(const struct findings *findings, candidate_fits *fits,
                        struct verdict *verdict)
{
    double best = 0;
    verdict->variant = -1;
    for (size_t j = 0; j < findings->input->plan->variants; j++) {
        const struct candidate *candidate = &findings->candidates[j];
        if (!candidate->wins || !fits(findings, candidate))
            continue;
        double estimate =
            better_of(candidate->win_metric, candidate->win_metric->comparisons[j].difference_h);
        if (verdict->variant >= 0 && !(estimate > best))
            continue;
        best = estimate;
        verdict->variant = verdict->about = (int)j;
        verdict->metric = candidate->win_metric;
    }
    return verdict->variant >= 0;
}

static bool has_run(const struct findings *findings, const struct candidate *candidate)
{
    return candidate->win_metric->run >= findings->input->plan->min_days;
}

static bool fits_early(const struct findings *findings, const struct candidate *candidate)
{
    return candidate->passed && !candidate->win_final && has_run(findings, candidate);
}

static bool holds_ship_early(const struct findings *findings, struct verdict *verdict)
{
    return best_winner(findings, fits_early, verdict);
}

static bool fits_final(const struct findings *findings, const struct candidate *candidate)
{
    (void)findings;
    return candidate->passed && candidate->win_final;
}

static bool holds_ship(const struct findings *findings, struct verdict *verdict)
{
    return best_winner(findings, fits_final, verdict);
}

static bool fits_ahead(const struct findings *findings, const struct candidate *candidate)
{
    return !candidate->win_final && !has_run(findings, candidate);
}

/* The row is about one variant, but names none in the JSON: it is not decided. */
static bool holds_unnamed(const struct findings *findings, candidate_fits *fits,
                          struct verdict *verdict)
{
    if (!best_winner(findings, fits, verdict))
        return false;
    verdict->variant = -1;
    return true;
}

static bool holds_ahead(const struct findings *findings, struct verdict *verdict)
{
    return !findings->input->progress->closed && holds_unnamed(findings, fits_ahead, verdict);
}

static bool fits_waiting(const struct findings *findings, const struct candidate *candidate)
{
    (void)findings;
    return candidate->waiting;
}

static bool holds_waiting(const struct findings *findings, struct verdict *verdict)
{
    return holds_unnamed(findings, fits_waiting, verdict);
}

static bool fits_unshown(const struct findings *findings, const struct candidate *candidate)
{
    (void)findings;
    return candidate->unshown;
}

static bool holds_unshown(const struct findings *findings, struct verdict *verdict)
{
    return best_winner(findings, fits_unshown, verdict);
}

static bool holds_not_estimable(const struct findings *findings, struct verdict *verdict)
{
    (void)verdict;
    const struct verdict_input *input = findings->input;
    for (size_t i = 0; i < input->goal_count; i++)
        for (size_t j = 0; j < input->plan->variants; j++)
            if (finding_is_candidate(findings, j) && !input->goals[i]->comparisons[j].reason)
                return false;
    return findings->goals_final;
}

/* Whether every goal is mature for the last cohort there will be. */
static bool goals_are_mature(const struct findings *findings)
{
    const struct verdict_input *input = findings->input;
    for (size_t i = 0; i < input->goal_count; i++)
        if (input->goals[i]->last_mature < input->progress->last_cohort)
            return false;
    return true;
}

static bool holds_hand(const struct findings *findings, struct verdict *verdict)
{
    (void)verdict;
    return findings->input->progress->hand && goals_are_mature(findings);
}

static bool some_candidate_wins(const struct findings *findings)
{
    for (size_t j = 0; j < findings->input->plan->variants; j++)
        if (findings->candidates[j].wins)
            return true;
    return false;
}

static bool holds_no_difference(const struct findings *findings, struct verdict *verdict)
{
    const struct plan *plan = findings->input->plan;
    if (!findings->goals_final || some_candidate_wins(findings) || !(plan->expected_difference > 0))
        return false;
    const struct metric_result *goal = findings->input->goals[0];
    for (size_t j = 0; j < plan->variants; j++) {
        if (!finding_is_candidate(findings, j))
            continue;
        const struct interval *interval = goal_interval(findings, goal, j);
        if (!interval || !(fmax(better_of(goal, interval->low), better_of(goal, interval->high)) <
                           plan->expected_difference))
            return false;
    }
    verdict->metric = goal;
    return true;
}

static bool holds_inconclusive(const struct findings *findings, struct verdict *verdict)
{
    if (!findings->goals_final || some_candidate_wins(findings))
        return false;
    verdict->metric = findings->input->goals[0];
    return true;
}

static bool holds_maturing(const struct findings *findings, struct verdict *verdict)
{
    (void)verdict;
    return findings->input->progress->closed && !goals_are_mature(findings);
}

static bool holds_paused(const struct findings *findings, struct verdict *verdict)
{
    (void)verdict;
    return findings->input->status == EXPERIMENT_PAUSED;
}

static bool holds_too_early(const struct findings *findings, struct verdict *verdict)
{
    (void)verdict;
    return !findings->gate;
}

static bool holds_far(const struct findings *findings, struct verdict *verdict)
{
    const struct forecast *forecast = findings->input->forecast;
    (void)verdict;
    if (forecast->stalled)
        return true;
    return forecast->has_final && cohort_mature_ms(forecast->cohort, 0) >
                                      findings->input->progress->as_of_ms + FORECAST_FAR_MS;
}

static bool holds_always(const struct findings *findings, struct verdict *verdict)
{
    (void)findings;
    (void)verdict;
    return true;
}

struct verdict_row {
    bool (*holds)(const struct findings *findings, struct verdict *verdict);
    enum verdict_code code;
    verdict_write *write;
};

/* In the order of inference.md; the number of a row is its place, from 1. */
static const struct verdict_row rows[] = {
    {.holds = holds_not_started, .code = VERDICT_NOT_STARTED, .write = write_not_started},
    {.holds = holds_damaged, .code = VERDICT_DO_NOT_TRUST, .write = write_damaged},
    {.holds = holds_ratio, .code = VERDICT_DO_NOT_TRUST, .write = write_ratio},
    {.holds = holds_crossed, .code = VERDICT_DO_NOT_TRUST, .write = write_crossed},
    {.holds = holds_mismatch, .code = VERDICT_DO_NOT_TRUST, .write = write_mismatch},
    {.holds = holds_harm, .code = VERDICT_STOP_HARM, .write = write_harm},
    {.holds = holds_no_goal_open, .code = VERDICT_KEEP_RUNNING, .write = write_no_goal},
    {.holds = holds_no_goal, .code = VERDICT_INCONCLUSIVE, .write = write_no_goal},
    {.holds = holds_ship_early, .code = VERDICT_SHIP, .write = write_ship_early},
    {.holds = holds_ship, .code = VERDICT_SHIP, .write = write_ship},
    {.holds = holds_ahead, .code = VERDICT_KEEP_RUNNING, .write = write_ahead},
    {.holds = holds_waiting, .code = VERDICT_KEEP_RUNNING, .write = write_waiting},
    {.holds = holds_unshown, .code = VERDICT_INCONCLUSIVE, .write = write_unshown},
    {.holds = holds_not_estimable, .code = VERDICT_INCONCLUSIVE, .write = write_not_estimable},
    {.holds = holds_hand, .code = VERDICT_INCONCLUSIVE, .write = write_hand},
    {.holds = holds_no_difference, .code = VERDICT_NO_DIFFERENCE, .write = write_no_difference},
    {.holds = holds_inconclusive, .code = VERDICT_INCONCLUSIVE, .write = write_inconclusive},
    {.holds = holds_maturing, .code = VERDICT_KEEP_RUNNING, .write = write_maturing},
    {.holds = holds_paused, .code = VERDICT_KEEP_RUNNING, .write = write_paused},
    {.holds = holds_too_early, .code = VERDICT_KEEP_RUNNING, .write = write_too_early},
    {.holds = holds_far, .code = VERDICT_KEEP_RUNNING, .write = write_far},
    {.holds = holds_always, .code = VERDICT_KEEP_RUNNING, .write = write_running},
};
#define ROW_COUNT (sizeof rows / sizeof rows[0])
#define ROWS_OF_TRUST 5

void verdict_of(const struct verdict_input *input, struct verdict *verdict, struct buffer *text)
{
    struct findings findings;
    findings_of(input, &findings);
    size_t row = 0;
    for (; row < ROW_COUNT; row++) {
        *verdict = (struct verdict){.variant = -1, .about = -1, .flags = input->flags};
        bool passed = input->is_holdout && row >= ROWS_OF_TRUST && row + 1 < ROW_COUNT;
        if (!passed && rows[row].holds(&findings, verdict))
            break;
    }
    assert(row < ROW_COUNT && "the last row always holds");
    verdict->code = rows[row].code;
    verdict->row = (unsigned)row + 1;
    if (findings.harmed_count && findings.harmed_count < plan_treatments(input->plan))
        verdict->flags |= VERDICT_BIT(VERDICT_FLAG_HARMS);
    if (!text)
        return;
    rows[row].write(text, &findings, verdict);
    write_additions(text, &findings, verdict);
}
