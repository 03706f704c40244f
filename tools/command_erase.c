/*
 * gangway erase: a person removed from a store that no server has open, or by a server (cli.md).
 * The record, the
 * scrubbing of the journal and the new state are those of the server; all is done when it returns.
 */

#include "client.h"
#include "command.h"
#include "erasing.h"
#include "meter.h"

#include "base/json.h"
#include "ingest/privacy.h"

#include <stdio.h>
#include <time.h>

#define ASK_EVERY_NS 200000000 /* 0.2 s */

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

static enum status target_open(struct target *target, const char *path, bool quiet,
                               struct error *error)
{
    enum status status = store_open(&target->store, path, STORE_WRITE, error);
    if (status == STATUS_CONFLICT)
        fprintf(stderr, "gangway: a server has this store: ask it, with --url URL\n");
    target->store.observer = meter_observer(!quiet);
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

/* Asks until the erasure is done. */
static enum status erasure_await(const struct client *client, struct arena *arena, int64_t number,
                                 struct error *error)
{
    const struct timespec pause = {.tv_nsec = ASK_EVERY_NS};
    struct slice target = arena_format(arena, "/v1/erasures/%lld", (long long)number);
    struct client_answer answer;
    struct value said = value_null();
    for (;;) {
        enum status status =
            client_ask(client, arena, "GET", target, (struct slice){0}, &answer, error);
        if (!status && answer.status != 200)
            status = client_refused(client, arena, &answer, error);
        if (!status)
            status = json_read(arena, answer.body, 0, &said, error);
        if (status || slice_equals(value_member_text(&said, "status"), "done"))
            return status;
        nanosleep(&pause, NULL);
    }
}

static enum status erase_by_server(const struct client *client, struct target *target,
                                   bool suppress, struct error *error)
{
    struct buffer path = {0};
    struct client_answer answer;
    struct value said = value_null();
    buffer_format(&path, "/v1/units/%s/", unit_kind_text(target->kind));
    client_add_part(&path, target->id);
    if (suppress)
        buffer_add(&path, SLICE("?suppress=true"));
    enum status status = buffer_status(&path, error);
    if (!status)
        status = client_ask(client, &target->arena, "DELETE", buffer_slice(&path),
                            (struct slice){0}, &answer, error);
    buffer_done(&path);
    if (!status && answer.status != 202)
        status = client_refused(client, &target->arena, &answer, error);
    if (!status)
        status = json_read(&target->arena, answer.body, 0, &said, error);
    const struct value *number = value_member(&said, SLICE("erasure"));
    if (!status && !number)
        status = FAIL(error, STATUS_STORAGE, client->url, 0, "this is no answer of a server");
    if (!status)
        status = erasure_await(client, &target->arena, number->integer, error);
    if (!status)
        printf("erasure %lld: done\n", (long long)number->integer);
    return status;
}

static int run_by_server(const struct options *options, struct target *target)
{
    struct client client;
    struct error error = {0};
    enum status status =
        client_read(&client, option_text(options, "url"), option_text(options, "key"), &error);
    if (!status)
        status = erase_by_server(&client, target, option_flag(options, "suppress"), &error);
    arena_done(&target->arena);
    if (!status)
        return 0;
    return status == STATUS_NOT_FOUND ? (command_failed(&error), 1) : command_failed(&error);
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
    if (option_text(options, "url"))
        return run_by_server(options, &target);
    bool quiet = option_flag(options, "quiet");
    enum status status = target_open(&target, option_store(options), quiet, &error);
    bool is_open = !status;
    if (!status)
        status = erase(&target, option_flag(options, "suppress"), quiet, &error);
    meter_end();
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
    {.name = "url",
     .type = OPTION_TEXT,
     .argument = "URL",
     .help = "ask the server at http://HOST:PORT or unix:PATH"},
    {.name = "key",
     .type = OPTION_TEXT,
     .argument = "KEY",
     .help = "an admin's key, for --url (better in GANGWAY_KEY)"},
    {.name = "yes", .type = OPTION_FLAG, .help = "do it"},
    {.name = NULL},
};

const struct command command_erase = {
    .name = "erase",
    .arguments = "KIND:ID [--suppress] [--url URL --key KEY] --yes",
    .summary = "removes a person from journal and state, by itself or by a server",
    .note =
        "KIND is user, account or anonymous. The visitors tied to a user go with the user.\n"
        "While a server has the store, ask it with --url; there is no TLS here: use a tunnel, or\n"
        "a socket's path. All is done when the command ends. Exit status 1 where nothing is\n"
        "stored of that unit.",
    .options = rows,
    .shared = SHARED_STORE | SHARED_QUIET,
    .arguments_min = 1,
    .arguments_max = 1,
    .run = run,
};
