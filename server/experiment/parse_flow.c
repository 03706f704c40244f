/* The steps of a variant's flow (grammar.md, 3, flow step). */

#include "parse.h"

#include "base/limits.h"
#include "base/number.h"

#define STEPS_EASY 5 /* more required steps than that: warning many-steps */

static const struct word_list pattern_list = {"a pattern", step_pattern_texts};
static const struct word_list trigger_list = {"a trigger", step_trigger_texts};

static const struct row on_event_rows[] = {
    {.key = "on_event",
     .read = row_event,
     .offset = offsetof(struct flow_step, trigger_event),
     .needs = NEEDED},
};
static const struct table on_event_table = TABLE_OF("trigger", on_event_rows);

static bool read_trigger(struct parser *parser, const struct row *row, const struct node *node,
                         void *target)
{
    struct fields fields;
    struct flow_step *step = target;
    unsigned word = 0;
    (void)row;
    if (node->kind == NODE_MAPPING) {
        step->trigger = TRIGGER_ON_EVENT;
        return mapping_read(parser, node, &on_event_table, 1, step, &fields) &&
               fields_good(&fields, "on_event");
    }
    if (!type_word(parser, node, &trigger_list, &word))
        return false;
    step->trigger = (enum step_trigger)word;
    if (step->trigger != TRIGGER_ON_EVENT)
        return true;
    fault(parser, node->place, "missing-key", "say which: {on_event: NAME}");
    return false;
}

static const struct row step_rows[] = {
    {.key = "step", .read = row_name, .offset = offsetof(struct flow_step, step), .needs = NEEDED},
    {.key = "pattern",
     .read = row_word,
     .offset = offsetof(struct flow_step, pattern),
     .needs = NEEDED,
     .words = &pattern_list},
    {.key = "done_when", .read = row_event, .offset = offsetof(struct flow_step, done_when)},
    {.key = "minutes",
     .read = row_micro,
     .offset = offsetof(struct flow_step, minutes_micro),
     .least = NUMBER_LEAST,
     .most = 1440},
    {.key = "trigger", .read = read_trigger},
    {.key = "optional", .read = row_boolean, .offset = offsetof(struct flow_step, optional)},
};
static const struct table step_table = TABLE_OF("a step", step_rows);

static void step_unique(struct parser *parser, const struct node *node,
                        const struct flow_step *steps, size_t index)
{
    for (size_t before = 0; steps[index].step.size && before < index; before++) {
        if (!slice_equal(steps[before].step, steps[index].step))
            continue;
        fault(parser, node->place, "repeated-step", "step '%.*s' stands twice in this flow",
              SLICE_ARGS(steps[index].step));
        return;
    }
}

bool flow_read(struct parser *parser, const struct pair *pair, struct variant *variant)
{
    struct fields fields;
    size_t required = 0;
    const struct node *flow = &pair->value;
    if (!type_list(parser, flow, 0, FLOW_STEPS_MAX))
        return false;
    struct flow_step *steps = ARENA_ARRAY(parser->arena, flow->count, struct flow_step);
    for (size_t i = 0; steps && i < flow->count; i++) {
        mapping_read(parser, &flow->items[i], &step_table, 1, &steps[i], &fields);
        const struct node *name = node_member(&flow->items[i], "step");
        if (name)
            step_unique(parser, name, steps, i);
        required += !steps[i].optional;
    }
    if (required > STEPS_EASY)
        caution(parser, pair->key.place, "many-steps",
                "%zu steps are required; each one loses people: %d are plenty", required,
                STEPS_EASY);
    variant->has_flow = true;
    variant->flow = steps;
    variant->flow_count = steps ? flow->count : 0;
    return steps != NULL;
}
