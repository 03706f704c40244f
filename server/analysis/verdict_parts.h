#ifndef ANALYSIS_VERDICT_PARTS_H
#define ANALYSIS_VERDICT_PARTS_H

/*
 * The inside of the verdict: what the rows ask, found out once, and a writer of words for each row.
 * For verdict*.c only.
 */

#include "analysis/verdict.h"

#define FORECAST_FAR_MS (FORECAST_DAYS * DAY_MS)

/* What is known of one non-control variant. */
struct candidate {
    bool harmed; /* a guardrail is, or a goal is worse */
    bool wins;
    const struct metric_result *harm_metric; /* the one with the largest adverse estimate / se */
    double harm_score;
    const struct metric_result *win_metric; /* the goal with the smallest corrected p */
    bool win_final;                         /* that goal is at its final look */
    bool passed;                            /* all guardrails are; none: yes */
    bool waiting;                           /* a guardrail is open and not at its final look */
    bool unshown; /* every guardrail is at its final look, one is open or blind */
    const struct metric_result *was_ahead; /* it does not win, and did on this goal at a look */
};

struct findings {
    const struct verdict_input *input;
    struct candidate candidates[VARIANTS_MAX];
    uint64_t exposed;
    size_t harmed_count;
    bool goals_final; /* every goal is at its final look */
    bool gate;        /* some goal of some candidate has an estimate */
};

void findings_of(const struct verdict_input *input, struct findings *findings);
bool finding_is_candidate(const struct findings *findings, size_t variant);
/* An estimate on the side that is better, > 0 where it is. */
double better_of(const struct metric_result *metric, double estimate);
/* The interval that decides on a goal: fixed on the final set, else anytime.  NULL: none. */
const struct interval *goal_interval(const struct findings *findings,
                                     const struct metric_result *goal, size_t variant);
bool goal_is_final(const struct findings *findings, const struct metric_result *goal);

/* Words (verdict_words.c).  A name of more than one word stands in quotation marks. */
void write_day(struct buffer *out, int32_t day); /* "9 December 2026" */
void write_moment_day(struct buffer *out, int64_t time_ms);
void write_quoted(struct buffer *out, struct slice name);
void write_name(struct buffer *out, const struct findings *findings, int variant);
void write_metric(struct buffer *out, const struct metric_result *metric);
void write_units(struct buffer *out, const struct findings *findings, uint64_t count);
/* "(-0.82 points, 95% interval -1.33 to -0.31)" */
void write_difference(struct buffer *out, const struct findings *findings,
                      const struct metric_result *metric, int variant);
/* "back_day_7 is 18.2% against 19.0% in gate_30 (...)" */
void write_effect(struct buffer *out, const struct findings *findings,
                  const struct metric_result *metric, int variant);
/* " Between the two: +0.40 points, 95% interval -0.20 to +1.00, corrected for nothing." */
void write_between(struct buffer *out, const struct findings *findings,
                   const struct metric_result *metric, int first, int second);
/* "g (at worst -1.30 points, the margin is 2 points)", before that the difference with its interval
 */
void write_margin(struct buffer *out, const struct findings *findings,
                  const struct metric_result *metric, int variant, bool with_interval);
/* "difference of 2 points (a lift of 4.1%)" (verdict_outlook.c) */
void write_detectable(struct buffer *out, const struct findings *findings, double difference,
                      double lift);
/* The share of the planned units, or of the planned time where no units are planned; -1: none. */
double plan_progress(const struct findings *findings);

typedef void verdict_write(struct buffer *out, const struct findings *findings,
                           const struct verdict *verdict);
verdict_write write_not_started, write_damaged, write_ratio, write_crossed, write_mismatch,
    write_harm, write_no_goal, write_ship_early, write_ship, write_ahead, write_waiting,
    write_unshown, write_not_estimable, write_hand, write_no_difference, write_inconclusive,
    write_maturing, write_paused, write_too_early, write_far, write_running;
void write_additions(struct buffer *out, const struct findings *findings,
                     const struct verdict *verdict);

#endif
