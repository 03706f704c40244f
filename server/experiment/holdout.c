/*
 * Holdouts as experiments: for each group that a file names, `holdout:GROUP` with the variants
 * `open` and `held`, so that what all its experiments did together can be reported like one of them
 * (cube.md, inference.md).  Nobody is assigned by it: who is held is decided by the hash of the
 * group, and units enter where they meet the first of its experiments (judge.c of the analysis).
 *
 * What it asks is what its experiments ask: their goals, then their further goals and guardrails as
 * secondaries, since margins of guardrails are of one experiment; their plain segments.  It has no
 * end, so its intervals are the anytime ones.  Drafts take no part.
 */

#include "holdout.h"

#include "base/limits.h"

#include <stdlib.h>

#define HOLDOUT_VARIANTS 2
#define HOLDOUT_MIN_DAYS 7
#define HOLDOUT_FLOW_MS (30 * DAY_MS)

/* The experiment under construction, and what it has so far. */
struct holdout_draft {
    struct arena *arena;
    struct experiment *made;
    const struct metric **secondaries;
    struct segmentation *segments;
};

static int member_compare(const void *a, const void *b)
{
    const struct experiment *one = *(const struct experiment *const *)a;
    const struct experiment *other = *(const struct experiment *const *)b;
    int order = slice_compare(one->holdout_group, other->holdout_group);
    return order ? order : slice_compare(one->key, other->key);
}

/* All that name a group and are no draft, by group and key. */
static const struct experiment **members_make(struct catalogue *catalogue, size_t *count)
{
    const struct experiment **members =
        ARENA_ARRAY(&catalogue->arena, catalogue->experiment_count + 1, const struct experiment *);
    *count = 0;
    for (size_t i = 0; members && i < catalogue->experiment_count; i++) {
        const struct experiment *experiment = &catalogue->experiments[i];
        if (experiment->holdout_group.size && experiment->status != EXPERIMENT_DRAFT)
            members[(*count)++] = experiment;
    }
    if (*count)
        qsort(members, *count, sizeof *members, member_compare);
    return members;
}

static bool has_metric(const struct holdout_draft *draft, const struct metric *metric)
{
    for (size_t i = 0; i < draft->made->goal_count; i++)
        if (draft->made->goals[i] == metric)
            return true;
    for (size_t i = 0; i < draft->made->secondary_count; i++)
        if (draft->secondaries[i] == metric)
            return true;
    return false;
}

static void add_metric(struct holdout_draft *draft, const struct metric *metric, bool is_goal)
{
    struct experiment *made = draft->made;
    if (metric->kind == METRIC_RETENTION_CURVE || has_metric(draft, metric))
        return;
    if (is_goal && made->goal_count < GOALS_MAX)
        made->goals[made->goal_count++] = metric;
    else if (made->secondary_count < SECONDARY_MAX)
        draft->secondaries[made->secondary_count++] = metric;
}

static void add_segment(struct holdout_draft *draft, const struct segmentation *segmentation)
{
    struct experiment *made = draft->made;
    if (segmentation->count != 1 || made->segment_count == EXPERIMENT_SEGMENTS_MAX)
        return;
    for (size_t i = 0; i < made->segment_count; i++)
        if (draft->segments[i].segments[0] == segmentation->segments[0])
            return;
    draft->segments[made->segment_count++] = *segmentation;
}

/* Goals of all members first: of the three that fit, none shall be a guardrail of another. */
static void add_members(struct holdout_draft *draft)
{
    const struct experiment *made = draft->made;
    for (size_t i = 0; i < made->member_count; i++)
        for (size_t j = 0; j < made->members[i]->goal_count; j++)
            add_metric(draft, made->members[i]->goals[j], true);
    for (size_t i = 0; i < made->member_count; i++) {
        for (size_t j = 0; j < made->members[i]->guardrail_count; j++)
            add_metric(draft, made->members[i]->guardrails[j].metric, false);
        for (size_t j = 0; j < made->members[i]->segment_count; j++)
            add_segment(draft, &made->members[i]->segments[j]);
    }
}

static enum experiment_status status_of(const struct experiment *made)
{
    enum experiment_status status = EXPERIMENT_STOPPED;
    for (size_t i = 0; i < made->member_count; i++) {
        if (made->members[i]->status == EXPERIMENT_RUNNING)
            return EXPERIMENT_RUNNING;
        if (made->members[i]->status == EXPERIMENT_PAUSED)
            status = EXPERIMENT_PAUSED;
    }
    return status;
}

static const struct variant *variants_make(struct arena *arena, double share)
{
    struct variant *variants = ARENA_ARRAY(arena, HOLDOUT_VARIANTS, struct variant);
    if (!variants)
        return NULL;
    variants[HOLDOUT_OPEN] =
        (struct variant){.name = SLICE("open"), .title = SLICE("open"), .weight = 1 - share};
    variants[HOLDOUT_HELD] = (struct variant){
        .name = SLICE("held"), .title = SLICE("held"), .control = true, .weight = share};
    return variants;
}

static bool holdout_make(struct arena *arena, const struct experiment *const *members, size_t count,
                         struct experiment *made)
{
    const struct experiment *first = members[0];
    struct slice group = first->holdout_group;
    *made = (struct experiment){
        .key = arena_format(arena, HOLDOUT_PREFIX "%.*s", SLICE_ARGS(group)),
        .title = arena_format(arena, "Holdout %.*s", SLICE_ARGS(group)),
        .unit = first->unit,
        .phase = 1,
        .start_ms = TIME_NONE,
        .end_ms = TIME_NONE,
        .coverage = 1,
        .holdout_group = group,
        .holdout_share = first->holdout_share,
        .variants = variants_make(arena, first->holdout_share),
        .variant_count = HOLDOUT_VARIANTS,
        .control = HOLDOUT_HELD,
        .confidence = .95,
        .peeking = PEEKING_ALWAYS,
        .min_days = HOLDOUT_MIN_DAYS,
        .flow_within_ms = HOLDOUT_FLOW_MS,
        .correction = DECLARED_BENJAMINI_HOCHBERG,
        .members = members,
        .member_count = count,
    };
    made->salt = made->key;
    made->status = status_of(made);
    struct holdout_draft draft = {
        .arena = arena,
        .made = made,
        .secondaries = ARENA_ARRAY(arena, SECONDARY_MAX, const struct metric *),
        .segments = ARENA_ARRAY(arena, EXPERIMENT_SEGMENTS_MAX, struct segmentation)};
    if (!made->variants || !draft.secondaries || !draft.segments)
        return false;
    made->secondaries = draft.secondaries;
    made->segments = draft.segments;
    add_members(&draft);
    return true;
}

void holdouts_make(struct catalogue *catalogue)
{
    size_t count;
    const struct experiment **members = members_make(catalogue, &count);
    struct experiment *made = ARENA_ARRAY(&catalogue->arena, count + 1, struct experiment);
    if (!members || !made)
        return;
    size_t holdouts = 0;
    for (size_t first = 0, next; first < count; first = next) {
        next = first + 1;
        while (next < count &&
               slice_equal(members[next]->holdout_group, members[first]->holdout_group))
            next++;
        if (!holdout_make(&catalogue->arena, members + first, next - first, &made[holdouts]))
            return;
        holdouts++;
    }
    catalogue->holdouts = made;
    catalogue->holdout_count = holdouts;
}
