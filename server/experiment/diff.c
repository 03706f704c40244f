/*
 * What changed between two catalogues: a walk over the rows of diff_rows.h.
 *
 * A row writes its key's value as one line of text, once for each side.  Texts that differ are a
 * change, and the row has its class.  What the class becomes depends on the experiment:
 *
 *   - of a draft everything is safe: nobody was in it;
 *   - beside a raised phase, breaking is an amendment; a phase that falls is breaking;
 *   - a metric or segment counts by what it is here: of a diagnostic or a plain segment the most is
 *     `analysis`;
 *   - a new experiment is safe; one that vanished while running or paused is breaking, since it
 *     ends by `status: stopped`.
 */

#include "experiment/diff.h"

#include "canonical.h"
#include "diff_rows.h"

#include "base/limits.h"

#include <stdlib.h>

const char *const change_class_texts[] = {
    [CHANGE_SAFE] = "safe",
    [CHANGE_AMENDMENT] = "amendment",
    [CHANGE_ANALYSIS] = "analysis",
    [CHANGE_BREAKING] = "breaking",
};

/* ---- two things of one table ---- */

static struct slice row_text(struct arena *arena,
                             void (*write)(struct buffer *out, const void *thing),
                             const void *thing)
{
    struct buffer out = {0};
    struct slice text = {0};
    if (thing)
        write(&out, thing);
    if (out.failed)
        arena->failed = true;
    else
        text = arena_copy(arena, buffer_slice(&out));
    buffer_done(&out);
    return text;
}

/* Whether the key differs.  Without memory: yes, so that nothing passes unseen. */
static bool row_differs(const struct diff_row *row, const void *old_thing, const void *new_thing)
{
    struct buffer old_text = {0};
    struct buffer new_text = {0};
    row->write(&old_text, old_thing);
    row->write(&new_text, new_thing);
    bool differs = old_text.failed || new_text.failed ||
                   !slice_equal(buffer_slice(&old_text), buffer_slice(&new_text));
    buffer_done(&old_text);
    buffer_done(&new_text);
    return differs;
}

static void change_add(struct changes *changes, struct change change)
{
    if (changes->count == changes->capacity) {
        size_t capacity = changes->capacity ? 2 * changes->capacity : 32;
        struct change *items = ARENA_ARRAY(&changes->arena, capacity, struct change);
        if (!items)
            return;
        if (changes->count)
            memcpy(items, changes->items, changes->count * sizeof *items);
        changes->items = items;
        changes->capacity = capacity;
    }
    changes->items[changes->count++] = change;
}

/* How the classes of rows are read for the experiment at hand. */
struct reading {
    struct slice experiment;
    bool draft;             /* everything is safe */
    bool raised;            /* breaking is an amendment */
    enum change_class most; /* of metrics and segments: AMENDMENT, ANALYSIS or SAFE */
};

static enum change_class class_now(enum change_class class, const struct reading *reading)
{
    if (reading->draft || class == CHANGE_SAFE)
        return CHANGE_SAFE;
    if (class == CHANGE_BREAKING)
        return reading->raised ? CHANGE_AMENDMENT : CHANGE_BREAKING;
    return reading->most == CHANGE_AMENDMENT ? class : reading->most;
}

static void row_diff(struct changes *changes, const struct reading *reading,
                     const struct diff_row *row, struct slice prefix, const void *old_thing,
                     const void *new_thing)
{
    if (!row_differs(row, old_thing, new_thing))
        return;
    struct arena *arena = &changes->arena;
    change_add(changes, (struct change){
                            .class = class_now(row->class, reading),
                            .experiment = reading->experiment,
                            .key = arena_format(arena, "%.*s%s", SLICE_ARGS(prefix), row->key),
                            .old_text = row_text(arena, row->write, old_thing),
                            .new_text = row_text(arena, row->write, new_thing),
                        });
}

static void rows_diff(struct changes *changes, const struct reading *reading,
                      const struct diff_row *rows, struct slice prefix, const void *old_thing,
                      const void *new_thing)
{
    for (const struct diff_row *row = rows; row->key; row++)
        row_diff(changes, reading, row, prefix, old_thing, new_thing);
}

/* Something that stands on one side only. */
static void presence_add(struct changes *changes, enum change_class class, struct slice experiment,
                         struct slice key, const char *old_text, const char *new_text)
{
    change_add(changes, (struct change){
                            .class = class,
                            .experiment = experiment,
                            .key = key,
                            .old_text = arena_copy(&changes->arena, slice_of(old_text)),
                            .new_text = arena_copy(&changes->arena, slice_of(new_text)),
                        });
}

/* ---- what an experiment uses of the shared files ---- */

struct use {
    const struct metric *metric;
    bool decides; /* not of a diagnostic alone */
};
#define USES_MAX (3 * EXPERIMENT_METRICS_MAX + 3 * COVARIATES_MAX)
struct uses {
    struct use items[USES_MAX];
    size_t count;
};

static const struct use *use_of(const struct uses *uses, struct slice name)
{
    for (size_t i = 0; i < uses->count; i++)
        if (slice_equal(uses->items[i].metric->name, name))
            return &uses->items[i];
    return NULL;
}

/* The metric and the metrics that it is made of. */
static void use_add(struct uses *uses, const struct metric *metric, bool decides)
{
    const struct metric *parts[] = {metric, metric->numerator, metric->denominator, metric->counts};
    for (size_t i = 0; i < sizeof parts / sizeof parts[0]; i++) {
        if (!parts[i])
            continue;
        size_t at = 0;
        while (at < uses->count && uses->items[at].metric != parts[i])
            at++;
        if (at == uses->count)
            uses->items[uses->count++] = (struct use){.metric = parts[i]};
        uses->items[at].decides = uses->items[at].decides || decides;
    }
}

static void uses_collect(struct uses *uses, const struct experiment *experiment)
{
    struct experiment_metric metrics[EXPERIMENT_METRICS_MAX];
    size_t count = experiment_metrics(experiment, metrics);
    uses->count = 0;
    for (size_t i = 0; i < count; i++)
        use_add(uses, metrics[i].metric, metrics[i].role != ROLE_DIAGNOSTIC);
    for (size_t i = 0; i < experiment->covariate_count; i++)
        if (experiment->covariates[i].metric)
            use_add(uses, experiment->covariates[i].metric, true);
}

/* ---- the walk ---- */

/* Both sides, and which shared things some experiment has been told of: a flag for each metric and
 * segment of the new side. */
struct walk {
    const struct catalogue *old_side;
    const struct catalogue *new_side;
    bool *metrics_told;
    bool *segments_told;
    struct changes *changes;
};

static struct slice row_prefix(struct walk *walk, const char *file, struct slice name)
{
    return arena_format(&walk->changes->arena, "%s:%.*s.", file, SLICE_ARGS(name));
}

static bool is_activity(const struct metric *metric)
{
    return metric->kind != METRIC_RATIO && metric->kind != METRIC_BREADTH &&
           metric->form == FORM_ACTIVITY;
}

static struct slice activity_text(struct arena *arena, const struct catalogue *catalogue)
{
    struct buffer out = {0};
    canonical_activity(&out, catalogue);
    struct slice text =
        arena_copy(arena, slice_from(buffer_slice(&out), sizeof "\"not_activity\""));
    arena->failed = arena->failed || out.failed;
    buffer_done(&out);
    return text;
}

/* What counts as activity hangs on the whole of metrics.yaml. */
static void activity_diff(struct walk *walk, const struct reading *reading)
{
    struct arena *arena = &walk->changes->arena;
    struct slice old_text = activity_text(arena, walk->old_side);
    struct slice new_text = activity_text(arena, walk->new_side);
    if (slice_equal(old_text, new_text))
        return;
    change_add(walk->changes, (struct change){.class = class_now(CHANGE_AMENDMENT, reading),
                                              .experiment = reading->experiment,
                                              .key = SLICE("metrics.yaml:not_activity"),
                                              .old_text = old_text,
                                              .new_text = new_text});
}

static void metrics_diff(struct walk *walk, struct reading reading,
                         const struct experiment *old_one, const struct experiment *new_one)
{
    struct uses old_uses;
    struct uses new_uses;
    uses_collect(&old_uses, old_one);
    uses_collect(&new_uses, new_one);
    bool activity = false;
    bool activity_decides = false;
    for (size_t i = 0; i < new_uses.count; i++) {
        const struct use *use = &new_uses.items[i];
        const struct use *before = use_of(&old_uses, use->metric->name);
        if (!before)
            continue;
        walk->metrics_told[use->metric - walk->new_side->metrics] = true;
        bool decides = use->decides || before->decides;
        reading.most = decides ? CHANGE_AMENDMENT : CHANGE_ANALYSIS;
        rows_diff(walk->changes, &reading, diff_metric_rows,
                  row_prefix(walk, "metrics.yaml", use->metric->name), before->metric, use->metric);
        activity = activity || is_activity(use->metric);
        activity_decides = activity_decides || (decides && is_activity(use->metric));
    }
    reading.most = activity_decides ? CHANGE_AMENDMENT : CHANGE_ANALYSIS;
    if (activity)
        activity_diff(walk, &reading);
}

static bool adjusts_for(const struct experiment *experiment, struct slice segment)
{
    for (size_t i = 0; i < experiment->adjust_segment_count; i++)
        if (slice_equal(experiment->adjust_segments[i]->name, segment))
            return true;
    return false;
}

static const struct segment *segment_of(const struct experiment *experiment, struct slice name)
{
    for (size_t i = 0; i < experiment->segment_count; i++)
        for (size_t s = 0; s < experiment->segments[i].count; s++)
            if (slice_equal(experiment->segments[i].segments[s]->name, name))
                return experiment->segments[i].segments[s];
    return NULL;
}

static void segments_diff(struct walk *walk, struct reading reading,
                          const struct experiment *old_one, const struct experiment *new_one)
{
    const struct catalogue *side = walk->new_side;
    for (size_t i = 0; i < side->segment_count; i++) {
        const struct segment *segment = &side->segments[i];
        const struct segment *before = segment_of(old_one, segment->name);
        if (!before || !segment_of(new_one, segment->name))
            continue;
        walk->segments_told[i] = true;
        bool decides = adjusts_for(old_one, segment->name) || adjusts_for(new_one, segment->name);
        reading.most = decides ? CHANGE_AMENDMENT : CHANGE_ANALYSIS;
        rows_diff(walk->changes, &reading, diff_segment_rows,
                  row_prefix(walk, "segments.yaml", segment->name), before, segment);
    }
}

static void variants_diff(struct walk *walk, const struct reading *reading,
                          const struct experiment *old_one, const struct experiment *new_one)
{
    for (size_t i = 0; i < new_one->variant_count; i++) {
        const struct variant *variant = &new_one->variants[i];
        int before = experiment_variant(old_one, variant->name);
        if (before < 0)
            continue;
        struct slice prefix =
            arena_format(&walk->changes->arena, "variants.%.*s.", SLICE_ARGS(variant->name));
        rows_diff(walk->changes, reading, diff_variant_rows, prefix, &old_one->variants[before],
                  variant);
    }
}

static void experiment_diff(struct walk *walk, const struct experiment *old_one,
                            const struct experiment *new_one)
{
    struct reading reading = {
        .experiment = arena_copy(&walk->changes->arena, new_one->key),
        .draft = old_one->status == EXPERIMENT_DRAFT,
        .raised = new_one->phase > old_one->phase,
        .most = CHANGE_AMENDMENT,
    };
    for (const struct diff_row *row = diff_experiment_rows; row->key; row++) {
        row_diff(walk->changes, &reading, row, (struct slice){0}, old_one, new_one);
        if (row->variants_follow)
            variants_diff(walk, &reading, old_one, new_one);
    }
    metrics_diff(walk, reading, old_one, new_one);
    segments_diff(walk, reading, old_one, new_one);
}

static void experiment_came(struct walk *walk, const struct experiment *one)
{
    struct slice key = arena_copy(&walk->changes->arena, one->key);
    presence_add(walk->changes, CHANGE_SAFE, key, SLICE("experiment"), "",
                 experiment_status_texts[one->status]);
}

static void experiment_went(struct walk *walk, const struct experiment *one)
{
    bool lives = one->status == EXPERIMENT_RUNNING || one->status == EXPERIMENT_PAUSED;
    struct slice key = arena_copy(&walk->changes->arena, one->key);
    presence_add(walk->changes, lives ? CHANGE_BREAKING : CHANGE_SAFE, key, SLICE("experiment"),
                 experiment_status_texts[one->status], "");
}

static void experiments_diff(struct walk *walk)
{
    const struct catalogue *old_side = walk->old_side;
    const struct catalogue *new_side = walk->new_side;
    size_t o = 0;
    size_t n = 0;
    while (o < old_side->experiment_count || n < new_side->experiment_count) {
        int order = o == old_side->experiment_count ? 1
                    : n == new_side->experiment_count
                        ? -1
                        : slice_compare(old_side->experiments[o].key, new_side->experiments[n].key);
        if (order < 0)
            experiment_went(walk, &old_side->experiments[o++]);
        else if (order > 0)
            experiment_came(walk, &new_side->experiments[n++]);
        else
            experiment_diff(walk, &old_side->experiments[o++], &new_side->experiments[n++]);
    }
}

/* ---- shared things that no experiment has been told of ---- */

static const struct reading unused = {.draft = true};

static struct slice shared_key(struct walk *walk, const char *file, struct slice name)
{
    return arena_format(&walk->changes->arena, "%s:%.*s", file, SLICE_ARGS(name));
}

static void unused_metrics(struct walk *walk)
{
    const struct slice nobody = {0};
    for (size_t i = 0; i < walk->old_side->metric_count; i++) {
        const struct metric *metric = &walk->old_side->metrics[i];
        if (!catalogue_metric(walk->new_side, metric->name))
            presence_add(walk->changes, CHANGE_SAFE, nobody,
                         shared_key(walk, "metrics.yaml", metric->name),
                         metric_kind_texts[metric->kind], "");
    }
    for (size_t i = 0; i < walk->new_side->metric_count; i++) {
        const struct metric *metric = &walk->new_side->metrics[i];
        const struct metric *before = catalogue_metric(walk->old_side, metric->name);
        if (!before)
            presence_add(walk->changes, CHANGE_SAFE, nobody,
                         shared_key(walk, "metrics.yaml", metric->name), "",
                         metric_kind_texts[metric->kind]);
        else if (!walk->metrics_told[i])
            rows_diff(walk->changes, &unused, diff_metric_rows,
                      row_prefix(walk, "metrics.yaml", metric->name), before, metric);
    }
}

static void unused_segments(struct walk *walk)
{
    const struct slice nobody = {0};
    for (size_t i = 0; i < walk->old_side->segment_count; i++) {
        struct slice name = walk->old_side->segments[i].name;
        if (!catalogue_segment(walk->new_side, name))
            presence_add(walk->changes, CHANGE_SAFE, nobody,
                         shared_key(walk, "segments.yaml", name), "segment", "");
    }
    for (size_t i = 0; i < walk->new_side->segment_count; i++) {
        const struct segment *segment = &walk->new_side->segments[i];
        const struct segment *before = catalogue_segment(walk->old_side, segment->name);
        if (!before)
            presence_add(walk->changes, CHANGE_SAFE, nobody,
                         shared_key(walk, "segments.yaml", segment->name), "", "segment");
        else if (!walk->segments_told[i])
            rows_diff(walk->changes, &unused, diff_segment_rows,
                      row_prefix(walk, "segments.yaml", segment->name), before, segment);
    }
}

/* ---- the public face ---- */

enum status catalogue_diff(const struct catalogue *old_catalogue,
                           const struct catalogue *new_catalogue, struct changes *changes,
                           struct error *error)
{
    static const struct catalogue empty = {0};
    struct changes found = {0};
    struct walk walk = {.old_side = old_catalogue ? old_catalogue : &empty,
                        .new_side = new_catalogue ? new_catalogue : &empty,
                        .changes = &found};
    walk.metrics_told = ARENA_ARRAY(&found.arena, walk.new_side->metric_count + 1, bool);
    walk.segments_told = ARENA_ARRAY(&found.arena, walk.new_side->segment_count + 1, bool);
    if (walk.metrics_told && walk.segments_told) {
        experiments_diff(&walk);
        unused_metrics(&walk);
        unused_segments(&walk);
    }
    if (found.arena.failed) {
        changes_done(&found);
        return FAIL(error, STATUS_NO_MEMORY, "diff", 0, "out of memory");
    }
    *changes = found;
    return STATUS_OK;
}

void changes_done(struct changes *changes)
{
    arena_done(&changes->arena);
    *changes = (struct changes){0};
}

static const char *rows_break(const struct diff_row *rows, const void *old_thing,
                              const void *new_thing)
{
    for (const struct diff_row *row = rows; row->key; row++)
        if (row->class == CHANGE_BREAKING && row_differs(row, old_thing, new_thing))
            return row->noun;
    return NULL;
}

const char *experiment_breaks(const struct experiment *old_one, const struct experiment *new_one)
{
    if (old_one->status == EXPERIMENT_DRAFT || new_one->phase > old_one->phase)
        return NULL;
    const char *noun = rows_break(diff_experiment_rows, old_one, new_one);
    /* the same variants in the same order, where nothing was found */
    for (size_t i = 0; !noun && i < new_one->variant_count; i++)
        noun = rows_break(diff_variant_rows, &old_one->variants[i], &new_one->variants[i]);
    return noun;
}
