/*
 * `gangway backup DEST`: a copy of the store while a server goes on writing to it; the copy is read
 * back before it counts.  Prints the path, the last sequence in it and its digest.
 */

#include "command.h"
#include "meter.h"

#include "store/backup.h"
#include "store/journal.h"

#include <stdio.h>

static enum status backup(const struct options *options, const struct store *store,
                          struct backup *made, struct error *error)
{
    struct journal *journal = NULL;
    enum status status = journal_open(store, NULL, &journal, error);
    if (status)
        return status;
    const struct backup_options how = {.store = store,
                                       .journal = journal,
                                       .to = argument_at(options, 0),
                                       .keys = option_text(options, "keys"),
                                       .with_state = option_flag(options, "with-state")};
    status = backup_make(&how, made, error);
    journal_close(journal);
    return status;
}

static int run(const struct options *options)
{
    struct error error = {0};
    struct store store;
    struct backup made;
    char digest[DIGEST_TEXT_SIZE];
    if (store_open(&store, option_store(options), STORE_READ, &error)) {
        command_failed(&error);
        return 3; /* also a store that is missing */
    }
    store.observer = meter_observer(!option_flag(options, "quiet"));
    enum status status = backup(options, &store, &made, &error);
    meter_end();
    store_close(&store);
    if (status) {
        command_failed(&error);
        return 3;
    }
    if (!option_flag(options, "quiet"))
        fprintf(stderr, "%llu files, %llu bytes, %llu erasures; read back without a fault\n",
                (unsigned long long)made.files, (unsigned long long)made.bytes,
                (unsigned long long)made.erasures);
    printf("%s\t%llu\t%s\n", argument_at(options, 0), (unsigned long long)made.sequence,
           digest_format(&made.digest, digest));
    return 0;
}

static const struct option_row rows[] = {
    {.name = "with-state",
     .type = OPTION_FLAG,
     .help = "the state too, so that `restore` need not build it"},
    {.name = NULL},
};

const struct command command_backup = {
    .name = "backup",
    .arguments = "DEST [--with-state]",
    .summary = "copies a store, also beside a server, and checks the copy",
    .note = "DEST is a new or an empty folder. It gets the journal up to the last record that is\n"
            "committed when the copy begins, the secret, the keys, the list of erasures and the\n"
            "files of experiments; its manifest, with size and SHA-256 of each file, is written\n"
            "last, and without it no restore takes the folder. It holds the secret and the ids of\n"
            "people: keep it as you keep the store.\n"
            "Prints path, last sequence and digest, with tabs between them.",
    .options = rows,
    .shared = SHARED_STORE | SHARED_KEYS | SHARED_QUIET,
    .arguments_min = 1,
    .arguments_max = 1,
    .run = run,
};
