/*
 * The screen of --help: 24 lines of 79 columns, whatever the command.
 *
 * Options are told in the order of the table, one at a time, until what is left of the screen is
 * needed to name the others.  So the rows that most callers want stand first in a table.
 */

#include "command.h"
#include "manual.h"

#include <stdio.h>
#include <string.h>

#define SCREEN_LINES 24
#define LINE_COLUMNS 79
#define HELP_COLUMN 27

void manual_wrap(struct buffer *out, const char *text, size_t *column, size_t indent)
{
    bool is_first = true;
    while (*text) {
        size_t size = strcspn(text, " \n");
        if (!is_first && *column + 1 + size > LINE_COLUMNS) {
            buffer_format(out, "\n%*s", (int)indent, "");
            *column = indent;
        } else if (!is_first) {
            buffer_add_byte(out, ' ');
            *column += 1;
        }
        buffer_add(out, (struct slice){.data = text, .size = size});
        *column += size;
        text += size + strspn(text + size, " \n");
        is_first = false;
    }
    buffer_add_byte(out, '\n');
}

static size_t lines_of(const struct buffer *text)
{
    size_t lines = 0;
    for (size_t i = 0; i < text->size; i++)
        lines += text->data[i] == '\n';
    return lines;
}

static void write_option(struct buffer *out, const struct option_row *row)
{
    char left[64];
    char right[512];
    int size = snprintf(left, sizeof left, "--%s%s%s", row->name, row->argument ? " " : "",
                        row->argument ? row->argument : "");
    if (row->letter)
        snprintf(left + size, sizeof left - (size_t)size, ", -%c", row->letter);
    snprintf(right, sizeof right, "%s%s%s%s%s%s%s", row->help, row->choices ? " (" : "",
             row->choices ? row->choices : "", row->choices ? ")" : "", row->fallback ? " [" : "",
             row->fallback ? row->fallback : "", row->fallback ? "]" : "");
    buffer_format(out, "  %-*s ", HELP_COLUMN - 3, left);
    size_t column = 3 + (strlen(left) > HELP_COLUMN - 3 ? strlen(left) : HELP_COLUMN - 3);
    manual_wrap(out, right, &column, HELP_COLUMN);
}

/* Names the options from `index` on. */
static void write_names(const struct command *command, size_t index, struct buffer *out)
{
    struct buffer names = {0};
    const struct option_row *row;
    size_t column = 2;
    for (; (row = command_option(command, index)); index++)
        buffer_format(&names, "%s--%s", names.size ? ", " : "also: ", row->name);
    buffer_add_byte(&names, '\0');
    buffer_format(out, "  ");
    if (names.data)
        manual_wrap(out, names.data, &column, 8);
    buffer_done(&names);
}

/* The first `count` options told, the others named. */
static void write_options(const struct command *command, size_t count, struct buffer *out)
{
    const struct option_row *row;
    size_t index = 0;
    for (; index < count && (row = command_option(command, index)); index++)
        write_option(out, row);
    if (command_option(command, index))
        write_names(command, index, out);
}

void manual_write_screen(const struct command *command, struct buffer *out)
{
    const struct manual *manual = manual_of(command->name);
    struct buffer tail = {0};
    size_t count = 0;
    size_t column = (size_t)snprintf(NULL, 0, "usage: gangway %s ", command->name);
    buffer_format(out, "usage: gangway %s ", command->name);
    manual_wrap(out, command->arguments, &column, 15);
    column = 0;
    buffer_add_byte(out, '\n');
    manual_wrap(out, command->summary, &column, 0);
    if (command_option(command, 0))
        buffer_add_byte(out, '\n');
    buffer_format(&tail, "\n");
    if (manual)
        buffer_format(&tail, "    %s\n\n", manual->examples[0].line);
    buffer_format(&tail, "'gangway help %s' tells the rest: examples, exit status, environment.\n",
                  command->name);
    while (command_option(command, count))
        count++;
    size_t room = SCREEN_LINES - lines_of(out) - lines_of(&tail);
    for (;; count--) {
        struct buffer options = {0};
        write_options(command, count, &options);
        bool fits = lines_of(&options) <= room || count == 0;
        if (fits)
            buffer_add(out, buffer_slice(&options));
        buffer_done(&options);
        if (fits)
            break;
    }
    buffer_add(out, buffer_slice(&tail));
    buffer_done(&tail);
}

void manual_write_commands(struct buffer *out)
{
    buffer_format(out, "usage: gangway COMMAND [OPTION...] [ARGUMENT...]\n");
    for (size_t i = 0; commands[i]; i++)
        if (!commands[i]->is_aside)
            buffer_format(out, "  %-12s %s\n", commands[i]->name, commands[i]->summary);
    buffer_format(out, "'gangway COMMAND --help' tells its options; also: help, completion.\n");
}
