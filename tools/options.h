#ifndef TOOLS_OPTIONS_H
#define TOOLS_OPTIONS_H

/*
 * The options of the command line, one row each: name, type, bounds, default and help
 * (cli.md).  `--name value`, `--name=value`, GANGWAY_NAME in the environment (the command line
 * wins; an empty variable counts as unset), `--` ends options, `-` is an argument.
 */

#include "base/slice.h"
#include "base/status.h"

enum option_type {
    OPTION_FLAG,
    OPTION_TEXT,
    OPTION_LIST,     /* repeatable text */
    OPTION_COUNT,    /* whole number between min and max */
    OPTION_SIZE,     /* bytes, with an optional k, M, G, T (powers of 1024) */
    OPTION_DURATION, /* 20s, 7d; ms between min and max where max > 0 */
    OPTION_CHOICE
};

struct option_row {
    const char *name; /* NULL ends a table */
    enum option_type type;
    char letter;          /* -q; 0: none */
    const char *argument; /* "DIR"; NULL for flags */
    const char *fallback; /* the default as text; NULL: unset */
    int64_t min, max;     /* of COUNT, SIZE, DURATION */
    const char *choices;  /* of CHOICE: "text|json|csv" */
    const char *help;     /* a short line */
};

/* The shared rows that a command takes (cli.md, the first table). */
#define SHARED_EXPERIMENTS 1u
#define SHARED_STORE 2u
#define SHARED_COLOR 4u
#define SHARED_QUIET 8u
#define SHARED_KEYS 16u
#define SHARED_LISTEN 32u /* of what serves: --listen, --ready-fd */

#define OPTIONS_MAX 48
#define OPTION_VALUES_MAX 64

struct option_value {
    const struct option_row *row;
    const char *texts[OPTION_VALUES_MAX]; /* as given; the last wins but for LIST */
    size_t count;                         /* 0: unset, no default */
    bool given;                           /* by the command line or the environment */
    int64_t number;                       /* COUNT, SIZE, DURATION in ms, FLAG 1 */
};

struct command;

struct options {
    const struct command *command;
    struct option_value values[OPTIONS_MAX];
    size_t value_count;
    const char *const *arguments; /* what is left */
    size_t argument_count;
};

/* Parses what follows the command's name.  INVALID with a message that names the nearest option;
 * *help is set where -h or --help was met. argv is permuted. */
MUST_CHECK enum status options_parse(const struct command *command, int argc, char **argv,
                                     struct options *options, bool *help, struct error *error);

/* Asking for a name that the command does not have is our own mistake: an assertion. */
const char *option_text(const struct options *options, const char *name); /* NULL: unset */
int64_t option_number(const struct options *options, const char *name);
bool option_flag(const struct options *options, const char *name);
bool option_given(const struct options *options, const char *name);
const struct option_value *option_list(const struct options *options, const char *name);
const char *argument_at(const struct options *options, size_t index); /* NULL past the end */

/* The store's folder by the rule of cli.md: --store, $STATE_DIRECTORY, $XDG_STATE_HOME/gangway,
 * ~/.local/state/gangway.  Static storage. */
const char *option_store(const struct options *options);
/* The file of keys: --keys, else `keys` in the store's folder.  Static storage. */
const char *option_keys(const struct options *options);
/* Whether colour is wanted on that descriptor. */
bool option_color(const struct options *options, int descriptor);

/* The options of a command, its own and the shared ones, in the order of its help; NULL past the
 * end. */
const struct option_row *command_option(const struct command *command, size_t index);

#endif
