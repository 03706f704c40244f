/*
 * Files that people write, through the reader of a whole folder: an input is one or several files,
 * each after the first begun by a line `--- NAME`; the first is one.yaml.  So `--- metrics.yaml`
 * and
 * `--- segments.yaml` bring the shared ones.
 *
 * Holds for every input: what is let into service is whole; each mistake has a place and good
 * UTF-8; the same texts give the same digests and no change; every canonical text is JSON; anyone
 * gets a variant that is declared, and explaining it gives the same.
 */

#include "experiment/assign.h"
#include "experiment/definition.h"
#include "experiment/describe.h"
#include "experiment/diff.h"

#include "fuzz.h"

#include "base/json.h"
#include "base/limits.h"

#include <math.h>

#define NOW_MS INT64_C(1795176000000)

static void check_found(const struct diagnostics *found)
{
    struct buffer out = {0};
    size_t errors = 0;
    for (size_t i = 0; i < found->count; i++) {
        const struct diagnostic *one = &found->items[i];
        CHECK(one->line >= 1 && one->column >= 1 && one->width >= 1);
        CHECK(one->code && one->text.size && one->path.size);
        CHECK(slice_is_utf8(one->text) && slice_is_utf8(one->hint));
        errors += !one->warning;
    }
    CHECK(errors == found->errors);
    diagnostics_write_text(&out, found);
    CHECK(!out.failed && slice_is_utf8(buffer_slice(&out)));
    buffer_done(&out);
}

static void check_variants(const struct experiment *experiment)
{
    double sum = 0;
    size_t controls = 0;
    CHECK(experiment->variant_count >= 2 && experiment->variant_count <= VARIANTS_MAX);
    for (size_t i = 0; i < experiment->variant_count; i++) {
        const struct variant *variant = &experiment->variants[i];
        CHECK(variant->name.size && variant->value.size && variant->title.size);
        sum += variant->weight;
        controls += variant->control;
    }
    CHECK(controls == 1 && experiment->variants[experiment->control].control);
    CHECK(fabs(sum - 1) < 0.00011);
    for (size_t i = 0; i < experiment->forced_count; i++)
        CHECK(experiment->forced[i].variant < experiment->variant_count);
}

static void check_assigned(const struct experiment *experiment)
{
    static const char *const ids[] = {"u1", "\xf0\x9f\x98\x80", "0"};
    for (size_t i = 0; i < sizeof ids / sizeof *ids; i++) {
        const struct assign_options options = {.now_ms = NOW_MS};
        struct slice id = slice_of(ids[i]);
        struct assignment made = assign(experiment, id, NULL, &options);
        struct buffer out = {0};
        struct arena arena = {0};
        struct value value;
        CHECK(made.variant < experiment->variant_count);
        assignment_write_explained(&out, &made, id, "sha256:0", NULL, &options);
        CHECK(!json_read(&arena, buffer_slice(&out), 0, &value, NULL));
        CHECK(slice_equal(value_member_text(&value, "variant"),
                          experiment->variants[made.variant].name));
        buffer_done(&out);
        arena_done(&arena);
    }
}

static void check_canonical(const struct catalogue *catalogue, const struct experiment *experiment)
{
    struct buffer out = {0};
    struct arena arena = {0};
    struct value value;
    definition_write_canonical(&out, catalogue, experiment, 1);
    CHECK(!json_read(&arena, buffer_slice(&out), FILE_DEPTH_MAX, &value, NULL));
    buffer_clear(&out);
    plan_write_canonical(&out, catalogue, experiment);
    CHECK(!json_read(&arena, buffer_slice(&out), FILE_DEPTH_MAX, &value, NULL));
    buffer_done(&out);
    arena_done(&arena);
}

static void check_catalogue(const struct catalogue *catalogue)
{
    for (size_t i = 0; i < catalogue->experiment_count; i++) {
        const struct experiment *experiment = &catalogue->experiments[i];
        CHECK(experiment->key.size && experiment->salt.size && experiment->title.size);
        CHECK(catalogue_experiment(catalogue, experiment->key) == experiment);
        check_variants(experiment);
        check_assigned(experiment);
        check_canonical(catalogue, experiment);
    }
    for (size_t i = 0; i < catalogue->metric_count; i++) {
        const struct metric *metric = &catalogue->metrics[i];
        CHECK(metric->name.size && metric->title.size);
        CHECK(metric->until_ms > metric->from_ms && metric->from_ms >= 0);
    }
}

static enum status sources_cut(struct sources *sources, struct slice input)
{
    struct slice name = SLICE("one.yaml");
    enum status status = STATUS_OK;
    while (input.size && !status) {
        struct slice text = {.data = input.data, .size = 0}, next = {0};
        while (input.size && !next.size) {
            struct slice line = line_cut(&input);
            if (slice_starts_with(line, SLICE("--- ")))
                next = slice_from(line, 4);
            else
                text.size = (size_t)(line.data - text.data) + line.size + (input.size > 0);
        }
        bool is_file = text.size || !slice_equals(name, "one.yaml");
        if (is_file && !memchr(name.data, '/', name.size) && slice_is_utf8(name))
            status = sources_add(sources, name, name, text, NULL);
        name = next;
    }
    return status;
}

static struct catalogue *compile(struct slice input, struct diagnostics *found)
{
    struct sources sources = {0};
    struct catalogue *catalogue = NULL;
    if (sources_cut(&sources, input)) {
        sources_done(&sources);
        return NULL;
    }
    CHECK(!catalogue_compile(&sources, &catalogue, found, NULL));
    return catalogue;
}

void fuzz_one(struct slice input)
{
    struct diagnostics found = {0}, found_again = {0};
    struct catalogue *catalogue = compile(input, &found);
    struct catalogue *again = catalogue ? compile(input, &found_again) : NULL;
    if (again) {
        struct changes changes = {0};
        check_found(&found);
        check_catalogue(catalogue);
        CHECK(memcmp(&catalogue->digest, &again->digest, sizeof again->digest) == 0);
        CHECK(found.count == found_again.count);
        CHECK(!catalogue_diff(catalogue, again, &changes, NULL) && changes.count == 0);
        changes_done(&changes);
    }
    catalogue_release(catalogue);
    catalogue_release(again);
    diagnostics_done(&found);
    diagnostics_done(&found_again);
}
