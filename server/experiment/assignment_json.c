/*
 * An assignment as JSON (routes.md, "An assignment"): what `gangway assign --format json` prints
 * and what /v1/assign answers, written straight into the answer, without a tree in between.
 *
 * Members that have nothing to say are null, so a client may rely on each being there.
 */

#include "experiment/assign.h"

#include "base/number.h"

static void write_boolean(struct buffer *out, bool boolean)
{
    buffer_add(out, boolean ? SLICE("true") : SLICE("false"));
}

/* A text, null when empty. */
static void write_optional(struct buffer *out, struct slice text)
{
    if (text.size)
        json_write_text(out, text);
    else
        buffer_add(out, SLICE("null"));
}

static void write_number(struct buffer *out, uint64_t number)
{
    char digits[20]; /* 2^64 has twenty */
    size_t first = sizeof digits;
    do {
        digits[--first] = (char)('0' + number % 10);
        number /= 10;
    } while (number);
    buffer_add(out, (struct slice){.data = digits + first, .size = sizeof digits - first});
}

static void write_trigger(struct buffer *out, const struct flow_step *step)
{
    if (step->trigger != TRIGGER_ON_EVENT) {
        json_write_text(out, slice_of(step_trigger_texts[step->trigger]));
        return;
    }
    buffer_add(out, SLICE("{\"on_event\":"));
    json_write_text(out, step->trigger_event);
    buffer_add_byte(out, '}');
}

static void write_step(struct buffer *out, const struct flow_step *step)
{
    char minutes[NUMBER_TEXT_SIZE];
    buffer_add(out, SLICE("{\"step\":"));
    json_write_text(out, step->step);
    buffer_add(out, SLICE(",\"pattern\":"));
    json_write_text(out, slice_of(step_pattern_texts[step->pattern]));
    buffer_add(out, SLICE(",\"done_when\":"));
    write_optional(out, step->done_when);
    buffer_add(out, SLICE(",\"minutes\":"));
    buffer_add(out, step->minutes_micro ? slice_of(micro_format(step->minutes_micro, minutes))
                                        : SLICE("null"));
    buffer_add(out, SLICE(",\"trigger\":"));
    write_trigger(out, step);
    buffer_add(out, SLICE(",\"optional\":"));
    write_boolean(out, step->optional);
    buffer_add_byte(out, '}');
}

static void write_flow(struct buffer *out, const struct variant *variant)
{
    if (!variant->has_flow) {
        buffer_add(out, SLICE("null"));
        return;
    }
    buffer_add_byte(out, '[');
    for (size_t i = 0; i < variant->flow_count; i++) {
        if (i)
            buffer_add_byte(out, ',');
        write_step(out, &variant->flow[i]);
    }
    buffer_add_byte(out, ']');
}

/* What a front end sends back with `Experiment Viewed`. */
static void write_exposure(struct buffer *out, const struct assignment *assignment)
{
    const struct experiment *experiment = assignment->experiment;
    if (!assignment->exposed) {
        buffer_add(out, SLICE("null"));
        return;
    }
    if (assignment->reason == ASSIGN_HOLDOUT) {
        /* A group name needs no escaping. */
        buffer_add(out, SLICE("{\"experiment_id\":\"holdout:"));
        buffer_add(out, experiment->holdout_group);
        buffer_add(out, SLICE("\",\"variation_id\":\"" HOLDOUT_VARIATION "\""));
    } else {
        buffer_add(out, SLICE("{\"experiment_id\":"));
        json_write_text(out, experiment->key);
        buffer_add(out, SLICE(",\"variation_id\":"));
        json_write_text(out, experiment->variants[assignment->variant].name);
    }
    buffer_add(out, SLICE(",\"phase\":"));
    write_number(out, experiment->phase);
    buffer_add_byte(out, '}');
}

static void write_outcome(struct buffer *out, const struct assignment *assignment)
{
    buffer_add(out, SLICE(",\"in_experiment\":"));
    write_boolean(out, assignment->in_experiment);
    buffer_add(out, SLICE(",\"exposure\":"));
    write_exposure(out, assignment);
    buffer_add(out, SLICE(",\"reason\":"));
    json_write_text(out, slice_of(assign_reason_text(assignment->reason)));
    buffer_add(out, SLICE(",\"holdout\":"));
    write_optional(out, assignment->reason == ASSIGN_HOLDOUT ? assignment->experiment->holdout_group
                                                             : (struct slice){0});
}

/* All members, the object still open. */
static void write_members(struct buffer *out, const struct assignment *assignment, struct slice id,
                          const char *definition_text)
{
    const struct experiment *experiment = assignment->experiment;
    const struct variant *variant = &experiment->variants[assignment->variant];
    buffer_add(out, SLICE("{\"unit\":"));
    json_write_text(out, id);
    buffer_add(out, SLICE(",\"kind\":"));
    json_write_text(out, slice_of(unit_kind_text(experiment->unit)));
    buffer_add(out, SLICE(",\"experiment\":"));
    json_write_text(out, experiment->key);
    buffer_add(out, SLICE(",\"phase\":"));
    write_number(out, experiment->phase);
    buffer_add(out, SLICE(",\"variant\":"));
    json_write_text(out, variant->name);
    buffer_add(out, SLICE(",\"control\":"));
    write_boolean(out, variant->control);
    write_outcome(out, assignment);
    buffer_add(out, SLICE(",\"value\":"));
    buffer_add(out, variant->value);
    buffer_add(out, SLICE(",\"flow\":"));
    write_flow(out, variant);
    buffer_add(out, SLICE(",\"config\":"));
    buffer_add(out, variant->config.size ? variant->config : SLICE("null"));
    buffer_add(out, SLICE(",\"definition\":"));
    json_write_text(out, slice_of(definition_text));
}

void assignment_write(struct buffer *out, const struct assignment *assignment, struct slice id,
                      const char *definition_text)
{
    write_members(out, assignment, id, definition_text);
    buffer_add_byte(out, '}');
}

void assignment_write_explained(struct buffer *out, const struct assignment *assignment,
                                struct slice id, const char *definition_text,
                                const struct value *traits, const struct assign_options *options)
{
    struct buffer lines = {0};
    write_members(out, assignment, id, definition_text);
    assign_explain(&lines, assignment->experiment, id, traits, options);
    buffer_add(out, SLICE(",\"explain\":"));
    json_write_text(out, buffer_slice(&lines));
    buffer_add_byte(out, '}');
    out->failed |= lines.failed;
    buffer_done(&lines);
}
