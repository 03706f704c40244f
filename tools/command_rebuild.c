/* `gangway rebuild`: the state made anew from the journal, while no server has the store. */

#include "command.h"
#include "meter.h"

#include "analysis/fold.h"

#include <stdio.h>

static enum status rebuild(const struct options *options, struct store *store, struct error *error)
{
    struct journal *journal = NULL;
    enum status status = journal_open(store, &(struct journal_options){0}, &journal, error);
    if (status)
        return status;
    struct fold_options fold = {.store = store, .journal = journal, .batch = FOLD_BATCH_WHOLE};
    struct fold_rebuild_options how = {.progress = meter_set};
    meter_begin("rebuild", OBSERVER_RECORDS, !option_flag(options, "quiet"));
    status = fold_rebuild(&fold, &how, error);
    meter_end();
    if (!status)
        printf("rebuilt to sequence %llu\n", (unsigned long long)journal_last_sequence(journal));
    journal_close(journal);
    return status;
}

static int run(const struct options *options)
{
    struct error error = {0};
    struct store store;
    if (store_open(&store, option_store(options), STORE_WRITE, &error)) {
        command_failed(&error);
        return 3; /* also a store that is missing */
    }
    enum status status = rebuild(options, &store, &error);
    store_close(&store);
    return status ? command_failed(&error) : 0;
}

static const struct option_row no_options[] = {{.name = NULL}};

const struct command command_rebuild = {
    .name = "rebuild",
    .arguments = "",
    .summary = "builds the state anew from the journal",
    .note =
        "The state is made of the journal alone, so it may be thrown away at any time: the new "
        "one\n"
        "is the same byte for byte. It takes the place of the old one when it is whole. While no\n"
        "server has the store.",
    .options = no_options,
    .shared = SHARED_STORE | SHARED_QUIET,
    .run = run,
};
