/*
 * The rows of experiments and of their variants.
 *
 * The order is that of the grammar; the classes are those of "Changing a running experiment".  For
 * keys that the list there does not name: `help` belongs to the flow (amendment), and which variant
 * is the control to the variants (breaking).
 */

#include "diff_rows.h"

#include <inttypes.h>

static void experiment_title(struct buffer *out, const void *thing)
{
    const struct experiment *it = thing;
    diff_text(out, it->title);
}

static void experiment_owner(struct buffer *out, const void *thing)
{
    const struct experiment *it = thing;
    diff_text(out, it->owner);
}

static void experiment_hypothesis(struct buffer *out, const void *thing)
{
    const struct experiment *it = thing;
    diff_text(out, it->hypothesis);
}

static void experiment_state(struct buffer *out, const void *thing)
{
    const struct experiment *it = thing;
    diff_word(out, experiment_status_texts[it->status]);
}

static void experiment_unit(struct buffer *out, const void *thing)
{
    const struct experiment *it = thing;
    diff_word(out, unit_kind_text(it->unit));
}

static void experiment_phase(struct buffer *out, const void *thing)
{
    const struct experiment *it = thing;
    buffer_format(out, "%u", (unsigned)it->phase);
}

static void experiment_salt(struct buffer *out, const void *thing)
{
    const struct experiment *it = thing;
    diff_text(out, it->salt);
}

static void experiment_start(struct buffer *out, const void *thing)
{
    const struct experiment *it = thing;
    diff_time(out, it->start_ms);
}

static void experiment_end(struct buffer *out, const void *thing)
{
    const struct experiment *it = thing;
    diff_time(out, it->end_ms);
}

static void experiment_exposure(struct buffer *out, const void *thing)
{
    const struct experiment *it = thing;
    diff_word(out, exposure_mode_texts[it->exposure]);
}

static void experiment_assignment(struct buffer *out, const void *thing)
{
    const struct experiment *it = thing;
    diff_word(out, assignment_mode_texts[it->assignment]);
}

/* The type of a JSON value, by how it begins. */
static const char *value_type(struct slice json)
{
    char first = json.size ? json.data[0] : '{';
    if (first == '{')
        return " (object)";
    if (first == '"')
        return " (text)";
    return first == 't' || first == 'f' ? " (boolean)" : " (number)";
}

static void experiment_serve(struct buffer *out, const void *thing)
{
    const struct experiment *it = thing;
    /* a client asks for one type and breaks on another */
    diff_word(out, serve_mode_texts[it->serve]);
    if (it->serve == SERVE_CONFIG)
        diff_word(out, value_type(it->variants[0].value));
}

static void experiment_coverage(struct buffer *out, const void *thing)
{
    const struct experiment *it = thing;
    if (!it->ramp_count)
        diff_share(out, it->coverage);
}

static void experiment_ramp(struct buffer *out, const void *thing)
{
    const struct experiment *it = thing;
    for (size_t i = 0; i < it->ramp_count; i++) {
        diff_comma(out, i);
        diff_time(out, it->ramp[i].from_ms);
        buffer_add_byte(out, ' ');
        diff_share(out, it->ramp[i].coverage);
    }
}

static void experiment_exclusive(struct buffer *out, const void *thing)
{
    const struct experiment *it = thing;
    if (!it->exclusive_group.size)
        return;
    diff_text(out, it->exclusive_group);
    buffer_add_byte(out, ' ');
    diff_share(out, it->exclusive_low);
    diff_word(out, "..");
    diff_share(out, it->exclusive_high);
}

static void experiment_holdout(struct buffer *out, const void *thing)
{
    const struct experiment *it = thing;
    if (!it->holdout_group.size)
        return;
    diff_text(out, it->holdout_group);
    buffer_add_byte(out, ' ');
    diff_share(out, it->holdout_share);
}

static void experiment_audience(struct buffer *out, const void *thing)
{
    const struct experiment *it = thing;
    if (it->audience)
        condition_write(out, it->audience);
    else
        diff_word(out, "everyone");
}

static void experiment_variants(struct buffer *out, const void *thing)
{
    const struct experiment *it = thing;
    for (size_t i = 0; i < it->variant_count; i++) {
        diff_comma(out, i);
        diff_text(out, it->variants[i].name);
    }
}

static void experiment_force(struct buffer *out, const void *thing)
{
    const struct experiment *it = thing;
    for (size_t i = 0; i < it->forced_count; i++) {
        diff_comma(out, i);
        diff_name(out, it->forced[i].id);
        diff_word(out, ": ");
        diff_text(out, it->variants[it->forced[i].variant].name);
    }
}

static void experiment_segments(struct buffer *out, const void *thing)
{
    const struct experiment *it = thing;
    for (size_t i = 0; i < it->segment_count; i++) {
        diff_comma(out, i);
        for (size_t s = 0; s < it->segments[i].count; s++) {
            diff_word(out, s ? " x " : "");
            diff_text(out, it->segments[i].segments[s]->name);
        }
    }
}

static void write_metrics(struct buffer *out, const struct metric *const *metrics, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        diff_comma(out, i);
        diff_text(out, metrics[i]->name);
    }
}

static void experiment_goal(struct buffer *out, const void *thing)
{
    const struct experiment *it = thing;
    write_metrics(out, it->goals, it->goal_count);
}

static void experiment_why(struct buffer *out, const void *thing)
{
    const struct experiment *it = thing;
    diff_text(out, it->why);
}

static void experiment_secondary(struct buffer *out, const void *thing)
{
    const struct experiment *it = thing;
    write_metrics(out, it->secondaries, it->secondary_count);
}

static void experiment_guardrails(struct buffer *out, const void *thing)
{
    const struct experiment *it = thing;
    for (size_t i = 0; i < it->guardrail_count; i++) {
        diff_comma(out, i);
        diff_text(out, it->guardrails[i].metric->name);
        diff_word(out, " worse by ");
        diff_text(out, it->guardrails[i].text);
    }
}

static void experiment_diagnostics(struct buffer *out, const void *thing)
{
    const struct experiment *it = thing;
    write_metrics(out, it->diagnostics, it->diagnostic_count);
}

static void experiment_confidence(struct buffer *out, const void *thing)
{
    const struct experiment *it = thing;
    diff_share(out, it->confidence);
}

static void experiment_peeking(struct buffer *out, const void *thing)
{
    const struct experiment *it = thing;
    diff_word(out, peeking_texts[it->peeking]);
}

static void experiment_min_days(struct buffer *out, const void *thing)
{
    const struct experiment *it = thing;
    buffer_format(out, "%" PRIu32, it->min_days);
}

static void experiment_flow_within(struct buffer *out, const void *thing)
{
    const struct experiment *it = thing;
    diff_duration(out, it->flow_within_ms);
}

static void experiment_lift(struct buffer *out, const void *thing)
{
    const struct experiment *it = thing;
    diff_word(out, lift_scale_texts[it->lift]);
}

static void experiment_correction(struct buffer *out, const void *thing)
{
    const struct experiment *it = thing;
    diff_word(out, correction_texts[it->correction]);
}

static void write_covariate(struct buffer *out, const struct covariate *covariate)
{
    diff_text(out, covariate->metric ? covariate->metric->name : covariate->trait);
    if (covariate->metric) {
        diff_word(out, " before ");
        diff_duration(out, covariate->before_ms);
        return;
    }
    diff_micro(out, " cap ", covariate->cap_micro);
    diff_micro(out, " missing ", covariate->missing_micro);
}

static void experiment_adjust_for(struct buffer *out, const void *thing)
{
    const struct experiment *it = thing;
    for (size_t i = 0; i < it->adjust_segment_count; i++) {
        diff_comma(out, i);
        diff_text(out, it->adjust_segments[i]->name);
    }
    for (size_t i = 0; i < it->covariate_count; i++) {
        diff_comma(out, it->adjust_segment_count + i);
        write_covariate(out, &it->covariates[i]);
    }
}

static void experiment_expect(struct buffer *out, const void *thing)
{
    const struct experiment *it = thing;
    const struct expectation *expect = &it->expect;
    if (!expect->given)
        return;
    diff_micro(out, "baseline ", expect->baseline_micro);
    diff_number(out, ", lift ", expect->lift);
    diff_word(out, ", power ");
    diff_share(out, expect->power);
    if (expect->units_per_week)
        buffer_format(out, ", %" PRIu64 " units a week", expect->units_per_week);
    if (expect->units)
        buffer_format(out, ", %" PRIu64 " units", expect->units);
    if (expect->has_members) {
        diff_number(out, ", members mean ", expect->members_mean);
        diff_number(out, " cv ", expect->members_cv);
        diff_number(out, " icc ", expect->members_icc);
    }
    if (expect->sd > 0)
        diff_number(out, ", sd ", expect->sd);
}

static void experiment_rollout(struct buffer *out, const void *thing)
{
    const struct experiment *it = thing;
    if (!it->has_rollout)
        return;
    diff_text(out, it->variants[it->rollout_to].name);
    buffer_add_byte(out, ' ');
    diff_share(out, it->rollout_coverage);
}

const struct diff_row diff_experiment_rows[] = {
    {.key = "name", .class = CHANGE_SAFE, .write = experiment_title},
    {.key = "owner", .class = CHANGE_SAFE, .write = experiment_owner},
    {.key = "hypothesis", .class = CHANGE_SAFE, .write = experiment_hypothesis},
    {.key = "status", .class = CHANGE_SAFE, .write = experiment_state},
    {.key = "unit", .class = CHANGE_BREAKING, .noun = "the unit", .write = experiment_unit},
    /* raised, it makes breaking changes amendments, itself too */
    {.key = "phase", .class = CHANGE_BREAKING, .noun = "the phase", .write = experiment_phase},
    {.key = "salt", .class = CHANGE_BREAKING, .noun = "the salt", .write = experiment_salt},
    {.key = "start", .class = CHANGE_AMENDMENT, .write = experiment_start},
    {.key = "end", .class = CHANGE_AMENDMENT, .write = experiment_end},
    {.key = "exposure", .class = CHANGE_BREAKING, .noun = "exposure", .write = experiment_exposure},
    {.key = "assignment",
     .class = CHANGE_BREAKING,
     .noun = "assignment",
     .write = experiment_assignment},
    {.key = "serve", .class = CHANGE_BREAKING, .noun = "what is served", .write = experiment_serve},
    {.key = "traffic.coverage", .class = CHANGE_SAFE, .write = experiment_coverage},
    {.key = "traffic.ramp", .class = CHANGE_SAFE, .write = experiment_ramp},
    {.key = "traffic.exclusive",
     .class = CHANGE_BREAKING,
     .noun = "the exclusive range",
     .write = experiment_exclusive},
    {.key = "traffic.holdout",
     .class = CHANGE_BREAKING,
     .noun = "the holdout",
     .write = experiment_holdout},
    {.key = "audience",
     .class = CHANGE_BREAKING,
     .noun = "the audience",
     .write = experiment_audience},
    {.key = "variants",
     .class = CHANGE_BREAKING,
     .noun = "variants",
     .write = experiment_variants,
     .variants_follow = true},
    {.key = "force", .class = CHANGE_SAFE, .write = experiment_force},
    {.key = "segments", .class = CHANGE_ANALYSIS, .write = experiment_segments},
    {.key = "metrics.goal", .class = CHANGE_AMENDMENT, .write = experiment_goal},
    {.key = "metrics.why", .class = CHANGE_SAFE, .write = experiment_why},
    {.key = "metrics.secondary", .class = CHANGE_ANALYSIS, .write = experiment_secondary},
    {.key = "metrics.guardrails", .class = CHANGE_AMENDMENT, .write = experiment_guardrails},
    {.key = "metrics.diagnostics", .class = CHANGE_ANALYSIS, .write = experiment_diagnostics},
    {.key = "analysis.confidence", .class = CHANGE_AMENDMENT, .write = experiment_confidence},
    {.key = "analysis.peeking", .class = CHANGE_AMENDMENT, .write = experiment_peeking},
    {.key = "analysis.min_days", .class = CHANGE_AMENDMENT, .write = experiment_min_days},
    {.key = "analysis.flow_within", .class = CHANGE_AMENDMENT, .write = experiment_flow_within},
    {.key = "analysis.lift", .class = CHANGE_AMENDMENT, .write = experiment_lift},
    {.key = "analysis.correction", .class = CHANGE_AMENDMENT, .write = experiment_correction},
    {.key = "analysis.adjust_for", .class = CHANGE_AMENDMENT, .write = experiment_adjust_for},
    {.key = "analysis.expect", .class = CHANGE_AMENDMENT, .write = experiment_expect},
    {.key = "rollout", .class = CHANGE_SAFE, .write = experiment_rollout},
    {.key = NULL},
};

/* ---- variants ---- */

static void variant_control(struct buffer *out, const void *thing)
{
    const struct variant *it = thing;
    diff_word(out, it->control ? "true" : "false");
}

static void variant_title(struct buffer *out, const void *thing)
{
    const struct variant *it = thing;
    diff_text(out, it->title);
}

static void variant_weight(struct buffer *out, const void *thing)
{
    const struct variant *it = thing;
    diff_share(out, it->weight);
}

static void variant_help(struct buffer *out, const void *thing)
{
    const struct variant *it = thing;
    diff_word(out, help_mode_texts[it->help]);
}

static void variant_cost(struct buffer *out, const void *thing)
{
    const struct variant *it = thing;
    if (it->has_cost)
        diff_micro(out, "", it->cost_micro);
}

static void write_step(struct buffer *out, const struct flow_step *step)
{
    diff_text(out, step->step);
    buffer_add_byte(out, ' ');
    diff_word(out, step_pattern_texts[step->pattern]);
    diff_word(out, step->done_when.size ? " until " : "");
    if (step->done_when.size)
        diff_name(out, step->done_when);
    if (step->minutes_micro)
        diff_micro(out, " minutes ", step->minutes_micro);
    if (step->trigger != TRIGGER_ON_START) {
        buffer_add_byte(out, ' ');
        diff_word(out, step_trigger_texts[step->trigger]);
    }
    diff_word(out, step->trigger_event.size ? " " : "");
    if (step->trigger_event.size)
        diff_name(out, step->trigger_event);
    diff_word(out, step->optional ? " optional" : "");
}

static void variant_flow(struct buffer *out, const void *thing)
{
    const struct variant *it = thing;
    for (size_t i = 0; i < it->flow_count; i++) {
        diff_word(out, i ? "; " : "");
        write_step(out, &it->flow[i]);
    }
}

static void variant_config(struct buffer *out, const void *thing)
{
    const struct variant *it = thing;
    diff_text(out, it->config);
}

const struct diff_row diff_variant_rows[] = {
    {.key = "control", .class = CHANGE_BREAKING, .noun = "the control", .write = variant_control},
    {.key = "name", .class = CHANGE_SAFE, .write = variant_title},
    {.key = "weight", .class = CHANGE_BREAKING, .noun = "weights", .write = variant_weight},
    {.key = "help", .class = CHANGE_AMENDMENT, .write = variant_help},
    {.key = "cost_per_unit", .class = CHANGE_SAFE, .write = variant_cost},
    {.key = "flow", .class = CHANGE_AMENDMENT, .write = variant_flow},
    {.key = "config", .class = CHANGE_AMENDMENT, .write = variant_config},
    {.key = NULL},
};
