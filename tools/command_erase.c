/*
 * gangway erase: a person removed from a store that no server has open (cli.md).  The record, the
 * scrubbing of the journal and the new state are those of the server; all is done when it returns.
 */

#include "command.h"
#include "erasing.h"

#include "ingest/privacy.h"

#include <stdio.h>

struct target {
    struct store store;
    struct journal *journal;
    struct eraser *eraser;
    enum unit_kind kind;
    struct slice id;
    struct arena arena;
};

/* KIND:ID */
static bool unit_parse(struct slice text, struct target *target)
{
    const char *colon = text.size ? memchr(text.data, ':', text.size) : NULL;
    if (!colon)
        return false;
    struct slice kind = {.data = text.data, .size = (size_t)(colon - text.data)};
    target->id = slice_from(text, kind.size + 1);
    return unit_kind_parse(kind, &target->kind) && !unit_id_fault(target->id);
}

static enum status target_open(struct target *target, const char *path, struct error *error)
{
    enum status status = store_open(&target->store, path, STORE_WRITE, error);
    if (status == STATUS_CONFLICT)
        fprintf(stderr, "gangway: a server has this store: ask it, with --url URL\n");
    if (!status)
        status = journal_open(&target->store, NULL, &target->journal, error);
    if (!status && target->store.is_pseudonymous)
        target->id = privacy_pseudonym(store_secret(&target->store), &target->arena, target->kind,
                                       target->id);
    return status ? status : erasing_open(&target->store, target->journal, &target->eraser, error);
}

static enum status erase(struct target *target, bool suppress, bool quiet, struct error *error)
{
    uint64_t sequence;
    struct erase_outcome outcome = {0};
    enum status status =
        eraser_request(target->eraser, target->kind, target->id, suppress, &sequence, error);
    if (status == STATUS_NOT_FOUND)
        return FAIL(error, STATUS_NOT_FOUND, target->store.path, 0, "nothing is stored of that %s",
                    unit_kind_text(target->kind));
    if (!status)
        status =
            erasing_finish(&target->store, target->journal, target->eraser, quiet, &outcome, error);
    if (!status)
        printf("erasure %llu: %llu records scrubbed, %llu files rewritten\n",
               (unsigned long long)sequence, (unsigned long long)outcome.records,
               (unsigned long long)outcome.files);
    return status;
}

static int run(const struct options *options)
{
    struct target target = {.store = {.lock_fd = -1}};
    struct error error = {0};
    if (!unit_parse(slice_of(argument_at(options, 0)), &target)) {
        fprintf(stderr, "gangway: a unit is user:ID, account:ID or anonymous:ID\n");
        return 2;
    }
    if (!option_flag(options, "yes")) {
        fprintf(stderr, "gangway: what is erased does not come back; say --yes\n");
        return 2;
    }
    enum status status = target_open(&target, option_store(options), &error);
    bool is_open = !status;
    if (!status)
        status =
            erase(&target, option_flag(options, "suppress"), option_flag(options, "quiet"), &error);
    eraser_close(target.eraser);
    arena_done(&target.arena);
    journal_close(target.journal);
    store_close(&target.store);
    if (!status)
        return 0;
    command_failed(&error);
    return is_open && status == STATUS_NOT_FOUND ? 1 : 3;
}

static const struct option_row rows[] = {
    {.name = "suppress", .type = OPTION_FLAG, .help = "refuse later events of that id too"},
    {.name = "yes", .type = OPTION_FLAG, .help = "do it"},
    {.name = NULL},
};

const struct command command_erase = {
    .name = "erase",
    .arguments = "KIND:ID [--suppress] --yes",
    .summary = "removes a person from journal and state",
    .note = "KIND is user, account or anonymous. The visitors tied to a user go with the user.\n"
            "While a server has the store, ask it: DELETE /v1/units/KIND/ID. Exit status 1 where\n"
            "nothing is stored of that unit.",
    .options = rows,
    .shared = SHARED_STORE | SHARED_QUIET,
    .arguments_min = 1,
    .arguments_max = 1,
    .run = run,
};
