/*
 * gangway import: messages, a line each, into a store that no server has open (cli.md).
 *
 * The experiments folder is taken into service first, as a server does; then lines go through the
 * same intake and the same journal writer as HTTP bodies do, IMPORT_LINES a submission, and are
 * read on while those are written; at the end the fold is brought up to date, so that `gangway
 * report` sees everything.
 */

#include "command.h"
#include "import_url.h"
#include "meter.h"

#include "analysis/fold.h"
#include "base/limits.h"
#include "ingest/declare.h"
#include "ingest/intake.h"
#include "ingest/privacy.h"
#include "ingest/writer.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define IMPORT_LINES 1000

struct import {
    struct store store;
    struct journal *journal;
    struct catalogue *catalogue;
    struct privacy privacy;
    struct writer *writer;
    struct lane *lane;
    const char *path; /* of the file being read */
    uint64_t line;
    uint64_t bytes; /* read, of all files */
    uint64_t total; /* of all files; 0: one of them is a pipe */
    uint64_t accepted, duplicates, rejected;
    size_t pending;     /* submissions on their way */
    enum status failed; /* of a submission */
};

/* Takes the folder into service: a journal record where it differs from the last one. */
static enum status import_declare(struct import *import, const char *folder, struct error *error)
{
    struct catalogue *previous = NULL;
    enum status status = declare_last(import->journal, &previous, error);
    if (status)
        return status;
    struct settlement settlement = {0};
    struct diagnostics found = {0};
    status = declare_read(folder, previous, &settlement, &found, error);
    if (found.errors) {
        struct buffer text = {0};
        diagnostics_write_text(&text, &found);
        fprintf(stderr, "%.*s", SLICE_ARGS(buffer_slice(&text)));
        buffer_done(&text);
    }
    if (!status) {
        bool changed = !previous || !digest_equal(&previous->digest, &settlement.catalogue->digest);
        import->catalogue = settlement.catalogue; /* its reference is ours */
        if (changed) {
            struct buffer body = {0};
            declare_write(&body, import->catalogue);
            struct journal_entry entry = {.kind = RECORD_CATALOGUE,
                                          .received_ms = clock_now_ms(&clock_system),
                                          .body = buffer_slice(&body)};
            uint64_t sequence;
            status = buffer_status(&body, error);
            if (!status)
                status = journal_append(import->journal, &entry, 1, &sequence, error);
            buffer_done(&body);
        }
    }
    settlement_done(&settlement);
    diagnostics_done(&found);
    catalogue_release(previous);
    return status;
}

/* Lines on their way: read, not yet submitted. */
struct load {
    struct intake_batch batches[IMPORT_LINES];
    struct submission_record records[IMPORT_LINES];
    size_t count;
    size_t record_count;
};

static void import_done(void *waiter, enum status status, uint64_t last_sequence, size_t duplicates)
{
    struct import *import = waiter;
    (void)last_sequence;
    if (status)
        import->failed = status;
    import->duplicates += duplicates;
    import->accepted -= duplicates;
    import->pending--;
}

/* Waits until at most `left` submissions are on their way. */
static void import_await(struct import *import, size_t left)
{
    writer_collect(import->lane);
    while (import->pending > left) {
        writer_wait(import->lane);
        writer_collect(import->lane);
    }
}

static enum status import_outcome(const struct import *import, struct error *error)
{
    return import->failed
               ? FAIL(error, import->failed, "journal", 0, "%s", status_text(import->failed))
               : STATUS_OK;
}

/* The records are copied: the next lines are read while these are written, and what queues up
 * meanwhile is one commit. */
static enum status import_submit(struct import *import, struct load *load, struct error *error)
{
    enum status status = STATUS_OK;
    if (load->record_count) {
        while ((status = writer_submit(import->lane, load->records, load->record_count, import_done,
                                       import, NULL)) == STATUS_BUSY &&
               import->pending && !import->failed)
            import_await(import, import->pending - 1);
        if (status)
            status = FAIL(error, status, "journal", 0, "%s", status_text(status));
        import->pending += status == STATUS_OK;
        import->accepted += load->record_count;
    }
    for (size_t i = 0; i < load->count; i++)
        intake_batch_done(&load->batches[i]);
    load->count = load->record_count = 0;
    import_await(import, SIZE_MAX);
    if (!status)
        status = import_outcome(import, error);
    meter_set(NULL, import->bytes, import->total);
    return status;
}

static void import_reject(struct import *import, struct slice text)
{
    import->rejected++;
    meter_pause();
    fprintf(stderr, "%s:%llu: %.*s\n", import->path, (unsigned long long)import->line,
            SLICE_ARGS(text));
}

/* A line that is no message is named and passed over; running out of memory ends the import. */
static enum status import_line(struct import *import, struct load *load, struct slice line,
                               struct error *error)
{
    struct intake_batch *batch = &load->batches[load->count];
    struct intake_options options = {.route = INTAKE_MESSAGE,
                                     .received_ms = clock_now_ms(&clock_system),
                                     .trusted = true,
                                     .import = true,
                                     .catalogue = import->catalogue,
                                     .privacy = &import->privacy};
    struct error found = {0};
    *batch = (struct intake_batch){0};
    load->count++;
    enum status status = intake_read(&options, line, batch, &found);
    if (status && status != STATUS_INVALID && status != STATUS_TOO_LARGE)
        return FAIL(error, status, import->path, (int)import->line, "%s", found.text);
    if (status)
        import_reject(import, slice_of(found.text));
    else if (batch->rejected_count)
        import_reject(import, batch->rejected[0].text);
    else if (batch->record_count) {
        const struct intake_record *record = &batch->records[0];
        load->records[load->record_count++] =
            (struct submission_record){.kind = RECORD_MESSAGE,
                                       .flags = record->flags,
                                       .received_ms = record->received_ms,
                                       .body = record->body,
                                       .message_key = record->message_key,
                                       .content = record->content};
    }
    return STATUS_OK;
}

static enum status import_stream(struct import *import, struct load *load, FILE *in,
                                 struct error *error)
{
    char *line = NULL;
    size_t capacity = 0;
    ssize_t size;
    enum status status = STATUS_OK;
    import->line = 0;
    while (!status && (size = getline(&line, &capacity, in)) >= 0) {
        struct slice text = {.data = line, .size = (size_t)size};
        while (text.size && (text.data[text.size - 1] == '\n' || text.data[text.size - 1] == '\r'))
            text.size--;
        import->line++;
        import->bytes += (uint64_t)size;
        if (slice_is_empty(text))
            continue;
        status = import_line(import, load, text, error);
        if (!status && load->count == IMPORT_LINES)
            status = import_submit(import, load, error);
    }
    if (!status)
        status = import_submit(import, load, error);
    import_await(import, 0);
    if (!status)
        status = import_outcome(import, error);
    if (!status && ferror(in))
        status = FAIL(error, STATUS_STORAGE, import->path, 0, "%s", strerror(errno));
    free(line);
    return status;
}

static enum status import_files(struct import *import, const struct options *options,
                                struct error *error)
{
    struct load *load = calloc(1, sizeof *load);
    if (!load)
        return FAIL(error, STATUS_NO_MEMORY, "import", 0, "no memory");
    enum status status = STATUS_OK;
    size_t count = options->argument_count ? options->argument_count : 1;
    import->total = import_bytes(options);
    meter_begin("import", OBSERVER_BYTES, !option_flag(options, "quiet"));
    for (size_t i = 0; i < count && !status; i++) {
        const char *path = argument_at(options, i);
        bool standard = !path || strcmp(path, "-") == 0;
        import->path = standard ? "standard input" : path;
        FILE *in = standard ? stdin : fopen(path, "r");
        if (!in) {
            status = FAIL(error, STATUS_INVALID, path, 0, "%s", strerror(errno));
            break;
        }
        status = import_stream(import, load, in, error);
        if (!standard)
            fclose(in);
    }
    free(load);
    return status;
}

static enum status import_fold(struct import *import, struct error *error)
{
    struct fold_options options = {
        .store = &import->store, .journal = import->journal, .batch = FOLD_BATCH_WHOLE};
    struct fold *fold = NULL;
    enum status status = fold_open(&options, &fold, error);
    bool more = true;
    while (!status && more) {
        struct fold_progress progress;
        status = fold_advance(fold, &more, error);
        fold_progress(fold, &progress);
        meter_set(NULL, progress.watermark, journal_last_sequence(import->journal));
    }
    fold_close(fold);
    return status;
}

static enum status import_run(struct import *import, const struct options *options,
                              struct error *error)
{
    enum status status = store_open(&import->store, option_store(options), STORE_CREATE, error);
    if (status == STATUS_CONFLICT)
        fprintf(stderr, "gangway: a server has this store: send it to the server: --url URL\n");
    if (status)
        return status;
    status = journal_open(&import->store, NULL, &import->journal, error);
    if (!status)
        status = erasures_open(import->journal, &import->privacy.erasures, error);
    import->privacy.secret = store_secret(&import->store);
    import->privacy.is_pseudonymous = import->store.is_pseudonymous;
    import->privacy.keeps_declared = strcmp(option_text(options, "keep-traits"), "declared") == 0;
    if (!status && !privacy_names(&import->privacy, slice_of(option_text(options, "private"))))
        status = FAIL(error, STATUS_INVALID, "--private", 0, "up to %d names, commas between",
                      PRIVATE_NAMES_MAX);
    if (!status)
        status = import_declare(import, option_text(options, "experiments"), error);
    if (!status) {
        struct writer_options writer = {.journal = import->journal, .clock = &clock_system};
        status = writer_open(&writer, &import->writer, error);
    }
    if (!status) {
        import->lane = writer_lane(import->writer, NULL, NULL);
        status = import_files(import, options, error);
    }
    if (import->writer) {
        writer_close(import->writer);
        lane_free(import->lane);
    }
    if (!status) {
        meter_begin("fold", OBSERVER_RECORDS, !option_flag(options, "quiet"));
        status = import_fold(import, error);
    }
    meter_end();
    return status;
}

static int run(const struct options *options)
{
    if (option_text(options, "url"))
        return import_to_server(options);
    struct import import = {.store = {.lock_fd = -1}};
    struct error error = {0};
    enum status status = import_run(&import, options, &error);
    catalogue_release(import.catalogue);
    erasures_close(import.privacy.erasures);
    journal_close(import.journal);
    store_close(&import.store);
    if (status == STATUS_INVALID && !import.line) {
        command_failed(&error);
        return import.catalogue ? 2 : 3; /* an unreadable argument; invalid experiment files */
    }
    if (status)
        return command_failed(&error);
    printf("%llu accepted, %llu duplicates, %llu rejected\n", (unsigned long long)import.accepted,
           (unsigned long long)import.duplicates, (unsigned long long)import.rejected);
    return import.rejected ? 1 : 0;
}

static const struct option_row import_options[] = {
    {.name = "private",
     .type = OPTION_TEXT,
     .argument = "NAMES",
     .fallback = PRIVATE_NAMES,
     .help = "traits and properties that a pseudonymous store hashes"},
    {.name = "keep-traits",
     .type = OPTION_CHOICE,
     .argument = "WHICH",
     .choices = "all|declared",
     .fallback = "all",
     .help = "declared: those that a definition reads, and none of --private"},
    {.name = "url",
     .type = OPTION_TEXT,
     .argument = "URL",
     .help = "send to the server at http://HOST:PORT or unix:PATH instead"},
    {.name = "key",
     .type = OPTION_TEXT,
     .argument = "KEY",
     .help = "a server's key, for --url (better in GANGWAY_KEY)"},
    {.name = NULL},
};

const struct command command_import = {
    .name = "import",
    .arguments = "[FILE...] [--url URL --key KEY]",
    .summary = "reads messages, a line each, into a store or to a server",
    .note =
        "The store is one that no server has open. With --url they go to a running server, in\n"
        "batches, each answered after its commit; where it is busy they wait. Run again after a\n"
        "failure: what is there counts once. Lines that are rejected are named by file and\n"
        "line, and the exit status is 1. There is no TLS here: use a tunnel, or a socket's path.",
    .options = import_options,
    .shared = SHARED_EXPERIMENTS | SHARED_STORE | SHARED_QUIET,
    .arguments_max = 1000,
    .run = run,
};
