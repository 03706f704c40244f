#ifndef TESTS_EXPERIMENT_FIXTURE_H
#define TESTS_EXPERIMENT_FIXTURE_H

/* One experiment as the parser would compile it, for the tests of assignment and its texts. */

#include "experiment/assign.h"

#include <stdio.h>

#define NOON INT64_C(1795176000000) /* 2026-11-20T12:00:00Z */

static const struct flow_step steps[] = {
    {.step = SLICE_INIT("welcome"), .pattern = PATTERN_MESSAGE},
    {.step = SLICE_INIT("import"),
     .pattern = PATTERN_CHECKLIST,
     .done_when = SLICE_INIT("Contact \"Created\""),
     .minutes_micro = 2500000,
     .trigger = TRIGGER_ON_EVENT,
     .trigger_event = SLICE_INIT("Signed Up"),
     .optional = true},
};
static const struct variant halves[] = {
    {.name = SLICE_INIT("tour"), .control = true, .weight = 0.5, .value = SLICE_INIT("\"tour\"")},
    {.name = SLICE_INIT("checklist"),
     .weight = 0.5,
     .has_flow = true,
     .flow = steps,
     .flow_count = 2,
     .config = SLICE_INIT("{\"max\":3}"),
     .value = SLICE_INIT("{\"flow\":[],\"max\":3}")},
};
static const struct forced_unit forced[] = {
    {.id = SLICE_INIT("a-tester"), .variant = 1},
    {.id = SLICE_INIT("qa"), .variant = 1},
    {.id = SLICE_INIT("z"), .variant = 0},
};
static const struct operand owner = {.text = SLICE_INIT("owner")};
static const struct condition owners = {.kind = CONDITION_TEST,
                                        .trait = SLICE_INIT("role"),
                                        .operator= OPERATOR_EQ,
                                        .operands = &owner,
                                        .operand_count = 1};
static struct member owner_member = {.name = SLICE_INIT("role"),
                                     .value = {.kind = VALUE_TEXT, .text = SLICE_INIT("owner")}};
static const struct value owner_traits = {
    .kind = VALUE_OBJECT, .members = &owner_member, .count = 1};

/* A running experiment of two halves, everyone in it. */
static inline struct experiment experiment_of(const char *key)
{
    return (struct experiment){
        .key = slice_of(key),
        .salt = slice_of(key),
        .status = EXPERIMENT_RUNNING,
        .phase = 1,
        .start_ms = TIME_NONE,
        .end_ms = TIME_NONE,
        .coverage = 1,
        .variants = halves,
        .variant_count = 2,
        .forced = forced,
        .forced_count = 3,
    };
}

static inline struct assignment ask(const struct experiment *experiment, const char *id)
{
    const struct assign_options options = {.now_ms = NOON};
    return assign(experiment, slice_of(id), NULL, &options);
}

/* "user-17" */
static inline struct slice id_of(unsigned number, char text[static 16])
{
    return (struct slice){.data = text, .size = (size_t)snprintf(text, 16, "user-%u", number)};
}

#endif
