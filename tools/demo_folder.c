/*
 * Implementation of demo_folder.h.
 *
 * The store is filled by the journal's and the fold's own doors, without a writer's thread: records
 * carry the time of receipt that they claim, and the declaration stands before all of them, so that
 * the report reads like that of a service which has run since then.
 *
 * The dates of the examples are moved by one number of days for all files: EXAMPLE_TODAY in them is
 * today. Whoever runs the demo in some other year finds the same experiments at the same age.
 */

#include "demo_folder.h"

#include "analysis/fold.h"
#include "base/asset.h"
#include "base/file.h"
#include "base/limits.h"
#include "base/time.h"
#include "ingest/declare.h"
#include "ingest/intake.h"

#include <errno.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#define EXAMPLE_TODAY "2026-12-08" /* a week before the end of crm-first-run */
#define DATE_SIZE 10
#define LINES_AT_ONCE 4000 /* to a commit */

extern const struct asset demo_experiments[];

static bool digits_at(struct slice text, size_t at, size_t count)
{
    for (size_t i = at; i < at + count; i++)
        if (i >= text.size || text.data[i] < '0' || text.data[i] > '9')
            return false;
    return true;
}

static bool date_at(struct slice text, size_t at)
{
    return digits_at(text, at, 4) && digits_at(text, at + 5, 2) && digits_at(text, at + 8, 2) &&
           text.data[at + 4] == '-' && text.data[at + 7] == '-' && !digits_at(text, at + 10, 1);
}

/* Every YYYY-MM-DD moved by so many days. */
static void dates_move(struct buffer *out, struct slice text, int32_t days)
{
    for (size_t at = 0; at < text.size;) {
        struct slice date = {.data = text.data + at, .size = DATE_SIZE};
        char moved[TIME_TEXT_SIZE];
        int64_t time_ms;
        bool is_date = (at == 0 || !digits_at(text, at - 1, 1)) && date_at(text, at) &&
                       !time_parse(date, &time_ms, NULL);
        if (is_date)
            buffer_add(out, slice_of(day_format(day_of(time_ms) + days, moved)));
        else
            buffer_add_byte(out, text.data[at]);
        at += is_date ? DATE_SIZE : 1;
    }
}

static enum status example_write(const struct demo_folder *folder, const struct asset *example,
                                 int32_t days, struct error *error)
{
    char path[DEMO_PATH_SIZE + 128];
    struct buffer text = {0};
    snprintf(path, sizeof path, "%s/%s", folder->experiments, example->name);
    dates_move(&text, example->bytes, days);
    enum status status = buffer_status(&text, error);
    if (!status)
        status = file_write_whole(path, 0600, buffer_slice(&text), error);
    buffer_done(&text);
    return status;
}

static enum status examples_write(const struct demo_folder *folder, int64_t now_ms,
                                  struct error *error)
{
    int64_t today_ms;
    enum status status = time_parse(SLICE(EXAMPLE_TODAY), &today_ms, error);
    if (!status)
        status = folder_make(folder->experiments, 0700, error);
    for (const struct asset *example = demo_experiments; example->path && !status; example++)
        status = example_write(folder, example, day_of(now_ms) - day_of(today_ms), error);
    return status;
}

enum status demo_folder_make(struct demo_folder *folder, const char *experiments, int64_t now_ms,
                             struct error *error)
{
    const char *parent = getenv("TMPDIR");
    if (!parent || !*parent)
        parent = "/tmp";
    *folder = (struct demo_folder){0};
    char path[DEMO_PATH_SIZE];
    size_t size = (size_t)snprintf(path, sizeof path, "%s/gangway-demo-XXXXXX", parent);
    if (size >= sizeof path)
        return FAIL(error, STATUS_INVALID, "TMPDIR", 0, "a path of %zu bytes is too long", size);
    if (!mkdtemp(path)) /* with mode 0700 */
        return FAIL(error, status_of_errno(errno), parent, 0, "%s", strerror(errno));
    memcpy(folder->path, path, sizeof path);
    snprintf(folder->store, sizeof folder->store, "%s/store", path);
    snprintf(folder->keys, sizeof folder->keys, "%s/keys", path);
    snprintf(folder->experiments, sizeof folder->experiments, "%s%s",
             experiments ? experiments : path, experiments ? "" : "/experiments");
    return experiments ? STATUS_OK : examples_write(folder, now_ms, error);
}

struct filling {
    struct store store;
    struct journal *journal;
    struct settlement settlement;
};

static enum status filling_append(struct filling *filling, const struct journal_entry *entries,
                                  size_t count, struct error *error)
{
    uint64_t first;
    return count ? journal_append(filling->journal, entries, count, &first, error) : STATUS_OK;
}

/* A day before the first of them began: their plans are registered then. */
static int64_t declared_at(const struct catalogue *catalogue, int64_t now_ms)
{
    int64_t first_ms = now_ms;
    for (size_t i = 0; i < catalogue->experiment_count; i++) {
        int64_t start_ms = catalogue->experiments[i].start_ms;
        if (start_ms != TIME_NONE && start_ms < first_ms)
            first_ms = start_ms;
    }
    return first_ms - DAY_MS;
}

static enum status filling_declare(struct filling *filling, const char *folder, int64_t now_ms,
                                   struct error *error)
{
    struct diagnostics found = {0};
    struct buffer body = {0};
    enum status status = declare_read(folder, NULL, &filling->settlement, &found, error);
    if (found.errors) {
        diagnostics_write_text(&body, &found);
        fprintf(stderr, "%.*s", SLICE_ARGS(buffer_slice(&body)));
        buffer_clear(&body);
    }
    if (!status) {
        declare_write(&body, filling->settlement.catalogue);
        status = buffer_status(&body, error);
    }
    if (!status) {
        const struct journal_entry entry = {.kind = RECORD_CATALOGUE,
                                            .received_ms =
                                                declared_at(filling->settlement.catalogue, now_ms),
                                            .body = buffer_slice(&body)};
        status = filling_append(filling, &entry, 1, error);
    }
    buffer_done(&body);
    diagnostics_done(&found);
    return status;
}

/* One line to one entry, whose body lives in the batch. */
static enum status line_read(struct filling *filling, struct slice line, struct intake_batch *batch,
                             struct journal_entry *entry, struct error *error)
{
    const struct intake_options options = {.route = INTAKE_MESSAGE,
                                           .received_ms = clock_now_ms(&clock_system),
                                           .trusted = true,
                                           .import = true,
                                           .catalogue = filling->settlement.catalogue};
    enum status status = intake_read(&options, line, batch, error);
    if (status)
        return status;
    struct slice why = batch->rejected_count ? batch->rejected[0].text : SLICE("no record");
    if (!batch->record_count) /* what the generator writes is refused: our own mistake */
        return FAIL(error, STATUS_INVALID, "demo", 0, "a made-up message is refused: %.*s",
                    SLICE_ARGS(why));
    *entry = (struct journal_entry){.kind = RECORD_MESSAGE,
                                    .flags = batch->records[0].flags,
                                    .received_ms = batch->records[0].received_ms,
                                    .body = batch->records[0].body};
    return STATUS_OK;
}

static struct slice line_cut(struct slice *rest)
{
    const char *end = memchr(rest->data, '\n', rest->size);
    struct slice line = *rest;
    if (end)
        line.size = (size_t)(end - rest->data);
    *rest = slice_from(*rest, line.size + 1);
    return line;
}

/* Lines on their way into one commit. */
struct load {
    struct intake_batch batches[LINES_AT_ONCE];
    struct journal_entry entries[LINES_AT_ONCE];
};

/* Takes lines from the front of `text`. */
static enum status load_commit(struct filling *filling, struct load *load, struct slice *text,
                               struct error *error)
{
    enum status status = STATUS_OK;
    size_t count = 0;
    memset(load, 0, sizeof *load);
    while (text->size && count < LINES_AT_ONCE && !status) {
        status =
            line_read(filling, line_cut(text), &load->batches[count], &load->entries[count], error);
        count++;
    }
    if (!status)
        status = filling_append(filling, load->entries, count, error);
    for (size_t i = 0; i < count; i++)
        intake_batch_done(&load->batches[i]);
    return status;
}

static enum status filling_lines(struct filling *filling, struct slice text, struct error *error)
{
    struct load *load = malloc(sizeof *load);
    if (!load)
        return FAIL(error, STATUS_NO_MEMORY, "demo", 0, "no memory for the people");
    enum status status = STATUS_OK;
    while (text.size && !status)
        status = load_commit(filling, load, &text, error);
    free(load);
    return status;
}

static enum status filling_fold(struct filling *filling, struct error *error)
{
    const struct fold_options options = {.store = &filling->store, .journal = filling->journal};
    struct fold *fold = NULL;
    bool more = true;
    enum status status = fold_open(&options, &fold, error);
    while (!status && more)
        status = fold_advance(fold, &more, error);
    fold_close(fold);
    return status;
}

enum status demo_folder_fill(const struct demo_folder *folder, uint64_t seed, int64_t now_ms,
                             struct demo_people_counts *counts, struct error *error)
{
    struct filling filling = {.store = {.lock_fd = -1}};
    struct buffer people = {0};
    enum status status = store_open(&filling.store, folder->store, STORE_CREATE, error);
    if (!status)
        status = journal_open(&filling.store, NULL, &filling.journal, error);
    if (!status)
        status = filling_declare(&filling, folder->experiments, now_ms, error);
    if (!status)
        status =
            demo_people_write(filling.settlement.catalogue, seed, now_ms, &people, counts, error);
    if (!status)
        status = filling_lines(&filling, buffer_slice(&people), error);
    if (!status)
        status = filling_fold(&filling, error);
    buffer_done(&people);
    catalogue_release(filling.settlement.catalogue);
    settlement_done(&filling.settlement);
    journal_close(filling.journal);
    store_close(&filling.store);
    return status;
}

static int entry_remove(const char *path, const struct stat *about, int kind, struct FTW *place)
{
    (void)about;
    (void)kind;
    (void)place;
    (void)remove(path);
    return 0;
}

void demo_folder_remove(struct demo_folder *folder)
{
    if (folder->path[0])
        nftw(folder->path, entry_remove, 16, FTW_DEPTH | FTW_PHYS);
    folder->path[0] = '\0';
}
