/*
 * `gangway key add|list|revoke|rotate`: the keys that callers of the service show (cli.md).  A new
 * key's text is printed once, on standard output, and stored nowhere; the file of keys has its
 * digest.  A running server sees a changed file at once.
 */

#include "command.h"

#include "base/time.h"
#include "base/value.h"
#include "store/keys.h"

#include <stdio.h>

/* What an action has to do with, and a new key's text. */
struct errand {
    const struct options *options;
    const char *name;
    int64_t now_ms;
    char text[KEY_TEXT_SIZE];
};

static enum status add(struct keys *keys, void *context, struct error *error)
{
    struct errand *errand = context;
    const char *role = option_text(errand->options, "role");
    const char *expires = option_text(errand->options, "expires");
    struct slice name = slice_of(errand->name);
    struct key wanted = {.expires_ms = TIME_NONE};
    if (!role || !name.size)
        return FAIL(error, STATUS_INVALID, "", 0,
                    "usage: gangway key add --role ROLE --name NAME [--expires TIME]");
    (void)role_parse(slice_of(role), &wanted.role); /* one of the row's choices */
    if (name.size > KEY_NAME_SIZE_MAX)
        name.size = 0; /* no name, says keys_add */
    memcpy(wanted.name, name.data, name.size);
    if (expires && time_parse(slice_of(expires), &wanted.expires_ms, error))
        return error->status;
    return keys_add(keys, &wanted, errand->now_ms, errand->text, error);
}

static enum status revoke(struct keys *keys, void *context, struct error *error)
{
    const struct errand *errand = context;
    return keys_revoke(keys, errand->name, errand->now_ms, error);
}

static enum status rotate(struct keys *keys, void *context, struct error *error)
{
    struct errand *errand = context;
    int64_t grace_ms = option_number(errand->options, "grace");
    return keys_rotate(keys, errand->name, grace_ms, errand->now_ms, errand->text, error);
}

static void write_text_line(const struct key *key, int64_t now_ms)
{
    char created[TIME_TEXT_SIZE], expires[TIME_TEXT_SIZE], end[TIME_TEXT_SIZE];
    printf("%s\t%s\t%s\t%s\t%s\t%s\n", key->name, role_text(key->role),
           key_state_text(key_state(key, now_ms)), time_format(key->created_ms, created),
           key->expires_ms == TIME_NONE ? "never" : time_format(key->expires_ms, expires),
           key->end ? time_format(key->end_ms, end) : "-");
}

static void add_time(struct buffer *out, const char *name, int64_t time_ms)
{
    char text[TIME_TEXT_SIZE];
    if (time_ms == TIME_NONE)
        buffer_format(out, ",\"%s\":null", name);
    else
        buffer_format(out, ",\"%s\":\"%s\"", name, time_format(time_ms, text));
}

static void add_key(struct buffer *out, const struct key *key, int64_t now_ms)
{
    bool is_revoked = key->end == KEY_END_REVOKED;
    bool is_rotated = key->end == KEY_END_ROTATED;
    buffer_format(out, "{\"name\":\"%s\",\"role\":\"%s\",\"state\":\"%s\"", key->name,
                  role_text(key->role), key_state_text(key_state(key, now_ms)));
    add_time(out, "created", key->created_ms);
    add_time(out, "expires", key->expires_ms);
    add_time(out, "revoked", is_revoked ? key->end_ms : TIME_NONE);
    add_time(out, "rotated_until", is_rotated ? key->end_ms : TIME_NONE);
    buffer_add_byte(out, '}');
}

static enum status list(const char *path, const struct errand *errand, struct error *error)
{
    struct keys keys = {0};
    struct buffer out = {0};
    enum status status = keys_read(path, &keys, error);
    bool as_json = slice_equals(slice_of(option_text(errand->options, "format")), "json");
    if (status)
        return status;
    if (as_json)
        buffer_add(&out, SLICE("{\"keys\":["));
    else
        puts("name\trole\tstate\tcreated\texpires\tended");
    for (size_t i = 0; i < keys.count; i++) {
        if (as_json && i)
            buffer_add_byte(&out, ',');
        if (as_json)
            add_key(&out, &keys.items[i], errand->now_ms);
        else
            write_text_line(&keys.items[i], errand->now_ms);
    }
    if (as_json) {
        buffer_add(&out, SLICE("]}\n"));
        status = buffer_status(&out, error);
        fwrite(out.data, 1, out.size, stdout);
    }
    buffer_done(&out);
    keys_done(&keys);
    return status;
}

/* A row an action; `makes`: a key's text is to be shown. */
static const struct action {
    const char *name;
    keys_change_fn *change; /* NULL: only looks */
    bool takes_name;
    bool makes;
} actions[] = {
    {"add", add, false, true},
    {"list", NULL, false, false},
    {"revoke", revoke, true, false},
    {"rotate", rotate, true, true},
};

static const struct action *action_find(const char *name)
{
    for (size_t i = 0; i < sizeof actions / sizeof *actions; i++)
        if (strcmp(actions[i].name, name) == 0)
            return &actions[i];
    return NULL;
}

/* The folder of the keys is made for the first of them: without one no server starts that listens
 * off loopback, so there may be no store yet. */
static enum status folder_begin(const struct options *options, struct error *error)
{
    return option_text(options, "keys") ? STATUS_OK
                                        : keys_make_folder(option_store(options), error);
}

static enum status act(const struct action *action, const char *path, struct errand *errand,
                       struct error *error)
{
    if (!action->change)
        return list(path, errand, error);
    enum status status = STATUS_OK;
    if (action->change == add)
        status = folder_begin(errand->options, error);
    if (!status)
        status = keys_change(path, action->change, errand, error);
    if (status || option_flag(errand->options, "quiet"))
        return status;
    if (action->makes)
        fprintf(stderr, "the key '%s', shown this once; its digest is in %s\n", errand->name, path);
    else
        fprintf(stderr, "the key '%s' is revoked in %s\n", errand->name, path);
    return STATUS_OK;
}

static int run(const struct options *options)
{
    struct error error = {0};
    const char *path = option_keys(options);
    const struct action *action = action_find(argument_at(options, 0));
    const char *given = argument_at(options, 1);
    if (!action || action->takes_name != (given != NULL)) {
        fprintf(stderr, "gangway: usage: gangway key %s\n", options->command->arguments);
        return 2;
    }
    struct errand errand = {.options = options,
                            .name = action->takes_name ? given : option_text(options, "name"),
                            .now_ms = clock_now_ms(&clock_system)};
    enum status status = act(action, path, &errand, &error);
    if (status) {
        int code = command_failed(&error);
        bool is_missing = status == STATUS_NOT_FOUND && !action->change;
        return is_missing ? 3 : code;
    }
    if (action->makes)
        puts(errand.text);
    return 0;
}

static const struct option_row rows[] = {
    {.name = "role",
     .type = OPTION_CHOICE,
     .argument = "ROLE",
     .choices = "client|server|analyst|admin",
     .help = "what its bearer may do"},
    {.name = "name",
     .type = OPTION_TEXT,
     .argument = "NAME",
     .help = "what logs and the audit call it (letters, digits, - _ .)"},
    {.name = "expires",
     .type = OPTION_TEXT,
     .argument = "TIME",
     .help = "a date or RFC 3339 (default: never)"},
    {.name = "grace",
     .type = OPTION_DURATION,
     .argument = "DURATION",
     .min = 1000,
     .max = KEY_GRACE_MAX_MS,
     .help = "how long the old key of `rotate` still opens (default: not at all)"},
    {.name = "format",
     .type = OPTION_CHOICE,
     .argument = "FORMAT",
     .choices = "text|json",
     .fallback = "text",
     .help = "of the list"},
    {.name = NULL},
};

const struct command command_key = {
    .name = "key",
    .arguments = "add --role R --name N [--expires TIME] | list | revoke NAME | rotate NAME",
    .summary = "makes, lists, revokes and rotates the keys that callers show",
    .note = "  client   public, in a front end: assign, expose, track; reads no data\n"
            "  server   the same, with the rules explained and history taken\n"
            "  analyst  reports, notes, metrics\n"
            "  admin    everything, erasure and reload too\n"
            "The key is printed once; the file, mode 0600, has its digest alone. With a file of\n"
            "keys the service asks for one; a running server sees a change at once. With no store\n"
            "yet, `add` makes its folder.",
    .options = rows,
    .shared = SHARED_STORE | SHARED_KEYS | SHARED_QUIET,
    .arguments_min = 1,
    .arguments_max = 2,
    .run = run,
};
