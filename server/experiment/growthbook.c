/*
 * Experiments as features (growthbook.h).  The rules of a feature are tried in order, the first one
 * that takes the unit gives its value, and where none does `defaultValue` is the control's: as the
 * table of grammar.md, section 8.
 *
 *     running     forced units: force, by `$in` over ids       (line 5; of a draft line 1)
 *                 held out, but else in the split: force the control and track `held`     (8)
 *                 the split, an experiment rule with `ranges` of our own                 (13)
 *                 after the end: a force rule a variant, since nothing is to be tracked   (12)
 *     stopped     rolled out: who had `to` in the split, and the rollout's own share       (9)
 *     else        no rule
 *
 * Holdout, exclusive range and, for the held ones, coverage are `filters`: a hash with its seed and
 * version, and ranges; all of them have to pass.  A bucket is below 1, so [share, 1] is the rest.
 */

#include "experiment/growthbook.h"

#include "base/number.h"
#include "experiment/assign.h"
#include "experiment/assign_rules.h"

/* What the rules of one feature have in common. */
struct feature {
    const struct experiment *experiment;
    struct slice condition; /* JSON; empty: none */
    struct bucket_range ranges[VARIANTS_MAX];
    size_t rule_count;
};

enum { FILTER_HELD = 1, FILTER_NOT_HELD = 2, FILTER_EXCLUSIVE = 4, FILTER_COVERED = 8 };

static const char *attribute_of(const struct experiment *experiment)
{
    static const char *const names[UNIT_KIND_COUNT] = {
        [UNIT_USER] = "id", [UNIT_ACCOUNT] = "accountId", [UNIT_ANONYMOUS] = "anonymousId"};
    return names[experiment->unit];
}

static void write_range(struct buffer *out, double low, double high)
{
    char text[NUMBER_TEXT_SIZE];
    buffer_add_byte(out, '[');
    buffer_add(out, slice_of(number_format(low, text)));
    buffer_add_byte(out, ',');
    buffer_add(out, slice_of(number_format(high, text)));
    buffer_add_byte(out, ']');
}

static void write_ranges(struct buffer *out, const struct feature *feature)
{
    buffer_add_byte(out, '[');
    for (size_t i = 0; i < feature->experiment->variant_count; i++) {
        if (i)
            buffer_add_byte(out, ',');
        write_range(out, feature->ranges[i].low, feature->ranges[i].high);
    }
    buffer_add_byte(out, ']');
}

/* `{"seed":"BEFORE NAME","hashVersion":1,"attribute":"id","ranges":`, the value to come.  Seeds are
 * made of names that need no escape, but for a salt. */
static void filter_begin(struct buffer *out, const struct feature *feature, size_t *count,
                         const char *before, struct slice name, int version)
{
    struct buffer seed = {0};
    buffer_format(&seed, "%s%.*s", before, SLICE_ARGS(name));
    buffer_add(out, *count ? SLICE(",{\"seed\":") : SLICE(",\"filters\":[{\"seed\":"));
    json_write_text(out, buffer_slice(&seed));
    buffer_format(out, ",\"hashVersion\":%d,\"attribute\":\"%s\",\"ranges\":", version,
                  attribute_of(feature->experiment));
    out->failed |= seed.failed;
    buffer_done(&seed);
    ++*count;
}

static void write_filters(struct buffer *out, const struct feature *feature, unsigned wanted)
{
    const struct experiment *experiment = feature->experiment;
    size_t count = 0;
    if ((wanted & (FILTER_HELD | FILTER_NOT_HELD)) && experiment->holdout_group.size) {
        double share = experiment->holdout_share;
        bool is_held = wanted & FILTER_HELD;
        filter_begin(out, feature, &count, "__holdout:", experiment->holdout_group, 1);
        buffer_add_byte(out, '[');
        write_range(out, is_held ? 0 : share, is_held ? share : 1);
        buffer_add(out, SLICE("]}"));
    }
    if ((wanted & FILTER_EXCLUSIVE) && experiment->exclusive_group.size) {
        filter_begin(out, feature, &count, "__", experiment->exclusive_group, 1);
        buffer_add_byte(out, '[');
        write_range(out, experiment->exclusive_low, experiment->exclusive_high);
        buffer_add(out, SLICE("]}"));
    }
    if (wanted & FILTER_COVERED) {
        filter_begin(out, feature, &count, "", experiment->salt, 2);
        write_ranges(out, feature);
        buffer_add_byte(out, '}');
    }
    if (count)
        buffer_add_byte(out, ']');
}

/* `{"hashAttribute":...,"condition":...,"filters":[...]`, the object still open. */
static void rule_begin(struct buffer *out, struct feature *feature, unsigned filters)
{
    buffer_add(out, feature->rule_count++ ? SLICE(",{") : SLICE("{"));
    buffer_format(out, "\"hashAttribute\":\"%s\"", attribute_of(feature->experiment));
    if (feature->condition.size) {
        buffer_add(out, SLICE(",\"condition\":"));
        buffer_add(out, feature->condition);
    }
    write_filters(out, feature, filters);
}

static void write_force(struct buffer *out, const struct feature *feature, size_t variant)
{
    buffer_add(out, SLICE(",\"force\":"));
    buffer_add(out, feature->experiment->variants[variant].value);
}

/* A force rule for the units whose bucket is in the range. */
static void write_share(struct buffer *out, const struct feature *feature, size_t variant,
                        const char *seed_end, struct bucket_range range)
{
    struct buffer seed = {0};
    buffer_format(&seed, "%.*s%s", SLICE_ARGS(feature->experiment->salt), seed_end);
    write_force(out, feature, variant);
    buffer_add(out, SLICE(",\"seed\":"));
    json_write_text(out, buffer_slice(&seed));
    buffer_add(out, SLICE(",\"hashVersion\":2,\"range\":"));
    write_range(out, range.low, range.high);
    buffer_add_byte(out, '}');
    out->failed |= seed.failed;
    buffer_done(&seed);
}

static void write_forced(struct buffer *out, struct feature *feature)
{
    const struct experiment *experiment = feature->experiment;
    for (size_t variant = 0; variant < experiment->variant_count; variant++) {
        size_t count = 0;
        for (size_t i = 0; i < experiment->forced_count; i++) {
            if (experiment->forced[i].variant != variant)
                continue;
            if (!count++)
                buffer_format(out, "%s{\"condition\":{\"%s\":{\"$in\":[",
                              feature->rule_count++ ? "," : "", attribute_of(experiment));
            else
                buffer_add_byte(out, ',');
            json_write_text(out, experiment->forced[i].id);
        }
        if (!count)
            continue;
        buffer_add(out, SLICE("]}}"));
        write_force(out, feature, variant);
        buffer_add_byte(out, '}');
    }
}

/* Who is held out and would else be in the split is tracked as that. */
static void write_held(struct buffer *out, struct feature *feature)
{
    const struct experiment *experiment = feature->experiment;
    rule_begin(out, feature, FILTER_HELD | FILTER_EXCLUSIVE | FILTER_COVERED);
    write_force(out, feature, experiment->control);
    buffer_format(out,
                  ",\"tracks\":[{\"experiment\":{\"key\":\"" HOLDOUT_PREFIX
                  "%.*s\",\"variations\":[\"open\",\"" HOLDOUT_VARIATION "\"]},\"result\":{\"key\":"
                  "\"" HOLDOUT_VARIATION "\",\"variationId\":%d,\"inExperiment\":true,"
                  "\"hashUsed\":true,\"hashAttribute\":\"%s\",\"value\":\"" HOLDOUT_VARIATION
                  "\"}}]}",
                  SLICE_ARGS(experiment->holdout_group), HOLDOUT_HELD, attribute_of(experiment));
}

static void write_split(struct buffer *out, struct feature *feature)
{
    const struct experiment *experiment = feature->experiment;
    rule_begin(out, feature, FILTER_NOT_HELD | FILTER_EXCLUSIVE);
    buffer_add(out, SLICE(",\"key\":"));
    json_write_text(out, experiment->key);
    buffer_add(out, SLICE(",\"seed\":"));
    json_write_text(out, experiment->salt);
    buffer_format(out, ",\"phase\":\"%u\",\"hashVersion\":2,\"ranges\":", experiment->phase);
    write_ranges(out, feature);
    buffer_add(out, SLICE(",\"variations\":["));
    for (size_t i = 0; i < experiment->variant_count; i++) {
        if (i)
            buffer_add_byte(out, ',');
        buffer_add(out, experiment->variants[i].value);
    }
    buffer_add(out, SLICE("],\"meta\":["));
    for (size_t i = 0; i < experiment->variant_count; i++) {
        buffer_add(out, i ? SLICE(",{\"key\":") : SLICE("{\"key\":"));
        json_write_text(out, experiment->variants[i].name);
        buffer_add_byte(out, '}');
    }
    buffer_add(out, SLICE("]}"));
}

static void write_ended(struct buffer *out, struct feature *feature)
{
    for (size_t i = 0; i < feature->experiment->variant_count; i++) {
        rule_begin(out, feature, FILTER_NOT_HELD | FILTER_EXCLUSIVE);
        write_share(out, feature, i, "", feature->ranges[i]);
    }
}

static void write_rolled_out(struct buffer *out, struct feature *feature)
{
    const struct experiment *experiment = feature->experiment;
    size_t to = experiment->rollout_to;
    rule_begin(out, feature, FILTER_NOT_HELD);
    write_share(out, feature, to, ":rollout",
                (struct bucket_range){.low = 0, .high = experiment->rollout_coverage});
    rule_begin(out, feature, FILTER_NOT_HELD | FILTER_EXCLUSIVE);
    write_share(out, feature, to, "", feature->ranges[to]);
}

static void write_rules(struct buffer *out, struct feature *feature, int64_t now_ms)
{
    const struct experiment *experiment = feature->experiment;
    bool is_running = experiment->status == EXPERIMENT_RUNNING;
    bool is_rollout = experiment->status == EXPERIMENT_STOPPED && experiment->has_rollout;
    if (experiment->assignment == ASSIGNMENT_ELSEWHERE)
        return;
    if (is_running || experiment->status == EXPERIMENT_DRAFT)
        write_forced(out, feature);
    if ((!is_running && !is_rollout) ||
        (experiment->start_ms != TIME_NONE && now_ms < experiment->start_ms))
        return;
    assign_ranges(experiment, assign_coverage(experiment, now_ms), feature->ranges);
    if (is_rollout) {
        write_rolled_out(out, feature);
        return;
    }
    if (experiment->end_ms != TIME_NONE && now_ms >= experiment->end_ms) {
        write_ended(out, feature);
        return;
    }
    if (experiment->holdout_group.size)
        write_held(out, feature);
    write_split(out, feature);
}

bool growthbook_expresses(const struct experiment *experiment, struct buffer *why)
{
    struct buffer condition = {0};
    bool is_said =
        !experiment->audience || growthbook_condition_write(&condition, experiment->audience, why);
    buffer_done(&condition);
    return is_said;
}

static void write_feature(struct buffer *out, const struct experiment *experiment,
                          struct slice condition, int64_t now_ms)
{
    struct feature feature = {.experiment = experiment, .condition = condition};
    json_write_text(out, experiment->key);
    buffer_add(out, SLICE(":{\"defaultValue\":"));
    buffer_add(out, experiment->variants[experiment->control].value);
    buffer_add(out, SLICE(",\"rules\":["));
    write_rules(out, &feature, now_ms);
    buffer_add(out, SLICE("]}"));
}

void growthbook_write(struct buffer *out, const struct catalogue *catalogue, int64_t now_ms)
{
    struct buffer condition = {0}, why = {0};
    size_t count = 0;
    buffer_add(out, SLICE("{\"status\":200,\"features\":{"));
    for (size_t i = 0; i < catalogue->experiment_count; i++) {
        const struct experiment *experiment = &catalogue->experiments[i];
        buffer_clear(&condition);
        buffer_clear(&why);
        if (experiment->status == EXPERIMENT_DRAFT && !experiment->forced_count)
            continue;
        if (experiment->audience &&
            !growthbook_condition_write(&condition, experiment->audience, &why))
            continue;
        if (count++)
            buffer_add_byte(out, ',');
        write_feature(out, experiment, buffer_slice(&condition), now_ms);
        out->failed |= condition.failed;
    }
    buffer_add(out, SLICE("}}"));
    buffer_done(&condition);
    buffer_done(&why);
}
