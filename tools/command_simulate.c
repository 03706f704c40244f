/*
 * gangway simulate: plays an experiment many times before it runs, and says what its report will
 * have said, when, and how often wrongly.
 *
 *     gangway simulate crm-first-run
 *     gangway simulate crm-first-run --effect 5% --runs 4000 --seed 7 --format json
 *
 * The plan is the file's; --effect, --baseline and --sd say what is true.  Runs are shared among
 * threads, and each depends on the seed and its number alone, so that the same call prints the same
 * bytes on any number of cores.
 */

#include "command.h"

#include "base/number.h"
#include "load.h"
#include "meter.h"
#include "quantity.h"
#include "simulate_document.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define EFFECTS_MAX 2
#define SAID_MAX (2 * OPTION_VALUES_MAX)
#define THREADS_MAX 16
#define RUNS_DEFAULT "1000"

/* ---- Options ---- */

/* What one call plays. */
struct asked {
    struct experiment experiment; /* the file's, with the rate of the command line */
    struct simulation_options options[1 + EFFECTS_MAX];
    size_t count;
    struct simulation_said said[SAID_MAX];
    size_t said_count;
};

/* In days; also "-12h". */
static bool days_parse(struct slice text, double *days)
{
    bool negative = text.size && text.data[0] == '-';
    int64_t length_ms;
    if (duration_parse(slice_from(text, negative), &length_ms, NULL))
        return false;
    *days = (negative ? -1 : 1) * (double)length_ms / (double)DAY_MS;
    return true;
}

/* 10% is relative; an absolute one is in the goal's own unit. */
static bool effect_parse(struct slice text, enum metric_kind kind, struct simulation_options *made)
{
    char scale;
    if (kind == METRIC_TIME_TO && days_parse(text, &made->effect))
        return true;
    if (!quantity_parse(text, &made->effect, &scale))
        return false;
    made->is_relative = scale == '%';
    if (scale == '%')
        return kind != METRIC_NPS;
    return kind != METRIC_TIME_TO && (scale == 'p') == metric_is_share(kind);
}

static enum status effect_take(struct asked *asked, const char *text, struct error *error)
{
    const struct metric *goal = asked->experiment.goals[0];
    struct simulation_options *made = &asked->options[asked->count];
    if (!effect_parse(slice_of(text), goal->kind, made) || made->effect == 0)
        return FAIL(error, STATUS_INVALID, "", 0, "--effect wants %s, not '%s'",
                    metric_is_share(goal->kind)    ? "a part such as 10%, or points such as 2pp"
                    : goal->kind == METRIC_TIME_TO ? "a part such as -10%, or a time such as -12h"
                    : goal->kind == METRIC_NPS     ? "a number of points"
                                                   : "a part such as 10%, or a number",
                    text);
    asked->count++;
    return STATUS_OK;
}

/* The effects that are asked for, else the one that the file expects. */
static enum status effects_take(const struct options *options, struct asked *asked,
                                struct error *error)
{
    const struct option_value *effects = option_list(options, "effect");
    const struct experiment *experiment = &asked->experiment;
    asked->count = 1;
    if (effects->count > EFFECTS_MAX)
        return FAIL(error, STATUS_INVALID, "", 0, "--effect is taken %d times at most",
                    EFFECTS_MAX);
    for (size_t i = 0; i < effects->count; i++) {
        enum status status = effect_take(asked, effects->texts[i], error);
        if (status)
            return status;
    }
    if (effects->count || !experiment->expect.given)
        return STATUS_OK;
    enum metric_kind kind = experiment->goals[0]->kind;
    struct simulation_options *made = &asked->options[asked->count++];
    made->is_relative = experiment->lift == LIFT_RELATIVE && kind != METRIC_NPS;
    made->effect = experiment->expect.lift;
    if (kind == METRIC_TIME_TO && !made->is_relative)
        made->effect /= (double)DAY_MS;
    return STATUS_OK;
}

/* The goal or guardrail of that name; NULL: none. */
static const struct metric *metric_named(const struct experiment *experiment, struct slice name)
{
    for (size_t i = 0; i < experiment->goal_count; i++)
        if (slice_equal(experiment->goals[i]->name, name))
            return experiment->goals[i];
    for (size_t i = 0; i < experiment->guardrail_count; i++)
        if (slice_equal(experiment->guardrails[i].metric->name, name))
            return experiment->guardrails[i].metric;
    return NULL;
}

static bool baseline_parse(struct slice text, enum metric_kind kind, double *mean)
{
    char scale;
    if (kind == METRIC_TIME_TO)
        return days_parse(text, mean);
    return quantity_parse(text, mean, &scale) && (scale == '%') == metric_is_share(kind) &&
           scale != 'p';
}

/* "METRIC=N", or "N" of the first goal. */
static enum status said_take(const char *text, bool is_sd, struct asked *asked, struct error *error)
{
    const char *equals = strchr(text, '='), *option = is_sd ? "--sd" : "--baseline";
    struct slice number = slice_of(equals ? equals + 1 : text);
    const struct metric *metric = asked->experiment.goals[0];
    struct simulation_said *said = &asked->said[asked->said_count];
    if (equals)
        metric = metric_named(&asked->experiment,
                              (struct slice){.data = text, .size = (size_t)(equals - text)});
    if (!metric)
        return FAIL(error, STATUS_INVALID, "", 0,
                    "%s %s: %.*s has no goal or guardrail of that name", option, text,
                    SLICE_ARGS(asked->experiment.key));
    *said = (struct simulation_said){.metric = metric->name, .has_mean = !is_sd, .has_sd = is_sd};
    if (is_sd ? !number_parse(number, &said->sd) || !(said->sd > 0)
              : !baseline_parse(number, metric->kind, &said->mean))
        return FAIL(error, STATUS_INVALID, "", 0, "%s of '%.*s' wants %s, not '%.*s'", option,
                    SLICE_ARGS(metric->name),
                    is_sd                            ? "a number above 0"
                    : metric_is_share(metric->kind)  ? "a share such as 22%"
                    : metric->kind == METRIC_TIME_TO ? "a time such as 12h"
                                                     : "a number",
                    SLICE_ARGS(number));
    asked->said_count++;
    return STATUS_OK;
}

static enum status all_said_take(const struct options *options, struct asked *asked,
                                 struct error *error)
{
    static const char *const names[] = {"baseline", "sd"};
    for (int is_sd = 0; is_sd < 2; is_sd++) {
        const struct option_value *list = option_list(options, names[is_sd]);
        for (size_t i = 0; i < list->count; i++) {
            enum status status = said_take(list->texts[i], is_sd, asked, error);
            if (status)
                return status;
        }
    }
    return STATUS_OK;
}

static enum status asked_take(const struct options *options, struct asked *asked,
                              struct error *error)
{
    struct experiment *experiment = &asked->experiment;
    if (!experiment->goal_count)
        return FAIL(error, STATUS_INVALID, "", 0, "%.*s has no goal: there is nothing to decide",
                    SLICE_ARGS(experiment->key));
    if (option_given(options, "units-per-week"))
        experiment->expect.units_per_week = (uint64_t)option_number(options, "units-per-week");
    if (!experiment->expect.given && !option_list(options, "baseline")->count)
        return FAIL(error, STATUS_INVALID, "", 0,
                    "%.*s has no 'expect': give --baseline, --effect and --units-per-week",
                    SLICE_ARGS(experiment->key));
    enum status status = effects_take(options, asked, error);
    if (!status)
        status = all_said_take(options, asked, error);
    for (size_t i = 0; i < asked->count; i++) {
        asked->options[i].experiment = experiment;
        asked->options[i].seed = (uint64_t)option_number(options, "seed");
        asked->options[i].said = asked->said;
        asked->options[i].said_count = asked->said_count;
    }
    return status;
}

/* ---- Playing ---- */

/* All runs of all worlds, taken by whoever is free. */
struct play {
    struct simulate_world *worlds;
    size_t count;
    uint64_t runs;
    _Atomic uint64_t next, done;
    _Atomic bool failed;
};

/* The runs of one world after the other; `shows` is the thread that tells how far it is. */
static void play_runs(struct play *play, bool shows)
{
    struct player *player = NULL;
    size_t at = 0;
    for (;;) {
        uint64_t number = play->next++;
        size_t world = (size_t)(number / play->runs);
        struct error error;
        if (world >= play->count || play->failed)
            break;
        if (!player || world != at) {
            player_free(player);
            player = player_new(play->worlds[world].simulation);
            at = world;
        }
        if (!player || player_play(player, number % play->runs,
                                   &play->worlds[world].runs[number % play->runs], &error)) {
            play->failed = true;
            break;
        }
        uint64_t done = ++play->done;
        if (shows)
            meter_set(NULL, done, play->count * play->runs);
    }
    player_free(player);
}

static void *play_thread(void *about)
{
    play_runs(about, false);
    return NULL;
}

static enum status play_all(struct play *play, struct error *error)
{
    pthread_t threads[THREADS_MAX];
    long cores = sysconf(_SC_NPROCESSORS_ONLN);
    size_t count = 0;
    while (count + 1 < THREADS_MAX && (long)count + 1 < cores &&
           pthread_create(&threads[count], NULL, play_thread, play) == 0)
        count++;
    play_runs(play, true);
    for (size_t i = 0; i < count; i++)
        pthread_join(threads[i], NULL);
    if (play->failed)
        return FAIL(error, STATUS_NO_MEMORY, "", 0, "out of memory");
    enum status status = STATUS_OK;
    for (size_t i = 0; i < play->count && !status; i++)
        status =
            simulation_summary(play->worlds[i].runs, play->runs, &play->worlds[i].summary, error);
    return status;
}

static enum status worlds_make(const struct asked *asked, struct play *play, struct error *error)
{
    enum status status = STATUS_OK;
    for (size_t i = 0; i < asked->count && !status; i++) {
        struct simulate_world *world = &play->worlds[play->count++];
        status = simulation_new(&asked->options[i], &world->simulation, error);
        world->runs = calloc(play->runs, sizeof *world->runs);
        if (!status && !world->runs)
            status = FAIL(error, STATUS_NO_MEMORY, "", 0, "out of memory");
    }
    return status;
}

static void worlds_done(struct play *play)
{
    for (size_t i = 0; i < play->count; i++) {
        simulation_free(play->worlds[i].simulation);
        free(play->worlds[i].runs);
    }
}

/* ---- The call ---- */

static enum status answer(const struct options *options, const struct play *play,
                          struct error *error)
{
    struct arena arena = {0};
    struct buffer out = {0};
    struct value document = simulate_document(play->worlds, play->count, play->runs, &arena);
    const char *format = option_text(options, "format");
    if (arena.failed) {
        arena_done(&arena);
        return FAIL(error, STATUS_NO_MEMORY, "", 0, "out of memory");
    }
    if (strcmp(format, "json") == 0) {
        value_write(&out, &document);
        buffer_add_byte(&out, '\n');
    } else if (strcmp(format, "csv") == 0) {
        simulate_write_csv(&out, &document);
    } else {
        simulate_write_text(&out, &document);
    }
    enum status status = buffer_status(&out, error);
    if (!status && (fwrite(out.data, 1, out.size, stdout) != out.size || fflush(stdout)))
        status = FAIL(error, STATUS_STORAGE, "standard output", 0, "could not be written");
    buffer_done(&out);
    arena_done(&arena);
    return status;
}

static enum status simulate(const struct options *options, const struct experiment *declared,
                            struct error *error)
{
    struct simulate_world worlds[1 + EFFECTS_MAX] = {0};
    struct play play = {.worlds = worlds, .runs = (uint64_t)option_number(options, "runs")};
    struct asked *asked = calloc(1, sizeof *asked);
    if (!asked)
        return FAIL(error, STATUS_NO_MEMORY, "", 0, "out of memory");
    asked->experiment = *declared;
    enum status status = asked_take(options, asked, error);
    if (!status)
        status = worlds_make(asked, &play, error);
    if (!status) {
        meter_begin("simulate", OBSERVER_RUNS, !option_flag(options, "quiet"));
        status = play_all(&play, error);
        meter_end();
    }
    if (!status)
        status = answer(options, &play, error);
    worlds_done(&play);
    free(asked);
    return status;
}

static int run(const struct options *options)
{
    struct catalogue *catalogue = NULL;
    struct error error = {0};
    int status = catalogue_load(option_text(options, "experiments"), &catalogue);
    const struct experiment *declared =
        status ? NULL : catalogue_require(catalogue, argument_at(options, 0));
    if (!status && !declared)
        status = 2;
    if (!status && simulate(options, declared, &error))
        status = command_failed(&error);
    catalogue_release(catalogue);
    return status;
}

static const struct option_row rows[] = {
    {.name = "effect",
     .type = OPTION_LIST,
     .argument = "L",
     .help = "what is true of the goal: 10% of it, 2pp, a number; twice at most"},
    {.name = "runs",
     .type = OPTION_COUNT,
     .argument = "N",
     .fallback = RUNS_DEFAULT,
     .min = 10,
     .max = 1000000,
     .help = "how often each truth is played"},
    {.name = "seed",
     .type = OPTION_COUNT,
     .argument = "N",
     .fallback = "1",
     .min = 0,
     .max = INT64_C(1000000000000),
     .help = "of chance: the same seed prints the same bytes"},
    {.name = "units-per-week",
     .type = OPTION_COUNT,
     .argument = "N",
     .min = 1,
     .max = INT64_C(1000000000000),
     .help = "how many units enter the experiment"},
    {.name = "baseline",
     .type = OPTION_LIST,
     .argument = "[METRIC=]B",
     .help = "the control's value: 22%, 40, 12h; of the goal, or a metric"},
    {.name = "sd",
     .type = OPTION_LIST,
     .argument = "[METRIC=]S",
     .help = "a unit's standard deviation, of what is no share"},
    {.name = "format",
     .type = OPTION_CHOICE,
     .argument = "FORMAT",
     .fallback = "text",
     .choices = "text|json|csv",
     .help = "how it is written"},
    {.name = NULL},
};

const struct command command_simulate = {
    .name = "simulate",
    .arguments = "EXPERIMENT [--effect L] [--runs N] [--seed N] [OPTION...]",
    .summary = "plays an experiment: what its report will say, and when",
    .note =
        "Units come as 'expect' says, outcomes are drawn, and every evening the report is read\n"
        "by its own rules, without an effect and with the one expected. The plan is the\n"
        "file's; options say what is true. What nobody said is assumed, and told.",
    .options = rows,
    .shared = SHARED_EXPERIMENTS | SHARED_QUIET,
    .arguments_min = 1,
    .arguments_max = 1,
    .run = run,
};
