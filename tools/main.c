/*
 * The program `gangway`: finds the subcommand in the table, parses its options, runs it.
 * Adding a command: a file command_<name>.c that exports its struct, and a line in the table here.
 */

#include "command.h"

#include <gsl/gsl_errno.h>

#include <stdio.h>
#include <string.h>

/* A row a command, in the order of --help; NULL ends the table. */
/* clang-format off */
static const struct command *const commands[] = {
    &command_serve,
    &command_validate,
    &command_diff,
    &command_new,
    &command_assign,
    &command_plan,
    &command_report,
    &command_import,
    &command_export,
    &command_rebuild,
    &command_verify,
    &command_backup,
    &command_restore,
    &command_erase,
    &command_compact,
    &command_key,
    &command_calc,
    &command_demo,
    NULL,
};
/* clang-format on */

int command_failed(const struct error *error)
{
    fprintf(stderr, "gangway: ");
    if (error->where[0])
        fprintf(stderr, "%s:", error->where);
    if (error->line)
        fprintf(stderr, "%d:", error->line);
    fprintf(stderr, "%s%s\n", error->where[0] ? " " : "", error->text);
    return status_exit(error->status);
}

static int write_usage(FILE *out)
{
    fprintf(out, "usage: gangway COMMAND [OPTION...] [ARGUMENT...]\n\n");
    for (size_t i = 0; commands[i]; i++)
        fprintf(out, "  %-10s %s\n", commands[i]->name, commands[i]->summary);
    fprintf(out, "\n'gangway COMMAND --help' tells a command's options.\n");
    return out == stdout ? 0 : 2;
}

static const struct command *command_find(const char *name)
{
    for (size_t i = 0; commands[i]; i++)
        if (strcmp(name, commands[i]->name) == 0)
            return commands[i];
    return NULL;
}

static int command_unknown(const char *name)
{
    const char *nearest = NULL;
    unsigned best = 3;
    for (size_t i = 0; commands[i]; i++) {
        unsigned distance = slice_distance(slice_of(name), slice_of(commands[i]->name), 2);
        if (distance < best) {
            best = distance;
            nearest = commands[i]->name;
        }
    }
    fprintf(stderr, "gangway: unknown command '%s'", name);
    if (nearest)
        fprintf(stderr, ", did you mean '%s'?", nearest);
    fprintf(stderr, "; see 'gangway --help'\n");
    return 2;
}

int main(int argc, char **argv)
{
    /* GSL ends the process at its first error otherwise; stats/ looks at what it gives instead. */
    gsl_set_error_handler_off();
    if (argc < 2)
        return write_usage(stderr);
    if (strcmp(argv[1], "--version") == 0) {
        printf("gangway %s (journal 1, state 1)\n", GANGWAY_VERSION);
        return 0;
    }
    if (strcmp(argv[1], "-h") == 0 || strcmp(argv[1], "--help") == 0)
        return write_usage(stdout);
    const struct command *command = command_find(argv[1]);
    if (!command)
        return command_unknown(argv[1]);
    struct options options;
    struct error error = {0};
    bool help = false;
    if (options_parse(command, argc - 2, argv + 2, &options, &help, &error))
        return command_failed(&error);
    if (help) {
        options_write_help(command);
        return 0;
    }
    return command->run(&options);
}
