#ifndef TESTS_ANALYSIS_METRIC_WORLD_H
#define TESTS_ANALYSIS_METRIC_WORLD_H

/*
 * A world with one experiment `first` over variants a and b whose messages are written in the test,
 * folded, and its cells of variant a looked at: for metrics whose answers were worked out by hand.
 */

#include "base/number.h"
#include "world.h"

#define SECOND SECOND_MS
#define MINUTE MINUTE_MS
#define HOUR HOUR_MS
#define DAY DAY_MS
#define T (WORLD_START + 10 * DAY_MS) /* of the exposures */

struct metric_world {
    struct world world;
    struct arena arena;
    struct world_message *messages;
    size_t count, capacity;
};

/* `more` stands at the end of the experiment's file, `metrics` in metrics.yaml under `metrics:`. */
static inline void metric_world_make(struct metric_world *made, const char *more,
                                     const char *metrics)
{
    *made = (struct metric_world){.capacity = 64};
    world_make(&made->world);
    made->messages = calloc(made->capacity, sizeof *made->messages);
    assert_non_null(made->messages);
    struct slice experiment = arena_format(&made->arena,
                                           "experiment: first\nstatus: running\n"
                                           "start: 2026-01-05\nassignment: elsewhere\n"
                                           "segments: []\n%s",
                                           more);
    struct slice declared = arena_format(&made->arena, "metrics:\n%s", metrics);
    const struct world_file files[] = {{"first.yaml", experiment.data},
                                       {"metrics.yaml", declared.data}};
    world_declare(&made->world, WORLD_START, files, 2);
}

static inline void metric_world_remove(struct metric_world *made)
{
    free(made->messages);
    arena_done(&made->arena);
    world_remove(&made->world);
}

static inline struct message *put(struct metric_world *made, const char *user, int64_t time_ms)
{
    if (made->count == made->capacity) {
        made->capacity *= 2;
        made->messages = realloc(made->messages, made->capacity * sizeof *made->messages);
        assert_non_null(made->messages);
    }
    struct world_message *message = &made->messages[made->count++];
    *message = (struct world_message){.received_ms = WORLD_START + 300 * DAY_MS};
    message->message.type = MESSAGE_TRACK;
    message->message.user = slice_of(user);
    message->message.message_id = arena_format(&made->arena, "m%zu", made->count);
    message->message.occurred_ms = time_ms;
    return &message->message;
}

static inline void meet(struct metric_world *made, const char *user)
{
    struct message *message = put(made, user, T);
    message->type = MESSAGE_EXPOSURE;
    message->event = SLICE("Experiment Viewed");
    message->experiment = SLICE("first");
    message->variation = SLICE("a");
}

/* An outcome so long after the exposure; `properties` may be "". */
static inline void act(struct metric_world *made, const char *user, const char *event,
                       const char *properties, int64_t after_ms)
{
    struct message *message = put(made, user, T + after_ms);
    message->event = slice_of(event);
    message->properties = slice_of(properties);
}

/* Folds what was put, in batches of two. */
static inline void fold_all(struct metric_world *made)
{
    world_send(&made->world, made->messages, made->count);
    world_fold(&made->world, 2);
    made->count = 0;
}

/* A field of a number of cube.h. */
static inline int128 field(struct metric_world *made, uint8_t number, size_t index)
{
    struct cube_select select = {.metric = number};
    return world_sum(&made->world, "first", 1, DEFINITION_CURRENT, select).values[index];
}

static inline void assert_field(struct metric_world *made, uint8_t number, size_t index,
                                int128 wanted)
{
    int128 found = field(made, number, index);
    if (found == wanted)
        return;
    struct buffer text = {0};
    int128_format(&text, found);
    buffer_add(&text, SLICE(" is not "));
    int128_format(&text, wanted);
    fail_msg("field %zu of %d: %.*s", index, number, SLICE_ARGS(buffer_slice(&text)));
}

/* The bins as "map:place=count map:place=count". */
static inline void assert_bins(struct metric_world *made, uint8_t number, const char *wanted)
{
    struct error error = {0};
    struct view *view = NULL;
    struct view_transaction *transaction = NULL;
    struct cube cube;
    struct buffer text = {0};
    size_t count;
    struct cube_select select = {.metric = number, .first = INT32_MIN, .last = INT32_MAX};
    must(view_open(&made->world.store, &view, &error), &error);
    must(view_begin(view, &transaction, &error), &error);
    const struct definition *definition =
        view_definition(transaction, SLICE("first"), 1, DEFINITION_CURRENT);
    must(cube_read(transaction, definition, &cube, &error), &error);
    const struct cube_bin *bins = cube_sum_bins(&cube, &select, &cube.arena, &count);
    for (size_t i = 0; i < count; i++)
        buffer_format(&text, "%s%u:%u=%lld", i ? " " : "", CUBE_BIN_MAP(bins[i].bin),
                      CUBE_BIN_PLACE(bins[i].bin), (long long)bins[i].count);
    buffer_add_byte(&text, '\0');
    assert_string_equal(text.data, wanted);
    buffer_done(&text);
    cube_done(&cube);
    view_end(transaction);
    view_release(view);
}

#define VARIANTS "variants: {a: {control: true}, b: {}}\n"

#endif
