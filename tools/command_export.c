/*
 * `gangway export`: the journal as messages that `import` takes, the cells of the cube, or what
 * these were summed from: the units of an experiment, and exposures.  Works while a server has the
 * store: the journal as far as it goes when the export begins, the cube as of one moment.
 *
 * With --output the file is there whole or not at all (output.h).
 */

#include "command.h"
#include "export_cube.h"
#include "export_rows.h"
#include "export_units.h"
#include "meter.h"
#include "output.h"

#include "ingest/intake.h"
#include "store/journal.h"

#include <stdio.h>
#include <string.h>

struct export
{
    struct buffer out;
    uint64_t last; /* sequence of the journal */
};

static enum status write_record(void *context, const struct record *record, struct error *error)
{
    struct export *export = context;
    struct buffer *out = &export->out;
    meter_set(NULL, record->sequence, export->last);
    if (record->damaged) {
        meter_pause();
        fprintf(stderr, "gangway: sequence %llu is damaged and left out\n",
                (unsigned long long)record->sequence);
        return STATUS_OK;
    }
    if (record->kind != RECORD_MESSAGE || record->flags & RECORD_SCRUBBED)
        return STATUS_OK; /* of an erased person nothing is left that import could take */
    enum status status = intake_write_message(out, record, error);
    buffer_add_byte(out, '\n');
    return status || out->size < EXPORT_BUFFER ? status : export_flush(out, error);
}

static enum status export_journal(const struct options *options, const struct store *store,
                                  struct error *error)
{
    struct journal *journal = NULL;
    struct export export = {0};
    if (strcmp(option_text(options, "format"), "ndjson") != 0)
        return FAIL(error, STATUS_INVALID, "--format", 0,
                    "the journal is written as ndjson, which `import` takes");
    enum status status = journal_open(store, &(struct journal_options){0}, &journal, error);
    if (status)
        return status;
    struct journal_scan scan = {.from = (uint64_t)option_number(options, "from"),
                                .visit = write_record,
                                .context = &export};
    export.last = journal_last_sequence(journal);
    status = journal_scan(journal, &scan, error);
    if (!status)
        status = export_flush(&export.out, error);
    buffer_done(&export.out);
    journal_close(journal);
    return status;
}

static enum status export_table_cube(const struct options *options, const char *path,
                                     struct error *error)
{
    struct store store;
    enum status status = store_open(&store, path, STORE_READ, error);
    if (status)
        return status;
    status = export_cube(options, &store, error);
    store_close(&store);
    return status;
}

static enum status export_table_journal(const struct options *options, const char *path,
                                        struct error *error)
{
    struct store store;
    enum status status = store_open(&store, path, STORE_READ, error);
    if (status)
        return status;
    status = export_journal(options, &store, error);
    store_close(&store);
    return status;
}

static const struct table {
    const char *name;
    enum status (*write)(const struct options *options, const char *path, struct error *error);
    bool wants_experiment;
    bool of_experiments; /* may be of one */
} tables[] = {
    {.name = "journal", .write = export_table_journal},
    {.name = "cube", .write = export_table_cube, .of_experiments = true},
    {.name = "units", .write = export_units, .wants_experiment = true, .of_experiments = true},
    {.name = "exposures", .write = export_exposures, .of_experiments = true},
};

static const struct table *table_of(const struct options *options)
{
    size_t at = 0;
    while (strcmp(tables[at].name, option_text(options, "table")) != 0)
        at++; /* the parser has no other choice */
    return &tables[at];
}

static enum status table_write(const struct options *options, const struct table *table,
                               struct error *error)
{
    struct output output;
    enum status status = output_begin(&output, option_text(options, "output"), error);
    if (status)
        return status;
    meter_begin("export", OBSERVER_RECORDS, export_is_shown(options));
    status = table->write(options, option_store(options), error);
    meter_end();
    return output_end(&output, status, error);
}

static int run(const struct options *options)
{
    struct error error = {0};
    const struct table *table = table_of(options);
    if (table->wants_experiment && !option_text(options, "experiment")) {
        fprintf(stderr, "gangway: the table %s is of one experiment: --experiment KEY\n",
                table->name);
        return 2;
    }
    if (!table->of_experiments && option_text(options, "experiment")) {
        fprintf(stderr,
                "gangway: the journal is of all experiments: --experiment goes with --table "
                "units, exposures or cube\n");
        return 2;
    }
    enum status status = table_write(options, table, &error);
    return status ? command_failed(&error) : 0;
}

static const struct option_row export_options[] = {
    {.name = "table",
     .type = OPTION_CHOICE,
     .argument = "NAME",
     .choices = "journal|cube|units|exposures",
     .fallback = "journal",
     .help = "what to write"},
    {.name = "experiment",
     .type = OPTION_TEXT,
     .argument = "EXPERIMENT",
     .help = "of units, exposures, cube: of this experiment only"},
    {.name = "from",
     .type = OPTION_COUNT,
     .argument = "SEQ",
     .fallback = "1",
     .min = 1,
     .max = INT64_MAX,
     .help = "first sequence of the journal"},
    {.name = "format",
     .type = OPTION_CHOICE,
     .argument = "FORMAT",
     .choices = "ndjson|csv",
     .fallback = "ndjson",
     .help = "form of the rows"},
    {.name = "as-of",
     .type = OPTION_TEXT,
     .argument = "TIME",
     .help = "of units: the moment that counts, as of a report (default 6 h ago)"},
    {.name = "phase",
     .type = OPTION_COUNT,
     .argument = "N",
     .min = 1,
     .max = 65535,
     .help = "of units: an earlier phase"},
    {.name = "output",
     .type = OPTION_TEXT,
     .argument = "FILE",
     .help = "write there, whole or not at all"},
    {.name = NULL},
};

const struct command command_export = {
    .name = "export",
    .arguments = "[--table NAME] [--experiment EXPERIMENT] [--format ndjson|csv] [OPTION...]",
    .summary = "prints the journal, the cube, or the units of an experiment",
    .note =
        "Works while a server has the store. The journal is written as far as it goes when\n"
        "the export begins; the cube as of one moment (exit 3 when a server moves on too fast),\n"
        "a cell an object with its integers in 'values' and its 'bins', [map, place, number]; in\n"
        "csv a row an integer, and a bin with the field map:place. A step has the metric\n"
        "step:NAME.\n"
        "\n"
        "units, a row a unit: experiment, phase, as_of, unit, id (missing where --retention\n"
        "dropped what named it), variant, population (main, or crossed by the first variant\n"
        "met), first_exposure, cohort, mismatch, hot, clamped, segment:NAME, stratum; and each\n"
        "metric, missing until the unit's cohort is mature at --as-of, so that rows add up to\n"
        "the report:\n"
        "  conversion, retention  metric:NAME 0 or 1; of a curve metric:NAME:0,\n"
        "                         :1, ... by bracket\n"
        "  count, sum             metric:NAME capped, :raw\n"
        "  mean, ratio            :numerator, :denominator\n"
        "  nps                    100, 0, -100 by the first answer, or missing\n"
        "  time_to                :days to the event (the middle of its bin) or\n"
        "                         watched so far, :happened, :competing the end\n"
        "                         that came first\n"
        "  breadth                :members, :active, the core :actions of these\n"
        "\n"
        "exposures, a row an exposure as received, duplicates too: sequence, received,\n"
        "experiment, phase, variant, unit, id, time, source, message_id, counts, and the reason\n"
        "where it does not.\n"
        "\n"
        "csv is RFC 4180 with LF: missing is empty, booleans are TRUE and FALSE.",
    .options = export_options,
    .shared = SHARED_STORE | SHARED_QUIET,
    .run = run,
};
