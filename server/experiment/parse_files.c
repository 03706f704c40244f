/*
 * All files of a folder, in the order in which they need each other: metrics and segments first,
 * then each experiment, then what two of them get wrong together.  What is without error goes into
 * the catalogue.
 *
 * A file with an error is left out, and so is an experiment that leans on a shared file with one.
 * The names that a file would have declared count as declared all the same, so that one slip does
 * not set off ten "not declared".
 */

#include "parse.h"

#include "base/limits.h"

#include <stdlib.h>

enum file_kind { FILE_EXPERIMENT, FILE_METRICS, FILE_SEGMENTS };

/* "crm.first-run" of "crm.first-run.yaml" */
static struct slice base_name(struct slice name)
{
    size_t at = name.size;
    while (at && name.data[at - 1] != '.')
        at--;
    return at ? (struct slice){.data = name.data, .size = at - 1} : name;
}

static enum file_kind file_kind(const struct source *source)
{
    struct slice base = base_name(source->name);
    if (slice_equals(base, "metrics"))
        return FILE_METRICS;
    return slice_equals(base, "segments") ? FILE_SEGMENTS : FILE_EXPERIMENT;
}

static void document_read(struct parser *parser, struct document *document,
                          const struct source *source)
{
    if (!document_open(parser, document, source))
        return;
    if (slice_ends_with(source->name, SLICE(".json")))
        json_tree_read(parser, document);
    else
        yaml_read(parser, document);
    if (document->errors && !document->has_root)
        return;
    if (document->has_root && document->root.kind == NODE_MAPPING) {
        tree_finish(parser, &document->root);
        return;
    }
    document->has_root = false;
    fault(parser, (struct place){0}, "wrong-type", "the file is %s; a mapping is wanted",
          document->root.kind == NODE_LIST                                 ? "a list"
          : document->root.kind == NODE_SCALAR && document->root.text.size ? "a scalar"
                                                                           : "empty");
}

/* Told at 1:1 of the later of two files whose names differ in their ends only. */
static bool is_second(struct parser *parser, struct document *document,
                      const struct sources *sources, size_t index)
{
    struct slice base = base_name(sources->files[index].name);
    for (size_t i = index; i-- > 0;) {
        struct slice other = base_name(sources->files[i].name);
        if (!slice_equal(other, base))
            continue;
        fault(parser, (struct place){0}, "two-files",
              "'%.*s' has the same base name: keep one of the two",
              SLICE_ARGS(shown(parser, sources->files[i].name)));
        document->errors += document->errors == 0;
        return true;
    }
    return false;
}

static bool experiment_add(struct parser *parser, struct document *document)
{
    parser->found->experiments++;
    if (!document->has_root)
        return false;
    if (parser->experiment_count >= EXPERIMENTS_MAX) {
        fault(parser, (struct place){0}, "out-of-range", "there are more than %d experiments",
              EXPERIMENTS_MAX);
        return false;
    }
    struct experiment *experiment = ARENA_NEW(&parser->scratch, struct experiment);
    if (!experiment)
        return false;
    parser->experiments[parser->experiment_count++] =
        (struct experiment_reading){.experiment = experiment, .document = document};
    return true;
}

static void file_sort_in(struct parser *parser, struct document *document, bool second)
{
    struct shared *shared[] = {
        [FILE_METRICS] = &parser->metrics_file, [FILE_SEGMENTS] = &parser->segments_file};
    enum file_kind kind = file_kind(document->source);
    if (kind == FILE_EXPERIMENT) {
        experiment_add(parser, document);
        return;
    }
    if (!second)
        shared[kind]->document = document;
    if (second || !document->has_root)
        shared[kind]->any_name = true;
}

/* Whether what is declared in a shared file may be used. */
static bool shared_good(const struct shared *shared)
{
    return !shared->document || (shared->document->errors == 0 && !shared->any_name);
}

static int compare_keys(const void *a, const void *b)
{
    return slice_compare(((const struct experiment *)a)->key, ((const struct experiment *)b)->key);
}

static void catalogue_fill(struct parser *parser)
{
    struct catalogue *catalogue = parser->catalogue;
    bool metrics_good = shared_good(&parser->metrics_file) && !parser->metrics_file.any_name;
    bool segments_good = shared_good(&parser->segments_file) && !parser->segments_file.any_name;
    size_t count = 0;
    struct experiment *experiments =
        ARENA_ARRAY(parser->arena, parser->experiment_count, struct experiment);
    for (size_t i = 0; experiments && i < parser->experiment_count; i++) {
        const struct experiment_reading *reading = &parser->experiments[i];
        bool leans = (reading->leans_on_metrics && !metrics_good) ||
                     (reading->leans_on_segments && !segments_good);
        if (reading->document->errors == 0 && !leans)
            experiments[count++] = *reading->experiment;
    }
    if (count)
        qsort(experiments, count, sizeof *experiments, compare_keys);
    catalogue->experiments = experiments;
    catalogue->experiment_count = count;
    if (metrics_good && parser->metric_count) {
        catalogue->metrics = parser->metrics_by_name[0]->metric;
        catalogue->metric_count = parser->metric_count;
    }
    if (!metrics_good) {
        catalogue->core_actions = (struct core_actions){0};
        catalogue->not_activity_count = 0;
    }
    if (segments_good && parser->segment_count) {
        catalogue->segments = parser->segments_by_name[0]->segment;
        catalogue->segment_count = parser->segment_count;
    }
}

static void skipped_tell(struct parser *parser, const struct sources *sources)
{
    for (size_t i = 0; i < sources->skipped_count; i++) {
        struct source folder = {.path = sources->skipped[i]};
        struct document document = {.source = &folder};
        parser->document = &document;
        caution(parser, (struct place){0}, "not-read",
                "this folder holds *.yaml, but folders in the folder are not read");
    }
    parser->document = NULL; /* the last one was of this function */
}

void files_read(struct parser *parser, const struct sources *sources)
{
    struct document *documents = ARENA_ARRAY(&parser->scratch, sources->count, struct document);
    parser->experiments = ARENA_ARRAY(&parser->scratch, sources->count, struct experiment_reading);
    if (!documents || !parser->experiments)
        return;
    for (size_t i = 0; i < sources->count && !parser_failed(parser); i++) {
        document_read(parser, &documents[i], &sources->files[i]);
        file_sort_in(parser, &documents[i], is_second(parser, &documents[i], sources, i));
    }
    const struct shared *metrics = &parser->metrics_file, *segments = &parser->segments_file;
    if (metrics->document && metrics->document->has_root && !parser_failed(parser))
        metrics_read(parser);
    if (segments->document && segments->document->has_root && !parser_failed(parser))
        segments_read(parser);
    for (size_t i = 0; i < parser->experiment_count && !parser_failed(parser); i++)
        experiment_read(parser, &parser->experiments[i]);
    if (parser_failed(parser))
        return;
    check_together(parser);
    skipped_tell(parser, sources);
    catalogue_fill(parser);
    diagnostics_sort(parser->found);
}
