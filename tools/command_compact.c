/* `gangway compact`: journal, base and state written anew without what was deleted from them. */

#include "command.h"
#include "meter.h"

#include "store/journal.h"
#include "store/state.h"

#include <stdio.h>

static void write_sizes(const char *what, uint64_t before, uint64_t after)
{
    meter_pause();
    printf("%s: %llu bytes before, %llu after\n", what, (unsigned long long)before,
           (unsigned long long)after);
}

static enum status state_part(const struct store *store, const char *what, struct error *error)
{
    uint64_t before = 0;
    uint64_t after = 0;
    struct error why = {0};
    enum status status = state_compact(store, &before, &after, &why);
    if (status == STATUS_NOT_FOUND)
        return STATUS_OK;
    if (status)
        return FAIL(error, status, why.where, 0, "%s", why.text);
    write_sizes(what, before, after);
    return STATUS_OK;
}

static enum status compact(const struct store *store, struct error *error)
{
    struct journal_compaction journal;
    enum status status = journal_compact(store, &journal, error);
    if (status)
        return status;
    write_sizes("journal", journal.before, journal.after);
    if (journal.left)
        printf(
            "journal: %llu of %llu files left as they are: rewritten by an erasure, or damaged\n",
            (unsigned long long)journal.left, (unsigned long long)journal.files);
    struct store base;
    status = state_part(store, "state", error);
    if (!status)
        status = store_base(store, &base, error);
    return status ? status : state_part(&base, "base", error);
}

static int run(const struct options *options)
{
    struct error error = {0};
    struct store store;
    if (store_open(&store, option_store(options), STORE_WRITE, &error)) {
        command_failed(&error);
        return 3; /* also a store that is missing */
    }
    store.observer = meter_observer(!option_flag(options, "quiet"));
    enum status status = compact(&store, &error);
    meter_end();
    store_close(&store);
    if (status) {
        command_failed(&error);
        return 3;
    }
    return 0;
}

static const struct option_row no_options[] = {{.name = NULL}};

const struct command command_compact = {
    .name = "compact",
    .arguments = "",
    .summary = "gives back the room that erasure and retention left",
    .note = "While no server has the store. Journal and state are written anew, entry by entry,\n"
            "each beside the old one and then in its place: it needs room for one journal file\n"
            "or the state once more. A cut leaves each file old or new.",
    .options = no_options,
    .shared = SHARED_STORE | SHARED_QUIET,
    .run = run,
};
