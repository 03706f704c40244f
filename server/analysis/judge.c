/*
 * An exposure judged: which variant it names, which one the unit should have met, and whether it
 * is from inside the experiment, by the declaration in force at its time.
 */

#include "touches.h"

#include "analysis/cube.h"
#include "experiment/assign.h"
#include "store/erasure.h"

static const uint8_t outside_of_reason[ASSIGN_REASON_COUNT] = {
    [ASSIGN_ASSIGNED_ELSEWHERE] = OUTSIDE_COUNT,
    [ASSIGN_FORCED] = OUTSIDE_FORCED,
    [ASSIGN_DRAFT] = OUTSIDE_DRAFT,
    [ASSIGN_PAUSED] = OUTSIDE_PAUSED,
    [ASSIGN_STOPPED] = OUTSIDE_STOPPED,
    [ASSIGN_NOT_STARTED] = OUTSIDE_NOT_STARTED,
    [ASSIGN_NOT_IN_AUDIENCE] = OUTSIDE_COUNT, /* not asked */
    [ASSIGN_HOLDOUT] = OUTSIDE_HOLDOUT,
    [ASSIGN_ROLLED_OUT] = OUTSIDE_STOPPED,
    [ASSIGN_EXCLUDED] = OUTSIDE_EXCLUDED,
    [ASSIGN_NOT_IN_COVERAGE] = OUTSIDE_NOT_IN_COVERAGE,
    [ASSIGN_ENDED] = OUTSIDE_ENDED,
    [ASSIGN_SPLIT] = OUTSIDE_COUNT,
};

/* History, or a split made by another tool: dates alone are checked. */
static uint8_t judge_dates(const struct experiment *experiment, int64_t time_ms)
{
    if (experiment->start_ms != TIME_NONE && time_ms < experiment->start_ms)
        return OUTSIDE_NOT_STARTED;
    if (experiment->end_ms != TIME_NONE && time_ms >= experiment->end_ms)
        return OUTSIDE_ENDED;
    return OUTSIDE_COUNT;
}

/* The id is not the one that was assigned by: what does not hang on it. */
static uint8_t judge_status(const struct experiment *experiment, int64_t time_ms)
{
    switch (experiment->status) {
    case EXPERIMENT_DRAFT: return OUTSIDE_DRAFT;
    case EXPERIMENT_PAUSED: return OUTSIDE_PAUSED;
    case EXPERIMENT_STOPPED: return OUTSIDE_STOPPED;
    case EXPERIMENT_RUNNING: break;
    }
    return judge_dates(experiment, time_ms);
}

bool exposure_judge(const struct scheme_experiment *experiment, const struct message *message,
                    enum unit_kind kind, struct slice id, uint16_t flags,
                    struct exposure_payload *payload)
{
    const struct scheme_ruling *ruling = scheme_ruling(experiment, message->occurred_ms);
    if (!ruling || ruling->experiment->unit != kind)
        return false;
    const struct experiment *declared = ruling->experiment;
    int reported = experiment_variant_reported(declared, message->variation);
    *payload = (struct exposure_payload){
        .skewed = (flags & RECORD_SKEWED) != 0,
        .erased = erasure_is_replaced(id),
        .variant = reported < 0 ? VARIANT_NONE : ruling->variants[reported],
        .computed = VARIANT_NONE,
        .phase = declared->phase,
        .source = (uint8_t)exposure_source_of(message->event),
    };
    if (declared->assignment == ASSIGNMENT_ELSEWHERE) {
        payload->reason = judge_dates(declared, message->occurred_ms);
        return true;
    }
    if (payload->erased || flags & RECORD_PSEUDONYM) {
        payload->reason = judge_status(declared, message->occurred_ms);
        return true;
    }
    struct assign_options options = {.now_ms = message->occurred_ms, .any_audience = true};
    struct assignment assigned = assign(declared, id, NULL, &options);
    payload->reason = outside_of_reason[assigned.reason];
    payload->computed = ruling->variants[assigned.variant];
    return true;
}
