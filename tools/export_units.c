/*
 * `export --table units`: a row a unit, with the value that each metric of the report has for it.
 * A value stands only once the unit's cohort is mature for the metric at `--as-of`, as in the
 * report, so the rows of `main` with a value add up to what the report says.
 *
 * Columns are made and written by one table, a row a kind of metric: a metric has the columns
 * `metric:NAME` and the suffixes of its kind (of a curve, one a bracket).
 */

#include "export_units.h"

#include "export_rows.h"
#include "meter.h"
#include "report_source.h"

#include "analysis/document.h"
#include "analysis/inference.h"
#include "analysis/units.h"
#include "base/number.h"

#include <stdio.h>
#include <stdlib.h>

#define COLUMNS_MAX 1024

struct exporting {
    struct export_rows rows;
    struct arena arena;
    struct slice columns[COLUMNS_MAX];
    const struct units *units;
    const struct experiment *experiment;
    struct experiment_metric metrics[EXPERIMENT_METRICS_MAX];
    size_t metric_count;
    int64_t as_of_ms;
    bool has_depth;
};

/* One metric of one unit. */
struct unit_cell {
    struct export_rows *rows;
    const struct metric *metric;
    const struct cube_entry *entry;
    int32_t cohort;
    int64_t as_of_ms;
    bool is_mature;
    bool has_depth; /* core_actions are declared */
};

typedef void cell_write(const struct unit_cell *cell);

static int64_t field(const struct unit_cell *cell, size_t index)
{
    return index < cell->entry->field_count ? (int64_t)cell->entry->values[index] : 0;
}

static const struct cube_bin *bin_of_map(const struct cube_entry *entry, unsigned map)
{
    for (size_t i = 0; i < entry->bin_count; i++)
        if (CUBE_BIN_MAP(entry->bins[i].bin) == map)
            return &entry->bins[i];
    return NULL;
}

static bool is_micro(const struct metric *metric)
{
    return metric->kind == METRIC_SUM || metric->kind == METRIC_MEAN;
}

static void write_number(const struct unit_cell *cell, bool known, bool micro, int64_t value)
{
    if (!known)
        export_missing(cell->rows);
    else if (micro)
        export_micro(cell->rows, value);
    else
        export_integer(cell->rows, value);
}

static void write_share(const struct unit_cell *cell)
{
    write_number(cell, cell->is_mature, false, field(cell, SHARE_X));
}

static void write_value(const struct unit_cell *cell)
{
    bool micro = is_micro(cell->metric);
    write_number(cell, cell->is_mature, micro, field(cell, VALUE_S));
    write_number(cell, cell->is_mature, micro, field(cell, VALUE_RAW_S));
}

static void write_ratio(const struct unit_cell *cell)
{
    const struct metric *metric = cell->metric;
    bool is_mean = metric->kind == METRIC_MEAN;
    write_number(cell, cell->is_mature, is_mean || is_micro(metric->numerator),
                 field(cell, RATIO_Y));
    write_number(cell, cell->is_mature, !is_mean && is_micro(metric->denominator),
                 field(cell, RATIO_S));
}

static void write_score(const struct unit_cell *cell)
{
    write_number(cell, cell->is_mature && field(cell, NPS_RESPONDED), false,
                 100 * (field(cell, NPS_PROMOTERS) - field(cell, NPS_DETRACTORS)));
}

static size_t curve_brackets(const struct metric *metric)
{
    return (size_t)(metric->until_ms / metric->every_ms);
}

static void write_curve(const struct unit_cell *cell)
{
    const struct metric *metric = cell->metric;
    for (size_t b = 0; b < curve_brackets(metric); b++) {
        int64_t end_ms = (int64_t)(b + 1) * metric->every_ms;
        write_number(cell, cell->cohort <= cohort_mature(cell->as_of_ms, end_ms), false,
                     field(cell, CURVE_X + b));
    }
}

/* Watched for the whole days after its cohort's, as the report has it: a bin that ends later is not
 * read yet. */
static void write_time(const struct unit_cell *cell)
{
    const struct metric *metric = cell->metric;
    int64_t watched_ms = (int64_t)(cohort_mature(cell->as_of_ms, 0) - cell->cohort) * DAY_MS;
    if (watched_ms > metric->until_ms)
        watched_ms = metric->until_ms;
    bool known = watched_ms > 0;
    const struct cube_bin *bin = known && cell->entry->bin_count ? cell->entry->bins : NULL;
    if (bin && CUBE_BIN_PLACE(bin->bin) >= time_bin(watched_ms))
        bin = NULL;
    uint32_t place = bin ? CUBE_BIN_PLACE(bin->bin) : 0, cause = bin ? CUBE_BIN_MAP(bin->bin) : 0;
    int64_t twice_ms = bin ? time_bin_from_ms(place) + time_bin_until_ms(place) : 2 * watched_ms;
    if (known)
        export_real(cell->rows, (double)twice_ms / 2 / (double)DAY_MS);
    else
        export_missing(cell->rows);
    if (known)
        export_boolean(cell->rows, bin && cause == 0);
    else
        export_missing(cell->rows);
    if (bin && cause > 0 && cause <= metric->competing_count)
        export_text(cell->rows, metric->competing[cause - 1]);
    else
        export_missing(cell->rows);
}

static void write_breadth(const struct unit_cell *cell)
{
    const struct cube_bin *size = bin_of_map(cell->entry, 0);
    const struct cube_bin *active = bin_of_map(cell->entry, 1);
    write_number(cell, cell->is_mature && size, false, size ? CUBE_BIN_PLACE(size->bin) : 0);
    write_number(cell, cell->is_mature, false, active ? active->count : 0);
    write_number(cell, cell->is_mature && cell->has_depth, false, field(cell, BREADTH_DEPTH_Y));
}

/* The columns of a kind: the suffixes of its names, and who writes them. */
static const struct kind_columns {
    const char *suffixes[4];
    cell_write *write;
} kinds[METRIC_KIND_COUNT] = {
    [METRIC_CONVERSION] = {{""}, write_share},
    [METRIC_RETENTION] = {{""}, write_share},
    [METRIC_RETENTION_CURVE] = {{NULL}, write_curve}, /* a number a bracket */
    [METRIC_TIME_TO] = {{":days", ":happened", ":competing"}, write_time},
    [METRIC_COUNT] = {{"", ":raw"}, write_value},
    [METRIC_SUM] = {{"", ":raw"}, write_value},
    [METRIC_MEAN] = {{":numerator", ":denominator"}, write_ratio},
    [METRIC_RATIO] = {{":numerator", ":denominator"}, write_ratio},
    [METRIC_NPS] = {{""}, write_score},
    [METRIC_BREADTH] = {{":members", ":active", ":actions"}, write_breadth},
};

/* ---- columns ---- */

static void column_add(struct exporting *exporting, struct slice name)
{
    if (exporting->rows.count < COLUMNS_MAX)
        exporting->columns[exporting->rows.count++] = name;
    else
        exporting->arena.failed = true;
}

static struct slice segmentation_name(struct arena *arena, const struct segmentation *segmentation)
{
    struct slice name = segmentation->segments[0]->name;
    for (size_t i = 1; i < segmentation->count; i++)
        name = arena_format(arena, "%.*s x %.*s", SLICE_ARGS(name),
                            SLICE_ARGS(segmentation->segments[i]->name));
    return name;
}

static void metric_columns(struct exporting *exporting, const struct metric *metric)
{
    struct arena *arena = &exporting->arena;
    const struct kind_columns *kind = &kinds[metric->kind];
    for (size_t i = 0; i < 4 && kind->suffixes[i]; i++)
        column_add(exporting, arena_format(arena, "metric:%.*s%s", SLICE_ARGS(metric->name),
                                           kind->suffixes[i]));
    if (metric->kind == METRIC_RETENTION_CURVE)
        for (size_t b = 0; b < curve_brackets(metric); b++)
            column_add(exporting,
                       arena_format(arena, "metric:%.*s:%zu", SLICE_ARGS(metric->name), b));
}

static void columns_make(struct exporting *exporting)
{
    static const char *const heads[] = {"experiment", "phase",    "as_of",      "unit",
                                        "id",         "variant",  "population", "first_exposure",
                                        "cohort",     "mismatch", "hot",        "clamped"};
    const struct experiment *experiment = exporting->experiment;
    for (size_t i = 0; i < sizeof heads / sizeof *heads; i++)
        column_add(exporting, slice_of(heads[i]));
    for (size_t i = 0; i < experiment->segment_count; i++) {
        struct slice name = segmentation_name(&exporting->arena, &experiment->segments[i]);
        column_add(exporting, arena_format(&exporting->arena, "segment:%.*s", SLICE_ARGS(name)));
    }
    if (experiment->adjust_segment_count)
        column_add(exporting, SLICE("stratum"));
    for (size_t i = 0; i < exporting->metric_count; i++)
        metric_columns(exporting, exporting->metrics[i].metric);
    exporting->rows.columns = exporting->columns;
}

/* ---- rows ---- */

static const struct cube_slice *slice_of_group(const struct exporting *exporting,
                                               const struct unit_row *row, bool is_stratum,
                                               size_t segmentation)
{
    const struct cube_slices *slices = units_slices(exporting->units);
    for (size_t i = 0; i < row->slice_count; i++) {
        if (row->slices[i] >= slices->count)
            continue;
        const struct cube_slice *slice = &slices->items[row->slices[i]];
        if (slice->kind == CUBE_SLICE_ALL || (slice->kind == CUBE_SLICE_STRATUM) != is_stratum)
            continue;
        if (is_stratum || slice->segmentation == segmentation)
            return slice;
    }
    return NULL;
}

static void segments_write(struct exporting *exporting, const struct unit_row *row)
{
    const struct experiment *experiment = exporting->experiment;
    size_t groups = experiment->segment_count + (experiment->adjust_segment_count > 0);
    for (size_t i = 0; i < groups; i++) {
        const struct cube_slice *slice =
            slice_of_group(exporting, row, i >= experiment->segment_count, i);
        if (slice)
            export_text(&exporting->rows, slice->label);
        else
            export_missing(&exporting->rows);
    }
}

static void head_write(struct exporting *exporting, const struct unit_row *row)
{
    struct export_rows *rows = &exporting->rows;
    const struct experiment *experiment = exporting->experiment;
    const int128 *quality = row->entries[0].values;
    export_text(rows, experiment->key);
    export_integer(rows, experiment->phase);
    export_time(rows, exporting->as_of_ms);
    export_text(rows, slice_of(unit_kind_text(experiment->unit)));
    if (slice_is_empty(row->id))
        export_missing(rows);
    else
        export_text(rows, row->id);
    export_text(rows, experiment->variants[row->variant].name);
    export_text(rows, row->population == POPULATION_MAIN ? SLICE("main") : SLICE("crossed"));
    export_time(rows, row->exposure_ms);
    export_day(rows, row->cohort);
    export_boolean(rows, quality[UNITS_MISMATCH] != 0);
    export_boolean(rows, quality[UNITS_HOT] != 0);
    export_boolean(rows, quality[UNITS_CLAMPED] != 0);
}

static enum status unit_write(void *context, const struct unit_row *row, struct error *error)
{
    struct exporting *exporting = context;
    (void)error;
    if (row->cohort > day_of(exporting->as_of_ms))
        return STATUS_OK; /* its cohort had not begun */
    head_write(exporting, row);
    segments_write(exporting, row);
    for (size_t i = 0; i < exporting->metric_count; i++) {
        const struct metric *metric = exporting->metrics[i].metric;
        struct unit_cell cell = {.rows = &exporting->rows,
                                 .metric = metric,
                                 .entry = &row->entries[i + 1],
                                 .cohort = row->cohort,
                                 .as_of_ms = exporting->as_of_ms,
                                 .has_depth = exporting->has_depth,
                                 .is_mature = row->cohort <=
                                              cohort_mature(exporting->as_of_ms, metric->until_ms)};
        kinds[metric->kind].write(&cell);
    }
    return STATUS_OK;
}

static enum status moment_find(const struct options *options, struct report_source *source,
                               int64_t *as_of_ms, struct error *error)
{
    const char *as_of = option_text(options, "as-of");
    struct document_options document = {
        .as_of_ms = TIME_NONE,
        .now_ms = clock_now_ms(&clock_system),
        .journal_sequence = journal_last_sequence(source->journal),
    };
    enum status status = STATUS_OK;
    if (as_of)
        status = time_parse_relative(slice_of(as_of), document.now_ms, &document.as_of_ms, error);
    if (!status)
        status = document_as_of(source->transaction, &document, as_of_ms, error);
    view_end(source->transaction); /* the rows have transactions of their own */
    source->transaction = NULL;
    return status;
}

static enum status rows_write(struct exporting *exporting, struct units *units, struct error *error)
{
    bool more = true;
    enum status status = STATUS_OK;
    exporting->units = units;
    exporting->experiment = units_definition(units)->experiment;
    exporting->has_depth = units_definition(units)->catalogue->core_actions.count > 0;
    exporting->metric_count = experiment_metrics(exporting->experiment, exporting->metrics);
    columns_make(exporting);
    if (exporting->arena.failed)
        return FAIL(error, STATUS_NO_MEMORY, "export", 0, "no memory");
    export_header(&exporting->rows);
    while (!status && more) {
        status = units_step(units, &more, error);
        if (!status)
            status = export_flush(&exporting->rows.out, error);
    }
    meter_end();
    if (!status && units_moved(units))
        fprintf(stderr, "gangway: messages came while the units were read; each row is of the "
                        "moment at which its unit was\n");
    return status;
}

enum status export_units(const struct options *options, const char *path, struct error *error)
{
    struct report_source source;
    struct units *units = NULL;
    struct exporting *exporting = calloc(1, sizeof *exporting);
    if (!exporting)
        return FAIL(error, STATUS_NO_MEMORY, "export", 0, "no memory");
    exporting->rows.as_csv = strcmp(option_text(options, "format"), "csv") == 0;
    enum status status = report_source_open(path, export_is_shown(options), &source, error);
    if (!status)
        status = moment_find(options, &source, &exporting->as_of_ms, error);
    const struct units_options how = {
        .secret = store_secret(&source.store),
        .journal = source.journal,
        .experiment = slice_of(option_text(options, "experiment")),
        .phase = (uint16_t)option_number(options, "phase"),
        .visit = unit_write,
        .context = exporting,
    };
    if (!status)
        status = units_open(source.view, &how, &units, error);
    if (!status)
        status = rows_write(exporting, units, error);
    units_close(units);
    report_source_close(&source);
    buffer_done(&exporting->rows.out);
    arena_done(&exporting->arena);
    free(exporting);
    return status;
}

/* ---- exposures ---- */

#define COLUMN(text)                                                                               \
    {                                                                                              \
        .data = text, .size = sizeof(text) - 1                                                     \
    }
static const struct slice exposure_columns[] = {
    COLUMN("sequence"), COLUMN("received"),   COLUMN("experiment"), COLUMN("phase"),
    COLUMN("variant"),  COLUMN("unit"),       COLUMN("id"),         COLUMN("time"),
    COLUMN("source"),   COLUMN("message_id"), COLUMN("counts"),     COLUMN("reason"),
};

static void text_or_missing(struct export_rows *rows, struct slice text)
{
    if (slice_is_empty(text))
        export_missing(rows);
    else
        export_text(rows, text);
}

static enum status exposure_write(void *context, const struct exposure_row *row,
                                  struct error *error)
{
    struct export_rows *rows = context;
    const struct message *message = row->message;
    (void)error;
    export_integer(rows, (int64_t)row->sequence);
    export_time(rows, row->received_ms);
    export_text(rows, message->experiment);
    if (row->experiment)
        export_integer(rows, row->experiment->phase);
    else
        export_missing(rows);
    text_or_missing(rows, message->variation);
    text_or_missing(rows, row->experiment ? slice_of(unit_kind_text(row->kind)) : SLICE(""));
    text_or_missing(rows, row->id);
    export_time(rows, message->occurred_ms);
    export_text(rows, slice_of(exposure_source_texts[exposure_source_of(message->event)]));
    text_or_missing(rows, row->erased ? SLICE("") : message->message_id);
    export_boolean(rows, !row->reason);
    text_or_missing(rows, slice_of(row->reason ? row->reason : ""));
    return STATUS_OK;
}

enum status export_exposures(const struct options *options, const char *path, struct error *error)
{
    struct report_source source;
    struct exposures *exposures = NULL;
    const char *key = option_text(options, "experiment");
    struct export_rows rows = {.columns = exposure_columns,
                               .count = sizeof exposure_columns / sizeof *exposure_columns,
                               .as_csv = strcmp(option_text(options, "format"), "csv") == 0};
    bool more = true;
    enum status status = report_source_open(path, export_is_shown(options), &source, error);
    const struct exposures_options how = {.journal = source.journal,
                                          .experiment = slice_of(key ? key : ""),
                                          .visit = exposure_write,
                                          .context = &rows};
    if (!status)
        status = exposures_open(source.view, &how, &exposures, error);
    if (!status)
        export_header(&rows);
    view_end(source.transaction);
    source.transaction = NULL;
    while (!status && more) {
        status = exposures_step(exposures, &more, error);
        if (!status)
            status = export_flush(&rows.out, error);
    }
    exposures_close(exposures);
    report_source_close(&source);
    buffer_done(&rows.out);
    return status;
}
