/*
 * gangway completion: the script that lets bash or zsh complete a call.
 *
 *     source <(gangway completion bash)
 *
 * Three tables in plain shell, made of the commands' own ones, and after them the files of
 * tools/completion/ that read them: what both shells share, and then what each does with it.
 *
 *     _gangway_commands           NAME:MEANING, a line each
 *     _gangway_options COMMAND    --NAME:MEANING, a line each
 *     _gangway_value 'COMMAND --NAME'   of what kind the option's value is; nothing for a flag
 *     _gangway_argument COMMAND   of what kind its arguments are
 *     _gangway_argument 'COMMAND WORD'   of what kind the one after this word is: `key revoke`
 *
 * A kind is `words` with the words, `experiment`, `metric`, `segment` (of the files), `key` (of the
 * file of keys), `family`, `page`, `command`, `folder`, `file` or `text`, which nothing completes.
 * It goes by the word that stands for the value in the help (DIR).
 */

#include "command.h"

#include "base/asset.h"
#include "base/buffer.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

extern const struct asset completion_scripts[];

static const struct {
    const char *word;
    const char *kind;
} kinds[] = {
    {"EXPERIMENT", "experiment"},
    {"METRIC", "metric"},
    {"SEGMENT", "segment"},
    {"FAMILY", "family"},
    {"COMMAND", "command"},
    {"COMMAND|experiments", "page"},
    {"DIR", "folder"},
    {"DEST", "folder"},
    {"SRC", "folder"},
    {"OLD", "folder"},
    {"NEWER", "folder"},
    {"FILE", "file"},
};

static const char *kind_of(struct slice word)
{
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++)
        if (slice_equals(word, kinds[i].word))
            return kinds[i].kind;
    return "text";
}

/* A line of a `printf` of the shell, quoted. */
static void add_line(struct buffer *out, const char *name, const char *meaning)
{
    buffer_format(out, " \\\n        '%s:", name);
    for (; *meaning; meaning++)
        if (*meaning == '\'')
            buffer_format(out, "'\\''");
        else
            buffer_add_byte(out, *meaning);
    buffer_add_byte(out, '\'');
}

static void write_commands(struct buffer *out)
{
    buffer_format(out, "_gangway_commands() {\n    printf '%%s\\n'");
    for (size_t i = 0; commands[i]; i++)
        add_line(out, commands[i]->name, commands[i]->summary);
    buffer_format(out, "\n}\n\n_gangway_options() {\n    case $1 in\n");
    for (size_t i = 0; commands[i]; i++) {
        const struct option_row *row;
        buffer_format(out, "    %s) printf '%%s\\n'", commands[i]->name);
        for (size_t j = 0; (row = command_option(commands[i], j)); j++) {
            char name[64];
            snprintf(name, sizeof name, "--%s", row->name);
            add_line(out, name, row->help);
        }
        add_line(out, "--help", "a screen of the options");
        buffer_format(out, " ;;\n");
    }
    buffer_format(out, "    esac\n}\n\n");
}

static void write_value(const char *command, const struct option_row *row, struct buffer *out)
{
    if (row->type == OPTION_FLAG)
        return;
    buffer_format(out, "    '%s --%s') echo '", command, row->name);
    if (!row->choices)
        buffer_add(out, slice_of(kind_of(slice_of(row->argument))));
    else
        buffer_format(out, "words ");
    for (const char *c = row->choices; c && *c; c++)
        buffer_add_byte(out, *c == '|' ? ' ' : *c);
    buffer_format(out, "' ;;\n");
}

static void write_values(struct buffer *out)
{
    buffer_format(out, "_gangway_value() {\n    case $1 in\n");
    for (size_t i = 0; commands[i]; i++) {
        const struct option_row *row;
        for (size_t j = 0; (row = command_option(commands[i], j)); j++)
            write_value(commands[i]->name, row, out);
    }
    buffer_format(out, "    esac\n}\n\n");
}

/* By the first word of each alternative of the usage: `add ... | list` or `[DIR] ...`. */
static void write_argument(const struct command *command, struct buffer *out)
{
    bool has_words = false;
    if (!command->arguments_max)
        return;
    buffer_format(out, "    %s) echo '", command->name);
    for (const char *text = command->arguments; text;) {
        text += strspn(text, "[ ");
        struct slice word = {.data = text, .size = strcspn(text, " ].")};
        if (islower((unsigned char)*text)) {
            buffer_format(out, "%s%.*s", has_words ? " " : "words ", SLICE_ARGS(word));
            has_words = true;
        } else if (text == command->arguments || text == command->arguments + 1) {
            buffer_add(out, slice_of(kind_of(word)));
        }
        text = strstr(text, " | ");
        text = text ? text + 3 : NULL;
    }
    buffer_format(out, "' ;;\n");
}

/* What follows a word: the NAME of `revoke NAME` is one that the file of keys has. */
static void write_second(const struct command *command, struct buffer *out)
{
    const char *text = strstr(command->arguments, " NAME");
    for (; text; text = strstr(text + 1, " NAME")) {
        const char *end = text;
        while (text > command->arguments && text[-1] != ' ')
            text--;
        if (islower((unsigned char)*text))
            buffer_format(out, "    '%s %.*s') echo 'key' ;;\n", command->name, (int)(end - text),
                          text);
        text = end;
    }
}

static bool add_script(const char *name, struct buffer *out)
{
    for (const struct asset *script = completion_scripts; script->path; script++)
        if (strcmp(script->name, name) == 0) {
            buffer_add(out, script->bytes);
            return true;
        }
    return false;
}

static int run(const struct options *options)
{
    char name[16];
    struct buffer out = {0};
    struct error error = {0};
    const char *shell = argument_at(options, 0);
    bool is_zsh = strcmp(shell, "zsh") == 0;
    snprintf(name, sizeof name, "%s.sh", shell);
    buffer_format(&out, "%s# Made by `gangway completion %s` from the program's own tables.\n\n",
                  is_zsh ? "#compdef gangway\n" : "", shell);
    write_commands(&out);
    write_values(&out);
    buffer_format(&out, "_gangway_argument() {\n    case $1 in\n");
    for (size_t i = 0; commands[i]; i++) {
        write_argument(commands[i], &out);
        write_second(commands[i], &out);
    }
    buffer_format(&out, "    esac\n}\n");
    if (!add_script("common.sh", &out) || strcmp(shell, "common") == 0 || !add_script(name, &out)) {
        fprintf(stderr, "gangway: completion is for bash and zsh, not '%s'\n", shell);
        buffer_done(&out);
        return 2;
    }
    enum status status = buffer_status(&out, &error);
    if (!status)
        fwrite(out.data, 1, out.size, stdout);
    buffer_done(&out);
    return status ? command_failed(&error) : 0;
}

static const struct option_row no_options[] = {{.name = NULL}};

const struct command command_completion = {
    .name = "completion",
    .arguments = "bash | zsh",
    .summary = "prints the script that completes calls in a shell",
    .note =
        "Commands, options and their choices, keys of experiments, metrics and segments (of the\n"
        "files in --experiments, $GANGWAY_EXPERIMENTS or ./experiments), names of keys (of\n"
        "--keys or --store), families of `calc`, files and folders. `cmake --install` puts both\n"
        "scripts where the shells look.",
    .options = no_options,
    .is_aside = true,
    .arguments_min = 1,
    .arguments_max = 1,
    .run = run,
};
