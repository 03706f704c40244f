#ifndef TOOLS_MANUAL_H
#define TOOLS_MANUAL_H

/*
 * What a command says of itself beyond its option table, and the pages made of both: the screen of
 * --help, the text of `gangway help`, the manual page in roff.
 */

#include "base/buffer.h"

struct command;

struct manual_example {
    const char *does; /* a sentence */
    const char *line; /* "gangway ..."; NULL ends the examples */
};

/* What a word of the output means. */
struct manual_term {
    const char *term, *meaning; /* NULL ends them */
};

#define MANUAL_EXAMPLES_MAX 4

/* The hand-written part of a page; its sections that every command has are made. */
struct manual {
    const char *command;   /* NULL ends the table */
    const char *answer_no; /* when the exit status is 1; NULL: never */
    const char *trouble;   /* when it is 2 or 3, beyond what is so for all; NULL: nothing */
    const struct manual_term *terms; /* HOW TO READ IT; NULL: none */
    struct manual_example examples[MANUAL_EXAMPLES_MAX + 1];
};

/* NULL where a command has none. */
const struct manual *manual_of(const char *command);

/* At most 24 lines of 79 columns: usage, options, an example.  Of more options than fit the last
 * are only named. */
void manual_write_screen(const struct command *command, struct buffer *out);
/* Everything, to be read in a terminal. */
void manual_write_text(const struct command *command, struct buffer *out);
/* A page for man(1), ASCII; `command` NULL: the page of the program, which lists the commands. */
void manual_write_page(const struct command *command, struct buffer *out);
/* gangway-experiments(5), of the schemas that ship. */
MUST_CHECK enum status manual_write_experiments(bool is_roff, struct buffer *out,
                                                struct error *error);
/* The text of the program's screen: a line a command. */
void manual_write_commands(struct buffer *out);

/* Adds `text` with line breaks between words so that no line passes 79 columns; *column is where
 * the line stands, and lines after the first begin at `indent`. */
void manual_wrap(struct buffer *out, const char *text, size_t *column, size_t indent);

#endif
