/*
 * Why a unit gets what it gets: the walk of assign.c through the table of grammar.md, section 8,
 * with what each rule looked at.
 *
 *     unit u-17 (user) of crm-first-run, phase 1, running, at 2026-11-20T00:00:00Z
 *     0 assigned elsewhere: assignment is here: no
 *     7 not in the audience: role in [owner, rep] and employees >= 2: role is "rep", ...: no
 *     11 outside the coverage: bucket 0.7312, coverage 80%, tour [0, 0.4), ...: no
 *     13 split: bucket 0.7312, coverage 80%, tour [0, 0.4), checklist [0.5, 0.9): yes
 *     => checklist, split
 *
 * Rules of another status are not asked and not shown.
 */

#include "experiment/assign_rules.h"

#include "base/number.h"

typedef void describe_fn(struct buffer *out, const struct assign_question *question);

static void write_number(struct buffer *out, double number)
{
    char text[NUMBER_TEXT_SIZE];
    buffer_add(out, slice_of(number_format(number, text)));
}

/* 0.805 as 80.5%, free of the last digits of a binary fraction. */
static void write_percent(struct buffer *out, double share)
{
    int64_t micro = 0;
    char text[NUMBER_TEXT_SIZE];
    if (micro_from_number(share * 100, &micro))
        buffer_add(out, slice_of(micro_format(micro, text)));
    buffer_add_byte(out, '%');
}

static void write_time(struct buffer *out, int64_t time_ms)
{
    char text[TIME_TEXT_SIZE];
    buffer_add(out, time_ms == TIME_NONE ? SLICE("none") : slice_of(time_format(time_ms, text)));
}

/* A range end as a person would write it: six places at the most. */
static void write_bound(struct buffer *out, double bound)
{
    int64_t micro = 0;
    char text[NUMBER_TEXT_SIZE];
    if (micro_from_number(bound, &micro))
        buffer_add(out, slice_of(micro_format(micro, text)));
}

static void write_range(struct buffer *out, struct bucket_range range)
{
    buffer_add_byte(out, '[');
    write_bound(out, range.low);
    buffer_add(out, SLICE(", "));
    write_bound(out, range.high);
    buffer_add_byte(out, ')');
}

/* ---- What each rule looks at ---- */

static void describe_elsewhere(struct buffer *out, const struct assign_question *question)
{
    buffer_format(out, "assigned elsewhere: assignment is %s",
                  assignment_mode_texts[question->experiment->assignment]);
}

static void describe_forced(struct buffer *out, const struct assign_question *question)
{
    size_t count = question->experiment->forced_count;
    buffer_format(out, "forced: %zu unit%s named in force", count, count == 1 ? " is" : "s are");
}

static void describe_status(struct buffer *out, const struct assign_question *question)
{
    buffer_format(out, "status: %s", experiment_status_texts[question->experiment->status]);
}

static void describe_rollout(struct buffer *out, const struct assign_question *question)
{
    buffer_format(out, "stopped without rollout: rollout is %s",
                  question->experiment->has_rollout ? "given" : "not given");
}

static void describe_start(struct buffer *out, const struct assign_question *question)
{
    buffer_add(out, SLICE("not started: start "));
    write_time(out, question->experiment->start_ms);
}

/* `role is "owner"` for each test, in the order of the file. */
static void write_traits(struct buffer *out, const struct condition *condition,
                         const struct value *traits, bool *first)
{
    for (size_t i = 0; condition->kind == CONDITION_NOT ? i < 1 : i < condition->part_count; i++)
        write_traits(out, &condition->parts[i], traits, first);
    if (condition->kind != CONDITION_TEST)
        return;
    const struct value *value = value_at(traits, condition->trait);
    buffer_add(out, *first ? SLICE(": ") : SLICE(", "));
    buffer_add(out, condition->trait);
    buffer_add(out, value ? SLICE(" is ") : SLICE(" is missing"));
    if (value)
        value_write(out, value);
    *first = false;
}

static void describe_audience(struct buffer *out, const struct assign_question *question)
{
    const struct condition *audience = question->experiment->audience;
    bool first = true;
    buffer_add(out, SLICE("not in the audience: "));
    if (!audience) {
        buffer_add(out, SLICE("everyone"));
        return;
    }
    condition_write(out, audience);
    write_traits(out, audience, question->traits, &first);
    if (question->options->any_audience)
        buffer_add(out, SLICE(": passed over"));
}

static void describe_holdout(struct buffer *out, const struct assign_question *question)
{
    const struct experiment *experiment = question->experiment;
    buffer_add(out, SLICE("held out: "));
    if (experiment->holdout_group.size == 0) {
        buffer_add(out, SLICE("no holdout"));
        return;
    }
    buffer_format(out, "group %.*s, bucket ", SLICE_ARGS(experiment->holdout_group));
    write_number(out, bucket_of_holdout(question->id, experiment->holdout_group));
    buffer_add(out, SLICE(" of "));
    write_range(out, (struct bucket_range){.low = 0, .high = experiment->holdout_share});
}

static void write_exclusive(struct buffer *out, const struct assign_question *question)
{
    const struct experiment *experiment = question->experiment;
    if (experiment->exclusive_group.size == 0) {
        buffer_add(out, SLICE("no exclusive group"));
        return;
    }
    buffer_format(out, "exclusive group %.*s, bucket ", SLICE_ARGS(experiment->exclusive_group));
    write_number(out, bucket_of_namespace(question->id, experiment->exclusive_group));
    buffer_add(out, SLICE(" of "));
    write_range(out, (struct bucket_range){.low = experiment->exclusive_low,
                                           .high = experiment->exclusive_high});
}

static void describe_exclusive(struct buffer *out, const struct assign_question *question)
{
    buffer_add(out, SLICE("outside the exclusive range: "));
    write_exclusive(out, question);
}

static void write_split(struct buffer *out, const struct assign_question *question)
{
    const struct experiment *experiment = question->experiment;
    struct bucket_range ranges[VARIANTS_MAX];
    double coverage = assign_coverage(experiment, question->options->now_ms);
    assign_ranges(experiment, coverage, ranges);
    buffer_add(out, SLICE("bucket "));
    write_number(out, bucket_version2(experiment->salt, question->id));
    buffer_add(out, SLICE(", coverage "));
    write_percent(out, coverage);
    for (size_t i = 0; i < experiment->variant_count; i++) {
        buffer_format(out, ", %.*s ", SLICE_ARGS(experiment->variants[i].name));
        write_range(out, ranges[i]);
    }
}

static void describe_rolled_out(struct buffer *out, const struct assign_question *question)
{
    const struct experiment *experiment = question->experiment;
    buffer_format(out, "rolled out: to %.*s, bucket ",
                  SLICE_ARGS(experiment->variants[experiment->rollout_to].name));
    write_number(out, bucket_of_rollout(experiment->salt, question->id));
    buffer_add(out, SLICE(" of "));
    write_range(out, (struct bucket_range){.low = 0, .high = experiment->rollout_coverage});
    buffer_add(out, SLICE("; in the split "));
    write_exclusive(out, question);
    buffer_add(out, SLICE(", "));
    write_split(out, question);
}

static void describe_coverage(struct buffer *out, const struct assign_question *question)
{
    buffer_add(out, SLICE("outside the coverage: "));
    write_split(out, question);
}

static void describe_end(struct buffer *out, const struct assign_question *question)
{
    buffer_add(out, SLICE("ended: end "));
    write_time(out, question->experiment->end_ms);
}

static void describe_split(struct buffer *out, const struct assign_question *question)
{
    buffer_add(out, SLICE("split: "));
    write_split(out, question);
}

static describe_fn *const describers[RULE_COUNT] = {
    [RULE_ELSEWHERE] = describe_elsewhere,   [RULE_DRAFT_FORCED] = describe_forced,
    [RULE_DRAFT] = describe_status,          [RULE_PAUSED] = describe_status,
    [RULE_NO_ROLLOUT] = describe_rollout,    [RULE_FORCED] = describe_forced,
    [RULE_NOT_STARTED] = describe_start,     [RULE_AUDIENCE] = describe_audience,
    [RULE_HOLDOUT] = describe_holdout,       [RULE_ROLLED_OUT] = describe_rolled_out,
    [RULE_NOT_ROLLED_OUT] = describe_status, [RULE_EXCLUSIVE] = describe_exclusive,
    [RULE_COVERAGE] = describe_coverage,     [RULE_ENDED] = describe_end,
    [RULE_SPLIT] = describe_split,
};

/* ---- The walk ---- */

static void write_head(struct buffer *out, const struct assign_question *question)
{
    const struct experiment *experiment = question->experiment;
    buffer_format(out, "unit %.*s (%s) of %.*s, phase %u, %s, at ", SLICE_ARGS(question->id),
                  unit_kind_text(experiment->unit), SLICE_ARGS(experiment->key),
                  (unsigned)experiment->phase, experiment_status_texts[experiment->status]);
    write_time(out, question->options->now_ms);
    buffer_add_byte(out, '\n');
}

/* Shows one rule unless it is of another status.  Returns whether it decides. */
static bool write_rule(struct buffer *out, enum rule rule, struct assign_question *question)
{
    if (!(assign_rules[rule].statuses & 1u << question->experiment->status))
        return false;
    bool fits = assign_rule_fits(rule, question);
    buffer_format(out, "%s ", assign_rules[rule].line);
    describers[rule](out, question);
    buffer_add(out, fits ? SLICE(": yes\n") : SLICE(": no\n"));
    return fits;
}

void assign_explain(struct buffer *out, const struct experiment *experiment, struct slice id,
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
    write_head(out, &question);
    while (!write_rule(out, rule, &question))
        rule++;
    size_t variant = assign_rule_variant(rule, &question);
    buffer_format(out, "=> %.*s, %s\n", SLICE_ARGS(experiment->variants[variant].name),
                  assign_reason_text(assign_rules[rule].reason));
}
