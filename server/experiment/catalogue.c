/*
 * Catalogues: compiled once, then shared by count and never changed.
 *
 * The arena's limit of the sources holds for the catalogue and for the parser's scratch too, so a
 * caller (or a test) can bound what a hostile folder costs.
 */

#include "experiment/catalogue.h"

#include "holdout.h"
#include "parse.h"
#include "used_traits.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>

static void patterns_free(const struct regex_list *patterns)
{
    for (const struct regex_list *one = patterns; one; one = one->next) {
        regex_t regex = one->regex; /* regfree frees what it points at, all of it ours */
        regfree(&regex);
    }
}

static void catalogue_free(struct catalogue *catalogue)
{
    patterns_free(catalogue->patterns);
    sources_done(&catalogue->sources);
    arena_done(&catalogue->arena);
    free(catalogue);
}

/* Of name, text, name, text ..., each with its size before it: no two folders have one digest. */
static enum status digest_make(const struct sources *sources, struct digest *digest,
                               struct error *error)
{
    struct buffer sizes = {0};
    size_t count = sources->count * 2 + 1;
    struct slice *parts = calloc(count, sizeof *parts);
    if (!parts)
        return FAIL(error, STATUS_NO_MEMORY, "catalogue", 0, "out of memory");
    for (size_t i = 0; i < sources->count; i++) {
        buffer_add_u64(&sizes, sources->files[i].name.size);
        buffer_add_u64(&sizes, sources->files[i].text.size);
        parts[2 * i + 1] = sources->files[i].name;
        parts[2 * i + 2] = sources->files[i].text;
    }
    parts[0] = buffer_slice(&sizes);
    enum status status = buffer_status(&sizes, error);
    if (!status)
        *digest = hash_sha256_parts(parts, count);
    buffer_done(&sizes);
    free(parts);
    return status;
}

enum status catalogue_compile(struct sources *sources, struct catalogue **out,
                              struct diagnostics *found, struct error *error)
{
    struct catalogue *catalogue = calloc(1, sizeof *catalogue);
    if (!catalogue) {
        sources_done(sources);
        return FAIL(error, STATUS_NO_MEMORY, "catalogue", 0, "out of memory");
    }
    catalogue->references = 1;
    catalogue->sources = *sources;
    catalogue->arena.limit = sources->arena.limit;
    *sources = (struct sources){0};
    struct parser parser = {
        .arena = &catalogue->arena,
        .scratch.limit = catalogue->arena.limit,
        .found = found,
        .catalogue = catalogue,
    };
    enum status status = digest_make(&catalogue->sources, &catalogue->digest, error);
    if (!status)
        files_read(&parser, &catalogue->sources);
    if (!status)
        holdouts_make(catalogue);
    if (!status)
        used_traits_make(catalogue);
    catalogue->patterns = parser.patterns;
    if (!status && parser_failed(&parser))
        status = FAIL(error, STATUS_NO_MEMORY, "catalogue", 0,
                      "the files need more memory than there is");
    arena_done(&parser.scratch);
    if (status)
        catalogue_free(catalogue);
    else
        *out = catalogue;
    return status;
}

struct catalogue *catalogue_acquire(struct catalogue *catalogue)
{
    int before = __atomic_fetch_add(&catalogue->references, 1, __ATOMIC_RELAXED);
    assert(before > 0);
    return catalogue;
}

void catalogue_release(struct catalogue *catalogue)
{
    if (!catalogue)
        return;
    int before = __atomic_fetch_sub(&catalogue->references, 1, __ATOMIC_ACQ_REL);
    assert(before > 0);
    if (before == 1)
        catalogue_free(catalogue);
}

/* ---- Look-ups ---- */

#define FIND(items, item_count, field, wanted)                                                     \
    size_t low = 0, high = (item_count);                                                           \
    while (low < high) {                                                                           \
        size_t middle = low + (high - low) / 2;                                                    \
        int order = slice_compare((wanted), (items)[middle].field);                                \
        if (order == 0)                                                                            \
            return &(items)[middle];                                                               \
        if (order < 0)                                                                             \
            high = middle;                                                                         \
        else                                                                                       \
            low = middle + 1;                                                                      \
    }                                                                                              \
    return NULL

const struct experiment *catalogue_experiment(const struct catalogue *catalogue, struct slice key)
{
    FIND(catalogue->experiments, catalogue->experiment_count, key, key);
}

static const struct experiment *catalogue_holdout(const struct catalogue *catalogue,
                                                  struct slice key)
{
    FIND(catalogue->holdouts, catalogue->holdout_count, key, key);
}

const struct experiment *catalogue_analysed(const struct catalogue *catalogue, struct slice key)
{
    return slice_starts_with(key, SLICE(HOLDOUT_PREFIX)) ? catalogue_holdout(catalogue, key)
                                                         : catalogue_experiment(catalogue, key);
}

const struct metric *catalogue_metric(const struct catalogue *catalogue, struct slice name)
{
    FIND(catalogue->metrics, catalogue->metric_count, name, name);
}

const struct segment *catalogue_segment(const struct catalogue *catalogue, struct slice name)
{
    FIND(catalogue->segments, catalogue->segment_count, name, name);
}

struct slice catalogue_nearest(const struct catalogue *catalogue, struct slice key)
{
    struct nearest nearest = {.typed = key};
    for (size_t i = 0; i < catalogue->experiment_count; i++)
        nearest_try(&nearest, catalogue->experiments[i].key);
    return nearest.best;
}

struct slice catalogue_nearest_metric(const struct catalogue *catalogue, struct slice name)
{
    struct nearest nearest = {.typed = name};
    for (size_t i = 0; i < catalogue->metric_count; i++)
        nearest_try(&nearest, catalogue->metrics[i].name);
    return nearest.best;
}

struct slice catalogue_nearest_segment(const struct catalogue *catalogue, struct slice name)
{
    struct nearest nearest = {.typed = name};
    for (size_t i = 0; i < catalogue->segment_count; i++)
        nearest_try(&nearest, catalogue->segments[i].name);
    return nearest.best;
}

const char *nearest_hint(struct slice nearest, char hint[static NEAREST_HINT_SIZE])
{
    hint[0] = '\0';
    if (nearest.size)
        snprintf(hint, NEAREST_HINT_SIZE, ", did you mean '%.*s'?", SLICE_ARGS(nearest));
    return hint;
}
