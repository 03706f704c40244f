/*
 * `gangway export`: the journal as messages that `import` takes, or the cells of the cube.  Works
 * while a server has the store: the journal as far as it goes when the export begins, the cube as
 * of one moment.
 */

#include "command.h"
#include "export_cube.h"

#include "ingest/intake.h"
#include "store/journal.h"

#include <stdio.h>
#include <string.h>

enum status export_flush(struct buffer *out, struct error *error)
{
    enum status status = buffer_status(out, error);
    if (!status && out->size && fwrite(out->data, 1, out->size, stdout) != out->size)
        status = FAIL(error, STATUS_STORAGE, "standard output", 0, "cannot write");
    buffer_clear(out);
    return status;
}

static enum status write_record(void *context, const struct record *record, struct error *error)
{
    struct buffer *out = context;
    if (record->damaged) {
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
    struct buffer out = {0};
    if (strcmp(option_text(options, "format"), "ndjson") != 0)
        return FAIL(error, STATUS_INVALID, "--format", 0,
                    "the journal is written as ndjson, which `import` takes");
    enum status status = journal_open(store, &(struct journal_options){0}, &journal, error);
    if (status)
        return status;
    struct journal_scan scan = {
        .from = (uint64_t)option_number(options, "from"), .visit = write_record, .context = &out};
    status = journal_scan(journal, &scan, error);
    if (!status)
        status = export_flush(&out, error);
    buffer_done(&out);
    journal_close(journal);
    return status;
}

static int run(const struct options *options)
{
    struct error error = {0};
    struct store store;
    if (store_open(&store, option_store(options), STORE_READ, &error)) {
        command_failed(&error);
        return 3; /* also a store that is missing */
    }
    enum status status = strcmp(option_text(options, "table"), "cube") == 0
                             ? export_cube(options, &store, &error)
                             : export_journal(options, &store, &error);
    store_close(&store);
    if (!status && fflush(stdout) != 0)
        status = FAIL(&error, STATUS_STORAGE, "standard output", 0, "cannot write");
    return status ? command_failed(&error) : 0;
}

static const struct option_row export_options[] = {
    {.name = "table",
     .type = OPTION_CHOICE,
     .argument = "NAME",
     .choices = "journal|cube",
     .fallback = "journal",
     .help = "what to write"},
    {.name = "experiment",
     .type = OPTION_TEXT,
     .argument = "KEY",
     .help = "cells of this experiment only"},
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
    {.name = NULL},
};

const struct command command_export = {
    .name = "export",
    .arguments = "[--table journal|cube] [--experiment KEY] [--from SEQ] [--format ndjson|csv]",
    .summary = "prints the journal or the cube",
    .note =
        "Works while a server has the store. The journal is written as far as it goes when\n"
        "the export begins. The cube is of one moment: a large one, copied in parts, is begun\n"
        "again when the server moved on between two of them; after ten times the exit status\n"
        "is 3. A cell of the cube is an object with its integers in 'values' and, where its\n"
        "metric has them, 'bins', a list of [map, place, number]; in csv each integer is a row,\n"
        "and each bin one whose field is map:place. The cells of a step of a flow have the\n"
        "metric step:NAME.",
    .options = export_options,
    .shared = SHARED_STORE | SHARED_QUIET,
    .run = run,
};
