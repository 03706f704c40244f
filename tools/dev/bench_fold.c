/*
 * How fast are the fold and the report?  Events a second on one core: so many units with an
 * exposure and traits; then outcomes by the 5 % of the units that came last, the people who are
 * onboarding now; then as many by all units evenly, which is the worst that can be asked of a tree
 * on a disk.  Last the milliseconds of processor time of one report's document, the median of
 * several: it reads the cube alone, so it should not hang on the number of units.
 *
 *     bench_fold [UNITS [EVENTS [BATCH]]]    default 1 000 000, 1 000 000, the fold's own
 *
 * One experiment with two variants, 20 metrics (conversions of all forms and retentions), four
 * segments and strata, 90 cohorts.  Writes under $TMPDIR, or /tmp.  Seconds are those of the
 * folding thread's processor time, and of the clock beside it.
 */

#include "analysis/document.h"
#include "analysis/fold.h"
#include "base/heap.h"
#include "base/random.h"

#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#define START INT64_C(1767225600000) /* 2026-01-01T00:00Z */
#define APPEND 20000
#define DAYS 90
#define REPORTS 11

static const char experiment_text[] =
    "experiment: bench\nstatus: running\nstart: 2026-01-01\nend: 2026-12-01\n"
    "variants: {a: {control: true}, b: {}}\n"
    "segments: [role, size, channel, plan]\n"
    "metrics:\n  goal: m0\n  why: speed\n"
    "  secondary: [m1, m2, m3, m4, m5, m6, m7, m8, m9, m10, m11, m12, m13, m14, m15, m16, m17, "
    "m18, m19]\n"
    "analysis: {adjust_for: [role, channel]}\n";

static const char metrics_text[] =
    "metrics:\n"
    "  m0: {kind: conversion, all_of: [E0, {event: E1, where: {sequence: true}}], within: 7d}\n"
    "  m1: {kind: conversion, event: E0, within: 7d}\n"
    "  m2: {kind: conversion, event: E1, within: 14d}\n"
    "  m3: {kind: conversion, event: {event: E2, times: 3}, within: 14d}\n"
    "  m4: {kind: conversion, event: {event: E3, distinct_days: 2}, within: 14d}\n"
    "  m5: {kind: conversion, any_of: [E4, E5], within: 30d}\n"
    "  m6: {kind: conversion, any_of: [E0, E2, E4], at_least: 2, within: 7d}\n"
    "  m7: {kind: conversion, any_event: {distinct_days: 3}, within: 14d}\n"
    "  m8: {kind: retention, between: [1d, 2d]}\n"
    "  m9: {kind: retention, between: [7d, 14d]}\n"
    "  m10: {kind: retention, between: [28d, 35d]}\n"
    "  m11: {kind: conversion, event: E6, within: 30d}\n"
    "  m12: {kind: conversion, event: E7, within: 30d}\n"
    "  m13: {kind: conversion, event: {event: E6, where: {amount: {gte: 50}}}, within: 30d}\n"
    "  m14: {kind: conversion, event: E3, between: [1d, 8d]}\n"
    "  m15: {kind: retention, event: E2, between: [7d, 14d]}\n"
    "  m16: {kind: conversion, event: {event: E0, times: 5}, within: 30d}\n"
    "  m17: {kind: conversion, any_event: {distinct_days: 5}, within: 14d}\n"
    "  m18: {kind: conversion, all_of: [E2, E3, E4], within: 30d}\n"
    "  m19: {kind: conversion, event: E5, within: 1d}\n";

static const char segments_text[] =
    "segments:\n"
    "  role: {trait: role, values: [rep, manager, marketer, owner]}\n"
    "  size: {trait: employees, bands: [1, 2, 11, 51, 201, 1001]}\n"
    "  channel: {trait: channel, values: [organic, paid, partner, invite]}\n"
    "  plan: {trait: plan, values: [free, pro]}\n";

struct bench {
    char folder[64];
    struct store store;
    struct journal *journal;
    struct random random;
    uint64_t units;
    struct journal_entry entries[APPEND];
    struct buffer bodies[APPEND];
    size_t count;
};

static void require(enum status status, const struct error *error)
{
    if (!status)
        return;
    fprintf(stderr, "bench_fold: %s: %s\n", error->where, error->text);
    exit(3);
}

static int remove_one(const char *path, const struct stat *info, int flag, struct FTW *walk)
{
    (void)info;
    (void)flag;
    (void)walk;
    return remove(path);
}

static void flush(struct bench *bench)
{
    struct error error = {0};
    uint64_t first;
    if (bench->count)
        require(journal_append(bench->journal, bench->entries, bench->count, &first, &error),
                &error);
    bench->count = 0;
}

static void send(struct bench *bench, struct message *message)
{
    char id[40];
    struct buffer *body = &bench->bodies[bench->count];
    uint64_t chance[2] = {random_next(&bench->random), random_next(&bench->random)};
    snprintf(id, sizeof id, "%016llx-%016llx", (unsigned long long)chance[0],
             (unsigned long long)chance[1]);
    message->message_id = slice_of(id);
    message->original_ms = message->sent_ms = TIME_NONE;
    memcpy(message->content.bytes, chance, sizeof chance);
    buffer_clear(body);
    message_write(body, message);
    bench->entries[bench->count++] = (struct journal_entry){
        .kind = RECORD_MESSAGE, .received_ms = START + 200 * DAY_MS, .body = buffer_slice(body)};
    if (bench->count == APPEND)
        flush(bench);
}

/* Units come evenly over DAYS. */
static int64_t arrival_ms(const struct bench *bench, uint64_t unit)
{
    return START + (int64_t)(unit * DAYS / bench->units) * DAY_MS +
           (int64_t)(unit * 7919 % (uint64_t)DAY_MS);
}

static void send_exposures(struct bench *bench)
{
    static const char *const traits[] = {
        "{\"channel\":\"paid\",\"employees\":12,\"plan\":\"free\",\"role\":\"rep\"}",
        "{\"channel\":\"organic\",\"employees\":3,\"plan\":\"pro\",\"role\":\"owner\"}",
        "{\"channel\":\"invite\",\"employees\":300,\"plan\":\"pro\",\"role\":\"marketer\"}"};
    for (uint64_t unit = 0; unit < bench->units; unit++) {
        char user[32];
        snprintf(user, sizeof user, "user-%llu", (unsigned long long)unit);
        struct message message = {.type = MESSAGE_EXPOSURE,
                                  .user = slice_of(user),
                                  .event = SLICE("Experiment Viewed"),
                                  .experiment = SLICE("bench"),
                                  .variation = unit % 2 ? SLICE("a") : SLICE("b"),
                                  .traits = slice_of(traits[unit % 3]),
                                  .occurred_ms = arrival_ms(bench, unit)};
        send(bench, &message);
    }
    flush(bench);
}

/* By the last `among` units. */
static void send_outcomes(struct bench *bench, uint64_t events, uint64_t among)
{
    for (uint64_t i = 0; i < events; i++) {
        char user[32], name[8];
        uint64_t unit = bench->units - 1 - random_below(&bench->random, among);
        snprintf(user, sizeof user, "user-%llu", (unsigned long long)unit);
        snprintf(name, sizeof name, "E%llu", (unsigned long long)random_below(&bench->random, 12));
        struct message message = {
            .type = MESSAGE_TRACK,
            .user = slice_of(user),
            .event = slice_of(name),
            .properties = SLICE("{\"amount\":70,\"sequence\":true,\"source\":\"web\"}"),
            .occurred_ms =
                arrival_ms(bench, unit) + (int64_t)random_below(&bench->random, 20) * DAY_MS};
        send(bench, &message);
    }
    flush(bench);
}

static double seconds(clockid_t clock)
{
    struct timespec now;
    clock_gettime(clock, &now);
    return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}

static void fold_all(struct fold *fold, const char *what)
{
    struct error error = {0};
    struct fold_progress before, after;
    double cpu = seconds(CLOCK_THREAD_CPUTIME_ID), wall = seconds(CLOCK_MONOTONIC);
    bool more = true;
    fold_progress(fold, &before);
    while (more)
        require(fold_advance(fold, &more, &error), &error);
    fold_progress(fold, &after);
    double events = (double)(after.watermark - before.watermark);
    cpu = seconds(CLOCK_THREAD_CPUTIME_ID) - cpu;
    wall = seconds(CLOCK_MONOTONIC) - wall;
    printf("%-10s %9.0f events %8.0f events/s of processor time %8.0f events/s\n", what, events,
           events / cpu, events / wall);
    fflush(stdout);
}

static int number_compare(const void *a, const void *b)
{
    double one = *(const double *)a, other = *(const double *)b;
    return (one > other) - (one < other);
}

static void report_all(struct fold *fold)
{
    struct error error = {0};
    double milliseconds[REPORTS];
    const struct document_options options = {.experiment = SLICE("bench"),
                                             .as_of_ms = START + 150 * DAY_MS,
                                             .now_ms = START + 200 * DAY_MS,
                                             .version = "bench"};
    struct view *view = fold_view(fold);
    for (size_t i = 0; i < REPORTS; i++) {
        struct arena arena = {0};
        struct value document;
        struct view_transaction *transaction = NULL;
        double begun = seconds(CLOCK_THREAD_CPUTIME_ID);
        require(view_begin(view, &transaction, &error), &error);
        require(document_build(transaction, &options, &arena, &document, &error), &error);
        view_end(transaction);
        arena_done(&arena);
        milliseconds[i] = 1000 * (seconds(CLOCK_THREAD_CPUTIME_ID) - begun);
    }
    view_release(view);
    qsort(milliseconds, REPORTS, sizeof *milliseconds, number_compare);
    printf("report     %.1f ms of processor time, %.1f to %.1f\n", milliseconds[REPORTS / 2],
           milliseconds[0], milliseconds[REPORTS - 1]);
}

static void declare(struct bench *bench)
{
    struct error error = {0};
    struct buffer body = {0};
    uint64_t first;
    catalogue_body_begin(&body, 3);
    catalogue_body_add(&body, SLICE("bench.yaml"), SLICE("bench.yaml"), slice_of(experiment_text));
    catalogue_body_add(&body, SLICE("metrics.yaml"), SLICE("metrics.yaml"), slice_of(metrics_text));
    catalogue_body_add(&body, SLICE("segments.yaml"), SLICE("segments.yaml"),
                       slice_of(segments_text));
    struct journal_entry entry = {
        .kind = RECORD_CATALOGUE, .received_ms = START, .body = buffer_slice(&body)};
    require(journal_append(bench->journal, &entry, 1, &first, &error), &error);
    buffer_done(&body);
}

int main(int argc, char **argv)
{
    static struct bench bench;
    struct error error = {0};
    struct fold *fold = NULL;
    const char *temporary = getenv("TMPDIR");
    heap_keep(); /* as the service does */
    bench.units = argc > 1 ? strtoull(argv[1], NULL, 10) : 1000000;
    uint64_t events = argc > 2 ? strtoull(argv[2], NULL, 10) : 1000000;
    snprintf(bench.folder, sizeof bench.folder, "%.30s/bench-fold-XXXXXX",
             temporary ? temporary : "/tmp");
    if (bench.units == 0 || !mkdtemp(bench.folder))
        return 3;
    require(store_open(&bench.store, bench.folder, STORE_CREATE, &error), &error);
    require(journal_open(&bench.store, &(struct journal_options){0}, &bench.journal, &error),
            &error);
    struct fold_options options = {.store = &bench.store,
                                   .journal = bench.journal,
                                   .batch = argc > 3 ? strtoull(argv[3], NULL, 10) : 0};
    require(fold_open(&options, &fold, &error), &error);
    declare(&bench);
    send_exposures(&bench);
    fold_all(fold, "exposures");
    send_outcomes(&bench, events, bench.units / 20 + 1 < bench.units ? bench.units / 20 + 1 : 1);
    fold_all(fold, "recent");
    send_outcomes(&bench, events, bench.units);
    fold_all(fold, "spread");
    report_all(fold);
    fold_close(fold);
    journal_close(bench.journal);
    store_close(&bench.store);
    for (size_t i = 0; i < APPEND; i++)
        buffer_done(&bench.bodies[i]);
    nftw(bench.folder, remove_one, 16, FTW_DEPTH | FTW_PHYS);
    return 0;
}
