/*
 * The fold: whatever stands in the journal, it goes on.  Each line of an input is a record: `{...}`
 * is a message as `import` takes it, anything else the raw body of a message; `=` alone ends a
 * batch.
 *
 * Holds for every input: the fold reads to the end and fails at nothing; the state that it made
 * step by step is, row by row, the one that a rebuild makes at once (exactly once, whatever the
 * order and the duplicates).
 */

#include "../analysis/world.h"

#include "fuzz.h"
#include "ingest/intake.h"

#include <gsl/gsl_errno.h>

#define RECEIVED (WORLD_START + 30 * DAY_MS)

static const struct world_file files[] = {
    {"metrics.yaml", "metrics:\n"
                     "  act: {stage: activation, kind: conversion, event: A, within: 7d}\n"
                     "  back: {stage: retention, kind: retention, from: 1d, until: 2d}\n"
                     "  spent: {stage: monetisation, kind: sum, event: B, property: x, within: 7d, "
                     "cap: 9}\n"
                     "  slow: {stage: activation, kind: time_to, event: A, within: 7d}\n"},
    {"one.yaml", "experiment: one\nname: o\nowner: t\nstatus: running\nunit: user\n"
                 "start: 2026-01-01\nexposure: on_view\n"
                 "variants:\n  a: {control: true, weight: 50%}\n  b: {weight: 50%}\n"
                 "metrics: {goal: act, why: w, secondary: [back, spent, slow]}\n"
                 "segments: [role]\n"},
    {"segments.yaml", "segments:\n  role: {trait: role, values: [x, y]}\n"},
};

void fuzz_begin(void)
{
    gsl_set_error_handler_off();
}

static void line_append(struct world *world, struct slice line)
{
    const struct intake_options options = {.route = INTAKE_MESSAGE,
                                           .received_ms = RECEIVED,
                                           .trusted = true,
                                           .notes = true,
                                           .import = true};
    struct journal_entry entry = {.kind = RECORD_MESSAGE, .received_ms = RECEIVED, .body = line};
    struct intake_batch batch = {0};
    if (slice_starts_with(line, SLICE("{"))) {
        bool is_taken = !intake_read(&options, line, &batch, NULL) && batch.record_count;
        if (is_taken) {
            entry.flags = batch.records[0].flags;
            entry.body = batch.records[0].body;
            world_append(world, &entry, 1);
        }
        intake_batch_done(&batch);
    } else if (line.size) {
        world_append(world, &entry, 1);
    }
}

static void fold_all(struct world *world, struct fold *fold)
{
    struct error error = {0};
    struct fold_progress progress;
    bool more = true;
    while (more) {
        enum status status = fold_advance(fold, &more, &error);
        if (status)
            fprintf(stderr, "fold: %s: %s\n", error.where, error.text);
        CHECK(!status);
    }
    fold_progress(fold, &progress);
    CHECK(progress.watermark == journal_last_sequence(world->journal));
}

void fuzz_one(struct slice input)
{
    struct world world;
    struct fold *fold = NULL;
    uint64_t differences = 0;
    world_make(&world);
    world.store.map_size = (size_t)256 << 20; /* the sanitizer goes over all of a map */
    world_declare(&world, WORLD_START, files, sizeof files / sizeof *files);
    const struct fold_options options = {.store = &world.store, .journal = world.journal};
    CHECK(!fold_open(&options, &fold, NULL));
    while (input.size) {
        struct slice line = line_cut(&input);
        if (slice_equals(line, "="))
            fold_all(&world, fold);
        else
            line_append(&world, line);
    }
    fold_all(&world, fold);
    const struct fold_verify_options verify = {0};
    CHECK(!fold_verify(&options, &verify, &differences, NULL));
    CHECK(differences == 0);
    fold_close(fold);
    world_remove(&world);
}
