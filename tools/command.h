#ifndef TOOLS_COMMAND_H
#define TOOLS_COMMAND_H

/*
 * A subcommand is one file that exports one const struct; the table in main.c lists them.  Adding a
 * command is a new file and a line there.  Help, parsing and the README's table read the rows.
 *
 * Results go to standard output, everything else to standard error; the value returned by `run` is
 * the exit status (cli.md): 0 done, 1 the answer is no, 2 the call is wrong, 3 could not do it.
 */

#include "options.h"

struct command {
    const char *name;
    const char *arguments;            /* "EXPERIMENT [--unit ID] ..." as usage shows it */
    const char *summary;              /* one line */
    const char *note;                 /* more for --help: lines, or NULL */
    const struct option_row *options; /* own rows; ended by a row without a name */
    unsigned shared;                  /* SHARED_... rows that it takes as well */
    bool is_aside;                    /* not in the list of --help */
    size_t arguments_min;
    size_t arguments_max;
    int (*run)(const struct options *options);
};

extern const struct command command_assign;
extern const struct command command_backup;
extern const struct command command_calc;
extern const struct command command_compact;
extern const struct command command_completion;
extern const struct command command_core_actions;
extern const struct command command_demo;
extern const struct command command_diff;
extern const struct command command_erase;
extern const struct command command_explain;
extern const struct command command_export;
extern const struct command command_help;
extern const struct command command_import;
extern const struct command command_key;
extern const struct command command_new;
extern const struct command command_plan;
extern const struct command command_rebuild;
extern const struct command command_report;
extern const struct command command_restore;
extern const struct command command_serve;
extern const struct command command_simulate;
extern const struct command command_validate;
extern const struct command command_verify;

/* All of them in the order of --help; NULL ends the table. */
extern const struct command *const commands[];
const struct command *command_find(const char *name); /* NULL: there is none of that name */
/* Says on standard error that there is none, with the nearest; gives the exit status. */
int command_unknown(const char *name);

/* Says on standard error what went wrong ("gangway: WHERE:LINE: TEXT") and gives the exit status.
 */
int command_failed(const struct error *error);

#endif
