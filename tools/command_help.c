/*
 * gangway help: what a command takes and does, whole, and the pages of the manual.
 *
 *     gangway help report
 *     gangway help --man report | man --local-file -
 *     gangway help experiments               # what may stand in the files
 *     gangway help --man --output DIR        # gangway.1, gangway-COMMAND.1, gangway-experiments.5
 */

#include "command.h"
#include "manual.h"

#include "base/file.h"

#include <stdio.h>
#include <string.h>

/* What is no command and has a page as well. */
static const char experiments[] = "experiments";

static enum status whole_write(const char *path, struct buffer *out, struct error *error)
{
    enum status status = buffer_status(out, error);
    if (!status)
        status = file_write_whole(path, 0644, buffer_slice(out), error);
    buffer_done(out);
    return status;
}

static enum status page_write(const char *folder, const struct command *command,
                              struct error *error)
{
    char path[4096];
    struct buffer out = {0};
    snprintf(path, sizeof path, "%s/gangway%s%s.1", folder, command ? "-" : "",
             command ? command->name : "");
    manual_write_page(command, &out);
    return whole_write(path, &out, error);
}

static enum status experiments_write(const char *folder, struct error *error)
{
    char path[4096];
    struct buffer out = {0};
    snprintf(path, sizeof path, "%s/gangway-%s.5", folder, experiments);
    enum status status = manual_write_experiments(true, &out, error);
    if (!status)
        return whole_write(path, &out, error);
    buffer_done(&out);
    return status;
}

static int pages_write(const char *folder)
{
    struct error error = {0};
    enum status status = page_write(folder, NULL, &error);
    for (size_t i = 0; commands[i] && !status; i++)
        status = page_write(folder, commands[i], &error);
    if (!status)
        status = experiments_write(folder, &error);
    return status ? command_failed(&error) : 0;
}

static int run(const struct options *options)
{
    const char *name = argument_at(options, 0);
    const char *folder = option_text(options, "output");
    bool is_page = option_flag(options, "man");
    bool is_of_files = name && strcmp(name, experiments) == 0;
    const struct command *command = name ? command_find(name) : NULL;
    if (name && !command && !is_of_files)
        return command_unknown(name);
    if (folder && (name || !is_page)) {
        fprintf(stderr, "gangway: --output goes with --man, for the pages of all commands\n");
        return 2;
    }
    if (folder)
        return pages_write(folder);
    struct buffer out = {0};
    struct error error = {0};
    enum status status = STATUS_OK;
    if (is_of_files)
        status = manual_write_experiments(is_page, &out, &error);
    else if (is_page)
        manual_write_page(command, &out);
    else if (command)
        manual_write_text(command, &out);
    else
        manual_write_commands(&out);
    if (!status)
        status = buffer_status(&out, &error);
    if (!status)
        fwrite(out.data, 1, out.size, stdout);
    buffer_done(&out);
    return status ? command_failed(&error) : 0;
}

static const struct option_row rows[] = {
    {.name = "man", .type = OPTION_FLAG, .help = "as a page of the manual (roff)"},
    {.name = "output",
     .type = OPTION_TEXT,
     .argument = "DIR",
     .help = "write every page into that folder, which is there"},
    {.name = NULL},
};

const struct command command_help = {
    .name = "help",
    .arguments = "[COMMAND|experiments] [--man] [--output DIR]",
    .summary = "tells all there is to say of a command, or writes the manual",
    .note = "Of `experiments` every key that a file of experiments, metrics or segments may have.",
    .options = rows,
    .is_aside = true,
    .arguments_max = 1,
    .run = run,
};
