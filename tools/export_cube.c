/* Cells of the cube as rows for people and for other programs, written as they are read. */

#include "export_cube.h"
#include "export_rows.h"
#include "meter.h"

#include "analysis/cube.h"
#include "base/int128.h"

#include <string.h>

static const char *const population_texts[] = {
    [POPULATION_MAIN] = "main",
    [POPULATION_CROSSED] = "crossed",
    [POPULATION_OUTSIDE] = "outside",
    [POPULATION_ACCOUNTS] = "accounts",
};
static const char *const role_texts[] = {
    [DEFINITION_REGISTERED] = "registered",
    [DEFINITION_CURRENT] = "current",
    [DEFINITION_EARLIER] = "earlier",
};
/* A cell in words. */
struct cell_words {
    const struct definition *definition;
    char digest[DIGEST_TEXT_SIZE], day[TIME_TEXT_SIZE];
    const char *population;
    struct slice segment, value, variant, metric;
    const struct cube_entry *entry;
    bool has_map;
};

static struct slice segmentation_name(struct arena *arena, const struct segmentation *segmentation)
{
    struct slice name = segmentation->segments[0]->name;
    for (size_t i = 1; i < segmentation->count; i++)
        name = arena_format(arena, "%.*s x %.*s", SLICE_ARGS(name),
                            SLICE_ARGS(segmentation->segments[i]->name));
    return name;
}

static void slice_words(struct arena *arena, const struct cube_slices *slices,
                        const struct cell_key *key, struct cell_words *words)
{
    const struct experiment *experiment = words->definition->experiment;
    if (key->population == POPULATION_OUTSIDE) {
        words->segment = SLICE("outside");
        words->value = slice_of(key->slice < OUTSIDE_COUNT ? outside_texts[key->slice] : "unknown");
        return;
    }
    if (key->slice >= slices->count)
        return;
    const struct cube_slice *slice = &slices->items[key->slice];
    words->value = slice->label;
    if (slice->kind == CUBE_SLICE_STRATUM)
        words->segment = SLICE("stratum");
    else if (slice->kind != CUBE_SLICE_ALL)
        words->segment = segmentation_name(arena, &experiment->segments[slice->segmentation]);
}

static struct slice metric_words(struct arena *arena, const struct experiment *experiment,
                                 const struct cell_key *key)
{
    struct experiment_metric metrics[EXPERIMENT_METRICS_MAX];
    size_t count = experiment_metrics(experiment, metrics);
    if (key->metric == 0)
        return SLICE("units");
    if (key->metric <= count)
        return metrics[key->metric - 1].metric->name;
    size_t step = key->metric - count - 1;
    if (key->variant >= experiment->variant_count ||
        step >= experiment->variants[key->variant].flow_count)
        return SLICE("unknown");
    return arena_format(arena, "step:%.*s",
                        SLICE_ARGS(experiment->variants[key->variant].flow[step].step));
}

static struct cell_words cell_in_words(struct arena *arena, const struct cube_cell *cell)
{
    const struct definition *definition = cell->definition;
    const struct cube_entry *entry = cell->entry;
    struct cell_words words = {.definition = definition, .entry = entry};
    const struct experiment *experiment = definition->experiment;
    const struct cell_key *key = &entry->key;
    digest_format(&definition->digest, words.digest);
    day_format(key->cohort, words.day);
    words.population =
        key->population <= POPULATION_ACCOUNTS ? population_texts[key->population] : "unknown";
    if (key->variant < experiment->variant_count)
        words.variant = experiment->variants[key->variant].name;
    slice_words(arena, cell->slices, key, &words);
    words.metric = metric_words(arena, experiment, key);
    words.has_map = cube_fields_of(experiment, key->metric).has_map;
    return words;
}

static void json_member(struct buffer *out, const char *name, struct slice text)
{
    json_write_text(out, slice_of(name));
    buffer_add_byte(out, ':');
    json_write_text(out, text);
    buffer_add_byte(out, ',');
}

/* [[map, place, number], ...] */
static void json_bins(struct buffer *out, const struct cube_entry *entry)
{
    buffer_add(out, SLICE("\"bins\":["));
    for (size_t i = 0; i < entry->bin_count; i++)
        buffer_format(out, "%s[%u,%u,%lld]", i ? "," : "", CUBE_BIN_MAP(entry->bins[i].bin),
                      CUBE_BIN_PLACE(entry->bins[i].bin), (long long)entry->bins[i].count);
    buffer_add(out, SLICE("],"));
}

static void json_cell(struct buffer *out, const struct cell_words *words)
{
    const struct definition *definition = words->definition;
    const struct cube_entry *entry = words->entry;
    buffer_add_byte(out, '{');
    if (words->has_map)
        json_bins(out, entry);
    json_member(out, "cohort", slice_of(words->day));
    json_member(out, "definition", slice_of(words->digest));
    json_member(out, "experiment", definition->experiment->key);
    json_member(out, "metric", words->metric);
    buffer_format(out, "\"phase\":%u,", definition->experiment->phase);
    json_member(out, "population", slice_of(words->population));
    json_member(out, "role", slice_of(role_texts[definition->role]));
    json_member(out, "segment", words->segment);
    json_member(out, "value", words->value);
    buffer_add(out, SLICE("\"values\":{"));
    for (size_t i = 0; i < entry->field_count; i++) {
        char name[CUBE_FIELD_NAME_SIZE];
        cube_field_name(definition->experiment, entry->key.metric, i, name);
        buffer_format(out, "%s\"%s\":", i ? "," : "", name);
        int128_format(out, entry->values[i]);
    }
    buffer_add(out, SLICE("},"));
    buffer_add(out, SLICE("\"variant\":"));
    json_write_text(out, words->variant);
    buffer_add(out, SLICE("}\n"));
}

/* All columns but the last two. */
static void csv_place(struct buffer *out, const struct cell_words *words)
{
    const struct definition *definition = words->definition;
    export_csv_field(out, definition->experiment->key);
    buffer_format(out, ",%u,%s,%s,%s,", definition->experiment->phase, role_texts[definition->role],
                  words->digest, words->population);
    export_csv_field(out, words->segment);
    buffer_add_byte(out, ',');
    export_csv_field(out, words->value);
    buffer_format(out, ",%s,", words->day);
    export_csv_field(out, words->variant);
    buffer_add_byte(out, ',');
    export_csv_field(out, words->metric);
    buffer_add_byte(out, ',');
}

static void csv_cell(struct buffer *out, const struct cell_words *words)
{
    const struct cube_entry *entry = words->entry;
    for (size_t i = 0; i < entry->field_count; i++) {
        char name[CUBE_FIELD_NAME_SIZE];
        cube_field_name(words->definition->experiment, entry->key.metric, i, name);
        csv_place(out, words);
        buffer_format(out, "%s,", name);
        int128_format(out, entry->values[i]);
        buffer_add_byte(out, '\n');
    }
    for (size_t i = 0; i < entry->bin_count; i++) {
        csv_place(out, words);
        buffer_format(out, "%u:%u,%lld\n", CUBE_BIN_MAP(entry->bins[i].bin),
                      CUBE_BIN_PLACE(entry->bins[i].bin), (long long)entry->bins[i].count);
    }
}

static const char csv_header[] =
    "experiment,phase,role,definition,population,segment,value,cohort,variant,metric,field,"
    "number\n";

/* What is written, a cell at a time. */
struct rows {
    struct arena arena; /* of one cell */
    struct buffer out;
    bool as_csv;
    uint64_t count;
};

static enum status write_cell(void *context, const struct cube_cell *cell, struct error *error)
{
    struct rows *rows = context;
    arena_reset(&rows->arena);
    meter_set(NULL, ++rows->count, 0);
    struct cell_words words = cell_in_words(&rows->arena, cell);
    if (rows->as_csv)
        csv_cell(&rows->out, &words);
    else
        json_cell(&rows->out, &words);
    if (rows->arena.failed)
        return FAIL(error, STATUS_NO_MEMORY, "export", 0, "no memory");
    return rows->out.size < EXPORT_BUFFER ? STATUS_OK : export_flush(&rows->out, error);
}

enum status export_cube(const struct options *options, const struct store *store,
                        struct error *error)
{
    struct view *view = NULL;
    const char *only = option_text(options, "experiment");
    struct rows rows = {.as_csv = strcmp(option_text(options, "format"), "csv") == 0};
    struct cube_walk walk = {.visit = write_cell, .context = &rows};
    if (only)
        walk.experiment = slice_of(only);
    enum status status = view_open(store, &view, error);
    if (status == STATUS_NOT_FOUND)
        status = STATUS_STORAGE; /* no state yet: exit status 3, as a store that is missing */
    if (!status && rows.as_csv)
        buffer_add(&rows.out, slice_of(csv_header));
    if (!status)
        status = cube_walk(view, &walk, error);
    view_release(view);
    if (!status)
        status = export_flush(&rows.out, error);
    buffer_done(&rows.out);
    arena_done(&rows.arena);
    return status;
}
