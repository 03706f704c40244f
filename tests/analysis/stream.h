#ifndef TESTS_ANALYSIS_STREAM_H
#define TESTS_ANALYSIS_STREAM_H

/*
 * Random streams for the properties of the fold: three experiments over two kinds of unit, with
 * every way in which a message may be odd.  Equal seeds give equal streams.
 */

#include "base/random.h"
#include "world.h"

#define STREAM_RECEIVED (WORLD_START + 200 * DAY_MS)

static const struct world_file stream_files[] = {
    {"accounts.yaml", "experiment: accounts\n"
                      "status: running\n"
                      "unit: account\n"
                      "start: 2026-01-03\n"
                      "variants: {wide: {control: true}, narrow: {}, none: {}}\n"
                      "segments: [plan]\n"
                      "analysis: {expect: {baseline: 20%, lift: 10%, units: 1000}}\n"
                      "metrics: {goal: activated, why: w, secondary: [week_1, habit]}\n"},
    {"flow.yaml", "experiment: flow\n"
                  "status: running\n"
                  "start: 2026-01-02\n"
                  "end: 2026-02-01\n"
                  "traffic: {coverage: 80%}\n"
                  "variants:\n"
                  "  tour: {control: true, flow: [{step: hello, pattern: tour},\n"
                  "    {step: go, pattern: checklist, done_when: Contact}]}\n"
                  "  list: {flow: [{step: go, pattern: checklist}]}\n"
                  "force: {u3: list}\n"
                  "segments: [role, plan, [role, plan]]\n"
                  "metrics: {goal: activated, why: w, secondary: [week_1, habit, twice, deals,\n"
                  "  worth, size, per, answer, first], diagnostics: [weeks]}\n"
                  "analysis: {adjust_for: [role, {trait: plan.size, cap: 10, missing: 1},\n"
                  "  {metric: deals, before: 4d}], flow_within: 9d}\n"},
    {"history.yaml", "experiment: history\n"
                     "status: running\n"
                     "assignment: elsewhere\n"
                     "variants: {old: {control: true}, new: {}}\n"
                     "segments: [role]\n"
                     "analysis: {expect: {baseline: 20%, lift: 10%, units: 1000}}\n"
                     "metrics: {goal: habit, why: w, secondary: [twice, any]}\n"},
    {"metrics.yaml",
     "metrics:\n"
     "  activated: {kind: conversion, all_of: [Contact, {event: Mail, where: {kind: {in: [a, "
     "b]}}}], "
     "within: 7d}\n"
     "  any: {kind: conversion, any_of: [Contact, Mail, Deal], at_least: 2, within: 3d}\n"
     "  twice: {kind: conversion, event: {event: Deal, times: 2, where: {amount: {gte: 5}}}, "
     "between: [1d, 9d]}\n"
     "  habit: {kind: conversion, any_event: {distinct_days: 3}, within: 14d}\n"
     "  week_1: {kind: retention, between: [7d, 14d]}\n"
     "  deals: {kind: count, event: Deal, within: 9d, cap: 3}\n"
     "  worth: {kind: sum, event: Deal, property: amount, within: 9d, cap: 8.5}\n"
     "  size: {kind: mean, event: Deal, property: amount, within: 3d, cap: 20}\n"
     "  per: {kind: ratio, numerator: worth, denominator: deals}\n"
     "  answer: {kind: nps, event: Odd, property: amount, within: 14d}\n"
     "  first: {kind: time_to, all_of: [Contact, Mail], within: 9d, competing: [Deal]}\n"
     "  weeks: {kind: retention_curve, every: 7d, until: 28d}\n"
     "not_activity: [Beat]\n"},
    {"segments.yaml", "segments:\n"
                      "  plan: {trait: plan.size, bands: [1, 5, 20]}\n"
                      "  role: {trait: role, values: [rep, owner, \"true\"]}\n"},
};
#define STREAM_FILES (sizeof stream_files / sizeof *stream_files)

struct stream {
    struct arena arena;
    struct world_message *messages;
    size_t count;
};

static inline struct slice stream_text(struct stream *stream, struct random *random,
                                       const char *prefix, uint64_t bound)
{
    return arena_format(&stream->arena, "%s%llu", prefix,
                        (unsigned long long)random_below(random, bound));
}

static inline struct slice stream_pick(struct random *random, const char *const *texts,
                                       size_t count)
{
    return slice_of(texts[random_below(random, count)]);
}
#define PICK(random, ...)                                                                          \
    stream_pick((random), (const char *const[]){__VA_ARGS__},                                      \
                sizeof((const char *const[]){__VA_ARGS__}) / sizeof(const char *))

static inline void stream_exposure(struct random *random, struct message *message)
{
    message->type = MESSAGE_EXPOSURE;
    message->event = SLICE("Experiment Viewed");
    message->experiment = PICK(random, "flow", "history", "accounts", "nobody's");
    message->variation =
        PICK(random, "tour", "tour", "list", "old", "old", "new", "wide", "narrow", "0", "1", "x");
    if (random_below(random, 4) == 0)
        message->traits = PICK(random, "{\"role\":\"rep\"}", "{\"plan\":{\"size\":7}}");
}

static inline void stream_traits(struct random *random, struct message *message)
{
    message->type = random_below(random, 2) ? MESSAGE_IDENTIFY : MESSAGE_GROUP;
    message->traits = PICK(random, "{\"role\":\"rep\"}", "{\"role\":\"owner\"}", "{\"role\":true}",
                           "{\"role\":[\"rep\"]}", "{\"role\":null}", "{\"plan\":{\"size\":3}}",
                           "{\"plan\":{\"size\":\"19.5\"},\"role\":\"cfo\"}", "{\"plan.size\":0.5}",
                           "{\"other\":1}");
}

static inline void stream_outcome(struct random *random, struct message *message)
{
    static const enum message_type types[] = {MESSAGE_TRACK, MESSAGE_PAGE, MESSAGE_SCREEN};
    message->type = types[random_below(random, 3)];
    message->event = PICK(random, "Contact", "Mail", "Mail", "Deal", "Deal", "Deal", "Beat",
                          "Onboarding Step Viewed", "Odd");
    message->properties = PICK(random, "{\"kind\":\"a\"}", "{\"kind\":\"c\",\"amount\":5}",
                               "{\"amount\":\"7\"}", "{\"amount\":4.5}", "");
}

static inline void stream_step(struct random *random, struct message *message)
{
    message->type = MESSAGE_TRACK;
    message->event =
        PICK(random, "Onboarding Step Viewed", "Onboarding Step Viewed",
             "Onboarding Step Completed", "Onboarding Step Dismissed", "Onboarding Step Failed");
    message->properties = PICK(random, "{\"experiment_id\":\"flow\",\"step\":\"hello\"}",
                               "{\"experiment_id\":\"flow\",\"step\":\"go\"}", "{\"step\":\"go\"}");
}

static inline struct world_message stream_message(struct stream *stream, struct random *random,
                                                  uint64_t units)
{
    struct world_message made = {.received_ms = STREAM_RECEIVED};
    struct message *message = &made.message;
    uint64_t sort = random_below(random, 12);
    if (sort < 3)
        stream_exposure(random, message);
    else if (sort < 5)
        stream_traits(random, message);
    else if (sort < 7)
        stream_step(random, message);
    else
        stream_outcome(random, message);
    message->user = stream_text(stream, random, "u", units);
    if (random_below(random, 3))
        message->account = stream_text(stream, random, "acme-", units / 4 + 1);
    if (random_below(random, 3) == 0)
        message->anonymous = stream_text(stream, random, "anon-", units);
    /* Whole hours, so that instants often coincide. */
    message->occurred_ms = WORLD_START + (int64_t)random_below(random, 24 * 40) * HOUR_MS;
    if (random_below(random, 8) == 0)
        message->occurred_ms += (int64_t)random_below(random, 3) - 1;
    uint64_t id = random_below(random, 20);
    if (id == 0) {
        message->original_ms = message->occurred_ms;
        made.flags = RECORD_HASH_ID;
    } else {
        message->message_id = stream_text(stream, random, "m", id == 1 ? 5 : UINT64_C(1) << 40);
    }
    if (random_below(random, 40) == 0)
        made.flags |= RECORD_SKEWED;
    return made;
}

static inline struct stream stream_make(uint64_t seed, size_t count, uint64_t units)
{
    struct stream stream = {.count = count};
    struct random random = {.state = seed};
    stream.messages = calloc(count, sizeof *stream.messages);
    assert_non_null(stream.messages);
    for (size_t i = 0; i < count; i++)
        stream.messages[i] = stream_message(&stream, &random, units);
    return stream;
}

static inline void stream_shuffle(struct stream *stream, struct random *random)
{
    for (size_t i = stream->count; i > 1; i--) {
        size_t j = random_below(random, i);
        struct world_message swapped = stream->messages[i - 1];
        stream->messages[i - 1] = stream->messages[j];
        stream->messages[j] = swapped;
    }
}

/* Repeats some of the messages; of them, some with their clock corrected to a later time. */
static inline void stream_repeat(struct stream *stream, struct random *random, size_t repeats)
{
    size_t count = stream->count;
    stream->messages = realloc(stream->messages, (count + repeats) * sizeof *stream->messages);
    assert_non_null(stream->messages);
    for (size_t i = 0; i < repeats; i++) {
        struct world_message again = stream->messages[random_below(random, count)];
        if (random_below(random, 2))
            again.message.occurred_ms += (int64_t)random_below(random, 5) * HOUR_MS;
        stream->messages[stream->count++] = again;
    }
}

static inline void stream_done(struct stream *stream)
{
    free(stream->messages);
    arena_done(&stream->arena);
}

#endif
