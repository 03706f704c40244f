/*
 * An exposure judged: which variant it names, which one the unit should have met, and whether it
 * is from inside the experiment, by the declaration in force at its time.
 *
 * A holdout is entered on both sides at the same point: who is held by the exposure of
 * `holdout:GROUP` that assignment asks for where the unit would else be in the split; who is not by
 * its exposure of an experiment of the group.  Who is held and says to have met the control of one
 * has met what it should; another variant is `open`, a mismatch.
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

/* Whether the unit, held or not, has met the first of a holdout's experiments: one that would take
 * it, were there no holdout.  None does: the reason of the first. */
static uint8_t judge_members(const struct experiment *holdout, struct slice id, int64_t time_ms)
{
    struct assign_options options = {.now_ms = time_ms, .any_audience = true, .any_holdout = true};
    uint8_t first = OUTSIDE_STOPPED;
    for (size_t i = 0; i < holdout->member_count; i++) {
        const struct experiment *member = holdout->members[i];
        uint8_t reason = member->assignment == ASSIGNMENT_ELSEWHERE
                             ? judge_dates(member, time_ms)
                             : outside_of_reason[assign(member, id, NULL, &options).reason];
        if (reason == OUTSIDE_COUNT)
            return OUTSIDE_COUNT;
        if (i == 0)
            first = reason;
    }
    return first;
}

static uint8_t variant_computed(const struct scheme_ruling *holdout, struct slice id)
{
    const struct experiment *declared = holdout->experiment;
    bool held = bucket_in_holdout(id, declared->holdout_group, declared->holdout_share);
    return holdout->variants[held ? HOLDOUT_HELD : HOLDOUT_OPEN];
}

bool exposure_judge_holdout(const struct scheme *scheme, const struct scheme_ruling *ruling,
                            const struct message *message, struct slice id,
                            const struct exposure_payload *met, struct exposure_payload *payload)
{
    if (ruling->holdout < 0 || (met->reason != OUTSIDE_COUNT && met->reason != OUTSIDE_HOLDOUT))
        return false;
    const struct scheme_ruling *holdout =
        scheme_ruling(&scheme->experiments[ruling->holdout], message->occurred_ms);
    if (!holdout)
        return false;
    bool is_control = met->variant == ruling->variants[ruling->experiment->control];
    bool held = met->reason == OUTSIDE_HOLDOUT && is_control;
    *payload = *met;
    payload->reason = OUTSIDE_COUNT;
    payload->phase = holdout->experiment->phase;
    payload->variant = holdout->variants[held ? HOLDOUT_HELD : HOLDOUT_OPEN];
    if (met->computed != VARIANT_NONE)
        payload->computed = variant_computed(holdout, id);
    return true;
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
    if (declared->member_count) {
        payload->reason = judge_members(declared, id, message->occurred_ms);
        payload->computed = variant_computed(ruling, id);
        return true;
    }
    struct assign_options options = {.now_ms = message->occurred_ms, .any_audience = true};
    struct assignment assigned = assign(declared, id, NULL, &options);
    payload->reason = outside_of_reason[assigned.reason];
    payload->computed = ruling->variants[assigned.variant];
    return true;
}
