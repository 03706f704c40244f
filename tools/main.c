/*
 * The program `gangway`: finds the subcommand in the table, parses its options, runs it.
 * Adding a command: a file command_<name>.c that exports its struct, and a line in the table here.
 */

#include "command.h"
#include "manual.h"
#include "meter.h"

#include "analysis/fold.h"
#include "base/time.h"
#include "store/record.h"

#include <gsl/gsl_errno.h>

#include <stdio.h>
#include <string.h>

/* A row a command, in the order of --help; NULL ends the table. */
/* clang-format off */
const struct command *const commands[] = {
    &command_serve,
    &command_validate,
    &command_diff,
    &command_new,
    &command_assign,
    &command_plan,
    &command_simulate,
    &command_report,
    &command_core_actions,
    &command_explain,
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
    &command_help,
    &command_completion,
    NULL,
};
/* clang-format on */

int command_failed(const struct error *error)
{
    struct buffer said = {0};
    meter_end();
    buffer_add_harmless(&said, slice_of(error->where));
    buffer_add(&said, error->where[0] ? SLICE(":") : SLICE(""));
    if (error->line)
        buffer_format(&said, "%d:", error->line);
    buffer_add(&said, error->where[0] ? SLICE(" ") : SLICE(""));
    buffer_add_harmless(&said, slice_of(error->text));
    fprintf(stderr, "gangway: %.*s\n", SLICE_ARGS(buffer_slice(&said)));
    buffer_done(&said);
    return status_exit(error->status);
}

/* The program's screen, or a command's; `status` is what to end with. */
static int write_screen(const struct command *command, FILE *file, int status)
{
    struct buffer out = {0};
    struct error error = {0};
    if (command)
        manual_write_screen(command, &out);
    else
        manual_write_commands(&out);
    if (buffer_status(&out, &error))
        status = command_failed(&error);
    else
        fwrite(out.data, 1, out.size, file);
    buffer_done(&out);
    return status;
}

const struct command *command_find(const char *name)
{
    for (size_t i = 0; commands[i]; i++)
        if (strcmp(name, commands[i]->name) == 0)
            return commands[i];
    return NULL;
}

int command_unknown(const char *name)
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
        return write_screen(NULL, stderr, 2);
    if (strcmp(argv[1], "--version") == 0) {
        printf("gangway %s (journal %d, state %d)\n", GANGWAY_VERSION, RECORD_FORMAT,
               CONTRIBUTION_VERSION);
        return 0;
    }
    if (strcmp(argv[1], "-h") == 0 || strcmp(argv[1], "--help") == 0)
        return write_screen(NULL, stdout, 0);
    const struct command *command = command_find(argv[1]);
    if (!command)
        return command_unknown(argv[1]);
    struct options options;
    struct error error = {0};
    bool help = false;
    if (options_parse(command, argc - 2, argv + 2, &options, &help, &error))
        return command_failed(&error);
    if (help)
        return write_screen(command, stdout, 0);
    int64_t begun_us = monotonic_us();
    int status = command->run(&options);
    meter_end();
    if ((command->shared & SHARED_QUIET) && option_flag(&options, "verbose"))
        fprintf(stderr, "gangway: %s took %.3f s\n", command->name,
                (double)(monotonic_us() - begun_us) / 1e6);
    /* An answer that did not arrive is none; who has said so already is left alone. */
    if ((fflush(stdout) || ferror(stdout)) && status < 2) {
        fprintf(stderr, "gangway: cannot write to standard output\n");
        return 3;
    }
    return status;
}
