/*
 * Who gets what: the table of grammar.md, section 8, row by row; the first that fits decides.
 *
 * Pure: the experiment is immutable, nothing is allocated, nothing is kept.  The time matters only
 * against the experiment's own dates.  A row is asked only for the statuses that it is about, so a
 * running experiment costs two hashes at the most beside its audience, three with a holdout.
 */

#include "experiment/assign.h"

#include "experiment/assign_rules.h"

#include "base/limits.h"

#define TEXT(name, text, in, ofrep) [ASSIGN_##name] = (text),
#define OFREP(name, text, in, ofrep) [ASSIGN_##name] = (ofrep),
#define IN_EXPERIMENT(name, text, in, ofrep) [ASSIGN_##name] = (in),
static const char *const texts[ASSIGN_REASON_COUNT] = {ASSIGN_REASON_MAP(TEXT)};
static const char *const ofrep_texts[ASSIGN_REASON_COUNT] = {ASSIGN_REASON_MAP(OFREP)};
static const bool in_experiment[ASSIGN_REASON_COUNT] = {ASSIGN_REASON_MAP(IN_EXPERIMENT)};

const char *assign_reason_text(enum assign_reason reason)
{
    return texts[reason];
}

const char *assign_reason_ofrep(enum assign_reason reason)
{
    return ofrep_texts[reason];
}

/* ---- Coverage and split ---- */

double assign_coverage(const struct experiment *experiment, int64_t now_ms)
{
    if (experiment->ramp_count == 0)
        return experiment->coverage;
    double coverage = 0;
    for (size_t i = 0; i < experiment->ramp_count && experiment->ramp[i].from_ms <= now_ms; i++)
        coverage = experiment->ramp[i].coverage;
    return coverage;
}

void assign_ranges(const struct experiment *experiment, double coverage,
                   struct bucket_range ranges[static VARIANTS_MAX])
{
    double weights[VARIANTS_MAX];
    for (size_t i = 0; i < experiment->variant_count; i++)
        weights[i] = experiment->variants[i].weight;
    bucket_ranges(experiment->variant_count, coverage, weights, ranges);
}

/* The variant by the hash alone, -1 outside the coverage.  The same ranges as assign_ranges gives,
 * without writing them down: the parser has seen to it that the weights add up. */
static int split_variant(const struct assign_question *question)
{
    const struct experiment *experiment = question->experiment;
    double bucket = bucket_version2(experiment->salt, question->id);
    double coverage = assign_coverage(experiment, question->options->now_ms), low = 0;
    for (size_t i = 0; i < experiment->variant_count; i++) {
        double weight = experiment->variants[i].weight;
        if (bucket >= low && bucket < low + coverage * weight)
            return (int)i;
        low += weight;
    }
    return -1;
}

/* ---- What the rules ask ---- */

static bool is_elsewhere(struct assign_question *question)
{
    return question->experiment->assignment == ASSIGNMENT_ELSEWHERE;
}

static bool is_forced(struct assign_question *question)
{
    const struct forced_unit *forced = question->experiment->forced;
    size_t low = 0, high = question->experiment->forced_count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        int order = slice_compare(question->id, forced[middle].id);
        if (order == 0) {
            question->forced = forced[middle].variant;
            return true;
        }
        if (order < 0)
            high = middle;
        else
            low = middle + 1;
    }
    return false;
}

static bool has_no_rollout(struct assign_question *question)
{
    return !question->experiment->has_rollout;
}

static bool is_before_start(struct assign_question *question)
{
    int64_t start_ms = question->experiment->start_ms;
    return start_ms != TIME_NONE && question->options->now_ms < start_ms;
}

static bool fails_audience(struct assign_question *question)
{
    return !question->options->any_audience &&
           !condition_holds(question->experiment->audience, question->traits);
}

static bool is_held_out(struct assign_question *question)
{
    const struct experiment *experiment = question->experiment;
    return experiment->holdout_group.size && !question->options->any_holdout &&
           bucket_in_holdout(question->id, experiment->holdout_group, experiment->holdout_share);
}

static bool is_excluded(struct assign_question *question)
{
    const struct experiment *experiment = question->experiment;
    return experiment->exclusive_group.size &&
           !bucket_in_namespace(question->id, experiment->exclusive_group,
                                experiment->exclusive_low, experiment->exclusive_high);
}

/* Who had `to` in the split keeps it; of the others the rollout's own hash picks. */
static bool is_rolled_out(struct assign_question *question)
{
    const struct experiment *experiment = question->experiment;
    if (bucket_of_rollout(experiment->salt, question->id) < experiment->rollout_coverage)
        return true;
    return !is_excluded(question) && split_variant(question) == (int)experiment->rollout_to;
}

static bool is_outside_coverage(struct assign_question *question)
{
    question->split = split_variant(question);
    return question->split < 0;
}

static bool is_ended(struct assign_question *question)
{
    int64_t end_ms = question->experiment->end_ms;
    return end_ms != TIME_NONE && question->options->now_ms >= end_ms;
}

/* Of who is held out: whether it would be in the split else. */
static bool is_split_else(struct assign_question *question)
{
    return question->experiment->status == EXPERIMENT_RUNNING && !is_excluded(question) &&
           !is_outside_coverage(question) && !is_ended(question);
}

/* ---- The table ---- */

#define ON_DRAFT (1u << EXPERIMENT_DRAFT)
#define ON_RUNNING (1u << EXPERIMENT_RUNNING)
#define ON_PAUSED (1u << EXPERIMENT_PAUSED)
#define ON_STOPPED (1u << EXPERIMENT_STOPPED)
#define ON_LIVE (ON_RUNNING | ON_STOPPED) /* stopped with a rollout, by then */
#define ON_ANY (ON_DRAFT | ON_RUNNING | ON_PAUSED | ON_STOPPED)

/* clang-format off */
const struct assign_rule assign_rules[RULE_COUNT] = {
    [RULE_ELSEWHERE] = {.line = "0", .statuses = ON_ANY, .fits = is_elsewhere,
        .reason = ASSIGN_ASSIGNED_ELSEWHERE},
    [RULE_DRAFT_FORCED] = {.line = "1", .statuses = ON_DRAFT, .fits = is_forced,
        .gives = GIVES_FORCED, .reason = ASSIGN_FORCED},
    [RULE_DRAFT] = {.line = "2", .statuses = ON_DRAFT, .reason = ASSIGN_DRAFT},
    [RULE_PAUSED] = {.line = "3", .statuses = ON_PAUSED, .reason = ASSIGN_PAUSED},
    [RULE_NO_ROLLOUT] = {.line = "4", .statuses = ON_STOPPED, .fits = has_no_rollout,
        .reason = ASSIGN_STOPPED},
    [RULE_FORCED] = {.line = "5", .statuses = ON_RUNNING, .fits = is_forced,
        .gives = GIVES_FORCED, .reason = ASSIGN_FORCED},
    [RULE_NOT_STARTED] = {.line = "6", .statuses = ON_LIVE, .fits = is_before_start,
        .reason = ASSIGN_NOT_STARTED},
    [RULE_AUDIENCE] = {.line = "7", .statuses = ON_LIVE, .fits = fails_audience,
        .reason = ASSIGN_NOT_IN_AUDIENCE},
    [RULE_HOLDOUT] = {.line = "8", .statuses = ON_LIVE, .fits = is_held_out,
        .reason = ASSIGN_HOLDOUT},
    [RULE_ROLLED_OUT] = {.line = "9", .statuses = ON_STOPPED, .fits = is_rolled_out,
        .gives = GIVES_ROLLOUT, .reason = ASSIGN_ROLLED_OUT},
    [RULE_NOT_ROLLED_OUT] = {.line = "9", .statuses = ON_STOPPED, .reason = ASSIGN_STOPPED},
    [RULE_EXCLUSIVE] = {.line = "10", .statuses = ON_RUNNING, .fits = is_excluded,
        .reason = ASSIGN_EXCLUDED},
    [RULE_COVERAGE] = {.line = "11", .statuses = ON_RUNNING, .fits = is_outside_coverage,
        .reason = ASSIGN_NOT_IN_COVERAGE},
    [RULE_ENDED] = {.line = "12", .statuses = ON_RUNNING, .fits = is_ended,
        .gives = GIVES_SPLIT, .reason = ASSIGN_ENDED},
    [RULE_SPLIT] = {.line = "13", .statuses = ON_RUNNING,
        .gives = GIVES_SPLIT, .reason = ASSIGN_SPLIT},
};
/* clang-format on */

bool assign_rule_fits(enum rule rule, struct assign_question *question)
{
    const struct assign_rule *row = &assign_rules[rule];
    if (!(row->statuses & 1u << question->experiment->status))
        return false;
    return !row->fits || row->fits(question);
}

size_t assign_rule_variant(enum rule rule, const struct assign_question *question)
{
    switch (assign_rules[rule].gives) {
    case GIVES_FORCED: return question->forced;
    case GIVES_ROLLOUT: return question->experiment->rollout_to;
    case GIVES_SPLIT: return (size_t)question->split;
    case GIVES_CONTROL: break;
    }
    return question->experiment->control;
}

struct assignment assign(const struct experiment *experiment, struct slice id,
                         const struct value *traits, const struct assign_options *options)
{
    struct assign_question question = {
        .experiment = experiment,
        .id = id,
        .traits = traits,
        .options = options,
        .split = -1,
    };
    enum rule rule = 0;
    while (!assign_rule_fits(rule, &question))
        rule++; /* every status has a rule that always fits */

    enum assign_reason reason = assign_rules[rule].reason;
    return (struct assignment){
        .experiment = experiment,
        .variant = assign_rule_variant(rule, &question),
        .reason = reason,
        .in_experiment = in_experiment[reason],
        .exposed = reason == ASSIGN_SPLIT || (reason == ASSIGN_HOLDOUT && is_split_else(&question)),
    };
}
