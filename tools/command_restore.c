/*
 * `gangway restore SRC`: a store made of a backup, and its state built, or brought up to the
 * journal where the backup has one.  Prints the path, the last sequence and the backup's digest.
 */

#include "command.h"
#include "fold_progress.h"

#include "analysis/fold.h"
#include "store/backup.h"

#include <stdio.h>

static enum status state_catch_up(const struct fold_options *options, struct error *error)
{
    struct fold *fold = NULL;
    enum status status = fold_open(options, &fold, error);
    bool more = true;
    while (!status && more)
        status = fold_advance(fold, &more, error);
    fold_close(fold);
    return status;
}

static enum status state_make(const struct options *options, const char *path, bool has_state,
                              struct error *error)
{
    struct store store = {.lock_fd = -1};
    struct journal *journal = NULL;
    struct fold_rebuild_options how = {
        .progress = option_flag(options, "quiet") ? NULL : fold_progress_write};
    enum status status = store_open(&store, path, STORE_WRITE, error);
    if (!status)
        status = journal_open(&store, NULL, &journal, error);
    struct fold_options fold = {.store = &store, .journal = journal};
    if (!status)
        status = has_state ? state_catch_up(&fold, error) : fold_rebuild(&fold, &how, error);
    journal_close(journal);
    store_close(&store);
    return status;
}

static int run(const struct options *options)
{
    struct error error = {0};
    struct backup backup;
    const char *from = argument_at(options, 0);
    const char *to = option_store(options);
    char digest[DIGEST_TEXT_SIZE];
    enum status status = backup_check(from, &backup, &error);
    if (!status)
        status = backup_restore(from, to, &backup, &error);
    if (!status)
        status = state_make(options, to, backup.has_state, &error);
    if (status) {
        command_failed(&error);
        return 3;
    }
    printf("%s\t%llu\t%s\n", to, (unsigned long long)backup.sequence,
           digest_format(&backup.digest, digest));
    return 0;
}

static const struct option_row no_options[] = {{.name = NULL}};

const struct command command_restore = {
    .name = "restore",
    .arguments = "SRC",
    .summary = "makes a store of a backup",
    .note = "The store must not be there yet, or be an empty folder. Every file of the backup is\n"
            "checked against its manifest before anything is written, and again as it is copied;\n"
            "then the state is built. A restore that was cut off is begun afresh by the same\n"
            "command. The files of experiments stay in the backup, for `--experiments`.",
    .options = no_options,
    .shared = SHARED_STORE | SHARED_QUIET,
    .arguments_min = 1,
    .arguments_max = 1,
    .run = run,
};
