/*
 * Each limit of the grammar: at the limit all is well, one past it is told.  The numbers stand here
 * a second time on purpose: they are those of grammar.md, not those of the code.
 */

#include "experiment/catalogue.h"

#include "support/support.h"

#include <stdio.h>

enum file { EXPERIMENT, METRICS, SEGMENTS };

/* `head`, then `count` times `piece` (whose %zu is its number), then `tail`. */
static const struct limit {
    const char *what;
    enum file file;
    size_t limit;
    const char *head, *piece, *tail;
    const char *code; /* NULL: out-of-range */
} limits[] = {
    {"variants", EXPERIMENT, 16, "variants: {", "v%zu: {}, ", "z: {control: true}}", NULL},
    {"force", EXPERIMENT, 1000, "force: {", "u%zu: x, ", "}", NULL},
    {"steps", EXPERIMENT, 50, "variants:\n  x: {control: true}\n  y: {flow: [",
     "{step: s%zu, pattern: tour}, ", "]}", NULL},
    {"segments", EXPERIMENT, 12, "segments: [", "s%zu, ", "]", NULL},
    {"goals", EXPERIMENT, 3, "metrics: {goal: [", "m%zu, ", "]}", NULL},
    {"secondaries", EXPERIMENT, 20, "metrics: {goal: g, secondary: [", "m%zu, ", "]}", NULL},
    {"guardrails", EXPERIMENT, 10, "metrics: {goal: g, guardrails: [",
     "{metric: m%zu, worse_by: 1%%}, ", "]}", NULL},
    {"diagnostics", EXPERIMENT, 20, "metrics: {goal: g, diagnostics: [", "m%zu, ", "]}", NULL},
    {"ramp", EXPERIMENT, 32, "traffic: {ramp: [",
     "{from: '2026-11-01T00:00:%02zuZ', coverage: 1%%}, ", "]}", NULL},
    {"covariates", EXPERIMENT, 3, "analysis: {adjust_for: [", "{trait: t%zu, cap: 1, missing: 0}, ",
     "]}", NULL},
    {"operands", EXPERIMENT, 1000, "audience: {role: {in: [", "v%zu, ", "]}}", NULL},
    {"levels", EXPERIMENT, 16, "audience: ", "{not: ", "{a: 1}", "too-deep"},
    {"pattern", EXPERIMENT, 256, "audience: {a: {matches: \"", "x", "\"}}", NULL},
    {"pattern written out", EXPERIMENT, 4, "audience: {a: {matches: \"", "x{100}", "\"}}",
     "bad-regex"},
    {"hypothesis", EXPERIMENT, 2000, "hypothesis: \"", "\xe2\x82\xac", "\"", NULL},
    {"name", EXPERIMENT, 120, "name: \"", "\xe2\x82\xac", "\"", NULL},
    {"salt", EXPERIMENT, 120, "salt: \"", "x", "\"", NULL},
    {"config", EXPERIMENT, 16384 - 2,
     "variants:\n  x: {control: true, config: a}\n  y: {config: \"", "x", "\"}", NULL},
    {"key", EXPERIMENT, 128, "experiment: ", "k", "", "bad-name"},
    {"group", EXPERIMENT, 64, "traffic: {exclusive: {range: 0%..1%, group: ", "g", "}}",
     "bad-name"},
    {"trait", EXPERIMENT, 64, "audience: {", "t", ": 1}", "bad-name"},
    {"id", EXPERIMENT, 256, "force: {", "i", ": x}", "bad-name"},
    {"event", METRICS, 128, "m: {kind: nps, property: p, within: 7d, event: \"", "\xe2\x82\xac",
     "\"}", "bad-name"},
    {"metrics", METRICS, 1000, "", "m%zu: {kind: count, event: A, within: 7d}\n  ", "", NULL},
    {"all_of", METRICS, 20, "m: {kind: conversion, within: 7d, all_of: [", "E%zu, ", "]}", NULL},
    {"any_of", METRICS, 20, "m: {kind: conversion, within: 7d, any_of: [", "E%zu, ", "]}", NULL},
    {"segments", SEGMENTS, 100, "", "s%zu: {trait: t, values: [a]}\n  ", "", NULL},
    {"values", SEGMENTS, 64, "s: {trait: t, values: [", "v%zu, ", "]}", NULL},
    {"bands", SEGMENTS, 32, "s: {trait: t, bands: [", "%zu, ", "]}", NULL},
};

static void add_pieces(struct buffer *out, const struct limit *limit, size_t count)
{
    const char *number = strstr(limit->piece, "%");
    buffer_add(out, slice_of(limit->head));
    for (size_t i = 0; i < count; i++) {
        char digits[16];
        bool is_padded = number && number[1] == '0';
        snprintf(digits, sizeof digits, is_padded ? "%02zu" : "%zu", i);
        for (const char *at = limit->piece; *at; at++) {
            if (at == number) {
                buffer_add(out, slice_of(digits));
                at += is_padded ? 4 : 2;
            } else {
                at += at[0] == '%' && at[1] == '%';
                buffer_add_byte(out, *at);
            }
        }
    }
    buffer_add(out, slice_of(limit->tail));
    if (strcmp(limit->piece, "{not: ") == 0)
        for (size_t i = 0; i < count; i++)
            buffer_add_byte(out, '}');
    buffer_add_byte(out, '\n');
}

static void add_named(struct sources *sources, const char *name, const struct buffer *text)
{
    assert_false(text->failed);
    assert_int_equal(sources_add(sources, slice_of(name), slice_of(name), buffer_slice(text), NULL),
                     STATUS_OK);
}

static void write_shared(struct buffer *metrics, struct buffer *segments)
{
    buffer_add(metrics, SLICE("metrics:\n  g: {kind: count, event: A, within: 7d}\n  "));
    buffer_add(segments, SLICE("segments:\n  "));
    for (size_t i = 0; i < 30; i++) {
        buffer_format(metrics, "m%zu: {kind: count, event: A, within: 7d}\n  ", i);
        buffer_format(segments, "s%zu: {trait: t, values: [a]}\n  ", i);
    }
}

/* Errors of a folder whose experiment, metrics or segments has `count` of it; the first's code. */
static size_t errors_with(const struct limit *limit, size_t count, const char **code)
{
    struct sources sources = {0};
    struct catalogue *catalogue = NULL;
    struct diagnostics found = {0};
    struct buffer texts[3] = {0};
    write_shared(&texts[METRICS], &texts[SEGMENTS]);
    if (strcmp(limit->what, "key") != 0)
        buffer_add(&texts[EXPERIMENT], SLICE("experiment: a\n"));
    if (!strstr(limit->head, "variants"))
        buffer_add(&texts[EXPERIMENT], SLICE("variants: {x: {control: true}, y: {}}\n"));
    if (limit->file != EXPERIMENT) {
        buffer_clear(&texts[limit->file]);
        buffer_add(&texts[limit->file],
                   limit->file == METRICS ? SLICE("metrics:\n  ") : SLICE("segments:\n  "));
    }
    add_pieces(&texts[limit->file], limit, count);
    add_named(&sources, "a.yaml", &texts[EXPERIMENT]);
    add_named(&sources, "metrics.yaml", &texts[METRICS]);
    add_named(&sources, "segments.yaml", &texts[SEGMENTS]);
    assert_int_equal(catalogue_compile(&sources, &catalogue, &found, NULL), STATUS_OK);
    size_t errors = found.errors;
    for (size_t i = 0; i < found.count; i++)
        if (!found.items[i].warning)
            *code = found.items[i].code;
    for (size_t i = 0; i < 3; i++)
        buffer_done(&texts[i]);
    diagnostics_done(&found);
    catalogue_release(catalogue);
    return errors;
}

static void at_the_limit_is_fine_and_one_past_it_is_told(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof limits / sizeof *limits; i++) {
        const struct limit *limit = &limits[i];
        const char *code = NULL;
        size_t most = limit->limit - (strcmp(limit->what, "variants") == 0); /* the control */
        assert_int_equal(errors_with(limit, most, &code), 0);
        if (errors_with(limit, most + 1, &code) != 1)
            fail_msg("one past the limit of %s is not told, or more than once", limit->what);
        assert_string_equal(code, limit->code ? limit->code : "out-of-range");
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(at_the_limit_is_fine_and_one_past_it_is_told),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
