/* The option tables behind options.h: one parser for every command. */

#include "options.h"

#include "base/number.h"
#include "base/time.h"
#include "command.h"

#include <assert.h>
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static const struct {
    unsigned bit;
    struct option_row row;
} shared_rows[] = {
    {SHARED_EXPERIMENTS,
     {.name = "experiments",
      .type = OPTION_TEXT,
      .argument = "DIR",
      .fallback = "experiments",
      .help = "folder of experiment files"}},
    {SHARED_STORE,
     {.name = "store",
      .type = OPTION_TEXT,
      .argument = "DIR",
      .help = "folder of the store (default ~/.local/state/gangway)"}},
    {SHARED_LISTEN,
     {.name = "listen",
      .type = OPTION_LIST,
      .argument = "HOST:PORT",
      .fallback = "127.0.0.1:8400",
      .help = "where to listen; repeatable; [::1]:0, unix:PATH"}},
    {SHARED_LISTEN,
     {.name = "ready-fd",
      .type = OPTION_COUNT,
      .argument = "N",
      .min = 1,
      .max = 1024 * 1024,
      .help = "descriptor that gets a line for each listener"}},
    {SHARED_KEYS,
     {.name = "keys",
      .type = OPTION_TEXT,
      .argument = "FILE",
      .help = "file of keys, mode 0600 (default STORE/keys)"}},
    {SHARED_COLOR,
     {.name = "color",
      .type = OPTION_CHOICE,
      .argument = "WHEN",
      .choices = "auto|always|never",
      .fallback = "auto",
      .help = "colour on a terminal"}},
    {SHARED_QUIET,
     {.name = "quiet", .type = OPTION_FLAG, .letter = 'q', .help = "say only what is wrong"}},
    {SHARED_QUIET,
     {.name = "verbose", .type = OPTION_FLAG, .letter = 'v', .help = "say how long it took"}},
};

/* Whether the row stands before the command's own ones: what most callers name first. */
static bool is_leading(const struct option_row *row)
{
    return strcmp(row->name, "experiments") == 0 || strcmp(row->name, "store") == 0 ||
           strcmp(row->name, "listen") == 0;
}

static const struct option_row *shared_row(unsigned shared, bool leading, size_t *index)
{
    for (size_t i = 0; i < sizeof shared_rows / sizeof *shared_rows; i++)
        if ((shared & shared_rows[i].bit) && is_leading(&shared_rows[i].row) == leading &&
            (*index)-- == 0)
            return &shared_rows[i].row;
    return NULL;
}

const struct option_row *command_option(const struct command *command, size_t index)
{
    const struct option_row *row = shared_row(command->shared, true, &index);
    if (row)
        return row;
    for (row = command->options; row && row->name; row++)
        if (index-- == 0)
            return row;
    return shared_row(command->shared, false, &index);
}

static struct option_value *option_find(struct options *options, struct slice name)
{
    for (size_t i = 0; i < options->value_count; i++)
        if (slice_equals(name, options->values[i].row->name))
            return &options->values[i];
    return NULL;
}

static const struct option_value *option_value(const struct options *options, const char *name)
{
    for (size_t i = 0; i < options->value_count; i++)
        if (strcmp(name, options->values[i].row->name) == 0)
            return &options->values[i];
    assert(false && "an option that the command does not have");
    return NULL;
}

static bool choice_allows(const char *choices, struct slice text)
{
    while (*choices) {
        size_t size = strcspn(choices, "|");
        if (slice_equal(text, (struct slice){.data = choices, .size = size}))
            return true;
        choices += size + (choices[size] == '|');
    }
    return false;
}

/* "text, json or csv", and the nearest of them. */
static enum status choice_refuse(const struct option_row *row, const char *text,
                                 struct error *error)
{
    char all[256] = "";
    char hint[64] = "";
    size_t used = 0;
    unsigned best = 3;
    for (const char *choice = row->choices; *choice;) {
        size_t size = strcspn(choice, "|");
        bool is_last = !choice[size];
        unsigned distance =
            slice_distance(slice_of(text), (struct slice){.data = choice, .size = size}, 2);
        used += (size_t)snprintf(all + used, used < sizeof all ? sizeof all - used : 0, "%s%.*s",
                                 choice == row->choices ? ""
                                 : is_last              ? " or "
                                                        : ", ",
                                 (int)size, choice);
        used = used < sizeof all ? used : sizeof all - 1;
        if (distance < best) {
            best = distance;
            snprintf(hint, sizeof hint, ", did you mean '%.*s'?", (int)size, choice);
        }
        choice += size + !is_last;
    }
    return FAIL(error, STATUS_INVALID, "", 0, "--%s takes %s, not '%s'%s", row->name, all, text,
                hint);
}

static bool size_parse(struct slice text, int64_t *bytes)
{
    static const char suffixes[] = "kMGT";
    int shift = 0;
    if (text.size > 1) {
        const char *suffix = strchr(suffixes, text.data[text.size - 1]);
        if (suffix && *suffix) {
            shift = 10 * (int)(suffix - suffixes + 1);
            text.size--;
        }
    }
    int64_t number;
    if (!integer_parse(text, &number) || number < 0 || number > (INT64_MAX >> shift))
        return false;
    *bytes = number << shift;
    return true;
}

/* Checks `text` against the row's type and bounds. */
static enum status option_convert(const struct option_row *row, const char *text, int64_t *number,
                                  struct error *error)
{
    struct slice slice = slice_of(text);
    switch (row->type) {
    case OPTION_FLAG:
    case OPTION_TEXT:
    case OPTION_LIST: return STATUS_OK;
    case OPTION_CHOICE:
        if (choice_allows(row->choices, slice))
            return STATUS_OK;
        return choice_refuse(row, text, error);
    case OPTION_DURATION:
        if (duration_parse(slice, number, NULL))
            return FAIL(error, STATUS_INVALID, "", 0,
                        "--%s takes a duration such as 20s or 7d, not '%s'", row->name, text);
        break;
    case OPTION_COUNT:
        if (!integer_parse(slice, number))
            return FAIL(error, STATUS_INVALID, "", 0, "--%s takes a whole number, not '%s'",
                        row->name, text);
        break;
    case OPTION_SIZE:
        if (!size_parse(slice, number))
            return FAIL(error, STATUS_INVALID, "", 0,
                        "--%s takes a size such as 64M or 1T, not '%s'", row->name, text);
        break;
    }
    if (row->max && (*number < row->min || *number > row->max))
        return FAIL(error, STATUS_INVALID, "", 0, "--%s is out of range: '%s'", row->name, text);
    return STATUS_OK;
}

static enum status option_set(struct option_value *value, const char *text, bool given,
                              struct error *error)
{
    enum status status = option_convert(value->row, text, &value->number, error);
    if (status)
        return status;
    if (given && !value->given) {
        value->count = 0;
        value->given = true;
    }
    if (value->row->type == OPTION_FLAG)
        value->number = 1;
    if (value->row->type != OPTION_LIST)
        value->count = 0;
    if (value->count == OPTION_VALUES_MAX)
        return FAIL(error, STATUS_INVALID, "", 0, "--%s is given too often", value->row->name);
    value->texts[value->count++] = text;
    return STATUS_OK;
}

static void options_add(struct options *options, const struct option_row *row)
{
    assert(options->value_count < OPTIONS_MAX);
    options->values[options->value_count++] = (struct option_value){.row = row};
}

static enum status options_defaults(struct options *options, struct error *error)
{
    for (size_t i = 0; i < options->value_count; i++) {
        struct option_value *value = &options->values[i];
        char variable[64] = "GANGWAY_";
        size_t size = strlen(variable);
        for (const char *c = value->row->name; *c && size < sizeof variable - 1; c++)
            variable[size++] = *c == '-' ? '_' : (char)toupper((unsigned char)*c);
        const char *text = getenv(variable);
        bool off = value->row->type == OPTION_FLAG && text && strcmp(text, "0") == 0;
        enum status status = STATUS_OK;
        if (text && *text && !off) {
            status = option_set(value, text, true, error);
            value->given = false; /* the command line replaces it */
        } else if (value->row->fallback) {
            status = option_set(value, value->row->fallback, false, error);
        }
        if (status)
            return status;
    }
    return STATUS_OK;
}

static enum status option_unknown(const struct options *options, struct slice name,
                                  struct error *error)
{
    const char *nearest = NULL;
    unsigned best = 3;
    for (size_t i = 0; i < options->value_count; i++) {
        unsigned distance = slice_distance(name, slice_of(options->values[i].row->name), 2);
        if (distance < best) {
            best = distance;
            nearest = options->values[i].row->name;
        }
    }
    return FAIL(error, STATUS_INVALID, "", 0,
                "unknown option '--%.*s'%s%s%s; see 'gangway %s --help'", SLICE_ARGS(name),
                nearest ? ", did you mean '--" : "", nearest ? nearest : "", nearest ? "'?" : "",
                options->command->name);
}

static struct option_value *option_by_letter(struct options *options, char letter)
{
    for (size_t i = 0; i < options->value_count; i++)
        if (options->values[i].row->letter == letter)
            return &options->values[i];
    return NULL;
}

/* One option at argv[*index]; moves *index over its value. */
static enum status options_take(struct options *options, int argc, char **argv, int *index,
                                struct error *error)
{
    const char *text = argv[*index];
    struct option_value *value;
    const char *equals = NULL;
    if (text[1] != '-') {
        value = text[2] ? NULL : option_by_letter(options, text[1]);
        if (!value)
            return FAIL(error, STATUS_INVALID, "", 0,
                        "unknown option '%s'; see 'gangway %s --help'", text,
                        options->command->name);
    } else {
        equals = strchr(text, '=');
        struct slice name = {.data = text + 2,
                             .size = equals ? (size_t)(equals - text - 2) : strlen(text + 2)};
        value = option_find(options, name);
        if (!value)
            return option_unknown(options, name, error);
    }
    if (value->row->type == OPTION_FLAG) {
        if (equals)
            return FAIL(error, STATUS_INVALID, "", 0, "--%s takes no value", value->row->name);
        return option_set(value, "1", true, error);
    }
    if (!equals && *index + 1 >= argc)
        return FAIL(error, STATUS_INVALID, "", 0, "--%s wants a value: %s", value->row->name,
                    value->row->argument);
    return option_set(value, equals ? equals + 1 : argv[++*index], true, error);
}

static bool asks_for_help(const char *text)
{
    return strcmp(text, "-h") == 0 || strcmp(text, "--help") == 0;
}

static enum status arguments_check(const struct options *options, struct error *error)
{
    const struct command *command = options->command;
    size_t count = options->argument_count;
    struct slice word = slice_of(command->arguments); /* of the one that is missing */
    if (count > command->arguments_max)
        return FAIL(error, STATUS_INVALID, "", 0,
                    "one argument too many: '%s'; usage: gangway %s%s%s",
                    options->arguments[command->arguments_max], command->name,
                    command->arguments[0] ? " " : "", command->arguments);
    if (count >= command->arguments_min)
        return STATUS_OK;
    for (size_t i = 0; i < count; i++)
        word = slice_from(word, strcspn(word.data, " ") + 1);
    word.size = strcspn(word.data, " ");
    bool is_named = word.size && isupper((unsigned char)*word.data);
    return FAIL(error, STATUS_INVALID, "", 0, "%.*s is missing; usage: gangway %s %s",
                (int)(is_named ? word.size : 11), is_named ? word.data : "an argument",
                command->name, command->arguments);
}

enum status options_parse(const struct command *command, int argc, char **argv,
                          struct options *options, bool *help, struct error *error)
{
    *options = (struct options){.command = command};
    const struct option_row *row;
    for (size_t i = 0; (row = command_option(command, i)); i++)
        options_add(options, row);
    enum status status = options_defaults(options, error);
    int kept = 0;
    bool ended = false;
    for (int i = 0; i < argc && !status; i++) {
        if (!ended && strcmp(argv[i], "--") == 0)
            ended = true;
        else if (!ended && asks_for_help(argv[i]))
            *help = true;
        else if (!ended && argv[i][0] == '-' && argv[i][1])
            status = options_take(options, argc, argv, &i, error);
        else
            argv[kept++] = argv[i];
    }
    if (*help)
        return STATUS_OK;
    if (status)
        return status;
    options->arguments = (const char *const *)argv;
    options->argument_count = (size_t)kept;
    return arguments_check(options, error);
}

const char *option_text(const struct options *options, const char *name)
{
    const struct option_value *value = option_value(options, name);
    return value->count ? value->texts[value->count - 1] : NULL;
}

int64_t option_number(const struct options *options, const char *name)
{
    return option_value(options, name)->number;
}

bool option_flag(const struct options *options, const char *name)
{
    return option_value(options, name)->number != 0;
}

bool option_given(const struct options *options, const char *name)
{
    return option_value(options, name)->given;
}

const struct option_value *option_list(const struct options *options, const char *name)
{
    return option_value(options, name);
}

const char *argument_at(const struct options *options, size_t index)
{
    return index < options->argument_count ? options->arguments[index] : NULL;
}

const char *option_store(const struct options *options)
{
    static char path[4096];
    const char *given = option_text(options, "store");
    const char *state = getenv("STATE_DIRECTORY");
    const char *user = getenv("XDG_STATE_HOME");
    const char *home = getenv("HOME");
    if (given)
        return given;
    if (state && *state)
        return state;
    if (user && *user)
        snprintf(path, sizeof path, "%s/gangway", user);
    else
        snprintf(path, sizeof path, "%s/.local/state/gangway", home ? home : "");
    return path;
}

const char *option_keys(const struct options *options)
{
    static char path[4096 + 8];
    const char *given = option_text(options, "keys");
    if (given)
        return given;
    snprintf(path, sizeof path, "%s/keys", option_store(options));
    return path;
}

bool option_color(const struct options *options, int descriptor)
{
    const char *when = option_text(options, "color");
    if (strcmp(when, "auto") != 0)
        return strcmp(when, "always") == 0;
    const char *none = getenv("NO_COLOR");
    const char *terminal = getenv("TERM");
    return isatty(descriptor) && !(none && *none) && !(terminal && strcmp(terminal, "dumb") == 0);
}
