/*
 * `gangway restore SRC`: a store made of a backup, and its state built, or brought up to the
 * journal where the backup has one.  Prints the path, the last sequence and the backup's digest.
 *
 * With --erasures NEWER the persons that were erased since, by the list of a newer backup or of the
 * store itself, are erased again before anything is folded (architecture 16).  The keys of that
 * list are of this store's secret, and the erasures requests like any other.
 */

#include "command.h"
#include "erasing.h"
#include "meter.h"

#include "analysis/fold.h"
#include "store/backup.h"

#include <stdio.h>
#include <string.h>

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

/* What was erased, from a backup or a store. */
struct newer {
    struct store store;
    struct journal *journal;
    struct erasures *erasures; /* NULL: none were asked for */
};

/* Keys are hashes under the secret of the store. */
static enum status newer_is_of(const struct newer *newer, const char *from, struct error *error)
{
    struct store store = {.lock_fd = -1};
    enum status status = store_open(&store, from, STORE_READ, error);
    if (!status && memcmp(store.secret, newer->store.secret, sizeof store.secret) != 0)
        status = FAIL(error, STATUS_INVALID, newer->store.path, 0,
                      "its erasures are of another store: the secrets differ");
    store_close(&store);
    return status;
}

/* A backup is read whole first: a damaged list would be a short one. */
static enum status newer_open(const char *path, const char *from, const struct observer *observer,
                              struct newer *newer, struct error *error)
{
    struct backup backup;
    struct error why = {0};
    enum status status = backup_check(path, observer, &backup, &why);
    if (status && status != STATUS_NOT_FOUND)
        return FAIL(error, status, why.where, 0, "%s", why.text);
    status = store_open(&newer->store, path, STORE_READ, error);
    if (!status)
        status = journal_open(&newer->store, NULL, &newer->journal, error);
    if (!status)
        status = newer_is_of(newer, from, error);
    return status ? status : erasures_open(newer->journal, &newer->erasures, error);
}

static void newer_close(struct newer *newer)
{
    erasures_close(newer->erasures);
    journal_close(newer->journal);
    store_close(&newer->store);
}

/* Erases again who was erased since; *erased: the state was made. */
static enum status erase_again(const struct store *store, struct journal *journal,
                               const struct newer *newer, bool quiet, bool *erased,
                               struct error *error)
{
    struct eraser *eraser = NULL;
    struct erase_outcome outcome = {0};
    uint64_t count = 0;
    enum status status = erasing_open(store, journal, &eraser, error);
    if (!status)
        status = eraser_adopt(eraser, newer->erasures, &count, error);
    if (!status)
        status = erasing_finish(store, journal, eraser, quiet, &outcome, error);
    eraser_close(eraser);
    *erased = outcome.through && outcome.changed >= outcome.through;
    if (!status)
        fprintf(stderr, "gangway: %llu erasures applied again, %llu records scrubbed\n",
                (unsigned long long)count, (unsigned long long)outcome.records);
    return status;
}

static enum status state_make(const struct options *options, const char *path, bool has_state,
                              const struct newer *newer, struct error *error)
{
    struct store store = {.lock_fd = -1};
    struct journal *journal = NULL;
    bool quiet = option_flag(options, "quiet"), made = false;
    struct fold_rebuild_options how = {.progress = meter_set};
    enum status status = store_open(&store, path, STORE_WRITE, error);
    store.observer = meter_observer(!quiet);
    if (!status)
        status = journal_open(&store, NULL, &journal, error);
    if (!status && newer->erasures)
        status = erase_again(&store, journal, newer, quiet, &made, error);
    struct fold_options fold = {.store = &store, .journal = journal, .batch = FOLD_BATCH_WHOLE};
    meter_begin("restore", OBSERVER_RECORDS, !quiet);
    if (!status && !made)
        status = has_state ? state_catch_up(&fold, error) : fold_rebuild(&fold, &how, error);
    meter_end();
    journal_close(journal);
    store_close(&store);
    return status;
}

static int run(const struct options *options)
{
    struct error error = {0};
    struct backup backup;
    struct newer newer = {.store = {.lock_fd = -1}};
    const char *from = argument_at(options, 0);
    const char *to = option_store(options);
    const char *erasures = option_text(options, "erasures");
    const struct observer *observer = meter_observer(!option_flag(options, "quiet"));
    char digest[DIGEST_TEXT_SIZE];
    enum status status = backup_check(from, observer, &backup, &error);
    if (!status && erasures)
        status = newer_open(erasures, from, observer, &newer, &error);
    if (!status)
        status = backup_restore(from, to, observer, &backup, &error);
    if (!status)
        status = state_make(options, to, backup.has_state, &newer, &error);
    newer_close(&newer);
    if (status) {
        command_failed(&error);
        return 3;
    }
    printf("%s\t%llu\t%s\n", to, (unsigned long long)backup.sequence,
           digest_format(&backup.digest, digest));
    return 0;
}

static const struct option_row restore_options[] = {
    {.name = "erasures",
     .type = OPTION_TEXT,
     .argument = "NEWER",
     .help = "a newer backup, or the store: who was erased since is erased again"},
    {.name = NULL},
};

const struct command command_restore = {
    .name = "restore",
    .arguments = "SRC [--erasures NEWER]",
    .summary = "makes a store of a backup, and erases again who was erased since",
    .note =
        "The store must not be there yet, or be an empty folder. Every file of the backup is\n"
        "checked against its manifest before anything is written, and again as it is copied;\n"
        "then the state is built. A restore that was cut off is begun afresh by the same\n"
        "command. The files of experiments stay in the backup, for `--experiments`.\n"
        "Who was erased after the backup was made is in it again: --erasures NEWER erases by the\n"
        "list of a newer backup, or of the store where it is left. Cut off before that is done,\n"
        "remove the store and restore again. Keys that were revoked after it are in it too:\n"
        "revoke them again before serving.",
    .options = restore_options,
    .shared = SHARED_STORE | SHARED_QUIET,
    .arguments_min = 1,
    .arguments_max = 1,
    .run = run,
};
